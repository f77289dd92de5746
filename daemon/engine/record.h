/*
 * record.h - a planned notice becomes a row, and a part of its recipient's one message.
 *
 * Friends only: this room.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "private.h"

/* Numbers of notices that have none of their own: a step may bear the same name. */
#define NOTICE_N_STREAK (-1)
#define NOTICE_N_CORRECTION (-2) /* P12's; those of told.c have the deadline told before */

struct record {
	uint32_t occurrence; /* NONE: about no occurrence */
	uint32_t unit;
	wall_t due;
	const char *step;
	int64_t n;
	struct recipient to;
	const char *role;
	enum sort sort;
	enum notice_state state;
	unsigned holds;
	const char *reason;
};

/** Record one notice, with its message when it is PLANNED. 1, 0 (was there) or -errno. */
int record_notice(struct engine *e, const struct record *r, wall_t now, struct err *err);
/**
 * Correct @told, a notice as it was stored: the same address hears of the same item as @step, with
 * .due, .n and .reason as set. 1, 0 (that was recorded before) or -errno.
 */
int record_correction(struct engine *e, const struct notice *told, const char *step,
		      uint32_t occurrence, wall_t now, struct err *err);
/** Tell every address of the office; @mark makes it once for ever (NULL: each time). */
int record_alarm(struct engine *e, const char *mark, const char *step, uint32_t occurrence,
		 uint32_t unit, const char *reason, wall_t now, struct err *err);
/** The same for one address of it. 1 or -errno. */
int record_alarm_to(struct engine *e, const struct recipient *to, const char *step,
		    uint32_t occurrence, uint32_t unit, const char *reason, wall_t now,
		    struct err *err);
int record_message(struct engine *e, int64_t address, wall_t now, int64_t *out, struct err *err);
void record_show(struct engine *e, const struct record *r, int64_t message, const char *address,
		 wall_t now);
const char *record_role(const struct recipient *to, const struct campaign *c,
			const char *otherwise);

#endif
