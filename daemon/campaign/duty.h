/*
 * duty.h - duty/NAME.ics: rosters and their shifts.
 */
#ifndef CAMPAIGN_DUTY_H
#define CAMPAIGN_DUTY_H

#include "daemon/campaign/build.h"

/** Names only, by path: audiences refer to rosters by index. */
void rosters_name(struct build *b);
/**
 * Fill the rosters with shifts. A file that is no calendar leaves its roster empty, with an
 * error finding: the engine keeps the last good one.
 */
void rosters_read(struct build *b, wall_t horizon);

/**
 * Take the summary of a shift apart: "带班 姓名", "[L2] 姓名" lead; "值班 姓名", "[L1] 姓名"
 * do not. *person points into @summary. False if it is written otherwise: then it
 * is all name, and not a leader's.
 */
bool shift_summary_parse(const char *summary, bool *leader, const char **person);

#endif
