/*
 * holidays.h - the yearly table of days off and make-up days, to holidays.ics and into one.
 *
 * The table is published once a year, in November, and changed at times (the Spring Festival
 * of 2020).  The table of year Y holds days of December Y-1; so what a table speaks for is
 * December Y-1 to November Y, and the days that it lists itself.
 */
#ifndef CAMPAIGN_HOLIDAYS_H
#define CAMPAIGN_HOLIDAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "calendars/civil.h"
#include "daemon/core/finding.h"
#include "daemon/core/words.h"

#define HOLIDAYS_BYTES_MAX (1u << 20)
#define HOLIDAYS_DAYS_MAX 2000

struct holiday {
	date_t day;
	bool work;  /**< a make-up day */
	char *name; /**< "国庆节"; "" if the table does not say */
};

struct holidays {
	GArray *days;  /**< struct holiday, by day, each once */
	GArray *years; /**< int: the years whose tables these are, ascending */
};

/**
 * Read a table: JSON {"year", "days": [{"name", "date", "isOffDay"}]}, or CSV date,off|work[,name].
 * 0 and *out, or -EINVAL with findings that say row and column (JSON: which day).
 */
int holidays_read(const char *file, const char *bytes, size_t size, struct holidays **out,
		  struct findings *findings);
void holidays_free(struct holidays **h);

/** What became of the calendar. */
struct holidays_merged {
	char *text;                  /**< the new holidays.ics; caller frees */
	bool changed;                /**< false: it says what it said */
	unsigned off, work;          /**< days of the table */
	unsigned dropped, kept, cut; /**< events replaced, left alone, cut at the edge */
	GPtrArray *notes;            /**< char *: what a person should know; caller unrefs */
};

/**
 * Put the table in the place of its years in @old (NULL: there is none yet); other events stay as
 * they are. @now becomes the DTSTAMP of new ones. 0, or -EINVAL: @old cannot be read.
 */
int holidays_merge(const struct holidays *h, const char *old_file, const char *old, size_t old_size,
		   wall_t now, struct holidays_merged *out, struct findings *findings);

#endif
