/*
 * fetch.h - one HTTP exchange whose answer is wanted whole: remote calendars.
 *
 * URLs come from people, so nothing is followed, http and https alone are spoken, and no
 * address is connected to that addr_guard.h does not allow; http goes only to addresses that
 * the settings list.  Time, headers and body (unpacked) have limits that hold while it is read.
 */
#ifndef IO_FETCH_H
#define IO_FETCH_H

#include <glib.h>

#include "daemon/core/words.h"
#include "loop.h"

#define FETCH_BODY_MAX (4u << 20) /**< after unpacking */
#define FETCH_HEADERS_MAX (64u << 10)
#define FETCH_TIMEOUT (30 * SECOND)
#define FETCH_BUSY_MAX 4 /**< at once; the others wait */

struct fetcher;

/** Copied by fetcher_new(). */
struct fetch_settings {
	const char *const *allowed; /**< ranges besides the public ones, NULL-terminated; or NULL */
	const char *ca_file;        /**< NULL: the system's */
	dur_t timeout;              /**< 0 = FETCH_TIMEOUT */
};

/** Everything is copied by fetch_start(); texts may be NULL but for .method and .url. */
struct fetch_request {
	const char *method; /**< GET, PROPFIND, REPORT */
	const char *url;    /**< http:// or https:// */
	const char *depth;  /**< of WebDAV: "0", "1" */
	const char *etag,
		*modified; /**< ask only for something else: If-None-Match, -Modified-Since */
	const char *body;  /**< XML */
	const char *user, *password; /**< Basic; sent to .url's host and nowhere else */
};

struct fetch_reply {
	int status;            /**< of HTTP; 0: no whole answer */
	GBytes *body;          /**< NULL unless .status is 200 or 207 */
	char *etag, *modified; /**< of its headers; "" */
	char *problem;         /**< words for the office when it is no 200, 207 or 304; NULL */
};

typedef void fetch_done_fn(void *arg, const struct fetch_reply *reply);

/** NULL with words (-EINVAL) if an allowed range is none. */
struct fetcher *fetcher_new(struct loop *l, const struct fetch_settings *settings, struct err *err);
/** What is under way is cut; no callback after this. Not from a callback. NULL inside is fine. */
void fetcher_free(struct fetcher **f);

/** @done is called once, from the loop, never before this has returned. Words never hold the URL. */
void fetch_start(struct fetcher *f, const struct fetch_request *request, fetch_done_fn *done,
		 void *arg);

#endif
