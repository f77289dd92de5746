/*
 * csv.h - rows of a table as Excel and WPS save it.
 *
 * UTF-8 with or without BOM, or GB18030; CR, LF or both; quoted fields with line
 * breaks and doubled quotes; a first line "sep=;" names the separator.  Knows
 * nothing of what the columns mean.
 */
#ifndef CAMPAIGN_CSV_H
#define CAMPAIGN_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/err.h"
#include "daemon/core/finding.h"

#define CSV_FIELDS_MAX 64
#define CSV_FIELD_BYTES_MAX (64u << 10)

struct csv {
	const char *file;
	struct findings *findings;
	char *decoded; /**< UTF-8 of a table in GB18030, else NULL; owned */
	const char *at, *end;
	char separator;
	int line; /**< of .at */
	guint8 class[256];
	char *row; /**< the fields of the latest row */
	size_t used, room;
};

struct csv_row {
	int line; /**< where it begins */
	unsigned n;
	bool controls;                /**< there may be control characters in its fields */
	char *fields[CSV_FIELDS_MAX]; /**< blanks around them removed; until the next csv_next() */
};

/**
 * Read @bytes, which are to stay until csv_fini(). 0, or -EINVAL with an error finding;
 * csv_fini() in any case.
 */
int csv_init(struct csv *csv, const char *file, const char *bytes, size_t size,
	     struct findings *findings);
void csv_fini(struct csv *csv);

/**
 * The next row that is not blank. 1; 0 at the end; -EINVAL for a row that cannot be read, with an error
 * finding: the next call goes on behind it.
 */
int csv_next(struct csv *csv, struct csv_row *row);

#endif
