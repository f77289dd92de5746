/*
 * index.c - units by id, obligations by uid, and the lines where things stand.
 */
#include "daemon/campaign/index.h"

#include <string.h>

static gint obligation_compare(gconstpointer pa, gconstpointer pb, gpointer data)
{
	const struct campaign *c = data;
	const uint32_t *a = pa, *b = pb;

	return strcmp(campaign_text(c, c->obligations[*a].uid),
		      campaign_text(c, c->obligations[*b].uid));
}

static uint32_t *obligations_by_uid(struct campaign *c)
{
	uint32_t *list = g_new(uint32_t, MAX(c->n_obligations, 1));

	for (uint32_t i = 0; i < c->n_obligations; i++)
		list[i] = i;
	g_qsort_with_data(list, (gint)c->n_obligations, sizeof(*list), obligation_compare, c);
	return list;
}

static void *taken(GArray **array)
{
	void *data = g_array_free(*array, FALSE);

	*array = NULL;
	return data;
}

const struct campaign_index *campaign_index_new(struct build *b)
{
	struct campaign_index *x = g_new0(struct campaign_index, 1);

	x->units = b->unit_of;
	b->unit_of = (struct unit_table){0};
	x->obligations_by_uid = obligations_by_uid(b->c);
	x->unit_lines = taken(&b->unit_lines);
	x->policies = taken(&b->policy_places);
	x->policy_named = taken(&b->policy_named);
	x->steps = taken(&b->step_places);
	x->period_lines = taken(&b->period_lines);
	x->office = b->office_place;
	return x;
}

void campaign_index_free(const struct campaign_index **index)
{
	struct campaign_index *x = (struct campaign_index *)*index;

	if (!x)
		return;
	unit_table_fini(&x->units);
	g_free(x->obligations_by_uid);
	g_free(x->unit_lines);
	g_free(x->policies);
	g_free(x->policy_named);
	g_free(x->steps);
	g_free(x->period_lines);
	g_free(x);
	*index = NULL;
}

int campaign_unit_line(const struct campaign *c, uint32_t unit)
{
	return c->index ? c->index->unit_lines[unit] : 0;
}

struct place campaign_policy_place(const struct campaign *c, uint32_t policy)
{
	return c->index ? c->index->policies[policy] : (struct place){0, 0};
}

bool campaign_policy_named(const struct campaign *c, uint32_t policy)
{
	return !c->index || c->index->policy_named[policy];
}

struct place campaign_step_place(const struct campaign *c, uint32_t step)
{
	return c->index ? c->index->steps[step] : (struct place){0, 0};
}

int campaign_period_line(const struct campaign *c, uint32_t period)
{
	return c->index ? c->index->period_lines[period] : 0;
}

struct place campaign_office_place(const struct campaign *c)
{
	return c->index ? c->index->office : (struct place){0, 0};
}

static uint32_t through_units(const struct campaign *c, const char *id)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		if (!strcmp(campaign_text(c, c->units[i].id), id))
			return i;
	return NONE;
}

static uint32_t through_obligations(const struct campaign *c, const char *uid)
{
	for (uint32_t i = 0; i < c->n_obligations; i++)
		if (!strcmp(campaign_text(c, c->obligations[i].uid), uid))
			return i;
	return NONE;
}

bool campaign_owes(const struct campaign *c, const struct obligation *ob, uint32_t unit)
{
	uint32_t low = 0, high = ob->owings;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (c->owing[ob->owing + mid] < unit)
			low = mid + 1;
		else
			high = mid;
	}
	return low < ob->owings && c->owing[ob->owing + low] == unit;
}

uint32_t campaign_find_unit(const struct campaign *c, const char *id)
{
	return c->index ? unit_table_find(&c->index->units, c->units, c->text, id)
			: through_units(c, id);
}

static uint32_t find_obligation(const struct campaign *c, const char *uid)
{
	uint32_t low = 0, high = c->n_obligations;

	if (!c->index)
		return through_obligations(c, uid);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t obligation = c->index->obligations_by_uid[middle];
		int order = strcmp(uid, campaign_text(c, c->obligations[obligation].uid));

		if (order == 0)
			return obligation;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NONE;
}

uint32_t campaign_find_occurrence(const struct campaign *c, const char *uid, const char *rid)
{
	uint32_t obligation = find_obligation(c, uid);
	const struct obligation *o;

	if (obligation == NONE)
		return NONE;
	o = &c->obligations[obligation];
	for (uint32_t i = o->occurrence; i < o->occurrence + o->occurrences; i++)
		if (!strcmp(campaign_text(c, c->occurrences[i].rid), rid))
			return i;
	return NONE;
}
