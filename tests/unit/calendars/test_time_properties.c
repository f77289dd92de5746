/*
 * test_time_properties.c - ladders against a walker that knows nothing but a clock.
 *
 * The walker below reads the wall clock (zone_local) minute by minute and counts days
 * one by one; it shares no arithmetic with calendars/.  Random deadlines, most of them
 * near a change of the clock, random policies and random holidays must give the same
 * instants both ways.
 *
 *   test_time_properties [SEED [CASES]]     or DUBAN_SEED, DUBAN_CASES
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calendars/ladder.h"
#include "daemon/core/offset.h"

#define MARKS 120
#define STEPS_MAX 4
#define RUNGS_MAX 64

static const char *const zone_names[] = {
	"Asia/Shanghai",       "UTC",
	"America/New_York",    "Europe/Berlin",
	"Australia/Lord_Howe", "Africa/Casablanca",
	"Pacific/Apia",        "America/Sao_Paulo",
};

static uint64_t seed = 20190809;
static uint64_t state_of_chance;
static int cases = 120;

/* What the current case is about; printed when it fails. */
static const struct zone *zone;
static struct days *days;
static long off_days[MARKS], work_days[MARKS];
static int n_off, n_work;
static char story[2000];

static uint64_t chance(void)
{
	uint64_t z = (state_of_chance += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/** From @low to @high, both possible. */
static int64_t between(int64_t low, int64_t high)
{
	return low + (int64_t)(chance() % (uint64_t)(high - low + 1));
}

static bool one_in(int n)
{
	return chance() % (uint64_t)n == 0;
}

/* ---- the walker ---------------------------------------------------------- */

/** Wall-clock seconds read at @t seconds. */
static int64_t reading(int64_t t)
{
	return zone_local(zone, t * 1000);
}

static long day_of(int64_t local)
{
	long d = (long)(local / 86400);

	while ((int64_t)d * 86400 > local)
		d--;
	while ((int64_t)(d + 1) * 86400 <= local)
		d++;
	return d;
}

static int weekday_of_day(long day)
{
	time_t t = (time_t)day * 86400;
	struct tm tm;

	gmtime_r(&t, &tm);
	return (tm.tm_wday + 6) % 7;
}

static bool listed(const long *list, int n, long day)
{
	for (int i = 0; i < n; i++)
		if (list[i] == day)
			return true;
	return false;
}

static bool walk_working(long day)
{
	if (listed(work_days, n_work, day))
		return true;
	return !listed(off_days, n_off, day) && weekday_of_day(day) < 5;
}

static long walk_days(long day, int n)
{
	int sign = n < 0 ? -1 : 1;

	while (n) {
		day += sign;
		if (walk_working(day))
			n -= sign;
	}
	return day;
}

/** The first instant that reads @local; in a gap by the offset before it. */
static int64_t walk_instant(int64_t local)
{
	int64_t last = 0;
	bool below = false;

	for (int64_t t = local - 40 * 3600; t < local + 40 * 3600; t += 60) {
		if (reading(t) == local)
			return t;
		if (reading(t) < local) {
			last = t;
			below = true;
		} else if (below) {
			break;
		}
	}
	return last + (local - reading(last));
}

static bool walk_allows(const struct window *w, long day)
{
	return w->working ? walk_working(day) : (w->days & (1 << weekday_of_day(day))) != 0;
}

static bool walk_inside(const struct window *w, int64_t t)
{
	int64_t local = reading(t);
	int64_t second = local - (int64_t)day_of(local) * 86400;

	return !w->set ||
	       (second >= w->from * 60 && second <= w->to * 60 && walk_allows(w, day_of(local)));
}

static int64_t walk_on(const struct window *w, int64_t t)
{
	if (walk_inside(w, t))
		return t;
	for (t += 60 - ((t % 60) + 60) % 60;; t += 60)
		if (walk_inside(w, t))
			return t;
}

/** Was @t's reading seen before, within a doubled hour? */
static bool walk_seen(int64_t t, int64_t *first)
{
	for (int64_t u = t - 60; u > t - 4 * 3600; u -= 60)
		if (reading(u) == reading(t)) {
			*first = u;
			return true;
		}
	return false;
}

/**
 * Does the clock, between the minute before @t and @t, come to the @minute of a day on
 * @weekday (-1: any)? *at_out is when: @t itself, or what a gap makes of it.
 */
static bool walk_strikes(int64_t t, int weekday, int minute, int64_t *at_out)
{
	int64_t now = reading(t), before = reading(t - 60);

	for (long day = day_of(now) - 1; day <= day_of(now); day++) {
		int64_t hour = (int64_t)day * 86400 + minute * 60;

		if (weekday >= 0 && weekday_of_day(day) != weekday)
			continue;
		/* Equal also when the clock was set back and the hour is read again. */
		if (hour == now) {
			*at_out = t;
			return true;
		}
		if (hour > before && hour < now) {
			*at_out = t - 60 + (hour - before);
			return true;
		}
	}
	return false;
}

static int64_t walk_back(const struct window *w, int64_t t)
{
	int64_t at, first;

	if (walk_inside(w, t))
		return t;
	for (int64_t u = t - ((t % 60) + 60) % 60;; u -= 60) {
		if (!walk_strikes(u, -1, w->back, &at) || at > t || !walk_inside(w, at))
			continue;
		return walk_seen(at, &first) ? first : at;
	}
}

static int64_t walk_slot(const struct window *w, const struct slot *s, int64_t t)
{
	int64_t local = reading(t), at, first;

	if (local == (int64_t)day_of(local) * 86400 + s->at * 60 &&
	    weekday_of_day(day_of(local)) == s->weekday && walk_inside(w, t))
		return t;
	/* From before @t, for a gap may carry an hour over it. */
	for (int64_t u = t - ((t % 60) + 60) % 60 - 26 * 3600;; u += 60) {
		if (!walk_strikes(u, s->weekday, s->at, &at) || at < t || !walk_inside(w, at))
			continue;
		if (!walk_seen(at, &first))
			return at;
	}
}

static int64_t walk_offset(const struct offset *o, int times, int64_t t)
{
	int64_t local = reading(t);
	bool on_wall = false;

	if (o->sign == 0)
		return t;
	for (int i = 0; i < o->parts; i++) {
		int n = o->part[i].amount * o->sign * times;

		if (o->part[i].unit == 'h' || o->part[i].unit == 'm') {
			t = (on_wall ? walk_instant(local) : t) +
			    n * (o->part[i].unit == 'h' ? 3600 : 60);
			local = reading(t);
			on_wall = false;
			continue;
		}
		on_wall = true;
		if (o->part[i].unit == 'w')
			local += n * 604800;
		else if (o->part[i].unit == 'd')
			local += n * 86400;
		else
			local += (walk_days(day_of(local), n) - day_of(local)) * 86400;
	}
	if (o->at >= 0)
		local = (int64_t)day_of(local) * 86400 + o->at * 60;
	return on_wall || o->at >= 0 ? walk_instant(local) : t;
}

static int walk_compare(const void *pa, const void *pb)
{
	const struct rung *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->step != b->step ? (int)a->step - (int)b->step : (int)a->repeat - (int)b->repeat;
}

static unsigned walk_ladder(const struct policy *p, const struct step *steps, int64_t due,
			    struct rung rungs[RUNGS_MAX])
{
	int64_t base = walk_on(&p->window, walk_offset(&p->grace, 1, due));
	int64_t closes = walk_offset(&p->closes, 1, due);
	unsigned n = 0;

	for (unsigned i = 0; i < p->steps; i++) {
		const struct step *s = &steps[i];
		int64_t first = walk_offset(&s->at, 1, s->at.sign < 0 ? due : base);

		for (int k = 0; k <= s->times; k++) {
			int64_t at = k ? walk_offset(&s->every, k, first) : first;
			bool before = at < due;

			at = before ? walk_back(&p->window, at) : walk_on(&p->window, at);
			if (!before && s->slot.weekday >= 0)
				at = walk_slot(&p->window, &s->slot, at);
			if (p->closes.sign && at >= closes)
				continue;
			rungs[n++] = (struct rung){.at = at * 1000,
						   .step = (uint16_t)i,
						   .repeat = (uint16_t)k,
						   .before = before};
		}
	}
	qsort(rungs, n, sizeof(*rungs), walk_compare);
	return n;
}

/* ---- chance -------------------------------------------------------------- */

/** A day time as people choose it, now and then an odd one. */
static int16_t random_minute(void)
{
	return (int16_t)(one_in(3) ? between(0, 1439) : between(0, 47) * 30);
}

static struct offset random_offset(int sign, int parts_max)
{
	static const char units[] = {'w', 'd', 'b', 'h', 'm'};
	struct offset o = {.sign = (int8_t)sign, .at = one_in(2) ? random_minute() : -1};

	o.parts = (uint8_t)between(1, parts_max);
	for (int i = 0; i < o.parts; i++) {
		o.part[i].unit = units[between(0, 4)];
		o.part[i].amount = (int32_t)between(1, o.part[i].unit == 'm'   ? 120
						       : o.part[i].unit == 'w' ? 2
									       : 9);
	}
	return o;
}

static struct window random_window(void)
{
	struct window w = {.set = !one_in(6), .working = !one_in(3)};
	int16_t m[3] = {random_minute(), random_minute(), random_minute()};

	w.days = (uint8_t)between(1, 127);
	w.from = MIN(m[0], MIN(m[1], m[2]));
	w.to = MAX(m[0], MAX(m[1], m[2]));
	w.back = (int16_t)(m[0] + m[1] + m[2] - w.from - w.to);
	return w;
}

/** Seconds: near a change of the clock more often than not. */
static int64_t random_instant(void)
{
	int64_t t = between(1230768000, 1893456000); /* 2009 .. 2029 */
	wall_t from, to;

	if (!one_in(3)) {
		zone_span(zone, t * 1000, &from, &to);
		if (to != WALL_NEVER)
			t = to / 1000 + between(-3 * 86400, 3 * 86400);
	}
	if (one_in(2))
		return t - ((t % 1800) + 1800) % 1800;
	return one_in(2) ? t - ((t % 60) + 60) % 60 : t;
}

/** Holidays around @t, known to days.c and to the walker. */
static void random_holidays(int64_t t)
{
	long centre = day_of(reading(t));

	days_free(&days);
	days = days_new();
	n_off = n_work = 0;
	for (int block = 0; block < 6; block++) {
		long day = centre + (long)between(-60, 60);

		for (int i = (int)between(1, 8); i > 0; i--, day++) {
			off_days[n_off++] = day;
			days_set_off(days, (date_t)day);
		}
	}
	for (int i = 0; i < 8; i++) {
		work_days[n_work] = centre + (long)between(-60, 60);
		days_set_work(days, (date_t)work_days[n_work++]);
	}
	days_seal(days);
}

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
	size_t used = strlen(story);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(story + used, sizeof(story) - used, fmt, ap);
	va_end(ap);
}

static void begin(int64_t t)
{
	g_autofree char *text = zone_format(zone, t * 1000);

	random_holidays(t);
	story[0] = '\0';
	tell("seed %" G_GUINT64_FORMAT ", %s, %s", seed, zone_name(zone), text);
}

static void tell_window(const struct window *w)
{
	if (w->set)
		tell(", window %s%02x %02d:%02d-%02d:%02d back %02d:%02d", w->working ? "wd/" : "",
		     w->days, w->from / 60, w->from % 60, w->to / 60, w->to % 60, w->back / 60,
		     w->back % 60);
}

static void tell_offset(const char *what, const struct offset *o)
{
	g_autofree char *text = offset_text(o);

	tell(", %s %s", what, text);
}

static void same(const char *what, wall_t got, int64_t want)
{
	g_autofree char *got_text = zone_format(zone, got);
	g_autofree char *want_text = zone_format(zone, want * 1000);

	if (got != want * 1000)
		fail_msg("%s: got %s, walked to %s; %s", what, got_text, want_text, story);
}

/* ---- properties ---------------------------------------------------------- */

static void each_zone(void (*property)(int64_t t))
{
	state_of_chance = seed;
	for (size_t i = 0; i < G_N_ELEMENTS(zone_names); i++) {
		zone = zone_get(zone_names[i]);
		assert_non_null(zone);
		for (int n = 0; n < cases; n++) {
			int64_t t = random_instant();

			begin(t);
			property(t);
		}
	}
	days_free(&days);
}

static void check_instant(int64_t t)
{
	int64_t local = reading(t) + between(-90, 90) * 60;

	same("instant of a reading", zone_instant(zone, local, NULL), walk_instant(local));
}

static void check_days(int64_t t)
{
	long day = day_of(reading(t));
	int n = (int)between(1, 40) * (one_in(2) ? 1 : -1);

	if (days_step(days, (date_t)day, n) != walk_days(day, n))
		fail_msg("%d working days: %s", n, story);
	for (long d = day - 70; d < day + 70; d++)
		if (days_is_working(days, (date_t)d) != walk_working(d))
			fail_msg("is day %ld worked: %s", d, story);
}

static void check_window(int64_t t)
{
	struct window w = random_window();

	tell_window(&w);
	if (ladder_window_inside(zone, days, &w, t * 1000) != walk_inside(&w, t))
		fail_msg("inside: %s", story);
	same("on", ladder_window_on(zone, days, &w, t * 1000), walk_on(&w, t));
	same("back", ladder_window_back(zone, days, &w, t * 1000), walk_back(&w, t));
}

static void check_offset(int64_t t)
{
	struct offset o = random_offset(one_in(2) ? 1 : -1, 3);

	tell_offset("offset", &o);
	same("offset", ladder_offset(zone, days, &o, t * 1000), walk_offset(&o, 1, t));
}

static void check_off_day(int64_t t)
{
	struct off_day_rule rule = {.what = (uint8_t)between(OFF_DAY_KEEP, OFF_DAY_AFTER),
				    .nth = (uint8_t)between(1, 4),
				    .at = one_in(2) ? random_minute() : -1};
	int64_t local = reading(t), want = t;
	long day = day_of(local);

	tell(", rule %d nth %d at %d", rule.what, rule.nth, rule.at);
	if (rule.what != OFF_DAY_KEEP && !walk_working(day)) {
		long to = walk_days(day, rule.what == OFF_DAY_BEFORE ? -1 : rule.nth);

		want = walk_instant(rule.at >= 0 ? (int64_t)to * 86400 + rule.at * 60
						 : local + (int64_t)(to - day) * 86400);
	}
	same("deadline", ladder_move_off_day(zone, days, &rule, t * 1000), want);
}

/** A weekly hour that the window has: else the rule would have nothing to find. */
static struct slot random_slot(const struct window *w)
{
	struct slot s = {.weekday = (int8_t)between(0, 4), .at = random_minute()};

	if (!w->set)
		return s;
	s.at = (int16_t)between(w->from, w->to);
	while (!w->working && !(w->days >> s.weekday & 1))
		s.weekday = (int8_t)((s.weekday + 1) % 7);
	return s;
}

static void check_ladder(int64_t due)
{
	struct step steps[STEPS_MAX];
	struct rung rungs[RUNGS_MAX];
	struct policy p = {.steps = (uint32_t)between(1, STEPS_MAX), .window = random_window()};
	struct campaign c = {.zone = zone, .days = days, .steps = steps};

	p.grace = random_offset(one_in(2) ? 1 : 0, 1);
	p.closes = random_offset(one_in(2) ? 1 : 0, 2);
	tell_window(&p.window);
	tell_offset("grace", &p.grace);
	tell_offset("closes", &p.closes);
	for (unsigned i = 0; i < p.steps; i++) {
		steps[i] = (struct step){.at = random_offset((int)between(-1, 1), 2),
					 .every = random_offset(1, 1),
					 .times = (uint8_t)(one_in(2) ? between(1, 4) : 0),
					 .slot = {.weekday = -1}};
		if (one_in(2))
			steps[i].slot = random_slot(&p.window);
		tell_offset("step", &steps[i].at);
		if (steps[i].slot.weekday >= 0)
			tell("/%d@%02d:%02d", steps[i].slot.weekday, steps[i].slot.at / 60,
			     steps[i].slot.at % 60);
		tell("*%d", steps[i].times);
		tell_offset("every", &steps[i].every);
	}

	struct ladder *l = ladder_build(&c, &p, NULL, 0, due * 1000);
	unsigned n = walk_ladder(&p, steps, due, rungs);

	same("on time", l->on_time, walk_offset(&p.grace, 1, due));
	for (unsigned i = 0; i < MIN(n, l->n); i++) {
		if (rungs[i].step != l->rungs[i].step || rungs[i].repeat != l->rungs[i].repeat ||
		    rungs[i].before != l->rungs[i].before)
			fail_msg("rung %u is another: %s", i, story);
		same("rung", l->rungs[i].at, rungs[i].at / 1000);
	}
	if (n != l->n)
		fail_msg("%u rungs, walked to %u: %s", l->n, n, story);
	ladder_free(&l);
}

static void readings_have_the_same_instants(void **state)
{
	(void)state;
	each_zone(check_instant);
}

static void working_days_are_the_same(void **state)
{
	(void)state;
	each_zone(check_days);
}

static void windows_are_the_same(void **state)
{
	(void)state;
	each_zone(check_window);
}

static void offsets_are_the_same(void **state)
{
	(void)state;
	each_zone(check_offset);
}

static void deadlines_on_days_off_are_the_same(void **state)
{
	(void)state;
	each_zone(check_off_day);
}

static void ladders_are_the_same(void **state)
{
	(void)state;
	each_zone(check_ladder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings_have_the_same_instants),
		cmocka_unit_test(working_days_are_the_same),
		cmocka_unit_test(windows_are_the_same),
		cmocka_unit_test(offsets_are_the_same),
		cmocka_unit_test(deadlines_on_days_off_are_the_same),
		cmocka_unit_test(ladders_are_the_same),
	};
	const char *seed_text = argc > 1 ? argv[1] : getenv("DUBAN_SEED");
	const char *cases_text = argc > 2 ? argv[2] : getenv("DUBAN_CASES");

	if (seed_text && *seed_text)
		seed = strtoull(seed_text, NULL, 10);
	if (cases_text && *cases_text)
		cases = atoi(cases_text);
	printf("seed %" G_GUINT64_FORMAT ", %d cases a zone (DUBAN_SEED, DUBAN_CASES)\n", seed,
	       cases);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
