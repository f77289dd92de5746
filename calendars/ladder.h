/*
 * ladder.h - the instants of a policy's steps for one deadline (design: Time).
 *
 * This is where offsets, working days, send windows and slots become instants;
 * the planner only compares what it finds here.
 */
#ifndef CALENDARS_LADDER_H
#define CALENDARS_LADDER_H

#include "daemon/core/ladder.h"
#include "daemon/core/words.h"
#include "days.h"
#include "zone.h"

/**
 * Where a deadline lies after on_off_day; @written unchanged if its day is a working day
 * or the rule is keep. Returns WALL_NEVER if no working day is found.
 */
wall_t ladder_move_off_day(const struct zone *z, const struct days *d,
			   const struct off_day_rule *rule, wall_t written);

/** @base moved by @o on the wall clock of @z (not into any window). WALL_NEVER if impossible. */
wall_t ladder_offset(const struct zone *z, const struct days *d, const struct offset *o,
		     wall_t base);

/** The latest `back` at or before @t on an allowed day, or @t itself when inside. */
wall_t ladder_window_back(const struct zone *z, const struct days *d, const struct window *w,
			  wall_t t);
/** The earliest instant inside at or after @t. */
wall_t ladder_window_on(const struct zone *z, const struct days *d, const struct window *w,
			wall_t t);
bool ladder_window_inside(const struct zone *z, const struct days *d, const struct window *w,
			  wall_t t);

/**
 * The ladder of @policy for the effective deadline @due (not moved by on_off_day here).
 * @alarms are the occurrence's VALARMs, told after the policy's own steps.
 * The result is owned by the caller: ladder_free().
 */
struct ladder *ladder_build(const struct campaign *c, const struct policy *policy,
			    const struct alarm *alarms, uint32_t n_alarms, wall_t due);

#endif
