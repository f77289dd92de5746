/*
 * follow.h - which occurrence, and which unit, of the files of now is which of the files before.
 *
 * Its identity is (UID, RECURRENCE-ID), and calendar programs give both away: a series cut by
 * "this and following" goes on under a new UID, and one whose start was dragged has other
 * RECURRENCE-IDs throughout.
 */
#ifndef CAMPAIGN_FOLLOW_H
#define CAMPAIGN_FOLLOW_H

#include "daemon/core/words.h"

/**
 * For each occurrence of @from the one of @to that is the same thing, NONE: it is gone.
 *   of the same UID and RECURRENCE-ID, however far it moved;
 *   else of the same UID, with the same number or on the same day, and no more than 4 days away;
 *   else under a new UID with the same summary, category, policy, tags and deadline.
 * One of @to is followed from one of @from at most. g_free.
 */
uint32_t *campaign_follow(const struct campaign *from, const struct campaign *to);

/**
 * For each unit of @from the one of @to that is the same, NONE: it is gone.
 *   of the same id;
 *   else, under an id that is new, of the same name, where nobody else had or has that name: the
 *   office gave it another number, and it must not seem to have reported nothing.
 * One of @to is followed from one of @from at most. g_free.
 */
uint32_t *campaign_follow_units(const struct campaign *from, const struct campaign *to);

#endif
