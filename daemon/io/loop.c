/*
 * loop.c - owner of the uv_loop_t.
 *
 * Deferred calls run from an idle handle that is active only while some wait, so
 * an idle daemon sleeps.  Calls deferred while the queue is being worked off run
 * in the next turn: a chain of them cannot starve the sockets.
 */
#include "loop.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>

#define LOOP_CLOSING_TURNS_MAX 5000
#define LOOP_CLOSING_TURNS_QUICK 50 /* then a millisecond each: a killed child may have to die */

struct call {
	loop_fn *fn;
	void *arg;
};

struct loop {
	uv_loop_t uv;
	uv_idle_t idle;       /* active while .calls is not empty */
	uv_async_t async;     /* wakes us when .posted is not empty */
	GQueue calls;         /* struct call, of this thread */
	pthread_mutex_t lock; /* guards .posted */
	GQueue posted;        /* struct call, of any thread */
};

static void loop_run_calls(struct loop *l)
{
	/* What these calls defer themselves waits for the next turn. */
	for (guint n = l->calls.length; n > 0 && l->calls.length > 0; n--) {
		struct call *call = g_queue_pop_head(&l->calls);
		struct call now = *call;

		g_free(call);
		now.fn(now.arg);
	}
	if (l->calls.length == 0)
		uv_idle_stop(&l->idle);
}

static void on_idle(uv_idle_t *idle)
{
	loop_run_calls(idle->data);
}

static void on_async(uv_async_t *async)
{
	struct loop *l = async->data;
	struct call *call;

	pthread_mutex_lock(&l->lock);
	while ((call = g_queue_pop_head(&l->posted)))
		g_queue_push_tail(&l->calls, call);
	pthread_mutex_unlock(&l->lock);
	if (l->calls.length > 0)
		uv_idle_start(&l->idle, on_idle);
}

struct loop *loop_new(struct err *err)
{
	struct loop *l = g_new0(struct loop, 1);
	int rc = uv_loop_init(&l->uv);

	if (rc < 0) {
		err_set(err, rc, "event loop: %s", uv_strerror(rc));
		g_free(l);
		return NULL;
	}
	rc = uv_async_init(&l->uv, &l->async, on_async);
	if (rc < 0) {
		err_set(err, rc, "event loop: %s", uv_strerror(rc));
		must(uv_loop_close(&l->uv) == 0);
		g_free(l);
		return NULL;
	}
	must(uv_idle_init(&l->uv, &l->idle) == 0);
	l->async.data = l->idle.data = l;
	must(pthread_mutex_init(&l->lock, NULL) == 0);
	g_queue_init(&l->calls);
	g_queue_init(&l->posted);
	/* A peer that goes away is an error of write(), not a reason to die. */
	signal(SIGPIPE, SIG_IGN);
	return l;
}

void loop_free(struct loop **lp)
{
	struct loop *l = *lp;
	int rc = UV_EBUSY;

	if (!l)
		return;
	*lp = NULL;
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_close((uv_handle_t *)&l->async, NULL);
	for (int i = 0; i < LOOP_CLOSING_TURNS_MAX && rc == UV_EBUSY; i++) {
		(void)uv_run(&l->uv, UV_RUN_NOWAIT); /* how many remain is asked below */
		rc = uv_loop_close(&l->uv);
		if (rc == UV_EBUSY && i > LOOP_CLOSING_TURNS_QUICK)
			uv_sleep(1);
	}
	must(rc == 0);
	g_queue_clear_full(&l->calls, g_free);
	g_queue_clear_full(&l->posted, g_free);
	pthread_mutex_destroy(&l->lock);
	g_free(l);
}

uv_loop_t *loop_uv(struct loop *l)
{
	return &l->uv;
}

void loop_run(struct loop *l)
{
	(void)uv_run(&l->uv, UV_RUN_DEFAULT); /* ends by loop_stop() alone: .async is alive */
}

void loop_turn(struct loop *l, bool wait)
{
	(void)uv_run(&l->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT); /* .async is alive */
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

void loop_defer(struct loop *l, loop_fn *fn, void *arg)
{
	struct call *call = g_new(struct call, 1);

	must(fn != NULL);
	*call = (struct call){fn, arg};
	g_queue_push_tail(&l->calls, call);
	uv_idle_start(&l->idle, on_idle);
}

void loop_forget(struct loop *l, const void *arg)
{
	for (GList *at = l->calls.head, *next; at; at = next) {
		struct call *call = at->data;

		next = at->next;
		if (call->arg == arg) {
			g_queue_delete_link(&l->calls, at);
			g_free(call);
		}
	}
}

void loop_post(struct loop *l, loop_fn *fn, void *arg)
{
	struct call *call = g_new(struct call, 1);

	must(fn != NULL);
	*call = (struct call){fn, arg};
	pthread_mutex_lock(&l->lock);
	g_queue_push_tail(&l->posted, call);
	pthread_mutex_unlock(&l->lock);
	must(uv_async_send(&l->async) == 0);
}
