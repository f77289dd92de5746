/*
 * test_month.c - a month as a sheet: every line as wide as the frame, every day in its column.
 */
#include "unit/campaign/campaign_help.h"

#include "daemon/campaign/month.h"
#include "daemon/core/wide.h"

static const char calendar[] = CALENDAR(
	EVENT("p", "DTSTART;VALUE=DATE:20190901\r\nDTEND;VALUE=DATE:20191101\r\nSUMMARY:全程\r\n"
		   "CATEGORIES:阶段\r\n")
		EVENT("w",
		      "DTSTART:20190906T090000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nSUMMARY:周报\r\n"
		      "CATEGORIES:报送,weekly\r\n")
			EVENT("d",
			      "DTSTART;VALUE=DATE:20190930\r\nSUMMARY:总结\r\nCATEGORIES:报送\r\n")
				EVENT("b", "DTSTART:20190906T010000Z\r\nSUMMARY:进展\r\n"
					   "CATEGORIES:通报\r\n")
					EVENT("v", "DTSTART;VALUE=DATE:20190830\r\n"
						   "DTEND;VALUE=DATE:20190902\r\nSUMMARY:台风\r\n"
						   "CATEGORIES:值守\r\n"));
static const char duty[] =
	CALENDAR(EVENT("1", "DTSTART:20190906T093000Z\r\nDTEND:20190907T000000Z\r\n"
			    "SUMMARY:带班 新乙\r\n")
			 EVENT("2", "DTSTART:20190906T093000Z\r\nDTEND:20190907T000000Z\r\n"
				    "SUMMARY:值班 新甲\r\n"));

static struct campaign *load(const char *more)
{
	g_autofree char *text = more ? g_strdup_printf("%.*s%sEND:VCALENDAR\r\n",
						       (int)(strlen(calendar) - 15), calendar, more)
				     : g_strdup(calendar);
	struct campaign_files *files = files_of(yaml_small, units_small, text, holidays_small);
	struct findings *f = findings_new();
	struct campaign *c = NULL;

	campaign_files_add(files, "duty/a.ics", duty, strlen(duty));
	assert_int_equal(campaign_load(files, UNTIL, &c, f), 0);
	for (guint i = 0; i < f->list->len; i++)
		print_message("%s\n", finding_line(f->list->pdata[i]));
	assert_int_equal(f->errors, 0);
	findings_free(&f);
	campaign_files_free(&files);
	return c;
}

static void test_entries(void **state)
{
	struct campaign *c = load(NULL);
	g_autoptr(GPtrArray) list = month_entries(c, 2019, 9);
	g_autoptr(GString) got = g_string_new(NULL);

	(void)state;
	for (guint i = 0; i < list->len; i++) {
		const struct month_entry *e = list->pdata[i];

		g_string_append_printf(got, "%d %s\n", e->day, e->text);
	}
	assert_string_equal(got->str, "1 值守　台风\n"
				      "6 通报　09:00 进展\n"
				      "6 截止　17:00 第1期周报（weekly，3个单位）\n"
				      "6 值班　17:30–次日08:00（a）　带班 新乙　值班 新甲\n"
				      "13 截止　17:00 第2期周报（weekly，3个单位）\n"
				      "20 截止　17:00 第3期周报（weekly，3个单位）\n"
				      "27 截止　17:00 第4期周报（weekly，3个单位）\n"
				      "30 截止　24:00 总结（default，3个单位）\n");
	campaign_free(&c);
}

/* The frame's lines: all of one width, whatever stands in them. */
static void assert_frame(const char *text, unsigned width)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned n = 0;

	for (char **l = lines; *l; l++)
		if (**l == '|' || **l == '+') {
			if (wide_width(*l) != width)
				fail_msg("%u columns, not %u: %s", wide_width(*l), width, *l);
			n++;
		}
	assert_in_range(n, 10, 60);
}

static void test_widths(void **state)
{
	struct campaign *c = load(NULL);

	(void)state;
	for (unsigned width = 0; width < 230; width += 13) {
		struct month_style style = {false, width};
		g_autofree char *text = month_draw(c, 2019, 9, &style);
		unsigned cell = (CLAMP(width, MONTH_WIDTH_MIN, MONTH_WIDTH_MAX) - 8) / 7;

		assert_frame(text, 7 * cell + 8);
		assert_null(strchr(text, '\033'));
	}
	campaign_free(&c);
}

/* Monday first: the 1st of September 2019 is a Sunday, the 30th a Monday. */
static void test_columns(void **state)
{
	struct month_style style = {false, 106};
	struct campaign *c = load(NULL);
	g_autofree char *text = month_draw(c, 2019, 9, &style);
	g_autofree char *unknown = month_draw(c, 2018, 2, &style);

	(void)state;
	assert_non_null(strstr(text, "|              |              |              |              |"
				     "              |              | 1            |\n"));
	assert_non_null(strstr(text, "|30            |              |"));
	assert_non_null(strstr(text, "|13 休         |"));
	assert_non_null(strstr(text, "|29 班         |"));
	assert_non_null(strstr(text, "全程：9月1日至10月31日"));
	assert_null(strstr(text, "未知"));
	assert_non_null(strstr(unknown, "没有 2018 年的放假安排"));
	campaign_free(&c);
}

static void test_colour(void **state)
{
	struct month_style style = {true, 106};
	struct campaign *c = load(NULL);
	g_autofree char *text = month_draw(c, 2019, 9, &style);

	(void)state;
	assert_non_null(strstr(text, "\033[31m13 休         \033[0m"));
	assert_non_null(strstr(text, "\033[33m29 班         \033[0m"));
	campaign_free(&c);
}

/* More on a day than a cell holds: counted in the cell, told in the list. */
static void test_crowded(void **state)
{
	struct month_style style = {false, 106};
	g_autoptr(GString) more = g_string_new(NULL);
	struct campaign *c;
	g_autofree char *text = NULL;

	(void)state;
	for (int i = 0; i < 9; i++)
		g_string_append_printf(more,
				       EVENT("x%d", "DTSTART:20190910T0%d0000Z\r\nSUMMARY:很长的名"
						    "称放不下%d\r\nCATEGORIES:报送\r\n"),
				       i, i, i);
	c = load(more->str);
	text = month_draw(c, 2019, 9, &style);
	assert_frame(text, 106);
	assert_non_null(strstr(text, "|还有4项       |"));
	assert_non_null(strstr(text, "很长的名称放不下8（"));
	campaign_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries), cmocka_unit_test(test_widths),
		cmocka_unit_test(test_columns), cmocka_unit_test(test_colour),
		cmocka_unit_test(test_crowded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
