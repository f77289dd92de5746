/*
 * civil.c - days and dates by arithmetic alone: no tables of years, no zone.
 *
 * Years are counted from March so that the leap day is the last of its year;
 * a cycle of 400 years has 146097 days.
 */
#include "civil.h"

#include "daemon/core/err.h"

#define YEAR_MIN 1
#define YEAR_MAX 9999
#define CYCLE_DAYS 146097
/** Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS 719468

bool year_is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int month_length(int year, int month)
{
	if (month == 2)
		return year_is_leap(year) ? 29 : 28;
	/* 31 and 30 alternate, starting anew in August. */
	return 30 + ((month + (month >> 3)) & 1);
}

bool civil_valid(const struct civil *c)
{
	return c->year >= YEAR_MIN && c->year <= YEAR_MAX && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= month_length(c->year, c->month) && c->hour >= 0 &&
	       c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 &&
	       c->second <= 59;
}

date_t date_from(int year, int month, int day)
{
	must(month >= 1 && month <= 12);

	int y = month <= 2 ? year - 1 : year;
	int cycle = (y >= 0 ? y : y - 399) / 400;
	int year_of = y - cycle * 400;
	int day_of = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return cycle * CYCLE_DAYS + year_of * 365 + year_of / 4 - year_of / 100 + day_of -
	       EPOCH_DAYS;
}

void date_split(date_t d, int *year, int *month, int *day)
{
	int64_t n = (int64_t)d + EPOCH_DAYS;
	int64_t cycle = (n >= 0 ? n : n - (CYCLE_DAYS - 1)) / CYCLE_DAYS;
	int of_cycle = (int)(n - cycle * CYCLE_DAYS);
	int year_of = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
	int day_of = of_cycle - (365 * year_of + year_of / 4 - year_of / 100);
	int march = (5 * day_of + 2) / 153;

	*day = day_of - (153 * march + 2) / 5 + 1;
	*month = march < 10 ? march + 3 : march - 9;
	*year = (int)(cycle * 400 + year_of + (*month <= 2));
}

int date_weekday(date_t d)
{
	/* 1970-01-01 was a Thursday. */
	int w = (int)(((int64_t)d + 3) % 7);

	return w < 0 ? w + 7 : w;
}

date_t local_date(local_t t)
{
	int64_t d = t / DAY_SECONDS - (t % DAY_SECONDS < 0);

	/* Instants such as WALL_NEVER lie beyond any date. */
	if (d >= DATE_NEVER)
		return DATE_NEVER - 1;
	return d <= INT32_MIN ? INT32_MIN + 1 : (date_t)d;
}

int local_second(local_t t)
{
	int s = (int)(t % DAY_SECONDS);

	return s < 0 ? s + DAY_SECONDS : s;
}

local_t local_from(const struct civil *c)
{
	return local_at(date_from(c->year, c->month, c->day),
			c->hour * 3600 + c->minute * 60 + c->second);
}

void local_split(local_t t, struct civil *out)
{
	int s = local_second(t);

	date_split(local_date(t), &out->year, &out->month, &out->day);
	out->hour = s / 3600;
	out->minute = s / 60 % 60;
	out->second = s % 60;
}

/** @n decimal digits at @p, or -1. */
static int digits(const char *p, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + p[i] - '0';
	}
	return value;
}

bool date_parse(const char *text, date_t *out)
{
	struct civil c = {.year = digits(text, 4)};

	if (c.year < 0)
		return false;

	const char *p = text + 4;
	bool dashed = *p == '-';

	c.month = digits(p + dashed, 2);
	if (c.month < 0)
		return false;
	p += dashed + 2;
	if (dashed && *p++ != '-')
		return false;
	c.day = digits(p, 2);
	if (c.day < 0 || p[2] != '\0' || !civil_valid(&c))
		return false;
	*out = date_from(c.year, c.month, c.day);
	return true;
}
