/*
 * streak.c - the n-th consecutive miss of one obligation by one unit (P8).
 *
 * An item is missed if nothing was received by the earlier of its closes and the
 * obligation's next deadline + grace.  Exempt and returned items neither count nor
 * break a run; a late one breaks it.  Said once for the run, by the n-th item.
 */
#include "record.h"

struct series {
	struct engine *e;
	const struct obligation *ob;
	const struct policy *policy;
	struct occurrence_facts **facts;
	wall_t now, wake;
};

/* When item @it of occurrence number @i would be missed; WALL_NEVER: never. */
static wall_t missed_at(const struct series *s, uint32_t i, const struct item_fact *it)
{
	const struct ladder *own = engine_ladder(s->e, s->ob->occurrence + i, it->due);
	wall_t at = own->closes;

	if (i + 1 < s->ob->occurrences) {
		uint32_t next = s->ob->occurrence + i + 1;
		const struct ladder *l =
			engine_ladder(s->e, next, s->e->campaign->occurrences[next].due);

		at = MIN(at, l->on_time);
	}
	return at;
}

/* P11: what superiors wait for; a poll, a trusted clock, a decided tray bring us back. */
static bool is_fresh(struct series *s, uint32_t unit, wall_t missed)
{
	const struct engine *e = s->e;
	const char *id = engine_text(e, e->campaign->units[unit].id);

	if (e->polled > s->now && e->polled != WALL_NEVER) { /* by a clock that was ahead */
		s->wake = MIN(s->wake, e->polled);
		return false;
	}
	return e->polled >= missed && e->clock_trusted && !g_hash_table_contains(e->tray_units, id);
}

static int raise_streak(struct series *s, uint32_t occurrence, const struct item_fact *it,
			wall_t missed, struct err *err)
{
	struct engine *e = s->e;
	const struct streak *k = &s->policy->streak;
	struct recipients to;
	int rc = 0;

	recipients_init(&to);
	recipients_resolve(e->campaign, it->unit, k->to, k->tos, 0, s->now, &to);
	for (guint i = 0; i < to.list->len; i++)
		if (g_array_index(to.list, struct recipient, i).superior &&
		    !is_fresh(s, it->unit, missed))
			g_array_set_size(to.list,
					 0); /* on a fresh view only: the poll brings us back */
	for (guint i = 0; i < to.list->len && rc >= 0; i++) {
		struct record r = {
			.occurrence = occurrence,
			.unit = it->unit,
			.due = it->due,
			.step = engine_text(e, k->name),
			.n = NOTICE_N_STREAK,
			.to = g_array_index(to.list, struct recipient, i),
			.role = engine_text(e, g_array_index(to.list, struct recipient, i).role),
			.sort = SORT_STREAK,
			.state = NOTICE_PLANNED,
		};

		rc = record_notice(e, &r, s->now, err);
	}
	recipients_fini(&to);
	return rc;
}

static void on_told(void *arg, const struct notice *n)
{
	if (n->sort == SORT_STREAK)
		*(bool *)arg = true;
}

/* Said once for the run, also when the item's deadline was moved afterwards. */
static bool was_told(struct series *s, uint32_t occurrence, uint32_t unit)
{
	bool told = false;

	(void)store_notices(s->e->store, engine_occurrence_id(s->e, occurrence),
			    engine_unit_id(s->e, unit), on_told, &told);
	return told;
}

/* The run of one unit, up to now. */
static int follow(struct series *s, uint32_t unit, struct err *err)
{
	unsigned run = 0;
	int rc = 0;

	for (uint32_t i = 0; i < s->ob->occurrences && rc >= 0; i++) {
		const struct item_fact *it = facts_item(s->facts[i], unit);
		wall_t at, told;

		if (it == NULL || !it->tracked || it->exempt || it->returned)
			continue;
		at = missed_at(s, i, it);
		if (it->first_received <= at) {
			run = 0;
			continue;
		}
		if (at == WALL_NEVER)
			break;
		told = ladder_window_on(s->e->campaign->zone, s->e->campaign->days,
					&s->policy->window, at);
		if (told > s->now) {
			s->wake = MIN(s->wake, told);
			break;
		}
		if (++run == s->policy->streak.misses && !facts_paused(s->e, unit) &&
		    !was_told(s, s->ob->occurrence + i, unit)) {
			if (ladder_window_inside(s->e->campaign->zone, s->e->campaign->days,
						 &s->policy->window, s->now))
				rc = raise_streak(s, s->ob->occurrence + i, it, at, err);
			else
				s->wake =
					MIN(s->wake, ladder_window_on(s->e->campaign->zone,
								      s->e->campaign->days,
								      &s->policy->window, s->now));
		}
	}
	return rc;
}

int streak_plan(struct engine *e, uint32_t obligation, wall_t now, wall_t *wake_out,
		struct err *err)
{
	const struct obligation *ob = &e->campaign->obligations[obligation];
	struct series s = {
		.e = e,
		.ob = ob,
		.policy = &e->campaign->policies[ob->policy],
		.now = now,
		.wake = WALL_NEVER,
	};
	int rc = 0;

	s.facts = g_new0(struct occurrence_facts *, ob->occurrences + 1);
	for (uint32_t i = 0; i < ob->occurrences; i++)
		s.facts[i] = facts_load(e, ob->occurrence + i, NONE);
	for (uint32_t i = 0; i < ob->owings && rc >= 0; i++)
		rc = follow(&s, e->campaign->owing[ob->owing + i], err);
	for (uint32_t i = 0; i < ob->occurrences; i++)
		facts_free(&s.facts[i]);
	g_free(s.facts);
	*wake_out = s.wake;
	return rc;
}
