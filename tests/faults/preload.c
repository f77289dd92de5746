/*
 * preload.c - a disk that fails, put before a real program by LD_PRELOAD.
 *
 * The calls that write below $DUBAN_DISK_UNDER are counted, and those whose number lies in
 * a range fail.  The range is in a file that the test shares with us, $DUBAN_DISK_CONTROL,
 * so that the disk can break and be mended while the program runs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum kind { WRITES = 1, SYNCS = 2, SIZES = 4 };

/* As tests/e2e/test_disk_errors.py packs it. */
struct control {
	_Atomic int32_t calls;       /* of the kinds that count */
	_Atomic int32_t first, last; /* those that fail; 0, 0: none */
	_Atomic int32_t error;       /* errno; 0: a write does half */
	_Atomic int32_t kinds;
};

static struct control *control;
static const char *under;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("DUBAN_DISK_CONTROL");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *shared;

	under = getenv("DUBAN_DISK_UNDER");
	if (fd < 0 || under == NULL)
		return;
	shared = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared != MAP_FAILED)
		control = shared;
}

static int is_ours(int fd)
{
	char name[32], path[4096];
	ssize_t n;

	if (control == NULL)
		return 0;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	return n > 0 && (size_t)n >= strlen(under) && memcmp(path, under, strlen(under)) == 0;
}

/* Its turn to fail? */
static int fails(enum kind kind)
{
	int32_t call;

	if ((control->kinds & (int32_t)kind) == 0)
		return 0;
	call = atomic_fetch_add(&control->calls, 1) + 1;
	return call >= control->first && call <= control->last;
}

static int failed(void)
{
	errno = control->error;
	return -1;
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
	if (is_ours(fd) && fails(WRITES)) {
		if (control->error != 0)
			return failed();
		size /= 2;
	}
	return REAL(pwrite64)(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	return pwrite64(fd, bytes, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (is_ours(fd) && fails(WRITES)) {
		if (control->error != 0)
			return failed();
		size /= 2;
	}
	return REAL(write)(fd, bytes, size);
}

int fdatasync(int fd)
{
	return is_ours(fd) && fails(SYNCS) ? failed() : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
	return is_ours(fd) && fails(SYNCS) ? failed() : REAL(fsync)(fd);
}

int ftruncate64(int fd, off64_t size)
{
	return is_ours(fd) && fails(SIZES) ? failed() : REAL(ftruncate64)(fd, size);
}

int ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}
