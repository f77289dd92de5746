/*
 * expanded.h - a calendar of a few lines, expanded, and what was said about it.
 *
 * For the tests of this directory; everything is static.
 */
#ifndef TESTS_CALENDARS_EXPANDED_H
#define TESTS_CALENDARS_EXPANDED_H

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendars/expand.h"

#define SHANGHAI "DTSTART;TZID=Asia/Shanghai:"
#define NEW_YORK "DTSTART;TZID=America/New_York:"
#define NEXT "END:VEVENT\nBEGIN:VEVENT\nUID:a\n"

/* An expansion and what was said while it was made. */
struct world {
	struct calendar *calendar;
	struct findings *findings;
	GPtrArray *instances;
};

static inline wall_t at(const char *text)
{
	struct civil c = {0};

	assert_true(sscanf(text, "%4d%2d%2dT%2d%2d%2d", &c.year, &c.month, &c.day, &c.hour,
			   &c.minute, &c.second) >= 3);
	return local_from(&c) * SECOND;
}

/* Events of one UID, between their first BEGIN and last END. */
static inline struct world read_events(const char *body, const char *from, const char *to,
				       const struct calendar_limits *limits)
{
	char *text = g_strdup_printf("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n%sEND:VEVENT\n"
				     "END:VCALENDAR\n",
				     body);
	struct world w = {calendar_new(zone_get("Asia/Shanghai")), findings_new(), NULL};

	assert_int_equal(calendar_read(w.calendar, "x.ics", text, strlen(text), limits, w.findings),
			 0);
	w.instances = calendar_expand(w.calendar, at(from), at(to), limits, w.findings);
	g_free(text);
	return w;
}

static inline void world_free(struct world *w)
{
	g_ptr_array_unref(w->instances);
	calendar_free(&w->calendar);
	findings_free(&w->findings);
}

static inline const struct finding *finding_of(const struct findings *f, const char *code)
{
	for (guint i = 0; i < f->list->len; i++) {
		const struct finding *x = f->list->pdata[i];

		if (strcmp(x->code, code) == 0)
			return x;
	}
	return NULL;
}

#endif
