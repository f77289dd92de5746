/*
 * diff_due.c - deadlines that came, went or moved, with what that does.
 *
 * A series that was dragged is one sentence, not eighteen: occurrences of one obligation
 * that were moved by the same distance on the wall clock are told together.
 */
#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/diff_private.h"
#include "daemon/campaign/follow.h"

enum change { CHANGE_MOVED, CHANGE_GONE, CHANGE_NEW };

/* Occurrences that are told together. */
struct due_group {
	enum change change;
	uint32_t obligation;  /* of from; of a new one: of to */
	dur_t by;             /* moved, on the wall clock */
	uint32_t first, last; /* the same way */
	uint32_t first_now;   /* moved: where the first went */
	uint32_t n;
	unsigned told;
};

struct due_diff {
	struct diff *d;
	bool one_year;
	GArray *groups; /* struct due_group, by first */
	guint fresh;    /* groups of the obligation at hand begin here */
};

char *told_text(unsigned n, const char *what)
{
	return n == 0 ? g_strdup("") : g_strdup_printf("，已发提醒%u件%s", n, what);
}

static int year_of(const struct campaign *c, wall_t t)
{
	struct civil at;

	local_split(zone_local(c->zone, t), &at);
	return at.year;
}

static bool is_one_year(const struct diff *d)
{
	const struct campaign *both[] = {d->from, d->to};
	int year = 0;

	for (int k = 0; k < 2; k++)
		for (uint32_t i = 0; i < both[k]->n_occurrences; i++) {
			int have = year_of(both[k], both[k]->occurrences[i].due);

			if (year != 0 && have != year)
				return false;
			year = have;
		}
	return true;
}

/* "10月4日 17:00"; a day without its end, and the year where there are two. */
static char *due_text(const struct due_diff *x, const struct campaign *c, wall_t t)
{
	g_autofree char *year = NULL;
	struct civil at;

	local_split(zone_local(c->zone, t), &at);
	year = x->one_year ? g_strdup("") : g_strdup_printf("%d年", at.year);
	if (at.hour == 23 && at.minute == 59 && at.second == 59)
		return g_strdup_printf("%s%d月%d日", year, at.month, at.day);
	return g_strdup_printf("%s%d月%d日 %02d:%02d", year, at.month, at.day, at.hour, at.minute);
}

/* "第3期周报", "工作方案"; caller frees. */
static char *title(const struct campaign *c, const struct occurrence *x)
{
	const char *summary = campaign_text(c, x->summary);

	return c->obligations[x->obligation].recurs
		       ? g_strdup_printf("第%u期%s", x->number, summary)
		       : g_strdup(summary);
}

/* "提前1小时", "推迟2天3小时". */
static char *by_text(dur_t by)
{
	static const struct {
		dur_t size;
		const char *word;
	} units[] = {{DAY, "天"}, {HOUR, "小时"}, {MINUTE, "分钟"}};
	GString *s = g_string_new(by == 0 ? "随时区改动" : by < 0 ? "提前" : "推迟");
	dur_t left = ABS(by);

	for (size_t i = 0; i < G_N_ELEMENTS(units); left %= units[i++].size)
		if (left >= units[i].size)
			g_string_append_printf(s, "%" G_GINT64_FORMAT "%s", left / units[i].size,
					       units[i].word);
	return g_string_free(s, FALSE);
}

static void say_moved(const struct due_diff *x, const struct due_group *g)
{
	const struct campaign *a = x->d->from, *b = x->d->to;
	const struct occurrence *was = &a->occurrences[g->first],
				*is = &b->occurrences[g->first_now];
	unsigned units = b->obligations[is->obligation].owings;
	g_autofree char *name = title(a, was), *old = due_text(x, a, was->due);
	g_autofree char *new = due_text(x, b, is->due);
	g_autofree char *told = told_text(g->told, "将更正"), *by = by_text(g->by);

	if (g->n == 1)
		diff_say(x->d, "%s %s → %s，涉及%u个单位%s", name, old, new, units, told);
	else
		diff_say(x->d, "%s共%u期，每期%s（%s %s → %s），涉及%u个单位%s",
			 campaign_text(a, a->obligations[g->obligation].summary), g->n, by, name,
			 old, new, units, told);
}

static void say_came_or_went(const struct due_diff *x, const struct due_group *g)
{
	bool gone = g->change == CHANGE_GONE;
	const struct campaign *c = gone ? x->d->from : x->d->to;
	const struct occurrence *first = &c->occurrences[g->first],
				*last = &c->occurrences[g->last];
	const struct obligation *ob = &c->obligations[g->obligation];
	bool report = ob->category == CATEGORY_REPORT; /* else what the office does itself */
	const char *verb = gone ? "取消" : "新增", *what = report ? "报送" : "节点";
	g_autofree char *name = title(c, first), *name_last = title(c, last);
	g_autofree char *due = due_text(x, c, first->due), *due_last = due_text(x, c, last->due);
	g_autofree char *told = told_text(g->told, "将告知无需报送");

	if (g->n == 1)
		diff_say(x->d, "%s%s：%s，%s%s %s，涉及%u个单位%s", verb, what, name,
			 gone ? "原" : "", report ? "截止" : "定于", due, ob->owings, told);
	else
		diff_say(x->d, "%s%s：%s共%u期（%s %s 至%s %s），涉及%u个单位%s", verb, what,
			 campaign_text(c, ob->summary), g->n, name, due, name_last, due_last,
			 ob->owings, told);
}

static unsigned told_of(const struct due_diff *x, uint32_t occurrence, bool moved)
{
	const struct diff_told *told = x->d->told;

	return told == NULL ? 0 : told->count(told->arg, occurrence, NONE, moved);
}

static void add(struct due_diff *x, const struct due_group *one)
{
	for (guint i = x->fresh; i < x->groups->len; i++) {
		struct due_group *g = &g_array_index(x->groups, struct due_group, i);

		if (g->change != one->change || g->obligation != one->obligation ||
		    g->by != one->by)
			continue;
		g->last = one->last;
		g->n++;
		g->told += one->told;
		return;
	}
	g_array_append_vals(x->groups, one, 1);
}

static void look_at_old(struct due_diff *x, const uint32_t *goes)
{
	const struct campaign *a = x->d->from, *b = x->d->to;

	for (uint32_t i = 0; i < a->n_occurrences; i++) {
		const struct occurrence *was = &a->occurrences[i];
		struct due_group one = {CHANGE_GONE, was->obligation, 0, i, i, goes[i], 1, 0};

		if (i == a->obligations[was->obligation].occurrence)
			x->fresh = x->groups->len;
		if (goes[i] != NONE) {
			wall_t due = b->occurrences[goes[i]].due;

			if (due == was->due)
				continue;
			one.change = CHANGE_MOVED;
			one.by =
				(zone_local(b->zone, due) - zone_local(a->zone, was->due)) * SECOND;
		}
		one.told = told_of(x, i, one.change == CHANGE_MOVED);
		add(x, &one);
	}
}

static void look_at_new(struct due_diff *x, const uint32_t *goes)
{
	const struct campaign *b = x->d->to;
	g_autofree bool *known = g_new0(bool, b->n_occurrences + 1);

	for (uint32_t i = 0; i < x->d->from->n_occurrences; i++)
		if (goes[i] != NONE)
			known[goes[i]] = true;
	for (uint32_t k = 0; k < b->n_occurrences; k++) {
		uint32_t ob = b->occurrences[k].obligation;
		struct due_group one = {CHANGE_NEW, ob, 0, k, k, NONE, 1, 0};

		if (k == b->obligations[ob].occurrence)
			x->fresh = x->groups->len;
		if (!known[k])
			add(x, &one);
	}
}

void diff_due(struct diff *d)
{
	g_autofree uint32_t *goes = campaign_follow(d->from, d->to);
	struct due_diff x = {d, is_one_year(d), NULL, 0};

	x.groups = g_array_new(FALSE, FALSE, sizeof(struct due_group));
	look_at_old(&x, goes);
	look_at_new(&x, goes);
	for (guint i = 0; i < x.groups->len; i++) {
		const struct due_group *g = &g_array_index(x.groups, struct due_group, i);

		if (g->change == CHANGE_MOVED)
			say_moved(&x, g);
		else
			say_came_or_went(&x, g);
	}
	g_array_unref(x.groups);
}
