/*
 * move_rule.c - see move_rule.h.
 */
#include "move_rule.h"

#include <string.h>

#define WALK_STEPS 200000

char *move_time_text(local_t t, bool date, bool utc)
{
	struct civil c;

	local_split(t, &c);
	return date ? g_strdup_printf("%04d%02d%02d", c.year, c.month, c.day)
		    : g_strdup_printf("%04d%02d%02dT%02d%02d%02d%s", c.year, c.month, c.day, c.hour,
				      c.minute, c.second, utc ? "Z" : "");
}

/* Its days are weekdays: what must not move to another one. */
static bool is_weekly(const struct rrule *r)
{
	return r->freq == RRULE_WEEKLY || (r->freq < RRULE_WEEKLY && r->weekdays != 0);
}

/* Its days depend on the month's shape ("the second Tuesday", "the last day"). */
static bool is_shaped(const struct rrule *r)
{
	return r->freq > RRULE_WEEKLY && (r->weekdays != 0 || r->by_nth || r->days != 0 ||
					  r->days_back != 0 || r->by_yearday || r->by_setpos);
}

static local_t month_start(local_t t, int years)
{
	int y, m, d;

	date_split(local_date(t), &y, &m, &d);
	return local_at(date_from(y + years, m, 1), local_second(t));
}

static void walk_month(struct rrule_iter *it, const struct rrule *rule, local_t first, bool date)
{
	struct rrule free = *rule;
	int y, m, d;

	free.count = 0;
	free.interval = 1;
	free.until_kind = RRULE_UNTIL_NONE;
	date_split(local_date(first), &y, &m, &d);
	rrule_iter_init(it, &free, first, date,
			local_at(date_from(y, m, month_length(y, m)), 86399), WALK_STEPS);
}

/* The day that the rule gives in the new year's month as the n-th, n being that of @t in the old. */
static local_t shaped(const struct move *m, const struct rrule *rule, local_t t, bool date)
{
	local_t at, found = local_at(move_date(local_date(t), m->years), local_second(t));
	struct rrule_iter it;
	unsigned n = 0;

	walk_month(&it, rule, month_start(t, 0), date);
	while (rrule_iter_next(&it, &at) == 1 && at < t)
		n++;
	walk_month(&it, rule, month_start(t, m->years), date);
	for (unsigned i = 0; i <= n && rrule_iter_next(&it, &at) == 1; i++)
		found = at; /* a month with fewer of them: its last */
	return found;
}

local_t move_rule_start(const struct move *m, const struct rrule *rule, const struct move_start *s)
{
	date_t day = local_date(s->local);
	int second = local_second(s->local);

	if (rule != NULL && is_weekly(rule))
		return local_at(move_weekday(m, day), second);
	if (rule != NULL && is_shaped(rule))
		return shaped(m, rule, s->local, s->date);
	return local_at(move_date(day, m->years), second);
}

/* The last instance, DTSTART if the rule gives none; false if it has no end within reason. */
static bool last_of(const struct rrule *rule, const struct move_start *s, local_t *out)
{
	struct rrule_iter it;
	local_t stop = rule->until, at;
	int rc;

	if (rule->count == 0 && rule->until_kind == RRULE_UNTIL_NONE)
		return false;
	if (rule->until_kind == RRULE_UNTIL_NONE)
		stop = local_at(date_from(9999, 12, 31), 0);
	else if (rule->until_kind == RRULE_UNTIL_UTC && !s->utc)
		stop = tz_local(s->tz, rule->until * SECOND);
	*out = s->local;
	rrule_iter_init(&it, rule, s->local, s->date, stop, WALK_STEPS);
	while ((rc = rrule_iter_next(&it, &at)) == 1)
		*out = at;
	return rc == 0;
}

static local_t new_last(const struct move *m, const struct rrule *rule, local_t last, bool date)
{
	if (is_weekly(rule))
		return local_at(move_weekday(m, local_date(last)), local_second(last));
	if (is_shaped(rule))
		return shaped(m, rule, last, date);
	return local_at(move_date(local_date(last), m->years), local_second(last));
}

static char *until_text(const struct move_start *s, local_t last)
{
	g_autofree char *text = NULL;

	if (s->date || s->utc || s->tz->floating)
		text = move_time_text(last, s->date, s->utc);
	else
		text = move_time_text(tz_instant(s->tz, last, NULL) / SECOND, false, true);
	return g_strdup_printf("UNTIL=%s", text);
}

char *move_rule_text(const struct move *m, const char *text, const struct rrule *rule,
		     const struct move_start *was, const struct move_start *is)
{
	g_auto(GStrv) parts = g_strsplit(text, ";", -1);
	GString *s = g_string_new(NULL);
	bool by_count = rule->count > 0 && !is_weekly(rule);
	local_t last;

	for (char **p = parts; *p != NULL; p++) {
		if (g_ascii_strncasecmp(*p, "UNTIL=", 6) == 0 ||
		    (!by_count && g_ascii_strncasecmp(*p, "COUNT=", 6) == 0) || **p == 0)
			continue;
		g_string_append_printf(s, "%s%s", s->len > 0 ? ";" : "", *p);
	}
	if (!by_count && last_of(rule, was, &last)) {
		g_autofree char *until = until_text(is, new_last(m, rule, last, was->date));

		g_string_append_printf(s, ";%s", until);
	}
	return g_string_free(s, FALSE);
}
