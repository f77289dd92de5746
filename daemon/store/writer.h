/*
 * writer.h - the database thread: the only one that touches the store.
 *
 * Jobs are run in the order posted.  All that wait while a commit runs share the
 * next one (natural group commit, no artificial delay); each is a savepoint of its
 * own, so that one that fails undoes only itself.  A job's done function runs on
 * the thread that calls writer_collect(), after the commit that holds it.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store.h"

struct writer;

struct writer_job {
	/** On the database thread. In the shared transaction, or @alone: it makes its own. */
	int (*run)(struct store *st, struct writer_job *job, struct err *err);
	/** On the collecting thread. @rc of run, or of the commit. Frees the job. */
	void (*done)(struct writer_job *job, int rc, const struct err *err);
	bool alone;
	/* for the writer */
	int rc;
	struct err err;
	struct writer_job *next;
};

typedef void writer_wake_fn(void *arg); /**< from the database thread: call writer_collect() soon */

/** Takes the store. */
struct writer *writer_new(struct store *st, writer_wake_fn *wake, void *arg);
void writer_post(struct writer *w, struct writer_job *job);
/** Run the done functions of finished jobs. Returns how many. */
unsigned writer_collect(struct writer *w);
/** Jobs posted and not yet collected. */
unsigned writer_pending(struct writer *w);
/** What store_log_left() said after the last batch. */
int64_t writer_log_left(struct writer *w);
/** What store_trouble() said after the last batches: 0, or -errno with words, once. */
int writer_trouble(struct writer *w, struct err *err);
/** Runs what is posted, joins the thread, collects, closes the store. */
void writer_free(struct writer **w);

#endif
