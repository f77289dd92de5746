/*
 * move_rule.h - the recurrence of one event in another year.
 *
 * Friends only: calendars/move*.c.
 */
#ifndef CALENDARS_MOVE_RULE_H
#define CALENDARS_MOVE_RULE_H

#include "move.h"
#include "rrule.h"
#include "vzone.h"

/** The start of a series and the clock that it is on. */
struct move_start {
	local_t local;
	bool date, utc;
	const struct tz *tz;
};

/** Where the first instance of @rule (NULL: none) goes. */
local_t move_rule_start(const struct move *m, const struct rrule *rule, const struct move_start *s);
/**
 * The rule @text with its end moved, for a series that began at @was and now begins at @is. The
 * end of a weekly one is always said by UNTIL. Caller frees.
 */
char *move_rule_text(const struct move *m, const char *text, const struct rrule *rule,
		     const struct move_start *was, const struct move_start *is);

/** "20270806", "20270806T170000" or the same with Z. Caller frees. */
char *move_time_text(local_t t, bool date, bool utc);

#endif
