/*
 * test_compose.c - a leased message as a person reads it: times in words, lists, 已销号.
 */
#include "unit/engine/engine_help.h"

static const struct {
	const char *name, *at;
	bool all_day, english;
	const char *want;
} times[] = {
	{"a timed deadline", "2019-08-09T17:00", false, false, "8月9日（周五）17:00"},
	{"in English", "2019-08-09T17:00", false, true, "17:00 on Fri 9 Aug"},
	{"an all-day report may come until midnight", "2019-08-10T23:59:59", true, false,
	 "8月10日（周六）24:00"},
	{"in English too", "2019-08-10T23:59:59", true, true, "Sat 10 Aug"},
	{"an all-day milestone begins at midnight", "2019-09-01T00:00", true, false,
	 "9月1日（周日）"},
	{"a timed one at midnight keeps its hour", "2019-09-01T00:00", false, false,
	 "9月1日（周日）00:00"},
	{"a timed one extended to a date", "2019-08-13T23:59:59", false, false,
	 "8月13日（周二）24:00"},
};

static void a_deadline_in_words(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
		g_autofree char *got = compose_due_text(w.engine, at(&w, times[i].at),
							times[i].all_day, times[i].english);

		if (strcmp(got, times[i].want) != 0)
			print_message("%s:\n", times[i].name);
		assert_string_equal(got, times[i].want);
	}
	world_fini(&w);
}

/* Everything of one message as text. */
static void on_lease(void *arg, struct engine_lease *lease)
{
	GString *s = arg;
	const struct message *m = lease->message;

	if (strcmp(m->address, "xin1@example.org") == 0) {
		const struct message_item *it = g_ptr_array_index(m->items, 0);

		g_string_append_printf(s, "%s|%s|%s|%s|%s|%s|%d|%s|%d/%d/%d|%s|%s|%s\n",
				       m->campaign, m->office, m->person, m->person_unit, it->title,
				       it->step, it->number, it->due_text, it->expected,
				       it->received, it->missing, it->on_time_text, it->tags,
				       m->now_text);
		g_string_append_printf(s, "%s %s\n", m->identity, it->token);
	}
	message_free(&lease->message);
}

static char *claimed(struct world *w, const char *now)
{
	GString *s = g_string_new(NULL);

	assert_int_equal(store_begin(w->store, &w->err), 0);
	assert_true(engine_lease(&w->engine, 1, w->store, at(w, now), 100, on_lease, s, &w->err) >
		    0);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	return g_string_free(s, FALSE);
}

static void a_message_has_its_texts_and_keeps_its_identity(void **state)
{
	struct world w;
	g_autofree char *first = NULL;
	g_autofree char *again = NULL;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "zhu", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 0);
	tick(&w, "2019-08-09T14:00");
	first = claimed(&w, "2019-08-09T14:00");
	assert_true(g_str_has_prefix(first,
				     "试|安委办|新甲|新桥镇|周报|提醒|1|8月9日（周五）17:00|3/1/2|"
				     "8月9日17:30|消防|8月9日14:00\nduban."));
	(void)store_outbox_recover(w.store, at(&w, "2019-08-09T14:05"), &w.err);
	again = claimed(&w, "2019-08-09T14:05");
	assert_string_equal(again, first);
	world_fini(&w);
}

static void the_next_list_strikes_out_what_came_late(void **state)
{
	struct world w;
	static const char units[] =
		"unit,name,kind,role,person,email\n"
		"ban,安委办,office,liaison,办甲,ban@example.org\n"
		"a,甲镇,镇,liaison,甲,a@example.org\na,甲镇,镇,leader,长,chang@example.org\n"
		"b,乙镇,镇,liaison,乙,b@example.org\nb,乙镇,镇,leader,长,chang@example.org\n";
	static const char yaml[] = POLICY(
		KEYS,
		"      - {name: 督办, at: \"+1h\", to: [leader], repeat: {every: 1d, times: 3}}\n");

	(void)state;
	world_init(&w, yaml, units, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	assert_int_equal(deliver(&w, "2019-08-09T18:30"), 1);
	assert_string_equal(leased_to(&w, "chang@"), " 督办/a 督办/b");
	assert_int_equal(submit(&w, "a", "zhou", FIRST, "2019-08-10T09:00", "2019-08-10T09:00"), 0);
	tick(&w, "2019-08-10T18:30");
	assert_int_equal(lease(&w, "2019-08-10T18:30"), 2);
	assert_string_equal(leased_to(&w, "chang@"), " 已销号/a 督办#1/b");
	/* Another attempt at the same message says the same. */
	(void)store_outbox_recover(w.store, at(&w, "2019-08-10T18:31"), &w.err);
	assert_int_equal(deliver(&w, "2019-08-10T18:31"), 2);
	assert_string_equal(leased_to(&w, "chang@"), " 已销号/a 督办#1/b");
	world_fini(&w);
}

static void it_is_struck_out_once_and_only_if_late(void **state)
{
	struct world w;
	static const char units[] =
		"unit,name,kind,role,person,email\n"
		"ban,安委办,office,liaison,办甲,ban@example.org\n"
		"a,甲镇,镇,liaison,甲,a@example.org\na,甲镇,镇,leader,长,chang@example.org\n"
		"b,乙镇,镇,liaison,乙,b@example.org\nb,乙镇,镇,leader,长,chang@example.org\n"
		"c,丙镇,镇,liaison,丙,c@example.org\nc,丙镇,镇,leader,长,chang@example.org\n";
	static const char yaml[] = POLICY(
		KEYS,
		"      - {name: 督办, at: \"+1h\", to: [leader], repeat: {every: 1d, times: 3}}\n");

	(void)state;
	world_init(&w, yaml, units, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	(void)deliver(&w, "2019-08-09T18:30");
	assert_int_equal(submit(&w, "a", "zhou", FIRST, "2019-08-10T09:00", "2019-08-10T09:00"), 0);
	/* On time after all: a correction, no strike-out. */
	assert_int_equal(submit(&w, "b", "zhou", FIRST, "2019-08-09T17:00", "2019-08-10T09:00"), 0);
	tick(&w, "2019-08-10T09:00");
	(void)deliver(&w, "2019-08-10T09:00");
	assert_string_equal(leased_to(&w, "chang@"), " 更正/b");
	tick(&w, "2019-08-10T18:30");
	(void)deliver(&w, "2019-08-10T18:30");
	assert_string_equal(leased_to(&w, "chang@"), " 已销号/a 督办#1/c");
	tick(&w, "2019-08-11T18:30");
	(void)deliver(&w, "2019-08-11T18:30");
	assert_string_equal(leased_to(&w, "chang@"), " 督办#2/c");
	world_fini(&w);
}

/* What the decisions of one message say was received. */
static void on_decisions(void *arg, struct engine_lease *lease)
{
	for (guint i = 0; i < lease->message->items->len; i++) {
		const struct message_item *it = lease->message->items->pdata[i];

		if (it->sort == SORT_DECISION)
			g_string_append_printf(arg, "%s %s %s\n", it->unit_id, it->step,
					       it->received_text);
	}
	message_free(&lease->message);
}

static void who_reported_though_exempt_is_not_asked_again_when_that_is_undone(void **state)
{
	static const char *const units[] = {"xin", "xue", "zhu"};
	struct world w;
	g_autoptr(GString) said = g_string_new(NULL);

	(void)state;
	world_weekly(&w);
	for (int i = 0; i < 3; i++) {
		if (i > 0) /* xin reports nothing, the report of zhu is returned first */
			assert_int_equal(submit(&w, units[i], "zhou", FIRST, "2019-08-09T12:00",
						"2019-08-09T12:00"),
					 0);
		if (i == 2)
			assert_int_equal(decide(&w, DECISION_RETURN, "zhu", "zhou", FIRST,
						"2019-08-12T12:00", "2019-08-09T12:30"),
					 0);
		assert_int_equal(decide(&w, DECISION_EXEMPT, units[i], "zhou", FIRST, NULL,
					"2019-08-09T13:00"),
				 0);
	}
	tick(&w, "2019-08-09T13:00");
	(void)deliver(&w, "2019-08-09T13:00");
	for (int i = 0; i < 3; i++)
		assert_int_equal(decide(&w, DECISION_UNDO, units[i], "zhou", FIRST, NULL,
					"2019-08-09T13:30"),
				 0);
	tick(&w, "2019-08-09T13:30");
	assert_int_equal(store_begin(w.store, &w.err), 0);
	(void)engine_lease(&w.engine, 1, w.store, at(&w, "2019-08-09T13:30"), 100, on_decisions,
			   said, &w.err);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	assert_non_null(strstr(said->str, "xin undo \n"));
	assert_non_null(strstr(said->str, "xue undo 8月9日"));
	assert_non_null(strstr(said->str, "zhu undo \n"));
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_in_words),
		cmocka_unit_test(a_message_has_its_texts_and_keeps_its_identity),
		cmocka_unit_test(the_next_list_strikes_out_what_came_late),
		cmocka_unit_test(it_is_struck_out_once_and_only_if_late),
		cmocka_unit_test(who_reported_though_exempt_is_not_asked_again_when_that_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
