/*
 * campaign_help.h - small campaigns for tests: files from texts, findings as lines.
 */
#ifndef TESTS_CAMPAIGN_HELP_H
#define TESTS_CAMPAIGN_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "calendars/zone.h"
#include "daemon/campaign/load.h"

#define UNUSED __attribute__((unused))

/** 2019-12-31T00:00:00+08:00: the @until of these tests. */
#define UNTIL ((wall_t)1577721600000)

UNUSED static const char yaml_small[] = "name: 试\n"
					"timezone: Asia/Shanghai\n"
					"office: ban\n"
					"policies:\n"
					"  default:\n"
					"    steps:\n"
					"      - {name: 提醒, at: \"-1wd@09:30\", to: [liaison]}\n"
					"      - {name: 催办, at: \"0\", to: [liaison, office]}\n"
					"  weekly:\n"
					"    grace: 30m\n"
					"    steps:\n"
					"      - {name: 催办, at: \"0\", to: [liaison]}\n";

UNUSED static const char units_small[] = "unit,name,kind,role,person,email,tags\n"
					 "ban,安委办,office,liaison,办甲,ban@example.org,\n"
					 "xin,新桥镇,镇,liaison,新甲,xin1@example.org,消防;建筑\n"
					 "xin,新桥镇,镇,leader,新乙,xin2@example.org,消防;建筑\n"
					 "xue,薛家镇,镇,liaison,薛甲,xue1@example.org,消防\n"
					 "zhu,住建局,部门,liaison,住甲,zhu1@example.org,建筑\n";

UNUSED static const char holidays_small[] =
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
	"BEGIN:VEVENT\r\nUID:h1\r\nDTSTAMP:20190101T000000Z\r\nDTSTART;VALUE=DATE:20190913\r\n"
	"DTEND;VALUE=DATE:20190916\r\nSUMMARY:中秋\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:h2\r\nDTSTAMP:20190101T000000Z\r\nDTSTART;VALUE=DATE:20191001\r\n"
	"DTEND;VALUE=DATE:20191008\r\nSUMMARY:国庆\r\nCATEGORIES:休\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:h3\r\nDTSTAMP:20190101T000000Z\r\nDTSTART;VALUE=DATE:20190929\r\n"
	"SUMMARY:国庆调休\r\nCATEGORIES:班\r\nEND:VEVENT\r\n"
	"END:VCALENDAR\r\n";

#define EVENT(uid, lines)                                                                          \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20190101T000000Z\r\n" lines "END:VEVENT\r\n"
#define CALENDAR(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" events "END:VCALENDAR\r\n"

/** The four files; NULL leaves one out. */
UNUSED static struct campaign_files *files_of(const char *yaml, const char *units,
					      const char *calendar, const char *holidays)
{
	struct campaign_files *f = campaign_files_new("shi");

	if (yaml)
		campaign_files_add(f, "campaign.yaml", yaml, strlen(yaml));
	if (units)
		campaign_files_add(f, "units.csv", units, strlen(units));
	if (calendar)
		campaign_files_add(f, "campaign.ics", calendar, strlen(calendar));
	if (holidays)
		campaign_files_add(f, "holidays.ics", holidays, strlen(holidays));
	return f;
}

/** "file:line[:column] CODE\n" of every finding, sorted; caller frees. */
UNUSED static char *findings_brief(struct findings *f)
{
	GString *s = g_string_new(NULL);

	findings_sort(f);
	for (unsigned i = 0; i < f->list->len; i++) {
		const struct finding *one = f->list->pdata[i];

		g_string_append_printf(s, "%s:%d", one->file, one->line);
		if (one->column)
			g_string_append_printf(s, ":%d", one->column);
		g_string_append_printf(s, " %s\n", one->code);
	}
	return g_string_free(s, FALSE);
}

UNUSED static void findings_print(const struct findings *f)
{
	for (unsigned i = 0; i < f->list->len; i++) {
		g_autofree char *line = finding_line(f->list->pdata[i]);

		print_message("%s\n", line);
	}
}

/** Compare, showing the findings' words when they differ. */
UNUSED static void assert_findings(struct findings *f, const char *name, const char *want)
{
	g_autofree char *got = findings_brief(f);

	if (strcmp(got, want) != 0) {
		print_message("%s:\n", name);
		findings_print(f);
	}
	assert_string_equal(got, want);
}

/** Whether some finding has @code and a text with @words in it. */
UNUSED static bool findings_say(const struct findings *f, const char *code, const char *words)
{
	for (unsigned i = 0; i < f->list->len; i++) {
		const struct finding *one = f->list->pdata[i];

		if (!strcmp(one->code, code) && strstr(one->text, words))
			return true;
	}
	return false;
}

/** An instant as written in the campaign's zone; caller frees. */
UNUSED static char *at_text(const struct campaign *c, wall_t t)
{
	return t == WALL_NEVER ? g_strdup("never") : zone_format(c->zone, t);
}

#endif
