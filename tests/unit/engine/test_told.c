/*
 * test_told.c - an edit makes untrue what people were told: who hears of it, once.
 */
#include "unit/engine/engine_help.h"

#define ONE(t) CALENDAR(PHASE EVENT("yi", LOCAL(t) "SUMMARY:方案\r\nCATEGORIES:报送\r\n"))
#define DUE ONE("20190809T170000")
#define LATER ONE("20190812T170000")
#define GONE                                                                                       \
	CALENDAR(PHASE EVENT("er", LOCAL("20191009T170000") "SUMMARY:小结\r\nCATEGORIES:"        \
							    "报送\r\n"))

#define XIN_MOVED "sent correction 截止时间变更 xin liaison xin1@example.org due 08-12\n"
#define XUE_MOVED "sent correction 截止时间变更 xue liaison xue1@example.org due 08-12\n"
#define ZHU_MOVED "sent correction 截止时间变更 zhu liaison zhu1@example.org due 08-12\n"

static void reload(struct world *w, const char *units, const char *calendar, const char *now)
{
	assert_int_equal(store_begin(w->store, &w->err), 0);
	if (engine_reload(w->engine, campaign_of(yaml_weekly, units, calendar), at(w, now), NULL,
			  &w->err) < 0)
		fail_msg("%s", w->err.text);
	assert_int_equal(store_commit(w->store, &w->err), 0);
}

/* Three liaisons were reminded at 14:00 of a deadline at 17:00. */
static void reminded(struct world *w)
{
	world_init(w, yaml_weekly, units_three, DUE, "2019-08-01T00:00");
	tick(w, "2019-08-09T14:00");
	assert_int_equal(deliver(w, "2019-08-09T14:00"), 3);
	g_free(said(w));
}

static void a_moved_deadline_is_told_once_to_those_who_were_told(void **state)
{
	struct world w;

	(void)state;
	reminded(&w);
	/* Who has answered is asked for nothing. */
	assert_int_equal(submit(&w, "xue", "yi", "-", "2019-08-09T14:30", "2019-08-09T14:30"), 0);
	tick(&w, "2019-08-09T14:30");
	(void)deliver(&w, "2019-08-09T14:30");
	g_free(said(&w));
	reload(&w, units_three, LATER, "2019-08-09T15:00");
	tick(&w, "2019-08-09T15:00");
	assert_said(&w, XIN_MOVED ZHU_MOVED);
	tick(&w, "2019-08-09T15:01");
	assert_int_equal(lease(&w, "2019-08-09T15:01"), 2);
	assert_string_equal(leased_to(&w, "xin1@"), " 截止时间变更/xin");
	reload(&w, units_three, LATER, "2019-08-09T15:02");
	tick(&w, "2019-08-09T15:02");
	assert_said(&w, "");
	/* The ladder of the new deadline is climbed as ever. */
	tick(&w, "2019-08-12T14:00");
	assert_said(&w, "sent remind 提醒 xin liaison xin1@example.org due 08-12\n"
			"sent remind 提醒 zhu liaison zhu1@example.org due 08-12\n");
	world_fini(&w);
}

static void who_heard_nothing_yet_is_told_nothing(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, yaml_weekly, units_three, DUE, "2019-08-01T00:00");
	tick(&w, "2019-08-09T14:00"); /* raised, and never sent */
	g_free(said(&w));
	reload(&w, units_three, LATER, "2019-08-09T14:01");
	tick(&w, "2019-08-09T14:01");
	assert_said(&w, "");
	assert_int_equal(lease(&w, "2019-08-09T14:01"), 0);
	world_fini(&w);
}

static void a_deadline_that_moves_back_unheard_is_as_it_was(void **state)
{
	struct world w;

	(void)state;
	reminded(&w);
	reload(&w, units_three, LATER, "2019-08-09T15:00");
	tick(&w, "2019-08-09T15:00");
	assert_said(&w, XIN_MOVED XUE_MOVED ZHU_MOVED);
	reload(&w, units_three, DUE, "2019-08-09T15:01");
	tick(&w, "2019-08-09T15:01");
	assert_said(&w, "");
	assert_int_equal(lease(&w, "2019-08-09T15:01"), 0); /* withdrawn at the claim */
	/* Away again: now it counts. */
	reload(&w, units_three, LATER, "2019-08-09T15:02");
	tick(&w, "2019-08-09T15:02");
	assert_said(&w, XIN_MOVED XUE_MOVED ZHU_MOVED);
	assert_int_equal(lease(&w, "2019-08-09T15:02"), 3);
	world_fini(&w);
}

static void a_deadline_that_moves_back_heard_is_told_again(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	reminded(&w);
	for (int i = 0; i < 3; i++) {
		reload(&w, units_three, i == 1 ? DUE : LATER, "2019-08-09T15:00");
		tick(&w, "2019-08-09T15:00");
		assert_int_equal(deliver(&w, "2019-08-09T15:00"), 3);
	}
	text = said(&w);
	assert_int_equal(count(text, XIN_MOVED), 2);
	assert_int_equal(count(text, "sent correction 截止时间变更"), 9);
	world_fini(&w);
}

/* Nothing remembers the edit but the database. */
static void a_crash_after_the_reload_loses_nothing(void **state)
{
	struct world w;

	(void)state;
	reminded(&w);
	reload(&w, units_three, LATER, "2019-08-09T15:00");
	engine_free(&w.engine);
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(engine_new(w.store, campaign_of(yaml_weekly, units_three, LATER), w.now,
				    NULL, &w.engine, &w.err),
			 0);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	engine_on_row(w.engine, world_row, &w);
	tick(&w, "2019-08-09T15:01");
	assert_said(&w, XIN_MOVED XUE_MOVED ZHU_MOVED);
	world_fini(&w);
}

static void superiors_who_heard_hear_of_it_too(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	reminded(&w);
	tick(&w, "2019-08-10T10:00"); /* all three ladders; one list for the office */
	(void)deliver(&w, "2019-08-10T10:00");
	g_free(said(&w));
	reload(&w, units_three, LATER, "2019-08-10T11:00");
	tick(&w, "2019-08-10T11:00");
	text = said(&w);
	assert_int_equal(count(text, "sent correction 截止时间变更"), 3 * 4);
	assert_int_equal(count(text, "xin head xin3@example.org due 08-12"), 1);
	assert_int_equal(lease(&w, "2019-08-10T11:00"), 3 * 3 + 1);
	assert_string_equal(leased_to(&w, "ban@"),
			    " 截止时间变更/xin 截止时间变更/xue 截止时间变更/zhu");
	world_fini(&w);
}

static void what_a_decision_moved_is_told_by_the_decision(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	reminded(&w);
	assert_int_equal(decide(&w, DECISION_EXTEND, "xin", "yi", "-", "2019-08-12T17:00",
				"2019-08-09T15:00"),
			 0);
	tick(&w, "2019-08-09T15:00");
	(void)deliver(&w, "2019-08-09T15:00");
	g_free(said(&w));
	/* The files follow: those who were not extended hear of it. */
	reload(&w, units_three, LATER, "2019-08-09T16:00");
	tick(&w, "2019-08-09T16:00");
	assert_said(&w, XUE_MOVED ZHU_MOVED);
	(void)deliver(&w, "2019-08-09T16:00");
	/* Beyond the extension: all do. */
	reload(&w, units_three, ONE("20190814T170000"), "2019-08-09T16:01");
	tick(&w, "2019-08-09T16:01");
	text = said(&w);
	assert_int_equal(count(text, "sent correction 截止时间变更"), 3);
	world_fini(&w);
}

static void what_is_owed_no_more_is_told_and_what_is_back_too(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	reminded(&w);
	assert_int_equal(submit(&w, "xue", "yi", "-", "2019-08-09T14:30", "2019-08-09T14:30"), 0);
	tick(&w, "2019-08-09T14:30");
	(void)deliver(&w, "2019-08-09T14:30");
	g_free(said(&w));
	reload(&w, units_three, GONE, "2019-08-09T15:00");
	tick(&w, "2019-08-09T15:00");
	assert_said(&w, "sent correction 无需报送 xin liaison xin1@example.org due 08-09\n"
			"sent correction 无需报送 zhu liaison zhu1@example.org due 08-09\n");
	assert_int_equal(deliver(&w, "2019-08-09T15:00"), 2);
	reload(&w, units_three, GONE, "2019-08-09T15:01");
	tick(&w, "2019-08-09T15:01");
	assert_said(&w, "");
	reload(&w, units_three, DUE, "2019-08-09T15:02");
	tick(&w, "2019-08-09T15:02");
	text = said(&w);
	assert_int_equal(count(text, "sent correction 恢复报送 xin liaison xin1@example.org"), 1);
	assert_int_equal(count(text, "sent correction"), 2);
	assert_int_equal(deliver(&w, "2019-08-09T15:02"), 2);
	assert_int_equal(tick(&w, "2019-08-09T15:03"), 0);
	world_fini(&w);
}

static void what_is_back_before_anybody_heard_was_never_gone(void **state)
{
	struct world w;

	(void)state;
	reminded(&w);
	reload(&w, units_three, GONE, "2019-08-09T15:00");
	reload(&w, units_three, DUE, "2019-08-09T15:00");
	tick(&w, "2019-08-09T15:00");
	assert_said(&w, "");
	/* Told, but not sent yet. */
	reload(&w, units_three, GONE, "2019-08-09T15:01");
	tick(&w, "2019-08-09T15:01");
	reload(&w, units_three, DUE, "2019-08-09T15:02");
	g_free(said(&w));
	tick(&w, "2019-08-09T15:02");
	assert_said(&w, "");
	assert_int_equal(lease(&w, "2019-08-09T15:02"), 0);
	world_fini(&w);
}

static void a_unit_that_was_taken_out_need_not_report(void **state)
{
	static const char two[] = "unit,name,kind,role,person,email,tags\n"
				  "ban,安委办,office,liaison,办甲,ban@example.org,\n"
				  "xue,薛家镇,镇,liaison,薛甲,xue1@example.org,建筑\n"
				  "zhu,住建局,部门,liaison,住甲,zhu1@example.org,建筑\n";
	struct world w;

	(void)state;
	reminded(&w);
	reload(&w, two, DUE, "2019-08-09T15:00");
	tick(&w, "2019-08-09T15:00");
	assert_said(&w, "sent correction 无需报送 - liaison xin1@example.org due 08-09\n");
	assert_int_equal(deliver(&w, "2019-08-09T15:00"), 1);
	world_fini(&w);
}

static void on_claim(void *arg, struct engine_lease *lease)
{
	GString *s = arg;

	for (guint i = 0; i < lease->message->items->len; i++) {
		const struct message_item *it = g_ptr_array_index(lease->message->items, i);

		g_string_append_printf(s, "%s|%s|%s|%s|%s\n", lease->message->address, it->unit,
				       it->title, it->was_text, it->due_text);
	}
	message_free(&lease->message);
}

static char *claimed(struct world *w, const char *now)
{
	GString *s = g_string_new(NULL);

	assert_int_equal(store_begin(w->store, &w->err), 0);
	assert_true(engine_lease(&w->engine, 1, w->store, at(w, now), 100, on_claim, s, &w->err) >=
		    0);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	return g_string_free(s, FALSE);
}

static void both_deadlines_and_the_name_of_what_is_gone_are_in_the_message(void **state)
{
	struct world w;
	g_autofree char *moved = NULL, *gone = NULL;

	(void)state;
	reminded(&w);
	reload(&w, units_three, LATER, "2019-08-09T15:00");
	tick(&w, "2019-08-09T15:00");
	moved = claimed(&w, "2019-08-09T15:00");
	assert_non_null(strstr(moved, "xin1@example.org|新桥镇|方案|8月9日（周五）17:00|"
				      "8月12日（周一）17:00\n"));
	reload(&w, units_three, GONE, "2019-08-09T15:01");
	tick(&w, "2019-08-09T15:01");
	gone = claimed(&w, "2019-08-09T15:01");
	assert_non_null(strstr(gone, "xin1@example.org|新桥镇|方案||8月12日（周一）17:00\n"));
	world_fini(&w);
}

static void the_reload_says_how_many_it_corrects(void **state)
{
	struct world w;
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	struct engine_filter all = {.uid = "yi", .rid = "-", .unit = ""};
	json_t *j;

	(void)state;
	reminded(&w);
	j = engine_told(w.engine, &all, &w.err);
	assert_int_equal(json_integer_value(json_object_get(j, "moved")), 3);
	json_decref(j);
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(engine_reload(w.engine, campaign_of(yaml_weekly, units_three, LATER),
				       at(&w, "2019-08-09T15:00"), lines, &w.err),
			 0);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	assert_int_equal(lines->len, 1);
	assert_string_equal(lines->pdata[0], "方案 8月9日 17:00 → 8月12日 17:00，涉及3个单位，"
					     "已发提醒3件将更正");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moved_deadline_is_told_once_to_those_who_were_told),
		cmocka_unit_test(who_heard_nothing_yet_is_told_nothing),
		cmocka_unit_test(a_deadline_that_moves_back_unheard_is_as_it_was),
		cmocka_unit_test(a_deadline_that_moves_back_heard_is_told_again),
		cmocka_unit_test(a_crash_after_the_reload_loses_nothing),
		cmocka_unit_test(superiors_who_heard_hear_of_it_too),
		cmocka_unit_test(what_a_decision_moved_is_told_by_the_decision),
		cmocka_unit_test(what_is_owed_no_more_is_told_and_what_is_back_too),
		cmocka_unit_test(what_is_back_before_anybody_heard_was_never_gone),
		cmocka_unit_test(a_unit_that_was_taken_out_need_not_report),
		cmocka_unit_test(both_deadlines_and_the_name_of_what_is_gone_are_in_the_message),
		cmocka_unit_test(the_reload_says_how_many_it_corrects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
