/* One event is one line, whatever the fields contain. */
#include "io_test.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/io/log.h"
#include "daemon/io/notify.h"

#define LINE(...) log_line("test", (const struct log_field[]){__VA_ARGS__, {0}})

struct row {
	const char *name, *value, *want;
};

static const struct row rows[] = {
	{"a word is not quoted", "anweiban", "event=test key=anweiban"},
	{"Chinese is readable", "安委办", "event=test key=安委办"},
	{"a blank is quoted", "a b", "event=test key=\"a b\""},
	{"nothing is quoted", "", "event=test key=\"\""},
	{"a newline cannot begin a line", "a\nevent=forged", "event=test key=\"a\\nevent=forged\""},
	{"escape sequences are visible", "\033[2J", "event=test key=\\x1b[2J"},
	{"delete and C1 controls too", "\x7f\xc2\x9b", "event=test key=\\x7f\\x9b"},
	{"quotes and backslashes", "\"\\", "event=test key=\"\\\"\\\\\""},
	{"bidi overrides",
	 "a\xe2\x80\xae"
	 "b",
	 "event=test key=a\\u202eb"},
	{"broken UTF-8", "\xff", "event=test key=\xef\xbf\xbd"},
	{"NULL is a dash", NULL, "event=test key=-"},
};

static void values_cannot_break_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *line = LINE(LOG_S("key", rows[i].value));

		print_message("# %s\n", rows[i].name);
		assert_string_equal(line, rows[i].want);
	}
}

static void secrets_are_never_shown(void **state)
{
	g_autofree char *line =
		LINE(LOG_S("smtp-password", "hunter2"), LOG_S("token", "abc"), LOG_I("n", -3));

	(void)state;
	assert_string_equal(line, "event=test smtp-password=*** token=*** n=-3");
}

static void a_long_line_is_cut_at_a_character(void **state)
{
	GString *s = g_string_new("a");

	(void)state;
	while (s->len < 2 * LOG_LINE_MAX)
		g_string_append(s, "督");
	g_autofree char *line = LINE(LOG_S("key", s->str));
	assert_true(strlen(line) <= LOG_LINE_MAX + strlen("…"));
	assert_true(g_utf8_validate(line, -1, NULL));
	assert_true(g_str_has_suffix(line, "…"));
	g_string_free(s, TRUE);
}

static void lines_carry_their_level(void **state)
{
	char got[4096] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log_open(fds[1], true, LOG_LEVEL_INFO);
	log_event(LOG_LEVEL_WARNING, "one", LOG_I("n", 1));
	log_event(LOG_LEVEL_DEBUG, "two");
	log_event(LOG_LEVEL_INFO, "three");
	assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "<4>event=one n=1\n<6>event=three\n");

	log_open(fds[1], false, LOG_LEVEL_ERROR);
	memset(got, 0, sizeof(got));
	log_event(LOG_LEVEL_ERROR, "four");
	assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
	/* "2019-08-09 17:00:00.000 error   event=four\n" */
	assert_string_equal(got + 24, "error   event=four\n");
	assert_int_equal(got[10], ' ');
	close(fds[0]);
	log_event(LOG_LEVEL_ERROR, "nobody reads this");
	close(fds[1]);
	assert_int_equal(log_level_of("debug"), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_of("loud"), -1);
	log_open_stderr(LOG_LEVEL_INFO);
}

static void systemd_is_told(void **state)
{
	g_autofree char *dir = test_dir_new();
	g_autofree char *path = g_build_filename(dir, "notify", NULL);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char got[512] = "";

	(void)state;
	g_strlcpy(at.sun_path, path, sizeof(at.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	notify_alive(0); /* no systemd: nothing happens */
	assert_true(notify_watchdog() == 0);
	g_setenv("NOTIFY_SOCKET", path, TRUE);
	g_setenv("WATCHDOG_USEC", "30000000", TRUE);
	notify_ready("等待 2019-08-09 17:00");
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_string_equal(got, "READY=1\nSTATUS=等待 2019-08-09 17:00");
	assert_true(notify_watchdog() == 30 * SECOND);
	notify_alive(1000);
	memset(got, 0, sizeof(got));
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_string_equal(got, "WATCHDOG=1");
	notify_alive(2000);
	assert_true(recv(fd, got, sizeof(got) - 1, 0) < 0);
	notify_alive(1000 + 8 * SECOND);
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	notify_reloading();
	memset(got, 0, sizeof(got));
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_true(g_str_has_prefix(got, "RELOADING=1\nMONOTONIC_USEC="));
	g_unsetenv("NOTIFY_SOCKET");
	g_unsetenv("WATCHDOG_USEC");
	close(fd);
	test_dir_free(g_steal_pointer(&dir));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_cannot_break_the_line),
		cmocka_unit_test(secrets_are_never_shown),
		cmocka_unit_test(a_long_line_is_cut_at_a_character),
		cmocka_unit_test(lines_carry_their_level),
		cmocka_unit_test(systemd_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
