/*
 * month.h - a month of a campaign drawn as a sheet: deadlines, days off, duty, bulletins.
 *
 * Pure: the caller knows the terminal.  Nothing but ASCII frames it, because what other
 * characters measure differs between terminals.
 */
#ifndef CAMPAIGN_MONTH_H
#define CAMPAIGN_MONTH_H

#include "daemon/core/words.h"

#define MONTH_WIDTH_MIN 78
#define MONTH_WIDTH_MAX 200

struct month_style {
	bool colour;
	unsigned width; /**< columns; kept between MONTH_WIDTH_MIN and MONTH_WIDTH_MAX */
};

/** The sheet and, below it, what its cells have no room for. Caller frees. */
char *month_draw(const struct campaign *c, int year, int month, const struct month_style *style);

/** Every entry of the month by day, in full: what the list below the sheet is made of. */
struct month_entry {
	int day;          /**< of the month */
	int16_t minute;   /**< of the day; -1 = the whole day; 1440 = its end */
	uint8_t category; /**< enum category */
	char *brief;      /**< for a cell */
	char *text;       /**< for the list */
};
/** GPtrArray of struct month_entry *, by day, minute, category; the caller unrefs it. */
GPtrArray *month_entries(const struct campaign *c, int year, int month);

#endif
