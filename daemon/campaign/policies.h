/*
 * policies.h - campaign.yaml: the campaign's own keys and its policies.
 *
 * Units and the names of rosters must have been read before (`office`, `unit:`, `duty:`).
 */
#ifndef CAMPAIGN_POLICIES_H
#define CAMPAIGN_POLICIES_H

#include "daemon/campaign/audiences.h"
#include "daemon/campaign/build.h"

#define POLICIES_MAX 200
#define STEPS_MAX 64   /**< of a policy */
#define MATCHES_MAX 32 /**< of a policy */
#define STREAK_MAX 100
#define STEP_NAME_BYTES_MAX 120

/**
 * Read the keys of the campaign: zone, office, window. 0, or -EINVAL when no campaign can be
 * made without what is missing or wrong (name, timezone, office); findings say why.
 */
int head_read(struct build *b, const struct ysource *src, const struct ynode *root);
/** Read the policies; what is wrong is left out of them. */
void policies_read(struct build *b, const struct ysource *src, const struct ynode *root);

/** {days, from, to, back} at @key of @map; false if absent or wrong. */
bool window_read(const struct ysource *src, const struct ynode *map, const char *key,
		 struct window *out);
/** The step described by @map, number @nth of its policy @p. False: left out. */
bool step_read(struct build *b, const struct audience_book *book, const struct ysource *src,
	       const struct ynode *map, const struct policy *p, struct step *out);

#endif
