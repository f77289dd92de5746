/*
 * feed.h - deadlines as a calendar that people subscribe to.
 *
 * Read only and one-way: programs ask when they like (hours, a day), so a feed shows and never
 * reminds.  Every due item is an event of its own with a UID that does not change; equal items
 * give equal bytes, whenever they are asked for.
 */
#ifndef CALENDARS_FEED_H
#define CALENDARS_FEED_H

#include "daemon/core/words.h"
#include "zone.h"

#define FEED_CANCELLED_DAYS 30 /**< how long what need not be done any more is still shown */

struct feed_item {
	const char *key;   /**< what identifies the item: campaign, UID, recurrence-id, unit */
	const char *title; /**< "第2期周报" */
	const char *about; /**< DESCRIPTION; "" none */
	wall_t due;        /**< effective; the last second of a day shows as the whole day */
	bool done;         /**< handed in, and not returned */
	bool cancelled;    /**< exempted */
	unsigned sequence; /**< grows with every change */
	wall_t changed;    /**< when it changed last */
};

struct feed {
	const char *name;             /**< of the calendar */
	const char *office, *address; /**< who publishes it; an address of "" is not said */
	const struct zone *zone;
	wall_t now;    /**< decides only which cancelled items are still shown */
	GArray *items; /**< struct feed_item; shown by due, then key */
};

/** text/calendar; charset=utf-8. Caller frees. */
char *feed_write(const struct feed *f);

#endif
