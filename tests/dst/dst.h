/*
 * dst.h - one simulated life of duban: the world around it, the ledger beside it.
 *
 * The engine and the store are the real ones.  The world is made of: a clock, a
 * mailbox, clients who ask again until they are answered, people who decide, peers
 * that take messages, and crashes.  What the world saw is written into the ledger
 * by the world itself; the checks compare the ledger with what the store says.
 */
#ifndef DST_DST_H
#define DST_DST_H

#include "daemon/engine/engine.h"
#include "daemon/io/clock.h"
#include "gen.h"
#include "rng.h"

/** An occurrence as the world knows it: one and the same after a series was cut. */
struct occ {
	char *uid, *rid;
	GArray *facts; /* struct fact, in order of commit */
};

enum fact_kind { FACT_SUBMIT, FACT_DECISION };

struct fact {
	enum fact_kind kind;
	enum decision_kind decision;
	const char *unit; /* interned; "" = all */
	wall_t received;  /* or when it was decided */
	wall_t stored, due;
	unsigned seq;
};

/** One item, folded from the ledger alone. */
struct view {
	bool known; /* the files in force say that the unit owes it */
	wall_t due, judged, decided, on_time, first_received;
	bool in_force, exempt, tracked, returned, outstanding;
};

struct rung_view {
	bool known, before, sign, window_open;
	wall_t at;
};

/** A notice that the engine recorded. */
struct told {
	struct occ *occ;
	const char *unit, *step, *address, *role;
	wall_t due, at;
	enum channel channel;
	bool superior;
	bool held, held_by_guard, released; /* held: waits or waited */
	bool planned;
	unsigned accepted;
};

/** A report that somebody hands in, and asks about until it is answered. */
struct mail {
	unsigned number;
	const char *unit;
	char *uid, *rid; /* rid may be "" */
	wall_t received, visible, retry;
	bool zero, direct; /* direct: a client; else it lies in the mailbox */
	bool done, acked, gone;
	unsigned replays;
	char receipt[32]; /* of the commit */
	struct occ *occ;  /* NULL in the tray */
};

struct tray_entry {
	int64_t id;
	const char *unit;
	bool decided;
};

/** What a peer took. */
struct accepted {
	char *identity;
	int64_t message;
	wall_t at;
	bool lost;    /* its yes did not reach us */
	bool known;   /* our commit says SENT */
	unsigned era; /* crashes before it */
};

struct attempt {
	int64_t message;
	char *identity, *address;
	enum channel channel;
	wall_t ends; /* true time */
	bool accepts, taken, lost;
	struct reply reply;
	GPtrArray *told; /* struct told * of its items, borrowed */
	GArray *heard;   /* struct heard: what it says of deadlines */
};

/** The latest that an address heard of an item's deadline, by the number of the message. */
struct heard {
	struct occ *occ;
	const char *unit, *address;
	enum channel channel;
	wall_t due;
	bool settled; /* P12: taken back */
	int64_t message;
};

struct report {
	int64_t message;
	enum outcome outcome;
	dur_t retry_after;
	struct reply reply;
	struct accepted *accepted;
	GArray *heard; /* of the attempt */
};

enum done { DONE, FAILED, DIED_BEFORE, DIED_AFTER };

struct run {
	uint64_t seed;
	bool trace, faults;
	uint64_t hash;
	struct rng plan, life, fault;
	char *dir, *path;
	unsigned images;
	char violation[1024];
	/* duban */
	struct store *st;
	struct engine *e;
	struct clock_trust trust;
	bool trusted, doubt_told, fooled, intake_used, intake_up;
	wall_t true_now, start, end, wake, poke, outbox_wake, back_at, up_since, tick_at;
	dur_t skew;
	wall_t polled; /* committed */
	dur_t expiry;
	bool synced; /* the machine's clock is disciplined */
	bool idle;   /* nothing happened between the last tick and the one at hand */
	wall_t idle_since, idle_wake;
	bool changed; /* something was committed since the last tick */
	struct gen kept, files;
	struct gen_edit edit;
	bool file_edit; /* the files are newer than what is in force */
	wall_t first_loaded;
	/* the crash to come */
	int passes, crash_at, error_at;
	bool disk_full; /* nothing can be committed */
	bool dead, dead_after;
	char *image;
	unsigned crashes, seq;
	/* ledger */
	GPtrArray *occs, *mails, *tray, *told_list, *accepted;
	GHashTable *told, *held_at; /* char * -> struct told * */
	GHashTable *heard;          /* char * -> struct heard * */
	GHashTable *maybe;          /* char * -> attempts that may have said something of an item */
	GHashTable *moved;          /* corrections of moved deadlines since the last reload */
	GHashTable *identities;     /* message id -> char * */
	GHashTable *dead_peers;     /* address -> wall_t *, until when */
	GHashTable *paused;         /* "unit:u1", "tag:t0", "all" */
	GArray *attempts, *reports;
	GPtrArray *tick_rows;  /* char *, of the tick at hand */
	GHashTable *tick_told; /* of the tick at hand */
	struct told *lost;     /* what superiors took last, and we do not know it */
	bool quiet, full;      /* full: the last claim took as many as it asked for */
	/* figures */
	unsigned n_ticks, n_rows, n_accepted, n_duplicates, n_submitted, n_decided, n_reloads;
};

wall_t now_of(const struct run *r); /* what duban's clock says */
void note(struct run *r, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/** The first one counts; the life ends with it. */
void violate(struct run *r, const char *rule, const char *fmt, ...) G_GNUC_PRINTF(3, 4);
char *clock_text(const struct run *r, wall_t t); /* g_free */

/* ---- duban.c: start, crash, stop ---- */
int duban_start(struct run *r);
void duban_stop(struct run *r);
/** Arm a crash or a failing disk for the operation that follows. */
void fate_draw(struct run *r);
/** How it ended; a dead duban is put away and will be back. */
enum done fate_end(struct run *r, int rc);
static inline bool is_committed(enum done d)
{
	return d == DONE || d == DIED_AFTER;
}
/** A copy of the database as it is at this instant. */
char *duban_image(struct run *r);
void image_remove(const char *path);
bool duban_reload(struct run *r);

/* ---- model.c ---- */
struct occ *occ_get(struct run *r, const char *uid, const char *rid);
void occ_cut(struct run *r, const struct gen_edit *edit, const struct campaign *after);
void occ_drag(struct run *r, const struct gen_edit *edit, const struct campaign *before,
	      const struct campaign *after);
void view_of(struct run *r, struct occ *o, const char *unit, struct view *out);
struct rung_view rung_of(struct run *r, struct occ *o, wall_t due, const char *step, wall_t now);
bool guard_of(struct run *r, struct occ *o);
bool is_paused(struct run *r, const char *unit);
bool has_tray(struct run *r, const char *unit);
const struct ladder *model_ladder(struct run *r, uint32_t occurrence, wall_t due);
uint32_t occ_index(struct run *r, struct occ *o);
struct told *told_get(struct run *r, struct occ *o, const char *unit, wall_t due, const char *step,
		      enum channel channel, const char *address, bool make);
void fact_add(struct run *r, struct occ *o, const struct fact *f);
void released(struct run *r, struct occ *o, const char *unit, const char *step);

/* ---- acts.c: people and clients ---- */
void mail_hand_in(struct run *r, struct mail *m);
void intake_poll(struct run *r);
void people_decide(struct run *r);
void people_tray(struct run *r, bool all);
void people_resume(struct run *r);
struct mail *mail_random(struct run *r);
/** A report on something that is about to be sent. NULL if nothing is. */
struct mail *mail_crossing(struct run *r);
/** A report that was on time, stored after superiors took a message whose yes was lost. */
struct mail *mail_belated(struct run *r);

/* ---- tick.c ---- */
void duban_tick(struct run *r);

/* ---- post.c ---- */
void post_round(struct run *r);
void post_end(struct run *r); /* attempts whose end has come */
void post_crashed(struct run *r);
wall_t post_next(const struct run *r);
void attempt_clear(gpointer p);
void report_clear(gpointer p);

/* ---- heard.c: deadlines as people heard them, and edits ---- */
void heard_claim(struct run *r, struct attempt *a, const struct message *m,
		 const struct message_item *it);
void heard_take(struct run *r, const struct attempt *a);
/** One attempt more, or, refused, one less of which duban must assume that it was heard. */
void heard_maybe(struct run *r, const GArray *heard, int by);
void heard_row(struct run *r, const struct engine_row *row);

/* ---- verdict.c ---- */
void verdict(struct run *r);

/* ---- life.c ---- */
/** Live through @seed. True if nothing was violated; *hash_out is of all that happened. */
struct life_result {
	bool ok;
	uint64_t hash;
	char violation[1024];
	unsigned crashes, ticks, rows, accepted, duplicates, submitted, decided, reloads;
};
void life(uint64_t seed, const char *dir, bool trace, struct life_result *out);

#endif
