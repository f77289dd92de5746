/*
 * What waits for a signature is said to the office: after half an hour, once a day, in office
 * hours, and not when it was signed or answered.
 */
#include "daemon/engine/alarm.h"
#include "unit/engine/engine_help.h"

#define WAIT (30 * MINUTE)
#define SIGNED(steps)                                                                              \
	"name: 试\ntimezone: Asia/Shanghai\noffice: ban\nhold_if_missing: never\n"                \
	"send_window: {days: working, from: \"08:30\", to: \"17:30\"}\npolicies:\n  default:\n"    \
	"    grace: 30m\n    steps:\n" steps
#define SUPERVISE "      - {name: 督办, at: \"+1h\", to: [leader], sign: true}\n"
#define URGE "      - {name: 再督办, at: \"+3d@10:00\", to: [head], sign: true}\n"
#define TOLD "sent alarm 待签发 - office ban@example.org due 08-09\n"

/* A round at @now, and what the office hears of signatures; the instant of the next. */
static wall_t ask(struct world *w, const char *now)
{
	wall_t next = 0;

	(void)tick(w, now);
	g_free(said(w));
	if (engine_tell_unsigned(w->engine, WAIT, w->now, &next, &w->err) < 0)
		fail_msg("%s", w->err.text);
	assert_true(next > w->now);
	return next;
}

static void begin(struct world *w, const char *yaml)
{
	world_init(w, yaml, units_three, calendar_weekly, "2019-08-01T00:00");
}

/* The deadline is a Friday's, the step Monday's first minute. */
static void the_office_hears_of_it_once_after_half_an_hour(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SIGNED(SUPERVISE));
	assert_true(ask(&w, "2019-08-10T12:00") == WALL_NEVER);
	assert_true(ask(&w, "2019-08-12T08:30") == at(&w, "2019-08-12T09:00"));
	assert_true(ask(&w, "2019-08-12T08:59") == at(&w, "2019-08-12T09:00"));
	assert_said(&w, "");
	assert_true(ask(&w, "2019-08-12T09:00") > at(&w, "2019-08-13T00:00"));
	assert_said(&w, TOLD); /* three units, one step: one line */
	(void)ask(&w, "2019-08-12T10:00");
	assert_said(&w, "");
	(void)ask(&w, "2019-08-13T09:00");
	assert_said(&w, "");
	assert_int_equal(deliver(&w, "2019-08-13T09:00"), 1);
	world_fini(&w);
}

/* After a downtime, too, the office gets one message. */
static void it_goes_with_what_the_round_says(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SIGNED(SUPERVISE "      - {name: 催办, at: \"+3d@09:00\", to: [office]}\n"));
	(void)ask(&w, "2019-08-12T08:30");
	(void)ask(&w, "2019-08-12T09:00");
	assert_said(&w, TOLD);
	assert_int_equal(deliver(&w, "2019-08-12T09:00"), 1);
	assert_string_equal(leased_to(&w, "ban@example.org"),
			    " 待签发/ 催办/xin 催办/xue 催办/zhu");
	world_fini(&w);
}

static void a_second_step_of_the_day_waits_for_tomorrow(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SIGNED(SUPERVISE URGE));
	(void)ask(&w, "2019-08-12T08:30");
	(void)ask(&w, "2019-08-12T09:00");
	assert_said(&w, TOLD);
	assert_int_equal(deliver(&w, "2019-08-12T09:00"), 1);
	assert_true(ask(&w, "2019-08-12T10:00") == at(&w, "2019-08-13T08:30"));
	assert_true(ask(&w, "2019-08-12T17:00") == at(&w, "2019-08-13T08:30"));
	assert_said(&w, "");
	(void)ask(&w, "2019-08-13T08:30");
	assert_said(&w, TOLD TOLD);
	assert_int_equal(deliver(&w, "2019-08-13T08:30"), 1);
	assert_string_equal(leased_to(&w, "ban@example.org"), " 待签发/ 待签发/");
	world_fini(&w);
}

static void nobody_is_asked_for_what_was_signed_or_answered(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SIGNED(SUPERVISE));
	(void)ask(&w, "2019-08-12T08:30");
	assert_int_equal(
		decide(&w, DECISION_RELEASE, "xue", "zhou", FIRST, NULL, "2019-08-12T08:40"), 0);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-12T08:41", "2019-08-12T08:41"),
			 0);
	assert_true(ask(&w, "2019-08-12T08:42") == at(&w, "2019-08-12T09:00")); /* zhu's is left */
	assert_int_equal(
		decide(&w, DECISION_RELEASE, "zhu", "zhou", FIRST, NULL, "2019-08-12T08:50"), 0);
	assert_true(ask(&w, "2019-08-12T09:00") == WALL_NEVER);
	assert_said(&w, "");
	world_fini(&w);
}

/* Signed before the round that lets it go, too. */
static void a_signature_just_given_is_not_asked_for(void **state)
{
	struct world w;
	wall_t next = 0;

	(void)state;
	begin(&w, SIGNED(SUPERVISE));
	(void)ask(&w, "2019-08-12T08:30");
	assert_int_equal(decide(&w, DECISION_RELEASE, "", "zhou", FIRST, NULL, "2019-08-12T09:00"),
			 0);
	assert_int_equal(
		engine_tell_unsigned(w.engine, WAIT, at(&w, "2019-08-12T09:00"), &next, &w.err), 0);
	assert_said(&w, "");
	assert_true(next == WALL_NEVER);
	world_fini(&w);
}

static void a_start_on_a_weekend_waits_for_monday(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SIGNED(SUPERVISE));
	(void)ask(&w, "2019-08-12T08:30");
	assert_true(ask(&w, "2019-08-17T11:00") == at(&w, "2019-08-19T08:30"));
	assert_said(&w, "");
	world_fini(&w);
}

static void it_is_said_again_after_a_week_and_not_for_ever(void **state)
{
	static const char once[] = CALENDAR(PHASE EVENT(
		"zhou", LOCAL("20190809T170000") "SUMMARY:小结\r\nCATEGORIES:报送\r\n"));
	struct world w;
	unsigned times = 0;
	wall_t next;

	(void)state;
	world_init(&w, SIGNED(SUPERVISE), units_three, once, "2019-08-01T00:00");
	next = ask(&w, "2019-08-12T08:30");
	while (next != WALL_NEVER) {
		g_autofree char *when = engine_format(w.engine, next);
		g_autofree char *text = NULL;

		when[16] = 0;
		next = ask(&w, when);
		text = said(&w);
		times += count(text, TOLD);
	}
	assert_int_equal(times, 5); /* 12, 19, 26 August, 2 and 9 September */
	world_fini(&w);
}

/* What was heard on a clock that was ahead was another day's. */
static void a_clock_that_was_ahead_does_not_silence_it(void **state)
{
	struct world w;

	(void)state;
	begin(&w, SIGNED(SUPERVISE));
	(void)ask(&w, "2019-08-12T08:30");
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(store_mark(w.store, w.engine->id, "unsigned", at(&w, "2020-08-12T09:00")),
			 1);
	assert_int_equal(store_commit(w.store, &w.err), 0);
	(void)ask(&w, "2019-08-12T09:00");
	assert_said(&w, TOLD);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_office_hears_of_it_once_after_half_an_hour),
		cmocka_unit_test(it_goes_with_what_the_round_says),
		cmocka_unit_test(a_second_step_of_the_day_waits_for_tomorrow),
		cmocka_unit_test(nobody_is_asked_for_what_was_signed_or_answered),
		cmocka_unit_test(a_signature_just_given_is_not_asked_for),
		cmocka_unit_test(a_start_on_a_weekend_waits_for_monday),
		cmocka_unit_test(it_is_said_again_after_a_week_and_not_for_ever),
		cmocka_unit_test(a_clock_that_was_ahead_does_not_silence_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
