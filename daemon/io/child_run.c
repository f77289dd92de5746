/*
 * child_run.c - one parser process for threads that may block: begun, and later waited for.
 *
 * posix_spawn() and poll(): no loop, and none of the memory of a daemon with threads is
 * copied. Limits are set from outside before the child has been given a byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"

struct child_run {
	pid_t pid;
	int in, out; /* our ends; -1 = closed */
	GBytes *input;
	const char *bytes; /* of .input, those not written yet */
	size_t left;
	GByteArray *output;
	size_t out_max;
	dur_t timeout;
	mono_t end;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* a pipe: there is nothing to lose */
	*fd = -1;
}

static int limit(pid_t pid, __rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	struct rlimit r = {soft, hard};

	return prlimit(pid, what, &r, NULL) < 0 && errno != ESRCH ? -errno : 0;
}

int child_limits_set(pid_t pid, const struct child_limits *l)
{
	unsigned cpu = l->cpu_s ? l->cpu_s : 5;
	int rc = limit(pid, RLIMIT_CPU, cpu, cpu + 1);

	if (rc == 0 && l->memory)
		rc = limit(pid, RLIMIT_AS, l->memory, l->memory);
#ifndef __SANITIZE_THREAD__ /* it keeps its shadow in a file */
	if (rc == 0)
		rc = limit(pid, RLIMIT_FSIZE, 0, 0);
#endif
	if (rc == 0)
		rc = limit(pid, RLIMIT_CORE, 0, 0);
	return rc < 0 ? rc : limit(pid, RLIMIT_NOFILE, 16, 16);
}

/* The child gets its two ends, no error stream, no signals of ours and no environment. */
static int spawn(const char *kind, int in, int out, pid_t *pid_out)
{
	char *argv[] = {(char *)"/proc/self/exe", (char *)"--parse", (char *)kind, NULL};
	char *envp[] = {(char *)"LC_ALL=C.UTF-8", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	must(posix_spawn_file_actions_init(&files) == 0 && posix_spawnattr_init(&attr) == 0);
	(void)posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid_out, "/proc/self/exe", &files, &attr, argv, envp);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attr);
	return -rc;
}

static int start(struct child_run *r, const char *kind, struct err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	int rc = 0;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		rc = -errno;
	if (rc == 0)
		rc = spawn(kind, in[0], out[1], &r->pid);
	close_end(&in[0]);
	close_end(&out[1]);
	r->in = in[1];
	r->out = out[0];
	if (rc < 0)
		return err_set(err, rc, "解析进程启动不了：%s", g_strerror(-rc));
	(void)fcntl(r->in, F_SETFL, O_NONBLOCK);
	(void)fcntl(r->out, F_SETFL, O_NONBLOCK);
	return 0;
}

static void write_some(struct child_run *r)
{
	ssize_t n = r->left > 0 ? write(r->in, r->bytes, r->left) : 0;

	if (n > 0) {
		r->bytes += n;
		r->left -= (size_t)n;
	}
	/* It may rightly stop reading before the end. */
	if (r->left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&r->in);
}

static int read_some(struct child_run *r, struct err *err)
{
	guint8 bytes[65536];
	ssize_t n = read(r->out, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_end(&r->out);
		return 0;
	}
	if (r->output->len + (size_t)n > r->out_max)
		return err_set(err, -EFBIG, "解析进程的输出过大");
	g_byte_array_append(r->output, bytes, (guint)n);
	return 0;
}

/* Until its output ends. */
static int talk(struct child_run *r, struct err *err)
{
	int rc = 0;

	while (r->out >= 0 && rc == 0) {
		struct pollfd fds[2] = {{r->out, POLLIN, 0}, {r->in, POLLOUT, 0}};
		mono_t left = r->end - clock_real()->mono(clock_real());

		if (left <= 0)
			return err_set(err, -ETIMEDOUT, "解析用时过长");
		if (poll(fds, r->in >= 0 ? 2 : 1, (int)MIN(left, 1000)) < 0 && errno != EINTR)
			return err_set(err, -errno, "poll: %s", g_strerror(errno));
		if (r->in >= 0 && fds[1].revents != 0)
			write_some(r);
		if (fds[0].revents != 0)
			rc = read_some(r, err);
	}
	return rc;
}

static int ended(int status, struct err *err)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return err_set(err, -ETIMEDOUT, "解析耗尽了处理器时间");
	if (WIFSIGNALED(status))
		return err_set(err, -EPROTO, "解析进程被信号 %d 中止", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(err, -EPROTO, "解析进程以 %d 结束", WEXITSTATUS(status));
	return 0;
}

static void run_free(struct child_run *r)
{
	close_end(&r->in);
	close_end(&r->out);
	g_clear_pointer(&r->output, g_byte_array_unref);
	g_bytes_unref(r->input);
	g_free(r);
}

/* Its process ends, soon or by force, with all that it needs to do so. */
static void reap(struct child_run *r, bool by_force, int *status)
{
	close_end(&r->in);
	if (by_force)
		(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, status, 0) < 0 && errno == EINTR)
		;
}

struct child_run *child_begin(const char *kind, GBytes *in, const struct child_limits *limits,
			      struct err *err)
{
	struct child_run *r = g_new0(struct child_run, 1);
	int rc, status;

	r->pid = r->in = r->out = -1;
	r->input = g_bytes_ref(in);
	r->bytes = g_bytes_get_data(in, &r->left);
	r->output = g_byte_array_new();
	r->out_max = limits->out_max ? limits->out_max : 8u << 20;
	r->timeout = limits->timeout ? limits->timeout : 30 * SECOND;
	rc = start(r, kind, err);
	if (rc == 0) {
		rc = child_limits_set(r->pid, limits);
		if (rc < 0) {
			(void)err_set(err, rc, "解析进程的限制设不上：%s", g_strerror(-rc));
			reap(r, true, &status);
		}
	}
	if (rc < 0)
		g_clear_pointer(&r, run_free);
	else
		write_some(r);
	return r;
}

int child_end(struct child_run **run, GBytes **out, struct err *err)
{
	struct child_run *r = g_steal_pointer(run);
	struct err own = {0};
	int rc, status = 0;

	r->end = clock_real()->mono(clock_real()) + r->timeout;
	rc = talk(r, err);
	reap(r, rc < 0, &status);
	/* How it ended says more than that its output did. */
	if (rc == 0)
		rc = ended(status, &own);
	if (rc < 0 && own.text[0] != '\0')
		(void)err_set(err, rc, "%s", own.text);
	if (rc == 0)
		*out = g_byte_array_free_to_bytes(g_steal_pointer(&r->output));
	run_free(r);
	return rc;
}
