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
#include "notifiers/template.h"

/** How hostile calendars are read: in a child (parse.h). NULL: here, as tests do. */
typedef void places_parse_fn(struct campaign_files *files);

struct place {
	char *dir;
	struct engine *engine;
	char *problem;   /**< why the files in the directory are not those in force; NULL */
	uint64_t digest; /**< of the files in force */
	uint64_t held;   /**< of an edit that waits for a person to confirm it; 0 */
	/* The campaign's templates: made on the database thread, used on the loop's. */
	pthread_mutex_t lock;
	struct templates *fresh; /**< made by the last load, not taken yet */
	struct templates *live;  /**< loop thread only */
};

struct places {
	GPtrArray *list;        /**< struct place * */
	GPtrArray *engines;     /**< struct engine *, parallel, for engine_lease() */
	places_parse_fn *parse; /**< set after places_init() */
	dur_t expiry;
	bool unsure; /**< the clock is in doubt: what is opened now for the first time counts from later */
};

void places_init(struct places *p, dur_t expiry);
void places_fini(struct places *p);

/** What a directory held when it was looked at. */
struct prepared {
	char *dir;
	struct campaign_files *files; /**< NULL: the directory could not be read */
	struct campaign *campaign;    /**< NULL: no campaign can be made of them */
	struct templates *templates;  /**< embedded ones, with those of the directory on top */
	GPtrArray *report;            /**< char *: findings, a line each */
	bool good;                    /**< there is a campaign, and no error in the files */
};

/** Never NULL; what is wrong is in .report. */
struct prepared *place_prepare(const char *dir, wall_t now, places_parse_fn *parse);
void prepared_free(gpointer prepared);

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

/** Loop thread: the templates of @engine's campaign, with its overrides; borrowed until the next call. */
const struct templates *places_templates(struct places *p, const struct engine *engine);

#endif
