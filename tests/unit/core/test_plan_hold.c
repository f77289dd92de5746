/*
 * test_plan_hold.c - what superiors are not told yet, and what becomes of it (P11, P14).
 */
#include "unit/core/plan_help.h"

/* ---- P14 ---- */

static const struct guard_row {
	const char *name;
	uint8_t limit;
	uint32_t expected, missing;
	bool lifted, holds;
} guards[] = {
	{"four of four: too few to be a district", 50, 4, 4, false, false},
	{"four of five", 50, 5, 4, false, true},
	{"two of five is less than half", 50, 5, 2, false, false},
	{"three of five", 50, 5, 3, false, true},
	{"exactly half of twenty", 50, 20, 10, false, true},
	{"one less than half of twenty", 50, 20, 9, false, false},
	{"80 % asked for, four of five", 80, 5, 4, false, true},
	{"81 % asked for, four of five", 81, 5, 4, false, false},
	{"everybody, and nothing less", 100, 5, 5, false, true},
	{"one has reported", 100, 5, 4, false, false},
	{"never", GUARD_OFF, 20, 20, false, false},
	{"a person has released it", 50, 20, 20, true, false},
	{"one in a hundred of a hundred thousand", 1, 100000, 1000, false, true},
	{"more than 32 bits of percent", 50, 100000000, 50000000, false, true},
};

static void the_guard_holds_from_its_share_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(guards); i++) {
		const struct guard_row *g = &guards[i];
		struct district d;
		g_autofree char *got = NULL;
		const char *want = g->holds ? "told 再催 u1 liaison1 (liaison) !\n"
					      "held 再催 u1 leader1 (leader) ! guard\nask\n"
					    : "told 再催 u1 liaison1 (liaison) !\n"
					      "told 再催 u1 leader1 (leader) !\n";

		district_init(&d, 1);
		(void)district_step(&d, "再催", AT(3600), LIAISON_LEADER);
		d.c.hold_if_missing = g->limit;
		d.facts.expected = g->expected;
		d.facts.missing = g->missing;
		d.facts.guard_lifted = g->lifted;
		got = district_ask(&d, AT(3600), false, NULL);
		if (strcmp(got, want) != 0)
			print_message("%s:\n", g->name);
		assert_string_equal(got, want);
		district_fini(&d);
	}
}

static void the_guard_leaves_reminders_and_the_office_alone(void **state)
{
	struct district d;
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;

	(void)state;
	district_init(&d, 1);
	(void)district_step(&d, "提醒", AT(-60), LIAISON_LEADER);
	(void)district_step(&d, "催办", AT(1800), LIAISON_OFFICE);
	d.facts.expected = d.facts.missing = 20;
	before = district_ask(&d, AT(-60), true, NULL);
	assert_string_equal(before, "told 提醒 u1 liaison1 (liaison)\n"
				    "told 提醒 u1 leader1 (leader)\nwake 1800\n");
	after = district_ask(&d, AT(1800), true, NULL);
	assert_string_equal(after, "told 催办 u1 liaison1 (liaison) !\n"
				   "told 催办 u1 ban (office) !\n");
	district_fini(&d);
}

/* ---- what is held already ---- */

#define HELD_MAX 4

static const struct held_row {
	const char *name;
	wall_t polled, opens;
	bool answered, exempt, paused, in_tray, doubtful;
	struct plan_held held[HELD_MAX];
	const char *want;
} rows[] = {
	{.name = "a signature waits",
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN}},
	 .want = ""},
	{.name = "released",
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 told freed\n"},
	{.name = "released at night: a person has spoken",
	 .opens = AT(20000),
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 told freed\n"},
	{.name = "a release overrides every reason",
	 .polled = AT(0),
	 .held = {{.due = DUE,
		   .rung = 1,
		   .address = 1,
		   .holds = HOLD_SIGN | HOLD_GUARD | HOLD_VIEW,
		   .released = true}},
	 .want = "#0 told freed\n"},
	{.name = "the guard does not open by itself",
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_GUARD}},
	 .want = ""},
	{.name = "a fresh view frees what waited for nothing else",
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_VIEW}},
	 .want = "#0 told freed\n"},
	{.name = "a fresh view at night waits for the window",
	 .opens = AT(20000),
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_VIEW}},
	 .want = "wake 20000\n"},
	{.name = "a fresh view does not sign",
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN | HOLD_VIEW}},
	 .want = ""},
	{.name = "a look of the last second before the end of grace is not fresh",
	 .polled = AT(1799),
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_VIEW}},
	 .want = ""},
	{.name = "a look begun at the end of grace is",
	 .polled = AT(1800),
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_VIEW}},
	 .want = "#0 told freed\n"},
	{.name = "the tray is not empty",
	 .in_tray = true,
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_VIEW}},
	 .want = ""},
	{.name = "the clock is suspect",
	 .doubtful = true,
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_VIEW}},
	 .want = ""},
	{.name = "answered: withdrawn, though released",
	 .answered = true,
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 withdrawn answered\n"},
	{.name = "exempt: withdrawn",
	 .exempt = true,
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN}},
	 .want = "#0 withdrawn answered\n"},
	{.name = "the deadline has moved: withdrawn",
	 .held = {{.due = DUE - 1, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 withdrawn moved\n"},
	{.name = "the step is gone from the policy: withdrawn",
	 .held = {{.due = DUE, .rung = UINT16_MAX, .address = 1, .holds = HOLD_SIGN}},
	 .want = "#0 withdrawn moved\n"},
	{.name = "the unit owes it no longer: withdrawn",
	 .held = {{.item = NONE, .due = DUE, .rung = UINT16_MAX, .address = 1, .holds = HOLD_SIGN}},
	 .want = "#0 withdrawn answered\n"},
	{.name = "a pause stops raising, not what was raised",
	 .paused = true,
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 told freed\n"},
	{.name = "of two freed for one address the later is told",
	 .held = {{.due = DUE, .rung = 0, .address = 1, .holds = HOLD_SIGN, .released = true},
		  {.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 superseded later\n#1 told freed\n"},
	{.name = "in whatever order they lie",
	 .held = {{.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true},
		  {.due = DUE, .rung = 0, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 told freed\n#1 superseded later\n"},
	{.name = "two addresses hear one each",
	 .held = {{.due = DUE, .rung = 0, .address = 1, .holds = HOLD_SIGN, .released = true},
		  {.due = DUE, .rung = 1, .address = 2, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 told freed\n#1 told freed\n"},
	{.name = "only the later is released: the earlier goes on waiting",
	 .held = {{.due = DUE, .rung = 0, .address = 1, .holds = HOLD_SIGN},
		  {.due = DUE, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#1 told freed\n"},
	{.name = "one withdrawn, one told: they do not compete",
	 .held = {{.due = DUE - 1, .rung = 1, .address = 1, .holds = HOLD_SIGN, .released = true},
		  {.due = DUE, .rung = 0, .address = 1, .holds = HOLD_SIGN, .released = true}},
	 .want = "#0 withdrawn moved\n#1 told freed\n"},
};

static void what_becomes_of_held_notices(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct held_row *r = &rows[i];
		struct district d;
		g_autofree char *got = NULL;

		district_init(&d, 1);
		(void)district_step(&d, "再催", AT(3600), LEADER);
		(void)district_step(&d, "督办", AT(7200), LEADER);
		d.items[0].said[0] = 3;
		d.items[0].outstanding = !r->answered;
		d.items[0].exempt = r->exempt;
		d.items[0].paused = r->paused;
		d.items[0].in_tray = r->in_tray;
		d.facts.clock_trusted = !r->doubtful;
		if (r->polled != 0)
			d.facts.polled = r->polled;
		d.facts.window_open = r->opens == 0;
		d.facts.window_opens = r->opens;
		d.facts.held = r->held;
		while (d.facts.n_held < HELD_MAX && r->held[d.facts.n_held].address != 0)
			d.facts.n_held++;
		got = district_ask(&d, AT(10000), false, NULL);
		if (strcmp(got, r->want) != 0)
			print_message("%s:\n", r->name);
		assert_string_equal(got, r->want);
		district_fini(&d);
	}
}

static void held_notices_of_two_units_do_not_compete(void **state)
{
	const struct plan_held held[] = {
		{.item = 0, .due = DUE, .rung = 0, .address = 7, .holds = 1, .released = true},
		{.item = 1, .due = DUE, .rung = 1, .address = 7, .holds = 1, .released = true},
		{.item = 1, .due = DUE, .rung = 0, .address = 7, .holds = 1, .released = true},
	};
	struct district d;
	g_autofree char *got = NULL;

	(void)state;
	district_init(&d, 2);
	(void)district_step(&d, "再催", AT(3600), LEADER);
	(void)district_step(&d, "督办", AT(7200), LEADER);
	d.items[0].said[0] = d.items[1].said[0] = 3;
	d.facts.held = held;
	d.facts.n_held = 3;
	got = district_ask(&d, AT(10000), false, NULL);
	assert_string_equal(got, "#0 told freed\n#1 told freed\n#2 superseded later\n");
	district_fini(&d);
}

/* Held notices are looked at with the first slice and with no other. */
static void changes_come_with_the_first_slice_only(void **state)
{
	const struct plan_held held = {
		.due = DUE, .rung = 0, .address = 7, .holds = 1, .released = true};
	struct district d;
	struct plan p;

	(void)state;
	district_init(&d, 2);
	(void)district_step(&d, "再催", AT(3600), LEADER);
	d.items[0].said[0] = 1;
	d.facts.held = &held;
	d.facts.n_held = 1;
	plan_init(&p);
	plan_occurrence(&d.facts, 0, 1, AT(10000), &p);
	plan_occurrence(&d.facts, 1, 2, AT(10000), &p);
	assert_int_equal(p.changes->len, 1);
	plan_fini(&p);
	district_fini(&d);
}

static void every_reason_has_words(void **state)
{
	(void)state;
	assert_string_equal(plan_why_text(WHY_TOLD), "");
	for (int why = WHY_LATER_STEP; why <= WHY_MOVED; why++)
		assert_true(strlen(plan_why_text((enum plan_why)why)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guard_holds_from_its_share_on),
		cmocka_unit_test(the_guard_leaves_reminders_and_the_office_alone),
		cmocka_unit_test(what_becomes_of_held_notices),
		cmocka_unit_test(held_notices_of_two_units_do_not_compete),
		cmocka_unit_test(changes_come_with_the_first_slice_only),
		cmocka_unit_test(every_reason_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
