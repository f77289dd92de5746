/*
 * store.h - what has happened, behind verbs.  SQL lives in store/ alone.
 *
 * One connection, on the database thread, does all writes and all checkpoints:
 * SQLite before 3.51.3 can lose commits when a second connection checkpoints in
 * WAL mode.  synchronous=FULL is set and read back, because NORMAL loses
 * acknowledged commits at a power cut.
 *
 * A verb runs inside the caller's transaction (store_begin .. store_commit).
 * Verbs return 0 or a count, or -EIO / -ENOSPC / -ENOENT / -EEXIST with words.
 * -ENOTRECOVERABLE: a sync failed; nothing can be begun any more, the process must end
 * and start again (disk.c says why).
 * Strings in results are borrowed until the callback returns.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>

#include "daemon/core/err.h"
#include "daemon/core/ports.h"
#include "daemon/core/words.h"
#include "daemon/store/deadline.h"
#include "daemon/store/mark.h"

struct store;
#define STORE_MEMORY ":memory:"

/**
 * Open @path (created if it does not exist, never over something else), bring its
 * schema forward. -EPROTO: not ours; -EOVERFLOW: written by a newer duban; -EUCLEAN:
 * damaged; -EIO.
 */
int store_open(const char *path, struct store **out, struct err *err);
void store_close(struct store **st);
/** What the file is doing: "WAL, synchronous=FULL, SQLite 3.40.1, single writer". */
const char *store_mode(const struct store *st);

int store_begin(struct store *st, struct err *err);
int store_commit(struct store *st, struct err *err);
void store_rollback(struct store *st);
/** A nested part of a transaction that may fail alone. */
int store_savepoint(struct store *st, struct err *err);
int store_release(struct store *st, bool keep, struct err *err);
/** False when a full or failing disk has rolled everything back by itself. */
bool store_in_transaction(const struct store *st);
/** Changes whenever a rollback took dictionary rows back: ids remembered from before are void. */
unsigned store_generation(const struct store *st);
/** Changes whenever a whole transaction was rolled back: what was read in it may never have been. */
unsigned store_rollbacks(const struct store *st);
/** Give the page cache back. */
void store_rest(struct store *st);
/** Copy the whole database to @path (SQLite online backup), which must not exist. */
int store_backup(struct store *st, const char *path, struct err *err);

/* ---- dictionaries ------------------------------------------------------- */

/** Ids, made when missing. */
int64_t store_campaign(struct store *st, const char *key, wall_t now, wall_t *first_loaded_out);
/** It counts as first loaded at @now (WALL_NEVER: not yet). */
int store_campaign_set_first(struct store *st, int64_t campaign, wall_t now, struct err *err);
int64_t store_occurrence(struct store *st, int64_t campaign, const char *uid, const char *rid);
int64_t store_unit(struct store *st, int64_t campaign, const char *unit);
int64_t store_word(struct store *st, const char *word);
int64_t store_address(struct store *st, enum channel channel, const char *address);
/** Names of ids, also of what the files no longer name; NULL if there is none. Caller frees. */
int store_occurrence_name(struct store *st, int64_t occurrence, char **uid_out, char **rid_out);
char *store_unit_name(struct store *st, int64_t unit);
/** Every unit known of the campaign, in the order in which they first came. */
typedef void store_unit_fn(void *arg, int64_t id, const char *unit);
int store_each_unit(struct store *st, int64_t campaign, store_unit_fn *fn, void *arg);
/** What campaign_file holds, as a number; 0 = not known. */
uint64_t store_campaign_digest(struct store *st, int64_t campaign);
int store_campaign_set_digest(struct store *st, int64_t campaign, uint64_t digest);
/** The unit's history, and what it has in the tray, go on under another id. -EEXIST as below. */
int store_unit_rename(struct store *st, int64_t campaign, const char *unit, const char *to,
		      struct err *err);
/** The occurrence's history goes on under another name. -EEXIST if that has one already. */
int store_occurrence_rename(struct store *st, int64_t occurrence, const char *uid, const char *rid,
			    struct err *err);
/** Every (uid, rid) known of the campaign. */
typedef void store_occurrence_fn(void *arg, int64_t id, const char *uid, const char *rid);
int store_each_occurrence(struct store *st, int64_t campaign, store_occurrence_fn *fn, void *arg);

/* ---- the last good files ------------------------------------------------ */

typedef void store_file_fn(void *arg, const char *path, const void *bytes, size_t size);
int store_files_put(struct store *st, int64_t campaign, const char *path, const void *bytes,
		    size_t size);
int store_files_clear(struct store *st, int64_t campaign);
int store_files_each(struct store *st, int64_t campaign, store_file_fn *fn, void *arg);

/* ---- submissions and decisions ------------------------------------------ */

struct submission {
	int64_t id;
	char *receipt;
	int64_t campaign, occurrence, unit;
	wall_t received, stored;
	bool zero;
	char *way, *actor, *why, *request;
};

struct part {
	const char *name;
	const void *bytes;
	size_t size;
};

struct field {
	const char *name, *value;
};

/** Store one; @s->id is set. Parts are hashed here. -EEXIST: this request is there already. */
int store_submission_add(struct store *st, struct submission *s, const struct part *parts,
			 unsigned n_parts, const struct field *fields, unsigned n_fields,
			 struct err *err);
bool store_receipt_taken(struct store *st, const char *receipt);

typedef void store_submission_fn(void *arg, const struct submission *s);
/** The one that an idempotency key made before: 1, or 0 when there is none. */
int store_submission_by_request(struct store *st, int64_t campaign, const char *request,
				store_submission_fn *fn, void *arg);
/** Are these the parts and fields of submission @id, and no others? 1, 0, or -errno. */
int store_submission_is(struct store *st, int64_t id, const struct part *parts, unsigned n_parts,
			const struct field *fields, unsigned n_fields);
/** Of one occurrence (unit 0 = of all units), by unit, received, id. */
int store_submissions(struct store *st, int64_t occurrence, int64_t unit, store_submission_fn *fn,
		      void *arg);

struct decision {
	int64_t id;
	int64_t campaign;
	enum decision_kind kind;
	int64_t occurrence; /**< 0: not about one occurrence */
	int64_t unit;       /**< 0: all units */
	const char *tag;    /**< pause: a tag; "" none */
	const char *step;   /**< release: a step's name; "" all */
	wall_t due, at;
	const char *actor, *why;
	int64_t seen; /**< the newest submission when it was made; set by the store */
};

int store_decision_add(struct store *st, struct decision *d, struct err *err);
typedef void store_decision_fn(void *arg, const struct decision *d);
/** Of one occurrence (unit 0 = all), in order made. */
int store_decisions(struct store *st, int64_t occurrence, int64_t unit, store_decision_fn *fn,
		    void *arg);
/** Those about no single occurrence (pause, resume, release of everything), in order made. */
int store_decisions_scope(struct store *st, int64_t campaign, store_decision_fn *fn, void *arg);

/* ---- notices ------------------------------------------------------------ */

struct notice {
	int64_t occurrence, unit;
	wall_t due;
	int64_t step, n, address, role; /**< step, role: words */
	enum sort sort;
	enum notice_state state;
	bool superior;
	unsigned holds;
	wall_t at;
	int64_t message; /**< 0 = none */
	const char *reason;
};

/** 1 if recorded, 0 if such a notice exists already (then nothing changes). */
int store_notice_add(struct store *st, const struct notice *n, struct err *err);
/** Is a notice of this natural key recorded? */
bool store_notice_known(struct store *st, const struct notice *key);
/** Move one (found by its key) to another state. */
int store_notice_set(struct store *st, const struct notice *key, enum notice_state state, wall_t at,
		     int64_t message, const char *reason, struct err *err);
/** Let its .holds be those of @key. */
int store_notice_set_holds(struct store *st, const struct notice *key, struct err *err);
typedef void store_notice_fn(void *arg, const struct notice *n);
/** Of one occurrence in key order (unit 0 = all). */
int store_notices(struct store *st, int64_t occurrence, int64_t unit, store_notice_fn *fn,
		  void *arg);
/** Of one message. */
int store_notices_of(struct store *st, int64_t message, store_notice_fn *fn, void *arg);
/** Held ones (occurrence 0 = all). */
int store_notices_held(struct store *st, int64_t occurrence, store_notice_fn *fn, void *arg);

/* ---- outbox ------------------------------------------------------------- */

struct outbox_row {
	int64_t id, campaign, address;
	wall_t tick, next_try, expires;
	enum outbox_state state;
	int attempts;
	enum channel channel;
	const char *to; /**< the address as text */
	const char *reply;
	int status;
	wall_t done;
};

/** A queued message without notices; returns its id. */
int64_t store_message_add(struct store *st, int64_t campaign, int64_t address, wall_t tick,
			  wall_t expires, struct err *err);
typedef void store_outbox_fn(void *arg, const struct outbox_row *row);
/** Lease up to @max messages whose next try is due; calls @fn for each. Count or -errno. */
int store_outbox_lease(struct store *st, wall_t now, unsigned max, store_outbox_fn *fn, void *arg,
		       struct err *err);
/** Record an attempt and move the message; withdraws nothing. */
int store_outbox_report(struct store *st, int64_t message, enum outbox_state state, wall_t now,
			wall_t next_try, enum outcome outcome, int status, const char *verb,
			const char *reply, struct err *err);
/** Move without an attempt (overtaken, expired). */
int store_outbox_set(struct store *st, int64_t message, enum outbox_state state, wall_t now,
		     struct err *err);
/** Back to waiting until @until, as if it had not been leased. */
int store_outbox_defer(struct store *st, int64_t message, wall_t until, struct err *err);
/** One message; *to_out to g_free (row->to and row->reply are NULL). -ENOENT. */
int store_outbox_get(struct store *st, int64_t message, struct outbox_row *out, char **to_out);
/** After a start: what was leased is UNKNOWN and tried again now. Count. */
int store_outbox_recover(struct store *st, wall_t now, struct err *err);
/** Whether some attempt has arrived, or may have: its end was not seen. */
bool store_outbox_may_have_told(struct store *st, int64_t message);
/** What waits beyond any back-off was queued by a clock that was ahead: try it now. Count. */
int store_outbox_pull(struct store *st, wall_t now, struct err *err);
/** Earliest next try of a waiting message, WALL_NEVER if none. */
wall_t store_outbox_next(struct store *st);
/** Newest first; state -1 = all. */
int store_outbox_list(struct store *st, int64_t campaign, int state, unsigned max,
		      store_outbox_fn *fn, void *arg);
/** Those to @address made before @message, newest first. */
int store_messages_before(struct store *st, int64_t campaign, int64_t address, int64_t message,
			  unsigned max, store_outbox_fn *fn, void *arg);
int store_outbox_count(struct store *st, int64_t campaign, unsigned counts_out[OUTBOX_STATES]);
int store_address_unreachable(struct store *st, int64_t address, wall_t since, const char *why);
/** The address of @message can be reached after all; writes only where it could not. */
int store_address_reached(struct store *st, int64_t message);
/** State of a message; OUTBOX_STATES if there is none. */
enum outbox_state store_outbox_state(struct store *st, int64_t message);
bool store_address_get(struct store *st, int64_t id, enum channel *channel_out, char **address_out,
		       wall_t *unreachable_out);
char *store_word_get(struct store *st, int64_t id); /**< g_free; NULL if unknown */

typedef void store_delivery_fn(void *arg, int64_t message, wall_t at, enum outcome outcome,
			       int status, const char *verb, const char *reply);
int store_deliveries(struct store *st, int64_t message, unsigned max, store_delivery_fn *fn,
		     void *arg);

/* ---- tray --------------------------------------------------------------- */

struct tray_item {
	int64_t id, campaign;
	const char *unit, *uid, *rid;
	wall_t received, stored;
	bool zero;
	const char *way, *actor, *why, *reason, *parts;
	const char *request; /**< idempotency key or NULL; set by store_tray_add() alone */
	wall_t decided;      /**< 0 = not yet */
	const char *outcome;
};

int64_t store_tray_add(struct store *st, const struct tray_item *t, const struct part *parts,
		       unsigned n_parts, struct err *err);
typedef void store_tray_fn(void *arg, const struct tray_item *t);
int store_tray_list(struct store *st, int64_t campaign, bool open_only, store_tray_fn *fn,
		    void *arg);
/** The one that an idempotency key made before: 1, or 0 when there is none. */
int store_tray_by_request(struct store *st, int64_t campaign, const char *request,
			  store_tray_fn *fn, void *arg);
int store_tray_get(struct store *st, int64_t id, store_tray_fn *fn, void *arg);
typedef void store_part_fn(void *arg, const struct part *p);
int store_tray_parts(struct store *st, int64_t id, store_part_fn *fn, void *arg);
int store_tray_decide(struct store *st, int64_t id, wall_t at, const char *outcome,
		      struct err *err);

/* ---- polls, journal (marks: mark.h) ---------------------------------------- */

int store_poll_ok(struct store *st, const char *intake, wall_t begun);
int store_poll_failed(struct store *st, const char *intake, wall_t since);
/** The oldest of the latest successful looks of all intakes; WALL_NEVER when there are none. */
wall_t store_poll_begun(struct store *st);

/** Append; part of the same transaction as what it tells of. @detail is a JSON object. */
int store_journal(struct store *st, wall_t at, const char *campaign, const char *actor,
		  const char *event, const char *detail, struct err *err);
typedef void store_journal_fn(void *arg, int64_t seq, wall_t at, const char *campaign,
			      const char *actor, const char *event, const char *detail);
/** Newest first; @before 0 = from the end. */
int store_journal_list(struct store *st, const char *campaign, int64_t before, unsigned max,
		       store_journal_fn *fn, void *arg);
/** When such an event was written last, by the greatest clock; WALL_ALWAYS: never. */
wall_t store_journal_latest(struct store *st, const char *campaign, const char *event);
/** Recompute the chain: 0 if whole, else -EUCLEAN with the first bad seq in words. */
int store_journal_verify(struct store *st, struct err *err);

/** Highest instant that a trusted clock showed at a commit; WALL_ALWAYS: none. */
wall_t store_high_water(struct store *st);
void store_high_water_set(struct store *st, wall_t now);                   /**< raise it */
int store_high_water_reset(struct store *st, wall_t now, struct err *err); /**< set it */

#endif
