/*
 * smtp_conn.h - one connection of smtp.c: libcurl connects, the dialogue speaks.
 *
 * Private to smtp.c. Changes are told by a poke without arguments; smtp.c looks
 * at all its connections then.
 */
#ifndef IO_SMTP_CONN_H
#define IO_SMTP_CONN_H

#include "curl_loop.h"
#include "smtp.h"

enum smtp_conn_state {
	SMTP_CONN_CONNECTING,
	SMTP_CONN_READY,
	SMTP_CONN_GONE /**< to be freed */
};

struct smtp_conn;

typedef void smtp_conn_fn(void *arg);

/** Starts connecting. @settings is borrowed. @changed is called from the loop. */
struct smtp_conn *smtp_conn_new(struct loop *l, struct curl_loop *curl,
				const struct smtp_settings *settings, smtp_conn_fn *changed,
				void *arg);
void smtp_conn_free(struct smtp_conn **c);

/** The curl_loop_fn of smtp.c hands on what concerns this connection. */
void smtp_conn_ended(CURL *easy, CURLcode rc);

enum smtp_conn_state smtp_conn_state(const struct smtp_conn *c);

/** Ready, or gone after it was ready; NULL: it never was. */
struct smtp_dialogue *smtp_conn_dialogue(struct smtp_conn *c);

/** Something was added to the dialogue: send it. */
void smtp_conn_flush(struct smtp_conn *c);

/** It waits for the relay longer than our patience. */
bool smtp_conn_stalled(const struct smtp_conn *c);

/** It is gone because the relay did not answer in time. */
bool smtp_conn_timed_out(const struct smtp_conn *c);

/** Why it never became ready: a reply that anyone who waited for it may be given. */
struct reply *smtp_conn_failure(const struct smtp_conn *c);

#endif
