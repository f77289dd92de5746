/*
 * lint_deadlines.c - deadlines that people will stumble over.
 */
#include <string.h>

#include "calendars/days.h"
#include "calendars/zone.h"
#include "daemon/campaign/lint.h"

#define CLOSE_WORKING_DAYS 2
#define SERIES_MIN 3 /* deadlines that make a rhythm */

static void warn(const struct lint *l, const struct obligation *o, const char *code,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void warn(const struct lint *l, const struct obligation *o, const char *code,
		 const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(l->findings, SEVERITY_WARNING, campaign_text(l->c, o->file), (int)o->line, 0,
		     code, campaign_text(l->c, o->uid), "%s", text);
}

static date_t date_of(const struct lint *l, wall_t t)
{
	return local_date(zone_local(l->c->zone, t));
}

static void check_off_days(const struct lint *l, const struct obligation *o)
{
	const struct campaign *c = l->c;

	if (c->policies[o->policy].off_day.what != OFF_DAY_KEEP)
		return;
	for (uint32_t i = o->occurrence; i < o->occurrence + o->occurrences; i++) {
		const struct occurrence *occ = &c->occurrences[i];
		g_autofree char *date = NULL;

		if (days_is_working(c->days, date_of(l, occ->due)))
			continue;
		date = lint_date(l, occ->due);
		warn(l, o, "OFF_DAY_DEADLINE",
		     "“%s”%s 的截止是休息日，照旧不动；想提前或推后，可改规则“%s”的 on_off_day",
		     campaign_text(c, occ->summary), date,
		     campaign_text(c, c->policies[o->policy].name));
	}
}

/** Working days after @a's date up to @b's, as far as it matters. */
static int working_days_between(const struct lint *l, wall_t a, wall_t b)
{
	date_t last = date_of(l, b);
	int n = 0;

	for (date_t day = date_of(l, a) + 1; day <= last && n <= CLOSE_WORKING_DAYS; day++)
		n += days_is_working(l->c->days, day);
	return n;
}

/** A series that is always that dense is meant so; only an exception is worth a word. */
static void check_distances(const struct lint *l, const struct obligation *o)
{
	const struct occurrence *occ = &l->c->occurrences[o->occurrence];
	uint32_t close = 0, first = 0;
	g_autofree char *a = NULL, *b = NULL;

	for (uint32_t i = 1; i < o->occurrences; i++) {
		if (working_days_between(l, occ[i - 1].due, occ[i].due) > CLOSE_WORKING_DAYS)
			continue;
		if (close++ == 0)
			first = i;
	}
	if (close == 0 || (close + 1 == o->occurrences && o->occurrences >= SERIES_MIN))
		return;
	a = lint_date(l, occ[first - 1].due);
	b = lint_date(l, occ[first].due);
	warn(l, o, "DEADLINES_CLOSE", "%s 和 %s 两次截止在两个工作日以内；可挪开一次，或取消一次",
	     a, b);
}

/** The date one rhythm after the last; DATE_NEVER if there is no rhythm. */
static date_t next_date(date_t a, date_t b, date_t c)
{
	int year, month, day, length;

	if (c - b == b - a)
		return c + (c - b);
	if (c - b < 28 || c - b > 31 || b - a < 28 || b - a > 31)
		return DATE_NEVER;
	date_split(c, &year, &month, &day);
	year += month == 12;
	month = month % 12 + 1;
	length = month_length(year, month);
	return date_from(year, month, MIN(day, length));
}

/**
 * UNTIL is often one day short (a date, or the wrong zone).  It shows where exactly one more
 * deadline would have fitted: series that end well before the campaign are meant so.
 */
static void check_end(const struct lint *l, const struct obligation *o)
{
	const struct occurrence *occ = &l->c->occurrences[o->occurrence];
	uint32_t n = o->occurrences;
	date_t last, next, after, end;
	g_autofree char *date = NULL;

	if (!o->recurs || n < SERIES_MIN)
		return;
	last = date_of(l, occ[n - 1].written);
	next = next_date(date_of(l, occ[n - 3].written), date_of(l, occ[n - 2].written), last);
	end = date_of(l, l->c->ends - 1);
	if (next == DATE_NEVER || next > end)
		return;
	after = next + (next - last);
	if (after <= end)
		return;
	date = lint_date(l, zone_instant(l->c->zone, local_at(next, 0), NULL));
	warn(l, o, "SERIES_ENDS_EARLY",
	     "“%s”按规律 %s 还应有一次，日历里没有；可检查重复规则的 UNTIL 是不是少了一天",
	     campaign_text(l->c, o->summary), date);
}

void lint_deadlines(const struct lint *l)
{
	for (uint32_t i = 0; i < l->c->n_obligations; i++) {
		const struct obligation *o = &l->c->obligations[i];

		if (o->category != CATEGORY_REPORT || lint_is_broken(l, o))
			continue;
		if (o->owings == 0 && !l->bad_units)
			warn(l, o, "OWED_BY_NOBODY",
			     "没有一个报送单位符合“%s”，这一项谁都不用报；可改类别，或在 %s "
			     "里补上领域",
			     campaign_text(l->c, o->tags), UNITS_FILE);
		check_off_days(l, o);
		check_distances(l, o);
		if (!l->bad_calendar)
			check_end(l, o);
	}
}
