/*
 * large.c - see large.h.
 */
#include "daemon/campaign/large.h"

#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/load.h"

#define NAMES_MAX 3 /* given as examples */

struct large {
	const struct campaign *from, *to;
	wall_t now;
	GPtrArray *reasons;
};

static bool is_large(uint32_t gone, uint32_t all)
{
	return gone > 0 && gone >= (all + 4) / 5;
}

static const char *uid_of(const struct campaign *c, const struct occurrence *o)
{
	return campaign_text(c, c->obligations[o->obligation].uid);
}

/* How often a key is in the table. */
static uint32_t count_of(GHashTable *t, const char *key)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(t, key));
}

static void count_one(GHashTable *t, char *key)
{
	g_hash_table_replace(t, key, GUINT_TO_POINTER(count_of(t, key) + 1));
}

/* Two occurrences of equal key are the same thing under two UIDs. */
static char *thing_key(const struct campaign *c, const struct occurrence *o)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " %s", o->written, campaign_text(c, o->summary));
}

static GHashTable *counts(const struct campaign *c, bool by_uid)
{
	GHashTable *t = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		const struct occurrence *o = &c->occurrences[i];

		count_one(t, by_uid ? g_strdup(uid_of(c, o)) : thing_key(c, o));
	}
	return t;
}

/*
 * A series that was dragged has as many instances as before under other RECURRENCE-IDs, so
 * they are counted by UID; what is missing there may go on under another.
 */
static void look_at_occurrences(struct large *l)
{
	g_autoptr(GHashTable) before = counts(l->from, true), after = counts(l->to, true);
	g_autoptr(GHashTable) things = counts(l->to, false);
	g_autoptr(GHashTable) left = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	uint32_t gone = 0;

	for (uint32_t i = 0; i < l->from->n_occurrences; i++) {
		const struct occurrence *o = &l->from->occurrences[i];
		const char *uid = uid_of(l->from, o);
		g_autofree char *thing = thing_key(l->from, o);

		if (count_of(things, thing) > 0 || count_of(before, uid) <= count_of(after, uid))
			continue;
		/* Of those that are not where they were, as many as are lacking. */
		if (count_of(left, uid) >= count_of(before, uid) - count_of(after, uid))
			continue;
		count_one(left, g_strdup(uid));
		gone++;
	}
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
		if (campaign_find_unit(l->to, campaign_text(l->from, u->id)) != NONE)
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

static void look_at_deadlines(struct large *l)
{
	uint32_t moved = 0;
	g_autofree char *first = NULL;

	for (uint32_t i = 0; i < l->from->n_occurrences; i++) {
		const struct occurrence *o = &l->from->occurrences[i], *p;
		uint32_t k = campaign_find_occurrence(l->to, uid_of(l->from, o),
						      campaign_text(l->from, o->rid));

		p = k == NONE ? NULL : &l->to->occurrences[k];
		if (p == NULL || o->due <= l->now || p->due > l->now)
			continue;
		if (moved++ == 0) {
			g_autofree char *was = zone_format(l->from->zone, o->due);
			g_autofree char *is = zone_format(l->to->zone, p->due);

			first = g_strdup_printf("“%s” %s 改为 %s", campaign_text(l->to, p->summary),
						was, is);
		}
	}
	if (moved > 0)
		g_ptr_array_add(l->reasons, g_strdup_printf("%u 期的截止时间将改到过去：%s%s",
							    moved, first, moved > 1 ? " 等" : ""));
}

GPtrArray *campaign_large_edit(const struct campaign *from, const struct campaign *to, wall_t now)
{
	struct large l = {from, to, now, g_ptr_array_new_with_free_func(g_free)};

	look_at_occurrences(&l);
	look_at_units(&l);
	look_at_rosters(&l);
	look_at_deadlines(&l);
	return l.reasons;
}
