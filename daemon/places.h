/*
 * places.h - the campaigns of this daemon: a directory each, its engine, and the last good files.
 *
 * Everything here runs on the thread that owns the store.
 */
#ifndef PLACES_H
#define PLACES_H

#include <pthread.h>

#include "daemon/engine/engine.h"
#include "notifiers/template.h"

struct place {
	char *dir;
	struct engine *engine;
	char *problem;   /**< why the files in the directory are not those in force; NULL */
	uint64_t digest; /**< of the files in force */
	/* The campaign's templates: made on the database thread, used on the loop's. */
	pthread_mutex_t lock;
	struct templates *fresh; /**< made by the last load, not taken yet */
	struct templates *live;  /**< loop thread only */
};

struct places {
	GPtrArray *list;    /**< struct place * */
	GPtrArray *engines; /**< struct engine *, parallel, for engine_lease() */
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
/**
 * Read all directories again. A broken one keeps what is in force; its findings are lines of
 * @report. Makes its own transactions. 0, or -EINVAL if any is broken.
 */
int places_reload(struct places *p, struct store *st, wall_t now, GPtrArray *report,
		  struct err *err);

/** Loop thread: the templates of @engine's campaign, with its overrides; borrowed until the next call. */
const struct templates *places_templates(struct places *p, const struct engine *engine);

#endif
