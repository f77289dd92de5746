/*
 * roster_table.h - a duty roster as a table, one row a shift, and as duty/NAME.ics.
 *
 * Offices plan duty in a spreadsheet.  The calendar is what the daemon reads, so the
 * table is brought over once, after a look at what would change, and can be had back.
 */
#ifndef CAMPAIGN_ROSTER_TABLE_H
#define CAMPAIGN_ROSTER_TABLE_H

#include "calendars/zone.h"
#include "daemon/core/finding.h"
#include "daemon/core/words.h"

#define ROSTER_ROWS_MAX 20000

struct roster_row {
	int line;         /**< in its file; 0 = unknown */
	local_t from, to; /**< on the wall clock; to > from */
	bool leader;
	char *person, *email; /**< email may be "" */
};

/** A GArray of struct roster_row that owns its texts. */
GArray *roster_rows_new(void);
/** By from, to, the leader first, person. */
void roster_rows_sort(GArray *rows);

/**
 * Read CSV with a header: date, from, to, role, person[, email], or 日期, 起, 止, 岗位, 姓名, 邮箱, in
 * any order. A shift that ends at or before its beginning ends on the next day. Findings
 * say row and column. 0, or -EINVAL when there is any error.
 */
int roster_rows_read(const char *file, const char *bytes, size_t size, GArray **out,
		     struct findings *findings);
/** duty/NAME.ics of the rows; @now is the DTSTAMP. Caller frees. */
char *roster_rows_ics(const GArray *rows, const char *name, const struct zone *zone, wall_t now);

/**
 * The shifts of duty/NAME.ics as rows; longer ones are cut into days. Rules without an end are
 * followed to @horizon. 0 or -EINVAL.
 */
int roster_rows_of_calendar(const char *file, const char *bytes, size_t size,
			    const struct zone *zone, wall_t horizon, GArray **out,
			    struct findings *findings);
/** The table with its Chinese header: char ** (NULL-terminated), owned by the array. */
GPtrArray *roster_rows_table(const GArray *rows);
/**
 * CSV as spreadsheets open it: with a BOM, CRLF. A cell that a spreadsheet would take for a
 * formula begins with ', which reading takes off again. Caller frees.
 */
char *roster_rows_csv(const GArray *rows);

/** "2019-10-01 周二 08:00–次日08:00 带班 姓名 <email>": a row for people. Caller frees. */
char *roster_row_text(const struct roster_row *row);

#endif
