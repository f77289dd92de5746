/*
 * ladder.c - from offsets, working days, send windows and slots to instants.
 *
 * An instant goes through two stages: where the policy's arithmetic puts it
 * (unmoved), and where people may hear of it (moved):
 *
 *   before the deadline:  due             + offset -> back to the latest `back`
 *   at or after it:       on(due + grace) + offset -> on into the window -> slot
 *
 * Every search is bounded: a window that never opens gives WALL_NEVER, and a
 * rung without an instant is left out.
 */
#include "ladder.h"

#include <stdlib.h>

/** How far windows and slots are searched: more than any block of days off. */
#define SEARCH_DAYS 4000
#define SEARCH_WEEKS (SEARCH_DAYS / 7)

/** Instants of the years 2 to 9998: what lies beyond is no time of anybody's. */
#define INSTANT_MIN (-62000000000 * SECOND)
#define INSTANT_MAX (253000000000 * SECOND)

static bool instant_sane(wall_t t)
{
	return t >= INSTANT_MIN && t <= INSTANT_MAX;
}

static dur_t milliseconds_of(wall_t t)
{
	return ((t % SECOND) + SECOND) % SECOND;
}

/* ---- offsets ------------------------------------------------------------- */

/** A point on its way: on the wall clock as long as parts move it there. */
struct mover {
	const struct zone *zone;
	wall_t t;
	local_t local;
	dur_t ms;
	bool on_wall; /* .local holds, else .t */
};

static void mover_to_wall(struct mover *m)
{
	if (!m->on_wall)
		m->local = zone_local(m->zone, m->t);
	m->on_wall = true;
}

static void mover_to_instant(struct mover *m)
{
	if (m->on_wall)
		m->t = zone_instant(m->zone, m->local, NULL) + m->ms;
	m->on_wall = false;
}

/** One part, @n of @unit; false if it leads nowhere. */
static bool mover_part(struct mover *m, const struct days *d, int64_t n, char unit)
{
	if (unit == 'h' || unit == 'm') {
		mover_to_instant(m);
		m->t += n * (unit == 'h' ? HOUR : MINUTE);
		return instant_sane(m->t);
	}
	mover_to_wall(m);
	if (unit == 'b') {
		date_t day = days_step(d, local_date(m->local), (int)n);

		if (day == DATE_NEVER)
			return false;
		m->local = local_at(day, local_second(m->local));
	} else {
		m->local += n * (unit == 'w' ? 7 : 1) * DAY_SECONDS;
	}
	return instant_sane(m->local * SECOND);
}

/** @base moved by @times times @o: amounts are multiplied, the time of day is set once. */
static wall_t offset_apply(const struct zone *z, const struct days *d, const struct offset *o,
			   int times, wall_t base)
{
	struct mover m = {.zone = z, .t = base, .ms = milliseconds_of(base)};

	if (!instant_sane(base))
		return WALL_NEVER;
	if (o->sign == 0)
		return base;
	for (unsigned i = 0; i < o->parts; i++)
		if (!mover_part(&m, d, (int64_t)o->sign * times * o->part[i].amount,
				o->part[i].unit))
			return WALL_NEVER;
	if (o->at >= 0) {
		mover_to_wall(&m);
		m.local = local_at(local_date(m.local), o->at * 60);
		m.ms = 0;
	}
	mover_to_instant(&m);
	return m.t;
}

wall_t ladder_offset(const struct zone *z, const struct days *d, const struct offset *o,
		     wall_t base)
{
	return offset_apply(z, d, o, 1, base);
}

wall_t ladder_move_off_day(const struct zone *z, const struct days *d,
			   const struct off_day_rule *rule, wall_t written)
{
	if (rule->what == OFF_DAY_KEEP || !instant_sane(written))
		return written;

	local_t local = zone_local(z, written);

	if (days_is_working(d, local_date(local)))
		return written;

	date_t day = days_step(d, local_date(local),
			       rule->what == OFF_DAY_BEFORE ? -1 : MAX(rule->nth, 1));

	if (day == DATE_NEVER)
		return WALL_NEVER;
	if (rule->at >= 0)
		return zone_instant(z, local_at(day, rule->at * 60), NULL);
	return zone_instant(z, local_at(day, local_second(local)), NULL) + milliseconds_of(written);
}

/* ---- windows ------------------------------------------------------------- */

static bool window_allows(const struct days *d, const struct window *w, date_t day)
{
	if (w->working)
		return days_is_working(d, day);
	return (w->days >> date_weekday(day) & 1) != 0;
}

bool ladder_window_inside(const struct zone *z, const struct days *d, const struct window *w,
			  wall_t t)
{
	if (!w->set)
		return true;
	if (!instant_sane(t))
		return false;

	local_t local = zone_local(z, t);
	dur_t of_day = local_second(local) * SECOND + milliseconds_of(t);

	return of_day >= w->from * MINUTE && of_day <= w->to * MINUTE &&
	       window_allows(d, w, local_date(local));
}

wall_t ladder_window_back(const struct zone *z, const struct days *d, const struct window *w,
			  wall_t t)
{
	if (ladder_window_inside(z, d, w, t))
		return t;
	if (!instant_sane(t))
		return WALL_NEVER;

	/* One day ahead as well: a clock set back over midnight repeats a date. */
	date_t last = local_date(zone_local(z, t)) + 1;

	for (date_t day = last; day > last - SEARCH_DAYS; day--) {
		if (!window_allows(d, w, day))
			continue;

		wall_t at = zone_instant(z, local_at(day, w->back * 60), NULL);

		/* A `back` that a gap swallows may land outside: then that day has none. */
		if (at <= t && ladder_window_inside(z, d, w, at))
			return at;
	}
	return WALL_NEVER;
}

/**
 * The earliest instant inside at or after @from and before @to, all in one span of
 * constant offset (@shift), where the wall clock runs as evenly as time does.
 */
static wall_t span_window_on(const struct days *d, const struct window *w, dur_t shift, wall_t from,
			     wall_t to)
{
	date_t day = local_date((from + shift - milliseconds_of(from)) / SECOND);

	for (;; day++) {
		wall_t opens = day * DAY + w->from * MINUTE - shift;
		wall_t shuts = day * DAY + w->to * MINUTE - shift;
		wall_t at = MAX(opens, from);

		if (opens >= to)
			return WALL_NEVER;
		if (at <= shuts && at < to && window_allows(d, w, day))
			return at;
	}
}

wall_t ladder_window_on(const struct zone *z, const struct days *d, const struct window *w,
			wall_t t)
{
	if (ladder_window_inside(z, d, w, t))
		return t;
	if (!instant_sane(t))
		return WALL_NEVER;

	wall_t limit = t + SEARCH_DAYS * DAY;

	/* Span by span, because a gap may swallow the hour at which the window opens. */
	while (t < limit) {
		wall_t span_from, span_to;

		zone_span(z, t, &span_from, &span_to);
		span_to = MIN(span_to, limit);

		wall_t at = span_window_on(d, w, zone_offset(z, t) * SECOND, t, span_to);

		if (at != WALL_NEVER)
			return at;
		t = span_to;
	}
	return WALL_NEVER;
}

/**
 * The next hour of @slot at or after @t that is inside the window, @t itself when it
 * is on the hour. A slot that never meets the window is an error in `check`; here
 * it leaves @t, because an escalation at another hour is better than a lost one.
 */
static wall_t slot_on(const struct zone *z, const struct days *d, const struct window *w,
		      const struct slot *slot, wall_t t)
{
	local_t local = zone_local(z, t);
	date_t day = local_date(local);

	/* The second pass of a doubled hour is on the hour too. */
	if (date_weekday(day) == slot->weekday && local_second(local) == slot->at * 60 &&
	    milliseconds_of(t) == 0 && ladder_window_inside(z, d, w, t))
		return t;
	/* From a week back: the hour of a day that a gap swallowed may lie ahead. */
	day += (slot->weekday - date_weekday(day) + 7) % 7 - 7;
	for (int week = 0; week < SEARCH_WEEKS; week++, day += 7) {
		wall_t at = zone_instant(z, local_at(day, slot->at * 60), NULL);

		if (at >= t && ladder_window_inside(z, d, w, at))
			return at;
	}
	return t;
}

/* ---- the ladder ---------------------------------------------------------- */

struct builder {
	const struct zone *zone;
	const struct days *days;
	const struct policy *policy;
	struct ladder *ladder;
	wall_t base; /* due + grace, moved on into the window */
};

/** Add one rung, unless it lies at or after `closes` or nowhere. */
static void builder_add(struct builder *b, wall_t unmoved, unsigned step, unsigned repeat,
			const struct slot *slot)
{
	const struct window *w = &b->policy->window;
	struct ladder *l = b->ladder;
	struct rung r = {.unmoved = unmoved,
			 .step = (uint16_t)step,
			 .repeat = (uint16_t)repeat,
			 .before = unmoved < l->due};

	if (!instant_sane(unmoved))
		return;
	if (r.before) {
		r.at = ladder_window_back(b->zone, b->days, w, unmoved);
	} else {
		r.at = ladder_window_on(b->zone, b->days, w, unmoved);
		if (slot && slot->weekday >= 0 && r.at != WALL_NEVER)
			r.at = slot_on(b->zone, b->days, w, slot, r.at);
	}
	if (r.at != WALL_NEVER && r.at < l->closes)
		l->rungs[l->n++] = r;
}

static wall_t builder_unmoved(const struct builder *b, const struct offset *o)
{
	return ladder_offset(b->zone, b->days, o, o->sign < 0 ? b->ladder->due : b->base);
}

static void builder_step(struct builder *b, const struct step *s, unsigned index)
{
	wall_t first = builder_unmoved(b, &s->at);

	builder_add(b, first, index, 0, &s->slot);
	if (s->every.sign == 0)
		return;
	for (int k = 1; k <= s->times; k++) {
		wall_t at = offset_apply(b->zone, b->days, &s->every, k, first);

		/* Repeats run on: from here they all lie after the end. */
		if (at == WALL_NEVER || at >= MAX(b->ladder->closes, b->ladder->due))
			return;
		builder_add(b, at, index, (unsigned)k, &s->slot);
	}
}

static int rung_compare(const void *pa, const void *pb)
{
	const struct rung *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->step != b->step)
		return a->step < b->step ? -1 : 1;
	return (int)a->repeat - (int)b->repeat;
}

struct ladder *ladder_build(const struct campaign *c, const struct policy *policy,
			    const struct alarm *alarms, uint32_t n_alarms, wall_t due)
{
	struct ladder *l = g_new0(struct ladder, 1);
	struct builder b = {c->zone, c->days, policy, l, 0};
	struct offset warn = policy->warn;
	uint32_t rungs_max = n_alarms;

	warn.sign = warn.sign ? -1 : 0;
	l->due = due;
	l->on_time = ladder_offset(c->zone, c->days, &policy->grace, due);
	l->warn = ladder_offset(c->zone, c->days, &warn, due);
	l->closes = policy->closes.sign ? ladder_offset(c->zone, c->days, &policy->closes, due)
					: WALL_NEVER;
	b.base = ladder_window_on(c->zone, c->days, &policy->window, l->on_time);

	for (uint32_t i = 0; i < policy->steps; i++)
		rungs_max += 1u + c->steps[policy->step + i].times;
	l->rungs = g_new(struct rung, MAX(rungs_max, 1));
	for (uint32_t i = 0; i < policy->steps; i++)
		builder_step(&b, &c->steps[policy->step + i], i);
	for (uint32_t i = 0; i < n_alarms; i++)
		builder_add(&b,
			    alarms[i].absolute ? alarms[i].instant
					       : builder_unmoved(&b, &alarms[i].at),
			    policy->steps + i, 0, NULL);
	qsort(l->rungs, l->n, sizeof(*l->rungs), rung_compare);
	return l;
}
