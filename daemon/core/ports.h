/*
 * ports.h - the interfaces between those who decide and those who move bytes.
 *
 * Deciders (engine, notifiers) include this and nothing of io/; io/ implements
 * it; daemon/wire.c joins the two.  A sender calls back exactly once for each
 * request, never before sender->send() has returned.
 */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include <glib.h>

#include "words.h"

/** The four endings of an attempt (design: Delivery). */
enum outcome {
	OUTCOME_SENT,    /**< the peer said yes */
	OUTCOME_RETRY,   /**< the peer said not now, or could not be reached */
	OUTCOME_REFUSED, /**< the peer said never */
	OUTCOME_UNKNOWN  /**< the data went out, the answer did not come */
};

enum driver { DRIVER_SMTP, DRIVER_HTTP };

/** Bytes to move, and whither. Made by notifiers; owned by whoever holds it. */
struct request {
	enum driver driver;
	char *identity; /**< stable id of the message: Message-ID's local part, webhook id */
	GBytes *body;   /**< SMTP: the mail, CRLF, not dot-stuffed. HTTP: the POST body */
	/* SMTP */
	char *from, *to; /**< envelope addresses, already validated */
	bool eight_bit;  /**< body has bytes > 127 (needs 8BITMIME) */
	/* HTTP */
	char *url;
	GPtrArray *headers; /**< char *, "Name: value"; or NULL */
};

/** What came back. */
struct reply {
	int status;   /**< SMTP or HTTP status of the deciding reply; 0 = none came */
	char *text;   /**< the peer's words, one line, printable UTF-8; never NULL */
	GBytes *body; /**< HTTP: first 64 KiB of the body; else NULL */
	char *verb; /**< where it ended: "connect", "greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "dot", "POST" */
	bool went_out;     /**< all data was handed to the peer: no reply = UNKNOWN */
	dur_t retry_after; /**< the peer's wish, 0 = none */
};

typedef void sender_done_fn(void *arg, struct reply *reply); /**< takes the reply */

struct sender {
	/** Start one attempt. @request is borrowed until @done was called. */
	void (*send)(struct sender *s, const struct request *request, sender_done_fn *done,
		     void *arg);
	/** How many more attempts it would take now without queueing. */
	unsigned (*room)(struct sender *s);
	/**
	 * Set by the owner, or NULL: after room() said 0 there is some again without an
	 * attempt having ended (a connection that hangs has been replaced).
	 */
	void (*on_room)(void *arg);
	void *on_room_arg;
};

void request_free(struct request **r);
void reply_free(struct reply **r);
const char *outcome_word(enum outcome o);

/** Where "now" comes from: the machine's clock, or the demo's paced one. */
struct clock {
	wall_t (*now)(struct clock *c);
	mono_t (*mono)(struct clock *c);
};

#endif
