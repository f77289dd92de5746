/*
 * mime.h - the body of a mail: text and HTML as alternatives, a calendar part beside them.
 *
 * Pure: boundaries come from the identity, never from chance, so that a mail built twice
 * is the same bytes. GMime writes the parts; headers of the mail are the caller's.
 */
#ifndef NOTIFIERS_MIME_H
#define NOTIFIERS_MIME_H

#include <glib.h>

struct mime_parts {
	const char *identity;    /**< boundaries are made from it */
	const char *language;    /**< Content-Language: "zh-CN" */
	const char *text, *html; /**< UTF-8, "\n" */
	const char *calendar;    /**< iCalendar, CRLF; NULL = none */
	const char *method;      /**< its METHOD: "PUBLISH"; RFC 6047 wants the two equal */
};

/**
 * The whole mail: @headers (lines that end in CRLF, no MIME ones), MIME headers, body. 7-bit,
 * CRLF, no line over 76 characters but those of @headers.
 */
GBytes *mime_compose(const char *headers, const struct mime_parts *parts);
/** The same bytes, always by GMime: what mime_compose() is compared with, and slow. */
GBytes *mime_written(const char *headers, const struct mime_parts *parts);

#endif
