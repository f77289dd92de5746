/*
 * alarm.h - trouble with the daemon itself or its files, told to the office.
 */
#ifndef ENGINE_ALARM_H
#define ENGINE_ALARM_H

#include "daemon/core/health.h"
#include "engine.h"

/**
 * Tell every address of the office. Inside a transaction. @step: the alarm's name, @words: what
 * is wrong and what to do about it. 0 or -errno.
 */
int engine_alarm(struct engine *e, const char *step, const char *words, wall_t now,
		 struct err *err);

/** A trouble that has lasted, or is over. Borrowed strings. */
struct engine_trouble {
	enum trouble_code code;
	const char *mark; /**< told once as long as it stands: the same at its beginning and end */
	const char *campaign;       /**< whose it is; NULL: everybody's */
	bool over;                  /**< what was told, or could not be, is over */
	const char *text, *text_en; /**< while it lasts */
	wall_t since, ended;
};

/**
 * Tell the office those of @list that are everybody's or its own, merged to one message an
 * address. Inside a transaction. @heard: addresses (char *, owning) that have heard everybody's
 * through another campaign; those of this office are added. 0 or -errno.
 */
int engine_tell_troubles(struct engine *e, const struct engine_trouble *list, unsigned n,
			 GHashTable *heard, wall_t now, struct err *err);

/**
 * Tell the office which steps have waited for a signature for @wait or longer: at most once a day,
 * inside their policies' send windows, and again after a week. Right after engine_tick() at the
 * same @now, before anything is leased; a transaction of its own. @next_out: when it must be called
 * again, WALL_NEVER if nothing waits. 0 or -errno.
 */
int engine_tell_unsigned(struct engine *e, dur_t wait, wall_t now, wall_t *next_out,
			 struct err *err);

#endif
