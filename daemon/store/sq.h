/*
 * sq.h - the SQLite side of the store, private to this room.
 *
 * Statements are prepared on first use and kept; a verb takes one with sq(), binds
 * by position, steps, and gives it back with sq_done().  A bind that fails is our
 * own bug and dies in must().
 */
#ifndef STORE_SQ_H
#define STORE_SQ_H

#include <sqlite3.h>
#include <sys/types.h>

#include "store.h"

/* Whether any address is known to be unreachable: asked once, since nearly always none is. */
enum unreachable { UNREACHABLE_UNASKED, UNREACHABLE_NONE, UNREACHABLE_SOME };

struct store {
	sqlite3 *db;
	GHashTable *statements; /* const char *sql (static) -> sqlite3_stmt * */
	GHashTable *twins;      /* statements made because theirs was in use */
	bool memory;
	int lock; /* descriptor that keeps other daemons out; -1 = none */
	char *path, *log_path;
	ino_t log_inode; /* 0 = not known */
	bool interned;   /* a dictionary row was made in this transaction */
	enum unreachable unreachable;
	unsigned rollbacks; /* of whole transactions */
	unsigned generation;
	int wal_pages;  /* in the log after the last commit */
	int wal_copied; /* of them, into the database */
	int unread;     /* -errno of a read that failed since it was last looked at; 0 */
	int checkpoint_pages;
	bool broken; /* a sync has failed: nothing more is written (disk.c) */
	int trouble; /* -errno that no verb has returned, its words; 0 = none */
	struct err trouble_err;
	char mode[128];
};

/** The prepared statement of a static SQL text; NULL with words when it cannot be prepared. */
sqlite3_stmt *sq(struct store *st, const char *sql);

void sq_int(sqlite3_stmt *q, int at, int64_t v);
void sq_text(sqlite3_stmt *q, int at,
	     const char *v); /**< NULL binds NULL; borrowed until sq_done */
void sq_blob(sqlite3_stmt *q, int at, const void *v, size_t size);
void sq_null(sqlite3_stmt *q, int at);

/** Column as text, never NULL. */
const char *sq_str(sqlite3_stmt *q, int column);

/** One step that must not yield a row: 0 or -errno. Gives the statement back. */
int sq_run(struct store *st, sqlite3_stmt *q, struct err *err);
/** Give a statement back; @rc is the last step's result. 0 or -errno. */
int sq_done(struct store *st, sqlite3_stmt *q, int rc, struct err *err);
/** -ENOSPC, -EIO, -EROFS ... of a SQLite result code, with its words. */
int sq_error(struct store *st, int rc, const char *what, struct err *err);
/** From the log into the database, when the log has grown (disk.c). Its failure is trouble. */
void sq_checkpoint(struct store *st);
/** Whatever a start finds, made sure of: the whole log, and the file's entry in its directory. */
int sq_settle(struct store *st, const char *path, struct err *err);
/** Makes the entry of @path in its directory durable. 0 or -errno with words. */
int sq_sync_directory(const char *path, struct err *err);
/** Remember which file the log is, for sq_at_home(). */
void sq_move_in(struct store *st);
/** 0, or -EIO with words: database or log were deleted or replaced under our feet. */
int sq_at_home(struct store *st, struct err *err);
/** Count the log's pages from now on. */
void sq_watch_log(struct store *st);

/** One integer of a query whose parameters are bound; @fallback when there is no row. */
int64_t sq_value(struct store *st, sqlite3_stmt *q, int64_t fallback);

#endif
