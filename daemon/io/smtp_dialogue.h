/*
 * smtp_dialogue.h - the mail transactions of one SMTP session, as bytes.
 *
 * Knows no socket and no clock: it is fed what the relay said and yields what is
 * to be sent, and the ends of attempts.  It begins where libcurl stops, after
 * EHLO, STARTTLS and AUTH.
 *
 * One recipient a transaction.  Three ways, by what the relay offers:
 *   lock-step   a command, its reply, the next command
 *   pipelined   MAIL, RCPT and DATA in one write (RFC 2920)
 *   chained     the next message's MAIL, RCPT and DATA right behind the dot, in one write
 *
 * It must never report an attempt as sent without a 2xx to its dot, and never as
 * unsent (went_out false) when the relay may have the whole message.
 */
#ifndef IO_SMTP_DIALOGUE_H
#define IO_SMTP_DIALOGUE_H

#include "daemon/core/ports.h"
#include "smtp_wire.h"

enum smtp_mode { SMTP_LOCKSTEP, SMTP_PIPELINED, SMTP_CHAINED };

/** What the session waits for: each has its own time limit. */
enum smtp_waiting {
	SMTP_IDLE,    /**< for work */
	SMTP_SENDING, /**< for the relay to take bytes */
	SMTP_MAIL,    /**< also RSET */
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_DOT,
	SMTP_QUIT,
	SMTP_DEAD /**< to be closed; it takes no more work */
};

struct smtp_dialogue;

/** @best: the most that may be used; less if the relay offers no PIPELINING. */
struct smtp_dialogue *smtp_dialogue_new(const struct smtp_caps *caps, enum smtp_mode best);

/** Attempts that were not reported as finished are dropped without a report. */
void smtp_dialogue_free(struct smtp_dialogue **d);

/**
 * How many more attempts it takes now: at most SMTP_CHAIN when chained, else 1. The third is
 * there when the second's body goes out, so that both leave in one write.
 */
#define SMTP_CHAIN 3
unsigned smtp_dialogue_room(const struct smtp_dialogue *d);

/** Attempts that have neither ended nor been taken back. */
unsigned smtp_dialogue_held(const struct smtp_dialogue *d);

/** Start an attempt; only with room. @r is borrowed until it is finished or taken back. */
void smtp_dialogue_add(struct smtp_dialogue *d, const struct request *r, void *tag);

/** Bytes to be sent; borrowed until the next call. smtp_dialogue_sent() says how many were. */
const void *smtp_dialogue_output(struct smtp_dialogue *d, size_t *size_out);
void smtp_dialogue_sent(struct smtp_dialogue *d, size_t size);

/** The relay said these bytes. */
void smtp_dialogue_received(struct smtp_dialogue *d, const void *bytes, size_t size);

/** The connection is gone, or is given up: @why. All attempts finish. */
void smtp_dialogue_closed(struct smtp_dialogue *d, const char *why);

/** The next finished attempt; the caller takes the reply. false: none. */
bool smtp_dialogue_finished(struct smtp_dialogue *d, void **tag_out, struct reply **reply_out);

/**
 * Take back an attempt whose data were not given out, because the one before it is slow:
 * another connection may do it. false: there is none. The session may end by it.
 */
bool smtp_dialogue_take_back(struct smtp_dialogue *d, void **tag_out);

/** Say QUIT; only when idle. */
void smtp_dialogue_quit(struct smtp_dialogue *d);

enum smtp_waiting smtp_dialogue_waiting(const struct smtp_dialogue *d);

/** How often the state has changed: tells progress from standstill. */
uint64_t smtp_dialogue_progress(const struct smtp_dialogue *d);

/** The relay closed the session by a 421. */
bool smtp_dialogue_told_421(const struct smtp_dialogue *d);

/** Messages that the relay took in this session. */
unsigned smtp_dialogue_accepted(const struct smtp_dialogue *d);

#endif
