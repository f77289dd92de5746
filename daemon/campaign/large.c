/*
 * large.c - see large.h.
 */
#include "daemon/campaign/large.h"

#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/follow.h"
#include "daemon/campaign/load.h"

#define NAMES_MAX 3 /* given as examples */

struct large {
	const struct campaign *from, *to;
	const uint32_t *goes;  /* where the occurrences of from went */
	const uint32_t *units; /* and its units */
	wall_t first_loaded, now;
	GPtrArray *reasons;
};

static bool is_large(uint32_t gone, uint32_t all)
{
	return gone > 0 && gone >= (all + 4) / 5;
}

static void look_at_occurrences(struct large *l)
{
	uint32_t gone = 0;

	for (uint32_t i = 0; i < l->from->n_occurrences; i++)
		gone += l->goes[i] == NONE;
	if (is_large(gone, l->from->n_occurrences))
		g_ptr_array_add(l->reasons, g_strdup_printf("将删去 %u 期应报事项（原有 %u 期）",
							    gone, l->from->n_occurrences));
}

static void look_at_units(struct large *l)
{
	g_autoptr(GString) names = g_string_new(NULL);
	uint32_t gone = 0, all = 0;

	for (uint32_t i = 0; i < l->from->n_units; i++) {
		const struct unit *u = &l->from->units[i];

		if (u->sort != UNIT_REPORTS)
			continue;
		all++;
		if (l->units[i] != NONE)
			continue;
		if (gone++ < NAMES_MAX)
			g_string_append_printf(names, "%s%s", names->len > 0 ? "、" : "",
					       campaign_text(l->from, u->name));
	}
	if (is_large(gone, all))
		g_ptr_array_add(l->reasons,
				g_strdup_printf("将去掉 %u 个报送单位（原有 %u 个）：%s%s", gone,
						all, names->str, gone > NAMES_MAX ? "等" : ""));
}

/*
 * Reports belong to ids. When a table is sorted without its first column, or its rows are numbered
 * anew, whoever has reported is taken for another, and that one's superiors would hear.
 */
static void look_at_names(struct large *l)
{
	g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *first = NULL;
	const struct campaign *a = l->from, *b = l->to;
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->n_units; i++)
		g_hash_table_insert(owners, (gpointer)campaign_text(a, a->units[i].name),
				    GUINT_TO_POINTER(i + 1));
	for (uint32_t i = 0; i < a->n_units; i++) {
		const char *id = campaign_text(a, a->units[i].id),
			   *name = campaign_text(a, a->units[i].name), *now;
		uint32_t k = campaign_find_unit(b, id);

		if (k == NONE)
			continue;
		now = campaign_text(b, b->units[k].name);
		if (strcmp(now, name) == 0 || !g_hash_table_contains(owners, now) || n++ > 0)
			continue;
		first = g_strdup_printf("%s 原是%s，将是%s", id, name, now);
	}
	if (n > 0)
		g_ptr_array_add(l->reasons,
				g_strdup_printf("%u 个单位的编号将换给别的单位（%s%s），"
						"而报送记录跟着编号走",
						n, first, n > 1 ? " 等" : ""));
}

static uint32_t shifts_of(const struct campaign *c, const char *roster)
{
	for (uint32_t i = 0; i < c->n_rosters; i++)
		if (strcmp(campaign_text(c, c->rosters[i].name), roster) == 0)
			return c->rosters[i].shifts;
	return 0;
}

static void look_at_rosters(struct large *l)
{
	for (uint32_t i = 0; i < l->from->n_rosters; i++) {
		const struct roster *r = &l->from->rosters[i];
		const char *name = campaign_text(l->from, r->name);
		uint32_t now = shifts_of(l->to, name);

		if (now < r->shifts && is_large(r->shifts - now, r->shifts))
			g_ptr_array_add(l->reasons,
					g_strdup_printf("值班表 %s 将从 %u 班减为 %u 班", name,
							r->shifts, now));
	}
}

/*
 * Does the edit itself set the clock of @p's deadline anew? Zone files move instants and leave
 * the hour on the clock: a past deadline that they moved stands where it stood, and the files
 * differ from it for good though nobody edited them.
 */
static bool is_other_hour(const struct large *l, const struct occurrence *o,
			  const struct occurrence *p)
{
	return zone_local(l->from->zone, o->read) != zone_local(l->to->zone, p->read);
}

struct back {
	uint32_t moved;
	char *first;
};

/* As an office writes it; two that differ in seconds alone do not read alike. Caller frees. */
static char *moment(const struct campaign *c, wall_t t)
{
	struct civil at;

	local_split(zone_local(c->zone, t), &at);
	if (at.hour == 23 && at.minute == 59 && at.second == 59)
		return g_strdup_printf("%d年%d月%d日 24:00", at.year, at.month, at.day);
	if (at.second == 0)
		return g_strdup_printf("%d年%d月%d日 %02d:%02d", at.year, at.month, at.day, at.hour,
				       at.minute);
	return g_strdup_printf("%d年%d月%d日 %02d:%02d:%02d", at.year, at.month, at.day, at.hour,
			       at.minute, at.second);
}

static void count_back(const struct large *l, const struct occurrence *o,
		       const struct occurrence *p, struct back *b)
{
	g_autofree char *was = NULL, *is = NULL;

	if (b->moved++ > 0)
		return;
	was = moment(l->from, o->due);
	is = moment(l->to, p->due);
	b->first = g_strdup_printf("“%s” %s 改为 %s", campaign_text(l->to, p->summary), was, is);
}

static void say_back(struct large *l, struct back *b, const char *what)
{
	if (b->moved > 0)
		g_ptr_array_add(l->reasons, g_strdup_printf("%u 期%s：%s%s", b->moved, what,
							    b->first, b->moved > 1 ? " 等" : ""));
	g_free(b->first);
}

/* Whoever still had time would be overdue; whoever was on time would be late. */
static void look_at_deadlines(struct large *l)
{
	struct back into = {0}, further = {0};

	for (uint32_t i = 0; i < l->from->n_occurrences; i++) {
		const struct occurrence *o = &l->from->occurrences[i], *p;

		p = l->goes[i] == NONE ? NULL : &l->to->occurrences[l->goes[i]];
		if (p == NULL || p->due > l->now || p->due >= o->due)
			continue;
		if (o->due > l->now)
			count_back(l, o, p, &into);
		else if (is_other_hour(l, o, p))
			count_back(l, o, p, &further);
	}
	say_back(l, &into, "的截止时间将改到过去");
	say_back(l, &further, "已过的截止时间将再提前");
}

/* Of the units that owe @now: how many did not owe @was? @before: per unit of to, that of from. */
static uint32_t count_entrants(const struct large *l, const uint32_t *before,
			       const struct obligation *was, const struct obligation *now,
			       uint32_t *first)
{
	uint32_t n = 0;

	for (uint32_t i = now->owing; i < now->owing + now->owings; i++) {
		uint32_t unit = l->to->owing[i];

		if (before[unit] != NONE && campaign_owes(l->from, was, before[unit]))
			continue;
		if (n++ == 0)
			*first = unit;
	}
	return n;
}

/* Who is listed, or given a tag, today did not owe what was due before; its superiors would hear. */
static void look_at_entrants(struct large *l)
{
	const struct campaign *a = l->from, *b = l->to;
	g_autofree uint32_t *before = g_new(uint32_t, b->n_units + 1);
	uint32_t was = NONE, now = NONE, entrants = 0, items = 0, first = 0, unit = 0, some = 0;
	const wall_t tracked = b->track_from != WALL_NEVER ? b->track_from : l->first_loaded;

	memset(before, 0xff, sizeof(*before) * b->n_units); /* NONE */
	for (uint32_t i = 0; i < a->n_units; i++)
		if (l->units[i] != NONE)
			before[l->units[i]] = i;
	for (uint32_t i = 0; i < a->n_occurrences; i++) {
		const struct occurrence *o = &a->occurrences[i], *p;

		p = l->goes[i] == NONE ? NULL : &b->occurrences[l->goes[i]];
		if (p == NULL || o->due > l->now || p->due > l->now ||
		    b->obligations[p->obligation].category != CATEGORY_REPORT || p->due < tracked)
			continue;
		if (was != o->obligation || now != p->obligation) {
			was = o->obligation;
			now = p->obligation;
			entrants = count_entrants(l, before, &a->obligations[was],
						  &b->obligations[now], &some);
		}
		if (entrants > 0 && items == 0) {
			first = l->goes[i];
			unit = some;
		}
		items += entrants;
	}
	if (items > 0)
		g_ptr_array_add(
			l->reasons,
			g_strdup_printf(
				"新列入的单位将立即欠下 %u 件已过截止时间的报送（%s“%s”%s）", items,
				campaign_text(b, b->units[unit].name),
				campaign_text(b, b->occurrences[first].summary),
				items > 1 ? "等" : ""));
}

GPtrArray *campaign_large_edit(const struct campaign *from, const struct campaign *to,
			       wall_t first_loaded, wall_t now)
{
	g_autofree uint32_t *goes = campaign_follow(from, to);
	g_autofree uint32_t *units = campaign_follow_units(from, to);
	struct large l = {.from = from,
			  .to = to,
			  .goes = goes,
			  .units = units,
			  .first_loaded = first_loaded,
			  .now = now,
			  .reasons = g_ptr_array_new_with_free_func(g_free)};

	look_at_occurrences(&l);
	look_at_units(&l);
	look_at_names(&l);
	look_at_rosters(&l);
	look_at_deadlines(&l);
	look_at_entrants(&l);
	return l.reasons;
}
