/*
 * test_rrule.c - single rules: what people mean by them, what is refused, what ends in time.
 */
#include <errno.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "calendars/rrule.h"

static local_t local_of(const char *text)
{
	struct civil c = {0};

	assert_true(sscanf(text, "%4d%2d%2dT%2d%2d%2d", &c.year, &c.month, &c.day, &c.hour,
			   &c.minute, &c.second) >= 3);
	return local_from(&c);
}

/* The first @n starts, as days (or days and times if any is not DTSTART's). */
static char *starts(const char *text, const char *start, int n)
{
	local_t stop = local_at(date_from(9999, 12, 31), 0), t;
	GString *out = g_string_new(NULL);
	struct rrule rule;
	struct rrule_iter it;

	assert_int_equal(rrule_parse(text, &rule, NULL), 0);
	if (rule.until_kind != RRULE_UNTIL_NONE)
		stop = rule.until;
	rrule_iter_init(&it, &rule, local_of(start), strlen(start) == 8, stop, 1000000);
	while (n-- > 0 && rrule_iter_next(&it, &t) == 1) {
		struct civil c;

		local_split(t, &c);
		g_string_append_printf(out, "%s%04d%02d%02d", out->len > 0 ? " " : "", c.year,
				       c.month, c.day);
		if (local_second(t) != local_second(local_of(start)))
			g_string_append_printf(out, "T%02d%02d%02d", c.hour, c.minute, c.second);
	}
	return g_string_free(out, FALSE);
}

static void people_get_the_days_they_mean(void **state)
{
	static const struct {
		const char *what, *rule, *start, *days;
	} rows[] = {
		{"every Friday until 29 November", "FREQ=WEEKLY;UNTIL=20191129", "20191115T170000",
		 "20191115 20191122 20191129"},
		{"UNTIL with dashes", "FREQ=WEEKLY;UNTIL=2019-11-29T17:00:00", "20191122T170000",
		 "20191122 20191129"},
		{"lower case", "freq=weekly;count=2;byday=fr", "20191101T170000",
		 "20191101 20191108"},
		{"the 31st skips short months", "FREQ=MONTHLY;COUNT=3", "20190831T120000",
		 "20190831 20191031 20191231"},
		{"the last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
		 "20190831T120000", "20190831 20190930 20191031"},
		{"the last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2",
		 "20190830T170000", "20190830 20190930"},
		{"29 February", "FREQ=YEARLY;COUNT=2", "20160229", "20160229 20200229"},
		{"every second week from Sunday",
		 "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO;COUNT=4", "20190804T080000",
		 "20190804 20190805 20190818 20190819"},
		{"every second week from Monday",
		 "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=SU,MO;COUNT=4", "20190804T080000",
		 "20190804 20190812 20190818 20190826"},
		{"second Tuesday", "FREQ=MONTHLY;BYDAY=2TU;COUNT=2", "20190813T100000",
		 "20190813 20190910"},
		{"20th Monday of the year", "FREQ=YEARLY;BYDAY=20MO;COUNT=2", "19970519T090000",
		 "19970519 19980518"},
		{"week 20 keeps the weekday of DTSTART", "FREQ=YEARLY;BYWEEKNO=20;COUNT=2",
		 "19970515T090000", "19970515 19980514"},
		{"the 100th and the last day of the year", "FREQ=YEARLY;BYYEARDAY=100,-1;COUNT=3",
		 "20190410", "20190410 20191231 20200409"},
		{"three times a day", "FREQ=DAILY;BYHOUR=8,12;BYMINUTE=0,30;COUNT=3",
		 "20190801T080000", "20190801 20190801T083000 20190801T120000"},
		{"the last of the times of a week",
		 "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=9,17;BYSETPOS=-1;COUNT=2", "20190806T170000",
		 "20190806 20190813"},
		{"every 90 minutes over midnight", "FREQ=MINUTELY;INTERVAL=90;COUNT=3",
		 "20190801T223000", "20190801 20190802T000000 20190802T013000"},
		{"an all-day rule knows no hours", "FREQ=DAILY;BYHOUR=8,9;COUNT=2", "20190801",
		 "20190801 20190802"},
		{"an empty BYDAY restricts nothing", "FREQ=WEEKLY;BYDAY=;COUNT=2", "20190802",
		 "20190802 20190809"},
		{"a trailing semicolon", "FREQ=DAILY;COUNT=1;", "20190802", "20190802"},
		{"the leap second is second 59", "FREQ=MINUTELY;BYSECOND=60;COUNT=1",
		 "20190802T000059", "20190802"},
		{"an ordinal in a weekly rule", "FREQ=WEEKLY;BYDAY=2FR;COUNT=2", "20190802",
		 "20190802 20190809"},
		{"the end of time", "FREQ=YEARLY", "99981231", "99981231 99991231"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *got = starts(rows[i].rule, rows[i].start, 10);

		print_message("%s\n", rows[i].what);
		assert_string_equal(got, rows[i].days);
		g_free(got);
	}
}

static void what_cannot_be_followed_exactly_is_refused_with_words(void **state)
{
	static const struct {
		const char *rule;
		int rc;
	} rows[] = {
		{"", -EINVAL},
		{"COUNT=3", -EINVAL},
		{"FREQ=FORTNIGHTLY", -EINVAL},
		{"FREQ=WEEKLY;BYDAY=FR;BYDAY=MO", -EINVAL},
		{"FREQ=WEEKLY;BYDAY=XX", -EINVAL},
		{"FREQ=WEEKLY;BYDAY=0FR", -EINVAL},
		{"FREQ=MONTHLY;BYDAY=54FR", -EINVAL},
		{"FREQ=MONTHLY;BYMONTHDAY=32", -EINVAL},
		{"FREQ=MONTHLY;BYMONTHDAY=0", -EINVAL},
		{"FREQ=YEARLY;BYMONTH=13", -EINVAL},
		{"FREQ=YEARLY;BYMONTH=-1", -EINVAL},
		{"FREQ=YEARLY;BYYEARDAY=367", -EINVAL},
		{"FREQ=DAILY;BYHOUR=24", -EINVAL},
		{"FREQ=DAILY;INTERVAL=0", -EINVAL},
		{"FREQ=DAILY;INTERVAL=-1", -EINVAL},
		{"FREQ=DAILY;COUNT=99999999999999999999", -EINVAL},
		{"FREQ=DAILY;COUNT=2147483648", -EINVAL},
		{"FREQ=DAILY;UNTIL=20190230", -EINVAL},
		{"FREQ=DAILY;UNTIL=", -EINVAL},
		{"FREQ=DAILY;FOO=1", -EINVAL},
		{"FREQ=DAILY;COUNT", -EINVAL},
		{"W1 MO #10", -EINVAL},
		{"RSCALE=CHINESE;FREQ=YEARLY", -ENOTSUP},
		{"FREQ=MONTHLY;SKIP=FORWARD", -ENOTSUP},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct err err = {0};
		struct rrule rule;

		print_message("%s\n", rows[i].rule);
		assert_int_equal(rrule_parse(rows[i].rule, &rule, &err), rows[i].rc);
		assert_true(strlen(err.text) > 0);
		assert_true(g_utf8_validate(err.text, -1, NULL));
	}
}

static void odd_rules_are_followed_and_said_to_be_odd(void **state)
{
	static const struct {
		const char *rule;
		unsigned odd;
	} rows[] = {
		{"FREQ=DAILY", 0},
		{"FREQ=DAILY;X-FOO=1", RRULE_ODD_PART},
		{"FREQ=DAILY;COUNT=3;UNTIL=20190801", RRULE_ODD_BOTH},
		{"FREQ=WEEKLY;BYDAY=1MO", RRULE_ODD_ORDINAL},
		{"FREQ=DAILY;BYSECOND=60", RRULE_ODD_LEAP},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rrule rule;

		assert_int_equal(rrule_parse(rows[i].rule, &rule, NULL), 0);
		assert_int_equal(rule.oddities, rows[i].odd);
	}
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CPU_MAX 10.0
#else
#define CPU_MAX 1.0
#endif

/* Ours alone: a machine with other things to do is not slower by it. */
static double cpu_seconds(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void a_bomb_is_over_in_no_time(void **state)
{
	static const struct {
		const char *rule;
		int rc;
	} rows[] = {
		{"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", 0},
		{"FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", 0},
		{"FREQ=HOURLY;BYMONTHDAY=31;BYMONTH=4", 0},
		{"FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2,4,6", 0},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0},
		{"FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2", 0},
		{"FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=100", 0},
		{"FREQ=HOURLY;INTERVAL=24;BYHOUR=5", 0},
		{"FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", -E2BIG},
		{"FREQ=YEARLY;INTERVAL=2147483647;BYMONTHDAY=1;BYMONTH=1", 0},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		local_t start = local_of("20190102T000000"), t;
		double begin = cpu_seconds();
		struct rrule rule;
		struct rrule_iter it;

		print_message("%s\n", rows[i].rule);
		assert_int_equal(rrule_parse(rows[i].rule, &rule, NULL), 0);
		rrule_iter_init(&it, &rule, start, false, start + INT64_C(400) * 366 * DAY_SECONDS,
				2000000);
		assert_int_equal(rrule_iter_next(&it, &t), rows[i].rc);
		assert_true(cpu_seconds() - begin < CPU_MAX);
	}
}

static void an_instance_that_does_not_exist_is_not_counted(void **state)
{
	local_t t, start = local_of("20190308T023000");
	struct rrule rule;
	struct rrule_iter it;
	int n = 0;

	(void)state;
	assert_int_equal(rrule_parse("FREQ=DAILY;COUNT=4", &rule, NULL), 0);
	rrule_iter_init(&it, &rule, start, false, start + 30 * DAY_SECONDS, 1000);
	while (rrule_iter_next(&it, &t) == 1)
		if (n++ == 2)
			rrule_iter_uncount(&it);
	assert_int_equal(n, 5);
}

/* From any point on, seeking gives what walking gives. */
static void check_seek(GRand *random, const char *text, const char *from)
{
	local_t start = local_of(from), stop = start + 6 * 366 * (local_t)DAY_SECONDS;
	local_t to = start + g_rand_int_range(random, 0, 5 * 366 * DAY_SECONDS), a, b;
	struct rrule_iter walk, seek;
	struct rrule rule;

	assert_int_equal(rrule_parse(text, &rule, NULL), 0);
	rrule_iter_init(&walk, &rule, start, false, stop, 10000000);
	rrule_iter_init(&seek, &rule, start, false, stop, 10000000);
	rrule_iter_seek(&seek, to);
	for (int n = 0; n < 40; n++) {
		int x, y;

		while ((x = rrule_iter_next(&walk, &a)) == 1 && a < to)
			;
		while ((y = rrule_iter_next(&seek, &b)) == 1 && b < to)
			;
		if (x != y || (x == 1 && a != b))
			fail_msg("%s from %s: seeking %ld differs", text, from, (long)(to - start));
		if (x != 1)
			break;
	}
}

static void looking_ahead_gives_the_same_days_as_waiting(void **state)
{
	const char *source = g_getenv("SOURCE_DIR"), *given = g_getenv("DUBAN_SEED");
	guint32 seed = given != NULL ? (guint32)strtoul(given, NULL, 10) : 20190801;
	char *name = g_build_filename(source != NULL ? source : ".",
				      "tests/unit/calendars/data/rrule/cases.tsv", NULL);
	GRand *random = g_rand_new_with_seed(seed);
	char *text = NULL, **lines;
	unsigned checked = 0;

	(void)state;
	print_message("DUBAN_SEED=%u\n", seed);
	assert_true(g_file_get_contents(name, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l != NULL; l++) {
		char **column = g_strsplit(*l, "\t", 3);

		if (**l != '#' && g_strv_length(column) == 3 &&
		    strstr(column[0], "COUNT") == NULL) {
			check_seek(random, column[0], column[1]);
			checked++;
		}
		g_strfreev(column);
	}
	assert_true(checked > 500);
	g_strfreev(lines);
	g_rand_free(random);
	g_free(text);
	g_free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_get_the_days_they_mean),
		cmocka_unit_test(what_cannot_be_followed_exactly_is_refused_with_words),
		cmocka_unit_test(odd_rules_are_followed_and_said_to_be_odd),
		cmocka_unit_test(a_bomb_is_over_in_no_time),
		cmocka_unit_test(an_instance_that_does_not_exist_is_not_counted),
		cmocka_unit_test(looking_ahead_gives_the_same_days_as_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
