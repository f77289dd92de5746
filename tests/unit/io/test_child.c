/*
 * Whatever a parser does, only the parser dies.  This program is its own child:
 * `test_child --parse KIND` behaves as KIND says.
 */
#include "io_test.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/io/child.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* its shadow memory does not fit under RLIMIT_AS */
#else
#define SANITIZED 0
#endif

static int parse_upper(void)
{
	int c;

	while ((c = getchar()) != EOF)
		putchar(g_ascii_toupper(c));
	return 0;
}

static int parse_eat(void)
{
	for (int i = 0; i < 4096; i++) {
		char *p = malloc(1 << 20);

		if (!p)
			return 3;
		memset(p, 1, 1 << 20);
	}
	return 0;
}

static int parse_as(const char *kind)
{
	extern char **environ;
	volatile unsigned spin = 0;

	if (strcmp(kind, "upper") == 0)
		return parse_upper();
	if (strcmp(kind, "deaf") == 0)
		return 0;
	if (strcmp(kind, "fail") == 0)
		return 3;
	if (strcmp(kind, "crash") == 0)
		return raise(SIGKILL);
	if (strcmp(kind, "spin") == 0)
		for (;;)
			spin++;
	if (strcmp(kind, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(kind, "flood") == 0)
		for (;;)
			puts("flood");
	if (strcmp(kind, "eat") == 0)
		return parse_eat();
	if (strcmp(kind, "env") == 0) {
		struct rlimit r;

		/* The limits are there once a byte is. */
		assert_int_equal(getchar(), 'x');
		for (char **e = environ; *e; e++)
			puts(*e);
		getrlimit(RLIMIT_FSIZE, &r);
#ifdef __SANITIZE_THREAD__ /* it keeps its shadow in a file: there is no such limit */
		r.rlim_max = 0;
#endif
		printf("fsize=%lu\n", (unsigned long)r.rlim_max);
		getrlimit(RLIMIT_CPU, &r);
		printf("cpu=%lu\n", (unsigned long)r.rlim_cur);
		return 0;
	}
	return 64;
}

struct seen {
	int calls, rc;
	char *out;
	char words[ERR_TEXT_MAX];
};

static void on_done(void *arg, int rc, GBytes *out, const struct err *err)
{
	struct seen *s = arg;
	gsize size;

	s->calls++;
	s->rc = rc;
	if (out) {
		const char *bytes = g_bytes_get_data(out, &size);

		s->out = g_strndup(bytes ? bytes : "", size);
	}
	if (err)
		g_strlcpy(s->words, err->text, sizeof(s->words));
}

static struct loop *the_loop;

static struct seen run(const char *kind, const char *in, size_t size, struct child_limits limits)
{
	struct seen s = {0};
	GBytes *bytes = g_bytes_new(in, size);
	struct err err;

	assert_non_null(child_start(the_loop, kind, bytes, &limits, on_done, &s, &err));
	assert_int_equal(s.calls, 0);
	g_bytes_unref(bytes);
	until(the_loop, s.calls == 1);
	return s;
}

static void bytes_go_in_and_come_out(void **state)
{
	struct seen s = run("upper", "abc\0def", 7, (struct child_limits){0});
	g_autofree char *big = g_strnfill(1 << 20, 'x');

	(void)state;
	assert_int_equal(s.rc, 0);
	assert_string_equal(s.out, "ABC");
	g_free(s.out);
	s = run("upper", big, 1 << 20, (struct child_limits){0});
	assert_int_equal(s.rc, 0);
	assert_int_equal(strlen(s.out), 1 << 20);
	g_free(s.out);
	s = run("upper", "", 0, (struct child_limits){0});
	assert_int_equal(s.rc, 0);
	assert_string_equal(s.out, "");
	g_free(s.out);
	/* It need not read what it is given. */
	s = run("deaf", big, 1 << 20, (struct child_limits){0});
	assert_int_equal(s.rc, 0);
	g_free(s.out);
}

struct row {
	const char *kind;
	int rc;
	const char *words;
	struct child_limits limits;
};

static const struct row rows[] = {
	{"fail", -EPROTO, "exited with 3", {0}},
	{"crash", -EPROTO, "signal 9", {0}},
	{"spin", -ETIMEDOUT, "CPU time", {.cpu_s = 1}},
	{"spin", -ETIMEDOUT, "too long", {.timeout = 100}},
	{"hang", -ETIMEDOUT, "too long", {.timeout = 100}},
	{"flood", -EFBIG, "too much", {.out_max = 100000}},
	{"nonsense", -EPROTO, "exited with 64", {0}},
};

static void a_bad_parser_dies_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct seen s = run(rows[i].kind, "x", 1, rows[i].limits);

		print_message("# %s: %s\n", rows[i].kind, s.words);
		assert_int_equal(s.rc, rows[i].rc);
		assert_non_null(strstr(s.words, rows[i].words));
		assert_null(s.out);
	}
}

static void memory_is_bounded(void **state)
{
	struct seen s;

	(void)state;
	if (SANITIZED)
		skip();
	s = run("eat", "x", 1, (struct child_limits){.memory = 128u << 20});
	assert_int_equal(s.rc, -EPROTO);
	assert_non_null(strstr(s.words, "exited with 3"));
}

static void it_gets_limits_and_no_secrets(void **state)
{
	struct seen s;

	(void)state;
	g_setenv("DUBAN_TEST_SECRET", "hunter2", TRUE);
	s = run("env", "x", 1, (struct child_limits){.cpu_s = 7});
	assert_int_equal(s.rc, 0);
	assert_string_equal(s.out, "LC_ALL=C.UTF-8\nfsize=0\ncpu=7\n");
	g_free(s.out);
}

static void many_at_once_and_one_cancelled(void **state)
{
	struct seen s[8] = {{0}}, cancelled = {0};
	GBytes *bytes = g_bytes_new("x", 1);
	struct child_limits limits = {0};
	struct child *c = child_start(the_loop, "hang", bytes, &limits, on_done, &cancelled, NULL);
	int done = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		child_start(the_loop, "upper", bytes, &limits, on_done, &s[i], NULL);
	child_cancel(&c);
	assert_null(c);
	child_cancel(&c);
	for (int i = 0; i < 8; i++) {
		until(the_loop, s[i].calls == 1);
		done += s[i].rc == 0;
		g_free(s[i].out);
	}
	assert_int_equal(done, 8);
	assert_int_equal(cancelled.calls, 0);
	g_bytes_unref(bytes);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_in_and_come_out),
		cmocka_unit_test(a_bad_parser_dies_alone),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(it_gets_limits_and_no_secrets),
		cmocka_unit_test(many_at_once_and_one_cancelled),
	};
	int failed;

	if (argc == 3 && strcmp(argv[1], "--parse") == 0)
		return parse_as(argv[2]);
	the_loop = loop_new(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_free(&the_loop);
	return failed;
}
