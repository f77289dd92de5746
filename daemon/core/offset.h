/*
 * offset.h - the grammar of distances: "-1wd@09:30", "+2d", "0", "30m", "TU@10:00".
 *
 * Pure text to data; where an offset leads is calendars/ladder.h's business,
 * because only calendars/ knows local time.
 */
#ifndef CORE_OFFSET_H
#define CORE_OFFSET_H

#include "err.h"
#include "words.h"

/**
 * Parse a step's `at`: sign, then one or more of Nw Nd Nwd Nh Nm, then optionally
 * @HH:MM; or "0" alone, or "0@HH:MM" is refused. "-0d" and every zero amount are refused.
 * Amounts are at most 9999. Returns 0 or -EINVAL with words that quote the text.
 */
int offset_parse(const char *text, struct offset *out, struct err *err);

/**
 * Parse a length without sign (warn, grace, closes, every): "1wd", "30m", "14d@18:00".
 * "0" gives sign 0 (nothing). The result has sign +1. Returns 0 or -EINVAL.
 */
int offset_parse_length(const char *text, struct offset *out, struct err *err);

/** "HH:MM" (24:00 is refused) to a minute of the day; -EINVAL. */
int minute_parse(const char *text, int16_t *out, struct err *err);

/** "TU@10:00" (mo … su in any case) ; -EINVAL. */
int slot_parse(const char *text, struct slot *out, struct err *err);

/** "mo".."su" in any case to 0..6, else -1. */
int weekday_of(const char *text, size_t length);

/** The canonical text; caller frees. */
char *offset_text(const struct offset *o);

#endif
