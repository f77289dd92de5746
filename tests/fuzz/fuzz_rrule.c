/*
 * fuzz_rrule.c - any text as a recurrence rule, walked from any DTSTART within a budget.
 *
 * Besides not crashing: local times come in strictly ascending order, none before
 * DTSTART or after the stop, at most COUNT of them, and the walk ends by itself.
 *
 * links: core calendars
 */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "calendars/rrule.h"
#include "daemon/core/err.h"

#define STEPS 100000
#define MANY 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rrule rule;
	struct rrule_iter it;
	local_t start, stop, at, last = INT64_MIN;
	int64_t n = 0;
	char *text;
	uint32_t seed;

	if (size < sizeof(seed))
		return 0;
	memcpy(&seed, data, sizeof(seed));
	text = g_strndup((const char *)data + sizeof(seed), size - sizeof(seed));
	if (rrule_parse(text, &rule, NULL) == 0) {
		start = (local_t)seed;
		stop = start + 20 * INT64_C(366) * DAY_SECONDS;
		rrule_iter_init(&it, &rule, start, (seed & 1) != 0, stop, STEPS);
		while (n < MANY && rrule_iter_next(&it, &at) == 1) {
			must(at > last && at <= stop);
			must(at >= ((seed & 1) != 0 ? start - DAY_SECONDS : start));
			last = at;
			n++;
		}
		must(rule.count == 0 || n <= rule.count);
	}
	g_free(text);
	return 0;
}
