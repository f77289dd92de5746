/*
 * test_roster_table.c - tables of shifts as people type them, to calendars and back.
 */
#include "unit/campaign/campaign_help.h"

#include <errno.h>

#include "daemon/campaign/roster_table.h"

static GArray *read_ok(const char *csv)
{
	struct findings *f = findings_new();
	GArray *rows = NULL;
	int rc = roster_rows_read("t.csv", csv, strlen(csv), &rows, f);

	for (guint i = 0; i < f->list->len; i++)
		print_error("%s\n", ((struct finding *)f->list->pdata[i])->text);
	assert_int_equal(rc, 0);
	findings_free(&f);
	return rows;
}

static char *texts(const GArray *rows)
{
	GString *s = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++) {
		g_autofree char *one = roster_row_text(&g_array_index(rows, struct roster_row, i));

		g_string_append_printf(s, "%s\n", one);
	}
	return g_string_free(s, FALSE);
}

static const struct {
	const char *csv, *want;
} good[] = {
	{"date,from,to,role,person,email\n2019-10-01,08:00,20:00,leader,甲,a@example.org\n",
	 "2019-10-01 周二 08:00–20:00 带班 甲 a@example.org\n"},
	{"\xef\xbb\xbf姓名,岗位,止,起,日期\r\n乙,值班,8:00,17:30,2019/9/30\r\n",
	 "2019-09-30 周一 17:30–次日08:00 值班 乙\n"},
	{"日期,起,止,岗位,姓名,备注\n2019年10月1日,08：00,8:00,值班员,丙,x\n",
	 "2019-10-01 周二 08:00–次日08:00 值班 丙\n"},
	{"日期,从,到,岗位,姓名\n20191001,18:00,24:00,带班领导,丁\n",
	 "2019-10-01 周二 18:00–次日00:00 带班 丁\n"},
	/* a spreadsheet's own numbers: days since 1899-12-30, fractions of a day */
	{"日期,起,止,岗位,姓名\n43739,43739.3333333333,43740.5,带班,庚\n",
	 "2019-10-01 周二 08:00–12:00 带班 庚\n"},
	{"日期,起,止,岗位,姓名\n43739,0.354166666666667,1,带班,戊\n43740.0,0,0.5,值班,己\n",
	 "2019-10-01 周二 08:30–次日00:00 带班 戊\n2019-10-02 周三 00:00–12:00 值班 己\n"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		GArray *rows = read_ok(good[i].csv);
		g_autofree char *got = texts(rows);

		assert_string_equal(got, good[i].want);
		g_array_unref(rows);
	}
}

#define HEAD "date,from,to,role,person,email\n"
static const struct {
	const char *csv, *want;
} bad[] = {
	{"", "t.csv:1: error: ROSTER_COLUMN"},
	{"date,from,to,role\n", "t.csv:1: error: ROSTER_COLUMN: 表头缺“姓名”（person）这一列"},
	{"date,from,to,role,person,姓名\n", "t.csv:1:6: error: ROSTER_COLUMN"},
	{HEAD, "EMPTY_ROSTER"},
	{HEAD "2019-02-30,08:00,09:00,带班,甲,\n", "t.csv:2:1: error: ROSTER_DATE: “2019-02-30”"},
	{HEAD "\n2019-10-01,24:00,09:00,带班,甲,\n", "t.csv:3:2: error: ROSTER_TIME"},
	{HEAD "2019-10-01,8点,09:00,带班,甲,\n", "t.csv:2:2: error: ROSTER_TIME: “8点”"},
	{HEAD "2019-10-01,08:00,24:01,带班,甲,\n", "t.csv:2:3: error: ROSTER_TIME"},
	{HEAD "2019-10-01,08:00,-1:00,带班,甲,\n", "t.csv:2:3: error: ROSTER_TIME"},
	{HEAD "2019-10-01,08:00,09:00,经理,甲,\n", "t.csv:2:4: error: ROSTER_ROLE: “经理”"},
	{HEAD "2019-10-01,08:00,09:00,带班,,\n", "t.csv:2:5: error: ROSTER_PERSON"},
	{HEAD "2019-10-01,08:00,09:00,带班,\"a\nb\",\n", "t.csv:2:5: error: ROSTER_PERSON"},
	{HEAD "2019-10-01,08:00,09:00,带班,甲、乙,\n",
	 "t.csv:2:5: error: ROSTER_PERSON: 一格里写了几个人"},
	{HEAD "2019-10-01,08:00,09:00,带班,#N/A,\n",
	 "t.csv:2:5: error: ROSTER_PERSON: 这一格的公式"},
	{HEAD "2019-10-01,08:00,09:00,带班,甲,no mail\n", "t.csv:2:6: error: BAD_ADDRESS"},
	{HEAD "2019-10-01,08:00,09:00,带班,甲,\n2019-10-01,8:00,9:00,带班,甲,\n",
	 "t.csv:3: error: ROSTER_TWICE: 与第 2 行"},
	{HEAD "2019-10-01,08:00,09:00,带班,\"甲\n", "t.csv:2: error: CSV_SYNTAX"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct findings *f = findings_new();
		GArray *rows = NULL;
		g_autofree char *line = NULL;

		assert_int_equal(
			roster_rows_read("t.csv", bad[i].csv, strlen(bad[i].csv), &rows, f),
			-EINVAL);
		assert_null(rows);
		line = finding_line(f->list->pdata[0]);
		if (!g_str_has_prefix(line, bad[i].want) && !strstr(line, bad[i].want))
			fail_msg("%s: %s", bad[i].csv, line);
		findings_free(&f);
	}
}

/* Every mistake of a table is told at once. */
static void test_all_at_once(void **state)
{
	static const char csv[] = HEAD "x,x,x,x,,x\ny,y,y,y,,y\n";
	struct findings *f = findings_new();
	GArray *rows = NULL;

	(void)state;
	assert_int_equal(roster_rows_read("t.csv", csv, strlen(csv), &rows, f), -EINVAL);
	assert_int_equal(f->errors, 12);
	findings_free(&f);
}

static GArray *of_calendar(const char *ics, const char *zone)
{
	struct findings *f = findings_new();
	GArray *rows = NULL;

	assert_int_equal(
		roster_rows_of_calendar("r.ics", ics, strlen(ics), zone_get(zone), UNTIL, &rows, f),
		0);
	assert_int_equal(f->errors + f->warnings, 0);
	findings_free(&f);
	return rows;
}

/* Through the calendar and back nothing is lost, in a zone with a change of the clock too. */
static void test_round(void **state)
{
	static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "Pacific/Apia"};
	static const char csv[] = "\xef\xbb\xbf日期,起,止,岗位,姓名,邮箱\r\n"
				  "2019-10-26,20:00,08:00,带班,甲,a@example.org\r\n"
				  "2019-10-27,01:00,24:00,值班,\"乙, \"\"大\"\"; \\n\",\r\n"
				  "2019-10-27,08:00,08:00,值班,丙:丁,b@example.org\r\n";

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
		GArray *rows = read_ok(csv), *back;
		g_autofree char *ics = roster_rows_ics(rows, "国庆", zone_get(zones[i]), 0);
		g_autofree char *again = roster_rows_ics(rows, "国庆", zone_get(zones[i]), 0);
		g_autofree char *out = NULL;
		g_auto(GStrv) lines = g_strsplit(ics, "\r\n", -1);

		assert_string_equal(ics, again);
		for (char **l = lines; *l; l++)
			assert_true(strlen(*l) <= 75 && g_utf8_validate(*l, -1, NULL));
		back = of_calendar(ics, zones[i]);
		out = roster_rows_csv(back);
		assert_string_equal(out, csv);
		g_array_unref(rows);
		g_array_unref(back);
	}
}

/* Shifts that a table cannot say in one row are cut; series are written out. */
static void test_long_and_recurring(void **state)
{
	GArray *rows = of_calendar(
		CALENDAR(EVENT("a", "DTSTART;VALUE=DATE:20191001\r\nDTEND;VALUE=DATE:20191003\r\n"
				    "SUMMARY:带班 甲\r\n")
				 EVENT("b", "DTSTART:20191001T000000Z\r\nDTEND:20191001T100000Z\r\n"
					    "RRULE:FREQ=DAILY;COUNT=2\r\nSUMMARY:[L1] 乙\r\n")),
		"Asia/Shanghai");
	g_autofree char *got = texts(rows);

	(void)state;
	assert_string_equal(got, "2019-10-01 周二 00:00–次日00:00 带班 甲\n"
				 "2019-10-01 周二 08:00–18:00 值班 乙\n"
				 "2019-10-02 周三 00:00–次日00:00 带班 甲\n"
				 "2019-10-02 周三 08:00–18:00 值班 乙\n");
	g_array_unref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_long_and_recurring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
