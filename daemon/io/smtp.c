/*
 * smtp.c - the queue before a relay, and how many connections it gets.
 *
 * Everything is decided in one place, pool_go(), which runs deferred whenever
 * something has changed: collect what finished, drop what is gone, hand out what
 * waits, open what is lacking, and, as the last thing, call back.
 *
 * The first connection goes ahead alone; the others follow when it is ready, so
 * that a relay which refuses us (wrong password) is asked once and not four times.
 * A 421 or a failure halves the number of connections, a hundred mails accepted
 * add one again; a relay that turns one away while it serves others gets as many as
 * it serves.  A connection that has stalled does not count, nor does what it holds:
 * another one may take its place, up to SMTP_CONNECTIONS_MAX.
 */
#include "smtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "smtp_conn.h"

#define ACCEPTED_FOR_ONE_MORE 100

struct attempt {
	const struct request *request;
	sender_done_fn *done;
	void *arg;
	bool again;          /* it has had its second connection for nothing */
	struct reply *reply; /* when finished */
};

struct smtp {
	struct sender sender; /* first: struct sender * is struct smtp * */
	struct loop *loop;
	struct curl_loop *curl;
	struct smtp_settings settings; /* with strings of its own */
	GPtrArray *conns;              /* struct smtp_conn * */
	GQueue queue;                  /* struct attempt: not given to a connection */
	GQueue finished;               /* struct attempt: to be called back */
	GHashTable *in_flight;         /* struct attempt, a set: given to a connection */
	unsigned allowed, accepted;    /* accepted: since .allowed last changed */
	bool poked;                    /* pool_go() is deferred */
	bool full;                     /* smtp_room() has said so since the last on_room */
	bool *freed;                   /* set by smtp_free() while we call back */
	struct smtp_counts counts;
};

static void pool_go(void *arg);

static void pool_poke(void *arg)
{
	struct smtp *p = arg;

	if (!p->poked) {
		p->poked = true;
		loop_defer(p->loop, pool_go, p);
	}
}

static void attempt_end(struct smtp *p, struct attempt *a, struct reply *reply)
{
	a->reply = reply;
	g_queue_push_tail(&p->finished, a);
}

/* ---- looking at the connections --------------------------------------------------- */

static void pool_fewer(struct smtp *p, unsigned served)
{
	p->allowed = MAX(served > 0 ? MIN(served, p->allowed) : p->allowed / 2, 1);
	p->accepted = 0;
}

/**
 * The session ended before the relay said a word about this message: it was idle and just
 * then closed, the message before was the trouble (@behind), or a session takes only so
 * many.  That is worth another connection: once, and always when the session took another
 * message, which then is no endless round.  Not after a time-out: the lease has been
 * running all that time.
 */
static bool try_again(struct attempt *a, const struct reply *reply, struct smtp_conn *c,
		      bool behind)
{
	bool useful = behind || smtp_dialogue_accepted(smtp_conn_dialogue(c)) > 0;
	bool closed = reply->status == 0 && !reply->went_out;
	bool full = reply->status == 421 && useful;

	if (!(closed || full) || strcmp(reply->verb, "MAIL") != 0 || smtp_conn_timed_out(c))
		return false;
	if (!useful && a->again)
		return false;
	a->again |= !useful;
	return true;
}

static void count_sent(struct smtp *p)
{
	p->counts.sent++;
	if (++p->accepted >= ACCEPTED_FOR_ONE_MORE) {
		p->accepted = 0;
		p->allowed = MIN(p->allowed + 1, p->settings.connections);
	}
}

static void collect_finished(struct smtp *p, struct smtp_conn *c)
{
	struct smtp_dialogue *d = smtp_conn_dialogue(c);
	GQueue again = G_QUEUE_INIT;
	struct reply *reply;
	bool behind = false;
	void *tag;

	while (d && smtp_dialogue_finished(d, &tag, &reply)) {
		struct attempt *a = tag;

		must(g_hash_table_remove(p->in_flight, a));
		if (try_again(a, reply, c, behind)) {
			reply_free(&reply);
			g_queue_push_head(&again, a);
			continue;
		}
		if (reply->status >= 200 && reply->status < 300)
			count_sent(p);
		else
			behind = true;
		attempt_end(p, a, reply);
	}
	while (!g_queue_is_empty(&again)) /* last first, to keep their order */
		g_queue_push_head(&p->queue, g_queue_pop_head(&again));
	/* What waits behind a message that takes long goes elsewhere, and first. */
	while (d && smtp_conn_stalled(c) && smtp_dialogue_take_back(d, &tag)) {
		must(g_hash_table_remove(p->in_flight, tag));
		g_queue_push_head(&p->queue, tag);
		p->counts.taken_back++;
	}
}

static bool conn_usable(const struct smtp_conn *c)
{
	return smtp_conn_state(c) == SMTP_CONN_READY && !smtp_conn_stalled(c);
}

/** There is nobody to give them to: they end with the reason of @c. */
static void fail_queued(struct smtp *p, const struct smtp_conn *c)
{
	struct attempt *a;

	for (guint i = 0; i < p->conns->len; i++)
		if (conn_usable(p->conns->pdata[i]))
			return;
	while ((a = g_queue_pop_head(&p->queue)))
		attempt_end(p, a, smtp_conn_failure(c));
}

/** Connections that the relay bears, or has not refused so far. */
static unsigned count_served(const struct smtp *p)
{
	unsigned n = 0;

	for (guint i = 0; i < p->conns->len; i++)
		n += smtp_conn_state(p->conns->pdata[i]) != SMTP_CONN_GONE;
	return n;
}

static void drop_gone(struct smtp *p)
{
	for (guint i = p->conns->len; i > 0; i--) {
		struct smtp_conn *c = p->conns->pdata[i - 1];
		struct smtp_dialogue *d = smtp_conn_dialogue(c);

		if (smtp_conn_state(c) != SMTP_CONN_GONE)
			continue;
		g_ptr_array_remove_index_fast(p->conns, i - 1);
		if (!d) {
			p->counts.connect_failures++;
			pool_fewer(p, count_served(p));
			fail_queued(p, c);
		} else if (smtp_dialogue_told_421(d) && smtp_dialogue_accepted(d) == 0) {
			pool_fewer(p, 0);
		}
		smtp_conn_free(&c);
	}
}

/* ---- handing out -------------------------------------------------------------------- */

static void give(struct smtp *p, struct smtp_conn *c)
{
	struct attempt *a = g_queue_pop_head(&p->queue);

	g_hash_table_add(p->in_flight, a);
	smtp_dialogue_add(smtp_conn_dialogue(c), a->request, a);
	smtp_conn_flush(c);
}

/** First to those that do nothing, then behind what is under way. */
static void hand_out(struct smtp *p)
{
	for (unsigned held = 0; held < SMTP_CHAIN; held++) {
		for (guint i = 0; i < p->conns->len && p->queue.length > 0; i++) {
			struct smtp_conn *c = p->conns->pdata[i];
			struct smtp_dialogue *d = smtp_conn_dialogue(c);

			if (!conn_usable(c) || smtp_dialogue_room(d) == 0)
				continue;
			if (smtp_dialogue_held(d) <= held)
				give(p, c);
		}
	}
}

static void open_lacking(struct smtp *p)
{
	unsigned usable = 0, connecting = 0;

	for (guint i = 0; i < p->conns->len; i++) {
		usable += conn_usable(p->conns->pdata[i]);
		connecting += smtp_conn_state(p->conns->pdata[i]) == SMTP_CONN_CONNECTING;
	}
	while (p->queue.length > connecting && usable + connecting < p->allowed &&
	       p->conns->len < SMTP_CONNECTIONS_MAX) {
		if (usable == 0 && connecting > 0)
			break; /* one goes ahead */
		g_ptr_array_add(p->conns,
				smtp_conn_new(p->loop, p->curl, &p->settings, pool_poke, p));
		p->counts.connects++;
		connecting++;
	}
}

/** Of what is in flight, what hangs; and how many connections it holds. */
static unsigned count_stalled(const struct smtp *p, unsigned *connections)
{
	unsigned messages = 0;

	*connections = 0;
	for (guint i = 0; i < p->conns->len; i++) {
		struct smtp_conn *c = p->conns->pdata[i];

		if (smtp_conn_state(c) == SMTP_CONN_READY && smtp_conn_stalled(c)) {
			messages += smtp_dialogue_held(smtp_conn_dialogue(c));
			++*connections;
		}
	}
	return messages;
}

static unsigned smtp_room(struct sender *s)
{
	struct smtp *p = (struct smtp *)s;
	unsigned stalled, hanging = count_stalled(p, &stalled);
	unsigned in_hand = p->queue.length + g_hash_table_size(p->in_flight) - hanging;
	unsigned usable = MIN(p->allowed, SMTP_CONNECTIONS_MAX - stalled);
	unsigned room = usable * (p->settings.mode == SMTP_CHAINED ? SMTP_CHAIN : 1);

	p->full = room <= in_hand;
	return p->full ? 0 : room - in_hand;
}

static void call_back(struct smtp *p)
{
	GQueue finished = p->finished;
	struct attempt *a;
	bool freed = false;

	/* Those who are called back may send again, or free us. */
	g_queue_init(&p->finished);
	p->freed = &freed;
	while ((a = g_queue_pop_head(&finished))) {
		if (freed)
			reply_free(&a->reply);
		else
			a->done(a->arg, a->reply);
		g_free(a);
	}
	if (!freed)
		p->freed = NULL;
	if (!freed && p->full && p->sender.on_room && smtp_room(&p->sender) > 0) {
		p->full = false;
		p->sender.on_room(p->sender.on_room_arg);
	}
}

static void pool_go(void *arg)
{
	struct smtp *p = arg;

	p->poked = false;
	for (guint i = 0; i < p->conns->len; i++)
		collect_finished(p, p->conns->pdata[i]);
	drop_gone(p);
	hand_out(p);
	open_lacking(p);
	call_back(p);
}

/* ---- the sender ------------------------------------------------------------------------ */

static void smtp_send(struct sender *s, const struct request *request, sender_done_fn *done,
		      void *arg)
{
	struct smtp *p = (struct smtp *)s;
	struct attempt *a = g_new0(struct attempt, 1);

	must(request->driver == DRIVER_SMTP);
	must(done != NULL);
	*a = (struct attempt){.request = request, .done = done, .arg = arg};
	if (p->queue.length >= SMTP_QUEUE_MAX) {
		struct reply *reply = g_new0(struct reply, 1);

		reply->text = g_strdup("too many mails wait for this relay");
		reply->verb = g_strdup("connect");
		attempt_end(p, a, reply);
	} else {
		g_queue_push_tail(&p->queue, a);
	}
	pool_poke(p);
}

static bool host_is_loopback(const char *host)
{
	struct in_addr a;

	if (inet_pton(AF_INET, host, &a) == 1)
		return ntohl(a.s_addr) >> 24 == 127;
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

static int check_settings(const struct smtp_settings *s, struct err *err)
{
	g_autofree char *host = NULL;
	CURLU *url = curl_url();
	char *part = NULL;
	int rc = 0;

	if (curl_url_set(url, CURLUPART_URL, s->url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    !(g_str_has_prefix(s->url, "smtp://") || g_str_has_prefix(s->url, "smtps://")) ||
	    curl_url_get(url, CURLUPART_HOST, &part, 0) != CURLUE_OK)
		rc = err_set(err, -EINVAL, "%s: not smtp://HOST:PORT or smtps://HOST:PORT", s->url);
	host = g_strdup(part);
	curl_free(part);
	curl_url_cleanup(url);
	if (rc < 0)
		return rc;
	if (strpbrk(strstr(s->url, "://") + 3, "/?#@"))
		return err_set(err, -EINVAL, "smtp: the URL is only a host and a port");
	if (s->helo && strspn(s->helo, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789.-[]:") != strlen(s->helo))
		return err_set(err, -EINVAL, "%s: not a host name", s->helo);
	if (s->user && !g_str_has_prefix(s->url, "smtps://") &&
	    s->starttls != SMTP_STARTTLS_REQUIRED && !host_is_loopback(host))
		return err_set(err, -EINVAL,
			       "%s: a password goes only over smtps or required STARTTLS", s->url);
	if (s->connections > SMTP_CONNECTIONS_MAX)
		return err_set(err, -EINVAL, "%u connections: at most %d", s->connections,
			       SMTP_CONNECTIONS_MAX);
	return 0;
}

static void default_to(dur_t *t, dur_t value)
{
	if (*t == 0)
		*t = value;
}

static void copy_settings(struct smtp_settings *to, const struct smtp_settings *from)
{
	struct smtp_timeouts *t = &to->timeouts;

	*to = *from;
	to->url = g_strdup(from->url);
	to->helo = g_strdup(from->helo);
	to->user = g_strdup(from->user);
	to->password = g_strdup(from->password);
	to->ca_file = g_strdup(from->ca_file);
	if (to->connections == 0)
		to->connections = SMTP_CONNECTIONS;
	default_to(&t->connect, 60 * SECOND);
	default_to(&t->mail, 5 * MINUTE);
	default_to(&t->rcpt, 5 * MINUTE);
	default_to(&t->data, 2 * MINUTE);
	default_to(&t->body, 3 * MINUTE);
	default_to(&t->dot, 10 * MINUTE);
	default_to(&t->idle, 30 * SECOND);
	default_to(&t->quit, 5 * SECOND);
	default_to(&t->patience, 2 * SECOND);
}

static void on_curl(void *arg, CURL *easy, CURLcode rc)
{
	(void)arg;
	smtp_conn_ended(easy, rc);
}

struct sender *smtp_new(struct loop *l, const struct smtp_settings *settings, struct err *err)
{
	struct smtp *p;

	if (check_settings(settings, err) < 0)
		return NULL;
	p = g_new0(struct smtp, 1);
	p->sender = (struct sender){.send = smtp_send, .room = smtp_room};
	p->loop = l;
	copy_settings(&p->settings, settings);
	p->allowed = p->settings.connections;
	p->conns = g_ptr_array_new();
	p->in_flight = g_hash_table_new(NULL, NULL);
	g_queue_init(&p->queue);
	g_queue_init(&p->finished);
	p->curl = curl_loop_new(l, on_curl, p);
	return &p->sender;
}

static void free_attempt(void *arg)
{
	struct attempt *a = arg;

	reply_free(&a->reply);
	g_free(a);
}

void smtp_free(struct sender **s)
{
	struct smtp *p = (struct smtp *)*s;
	GHashTableIter at;
	void *a;

	if (!p)
		return;
	*s = NULL;
	if (p->freed)
		*p->freed = true;
	loop_forget(p->loop, p);
	for (guint i = 0; i < p->conns->len; i++) {
		struct smtp_conn *c = p->conns->pdata[i];

		smtp_conn_free(&c);
	}
	g_ptr_array_unref(p->conns);
	g_hash_table_iter_init(&at, p->in_flight);
	while (g_hash_table_iter_next(&at, &a, NULL))
		free_attempt(a);
	g_hash_table_unref(p->in_flight);
	g_queue_clear_full(&p->queue, free_attempt);
	g_queue_clear_full(&p->finished, free_attempt);
	curl_loop_free(&p->curl);
	g_free((char *)p->settings.url);
	g_free((char *)p->settings.helo);
	g_free((char *)p->settings.user);
	g_free((char *)p->settings.password);
	g_free((char *)p->settings.ca_file);
	g_free(p);
}

void smtp_counts(struct sender *s, struct smtp_counts *out)
{
	struct smtp *p = (struct smtp *)s;

	*out = p->counts;
	out->connections = p->conns->len;
	out->allowed = p->allowed;
	out->queued = p->queue.length;
	out->in_flight = g_hash_table_size(p->in_flight);
}
