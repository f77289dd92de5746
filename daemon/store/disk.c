/*
 * disk.c - what must be on the disk before anybody is told so.
 *
 * A commit is durable by its own sync of the log.  Here is the rest: the log's way into
 * the database (a checkpoint), the directory that names the files, and the rule for a
 * disk that fails to sync.
 *
 * After a sync that failed the kernel may hold as clean what never reached the disk, and
 * a later sync would say yes to nothing.  So nothing is written from then on, the daemon
 * ends (70), and the next start copies the whole log into the database and syncs that
 * before it serves: whatever it reads is written anew.
 *
 * A file that somebody deletes or replaces goes on taking what we write, and all of it is gone
 * when we end.  So every commit looks whether the names still stand for the files that are open;
 * if not, nothing is promised, while what there is can be read, and saved by a backup.
 *
 * SQLite would checkpoint by itself within a commit, and keep a failure to itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "failpoint.h"
#include "sq.h"

#define SQ_PAGE 4096 /* bytes; SQLite's own default, which nobody changes here */

static int on_log(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *st = arg;

	(void)db;
	(void)name;
	if (pages < st->wal_pages) /* begun anew: all of it had been copied */
		st->wal_copied = 0;
	st->wal_pages = pages;
	return SQLITE_OK;
}

void sq_watch_log(struct store *st)
{
	(void)sqlite3_wal_hook(st->db, on_log, st);
}

static int checkpoint(struct store *st, int mode, struct err *err)
{
	int rc = SQLITE_OK, pages = -1, copied = -1;

	if (failpoint("checkpoint") < 0)
		rc = SQLITE_IOERR;
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_checkpoint_v2(st->db, NULL, mode, &pages, &copied);
	if (pages >= 0 && copied >= 0) {
		st->wal_pages = pages;
		st->wal_copied = copied;
	}
	/* Somebody reads the file from outside: the rest is copied next time. */
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
		return sq_error(st, rc, "checkpoint", err);
	(void)failpoint("checkpointed");
	return 0;
}

void sq_checkpoint(struct store *st)
{
	if (st->memory || st->wal_pages < st->checkpoint_pages)
		return;
	st->trouble = checkpoint(st, SQLITE_CHECKPOINT_PASSIVE, &st->trouble_err);
}

int64_t store_log_left(const struct store *st)
{
	return (int64_t)MAX(st->wal_pages - st->wal_copied, 0) * SQ_PAGE;
}

int store_trouble(struct store *st, struct err *err)
{
	int rc = st->trouble;

	if (rc < 0) {
		*err = st->trouble_err;
		st->trouble = 0;
	}
	return rc;
}

int sq_sync_directory(const char *path, struct err *err)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : 0;

	if (rc == 0 && fsync(fd) != 0 && errno != EINVAL) /* there are such file systems */
		rc = -errno;
	if (fd >= 0)
		(void)close(fd);
	return rc < 0 ? err_set(err, rc, "%s: %s", dir, g_strerror(-rc)) : 0;
}

int sq_settle(struct store *st, const char *path, struct err *err)
{
	int rc;

	if (st->memory)
		return 0;
	rc = checkpoint(st, SQLITE_CHECKPOINT_TRUNCATE, err);
	if (rc == -ENOSPC) { /* the log is whole and stays in use; questions can be answered */
		st->trouble = rc;
		st->trouble_err = *err;
		rc = 0;
	}
	return rc < 0 ? rc : sq_sync_directory(path, err);
}

void sq_move_in(struct store *st)
{
	struct stat log;

	if (st->memory)
		return;
	/* SQLite's own name for it: a symbolic link has been followed. */
	st->log_path = g_strdup(sqlite3_filename_wal(sqlite3_db_filename(st->db, "main")));
	if (stat(st->log_path, &log) == 0)
		st->log_inode = log.st_ino;
}

int sq_at_home(struct store *st, struct err *err)
{
	struct stat own, there, log;

	if (st->memory)
		return 0;
	if (fstat(st->lock, &own) == 0 && stat(st->path, &there) == 0 &&
	    own.st_ino == there.st_ino && own.st_dev == there.st_dev &&
	    (st->log_inode == 0 || (stat(st->log_path, &log) == 0 && log.st_ino == st->log_inode)))
		return 0;
	return err_set(err, -EIO,
		       "%s 或它的 -wal 被删除或换掉了，现在写入会丢失，不再登记；"
		       "请先用 dubanctl backup 另存数据，再停下 duband，把备份放回原处",
		       st->path);
}
