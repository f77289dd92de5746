/*
 * clock.h - where "now" comes from, and whether it may be trusted.
 *
 * The machine's clocks are read here and nowhere else.  The paced clock serves
 * the demo: its wall time is virtual and moves only by paced_advance(), that is
 * from wake to wake (timer.h does it), and stands still while it is held.
 */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include "daemon/core/ports.h"

/** The machine's clock: CLOCK_REALTIME and CLOCK_MONOTONIC. Lives for ever. */
struct clock *clock_real(void);

/** CLOCK_BOOTTIME: counts sleep, ignores steps of the wall clock. For trust alone. */
mono_t clock_boot(void);

/**
 * Does the kernel say that something (NTP) disciplines its clock? false also if we may not
 * ask: ProtectClock= of the shipped unit forbids it, so there a doubt is settled by a
 * person alone.
 */
bool clock_synchronised(void);

/** What adjtimex() returned (-1: failed) and its status. Pure. */
bool clock_sync_said(int state, int status);

/* ---- the demo's clock ---------------------------------------------------- */

struct paced;

typedef void paced_fn(void *arg);

/**
 * A clock that shows @start until it is advanced. @factor: virtual milliseconds that one
 * real millisecond of waiting is worth; 0 = waits take no real time at all. 86400 shows
 * a day a second. Its monotonic time advances with its wall time.
 */
struct paced *paced_new(wall_t start, double factor);
void paced_free(struct paced **p);
struct clock *paced_clock(struct paced *p); /**< borrowed */

/**
 * Stand still: for as long as a message is leased or anything else is under way.
 * Counted: each hold needs its release. The last release calls the function given to
 * paced_on_release(), which may advance the clock.
 */
void paced_hold(struct paced *p);
void paced_release(struct paced *p);
bool paced_held(const struct paced *p);
void paced_on_release(struct paced *p, paced_fn *fn, void *arg);

/** Jump to @to; an instant that is not ahead changes nothing. Never while held. */
void paced_advance(struct paced *p, wall_t to);

/** How long to wait in real time before jumping to @to. */
dur_t paced_wait(const struct paced *p, wall_t to);

/* ---- trust ---------------------------------------------------------------- */

#define CLOCK_AHEAD_MAX (5 * MINUTE)   /**< forward against CLOCK_BOOTTIME */
#define CLOCK_BEHIND_MAX (60 * SECOND) /**< below the latest instant ever seen */
#define CLOCK_REST_MAX (180 * DAY) /**< at a start: longer is sooner a wrong clock than a rest */
#define CLOCK_FLOOR ((wall_t)1262304000000)   /**< 2010: a machine that lost its clock shows less */
#define CLOCK_CEILING ((wall_t)2051222400000) /**< 2035: a first start later than this is doubted */

enum clock_doubt {
	CLOCK_TRUSTED,
	CLOCK_AHEAD,   /**< jumped ahead while we ran */
	CLOCK_BEHIND,  /**< shows less than we have already stored */
	CLOCK_UNSYNCED /**< at the start: nothing disciplines it */
};

/**
 * While the clock is suspect nobody's superiors are told anything. A doubt stays until a person
 * confirms the clock, until a later check finds the kernel synchronised, or until the clock
 * agrees again with the last trusted instant and the time that has gone by since.
 * Plain data: pure functions of their arguments.
 */
struct clock_trust {
	enum clock_doubt doubt;
	wall_t high; /**< latest wall instant seen, to be stored as the high-water mark */
	wall_t wall; /**< at the last check */
	mono_t boot;
	bool anchored; /**< this run has a trusted instant: */
	wall_t anchor_wall;
	mono_t anchor_boot;
};

/** What is known of the time before this run. */
struct clock_past {
	wall_t high_water; /**< as stored, WALL_ALWAYS if none */
	bool doubted;      /**< the clock was in doubt when the last run ended */
	bool heed_sync;    /**< an undisciplined clock is a doubt; false on machines without NTP */
};

void clock_trust_start(struct clock_trust *t, const struct clock_past *past, wall_t now,
		       mono_t boot, bool synchronised);
enum clock_doubt clock_trust_check(struct clock_trust *t, wall_t now, mono_t boot,
				   bool synchronised);
/** A person says that @now is right. */
void clock_trust_confirm(struct clock_trust *t, wall_t now, mono_t boot);

/** "trusted", "jumped ahead" ...: for logs. */
const char *clock_doubt_word(enum clock_doubt d);
/** The same for the office; NULL if trusted. */
const char *clock_doubt_text(enum clock_doubt d);

#endif
