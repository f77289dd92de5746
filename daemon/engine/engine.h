/*
 * engine.h - one campaign in force: facts -> plan -> commit, and everything people do to it.
 *
 * Synchronous; runs on the database thread of the daemon and in the plain loop of
 * the simulator.  It knows no clock (now is a parameter), no socket and no loop.
 * Functions that change something run inside the caller's transaction, except
 * engine_tick(), which makes its own, of at most ENGINE_SLICE items each.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <jansson.h>

#include "daemon/campaign/load.h"
#include "daemon/core/err.h"
#include "daemon/core/words.h"
#include "daemon/store/store.h"
#include "notifiers/notifier.h"

#define ENGINE_SLICE 5000

struct engine;

/** A notice as it is recorded, for the simulator's table and the log. Borrowed strings. */
struct engine_row {
	wall_t at;
	int64_t message; /**< 0 = none */
	enum sort sort;
	const char *step, *uid, *rid;
	wall_t due; /**< 0 = about no deadline */
	const char *unit, *role, *address;
	enum channel channel;
	enum notice_state state;
	const char *reason;
};
typedef void engine_row_fn(void *arg, const struct engine_row *row);

/** Put @campaign (taken) in force. Inside a transaction. @report (NULL): what new zone data moved. */
int engine_new(struct store *st, struct campaign *campaign, wall_t now, GPtrArray *report,
	       struct engine **out, struct err *err);
void engine_free(struct engine **e);
const struct campaign *engine_campaign(const struct engine *e);
wall_t engine_first_loaded(const struct engine *e); /**< WALL_NEVER: only on a doubtful clock */
const char *engine_key(const struct engine *e);
void engine_on_row(struct engine *e, engine_row_fn *fn, void *arg);
/** How long a message is worth sending; default 3 days. */
void engine_set_expiry(struct engine *e, dur_t expiry);

/** "第2期周报", "专项行动工作总结"; g_free. */
char *engine_title(const struct engine *e, uint32_t occurrence);
/** RFC 3339 in the campaign's zone; g_free. And back: what a person writes (calendars/zone.h). */
char *engine_format(const struct engine *e, wall_t t);
bool engine_parse(const struct engine *e, const char *text, bool end_of_day, wall_t *out);

/** The daemon runs since @now / something outside changed. */
void engine_up(struct engine *e, wall_t now);
void engine_touch(struct engine *e);
/**
 * Whether "now" is to be believed (R8): @doubt is NULL, or says in words for the office why not
 * (borrowed for good). While it is not, superiors hear nothing; the office is told once a doubt.
 */
void engine_trust_clock(struct engine *e, const char *doubt);
/** In the transaction of engine_new(), on a clock in doubt: first loaded when it is trusted. */
int engine_first_load_unsure(struct engine *e, wall_t now, struct err *err);
/** A person says that @now is right. Inside a transaction; the caller trusts the clock then. */
int engine_clock_right(struct engine *e, const char *actor, const char *why, wall_t now,
		       struct err *err);

/**
 * What must be said now is recorded, with its messages; *next_wake_out says when to ask
 * again (WALL_NEVER: never). Not inside a transaction. Returns the number of rows or -errno.
 */
int engine_tick(struct engine *e, wall_t now, wall_t *next_wake_out, struct err *err);

/**
 * Another campaign (taken) takes the place of the one in force. Inside a transaction.
 * Histories follow series that were cut or dragged (campaign/follow.h); steps of known items that
 * the edit makes ripe in the past are recorded superseded; who was told otherwise is told so by
 * the next tick. @report (may be NULL) gets one line a change, as the journal does.
 */
int engine_reload(struct engine *e, struct campaign *campaign, wall_t now, GPtrArray *report,
		  struct err *err);

/**
 * An edit waits for a person (campaign/large.h): the journal and, once for this @digest, the office
 * are told why. Inside a transaction.
 */
int engine_hold_edit(struct engine *e, uint64_t digest, const GPtrArray *reasons, wall_t now,
		     struct err *err);
/** And a person has looked: written down. Inside a transaction, that of the reload. */
int engine_confirm_edit(struct engine *e, const GPtrArray *reasons, const char *actor,
			const char *why, wall_t now, struct err *err);

/** After a reload that was rolled back: @campaign (taken) is in force as before, nothing is written. */
void engine_revert(struct engine *e, struct campaign *campaign);

/* ---- what people do ----------------------------------------------------- */

struct engine_submit {
	const char *unit, *uid, *rid; /**< rid "" = the unit's earliest outstanding one */
	wall_t received;
	bool zero;
	const char *way, *actor, *why;
	/** No rid: what is not tracked is meant like anything else (simulate words it so). */
	bool untracked_too;
	const char *request; /**< idempotency key or NULL */
	const struct part *parts;
	unsigned n_parts;
	const struct field *fields;
	unsigned n_fields;
};

struct engine_receipt {
	char receipt[32];          /**< "R" + 12 hex digits, or "T" + tray number */
	bool tray, on_time, again; /**< again: the same request was stored before */
	char reason[256];          /**< why it lies in the tray */
	wall_t due;
	uint32_t occurrence; /**< index, NONE in the tray */
};

/**
 * Record a report. -ENOENT: no such unit or item; -EINVAL. In the tray (0, .tray) when it
 * matches nothing or comes after the item closed: never lost.
 */
int engine_submit(struct engine *e, const struct engine_submit *s, wall_t now,
		  struct engine_receipt *out, struct err *err);

struct engine_decision {
	enum decision_kind kind;
	const char *unit;      /**< "" = all */
	const char *uid, *rid; /**< "" where the kind takes none */
	const char *tag;       /**< pause, resume: a tag; "" */
	const char *step;      /**< release: one step's name; "" = all held of the occurrence */
	wall_t due;
	const char *actor, *why;
};

/**
 * Decide. Returns how many items, or held notices, it covers (a pause: 0). -EINVAL with words when the
 * rules refuse it (P10), -ENOENT when there is no such item.
 */
int engine_decide(struct engine *e, const struct engine_decision *d, wall_t now, struct err *err);

/** A person's word on a tray item: accept it for (uid, rid) at its own received time, or reject. */
int engine_tray_decide(struct engine *e, int64_t id, bool accept, const char *unit, const char *uid,
		       const char *rid, const char *actor, const char *why, wall_t now,
		       struct engine_receipt *out, struct err *err);

/* ---- outbox ------------------------------------------------------------- */

/** A leased message, ready to be rendered. */
struct engine_lease {
	int64_t id;
	struct engine *engine; /**< whose message it is: for engine_report() */
	int attempts;
	struct message *message; /**< owned by the receiver */
};
typedef void engine_lease_fn(void *arg, struct engine_lease *lease);

/**
 * Claim up to @max messages of all campaigns in @engines whose time has come, with re-check
 * (P4): what was answered meanwhile is withdrawn, what is left empty is overtaken. Count or -errno.
 */
int engine_lease(struct engine *const *engines, unsigned n_engines, struct store *st, wall_t now,
		 unsigned max, engine_lease_fn *fn, void *arg, struct err *err);
/** Record how an attempt ended. @retry_after 0 = the usual back-off. */
int engine_report(struct engine *e, int64_t message, enum outcome outcome,
		  const struct reply *reply, dur_t retry_after, wall_t now, struct err *err);

/* ---- questions (answers are JSON for programs and tables alike) ---------- */

struct engine_filter {
	const char *unit, *uid, *rid, *standing, *state; /**< "" or NULL = any */
	unsigned max;
	int64_t before;
};

json_t *engine_status(struct engine *e, wall_t now);
json_t *engine_due(struct engine *e, const struct engine_filter *f, wall_t now);
json_t *engine_units(struct engine *e, const struct engine_filter *f, wall_t now);
json_t *engine_notices(struct engine *e, const struct engine_filter *f, wall_t now);
json_t *engine_deliveries(struct engine *e, const struct engine_filter *f, wall_t now);
json_t *engine_tray(struct engine *e, const struct engine_filter *f, wall_t now);
json_t *engine_journal(struct engine *e, const struct engine_filter *f, wall_t now);
json_t *engine_roster(struct engine *e, const struct engine_filter *f, wall_t now);
/** Why this was said, why nothing was: every step of one item. NULL with words. */
json_t *engine_explain(struct engine *e, const char *unit, const char *uid, const char *rid,
		       wall_t now, struct err *err);

/**
 * The deadlines of @unit (an id, or "office") as a calendar to subscribe to (calendars/feed.h).
 * Caller frees; NULL with words if there is no such unit.
 */
char *engine_feed(struct engine *e, const char *unit, wall_t now, struct err *err);
/** The files in force: {"campaign", "files": [{"path", "base64"}]}. */
json_t *engine_files(struct engine *e);
/** How many an edit of .uid, .rid (and .unit) corrects, as struct diff_told: {"moved", "gone"}. */
json_t *engine_told(struct engine *e, const struct engine_filter *f, struct err *err);

#endif
