/*
 * mark.h - things that are said or done once: a text each, of a campaign.
 *
 * Part of store.h. Verbs run inside the caller's transaction.
 */
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include "daemon/core/words.h"

struct store;

/** 1 if this is the first time, 0 if the mark is there. */
int store_mark(struct store *st, int64_t campaign, const char *mark, wall_t at);
int store_unmark(struct store *st, int64_t campaign, const char *mark);
bool store_marked(struct store *st, int64_t campaign, const char *mark);
/** When it was set; WALL_ALWAYS: it is not there. */
wall_t store_mark_at(struct store *st, int64_t campaign, const char *mark);
typedef void store_mark_fn(void *arg, const char *mark);
/** Those that begin with @prefix, bytewise. Count. */
int store_marks(struct store *st, int64_t campaign, const char *prefix, store_mark_fn *fn,
		void *arg);

/** A campaign's mark as long as the clock is in doubt (R8), and whether any has it. */
#define STORE_MARK_CLOCK "clock"
bool store_clock_doubted(struct store *st);

#endif
