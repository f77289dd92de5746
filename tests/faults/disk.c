/*
 * disk.c - inodes, names, and what a cut leaves of them.
 *
 *   names: name -> inode, twice: as they are, and as the directory was last synced
 *   inode: its bytes, twice: as they are, and as they were last synced
 */
#include "disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sqlite3.h>

#include "daemon/core/err.h"
#include "disk_private.h"

#define SECTOR 512

struct disk {
	GHashTable *names, *safe_names; /* char * -> struct inode * */
};

static struct disk *mounted;
static disk_op_fn *on_op;
static void *on_op_arg;
static bool lying, quiet;

static void inode_clear(gpointer p)
{
	struct inode *i = p;

	g_byte_array_unref(i->bytes);
	g_byte_array_unref(i->safe);
}

static void inode_unref(gpointer p)
{
	g_rc_box_release_full(p, inode_clear);
}

static struct inode *inode_new(void)
{
	struct inode *i = g_rc_box_new0(struct inode);

	i->bytes = g_byte_array_new();
	i->safe = g_byte_array_new();
	return i;
}

static void copy_bytes(GByteArray *to, const GByteArray *from)
{
	g_byte_array_set_size(to, from->len);
	if (from->len > 0)
		memcpy(to->data, from->data, from->len);
}

static GHashTable *names_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, inode_unref);
}

struct disk *disk_new(void)
{
	struct disk *d = g_new0(struct disk, 1);

	d->names = names_new();
	d->safe_names = names_new();
	return d;
}

void disk_free(struct disk **dp)
{
	struct disk *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	if (mounted == d)
		mounted = NULL;
	g_hash_table_unref(d->names);
	g_hash_table_unref(d->safe_names);
	g_free(d);
}

/* Names of one inode, here and among the safe ones, go on being names of one. */
static void copy_names(GHashTable *to, GHashTable *from, GHashTable *copies)
{
	GHashTableIter it;
	gpointer name, inode;

	g_hash_table_iter_init(&it, from);
	while (g_hash_table_iter_next(&it, &name, &inode)) {
		const struct inode *old = inode;
		struct inode *new = g_hash_table_lookup(copies, old);

		if (new == NULL) {
			new = inode_new();
			copy_bytes(new->bytes, old->bytes);
			copy_bytes(new->safe, old->safe);
			g_hash_table_insert(copies, inode, new);
		}
		g_hash_table_insert(to, g_strdup(name), g_rc_box_acquire(new));
	}
}

struct disk *disk_copy(const struct disk *d)
{
	g_autoptr(GHashTable) copies = g_hash_table_new_full(NULL, NULL, NULL, inode_unref);
	struct disk *to = disk_new();

	copy_names(to->names, d->names, copies);
	copy_names(to->safe_names, d->safe_names, copies);
	return to;
}

void disk_mount(struct disk *d)
{
	mounted = d;
}

void disk_lie(bool lie)
{
	lying = lie;
}

void disk_on_op(disk_op_fn *fn, void *arg)
{
	on_op = fn;
	on_op_arg = arg;
}

void disk_quiet(bool q)
{
	quiet = q;
}

bool disk_has(const char *name)
{
	return g_hash_table_contains(mounted->names, name);
}

/* ---- what the VFS does with it ---- */

int disk_ask(enum disk_op op, const char *name)
{
	return on_op == NULL || quiet ? 0 : on_op(on_op_arg, op, name);
}

struct inode *disk_find(const char *name)
{
	return g_hash_table_lookup(mounted->names, name);
}

struct inode *disk_make(const char *name)
{
	struct inode *i = inode_new();

	g_hash_table_insert(mounted->names, g_strdup(name), i);
	return i;
}

void disk_remove(const char *name)
{
	(void)g_hash_table_remove(mounted->names, name);
}

void disk_hold(struct inode *i)
{
	(void)g_rc_box_acquire(i);
}

void disk_release(struct inode *i)
{
	inode_unref(i);
}

void disk_sync(struct inode *i)
{
	if (!lying)
		copy_bytes(i->safe, i->bytes);
}

/* All our files lie in one directory. */
void disk_sync_names(void)
{
	GHashTableIter it;
	gpointer name, inode;

	if (lying)
		return;
	g_hash_table_remove_all(mounted->safe_names);
	g_hash_table_iter_init(&it, mounted->names);
	while (g_hash_table_iter_next(&it, &name, &inode))
		g_hash_table_insert(mounted->safe_names, g_strdup(name), g_rc_box_acquire(inode));
}

/* ---- the cut ---- */

static void sector(guint8 *to, const guint8 *safe, guint n, GRand *rng, bool noise)
{
	int luck = g_rand_int_range(rng, 0, 100);

	if (memcmp(to, safe, n) == 0)
		return;
	if (luck < 45)
		memcpy(to, safe, n);
	/* Power-safe overwrite is what SQLite believes of unix files: other bytes stay. */
	else if (noise && luck < 65)
		for (guint i = 0; i < n; i++)
			if (to[i] != safe[i])
				to[i] = (guint8)g_rand_int(rng);
}

static void cut_bytes(struct inode *i, GRand *rng, bool noise)
{
	guint old = i->safe->len, new = i->bytes->len, size = new;
	int luck = g_rand_int_range(rng, 0, 3);

	if (old != new &&luck == 0)
		size = old;
	else if (old < new &&luck == 1)
		size = old + (guint)g_rand_int_range(rng, 0, (gint32)(new - old));
	/* What was never written reads as zeros; what was cut off and came back, as it was. */
	g_byte_array_set_size(i->bytes, MAX(size, MAX(old, new)));
	if (old > new)
		memcpy(i->bytes->data + new, i->safe->data + new, old - new);
	g_byte_array_set_size(i->bytes, size);
	g_byte_array_set_size(i->safe, size);
	if (size > old)
		memset(i->safe->data + old, 0, size - old);
	for (guint at = 0; at < size; at += SECTOR)
		sector(i->bytes->data + at, i->safe->data + at, MIN(SECTOR, size - at), rng, noise);
	copy_bytes(i->safe, i->bytes);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *all_names(const struct disk *d)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTable *tables[] = {d->names, d->safe_names};

	for (int k = 0; k < 2; k++) {
		GHashTableIter it;
		gpointer name;

		g_hash_table_iter_init(&it, tables[k]);
		while (g_hash_table_iter_next(&it, &name, NULL))
			if (k == 0 || !g_hash_table_contains(d->names, name))
				g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, by_name); /* one seed, one cut */
	return names;
}

void disk_cut(struct disk *d, GRand *rng, bool noise)
{
	g_autoptr(GPtrArray) names = all_names(d);
	g_autoptr(GHashTable) cut = g_hash_table_new(NULL, NULL);
	GHashTable *left = names_new();

	for (guint k = 0; k < names->len; k++) {
		const char *name = g_ptr_array_index(names, k);
		struct inode *now = g_hash_table_lookup(d->names, name);
		struct inode *safe = g_hash_table_lookup(d->safe_names, name);
		struct inode *i = now == safe || g_rand_boolean(rng) ? now : safe;

		if (i == NULL)
			continue;
		if (g_hash_table_add(cut, i))
			cut_bytes(i, rng, noise);
		g_hash_table_insert(left, g_strdup(name), g_rc_box_acquire(i));
	}
	g_hash_table_unref(d->names);
	g_hash_table_unref(d->safe_names);
	d->names = left;
	d->safe_names = names_new();
	mounted = d;
	lying = false;
	disk_sync_names();
}

/* ---- what the store does without SQLite ---- */

static int fail(int code)
{
	if (code == 0)
		return 0;
	errno = code == SQLITE_FULL ? ENOSPC : EIO;
	return -1;
}

int fsync(int fd)
{
	g_autofree char *proc = g_strdup_printf("/proc/self/fd/%d", fd);
	char path[4096] = "";
	struct stat s;
	struct inode *i;

	must(mounted != NULL && fstat(fd, &s) == 0);
	must(readlink(proc, path, sizeof(path) - 1) > 0);
	if (fail(disk_ask(DISK_SYNC, path)) != 0)
		return -1;
	i = disk_find(path);
	if (S_ISDIR(s.st_mode))
		disk_sync_names();
	else if (i != NULL)
		disk_sync(i);
	return 0;
}

int link(const char *from, const char *to)
{
	struct inode *i = disk_find(from);

	must(i != NULL);
	if (disk_find(to) != NULL) {
		errno = EEXIST;
		return -1;
	}
	if (fail(disk_ask(DISK_NAME, to)) != 0)
		return -1;
	g_hash_table_insert(mounted->names, g_strdup(to), g_rc_box_acquire(i));
	return 0;
}

int unlink(const char *name)
{
	if (mounted != NULL)
		disk_remove(name);
	return (int)syscall(SYS_unlink, name); /* mkstemp has made one that is empty */
}
