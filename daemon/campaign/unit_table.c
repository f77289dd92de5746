/*
 * unit_table.c - open addressing, half of the slots free.
 */
#include "daemon/campaign/unit_table.h"

#include <string.h>

#include "daemon/campaign/texts.h"

#define SLOTS_FIRST 64 /* a power of two, like every size after it */

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

static void grow(struct unit_table *t, const struct unit *units, const char *block)
{
	g_autofree uint32_t *old = t->slots;
	uint32_t n = t->n_slots;

	t->n_slots = n == 0 ? SLOTS_FIRST : 2 * n;
	t->slots = g_new0(uint32_t, t->n_slots);
	for (uint32_t i = 0; i < n; i++)
		if (old[i] != 0)
			put(t, block + units[old[i] - 1].id, old[i]);
}

void unit_table_add(struct unit_table *t, const struct unit *units, const char *block,
		    uint32_t index)
{
	if (t->used >= t->n_slots / 2)
		grow(t, units, block);
	t->used++;
	put(t, block + units[index].id, index + 1);
}
