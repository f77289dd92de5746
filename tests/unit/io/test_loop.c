/* Deferred and posted calls: in order, never at once, never after they were forgotten. */
#include "io_test.h"

static GString *trace;
static struct loop *the_loop;

static void put(void *arg)
{
	g_string_append_c(trace, *(const char *)arg);
}

static void put_and_defer(void *arg)
{
	put(arg);
	loop_defer(the_loop, put, (void *)"z");
}

static int setup(void **state)
{
	(void)state;
	the_loop = loop_new(NULL);
	trace = g_string_new(NULL);
	return the_loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(&the_loop);
	g_string_free(trace, TRUE);
	assert_null(the_loop);
	return 0;
}

static void deferred_calls_come_later_and_in_order(void **state)
{
	(void)state;
	loop_defer(the_loop, put, (void *)"a");
	loop_defer(the_loop, put_and_defer, (void *)"b");
	loop_defer(the_loop, put, (void *)"c");
	assert_string_equal(trace->str, "");
	until(the_loop, trace->len >= 4);
	assert_string_equal(trace->str, "abcz");
}

static void a_forgotten_call_does_not_come(void **state)
{
	char one[] = "1", two[] = "2";

	(void)state;
	loop_defer(the_loop, put, one);
	loop_defer(the_loop, put, two);
	loop_defer(the_loop, put, one);
	loop_forget(the_loop, one);
	until(the_loop, trace->len >= 1);
	loop_turn(the_loop, false);
	assert_string_equal(trace->str, "2");
}

static gpointer poster(gpointer data)
{
	for (int i = 0; i < 1000; i++)
		loop_post(data, put, (void *)"p");
	return NULL;
}

static void another_thread_can_post(void **state)
{
	GThread *thread = g_thread_new("poster", poster, the_loop);

	(void)state;
	until(the_loop, trace->len == 1000);
	g_thread_join(thread);
}

static void what_is_left_is_freed_with_the_loop(void **state)
{
	(void)state;
	loop_defer(the_loop, put, (void *)"x");
	loop_post(the_loop, put, (void *)"y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deferred_calls_come_later_and_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_forgotten_call_does_not_come, setup, teardown),
		cmocka_unit_test_setup_teardown(another_thread_can_post, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_left_is_freed_with_the_loop, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
