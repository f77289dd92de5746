/*
 * expand.h - occurrences of a calendar: RFC 5545 recurrence and set algebra.
 *
 *   bytes -> scan (limits, unfolding, line numbers, charset)
 *         -> ical (libical, one component at a time: properties, no expansion)
 *         -> rrule (our own, bounded) -> expand (RDATE, EXDATE, overrides)
 *
 * Pure and bounded: equal bytes give equal occurrences; a rule bomb ends within
 * a second with a finding.  Where implementations disagree the decisions of
 * docs/calendars.md hold.
 */
#ifndef CALENDARS_EXPAND_H
#define CALENDARS_EXPAND_H

#include <stddef.h>

#include "civil.h"
#include "daemon/core/finding.h"
#include "daemon/core/words.h"
#include "zone.h"

enum start_kind { START_DATE, START_FLOATING, START_UTC, START_ZONED };

/** A trigger of a VALARM, read but not resolved. */
struct calendar_alarm {
	bool absolute;
	wall_t instant;                           /**< when absolute */
	int sign;                                 /**< -1, 0, +1 */
	int weeks, days, hours, minutes, seconds; /**< magnitudes */
};

/** One component as written (a master, a single one, or an override). */
struct calendar_component {
	char *file;
	int line;                               /**< of its BEGIN */
	bool todo;                              /**< VTODO, else VEVENT */
	char *uid;                              /**< surrounding blanks removed; "" if absent */
	char *summary, *description, *location; /**< unescaped UTF-8, never NULL */
	char *status;                           /**< upper case, "" if absent */
	GPtrArray *categories;                  /**< char *, unescaped, trimmed, in file order */
	GPtrArray *attendees; /**< char *: mailto address (lower case) or the raw value */
	GArray *alarms;       /**< struct calendar_alarm */
	bool recurs;          /**< has RRULE, RDATE or is an override of one */
	bool has_due;         /**< VTODO with DUE */
	bool superseded;      /**< another component with its UID (and RECURRENCE-ID) is newer */
	int64_t sequence;
	/* the extent of the master itself, before recurrence */
	enum start_kind kind;
	wall_t start, end; /**< as the corpus rules say: DATE end exclusive */
};

#define INSTANCE_RID_SIZE 17 /**< "YYYYMMDDThhmmssZ" with its NUL */

/**
 * One instance. Several components may stand behind one UID; .component is the one that shows.
 * A year of a district is half a million of them: what sorting and printing read comes first.
 */
struct instance {
	const struct calendar_component *component; /**< owned by the calendar */
	wall_t start, end;                          /**< half-open; end == start for zero length */
	wall_t rid_at;   /**< the instant behind .rid; WALL_NEVER if it does not recur */
	const char *how; /**< "-", "range", "extra", "orphan" */
	enum start_kind kind;
	bool cancelled;
	bool due_is_date;               /**< VTODO with a DATE DUE */
	char rid[INSTANCE_RID_SIZE];    /**< "YYYYMMDDThhmmssZ", "YYYYMMDD" (DATE series), or "-" */
	wall_t due;                     /**< DUE of this instance of a VTODO, raw; else start */
	local_t local_start, local_end; /**< on the wall clock of its own zone (DATE: midnight) */
	const struct zone *zone;        /**< of DTSTART; the default zone for DATE and floating */
};

struct calendar;

/** Limits of one read. */
struct calendar_limits {
	size_t bytes_max;       /**< 16 MiB for campaign files, 4 MiB remote */
	bool sub_daily;         /**< FREQ below DAILY is expanded, however long */
	bool strict;            /**< an unknown TZID or a broken RRULE: left out */
	unsigned instances_max; /**< per component; more is a finding */
	unsigned total_max;     /**< of all components in one expansion; more is a finding */
};
extern const struct calendar_limits calendar_limits_campaign, calendar_limits_expand;

/**
 * Read @bytes (any charset the scanner knows) into components; several calls add
 * up to one calendar (a directory of one-event files). Bad components are left out, each
 * with a finding; a file that is no calendar at all is an error finding at line 0.
 */
struct calendar *calendar_new(const struct zone *default_zone);
void calendar_free(struct calendar **c);
int calendar_read(struct calendar *c, const char *file, const char *bytes, size_t size,
		  const struct calendar_limits *limits, struct findings *findings);

/** The same of what was parsed elsewhere (flat.h): bytes from outside, in the daemon. */
struct flat;
int calendar_take(struct calendar *c, const char *file, const struct flat *f,
		  const struct calendar_limits *limits, struct findings *findings);
/** Components in file order: GPtrArray of struct calendar_component *, owned by the calendar. */
const GPtrArray *calendar_components(const struct calendar *c);

/**
 * All instances of VEVENTs and VTODOs that intersect [from, to), by start, UID, rid.
 * Returns a GPtrArray of struct instance * (with free function); caller unrefs it.
 * The calendar must outlive it.  Findings: rules refused, limits hit, lint (UNTIL as DATE,
 * DTSTART not generated ...).
 * Unbounded rules yield instances only inside [from, to).
 */
GPtrArray *calendar_expand(struct calendar *c, wall_t from, wall_t to,
			   const struct calendar_limits *limits, struct findings *findings);

/**
 * The nine columns that `dubanctl expand` prints, one line an instance, sorted bytewise:
 * start, end, UID, component, SUMMARY, kind, STATUS, recurrence-id, how. Caller frees.
 */
char *calendar_tsv(const GPtrArray *instances);

/** The last instant any bounded component reaches; WALL_NEVER if a rule has no end. */
wall_t calendar_reach(struct calendar *c);

/** A set of the UIDs of series without an end; the UIDs are borrowed from @c. Caller unrefs it. */
GHashTable *calendar_endless(struct calendar *c);

#endif
