/*
 * roster.h - who is on duty when, and when nobody is: algebra of half-open intervals.
 *
 *   gaps    = key period - shifts, for the leader in charge and for the staff by themselves
 *   clashes = one person in two places: two shifts of hers that overlap
 *
 * Everything is an instant here, so shifts over midnight, all-day ones and those
 * across a change of the clock need no rule of their own.
 */
#ifndef CALENDARS_ROSTER_H
#define CALENDARS_ROSTER_H

#include "daemon/core/words.h"

/** A stretch of a key period without a leader in charge, or without staff. */
struct roster_gap {
	uint32_t period; /**< index into the periods given */
	bool leader;     /**< who is missing: the leader in charge, else the staff */
	wall_t from, to; /**< half-open, not empty */
};

/** One person twice at once. Indexes into the shifts given; a starts no later than b. */
struct roster_clash {
	uint32_t a, b;
	wall_t from, to; /**< the time both claim; half-open, not empty */
};

/** More are not told: such a roster is broken, not badly planned. */
#define ROSTER_GAPS_MAX 10000
#define ROSTER_CLASHES_MAX 10000

/**
 * Gaps of the WATCH periods among @periods within [@from, @to): by period, the leader's
 * before the staff's, then by time. @roster picks the shifts of one roster, NONE takes all
 * together. A period or shift that ends no later than it begins is none.
 * GArray of struct roster_gap; the caller unrefs it.
 */
GArray *roster_gaps(const struct period *periods, uint32_t n_periods, const struct shift *shifts,
		    uint32_t n_shifts, uint32_t roster, wall_t from, wall_t to);

/**
 * Clashes among @shifts (of @c) within [@from, @to), by the time they begin. A person is
 * known by e-mail in any case (the shift's, else the contact's), else by name; a shift of
 * nobody clashes with none. The same shift listed twice (same roster, UID, recurrence-id
 * and beginning) is one shift.
 * GArray of struct roster_clash; the caller unrefs it.
 */
GArray *roster_clashes(const struct campaign *c, const struct shift *shifts, uint32_t n_shifts,
		       wall_t from, wall_t to);

/**
 * The shifts that hold @t, of @roster (NONE = all) and @part, by index.
 * GArray of uint32_t; the caller unrefs it.
 */
GArray *roster_on_duty(const struct shift *shifts, uint32_t n_shifts, uint32_t roster,
		       enum duty_part part, wall_t t);

#endif
