/*
 * vzone.c - the VTIMEZONE of a file as a table of transitions.
 *
 * The table is made once, up to VZONE_YEAR_LAST; beyond it the last offset holds. Gaps and
 * doubled hours are resolved as zone.h does: the offset before a gap, the first of two.
 */
#include "vzone.h"

#include <errno.h>

/* Steps of all rules of one VTIMEZONE; a yearly rule from 1601 on takes about 15,000. */
#define STEPS_MAX 200000

struct transition {
	int64_t at; /* seconds UTC */
	int from, to;
};

struct vzone {
	GArray *transitions; /* by .at */
	unsigned observances;
	int64_t steps;
};

struct vzone *vzone_new(void)
{
	struct vzone *v = g_new0(struct vzone, 1);

	v->steps = STEPS_MAX;
	v->transitions = g_array_new(FALSE, FALSE, sizeof(struct transition));
	return v;
}

void vzone_free(struct vzone **vp)
{
	struct vzone *v = *vp;

	if (v == NULL)
		return;
	*vp = NULL;
	g_array_free(v->transitions, TRUE);
	g_free(v);
}

static void add_onset(struct vzone *v, const struct vzone_observance *o, local_t t)
{
	struct transition x = {.at = t - o->from, .from = o->from, .to = o->to};

	if (v->transitions->len < VZONE_TRANSITIONS_MAX)
		g_array_append_val(v->transitions, x);
}

static void add_rule(struct vzone *v, const struct vzone_observance *o, const struct rrule *rule)
{
	local_t stop = local_at(date_from(VZONE_YEAR_LAST, 12, 31), 0), t;
	struct rrule_iter it;

	if (rule->until_kind == RRULE_UNTIL_UTC)
		stop = MIN(stop, rule->until + o->from);
	else if (rule->until_kind != RRULE_UNTIL_NONE)
		stop = MIN(stop, rule->until);
	rrule_iter_init(&it, rule, o->start, false, stop, v->steps);
	while (v->transitions->len < VZONE_TRANSITIONS_MAX && rrule_iter_next(&it, &t) == 1)
		if (t != o->start)
			add_onset(v, o, t);
	v->steps = MAX(it.steps, 0);
}

void vzone_add(struct vzone *v, const struct vzone_observance *o)
{
	if (v->observances++ >= VZONE_OBSERVANCES_MAX)
		return;
	add_onset(v, o, o->start);
	for (guint i = 0; o->rules != NULL && i < o->rules->len; i++)
		add_rule(v, o, &g_array_index(o->rules, struct rrule, i));
	for (guint i = 0; o->dates != NULL && i < o->dates->len; i++)
		add_onset(v, o, g_array_index(o->dates, local_t, i));
}

static gint by_instant(gconstpointer a, gconstpointer b)
{
	const struct transition *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

int vzone_seal(struct vzone *v)
{
	g_array_sort(v->transitions, by_instant);
	return v->transitions->len > 0 ? 0 : -EINVAL;
}

/* The offset of segment @i: 0 lies before the first transition. */
static int segment_offset(const struct vzone *v, guint i)
{
	if (i == 0)
		return g_array_index(v->transitions, struct transition, 0).from;
	return g_array_index(v->transitions, struct transition, i - 1).to;
}

/* How many transitions lie at or before @second. */
static guint segment_of(const struct vzone *v, int64_t second)
{
	guint low = 0, high = v->transitions->len;

	while (low < high) {
		guint middle = (low + high) / 2;

		if (g_array_index(v->transitions, struct transition, middle).at <= second)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int64_t floor_second(wall_t t)
{
	return (t >= 0 ? t : t - (SECOND - 1)) / SECOND;
}

int vzone_offset(const struct vzone *v, wall_t t)
{
	return segment_offset(v, segment_of(v, floor_second(t)));
}

wall_t vzone_instant(const struct vzone *v, local_t t, enum zone_fit *fit_out)
{
	/* No offset is larger than a day, so these segments are all that may hold @t. */
	guint first = segment_of(v, t - DAY_SECONDS), last = segment_of(v, t + DAY_SECONDS);
	int found = 0, before = segment_offset(v, first);
	int64_t at = 0;

	for (guint i = first; i <= last; i++) {
		int64_t candidate = t - segment_offset(v, i);

		if (segment_of(v, candidate) == i) {
			if (found++ == 0)
				at = candidate;
		} else if (found == 0 && segment_of(v, candidate) > i) {
			before = segment_offset(v, i);
		}
	}
	if (found == 0)
		at = t - before;
	if (fit_out != NULL)
		*fit_out = found == 0 ? ZONE_SKIPPED : found == 1 ? ZONE_UNIQUE : ZONE_REPEATED;
	return at * SECOND;
}

wall_t tz_instant(const struct tz *z, local_t t, enum zone_fit *fit_out)
{
	if (z->own != NULL)
		return vzone_instant(z->own, t, fit_out);
	if (z->utc) {
		if (fit_out != NULL)
			*fit_out = ZONE_UNIQUE;
		return t * SECOND;
	}
	return zone_instant(z->zone, t, fit_out);
}

local_t tz_local(const struct tz *z, wall_t t)
{
	if (z->own != NULL)
		return floor_second(t) + vzone_offset(z->own, t);
	if (z->utc)
		return floor_second(t);
	return zone_local(z->zone, t);
}
