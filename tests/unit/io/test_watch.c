/* However people edit, they are heard once, when they have finished. */
#include "io_test.h"

#include <errno.h>

#include "daemon/io/watch.h"

#define SETTLE 60

static char *the_dir;
static struct loop *the_loop;
static int the_calls;

static void on_change(void *arg)
{
	(*(int *)arg)++;
}

static int setup(void **state)
{
	(void)state;
	the_dir = test_dir_new();
	test_put(the_dir, "campaign.yaml", "a");
	test_put(the_dir, "duty/a.ics", "a");
	test_put(the_dir, "templates/zh_CN/mail.txt", "a");
	the_loop = loop_new(NULL);
	the_calls = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(&the_loop);
	test_dir_free(the_dir);
	return 0;
}

static struct watch *start(void)
{
	struct watch *w = watch_new(the_loop, the_dir, SETTLE, on_change, &the_calls, NULL);

	assert_non_null(w);
	loop_turn(the_loop, false);
	return w;
}

/** Do @action, and it must be heard exactly once. */
#define heard_once(action)                                                                         \
	do {                                                                                       \
		the_calls = 0;                                                                     \
		action;                                                                            \
		until(the_loop, the_calls >= 1);                                                   \
		turn_for(the_loop, 3 * SETTLE);                                                    \
		assert_int_equal(the_calls, 1);                                                    \
	} while (0)

static void move(const char *from, const char *to)
{
	g_autofree char *a = g_build_filename(the_dir, from, NULL);
	g_autofree char *b = g_build_filename(the_dir, to, NULL);

	assert_int_equal(rename(a, b), 0);
}

static void edits_are_heard_once(void **state)
{
	struct watch *w = start();

	(void)state;
	heard_once(test_put(the_dir, "campaign.yaml", "b"));
	heard_once((test_put(the_dir, "units.csv.new", "b"), move("units.csv.new", "units.csv")));
	heard_once(test_put(the_dir, "duty/a.ics", "b"));
	heard_once(test_put(the_dir, "duty/b.ics", "b"));
	heard_once(test_put(the_dir, "templates/zh_CN/mail.txt", "b"));
	heard_once(for (int i = 0; i < 50; i++) test_put(the_dir, "campaign.yaml", "many"));
	watch_free(&w);
	assert_null(w);
}

static void nothing_happens_without_edits(void **state)
{
	struct watch *w = start();
	GBytes *unused = NULL;
	char *text;

	(void)state;
	(void)unused;
	g_autofree char *path = g_build_filename(the_dir, "campaign.yaml", NULL);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_free(text);
	test_put(the_dir, ".campaign.yaml.swp", "an editor's swap file");
	turn_for(the_loop, 3 * SETTLE);
	assert_int_equal(the_calls, 0);
	watch_free(&w);
}

static void new_directories_are_watched(void **state)
{
	struct watch *w = start();

	(void)state;
	heard_once(test_put(the_dir, "templates/en/mail.txt", "a"));
	heard_once(test_put(the_dir, "templates/en/mail.txt", "b"));
	watch_free(&w);
}

static void a_directory_replaced_under_its_name_is_watched(void **state)
{
	struct watch *w = start();

	(void)state;
	heard_once((move("duty", ".old"), test_put(the_dir, "duty/c.ics", "c")));
	heard_once(test_put(the_dir, "duty/c.ics", "d"));
	watch_free(&w);
}

static void a_campaign_that_goes_away_is_waited_for(void **state)
{
	struct watch *w = start();
	g_autofree char *aside = g_strconcat(the_dir, ".aside", NULL);

	(void)state;
	heard_once(assert_int_equal(rename(the_dir, aside), 0));
	heard_once(assert_int_equal(rename(aside, the_dir), 0));
	heard_once(test_put(the_dir, "campaign.yaml", "back"));
	watch_free(&w);
}

static void a_freed_watch_is_silent(void **state)
{
	struct watch *w = start();
	struct err err;

	(void)state;
	test_put(the_dir, "campaign.yaml", "b");
	loop_turn(the_loop, false);
	watch_free(&w);
	watch_free(&w);
	turn_for(the_loop, 3 * SETTLE);
	assert_int_equal(the_calls, 0);
	assert_null(watch_new(the_loop, "/nonexistent", SETTLE, on_change, &the_calls, &err));
	assert_int_equal(err.code, -ENOENT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(edits_are_heard_once),
		T(nothing_happens_without_edits),
		T(new_directories_are_watched),
		T(a_directory_replaced_under_its_name_is_watched),
		T(a_campaign_that_goes_away_is_waited_for),
		T(a_freed_watch_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
