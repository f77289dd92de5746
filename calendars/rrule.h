/*
 * rrule.h - the recurrence rule of RFC 5545 3.3.10 on the wall clock, bounded.
 *
 * A rule is parsed once into bit sets and then walked period by period:
 * period -> days of the period -> times of the day -> BYSETPOS.  It knows no zone: what a
 * local time means as an instant, and whether it exists, is the caller's business.
 *
 * Every walk has a budget of steps, because some rules never match and others match every
 * second for a century.
 */
#ifndef CALENDARS_RRULE_H
#define CALENDARS_RRULE_H

#include <stdbool.h>
#include <stdint.h>

#include "civil.h"
#include "daemon/core/err.h"

enum rrule_freq {
	RRULE_SECONDLY,
	RRULE_MINUTELY,
	RRULE_HOURLY,
	RRULE_DAILY,
	RRULE_WEEKLY,
	RRULE_MONTHLY,
	RRULE_YEARLY
};

enum rrule_until { RRULE_UNTIL_NONE, RRULE_UNTIL_DATE, RRULE_UNTIL_LOCAL, RRULE_UNTIL_UTC };

/** What a rule says that it should not; none of it stops it from being followed. */
enum rrule_oddity {
	RRULE_ODD_PART = 1,    /**< an X- part was left out */
	RRULE_ODD_BOTH = 2,    /**< COUNT and UNTIL: the earlier end holds */
	RRULE_ODD_ORDINAL = 4, /**< BYDAY=2MO where only MO has a meaning */
	RRULE_ODD_LEAP = 8     /**< BYSECOND=60 is second 59 */
};

#define RRULE_DAYS_WORDS 6 /**< 64-bit words for 1 .. 366 */

/** Bits 1 .. 366 counted from the front and from the back (-1 is bit 1). */
struct rrule_ordinals {
	uint64_t front[RRULE_DAYS_WORDS], back[RRULE_DAYS_WORDS];
};

struct rrule {
	enum rrule_freq freq;
	enum rrule_until until_kind;
	local_t until;                /**< as written; a DATE is the last second of its day */
	int64_t interval;             /**< >= 1 */
	int64_t count;                /**< 0 = none */
	uint8_t wkst;                 /**< 0 = Monday */
	uint8_t weekdays;             /**< BYDAY without ordinal: bit 0 = Monday */
	uint16_t months;              /**< bits 1 .. 12; 0 = none, as below */
	uint32_t hours;               /**< bits 0 .. 23 */
	uint64_t minutes, seconds;    /**< bits 0 .. 59 */
	uint32_t days, days_back;     /**< BYMONTHDAY: bits 1 .. 31 from front, back */
	uint64_t weeks, weeks_back;   /**< BYWEEKNO: bits 1 .. 53 */
	uint64_t nth[7], nth_back[7]; /**< BYDAY with ordinal: bits 1 .. 53 a weekday */
	struct rrule_ordinals yeardays, setpos;
	bool by_nth, by_yearday, by_setpos;
	unsigned oddities; /**< enum rrule_oddity */
};

/**
 * Parse the value of an RRULE or EXRULE, names in any case. Returns 0; -ENOTSUP for RSCALE and
 * SKIP; -EINVAL for anything that cannot be followed exactly (unknown part, part
 * twice, number out of range, no FREQ), with Chinese words.
 */
int rrule_parse(const char *text, struct rrule *out, struct err *err);

#define RRULE_DAYS_MAX 366

/** A walk over the local times of a rule; plain data, nothing to free. */
struct rrule_iter {
	struct rrule rule;   /**< with what DTSTART fills in */
	local_t start, stop; /**< DTSTART; nothing after .stop is returned */
	bool date;           /**< midnights only: BYHOUR, BYMINUTE, BYSECOND are ignored */
	int64_t left;        /**< of COUNT; -1 = no COUNT */
	int64_t steps;       /**< budget that is left */
	int64_t cursor;      /**< the period: year, month, day, or unit since 1970 */
	bool open;           /**< the set below is of .cursor */
	uint32_t index;      /**< next element of the set */
	uint16_t n_days;
	uint8_t n_hours, n_minutes, n_seconds;
	struct {
		date_t first; /**< of a month */
		int32_t length;
		uint32_t mask; /**< its days that pass every BY part about days */
	} cached[2];           /**< a week lies in two months at most */
	date_t days[RRULE_DAYS_MAX];
	uint8_t hours[24], minutes[60], seconds[60];
};

/**
 * Begin at DTSTART. @stop bounds the walk (UNTIL is applied by the caller, by lowering it);
 * @steps is the budget.
 */
void rrule_iter_init(struct rrule_iter *it, const struct rrule *rule, local_t start, bool date,
		     local_t stop, int64_t steps);
/** Skip periods that end before @from; does nothing when COUNT has to be counted. */
void rrule_iter_seek(struct rrule_iter *it, local_t from);
/** 1 and the next local time; 0 at the end; -E2BIG when the budget is spent. */
int rrule_iter_next(struct rrule_iter *it, local_t *out);
/** The last one returned does not exist on its clock: COUNT does not count it (RFC 5545 3.3.10). */
void rrule_iter_uncount(struct rrule_iter *it);

#endif
