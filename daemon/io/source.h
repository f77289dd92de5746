/*
 * source.h - looking at a remote calendar: is it the same as before, and if not, what is it now?
 *
 *   one .ics:  GET ──────────────────────────────────> check ─> bytes
 *   CalDAV:    PROPFIND ─> same ctag, sync-token? done
 *                       └> REPORT ─> members joined ──> check ─> bytes
 *
 * What is the same is found out by us (hash of the bytes, ctag and sync-token as the server
 * writes them); ETag and 304 only save the way.  No sync-token is ever sent, so none can become
 * invalid.  XML and calendars are looked at in throw-away children (child.h, kinds "dav" and
 * "calendar"), whole or not at all.
 */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include "daemon/core/words.h"
#include "fetch.h"

/** What the child "calendar" prints: one of these words. */
#define SOURCE_WORD_OK "ok"
#define SOURCE_WORD_NONE "none"   /**< no calendar at all */
#define SOURCE_WORD_HALF "half"   /**< its end is missing */
#define SOURCE_WORD_EMPTY "empty" /**< no event, no task */

struct source_reader;

struct source_ask {
	enum source_kind kind;
	const char *url;
	const char *user, *password; /**< NULL: without a login */
	const char *hash;            /**< of the last good bytes; "" or NULL: none */
	const char *etag, *modified; /**< as said with them */
	bool whole;                  /**< do not believe an ETag or ctag: read it all */
};

struct source_said {
	bool same;             /**< the last good bytes are what it has */
	GBytes *bytes;         /**< another, whole calendar; NULL if .same or .problem */
	char *hash;            /**< of .bytes, SHA-256 in hexadecimal */
	char *etag, *modified; /**< to be given with the next question; "" */
	char *problem;         /**< words for the office, without the URL; NULL: none */
};

typedef void source_done_fn(void *arg, const struct source_said *said);

struct source_reader *source_reader_new(struct loop *l, const struct fetch_settings *settings,
					struct err *err);
/** Looks under way are given up; no callback after this. Not from a callback. NULL inside is fine. */
void source_reader_free(struct source_reader **r);
/** Texts are copied. @done is called once, from the loop, never before this has returned. */
void source_look(struct source_reader *r, const struct source_ask *ask, source_done_fn *done,
		 void *arg);

#endif
