/*
 * vfs.c - SQLite's files on the disk of disk.h, with the habits of its unix VFS: a log or a
 * journal that was made is synced together with its directory.
 *
 * One connection a file at a time: locks always succeed, the log's index is plain memory.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sqlite3.h>

#include "daemon/core/err.h"
#include "disk_private.h"

struct handle {
	sqlite3_file base; /* first */
	struct inode *inode;
	char *name;
	bool made;      /* its name is not synced yet, and a sync must do so */
	bool to_go;     /* removed when closed */
	GPtrArray *shm; /* regions of the log's index; NULL until one is wanted */
};

static struct handle *handle_of(sqlite3_file *f)
{
	return (struct handle *)f;
}

static int on_close(sqlite3_file *f)
{
	struct handle *h = handle_of(f);

	if (h->to_go)
		disk_remove(h->name);
	disk_release(h->inode);
	g_clear_pointer(&h->shm, g_ptr_array_unref);
	g_free(h->name);
	return SQLITE_OK;
}

static int on_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	struct handle *h = handle_of(f);
	guint len = h->inode->bytes->len, have = 0;
	int rc = disk_ask(DISK_READ, h->name);

	if (rc != 0)
		return rc;
	if ((guint64)at < len)
		have = MIN((guint)n, len - (guint)at);
	if (have > 0)
		memcpy(to, h->inode->bytes->data + at, have);
	memset((char *)to + have, 0, (size_t)n - have);
	return have == (guint)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct handle *h = handle_of(f);
	GByteArray *b = h->inode->bytes;
	guint len = b->len;
	int rc = disk_ask(DISK_WRITE, h->name);

	if (rc == SQLITE_FULL)
		n /= 2;
	else if (rc != 0)
		return rc;
	if ((guint64)at + (guint)n > len) {
		g_byte_array_set_size(b, (guint)at + (guint)n);
		if ((guint64)at > len)
			memset(b->data + len, 0, (guint)at - len);
	}
	memcpy(b->data + at, from, (size_t)n);
	return rc;
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct handle *h = handle_of(f);
	int rc = disk_ask(DISK_TRUNCATE, h->name);

	if (rc == 0 && (guint64)size < h->inode->bytes->len)
		g_byte_array_set_size(h->inode->bytes, (guint)size);
	return rc;
}

static int on_sync(sqlite3_file *f, int flags)
{
	struct handle *h = handle_of(f);
	int rc = disk_ask(DISK_SYNC, h->name);

	(void)flags;
	if (rc != 0)
		return rc == SQLITE_FULL ? SQLITE_IOERR_FSYNC : rc;
	disk_sync(h->inode);
	if (h->made)
		disk_sync_names();
	h->made = false;
	return SQLITE_OK;
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
	*size = handle_of(f)->inode->bytes->len;
	return SQLITE_OK;
}

static int on_lock(sqlite3_file *f, int level)
{
	(void)f;
	(void)level;
	return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *f, int *reserved)
{
	(void)f;
	*reserved = 0;
	return SQLITE_OK;
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
	(void)f;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int on_sector_size(sqlite3_file *f)
{
	(void)f;
	return 512;
}

/* What the unix VFS says of an ordinary file system. */
static int on_characteristics(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
	struct handle *h = handle_of(f);

	if (h->shm == NULL)
		h->shm = g_ptr_array_new_with_free_func(g_free);
	while ((int)h->shm->len <= region && extend)
		g_ptr_array_add(h->shm, g_malloc0((gsize)size));
	*out = (int)h->shm->len > region ? g_ptr_array_index(h->shm, (guint)region) : NULL;
	return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	(void)f;
	(void)at;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *f)
{
	(void)f;
}

static int on_shm_unmap(sqlite3_file *f, int remove)
{
	(void)remove;
	g_clear_pointer(&handle_of(f)->shm, g_ptr_array_unref);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_lock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	static unsigned unnamed;
	struct handle *h = handle_of(f);
	int rc;

	(void)v;
	memset(h, 0, sizeof(*h));
	h->name = name == NULL ? g_strdup_printf("temporary-%u", unnamed++) : g_strdup(name);
	rc = disk_ask(DISK_OPEN, h->name);
	h->inode = disk_find(h->name);
	if (rc == 0 && h->inode == NULL && (flags & SQLITE_OPEN_CREATE) == 0)
		/* A backup's file was made by mkstemp, which knows nothing of us. */
		rc = access(h->name, F_OK) == 0 ? 0 : SQLITE_CANTOPEN;
	if (rc != 0) {
		g_free(h->name);
		return rc;
	}
	if (h->inode == NULL) {
		h->inode = disk_make(h->name);
		h->made = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
	}
	disk_hold(h->inode);
	h->to_go = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	h->base.pMethods = &methods;
	if (out != NULL)
		*out = flags;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *v, const char *name, int sync)
{
	int rc = disk_ask(DISK_NAME, name);

	(void)v;
	if (rc != 0)
		return rc == SQLITE_FULL ? SQLITE_IOERR_DELETE : rc;
	disk_remove(name);
	if (sync)
		disk_sync_names();
	return SQLITE_OK;
}

static int on_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	const struct inode *i = disk_find(name);

	(void)v;
	*out = i != NULL && (flags != SQLITE_ACCESS_EXISTS || i->bytes->len > 0);
	return SQLITE_OK;
}

void disk_register(void)
{
	static sqlite3_vfs vfs;

	vfs = *sqlite3_vfs_find(NULL); /* clock and chance are the system's */
	vfs.szOsFile = sizeof(struct handle);
	vfs.zName = "disk";
	vfs.pNext = NULL;
	vfs.xOpen = on_open;
	vfs.xDelete = on_delete;
	vfs.xAccess = on_access;
	must(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
