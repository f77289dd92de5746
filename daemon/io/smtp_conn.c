/*
 * smtp_conn.c - one connection to a relay.
 *
 *   CONNECTING --libcurl: done--> (a turn later) READY --dialogue dead--> GONE
 *        \------libcurl: error-------------------------------------------/
 *
 * libcurl lets go of the socket in the turn in which it reports the end of
 * connecting; our own uv_poll on it starts in the next, because two on one
 * descriptor are not allowed.  The easy handle stays in the multi until the end:
 * taken out, it would close the connection.
 *
 * One timer a connection. It is not restarted at every byte: .moved says when the
 * dialogue last got on, and the timer looks at that when it fires.
 */
#include "smtp_conn.h"

#include <netinet/tcp.h>
#include <string.h>

#include "daemon/core/err.h"

#define RECV_MAX 16384

struct smtp_conn {
	struct loop *loop;
	struct curl_loop *curl;
	const struct smtp_settings *settings;
	smtp_conn_fn *changed; /* NULL from smtp_conn_free() on */
	void *arg;
	enum smtp_conn_state state;
	CURL *easy;
	char error[CURL_ERROR_SIZE];

	/* While connecting: what the relay said */
	struct smtp_caps caps;
	int first_code, last_code;
	bool ehlo_seen, starttls_offered, starttls_seen, logged_in;
	char *last_line;
	struct reply *failure;

	/* While ready */
	struct smtp_dialogue *dialogue;
	uv_poll_t poll;
	uv_timer_t timer;
	int events;
	uint64_t progress, moved; /* of the dialogue; loop time at which it was seen */
	bool stalled, timed_out;
	bool plain;  /* no TLS: a short read means that there is no more */
	int handles; /* initialised and not yet closed */
};

/* ---- connecting --------------------------------------------------------------- */

static size_t on_line(char *bytes, size_t one, size_t size, void *arg)
{
	struct smtp_conn *c = arg;
	g_autofree char *line = smtp_printable(bytes, one * size, SMTP_REPLY_TEXT_MAX);
	int code = atoi(line);

	if (code < 200 || code > 599)
		return 0; /* no SMTP: libcurl would wait for some until the time is up */
	smtp_caps_line(&c->caps, bytes, one * size);
	if (c->first_code == 0)
		c->first_code = code;
	if (code == 250) {
		c->ehlo_seen = true;
		c->starttls_offered |= g_ascii_strncasecmp(line + 3, "-STARTTLS", 9) == 0 ||
				       g_ascii_strncasecmp(line + 3, " STARTTLS", 9) == 0;
	}
	if (code == 220 && c->ehlo_seen)
		c->starttls_seen = true;
	if (code == 235)
		c->logged_in = true;
	c->last_code = code;
	g_free(c->last_line);
	c->last_line = g_steal_pointer(&line);
	g_strchomp(c->last_line);
	return one * size;
}

static const char *failed_verb(const struct smtp_conn *c, CURLcode rc)
{
	curl_off_t connected = 0;

	if (rc == CURLE_LOGIN_DENIED || rc == CURLE_AUTH_ERROR)
		return "AUTH";
	if (rc == CURLE_USE_SSL_FAILED || rc == CURLE_SSL_CONNECT_ERROR ||
	    rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE)
		return "STARTTLS";
	curl_easy_getinfo(c->easy, CURLINFO_CONNECT_TIME_T, &connected);
	if (rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_CONNECT || connected == 0)
		return "connect";
	if (c->first_code != 220)
		return "greeting";
	if (!c->ehlo_seen)
		return "EHLO";
	if (c->settings->starttls != SMTP_STARTTLS_NONE && !c->starttls_seen &&
	    (c->starttls_offered || c->settings->starttls == SMTP_STARTTLS_REQUIRED))
		return "STARTTLS";
	return c->settings->user ? "AUTH" : "EHLO";
}

/** Words, for people, about why there is no connection. */
static struct reply *failure_of(const struct smtp_conn *c, CURLcode rc)
{
	struct reply *r = g_new0(struct reply, 1);
	const char *words = *c->error ? c->error : curl_easy_strerror(rc);

	r->verb = g_strdup(failed_verb(c, rc));
	if (c->last_code >= 400 && c->last_line) {
		bool later = c->last_code < 500;

		r->status = later ? c->last_code : 0;
		r->text = g_strdup(c->last_line + (later && strlen(c->last_line) > 4 ? 4 : 0));
	} else {
		r->text = smtp_printable(words, strlen(words), SMTP_REPLY_TEXT_MAX);
	}
	return r;
}

struct reply *smtp_conn_failure(const struct smtp_conn *c)
{
	struct reply *r = g_new0(struct reply, 1);

	must(c->failure != NULL);
	r->status = c->failure->status;
	r->text = g_strdup(c->failure->text);
	r->verb = g_strdup(c->failure->verb);
	return r;
}

static void set_tls(struct smtp_conn *c)
{
	const struct smtp_settings *s = c->settings;
	bool smtps = g_str_has_prefix(s->url, "smtps:");
	long use = CURLUSESSL_NONE;

	if (smtps || s->starttls == SMTP_STARTTLS_REQUIRED)
		use = CURLUSESSL_ALL;
	else if (s->starttls == SMTP_STARTTLS_OPPORTUNISTIC)
		use = CURLUSESSL_TRY;
	curl_easy_setopt(c->easy, CURLOPT_USE_SSL, use);
	curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* Opportunistic TLS guards against listeners only; who asks more requires it. */
	curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, use == CURLUSESSL_TRY ? 0L : 1L);
	curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, use == CURLUSESSL_TRY ? 0L : 2L);
	if (s->ca_file)
		curl_easy_setopt(c->easy, CURLOPT_CAINFO, s->ca_file);
}

static void conn_connect(struct smtp_conn *c)
{
	const struct smtp_settings *s = c->settings;
	g_autofree char *url = s->helo ? g_strdup_printf("%s/%s", s->url, s->helo) : NULL;
	dur_t limit = s->timeouts.connect;

	c->easy = curl_easy_init();
	must(c->easy != NULL);
	curl_easy_setopt(c->easy, CURLOPT_URL, url ? url : s->url);
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(c->easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_line);
	curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limit);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)limit);
	set_tls(c);
	if (s->user) {
		curl_easy_setopt(c->easy, CURLOPT_USERNAME, s->user);
		curl_easy_setopt(c->easy, CURLOPT_PASSWORD, s->password ? s->password : "");
	}
	curl_loop_add(c->curl, c->easy);
}

/* ---- ready ---------------------------------------------------------------------- */

static void conn_gone(struct smtp_conn *c)
{
	if (c->state == SMTP_CONN_GONE)
		return;
	c->state = SMTP_CONN_GONE;
	if (c->handles > 0) {
		uv_poll_stop(&c->poll);
		uv_timer_stop(&c->timer);
	}
	c->changed(c->arg);
}

/**
 * Read until there is nothing more: of what TLS has buffered no poll would tell.  @broken:
 * the socket has an error behind what can still be read; libuv polls it no longer.
 */
static void conn_recv(struct smtp_conn *c, bool broken)
{
	char bytes[RECV_MAX];
	size_t n;

	while (smtp_dialogue_waiting(c->dialogue) != SMTP_DEAD) {
		CURLcode rc = curl_easy_recv(c->easy, bytes, sizeof(bytes), &n);

		if (rc == CURLE_AGAIN && !broken)
			return;
		if (rc != CURLE_OK || n == 0) {
			smtp_dialogue_closed(c->dialogue, "the relay hung up");
			return;
		}
		smtp_dialogue_received(c->dialogue, bytes, n);
		if (c->plain && n < sizeof(bytes) && !broken)
			return;
	}
}

/** Give the dialogue's output to the relay, as far as it takes it. */
static void conn_send(struct smtp_conn *c)
{
	size_t size, n;
	CURLcode rc;
	const void *bytes;

	while (bytes = smtp_dialogue_output(c->dialogue, &size), size > 0) {
		rc = curl_easy_send(c->easy, bytes, size, &n);
		if (rc == CURLE_AGAIN)
			return;
		if (rc != CURLE_OK) {
			conn_recv(c, true); /* what it said before */
			return;
		}
		smtp_dialogue_sent(c->dialogue, n);
	}
}

static void conn_io(struct smtp_conn *c, bool readable, bool broken);

static void on_poll(uv_poll_t *poll, int status, int events)
{
	conn_io(poll->data, status < 0 || (events & UV_READABLE), status < 0);
}

static void on_timer(uv_timer_t *timer);

static void conn_timer(struct smtp_conn *c, uint64_t ms)
{
	uv_timer_start(&c->timer, on_timer, ms, 0);
}

/**
 * A relay with Nagle's algorithm (RFC 896) sends its next small reply when we have
 * acknowledged the one before, and when we have nothing to say that could carry it our
 * kernel delays that for 40 ms: measured at every 35th mail, and more than half of a
 * burst's time.  It is asked for anew each time, as it does not last (tcp(7)).
 */
static void conn_acknowledge(struct smtp_conn *c)
{
	int fd = -1, yes = 1;

	if (uv_fileno((uv_handle_t *)&c->poll, &fd) == 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes));
}

static void conn_io(struct smtp_conn *c, bool readable, bool broken)
{
	uint64_t progress;
	size_t left;
	int events;

	if (readable)
		conn_recv(c, broken);
	(void)smtp_dialogue_output(c->dialogue, &left);
	if (readable && left == 0 && smtp_dialogue_waiting(c->dialogue) > SMTP_IDLE)
		conn_acknowledge(c);
	conn_send(c);
	progress = smtp_dialogue_progress(c->dialogue);
	if (progress != c->progress) {
		c->progress = progress;
		c->moved = uv_now(loop_uv(c->loop));
		c->stalled = false;
	}
	if (smtp_dialogue_waiting(c->dialogue) == SMTP_DEAD) {
		conn_gone(c);
		return;
	}
	(void)smtp_dialogue_output(c->dialogue, &left);
	events = UV_READABLE | (left > 0 ? UV_WRITABLE : 0);
	if (events != c->events) {
		c->events = events;
		must(uv_poll_start(&c->poll, events, on_poll) == 0);
	}
	c->changed(c->arg);
}

static dur_t limit_of(const struct smtp_timeouts *t, enum smtp_waiting waiting)
{
	switch (waiting) {
	case SMTP_IDLE:
		return t->idle;
	case SMTP_SENDING:
		return t->body;
	case SMTP_MAIL:
		return t->mail;
	case SMTP_RCPT:
		return t->rcpt;
	case SMTP_DATA:
		return t->data;
	case SMTP_DOT:
		return t->dot;
	case SMTP_QUIT:
	case SMTP_DEAD:
		return t->quit;
	}
	must(!"enum smtp_waiting");
}

static void on_timer(uv_timer_t *timer)
{
	struct smtp_conn *c = timer->data;
	const struct smtp_timeouts *t = &c->settings->timeouts;
	enum smtp_waiting waiting = smtp_dialogue_waiting(c->dialogue);
	uint64_t still = uv_now(loop_uv(c->loop)) - c->moved;
	uint64_t limit = (uint64_t)limit_of(t, waiting), patience = (uint64_t)t->patience;

	if (still >= limit && waiting == SMTP_IDLE) {
		smtp_dialogue_quit(c->dialogue);
		conn_timer(c, (uint64_t)t->quit);
		conn_io(c, false, false);
		return;
	}
	if (still >= limit) {
		g_autofree char *why =
			g_strdup_printf("no answer within %" G_GUINT64_FORMAT " s", limit / 1000);

		c->timed_out = true;
		smtp_dialogue_closed(c->dialogue, why);
		conn_gone(c);
		return;
	}
	if (still >= patience && waiting != SMTP_IDLE && !c->stalled) {
		c->stalled = true;
		c->changed(c->arg);
	}
	conn_timer(c, still < patience ? MIN(patience, limit) - still
				       : MIN(limit - still, MAX(patience, 1)));
}

/**
 * libcurl goes on without a login where the relay offers none; then every mail would be
 * refused, one by one, or sent by nobody knows whom.
 */
static struct reply *no_login(void)
{
	struct reply *r = g_new0(struct reply, 1);

	r->verb = g_strdup("AUTH");
	r->text = g_strdup("the relay offers no AUTH that we know, and a user is set");
	return r;
}

/** A turn after libcurl has let go of the socket. */
static void conn_begin(void *arg)
{
	struct smtp_conn *c = arg;
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (c->settings->user && !c->logged_in) {
		c->failure = no_login();
		conn_gone(c);
		return;
	}
	curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD) {
		c->failure = failure_of(c, CURLE_GOT_NOTHING);
		conn_gone(c);
		return;
	}
	must(uv_poll_init_socket(loop_uv(c->loop), &c->poll, fd) == 0);
	must(uv_timer_init(loop_uv(c->loop), &c->timer) == 0);
	c->poll.data = c->timer.data = c;
	c->handles = 2;
	c->dialogue = smtp_dialogue_new(&c->caps, c->settings->mode);
	c->plain = g_str_has_prefix(c->settings->url, "smtp:") && !c->starttls_seen;
	c->state = SMTP_CONN_READY;
	c->moved = uv_now(loop_uv(c->loop));
	c->events = UV_READABLE;
	must(uv_poll_start(&c->poll, c->events, on_poll) == 0);
	conn_timer(c, (uint64_t)MIN(c->settings->timeouts.patience, c->settings->timeouts.idle));
	c->changed(c->arg);
}

void smtp_conn_ended(CURL *easy, CURLcode rc)
{
	struct smtp_conn *c = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
	must(c != NULL);
	must(c->state == SMTP_CONN_CONNECTING);
	if (rc == CURLE_OK) {
		loop_defer(c->loop, conn_begin, c);
		return;
	}
	c->failure = failure_of(c, rc);
	conn_gone(c);
}

void smtp_conn_flush(struct smtp_conn *c)
{
	must(c->state == SMTP_CONN_READY);
	c->moved = uv_now(loop_uv(c->loop)); /* it was idle, and that is no standstill */
	conn_io(c, false, false);
}

/* ---- from outside ------------------------------------------------------------------ */

struct smtp_conn *smtp_conn_new(struct loop *l, struct curl_loop *curl,
				const struct smtp_settings *settings, smtp_conn_fn *changed,
				void *arg)
{
	struct smtp_conn *c = g_new0(struct smtp_conn, 1);

	must(changed != NULL);
	c->loop = l;
	c->curl = curl;
	c->settings = settings;
	c->changed = changed;
	c->arg = arg;
	conn_connect(c);
	return c;
}

static void conn_end(struct smtp_conn *c)
{
	smtp_dialogue_free(&c->dialogue);
	reply_free(&c->failure);
	g_free(c->last_line);
	g_free(c);
}

static void on_closed(uv_handle_t *h)
{
	struct smtp_conn *c = h->data;

	if (--c->handles == 0)
		conn_end(c);
}

void smtp_conn_free(struct smtp_conn **cp)
{
	struct smtp_conn *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	c->changed = NULL;
	loop_forget(c->loop, c);
	if (c->handles > 0) {
		/* Polling ends before the descriptor is closed. */
		uv_close((uv_handle_t *)&c->poll, on_closed);
		uv_close((uv_handle_t *)&c->timer, on_closed);
	}
	curl_loop_remove(c->curl, c->easy);
	curl_easy_cleanup(c->easy);
	if (c->handles == 0)
		conn_end(c);
}

enum smtp_conn_state smtp_conn_state(const struct smtp_conn *c)
{
	return c->state;
}

struct smtp_dialogue *smtp_conn_dialogue(struct smtp_conn *c)
{
	return c->dialogue;
}

bool smtp_conn_stalled(const struct smtp_conn *c)
{
	return c->stalled;
}

bool smtp_conn_timed_out(const struct smtp_conn *c)
{
	return c->timed_out;
}
