/*
 * timer.h - the one timer that decides "when next".
 *
 * It follows the wall clock: one timerfd on CLOCK_REALTIME that the kernel also
 * breaks when somebody sets the clock.  It never fires early.  It never sleeps
 * longer than TIMER_SLEEP_MAX without comparing the wall clock with
 * CLOCK_BOOTTIME, because a step may come that the kernel does not report
 * (a resumed virtual machine).
 *
 * With a paced clock it does not wait for the wall but jumps it, unless held.
 */
#ifndef IO_TIMER_H
#define IO_TIMER_H

#include "clock.h"
#include "loop.h"

#define TIMER_SLEEP_MAX (30 * MINUTE)
#define TIMER_STEP_MIN (1 * SECOND) /**< differences below this are drift, not a step */

enum timer_why {
	TIMER_DUE,    /**< the instant has come; the timer is no longer set */
	TIMER_STEPPED /**< the wall clock was set; the timer is still set: ask the planner again */
};

struct timer;

typedef void timer_fn(void *arg, enum timer_why why);

/** A timer of the machine's clock; NULL with words on failure. Not set. */
struct timer *timer_new(struct loop *l, timer_fn *fn, void *arg, struct err *err);

/** A timer of @p, which is borrowed and gets its on_release from it: one timer a clock. */
struct timer *timer_new_paced(struct loop *l, struct paced *p, timer_fn *fn, void *arg);

/** Call back once at @at, or at once (but not from here) if that is past. WALL_NEVER: unset. */
void timer_set(struct timer *t, wall_t at);

/**
 * Compare now instead of at the next wake: a step that the kernel does not tell of is called back
 * from here. Of the machine's clock; nothing for a paced one.
 */
void timer_look(struct timer *t);

/** No callback after this. NULL inside is fine. */
void timer_free(struct timer **t);

/** Has the wall moved against boot time between two readings? Pure; positive = ahead. */
dur_t timer_step(wall_t wall0, mono_t boot0, wall_t wall1, mono_t boot1);

#endif
