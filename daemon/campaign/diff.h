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

/** What people have been told and must be told otherwise. */
struct diff_told {
	/**
	 * How many were told of @occurrence of @from (@unit NONE: of all units) and not answered yet,
	 * a recipient and item each. @moved: without those whose deadline a decision has set.
	 */
	unsigned (*count)(void *arg, uint32_t occurrence, uint32_t unit, bool moved);
	void *arg;
};

/**
 * One Chinese sentence a change: campaign, units and contacts, policies and steps,
 * obligations, occurrences by deadline (a series that moved as a whole is one line),
 * periods, rosters. Empty when nothing that matters differs. @told NULL: not known, and then
 * nothing is said of it. GPtrArray of char *; the caller unrefs it.
 */
GPtrArray *campaign_diff(const struct campaign *from, const struct campaign *to,
			 const struct diff_told *told);

#endif
