/*
 * test_explain.c - why this was said, and why nothing was.
 */
#include "unit/engine/engine_help.h"

/* "told" or the words of the silence of one step of xin's first report. */
static char *why(struct world *w, const char *step, const char *now)
{
	json_t *j = engine_explain(w->engine, "xin", "zhou", FIRST, at(w, now), &w->err), *s;
	char *out = NULL;
	size_t i;

	assert_non_null(j);
	json_array_foreach(json_object_get(j, "steps"), i, s)
	{
		json_t *told = json_object_get(s, "told");

		if (strcmp(json_string_value(json_object_get(s, "step")), step) != 0)
			continue;
		if (json_array_size(told) > 0)
			out = g_strdup(json_string_value(
				json_object_get(json_array_get(told, 0), "state")));
		else
			out = g_strdup(json_string_value(json_object_get(s, "silent")));
	}
	json_decref(j);
	assert_non_null(out);
	return out;
}

static void assert_why(struct world *w, const char *step, const char *now, const char *words)
{
	g_autofree char *got = why(w, step, now);

	if (strstr(got, words) == NULL)
		print_message("%s at %s: %s\n", step, now, got);
	assert_non_null(strstr(got, words));
}

static void each_step_has_its_reason(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T13:59:59");
	assert_why(&w, "提醒", "2019-08-09T13:59:59", "将于 2019-08-09T14:00:00+08:00");
	tick(&w, "2019-08-09T14:00");
	assert_why(&w, "提醒", "2019-08-09T14:00", "planned");
	(void)deliver(&w, "2019-08-09T14:00");
	assert_why(&w, "提醒", "2019-08-09T14:00", "sent");
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-09T17:00")), 0);
	assert_why(&w, "催办", "2019-08-09T17:31", "等待收件渠道刷新");
	(void)pause_or_resume(&w, DECISION_PAUSE, "xin", "", "2019-08-09T18:00");
	assert_why(&w, "催办", "2019-08-09T18:00", "已暂停");
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T18:00", "2019-08-09T18:00"),
			 0);
	assert_why(&w, "催办", "2019-08-09T18:01", "已于 2019-08-09T18:00:00+08:00 收到报送");
	assert_int_equal(
		decide(&w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL, "2019-08-09T19:00"), 0);
	assert_why(&w, "督办", "2019-08-09T19:00", "已免报");
	world_fini(&w);
	world_init(&w, yaml_weekly, units_three, calendar_weekly, "2019-08-12T00:00");
	assert_why(&w, "督办", "2019-08-12T00:00", "track_from");
	world_fini(&w);
}

static void what_is_not_there_is_said_in_words(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_null(engine_explain(w.engine, "nie", "zhou", FIRST, w.now, &w.err));
	assert_non_null(strstr(w.err.text, "nie"));
	assert_null(engine_explain(w.engine, "xin", "yue", FIRST, w.now, &w.err));
	assert_non_null(strstr(w.err.text, "yue"));
	assert_null(engine_explain(w.engine, "ban", "zhou", FIRST, w.now, &w.err));
	assert_non_null(strstr(w.err.text, "不承担"));
	world_fini(&w);
}

/* The answers for programs hold what was done. */
static void lists_hold_what_was_done(void **state)
{
	struct world w;
	struct engine_filter all = {0}, xin = {.unit = "xin"}, overdue = {.standing = "overdue"};
	json_t *j;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xue", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 0);
	tick(&w, "2019-08-09T18:00");
	j = engine_due(w.engine, &all, w.now);
	assert_int_equal(json_array_size(j), 15);
	json_decref(j);
	j = engine_due(w.engine, &xin, w.now);
	assert_int_equal(json_array_size(j), 5);
	json_decref(j);
	j = engine_due(w.engine, &overdue, w.now);
	assert_int_equal(json_array_size(j), 2);
	json_decref(j);
	j = engine_status(w.engine, w.now);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(j, "standings"), "on-time")) +
			json_integer_value(
				json_object_get(json_object_get(j, "standings"), "on time")),
		1);
	assert_int_equal(json_integer_value(json_object_get(j, "expected")), 15);
	json_decref(j);
	j = engine_deliveries(w.engine, &all, w.now);
	assert_true(json_array_size(j) >= 3);
	json_decref(j);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_has_its_reason),
		cmocka_unit_test(what_is_not_there_is_said_in_words),
		cmocka_unit_test(lists_hold_what_was_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
