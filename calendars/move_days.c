/*
 * move_days.c - a day of one year's campaign in another year's.
 */
#include "move.h"

#include <string.h>

date_t move_date(date_t day, int years)
{
	int y, m, d;

	date_split(day, &y, &m, &d);
	return date_from(y + years, m, MIN(d, month_length(y + years, m)));
}

/* The first @weekday at or after @day. */
static date_t on_or_after(date_t day, int weekday)
{
	return day + (weekday - date_weekday(day) + 7) % 7;
}

static date_t on_or_before(date_t day, int weekday)
{
	return day - (date_weekday(day) - weekday + 7) % 7;
}

date_t move_weekday(const struct move *m, date_t day)
{
	int weekday = date_weekday(day);

	if (day < m->first)
		return on_or_after(move_date(day, m->years), weekday);
	if (day > m->last)
		return on_or_before(move_date(day, m->years), weekday);
	if (day - m->first <= m->last - day)
		return on_or_after(move_date(m->first, m->years), weekday) +
		       (day - on_or_after(m->first, weekday)) / 7 * 7;
	return on_or_before(move_date(m->last, m->years), weekday) -
	       (on_or_before(m->last, weekday) - day) / 7 * 7;
}

char *move_year_text(const struct move *m, const char *text)
{
	char was[16], is[16];
	g_auto(GStrv) parts = NULL;

	(void)g_snprintf(was, sizeof(was), "%04d", m->from_year);
	(void)g_snprintf(is, sizeof(is), "%04d", m->from_year + m->years);
	parts = g_strsplit(text, was, -1);
	return g_strjoinv(is, parts);
}
