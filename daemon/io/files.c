/*
 * files.c - reading a campaign directory, writing a file whole.
 *
 * Files are opened below the directory's descriptor with openat2(RESOLVE_BENEATH):
 * the kernel itself refuses a link that leads out of the tree, also one that is
 * swapped in while we look.  Where a sandbox hides openat2 (systemd's
 * RestrictSUIDSGID= does), a handle is opened first, asked where it lies, and only
 * then opened for reading.  O_NONBLOCK keeps a FIFO from stopping us before
 * fstat() tells what it is.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/core/large.h"

struct reading {
	int root;
	const char *dir;
	GPtrArray *files;
	size_t total;
	struct err *err;
};

static void file_free(void *p)
{
	struct file *f = p;

	g_free(f->path);
	g_bytes_unref(f->bytes);
	g_free(f);
}

/** Does the kernel say that @fd lies below the directory @root? */
static bool lies_beneath(int root, int fd)
{
	g_autofree char *root_link = g_strdup_printf("/proc/self/fd/%d", root);
	g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autofree char *root_path = g_file_read_link(root_link, NULL);
	g_autofree char *path = g_file_read_link(link, NULL);
	size_t n = root_path == NULL ? 0 : strlen(root_path);

	if (n == 0 || path == NULL || strncmp(path, root_path, n) != 0)
		return false;
	return path[n] == 0 || path[n] == '/' || root_path[n - 1] == '/';
}

/* O_PATH touches nothing: what lies outside is refused before it is opened. */
static int open_asking(int root, const char *path, int flags)
{
	int handle = openat(root, path, O_PATH | O_CLOEXEC), fd;
	g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", handle);

	if (handle < 0)
		return -1;
	if (!lies_beneath(root, handle)) {
		(void)close(handle); /* opened for nothing: no error can matter */
		errno = EXDEV;
		return -1;
	}
	fd = open(link, flags);
	(void)close(handle); /* a handle has nothing to flush */
	return fd;
}

static int open_beneath(int root, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 && errno == ENOSYS ? open_asking(root, path, (int)how.flags) : fd;
}

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

/** The bytes behind @fd, at most @max; closes nothing. */
static int slurp(int fd, const char *path, size_t max, GBytes **out, struct err *err)
{
	g_autofree char *bytes = NULL;
	struct stat st;
	size_t size = 0, room;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s: is %s, not a file", path, kind_of(st.st_mode));
	if ((uint64_t)st.st_size > max)
		return err_set(err, -EFBIG, "%s: %lld bytes, more than %zu", path,
			       (long long)st.st_size, max);
	/* It may grow while we read: one byte more than allowed tells. */
	room = MIN((size_t)st.st_size + 1, max + 1);
	bytes = large_new(room);
	for (;;) {
		ssize_t n = read(fd, bytes + size, room - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, -errno, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max)
			return err_set(err, -EFBIG, "%s: more than %zu bytes", path, max);
		if (size == room) {
			room = MIN(room * 2, max + 1);
			bytes = g_realloc(bytes, room);
		}
	}
	*out = g_bytes_new_take(g_steal_pointer(&bytes), size);
	return 0;
}

static int add_file(struct reading *r, const char *path, int fd)
{
	struct file *f;
	GBytes *bytes;
	int rc;

	if (r->files->len >= FILES_COUNT_MAX)
		return err_set(r->err, -EFBIG, "%s: more than %d files", r->dir, FILES_COUNT_MAX);
	rc = slurp(fd, path, FILES_SIZE_MAX, &bytes, r->err);
	if (rc < 0)
		return rc;
	r->total += g_bytes_get_size(bytes);
	f = g_new(struct file, 1);
	*f = (struct file){g_strdup(path), bytes};
	g_ptr_array_add(r->files, f);
	if (r->total > FILES_TOTAL_MAX)
		return err_set(r->err, -EFBIG, "%s: more than %u bytes in all", r->dir,
			       FILES_TOTAL_MAX);
	return 0;
}

static bool dir_wanted(const char *path, int depth)
{
	if (depth > FILES_DEPTH_MAX)
		return false;
	return strcmp(path, "duty") == 0 || strcmp(path, "templates") == 0 ||
	       g_str_has_prefix(path, "templates/");
}

static int read_dir(struct reading *r, const char *path, int fd, int depth);

static int read_entry(struct reading *r, const char *path, int depth)
{
	struct stat st;
	int fd, rc;

	fd = open_beneath(r->root, path, O_RDONLY);
	if (fd < 0 && (errno == EXDEV || errno == ELOOP))
		return err_set(r->err, -EINVAL, "%s: is a link that leads out of %s", path, r->dir);
	if (fd < 0 && errno == ENXIO)
		return err_set(r->err, -EINVAL, "%s: is a socket or device, not a file", path);
	if (fd < 0)
		return err_set(r->err, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		rc = err_set(r->err, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		rc = add_file(r, path, fd);
	else if (dir_wanted(path, depth))
		return read_dir(r, path, fd, depth);
	else
		rc = 0;
	close(fd);
	return rc;
}

/** Read what lies in the directory behind @fd, which is taken over. */
static int read_dir(struct reading *r, const char *path, int fd, int depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!d) {
		rc = err_set(r->err, -errno, "%s: %s", *path ? path : r->dir, strerror(errno));
		close(fd);
		return rc;
	}
	while (rc == 0 && (errno = 0, e = readdir(d))) {
		g_autofree char *below = NULL;

		if (e->d_name[0] == '.' || g_str_has_suffix(e->d_name, "~"))
			continue;
		if (!g_utf8_validate(e->d_name, -1, NULL)) {
			rc = err_set(r->err, -EINVAL, "%s: a file name that is not UTF-8: %s",
				     r->dir, e->d_name);
			break;
		}
		below = *path ? g_strconcat(path, "/", e->d_name, NULL) : g_strdup(e->d_name);
		rc = read_entry(r, below, depth + 1);
	}
	if (rc == 0 && errno != 0)
		rc = err_set(r->err, -errno, "%s: %s", r->dir, strerror(errno));
	closedir(d);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const struct file *const *fa = a, *const *fb = b;

	return strcmp((*fa)->path, (*fb)->path);
}

int files_read(const char *dir, GPtrArray **out, struct err *err)
{
	struct reading r = {.dir = dir, .err = err};
	int fd, rc;

	r.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.root < 0)
		return err_set(err, -errno, "%s: %s", dir, strerror(errno));
	r.files = g_ptr_array_new_with_free_func(file_free);
	fd = fcntl(r.root, F_DUPFD_CLOEXEC, 0);
	rc = fd < 0 ? err_set(err, -errno, "%s: %s", dir, strerror(errno))
		    : read_dir(&r, "", fd, 0);
	close(r.root);
	if (rc < 0) {
		g_ptr_array_unref(r.files);
		return rc;
	}
	g_ptr_array_sort(r.files, by_path);
	*out = r.files;
	return 0;
}

int file_read(const char *path, size_t max, GBytes **out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = slurp(fd, path, max, out, err);
	close(fd);
	return rc;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

static int sync_dir(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int file_write(const char *path, const void *bytes, size_t size, unsigned mode, struct err *err)
{
	g_autofree char *beside = g_strdup_printf("%s.XXXXXX~", path);
	int fd = mkostemps(beside, 1, O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = write_all(fd, bytes, size);
	if (rc == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(beside, path) < 0)
		rc = -errno;
	if (rc < 0) {
		(void)unlink(beside); /* it may be renamed or gone: then there is nothing to do */
		return err_set(err, rc, "%s: %s", path, strerror(-rc));
	}
	rc = sync_dir(path);
	return rc < 0 ? err_set(err, rc, "%s: %s", path, strerror(-rc)) : 0;
}
