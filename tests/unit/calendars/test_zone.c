/*
 * test_zone.c - names that resolve and names that must not; clocks that jump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "calendars/zone.h"

static void zones_by_any_spelling_people_use(void **state)
{
	static const struct {
		const char *asked, *name; /* NULL: there is no such zone */
	} rows[] = {
		{"Asia/Shanghai", "Asia/Shanghai"},
		{"asia/SHANGHAI", "Asia/Shanghai"},
		{"PRC", "PRC"},
		{"prc", "PRC"},
		{"utc", "UTC"},
		{"Etc/GMT-8", "Etc/GMT-8"},
		{"america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"},
		{"/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"},
		{"/softwarestudio.org/Olson_20011030_5/America/New_York", "America/New_York"},
		{"/example.org/America/Indiana/Knox", "America/Indiana/Knox"},
		{"/example.org/20210210_1/UTC", "UTC"},
		{"/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"},
		{"", NULL},
		{"/", NULL},
		{"//", NULL},
		{"Asia", NULL},
		{"Asia/", NULL},
		{"/Asia/Shanghai/", NULL},
		{"Asia//Shanghai", NULL},
		{"Asia/Shanghai ", NULL},
		{"Asia/Atlantis", NULL},
		{"China Standard Time", NULL},
		{"../../etc/passwd", NULL},
		{"Asia/../Asia/Shanghai", NULL},
		{"/../Asia/Shanghai", NULL},
		{"/etc/passwd", NULL},
		{"/etc/localtime", NULL},
		{"localtime", NULL},
		{"posixrules", NULL},
		{"right/Asia/Shanghai", NULL},
		{"posix/Asia/Shanghai", NULL},
		{"leapseconds", NULL},
		{"zone.tab", NULL},
		{"tzdata.zi", NULL},
		{"Factory", NULL},
		{"file:Asia/Shanghai", NULL},
		{"libc:localtime", NULL},
		{"Fixed/UTC+08:00:00", NULL},
		{"a/b/c/d", NULL},
		{"Asia/Shang\nhai", NULL},
		{"UTC+8", NULL},
		{"CST", NULL},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct zone *z = zone_get(rows[i].asked);

		if (!rows[i].name != !z || (z && strcmp(zone_name(z), rows[i].name) != 0))
			fail_msg("\"%s\" is %s", rows[i].asked, z ? zone_name(z) : "none");
		assert_ptr_equal(z, zone_get(rows[i].asked));
	}
	assert_null(zone_get(NULL));
	assert_ptr_equal(zone_get("UTC"), zone_utc());

	char endless[5000];

	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_null(zone_get(endless));
	memset(endless, '/', sizeof(endless) - 1);
	assert_null(zone_get(endless));
}

static void zones_by_their_windows_names(void **state)
{
	static const struct {
		const char *asked, *name;
	} rows[] = {
		{"China Standard Time", "Asia/Shanghai"},
		{"china standard time", "Asia/Shanghai"},
		{"W. Europe Standard Time", "Europe/Berlin"},
		{"Eastern Standard Time", "America/New_York"},
		{"Eastern Standard Time (Mexico)", "America/Cancun"},
		{"India Standard Time", "Asia/Kolkata"},
		{"Dateline Standard Time", "Etc/GMT+12"},
		{"UTC", "Etc/UTC"},
		{"UTC-11", "Etc/GMT+11"},
		{"UTC+13", "Etc/GMT-13"},
		{"Asia/Shanghai", NULL},
		{"China", NULL},
		{"China Standard Time ", NULL},
		{"China Daylight Time", NULL},
		{"", NULL},
		{"~", NULL},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct zone *z = zone_get_windows(rows[i].asked);

		if (!rows[i].name != !z || (z && strcmp(zone_name(z), rows[i].name) != 0))
			fail_msg("\"%s\" is %s", rows[i].asked, z ? zone_name(z) : "none");
	}
	assert_null(zone_get_windows(NULL));
}

static void every_windows_name_of_the_table_resolves(void **state)
{
	static const struct {
		const char *windows, *iana;
	} rows[] = {
#include "calendars/windows_zones.inc"
	};

	(void)state;
	assert_int_equal(G_N_ELEMENTS(rows), 139);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct zone *z = zone_get_windows(rows[i].windows);

		if (!z || strcmp(zone_name(z), rows[i].iana) != 0)
			fail_msg("%s should be %s", rows[i].windows, rows[i].iana);
		if (i > 0)
			assert_true(g_ascii_strcasecmp(rows[i - 1].windows, rows[i].windows) < 0);
	}
}

static void instants_where_the_clock_jumps(void **state)
{
	static const struct {
		const char *name, *zone, *local, *instant;
		enum zone_fit fit;
	} rows[] = {
		{"a common afternoon", "Asia/Shanghai", "2019-08-09T17:00:00",
		 "2019-08-09T17:00:00+08:00", ZONE_UNIQUE},
		{"before the spring gap", "America/New_York", "2019-03-10T01:59:59",
		 "2019-03-10T01:59:59-05:00", ZONE_UNIQUE},
		{"in it: the offset before", "America/New_York", "2019-03-10T02:30:00",
		 "2019-03-10T03:30:00-04:00", ZONE_SKIPPED},
		{"its first second", "America/New_York", "2019-03-10T02:00:00",
		 "2019-03-10T03:00:00-04:00", ZONE_SKIPPED},
		{"its last second", "America/New_York", "2019-03-10T02:59:59",
		 "2019-03-10T03:59:59-04:00", ZONE_SKIPPED},
		{"after it", "America/New_York", "2019-03-10T03:00:00", "2019-03-10T03:00:00-04:00",
		 ZONE_UNIQUE},
		{"the doubled hour: the first", "America/New_York", "2019-11-03T01:00:00",
		 "2019-11-03T01:00:00-04:00", ZONE_REPEATED},
		{"its last second", "America/New_York", "2019-11-03T01:59:59",
		 "2019-11-03T01:59:59-04:00", ZONE_REPEATED},
		{"after it", "America/New_York", "2019-11-03T02:00:00", "2019-11-03T02:00:00-05:00",
		 ZONE_UNIQUE},
		{"half an hour of summer", "Australia/Lord_Howe", "2019-10-06T02:15:00",
		 "2019-10-06T02:45:00+11:00", ZONE_SKIPPED},
		{"half an hour doubled", "Australia/Lord_Howe", "2019-04-07T01:45:00",
		 "2019-04-07T01:45:00+11:00", ZONE_REPEATED},
		{"a day that never was", "Pacific/Apia", "2011-12-30T12:00:00",
		 "2011-12-31T12:00:00+14:00", ZONE_SKIPPED},
		{"midnight skipped", "America/Sao_Paulo", "2018-11-04T00:00:00",
		 "2018-11-04T01:00:00-02:00", ZONE_SKIPPED},
		{"a rule far ahead", "Europe/Berlin", "2150-07-01T12:00:00",
		 "2150-07-01T12:00:00+02:00", ZONE_UNIQUE},
		{"beyond what is laid out, a gap", "Europe/Berlin", "2306-03-25T02:30:00",
		 "2306-03-25T03:30:00+02:00", ZONE_SKIPPED},
		{"beyond what is laid out, summer", "Europe/Berlin", "2306-07-01T12:00:00",
		 "2306-07-01T12:00:00+02:00", ZONE_UNIQUE},
		{"Dublin, whose summer is standard", "Europe/Dublin", "2019-07-01T12:00:00",
		 "2019-07-01T12:00:00+01:00", ZONE_UNIQUE},
		{"long ago", "Asia/Shanghai", "1850-01-01T00:00:00", "1850-01-01T00:00:00+08:05:43",
		 ZONE_UNIQUE},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct zone *z = zone_get(rows[i].zone);
		wall_t as_utc;
		enum zone_fit fit;

		assert_non_null(z);
		assert_true(zone_parse(zone_utc(), rows[i].local, false, &as_utc));

		wall_t t = zone_instant(z, as_utc / SECOND, &fit);
		g_autofree char *text = zone_format(z, t);

		if (strcmp(text, rows[i].instant) != 0 || fit != rows[i].fit)
			fail_msg("%s: %s, fit %d", rows[i].name, text, (int)fit);
		assert_int_equal(zone_instant(z, as_utc / SECOND, NULL), t);
	}
}

static void instants_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		bool end_of_day;
		const char *instant; /* NULL: refused */
	} rows[] = {
		{"2019-08-09", false, "2019-08-09T00:00:00+08:00"},
		{"2019-08-09", true, "2019-08-09T23:59:59+08:00"},
		{"2019-08-09T17:00", true, "2019-08-09T17:00:00+08:00"},
		{"2019-08-09 17:00", false, "2019-08-09T17:00:00+08:00"},
		{"2019-08-09t17:00:59", false, "2019-08-09T17:00:59+08:00"},
		{"2019-08-09T17:00Z", false, "2019-08-10T01:00:00+08:00"},
		{"2019-08-09T17:00:01z", false, "2019-08-10T01:00:01+08:00"},
		{"2019-08-09T17:00:00+08:00", false, "2019-08-09T17:00:00+08:00"},
		{"2019-08-09T17:00-0330", false, "2019-08-10T04:30:00+08:00"},
		{"20190809", false, NULL},
		{"2019-08-09T", false, NULL},
		{"2019-08-09T17", false, NULL},
		{"2019-08-09T17:", false, NULL},
		{"2019-08-09T17:00:", false, NULL},
		{"2019-08-09T24:00", false, NULL},
		{"2019-08-09T17:60", false, NULL},
		{"2019-08-09T23:59:60", false, NULL},
		{"2019-02-30", false, NULL},
		{"2019-08-09T17:00+8", false, NULL},
		{"2019-08-09T17:00+08:60", false, NULL},
		{"2019-08-09T17:00+24:00", false, NULL},
		{"2019-08-09T17:00 ", false, NULL},
		{"2019-08-09T17:00:00.5", false, NULL},
		{"2019-08-09T17:00Zulu", false, NULL},
		{"tomorrow", false, NULL},
		{"", false, NULL},
	};
	const struct zone *z = zone_get("Asia/Shanghai");

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		wall_t t = -1;
		bool good = zone_parse(z, rows[i].text, rows[i].end_of_day, &t);
		g_autofree char *text = zone_format(z, t);

		if (good != (rows[i].instant != NULL) || (good && strcmp(text, rows[i].instant)))
			fail_msg("\"%s\" gave %s", rows[i].text, good ? text : "nothing");
	}
	assert_false(zone_parse(z, NULL, false, &(wall_t){0}));
}

static void milliseconds_do_not_round_up(void **state)
{
	const struct zone *z = zone_get("Asia/Shanghai");

	(void)state;
	assert_int_equal(zone_local(z, 999), 8 * 3600);
	assert_int_equal(zone_local(z, -1), 8 * 3600 - 1);
	assert_int_equal(zone_local(z, -1000), 8 * 3600 - 1);
}

static void spans_join_without_a_hole(void **state)
{
	static const char *const names[] = {"America/New_York", "Africa/Casablanca", "UTC",
					    "Asia/Shanghai", "Australia/Lord_Howe"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const struct zone *z = zone_get(names[i]);
		wall_t t = 1500000000 * SECOND, from, to, before = WALL_NEVER;

		for (int n = 0; n < 100; n++) {
			zone_span(z, t, &from, &to);
			assert_true(from <= t && t < to);
			if (before != WALL_NEVER)
				assert_int_equal(from, before);
			if (to == WALL_NEVER)
				break;
			assert_int_equal(zone_offset(z, from), zone_offset(z, to - 1));
			assert_int_not_equal(zone_offset(z, to - 1), zone_offset(z, to));
			before = t = to;
		}
	}
}

static void the_end_of_time_has_an_answer(void **state)
{
	const struct zone *z = zone_get("America/New_York");
	wall_t from, to;

	(void)state;
	(void)zone_local(z, WALL_NEVER);
	(void)zone_local(z, WALL_ALWAYS + DAY);
	(void)zone_instant(z, INT64_MAX / 2, NULL);
	(void)zone_instant(z, INT64_MIN / 2, NULL);
	zone_span(z, WALL_NEVER - 1, &from, &to);
	zone_span(z, WALL_ALWAYS + 1, &from, &to);
	g_autofree char *text = zone_format(z, WALL_NEVER);

	assert_non_null(text);
}

static void *ask(void *arg)
{
	static const char *const names[] = {"Europe/Paris", "Asia/Tokyo",    "America/Chicago",
					    "Africa/Cairo", "/x/Asia/Dubai", "Asia/Nowhere"};
	int64_t *sum = arg;

	for (int i = 0; i < 600; i++) {
		const struct zone *z = zone_get(names[i % 6]);

		if (z)
			*sum += zone_local(z, i * DAY * 30) + zone_instant(z, i * 2592000, NULL);
	}
	return NULL;
}

static void threads_may_ask_at_once(void **state)
{
	pthread_t threads[4];
	int64_t sums[4] = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &sums[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < 4; i++)
		assert_int_equal(sums[i], sums[0]);
}

static void the_version_of_tzdata_is_told(void **state)
{
	(void)state;
	assert_true(strlen(zone_tzdata_version()) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_may_ask_at_once),
		cmocka_unit_test(zones_by_any_spelling_people_use),
		cmocka_unit_test(zones_by_their_windows_names),
		cmocka_unit_test(every_windows_name_of_the_table_resolves),
		cmocka_unit_test(instants_where_the_clock_jumps),
		cmocka_unit_test(instants_as_people_write_them),
		cmocka_unit_test(milliseconds_do_not_round_up),
		cmocka_unit_test(spans_join_without_a_hole),
		cmocka_unit_test(the_end_of_time_has_an_answer),
		cmocka_unit_test(the_version_of_tzdata_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
