/*
 * plan.h - what must be said now, and when must I be asked again?
 *
 * The planner of one occurrence.  Pure: no clock, no I/O, no globals; equal facts
 * and now give equal rows, byte for byte.  The daemon, the simulator and
 * `explain` run this code and no other.  Rules P0 .. P14 are those of the design;
 * docs/rules.md repeats them with the readings taken where it is silent.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "ladder.h"
#include "recipients.h"
#include "words.h"

#define RUNGS_MAX 256            /**< steps, repeats and alarms of one ladder; lint refuses more */
#define FRESH_WAIT (10 * MINUTE) /**< how long liaison and office wait for a fresh view (P11) */

/** Why a notice is held; all must be cleared before it is told. */
enum hold {
	HOLD_SIGN = 1,    /**< the step waits for a person's release */
	HOLD_GUARD = 2,   /**< half of the district is missing (P14) */
	HOLD_VIEW = 4,    /**< no fresh view, clock suspect, or something in the tray (P11) */
	HOLD_RELEASED = 8 /**< no reason, but its end: a person let it go while it was held */
};

/** What is known of one due item. */
struct plan_item {
	uint32_t unit;
	bool tracked : 1;
	bool outstanding : 1; /**< no submission in force, not exempt (P4) */
	bool exempt : 1;
	bool paused : 1;
	bool in_tray : 1;            /**< something undecided that could be this unit's report */
	const struct ladder *ladder; /**< of its effective deadline; borrowed */
	wall_t decided; /**< the decision that set this deadline (P10); WALL_ALWAYS = none */
	uint64_t said[RUNGS_MAX / 64]; /**< rungs raised or superseded for this deadline */
};

/** A notice that is held, and what a person has said of it. */
struct plan_held {
	uint32_t item;   /**< index into facts.items; NONE: the unit owes it no longer */
	wall_t due;      /**< of the notice */
	uint16_t rung;   /**< in the item's ladder; UINT16_MAX: that deadline is gone */
	uint16_t order;  /**< of the step for P3 when the ladder is another */
	int64_t address; /**< any number that is equal for equal addresses */
	unsigned holds;  /**< enum hold bits, as raised */
	bool released;   /**< by a person, after it was raised */
};

struct plan_facts {
	const struct campaign *campaign;
	const struct policy *policy;
	const struct occurrence *occurrence;
	bool milestone; /**< every step goes to all contacts of the office */
	const struct plan_item *items;
	uint32_t n_items;
	const struct plan_held *held;
	uint32_t n_held;
	uint32_t expected, missing; /**< tracked and not exempt; those of them outstanding */
	wall_t polled; /**< begin of the oldest of the latest looks into each intake; WALL_NEVER: none enabled */
	bool clock_trusted;
	wall_t up_since;     /**< this run's start: waiting for a fresh view begins no earlier */
	bool guard_lifted;   /**< a person released this occurrence after the guard held it */
	bool window_open;    /**< the policy's send window, at now */
	wall_t window_opens; /**< when it opens next; not before now */
};

enum plan_why {
	WHY_TOLD,
	WHY_LATER_STEP, /**< P3: a later step of the item tells the same address */
	WHY_OVERDUE,    /**< P3: a reminder that would come after the deadline */
	WHY_DECISION,   /**< P10: the decision stands in for it */
	WHY_HELD,
	WHY_RELEASED,
	WHY_ANSWERED, /**< P4: withdrawn */
	WHY_MOVED     /**< the deadline is another one now: withdrawn */
};
const char *plan_why_text(enum plan_why why);

/** A notice to record. */
struct plan_row {
	uint32_t item;
	uint16_t rung;
	struct recipient to;
	enum sort sort;
	enum notice_state state; /**< PLANNED, SUPERSEDED or HELD */
	enum plan_why why;
	unsigned holds;
};

/** What becomes of facts.held[i]. */
struct plan_change {
	uint32_t held;
	enum notice_state state; /**< PLANNED, WITHDRAWN or SUPERSEDED */
	enum plan_why why;
};

struct plan {
	GArray *rows;     /**< struct plan_row, by item, rung, order of `to` */
	GArray *changes;  /**< struct plan_change */
	GArray *missing;  /**< struct missing_role met on the way */
	bool ask_guard;   /**< the guard holds something: ask the office (once per occurrence) */
	bool view_alarm;  /**< something is held for want of a fresh view */
	wall_t next_wake; /**< after now; WALL_NEVER */
};

void plan_init(struct plan *p);
void plan_fini(struct plan *p);

/**
 * Plan items [first, last) of the occurrence at @now and add to @out; changes of held
 * notices are planned with the slice that begins at 0. @out->next_wake must be
 * WALL_NEVER before the first slice.
 */
void plan_occurrence(const struct plan_facts *facts, uint32_t first, uint32_t last, wall_t now,
		     struct plan *out);

static inline bool plan_said(const struct plan_item *it, unsigned rung)
{
	return (it->said[rung / 64] >> (rung % 64) & 1) != 0;
}
static inline void plan_say(struct plan_item *it, unsigned rung)
{
	it->said[rung / 64] |= UINT64_C(1) << (rung % 64);
}

#endif
