/*
 * test_submit.c - a report comes in: to its item or to the tray, with a receipt, once.
 */
#include "unit/engine/engine_help.h"

static const struct {
	const char *name, *rid, *received;
	const char *tray; /* words of the reason; NULL: it counts */
	const char *due;  /* of the item meant */
	bool on_time;
} rows[] = {
	{"while it is open", "", "2019-08-05T09:00", NULL, "2019-08-09T17:00", true},
	{"in the last second of grace", "", "2019-08-09T17:30:00", NULL, "2019-08-09T17:00", true},
	{"a second after it", "", "2019-08-09T17:30:01", NULL, "2019-08-09T17:00", false},
	{"when it closes: still the first, the earliest outstanding", "", "2019-08-15T17:00:00",
	 NULL, "2019-08-09T17:00", false},
	{"a second later the next is meant", "", "2019-08-15T17:00:01", NULL, "2019-08-16T17:00",
	 true},
	{"a second later by name: too late, the tray", FIRST, "2019-08-15T17:00:01", "已过补报",
	 NULL, false},
	{"before it opens, by name", SECOND_RID, "2019-08-02T09:00", NULL, "2019-08-16T17:00",
	 true},
	{"after everything has closed", "", "2019-09-20T00:00", "没有与之对应", NULL, false},
};

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w;

		world_weekly(&w);
		assert_int_equal(submit(&w, "xin", "zhou", rows[i].rid, rows[i].received,
					"2019-09-25T00:00"),
				 0);
		if (w.receipt.tray != (rows[i].tray != NULL))
			print_message("%s: %s\n", rows[i].name, w.receipt.reason);
		assert_int_equal(w.receipt.tray, rows[i].tray != NULL);
		if (rows[i].tray != NULL) {
			assert_non_null(strstr(w.receipt.reason, rows[i].tray));
			assert_int_equal(w.receipt.receipt[0], 'T');
			assert_int_equal(w.receipt.occurrence, NONE);
		} else {
			assert_int_equal(w.receipt.due, at(&w, rows[i].due));
			assert_int_equal(w.receipt.on_time, rows[i].on_time);
			assert_int_equal(w.receipt.receipt[0], 'R');
			assert_int_equal(strlen(w.receipt.receipt), 13);
		}
		world_fini(&w);
	}
}

static void the_next_is_meant_once_the_first_is_in(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "zhou", "", "2019-08-09T12:00", "2019-08-09T12:00"), 0);
	/* The second opens at the first one's deadline; before it nothing outstanding is open. */
	assert_int_equal(
		submit(&w, "xin", "zhou", "", "2019-08-09T16:59:59", "2019-08-09T16:59:59"), 0);
	assert_true(w.receipt.tray);
	assert_int_equal(submit(&w, "xin", "zhou", "", "2019-08-09T17:00", "2019-08-09T17:00"), 0);
	assert_false(w.receipt.tray);
	assert_int_equal(w.receipt.due, at(&w, "2019-08-16T17:00"));
	world_fini(&w);
}

static void milliseconds_are_floored(void **state)
{
	struct world w;
	struct engine_submit s = {.unit = "xin",
				  .uid = "zhou",
				  .rid = FIRST,
				  .way = "web",
				  .actor = "xin",
				  .why = ""};

	(void)state;
	world_weekly(&w);
	s.received = at(&w, "2019-08-09T17:30") + 999;
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	assert_true(w.receipt.on_time);
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-10T00:00"),
			 STANDING_ON_TIME);
	world_fini(&w);
}

static void what_cannot_be_is_an_error_with_words(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "nie", "zhou", "", "2019-08-09T12:00", "2019-08-09T12:00"),
			 -ENOENT);
	assert_non_null(strstr(w.err.text, "nie"));
	assert_int_equal(submit(&w, "xin", "yue", "", "2019-08-09T12:00", "2019-08-09T12:00"),
			 -ENOENT);
	assert_non_null(strstr(w.err.text, "yue"));
	assert_int_equal(
		submit(&w, "xin", "zhou", "20190810", "2019-08-09T12:00", "2019-08-09T12:00"),
		-ENOENT);
	assert_int_equal(submit(&w, "ban", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 -ENOENT);
	assert_non_null(strstr(w.err.text, "不承担"));
	assert_int_equal(submit(&w, "xin", "", "", "2019-08-09T12:00", "2019-08-09T12:00"), 0);
	assert_true(w.receipt.tray); /* which item? a person decides; it is not lost */
	assert_int_equal(
		submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:10:01", "2019-08-09T12:00"),
		-EINVAL);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:10", "2019-08-09T12:00"),
			 0);
	world_fini(&w);
}

static void a_zero_report_counts_where_the_policy_allows_it(void **state)
{
	static const char yes[] = POLICY("    zero: yes\n", STEPS_WEEKLY);
	const char *const yamls[] = {yaml_weekly, yes};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;
		struct engine_submit s = {.unit = "xin",
					  .uid = "zhou",
					  .rid = FIRST,
					  .zero = true,
					  .way = "cli",
					  .actor = "office",
					  .why = ""};

		world_init(&w, yamls[i], units_three, calendar_weekly, "2019-08-01T00:00");
		s.received = at(&w, "2019-08-09T12:00");
		assert_int_equal(store_begin(w.store, &w.err), 0);
		assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
		assert_int_equal(store_commit(w.store, &w.err), 0);
		assert_int_equal(w.receipt.tray, i == 0);
		world_fini(&w);
	}
}

static void the_same_request_is_stored_once(void **state)
{
	struct world w;
	struct engine_submit s = {.unit = "xin",
				  .uid = "zhou",
				  .rid = FIRST,
				  .way = "api",
				  .actor = "xin",
				  .why = "",
				  .request = "key-1"};
	struct engine_receipt first;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	s.received = at(&w, "2019-08-09T12:00");
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(engine_submit(w.engine, &s, s.received, &first, &w.err), 0);
	assert_false(first.again);
	assert_int_equal(engine_submit(w.engine, &s, s.received + HOUR, &w.receipt, &w.err), 0);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	assert_true(w.receipt.again);
	assert_true(w.receipt.on_time);
	assert_string_equal(w.receipt.receipt, first.receipt);
	tick(&w, "2019-08-09T14:00");
	text = said(&w);
	assert_int_equal(count(text, "receipt receipt xin"), 1);
	world_fini(&w);
}

/* A counter that began again: who gets the first one's receipt believes that the second has arrived. */
static void a_second_report_under_a_used_number_is_refused_not_taken_for_the_first(void **state)
{
	static const struct part files[] = {{"a.doc", "one", 3}, {"a.doc", "two", 3}};
	static const struct field fields[] = {{"n", "3"}, {"n", "4"}};
	const struct engine_submit first = {.unit = "xin",
					    .uid = "zhou",
					    .rid = FIRST,
					    .way = "api",
					    .actor = "xin",
					    .why = "",
					    .request = "key-1",
					    .parts = &files[0],
					    .n_parts = 1,
					    .fields = &fields[0],
					    .n_fields = 1};
	struct engine_submit others[] = {first, first, first, first, first, first};
	struct world w;

	(void)state;
	others[0].rid = SECOND_RID;
	others[1].parts = &files[1];
	others[2].n_parts = 0;
	others[3].fields = &fields[1];
	others[4].n_fields = 0;
	others[5].uid = "";
	for (int in_tray = 0; in_tray < 2; in_tray++) {
		struct engine_submit s = first;

		world_weekly(&w);
		s.zero = in_tray; /* not allowed by the policy */
		s.received = at(&w, "2019-08-09T12:00");
		assert_int_equal(store_begin(w.store, &w.err), 0);
		assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
		assert_int_equal(w.receipt.tray, in_tray);
		assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
		assert_true(w.receipt.again);
		for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
			others[i].received = s.received;
			others[i].zero = s.zero;
			assert_int_equal(
				engine_submit(w.engine, &others[i], s.received, &w.receipt, &w.err),
				-EEXIST);
			assert_non_null(strstr(w.err.text, "内容不同"));
		}
		s.zero = !s.zero;
		assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err),
				 -EEXIST);
		assert_int_equal(store_commit(w.store, &w.err), 0);
		world_fini(&w);
	}
}

static void two_reports_of_one_instant_have_two_receipts(void **state)
{
	struct world w;
	char first[32];
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 0);
	memcpy(first, w.receipt.receipt, sizeof(first));
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 0);
	assert_string_not_equal(w.receipt.receipt, first);
	tick(&w, "2019-08-09T12:00");
	text = said(&w);
	assert_int_equal(count(text, "sent receipt receipt xin"), 2);
	assert_int_equal(deliver(&w, "2019-08-09T12:00"), 1); /* in one message */
	world_fini(&w);
}

/* ---- the tray ---- */

static int judge(struct world *w, int64_t id, bool accept, const char *rid, const char *now)
{
	int rc;

	assert_int_equal(store_begin(w->store, &w->err), 0);
	rc = engine_tray_decide(w->engine, id, accept, "", "", rid, "office", "核实", at(w, now),
				&w->receipt, &w->err);
	if (rc < 0)
		store_rollback(w->store);
	else
		assert_int_equal(store_commit(w->store, &w->err), 0);
	return rc;
}

static void what_is_accepted_counts_at_its_own_received_time(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "", "", "2019-08-09T17:30", "2019-08-09T17:30"), 0);
	assert_string_equal(w.receipt.receipt, "T1");
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-09T18:00"),
			 STANDING_OVERDUE);
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(engine_tray_decide(w.engine, 1, true, "", "zhou", FIRST, "office", "核实",
					    at(&w, "2019-08-20T09:00"), &w.receipt, &w.err),
			 0);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	assert_true(w.receipt.on_time);
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-20T09:00"),
			 STANDING_ON_TIME);
	assert_int_equal(judge(&w, 1, true, FIRST, "2019-08-20T10:00"), -ENOENT); /* once */
	assert_int_equal(judge(&w, 99, false, "", "2019-08-20T10:00"), -ENOENT);
	world_fini(&w);
}

static void accepting_does_not_ask_whether_it_has_closed(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-16T09:00", "2019-08-16T09:00"),
			 0);
	assert_true(w.receipt.tray);
	assert_int_equal(judge(&w, 1, true, "", "2019-08-16T10:00"), 0);
	assert_false(w.receipt.on_time);
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-17T00:00"), STANDING_LATE);
	world_fini(&w);
}

/* P11: what is undecided could be this unit's report, so superiors wait for the decision. */
static void the_tray_holds_what_superiors_would_hear(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T18:00");
	assert_int_equal(submit(&w, "xin", "", "", "2019-08-09T19:00", "2019-08-09T19:00"), 0);
	g_free(said(&w));
	tick(&w, "2019-08-10T10:00");
	tick(&w, "2019-08-10T10:10");
	text = said(&w);
	assert_int_equal(count(text, "held escalate 督办 xin"), 2);
	assert_int_equal(count(text, "sent escalate 督办 xue"), 3);
	assert_int_equal(judge(&w, 1, false, "", "2019-08-10T11:00"), 0);
	tick(&w, "2019-08-10T11:00");
	assert_said(&w, "sent escalate 督办 xin leader xin2@example.org due 08-09\n"
			"sent escalate 督办 xin head xin3@example.org due 08-09\n");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(the_next_is_meant_once_the_first_is_in),
		cmocka_unit_test(milliseconds_are_floored),
		cmocka_unit_test(what_cannot_be_is_an_error_with_words),
		cmocka_unit_test(a_zero_report_counts_where_the_policy_allows_it),
		cmocka_unit_test(the_same_request_is_stored_once),
		cmocka_unit_test(
			a_second_report_under_a_used_number_is_refused_not_taken_for_the_first),
		cmocka_unit_test(two_reports_of_one_instant_have_two_receipts),
		cmocka_unit_test(what_is_accepted_counts_at_its_own_received_time),
		cmocka_unit_test(accepting_does_not_ask_whether_it_has_closed),
		cmocka_unit_test(the_tray_holds_what_superiors_would_hear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
