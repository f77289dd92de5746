/*
 * store.c - opening the file, its schema, transactions, backup.
 *
 * It never creates a fresh database over something that is not ours, and refuses
 * what a newer duban wrote: an office must not find its season's history gone.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "failpoint.h"
#include "schema.inc"
#include "sq.h"

#define STORE_APPLICATION_ID 0x64756261 /* "duba" */
#define STORE_BUSY_MS 5000
#define STORE_CHECKPOINT_PAGES 2000 /* of 4 KiB: a burst checkpoints less often than by default */

static int pragma_must_be(struct store *st, const char *set, const char *get, const char *want,
			  struct err *err)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_exec(st->db, set, NULL, NULL, NULL);
	bool same = false;

	if (rc != SQLITE_OK)
		return sq_error(st, rc, set, err);
	if (sqlite3_prepare_v2(st->db, get, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		same = g_ascii_strcasecmp(sq_str(q, 0), want) == 0;
	(void)sqlite3_finalize(q);
	if (!same)
		return err_set(err, -EIO, "%s was not accepted (this file system cannot keep it?)",
			       set);
	return 0;
}

static int set_pragmas(struct store *st, struct err *err)
{
	int rc;

	(void)sqlite3_busy_timeout(st->db, STORE_BUSY_MS);
	(void)sqlite3_db_config(st->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* What a savepoint may have to undo needs no file. */
	(void)sqlite3_exec(st->db, "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
	(void)sqlite3_db_config(st->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	rc = pragma_must_be(st, "PRAGMA journal_mode=WAL", "PRAGMA journal_mode",
			    st->memory ? "memory" : "wal", err);
	if (rc == 0)
		rc = pragma_must_be(st, "PRAGMA synchronous=FULL", "PRAGMA synchronous", "2", err);
	if (rc == 0)
		rc = pragma_must_be(st, "PRAGMA foreign_keys=ON", "PRAGMA foreign_keys", "1", err);
	if (rc == 0)
		rc = pragma_must_be(st, "PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", "1",
				    err);
	return rc;
}

static int64_t pragma_value(struct store *st, const char *sql, int64_t fallback)
{
	sqlite3_stmt *q = NULL;
	int64_t v = fallback;

	if (sqlite3_prepare_v2(st->db, sql, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		v = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	return v;
}

/* Is the file ours, and not from the future?  An empty one becomes ours. */
static int check_owner(struct store *st, int64_t *version_out, struct err *err)
{
	int64_t owner = pragma_value(st, "PRAGMA application_id", -1);
	int64_t version = pragma_value(st, "PRAGMA user_version", -1);
	int64_t tables = pragma_value(st, "SELECT count(*) FROM sqlite_master", -1);

	if (owner < 0 || version < 0 || tables < 0)
		return sq_error(st, sqlite3_errcode(st->db), "no SQLite database can be read", err);
	if (tables == 0 && owner == 0 && version == 0) {
		*version_out = 0;
		return 0;
	}
	if (owner != STORE_APPLICATION_ID)
		return err_set(err, -EPROTO,
			       "this database belongs to another program; "
			       "give duban a path of its own");
	if (version > (int64_t)G_N_ELEMENTS(schema_steps))
		return err_set(err, -EOVERFLOW,
			       "written by a newer duban (schema %" G_GINT64_FORMAT
			       ", this program knows %zu): install that version again",
			       version, G_N_ELEMENTS(schema_steps));
	*version_out = version;
	return 0;
}

/* Each step is one transaction: a kill leaves the old schema or the new one. */
static int migrate(struct store *st, int64_t version, struct err *err)
{
	for (size_t i = (size_t)version; i < G_N_ELEMENTS(schema_steps); i++) {
		g_autofree char *stamp =
			g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%zu",
					STORE_APPLICATION_ID, i + 1);
		int rc = sqlite3_exec(st->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

		if (rc == SQLITE_OK)
			rc = sqlite3_exec(st->db, schema_steps[i], NULL, NULL, NULL);
		if (rc == SQLITE_OK && failpoint("migrate") < 0)
			rc = SQLITE_IOERR;
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(st->db, stamp, NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(st->db, "COMMIT", NULL, NULL, NULL);
		if (rc != SQLITE_OK) {
			int code = sq_error(st, rc, "schema", err);

			(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
			return code;
		}
	}
	return 0;
}

/* One daemon a database: a second would take the first one's leases for its own crash. The lock
 * lives with the descriptor, so a kill frees it; SQLite's own locks are of another kind. */
static int lock(struct store *st, const char *path, struct err *err)
{
	if (st->memory)
		return 0;
	st->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (st->lock < 0)
		return err_set(err, -errno, "%s", g_strerror(errno));
	if (flock(st->lock, LOCK_EX | LOCK_NB) != 0)
		return err_set(err, -EADDRINUSE, "另一个 duband 正在使用这个数据库");
	return 0;
}

static int open_checked(struct store *st, const char *path, struct err *err)
{
	int64_t version = 0;
	int rc = lock(st, path, err);

	if (rc < 0)
		return rc;
	rc = sqlite3_open_v2(path, &st->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			     NULL);

	if (rc != SQLITE_OK)
		return sq_error(st, rc, path, err);
	(void)sqlite3_extended_result_codes(st->db, 1);
	rc = check_owner(st, &version, err);
	if (rc == 0)
		rc = set_pragmas(st, err);
	if (rc == 0)
		sq_watch_log(st);
	if (rc == 0)
		rc = migrate(st, version, err);
	if (rc == 0)
		rc = sq_settle(st, path, err);
	if (rc == 0)
		sq_move_in(st);
	return rc;
}

/* SQLite would take a directory entry of any kind; we take regular files only. */
static int check_path(const char *path, struct err *err)
{
	struct stat s;

	if (stat(path, &s) != 0)
		return errno == ENOENT ? 0
				       : err_set(err, -errno, "%s: %s", path, g_strerror(errno));
	if (!S_ISREG(s.st_mode))
		return err_set(err, -EPROTO, "%s is no regular file", path);
	if (s.st_size > 0 && s.st_size < 512)
		return err_set(err, -EUCLEAN,
			       "%s is no SQLite database (only %lld bytes); nothing was changed",
			       path, (long long)s.st_size);
	return 0;
}

int store_open(const char *path, struct store **out, struct err *err)
{
	struct store *st;
	int rc;

	must(path != NULL && out != NULL);
	rc = strcmp(path, STORE_MEMORY) == 0 ? 0 : check_path(path, err);
	if (rc < 0)
		return rc;
	/* Statistics of memory cost a lock for each piece of it. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* refused, and no loss, once it runs */
	st = g_new0(struct store, 1);
	st->lock = -1;
	st->path = g_strdup(path);
	st->checkpoint_pages = STORE_CHECKPOINT_PAGES;
	st->memory = strcmp(path, STORE_MEMORY) == 0;
	st->statements = g_hash_table_new(g_direct_hash, g_direct_equal);
	st->twins = g_hash_table_new(g_direct_hash, g_direct_equal);
	rc = open_checked(st, path, err);
	if (rc < 0) {
		(void)err_prefix(err, rc, "%s", path);
		store_close(&st);
		return rc;
	}
	(void)g_snprintf(st->mode, sizeof(st->mode), "%s, synchronous=FULL, SQLite %s, one writer",
			 st->memory ? "memory" : "WAL", sqlite3_libversion());
	*out = st;
	return 0;
}

void store_close(struct store **stp)
{
	struct store *st = *stp;
	GHashTableIter it;
	gpointer q;

	if (st == NULL)
		return;
	*stp = NULL;
	g_hash_table_iter_init(&it, st->statements);
	while (g_hash_table_iter_next(&it, NULL, &q))
		(void)sqlite3_finalize(q);
	g_hash_table_unref(st->statements);
	g_hash_table_unref(st->twins);
	if (st->broken) /* the next start does it, of what it can read then */
		(void)sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_close(st->db);
	if (st->lock >= 0)
		(void)close(st->lock);
	g_free(st->path);
	g_free(st->log_path);
	g_free(st);
}

const char *store_mode(const struct store *st)
{
	return st->mode;
}

int store_begin(struct store *st, struct err *err)
{
	must(sqlite3_get_autocommit(st->db));
	if (st->broken)
		return err_set(err, -ENOTRECOVERABLE, "store: the disk failed to sync before");
	(void)store_reads_failed(st, NULL); /* of before, nobody's any more */
	if (failpoint("begin") < 0)
		return err_set(err, -EIO, "store: failpoint");
	return sq_run(st, sq(st, "BEGIN IMMEDIATE"), err);
}

static void forget_interned(struct store *st)
{
	st->generation += st->interned;
	st->interned = false;
	st->unreachable = UNREACHABLE_UNASKED;
	st->rollbacks++;
}

int store_commit(struct store *st, struct err *err)
{
	int rc;

	if (!store_in_transaction(st)) {
		forget_interned(st);
		return err_set(err, -EIO, "store: the transaction was rolled back");
	}
	rc = store_reads_failed(st, err);
	if (rc < 0) {
		store_rollback(st);
		return rc;
	}
	rc = failpoint("commit");
	rc = rc < 0 ? err_set(err, rc, "store: failpoint") : sq_at_home(st, err);
	if (rc == 0)
		rc = sq_run(st, sq(st, "COMMIT"), err);
	if (rc < 0)
		store_rollback(st);
	else
		st->interned = false;
	(void)failpoint("committed"); /* what is durable cannot fail any more, only be cut off */
	if (rc == 0)
		sq_checkpoint(st);
	return rc;
}

int store_reads_failed(struct store *st, struct err *err)
{
	int rc = st->unread;

	if (rc == 0)
		return 0;
	/* What was remembered of it may lack rows. */
	st->unread = 0;
	st->rollbacks++;
	st->generation++;
	return err_set(err, rc, "数据库读取失败：%s", g_strerror(-rc));
}

void store_rest(struct store *st)
{
	(void)sqlite3_db_release_memory(st->db);
}

void store_rollback(struct store *st)
{
	forget_interned(st);
	if (store_in_transaction(st))
		(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL,
				   NULL); /* nothing else is left to do */
}

bool store_in_transaction(const struct store *st)
{
	return !sqlite3_get_autocommit(st->db);
}

unsigned store_rollbacks(const struct store *st)
{
	return st->rollbacks;
}

unsigned store_generation(const struct store *st)
{
	return st->generation;
}

int store_savepoint(struct store *st, struct err *err)
{
	return sq_run(st, sq(st, "SAVEPOINT part"), err);
}

int store_release(struct store *st, bool keep, struct err *err)
{
	int rc = 0;

	if (!keep)
		forget_interned(st);
	if (!store_in_transaction(st)) /* a full disk has rolled everything back already */
		return err_set(err, -EIO, "store: the transaction was rolled back");
	if (!keep)
		rc = sq_run(st, sq(st, "ROLLBACK TO part"), err);
	if (rc == 0)
		rc = sq_run(st, sq(st, "RELEASE part"), err);
	return rc;
}

static int copy_to(struct store *st, const char *path, struct err *err)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b;
	int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK) {
		b = sqlite3_backup_init(to, "main", st->db, "main");
		rc = b == NULL ? sqlite3_errcode(to) : sqlite3_backup_step(b, -1);
		if (b != NULL)
			rc = sqlite3_backup_finish(b);
	}
	if (rc != SQLITE_OK)
		rc = (rc & 0xff) == SQLITE_FULL
			     ? err_set(err, -ENOSPC, "%s: 磁盘已满", path)
			     : err_set(err, -EIO, "%s: %s", path, sqlite3_errmsg(to));
	(void)sqlite3_close(to);
	return rc;
}

/* Copied under a name of its own and linked when whole: nothing that lies there is touched, and
 * what failed leaves nothing behind. */
int store_backup(struct store *st, const char *path, struct err *err)
{
	g_autofree char *part = g_strdup_printf("%s.XXXXXX", path);
	int fd, rc;

	if (g_str_has_suffix(path, "-wal") || g_str_has_suffix(path, "-shm") ||
	    g_str_has_suffix(path, "-journal"))
		return err_set(err, -EINVAL, "%s: SQLite 自己要用这样的文件名，请换一个", path);
	fd = g_mkstemp_full(part, O_RDWR | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, g_strerror(errno));
	rc = copy_to(st, part, err);
	if (rc == 0 && fsync(fd) != 0)
		rc = err_set(err, -errno, "%s: %s", path, g_strerror(errno));
	(void)failpoint("backup");
	if (rc == 0 && link(part, path) != 0)
		rc = errno == EEXIST
			     ? err_set(err, -EEXIST, "%s 已经存在；备份从不覆盖任何文件", path)
			     : err_set(err, -errno, "%s: %s", path, g_strerror(errno));
	if (rc == 0)
		rc = sq_sync_directory(path, err);
	(void)failpoint("backed-up");
	(void)unlink(part);
	(void)close(fd);
	return rc;
}
