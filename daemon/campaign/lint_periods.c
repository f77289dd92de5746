/*
 * lint_periods.c - phases, years without holidays, and key periods that nobody covers.
 */
#include <string.h>

#include "calendars/days.h"
#include "calendars/roster.h"
#include "calendars/zone.h"
#include "daemon/campaign/lint.h"

#define YEARS_MAX 20 /* of one campaign, named one by one */

static void warn(const struct lint *l, const char *file, int line, const char *code,
		 const char *uid, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

static void warn(const struct lint *l, const char *file, int line, const char *code,
		 const char *uid, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(l->findings, SEVERITY_WARNING, file, line, 0, code, uid, "%s", text);
}

/* ---- phases --------------------------------------------------------------- */

static void check_neighbours(const struct lint *l, uint32_t before, uint32_t phase, wall_t reached)
{
	const struct campaign *c = l->c;
	const struct period *a = &c->periods[before], *b = &c->periods[phase];
	bool gap = b->from > reached;
	g_autofree char *from = lint_time(l, gap ? reached : b->from);
	g_autofree char *to = lint_time(l, gap ? b->from : MIN(reached, b->to));

	if (b->from == reached)
		return;
	warn(l, CALENDAR_FILE, campaign_period_line(c, phase),
	     gap ? "PHASES_GAP" : "PHASES_OVERLAP", campaign_text(c, b->uid),
	     gap ? "“%s”和“%s”之间 %s 到 %s 有空档；可改一头的日期"
		 : "“%s”和“%s”在 %s 到 %s 重叠；可改一头的日期",
	     campaign_text(c, a->summary), campaign_text(c, b->summary), from, to);
}

static void check_phases(const struct lint *l)
{
	const struct campaign *c = l->c;
	uint32_t before = NONE;
	wall_t reached = WALL_ALWAYS;

	for (uint32_t i = 0; i < c->n_periods; i++) {
		if (c->periods[i].category != CATEGORY_PHASE)
			continue;
		if (before != NONE)
			check_neighbours(l, before, i, reached);
		before = i;
		reached = MAX(reached, c->periods[i].to);
	}
}

/* ---- years ---------------------------------------------------------------- */

static int year_of(const struct campaign *c, wall_t t)
{
	struct civil at;

	local_split(zone_local(c->zone, t), &at);
	return at.year;
}

GArray *campaign_unknown_years(const struct campaign *c)
{
	wall_t first = c->starts, last = MAX(c->starts, c->ends - 1);
	GArray *years = g_array_new(FALSE, FALSE, sizeof(int));

	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		first = MIN(first, c->occurrences[i].due);
		last = MAX(last, c->occurrences[i].due);
	}
	for (int year = year_of(c, first), n = 0; year <= year_of(c, last) && n < YEARS_MAX;
	     year++, n++)
		if (!days_year_known(c->days, year))
			g_array_append_val(years, year);
	return years;
}

static void check_years(const struct lint *l)
{
	GArray *years;

	if (!campaign_files_find(l->files, HOLIDAYS_FILE)) {
		warn(l, HOLIDAYS_FILE, 0, "NO_HOLIDAYS", NULL,
		     "没有节假日数据，放假的日子也会当成工作日；可从样板目录复制 %s",
		     HOLIDAYS_FILE);
		return;
	}
	years = campaign_unknown_years(l->c);
	for (guint i = 0; i < years->len; i++)
		warn(l, HOLIDAYS_FILE, 0, "YEAR_UNKNOWN", NULL,
		     "没有 %d 年的节假日数据，放假的日子也会当成工作日；通知出来后可补上",
		     g_array_index(years, int, i));
	g_array_unref(years);
}

/* ---- rosters -------------------------------------------------------------- */

static const char *missing_words(bool leader, bool both)
{
	return both ? "带班领导和值班人员" : leader ? "带班领导" : "值班人员";
}

static void say_gap(const struct lint *l, const struct roster_gap *gap, bool both)
{
	const struct period *p = &l->c->periods[gap->period];
	g_autofree char *from = lint_time(l, gap->from), *to = lint_time(l, gap->to);

	warn(l, CALENDAR_FILE, campaign_period_line(l->c, gap->period), "ROSTER_GAP",
	     campaign_text(l->c, p->uid), "“%s”%s 到 %s 没有%s；可在 duty/ 的值班表里补上",
	     campaign_text(l->c, p->summary), from, to, missing_words(gap->leader, both));
}

static char *gap_key(const struct roster_gap *x)
{
	return g_strdup_printf("%u:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, x->period,
			       (gint64)x->from, (gint64)x->to);
}

/** Where leader and staff are missing for the same time, one sentence says so. */
static void check_gaps(const struct lint *l)
{
	const struct campaign *c = l->c;
	GArray *gaps = roster_gaps(c->periods, c->n_periods, c->shifts, c->n_shifts, NONE,
				   WALL_ALWAYS, WALL_NEVER);

	GHashTable *staff = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTable *both = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < gaps->len; i++) {
		const struct roster_gap *x = &g_array_index(gaps, struct roster_gap, i);

		if (!x->leader)
			g_hash_table_add(staff, gap_key(x));
	}
	for (unsigned i = 0; i < gaps->len; i++) {
		const struct roster_gap *x = &g_array_index(gaps, struct roster_gap, i);
		g_autofree char *key = gap_key(x);

		if (x->leader && g_hash_table_contains(staff, key))
			g_hash_table_add(both, g_strdup(key));
	}
	for (unsigned i = 0; i < gaps->len; i++) {
		const struct roster_gap *x = &g_array_index(gaps, struct roster_gap, i);
		g_autofree char *key = gap_key(x);
		bool twin = g_hash_table_contains(both, key);

		if (x->leader || !twin)
			say_gap(l, x, twin);
	}
	g_hash_table_unref(both);
	g_hash_table_unref(staff);
	g_array_unref(gaps);
}

static void check_clashes(const struct lint *l)
{
	const struct campaign *c = l->c;
	GArray *clashes = roster_clashes(c, c->shifts, c->n_shifts, WALL_ALWAYS, WALL_NEVER);
	GHashTable *said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < clashes->len; i++) {
		const struct roster_clash *x = &g_array_index(clashes, struct roster_clash, i);
		const struct shift *a = &c->shifts[x->a], *b = &c->shifts[x->b];
		g_autofree char *from = NULL;

		/* A rule that clashes does so every week: once is enough. */
		if (!g_hash_table_add(said, g_strdup_printf("%u:%u:%u:%u", a->file, a->line,
							    b->file, b->line)))
			continue;
		from = lint_time(l, x->from);
		warn(l, campaign_text(c, b->file), (int)b->line, "ROSTER_CLASH",
		     campaign_text(c, b->uid),
		     "“%s”%s 同时排了两班（另一班在 %s 第 %u 行）；可换一个人",
		     campaign_text(c, b->person), from, campaign_text(c, a->file), a->line);
	}
	g_hash_table_unref(said);
	g_array_unref(clashes);
}

void lint_periods(const struct lint *l)
{
	check_phases(l);
	if (!l->bad_holidays)
		check_years(l);
	if (l->bad_duty || l->bad_units)
		return;
	check_gaps(l);
	check_clashes(l);
}
