/*
 * test_offset.c - what people may write as a distance, and what they are told otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "daemon/core/offset.h"

struct row {
	const char *name, *text;
	const char *canonical; /* NULL: refused */
};

static const struct row steps[] = {
	{"the deadline itself", "0", "0"},
	{"one working day before at half past nine", "-1wd@09:30", "-1wd@09:30"},
	{"three hours before", "-3h", "-3h"},
	{"two days after", "+2d", "+2d"},
	{"parts in a row", "+1w2d3wd4h5m@23:59", "+1w2d3wd4h5m@23:59"},
	{"the same unit twice", "-1d1d", "-1d1d"},
	{"the largest amount", "+9999wd", "+9999wd"},
	{"leading zeros", "-007d", "-7d"},
	{"six parts", "+1m1m1m1m1m1m", "+1m1m1m1m1m1m"},
	{"seven parts", "+1m1m1m1m1m1m1m", NULL},
	{"an amount too large", "+10000d", NULL},
	{"an amount beyond any integer", "+99999999999999999999d", NULL},
	{"no sign", "1wd", NULL},
	{"a negative nothing", "-0", NULL},
	{"a negative nothing with a unit", "-0d", NULL},
	{"a positive nothing", "+0", NULL},
	{"a nothing among parts", "+1d0h", NULL},
	{"the deadline at another hour", "0@10:00", NULL},
	{"a sign alone", "-", NULL},
	{"no part before the time", "+@09:30", NULL},
	{"no unit", "+3", NULL},
	{"an unknown unit", "+3y", NULL},
	{"a unit in capitals", "+3D", NULL},
	{"seconds", "+3s", NULL},
	{"a sign in the middle", "+1d-2h", NULL},
	{"a blank inside", "+1d 2h", NULL},
	{"a blank in front", " +1d", NULL},
	{"a blank behind", "+1d ", NULL},
	{"one digit of hour", "+1d@9:30", NULL},
	{"midnight as 24:00", "+1d@24:00", NULL},
	{"sixty minutes", "+1d@23:60", NULL},
	{"text after the time", "+1d@09:30x", NULL},
	{"an empty time", "+1d@", NULL},
	{"two times", "+1d@09:30@10:00", NULL},
	{"nothing at all", "", NULL},
	{"a word", "soon", NULL},
};

static const struct row lengths[] = {
	{"half an hour", "30m", "+30m"},
	{"a working day", "1wd", "+1wd"},
	{"two weeks at six", "14d@18:00", "+14d@18:00"},
	{"nothing", "0", "0"},
	{"a sign", "+30m", NULL},
	{"a negative one", "-30m", NULL},
	{"zero minutes", "0m", NULL},
	{"a time alone", "@10:00", NULL},
	{"nothing at all", "", NULL},
};

typedef int parse_fn(const char *text, struct offset *out, struct err *err);

static void check_rows(const struct row *rows, size_t n, parse_fn *parse)
{
	for (size_t i = 0; i < n; i++) {
		struct offset o;
		struct err err = {0};

		memset(&o, 0x55, sizeof(o));
		struct offset untouched = o;
		int r = parse(rows[i].text, &o, &err);

		if (rows[i].canonical) {
			g_autofree char *text = r == 0 ? offset_text(&o) : NULL;

			if (r != 0 || strcmp(text, rows[i].canonical) != 0)
				fail_msg("%s: \"%s\" gave %d %s", rows[i].name, rows[i].text, r,
					 text ? text : err.text);
			continue;
		}
		if (r != -EINVAL || err.code != -EINVAL || !strstr(err.text, rows[i].text))
			fail_msg("%s: \"%s\" gave %d, words \"%s\"", rows[i].name, rows[i].text, r,
				 err.text);
		assert_memory_equal(&o, &untouched, sizeof(o));
		assert_int_equal(parse(rows[i].text, &o, NULL), -EINVAL);
	}
}

static void steps_read_as_written(void **state)
{
	(void)state;
	check_rows(steps, G_N_ELEMENTS(steps), offset_parse);
}

static void lengths_read_as_written(void **state)
{
	(void)state;
	check_rows(lengths, G_N_ELEMENTS(lengths), offset_parse_length);
}

static void the_parts_keep_their_order(void **state)
{
	struct offset o;

	(void)state;
	assert_int_equal(offset_parse("-2w1wd30m@08:05", &o, NULL), 0);
	assert_int_equal(o.sign, -1);
	assert_int_equal(o.parts, 3);
	assert_int_equal(o.part[0].amount, 2);
	assert_int_equal(o.part[0].unit, 'w');
	assert_int_equal(o.part[1].amount, 1);
	assert_int_equal(o.part[1].unit, 'b');
	assert_int_equal(o.part[2].amount, 30);
	assert_int_equal(o.part[2].unit, 'm');
	assert_int_equal(o.at, 8 * 60 + 5);
}

static void a_long_text_is_quoted_in_part(void **state)
{
	struct err err;
	char text[2000];
	struct offset o;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(offset_parse(text, &o, &err), -EINVAL);
	assert_true(strlen(err.text) < 300);
	assert_true(g_utf8_validate(err.text, -1, NULL));
}

static void hours_of_the_day(void **state)
{
	static const struct {
		const char *text;
		int minute; /* -1: refused */
	} rows[] = {{"00:00", 0},  {"09:30", 570}, {"23:59", 1439}, {"24:00", -1}, {"9:30", -1},
		    {"09.30", -1}, {"", -1},       {"09:300", -1},  {"-1:00", -1}, {"0a:00", -1}};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int16_t minute = -7;
		int r = minute_parse(rows[i].text, &minute, NULL);

		assert_int_equal(r, rows[i].minute < 0 ? -EINVAL : 0);
		assert_int_equal(minute, rows[i].minute < 0 ? -7 : rows[i].minute);
	}
}

static void hours_of_the_week(void **state)
{
	static const struct {
		const char *text;
		int weekday, at; /* -1: refused */
	} rows[] = {{"TU@10:00", 1, 600}, {"mo@00:00", 0, 0},     {"Su@23:59", 6, 1439},
		    {"th@08:30", 3, 510}, {"TUE@10:00", -1, 0},   {"xx@10:00", -1, 0},
		    {"10:00", -1, 0},     {"TU", -1, 0},          {"TU@", -1, 0},
		    {"TU@24:00", -1, 0},  {"TU@10:00:00", -1, 0}, {"", -1, 0},
		    {"ot@10:00", -1, 0}};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct slot s = {.weekday = -1};
		int r = slot_parse(rows[i].text, &s, NULL);

		assert_int_equal(r, rows[i].weekday < 0 ? -EINVAL : 0);
		assert_int_equal(s.weekday, rows[i].weekday);
		if (r == 0)
			assert_int_equal(s.at, rows[i].at);
	}
	assert_int_equal(weekday_of("frozen", 2), 4);
	assert_int_equal(weekday_of("fr", 1), -1);
	assert_int_equal(weekday_of("", 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_read_as_written),
		cmocka_unit_test(lengths_read_as_written),
		cmocka_unit_test(the_parts_keep_their_order),
		cmocka_unit_test(a_long_text_is_quoted_in_part),
		cmocka_unit_test(hours_of_the_day),
		cmocka_unit_test(hours_of_the_week),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
