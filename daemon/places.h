/*
 * places.h - the campaigns of this daemon: a directory each, its engine, and the last good files.
 *
 *   directory -> place_prepare(): read, parse, load, lint -> struct prepared
 *             -> places_commit(): diff, swap, keep
 *
 * Preparing takes as long as the files are large, needs no store and runs on any thread that may
 * block; the rest runs on the thread that owns the store, which meanwhile goes on
 * acknowledging reports.
 */
#ifndef PLACES_H
#define PLACES_H

#include <pthread.h>

#include "daemon/engine/engine.h"
#include "prepare.h"

struct place {
	char *dir;
	struct engine *engine;
	char *problem; /**< why the files in the directory are not those in force; NULL. Locked */
	wall_t broken; /**< since when those in the directory cannot be used; 0: they can. Locked */
	uint64_t digest; /**< of the files in force */
	uint64_t held;   /**< of an edit that waits for a person to confirm it; 0 */
	/* What the database thread makes and the loop looks at: templates, and how files fare. */
	pthread_mutex_t lock;
	struct templates *fresh; /**< made by the last load, not taken yet */
	struct templates *live;  /**< loop thread only */
};

struct places {
	GPtrArray *list;           /**< struct place * */
	GPtrArray *engines;        /**< struct engine *, parallel, for engine_lease() */
	places_parse_fn *parse;    /**< set after places_init() */
	struct last_good *sources; /**< what remote sources gave; any thread */
	dur_t expiry;
	bool unsure; /**< the clock is in doubt: what is opened now for the first time counts from later */
};

void places_init(struct places *p, dur_t expiry);
void places_fini(struct places *p);

/**
 * Put the campaign of @dir in force: its files, or, when those are broken, the last good
 * ones kept in the database. Makes its own transaction. -EINVAL: neither can be used.
 */
int places_open(struct places *p, struct store *st, const char *dir, wall_t now, GPtrArray *report,
		struct err *err);
/** A person's word that a large edit is meant. */
struct confirmation {
	const char *campaign, *actor, *why;
};

/**
 * Put what was prepared of all directories in force. A broken one keeps what is in force; its
 * findings are lines of @report. Makes its own transactions. 0, or -EINVAL if any is broken.
 * A large edit (campaign/large.h) is held until it is confirmed: -EAGAIN with the reasons.
 * @confirm: of one campaign, whose held edit is put in force, if it is still what the
 * directory holds (-EINVAL); NULL: of none.
 * @all: struct prepared *; their campaigns are taken.
 */
int places_commit(struct places *p, struct store *st, const GPtrArray *all,
		  const struct confirmation *confirm, wall_t now, GPtrArray *report,
		  struct err *err);

/**
 * A remote source gave @fresh (.path, .url, .bytes …) and @x was prepared with it: put it in force,
 * as an edit, and keep it as the last good one, both or neither. Makes its own transaction.
 * 1: other files are in force; 0: they say the same; -EINVAL: it is not taken, with the first error
 * as words; -EAGAIN: so large an edit waits for a confirmation, and @fresh with it; -ENOENT:
 * campaign.yaml names that source no more; else -errno.
 */
int places_take(struct places *p, struct store *st, struct prepared *x,
		const struct source_row *fresh, wall_t now, GPtrArray *report, struct err *err);

/** Any thread: the words and since when, if the files in @place's directory cannot be used; or NULL. */
char *place_broken(struct place *place, wall_t *since_out);

/** Loop thread: the templates of @engine's campaign, with its overrides; borrowed until the next call. */
const struct templates *places_templates(struct places *p, const struct engine *engine);

#endif
