/*
 * utc.c - see utc.h. Each mail of a burst says several instants; GDateTime and printf are slow.
 */
#include "notifiers/utc.h"

#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */
#define DAYS_IN_400_YEARS 146097

/* The year begins in March here: the leap day is its last, and months follow a rule. */
struct utc utc_of(wall_t at)
{
	int64_t seconds = at / SECOND - (at % SECOND < 0);
	int64_t day = seconds / 86400 - (seconds % 86400 < 0) + DAYS_TO_1970;
	int64_t of_day = seconds - (day - DAYS_TO_1970) * 86400;
	int64_t era = day / DAYS_IN_400_YEARS, of_era = day % DAYS_IN_400_YEARS;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0 = March */

	return (struct utc){
		.year = (int)(year + era * 400 + (month >= 10)),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(of_day / 3600),
		.minute = (int)(of_day / 60 % 60),
		.second = (int)(of_day % 60),
		.weekday = (int)((day + 3) % 7), /* that 1 March was a Wednesday */
	};
}

void utc_add_number(GString *out, int value, int width)
{
	char digits[16];
	int n = sizeof(digits);

	for (; value > 0 || width > 0; value /= 10, width--)
		digits[--n] = (char)('0' + value % 10);
	g_string_append_len(out, digits + n, (gssize)sizeof(digits) - n);
}
