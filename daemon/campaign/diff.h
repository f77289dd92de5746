/*
 * diff.h - what changed between two readings of a campaign, in words for the office.
 *
 * For `dubanctl diff` and the journal's entry of a reload; the engine compares
 * facts, not these words.
 */
#ifndef CAMPAIGN_DIFF_H
#define CAMPAIGN_DIFF_H

#include "daemon/core/words.h"

#define CHANGES_MAX 1000 /**< more are counted in the last line */

/**
 * One Chinese sentence a change: campaign, units and contacts, policies and steps,
 * occurrences by deadline, periods, rosters. Empty when nothing that matters differs.
 * GPtrArray of char *; the caller unrefs it.
 */
GPtrArray *campaign_diff(const struct campaign *from, const struct campaign *to);

#endif
