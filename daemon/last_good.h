/*
 * last_good.h - what remote sources gave last, in memory, for whoever prepares a campaign.
 *
 * Preparing runs on any thread and has no store (places.h).  The store keeps the last good bytes over
 * a restart (store/source.h); what is put here was committed there before.  Beside them may lie
 * what was given and waits for a person to confirm it: it is prepared too, and only here; after a
 * restart the next look finds it again.
 */
#ifndef LAST_GOOD_H
#define LAST_GOOD_H

#include "daemon/campaign/load.h"
#include "daemon/store/source.h"

/** A copy of what a source gave: .bytes and their names. */
struct given {
	struct source_row row; /**< points into the rest */
	char *path, *url, *hash, *etag, *modified;
	GBytes *bytes;
};

struct given *given_new(const struct source_row *row);
void given_free(gpointer given);

struct last_good;

struct last_good *last_good_new(void);
void last_good_free(struct last_good **l);

/** Database thread: all that the store knows of the campaign @key. */
void last_good_read(struct last_good *l, struct store *st, const char *key, int64_t campaign);

/**
 * Database thread, inside a transaction: the store forgets what files gave that have no source
 * in @c any more. A roster of last year must not come back with its line in campaign.yaml.
 * last_good_forget() follows the commit.
 */
int last_good_forget_rows(struct store *st, int64_t campaign, const struct campaign *c,
			  struct err *err);

/* Any thread; @key is the campaign's. */

void last_good_forget(struct last_good *l, const char *key, const struct campaign *c);

/** The last good bytes of the file @row->path are others from now on; nothing waits there. */
void last_good_put(struct last_good *l, const char *key, const struct source_row *row);
/** @row waits for a confirmation. */
void last_good_hold(struct last_good *l, const char *key, const struct source_row *row);
/** Nothing waits at @path any more. Did something? */
bool last_good_drop(struct last_good *l, const char *key, const char *path);

/**
 * Put in place of each source's file of @files what it gave: @fresh (may be NULL), else what waits,
 * else the last good bytes. What is no last good one yet is copied to @given_out (struct given *).
 * Where another address is named now, what the old one gave stays until it gives something.
 * Returns what last_good_turn() was then.
 */
unsigned last_good_lay(struct last_good *l, struct campaign_files *files,
		       const struct source_row *fresh, GPtrArray *given_out);
/** Changes whenever some of this does. What was prepared before is out of date then. */
unsigned last_good_turn(struct last_good *l);

#endif
