/*
 * whole.c - expansion without a window.
 *
 * calendar_expand() wants a window, and a calendar in which one rule has no end has no natural
 * one: series without an end are shown up to a horizon, the others to theirs.
 */
#include "daemon/campaign/whole.h"

#define LATE_MAX (3660 * DAY) /* how far behind the horizon bounded rules are followed */

wall_t end_of_day(const struct zone *z, date_t day)
{
	return zone_instant(z, local_at(day, DAY_SECONDS - 1), NULL);
}

/** Add to @all what series with an end have behind @horizon. */
static void add_late(struct calendar *calendar, wall_t horizon, GPtrArray *all)
{
	GHashTable *endless = calendar_endless(calendar);
	GPtrArray *late = calendar_expand(calendar, horizon, horizon + LATE_MAX,
					  &calendar_limits_campaign, NULL);

	while (late->len > 0) {
		struct instance *x = g_ptr_array_steal_index(late, late->len - 1);

		/* What reaches over the horizon is in @all already. */
		if (x->start >= horizon && !g_hash_table_contains(endless, x->component->uid))
			g_ptr_array_add(all, x);
		else
			g_free(x);
	}
	g_ptr_array_unref(late);
	g_hash_table_unref(endless);
}

GPtrArray *whole_expand(struct calendar *calendar, wall_t horizon, struct findings *findings)
{
	wall_t reach = calendar_reach(calendar);
	wall_t to = reach == WALL_NEVER ? horizon : MAX(reach, horizon - DAY) + DAY;
	GPtrArray *all =
		calendar_expand(calendar, WALL_ALWAYS, to, &calendar_limits_campaign, findings);

	if (reach == WALL_NEVER)
		add_late(calendar, horizon, all);
	return all;
}
