/*
 * sq.c - small helpers around SQLite that every file of this room uses.
 */
#include "sq.h"

#include <errno.h>
#include <string.h>

#include "failpoint.h"

int sq_error(struct store *st, int rc, const char *what, struct err *err)
{
	const char *words = sqlite3_errmsg(st->db);

	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
		st->broken = true;
		return err_set(err, -ENOTRECOVERABLE, "%s: the disk failed to sync", what);
	}
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return err_set(err, -ENOSPC, "%s: the disk is full", what);
	case SQLITE_READONLY:
		return err_set(err, -EROFS, "%s: the database is read-only", what);
	case SQLITE_CONSTRAINT:
		return err_set(err, -EEXIST, "%s: %s", what, words);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(err, -EUCLEAN, "%s: %s", what, words);
	default:
		return err_set(err, -EIO, "%s: %s", what, words);
	}
}

sqlite3_stmt *sq(struct store *st, const char *sql)
{
	sqlite3_stmt *q = g_hash_table_lookup(st->statements, sql);

	if (q != NULL && !sqlite3_stmt_busy(q))
		return q;
	/* A statement in use by a caller further up gets a twin that lives for one use. */
	if (sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
		g_error("store: cannot prepare \"%s\": %s", sql, sqlite3_errmsg(st->db));
	if (g_hash_table_contains(st->statements, sql))
		g_hash_table_add(st->twins, q);
	else
		g_hash_table_insert(st->statements, (gpointer)sql, q);
	return q;
}

void sq_int(sqlite3_stmt *q, int at, int64_t v)
{
	must(sqlite3_bind_int64(q, at, v) == SQLITE_OK);
}

void sq_null(sqlite3_stmt *q, int at)
{
	must(sqlite3_bind_null(q, at) == SQLITE_OK);
}

void sq_text(sqlite3_stmt *q, int at, const char *v)
{
	must(sqlite3_bind_text(q, at, v, -1, SQLITE_STATIC) == SQLITE_OK);
}

void sq_blob(sqlite3_stmt *q, int at, const void *v, size_t size)
{
	must(sqlite3_bind_blob64(q, at, size == 0 ? "" : v, size, SQLITE_STATIC) == SQLITE_OK);
}

const char *sq_str(sqlite3_stmt *q, int column)
{
	const char *s = (const char *)sqlite3_column_text(q, column);

	return s == NULL ? "" : s;
}

int sq_done(struct store *st, sqlite3_stmt *q, int rc, struct err *err)
{
	int code = 0;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW && rc != SQLITE_OK)
		code = sq_error(st, rc, "store", err);
	/* COMMIT and its like only read, too, and yield no rows. */
	if (code < 0 && sqlite3_stmt_readonly(q) && sqlite3_column_count(q) > 0)
		st->unread = code;
	(void)sqlite3_reset(q); /* repeats rc; the step has already told us */
	(void)sqlite3_clear_bindings(q);
	if (g_hash_table_size(st->twins) > 0 && g_hash_table_remove(st->twins, q))
		(void)sqlite3_finalize(q);
	return code;
}

int sq_run(struct store *st, sqlite3_stmt *q, struct err *err)
{
	int rc = failpoint("write") < 0 ? SQLITE_IOERR : sqlite3_step(q);

	must(rc != SQLITE_ROW);
	return sq_done(st, q, rc, err);
}

int64_t sq_value(struct store *st, sqlite3_stmt *q, int64_t fallback)
{
	int rc = sqlite3_step(q);
	int64_t v = fallback;

	if (rc == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
		v = sqlite3_column_int64(q, 0);
	(void)sq_done(st, q, rc, NULL);
	return v;
}
