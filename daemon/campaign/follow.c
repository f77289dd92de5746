/*
 * follow.c - see follow.h.
 */
#include "daemon/campaign/follow.h"

#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/load.h"

#define DRAG_MAX (4 * DAY) /* less than that between two instances of a weekly series */

struct follow {
	const struct campaign *from, *to;
	uint32_t *goes;     /* per occurrence of from: that of to */
	bool *taken;        /* per occurrence of to */
	GHashTable *by_uid; /* of to: char * -> obligation + 1 */
	GHashTable *by_due; /* of to: wall_t * -> GArray of uint32_t, ascending */
};

static const char *uid_of(const struct campaign *c, uint32_t i)
{
	return campaign_text(c, c->obligations[c->occurrences[i].obligation].uid);
}

/* Same summary, category and deadline under another UID: the same thing, cut by a program. */
static bool is_same_thing(const struct campaign *a, uint32_t i, const struct campaign *b,
			  uint32_t k)
{
	const struct occurrence *x = &a->occurrences[i], *y = &b->occurrences[k];
	const struct obligation *ox = &a->obligations[x->obligation],
				*oy = &b->obligations[y->obligation];

	return x->written == y->written && ox->category == oy->category &&
	       strcmp(uid_of(a, i), uid_of(b, k)) != 0 &&
	       strcmp(campaign_text(a, x->summary), campaign_text(b, y->summary)) == 0 &&
	       strcmp(campaign_text(a, a->policies[ox->policy].name),
		      campaign_text(b, b->policies[oy->policy].name)) == 0 &&
	       strcmp(campaign_text(a, ox->tags), campaign_text(b, oy->tags)) == 0;
}

/* Instances of one series. */
static bool is_dragged(const struct campaign *a, uint32_t i, const struct campaign *b, uint32_t k)
{
	const struct occurrence *x = &a->occurrences[i], *y = &b->occurrences[k];
	dur_t apart = x->written > y->written ? x->written - y->written : y->written - x->written;

	if (apart > DRAG_MAX)
		return false;
	return x->number == y->number || local_date(zone_local(a->zone, x->written)) ==
						 local_date(zone_local(b->zone, y->written));
}

static void drop_list(gpointer list)
{
	g_array_unref(list);
}

static void index_new(struct follow *f)
{
	f->by_uid = g_hash_table_new(g_str_hash, g_str_equal);
	f->by_due = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, drop_list);
	for (uint32_t i = 0; i < f->to->n_obligations; i++)
		g_hash_table_insert(f->by_uid,
				    (gpointer)campaign_text(f->to, f->to->obligations[i].uid),
				    GUINT_TO_POINTER(i + 1));
	for (uint32_t k = 0; k < f->to->n_occurrences; k++) {
		wall_t *due = &f->to->occurrences[k].written;
		GArray *list = g_hash_table_lookup(f->by_due, due);

		if (f->taken[k])
			continue;
		if (list == NULL) {
			list = g_array_new(FALSE, FALSE, sizeof(uint32_t));
			g_hash_table_insert(f->by_due, due, list);
		}
		g_array_append_val(list, k);
	}
}

static uint32_t find_dragged(const struct follow *f, uint32_t i)
{
	guint at = GPOINTER_TO_UINT(g_hash_table_lookup(f->by_uid, uid_of(f->from, i)));
	const struct obligation *ob = at == 0 ? NULL : &f->to->obligations[at - 1];

	for (uint32_t n = 0; ob != NULL && n < ob->occurrences; n++)
		if (!f->taken[ob->occurrence + n] &&
		    is_dragged(f->from, i, f->to, ob->occurrence + n))
			return ob->occurrence + n;
	return NONE;
}

static uint32_t find_cut(const struct follow *f, uint32_t i)
{
	const GArray *list = g_hash_table_lookup(f->by_due, &f->from->occurrences[i].written);

	for (guint n = 0; list != NULL && n < list->len; n++) {
		uint32_t k = g_array_index(list, uint32_t, n);

		if (!f->taken[k] && is_same_thing(f->from, i, f->to, k))
			return k;
	}
	return NONE;
}

uint32_t *campaign_follow(const struct campaign *from, const struct campaign *to)
{
	struct follow f = {from,
			   to,
			   g_new(uint32_t, from->n_occurrences + 1),
			   g_new0(bool, to->n_occurrences + 1),
			   NULL,
			   NULL};
	uint32_t left = 0;

	for (uint32_t i = 0; i < from->n_occurrences; i++) {
		uint32_t k = campaign_find_occurrence(
			to, uid_of(from, i), campaign_text(from, from->occurrences[i].rid));

		f.goes[i] = k;
		if (k == NONE)
			left++;
		else
			f.taken[k] = true;
	}
	if (left > 0)
		index_new(&f);
	for (uint32_t i = 0; i < from->n_occurrences && left > 0; i++) {
		if (f.goes[i] != NONE)
			continue;
		f.goes[i] = find_dragged(&f, i);
		if (f.goes[i] == NONE)
			f.goes[i] = find_cut(&f, i);
		if (f.goes[i] != NONE)
			f.taken[f.goes[i]] = true;
	}
	g_clear_pointer(&f.by_uid, g_hash_table_unref);
	g_clear_pointer(&f.by_due, g_hash_table_unref);
	g_free(f.taken);
	return f.goes;
}

/* Of names: index + 1 of the only unit that bears it, 0 = of several. */
static GHashTable *index_names(const struct campaign *c)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (uint32_t i = 0; i < c->n_units; i++) {
		gpointer name = (gpointer)campaign_text(c, c->units[i].name);
		bool several = g_hash_table_contains(names, name);

		g_hash_table_insert(names, name, GUINT_TO_POINTER(several ? 0 : i + 1));
	}
	return names;
}

static uint32_t find_renumbered(const struct campaign *from, uint32_t i, GHashTable *old_names,
				const struct campaign *to, GHashTable *new_names)
{
	const char *name = campaign_text(from, from->units[i].name);
	guint old = GPOINTER_TO_UINT(g_hash_table_lookup(old_names, name));
	guint new = GPOINTER_TO_UINT(g_hash_table_lookup(new_names, name));

	if (old == 0 || new == 0 || to->units[new - 1].sort != from->units[i].sort ||
	    campaign_find_unit(from, campaign_text(to, to->units[new - 1].id)) != NONE)
		return NONE;
	return new - 1;
}

uint32_t *campaign_follow_units(const struct campaign *from, const struct campaign *to)
{
	g_autoptr(GHashTable) old_names = NULL;
	g_autoptr(GHashTable) new_names = NULL;
	uint32_t *goes = g_new(uint32_t, from->n_units + 1);

	for (uint32_t i = 0; i < from->n_units; i++) {
		goes[i] = campaign_find_unit(to, campaign_text(from, from->units[i].id));
		if (goes[i] != NONE)
			continue;
		if (old_names == NULL) {
			old_names = index_names(from);
			new_names = index_names(to);
		}
		goes[i] = find_renumbered(from, i, old_names, to, new_names);
	}
	return goes;
}
