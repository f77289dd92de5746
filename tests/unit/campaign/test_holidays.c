/*
 * test_holidays.c - a published table read, and put in the place of its years.
 */
#include "unit/campaign/campaign_help.h"

#include <errno.h>

#include "calendars/expand.h"
#include "daemon/campaign/holidays.h"

#define NOW ((wall_t)1577836800000) /* 2020-01-01T00:00:00Z */

/* Facts of the winter of 2020: a day of December before, and a working Monday. */
static const char table_2020[] =
	"{\"year\": 2020, \"papers\": [], \"days\": ["
	"{\"name\": \"元旦\", \"date\": \"2019-12-31\", \"isOffDay\": true},"
	"{\"name\": \"元旦\", \"date\": \"2020-01-01\", \"isOffDay\": true},"
	"{\"name\": \"春节\", \"date\": \"2020-02-02\", \"isOffDay\": true},"
	"{\"name\": \"春节\", \"date\": \"2020-02-03\", \"isOffDay\": false}]}";

static struct holidays *read_ok(const char *text)
{
	struct findings *f = findings_new();
	struct holidays *h = NULL;

	assert_int_equal(holidays_read("t", text, strlen(text), &h, f), 0);
	assert_int_equal(f->errors, 0);
	findings_free(&f);
	return h;
}

static char *merge(const char *table, const char *old, bool *changed)
{
	struct holidays *h = read_ok(table);
	struct findings *f = findings_new();
	struct holidays_merged m;

	assert_int_equal(holidays_merge(h, "holidays.ics", old, old ? strlen(old) : 0, NOW, &m, f),
			 0);
	if (changed)
		*changed = m.changed;
	g_ptr_array_unref(m.notes);
	findings_free(&f);
	holidays_free(&h);
	return m.text;
}

/* "休 20191231-20200101 元旦放假" a line, as any reader of calendars sees it. */
static char *shown(const char *ics)
{
	struct findings *f = findings_new();
	struct calendar *c = calendar_new(zone_utc());
	GString *s = g_string_new(NULL);

	assert_int_equal(calendar_read(c, "x", ics, strlen(ics), &calendar_limits_campaign, f), 0);
	assert_int_equal(f->errors + f->warnings, 0);
	for (guint i = 0; i < calendar_components(c)->len; i++) {
		const struct calendar_component *x = calendar_components(c)->pdata[i];
		int y, m, d, y2, m2, d2;

		date_split(local_date(zone_local(zone_utc(), x->start)), &y, &m, &d);
		date_split(local_date(zone_local(zone_utc(), x->end - 1)), &y2, &m2, &d2);
		g_string_append_printf(s, "%s %04d%02d%02d-%04d%02d%02d %s\n",
				       x->categories->len ? (char *)x->categories->pdata[0] : "?",
				       y, m, d, y2, m2, d2, x->summary);
	}
	calendar_free(&c);
	findings_free(&f);
	return g_string_free(s, FALSE);
}

static void test_json_alone(void **state)
{
	g_autofree char *text = merge(table_2020, NULL, NULL), *got = shown(text);

	(void)state;
	assert_string_equal(got, "休 20191231-20200101 元旦放假\n休 20200202-20200202 春节放假\n"
				 "班 20200203-20200203 春节调休上班\n");
}

static void test_csv(void **state)
{
	g_autofree char *text =
		merge("日期,类型,名称\n2020年2月2日,休,春节\n2020/2/3,work,春节\n20200101,off\n",
		      NULL, NULL);
	g_autofree char *got = shown(text);

	(void)state;
	assert_string_equal(got, "休 20200101-20200101 放假\n休 20200202-20200202 春节放假\n"
				 "班 20200203-20200203 春节调休上班\n");
}

#define DAY_EVENT(uid, from, to, rest)                                                             \
	EVENT(uid, "DTSTART;VALUE=DATE:" from "\r\nDTEND;VALUE=DATE:" to "\r\n" rest)

/* Of year Y are December Y-1 to November Y; what lies outside stays, property for property. */
static void test_years_replaced(void **state)
{
	static const char old[] =
		CALENDAR(DAY_EVENT("a", "20191101", "20191103",
				   "SUMMARY:本地停产\r\nX-KEEP;P=\"q:r\":v\r\nCATEGORIES:休\r\n")
				 DAY_EVENT("b", "20191230", "20200102",
					   "SUMMARY:旧元旦\r\nCATEGORIES:"
					   "休\r\n") DAY_EVENT("c", "20200702", "20200703",
							       "SUMMARY:旧\r\nCATEGORIES:休\r\n")
					 DAY_EVENT("d", "20201129", "20201203",
						   "SUMMARY:跨出\r\nCATEGORIES:休\r\n")
						 DAY_EVENT("e", "20201231", "20210102",
							   "SUMMARY:下一年\r\nCATEGORIES:休\r\n"));
	bool changed;
	g_autofree char *text = merge(table_2020, old, &changed), *got = shown(text), *again = NULL;

	(void)state;
	assert_true(changed);
	assert_string_equal(got,
			    "休 20191101-20191102 本地停产\n休 20191231-20200101 元旦放假\n"
			    "休 20200202-20200202 春节放假\n班 20200203-20200203 春节调休上班\n"
			    "休 20201201-20201202 跨出\n休 20201231-20210101 下一年\n");
	assert_non_null(strstr(text, "X-KEEP;P=\"q:r\":v\r\n"));
	again = merge(table_2020, text, &changed);
	assert_false(changed);
}

static void test_recurring_is_kept(void **state)
{
	static const char old[] =
		CALENDAR(EVENT("r", "DTSTART;VALUE=DATE:20190101\r\nRRULE:FREQ=YEARLY;COUNT=3\r\n"
				    "SUMMARY:元旦\r\nCATEGORIES:休\r\n"));
	g_autofree char *text = merge(table_2020, old, NULL);

	(void)state;
	assert_non_null(strstr(text, "RRULE:FREQ=YEARLY;COUNT=3"));
}

/* What is wrong is said with its place, and nothing comes of it. */
static const struct {
	const char *text, *want;
} wrong[] = {
	{"{\"year\": 2027, \"days\": []}", "2027 年的表还没有公布"},
	{"{\"year\": 2027", "t:1:13: error: HOLIDAY_JSON"},
	{"{\"days\": [1]}", "HOLIDAY_YEAR"},
	{"{\"year\": 2027, \"days\": [{\"date\": \"2027-02-30\", \"isOffDay\": true}]}", "第 1 个"},
	{"{\"year\": 2027, \"days\": [{\"date\": \"2027-02-03\"}]}", "isOffDay"},
	{"{\"year\": 2027, \"days\": [{\"date\": \"2026-11-30\", \"isOffDay\": true}]}", "范围"},
	{"2027-01-01,off\n2027-02-31,off\n", "t:2:1: error: HOLIDAY_BAD"},
	{"2027-01-01,off\n\n2027-01-02,maybe\n", "t:3:2: error: HOLIDAY_BAD: “maybe”"},
	{"2027-01-01,off\n2027-01-01,work\n", "HOLIDAY_TWICE: 2027-01-01"},
	{"date,kind\n", "HOLIDAY_EMPTY"},
	{"", "HOLIDAY_EMPTY"},
	{"12", "t:1:1: error: HOLIDAY_BAD"},
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct findings *f = findings_new();
		struct holidays *h = NULL;
		g_autofree char *line = NULL;

		assert_int_equal(holidays_read("t", wrong[i].text, strlen(wrong[i].text), &h, f),
				 -EINVAL);
		assert_null(h);
		assert_int_equal(f->errors, 1);
		line = finding_line(f->list->pdata[0]);
		if (!strstr(line, wrong[i].want))
			fail_msg("%s: %s", wrong[i].text, line);
		findings_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_alone),     cmocka_unit_test(test_csv),
		cmocka_unit_test(test_years_replaced), cmocka_unit_test(test_recurring_is_kept),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
