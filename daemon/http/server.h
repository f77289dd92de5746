/*
 * server.h - libmicrohttpd in the loop: whole requests in, whole answers out.
 *
 * A request is handed over when its body is complete, and suspended until it is
 * answered; what answers it may have run on another thread, the answer itself is
 * given on the loop's.  Framing that two parsers could read differently is refused
 * (several Content-Lengths, Content-Length with Transfer-Encoding, blanks in names).
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "daemon/core/err.h"

#define HTTP_SERVER_BODY_MAX (64u << 20)
#define HTTP_SERVER_IDLE_SECONDS 30 /**< a connection on which nothing moves is closed */
#define HTTP_SERVER_CONNECTIONS_MAX 256

struct http_call {
	const char *method, *path; /**< borrowed until the answer */
	GHashTable *query;         /**< char * -> char * */
	GString *body;
	long peer_uid; /**< of a Unix peer, else -1 */
	void *user;    /**< whoever answers it */
};

struct http_server;
typedef void http_call_fn(void *arg, struct http_call *call);

/** @fd: a listening socket, taken. @call is called on the loop; it must end in http_answer(). */
struct http_server *http_server_new(uv_loop_t *loop, int fd, http_call_fn *call, void *arg,
				    struct err *err);
/** Open a listening Unix socket of mode 0660 at @path; a dead one is replaced, a live one refused. */
int http_listen_unix(const char *path, struct err *err);
/** Loop thread. @body is taken (g_free), @call is gone afterwards. */
void http_answer(struct http_call *call, unsigned status, char *body, const char *type);
/** No new requests; those under way are answered with 503 when it is freed. */
void http_server_free(struct http_server **s);

#endif
