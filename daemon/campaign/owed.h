/*
 * owed.h - components and instances of campaign.ics to what is owed, by whom and when.
 */
#ifndef CAMPAIGN_OWED_H
#define CAMPAIGN_OWED_H

#include "daemon/campaign/categories.h"

#define ALARMS_MAX 16 /**< of a component */

/** One series of campaign.ics: what belongs to one UID. */
struct series_of {
	const struct calendar_component *master;
	struct meaning meaning;
	GPtrArray *instances; /**< struct instance *, borrowed, by recurrence-id */
};

/**
 * Obligations and occurrences of the series that are REPORTs and MILESTONEs; needs units,
 * policies, b->c->zone and b->c->days. Sets b->c->starts and ends when no phase has.
 */
void owed_read(struct build *b, const GPtrArray *series);

#endif
