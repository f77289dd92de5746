/*
 * ical.h - one component of a calendar: what it says, resolved but not expanded.
 *
 * Attendees and alarms come from libical, which is handed one component at a time and only
 * the properties that have a form of their own; times, rules and exceptions are read from the
 * scanner's lines, because libical drops what it does not understand.
 *
 * Friends only: calendars/expand*.c and calendars/lint.c.
 */
#ifndef CALENDARS_ICAL_H
#define CALENDARS_ICAL_H

#include "expand.h"
#include "flat.h"
#include "ical_time.h"
#include "rrule.h"
#include "scan.h"
#include "tzset.h"

#define ICAL_RULES_MAX 16     /**< RRULEs or EXRULEs of a component */
#define ICAL_DATES_MAX 100000 /**< RDATEs or EXDATEs of a component */
#define ICAL_ALARMS_MAX 32

/** A time that knows its zone. */
struct ical_time {
	local_t local;
	bool date;
	const struct tz *tz;
	int line;
};

enum ical_length { LENGTH_NONE, LENGTH_UNTIL, LENGTH_SPAN };

/** How long it lasts: until a time, or for a span. */
struct ical_extent {
	enum ical_length kind;
	struct ical_time until;
	struct ical_span span;
};

struct ical_rule {
	struct rrule rule;
	int line;
};

/** An RDATE; a PERIOD has its own extent. */
struct ical_extra {
	struct ical_time at;
	struct ical_extent extent;
};

/** A component as read; .shown is its face, and its address is that of the whole. */
struct ical_component {
	struct calendar_component shown;
	struct ical_time start;
	struct ical_extent extent; /**< DTEND, DUE or DURATION */
	GArray *rules, *ex_rules;  /**< struct ical_rule, NULL if none */
	GArray *extras;            /**< struct ical_extra, NULL if none */
	GArray *exceptions;        /**< struct ical_time: EXDATE, NULL if none */
	bool has_rid, and_future;  /**< RECURRENCE-ID; RANGE=THISANDFUTURE */
	struct ical_time rid;
	wall_t stamp;    /**< LAST-MODIFIED, else DTSTAMP, else 0 */
	bool exact;      /**< DTEND - DTSTART is a length in seconds */
	bool barren;     /**< its rules give nothing at all, not even DTSTART */
	unsigned stream; /**< the n-th VCALENDAR of its file, from 0 */
};

/**
 * Steps that rules may take: each one is granted a few, and what a calendar has left in its
 * pool.  One bomb is bounded by RULE_STEPS_MAX, a file full of them by the pool.
 */
#define RULE_STEPS_FREE 500
#define RULE_STEPS_MAX 2000000
#define POOL_STEPS 10000000

static inline int64_t steps_grant(int64_t pool)
{
	return RULE_STEPS_FREE + MIN(pool, RULE_STEPS_MAX);
}

/** Take from the pool what a walk used of its grant. */
static inline void steps_settle(int64_t *pool, int64_t left)
{
	int64_t used = steps_grant(*pool) - left;

	if (used > RULE_STEPS_FREE)
		*pool = MAX(*pool - (used - RULE_STEPS_FREE), 0);
}

/** Where a component is read, and who hears of it. */
struct ical_reader {
	const char *file;
	const struct scan *scan;
	const GPtrArray *words; /**< struct flat_words *, a component */
	struct tzset *zones;
	const struct calendar_limits *limits;
	struct findings *findings;
	int64_t *pool; /**< steps */
};

/**
 * Read the component @index of the scan, a VEVENT or VTODO. NULL when it cannot be used;
 * a finding says why.
 */
struct ical_component *ical_read(const struct ical_reader *r, uint32_t index);
void ical_component_free(gpointer component);

/** The instant of a time; a DATE is its midnight. */
wall_t ical_instant(const struct ical_time *t, enum zone_fit *fit_out);
/** The end of an instance that starts at @start (as ical_instant gives it); never before it. */
wall_t ical_end(const struct ical_component *c, const struct ical_extent *e,
		const struct ical_time *start, wall_t at);

/** All that is odd about a component on its own; false when it has to be left out. */
bool ical_lint(const struct ical_reader *r, struct ical_component *c);

#endif
