/*
 * days.c - the calendar of working days, sealed into one byte a day.
 *
 * Marks are gathered first; days_seal() lays them out from the first marked day
 * to the last, so that every question afterwards is one look into memory.
 * Outside that range only the weekday counts, and stepping is arithmetic.
 */
#include "days.h"

#include <glib.h>

#include "daemon/core/err.h"

/** The give-up of days_step(): more days off in a row than any calendar means. */
#define DAYS_BARREN_MAX 4000

enum { MARK_OFF = 1, MARK_WORK = 2 };

struct mark {
	date_t day;
	uint8_t what;
};

struct days {
	GArray *marks;   /* struct mark; NULL once sealed */
	date_t from, to; /* half-open range of .map; from == to: no marks */
	uint8_t *map;    /* MARK_ bits by day - from */
	date_t min, max; /* years 1 .. 9999: beyond it there is no day */
};

struct days *days_new(void)
{
	struct days *d = g_new0(struct days, 1);

	d->marks = g_array_new(FALSE, FALSE, sizeof(struct mark));
	d->min = date_from(1, 1, 1);
	d->max = date_from(9999, 12, 31);
	return d;
}

void days_free(struct days **d)
{
	if (!*d)
		return;
	if ((*d)->marks)
		g_array_unref((*d)->marks);
	g_free((*d)->map);
	g_free(*d);
	*d = NULL;
}

static void days_mark(struct days *d, date_t day, uint8_t what)
{
	struct mark m = {day, what};

	must(d->marks != NULL);
	if (day >= d->min && day <= d->max)
		g_array_append_val(d->marks, m);
}

void days_set_off(struct days *d, date_t day)
{
	days_mark(d, day, MARK_OFF);
}

void days_set_work(struct days *d, date_t day)
{
	days_mark(d, day, MARK_WORK);
}

void days_seal(struct days *d)
{
	must(d->marks != NULL);

	const struct mark *m = (const struct mark *)(void *)d->marks->data;
	guint n = d->marks->len;

	for (guint i = 0; i < n; i++) {
		d->from = i == 0 ? m[i].day : MIN(d->from, m[i].day);
		d->to = i == 0 ? m[i].day + 1 : MAX(d->to, m[i].day + 1);
	}
	d->map = g_malloc0((gsize)(d->to - d->from) + 1);
	for (guint i = 0; i < n; i++)
		d->map[m[i].day - d->from] |= m[i].what;
	g_array_unref(d->marks);
	d->marks = NULL;
}

static uint8_t days_mark_of(const struct days *d, date_t day)
{
	must(d->marks == NULL);
	return day >= d->from && day < d->to ? d->map[day - d->from] : 0;
}

bool days_is_working(const struct days *d, date_t day)
{
	uint8_t mark = days_mark_of(d, day);

	if (mark & MARK_WORK)
		return true;
	return !(mark & MARK_OFF) && date_weekday(day) < 5;
}

bool days_is_off(const struct days *d, date_t day)
{
	return days_mark_of(d, day) == MARK_OFF;
}

bool days_is_made_up(const struct days *d, date_t day)
{
	return (days_mark_of(d, day) & MARK_WORK) != 0;
}

bool days_year_known(const struct days *d, int year)
{
	if (year < 1 || year > 9999)
		return false;

	date_t from = MAX(date_from(year, 1, 1), d->from);
	date_t to = MIN(date_from(year, 12, 1), d->to);

	for (date_t day = from; day < to; day++)
		if (days_mark_of(d, day))
			return true;
	return false;
}

/** Nothing but weekdays ahead: five working days a week, whole weeks at once. */
static date_t days_leap(date_t day, int *n, int sign)
{
	int weeks = (*n - 1) / 5;

	*n -= weeks * 5;
	return day + sign * weeks * 7;
}

/** Is every day beyond @day, in the direction of @sign, an unmarked one? */
static bool days_plain_beyond(const struct days *d, date_t day, int sign)
{
	if (d->from == d->to)
		return true;
	return sign > 0 ? day >= d->to - 1 : day <= d->from;
}

date_t days_step(const struct days *d, date_t from, int n)
{
	int sign = n < 0 ? -1 : 1;
	int left = sign * n;
	int barren = 0;
	bool leapt = false;

	must(n != 0);
	if (from < d->min || from > d->max || left > d->max - d->min)
		return DATE_NEVER;
	for (date_t day = from; barren < DAYS_BARREN_MAX; barren++) {
		if (!leapt && days_plain_beyond(d, day, sign)) {
			day = days_leap(day, &left, sign);
			leapt = true;
		}
		day += sign;
		if (day < d->min || day > d->max)
			return DATE_NEVER;
		if (!days_is_working(d, day))
			continue;
		if (--left == 0)
			return day;
		barren = 0;
	}
	return DATE_NEVER;
}
