/*
 * test_facts.c - the light of a due item, second by second; what pauses, what counts.
 */
#include "unit/engine/engine_help.h"

#define EXTEND DECISION_EXTEND
#define RETURN DECISION_RETURN
#define EXEMPT DECISION_EXEMPT

struct event {
	char kind; /* 's' submit, 'e' extend, 'r' return, 'x' exempt, 'u' undo, 'n' refuse */
	const char *at, *due;
};

static const struct {
	const char *name;
	struct event events[4];
	const char *now;
	enum standing want;
} rows[] = {
	{"a second before warn", {{0}}, "2019-08-08T16:59:59", STANDING_OPEN},
	{"from warn on", {{0}}, "2019-08-08T17:00", STANDING_DUE_SOON},
	{"at the deadline", {{0}}, "2019-08-09T17:00", STANDING_DUE_SOON},
	{"the last second of grace", {{0}}, "2019-08-09T17:30", STANDING_DUE_SOON},
	{"a second after grace", {{0}}, "2019-08-09T17:30:01", STANDING_OVERDUE},
	{"when it closes", {{0}}, "2019-08-15T17:00", STANDING_OVERDUE},
	{"a second after it closed", {{0}}, "2019-08-15T17:00:01", STANDING_MISSED},
	{"received in the last second of grace",
	 {{'s', "2019-08-09T17:30", NULL}},
	 "2019-08-09T17:30",
	 STANDING_ON_TIME},
	{"received a second late",
	 {{'s', "2019-08-09T17:30:01", NULL}},
	 "2019-08-09T17:30:01",
	 STANDING_LATE},
	{"received when it closes",
	 {{'s', "2019-08-15T17:00", NULL}},
	 "2019-08-20T00:00",
	 STANDING_LATE},
	{"twice: the first counts",
	 {{'s', "2019-08-09T12:00", NULL}, {'s', "2019-08-09T18:00", NULL}},
	 "2019-08-09T18:00",
	 STANDING_ON_TIME},
	{"exempt", {{'x', "2019-08-09T12:00", NULL}}, "2019-08-20T00:00", STANDING_EXEMPT},
	{"exempt although received",
	 {{'s', "2019-08-09T12:00", NULL}, {'x', "2019-08-09T13:00", NULL}},
	 "2019-08-09T14:00",
	 STANDING_EXEMPT},
	{"the exemption undone",
	 {{'x', "2019-08-09T12:00", NULL}, {'u', "2019-08-09T13:00", NULL}},
	 "2019-08-20T00:00",
	 STANDING_MISSED},
	{"a refusal changes nothing",
	 {{'n', "2019-08-09T12:00", NULL}},
	 "2019-08-09T18:00",
	 STANDING_OVERDUE},
	{"extended: open again",
	 {{'e', "2019-08-09T12:00", "2019-08-13T17:00"}},
	 "2019-08-12T16:59:59",
	 STANDING_OPEN},
	{"extended: due soon by the new deadline",
	 {{'e', "2019-08-09T12:00", "2019-08-13T17:00"}},
	 "2019-08-12T17:00",
	 STANDING_DUE_SOON},
	{"extended: on time by the new deadline",
	 {{'e', "2019-08-09T12:00", "2019-08-13T17:00"}, {'s', "2019-08-13T17:30", NULL}},
	 "2019-08-14T00:00",
	 STANDING_ON_TIME},
	{"a date extends to the end of that day",
	 {{'e', "2019-08-09T12:00", "2019-08-13"}, {'s', "2019-08-14T00:29:59", NULL}},
	 "2019-08-14T01:00",
	 STANDING_ON_TIME},
	{"a second later it is late",
	 {{'e', "2019-08-09T12:00", "2019-08-13"}, {'s', "2019-08-14T00:30", NULL}},
	 "2019-08-14T01:00",
	 STANDING_LATE},
	{"extended after it came late: it was in time after all",
	 {{'s', "2019-08-10T12:00", NULL}, {'e', "2019-08-11T12:00", "2019-08-13T17:00"}},
	 "2019-08-12T00:00",
	 STANDING_ON_TIME},
	{"extended after it closed",
	 {{'e', "2019-08-16T12:00", "2019-08-20T17:00"}},
	 "2019-08-17T00:00",
	 STANDING_OPEN},
	{"returned",
	 {{'s', "2019-08-09T12:00", NULL}, {'r', "2019-08-10T12:00", "2019-08-12T17:00"}},
	 "2019-08-20T00:00",
	 STANDING_RETURNED},
	{"received again: by its first receipt",
	 {{'s', "2019-08-09T12:00", NULL},
	  {'r', "2019-08-10T12:00", "2019-08-12T17:00"},
	  {'s', "2019-08-14T12:00", NULL}},
	 "2019-08-20T00:00",
	 STANDING_ON_TIME},
	{"late, returned, received again: late",
	 {{'s', "2019-08-10T10:00", NULL},
	  {'r', "2019-08-10T12:00", "2019-08-12T17:00"},
	  {'s', "2019-08-12T12:00", NULL}},
	 "2019-08-20T00:00",
	 STANDING_LATE},
	{"returned in the second of its receipt: not answered by it",
	 {{'s', "2019-08-09T12:00", NULL}, {'r', "2019-08-09T12:00", "2019-08-12T17:00"}},
	 "2019-08-09T12:00",
	 STANDING_RETURNED},
	{"what comes in that second after it answers",
	 {{'s', "2019-08-09T12:00", NULL},
	  {'r', "2019-08-09T12:00", "2019-08-12T17:00"},
	  {'s', "2019-08-09T12:00", NULL}},
	 "2019-08-09T12:00",
	 STANDING_ON_TIME},
};

static void play(struct world *w, const struct event *e)
{
	int rc = 0;

	switch (e->kind) {
	case 's':
		rc = submit(w, "xin", "zhou", FIRST, e->at, e->at);
		assert_false(w->receipt.tray);
		break;
	case 'e':
		rc = decide(w, DECISION_EXTEND, "xin", "zhou", FIRST, e->due, e->at);
		break;
	case 'r':
		rc = decide(w, DECISION_RETURN, "xin", "zhou", FIRST, e->due, e->at);
		break;
	case 'x':
		rc = decide(w, DECISION_EXEMPT, "xin", "zhou", FIRST, NULL, e->at);
		break;
	case 'u':
		rc = decide(w, DECISION_UNDO, "xin", "zhou", FIRST, NULL, e->at);
		break;
	case 'n':
		rc = decide(w, DECISION_REFUSE, "xin", "zhou", FIRST, NULL, e->at);
		break;
	default:
		return;
	}
	if (rc < 0)
		print_message("%s\n", w->err.text);
	assert_int_equal(rc, 0);
}

static void each_light_at_its_boundary(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w;
		enum standing got;

		world_weekly(&w);
		for (size_t k = 0; k < G_N_ELEMENTS(rows[i].events); k++)
			play(&w, &rows[i].events[k]);
		got = standing_at(&w, "xin", "zhou", FIRST, rows[i].now);
		if (got != rows[i].want)
			print_message("%s:\n", rows[i].name);
		assert_string_equal(standing_word(got), standing_word(rows[i].want));
		/* Nobody else is touched by what xin does. */
		assert_int_not_equal(standing_at(&w, "xue", "zhou", FIRST, "2019-08-09T18:00"),
				     STANDING_ON_TIME);
		world_fini(&w);
	}
}

static void what_was_due_before_the_campaign_was_loaded_is_untracked(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, yaml_weekly, units_three, calendar_weekly, "2019-08-09T17:00:01");
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-20T00:00"),
			 STANDING_UNTRACKED);
	assert_int_equal(standing_at(&w, "xin", "zhou", SECOND_RID, "2019-08-10T00:00"),
			 STANDING_OPEN);
	run_to(&w, "2019-08-15T00:00");
	assert_said(&w, "");
	/* A person's decision takes it into account again. */
	assert_int_equal(
		decide(&w, EXTEND, "xin", "zhou", FIRST, "2019-08-20T17:00", "2019-08-15T08:00"),
		0);
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-21T00:00"),
			 STANDING_OVERDUE);
	world_fini(&w);
	world_init(&w, yaml_weekly, units_three, calendar_weekly, "2019-08-09T17:00");
	assert_int_equal(standing_at(&w, "xin", "zhou", FIRST, "2019-08-09T18:00"),
			 STANDING_OVERDUE);
	world_fini(&w);
}

static unsigned counted(struct world *w, const char *rid, unsigned *missing)
{
	uint32_t o = 0;
	struct occurrence_facts *f;
	unsigned expected;

	assert_int_equal(engine_find(w->engine, "zhou", rid, &o, &w->err), 0);
	f = facts_load(w->engine, o, NONE);
	expected = f->expected;
	*missing = f->missing;
	facts_free(&f);
	return expected;
}

static void expected_and_missing_are_counted_as_people_do(void **state)
{
	struct world w;
	unsigned missing;

	(void)state;
	world_weekly(&w);
	assert_int_equal(counted(&w, FIRST, &missing), 3);
	assert_int_equal(missing, 3);
	assert_int_equal(submit(&w, "xin", "zhou", FIRST, "2019-08-09T12:00", "2019-08-09T12:00"),
			 0);
	assert_int_equal(decide(&w, EXEMPT, "xue", "zhou", FIRST, NULL, "2019-08-09T12:00"), 0);
	assert_int_equal(counted(&w, FIRST, &missing), 2);
	assert_int_equal(missing, 1);
	assert_int_equal(
		decide(&w, RETURN, "xin", "zhou", FIRST, "2019-08-12T17:00", "2019-08-09T13:00"),
		0);
	assert_int_equal(counted(&w, FIRST, &missing), 2);
	assert_int_equal(missing, 2); /* a returned one is outstanding again */
	world_fini(&w);
}

/* P13: only raising waits, and a resume ends the pause of exactly its scope. */
static void a_pause_stops_raising_for_its_scope(void **state)
{
	static const struct {
		const char *unit, *tag;
		unsigned told, later; /* of three reminders; of the two that still owe */
	} scopes[] = {{"", "", 0, 2}, {"xin", "", 2, 0}, {"", "建筑", 1, 2}, {"", "镇", 1, 1}};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
		struct world w;
		g_autofree char *text = NULL;

		world_weekly(&w);
		assert_int_equal(pause_or_resume(&w, DECISION_PAUSE, scopes[i].unit, scopes[i].tag,
						 "2019-08-09T08:00"),
				 0);
		tick(&w, "2019-08-09T14:00");
		text = said(&w);
		assert_int_equal(count(text, "sent remind"), scopes[i].told);
		/* Receipts and decisions are told all the same. */
		assert_int_equal(
			submit(&w, "xin", "zhou", FIRST, "2019-08-09T15:00", "2019-08-09T15:00"),
			0);
		tick(&w, "2019-08-09T15:00");
		assert_said(&w, "sent receipt receipt xin liaison xin1@example.org due 08-09\n");
		assert_int_equal(pause_or_resume(&w, DECISION_RESUME, scopes[i].unit, scopes[i].tag,
						 "2019-08-09T16:00"),
				 0);
		tick(&w, "2019-08-09T16:00");
		g_free(text);
		text = said(&w);
		assert_int_equal(count(text, "sent remind"), scopes[i].later);
		world_fini(&w);
	}
}

static void resuming_everything_leaves_a_units_own_pause(void **state)
{
	struct world w;

	(void)state;
	world_weekly(&w);
	(void)pause_or_resume(&w, DECISION_PAUSE, "xin", "", "2019-08-09T08:00");
	(void)pause_or_resume(&w, DECISION_PAUSE, "", "", "2019-08-09T08:00");
	(void)pause_or_resume(&w, DECISION_RESUME, "", "", "2019-08-09T09:00");
	tick(&w, "2019-08-09T14:00");
	assert_said(&w, "sent remind 提醒 xue liaison xue1@example.org due 08-09\n"
			"sent remind 提醒 zhu liaison zhu1@example.org due 08-09\n");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_light_at_its_boundary),
		cmocka_unit_test(what_was_due_before_the_campaign_was_loaded_is_untracked),
		cmocka_unit_test(expected_and_missing_are_counted_as_people_do),
		cmocka_unit_test(a_pause_stops_raising_for_its_scope),
		cmocka_unit_test(resuming_everything_leaves_a_units_own_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
