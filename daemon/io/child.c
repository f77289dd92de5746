/*
 * child.c - one parser process: uv_spawn, two pipes, one timer.
 *
 * Limits are set from outside by prlimit() after the spawn; the child has not yet
 * been given a byte then, so there is nothing it could do without limits.
 *
 *   RUNNING --exit--> and output ended, or cancelled, or over a limit (killed)
 *           --> CLOSING five handles --> done, gone
 *
 * .done is called when the last handle is closed: never from child_start(), and
 * never while libuv still knows the process.
 */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

struct child {
	struct loop *loop;
	uv_process_t process;
	uv_pipe_t in, out;
	uv_timer_t timer;
	uv_write_t write;
	GBytes *input;
	GByteArray *output;
	size_t out_max;
	child_done_fn *done; /* NULL: cancelled */
	void *arg;
	int handles; /* not yet closed */
	bool closing, exited, ended;
	int rc; /* why it was killed, or how it ended */
	struct err err;
};

static void on_closed(uv_handle_t *h)
{
	struct child *c = h->data;
	GBytes *out;

	if (--c->handles > 0)
		return;
	out = g_byte_array_free_to_bytes(c->output);
	if (c->done)
		c->done(c->arg, c->rc, c->rc == 0 ? out : NULL, c->rc == 0 ? NULL : &c->err);
	g_bytes_unref(out);
	g_bytes_unref(c->input);
	g_free(c);
}

static void close_one(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, on_closed);
}

static void child_close(struct child *c)
{
	if (c->closing)
		return;
	c->closing = true;
	close_one((uv_handle_t *)&c->in);
	close_one((uv_handle_t *)&c->out);
	close_one((uv_handle_t *)&c->timer);
	close_one((uv_handle_t *)&c->process);
}

/** End it for a reason of ours; the exit callback closes. */
static void child_kill(struct child *c, int rc, const char *why)
{
	if (c->rc == 0 && !c->exited)
		c->rc = err_set(&c->err, rc, "%s", why);
	if (!c->exited)
		(void)uv_process_kill(&c->process, SIGKILL); /* it may just have died */
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
	struct child *c = process->data;

	c->exited = true;
	if (c->rc != 0)
		; /* we killed it and have said why */
	else if (signal == SIGXCPU)
		c->rc = err_set(&c->err, -ETIMEDOUT, "the parser used up its CPU time");
	else if (signal != 0)
		c->rc = err_set(&c->err, -EPROTO, "the parser was killed by signal %d", signal);
	else if (status != 0)
		c->rc = err_set(&c->err, -EPROTO, "the parser exited with %d", (int)status);
	if (c->ended || c->rc != 0)
		child_close(c);
}

static void on_timeout(uv_timer_t *timer)
{
	struct child *c = timer->data;

	if (c->exited) {
		/* It left somebody behind who keeps its output open. */
		if (c->rc == 0)
			c->rc = err_set(&c->err, -EPROTO, "the parser's output did not end");
		child_close(c);
		return;
	}
	child_kill(c, -ETIMEDOUT, "the parser took too long");
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf)
{
	static char bytes[65536]; /* one loop, one thread: on_read() empties it at once */

	(void)h;
	(void)size;
	*buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct child *c = stream->data;

	if (n > 0 && c->output->len + (size_t)n > c->out_max) {
		child_kill(c, -EFBIG, "the parser printed too much");
		uv_read_stop(stream);
	} else if (n > 0) {
		g_byte_array_append(c->output, (const guint8 *)buf->base, (guint)n);
	} else if (n < 0) {
		c->ended = true;
		uv_read_stop(stream);
		if (c->exited)
			child_close(c);
	}
}

static void on_written(uv_write_t *write, int status)
{
	struct child *c = write->data;

	(void)status; /* it may rightly stop reading before the end */
	close_one((uv_handle_t *)&c->in);
}

static int child_spawn(struct child *c, const char *kind)
{
	char *argv[] = {(char *)"/proc/self/exe", (char *)"--parse", (char *)kind, NULL};
	char *envp[] = {(char *)"LC_ALL=C.UTF-8", NULL};
	uv_stdio_container_t stdio[3] = {
		{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
		{.flags = UV_IGNORE}};
	uv_process_options_t options = {.file = "/proc/self/exe",
					.args = argv,
					.env = envp,
					.stdio = stdio,
					.stdio_count = 3,
					.exit_cb = on_exit_status};

	return uv_spawn(loop_uv(c->loop), &c->process, &options);
}

struct child *child_start(struct loop *l, const char *kind, GBytes *in,
			  const struct child_limits *limits, child_done_fn *done, void *arg,
			  struct err *err)
{
	struct child *c = g_new0(struct child, 1);
	uv_buf_t buf;
	gsize size;
	int rc;

	must(done != NULL);
	*c = (struct child){.loop = l, .done = done, .arg = arg, .handles = 4};
	c->out_max = limits->out_max ? limits->out_max : 8u << 20;
	c->input = g_bytes_ref(in);
	c->output = g_byte_array_new();
	must(uv_pipe_init(loop_uv(l), &c->in, 0) == 0);
	must(uv_pipe_init(loop_uv(l), &c->out, 0) == 0);
	must(uv_timer_init(loop_uv(l), &c->timer) == 0);
	c->in.data = c->out.data = c->timer.data = c->process.data = c->write.data = c;
	rc = child_spawn(c, kind);
	if (rc < 0) {
		/* The handle of a process that never was is closed like the others. */
		err_set(err, rc, "parser: %s", uv_strerror(rc));
		c->done = NULL;
		c->exited = true;
		child_close(c);
		return NULL;
	}
	rc = child_limits_set(c->process.pid, limits);
	if (rc < 0)
		child_kill(c, rc, "the parser's limits could not be set");
	buf = uv_buf_init((char *)g_bytes_get_data(c->input, &size), 0);
	buf.len = size;
	must(uv_timer_start(&c->timer, on_timeout,
			    (uint64_t)(limits->timeout ? limits->timeout : 30 * SECOND), 0) == 0);
	must(uv_read_start((uv_stream_t *)&c->out, on_alloc, on_read) == 0);
	rc = uv_write(&c->write, (uv_stream_t *)&c->in, &buf, 1, on_written);
	if (rc < 0)
		close_one((uv_handle_t *)&c->in); /* dead already: its exit will tell */
	return c;
}

void child_cancel(struct child **cp)
{
	struct child *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	c->done = NULL;
	if (c->exited)
		child_close(c);
	else
		child_kill(c, -ECANCELED, "cancelled");
}
