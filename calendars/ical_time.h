/*
 * ical_time.h - values of RFC 5545 that tell time, as they are written.
 *
 * Read by ourselves and not by libical: it turns what it does not like into nothing, and a
 * deadline must never become nothing.
 */
#ifndef CALENDARS_ICAL_TIME_H
#define CALENDARS_ICAL_TIME_H

#include <stdbool.h>

#include "civil.h"

/** A DATE or DATE-TIME; second 60 reads as 59. */
struct ical_reading {
	bool date, utc;
	local_t local;
};

#define ICAL_SPAN_DAYS_MAX 36525 /**< a century; a longer duration is a mistake */

/** A DURATION: days on the wall clock, the rest exact (RFC 5545 3.3.6). */
struct ical_span {
	int days;
	int64_t seconds;
};

/** "20190802", "20190802T170000", "20190802T170000Z"; years 1 to 9999. */
bool ical_reading_parse(const char *text, struct ical_reading *out);
/** "P1W", "P1DT2H3M4S", with sign. False when malformed or beyond ICAL_SPAN_DAYS_MAX. */
bool ical_span_parse(const char *text, struct ical_span *out);
/** "+0800", "-043000" to seconds. */
bool ical_offset_parse(const char *text, int *out);

#endif
