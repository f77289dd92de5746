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

/* In the order of the units, whose ids stand one behind the other. */
static void grow(struct unit_table *t, const struct unit *units, const char *block)
{
	g_free(t->slots);
	t->n_slots = t->n_slots == 0 ? SLOTS_FIRST : 2 * t->n_slots;
	t->slots = g_new0(uint32_t, t->n_slots);
	for (uint32_t i = 0; i < t->used; i++)
		put(t, block + units[i].id, i + 1);
}

void unit_table_add(struct unit_table *t, const struct unit *units, const char *block)
{
	if (t->used >= FULL(t->n_slots))
		grow(t, units, block);
	put(t, block + units[t->used].id, t->used + 1);
	t->used++;
}
