/*
 * move.h - last year's calendar as this year's: what an office does with every campaign.
 *
 * Dates keep month and day, weekly series their weekday: as many weeks from the nearer
 * end of the campaign.  "The second Tuesday" stays the second Tuesday.  What
 * belonged to one date alone (exceptions, moved instances, cancelled events) stays behind, and is said.
 */
#ifndef CALENDARS_MOVE_H
#define CALENDARS_MOVE_H

#include <stddef.h>

#include "daemon/core/finding.h"
#include "daemon/core/words.h"
#include "zone.h"

struct move {
	const struct zone *zone; /**< of times without one */
	int from_year, years;    /**< the campaign's year, and how far it moves (may be < 0) */
	date_t first, last;      /**< the old campaign's days, both in it */
	wall_t now;              /**< DTSTAMP of what comes out */
};

/** @day in another year; 29 February becomes the 28th where there is none. */
date_t move_date(date_t day, int years);
/**
 * A day with the same weekday, as many weeks from the campaign's nearer end as @day is; outside
 * of the campaign the nearest such weekday to move_date() towards the campaign.
 */
date_t move_weekday(const struct move *m, date_t day);
/** @text with the old year written as the new; caller frees. */
char *move_year_text(const struct move *m, const char *text);

/**
 * Move the calendar @bytes, which calendar_read() has taken without errors. 0 and *out (caller
 * frees), or -EINVAL with findings. @notes receives char *: what a person has to look at.
 */
int move_calendar(const struct move *m, const char *file, const char *bytes, size_t size,
		  char **out, GPtrArray *notes, struct findings *findings);

#endif
