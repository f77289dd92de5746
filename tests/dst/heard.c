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

void heard_maybe(struct run *r, const GArray *heard, int by)
{
	for (guint i = 0; i < heard->len; i++) {
		char *key = heard_key(&g_array_index(heard, struct heard, i));
		int n = by + GPOINTER_TO_INT(g_hash_table_lookup(r->maybe, key));

		must(n >= 0);
		g_hash_table_replace(r->maybe, key, GINT_TO_POINTER(n));
	}
}

/* By an attempt that the peer did not refuse in so many words, or soon by a decision. */
static bool may_have_heard(const struct run *r, const struct heard *h, const char *key)
{
	if (GPOINTER_TO_INT(g_hash_table_lookup(r->maybe, key)) > 0)
		return true;
	for (guint i = 0; i < h->occ->facts->len; i++) {
		const struct fact *f = &g_array_index(h->occ->facts, struct fact, i);

		if (f->kind == FACT_DECISION &&
		    (f->decision == DECISION_EXTEND || f->decision == DECISION_RETURN) &&
		    (f->unit[0] == 0 || strcmp(f->unit, h->unit) == 0))
			return true;
	}
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
	if (!may_have_heard(r, &h, key))
		violate(r, "edit", "%s to %s of %s %s %s, who was told nothing", row->step,
			h.address, h.unit, row->uid, row->rid);
	if (!g_hash_table_add(r->moved, g_steal_pointer(&once)))
		violate(r, "edit", "%s to %s of %s %s %s comes twice", row->step, h.address, h.unit,
			row->uid, row->rid);
}
