/*
 * csv.h - rows of a table as Excel and WPS save it.
 *
 * UTF-8 with or without BOM, or GB18030; CR, LF or both; quoted fields with line
 * breaks and doubled quotes; a first line "sep=;" names the separator.  Knows
 * nothing of what the columns mean.
 */
#ifndef CAMPAIGN_CSV_H
#define CAMPAIGN_CSV_H

#include <stddef.h>

#include "daemon/core/err.h"
#include "daemon/core/finding.h"

#define CSV_FIELDS_MAX 64
#define CSV_FIELD_BYTES_MAX (64u << 10)

struct csv {
	const char *file;
	struct findings *findings;
	char *text; /**< UTF-8; fields are cut out of it in place */
	char *at;
	char separator;
	int line; /**< of .at */
};

struct csv_row {
	int line; /**< where it begins */
	unsigned n;
	char *fields[CSV_FIELDS_MAX]; /**< borrowed from the csv; blanks around them removed */
};

/** Decode a copy of @bytes. 0, or -EINVAL with an error finding; csv_fini() in any case. */
int csv_init(struct csv *csv, const char *file, const char *bytes, size_t size,
	     struct findings *findings);
void csv_fini(struct csv *csv);

/**
 * The next row that is not blank. 1; 0 at the end; -EINVAL for a row that cannot be read, with an error
 * finding: the next call goes on behind it.
 */
int csv_next(struct csv *csv, struct csv_row *row);

#endif
