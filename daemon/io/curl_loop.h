/*
 * curl_loop.h - a libcurl multi handle on the loop.
 *
 * Each sender has one of its own: SMTP never shares a multi with HTTP.  The
 * number of easy handles in it stays small (performance of libcurl falls with
 * their number); who has more work keeps a queue.
 *
 * libcurl resolves names in a thread; removing a handle while it does so waits
 * for that thread, that is at most for the resolver's own time-out.
 */
#ifndef IO_CURL_LOOP_H
#define IO_CURL_LOOP_H

#include <curl/curl.h>

#include "loop.h"

struct curl_loop;

/** @easy has ended with @rc. Called from the loop; it is still in the multi. */
typedef void curl_loop_fn(void *arg, CURL *easy, CURLcode rc);

struct curl_loop *curl_loop_new(struct loop *l, curl_loop_fn *fn, void *arg);

/**
 * Every easy handle has been removed before. No callback after this. Not from within a
 * callback of libcurl's or curl_loop_fn.
 */
void curl_loop_free(struct curl_loop **c);

void curl_loop_add(struct curl_loop *c, CURL *easy);

/** Not from within a callback of libcurl's (write, header ...), but from curl_loop_fn. */
void curl_loop_remove(struct curl_loop *c, CURL *easy);

/** For options of the multi. */
CURLM *curl_loop_multi(struct curl_loop *c);

#endif
