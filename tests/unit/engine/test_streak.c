/*
 * test_streak.c - the n-th miss in a row: what counts, what breaks it, said once (P8).
 *
 * Five Fridays; three misses; closes after nine days, so that an item is missed at the
 * next deadline + grace, and the last one when it closes.
 */
#include "unit/engine/engine_help.h"

#define YAML(keys)                                                                                 \
	POLICY("    grace: 30m\n    closes: 9d\n" keys,                                            \
	       "      - {name: 催办, at: \"0\", to: [liaison]}\n")
#define STREAK "    streak: {misses: 3, to: [office, head], name: 连续未报}\n"

static const char units_one[] = "unit,name,kind,role,person,email\n"
				"ban,安委办,office,liaison,办甲,ban@example.org\n"
				"xin,新桥镇,镇,liaison,新甲,xin1@example.org\n"
				"xin,新桥镇,镇,head,新丙,xin3@example.org\n";

static const char *const weeks[] = {FIRST, SECOND_RID, THIRD, "20190830T090000Z",
				    "20190906T090000Z"};

static const struct {
	const char *name;
	/* What happens to each Friday: '.' nothing, 's' on time, 'l' late, 'm' when missed,
	 * 'M' a second after that, 'x' exempt, 'r' late and returned. */
	const char *weeks;
	const char *want; /* "day" of the notice and the Friday that it names, one a word */
} rows[] = {
	{"three in a row", "...ss", "08-30T17:30/08-23"},
	{"two are not three", "..s..", ""},
	{"two, one in time, then three would need another", "s...s", "09-06T17:30/08-30"},
	{"once for the run, however long", ".....", "08-30T17:30/08-23"},
	{"late is not missed", "..l.s", ""},
	{"received in the last second", "..mss", ""},
	{"a second after it was missed", "..Mss", "08-30T17:30/08-23"},
	{"an exempt one neither counts nor breaks", "..x.s", "09-06T17:30/08-30"},
	{"nor does a returned one", "..r.s", "09-06T17:30/08-30"},
	{"the last is missed when it closes", "ss...", "09-15T17:00/09-06"},
};

static void happen(struct world *w, char what, size_t week)
{
	wall_t due = at(w, "2019-08-09T17:00") + (wall_t)week * 7 * DAY;
	wall_t missed = week < 4 ? due + 7 * DAY + 30 * MINUTE : due + 9 * DAY;
	g_autofree char *in_time = engine_format(w->engine, due);
	g_autofree char *late = engine_format(w->engine, due + DAY);
	g_autofree char *later = engine_format(w->engine, due + DAY + HOUR);
	g_autofree char *last = engine_format(w->engine, missed);
	g_autofree char *over = engine_format(w->engine, missed + SECOND);
	g_autofree char *far = engine_format(w->engine, due + 90 * DAY);

	if (what == 's')
		assert_int_equal(submit(w, "xin", "zhou", weeks[week], in_time, in_time), 0);
	if (what == 'l' || what == 'r')
		assert_int_equal(submit(w, "xin", "zhou", weeks[week], late, late), 0);
	if (what == 'm')
		assert_int_equal(submit(w, "xin", "zhou", weeks[week], last, last), 0);
	if (what == 'M')
		assert_int_equal(submit(w, "xin", "zhou", weeks[week], over, over), 0);
	if (what == 'x')
		assert_int_equal(decide(w, DECISION_EXEMPT, "xin", "zhou", weeks[week], NULL, late),
				 0);
	if (what == 'r')
		assert_int_equal(decide(w, DECISION_RETURN, "xin", "zhou", weeks[week], far, later),
				 0);
}

struct heard {
	struct world *w;
	GString *rows;
};

static void on_row(void *arg, const struct engine_row *r)
{
	struct heard *h = arg;
	g_autofree char *when = engine_format(h->w->engine, r->at);
	g_autofree char *due = engine_format(h->w->engine, r->due);

	if (r->sort != SORT_STREAK || strcmp(r->role, "office") != 0)
		return;
	assert_string_equal(r->step, "连续未报");
	g_string_append_printf(h->rows, "%s%.11s/%.5s", h->rows->len > 0 ? " " : "", when + 5,
			       due + 5);
}

/* Everything happens in its order: from wake to wake, each Friday's lot at its time. */
static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w;
		struct heard h = {&w, g_string_new(NULL)};

		world_init(&w, YAML(STREAK), units_one, calendar_weekly, "2019-08-01T00:00");
		engine_on_row(w.engine, on_row, &h);
		for (size_t week = 0; week < 5; week++) {
			/* Facts received by then, known before the tick that judges them (P0). */
			happen(&w, rows[i].weeks[week], week);
		}
		run_to(&w, "2019-10-01T00:00");
		if (strcmp(h.rows->str, rows[i].want) != 0)
			print_message("%s:\n", rows[i].name);
		assert_string_equal(h.rows->str, rows[i].want);
		g_string_free(h.rows, TRUE);
		world_fini(&w);
	}
}

static void it_is_told_once_however_often_one_asks(void **state)
{
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, YAML(STREAK), units_one, calendar_weekly, "2019-08-01T00:00");
	run_to(&w, "2019-08-30T17:30");
	text = said(&w);
	assert_int_equal(count(text, "sent streak 连续未报 xin office ban@"), 1);
	assert_int_equal(count(text, "sent streak 连续未报 xin head xin3@"), 1);
	while (deliver(&w, "2019-08-30T17:30") > 0) /* old ones expire, which is said as well */
		g_free(said(&w));
	for (int i = 0; i < 3; i++) {
		engine_touch(w.engine);
		(void)tick(&w, "2019-08-30T17:31");
		assert_said(&w, "");
	}
	assert_int_equal(lease(&w, "2019-08-30T18:00"), 0);
	world_fini(&w);
}

static void it_waits_for_the_window_a_pause_and_a_fresh_view(void **state)
{
	static const char yaml[] =
		YAML("    send_window: {days: all, from: \"08:30\", to: \"17:00\"}\n" STREAK);
	struct world w;
	g_autofree char *text = NULL;

	(void)state;
	world_init(&w, yaml, units_one, calendar_weekly, "2019-08-01T00:00");
	run_to(&w, "2019-08-31T08:29:59");
	text = said(&w);
	assert_int_equal(count(text, "streak"), 0);
	(void)pause_or_resume(&w, DECISION_PAUSE, "", "", "2019-08-31T08:29:59");
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-30T17:00")), 0);
	tick(&w, "2019-08-31T08:30");
	assert_said(&w, "");
	(void)pause_or_resume(&w, DECISION_RESUME, "", "", "2019-08-31T08:40");
	tick(&w, "2019-08-31T08:40");
	g_free(text);
	text = said(&w);
	assert_int_equal(count(text, "streak"), 0); /* a superior is among them: all wait */
	assert_int_equal(store_poll_ok(w.store, "mail", at(&w, "2019-08-30T17:30")), 0);
	engine_touch(w.engine);
	tick(&w, "2019-08-31T08:50");
	g_free(text);
	text = said(&w);
	assert_int_equal(count(text, "sent streak 连续未报 xin office"), 1);
	assert_int_equal(count(text, "sent streak 连续未报 xin head"), 1);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(it_is_told_once_however_often_one_asks),
		cmocka_unit_test(it_waits_for_the_window_a_pause_and_a_fresh_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
