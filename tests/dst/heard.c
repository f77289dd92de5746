/*
 * heard.c - what people heard of deadlines, beside the files that were edited since.
 *
 * The peers' side of told.c: kept by what was taken, not by what was raised.
 */
#include "dst.h"

#include <string.h>

static char *heard_key(const struct heard *h)
{
	return g_strdup_printf("%p %s %d %s", (void *)h->occ, h->unit, (int)h->channel, h->address);
}

static bool is_edit(const char *step)
{
	return strcmp(step, CORRECTION_MOVED) == 0 || strcmp(step, CORRECTION_BACK) == 0;
}

/* Of what is gone nothing but its name is in the message. */
static bool speaks(const struct message_item *it)
{
	switch (it->sort) {
	case SORT_REMIND:
	case SORT_ESCALATE:
		return !it->late_cleared;
	case SORT_DECISION:
		return strcmp(it->step, "extend") == 0 || strcmp(it->step, "return") == 0;
	case SORT_CORRECTION:
		return strcmp(it->step, CORRECTION_GONE) != 0;
	case SORT_STREAK:
	case SORT_DUTY:
	case SORT_RECEIPT:
	case SORT_BULLETIN:
	case SORT_ALARM:
	case SORTS:
		break;
	}
	return false;
}

void heard_claim(struct run *r, struct attempt *a, const struct message *m,
		 const struct message_item *it)
{
	struct heard h = {
		.unit = g_intern_string(it->unit_id),
		.address = g_intern_string(m->address),
		.channel = m->channel,
		.due = it->due,
		.message = a->message,
	};
	struct view v;

	/* An item that is gone, or whose unit is, has no name to be found by. */
	if (!speaks(it) || it->uid[0] == 0 || it->unit_id[0] == 0)
		return;
	h.occ = occ_get(r, it->uid, it->rid);
	h.settled = it->sort == SORT_CORRECTION && !is_edit(it->step);
	g_array_append_val(a->heard, h);
	if (it->sort != SORT_CORRECTION || h.settled)
		return;
	view_of(r, h.occ, h.unit, &v);
	if (!v.known || !v.outstanding || v.due != it->due)
		violate(r, "edit", "%s of %s %s %s claimed for %s, and untrue", it->step, h.unit,
			h.occ->uid, h.occ->rid, h.address);
}

void heard_take(struct run *r, const struct attempt *a)
{
	for (guint i = 0; i < a->heard->len; i++) {
		const struct heard *h = &g_array_index(a->heard, struct heard, i);
		char *key = heard_key(h);
		const struct heard *have = g_hash_table_lookup(r->heard, key);

		if (have != NULL && have->message > h->message)
			g_free(key);
		else
			g_hash_table_replace(r->heard, key, g_memdup2(h, sizeof(*h)));
	}
}

static bool was_raised(const struct run *r, const struct heard *h)
{
	for (guint i = 0; i < r->told_list->len; i++) {
		const struct told *t = g_ptr_array_index(r->told_list, i);

		if (t->planned && t->occ == h->occ && t->channel == h->channel &&
		    strcmp(t->unit, h->unit) == 0 && strcmp(t->address, h->address) == 0)
			return true;
	}
	for (guint i = 0; i < h->occ->facts->len; i++)
		if (g_array_index(h->occ->facts, struct fact, i).kind == FACT_DECISION)
			return true;
	return false;
}

void heard_row(struct run *r, const struct engine_row *row)
{
	struct heard h = {.unit = row->unit, .address = row->address, .channel = row->channel};
	g_autofree char *key = NULL;
	g_autofree char *once = NULL;
	struct view v;

	if (!is_edit(row->step))
		return;
	h.occ = occ_get(r, row->uid, row->rid);
	key = heard_key(&h);
	once = g_strdup_printf("%s %" G_GINT64_FORMAT, key, row->due);
	view_of(r, h.occ, h.unit, &v);
	if (!v.known || !v.outstanding || !v.tracked || v.due != row->due)
		violate(r, "edit", "%s to %s of %s %s %s is untrue", row->step, h.address, h.unit,
			row->uid, row->rid);
	if (!was_raised(r, &h))
		violate(r, "edit", "%s to %s of %s %s %s, who was told nothing", row->step,
			h.address, h.unit, row->uid, row->rid);
	if (!g_hash_table_add(r->moved, g_steal_pointer(&once)))
		violate(r, "edit", "%s to %s of %s %s %s comes twice", row->step, h.address, h.unit,
			row->uid, row->rid);
}
