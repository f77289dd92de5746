/*
 * webhook.h - a message as a JSON POST, signed in the manner of Standard Webhooks.
 */
#ifndef NOTIFIERS_WEBHOOK_H
#define NOTIFIERS_WEBHOOK_H

#include "notifiers/notifier.h"

#define WEBHOOK_URL_MAX 2048
#define WEBHOOK_RETRY_AFTER_MAX DAY

extern const struct notifier webhook_notifier;

/** http or https, a host, no user or password, no byte outside 0x21 .. 0x7e. */
bool webhook_url_valid(const char *url, struct err *err);

/**
 * "v1,BASE64" of HMAC-SHA256 over "id.timestamp.body". A @secret "whsec_BASE64" is decoded,
 * any other is taken as it stands. Caller frees.
 */
char *webhook_sign(const char *secret, const char *id, gint64 timestamp, const char *body,
		   size_t size);

#endif
