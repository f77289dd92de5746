/*
 * curl_loop.c - curl_multi_socket_action() driven by uv_poll and one uv_timer.
 *
 * A socket's uv_poll is stopped and closed the moment libcurl says REMOVE, so
 * that the next one who owns the descriptor may poll it.
 */
#include "curl_loop.h"

#include <glib.h>

struct curl_loop {
	struct loop *loop;
	CURLM *multi;
	uv_timer_t timer;
	curl_loop_fn *fn; /* NULL from curl_loop_free() on */
	void *arg;
	GHashTable *socks; /* struct sock, a set */
};

struct sock {
	uv_poll_t poll;
	curl_socket_t fd;
	int events; /* of uv_poll_event, as libcurl wants them */
	struct curl_loop *owner;
};

/** Tell of what has ended. */
static void check_ended(struct curl_loop *c)
{
	CURLMsg *msg;
	int left;

	while (c->fn && (msg = curl_multi_info_read(c->multi, &left)))
		if (msg->msg == CURLMSG_DONE)
			c->fn(c->arg, msg->easy_handle, msg->data.result);
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
	struct sock *s = poll->data;
	struct curl_loop *c = s->owner;
	int flags = 0, running;

	if (status < 0) { /* libuv polls it no longer; libcurl may not have read all of it */
		flags = CURL_CSELECT_ERR;
		uv_poll_start(poll, s->events, on_socket);
	}
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	/* s may be gone after this. */
	(void)curl_multi_socket_action(c->multi, s->fd, flags, &running);
	check_ended(c);
}

static void on_timeout(uv_timer_t *timer)
{
	struct curl_loop *c = timer->data;
	int running;

	(void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_ended(c);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct curl_loop *c = arg;

	(void)multi;
	if (ms < 0)
		uv_timer_stop(&c->timer);
	else
		uv_timer_start(&c->timer, on_timeout, (uint64_t)ms, 0);
	return 0;
}

static void on_sock_closed(uv_handle_t *h)
{
	g_free(h->data);
}

static void sock_close(struct sock *s)
{
	uv_poll_stop(&s->poll);
	uv_close((uv_handle_t *)&s->poll, on_sock_closed);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sock)
{
	struct curl_loop *c = arg;
	struct sock *s = sock;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			g_hash_table_remove(c->socks, s);
			(void)curl_multi_assign(c->multi, fd, NULL); /* it is going anyway */
			sock_close(s);
		}
		return 0;
	}
	if (!s) {
		s = g_new0(struct sock, 1);
		s->fd = fd;
		s->owner = c;
		if (uv_poll_init_socket(loop_uv(c->loop), &s->poll, fd) < 0) {
			g_free(s);
			return -1;
		}
		s->poll.data = s;
		g_hash_table_add(c->socks, s);
		(void)curl_multi_assign(c->multi, fd, s); /* fd is known: we are in its callback */
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= UV_READABLE;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= UV_WRITABLE;
	s->events = events;
	uv_poll_start(&s->poll, events, on_socket);
	return 0;
}

struct curl_loop *curl_loop_new(struct loop *l, curl_loop_fn *fn, void *arg)
{
	struct curl_loop *c = g_new0(struct curl_loop, 1);

	must(fn != NULL);
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == 0); /* counted: cheap but for the first */
	c->loop = l;
	c->fn = fn;
	c->arg = arg;
	c->socks = g_hash_table_new(NULL, NULL);
	c->multi = curl_multi_init();
	must(c->multi != NULL);
	must(uv_timer_init(loop_uv(l), &c->timer) == 0);
	c->timer.data = c;
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return c;
}

static void on_timer_closed(uv_handle_t *h)
{
	g_free(h->data);
}

void curl_loop_free(struct curl_loop **cp)
{
	struct curl_loop *c = *cp;
	GHashTableIter at;
	void *s;

	if (!c)
		return;
	*cp = NULL;
	c->fn = NULL;
	curl_multi_cleanup(c->multi); /* calls set_socket() for idle connections */
	g_hash_table_iter_init(&at, c->socks);
	while (g_hash_table_iter_next(&at, &s, NULL))
		sock_close(s);
	g_hash_table_unref(c->socks);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
	curl_global_cleanup();
}

void curl_loop_add(struct curl_loop *c, CURL *easy)
{
	must(curl_multi_add_handle(c->multi, easy) == CURLM_OK);
}

void curl_loop_remove(struct curl_loop *c, CURL *easy)
{
	must(curl_multi_remove_handle(c->multi, easy) == CURLM_OK);
}

CURLM *curl_loop_multi(struct curl_loop *c)
{
	return c->multi;
}
