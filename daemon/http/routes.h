/*
 * routes.h - the API: one table of method, path, pattern and handler, for socket and web.
 *
 * Handlers run on the database thread, inside a transaction unless .alone, or .here; they
 * answer with a status and JSON.  Words for people are in "error".
 */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include <jansson.h>

#include "daemon/engine/engine.h"
#include "server.h"

/** What a handler may reach. Filled in by daemon/wire.c. */
struct api {
	struct engine *const *engines;
	unsigned n_engines;
	struct store *store;
	wall_t now;
	const char *actor; /**< who asks: "uid 1000 (name)" */
	void *world;
	json_t *(*status)(void *world);
	/**
	 * Put the files, read again, in force. 0, or -errno with words (-EAGAIN: a large edit is
	 * held); lines for people into @report. @confirm: the campaign whose held edit is meant, and
	 * @why; NULL: none.
	 */
	int (*reload)(void *world, const char *confirm, const char *why, GPtrArray *report,
		      struct err *err);
	bool paced;              /**< the demo's clock, which may be told how far to run */
	const char *clock_doubt; /**< NULL: the clock is trusted */
	/** Of a route that is answered .here: what is wrong, [{"code", "since", "text"}]. */
	json_t *(*troubles)(void *world);
	char *(*metrics)(void *world); /**< the same: Prometheus' text; g_free */
};

struct api_reply {
	unsigned status;
	json_t *body; /**< owned by the receiver */
	char *text;   /**< instead of .body, as .type says (g_free); NULL: there is a body */
	const char *type;
	bool changed;     /**< something was written: plan again */
	bool clock_right; /**< a person said so: trust it from now on */
	wall_t until;     /**< run the paced clock until then before answering; 0 = answer now */
};

struct route {
	const char *method, *path; /**< "/v1/tray/" with a trailing slash takes a tail */
	const char *help;
	bool alone; /**< makes its own transactions */
	void (*run)(const struct api *api, const struct http_call *call, struct api_reply *reply);
	bool prepares; /**< wants the campaigns' files read again before it runs */
	bool here; /**< on the loop, whatever the database thread does: .world, .troubles and .metrics alone */
};

extern const struct route routes[]; /**< ends with .path == NULL */

/** NULL: no such path; *wrong_method_out when only the method is wrong. */
const struct route *route_find(const char *method, const char *path, bool *wrong_method_out);
#define ROUTE_DUE_MAX 50000 /**< due items in one answer, 17 MB: more are refused with words */

/** {"error": words}. */
void route_fail(struct api_reply *reply, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
