/*
 * fuzz_ics.c - any bytes as a calendar, read and expanded as a campaign and as `expand` do.
 *
 * Besides not crashing: instances lie in the range asked for, come in order, and what
 * is printed of them is UTF-8 with nine columns a line.
 *
 * links: core calendars
 */
#include <stdint.h>
#include <string.h>

#include "calendars/expand.h"
#include "daemon/core/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tsv(const char *tsv)
{
	must(g_utf8_validate(tsv, -1, NULL));
	while (*tsv != 0) {
		unsigned tabs = 0;

		for (; *tsv != 0 && *tsv != '\n'; tsv++)
			tabs += *tsv == '\t';
		must(tabs == 8 && *tsv == '\n');
		tsv++;
	}
}

static void expand(const uint8_t *data, size_t size, const struct calendar_limits *limits)
{
	const struct zone *zone = zone_get("Asia/Shanghai");
	wall_t from = 1564588800000, to = from + 400 * DAY; /* 2019-08-01 in Shanghai */
	struct calendar *cal = calendar_new(zone);
	struct findings *f = findings_new();
	GPtrArray *instances;
	g_autofree char *tsv = NULL;

	(void)calendar_read(cal, "fuzz.ics", (const char *)data, size, limits, f);
	instances = calendar_expand(cal, from, to, limits, f);
	for (guint i = 0; i < instances->len; i++) {
		const struct instance *x = g_ptr_array_index(instances, i);

		must(x->end >= x->start);
		must(x->start < to && (x->end > from || x->start >= from));
		if (i > 0)
			must(((const struct instance *)g_ptr_array_index(instances, i - 1))
				     ->start <= x->start);
	}
	tsv = calendar_tsv(instances);
	check_tsv(tsv);
	(void)calendar_reach(cal);
	g_ptr_array_unref(instances);
	calendar_free(&cal);
	findings_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	expand(data, size, &calendar_limits_expand);
	expand(data, size, &calendar_limits_campaign);
	return 0;
}
