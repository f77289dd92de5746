/*
 * test_zone_oracle.c - every zone of the system against Python's zoneinfo.
 *
 * Python reads the same files by other code.  It prints instants with their offsets and
 * local times with their instants (random ones, and the seconds around each change of
 * 2015 .. 2030); each must be ours too.  The seed is printed and taken from DUBAN_SEED.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendars/zone.h"

static const char program[] =
	"import random, sys, zoneinfo\n"
	"from datetime import datetime, timedelta, timezone\n"
	"U, E = timezone.utc, datetime(1970, 1, 1)\n"
	"rnd = random.Random(int(sys.argv[1]))\n"
	"def off(z, t):\n"
	"    d = E.replace(tzinfo=U) + timedelta(seconds=t)\n"
	"    return int(d.astimezone(z).utcoffset().total_seconds())\n"
	"def show(z, t):\n"
	"    o = off(z, t)\n"
	"    print('I', t, o)\n"
	"    for l in (t + o, t + o + rnd.randint(-7200, 7200)):\n"
	"        d = (E + timedelta(seconds=l)).replace(tzinfo=z)\n"
	"        print('L', l, l - int(d.utcoffset().total_seconds()))\n"
	"names = sorted(zoneinfo.available_timezones() - {'Factory', 'localtime'})\n"
	"for n in names:\n"
	"    z = zoneinfo.ZoneInfo(n)\n"
	"    print('Z', n)\n"
	"    for _ in range(40):\n"
	"        show(z, rnd.randint(-2140000000, 7200000000))\n"
	"    t, week = 1420070400, 604800\n"
	"    while t < 1924992000:\n"
	"        if off(z, t) != off(z, t + week):\n"
	"            a, b = t, t + week\n"
	"            while b - a > 1:\n"
	"                m = (a + b) // 2\n"
	"                a, b = (m, b) if off(z, m) == off(z, a) else (a, m)\n"
	"            for s in (b - 3600, b - 1, b, b + 1799, b + 3600): show(z, s)\n"
	"        t += week\n"
	"print('E', len(names))\n";

static void every_zone_agrees_with_zoneinfo(void **state)
{
	const char *seed = getenv("DUBAN_SEED");
	g_autofree char *script = g_shell_quote(program);
	g_autofree char *command = g_strdup_printf("python3 -c %s %" PRIu64, script,
						   g_ascii_strtoull(seed ? seed : "1", NULL, 10));
	FILE *python = popen(command, "r");
	const struct zone *z = NULL;
	char line[200], name[100];
	long long a, b;
	int zones = -1, seen = 0;

	(void)state;
	assert_non_null(python);
	while (fgets(line, sizeof(line), python)) {
		if (sscanf(line, "Z %99s", name) == 1) {
			z = zone_get(name);
			if (!z)
				fail_msg("no zone %s", name);
			seen++;
		} else if (sscanf(line, "I %lld %lld", &a, &b) == 2) {
			if (zone_offset(z, a * 1000) != b || zone_local(z, a * 1000) != a + b)
				fail_msg("%s at %lld: offset %d, not %lld", name, a,
					 zone_offset(z, a * 1000), b);
		} else if (sscanf(line, "L %lld %lld", &a, &b) == 2) {
			wall_t t = zone_instant(z, a, NULL);

			if (t != b * 1000)
				fail_msg("%s local %lld: %" PRId64 ", not %lld", name, a, t / 1000,
					 b);
		} else if (sscanf(line, "E %d", &zones) != 1) {
			fail_msg("python said %s", line);
		}
	}
	assert_int_equal(pclose(python), 0);
	assert_int_equal(zones, seen);
	assert_true(zones > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_zone_agrees_with_zoneinfo)};
	const char *seed = getenv("DUBAN_SEED");

	if (system("python3 -c 'import zoneinfo; assert zoneinfo.available_timezones()' "
		   ">/dev/null 2>&1") != 0) {
		printf("skipped: no python3 with zoneinfo to compare with\n");
		return 77;
	}
	printf("seed %s (DUBAN_SEED)\n", seed ? seed : "1");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
