/*
 * rrule.c - walking a recurrence rule: period, days, times, BYSETPOS.
 *
 * The elements of a period are the product days x hours x minutes x seconds, each list
 * sorted, so the n-th element is arithmetic: no list of instants is ever built,
 * whatever the rule says, and BYSETPOS picks by index.
 *
 * Rules below DAILY skip days, hours and minutes that cannot match as a whole; a rule
 * that never matches costs a step a day, not a step a second.
 */
#include "rrule.h"

#include <errno.h>
#include <string.h>

#define YEAR_LAST 9999

static const int unit_seconds[] = {
	[RRULE_SECONDLY] = 1, [RRULE_MINUTELY] = 60, [RRULE_HOURLY] = 3600};

static bool ordinal_has(const struct rrule_ordinals *o, int64_t front, int64_t back)
{
	return (front <= 366 && (o->front[front / 64] >> (front % 64) & 1)) ||
	       (back <= 366 && (o->back[back / 64] >> (back % 64) & 1));
}

static bool has_monthday(const struct rrule *r)
{
	return (r->days | r->days_back) != 0;
}
static bool has_weekno(const struct rrule *r)
{
	return (r->weeks | r->weeks_back) != 0;
}
static bool has_byday(const struct rrule *r)
{
	return r->weekdays != 0 || r->by_nth;
}

/* ---- days ---------------------------------------------------------------- */

/* Does a day's week number match? A week belongs to the year of its fourth day. */
static bool week_matches(const struct rrule *r, date_t d)
{
	date_t middle = d - (date_weekday(d) - r->wkst + 7) % 7 + 3, first, last;
	int year, month, day, number, weeks;

	date_split(middle, &year, &month, &day);
	first = date_from(year, 1, 1);
	last = date_from(year, 12, 31);
	last -= (date_weekday(last) - r->wkst - 3 + 14) % 7;
	number = (middle - first) / 7 + 1;
	weeks = (last - first) / 7 + 1;
	return (r->weeks >> number & 1) || (r->weeks_back >> (weeks - number + 1) & 1);
}

/* Is a day one of the n-th weekdays of its month, or of its year when no month is named? */
static bool nth_matches(const struct rrule *r, int weekday, date_t d, date_t first, int length)
{
	int front = (d - first) / 7 + 1, back = (first + length - 1 - d) / 7 + 1;

	return (r->nth[weekday] >> front & 1) || (r->nth_back[weekday] >> back & 1);
}

static uint32_t weekday_mask(const struct rrule *r, int year, date_t first, int length)
{
	bool by_year = r->freq == RRULE_YEARLY && r->months == 0;
	date_t scope = by_year ? date_from(year, 1, 1) : first;
	int scope_length = by_year ? 365 + year_is_leap(year) : length;
	int weekday = date_weekday(first);
	uint32_t mask = 0;

	for (int day = 1; day <= length; day++) {
		if ((r->weekdays >> weekday & 1) ||
		    (r->by_nth && nth_matches(r, weekday, first + day - 1, scope, scope_length)))
			mask |= UINT32_C(1) << day;
		weekday = weekday == 6 ? 0 : weekday + 1;
	}
	return mask;
}

static uint32_t monthday_mask(const struct rrule *r, int length)
{
	uint32_t mask = r->days;

	for (int back = 1; back <= length; back++)
		if (r->days_back >> back & 1)
			mask |= UINT32_C(1) << (length + 1 - back);
	return mask;
}

/* The days of a month that pass every BY part about days: bits 1 .. 31. */
static uint32_t month_mask(const struct rrule *r, int year, int month, date_t first, int length)
{
	uint32_t mask = (uint32_t)((UINT64_C(1) << (length + 1)) - 2);

	if (r->months != 0 && !(r->months >> month & 1))
		return 0;
	if (has_monthday(r))
		mask &= monthday_mask(r, length);
	if (mask != 0 && has_byday(r))
		mask &= weekday_mask(r, year, first, length);
	if (mask == 0 || (!r->by_yearday && !has_weekno(r)))
		return mask;
	for (int day = 1; day <= length; day++) {
		date_t d = first + day - 1;
		int yearday = d - date_from(year, 1, 1) + 1;
		int back = 365 + year_is_leap(year) - yearday + 1;

		if (!(mask >> day & 1))
			continue;
		if ((r->by_yearday && !ordinal_has(&r->yeardays, yearday, back)) ||
		    (has_weekno(r) && !week_matches(r, d)))
			mask &= ~(UINT32_C(1) << day);
	}
	return mask;
}

/* The slot of the cache that holds the month of @d. */
static int month_of(struct rrule_iter *it, date_t d)
{
	int year, month, day, slot;

	for (slot = 0; slot < 2; slot++)
		if (d >= it->cached[slot].first &&
		    d < it->cached[slot].first + it->cached[slot].length)
			return slot;
	date_split(d, &year, &month, &day);
	slot = month & 1;
	it->cached[slot].first = d - day + 1;
	it->cached[slot].length = month_length(year, month);
	it->cached[slot].mask =
		month_mask(&it->rule, year, month, it->cached[slot].first, it->cached[slot].length);
	it->steps -= 2;
	return slot;
}

static bool day_matches(struct rrule_iter *it, date_t d)
{
	int slot = month_of(it, d);

	return it->cached[slot].mask >> (d - it->cached[slot].first + 1) & 1;
}

static void add_month(struct rrule_iter *it, int year, int month)
{
	date_t first = date_from(year, month, 1);
	uint32_t mask = month_mask(&it->rule, year, month, first, month_length(year, month));

	for (int day = 1; day <= 31 && mask >> day != 0; day++)
		if (mask >> day & 1)
			it->days[it->n_days++] = first + day - 1;
	it->steps -= 2;
}

/* ---- periods ------------------------------------------------------------- */

static local_t period_start(const struct rrule_iter *it)
{
	switch (it->rule.freq) {
	case RRULE_YEARLY:
		return local_at(date_from((int)it->cursor, 1, 1), 0);
	case RRULE_MONTHLY:
		return local_at(date_from((int)(it->cursor / 12), (int)(it->cursor % 12) + 1, 1),
				0);
	case RRULE_WEEKLY:
	case RRULE_DAILY:
		return local_at((date_t)it->cursor, 0);
	case RRULE_HOURLY:
	case RRULE_MINUTELY:
	case RRULE_SECONDLY:
		break;
	}
	return it->cursor * unit_seconds[it->rule.freq];
}

/* Is .cursor beyond what dates can say, or beyond .stop? */
static bool period_over(const struct rrule_iter *it)
{
	int64_t last = YEAR_LAST;

	if (it->rule.freq == RRULE_MONTHLY)
		last = YEAR_LAST * 12 + 11;
	else if (it->rule.freq != RRULE_YEARLY)
		last = date_from(YEAR_LAST, 12, 31);
	if (it->rule.freq <= RRULE_HOURLY)
		last = (last + 1) * (DAY_SECONDS / unit_seconds[it->rule.freq]) - 1;
	return it->cursor > last || period_start(it) > it->stop;
}

/* Move .cursor to the first period of its phase at or after the local time @t. */
static void cursor_align(struct rrule_iter *it, local_t t)
{
	int64_t unit = unit_seconds[it->rule.freq];
	int64_t target = t / unit, gap = target - it->cursor;

	if (t % unit > 0)
		gap++;
	if (gap > 0)
		it->cursor += (gap + it->rule.interval - 1) / it->rule.interval * it->rule.interval;
}

/* The first local time of the next day that can match, or beyond .stop. */
static local_t next_day(struct rrule_iter *it, date_t d)
{
	do {
		int slot = month_of(it, d);

		if (it->cached[slot].mask == 0)
			d = it->cached[slot].first + it->cached[slot].length;
		else
			d++;
		it->steps--;
	} while (it->steps > 0 && local_at(d, 0) <= it->stop && !day_matches(it, d));
	return local_at(d, 0);
}

/* A period below a day: its single day and hour (minute, second), or skip what cannot match. */
static void load_unit(struct rrule_iter *it)
{
	const struct rrule *r = &it->rule;
	local_t t = period_start(it);
	date_t d = local_date(t);
	int second = local_second(t), hour = second / 3600, minute = second / 60 % 60;

	if (!day_matches(it, d)) {
		cursor_align(it, next_day(it, d));
		return;
	}
	if (r->hours != 0 && !(r->hours >> hour & 1)) {
		cursor_align(it, local_at(d, (hour + 1) * 3600));
		return;
	}
	if (r->freq <= RRULE_MINUTELY && r->minutes != 0 && !(r->minutes >> minute & 1)) {
		cursor_align(it, local_at(d, (second / 60 + 1) * 60));
		return;
	}
	if (r->freq == RRULE_SECONDLY && r->seconds != 0 && !(r->seconds >> (second % 60) & 1)) {
		it->cursor += r->interval;
		return;
	}
	it->days[0] = d;
	it->n_days = 1;
	it->hours[0] = (uint8_t)hour;
	if (r->freq <= RRULE_MINUTELY)
		it->minutes[0] = (uint8_t)minute;
	if (r->freq == RRULE_SECONDLY)
		it->seconds[0] = (uint8_t)(second % 60);
	it->open = true;
}

static void load_days(struct rrule_iter *it)
{
	switch (it->rule.freq) {
	case RRULE_YEARLY:
		for (int month = 1; month <= 12; month++)
			if (it->rule.months == 0 || (it->rule.months >> month & 1))
				add_month(it, (int)it->cursor, month);
		break;
	case RRULE_MONTHLY:
		add_month(it, (int)(it->cursor / 12), (int)(it->cursor % 12) + 1);
		break;
	case RRULE_WEEKLY:
		for (int i = 0; i < 7; i++)
			if (day_matches(it, (date_t)it->cursor + i))
				it->days[it->n_days++] = (date_t)it->cursor + i;
		break;
	case RRULE_DAILY:
		if (day_matches(it, (date_t)it->cursor))
			it->days[it->n_days++] = (date_t)it->cursor;
		break;
	case RRULE_HOURLY:
	case RRULE_MINUTELY:
	case RRULE_SECONDLY:
		break;
	}
	it->open = true;
}

/* Make the set of .cursor; a period that cannot match leaves it closed and moves on. */
static void load_period(struct rrule_iter *it)
{
	it->steps--;
	it->index = 0;
	it->n_days = 0;
	if (it->rule.freq <= RRULE_HOURLY)
		load_unit(it);
	else
		load_days(it);
}

/* ---- the set of a period ------------------------------------------------- */

static local_t element(const struct rrule_iter *it, uint32_t i)
{
	uint32_t s = i % it->n_seconds, m, h;

	i /= it->n_seconds;
	m = i % it->n_minutes;
	i /= it->n_minutes;
	h = i % it->n_hours;
	i /= it->n_hours;
	return local_at(it->days[i], it->hours[h] * 3600 + it->minutes[m] * 60 + it->seconds[s]);
}

/* The first index at or after @i that BYSETPOS picks, @total if none. */
static uint32_t setpos_next(struct rrule_iter *it, uint32_t i, uint32_t total)
{
	for (; i < total; i++) {
		if (i >= 366 && i + 366 < total)
			i = total - 366;
		it->steps--;
		if (ordinal_has(&it->rule.setpos, i + 1, total - i))
			break;
	}
	return i;
}

static uint8_t fill(uint8_t *list, uint64_t bits, int only)
{
	uint8_t n = 0;

	if (bits == 0) {
		list[0] = (uint8_t)only;
		return 1;
	}
	for (uint8_t i = 0; i < 60; i++)
		if (bits >> i & 1)
			list[n++] = i;
	return n;
}

/* What the rule leaves open comes from DTSTART (RFC 5545 3.3.10). */
static void complete(struct rrule *r, const struct civil *c, int weekday)
{
	bool free = !has_monthday(r) && !has_byday(r) && !r->by_yearday;

	if (!free)
		return;
	if (has_weekno(r)) {
		r->weekdays = (uint8_t)(1u << weekday);
	} else if (r->freq == RRULE_YEARLY) {
		if (r->months == 0)
			r->months = (uint16_t)(1u << c->month);
		r->days = UINT32_C(1) << c->day;
	} else if (r->freq == RRULE_MONTHLY) {
		r->days = UINT32_C(1) << c->day;
	} else if (r->freq == RRULE_WEEKLY) {
		r->weekdays = (uint8_t)(1u << weekday);
	}
}

/* Put .cursor on the period that holds @t, whatever the phase. */
static void place(struct rrule_iter *it, local_t t)
{
	date_t d = local_date(t);
	int year, month, day;

	date_split(d, &year, &month, &day);
	switch (it->rule.freq) {
	case RRULE_YEARLY:
		it->cursor = year;
		break;
	case RRULE_MONTHLY:
		it->cursor = (int64_t)year * 12 + month - 1;
		break;
	case RRULE_WEEKLY:
		it->cursor = d - (date_weekday(d) - it->rule.wkst + 7) % 7;
		break;
	case RRULE_DAILY:
		it->cursor = d;
		break;
	case RRULE_HOURLY:
	case RRULE_MINUTELY:
	case RRULE_SECONDLY:
		it->cursor = (t - local_second(t) % unit_seconds[it->rule.freq]) /
			     unit_seconds[it->rule.freq];
		break;
	}
}

void rrule_iter_init(struct rrule_iter *it, const struct rrule *rule, local_t start, bool date,
		     local_t stop, int64_t steps)
{
	date_t d = local_date(start);
	struct civil c;

	local_split(start, &c);
	it->rule = *rule;
	it->start = start;
	it->stop = stop;
	it->date = date;
	it->left = rule->count > 0 ? rule->count : -1;
	it->steps = steps;
	it->open = false;
	it->index = 0;
	it->n_days = 0;
	memset(it->cached, 0, sizeof(it->cached));
	if (date)
		it->rule.hours = 0, it->rule.minutes = it->rule.seconds = 0;
	complete(&it->rule, &c, date_weekday(d));
	it->n_hours = fill(it->hours, it->rule.hours, c.hour);
	it->n_minutes = fill(it->minutes, it->rule.minutes, c.minute);
	it->n_seconds = fill(it->seconds, it->rule.seconds, c.second);
	if (rule->freq <= RRULE_HOURLY)
		it->n_hours = 1;
	if (rule->freq <= RRULE_MINUTELY)
		it->n_minutes = 1;
	if (rule->freq == RRULE_SECONDLY)
		it->n_seconds = 1;
	place(it, start);
}

void rrule_iter_seek(struct rrule_iter *it, local_t from)
{
	int64_t begin = it->cursor, gap;

	if (it->left >= 0 || from <= it->start || it->open)
		return;
	place(it, from);
	gap = it->cursor - begin;
	/* A week or a year may begin before @from: stay in the phase, never beyond. */
	if (it->rule.freq == RRULE_WEEKLY)
		gap = gap / 7 / it->rule.interval * it->rule.interval * 7;
	else
		gap = gap / it->rule.interval * it->rule.interval;
	it->cursor = begin + gap;
}

static void advance(struct rrule_iter *it)
{
	it->open = false;
	it->cursor += it->rule.freq == RRULE_WEEKLY ? it->rule.interval * 7 : it->rule.interval;
}

int rrule_iter_next(struct rrule_iter *it, local_t *out)
{
	for (;;) {
		uint32_t total;

		if (it->left == 0)
			return 0;
		if (!it->open) {
			if (period_over(it))
				return 0;
			if (it->steps <= 0)
				return -E2BIG;
			load_period(it);
			continue;
		}
		total = (uint32_t)it->n_days * it->n_hours * it->n_minutes * it->n_seconds;
		if (it->rule.by_setpos)
			it->index = setpos_next(it, it->index, total);
		if (it->index >= total) {
			advance(it);
			continue;
		}
		if (it->steps-- <= 0)
			return -E2BIG;
		*out = element(it, it->index++);
		if (*out < it->start)
			continue;
		if (*out > it->stop)
			return 0;
		if (it->left > 0)
			it->left--;
		return 1;
	}
}

void rrule_iter_uncount(struct rrule_iter *it)
{
	if (it->left >= 0)
		it->left++;
}
