/*
 * wire_sources.h - remote calendars: when each is looked at, and what became of it.
 *
 *            loop thread                                     database thread
 *   timer ──> source_look() ──> what it said ──> look job ──> the same: noted
 *     ^                                                       another: places_take()
 *     └──────── when next ◄───────────────────────────────── neither: counted, told
 */
#ifndef WIRE_SOURCES_H
#define WIRE_SOURCES_H

#include "daemon/io/source.h"
#include "wire_private.h"

/** One source of a campaign in force: a copy of what files and database say, for the loop. */
struct remote {
	char *campaign, *as, *url, *host, *credential;
	enum source_kind kind;
	dur_t poll;
	char *hash, *etag, *modified, *problem; /**< .problem: of the last look; NULL */
	wall_t fetched, looked;                 /**< 0 = never */
	unsigned failures;
	/* the loop's own */
	mono_t next, whole; /**< the next look; the next that believes no ETag */
	bool running, again;
};

void remote_free(gpointer remote);

/** Database thread: the sources of all campaigns in force; GPtrArray of struct remote *. */
GPtrArray *remotes_list(struct places *p, struct store *st);

/** One look on its way to the database. */
struct look_job {
	struct writer_job job; /* first */
	struct daemon *d;
	char *campaign, *as, *url;
	wall_t now;
	/* what was said; one of the three */
	bool same;
	GBytes *bytes;
	char *problem;
	char *hash, *etag, *modified;
	struct source_row row; /* .bytes and what belongs to them; borrows from the above */
	GPtrArray *all;        /* struct prepared *: the campaign with them; NULL */
	/* what became of it */
	GPtrArray *report; /* lines for the log */
	bool taken;        /* other files are in force */
	bool dropped;      /* what waited for a confirmation is no more what the source says */
	bool well_again;
	struct remote *now_known; /* .hash … .failures; NULL: the source is no more */
};

void look_job_free(struct look_job *k);
/** Database thread; makes its own transactions. */
int look_job_run(struct store *st, struct writer_job *job, struct err *err);

#endif
