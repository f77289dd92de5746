/*
 * io_test.h - what the tests of daemon/io share: a loop with a deadline, a directory.
 */
#ifndef TESTS_UNIT_IO_TEST_H
#define TESTS_UNIT_IO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/clock.h"
#include "daemon/io/loop.h"

#define TEST_PATIENCE 20000 /* ms: only a failing test waits that long */

static void test_tick(uv_timer_t *t)
{
	(void)t;
}

/** Turn the loop until *@done, or fail at the deadline. */
#define until(l, condition)                                                                        \
	do {                                                                                       \
		uv_timer_t tick_;                                                                  \
		mono_t end_ = clock_boot() + TEST_PATIENCE;                                        \
		uv_timer_init(loop_uv(l), &tick_);                                                 \
		uv_timer_start(&tick_, test_tick, 5, 5);                                           \
		while (!(condition) && clock_boot() < end_)                                        \
			loop_turn(l, true);                                                        \
		uv_close((uv_handle_t *)&tick_, NULL);                                             \
		loop_turn(l, false);                                                               \
		if (!(condition))                                                                  \
			fail_msg("%s:%d: did not happen: %s", __FILE__, __LINE__, #condition);     \
	} while (0)

/** Turn the loop for @ms: for what must not happen, or comes at its own time. */
static __attribute__((unused)) void turn_for(struct loop *l, int ms)
{
	uv_timer_t tick;
	mono_t end = clock_boot() + ms;

	uv_timer_init(loop_uv(l), &tick);
	uv_timer_start(&tick, test_tick, 5, 5);
	while (clock_boot() < end)
		loop_turn(l, true);
	uv_close((uv_handle_t *)&tick, NULL);
	loop_turn(l, false);
}

static __attribute__((unused)) char *test_dir_new(void)
{
	char *dir = g_dir_make_tmp("duban-io-XXXXXX", NULL);

	assert_non_null(dir);
	return dir;
}

static __attribute__((unused)) void test_dir_free(char *dir)
{
	const char *argv[] = {"rm", "-rf", dir, NULL};

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
				 NULL, NULL, NULL));
	g_free(dir);
}

static __attribute__((unused)) void test_put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(parent, 0755), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

#endif
