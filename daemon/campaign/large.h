/*
 * large.h - is an edit so large that a person should look again before it counts?
 *
 * A slip in a calendar program, half a file or a wrong folder deletes a fifth of what is owed
 * in a moment; a deadline that is dragged into the past makes units overdue at once, and one
 * that is dragged further back makes reports late that were on time.
 */
#ifndef CAMPAIGN_LARGE_H
#define CAMPAIGN_LARGE_H

#include "daemon/core/words.h"

/**
 * Why @to must not take the place of @from by itself, a Chinese sentence each with its numbers:
 *   a fifth or more of the occurrences, the reporting units or the shifts of a roster are gone
 *   (an occurrence that was moved, or whose series was cut under a new UID, is not);
 *   a deadline that lay ahead at @now would be past, or one that was past would be so even
 *   earlier and at another hour of the clock (new zone files alone are no edit);
 *   ids of units would be those of others of the list;
 *   a unit that is new, or newly concerned, would owe what was due before; not what was due
 *   before the campaign was tracked: since @first_loaded, if it names no other instant.
 * Empty: nothing of that kind. GPtrArray of char *; the caller unrefs it.
 */
GPtrArray *campaign_large_edit(const struct campaign *from, const struct campaign *to,
			       wall_t first_loaded, wall_t now);

#endif
