/*
 * server.c - the glue between libmicrohttpd's epoll and libuv.
 *
 * After every MHD_run() the time-out is read again; after every resume MHD_run() is
 * called, because a resumed connection wakes nobody by itself.
 */
#include "server.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PULSE_MS 1000

struct http_server {
	struct MHD_Daemon *mhd;
	uv_loop_t *loop;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned closing; /* handles still open */
	http_call_fn *fn;
	void *arg;
	GHashTable *calls; /* struct request *: suspended ones */
	bool running, was_busy;
};

struct request {
	struct http_call call; /* first */
	struct http_server *server;
	struct MHD_Connection *connection;
	char *method, *path;
	bool handed, answered, suspended, too_large;
	unsigned status;
	char *answer;
	const char *type;
};

static void run(struct http_server *s);

static enum MHD_Result on_query(void *arg, enum MHD_ValueKind kind, const char *key,
				const char *value)
{
	(void)kind;
	g_hash_table_insert(arg, g_strdup(key), g_strdup(value == NULL ? "" : value));
	return MHD_YES;
}

struct framing {
	unsigned lengths, encodings;
	bool blank;
};

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	struct framing *f = arg;

	(void)kind;
	(void)value;
	f->lengths += g_ascii_strcasecmp(key, "Content-Length") == 0;
	f->encodings += g_ascii_strcasecmp(key, "Transfer-Encoding") == 0;
	f->blank |= strpbrk(key, " \t") != NULL;
	return MHD_YES;
}

static bool is_framed_well(struct MHD_Connection *c)
{
	struct framing f = {0};

	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &f);
	return f.lengths <= 1 && (f.lengths == 0 || f.encodings == 0) && !f.blank;
}

static enum MHD_Result answer_now(struct MHD_Connection *c, unsigned status, const char *body,
				  const char *type, bool close_it)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(body), (void *)body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	(void)MHD_add_response_header(r, "Content-Type", type);
	(void)MHD_add_response_header(r, "Cache-Control", "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (close_it)
		(void)MHD_add_response_header(r, "Connection", "close");
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static long peer_uid(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0 ||
	    cred.uid == (uid_t)-1)
		return -1;
	return (long)cred.uid;
}

static struct request *request_new(struct http_server *s, struct MHD_Connection *c,
				   const char *method, const char *path)
{
	struct request *r = g_new0(struct request, 1);

	r->server = s;
	r->connection = c;
	r->method = g_strdup(method);
	r->path = g_strdup(path);
	r->call.method = r->method;
	r->call.path = r->path;
	r->call.query = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->call.body = g_string_new(NULL);
	r->call.peer_uid = peer_uid(c);
	(void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, on_query, r->call.query);
	return r;
}

static void request_free(struct request *r)
{
	g_hash_table_unref(r->call.query);
	g_string_free(r->call.body, TRUE);
	g_free(r->method);
	g_free(r->path);
	g_free(r->answer);
	g_free(r);
}

static enum MHD_Result on_access(void *arg, struct MHD_Connection *c, const char *path,
				 const char *method, const char *version, const char *data,
				 size_t *size, void **state)
{
	struct http_server *s = arg;
	struct request *r = *state;

	(void)version;
	if (r == NULL) {
		if (!is_framed_well(c))
			return answer_now(c, 400, "{\"error\":\"bad framing\"}\n",
					  "application/json", true);
		*state = request_new(s, c, method, path);
		return MHD_YES;
	}
	if (*size > 0) {
		if (r->call.body->len + *size > HTTP_SERVER_BODY_MAX)
			r->too_large = true;
		else
			g_string_append_len(r->call.body, data, (gssize)*size);
		*size = 0;
		return MHD_YES;
	}
	if (r->too_large)
		return answer_now(c, 413, "{\"error\":\"请求过大\"}\n", "application/json", true);
	if (r->answered)
		return answer_now(c, r->status, r->answer, r->type, false);
	if (r->handed)
		return MHD_YES;
	r->handed = true;
	s->fn(s->arg, &r->call);
	if (r->answered) /* at once: a resume from in here would be seen by nobody */
		return answer_now(c, r->status, r->answer, r->type, false);
	r->suspended = true;
	g_hash_table_add(s->calls, r);
	MHD_suspend_connection(c);
	return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct http_server *s = arg;
	struct request *r = *state;

	(void)c;
	(void)why;
	if (r == NULL)
		return;
	*state = NULL;
	must(!g_hash_table_contains(s->calls, r)); /* suspended ones are never completed */
	request_free(r);
}

void http_answer(struct http_call *call, unsigned status, char *body, const char *type)
{
	struct request *r = (struct request *)call;
	struct http_server *s = r->server;

	must(r->handed && !r->answered);
	r->answered = true;
	r->status = status;
	r->answer = body;
	r->type = type;
	if (!r->suspended)
		return;
	(void)g_hash_table_remove(s->calls, r);
	MHD_resume_connection(r->connection);
	run(s);
}

static void on_timer(uv_timer_t *t)
{
	run(t->data);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	(void)status;
	(void)events;
	run(p->data);
}

static unsigned connections(const struct http_server *s)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info == NULL ? 0 : info->num_connections;
}

static void run(struct http_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	bool busy;

	if (s->running)
		return; /* an answer given from inside a request: the outer turn goes on */
	s->running = true;
	(void)MHD_run(s->mhd);
	s->running = false;
	/* At its limit MHD stops listening, and listens again only in some later run: while there
	 * are connections, and once after the last has gone, it is run again by itself. */
	busy = connections(s) > 0 || s->was_busy;
	s->was_busy = connections(s) > 0;
	if (MHD_get_timeout(s->mhd, &ms) != MHD_YES)
		ms = PULSE_MS;
	if (busy || ms < PULSE_MS)
		(void)uv_timer_start(&s->timer, on_timer, MIN(ms, PULSE_MS), 0);
	else
		(void)uv_timer_stop(&s->timer);
}

static struct MHD_Daemon *start_mhd(struct http_server *s, int fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET * (fd < 0), 0,
		NULL, NULL, on_access, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SERVER_IDLE_SECONDS,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_SERVER_CONNECTIONS_MAX, MHD_OPTION_END);
}

struct http_server *http_server_new(uv_loop_t *loop, int fd, http_call_fn *call, void *arg,
				    struct err *err)
{
	struct http_server *s = g_new0(struct http_server, 1);
	const union MHD_DaemonInfo *info;

	s->loop = loop;
	s->fn = call;
	s->arg = arg;
	s->calls = g_hash_table_new(g_direct_hash, g_direct_equal);
	s->mhd = start_mhd(s, fd);
	if (s->mhd == NULL) {
		(void)err_set(err, -EIO, "libmicrohttpd does not start");
		g_hash_table_unref(s->calls);
		g_free(s);
		return NULL;
	}
	info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	must(info != NULL && uv_poll_init(loop, &s->poll, info->epoll_fd) == 0);
	must(uv_timer_init(loop, &s->timer) == 0);
	s->poll.data = s->timer.data = s;
	must(uv_poll_start(&s->poll, UV_READABLE, on_poll) == 0);
	run(s);
	return s;
}

static bool is_alive(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;

	if (fd >= 0)
		(void)close(fd);
	return alive;
}

int http_listen_unix(const char *path, struct err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	g_autofree char *dir = g_path_get_dirname(path);
	struct stat st;
	mode_t mask;
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(err, -ENAMETOOLONG, "%s: 套接字路径过长（最多107字节）", path);
	(void)g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST, "%s: 已有同名文件，不是套接字；请换一个路径", path);
	if (is_alive(&addr))
		return err_set(err, -EADDRINUSE, "%s: 另一个 duband 正在使用", path);
	(void)g_mkdir_with_parents(dir, 0750);
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, g_strerror(errno));
	mask = umask(0117);
	rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	(void)umask(mask);
	if (rc != 0 || listen(fd, SOMAXCONN) != 0) {
		rc = -errno;
		(void)close(fd);
		return err_set(err, rc, "%s: %s", path, g_strerror(-rc));
	}
	return fd;
}

static void on_closed(uv_handle_t *h)
{
	struct http_server *s = h->data;

	if (--s->closing == 0)
		g_free(s);
}

void http_server_free(struct http_server **sp)
{
	struct http_server *s = *sp;
	GHashTableIter it;
	gpointer r;

	if (s == NULL)
		return;
	*sp = NULL;
	s->running = true; /* answers below only queue */
	g_hash_table_iter_init(&it, s->calls);
	while (g_hash_table_iter_next(&it, &r, NULL)) {
		struct request *q = r;

		g_hash_table_iter_remove(&it);
		q->answered = true;
		q->status = 503;
		q->answer = g_strdup("{\"error\":\"正在停止\"}\n");
		q->type = "application/json";
		MHD_resume_connection(q->connection);
	}
	(void)MHD_run(s->mhd);
	(void)uv_poll_stop(&s->poll);
	MHD_stop_daemon(s->mhd);
	g_hash_table_unref(s->calls);
	s->closing = 2;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}
