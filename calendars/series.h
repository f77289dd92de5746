/*
 * series.h - components of one UID: a master, and what overrides its instances.
 *
 * Friends only: calendars/expand.c, calendars/reach.c.
 */
#ifndef CALENDARS_SERIES_H
#define CALENDARS_SERIES_H

#include "ical.h"

/** Which instance a RECURRENCE-ID or EXDATE means. */
struct series_key {
	bool by_day; /**< .value is a date_t, else an instant */
	int64_t value;
};

struct series {
	struct ical_component *master; /**< NULL: overrides without a master */
	GPtrArray *overrides; /**< struct ical_component *, by RECURRENCE-ID; NULL if none */
};

/**
 * Group @components (struct ical_component *) by kind and UID; one without UID is a series of its
 * own. The newest of several masters, or of overrides of one instance, stays; the others are
 * marked superseded. Returns a GPtrArray of struct series *, by UID.
 */
GPtrArray *series_build(const GPtrArray *components);

/** The key of @t for the instances of @master (NULL: an orphan stands for itself). */
struct series_key series_key(const struct ical_component *master, const struct ical_time *t);

/**
 * The instant that a RECURRENCE-ID means. A DATE of a timed series: that day at the time of DTSTART,
 * or its midnight when @day_begins.
 */
wall_t series_rid_at(const struct ical_component *master, const struct ical_time *rid,
		     bool day_begins);

#define SERIES_FREE 5000   /**< instances of a series that need no room */
#define SERIES_ROOM 300000 /**< instances beyond them, of all series together */

/** What expansion needs to know besides the series. */
struct series_window {
	wall_t from, to;
	const struct zone *default_zone;
	const struct calendar_limits *limits;
	struct findings *findings; /**< may be NULL */
	int64_t *pool;             /**< steps */
	unsigned room;             /**< SERIES_ROOM, less what was taken */
	unsigned total;            /**< instances that may still be added, of all series */
	GArray *starts, *excluded; /**< scratch, reused by every series */
	GArray *out;               /**< struct instance */
};

/** The scratch array for struct series_window.starts. */
GArray *series_starts_new(void);

/** Add the instances of @s that intersect the window. */
void series_expand(const struct series *s, struct series_window *w);

/**
 * Findings about @c, an override of an instance of @master (NULL: an orphan) that began at @was;
 * @how as in struct instance.
 */
void series_lint_change(const struct ical_component *master, const struct ical_component *c,
			const char *how, wall_t was, struct findings *f);

/** The end of its last instance, WALL_NEVER if it has none. */
wall_t series_reach(const struct series *s, int64_t *pool);

#endif
