/*
 * test_outbox.c - claiming with a last look, endings, back-off, expiry, and who is told of trouble.
 */
#include "unit/engine/engine_help.h"

static int64_t number_to(const struct world *w, const char *address)
{
	for (guint i = 0; i < w->leases->len; i++) {
		const char *line = g_ptr_array_index(w->leases, i);

		if (g_str_has_prefix(strchr(line, ' ') + 1, address))
			return g_ascii_strtoll(line, NULL, 10);
	}
	fail_msg("nothing goes to %s", address);
	return 0;
}

static enum outbox_state state_of(const struct world *w, int64_t message)
{
	return store_outbox_state(w->store, message);
}

/* Promise 2: what is stored before a message is claimed is not asked for. */
static void what_is_answered_before_the_claim_is_not_sent(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T17:30");
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T17:40", "2019-08-09T17:40"),
			 0);
	assert_int_equal(decide(&w, DECISION_EXTEND, "xue", "zhou", FIRST, "2019-08-12T17:00",
				"2019-08-09T17:41"),
			 0);
	assert_int_equal(lease(&w, "2019-08-09T17:42"), 2); /* zhu, and the office's list */
	assert_string_equal(leased_to(&w, "ban@"), " 催办/zhu");
	assert_string_equal(leased_to(&w, "xin1@"), "");
	assert_string_equal(leased_to(&w, "xue1@"), "");
	assert_string_equal(leased_to(&w, "zhu1@"), " 催办/zhu");
	assert_int_equal(state_of(&w, 1), OUTBOX_OVERTAKEN);
	assert_int_equal(lease(&w, "2019-08-20T17:42"), 0);
	world_fini(&w);
}

static void what_is_leased_is_not_leased_again(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T14:00");
	assert_int_equal(lease(&w, "2019-08-09T14:00"), 3);
	assert_int_equal(lease(&w, "2019-08-09T15:00"), 0);
	/* After a start its fate is unknown: tried again at once, under the same number. */
	assert_int_equal(store_outbox_recover(w.store, at(&w, "2019-08-09T16:00"), &w.err), 3);
	assert_int_equal(state_of(&w, 1), OUTBOX_UNKNOWN);
	assert_int_equal(lease(&w, "2019-08-09T16:00"), 3);
	assert_int_equal(number_to(&w, "xin1@"), 1);
	world_fini(&w);
}

static void a_retry_comes_back_after_its_delay(void **state)
{
	struct world w;
	int64_t m;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T14:00");
	(void)lease(&w, "2019-08-09T14:00");
	m = number_to(&w, "xin1@");
	report(&w, m, OUTCOME_RETRY, "later", "2019-08-09T14:00");
	assert_int_equal(state_of(&w, m), OUTBOX_RETRY);
	assert_int_equal(lease(&w, "2019-08-09T14:00:29"), 0);
	assert_int_equal(lease(&w, "2019-08-09T14:00:33"), 1);
	report(&w, m, OUTCOME_RETRY, "later", "2019-08-09T14:01");
	assert_int_equal(lease(&w, "2019-08-09T14:01:59"), 0);
	assert_int_equal(lease(&w, "2019-08-09T14:02:06"), 1);
	report(&w, m, OUTCOME_SENT, "ok", "2019-08-09T14:02:06");
	assert_int_equal(state_of(&w, m), OUTBOX_SENT);
	assert_int_equal(lease(&w, "2019-08-20T14:02:06"), 0);
	world_fini(&w);
}

static wall_t unreachable_since(struct world *w, const char *address)
{
	int64_t id = store_address(w->store, CHANNEL_EMAIL, address);
	wall_t since = -1;

	assert_true(store_address_get(w->store, id, NULL, NULL, &since));
	return since;
}

static void a_refusal_marks_the_address_and_tells_the_office_once_a_day(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T14:00");
	(void)lease(&w, "2019-08-09T14:00");
	g_free(said(&w));
	report(&w, number_to(&w, "xin1@"), OUTCOME_REFUSED, "no such user", "2019-08-09T14:00");
	assert_said(&w, "sent alarm 无法送达 xin office ban@example.org due -\n");
	assert_int_equal(unreachable_since(&w, "xin1@example.org"), at(&w, "2019-08-09T14:00"));
	tick(&w, "2019-08-09T17:30");
	g_free(said(&w));
	(void)lease(&w, "2019-08-09T17:30");
	report(&w, number_to(&w, "xin1@"), OUTCOME_REFUSED, "no such user", "2019-08-09T17:30");
	assert_said(&w, ""); /* the same day, the same trouble */
	assert_int_equal(unreachable_since(&w, "xin1@example.org"), at(&w, "2019-08-09T17:30"));
	/* The address is tried again all the same, and well again when it takes something. */
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T18:00", "2019-08-09T18:00"),
			 0);
	tick(&w, "2019-08-09T18:00");
	assert_int_equal(lease(&w, "2019-08-09T18:00"), 1);
	report(&w, number_to(&w, "xin1@"), OUTCOME_SENT, "ok", "2019-08-09T18:00");
	assert_int_equal(unreachable_since(&w, "xin1@example.org"), 0);
	world_fini(&w);
}

/* Two addresses of one unit fail in one millisecond: the office hears of both. */
static void two_failures_of_one_instant_are_two_alarms(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-10T10:00");
	(void)lease(&w, "2019-08-10T10:00");
	g_free(said(&w));
	report(&w, number_to(&w, "xin2@"), OUTCOME_REFUSED, "no such user", "2019-08-10T10:00");
	report(&w, number_to(&w, "xin3@"), OUTCOME_REFUSED, "no such user", "2019-08-10T10:00");
	text = said(&w);
	assert_int_equal(count(text, "sent alarm 无法送达 xin office ban@"), 2);
	world_fini(&w);
}

static void an_alarm_that_fails_raises_no_alarm(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T14:00");
	(void)lease(&w, "2019-08-09T14:00");
	report(&w, number_to(&w, "xin1@"), OUTCOME_REFUSED, "no such user", "2019-08-09T14:00");
	g_free(said(&w));
	assert_int_equal(lease(&w, "2019-08-09T14:00"), 1);
	report(&w, number_to(&w, "ban@"), OUTCOME_REFUSED, "no such user", "2019-08-09T14:00");
	assert_said(&w, "");
	assert_int_equal(lease(&w, "2019-08-10T14:00"), 0);
	world_fini(&w);
}

static void after_its_expiry_it_is_given_up_and_said(void **state)
{
	struct world w;
	int64_t m;

	(void)state;
	world_weekly(&w);
	engine_set_expiry(w.engine, 2 * HOUR);
	tick(&w, "2019-08-09T14:00");
	(void)lease(&w, "2019-08-09T14:00");
	g_free(said(&w));
	m = number_to(&w, "xin1@");
	report(&w, m, OUTCOME_RETRY, "later", "2019-08-09T15:59:20"); /* the next try lies before */
	assert_int_equal(state_of(&w, m), OUTBOX_RETRY);
	assert_int_equal(lease(&w, "2019-08-09T16:00"), 0); /* claimed at its last instant: over */
	assert_int_equal(state_of(&w, m), OUTBOX_EXPIRED);
	assert_said(&w, "sent alarm 无法送达 xin office ban@example.org due -\n");
	world_fini(&w);
}

static void a_retry_that_would_come_too_late_expires_at_once(void **state)
{
	struct world w;
	int64_t m;

	(void)state;
	world_weekly(&w);
	engine_set_expiry(w.engine, 2 * HOUR);
	tick(&w, "2019-08-09T14:00");
	(void)lease(&w, "2019-08-09T14:00");
	g_free(said(&w));
	m = number_to(&w, "xin1@");
	report(&w, m, OUTCOME_UNKNOWN, "broken", "2019-08-09T15:59:50");
	assert_int_equal(state_of(&w, m), OUTBOX_EXPIRED);
	assert_said(&w, "sent alarm 无法送达 xin office ban@example.org due -\n");
	world_fini(&w);
}

static void a_report_on_nothing_is_an_error(void **state)
{
	struct world w;
	struct reply r = {.text = (char *)"", .verb = (char *)"dot"};

	(void)state;
	world_weekly(&w);
	assert_int_equal(engine_report(w.engine, 77, OUTCOME_SENT, &r, 0, w.now, &w.err), -ENOENT);
	assert_non_null(strstr(w.err.text, "77"));
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_answered_before_the_claim_is_not_sent),
		cmocka_unit_test(what_is_leased_is_not_leased_again),
		cmocka_unit_test(a_retry_comes_back_after_its_delay),
		cmocka_unit_test(a_refusal_marks_the_address_and_tells_the_office_once_a_day),
		cmocka_unit_test(two_failures_of_one_instant_are_two_alarms),
		cmocka_unit_test(an_alarm_that_fails_raises_no_alarm),
		cmocka_unit_test(after_its_expiry_it_is_given_up_and_said),
		cmocka_unit_test(a_retry_that_would_come_too_late_expires_at_once),
		cmocka_unit_test(a_report_on_nothing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
