/*
 * diff_dates.c - differences of what calendars say: obligations, periods, shifts.
 */
#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/diff_private.h"
#include "daemon/campaign/load.h"

static char *minute_text(const struct campaign *c, wall_t t)
{
	struct civil at;

	local_split(zone_local(c->zone, t), &at);
	return g_strdup_printf("%04d-%02d-%02d %02d:%02d", at.year, at.month, at.day, at.hour,
			       at.minute);
}

static uint32_t find_obligation(const struct campaign *c, const char *uid)
{
	for (uint32_t i = 0; i < c->n_obligations; i++)
		if (!strcmp(campaign_text(c, c->obligations[i].uid), uid))
			return i;
	return NONE;
}

/* Does @unit of the old files owe @p of the new ones? */
static bool still_owes(const struct diff *d, uint32_t unit, const struct obligation *p)
{
	return d->units[unit] != NONE && campaign_owes(d->to, p, d->units[unit]);
}

static bool same_owing(const struct diff *d, const struct obligation *o, const struct obligation *p)
{
	if (o->owings != p->owings)
		return false;
	for (uint32_t i = 0; i < o->owings; i++)
		if (!still_owes(d, d->from->owing[o->owing + i], p))
			return false;
	return true;
}

static void say_owing(struct diff *d, const char *what, const struct obligation *o,
		      const struct obligation *p)
{
	const struct campaign *a = d->from;
	g_autofree char *told = NULL;
	unsigned n = 0;

	for (uint32_t i = 0; i < o->owings && d->told != NULL; i++) {
		uint32_t unit = a->owing[o->owing + i];

		if (still_owes(d, unit, p))
			continue;
		for (uint32_t k = 0; k < o->occurrences; k++)
			n += d->told->count(d->told->arg, o->occurrence + k, unit, false);
	}
	told = told_text(n, "将告知无需报送");
	diff_say(d, "%s报送单位有变：%u 家改为 %u 家%s", what, o->owings, p->owings, told);
}

static void diff_obligations(struct diff *d)
{
	const struct campaign *a = d->from, *b = d->to;

	for (uint32_t i = 0; i < a->n_obligations; i++) {
		const struct obligation *o = &a->obligations[i], *p;
		uint32_t now = find_obligation(b, campaign_text(a, o->uid));
		g_autofree char *what = g_strdup_printf("“%s”的", campaign_text(a, o->summary));
		g_autofree char *name = g_strconcat(what, "标题", NULL);
		g_autofree char *rule = g_strconcat(what, "督办规则", NULL);

		if (now == NONE)
			continue;
		p = &b->obligations[now];
		diff_text(d, name, campaign_text(a, o->summary), campaign_text(b, p->summary));
		diff_text(d, rule, campaign_text(a, a->policies[o->policy].name),
			  campaign_text(b, b->policies[p->policy].name));
		if (!same_owing(d, o, p))
			say_owing(d, what, o, p);
	}
}

/* ---- periods and shifts --------------------------------------------------- */

static GHashTable *period_keys(const struct campaign *c)
{
	GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (uint32_t i = 0; i < c->n_periods; i++) {
		const struct period *p = &c->periods[i];

		g_hash_table_insert(keys,
				    g_strdup_printf("%s\n%s", campaign_text(c, p->uid),
						    campaign_text(c, p->rid)),
				    (gpointer)p);
	}
	return keys;
}

static const struct period *same_period(const struct campaign *c, const struct period *p,
					GHashTable *in)
{
	g_autofree char *key =
		g_strdup_printf("%s\n%s", campaign_text(c, p->uid), campaign_text(c, p->rid));

	return g_hash_table_lookup(in, key);
}

static void say_period(struct diff *d, const char *verb, const struct campaign *c,
		       const struct period *p)
{
	g_autofree char *from = minute_text(c, p->from), *to = minute_text(c, p->to);

	diff_say(d, "%s：%s，%s 到 %s", verb, campaign_text(c, p->summary), from, to);
}

static void diff_periods(struct diff *d)
{
	GHashTable *old = period_keys(d->from), *new = period_keys(d->to);

	for (uint32_t i = 0; i < d->from->n_periods; i++) {
		const struct period *p = &d->from->periods[i], *now = same_period(d->from, p, new);

		if (!now)
			say_period(d, "减少时段", d->from, p);
		else if (now->from != p->from || now->to != p->to)
			say_period(d, "时段改为", d->to, now);
	}
	for (uint32_t i = 0; i < d->to->n_periods; i++)
		if (!same_period(d->to, &d->to->periods[i], old))
			say_period(d, "新增时段", d->to, &d->to->periods[i]);
	g_hash_table_unref(old);
	g_hash_table_unref(new);
}

/** Everything that makes a shift: who, when, as what. */
static GHashTable *shift_keys(const struct campaign *c, const struct roster *r)
{
	GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (uint32_t i = r->shift; i < r->shift + r->shifts; i++) {
		const struct shift *s = &c->shifts[i];

		g_hash_table_add(keys, g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT
						       " %d %s %s",
						       (gint64)s->from, (gint64)s->to, s->leader,
						       campaign_text(c, s->person),
						       campaign_text(c, s->email)));
	}
	return keys;
}

static unsigned count_missing(GHashTable *keys, GHashTable *in)
{
	GHashTableIter iter;
	gpointer key;
	unsigned n = 0;

	g_hash_table_iter_init(&iter, keys);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		n += !g_hash_table_contains(in, key);
	return n;
}

static const struct roster *find_roster(const struct campaign *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_rosters; i++)
		if (!strcmp(campaign_text(c, c->rosters[i].name), name))
			return &c->rosters[i];
	return NULL;
}

static void diff_rosters(struct diff *d)
{
	const struct campaign *a = d->from, *b = d->to;

	for (uint32_t i = 0; i < a->n_rosters; i++) {
		const char *name = campaign_text(a, a->rosters[i].name);
		const struct roster *now = find_roster(b, name);
		GHashTable *old, *new;

		if (!now) {
			diff_say(d, "减少值班表：%s", name);
			continue;
		}
		old = shift_keys(a, &a->rosters[i]);
		new = shift_keys(b, now);
		if (count_missing(old, new) || count_missing(new, old))
			diff_say(d, "值班表 %s：减少 %u 班，新增 %u 班", name,
				 count_missing(old, new), count_missing(new, old));
		g_hash_table_unref(old);
		g_hash_table_unref(new);
	}
	for (uint32_t i = 0; i < b->n_rosters; i++) {
		const char *name = campaign_text(b, b->rosters[i].name);

		if (!find_roster(a, name))
			diff_say(d, "新增值班表：%s，%u 班", name, b->rosters[i].shifts);
	}
}

void diff_dates(struct diff *d)
{
	diff_obligations(d);
	diff_due(d);
	diff_periods(d);
	diff_rosters(d);
}
