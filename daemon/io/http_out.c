/*
 * http_out.c - libcurl's multi interface with queues of our own.
 *
 * Each host has a queue and a count of transfers under way; .ready lists the hosts
 * that have work and may start it, and is served in turn.  As in smtp.c one
 * deferred function does everything, and calls back last.
 */
#include "http_out.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "addr_guard.h"
#include "curl_loop.h"
#include "smtp_wire.h"

#define TEXT_MAX 300

struct host {
	char *key; /* scheme, name and port */
	GQueue waiting;
	unsigned busy;
	bool listed; /* in .ready */
};

struct attempt {
	const struct request *request;
	sender_done_fn *done;
	void *arg;
	struct host *host; /* while it waits or runs */
	struct reply *reply;
};

/** A recycled easy handle. */
struct transfer {
	struct http_out *owner;
	CURL *easy;
	struct curl_slist *headers;
	struct attempt *attempt; /* NULL: idle */
	GByteArray *body;
	size_t header_size;
	bool cut; /* we have read enough of it */
	bool opened;
	char denied[INET6_ADDRSTRLEN];
	dur_t retry_after;
	char error[CURL_ERROR_SIZE];
};

struct http_out {
	struct sender sender; /* first: struct sender * is struct http_out * */
	struct loop *loop;
	struct curl_loop *curl;
	struct addr_guard *guard;
	struct clock *clock;
	char *ca_file;
	bool https_only;
	unsigned per_host, n_transfers, busy, queued;
	dur_t timeout;
	struct transfer *transfers;
	GHashTable *hosts; /* key -> struct host, owned */
	GQueue ready;      /* struct host with .waiting and room */
	GQueue finished;   /* struct attempt */
	bool poked;
	bool *freed;
};

static void http_go(void *arg);

static void http_poke(struct http_out *h)
{
	if (!h->poked) {
		h->poked = true;
		loop_defer(h->loop, http_go, h);
	}
}

static struct reply *reply_new(int status, const char *text, const char *verb)
{
	struct reply *r = g_new0(struct reply, 1);

	r->status = status;
	r->text = smtp_printable(text, strlen(text), TEXT_MAX);
	r->verb = g_strdup(verb);
	return r;
}

static void attempt_end(struct http_out *h, struct attempt *a, struct reply *reply)
{
	a->reply = reply;
	g_queue_push_tail(&h->finished, a);
}

/* ---- hosts ------------------------------------------------------------------- */

static void host_free(void *arg)
{
	struct host *host = arg;

	must(g_queue_is_empty(&host->waiting));
	g_free(host->key);
	g_free(host);
}

static void host_list(struct http_out *h, struct host *host)
{
	if (!host->listed && host->busy < h->per_host && !g_queue_is_empty(&host->waiting)) {
		host->listed = true;
		g_queue_push_tail(&h->ready, host);
	}
}

/** The queue of @url's host, or NULL with the reason in *@why. */
static struct host *host_of(struct http_out *h, const char *url, const char **why)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *name = NULL, *port = NULL;
	struct host *host = NULL;

	*why = "not a URL";
	if (url && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
	    (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0) &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		g_autofree char *key = g_strdup_printf("%s://%s:%s", scheme, name, port);

		*why = NULL;
		host = g_hash_table_lookup(h->hosts, key);
		if (h->https_only && strcmp(scheme, "http") == 0) {
			*why = "only https is allowed";
			host = NULL;
		} else if (!host) {
			host = g_new0(struct host, 1);
			g_queue_init(&host->waiting);
			host->key = g_steal_pointer(&key);
			g_hash_table_insert(h->hosts, host->key, host);
		}
	}
	curl_free(scheme);
	curl_free(name);
	curl_free(port);
	curl_url_cleanup(u);
	return host;
}

/* ---- libcurl's callbacks ------------------------------------------------------- */

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *s = arg;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !addr_guard_allows(s->owner->guard, &address->addr)) {
		const struct sockaddr *a = &address->addr;

		g_strlcpy(s->denied, "?", sizeof(s->denied));
		if (a->sa_family == AF_INET)
			inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, s->denied,
				  sizeof(s->denied));
		else if (a->sa_family == AF_INET6)
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, s->denied,
				  sizeof(s->denied));
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	s->opened = fd >= 0;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
	struct transfer *s = arg;
	size_t n = one * size, room = HTTP_BODY_MAX - s->body->len;

	g_byte_array_append(s->body, (const guint8 *)bytes, (guint)MIN(n, room));
	if (n > room)
		s->cut = true;
	return s->cut ? 0 : n;
}

static size_t on_header(char *bytes, size_t one, size_t size, void *arg)
{
	static const char name[] = "Retry-After:";
	struct transfer *s = arg;
	size_t n = one * size;
	struct clock *clock = s->owner->clock;

	s->header_size += n;
	if (s->header_size > HTTP_HEADERS_MAX)
		return 0;
	if (n > strlen(name) && g_ascii_strncasecmp(bytes, name, strlen(name)) == 0) {
		g_autofree char *value = g_strndup(bytes + strlen(name), n - strlen(name));

		s->retry_after = http_retry_after(g_strstrip(value), clock->now(clock));
	}
	return n;
}

dur_t http_retry_after(const char *value, wall_t now)
{
	size_t n = strlen(value);
	time_t date;
	dur_t wait;

	if (n == 0)
		return 0;
	if (strspn(value, "0123456789") == n) {
		guint64 seconds = g_ascii_strtoull(value, NULL, 10); /* too much is the maximum */

		wait = seconds > HTTP_RETRY_AFTER_MAX / SECOND ? HTTP_RETRY_AFTER_MAX
							       : (dur_t)seconds * SECOND;
		return wait;
	}
	if (!g_ascii_isalpha(*value))
		return 0; /* "-1", "1.5" */
	date = curl_getdate(value, NULL);
	if (date < 0)
		return 0;
	wait = (dur_t)date * SECOND - now;
	return CLAMP(wait, 0, HTTP_RETRY_AFTER_MAX);
}

/* ---- transfers ------------------------------------------------------------------- */

static bool header_ok(const char *header)
{
	if (!strchr(header, ':'))
		return false;
	for (const char *p = header; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

/** What is wrong with @r; NULL: nothing. */
static const char *request_fault(const struct request *r)
{
	for (guint i = 0; r->headers && i < r->headers->len; i++)
		if (!header_ok(r->headers->pdata[i]))
			return "a header that is none";
	return NULL;
}

static void transfer_init(struct http_out *h, struct transfer *s)
{
	s->owner = h;
	s->body = g_byte_array_new();
	s->easy = curl_easy_init();
	must(s->easy != NULL);
	curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, h->https_only ? "https" : "http,https");
	curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(s->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
	/* h2 without TLS fails with some servers in ways that are dear to find out. */
	curl_easy_setopt(s->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(s->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)h->timeout);
	curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)MIN(h->timeout, HTTP_CONNECT_TIMEOUT));
	curl_easy_setopt(s->easy, CURLOPT_USERAGENT, "duban/" DUBAN_VERSION);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
	if (h->ca_file)
		curl_easy_setopt(s->easy, CURLOPT_CAINFO, h->ca_file);
}

static void transfer_start(struct transfer *s, struct attempt *a)
{
	const struct request *r = a->request;
	gsize size = 0;
	const void *bytes = r->body ? g_bytes_get_data(r->body, &size) : NULL;

	s->attempt = a;
	a->host->busy++;
	s->owner->busy++;
	g_byte_array_set_size(s->body, 0);
	s->header_size = 0;
	s->cut = s->opened = false;
	s->denied[0] = s->error[0] = '\0';
	s->retry_after = 0;
	s->headers = curl_slist_append(NULL, "Expect:");
	for (guint i = 0; r->headers && i < r->headers->len; i++)
		s->headers = curl_slist_append(s->headers, r->headers->pdata[i]);
	curl_easy_setopt(s->easy, CURLOPT_URL, r->url);
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, bytes ? bytes : "");
	curl_loop_add(s->owner->curl, s->easy);
}

static bool transfer_went_out(const struct transfer *s)
{
	curl_off_t uploaded = 0;
	long head = 0;
	GBytes *body = s->attempt->request->body;

	curl_easy_getinfo(s->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	curl_easy_getinfo(s->easy, CURLINFO_REQUEST_SIZE, &head);
	return head > 0 && uploaded >= (curl_off_t)(body ? g_bytes_get_size(body) : 0);
}

static struct reply *transfer_reply(struct transfer *s, CURLcode rc)
{
	const char *words = *s->error ? s->error : curl_easy_strerror(rc);
	g_autofree char *text = NULL;
	curl_off_t connected = 0;
	struct reply *r;
	long status = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		status = 0; /* an interim reply decides nothing */
	if (status == 0 && s->denied[0] && !s->opened) {
		text = g_strdup_printf("address not allowed: %s", s->denied);
		return reply_new(403, text, "connect");
	}
	if (status == 0) {
		curl_easy_getinfo(s->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
		r = reply_new(0, words, connected ? "POST" : "connect");
	} else {
		text = g_strdup_printf("HTTP %ld", status);
		r = reply_new((int)status, text, "POST");
		r->body = g_bytes_new(s->body->data, s->body->len);
	}
	r->went_out = transfer_went_out(s);
	r->retry_after = s->retry_after;
	return r;
}

static void transfer_stop(struct transfer *s)
{
	curl_loop_remove(s->owner->curl, s->easy);
	/* What points into the request must not outlive it. */
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(s->headers);
	s->headers = NULL;
	s->attempt = NULL;
}

static void on_ended(void *arg, CURL *easy, CURLcode rc)
{
	struct http_out *h = arg;
	struct transfer *s = NULL;
	struct attempt *a;
	struct reply *reply;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&s);
	must(s != NULL);
	must(s->attempt != NULL);
	a = s->attempt;
	reply = transfer_reply(s, rc);
	transfer_stop(s);
	must(a->host->busy > 0);
	a->host->busy--;
	h->busy--;
	if (a->host->busy == 0 && g_queue_is_empty(&a->host->waiting))
		g_hash_table_remove(h->hosts, a->host->key);
	else
		host_list(h, a->host);
	a->host = NULL; /* it may be gone */
	attempt_end(h, a, reply);
	http_poke(h);
}

/* ---- the sender -------------------------------------------------------------------- */

static void hand_out(struct http_out *h)
{
	for (unsigned i = 0; i < h->n_transfers && !g_queue_is_empty(&h->ready); i++) {
		struct host *host;
		struct attempt *a;

		if (h->transfers[i].attempt)
			continue;
		host = g_queue_pop_head(&h->ready);
		host->listed = false;
		a = g_queue_pop_head(&host->waiting);
		h->queued--;
		transfer_start(&h->transfers[i], a);
		host_list(h, host);
	}
}

static void call_back(struct http_out *h)
{
	GQueue finished = h->finished;
	struct attempt *a;
	bool freed = false;

	g_queue_init(&h->finished);
	h->freed = &freed;
	while ((a = g_queue_pop_head(&finished))) {
		if (freed)
			reply_free(&a->reply);
		else
			a->done(a->arg, a->reply);
		g_free(a);
	}
	if (!freed)
		h->freed = NULL;
}

static void http_go(void *arg)
{
	struct http_out *h = arg;

	h->poked = false;
	hand_out(h);
	call_back(h);
}

static void http_send(struct sender *s, const struct request *request, sender_done_fn *done,
		      void *arg)
{
	struct http_out *h = (struct http_out *)s;
	struct attempt *a = g_new0(struct attempt, 1);
	const char *why = request_fault(request);

	must(request->driver == DRIVER_HTTP);
	must(done != NULL);
	*a = (struct attempt){.request = request, .done = done, .arg = arg};
	http_poke(h);
	if (h->queued >= HTTP_QUEUE_MAX) {
		attempt_end(h, a, reply_new(0, "too many requests wait", "connect"));
		return;
	}
	if (!why)
		a->host = host_of(h, request->url, &why);
	if (why) {
		attempt_end(h, a, reply_new(400, why, "connect"));
		return;
	}
	g_queue_push_tail(&a->host->waiting, a);
	h->queued++;
	host_list(h, a->host);
}

static unsigned http_room(struct sender *s)
{
	struct http_out *h = (struct http_out *)s;
	unsigned in_hand = h->busy + h->queued;

	return h->n_transfers > in_hand ? h->n_transfers - in_hand : 0;
}

struct sender *http_out_new(struct loop *l, const struct http_out_settings *settings,
			    struct err *err)
{
	struct addr_guard *guard;
	struct http_out *h;

	if (settings->connections > HTTP_CONNECTIONS_MAX) {
		err_set(err, -EINVAL, "%u connections: at most %d", settings->connections,
			HTTP_CONNECTIONS_MAX);
		return NULL;
	}
	guard = addr_guard_new(settings->allowed, err);
	if (!guard)
		return NULL;
	must(settings->clock != NULL);
	h = g_new0(struct http_out, 1);
	h->sender = (struct sender){.send = http_send, .room = http_room};
	h->loop = l;
	h->guard = guard;
	h->clock = settings->clock;
	h->ca_file = g_strdup(settings->ca_file);
	h->https_only = settings->https_only;
	h->per_host = settings->per_host ? settings->per_host : HTTP_PER_HOST;
	h->n_transfers = settings->connections ? settings->connections : HTTP_CONNECTIONS;
	h->timeout = settings->timeout ? settings->timeout : HTTP_TIMEOUT;
	h->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, host_free);
	g_queue_init(&h->ready);
	g_queue_init(&h->finished);
	h->curl = curl_loop_new(l, on_ended, h);
	curl_multi_setopt(curl_loop_multi(h->curl), CURLMOPT_MAXCONNECTS, (long)h->n_transfers);
	h->transfers = g_new0(struct transfer, h->n_transfers);
	for (unsigned i = 0; i < h->n_transfers; i++)
		transfer_init(h, &h->transfers[i]);
	return &h->sender;
}

static void free_attempt(void *arg)
{
	struct attempt *a = arg;

	reply_free(&a->reply);
	g_free(a);
}

void http_out_free(struct sender **sp)
{
	struct http_out *h = (struct http_out *)*sp;
	GHashTableIter at;
	void *host;

	if (!h)
		return;
	*sp = NULL;
	if (h->freed)
		*h->freed = true;
	loop_forget(h->loop, h);
	for (unsigned i = 0; i < h->n_transfers; i++) {
		struct transfer *s = &h->transfers[i];

		if (s->attempt) {
			free_attempt(s->attempt);
			transfer_stop(s);
		}
		curl_easy_cleanup(s->easy);
		g_byte_array_unref(s->body);
	}
	curl_loop_free(&h->curl);
	g_hash_table_iter_init(&at, h->hosts);
	while (g_hash_table_iter_next(&at, NULL, &host))
		g_queue_clear_full(&((struct host *)host)->waiting, free_attempt);
	g_hash_table_unref(h->hosts);
	g_queue_clear(&h->ready);
	g_queue_clear_full(&h->finished, free_attempt);
	addr_guard_free(&h->guard);
	g_free(h->transfers);
	g_free(h->ca_file);
	g_free(h);
}
