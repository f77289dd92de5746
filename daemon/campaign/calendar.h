/*
 * calendar.h - campaign.ics and holidays.ics as a campaign understands them.
 */
#ifndef CAMPAIGN_CALENDAR_H
#define CAMPAIGN_CALENDAR_H

#include "daemon/campaign/build.h"

/**
 * Days off and made-up days, then obligations, occurrences and periods. Units, rosters' names
 * and policies must have been read. Sets *horizon: how far rules without an end go.
 * 0, or -EINVAL when a file is no calendar at all.
 */
int calendars_read(struct build *b, wall_t *horizon);

#endif
