/*
 * email.h - mail: what the threads and tokens of our messages look like to those who read answers.
 */
#ifndef NOTIFIERS_EMAIL_H
#define NOTIFIERS_EMAIL_H

#include "notifiers/notifier.h"

#define EMAIL_TOKEN_MAX 40
#define EMAIL_ROOTS_MAX 8 /**< due items whose threads one message joins */

extern const struct notifier email_notifier;

/**
 * "<item-TOKEN@HOST>": the mail that was never sent and that every message about one due item
 * answers, so that readers show them as one thread. Caller frees.
 */
char *email_thread_root(const char *token, const char *host);

/** [A-Za-z0-9-], 1 .. EMAIL_TOKEN_MAX of them: fit for a subject and a Message-ID. */
bool email_token_valid(const char *token);

#endif
