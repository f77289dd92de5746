/*
 * calendar.c - series of campaign.ics by their category; days from holidays.ics.
 *
 *   campaign.ics -> series (by UID) -> meaning -> phases -> horizon
 *                                              -> periods, days off, obligations
 */
#include "daemon/campaign/calendar.h"

#include <errno.h>
#include <string.h>

#include "calendars/days.h"
#include "daemon/campaign/categories.h"
#include "daemon/campaign/owed.h"
#include "daemon/campaign/whole.h"

#define HOLIDAYS_BEHIND (800 * DAY) /* steps reach behind the last deadline */
#define DAYS_OFF_MAX 366            /* of one event */

/* ---- days ---------------------------------------------------------------- */

static void mark_days(const struct instance *x, bool work, struct days *days)
{
	date_t first = local_date(x->local_start);
	date_t last = x->local_end > x->local_start ? local_date(x->local_end - 1) : first;

	last = MIN(last, first + DAYS_OFF_MAX - 1);
	for (date_t day = first; day <= last; day++) {
		if (work)
			days_set_work(days, day);
		else
			days_set_off(days, day);
	}
}

/** 上班(补春节假期), 国庆节补班: what published calendars of holidays write without a category. */
static bool sounds_like_work(const struct calendar_component *x)
{
	return g_str_has_prefix(x->summary, "上班") || g_str_has_suffix(x->summary, "上班") ||
	       g_str_has_suffix(x->summary, "补班") || g_str_has_suffix(x->summary, "(班)") ||
	       g_str_has_suffix(x->summary, "（班）");
}

static bool is_work(struct build *b, const struct calendar_component *x, GHashTable *said)
{
	if (x->categories->len > 0)
		return category_first(b, x) == CATEGORY_WORK;
	if (!sounds_like_work(x))
		return false;
	if (g_hash_table_add(said, (gpointer)x))
		findings_add(b->findings, SEVERITY_WARNING, x->file, x->line, 0, "WORK_BY_SUMMARY",
			     x->uid, "“%.60s”没有类别，按标题当作调休上班；可加上类别“班”",
			     x->summary);
	return true;
}

static int read_holidays(struct build *b, wall_t horizon, struct days *days)
{
	const struct campaign_file *file = campaign_files_find(b->files, HOLIDAYS_FILE);
	struct calendar *calendar;
	GPtrArray *all;
	GHashTable *said;
	int rc;

	if (!file)
		return 0;
	calendar = calendar_new(b->c->zone);
	said = g_hash_table_new(NULL, NULL);
	rc = campaign_file_calendar(file, calendar, b->findings);
	all = whole_expand(calendar, horizon + HOLIDAYS_BEHIND, b->findings);
	for (unsigned i = 0; i < all->len; i++) {
		const struct instance *x = all->pdata[i];

		if (!x->cancelled)
			mark_days(x, is_work(b, x->component, said), days);
	}
	g_ptr_array_unref(all);
	g_hash_table_unref(said);
	calendar_free(&calendar);
	return rc < 0 ? -EINVAL : 0;
}

/* ---- series -------------------------------------------------------------- */

static void series_free(gpointer data)
{
	struct series_of *s = data;

	meaning_fini(&s->meaning);
	g_ptr_array_unref(s->instances);
	g_free(s);
}

static bool is_usable(struct build *b, const struct calendar_component *x, GHashTable *by_uid)
{
	const struct series_of *s;

	if (!*x->uid) {
		component_error(b, x, "NO_UID",
				"“%.60s”没有 UID，认不出是哪一项；可用日历软件重新保存，"
				"改好以前这一项不算",
				x->summary);
		return false;
	}
	s = g_hash_table_lookup(by_uid, x->uid);
	if (!s || s->master->todo == x->todo)
		return true;
	component_error(b, x, "DUPLICATE_UID",
			"UID“%.80s”第 %d 行的事件或任务已经用了；可换一个 UID，改好以前这一项不算",
			x->uid, s->master->line);
	return false;
}

/** Components by UID, in file order; instances are added by fill_series(). */
static GPtrArray *group_series(struct build *b, const struct calendar *calendar, GHashTable *by_uid)
{
	const GPtrArray *components = calendar_components(calendar);
	GPtrArray *list = g_ptr_array_new_with_free_func(series_free);

	for (unsigned i = 0; i < components->len; i++) {
		const struct calendar_component *x = components->pdata[i];
		struct series_of *s;

		policies_mark(b, x);
		if (x->superseded || !is_usable(b, x, by_uid) ||
		    g_hash_table_contains(by_uid, x->uid))
			continue;
		s = g_new0(struct series_of, 1);
		s->master = x;
		s->instances = g_ptr_array_new();
		g_ptr_array_add(list, s);
		g_hash_table_insert(by_uid, x->uid, s);
	}
	return list;
}

static gint rid_compare(gconstpointer pa, gconstpointer pb)
{
	const struct instance *a = *(struct instance *const *)pa;
	const struct instance *b = *(struct instance *const *)pb;

	if (a->rid_at != b->rid_at)
		return a->rid_at < b->rid_at ? -1 : 1;
	return strcmp(a->rid, b->rid);
}

/**
 * Programs may write an override before what it overrides: the master is the component that
 * stands behind most instances, the first in the file among equals.
 */
static void choose_master(struct series_of *s)
{
	GHashTable *counts = g_hash_table_new(NULL, NULL);
	unsigned most = 0;

	for (unsigned i = 0; i < s->instances->len; i++) {
		const struct instance *x = s->instances->pdata[i];
		gpointer key = (gpointer)x->component;
		unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, key)) + 1;

		g_hash_table_insert(counts, key, GUINT_TO_POINTER(n));
		if (n > most || (n == most && x->component->line < s->master->line)) {
			most = n;
			s->master = x->component;
		}
	}
	g_hash_table_unref(counts);
}

static void fill_series(struct build *b, GPtrArray *list, GHashTable *by_uid, const GPtrArray *all)
{
	for (unsigned i = 0; i < all->len; i++) {
		struct instance *x = all->pdata[i];
		struct series_of *s = g_hash_table_lookup(by_uid, x->component->uid);

		if (s && s->master->todo == x->component->todo)
			g_ptr_array_add(s->instances, x);
	}
	for (unsigned i = 0; i < list->len; i++) {
		struct series_of *s = list->pdata[i];

		g_ptr_array_sort(s->instances, rid_compare);
		choose_master(s);
		meaning_read(b, s->master, &s->meaning);
	}
}

/** How far rules without an end go: to the end of the last phase, if there is one. */
static wall_t horizon_of(const struct build *b, const struct calendar *calendar)
{
	const GPtrArray *components = calendar_components(calendar);
	wall_t horizon = WALL_ALWAYS;

	for (unsigned i = 0; i < components->len; i++) {
		const struct calendar_component *x = components->pdata[i];

		if (x->superseded || !strcmp(x->status, "CANCELLED") ||
		    category_first(b, x) != CATEGORY_PHASE)
			continue;
		horizon = MAX(horizon, x->recurs ? MAX(b->until, x->end) : x->end);
	}
	return horizon == WALL_ALWAYS ? b->until : horizon;
}

/* ---- periods ------------------------------------------------------------- */

struct period_at {
	struct period period;
	int line;
};

static gint period_compare(gconstpointer pa, gconstpointer pb, gpointer data)
{
	const struct build *b = data;
	const struct period *x = &((const struct period_at *)pa)->period;
	const struct period *y = &((const struct period_at *)pb)->period;
	int order;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	order = strcmp(build_text(b, x->uid), build_text(b, y->uid));
	return order ? order : strcmp(build_text(b, x->rid), build_text(b, y->rid));
}

static void add_periods(struct build *b, const struct series_of *s, GArray *out)
{
	for (unsigned i = 0; i < s->instances->len; i++) {
		const struct instance *x = s->instances->pdata[i];
		struct period_at p = {.line = x->component->line};

		if (x->cancelled)
			continue;
		p.period.category = (uint8_t)s->meaning.category;
		p.period.uid = texts_add(b->texts, x->component->uid);
		p.period.rid = texts_add(b->texts, x->rid);
		p.period.summary = texts_add(b->texts, x->component->summary);
		p.period.from = x->start;
		p.period.to = MAX(x->start, x->end);
		g_array_append_val(out, p);
	}
}

static void settle_periods(struct build *b, GArray *list)
{
	g_array_sort_with_data(list, period_compare, b);
	b->c->starts = WALL_NEVER;
	b->c->ends = WALL_ALWAYS;
	for (unsigned i = 0; i < list->len; i++) {
		const struct period_at *p = build_at(list, struct period_at, i);

		g_array_append_val(b->periods, p->period);
		g_array_append_val(b->period_lines, p->line);
		if (p->period.category == CATEGORY_PHASE) {
			b->c->starts = MIN(b->c->starts, p->period.from);
			b->c->ends = MAX(b->c->ends, p->period.to);
		}
	}
}

/** What is not owed: periods, days off of the campaign's own, misplaced shifts. */
static void read_unowed(struct build *b, const GPtrArray *series, struct days *days)
{
	GArray *periods = g_array_new(FALSE, FALSE, sizeof(struct period_at));

	for (unsigned i = 0; i < series->len; i++) {
		const struct series_of *s = series->pdata[i];
		enum category category = s->meaning.category;

		if (category == CATEGORY_PHASE || category == CATEGORY_BULLETIN ||
		    category == CATEGORY_WATCH)
			add_periods(b, s, periods);
		if (category == CATEGORY_DUTY)
			component_error(b, s->master, "WRONG_FILE",
					"班次应写在 duty/ 里的值班表；可移过去，这一项不算");
		if (category != CATEGORY_OFF && category != CATEGORY_WORK)
			continue;
		for (unsigned k = 0; k < s->instances->len; k++) {
			const struct instance *x = s->instances->pdata[k];

			if (!x->cancelled)
				mark_days(x, category == CATEGORY_WORK, days);
		}
	}
	settle_periods(b, periods);
	g_array_unref(periods);
}

int calendars_read(struct build *b, wall_t *horizon)
{
	const struct campaign_file *file = campaign_files_find(b->files, CALENDAR_FILE);
	struct calendar *calendar = calendar_new(b->c->zone);
	GHashTable *by_uid = g_hash_table_new(g_str_hash, g_str_equal);
	struct days *days = days_new();
	GPtrArray *all, *series;
	int rc = 0;

	/* It may come from a source that has never been read. */
	if (file && campaign_file_calendar(file, calendar, b->findings) < 0)
		rc = -EINVAL;
	*horizon = horizon_of(b, calendar);
	series = group_series(b, calendar, by_uid);
	all = whole_expand(calendar, *horizon, b->findings);
	fill_series(b, series, by_uid, all);
	read_unowed(b, series, days);
	if (read_holidays(b, *horizon, days) < 0)
		rc = -EINVAL;
	days_seal(days);
	b->c->days = days; /* owned by the campaign from here on */
	owed_read(b, series);
	g_ptr_array_unref(series);
	g_ptr_array_unref(all);
	g_hash_table_unref(by_uid);
	calendar_free(&calendar);
	return rc;
}
