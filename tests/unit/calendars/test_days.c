/*
 * test_days.c - dates by arithmetic, and which of them are worked.
 *
 * The holidays are those of Mid-Autumn and National Day 2019, with the Sunday
 * 29 September and the Saturday 12 October made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calendars/days.h"
#include "daemon/core/words.h"

static date_t day(const char *text)
{
	date_t d;

	assert_true(date_parse(text, &d));
	return d;
}

static struct days *days_2019(void)
{
	struct days *d = days_new();

	days_set_off(d, day("2019-09-13"));
	for (date_t i = day("2019-10-01"); i <= day("2019-10-07"); i++)
		days_set_off(d, i);
	days_set_work(d, day("2019-09-29"));
	days_set_work(d, day("2019-10-12"));
	days_seal(d);
	return d;
}

static void every_date_of_ten_thousand_years_comes_back(void **state)
{
	int y = 1, m = 1, n = 1;

	(void)state;
	for (date_t d = date_from(1, 1, 1); y < 10000; d++) {
		int year, month, dom;

		date_split(d, &year, &month, &dom);
		if (year != y || month != m || dom != n || date_from(y, m, n) != d)
			fail_msg("%d is %d-%d-%d, not %d-%d-%d", d, year, month, dom, y, m, n);
		if (++n > month_length(y, m)) {
			n = 1;
			if (++m > 12) {
				m = 1;
				y++;
			}
		}
	}
}

static void known_days_of_the_week(void **state)
{
	(void)state;
	assert_int_equal(day("1970-01-01"), 0);
	assert_int_equal(date_weekday(day("1970-01-01")), 3);
	assert_int_equal(date_weekday(day("2019-08-09")), 4);
	assert_int_equal(date_weekday(day("2000-02-29")), 1);
	assert_int_equal(date_weekday(day("1900-01-01")), 0);
	assert_int_equal(date_weekday(day("0001-01-01")), 0);
	assert_true(year_is_leap(2000) && year_is_leap(2024));
	assert_false(year_is_leap(1900) || year_is_leap(2023));
}

static void local_times_before_the_epoch(void **state)
{
	struct civil c;

	(void)state;
	local_split(-1, &c);
	assert_int_equal(c.year, 1969);
	assert_int_equal(c.month, 12);
	assert_int_equal(c.day, 31);
	assert_int_equal(c.hour, 23);
	assert_int_equal(c.minute, 59);
	assert_int_equal(c.second, 59);
	assert_int_equal(local_from(&c), -1);
	assert_int_equal(local_date(-DAY_SECONDS), -1);
	assert_int_equal(local_second(-DAY_SECONDS), 0);
	assert_int_equal(local_date(-DAY_SECONDS - 1), -2);
	assert_true(local_date(WALL_NEVER) > day("9999-12-31"));
	assert_true(local_date(WALL_ALWAYS) < day("0001-01-01"));
}

static void dates_as_people_write_them(void **state)
{
	static const char *const good[] = {"20190809", "2019-08-09", "2020-02-29", "99991231"};
	static const char *const bad[] = {"",           "2019",       "2019-8-9",    "2019-0809",
					  "201908-09",  "2019-02-29", "2019-13-01",  "2019-00-01",
					  "2019-01-00", "2019-01-32", "0000-01-01",  "20190809x",
					  "2019/08/09", " 20190809",  "2019-08-09 ", "-2019-08-09"};
	date_t d;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		assert_true(date_parse(good[i], &d));
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		if (date_parse(bad[i], &d))
			fail_msg("\"%s\" was taken for a date", bad[i]);
	assert_int_equal(day("20190809"), day("2019-08-09"));
}

static void which_days_are_worked(void **state)
{
	static const struct {
		const char *name, *day;
		bool working, off, made_up;
	} rows[] = {
		{"a common Friday", "2019-08-09", true, false, false},
		{"a common Saturday", "2019-08-10", false, false, false},
		{"a common Sunday", "2019-08-11", false, false, false},
		{"Mid-Autumn, a Friday", "2019-09-13", false, true, false},
		{"a made-up Sunday", "2019-09-29", true, false, true},
		{"National Day", "2019-10-01", false, true, false},
		{"a Saturday in the holiday", "2019-10-05", false, true, false},
		{"the last day of the holiday", "2019-10-07", false, true, false},
		{"the day after", "2019-10-08", true, false, false},
		{"a made-up Saturday", "2019-10-12", true, false, true},
		{"far before any holiday", "1999-10-01", true, false, false},
		{"far after", "2119-10-01", false, false, false},
	};
	struct days *d = days_2019();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		date_t at = day(rows[i].day);

		if (days_is_working(d, at) != rows[i].working ||
		    days_is_off(d, at) != rows[i].off || days_is_made_up(d, at) != rows[i].made_up)
			fail_msg("%s", rows[i].name);
	}
	days_free(&d);
	assert_null(d);
	days_free(&d);
}

static void stepping_over_working_days(void **state)
{
	static const struct {
		const char *name, *from;
		int n;
		const char *to;
	} rows[] = {
		{"Friday to Monday", "2019-08-09", 1, "2019-08-12"},
		{"Monday back to Friday", "2019-08-12", -1, "2019-08-09"},
		{"Saturday to Monday", "2019-08-10", 1, "2019-08-12"},
		{"Saturday back to Friday", "2019-08-10", -1, "2019-08-09"},
		{"a week of work", "2019-08-09", 5, "2019-08-16"},
		{"over Mid-Autumn", "2019-09-12", 1, "2019-09-16"},
		{"into the made-up Sunday", "2019-09-27", 1, "2019-09-29"},
		{"over National Day", "2019-09-30", 1, "2019-10-08"},
		{"back over National Day", "2019-10-08", -1, "2019-09-30"},
		{"back to the made-up Sunday", "2019-10-08", -2, "2019-09-29"},
		{"into the made-up Saturday", "2019-10-11", 1, "2019-10-12"},
		{"from the made-up Saturday", "2019-10-12", 1, "2019-10-14"},
		{"from inside the holiday", "2019-10-03", 2, "2019-10-09"},
		{"leaping over years without marks", "2020-01-01", 2610, "2030-01-02"},
		{"back over years without marks", "2018-12-31", -2609, "2008-12-30"},
		{"out of a weekend by fives", "2021-05-01", 10, "2021-05-14"},
		{"back out of a weekend by fives", "2018-05-06", -10, "2018-04-23"},
	};
	struct days *d = days_2019();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		date_t got = days_step(d, day(rows[i].from), rows[i].n);
		int y, m, n;

		date_split(got, &y, &m, &n);
		if (got != day(rows[i].to))
			fail_msg("%s: got %d-%02d-%02d", rows[i].name, y, m, n);
	}
	days_free(&d);
}

static void a_made_up_day_beats_a_day_off(void **state)
{
	struct days *a = days_new(), *b = days_new();
	date_t at = day("2019-10-05");

	(void)state;
	days_set_off(a, at);
	days_set_work(a, at);
	days_seal(a);
	days_set_work(b, at);
	days_set_off(b, at);
	days_seal(b);
	assert_true(days_is_working(a, at) && days_is_working(b, at));
	assert_false(days_is_off(a, at) || days_is_off(b, at));
	days_free(&a);
	days_free(&b);
}

static void years_without_marks_are_unknown(void **state)
{
	struct days *d = days_2019(), *none = days_new();

	(void)state;
	days_seal(none);
	assert_true(days_year_known(d, 2019));
	assert_false(days_year_known(d, 2018));
	assert_false(days_year_known(d, 2020));
	assert_false(days_year_known(d, 0));
	assert_false(days_year_known(d, INT32_MAX));
	assert_false(days_year_known(none, 1970));
	assert_int_equal(days_step(none, day("2019-08-09"), 1), day("2019-08-12"));
	assert_int_equal(days_step(none, day("2019-08-12"), -6), day("2019-08-02"));
	days_free(&d);
	days_free(&none);
}

static void a_year_between_marks_is_unknown(void **state)
{
	struct days *d = days_new();

	(void)state;
	days_set_off(d, day("2018-12-31"));
	days_set_work(d, day("2020-01-01"));
	days_seal(d);
	assert_false(days_year_known(d, 2018)); /* New Year's eve belongs to the table of 2019 */
	assert_false(days_year_known(d, 2019));
	assert_true(days_year_known(d, 2020));
	days_free(&d);
}

static void stepping_gives_up_when_nobody_ever_works(void **state)
{
	struct days *d = days_new();
	date_t from = day("2019-01-01");

	(void)state;
	for (date_t i = from; i < from + 4100; i++)
		days_set_off(d, i);
	days_set_off(d, DATE_NEVER); /* beyond any year: ignored */
	days_seal(d);
	assert_int_equal(days_step(d, from, 1), DATE_NEVER);
	assert_int_equal(days_step(d, from + 200, 1), day("2030-03-25"));
	assert_int_equal(days_step(d, from, -1), day("2018-12-31"));
	assert_int_equal(days_step(d, from, INT32_MAX), DATE_NEVER);
	assert_int_equal(days_step(d, day("9999-12-31"), 1), DATE_NEVER);
	assert_int_equal(days_step(d, day("0001-01-01"), -1), DATE_NEVER);
	assert_int_equal(days_step(d, DATE_NEVER, -1), DATE_NEVER);
	days_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_date_of_ten_thousand_years_comes_back),
		cmocka_unit_test(known_days_of_the_week),
		cmocka_unit_test(local_times_before_the_epoch),
		cmocka_unit_test(dates_as_people_write_them),
		cmocka_unit_test(which_days_are_worked),
		cmocka_unit_test(stepping_over_working_days),
		cmocka_unit_test(a_made_up_day_beats_a_day_off),
		cmocka_unit_test(years_without_marks_are_unknown),
		cmocka_unit_test(a_year_between_marks_is_unknown),
		cmocka_unit_test(stepping_gives_up_when_nobody_ever_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
