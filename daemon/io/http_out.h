/*
 * http_out.h - HTTP requests to webhooks and robots: a struct sender.
 *
 * A few recycled libcurl handles and a queue a host: a host that hangs keeps its
 * own requests waiting and nobody else's.  URLs come from people, so it follows
 * no redirect, speaks http and https alone, and connects only where addr_guard.h
 * allows.  Everything has a limit: time, headers, body.
 */
#ifndef IO_HTTP_OUT_H
#define IO_HTTP_OUT_H

#include "daemon/core/err.h"
#include "daemon/core/ports.h"
#include "loop.h"

#define HTTP_CONNECTIONS 16
#define HTTP_CONNECTIONS_MAX 64
#define HTTP_PER_HOST 4
#define HTTP_QUEUE_MAX 10000
#define HTTP_BODY_MAX (64u << 10) /**< of a response; the rest is not read */
#define HTTP_HEADERS_MAX (64u << 10)
#define HTTP_TIMEOUT (30 * SECOND)
#define HTTP_CONNECT_TIMEOUT (10 * SECOND)
#define HTTP_RETRY_AFTER_MAX (24 * HOUR)

/** Copied by http_out_new(), but for .clock. */
struct http_out_settings {
	unsigned connections; /**< 0 = HTTP_CONNECTIONS */
	unsigned per_host;    /**< 0 = HTTP_PER_HOST */
	bool https_only;
	const char *const *allowed; /**< ranges besides the public ones, NULL-terminated; or NULL */
	const char *ca_file;        /**< NULL: the system's */
	dur_t timeout;              /**< 0 = HTTP_TIMEOUT */
	struct clock *clock;        /**< for dates in Retry-After; borrowed */
};

/**
 * What a request ends with:
 *   the peer answered     its status, .verb "POST"; also if it then broke off its body
 *   not allowed           status 403, .verb "connect": an address that is not allowed;
 *                         status 400: a URL or header that is none. Never worth a retry.
 *   no answer             status 0; .went_out: the whole request was handed over.
 * Texts never contain the URL: it may carry a key.
 *
 * Returns NULL with words for settings that make no sense.
 */
struct sender *http_out_new(struct loop *l, const struct http_out_settings *settings,
			    struct err *err);

/** Transfers are cut; no callback after this. */
void http_out_free(struct sender **s);

/** A Retry-After header's value: seconds or a date; at most HTTP_RETRY_AFTER_MAX, else 0. Pure. */
dur_t http_retry_after(const char *value, wall_t now);

#endif
