/*
 * core/ladder.h - a ladder as plain data: what calendars/ hands to the planner.
 */
#ifndef CORE_LADDER_H
#define CORE_LADDER_H

#include "words.h"

/** One instant of a ladder: a step, or one repeat of it. */
struct rung {
	wall_t unmoved;  /**< before windows and slots */
	wall_t at;       /**< after them: when it becomes ripe */
	uint16_t step;   /**< index within the policy; >= policy.steps: alarm number step - steps */
	uint16_t repeat; /**< 0 = the step itself */
	bool before;     /**< unmoved < due: a reminder; else an escalation */
};

struct ladder {
	wall_t due;
	wall_t on_time; /**< due + grace: received at or before this is on time */
	wall_t closes;  /**< WALL_NEVER when it never closes */
	wall_t warn;    /**< due soon from here on; == due when the policy has no warn */
	uint32_t n;
	struct rung *rungs; /**< by at, then step, then repeat; those at or after closes left out */
};

void ladder_free(struct ladder **l);

/** "催办", "督办#1", "alarm", "alarm-2": the step's name as interfaces show it. Caller frees. */
char *rung_name(const struct campaign *c, const struct policy *p, const struct rung *r);

#endif
