/*
 * roster.c - coverage and overlap of shifts.
 *
 * Coverage is asked of the union of all shifts of a part, made once and searched for
 * each period; overlap is a sweep over each person's shifts in the order they begin.
 */
#include "roster.h"

#include <stdlib.h>
#include <string.h>

struct stretch {
	wall_t from, to;
};

static bool shift_counts(const struct shift *s, uint32_t roster)
{
	return s->from < s->to && (roster == NONE || s->roster == roster);
}

static int stretch_compare(const void *pa, const void *pb)
{
	const struct stretch *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/** The time that leaders (or staff) are on duty, as disjoint stretches in order. */
static GArray *roster_union(const struct shift *shifts, uint32_t n, uint32_t roster, bool leader)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct stretch));
	GArray *merged = g_array_new(FALSE, FALSE, sizeof(struct stretch));

	for (uint32_t i = 0; i < n; i++) {
		struct stretch s = {shifts[i].from, shifts[i].to};

		if (shifts[i].leader == leader && shift_counts(&shifts[i], roster))
			g_array_append_val(all, s);
	}
	g_array_sort(all, stretch_compare);
	for (guint i = 0; i < all->len; i++) {
		struct stretch s = g_array_index(all, struct stretch, i);
		struct stretch *last =
			merged->len ? &g_array_index(merged, struct stretch, merged->len - 1)
				    : NULL;

		/* A shift that begins when another ends leaves no gap. */
		if (last && s.from <= last->to)
			last->to = MAX(last->to, s.to);
		else
			g_array_append_val(merged, s);
	}
	g_array_unref(all);
	return merged;
}

/** Index of the first stretch that ends after @t. */
static guint stretch_after(const GArray *stretches, wall_t t)
{
	guint low = 0, high = stretches->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(stretches, struct stretch, middle).to > t)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/** Append what @covered leaves open of @gap's from .. to. */
static void gaps_add(GArray *gaps, const GArray *covered, struct roster_gap gap)
{
	wall_t end = gap.to;

	for (guint i = stretch_after(covered, gap.from);
	     gap.from < end && gaps->len < ROSTER_GAPS_MAX; i++) {
		struct stretch next = {end, end};

		if (i < covered->len)
			next = g_array_index(covered, struct stretch, i);
		gap.to = MIN(next.from, end);
		if (gap.from < gap.to)
			g_array_append_val(gaps, gap);
		gap.from = next.to;
	}
}

GArray *roster_gaps(const struct period *periods, uint32_t n_periods, const struct shift *shifts,
		    uint32_t n_shifts, uint32_t roster, wall_t from, wall_t to)
{
	GArray *gaps = g_array_new(FALSE, FALSE, sizeof(struct roster_gap));
	GArray *leaders = roster_union(shifts, n_shifts, roster, true);
	GArray *staff = roster_union(shifts, n_shifts, roster, false);

	for (uint32_t i = 0; i < n_periods; i++) {
		struct roster_gap gap = {.period = i,
					 .from = MAX(periods[i].from, from),
					 .to = MIN(periods[i].to, to)};

		if (periods[i].category != CATEGORY_WATCH)
			continue;
		gap.leader = true;
		gaps_add(gaps, leaders, gap);
		gap.leader = false;
		gaps_add(gaps, staff, gap);
	}
	g_array_unref(leaders);
	g_array_unref(staff);
	return gaps;
}

/* ---- clashes ------------------------------------------------------------- */

/** A shift under the key of its person. */
struct claim {
	char *person;
	const struct shift *shift;
	const char *uid, *rid;
	uint32_t index;
};

static void claim_clear(gpointer data)
{
	g_free(((struct claim *)data)->person);
}

/** An address is one person's, a name may be two's: so the address decides where there is one. */
static char *person_key(const struct campaign *c, const struct shift *s)
{
	const char *email = campaign_text(c, s->email);

	if (!*email && s->contact != NONE)
		email = campaign_text(c, c->contacts[s->contact].address[CHANNEL_EMAIL]);
	if (*email)
		return g_ascii_strdown(email, -1);
	return g_strdup(campaign_text(c, s->person));
}

static int claim_compare(const void *pa, const void *pb)
{
	const struct claim *a = pa, *b = pb;
	int d = strcmp(a->person, b->person);

	if (d)
		return d;
	if (a->shift->from != b->shift->from)
		return a->shift->from < b->shift->from ? -1 : 1;
	d = strcmp(a->uid, b->uid);
	if (!d)
		d = strcmp(a->rid, b->rid);
	if (d)
		return d;
	if (a->shift->roster != b->shift->roster)
		return a->shift->roster < b->shift->roster ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static bool claim_same(const struct claim *a, const struct claim *b)
{
	return a->shift->roster == b->shift->roster && a->shift->from == b->shift->from &&
	       !strcmp(a->uid, b->uid) && !strcmp(a->rid, b->rid) && !strcmp(a->person, b->person);
}

/** Every shift that touches [from, to), by person and beginning, each once. */
static GArray *claims_of(const struct campaign *c, const struct shift *shifts, uint32_t n,
			 wall_t from, wall_t to)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct claim));
	guint kept = 0;

	g_array_set_clear_func(all, claim_clear);
	for (uint32_t i = 0; i < n; i++) {
		const struct shift *s = &shifts[i];

		if (!shift_counts(s, NONE) || s->from >= to || s->to <= from)
			continue;

		struct claim claim = {person_key(c, s), s, campaign_text(c, s->uid),
				      campaign_text(c, s->rid), i};

		/* Nobody in particular cannot be in two places. */
		if (*claim.person)
			g_array_append_val(all, claim);
		else
			g_free(claim.person);
	}
	g_array_sort(all, claim_compare);

	struct claim *claim = (struct claim *)(void *)all->data;

	for (guint i = 0; i < all->len; i++) {
		if (kept > 0 && claim_same(&claim[kept - 1], &claim[i]))
			continue;
		/* Swapped, not copied: each key stays in the array once and is freed once. */
		struct claim moved = claim[kept];

		claim[kept++] = claim[i];
		if (kept - 1 != i)
			claim[i] = moved;
	}
	g_array_set_size(all, kept);
	return all;
}

static int clash_compare(const void *pa, const void *pb)
{
	const struct roster_clash *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

GArray *roster_clashes(const struct campaign *c, const struct shift *shifts, uint32_t n_shifts,
		       wall_t from, wall_t to)
{
	GArray *clashes = g_array_new(FALSE, FALSE, sizeof(struct roster_clash));
	GArray *claims = claims_of(c, shifts, n_shifts, from, to);

	for (guint i = 0; i < claims->len; i++) {
		const struct claim *a = &g_array_index(claims, struct claim, i);

		for (guint j = i + 1; j < claims->len && clashes->len < ROSTER_CLASHES_MAX; j++) {
			const struct claim *b = &g_array_index(claims, struct claim, j);
			struct roster_clash clash = {a->index, b->index, MAX(b->shift->from, from),
						     MIN(MIN(a->shift->to, b->shift->to), to)};

			if (strcmp(a->person, b->person) != 0 || b->shift->from >= a->shift->to)
				break;
			if (clash.from < clash.to)
				g_array_append_val(clashes, clash);
		}
	}
	g_array_unref(claims);
	g_array_sort(clashes, clash_compare);
	return clashes;
}

GArray *roster_on_duty(const struct shift *shifts, uint32_t n_shifts, uint32_t roster,
		       enum duty_part part, wall_t t)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (uint32_t i = 0; i < n_shifts; i++) {
		const struct shift *s = &shifts[i];

		if (!shift_counts(s, roster) || s->from > t || s->to <= t)
			continue;
		if (part == DUTY_ALL || s->leader == (part == DUTY_LEADER))
			g_array_append_val(found, i);
	}
	return found;
}
