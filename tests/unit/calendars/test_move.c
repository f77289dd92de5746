/*
 * test_move.c - last year's events in another year, and what is said of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "calendars/expand.h"
#include "calendars/move.h"

#define NOW ((wall_t)1798761600000) /* 2027-01-01T00:00:00Z */
#define EVENT(lines)                                                                               \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u@example.org\r\n"      \
	"DTSTAMP:20190101T000000Z\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define SH ";TZID=Asia/Shanghai:"

/* The campaign of 2019: 1 August to 30 November. */
static struct move to_year(int year)
{
	return (struct move){.zone = zone_get("Asia/Shanghai"),
			     .from_year = 2019,
			     .years = year - 2019,
			     .first = date_from(2019, 8, 1),
			     .last = date_from(2019, 11, 30),
			     .now = NOW};
}

/* The moved text; its notes joined by '|' in *notes_out. */
static char *moved(int year, const char *ics, char **notes_out)
{
	struct move m = to_year(year);
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	struct findings *f = findings_new();
	char *out = NULL;

	assert_int_equal(move_calendar(&m, "f", ics, strlen(ics), &out, notes, f), 0);
	assert_int_equal(f->errors, 0);
	findings_free(&f);
	g_ptr_array_add(notes, NULL);
	if (notes_out)
		*notes_out = g_strjoinv("|", (char **)notes->pdata);
	return out;
}

/* Starts on the wall clock of Shanghai, "MMDDThhmm" or "MMDD", of that year's expansion. */
static char *starts(const char *ics)
{
	struct findings *f = findings_new();
	struct calendar *c = calendar_new(zone_get("Asia/Shanghai"));
	GString *s = g_string_new(NULL);
	GPtrArray *all;

	assert_int_equal(calendar_read(c, "x", ics, strlen(ics), &calendar_limits_campaign, f), 0);
	all = calendar_expand(c, 0, (wall_t)4102444800000, &calendar_limits_campaign, f);
	for (guint i = 0; i < f->list->len; i++)
		fail_msg("%s", finding_line(f->list->pdata[i]));
	for (guint i = 0; i < all->len; i++) {
		const struct instance *x = all->pdata[i];
		struct civil a, b;

		local_split(x->local_start, &a);
		local_split(x->local_end - (x->kind == START_DATE), &b);
		if (x->kind == START_DATE)
			g_string_append_printf(s, "%d-%02d%02d-%02d%02d ", a.year, a.month, a.day,
					       b.month, b.day);
		else
			g_string_append_printf(s, "%d-%02d%02dT%02d%02d ", a.year, a.month, a.day,
					       a.hour, a.minute);
	}
	g_ptr_array_unref(all);
	calendar_free(&c);
	findings_free(&f);
	return g_string_free(s, FALSE);
}

static const struct {
	const char *name;
	int year;
	const char *lines, *want;
} rows[] = {
	{"a day keeps month and day", 2027,
	 "DTSTART;VALUE=DATE:20190810\r\nDTEND;VALUE=DATE:20190811\r\n", "2027-0810-0810 "},
	{"a stretch keeps its last day", 2027,
	 "DTSTART;VALUE=DATE:20190811\r\nDTEND;VALUE=DATE:20191121\r\n", "2027-0811-1120 "},
	{"a stretch to the end of February", 2020,
	 "DTSTART;VALUE=DATE:20190201\r\nDTEND;VALUE=DATE:20190301\r\n", "2020-0201-0228 "},
	{"an hour", 2027, "DTSTART" SH "20190929T180000\r\nDTEND" SH "20190929T183000\r\n",
	 "2027-0929T1800 "},
	{"UTC", 2027, "DTSTART:20190929T100000Z\r\n", "2027-0929T1000 "},
	{"backwards", 2018, "DTSTART:20190929T100000Z\r\n", "2018-0929T1000 "},
	{"the last three Fridays, by COUNT", 2027,
	 "DTSTART" SH "20191115T170000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n",
	 "2027-1112T1700 2027-1119T1700 2027-1126T1700 "},
	{"from the second Friday to the last but one", 2027,
	 "DTSTART" SH "20190809T170000\r\nRRULE:FREQ=WEEKLY;INTERVAL=5;UNTIL=20191122T090000Z\r\n",
	 "2027-0813T1700 2027-0917T1700 2027-1022T1700 "},
	{"two weekdays", 2020,
	 "DTSTART" SH "20191121T170000\r\nRRULE:FREQ=WEEKLY;BYDAY=TH,TU;UNTIL=20191130T000000Z\r\n",
	 "2020-1119T1700 2020-1124T1700 2020-1126T1700 "},
	{"weekly days", 2027, "DTSTART;VALUE=DATE:20191122\r\nRRULE:FREQ=WEEKLY;UNTIL=20191129\r\n",
	 "2027-1119-1119 2027-1126-1126 "},
	{"weekly without a zone", 2027,
	 "DTSTART:20191122T170000\r\nRRULE:FREQ=WEEKLY;UNTIL=20191129T170000\r\n",
	 "2027-1119T1700 2027-1126T1700 "},
	{"the second Tuesday", 2027,
	 "DTSTART" SH "20190813T100000\r\nRRULE:FREQ=MONTHLY;BYDAY=2TU;UNTIL=20191112T020000Z\r\n",
	 "2027-0810T1000 2027-0914T1000 2027-1012T1000 2027-1109T1000 "},
	{"a day of the month, counted", 2027,
	 "DTSTART;VALUE=DATE:20190821\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=21;COUNT=2\r\n",
	 "2027-0821-0821 2027-0921-0921 "},
	{"the second of three a month", 2027,
	 "DTSTART;VALUE=DATE:20190820\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=10,20,30;COUNT=3\r\n",
	 "2027-0820-0820 2027-0830-0830 2027-0910-0910 "},
	{"the last day of the month", 2020,
	 "DTSTART;VALUE=DATE:20190131\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2\r\n",
	 "2020-0131-0131 2020-0229-0229 "},
	{"daily", 2027,
	 "DTSTART" SH "20191001T090000\r\nRRULE:FREQ=DAILY;UNTIL=20191003T010000Z\r\n",
	 "2027-1001T0900 2027-1002T0900 2027-1003T0900 "},
	{"on working days", 2027,
	 "DTSTART" SH "20191128T090000\r\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL="
	 "20191129T010000Z\r\n",
	 "2027-1125T0900 2027-1126T0900 "},
	{"dates one by one", 2027,
	 "DTSTART;VALUE=DATE:20190901\r\nRDATE;VALUE=DATE:20190903,20190905\r\n",
	 "2027-0901-0901 2027-0903-0903 2027-0905-0905 "},
	{"29 February", 2021, "DTSTART;VALUE=DATE:20200229\r\n", "2022-0228-0228 "},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *ics = g_strdup_printf(EVENT("SUMMARY:x\r\n%s"), rows[i].lines);
		g_autofree char *out = moved(rows[i].year, ics, NULL), *got = starts(out);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s\n%s", rows[i].name, got, out);
	}
}

/* What stands around the dates: kept, renamed, left behind. */
static void test_properties(void **state)
{
	g_autofree char *notes = NULL;
	g_autofree char *out = moved(
		2027,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:2019 campaign\r\n"
		"BEGIN:VEVENT\r\nUID:weekly@c-2019.example.org\r\nDTSTAMP:20190101T000000Z\r\n"
		"SEQUENCE:4\r\nLAST-MODIFIED:20190101T000000Z\r\nX-MINE;P=\"a:b\":kept\r\n"
		"DTSTART" SH "20190802T170000\r\nRRULE:FREQ=WEEKLY;COUNT=18\r\n"
		"EXDATE" SH "20191004T170000\r\nSUMMARY:周报\r\nDESCRIPTION:8月2日起\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n"
		"TRIGGER;VALUE=DATE-TIME:20190801T010000Z\r\nEND:VALARM\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT3H\r\nEND:VALARM\r\n"
		"END:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:weekly@c-2019.example.org\r\nDTSTAMP:20190101T000000Z\r\n"
		"RECURRENCE-ID" SH "20190913T170000\r\nDTSTART" SH "20190912T170000\r\n"
		"SUMMARY:周报\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:gone@example.org\r\nDTSTAMP:20190101T000000Z\r\n"
		"DTSTART:20190912T170000\r\nSTATUS:CANCELLED\r\nSUMMARY:撤了的\r\nEND:VEVENT\r\n"
		"END:VCALENDAR\r\n",
		&notes);
	static const char *const there[] = {"UID:weekly@c-2027.example.org\r\n",
					    "X-MINE;P=\"a:b\":kept\r\n",
					    "X-WR-CALNAME:2027 campaign\r\n",
					    "DTSTAMP:20270101T000000Z\r\n", "TRIGGER:-PT3H\r\n",
					    /* as far before the first Friday, 6 August 2027 */
					    "TRIGGER;VALUE=DATE-TIME:20270805T010000Z\r\n"};
	static const char *const gone[] = {"SEQUENCE",      "LAST-MODIFIED", "EXDATE",
					   "RECURRENCE-ID", "CANCELLED",     "COUNT"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(there); i++)
		if (!strstr(out, there[i]))
			fail_msg("%s is missing in\n%s", there[i], out);
	for (size_t i = 0; i < G_N_ELEMENTS(gone); i++)
		if (strstr(out, gone[i]))
			fail_msg("%s is in\n%s", gone[i], out);
	assert_string_equal(notes, "“周报”去掉的那几次没有带过来，请核对|"
				   "“周报”9月12日那一次的单独改动或取消没有带过来|"
				   "“撤了的”9月12日那一次的单独改动或取消没有带过来|"
				   "标题或说明里写着日期，请核对：“周报”");
}

/* There and back again: the same days, for every year of a generation. */
static void test_back_again(void **state)
{
	const char *ics = EVENT("SUMMARY:x\r\nDTSTART" SH "20190802T170000\r\n"
				"RRULE:FREQ=WEEKLY;UNTIL=20191129T090000Z\r\n");

	(void)state;
	for (int year = 2000; year < 2040; year++) {
		g_autofree char *out = moved(year, ics, NULL), *there = starts(out);
		struct findings *f = findings_new();
		g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
		g_autofree char *home = NULL, *again = NULL, *want = starts(ics);
		struct move back = {.zone = zone_get("Asia/Shanghai"),
				    .from_year = year,
				    .years = 2019 - year,
				    .first = date_from(year, 8, 1),
				    .last = date_from(year, 11, 30),
				    .now = NOW};

		/* All Fridays of the window, no more and no fewer. */
		for (date_t d = back.first; d <= back.last; d++) {
			int y, m, day;
			g_autofree char *one = NULL;

			date_split(d, &y, &m, &day);
			one = g_strdup_printf("%d-%02d%02dT1700 ", y, m, day);
			assert_int_equal(strstr(there, one) != NULL, date_weekday(d) == 4);
		}
		assert_int_equal(move_calendar(&back, "f", out, strlen(out), &home, notes, f), 0);
		again = starts(home);
		assert_string_equal(again, want);
		findings_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_back_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
