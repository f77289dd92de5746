/*
 * civil.h - dates and times of day without a zone (proleptic Gregorian).
 *
 * A local date is counted in days since 1970-01-01 (date_t), a local time in
 * seconds since 1970-01-01T00:00:00 of the wall clock (local_t): arithmetic on
 * them knows no DST.  zone.h joins them to instants.
 */
#ifndef CALENDARS_CIVIL_H
#define CALENDARS_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t date_t;  /**< days since 1970-01-01 */
typedef int64_t local_t; /**< wall-clock seconds since 1970-01-01T00:00:00 */

#define DATE_NEVER INT32_MAX
#define DAY_SECONDS 86400

struct civil {
	int year, month, day;     /**< month 1..12, day 1..31 */
	int hour, minute, second; /**< second 0..59 */
};

bool civil_valid(const struct civil *c);
date_t date_from(int year, int month, int day); /**< must be valid */
void date_split(date_t d, int *year, int *month, int *day);
int date_weekday(date_t d); /**< 0 = Monday .. 6 = Sunday */
int month_length(int year, int month);
bool year_is_leap(int year);

static inline local_t local_at(date_t d, int second)
{
	return (local_t)d * DAY_SECONDS + second;
}
date_t local_date(local_t t); /**< floor */
int local_second(local_t t);  /**< second of the day */
local_t local_from(const struct civil *c);
void local_split(local_t t, struct civil *out);

/** Parse "YYYYMMDD" / "YYYY-MM-DD" (exactly); false if it is none or no such day. */
bool date_parse(const char *text, date_t *out);

#ifdef __cplusplus
}
#endif

#endif
