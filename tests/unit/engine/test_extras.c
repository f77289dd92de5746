/*
 * test_extras.c - receipts once a report; corrections to exactly those who were told (P12).
 */
#include "unit/engine/engine_help.h"

/* Superiors of xin and xue are told at 10:00 on the day after. */
static void told(struct world *w)
{
	world_weekly(w);
	tick(w, "2019-08-09T12:00");
	assert_int_equal(submit(w, "zhu", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 0);
	tick(w, "2019-08-10T10:00");
	(void)deliver(w, "2019-08-10T10:00");
	g_free(said(w));
}

static void a_receipt_is_sent_once_for_each_report(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T12:00");
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:01", "2019-08-09T12:01"),
			 0);
	assert_int_equal(tick(&w, "2019-08-09T12:01"), 1);
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-09T12:02"), 0);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:03", "2019-08-09T12:03"),
			 0);
	assert_int_equal(tick(&w, "2019-08-09T12:03"), 1);
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n"
			"sent receipt receipt xin liaison xin1@example.org due 08-09\n");
	world_fini(&w);
}

static void an_on_time_report_found_later_is_corrected_to_those_told(void **state)
{
	struct world w;

	(void)state;
	told(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:30", "2019-08-10T12:00"),
			 0);
	tick(&w, "2019-08-10T12:00");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n"
			"sent correction 更正 xin leader xin2@example.org due 08-09\n"
			"sent correction 更正 xin head xin3@example.org due 08-09\n");
	assert_int_equal(deliver(&w, "2019-08-10T12:00"), 3);
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-10T13:00"), 0); /* not twice */
	/* A second one of the same kind changes nothing for them. */
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:00", "2019-08-10T14:00"),
			 0);
	tick(&w, "2019-08-10T14:00");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n");
	world_fini(&w);
}

static void a_late_report_is_no_correction(void **state)
{
	struct world w;

	(void)state;
	told(&w);
	assert_int_equal(
		submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:30:01", "2019-08-10T12:00"), 0);
	tick(&w, "2019-08-10T12:00");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n");
	world_fini(&w);
}

static void who_was_not_told_is_not_corrected(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T18:00"); /* liaison and office were told, no superior */
	(void)deliver(&w, "2019-08-09T18:00");
	g_free(said(&w));
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:30", "2019-08-10T09:00"),
			 0);
	tick(&w, "2019-08-10T09:00");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n");
	world_fini(&w);
}

/* Raised, but its message never left: it is withdrawn instead. */
static void what_has_not_left_is_withdrawn_not_corrected(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-10T10:00");
	g_free(said(&w));
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:30", "2019-08-10T10:01"),
			 0);
	tick(&w, "2019-08-10T10:01");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n");
	(void)lease(&w, "2019-08-10T10:01");
	assert_string_equal(leased_to(&w, "xin2@"), "");
	assert_string_equal(leased_to(&w, "xin3@"), "");
	assert_string_equal(leased_to(&w, "xue2@"), " 督办/xue");
	world_fini(&w);
}

/* It may have arrived: better to correct it. */
static void an_unknown_ending_counts_as_told(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-10T10:00");
	(void)lease(&w, "2019-08-10T10:00");
	for (guint i = 0; i < w.leases->len; i++)
		report(&w, g_ascii_strtoll(g_ptr_array_index(w.leases, i), NULL, 10),
		       OUTCOME_UNKNOWN, "broken", "2019-08-10T10:00");
	g_free(said(&w));
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:30", "2019-08-10T10:01"),
			 0);
	tick(&w, "2019-08-10T10:01");
	text = said(&w);
	assert_int_equal(count(text, "sent correction"), 2);
	world_fini(&w);
}

static void an_extension_after_superiors_were_told_is_corrected(void **state)
{
	struct world w;

	(void)state;
	told(&w);
	assert_int_equal(decide(&w, DECISION_EXTEND, "xin", "zhou", FIRST, "2019-08-13T17:00",
				"2019-08-10T12:00"),
			 0);
	tick(&w, "2019-08-10T12:00");
	assert_said(&w, "sent decision extend xin liaison xin1@example.org due 08-13\n"
			"sent correction 更正 xin leader xin2@example.org due 08-09\n"
			"sent correction 更正 xin head xin3@example.org due 08-09\n");
	(void)deliver(&w, "2019-08-10T12:00");
	/* Missed again, told again under the new deadline, and corrected again. */
	tick(&w, "2019-08-14T10:00");
	(void)deliver(&w, "2019-08-14T10:00");
	g_free(said(&w));
	assert_int_equal(
		decide(&w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL, "2019-08-14T11:00"), 0);
	tick(&w, "2019-08-14T11:00");
	assert_said(&w, "sent decision exempt xin liaison xin1@example.org due 08-13\n"
			"sent correction 更正 xin leader xin2@example.org due 08-13\n"
			"sent correction 更正 xin head xin3@example.org due 08-13\n");
	world_fini(&w);
}

static void a_return_corrects_nothing(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	told(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-10T11:00", "2019-08-10T11:00"),
			 0);
	assert_int_equal(decide(&w, DECISION_RETURN, "xin", "zhou", FIRST, "2019-08-13T17:00",
				"2019-08-10T12:00"),
			 0);
	tick(&w, "2019-08-10T12:00");
	text = said(&w);
	assert_int_equal(count(text, "correction"), 0);
	assert_int_equal(count(text, "sent decision return xin"), 1);
	world_fini(&w);
}

/* On time, stored after they were told, and sent back in the same second: they were told wrongly. */
static void a_report_that_is_returned_at_once_is_corrected_all_the_same(void **state)
{
	struct world w;
	g_autofree char *text = NULL, *later = NULL;

	(void)state;
	told(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:30", "2019-08-10T12:00"),
			 0);
	assert_int_equal(decide(&w, DECISION_RETURN, "xin", "zhou", FIRST, "2019-08-13T17:00",
				"2019-08-10T12:00"),
			 0);
	tick(&w, "2019-08-10T12:00");
	text = said(&w);
	assert_int_equal(count(text, "sent correction 更正 xin"), 2);
	/* What they hear of the new deadline is no mistake. */
	tick(&w, "2019-08-14T10:00");
	(void)deliver(&w, "2019-08-14T10:00");
	engine_touch(w.engine);
	tick(&w, "2019-08-14T10:01");
	later = said(&w);
	assert_int_equal(count(later, "sent escalate 督办 xin leader"), 1);
	assert_int_equal(count(later, "correction"), 0);
	world_fini(&w);
}

/* A step that bears the name does not take the correction's place. */
static void a_step_called_correction_is_another_thing(void **state)
{
	static const char yaml[] =
		POLICY(KEYS, "      - {name: 更正, at: \"+1d@10:00\", to: [leader]}\n");
	struct world w;

	(void)state;
	world_init(&w, yaml, units_three, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-10T10:00");
	(void)deliver(&w, "2019-08-10T10:00");
	g_free(said(&w));
	assert_int_equal(
		decide(&w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL, "2019-08-10T11:00"), 0);
	tick(&w, "2019-08-10T11:00");
	assert_said(&w, "sent decision exempt xin liaison xin1@example.org due 08-09\n"
			"sent correction 更正 xin leader xin2@example.org due 08-09\n");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_receipt_is_sent_once_for_each_report),
		cmocka_unit_test(an_on_time_report_found_later_is_corrected_to_those_told),
		cmocka_unit_test(a_late_report_is_no_correction),
		cmocka_unit_test(who_was_not_told_is_not_corrected),
		cmocka_unit_test(what_has_not_left_is_withdrawn_not_corrected),
		cmocka_unit_test(an_unknown_ending_counts_as_told),
		cmocka_unit_test(an_extension_after_superiors_were_told_is_corrected),
		cmocka_unit_test(a_return_corrects_nothing),
		cmocka_unit_test(a_report_that_is_returned_at_once_is_corrected_all_the_same),
		cmocka_unit_test(a_step_called_correction_is_another_thing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
