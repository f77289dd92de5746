/*
 * stamp.c - "YYYYMMDDThhmmssZ" without printf.
 */
#include "stamp.h"

static char *two(char *out, int n)
{
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
	return out + 2;
}

int stamp_date(char *out, local_t t)
{
	int year, month, day;

	date_split(local_date(t), &year, &month, &day);
	/* Years beyond four digits have no spelling; the window ends before them. */
	year = CLAMP(year, 0, 9999);
	two(two(two(two(out, year / 100), year % 100), month), day)[0] = 0;
	return 8;
}

int stamp_instant(char *out, wall_t t)
{
	local_t utc = t / SECOND - (t % SECOND < 0);
	int second = local_second(utc);
	char *p = out + stamp_date(out, utc);

	*p++ = 'T';
	p = two(two(two(p, second / 3600), second / 60 % 60), second % 60);
	*p++ = 'Z';
	*p = 0;
	return STAMP_SIZE - 1;
}
