/*
 * whole.h - every instance of a calendar that a campaign can have to do with.
 */
#ifndef CAMPAIGN_WHOLE_H
#define CAMPAIGN_WHOLE_H

#include "calendars/expand.h"

/**
 * Instances of @calendar: of rules with an end all of them, of rules without one those before
 * @horizon. GPtrArray of struct instance *, as calendar_expand() gives it.
 */
GPtrArray *whole_expand(struct calendar *calendar, wall_t horizon, struct findings *findings);

/** The end (23:59:59) of a local day. */
wall_t end_of_day(const struct zone *z, date_t day);

#endif
