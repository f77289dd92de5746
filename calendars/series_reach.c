/*
 * series_reach.c - how far into the future a series reaches, without expanding it.
 */
#include "series.h"

/* The last start of a rule, WALL_NEVER if it has no end or a walk to it is too long. */
static wall_t rule_reach(const struct ical_component *c, const struct rrule *r, int64_t *pool)
{
	local_t last = c->start.local, t;
	struct rrule_iter it;
	int rc;

	if (r->until_kind == RRULE_UNTIL_UTC)
		return r->until * SECOND;
	if (r->until_kind != RRULE_UNTIL_NONE)
		return tz_instant(c->start.tz, r->until, NULL);
	if (r->count == 0)
		return WALL_NEVER;
	rrule_iter_init(&it, r, c->start.local, c->start.date, INT64_MAX / 4, steps_grant(*pool));
	while ((rc = rrule_iter_next(&it, &t)) == 1)
		last = t;
	steps_settle(pool, it.steps);
	/* A day of slack for instances that a DST gap swallowed: COUNT goes on to the next. */
	return rc == 0 ? tz_instant(c->start.tz, last, NULL) : WALL_NEVER;
}

static wall_t component_reach(const struct ical_component *c, int64_t *pool)
{
	wall_t length = c->shown.end - c->shown.start, reach = c->shown.end;

	for (guint i = 0; c->rules != NULL && i < c->rules->len; i++) {
		const struct ical_rule *r = &g_array_index(c->rules, struct ical_rule, i);
		wall_t last = rule_reach(c, &r->rule, pool);

		if (last == WALL_NEVER)
			return WALL_NEVER;
		reach = MAX(reach, last + length + DAY);
	}
	for (guint i = 0; c->extras != NULL && i < c->extras->len; i++) {
		const struct ical_extra *e = &g_array_index(c->extras, struct ical_extra, i);
		wall_t at = ical_instant(&e->at, NULL);

		reach = MAX(reach, e->extent.kind != LENGTH_NONE
					   ? ical_end(c, &e->extent, &e->at, at)
					   : at + length + DAY);
	}
	return reach;
}

wall_t series_reach(const struct series *s, int64_t *pool)
{
	wall_t reach = WALL_ALWAYS;

	if (s->master != NULL)
		reach = component_reach(s->master, pool);
	for (guint i = 0; s->overrides != NULL && i < s->overrides->len; i++) {
		const struct ical_component *o = s->overrides->pdata[i];

		if (reach != WALL_NEVER)
			reach = MAX(reach, o->shown.end);
	}
	return reach;
}
