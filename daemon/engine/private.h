/*
 * private.h - what the files of this room share: the engine's state and its item facts.
 */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include "calendars/ladder.h"
#include "daemon/core/plan.h"
#include "engine.h"

/** What the engine remembers of an occurrence between ticks; never stored. */
struct occurrence_state {
	wall_t wake;
	bool dirty;
};

/** A ladder depends on the policy, the alarms and the deadline, on nothing else. */
struct ladder_key {
	uint32_t policy, alarm, alarms;
	wall_t due;
};

struct engine {
	struct store *store;
	struct campaign *campaign; /* owned */
	int64_t id;
	wall_t first_loaded, track_from;
	int64_t *occurrence_ids; /* 0 = not asked for yet */
	uint32_t *unit_ids;      /* likewise; below UNIT_IDS_MAX */
	unsigned generation;     /* of the store, when the ids were asked for */
	GArray *unit_at;         /* uint32_t: index + 1, by id */
	struct occurrence_state *state;
	wall_t *streak_wake;          /* per obligation */
	GHashTable *ladders;          /* struct ladder_key * -> struct ladder * */
	struct ladder_key ladder_key; /* the one asked for last: nearly always the next one too */
	const struct ladder *ladder;  /* NULL: none was */
	GHashTable *words;            /* char * -> int64_t * */
	GHashTable *addresses;        /* channel << 32 | text_t -> int64_t * */
	GHashTable *messages;         /* of this tick: int64_t * address -> int64_t * message */
	wall_t up_since;
	dur_t expiry;
	bool clock_trusted;
	const char *clock_doubt; /* why not; NULL */
	engine_row_fn *on_row;
	void *on_row_arg;
	/* read once a tick */
	wall_t polled;
	bool paused;
	GHashTable *paused_units, *paused_tags, *tray_units; /* char * sets */
	unsigned rows;
	wall_t unsigned_wake;     /* when unsigned.c must look again */
	bool look_for_gone;       /* told.c: a reload may have left marks */
	struct burst *burst;      /* burst.c; NULL between bursts */
	uint32_t occurrence_hint; /* the one asked for last by its id */
	unsigned char digest_key[16];
};

int64_t engine_occurrence_id(struct engine *e, uint32_t occurrence);
int64_t engine_unit_id(struct engine *e, uint32_t unit);
uint32_t engine_unit_of(struct engine *e, int64_t id);       /* NONE */
uint32_t engine_occurrence_of(struct engine *e, int64_t id); /* NONE */
int64_t engine_word(struct engine *e, const char *word);
int64_t engine_address(struct engine *e, enum channel channel, text_t address);
const struct ladder *engine_ladder(struct engine *e, uint32_t occurrence, wall_t due);
const struct policy *engine_policy(const struct engine *e, uint32_t occurrence);
const struct obligation *engine_obligation(const struct engine *e, uint32_t occurrence);
/** Replace the campaign; the old one is freed. */
int engine_swap(struct engine *e, struct campaign *campaign, struct err *err);
const char *engine_text(const struct engine *e, text_t t);
#define ENGINE_DIGEST_MAX 32
/**
 * @digits (at most ENGINE_DIGEST_MAX) lower-case hexadecimal digits, and a 0, that @facts
 * (until NULL) always give in this campaign: short names that do not meet, not secrets.
 */
void engine_digest(const struct engine *e, const char *const *facts, char *out, size_t digits);
/** Index of (uid, rid); -ENOENT with words that name the nearest, -EINVAL when rid is needed. */
/** Index of a unit by id or name; NONE with words. */
uint32_t engine_find_unit(const struct engine *e, const char *text, struct err *err);
int engine_find(struct engine *e, const char *uid, const char *rid, uint32_t *out, struct err *err);
/** @unit NONE: it concerns more than one. */
void engine_dirty(struct engine *e, uint32_t occurrence, uint32_t unit);

/* ---- facts (facts.c) ---- */

/** Everything known of one due item, folded from submissions and decisions. */
struct item_fact { /* kept small: there are as many as units */
	uint32_t unit;
	bool extended : 1, returned : 1, exempt : 1, in_force : 1, zero : 1, tracked : 1;
	bool outstanding : 1;  /* not in force, not exempt */
	wall_t due;            /* effective */
	wall_t judged;         /* the deadline that timeliness is measured by */
	wall_t decided;        /* instant of the decision behind .due, WALL_ALWAYS */
	wall_t first_received; /* WALL_NEVER: nothing */
	wall_t first_stored;
	wall_t returned_at; /* WALL_ALWAYS: never returned */
	int64_t returned_seen;
};

struct item_decision { /* one that applied to one item */
	int64_t id;
	uint32_t unit;
	enum decision_kind kind;
	wall_t due, at;
	char *why;
};

struct item_submission {
	int64_t id;
	uint32_t unit;
	wall_t received, stored;
	bool zero;
};

struct occurrence_facts {
	uint32_t occurrence;
	uint32_t n;
	struct item_fact *items; /* in the order of the obligation's owing units */
	GArray *decisions;       /* struct item_decision, by unit, then id */
	GArray *submissions;     /* struct item_submission, by unit, received, id */
	uint32_t expected, missing;
	bool guard_lifted;
};

/** @unit NONE = all that owe it. Caller frees. */
struct occurrence_facts *facts_load(struct engine *e, uint32_t occurrence, uint32_t unit);
void facts_free(struct occurrence_facts **f);
struct item_fact *facts_item(struct occurrence_facts *f, uint32_t unit); /* NULL */
enum standing facts_standing(struct engine *e, const struct occurrence_facts *f,
			     const struct item_fact *it, wall_t now);
/** Reads pauses and the tray once for a tick or a question. */
void facts_scope(struct engine *e);
bool facts_paused(struct engine *e, uint32_t unit);

/**
 * What earlier messages to the same address listed to a superior and what came, late, since
 * the last of them: struct notice without .reason; empty if this one is no such list.
 */
GArray *cleared_since(struct engine *e, const struct outbox_row *row, const GArray *notices);

/** R9: in @c, just read, past deadlines stay; moved ones are told in journal and @report (NULL). */
int deadlines_keep(struct engine *e, struct campaign *c, wall_t now, GPtrArray *report,
		   struct err *err);
/** Remember those in force, and which changed. */
int deadlines_note(struct engine *e, wall_t now, struct err *err);
/** Is @due the hour that @was stood for, under new zone data? Then nobody was told anything wrong. */
bool deadlines_shifted(struct engine *e, int64_t occurrence, wall_t was, wall_t due);

/* ---- parts of a tick ---- */
int trust_plan(struct engine *e, wall_t now, struct err *err); /**< R8: doubts about the clock */
int extras_plan(struct engine *e, const struct occurrence_facts *f, wall_t now, struct err *err);
int streak_plan(struct engine *e, uint32_t obligation, wall_t now, wall_t *wake_out,
		struct err *err);

int engine_journal_add(struct engine *e, wall_t now, const char *actor, const char *event,
		       json_t *detail, struct err *err);

/** Other files are in force from now on. */
int engine_journal_reload(struct engine *e, json_t *changes, wall_t now,
			  struct err *err); /**< @changes: taken, or NULL */

/** Tell the office that @message will not arrive. */
int outbox_give_up(struct engine *e, int64_t message, enum channel channel, const char *to,
		   const char *why, wall_t now, struct err *err);

/* ---- composing (compose.c) ---- */

/** @notices: struct notice with .reason owned, of the message; those still to be told. */
struct message *compose_message(struct engine *e, const struct outbox_row *row,
				const GArray *notices);
char *compose_due_text(const struct engine *e, wall_t t, bool all_day, bool english);
char *compose_moment(const struct engine *e, wall_t t, bool english);

#endif
