/*
 * unit_table.h - the units of a campaign by their ids: while it is read, and as long as it lives.
 *
 * A table of places alone: the ids themselves are compared where they stand, and half of what
 * pointers would take is saved.
 */
#ifndef CAMPAIGN_UNIT_TABLE_H
#define CAMPAIGN_UNIT_TABLE_H

#include "daemon/core/words.h"

struct unit_table {
	uint32_t *slots; /**< index + 1 of a unit; 0 = free; owned */
	uint32_t n_slots, used;
};

void unit_table_fini(struct unit_table *t);

/** Index of the unit @id among @units, whose texts stand in @block; NONE. */
uint32_t unit_table_find(const struct unit_table *t, const struct unit *units, const char *block,
			 const char *id);

/** Know the first @n of @units, whose ids all differ; those known before are among them. */
void unit_table_fill(struct unit_table *t, const struct unit *units, uint32_t n, const char *block);

#endif
