/*
 * sim.h - a campaign in virtual time: the daemon's own engine on a store in memory.
 *
 * Nothing is sent; every message is taken to be accepted at the instant of its tick.
 * Equal files and events give equal rows.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "daemon/core/err.h"
#include "daemon/core/words.h"
#include "daemon/engine/engine.h"

/** What happens from outside: one line of --events. */
struct sim_event {
	wall_t at;
	unsigned line;
	char *event, *unit, *uid, *rid, *value;
};

struct sim_options {
	wall_t from;             /**< WALL_ALWAYS: the campaign's start */
	wall_t to;               /**< WALL_NEVER: until nothing more can happen */
	const char *events;      /**< text of the CSV, or NULL */
	const char *events_file; /**< its name, for messages */
};

/** A row as `simulate` prints it. Borrowed strings. */
struct sim_row {
	char *at;
	unsigned message; /**< 0 = none */
	enum sort sort;
	char *step, *uid, *rid, *due, *unit, *role, *address;
	enum channel channel;
	enum notice_state state;
	char *reason;
};
typedef void sim_row_fn(void *arg, const struct sim_row *row);
/** Words about an event that was refused by the rules: `file:line: text`. */
typedef void sim_note_fn(void *arg, const char *text);

/**
 * Run @campaign (taken). Rows come in order, tick by tick. 0, or -EINVAL for a
 * bad event (words name file and line), or the engine's error.
 */
int sim_run(struct campaign *campaign, const struct sim_options *options, sim_row_fn *fn,
	    sim_note_fn *note, void *arg, struct err *err);

/** @zone_of gives local times their meaning. Sorted by at, file order within. */
GPtrArray *sim_events_parse(const struct engine *zone_of, const char *text, const char *file,
			    struct err *err);

#endif
