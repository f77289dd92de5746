/*
 * smtp.h - mail to one relay: a struct sender with a few connections.
 *
 * libcurl makes the connections (names, TLS, AUTH), smtp_dialogue speaks on them.
 * Nothing here blocks, and one connection that hangs delays nobody but the
 * message it carries: what waits behind it is given to another one.
 *
 * An attempt ends within the time limits below (the longest: body, then dot), so
 * leases have to outlast them.  When a connection cannot be made and none is
 * usable, everything queued ends at once with that reason: the outbox knows
 * better than a queue how long to wait.
 */
#ifndef IO_SMTP_H
#define IO_SMTP_H

#include "daemon/core/err.h"
#include "daemon/core/ports.h"
#include "loop.h"
#include "smtp_dialogue.h"

#define SMTP_CONNECTIONS 4      /**< by default */
#define SMTP_CONNECTIONS_MAX 32 /**< also counting those that hang */
#define SMTP_QUEUE_MAX 10000    /**< attempts that wait; more end at once as not sent */

enum smtp_starttls {
	SMTP_STARTTLS_NONE,
	SMTP_STARTTLS_OPPORTUNISTIC, /**< if offered; the certificate is not checked */
	SMTP_STARTTLS_REQUIRED       /**< and the certificate must be the host's */
};

/** Time limits, ms; 0 = the default in brackets (RFC 5321 4.5.3.2 where it has one). */
struct smtp_timeouts {
	dur_t connect;  /**< name, TCP, greeting, EHLO, TLS and AUTH together [60 s] */
	dur_t mail;     /**< [5 min] */
	dur_t rcpt;     /**< [5 min] */
	dur_t data;     /**< [2 min] */
	dur_t body;     /**< for the relay to take some more bytes [3 min] */
	dur_t dot;      /**< [10 min] */
	dur_t idle;     /**< an idle connection is kept this long [30 s] */
	dur_t quit;     /**< [5 s] */
	dur_t patience; /**< then what waits behind a slow message goes elsewhere [2 s] */
};

/** Copied by smtp_new(). */
struct smtp_settings {
	const char *url;  /**< smtp://HOST[:PORT] or smtps://HOST[:PORT] */
	const char *helo; /**< our name in EHLO; NULL: the machine's */
	const char *user; /**< NULL: no AUTH */
	const char *password;
	const char *ca_file; /**< NULL: the system's */
	enum smtp_starttls starttls;
	unsigned connections; /**< 0 = SMTP_CONNECTIONS */
	enum smtp_mode mode;  /**< the best to be used; usually SMTP_CHAINED */
	struct smtp_timeouts timeouts;
};

/**
 * Replies about the session and not the message ("connect", "greeting", "EHLO",
 * "STARTTLS", "AUTH") carry a status only if it is 4xx: a 5xx there must not make a
 * message refused for ever, and is told in .text.
 *
 * Returns NULL with words for a URL that is none, and for AUTH over a connection that
 * anybody could read or strip: not smtps, STARTTLS not required, host not loopback.
 */
struct sender *smtp_new(struct loop *l, const struct smtp_settings *settings, struct err *err);

/** Connections are cut, what has not ended never ends: no callback after this. */
void smtp_free(struct sender **s);

/** For `status` and metrics. */
struct smtp_counts {
	unsigned connections; /**< open now */
	unsigned allowed;     /**< as many as the relay seems to bear */
	unsigned queued, in_flight;
	uint64_t connects, connect_failures, sent, taken_back;
};
void smtp_counts(struct sender *s, struct smtp_counts *out);

#endif
