/*
 * test_reload.c - an edited campaign takes the place of the one in force (P2, identity).
 */
#include "unit/engine/engine_help.h"

static GPtrArray *lines;

static int reload(struct world *w, const char *yaml, const char *units, const char *calendar,
		  const char *now)
{
	int rc;

	lines = g_ptr_array_new_with_free_func(g_free);
	assert_int_equal(store_begin(w->store, &w->err), 0);
	rc = engine_reload(w->engine, campaign_of(yaml, units, calendar), at(w, now), lines,
			   &w->err);
	if (rc < 0)
		fail_msg("%s", w->err.text);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	return rc;
}

static unsigned told_again(struct world *w, const char *now)
{
	g_autofree char *text = NULL;

	g_free(said(w));
	(void)tick(w, now);
	text = said(w);
	return count(text, "sent ");
}

static void the_same_files_say_nothing_new(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-10T10:00");
	reload(&w, yaml_weekly, units_three, calendar_weekly, "2019-08-10T10:01");
	assert_int_equal(lines->len, 0);
	assert_int_equal(told_again(&w, "2019-08-10T10:01"), 0);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

#define NEW_STEPS                                                                                  \
	"      - {name: 早提醒, at: \"-1d\", to: [liaison]}\n" STEPS_WEEKLY                        \
	"      - {name: 新督办, at: \"+1h\", to: [leader]}\n"

/* What an edit alone makes past is recorded superseded and never said. */
static void a_step_that_an_edit_puts_into_the_past_is_not_said(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T18:00");
	g_free(said(&w));
	reload(&w, POLICY(KEYS, NEW_STEPS), units_three, calendar_weekly, "2019-08-09T18:40");
	text = said(&w);
	assert_int_equal(count(text, "superseded remind 早提醒"), 3);
	assert_int_equal(count(text, "superseded escalate 新督办"), 3);
	assert_int_equal(told_again(&w, "2019-08-09T18:40"), 0);
	/* Next week it is a step like any other. */
	assert_int_equal(told_again(&w, "2019-08-15T17:00"),
			 3 + 9); /* 早提醒, and last week's 督办 */
	g_ptr_array_unref(lines);
	world_fini(&w);
}

static void a_step_that_was_ripe_before_the_edit_is_still_said(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	(void)pause_or_resume(&w, DECISION_PAUSE, "", "", "2019-08-09T08:00");
	tick(&w, "2019-08-09T15:00"); /* 提醒 is ripe and waits for the pause to end */
	reload(&w, POLICY(KEYS, NEW_STEPS), units_three, calendar_weekly, "2019-08-09T15:01");
	(void)pause_or_resume(&w, DECISION_RESUME, "", "", "2019-08-09T15:02");
	g_free(said(&w));
	tick(&w, "2019-08-09T15:02");
	text = said(&w);
	assert_int_equal(count(text, "sent remind 提醒"), 3);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

#define WITH_ALARM                                                                                 \
	CALENDAR(PHASE EVENT(                                                                      \
		"zhou",                                                                            \
		LOCAL("20190809T170000") "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:周报\r\n"         \
					 "CATEGORIES:报送\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n" \
					 "DESCRIPTION:x\r\nTRIGGER:-PT2H\r\nEND:VALARM\r\n"))

/* The liaison is told alarms, so the row that stands for one bears its address. */
static void an_alarm_added_too_late_stands_with_the_liaison(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T16:00");
	g_free(said(&w));
	reload(&w, yaml_weekly, units_three, WITH_ALARM, "2019-08-09T16:00");
	assert_said(&w, "superseded remind alarm xin liaison xin1@example.org due 08-09\n"
			"superseded remind alarm xue liaison xue1@example.org due 08-09\n"
			"superseded remind alarm zhu liaison zhu1@example.org due 08-09\n");
	/* Next week it is told; so is what last week had left: three people, and the office. */
	assert_int_equal(told_again(&w, "2019-08-16T15:00"), 3 + 9 + 3);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

#define ONE(t) CALENDAR(PHASE EVENT("yi", LOCAL(t) "SUMMARY:方案\r\nCATEGORIES:报送\r\n"))

static void a_moved_deadline_arms_the_ladder_anew(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml_weekly, units_three, ONE("20190809T170000"), "2019-08-01T00:00");
	tick(&w, "2019-08-09T14:00");
	g_free(said(&w));
	reload(&w, yaml_weekly, units_three, ONE("20190812T170000"), "2019-08-09T15:00");
	assert_said(&w, "");
	assert_int_equal(told_again(&w, "2019-08-09T18:00"), 0);
	tick(&w, "2019-08-12T14:00");
	text = said(&w);
	assert_int_equal(count(text, "sent remind 提醒"), 3);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

static void what_is_held_for_a_deadline_that_moved_is_withdrawn(void **state)
{
	static const char yaml[] =
		POLICY(KEYS, "      - {name: 督办, at: \"+1h\", to: [leader], sign: true}\n");
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml, units_three, ONE("20190809T170000"), "2019-08-01T00:00");
	tick(&w, "2019-08-09T18:30");
	reload(&w, yaml, units_three, ONE("20190812T170000"), "2019-08-09T19:00");
	g_free(said(&w));
	tick(&w, "2019-08-09T19:00");
	text = said(&w);
	assert_int_equal(count(text, "withdrawn escalate 督办"), 3);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

/* "This and following": the rest of the series goes on under a new UID. */
#define CUT                                                                                        \
	CALENDAR(PHASE EVENT("zhou",                                                               \
			     LOCAL("20190809T170000") "RRULE:FREQ=WEEKLY;COUNT=1\r\n"              \
						      "SUMMARY:周报\r\nCATEGORIES:报送\r\n")       \
			 EVENT("zhou-2", LOCAL("20190816T170000") "RRULE:FREQ=WEEKLY;COUNT=4\r\n"  \
								  "SUMMARY:周报\r\n"             \
								  "CATEGORIES:报送\r\n"))

static void a_series_that_was_cut_keeps_its_history(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	assert_int_equal(
		submit(&w, "xin", "zhou", SECOND_RID, "2019-08-12T09:00", "2019-08-12T09:00"), 0);
	tick(&w, "2019-08-16T14:00");
	g_free(said(&w));
	reload(&w, yaml_weekly, units_three, CUT, "2019-08-16T15:00");
	assert_int_equal(lines->len, 1);
	assert_string_equal(lines->pdata[0], "“周报”有4期改用新的UID zhou-2，历史记录随之转移");
	assert_int_equal(standing_at(&w, "xin", "zhou-2", SECOND_RID, "2019-08-16T15:00"),
			 STANDING_ON_TIME);
	assert_int_equal(told_again(&w, "2019-08-16T15:00"), 0); /* not reminded twice */
	tick(&w, "2019-08-16T17:30");
	text = said(&w);
	assert_null(strstr(text, " xin "));
	assert_int_equal(count(text, "sent escalate 催办"), 4);
	assert_int_equal(store_journal_verify(w.store, &w.err), 0);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

/* Dragging a series gives every instance another RECURRENCE-ID. */
static void a_series_that_was_dragged_keeps_its_history(void **state)
{
	static const char dragged[] = CALENDAR(PHASE EVENT(
		"zhou", LOCAL("20190808T160000") "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:周报\r\n"
						 "CATEGORIES:报送\r\n"));
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	assert_int_equal(
		submit(&w, "xin", "zhou", SECOND_RID, "2019-08-12T09:00", "2019-08-12T09:00"), 0);
	tick(&w, "2019-08-14T10:00");
	g_free(said(&w));
	reload(&w, yaml_weekly, units_three, dragged, "2019-08-14T11:00");
	assert_int_equal(lines->len, 2);
	assert_string_equal(lines->pdata[0],
			    "周报共5期，每期提前1天1小时（第1期周报 8月9日 17:00 → 8月8日 "
			    "16:00），涉及3个单位");
	assert_string_equal(lines->pdata[1], "“周报”有5期换了编号，历史记录随之转移");
	assert_int_equal(standing_at(&w, "xin", "zhou", "20190815T080000Z", "2019-08-15T17:00"),
			 STANDING_ON_TIME);
	tick(&w, "2019-08-15T16:30");
	text = said(&w);
	assert_int_equal(count(text, "sent escalate 催办 xue liaison xue1@example.org due 08-15"),
			 1);
	assert_null(strstr(text, "催办 xin liaison xin1@example.org due 08-15"));
	g_ptr_array_unref(lines);
	world_fini(&w);
}

/* Its answer was lost, and the files were edited before it asked again: it was stored, once. */
static void a_report_is_known_again_under_the_name_it_was_sent_with(void **state)
{
	static const char dragged[] = CALENDAR(PHASE EVENT(
		"zhou", LOCAL("20190808T160000") "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:周报\r\n"
						 "CATEGORIES:报送\r\n"));
	static const char *const edits[] = {CUT, dragged}, *const names[] = {SECOND_RID, ""};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(edits) * G_N_ELEMENTS(names); i++) {
		struct engine_submit s = {.unit = "xin",
					  .uid = "zhou",
					  .rid = names[i % 2],
					  .way = "api",
					  .actor = "xin",
					  .why = "",
					  .request = "key-1"};
		struct world w;

		world_weekly(&w);
		s.received = at(&w, "2019-08-12T09:00");
		assert_int_equal(store_begin(w.store, &w.err), 0);
		assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
		assert_int_equal(store_commit(w.store, &w.err), 0);
		reload(&w, yaml_weekly, units_three, edits[i / 2], "2019-08-14T11:00");
		assert_int_equal(store_begin(w.store, &w.err), 0);
		assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
		assert_true(w.receipt.again);
		assert_int_equal(store_commit(w.store, &w.err), 0);
		g_ptr_array_unref(lines);
		world_fini(&w);
	}
}

static void another_summary_is_another_thing(void **state)
{
	static const char other[] = CALENDAR(PHASE EVENT(
		"xin-de", LOCAL("20190809T170000") "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:月报\r\n"
						   "CATEGORIES:报送\r\n"));
	struct world w;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T09:00", "2019-08-09T09:00"),
			 0);
	reload(&w, yaml_weekly, units_three, other, "2019-08-09T10:00");
	assert_int_equal(lines->len, 2); /* one gone, one new */
	assert_int_equal(standing_at(&w, "xin", "xin-de", FIRST, "2019-08-09T18:00"),
			 STANDING_OVERDUE);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

/* A unit that goes and comes back finds its history; while it is gone, nothing is asked of it. */
static void a_unit_that_is_taken_out_is_left_alone(void **state)
{
	static const char two[] = "unit,name,kind,role,person,email,tags\n"
				  "ban,安委办,office,liaison,办甲,ban@example.org,\n"
				  "xue,薛家镇,镇,liaison,薛甲,xue1@example.org,建筑\n"
				  "xue,薛家镇,镇,leader,薛乙,xue2@example.org,建筑\n"
				  "xue,薛家镇,镇,head,薛丙,xue3@example.org,建筑\n";
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T09:00", "2019-08-09T09:00"),
			 0);
	tick(&w, "2019-08-09T14:00");
	g_free(said(&w));
	reload(&w, yaml_weekly, two, calendar_weekly, "2019-08-09T15:00");
	tick(&w, "2019-08-09T17:30");
	text = said(&w);
	assert_int_equal(count(text, "sent escalate 催办"), 2);
	/* Its reminder that still waited is not sent any more. */
	(void)lease(&w, "2019-08-09T17:30");
	assert_string_equal(leased_to(&w, "zhu1@"), "");
	g_ptr_array_unref(lines);
	reload(&w, yaml_weekly, units_three, calendar_weekly, "2019-08-09T18:00");
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-09T18:00"),
			 STANDING_ON_TIME);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

/* Other numbers for the same units: who has reported is not chased under the new one. */
static void a_unit_that_is_given_another_number_keeps_its_reports(void **state)
{
	static const char renumbered[] = "unit,name,kind,role,person,email,tags\n"
					 "ban,安委办,office,liaison,办甲,ban@example.org,\n"
					 "a01,新桥镇,镇,liaison,新甲,xin1@example.org,消防\n"
					 "a01,新桥镇,镇,leader,新乙,xin2@example.org,消防\n"
					 "a02,薛家镇,镇,liaison,薛甲,xue1@example.org,建筑\n"
					 "a02,薛家镇,镇,leader,薛乙,xue2@example.org,建筑\n"
					 "zhu,住建局,部门,liaison,住甲,zhu1@example.org,建筑\n"
					 "zhu,住建局,部门,leader,住乙,zhu2@example.org,建筑\n";
	struct world w;
	g_autofree char *text = NULL, *said_then = NULL;

	(void)state;
	world_weekly(&w);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T09:00", "2019-08-09T09:00"),
			 0);
	assert_int_equal(submit(&w, "xue", "zhou", "", "2019-10-09T09:00", "2019-10-09T09:00"), 0);
	assert_true(w.receipt.tray);
	assert_int_equal(pause_or_resume(&w, DECISION_PAUSE, "zhu", "", "2019-08-09T09:30"), 0);
	tick(&w, "2019-08-09T14:00");
	g_free(said(&w));
	reload(&w, yaml_weekly, renumbered, calendar_weekly, "2019-08-09T15:00");
	said_then = g_strdup(lines->pdata[lines->len - 2]);
	assert_string_equal(said_then, "新桥镇的编号由 xin 改为 a01，历史记录随之转移");
	assert_int_equal(standing_at(&w, "a01", "zhou", FIRST, "2019-08-09T17:00"),
			 STANDING_ON_TIME);
	assert_int_equal(told_again(&w, "2019-08-09T15:00"), 0); /* nor reminded twice */
	tick(&w, "2019-08-13T17:30");
	text = said(&w);
	assert_null(strstr(text, " a01 "));
	assert_null(strstr(text, " zhu "));
	assert_null(strstr(text, "sent escalate 督办 a02 leader")); /* its report is in the tray */
	g_ptr_array_unref(lines);
	world_fini(&w);
}

/* P2: who joins later gets the next step. */
static void a_contact_who_joins_gets_the_next_step(void **state)
{
	g_autofree char *more = g_strconcat(
		units_three, "xin,新桥镇,镇,liaison,新丁,xin4@example.org,消防\n", NULL);
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_weekly(&w);
	tick(&w, "2019-08-09T14:00");
	reload(&w, yaml_weekly, more, calendar_weekly, "2019-08-09T15:00");
	assert_int_equal(told_again(&w, "2019-08-09T15:00"), 0);
	tick(&w, "2019-08-09T17:30");
	text = said(&w);
	assert_int_equal(count(text, "sent escalate 催办 xin liaison xin4@example.org"), 1);
	g_ptr_array_unref(lines);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_files_say_nothing_new),
		cmocka_unit_test(a_step_that_an_edit_puts_into_the_past_is_not_said),
		cmocka_unit_test(a_step_that_was_ripe_before_the_edit_is_still_said),
		cmocka_unit_test(an_alarm_added_too_late_stands_with_the_liaison),
		cmocka_unit_test(a_moved_deadline_arms_the_ladder_anew),
		cmocka_unit_test(what_is_held_for_a_deadline_that_moved_is_withdrawn),
		cmocka_unit_test(a_series_that_was_cut_keeps_its_history),
		cmocka_unit_test(a_series_that_was_dragged_keeps_its_history),
		cmocka_unit_test(a_report_is_known_again_under_the_name_it_was_sent_with),
		cmocka_unit_test(another_summary_is_another_thing),
		cmocka_unit_test(a_unit_that_is_taken_out_is_left_alone),
		cmocka_unit_test(a_unit_that_is_given_another_number_keeps_its_reports),
		cmocka_unit_test(a_contact_who_joins_gets_the_next_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
