/*
 * unit_table.c - open addressing.
 */
#include "daemon/campaign/unit_table.h"

#include <string.h>

#include "daemon/campaign/texts.h"

#define SLOTS_FIRST 64 /* a power of two, like every size after it */
#define FULL(slots) ((slots) / 5 * 4)

void unit_table_fini(struct unit_table *t)
{
	g_free(t->slots);
	*t = (struct unit_table){0};
}

static uint32_t first_slot(const struct unit_table *t, const char *id)
{
	return text_hash(id, strlen(id)) & (t->n_slots - 1);
}

uint32_t unit_table_find(const struct unit_table *t, const struct unit *units, const char *block,
			 const char *id)
{
	if (t->n_slots == 0)
		return NONE;
	for (uint32_t i = first_slot(t, id); t->slots[i] != 0; i = (i + 1) & (t->n_slots - 1))
		if (!strcmp(block + units[t->slots[i] - 1].id, id))
			return t->slots[i] - 1;
	return NONE;
}

static void put(struct unit_table *t, const char *id, uint32_t number)
{
	uint32_t i = first_slot(t, id);

	while (t->slots[i] != 0)
		i = (i + 1) & (t->n_slots - 1);
	t->slots[i] = number;
}

void unit_table_fill(struct unit_table *t, const struct unit *units, uint32_t n, const char *block)
{
	if (n > FULL(t->n_slots)) {
		t->n_slots = MAX(t->n_slots, SLOTS_FIRST);
		while (n > FULL(t->n_slots))
			t->n_slots *= 2;
		g_free(t->slots);
		t->slots = g_new0(uint32_t, t->n_slots);
		t->used = 0;
	}
	for (; t->used < n; t->used++)
		put(t, block + units[t->used].id, t->used + 1);
}
