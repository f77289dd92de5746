/*
 * test_plan.c - what one unit hears of one report, rule by rule and second by second.
 */
#include "unit/core/plan_help.h"

/*
 * The ladder: 提醒 a day before, 今日 three hours before (liaison); 催办 at the end of
 * grace (liaison, office); 再催 an hour later (liaison, leader); 督办 two hours later
 * (leader, head, office).
 */
static void weekly(struct district *d)
{
	(void)district_step(d, "提醒", AT(-86400), LIAISON);
	(void)district_step(d, "今日", AT(-10800), LIAISON);
	(void)district_step(d, "催办", AT(1800), LIAISON_OFFICE);
	(void)district_step(d, "再催", AT(3600), LIAISON_LEADER);
	(void)district_step(d, "督办", AT(7200), ALL_ABOVE);
}

static const struct row {
	const char *name;
	wall_t now;
	unsigned said; /* bit a rung */
	wall_t decided, polled, up, opens;
	bool answered, exempt, paused, untracked, in_tray, doubtful, sign, milestone;
	const char *want;
} rows[] = {
	{.name = "P1: a second before its hour nothing is said",
	 .now = AT(-86401),
	 .want = "wake -86400\n"},
	{.name = "P1: on the second it is",
	 .now = AT(-86400),
	 .want = "told 提醒 u1 liaison1 (liaison)\nwake -10800\n"},
	{.name = "P1: what was said is not said again",
	 .now = AT(-86400),
	 .said = 1,
	 .want = "wake -10800\n"},
	{.name = "P1: who has reported is left alone",
	 .now = AT(8000),
	 .answered = true,
	 .want = ""},
	{.name = "P1: who is exempt is left alone", .now = AT(8000), .exempt = true, .want = ""},
	{.name = "P1: what is not tracked is left alone",
	 .now = AT(8000),
	 .untracked = true,
	 .want = ""},
	{.name = "P13: paused, nothing is raised", .now = AT(8000), .paused = true, .want = ""},
	{.name = "P1: ripe at night waits for the window",
	 .now = AT(-86400),
	 .opens = AT(-50000),
	 .want = "wake -50000\n"},
	{.name = "P1: ripe at night, already in the window's first second",
	 .now = AT(-50000),
	 .want = "told 提醒 u1 liaison1 (liaison)\nwake -10800\n"},
	{.name = "P1: a later step wakes earlier than the window",
	 .now = AT(-86000),
	 .opens = AT(0),
	 .want = "wake -10800\n"},

	{.name = "P3: two reminders late, one is told",
	 .now = AT(-10800),
	 .want = "superseded later 提醒 u1 liaison1 (liaison)\n"
		 "told 今日 u1 liaison1 (liaison)\nwake 1800\n"},
	{.name = "P3: at the end of grace a reminder is still one",
	 .now = AT(1800),
	 .said = 1,
	 .want = "superseded later 今日 u1 liaison1 (liaison)\n"
		 "told 催办 u1 liaison1 (liaison) !\ntold 催办 u1 ban (office) !\nwake 3600\n"},
	{.name = "P3: after it nobody is reminded of what is overdue",
	 .now = AT(1801),
	 .said = 1,
	 .want = "superseded overdue 今日 u1 liaison1 (liaison)\n"
		 "told 催办 u1 liaison1 (liaison) !\ntold 催办 u1 ban (office) !\nwake 3600\n"},
	{.name = "P3: of all steps at once each address hears its latest",
	 .now = AT(8000),
	 .want = "superseded overdue 提醒 u1 liaison1 (liaison)\n"
		 "superseded overdue 今日 u1 liaison1 (liaison)\n"
		 "superseded later 催办 u1 liaison1 (liaison) !\n"
		 "superseded later 催办 u1 ban (office) !\n"
		 "told 再催 u1 liaison1 (liaison) !\n"
		 "superseded later 再催 u1 leader1 (leader) !\n"
		 "told 督办 u1 leader1 (leader) !\ntold 督办 u1 head1 (head) !\n"
		 "told 督办 u1 ban (office) !\n"},
	{.name = "P3: overdue reminders wait for the window as well",
	 .now = AT(1801),
	 .said = 1,
	 .opens = AT(3000),
	 .want = "wake 3000\n"},

	{.name = "P10: a decision stands for every step up to its instant",
	 .now = AT(-10800),
	 .decided = AT(-10800),
	 .want = "superseded decision 提醒 u1 liaison1 (liaison)\n"
		 "superseded decision 今日 u1 liaison1 (liaison)\nwake 1800\n"},
	{.name = "P10: a step one second after it is told",
	 .now = AT(-10800),
	 .said = 1,
	 .decided = AT(-10801),
	 .want = "told 今日 u1 liaison1 (liaison)\nwake 1800\n"},
	{.name = "P10: at any hour",
	 .now = AT(-86400),
	 .decided = AT(-86400),
	 .opens = AT(-50000),
	 .want = "superseded decision 提醒 u1 liaison1 (liaison)\nwake -10800\n"},
	{.name = "P10: also of what was handed in meanwhile",
	 .now = AT(-86400),
	 .answered = true,
	 .decided = AT(-86400),
	 .want = "superseded decision 提醒 u1 liaison1 (liaison)\n"},
	{.name = "P10: also while paused",
	 .now = AT(-86400),
	 .paused = true,
	 .decided = AT(-86400),
	 .want = "superseded decision 提醒 u1 liaison1 (liaison)\n"},

	{.name = "P11: without a fresh view the first step after the deadline waits",
	 .now = AT(1800),
	 .said = 3,
	 .polled = AT(1799),
	 .want = "wake 2400\n"},
	{.name = "P11: a look begun on the last second of grace is fresh",
	 .now = AT(1800),
	 .said = 3,
	 .polled = AT(1800),
	 .want = "told 催办 u1 liaison1 (liaison) !\ntold 催办 u1 ban (office) !\nwake 3600\n"},
	{.name = "P11: one second short of ten minutes it still waits",
	 .now = AT(2399),
	 .said = 3,
	 .polled = AT(0),
	 .want = "wake 2400\n"},
	{.name = "P11: after ten minutes liaison and office are told",
	 .now = AT(2400),
	 .said = 3,
	 .polled = AT(0),
	 .want = "told 催办 u1 liaison1 (liaison) !\ntold 催办 u1 ban (office) !\nwake 3600\n"},
	{.name = "P11: superiors are held instead, the office alarmed",
	 .now = AT(4200),
	 .said = 7,
	 .polled = AT(0),
	 .want = "told 再催 u1 liaison1 (liaison) !\nheld 再催 u1 leader1 (leader) ! view\n"
		 "alarm\nwake 7200\n"},
	{.name = "P11: the ten minutes begin when the daemon is up",
	 .now = AT(4200),
	 .said = 7,
	 .polled = AT(0),
	 .up = AT(4000),
	 .want = "wake 4600\n"},
	{.name = "P11: a suspect clock is no fresh view",
	 .now = AT(3600),
	 .said = 7,
	 .doubtful = true,
	 .want = "wake 4200\n"},
	{.name = "P11: what lies in the tray could be this report",
	 .now = AT(4200),
	 .said = 7,
	 .in_tray = true,
	 .want = "told 再催 u1 liaison1 (liaison) !\nheld 再催 u1 leader1 (leader) ! view\n"
		 "alarm\nwake 7200\n"},
	{.name = "P11: reminders ask for no view",
	 .now = AT(-86400),
	 .polled = AT(-900000),
	 .doubtful = true,
	 .in_tray = true,
	 .want = "told 提醒 u1 liaison1 (liaison)\nwake -10800\n"},
	{.name = "P11: a signed step is held for everybody",
	 .now = AT(7200),
	 .said = 15,
	 .sign = true,
	 .want = "held 督办 u1 leader1 (leader) ! sign\nheld 督办 u1 head1 (head) ! sign\n"
		 "held 督办 u1 ban (office) ! sign\n"},
	{.name = "P11: signed and without a view, superiors have two reasons",
	 .now = AT(7800),
	 .said = 15,
	 .sign = true,
	 .polled = AT(0),
	 .want = "held 督办 u1 leader1 (leader) ! sign view\n"
		 "held 督办 u1 head1 (head) ! sign view\nheld 督办 u1 ban (office) ! "
		 "sign\nalarm\n"},
	{.name = "P3: a held later step silences the earlier for the same address",
	 .now = AT(8000),
	 .said = 7,
	 .sign = true,
	 .want = "told 再催 u1 liaison1 (liaison) !\nsuperseded later 再催 u1 leader1 (leader) !\n"
		 "held 督办 u1 leader1 (leader) ! sign\nheld 督办 u1 head1 (head) ! sign\n"
		 "held 督办 u1 ban (office) ! sign\n"},
	{.name = "P5: every step of a milestone goes to the office",
	 .now = AT(4200),
	 .said = 7,
	 .milestone = true,
	 .want = "told 再催 u1 ban (-) !\nwake 7200\n"},
	{.name = "P5: milestones know no superiors to hold back",
	 .now = AT(7800),
	 .said = 15,
	 .milestone = true,
	 .polled = AT(0),
	 .want = "told 督办 u1 ban (-) !\n"},
};

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		struct district d;
		g_autofree char *got = NULL;
		g_autofree char *again = NULL;

		district_init(&d, 1);
		weekly(&d);
		d.steps[4].sign = r->sign;
		d.items[0].said[0] = r->said;
		d.items[0].outstanding = !r->answered;
		d.items[0].exempt = r->exempt;
		d.items[0].paused = r->paused;
		d.items[0].tracked = !r->untracked;
		d.items[0].in_tray = r->in_tray;
		if (r->decided != 0)
			d.items[0].decided = r->decided;
		if (r->polled != 0)
			d.facts.polled = r->polled;
		if (r->up != 0)
			d.facts.up_since = r->up;
		d.facts.window_open = r->opens == 0;
		d.facts.window_opens = r->opens;
		d.facts.clock_trusted = !r->doubtful;
		d.facts.milestone = r->milestone;
		got = district_ask(&d, r->now, false, NULL);
		again = district_ask(&d, r->now, false, NULL);
		if (strcmp(got, r->want) != 0)
			print_message("%s:\n", r->name);
		assert_string_equal(got, r->want);
		assert_string_equal(again, got); /* equal facts, equal bytes */
		district_fini(&d);
	}
}

/* ---- P3 and P7: who is the latest ---- */

static void equal_instants_tell_the_later_in_the_policy(void **state)
{
	struct district d;
	g_autofree char *got = NULL;

	(void)state;
	district_init(&d, 1);
	(void)district_step(&d, "甲", AT(-100), LIAISON);
	(void)district_step(&d, "乙", AT(-100), LIAISON);
	got = district_ask(&d, AT(-100), false, NULL);
	assert_string_equal(got, "superseded later 甲 u1 liaison1 (liaison)\n"
				 "told 乙 u1 liaison1 (liaison)\n");
	district_fini(&d);
}

static void equal_instants_tell_the_higher_repeat(void **state)
{
	struct district d;
	g_autofree char *got = NULL;

	(void)state;
	district_init(&d, 1);
	(void)district_step(&d, "督办", AT(3600), LEADER);
	d.rungs[1] = (struct rung){.unmoved = AT(3700), .at = AT(3600), .step = 0, .repeat = 1};
	d.rungs[2] = (struct rung){.unmoved = AT(3800), .at = AT(9000), .step = 0, .repeat = 2};
	d.ladder.n = 3;
	got = district_ask(&d, AT(3600), true, NULL);
	assert_string_equal(got, "superseded later 督办 u1 leader1 (leader) !\n"
				 "told 督办#1 u1 leader1 (leader) !\nwake 9000\n");
	g_free(got);
	got = district_ask(&d, AT(9000), false, NULL);
	assert_string_equal(got, "told 督办#2 u1 leader1 (leader) !\n");
	district_fini(&d);
}

static void alarms_come_last_of_equal_instants_and_tell_the_liaison(void **state)
{
	struct district d;
	g_autofree char *got = NULL;

	(void)state;
	district_init(&d, 1);
	(void)district_step(&d, "催办", AT(1800), LIAISON_LEADER);
	d.rungs[1] = (struct rung){.unmoved = AT(1800), .at = AT(1800), .step = 1};
	d.rungs[2] = (struct rung){.unmoved = AT(1800), .at = AT(1801), .step = 2};
	d.ladder.n = 3;
	got = district_ask(&d, AT(1800), true, NULL);
	assert_string_equal(got, "superseded later 催办 u1 liaison1 (liaison) !\n"
				 "told 催办 u1 leader1 (leader) !\n"
				 "told alarm u1 liaison1 (-) !\nwake 1801\n");
	g_free(got);
	got = district_ask(&d, AT(1801), false, NULL);
	assert_string_equal(got, "told alarm-2 u1 liaison1 (-) !\n");
	district_fini(&d);
}

/* P11: a step that waits for the view does not stop a reminder of the same tick. */
static void each_step_waits_by_itself(void **state)
{
	struct district d;
	g_autofree char *got = NULL;

	(void)state;
	district_init(&d, 1);
	weekly(&d);
	d.facts.polled = AT(0);
	d.items[0].said[0] = 3;
	got = district_ask(&d, AT(3600), true, NULL);
	assert_string_equal(got, "told 催办 u1 liaison1 (liaison) !\n"
				 "told 催办 u1 ban (office) !\nwake 4200\n");
	district_fini(&d);
}

/* ---- P9 ---- */

/* All rows of a run that asks at @step seconds (0: exactly when it is told to). */
static char *run(unsigned step, wall_t polled)
{
	struct district d;
	GString *all = g_string_new(NULL);
	wall_t now = AT(-90000), end = AT(90000);

	district_init(&d, 1);
	weekly(&d);
	d.facts.polled = polled;
	while (now <= end) {
		wall_t wake;
		g_autofree char *text = district_ask(&d, now, true, &wake);
		char *tail = g_strrstr(text, "wake ");

		if (tail != NULL)
			*tail = '\0';
		if (text[0] != '\0')
			g_string_append_printf(all, "%" G_GINT64_FORMAT "\n%s",
					       (now - DUE) / SECOND, text);
		now = step == 0 ? wake : now + step * SECOND;
	}
	district_fini(&d);
	return g_string_free(all, FALSE);
}

static void asking_more_often_says_the_same_and_sleeping_loses_nothing(void **state)
{
	const wall_t views[] = {WALL_NEVER, AT(0), AT(1799), AT(1800)};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
		g_autofree char *slept = run(0, views[i]);
		g_autofree char *often = run(5, views[i]);
		g_autofree char *minutes = run(60, views[i]);

		assert_string_equal(often, slept);
		assert_string_equal(minutes, slept);
		assert_non_null(strstr(slept, "督办 u1 head1"));
	}
}

static void slices_say_what_one_look_says(void **state)
{
	struct district d;
	struct plan whole, parts;
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	(void)state;
	district_init(&d, UNITS);
	weekly(&d);
	d.items[3].outstanding = d.items[11].outstanding = false;
	d.facts.missing = UNITS - 2;
	plan_init(&whole);
	plan_occurrence(&d.facts, 0, UNITS, AT(8000), &whole);
	plan_init(&parts);
	plan_occurrence(&d.facts, 0, 7, AT(8000), &parts);
	plan_occurrence(&d.facts, 7, 7, AT(8000), &parts);
	plan_occurrence(&d.facts, 7, UNITS, AT(8000), &parts);
	a = plan_text(&d, &whole);
	b = plan_text(&d, &parts);
	assert_string_equal(a, b);
	assert_int_equal(whole.rows->len, parts.rows->len);
	assert_memory_equal(whole.rows->data, parts.rows->data,
			    whole.rows->len * sizeof(struct plan_row));
	plan_fini(&whole);
	plan_fini(&parts);
	district_fini(&d);
}

static void a_ladder_of_the_greatest_length_is_planned(void **state)
{
	struct district d;
	struct plan p;

	(void)state;
	district_init(&d, 1);
	(void)district_step(&d, "催办", AT(0), LIAISON);
	for (unsigned i = 0; i < RUNGS_MAX; i++)
		d.rungs[i] = (struct rung){
			.unmoved = AT(i), .at = AT(i), .repeat = (uint16_t)i, .before = false};
	d.ladder.n = RUNGS_MAX;
	plan_init(&p);
	plan_occurrence(&d.facts, 0, 1, AT(RUNGS_MAX - 1), &p);
	assert_int_equal(p.rows->len, RUNGS_MAX);
	for (guint i = 0; i < p.rows->len; i++)
		assert_int_equal(g_array_index(p.rows, struct plan_row, i).state,
				 i + 1 == RUNGS_MAX ? NOTICE_PLANNED : NOTICE_SUPERSEDED);
	plan_fini(&p);
	district_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(equal_instants_tell_the_later_in_the_policy),
		cmocka_unit_test(equal_instants_tell_the_higher_repeat),
		cmocka_unit_test(alarms_come_last_of_equal_instants_and_tell_the_liaison),
		cmocka_unit_test(each_step_waits_by_itself),
		cmocka_unit_test(asking_more_often_says_the_same_and_sleeping_loses_nothing),
		cmocka_unit_test(slices_say_what_one_look_says),
		cmocka_unit_test(a_ladder_of_the_greatest_length_is_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
