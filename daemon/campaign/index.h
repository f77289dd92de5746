/*
 * index.h - ways into a loaded campaign: by id, and from a thing back to its line.
 *
 * Kept beside the campaign, because the planner needs none of it.
 */
#ifndef CAMPAIGN_INDEX_H
#define CAMPAIGN_INDEX_H

#include "daemon/campaign/build.h"
#include "daemon/campaign/unit_table.h"

struct campaign_index {
	struct unit_table units;
	uint32_t *obligations_by_uid; /**< obligation indexes, by uid bytewise */
	int *unit_lines;              /**< of a unit's first row */
	struct place *policies;       /**< of a policy's name */
	bool *policy_named;           /**< some component names it, even one left out */
	struct place *steps;
	int *period_lines; /**< of a period's BEGIN */
	struct place office;
};

/** The index of @b->c, whose arrays are complete; takes the places out of @b. */
const struct campaign_index *campaign_index_new(struct build *b);
void campaign_index_free(const struct campaign_index **index);

/* The place of a thing; 0 (the file as a whole) in a campaign without an index. */
int campaign_unit_line(const struct campaign *c, uint32_t unit);
struct place campaign_policy_place(const struct campaign *c, uint32_t policy);
bool campaign_policy_named(const struct campaign *c, uint32_t policy);
struct place campaign_step_place(const struct campaign *c, uint32_t step);
int campaign_period_line(const struct campaign *c, uint32_t period);
struct place campaign_office_place(const struct campaign *c);

#endif
