/*
 * writer.c - one thread, one queue in, one queue out.
 *
 * POSIX mutexes, not GLib's: those are futexes that no thread sanitizer can see.
 */
#include "writer.h"

#include <errno.h>
#include <pthread.h>

#include "disk.h"

#define BATCH_MAX 1000 /* submissions that share one commit */

struct queue {
	struct writer_job *first, **last;
};

struct writer {
	struct store *store;
	writer_wake_fn *wake;
	void *arg;
	GThread *thread;
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct queue in, out;
	int64_t log_left; /* store_log_left() after the last batch */
	int trouble;      /* of the store, not yet told; 0 = none */
	struct err trouble_err;
	unsigned pending;
	bool stop;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_add(struct queue *q, struct writer_job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

static struct writer_job *queue_take(struct queue *q)
{
	struct writer_job *job = q->first;

	if (job != NULL) {
		q->first = job->next;
		if (q->first == NULL)
			q->last = &q->first;
	}
	return job;
}

static void run_in_savepoint(struct writer *w, struct writer_job *job)
{
	int rc = store_savepoint(w->store, &job->err);

	if (rc < 0) {
		job->rc = rc;
		return;
	}
	job->rc = job->run(w->store, job, &job->err);
	rc = store_release(w->store, job->rc >= 0, job->rc >= 0 ? &job->err : NULL);
	if (rc < 0)
		job->rc = rc;
}

/* A commit that failed takes every job of the batch with it. */
static void fail_batch(struct queue *batch, int rc, const struct err *err)
{
	for (struct writer_job *j = batch->first; j != NULL; j = j->next)
		if (j->rc >= 0) {
			j->rc = rc;
			j->err = *err;
		}
}

static void run_batch(struct writer *w, struct queue *batch)
{
	struct err err = {0};
	int rc = store_begin(w->store, &err);

	for (struct writer_job *j = batch->first; j != NULL && rc >= 0; j = j->next) {
		run_in_savepoint(w, j);
		/* A savepoint now would open, and commit, a transaction of its own. */
		if (!store_in_transaction(w->store))
			rc = err_set(&err, j->rc < 0 ? j->rc : -EIO, "%s",
				     j->err.text[0] != 0 ? j->err.text : "数据库写入失败");
	}
	if (rc >= 0)
		rc = store_commit(w->store, &err);
	if (rc < 0) {
		store_rollback(w->store);
		fail_batch(batch, rc, &err);
	}
}

/* Take what may share a commit: jobs up to the next that wants to be alone. */
static bool take_batch(struct writer *w, struct queue *batch)
{
	unsigned n = 0;

	queue_init(batch);
	pthread_mutex_lock(&w->lock);
	while (w->in.first == NULL && !w->stop)
		pthread_cond_wait(&w->posted, &w->lock);
	while (w->in.first != NULL && n < BATCH_MAX && (n == 0 || !w->in.first->alone)) {
		struct writer_job *job = queue_take(&w->in);

		job->rc = 0;
		queue_add(batch, job);
		n++;
		if (job->alone)
			break;
	}
	pthread_mutex_unlock(&w->lock);
	return batch->first != NULL;
}

static gpointer writer_main(gpointer arg)
{
	struct writer *w = arg;
	struct queue batch;

	while (take_batch(w, &batch)) {
		struct writer_job *job;
		struct err err = {0};
		int trouble;

		if (batch.first->alone)
			batch.first->rc =
				batch.first->run(w->store, batch.first, &batch.first->err);
		else
			run_batch(w, &batch);
		trouble = store_trouble(w->store, &err);
		pthread_mutex_lock(&w->lock);
		w->log_left = store_log_left(w->store);
		while ((job = queue_take(&batch)) != NULL)
			queue_add(&w->out, job);
		if (trouble < 0) {
			w->trouble = trouble;
			w->trouble_err = err;
		}
		pthread_mutex_unlock(&w->lock);
		if (w->wake != NULL)
			w->wake(w->arg);
	}
	return NULL;
}

struct writer *writer_new(struct store *st, writer_wake_fn *wake, void *arg)
{
	struct writer *w = g_new0(struct writer, 1);

	w->store = st;
	w->wake = wake;
	w->arg = arg;
	queue_init(&w->in);
	queue_init(&w->out);
	must(pthread_mutex_init(&w->lock, NULL) == 0);
	must(pthread_cond_init(&w->posted, NULL) == 0);
	w->thread = g_thread_new("database", writer_main, w);
	return w;
}

void writer_post(struct writer *w, struct writer_job *job)
{
	must(job->run != NULL && job->done != NULL);
	pthread_mutex_lock(&w->lock);
	must(!w->stop);
	queue_add(&w->in, job);
	w->pending++;
	pthread_cond_signal(&w->posted);
	pthread_mutex_unlock(&w->lock);
}

unsigned writer_collect(struct writer *w)
{
	struct queue done;
	struct writer_job *job;
	unsigned n = 0;

	queue_init(&done);
	pthread_mutex_lock(&w->lock);
	while ((job = queue_take(&w->out)) != NULL) {
		queue_add(&done, job);
		w->pending--;
	}
	pthread_mutex_unlock(&w->lock);
	while ((job = queue_take(&done)) != NULL) {
		job->done(job, job->rc, &job->err);
		n++;
	}
	return n;
}

int writer_trouble(struct writer *w, struct err *err)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	rc = w->trouble;
	if (rc < 0)
		*err = w->trouble_err;
	w->trouble = 0;
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int64_t writer_log_left(struct writer *w)
{
	int64_t left;

	pthread_mutex_lock(&w->lock);
	left = w->log_left;
	pthread_mutex_unlock(&w->lock);
	return left;
}

unsigned writer_pending(struct writer *w)
{
	unsigned pending;

	pthread_mutex_lock(&w->lock);
	pending = w->pending;
	pthread_mutex_unlock(&w->lock);
	return pending;
}

void writer_free(struct writer **wp)
{
	struct writer *w = *wp;

	if (w == NULL)
		return;
	*wp = NULL;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->posted);
	pthread_mutex_unlock(&w->lock);
	(void)g_thread_join(w->thread);
	(void)writer_collect(w);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->posted);
	store_close(&w->store);
	g_free(w);
}
