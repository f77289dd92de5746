/*
 * fetch.c - libcurl's multi interface, a fresh easy handle for each exchange.
 *
 * Calendars are read every few minutes: a kept connection or a recycled handle would
 * save nothing, and a fresh one cannot carry a login to another host.
 */
#include "fetch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "addr_guard.h"
#include "curl_loop.h"

#define CONNECT_TIMEOUT (10 * SECOND)

struct fetch {
	struct fetcher *owner;
	CURL *easy;
	struct curl_slist *headers;
	char *url, *sent; /* .sent: the request's body */
	bool plain;       /* http: listed addresses only */
	fetch_done_fn *done;
	void *arg;
	GByteArray *body;
	size_t header_size;
	bool too_big, busy;
	char denied[INET6_ADDRSTRLEN];
	char *etag, *modified;
	char error[CURL_ERROR_SIZE];
	struct fetch_reply *reply; /* it has ended */
};

struct fetcher {
	struct loop *loop;
	struct curl_loop *curl;
	struct addr_guard *guard;
	char *ca_file;
	dur_t timeout;
	GPtrArray *all; /* struct fetch *, in the order of their start */
	unsigned busy;
	bool poked;
};

static void go(void *arg);

static void poke(struct fetcher *f)
{
	if (!f->poked) {
		f->poked = true;
		loop_defer(f->loop, go, f);
	}
}

static void fetch_reply_free(struct fetch_reply *r)
{
	if (r == NULL)
		return;
	g_clear_pointer(&r->body, g_bytes_unref);
	g_free(r->etag);
	g_free(r->modified);
	g_free(r->problem);
	g_free(r);
}

static void fetch_free(gpointer p)
{
	struct fetch *t = p;

	must(!t->busy);
	if (t->easy != NULL)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	g_byte_array_unref(t->body);
	fetch_reply_free(t->reply);
	g_free(t->url);
	g_free(t->sent);
	g_free(t->etag);
	g_free(t->modified);
	g_free(t);
}

/* ---- libcurl's callbacks -------------------------------------------------- */

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *t = arg;
	const struct sockaddr *a = &address->addr;
	bool good = t->plain ? addr_guard_lists(t->owner->guard, a)
			     : addr_guard_allows(t->owner->guard, a);
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !good) {
		g_strlcpy(t->denied, "?", sizeof(t->denied));
		if (a->sa_family == AF_INET)
			inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, t->denied,
				  sizeof(t->denied));
		else if (a->sa_family == AF_INET6)
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, t->denied,
				  sizeof(t->denied));
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* What comes here is unpacked already: a bomb is cut when it has unfolded so far. */
static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
	struct fetch *t = arg;
	size_t n = one * size;

	if (n > FETCH_BODY_MAX - t->body->len) {
		t->too_big = true;
		return 0;
	}
	g_byte_array_append(t->body, (const guint8 *)bytes, (guint)n);
	return n;
}

static void take_header(const char *line, size_t n, const char *name, char **to)
{
	size_t head = strlen(name);

	if (n <= head || g_ascii_strncasecmp(line, name, head) != 0)
		return;
	g_free(*to);
	*to = g_strstrip(g_strndup(line + head, n - head));
	/* It goes back in a header of ours. */
	if (strlen(*to) > 1000 || !g_str_is_ascii(*to) || strpbrk(*to, "\r\n"))
		(*to)[0] = '\0';
}

static size_t on_header(char *bytes, size_t one, size_t size, void *arg)
{
	struct fetch *t = arg;
	size_t n = one * size;

	t->header_size += n;
	if (t->header_size > FETCH_HEADERS_MAX)
		return 0;
	take_header(bytes, n, "ETag:", &t->etag);
	take_header(bytes, n, "Last-Modified:", &t->modified);
	return n;
}

/* ---- how it ended --------------------------------------------------------- */

static char *words_of_status(long status)
{
	if (status == 401 || status == 403 || status == 407)
		return g_strdup_printf("需要登录，或用户名、口令不对（HTTP %ld）", status);
	if (status == 404 || status == 410)
		return g_strdup_printf("网址上没有这个日历（HTTP %ld）", status);
	if (status >= 300 && status < 400)
		return g_strdup_printf("对方要求转到别处（HTTP %ld），没有跟随；请写最终的网址",
				       status);
	if (status == 429 || status >= 500)
		return g_strdup_printf("对方服务器出错（HTTP %ld）", status);
	return g_strdup_printf("对方没有给出日历（HTTP %ld）", status);
}

static char *words_of_code(const struct fetch *t, CURLcode rc)
{
	if (t->denied[0] != '\0' && t->plain)
		return g_strdup_printf("http 只许连接 sources.allow 写明的地址，%s 不在其中；"
				       "请用 https，或在 duban.yaml 里写明",
				       t->denied);
	if (t->denied[0] != '\0')
		return g_strdup_printf("不许连接本机和内网地址 %s；确实要读的，请写进 duban.yaml "
				       "的 sources.allow",
				       t->denied);
	if (t->too_big || rc == CURLE_FILESIZE_EXCEEDED)
		return g_strdup_printf("内容超过 %u MiB", FETCH_BODY_MAX >> 20);
	switch ((int)rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return g_strdup("找不到这台主机（域名解析失败）");
	case CURLE_COULDNT_CONNECT:
		return g_strdup("连不上对方服务器");
	case CURLE_OPERATION_TIMEDOUT:
		return g_strdup_printf("%d 秒内没有读完", (int)(t->owner->timeout / SECOND));
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return g_strdup("对方的 TLS 证书不可信，或与主机名不符");
	case CURLE_SSL_CONNECT_ERROR:
		return g_strdup("TLS 连接建立不起来");
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return g_strdup("对方中途断开，没有读完");
	case CURLE_BAD_CONTENT_ENCODING:
		return g_strdup("对方的压缩格式认不出");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return g_strdup("网址不能用，或对方的回答不是 HTTP");
	default:
		return g_strdup_printf("没有读到（%s）", curl_easy_strerror(rc));
	}
}

static struct fetch_reply *reply_of(struct fetch *t, CURLcode rc)
{
	struct fetch_reply *r = g_new0(struct fetch_reply, 1);
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	r->etag = g_strdup(t->etag == NULL ? "" : t->etag);
	r->modified = g_strdup(t->modified == NULL ? "" : t->modified);
	if (rc != CURLE_OK && (status < 300 || t->denied[0] != '\0')) {
		r->problem = words_of_code(t, rc);
		return r;
	}
	r->status = (int)status; /* of an error page its length does not matter */
	if (status == 200 || status == 207)
		r->body = g_bytes_new(t->body->data, t->body->len);
	else if (status != 304)
		r->problem = words_of_status(status);
	return r;
}

static void on_ended(void *arg, CURL *easy, CURLcode rc)
{
	struct fetcher *f = arg;
	struct fetch *t = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
	must(t != NULL);
	must(t->busy);
	t->reply = reply_of(t, rc);
	curl_loop_remove(f->curl, easy);
	t->busy = false;
	f->busy--;
	poke(f);
}

/* ---- exchanges ------------------------------------------------------------ */

static void set_options(struct fetch *t)
{
	struct fetcher *f = t->owner;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, t->plain ? "http" : "https");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)f->timeout);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(f->timeout, CONNECT_TIMEOUT));
	curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FETCH_BODY_MAX);
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "duban/" DUBAN_VERSION);
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	if (f->ca_file != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, f->ca_file);
	curl_easy_setopt(e, CURLOPT_URL, t->url);
}

static void add_header(struct fetch *t, const char *name, const char *value)
{
	g_autofree char *line = g_strdup_printf("%s: %s", name, value == NULL ? "" : value);

	if (value != NULL && *value != '\0')
		t->headers = curl_slist_append(t->headers, line);
}

static void set_request(struct fetch *t, const struct fetch_request *r)
{
	bool get = strcmp(r->method, "GET") == 0;

	if (!get)
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
	if (r->body != NULL) {
		t->sent = g_strdup(r->body);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->sent);
		add_header(t, "Content-Type", "application/xml; charset=utf-8");
		t->headers = curl_slist_append(t->headers, "Expect:");
	}
	add_header(t, "Accept", get ? "text/calendar, */*;q=0.1" : NULL);
	add_header(t, "Depth", r->depth);
	add_header(t, "If-None-Match", r->etag);
	add_header(t, "If-Modified-Since", r->modified);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	if (r->user != NULL && r->password != NULL) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(t->easy, CURLOPT_USERNAME, r->user);
		curl_easy_setopt(t->easy, CURLOPT_PASSWORD, r->password);
	}
}

void fetch_start(struct fetcher *f, const struct fetch_request *request, fetch_done_fn *done,
		 void *arg)
{
	struct fetch *t = g_new0(struct fetch, 1);

	must(done != NULL);
	must(request->method != NULL);
	t->owner = f;
	t->url = g_strdup(request->url);
	t->plain = g_ascii_strncasecmp(t->url, "http://", strlen("http://")) == 0;
	t->done = done;
	t->arg = arg;
	t->body = g_byte_array_new();
	t->easy = curl_easy_init();
	must(t->easy != NULL);
	set_options(t);
	set_request(t, request);
	g_ptr_array_add(f->all, t);
	poke(f);
}

static void start_waiting(struct fetcher *f)
{
	for (guint i = 0; i < f->all->len && f->busy < FETCH_BUSY_MAX; i++) {
		struct fetch *t = f->all->pdata[i];

		if (t->busy || t->reply != NULL)
			continue;
		t->busy = true;
		f->busy++;
		curl_loop_add(f->curl, t->easy);
	}
}

/* The first that has ended, taken out; NULL. */
static struct fetch *take_ended(struct fetcher *f)
{
	for (guint i = 0; i < f->all->len; i++) {
		struct fetch *t = f->all->pdata[i];

		if (t->reply != NULL)
			return g_ptr_array_steal_index(f->all, i);
	}
	return NULL;
}

static void go(void *arg)
{
	struct fetcher *f = arg;
	struct fetch *t;

	f->poked = false;
	start_waiting(f);
	while ((t = take_ended(f)) != NULL) {
		t->done(t->arg, t->reply);
		fetch_free(t);
	}
}

struct fetcher *fetcher_new(struct loop *l, const struct fetch_settings *settings, struct err *err)
{
	struct addr_guard *guard = addr_guard_new(settings->allowed, err);
	struct fetcher *f;

	if (guard == NULL)
		return NULL;
	f = g_new0(struct fetcher, 1);
	f->loop = l;
	f->guard = guard;
	f->ca_file = g_strdup(settings->ca_file);
	f->timeout = settings->timeout > 0 ? settings->timeout : FETCH_TIMEOUT;
	f->all = g_ptr_array_new_with_free_func(fetch_free);
	f->curl = curl_loop_new(l, on_ended, f);
	return f;
}

void fetcher_free(struct fetcher **fp)
{
	struct fetcher *f = *fp;

	if (f == NULL)
		return;
	*fp = NULL;
	loop_forget(f->loop, f);
	for (guint i = 0; i < f->all->len; i++) {
		struct fetch *t = f->all->pdata[i];

		if (t->busy)
			curl_loop_remove(f->curl, t->easy);
		t->busy = false;
	}
	g_ptr_array_unref(f->all);
	curl_loop_free(&f->curl);
	addr_guard_free(&f->guard);
	g_free(f->ca_file);
	g_free(f);
}
