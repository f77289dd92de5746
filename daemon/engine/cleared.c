/*
 * cleared.c - what a superior was told is missing and has come since: 已销号 (P12).
 *
 * A superior's next list strikes out what came late. Nothing is stored for it: an
 * item is struck out in the first list after the report was stored, and that first
 * list is found again from the messages before this one, so a second attempt at the
 * same message says the same.
 */
#include "burst.h"

#define LISTS_MAX 32 /* lists looked back at; older ones are settled by a bulletin */

struct looking {
	GArray *lists;   /* struct list: earlier ones to the same address, newest first */
	GArray *notices; /* struct notice of the one at hand */
};

struct list {
	int64_t message;
	wall_t tick;
};

static void on_message(void *arg, const struct outbox_row *row)
{
	struct looking *l = arg;
	struct list one = {row->id, row->tick};

	if (row->state == OUTBOX_SENT || row->state == OUTBOX_UNKNOWN)
		g_array_append_val(l->lists, one);
}

static bool is_listed(const struct notice *n)
{
	return n->sort == SORT_ESCALATE && n->superior && n->state == NOTICE_PLANNED;
}

static void on_notice(void *arg, const struct notice *n)
{
	struct looking *l = arg;
	struct notice copy = *n;

	copy.reason = NULL;
	if (is_listed(n))
		g_array_append_val(l->notices, copy);
}

/* Has the item of @n come late, and since @since? */
static bool is_cleared(struct engine *e, const struct notice *n, wall_t since)
{
	uint32_t unit = engine_unit_of(e, n->unit);
	uint32_t occurrence = engine_occurrence_of(e, n->occurrence);
	const struct item_fact *it;

	if (unit == NONE || occurrence == NONE)
		return false;
	it = facts_item(burst_facts(e, occurrence), unit);
	return it != NULL && it->in_force && !it->exempt && it->first_stored > since &&
	       it->first_received > engine_ladder(e, occurrence, it->judged)->on_time;
}

/* Was it met for the first time? */
static bool is_new(GHashTable *met, const struct notice *n)
{
	int64_t item = n->occurrence << 32 | n->unit;

	return g_hash_table_add(met, g_memdup2(&item, sizeof(item)));
}

GArray *cleared_since(struct engine *e, const struct outbox_row *row, const GArray *notices)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct notice));
	struct looking l;
	wall_t since = WALL_NEVER;
	GHashTable *met;
	bool list = false;

	for (guint i = 0; i < notices->len; i++)
		list |= is_listed(&g_array_index(notices, struct notice, i));
	if (!list)
		return found;
	met = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	l.lists = g_array_new(FALSE, FALSE, sizeof(struct list));
	l.notices = g_array_new(FALSE, FALSE, sizeof(struct notice));
	(void)store_messages_before(e->store, row->campaign, row->address, row->id, LISTS_MAX,
				    on_message, &l);
	for (guint i = 0; i < l.lists->len; i++) {
		const struct list *one = &g_array_index(l.lists, struct list, i);

		g_array_set_size(l.notices, 0);
		(void)store_notices_of(e->store, one->message, on_notice, &l);
		if (l.notices->len > 0 && since == WALL_NEVER)
			since = one->tick; /* the list before this one */
		for (guint k = 0; k < l.notices->len; k++) {
			const struct notice *n = &g_array_index(l.notices, struct notice, k);

			if (is_cleared(e, n, since) && is_new(met, n))
				g_array_append_vals(found, n, 1);
		}
	}
	g_hash_table_unref(met);
	g_array_unref(l.lists);
	g_array_unref(l.notices);
	return found;
}
