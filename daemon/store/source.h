/*
 * source.h - verbs about remote calendars: the last good one of each, and how reading it goes.
 *
 * As in store.h: inside the caller's transaction, 0 or a count, or -errno with words.
 */
#ifndef STORE_SOURCE_H
#define STORE_SOURCE_H

#include "store.h"

struct source_row {
	const char *path, *url; /**< the file it stands for, and where it comes from */
	const void *bytes;      /**< NULL: never read */
	size_t size;
	const char *hash;            /**< of .bytes */
	const char *etag, *modified; /**< what the server called .bytes; "" */
	wall_t fetched, looked;      /**< 0 = never */
	unsigned failures;           /**< in a row */
	const char *problem;         /**< of the last look; NULL = none */
};

typedef void store_source_fn(void *arg, const struct source_row *r);

/** What is known of @path at @url: 1 and one call, or 0. */
int store_source_get(struct store *st, int64_t campaign, const char *path, const char *url,
		     store_source_fn *fn, void *arg);
/** All that is known of the campaign; a row whose address is no longer meant may be among them. */
int store_source_each(struct store *st, int64_t campaign, store_source_fn *fn, void *arg);
/** New bytes are the last good ones: .bytes, .hash, .etag, .modified of @r. */
int store_source_good(struct store *st, int64_t campaign, const struct source_row *r, wall_t now,
		      struct err *err);
/** It was there and is the same: .etag, .modified of @r may be others. */
int store_source_same(struct store *st, int64_t campaign, const struct source_row *r, wall_t now,
		      struct err *err);
/** It could not be read, or is nothing to put in force. Returns how often in a row, this time included. */
int store_source_failed(struct store *st, int64_t campaign, const char *path, const char *url,
			const char *problem, struct err *err);
/** Nothing is read for @path any more: what it gave once must not come back some day. */
int store_source_forget(struct store *st, int64_t campaign, const char *path, struct err *err);

#endif
