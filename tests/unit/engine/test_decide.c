/*
 * test_decide.c - what a person may decide, what is refused and why, who hears of it (P10).
 */
#include "unit/engine/engine_help.h"

static const struct {
	const char *name;
	bool received, exempt;
	enum decision_kind kind;
	const char *unit, *uid, *rid, *due, *now;
	int want;
	const char *words;
} rows[] = {
	{"no such unit", false, false, DECISION_EXTEND, "nie", "zhou", FIRST, "2019-08-12T17:00",
	 "2019-08-09T12:00", -ENOENT, "nie"},
	{"no such item", false, false, DECISION_EXTEND, "xin", "yue", FIRST, "2019-08-12T17:00",
	 "2019-08-09T12:00", -ENOENT, "yue"},
	{"no such week", false, false, DECISION_EXTEND, "xin", "zhou", "20190810T090000Z",
	 "2019-08-12T17:00", "2019-08-09T12:00", -ENOENT, "20190810"},
	{"which week?", false, false, DECISION_EXTEND, "xin", "zhou", "", "2019-08-12T17:00",
	 "2019-08-09T12:00", -EINVAL, FIRST},
	{"of what?", false, false, DECISION_EXEMPT, "xin", "", "", NULL, "2019-08-09T12:00",
	 -EINVAL, "报送事项"},
	{"who owes nothing", false, false, DECISION_EXTEND, "ban", "zhou", FIRST,
	 "2019-08-12T17:00", "2019-08-09T12:00", -EINVAL, "不承担"},
	{"extended to the old deadline", false, false, DECISION_EXTEND, "xin", "zhou", FIRST,
	 "2019-08-09T17:00", "2019-08-09T12:00", -EINVAL, "晚于原截止时间"},
	{"a second later", false, false, DECISION_EXTEND, "xin", "zhou", FIRST,
	 "2019-08-09T17:00:01", "2019-08-09T12:00", 0, ""},
	{"extended to this second", false, false, DECISION_EXTEND, "xin", "zhou", FIRST,
	 "2019-08-12T12:00", "2019-08-12T12:00", -EINVAL, "晚于作出决定的时间"},
	{"into the past", false, false, DECISION_EXTEND, "xin", "zhou", FIRST, "2019-08-10T12:00",
	 "2019-08-12T12:00", -EINVAL, "晚于作出决定的时间"},
	{"an exempt one", false, true, DECISION_EXTEND, "xin", "zhou", FIRST, "2019-08-12T17:00",
	 "2019-08-09T12:00", -EINVAL, "撤销免报"},
	{"one that was received", true, false, DECISION_EXTEND, "xin", "zhou", FIRST,
	 "2019-08-12T17:00", "2019-08-09T12:00", 0, ""},
	{"returned before anything came", false, false, DECISION_RETURN, "xin", "zhou", FIRST,
	 "2019-08-12T17:00", "2019-08-09T12:00", -EINVAL, "尚未收到"},
	{"returned", true, false, DECISION_RETURN, "xin", "zhou", FIRST, "2019-08-09T13:00",
	 "2019-08-09T12:00", 0, ""},
	{"returned while exempt", true, true, DECISION_RETURN, "xin", "zhou", FIRST,
	 "2019-08-12T17:00", "2019-08-09T12:00", -EINVAL, "撤销免报"},
	{"exempted twice", false, true, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL,
	 "2019-08-09T12:00", -EINVAL, "已经免报"},
	{"undone what is not", false, false, DECISION_UNDO, "xin", "zhou", FIRST, NULL,
	 "2019-08-09T12:00", -EINVAL, "没有免报"},
	{"undone", false, true, DECISION_UNDO, "xin", "zhou", FIRST, NULL, "2019-08-09T12:00", 0,
	 ""},
	{"refused", false, false, DECISION_REFUSE, "xin", "zhou", FIRST, NULL, "2019-08-09T12:00",
	 0, ""},
	{"extended for all, though one is exempt", false, true, DECISION_EXTEND, "", "zhou", FIRST,
	 "2019-08-12T17:00", "2019-08-09T12:00", 0, ""},
	{"returned to all, though nothing came", false, false, DECISION_RETURN, "", "zhou", FIRST,
	 "2019-08-12T17:00", "2019-08-09T12:00", -EINVAL, "尚未收到"},
	{"exempted for all", false, false, DECISION_EXEMPT, "", "zhou", FIRST, NULL,
	 "2019-08-09T12:00", -EINVAL, "逐家"},
	{"released what is not held", false, false, DECISION_RELEASE, "", "zhou", FIRST, NULL,
	 "2019-08-09T12:00", -EINVAL, "没有符合条件"},
	{"resumed what is not paused", false, false, DECISION_RESUME, "", "", "", NULL,
	 "2019-08-09T12:00", -EINVAL, "没有暂停"},
	{"a pause of everything", false, false, DECISION_PAUSE, "", "", "", NULL,
	 "2019-08-09T12:00", 0, ""},
};

static void what_the_rules_refuse_is_refused_with_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w;
		int rc;

		world_weekly(&w);
		if (rows[i].received)
			assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T10:00",
						"2019-08-09T10:00"),
					 0);
		if (rows[i].exempt)
			assert_int_equal(decide(&w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL,
						"2019-08-09T11:00"),
					 0);
		tick(&w, "2019-08-09T11:30");
		g_free(said(&w));
		w.err.text[0] = '\0';
		rc = decide(&w, rows[i].kind, rows[i].unit, rows[i].uid, rows[i].rid, rows[i].due,
			    rows[i].now);
		if (rc != rows[i].want || strstr(w.err.text, rows[i].words) == NULL)
			print_message("%s: %d %s\n", rows[i].name, rc, w.err.text);
		assert_int_equal(rc, rows[i].want);
		if (rc < 0) {
			assert_non_null(strstr(w.err.text, rows[i].words));
			assert_int_equal(tick(&w, "2019-08-09T12:30"), 0); /* and nothing changed */
		}
		world_fini(&w);
	}
}

/* Said to the liaison at once; stands in for every step up to its own instant. */
static void an_extension_is_told_and_stands_in_for_steps(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T12:00");
	assert_int_equal(decide(&w, DECISION_EXTEND, "xin", "zhou", FIRST, "2019-08-09T19:00",
				"2019-08-09T16:00"),
			 0);
	tick(&w, "2019-08-09T16:00");
	assert_said(&w, "sent decision extend xin liaison xin1@example.org due 08-09\n"
			"superseded remind 提醒 xin liaison xin1@example.org due 08-09\n"
			"sent remind 提醒 xue liaison xue1@example.org due 08-09\n"
			"sent remind 提醒 zhu liaison zhu1@example.org due 08-09\n");
	assert_int_equal(deliver(&w, "2019-08-09T16:00"), 3);
	world_fini(&w);
}

static void a_moved_deadline_arms_the_ladder_again(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T14:00");
	assert_int_equal(decide(&w, DECISION_EXTEND, "xin", "zhou", FIRST, "2019-08-12T17:00",
				"2019-08-09T15:00"),
			 0);
	tick(&w, "2019-08-09T15:00");
	g_free(said(&w));
	tick(&w, "2019-08-09T17:30");
	text = said(&w);
	assert_null(strstr(text, " xin "));
	tick(&w, "2019-08-12T14:00");
	g_free(text);
	text = said(&w);
	assert_non_null(strstr(text, "sent remind 提醒 xin liaison xin1@example.org due 08-12\n"));
	world_fini(&w);
}

static void an_exemption_is_told_and_ends_the_matter(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T12:00");
	assert_int_equal(
		decide(&w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL, "2019-08-09T13:00"), 0);
	tick(&w, "2019-08-09T13:00");
	assert_said(&w, "sent decision exempt xin liaison xin1@example.org due 08-09\n");
	run_to(&w, "2019-08-12T00:00");
	text = said(&w);
	assert_null(strstr(text, " xin "));
	assert_int_equal(decide(&w, DECISION_UNDO, "xin", "zhou", FIRST, NULL, "2019-08-12T09:00"),
			 0);
	tick(&w, "2019-08-12T09:00");
	g_free(text);
	text = said(&w);
	assert_non_null(strstr(text, "sent decision undo xin"));
	assert_non_null(strstr(text, "sent escalate 督办 xin leader"));
	world_fini(&w);
}

static void a_decision_for_all_is_told_to_each_once(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T12:00");
	assert_int_equal(submit(&w, "zhu", "zhou", FIRST, "2019-08-09T12:10", "2019-08-09T12:10"),
			 0);
	tick(&w, "2019-08-09T12:10");
	g_free(said(&w));
	assert_int_equal(decide(&w, DECISION_EXTEND, "", "zhou", FIRST, "2019-08-12T17:00",
				"2019-08-09T13:00"),
			 0);
	assert_int_equal(w.covered, 3);
	tick(&w, "2019-08-09T13:00");
	assert_said(&w, "sent decision extend xin liaison xin1@example.org due 08-12\n"
			"sent decision extend xue liaison xue1@example.org due 08-12\n"
			"sent decision extend zhu liaison zhu1@example.org due 08-12\n");
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-09T13:01"), 0);
	world_fini(&w);
}

/* The decision and its journal entry stand together. */
static void on_entry(void *arg, int64_t seq, wall_t when, const char *campaign, const char *actor,
		     const char *event, const char *detail)
{
	(void)seq;
	(void)when;
	g_string_append_printf(arg, "%s %s %s %s\n", campaign, actor, event,
			       strstr(detail, "因汛情") != NULL ? "因汛情" : "-");
}

static void a_decision_is_in_the_journal_with_who_and_why(void **state)
{
	struct world w;
	g_autoptr(GString) lines = g_string_new(NULL);

	(void)state;
	world_weekly(&w);
	assert_int_equal(
		decide(&w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL, "2019-08-09T13:00"), 0);
	(void)store_journal_list(w.store, "shi", 0, 1, on_entry, lines);
	assert_string_equal(lines->str, "shi office exempt 因汛情\n");
	assert_int_equal(store_journal_verify(w.store, &w.err), 0);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_rules_refuse_is_refused_with_words),
		cmocka_unit_test(an_extension_is_told_and_stands_in_for_steps),
		cmocka_unit_test(a_moved_deadline_arms_the_ladder_again),
		cmocka_unit_test(an_exemption_is_told_and_ends_the_matter),
		cmocka_unit_test(a_decision_for_all_is_told_to_each_once),
		cmocka_unit_test(a_decision_is_in_the_journal_with_who_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
