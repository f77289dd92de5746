/*
 * test_tick.c - rounds of a small campaign: what is said, merged, held, and to whom.
 */
#include "unit/engine/engine_help.h"

static void an_instant_tells_each_recipient_one_message(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(tick(&w, "2019-08-09T13:59:59"), 0);
	assert_int_equal(w.wake, at(&w, "2019-08-09T14:00"));
	assert_int_equal(tick(&w, "2019-08-09T14:00"), 3);
	assert_said(&w, "sent remind 提醒 xin liaison xin1@example.org due 08-09\n"
			"sent remind 提醒 xue liaison xue1@example.org due 08-09\n"
			"sent remind 提醒 zhu liaison zhu1@example.org due 08-09\n");
	assert_int_equal(deliver(&w, "2019-08-09T14:00"), 3);
	assert_int_equal(tick(&w, "2019-08-09T17:30"), 6);
	/* Six notices, four messages: the office gets one list (P6). */
	assert_int_equal(deliver(&w, "2019-08-09T17:30"), 4);
	assert_string_equal(leased_to(&w, "ban@"), " 催办/xin 催办/xue 催办/zhu");
	assert_string_equal(leased_to(&w, "xin1@"), " 催办/xin");
	world_fini(&w);
}

/* P0: what happened at 17:30:00 is seen by the tick of 17:30:00. */
static void a_report_of_the_same_second_comes_first(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T17:29:59");
	g_free(said(&w));
	assert_int_equal(
		submit(&w, "xin", "zhou", "", "2019-08-09T17:30:00", "2019-08-09T17:30:00"), 0);
	assert_true(w.receipt.on_time);
	tick(&w, "2019-08-09T17:30:00");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n"
			"sent escalate 催办 xue liaison xue1@example.org due 08-09\n"
			"sent escalate 催办 xue office ban@example.org due 08-09\n"
			"sent escalate 催办 zhu liaison zhu1@example.org due 08-09\n"
			"sent escalate 催办 zhu office ban@example.org due 08-09\n");
	world_fini(&w);
}

static void asking_again_says_nothing_again(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(tick(&w, "2019-08-09T17:30"), 9);
	for (int i = 0; i < 3; i++) {
		engine_touch(w.engine);
		assert_int_equal(tick(&w, "2019-08-09T17:30"), 0);
	}
	assert_int_equal(deliver(&w, "2019-08-09T17:30"), 4);
	assert_int_equal(deliver(&w, "2019-08-09T17:30"), 0);
	world_fini(&w);
}

/* Promise 4: after nine days of silence each hears at most once by a channel. */
static void after_a_downtime_each_hears_once(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-08T00:00");
	engine_up(w.engine, at(&w, "2019-08-17T09:00"));
	tick(&w, "2019-08-17T09:00");
	text = said(&w);
	assert_int_equal(count(text, "sent "), deliver(&w, "2019-08-17T09:00") > 0 ? 18 : 0);
	assert_int_equal(w.leases->len, 1 + 3 * 3); /* the office; three people of three towns */
	world_fini(&w);
}

/* P9 in the large: asking at wakes alone gives the rows of asking every ten minutes. */
static void wakes_alone_lose_nothing(void **state)
{
	struct world slept, often;
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	(void)state;
	world_weekly(&slept);
	world_weekly(&often);
	run_to(&slept, "2019-08-20T00:00");
	for (wall_t t = at(&often, "2019-08-01T00:00"); t <= at(&often, "2019-08-20T00:00");
	     t += 10 * MINUTE) {
		if ((t / MINUTE) % 50 == 0)
			engine_touch(often.engine);
		assert_true(engine_tick(often.engine, t, &often.wake, &often.err) >= 0);
	}
	a = said(&slept);
	b = said(&often);
	assert_string_equal(a, b);
	assert_true(count(a, "\n") > 30);
	world_fini(&slept);
	world_fini(&often);
}

#define UNITS_SIX                                                                                  \
	"unit,name,kind,role,person,email\nban,安委办,office,liaison,办,ban@example.org\n"     \
	"a,甲,镇,liaison,甲,a@example.org\na,甲,镇,leader,甲长,al@example.org\n"            \
	"b,乙,镇,liaison,乙,b@example.org\nc,丙,镇,liaison,丙,c@example.org\n"               \
	"d,丁,镇,liaison,丁,d@example.org\ne,戊,镇,liaison,戊,e@example.org\n"
static const char yaml_guard[] =
	POLICY("    grace: 30m\n", "      - {name: 督办, at: \"+1h\", to: [liaison, leader]}\n");

static unsigned sent_to_leader(struct world *w)
{
	g_autofree char *text = said(w);

	return count(text, "sent escalate 督办 a leader al@example.org");
}

static void the_district_guard_asks_the_office_once_a_deadline(void **state)
{
	struct world w;
	g_autofree char *first = NULL;
	g_autofree char *again = NULL;

	(void)state;
	world_init(&w, yaml_guard, UNITS_SIX, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	first = said(&w);
	assert_int_equal(count(first, "held escalate 督办"),
			 1 + 4); /* others climb to the office */
	assert_int_equal(count(first, "sent alarm 暂缓督办"), 1);
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-09T18:40"), 0);
	/* Extended for all: the next deadline is guarded anew, and asked about anew. */
	assert_int_equal(decide(&w, DECISION_EXTEND, "", "zhou", FIRST, "2019-08-12T17:00",
				"2019-08-09T19:00"),
			 0);
	tick(&w, "2019-08-09T19:00");
	tick(&w, "2019-08-12T18:30");
	again = said(&w);
	assert_int_equal(count(again, "withdrawn escalate 督办 a leader"), 1);
	assert_int_equal(count(again, "held escalate 督办 a leader"), 1);
	assert_int_equal(count(again, "sent alarm 暂缓督办"), 1);
	/* Released: told at that tick, and the guard is off for this occurrence. */
	assert_int_equal(decide(&w, DECISION_RELEASE, "", "zhou", FIRST, NULL, "2019-08-12T22:00"),
			 0);
	tick(&w, "2019-08-12T22:00");
	assert_int_equal(sent_to_leader(&w), 1);
	world_fini(&w);
}

/* Held for want of a view; by the time there is one the guard holds it, and has asked already. */
static void what_waited_for_a_view_does_not_ask_for_the_guard_again(void **state)
{
	static const char *const in[] = {"c", "d", "e"};
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml_guard, UNITS_SIX, calendar_weekly, "2019-08-01T00:00");
	for (size_t i = 0; i < G_N_ELEMENTS(in); i++)
		assert_int_equal(
			submit(&w, in[i], "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			0);
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-09T12:00")), 0);
	tick(&w, "2019-08-09T18:30");
	tick(&w, "2019-08-09T18:40"); /* a and b are missing, the view is stale */
	assert_int_equal(decide(&w, DECISION_RETURN, "c", "zhou", FIRST, "2019-08-10T17:00",
				"2019-08-09T19:00"),
			 0);
	tick(&w, "2019-08-10T18:30");
	tick(&w, "2019-08-10T18:40"); /* c as well: three of five */
	text = said(&w);
	assert_int_equal(count(text, "sent alarm 暂缓督办"), 1);
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-10T19:00")), 0);
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-10T19:00"), 0);
	world_fini(&w);
}

static void below_the_share_superiors_hear_at_once(void **state)
{
	static const char *const in[] = {"b", "c", "d"};
	struct world w;

	(void)state;
	world_init(&w, yaml_guard, UNITS_SIX, calendar_weekly, "2019-08-01T00:00");
	for (size_t i = 0; i < G_N_ELEMENTS(in); i++)
		assert_int_equal(
			submit(&w, in[i], "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			0);
	tick(&w, "2019-08-09T18:30"); /* two of five are outstanding */
	assert_int_equal(sent_to_leader(&w), 1);
	world_fini(&w);
}

static void without_a_fresh_view_superiors_wait_and_the_office_is_alarmed(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T12:00");
	g_free(said(&w));
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-09T17:29:59")), 0);
	tick(&w, "2019-08-10T10:00");
	assert_int_equal(w.wake, at(&w, "2019-08-10T10:10"));
	tick(&w, "2019-08-10T10:10");
	text = said(&w);
	assert_int_equal(count(text, "held escalate 督办"), 6);
	assert_int_equal(count(text, "sent escalate 督办"), 3);
	assert_int_equal(count(text, "sent alarm 督办已暂缓"), 1);
	/* Two intakes: the older look counts. */
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-10T11:00")), 0);
	assert_int_equal(store_poll_failed(w.store, "web", at(&w, "2019-08-10T11:00")), 0);
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-10T11:00"), 0);
	assert_int_equal(store_poll_ok(w.store, "web", at(&w, "2019-08-09T17:30")), 0);
	engine_touch(w.engine);
	assert_int_equal(tick(&w, "2019-08-10T11:01"), 6);
	world_fini(&w);
}

static void a_suspect_clock_holds_superiors_back(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T18:00");
	g_free(said(&w));
	engine_trust_clock(w.engine, "时钟不对");
	tick(&w, "2019-08-10T10:10");
	text = said(&w);
	assert_int_equal(count(text, "held escalate 督办"), 6);
	assert_int_equal(count(text, "alarm 时钟可疑"), 1);
	engine_trust_clock(w.engine, NULL);
	assert_int_equal(tick(&w, "2019-08-10T10:20"), 6);
	world_fini(&w);
}

static void a_doubt_about_the_clock_is_told_once_and_leaves_no_mark(void **state)
{
	struct world w;
	g_autofree char *first = NULL, *second = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-02T10:00");
	g_free(said(&w));
	engine_trust_clock(w.engine, "时钟不对");
	tick(&w, "2020-08-02T10:00");
	engine_touch(w.engine);
	tick(&w, "2020-08-02T10:01");
	first = said(&w);
	assert_int_equal(count(first, "alarm 时钟可疑"), 1);
	assert_true(store_clock_doubted(w.store));
	assert_true(store_high_water(w.store) == at(&w, "2019-08-02T10:00"));
	engine_trust_clock(w.engine, NULL);
	tick(&w, "2019-08-02T10:02");
	assert_false(store_clock_doubted(w.store));
	assert_true(store_high_water(w.store) == at(&w, "2019-08-02T10:02"));
	engine_trust_clock(w.engine, "时钟不对");
	tick(&w, "2019-08-02T10:03");
	second = said(&w);
	assert_int_equal(count(second, "alarm 时钟可疑"), 1); /* another doubt */
	world_fini(&w);
}

static void a_campaign_loaded_on_a_wrong_clock_counts_from_the_right_one(void **state)
{
	struct world w;
	struct err err;

	(void)state;
	world_init(&w, yaml_weekly, units_three, calendar_weekly, "2019-08-12T00:00");
	assert_int_equal(engine_first_load_unsure(w.engine, at(&w, "2019-08-12T00:00"), &err), 0);
	engine_trust_clock(w.engine, "时钟不对");
	tick(&w, "2019-08-12T00:00");
	tick(&w, "2019-08-17T10:10");
	{
		g_autofree char *text = said(&w);

		assert_int_equal(count(text, "remind"), 0);
		assert_int_equal(count(text, "escalate"), 0);
	}
	engine_trust_clock(w.engine, NULL);
	tick(&w, "2019-08-12T09:00"); /* from now on the week's report is owed */
	tick(&w, "2019-08-16T17:30");
	{
		g_autofree char *text = said(&w);

		assert_true(count(text, "escalate") > 0);
	}
	world_fini(&w);
}

static void a_missing_role_alarms_the_office_once(void **state)
{
	static const char units[] = "unit,name,kind,role,person,email\n"
				    "ban,安委办,office,liaison,办,ban@example.org\n"
				    "a,甲,镇,liaison,甲,a@example.org\n";
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml_weekly, units, calendar_weekly, "2019-08-01T00:00");
	run_to(&w, "2019-08-18T00:00");
	text = said(&w);
	assert_int_equal(count(text, "sent alarm 缺分管领导 a"), 1);
	assert_int_equal(count(text, "sent alarm 缺主要负责人 a"), 1);
	assert_int_equal(count(text, "sent escalate 督办 a leader ban@example.org"), 2);
	world_fini(&w);
}

/* What is held and answered meanwhile is never told. */
static void a_signed_step_waits_for_its_release(void **state)
{
	static const char yaml[] =
		POLICY(KEYS, "      - {name: 督办, at: \"+1h\", to: [leader], sign: true}\n");
	struct world w;

	(void)state;
	world_init(&w, yaml, units_three, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	assert_said(&w, "held escalate 督办 xin leader xin2@example.org due 08-09\n"
			"held escalate 督办 xue leader xue2@example.org due 08-09\n"
			"held escalate 督办 zhu leader zhu2@example.org due 08-09\n");
	assert_int_equal(submit(&w, "xin", "zhou", "", "2019-08-09T18:40", "2019-08-09T18:40"), 0);
	tick(&w, "2019-08-09T18:40");
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n"
			"withdrawn escalate 督办 xin leader xin2@example.org due 08-09\n");
	assert_int_equal(
		decide(&w, DECISION_RELEASE, "xue", "zhou", FIRST, NULL, "2019-08-09T19:00"), 0);
	tick(&w, "2019-08-09T19:00");
	assert_said(&w, "sent escalate 督办 xue leader xue2@example.org due 08-09\n");
	assert_int_equal(decide(&w, DECISION_RELEASE, "", "zhou", FIRST, NULL, "2019-08-09T20:00"),
			 0);
	tick(&w, "2019-08-09T20:00");
	assert_said(&w, "sent escalate 督办 zhu leader zhu2@example.org due 08-09\n");
	assert_int_equal(deliver(&w, "2019-08-09T20:00"), 3);
	world_fini(&w);
}

/* A release of last week's does not sign next week's. */
static void a_release_covers_what_was_held_when_it_was_given(void **state)
{
	static const char yaml[] =
		POLICY(KEYS, "      - {name: 督办, at: \"+1h\", to: [leader], sign: true, "
			     "repeat: {every: 1d, times: 1}}\n");
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml, units_three, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	assert_int_equal(decide(&w, DECISION_RELEASE, "", "zhou", FIRST, NULL, "2019-08-09T19:00"),
			 0);
	tick(&w, "2019-08-09T19:00");
	g_free(said(&w));
	tick(&w, "2019-08-10T18:30");
	text = said(&w);
	assert_int_equal(count(text, "held escalate 督办#1"), 3);
	assert_int_equal(count(text, "sent"), 0);
	world_fini(&w);
}

/* Order is what counts, not what a wrong clock showed. */
static void a_release_on_a_clock_that_was_ahead_covers_nothing_later(void **state)
{
	static const char yaml[] =
		POLICY(KEYS, "      - {name: 督办, at: \"+1h\", to: [leader], sign: true, "
			     "repeat: {every: 1d, times: 1}}\n");
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml, units_three, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	assert_int_equal(decide(&w, DECISION_RELEASE, "", "zhou", FIRST, NULL, "2019-09-09T19:00"),
			 0);
	tick(&w, "2019-08-09T19:00"); /* the clock is right again */
	tick(&w, "2019-08-10T18:30");
	engine_touch(w.engine);
	tick(&w, "2019-08-10T18:31");
	text = said(&w);
	assert_int_equal(count(text, "sent escalate 督办 "), 3);
	assert_int_equal(count(text, "held escalate 督办#1"), 3);
	assert_int_equal(count(text, "sent escalate 督办#1"), 0);
	world_fini(&w);
}

static const char *const night_yaml =
	"name: 试\ntimezone: Asia/Shanghai\noffice: ban\n"
	"send_window: {days: all, from: \"08:30\", to: \"17:30\"}\npolicies:\n  default:\n" KEYS
	"    steps:\n" STEPS_WEEKLY;

/* P1: judged when the window opens, not when it became ripe. */
static void what_ripens_at_night_is_judged_in_the_morning(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, night_yaml, units_three, calendar_weekly, "2019-08-01T00:00");
	tick(&w, "2019-08-09T20:00");
	assert_said(&w, "");
	assert_int_equal(w.wake, at(&w, "2019-08-10T08:30"));
	assert_int_equal(submit(&w, "xin", "zhou", "", "2019-08-09T23:00", "2019-08-09T23:00"), 0);
	tick(&w, "2019-08-09T23:00"); /* the receipt ignores the window */
	assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n");
	tick(&w, "2019-08-10T08:30");
	text = said(&w);
	assert_null(strstr(text, " xin "));
	assert_int_equal(count(text, "superseded remind 提醒"), 2);
	assert_int_equal(count(text, "sent escalate 催办"), 4);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instant_tells_each_recipient_one_message),
		cmocka_unit_test(a_report_of_the_same_second_comes_first),
		cmocka_unit_test(asking_again_says_nothing_again),
		cmocka_unit_test(after_a_downtime_each_hears_once),
		cmocka_unit_test(wakes_alone_lose_nothing),
		cmocka_unit_test(the_district_guard_asks_the_office_once_a_deadline),
		cmocka_unit_test(what_waited_for_a_view_does_not_ask_for_the_guard_again),
		cmocka_unit_test(below_the_share_superiors_hear_at_once),
		cmocka_unit_test(without_a_fresh_view_superiors_wait_and_the_office_is_alarmed),
		cmocka_unit_test(a_suspect_clock_holds_superiors_back),
		cmocka_unit_test(a_doubt_about_the_clock_is_told_once_and_leaves_no_mark),
		cmocka_unit_test(a_campaign_loaded_on_a_wrong_clock_counts_from_the_right_one),
		cmocka_unit_test(a_missing_role_alarms_the_office_once),
		cmocka_unit_test(a_signed_step_waits_for_its_release),
		cmocka_unit_test(a_release_covers_what_was_held_when_it_was_given),
		cmocka_unit_test(a_release_on_a_clock_that_was_ahead_covers_nothing_later),
		cmocka_unit_test(what_ripens_at_night_is_judged_in_the_morning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
