/*
 * test_ladder.c - when people are told, line by line of the rules about time.
 *
 * The holidays are those of 2019: Mid-Autumn on Friday 13 September, National
 * Day from 1 to 7 October, made up on Sunday 29 September and Saturday 12 October.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "calendars/ladder.h"
#include "daemon/core/offset.h"

#define STEPS_MAX 8

static struct days *holidays;

static date_t day(const char *text)
{
	date_t d;

	assert_true(date_parse(text, &d));
	return d;
}

static int set_up(void **state)
{
	(void)state;
	holidays = days_new();
	days_set_off(holidays, day("2019-09-13"));
	for (date_t d = day("2019-10-01"); d <= day("2019-10-07"); d++)
		days_set_off(holidays, d);
	days_set_work(holidays, day("2019-09-29"));
	days_set_work(holidays, day("2019-10-12"));
	days_seal(holidays);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	days_free(&holidays);
	return 0;
}

static const struct zone *zone(const char *name)
{
	const struct zone *z = zone_get(name ? name : "Asia/Shanghai");

	assert_non_null(z);
	return z;
}

static wall_t at(const struct zone *z, const char *text)
{
	wall_t t;

	if (!zone_parse(z, text, true, &t))
		fail_msg("not an instant: %s", text);
	return t;
}

/** "2019-08-09 17:00" or with seconds or an offset where they matter. */
static char *shown(const struct zone *z, wall_t t)
{
	if (t == WALL_NEVER)
		return g_strdup("never");

	char *text = zone_format(z, t);

	text[10] = ' ';
	if (!strncmp(text + 16, ":00", 3))
		text[16] = '\0';
	else
		text[19] = '\0';
	return text;
}

static struct offset offset(const char *text)
{
	struct offset o = {.at = -1};
	struct err err;

	if (text && (*text == '+' || *text == '-' ? offset_parse(text, &o, &err)
						  : offset_parse_length(text, &o, &err)))
		fail_msg("%s", err.text);
	return o;
}

/** "working 08:30 17:30 15:00" or a list of days as "motufr 08:30 17:30 17:30". */
static struct window window(const char *text)
{
	struct window w = {0};

	if (!text)
		return w;
	g_auto(GStrv) word = g_strsplit(text, " ", 4);

	w.set = true;
	w.working = !strcmp(word[0], "working");
	for (const char *p = word[0]; !w.working && *p; p += 2)
		w.days |= (uint8_t)(1 << weekday_of(p, 2));
	assert_int_equal(minute_parse(word[1], &w.from, NULL), 0);
	assert_int_equal(minute_parse(word[2], &w.to, NULL), 0);
	assert_int_equal(minute_parse(word[3], &w.back, NULL), 0);
	return w;
}

static const char office[] = "working 08:30 17:30 15:00";

/* ---- offsets ------------------------------------------------------------- */

static void where_an_offset_leads(void **state)
{
	static const struct {
		const char *name, *zone, *base, *offset, *to;
	} rows[] = {
		{"the base itself", NULL, "2019-08-09 17:00", "0", "2019-08-09 17:00"},
		{"the working day before, at half past nine", NULL, "2019-08-09 17:00",
		 "-1wd@09:30", "2019-08-08 09:30"},
		{"the time of day stays", NULL, "2019-08-09 17:00", "-1wd", "2019-08-08 17:00"},
		{"Friday and a working day is Monday", NULL, "2019-08-09 17:00", "+1wd",
		 "2019-08-12 17:00"},
		{"a working day before a Sunday is Friday", NULL, "2019-08-11 17:00", "-1wd",
		 "2019-08-09 17:00"},
		{"over National Day", NULL, "2019-09-30 17:00", "+1wd@10:00", "2019-10-08 10:00"},
		{"the made-up Sunday counts", NULL, "2019-09-30 17:00", "-1wd", "2019-09-29 17:00"},
		{"the made-up Saturday counts", NULL, "2019-10-11 17:00", "+1wd",
		 "2019-10-12 17:00"},
		{"parts from left to right", NULL, "2019-08-09 17:00", "+1d1wd",
		 "2019-08-12 17:00"},
		{"in the other order", NULL, "2019-08-09 17:00", "+1wd1d", "2019-08-13 17:00"},
		{"hours over midnight, then a day", NULL, "2019-08-09 23:00", "+2h1wd",
		 "2019-08-12 01:00"},
		{"a day ends at 23:59:59", NULL, "2019-08-09", "-1d", "2019-08-08 23:59:59"},
		{"but not when a time is given", NULL, "2019-08-09", "-1d@23:59",
		 "2019-08-08 23:59"},
		{"three hours are three hours", "America/New_York", "2019-03-10 04:30", "-3h",
		 "2019-03-10 00:30"},
		{"a day keeps the wall clock", "America/New_York", "2019-03-09 12:00", "+1d",
		 "2019-03-10 12:00"},
		{"24 hours do not", "America/New_York", "2019-03-09 12:00", "+24h",
		 "2019-03-10 13:00"},
		{"into a gap: the offset before it", "America/New_York", "2019-03-09 02:30", "+1d",
		 "2019-03-10 03:30"},
		{"through a gap the wall clock is kept", "America/New_York", "2019-03-09 02:30",
		 "+1d1d", "2019-03-11 02:30"},
		{"a time of day in a gap", "America/New_York", "2019-03-09 12:00", "+1d@02:15",
		 "2019-03-10 03:15"},
		{"into a doubled hour: the first", "America/New_York", "2019-11-02 01:30", "+1d",
		 "2019-11-03T01:30-04:00"},
		{"an hour on is the second", "America/New_York", "2019-11-02 01:30", "+1d1h",
		 "2019-11-03T01:30-05:00"},
		{"from the second, a day on", "America/New_York", "2019-11-03T01:30-05:00", "+1d",
		 "2019-11-04 01:30"},
		{"the day that Apia skipped", "Pacific/Apia", "2011-12-29 12:00", "+1d",
		 "2011-12-31 12:00"},
		{"weeks", "Australia/Lord_Howe", "2019-09-29 02:15", "+1w", "2019-10-06 02:45"},
		{"beyond all years", NULL, "9990-01-01 12:00", "+9999w", NULL},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct zone *z = zone(rows[i].zone);
		struct offset o = offset(rows[i].offset);
		wall_t got = ladder_offset(z, holidays, &o, at(z, rows[i].base));
		wall_t want = rows[i].to ? at(z, rows[i].to) : WALL_NEVER;
		g_autofree char *text = shown(z, got);

		if (got != want)
			fail_msg("%s: %s %s is %s", rows[i].name, rows[i].base, rows[i].offset,
				 text);
	}
}

static void deadlines_on_days_off(void **state)
{
	static const struct {
		const char *name, *written;
		struct off_day_rule rule;
		const char *due;
	} rows[] = {
		{"keep", "2019-08-10 17:00", {OFF_DAY_KEEP, 0, -1}, "2019-08-10 17:00"},
		{"a working day stays",
		 "2019-08-09 17:00",
		 {OFF_DAY_BEFORE, 0, -1},
		 "2019-08-09 17:00"},
		{"a working day stays, whatever @ says",
		 "2019-08-09 17:00",
		 {OFF_DAY_AFTER, 2, 720},
		 "2019-08-09 17:00"},
		{"a made-up Saturday stays",
		 "2019-10-12 17:00",
		 {OFF_DAY_BEFORE, 0, -1},
		 "2019-10-12 17:00"},
		{"before", "2019-08-11 17:00", {OFF_DAY_BEFORE, 0, -1}, "2019-08-09 17:00"},
		{"before, in National Day week",
		 "2019-10-04 17:00",
		 {OFF_DAY_BEFORE, 0, -1},
		 "2019-09-30 17:00"},
		{"before, at noon",
		 "2019-10-04 17:00",
		 {OFF_DAY_BEFORE, 0, 720},
		 "2019-09-30 12:00"},
		{"after", "2019-10-04 17:00", {OFF_DAY_AFTER, 1, -1}, "2019-10-08 17:00"},
		{"the second working day after, at noon",
		 "2019-10-04 17:00",
		 {OFF_DAY_AFTER, 2, 720},
		 "2019-10-09 12:00"},
		{"an all-day one keeps the end of its day",
		 "2019-09-13",
		 {OFF_DAY_AFTER, 1, -1},
		 "2019-09-16 23:59:59"},
	};
	const struct zone *z = zone(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		wall_t got =
			ladder_move_off_day(z, holidays, &rows[i].rule, at(z, rows[i].written));
		g_autofree char *text = shown(z, got);

		if (got != at(z, rows[i].due))
			fail_msg("%s: %s", rows[i].name, text);
	}
}

/* ---- windows ------------------------------------------------------------- */

static void what_falls_outside_the_window_moves(void **state)
{
	static const struct {
		const char *name, *zone, *window, *t, *back, *on;
	} rows[] = {
		{"inside it stays", NULL, office, "2019-08-09 10:00", "2019-08-09 10:00",
		 "2019-08-09 10:00"},
		{"its first minute is inside", NULL, office, "2019-08-09 08:30", "2019-08-09 08:30",
		 "2019-08-09 08:30"},
		{"its last minute is inside", NULL, office, "2019-08-09 17:30", "2019-08-09 17:30",
		 "2019-08-09 17:30"},
		{"a second later is outside", NULL, office, "2019-08-09 17:30:01",
		 "2019-08-09 15:00", "2019-08-12 08:30"},
		{"a second before is outside", NULL, office, "2019-08-09 08:29:59",
		 "2019-08-08 15:00", "2019-08-09 08:30"},
		{"a Saturday", NULL, office, "2019-08-10 12:00", "2019-08-09 15:00",
		 "2019-08-12 08:30"},
		{"a made-up Saturday is inside", NULL, office, "2019-10-12 12:00",
		 "2019-10-12 12:00", "2019-10-12 12:00"},
		{"a holiday", NULL, office, "2019-10-03 12:00", "2019-09-30 15:00",
		 "2019-10-08 08:30"},
		{"days by name know no holiday", NULL, "thfr 09:00 17:00 17:00", "2019-10-03 12:00",
		 "2019-10-03 12:00", "2019-10-03 12:00"},
		{"days by name know no made-up day", NULL, "mofr 09:00 17:00 17:00",
		 "2019-10-12 12:00", "2019-10-11 17:00", "2019-10-14 09:00"},
		{"no window at all", NULL, NULL, "2019-10-05 03:00", "2019-10-05 03:00",
		 "2019-10-05 03:00"},
		{"a window of one instant, before it", NULL, "mo 09:00 09:00 09:00",
		 "2019-08-12 08:59:59", "2019-08-05 09:00", "2019-08-12 09:00"},
		{"a window of one instant, on it", NULL, "mo 09:00 09:00 09:00", "2019-08-12 09:00",
		 "2019-08-12 09:00", "2019-08-12 09:00"},
		{"a window of one instant, after it", NULL, "mo 09:00 09:00 09:00",
		 "2019-08-12 09:00:01", "2019-08-12 09:00", "2019-08-19 09:00"},
		{"a gap swallows its opening", "America/New_York", "su 02:30 05:00 05:00",
		 "2019-03-10 01:00", "2019-03-03 05:00", "2019-03-10 03:00"},
		{"a gap swallows all of it", "America/New_York", "su 02:00 02:45 02:30",
		 "2019-03-10 01:00", "2019-03-03 02:30", "2019-03-17 02:00"},
		{"a doubled hour opens it at the first", "America/New_York", "su 01:30 05:00 01:30",
		 "2019-11-03 00:00", "2019-10-27 01:30", "2019-11-03T01:30-04:00"},
		{"and shuts between the two", "America/New_York", "su 01:00 01:15 01:00",
		 "2019-11-03T01:30-04:00", "2019-11-03T01:00-04:00", "2019-11-03T01:00-05:00"},
		{"midnight that never came", "America/Sao_Paulo", "su 00:30 12:00 12:00",
		 "2018-11-03 12:00", "2018-10-28 12:00", "2018-11-04 01:00"},
		{"a Friday that never came", "Pacific/Apia", "fr 09:00 17:00 17:00",
		 "2011-12-29 12:00", "2011-12-23 17:00", "2012-01-06 09:00"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct zone *z = zone(rows[i].zone);
		struct window w = window(rows[i].window);
		wall_t t = at(z, rows[i].t);
		wall_t back = ladder_window_back(z, holidays, &w, t);
		wall_t on = ladder_window_on(z, holidays, &w, t);
		g_autofree char *back_text = shown(z, back), *on_text = shown(z, on);

		if (back != at(z, rows[i].back) || on != at(z, rows[i].on))
			fail_msg("%s: back %s, on %s", rows[i].name, back_text, on_text);
		assert_int_equal(ladder_window_inside(z, holidays, &w, t), on == t && back == t);
	}
}

static void a_window_that_never_opens(void **state)
{
	struct window w = {.set = true, .from = 0, .to = 1439, .back = 1439};
	const struct zone *z = zone(NULL);
	wall_t t = at(z, "2019-08-09 12:00");

	(void)state;
	assert_false(ladder_window_inside(z, holidays, &w, t));
	assert_int_equal(ladder_window_on(z, holidays, &w, t), WALL_NEVER);
	assert_int_equal(ladder_window_back(z, holidays, &w, t), WALL_NEVER);
	assert_int_equal(ladder_window_on(z, holidays, &w, WALL_NEVER), WALL_NEVER);
	assert_int_equal(ladder_window_back(z, holidays, &w, WALL_NEVER), WALL_NEVER);
}

/* ---- ladders ------------------------------------------------------------- */

struct plan_row {
	const char *name, *zone, *window, *due;
	const char *grace, *closes;
	const char *steps;  /* "OFFSET[/SLOT][*TIMES:EVERY] ..." */
	const char *alarms; /* offsets or =INSTANT with an underscore */
	const char *rungs;  /* "STEP[#REPEAT]-|+ LOCAL; ..." */
};

/** Read "…/TU@10:00*3:5wd" into @s. */
static void step_read(struct step *s, const char *text)
{
	g_auto(GStrv) star = g_strsplit(text, "*", 2);
	g_auto(GStrv) slash = g_strsplit(star[0], "/", 2);

	*s = (struct step){.at = offset(slash[0]), .slot = {.weekday = -1}, .every = {.at = -1}};
	if (slash[1])
		assert_int_equal(slot_parse(slash[1], &s->slot, NULL), 0);
	if (star[1]) {
		g_auto(GStrv) colon = g_strsplit(star[1], ":", 2);

		s->times = (uint8_t)atoi(colon[0]);
		s->every = offset(colon[1]);
	}
}

static struct ladder *ladder_of(const struct plan_row *row, const struct zone *z)
{
	struct step steps[STEPS_MAX] = {0};
	struct alarm alarms[STEPS_MAX] = {0};
	struct policy p = {.window = window(row->window),
			   .warn = offset("1wd"),
			   .grace = offset(row->grace),
			   .closes = offset(row->closes)};
	struct campaign c = {.zone = z, .days = holidays, .steps = steps};
	g_auto(GStrv) step = g_strsplit(row->steps, " ", STEPS_MAX);
	g_auto(GStrv) alarm = g_strsplit(row->alarms ? row->alarms : "", " ", STEPS_MAX);
	uint32_t n_alarms = 0;

	for (; step[p.steps] && *step[p.steps]; p.steps++)
		step_read(&steps[p.steps], step[p.steps]);
	c.n_steps = p.steps;
	for (; alarm[n_alarms] && *alarm[n_alarms]; n_alarms++) {
		alarms[n_alarms].absolute = *alarm[n_alarms] == '=';
		if (alarms[n_alarms].absolute)
			alarms[n_alarms].instant =
				at(z, g_strdelimit(alarm[n_alarms] + 1, "_", ' '));
		else
			alarms[n_alarms].at = offset(alarm[n_alarms]);
	}
	return ladder_build(&c, &p, alarms, n_alarms, at(z, row->due));
}

static char *rungs_shown(const struct ladder *l, const struct zone *z)
{
	GString *s = g_string_new(NULL);

	for (uint32_t i = 0; i < l->n; i++) {
		const struct rung *r = &l->rungs[i];
		g_autofree char *when = shown(z, r->at);

		g_string_append_printf(s, "%s%u", i ? "; " : "", r->step);
		if (r->repeat)
			g_string_append_printf(s, "#%u", r->repeat);
		g_string_append_printf(s, "%c %s", r->before ? '-' : '+', when);
	}
	return g_string_free(s, FALSE);
}

static const struct plan_row plans[] = {
	{"the weekly report as its policy says", NULL, office, "2019-08-09 17:00", "30m", "14d",
	 "-1wd@09:30 -3h 0 +1wd@10:00 +2wd@10:00*1:5wd", NULL,
	 "0- 2019-08-08 09:30; 1- 2019-08-09 14:00; 2+ 2019-08-09 17:30; 3+ 2019-08-12 10:00; "
	 "4+ 2019-08-13 10:00; 4#1+ 2019-08-20 10:00"},
	{"17:00 on Friday with half an hour of grace is told at 17:30", NULL, office,
	 "2019-08-09 17:00", "30m", NULL, "0", NULL, "0+ 2019-08-09 17:30"},
	{"with 31 minutes it is told on Monday", NULL, office, "2019-08-09 17:00", "31m", NULL, "0",
	 NULL, "0+ 2019-08-12 08:30"},
	{"after a deadline on a Saturday +1wd is Tuesday", NULL, office, "2019-08-10 12:00", NULL,
	 NULL, "0 +1wd", NULL, "0+ 2019-08-12 08:30; 1+ 2019-08-13 08:30"},
	{"without a window +1wd is Monday", NULL, NULL, "2019-08-10 12:00", NULL, NULL, "0 +1wd",
	 NULL, "0+ 2019-08-10 12:00; 1+ 2019-08-12 12:00"},
	{"grace in working days", NULL, office, "2019-08-09 17:00", "1wd", NULL, "0 +1wd@09:00",
	 NULL, "0+ 2019-08-12 17:00; 1+ 2019-08-13 09:00"},
	{"a reminder at night comes the afternoon before", NULL, office, "2019-08-10 08:00", NULL,
	 NULL, "-12h", NULL, "0- 2019-08-09 15:00"},
	{"a reminder in the holiday comes before it", NULL, office, "2019-10-08 09:00", NULL, NULL,
	 "-1d@10:00", NULL, "0- 2019-09-30 15:00"},
	{"the made-up Sunday hears reminders", NULL, office, "2019-09-30 17:00", NULL, NULL,
	 "-1wd@09:30", NULL, "0- 2019-09-29 09:30"},
	{"superiors hear on Tuesdays", NULL, office, "2019-08-09 17:00", "30m", NULL,
	 "+1wd@10:00/TU@10:00 +1wd@11:00/TU@11:00", NULL,
	 "0+ 2019-08-13 10:00; 1+ 2019-08-13 11:00"},
	{"what is on the hour stays", NULL, office, "2019-08-12 17:00", NULL, NULL,
	 "+1wd@10:00/TU@10:00", NULL, "0+ 2019-08-13 10:00"},
	{"a minute late waits a week", NULL, office, "2019-08-12 17:00", NULL, NULL,
	 "+1wd@10:01/TU@10:00", NULL, "0+ 2019-08-20 10:00"},
	{"a slot in the holiday is the next one", NULL, office, "2019-09-25 17:00", NULL, NULL,
	 "+3wd/TU@10:00", NULL, "0+ 2019-10-08 10:00"},
	{"a slot does not move reminders", NULL, office, "2019-08-09 17:00", NULL, NULL,
	 "-1wd@09:30/TU@10:00", NULL, "0- 2019-08-08 09:30"},
	{"a slot outside the window leaves the instant", NULL, office, "2019-08-09 17:00", NULL,
	 NULL, "+1wd@10:00/TU@20:00", NULL, "0+ 2019-08-12 10:00"},
	{"repeats count from the step, not from where it was told", NULL, office,
	 "2019-08-09 17:00", NULL, NULL, "+1d@12:00*3:1d", NULL,
	 "0+ 2019-08-12 08:30; 0#1+ 2019-08-12 08:30; 0#2+ 2019-08-12 12:00; "
	 "0#3+ 2019-08-13 12:00"},
	{"repeats of a reminder run over the deadline", NULL, NULL, "2019-08-09 17:00", NULL, NULL,
	 "-1d*2:1d", NULL, "0- 2019-08-08 17:00; 0#1+ 2019-08-09 17:00; 0#2+ 2019-08-10 17:00"},
	{"the time of day of repeats", NULL, NULL, "2019-08-09 17:00", NULL, NULL, "+1d*2:1d@09:00",
	 NULL, "0+ 2019-08-10 17:00; 0#1+ 2019-08-11 09:00; 0#2+ 2019-08-12 09:00"},
	{"what lies at its closing does not exist", NULL, NULL, "2019-08-09 17:00", NULL, "2d",
	 "+1d +47h +2d +3d", NULL, "0+ 2019-08-10 17:00; 1+ 2019-08-11 16:00"},
	{"nor what the window moves there", NULL, office, "2019-08-09 17:00", NULL, "2d", "+1h +1d",
	 NULL, ""},
	{"at one instant the policy's order holds", NULL, office, "2019-08-09 17:30", NULL, NULL,
	 "+2h 0 +1h", NULL, "1+ 2019-08-09 17:30; 0+ 2019-08-12 08:30; 2+ 2019-08-12 08:30"},
	{"alarms come after the steps", NULL, office, "2019-08-09 17:00", "30m", NULL, "-2h",
	 "-2h +1h =2019-08-10_09:00 0",
	 "0- 2019-08-09 15:00; 1- 2019-08-09 15:00; 4+ 2019-08-09 17:30; 2+ 2019-08-12 08:30; "
	 "3+ 2019-08-12 08:30"},
	{"an absolute alarm before the deadline moves back", NULL, office, "2019-08-09 17:00", NULL,
	 NULL, "", "=2019-08-04_09:00", "0- 2019-08-02 15:00"},
	{"the end of an all-day one", NULL, office, "2019-08-09", NULL, NULL, "-1h 0", NULL,
	 "0- 2019-08-09 15:00; 1+ 2019-08-12 08:30"},
	{"over the spring gap", "America/New_York", NULL, "2019-03-10 12:00", NULL, NULL,
	 "-1d -24h -1d@02:30 +1d", NULL,
	 "2- 2019-03-09 02:30; 1- 2019-03-09 11:00; 0- 2019-03-09 12:00; 3+ 2019-03-11 12:00"},
	{"no steps", NULL, office, "2019-08-09 17:00", NULL, NULL, "", NULL, ""},
};

static void whom_it_concerns_is_told_when(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
		const struct zone *z = zone(plans[i].zone);
		struct ladder *l = ladder_of(&plans[i], z);
		g_autofree char *got = rungs_shown(l, z);

		if (strcmp(got, plans[i].rungs) != 0)
			fail_msg("%s:\n got %s\nwant %s", plans[i].name, got, plans[i].rungs);
		ladder_free(&l);
	}
}

static void the_lines_of_a_due_item(void **state)
{
	static const struct {
		const char *name, *due, *grace, *closes, *on_time, *closing, *warn;
	} rows[] = {
		{"a Friday", "2019-08-09 17:00", "30m", "14d", "2019-08-09 17:30",
		 "2019-08-23 17:00", "2019-08-08 17:00"},
		{"after the holiday", "2019-10-08 12:00", "1wd", "1wd@18:00", "2019-10-09 12:00",
		 "2019-10-09 18:00", "2019-09-30 12:00"},
		{"never closes, no grace", "2019-10-08", NULL, NULL, "2019-10-08", NULL,
		 "2019-09-30"},
	};
	const struct zone *z = zone(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct plan_row row = {.due = rows[i].due,
				       .window = office,
				       .grace = rows[i].grace,
				       .closes = rows[i].closes,
				       .steps = ""};
		struct ladder *l = ladder_of(&row, z);

		assert_int_equal(l->due, at(z, rows[i].due));
		assert_int_equal(l->on_time, at(z, rows[i].on_time));
		assert_int_equal(l->warn, at(z, rows[i].warn));
		assert_int_equal(l->closes, rows[i].closing ? at(z, rows[i].closing) : WALL_NEVER);
		ladder_free(&l);
	}
}

static void a_policy_without_warning_warns_at_the_deadline(void **state)
{
	struct policy p = {.warn = {.at = -1}, .grace = {.at = -1}, .closes = {.at = -1}};
	struct campaign c = {.zone = zone(NULL), .days = holidays};
	struct ladder *l = ladder_build(&c, &p, NULL, 0, at(c.zone, "2019-08-09 17:00"));

	(void)state;
	assert_int_equal(l->warn, l->due);
	assert_int_equal(l->on_time, l->due);
	assert_int_equal(l->n, 0);
	ladder_free(&l);
}

static void a_window_that_never_opens_tells_nobody(void **state)
{
	struct step steps[2];
	struct policy p = {.steps = 2, .grace = {.at = -1}};
	struct campaign c = {.zone = zone(NULL), .days = holidays, .steps = steps};

	(void)state;
	p.window = (struct window){.set = true, .from = 0, .to = 1439, .back = 1439};
	step_read(&steps[0], "-1d");
	step_read(&steps[1], "+1d*100:1d");

	struct ladder *l = ladder_build(&c, &p, NULL, 0, at(c.zone, "2019-08-09 17:00"));

	assert_int_equal(l->n, 0);
	ladder_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_an_offset_leads),
		cmocka_unit_test(deadlines_on_days_off),
		cmocka_unit_test(what_falls_outside_the_window_moves),
		cmocka_unit_test(a_window_that_never_opens),
		cmocka_unit_test(whom_it_concerns_is_told_when),
		cmocka_unit_test(the_lines_of_a_due_item),
		cmocka_unit_test(a_policy_without_warning_warns_at_the_deadline),
		cmocka_unit_test(a_window_that_never_opens_tells_nobody),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
