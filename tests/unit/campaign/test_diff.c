/*
 * test_diff.c - what changed between two readings, as the office is told.
 */
#include "unit/campaign/campaign_help.h"

#include "daemon/campaign/diff.h"

#define W(start, rest) EVENT("w", "DTSTART:" start "\r\nSUMMARY:周报\r\nCATEGORIES:报送\r\n" rest)
#define WATCH(from)                                                                                \
	EVENT("v", "DTSTART:" from "\r\nDTEND:20190930T000000Z\r\nSUMMARY:值守\r\n"              \
		   "CATEGORIES:值守\r\n")
#define DUTY(who)                                                                                  \
	CALENDAR(EVENT("1", "DTSTART:20190920T000000Z\r\nDTEND:20190921T000000Z\r\n"               \
			    "SUMMARY:值班 " who "\r\n"))

static const char base_calendar[] =
	CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n"));

static struct campaign *load(const char *yaml, const char *units, const char *calendar,
			     const char *duty)
{
	struct campaign_files *files = files_of(yaml, units, calendar, holidays_small);
	struct findings *said = findings_new();
	struct campaign *c = NULL;

	if (duty)
		campaign_files_add(files, "duty/a.ics", duty, strlen(duty));
	assert_int_equal(campaign_load(files, UNTIL, &c, said), 0);
	findings_free(&said);
	campaign_files_free(&files);
	return c;
}

static const struct {
	const char *name;
	const char *yaml, *units, *calendar, *duty; /* NULL: as before */
	const char *want;
} rows[] = {
	{"nothing", NULL, NULL, NULL, NULL, ""},
	{"a remark", NULL, NULL,
	 CALENDAR("X-REMARK:1\r\n" W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n")), NULL,
	 ""},
	{"one more occurrence", NULL, NULL,
	 CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=3\r\n")), NULL,
	 "新增报送：第3期周报，截止 9月20日 17:00，涉及3个单位\n"},
	{"one occurrence less", NULL, NULL,
	 CALENDAR(
		 W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\nEXDATE:20190913T090000Z\r\n")),
	 NULL, "取消报送：第2期周报，原截止 9月13日 17:00，涉及3个单位\n"},
	{"one occurrence moved", NULL, NULL,
	 CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n")
			  W("20190912T090000Z", "RECURRENCE-ID:20190913T090000Z\r\n")),
	 NULL, "第2期周报 9月13日 17:00 → 9月12日 17:00，涉及3个单位\n"},
	{"a whole series dragged by an hour", NULL, NULL,
	 CALENDAR(W("20190906T080000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n")), NULL,
	 "周报共2期，每期提前1小时（第1期周报 9月6日 17:00 → 9月6日 16:00），涉及3个单位\n"},
	{"a whole series dragged by two days and a half", NULL, NULL,
	 CALENDAR(W("20190908T210000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n")), NULL,
	 "周报共2期，每期推迟2天12小时（第1期周报 9月6日 17:00 → 9月9日 05:00），涉及3个单位\n"},
	{"a series goes on into another year", NULL, NULL,
	 CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=18\r\n")), NULL,
	 "新增报送：周报共16期（第3期周报 2019年9月20日 17:00 至第18期周报 2020年1月3日 17:00），"
	 "涉及3个单位\n"},
	{"a series cut by this and following", NULL, NULL,
	 CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=1\r\n")
			  EVENT("w2", "DTSTART:20190913T090000Z\r\nSUMMARY:周报\r\n"
				      "CATEGORIES:报送\r\nRRULE:FREQ=WEEKLY;COUNT=1\r\n")),
	 NULL, ""},
	{"another thing at another time", NULL, NULL,
	 CALENDAR(EVENT("y", "DTSTART:20190930T155959Z\r\nSUMMARY:月报\r\nCATEGORIES:报送\r\n")),
	 NULL,
	 "取消报送：周报共2期（第1期周报 9月6日 17:00 至第2期周报 9月13日 17:00），涉及3个单位\n"
	 "新增报送：月报，截止 9月30日，涉及3个单位\n"},
	{"what the office does itself", NULL, NULL,
	 CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n")
			  EVENT("m", "DTSTART:20190930T010000Z\r\nSUMMARY:约谈\r\n"
				     "CATEGORIES:节点\r\n")),
	 NULL, "新增节点：约谈，定于 9月30日 09:00，涉及1个单位\n"},
	{"fewer owe it", NULL, NULL,
	 CALENDAR(EVENT("w", "DTSTART:20190906T090000Z\r\nSUMMARY:周报\r\nCATEGORIES:报送,部门\r\n"
			     "RRULE:FREQ=WEEKLY;COUNT=2\r\n")),
	 NULL, "“周报”的报送单位有变：3 家改为 1 家\n"},
	{"another policy", NULL, NULL,
	 CALENDAR(EVENT("w",
			"DTSTART:20190906T090000Z\r\nSUMMARY:周报\r\nCATEGORIES:报送,weekly\r\n"
			"RRULE:FREQ=WEEKLY;COUNT=2\r\n")),
	 NULL, "“周报”的督办规则：default 改为 weekly\n"},
	{"a contact and a unit", NULL,
	 "unit,name,kind,role,person,email,tags\n"
	 "ban,安委办,office,liaison,办甲,ban@example.org,\n"
	 "xin,新桥镇,镇,liaison,新丙,xin1@example.org,消防;建筑\n"
	 "xin,新桥镇,镇,leader,新乙,xin2@example.org,消防;建筑\n"
	 "zhu,住建局,部门,liaison,住甲,zhu1@example.org,建筑;燃气\n"
	 "luo,罗溪镇,镇,liaison,罗甲,luo@example.org,\n",
	 NULL, NULL,
	 "减少联系人：新桥镇（xin）联络员 新甲 xin1@example.org\n"
	 "新增联系人：新桥镇（xin）联络员 新丙 xin1@example.org\n"
	 "减少单位：薛家镇（xue）\n"
	 "单位 zhu 的领域：部门、建筑 改为 部门、建筑、燃气\n"
	 "新增单位：罗溪镇（luo），联系人 1 个\n"
	 "“周报”的报送单位有变：3 家改为 3 家\n"},
	{"another number for a unit", NULL,
	 "unit,name,kind,role,person,email,tags\n"
	 "ban,安委办,office,liaison,办甲,ban@example.org,\n"
	 "xin,新桥镇,镇,liaison,新甲,xin1@example.org,消防;建筑\n"
	 "xin,新桥镇,镇,leader,新乙,xin2@example.org,消防;建筑\n"
	 "a02,薛家镇,镇,liaison,薛甲,xue1@example.org,消防\n"
	 "zhu,住建局,部门,liaison,住甲,zhu1@example.org,建筑\n",
	 NULL, NULL, "单位 xue 的编号：xue 改为 a02\n"},
	{"policies",
	 "name: 试二\ntimezone: Asia/Shanghai\noffice: ban\nhold_if_missing: never\npolicies:\n"
	 "  default:\n    grace: 1h\n    steps:\n"
	 "      - {name: 提醒, at: \"-2wd@09:30\", to: [liaison], sign: yes}\n"
	 "      - {name: 督办, at: \"+1d\", to: [head]}\n"
	 "  plan:\n    steps: []\n",
	 NULL, NULL, NULL,
	 "行动名称：试 改为 试二\n"
	 "整片未报的保护：50% 改为 关闭\n"
	 "规则 default 的宽限：0 改为 +1h\n"
	 "规则 default 的环节 提醒：-1wd@09:30 → liaison 改为 -2wd@09:30 → liaison 需签发\n"
	 "规则 default 减少环节：催办\n"
	 "规则 default 新增环节：督办 +1d → head\n"
	 "减少规则：weekly\n"
	 "新增规则：plan，环节 0 个\n"},
	{"a key period", NULL, NULL,
	 CALENDAR(W("20190906T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n") WATCH("20190929T000000Z")),
	 NULL, "新增时段：值守，2019-09-29 08:00 到 2019-09-30 08:00\n"},
	{"a roster", NULL, NULL, NULL, DUTY("新甲"), "新增值班表：a，1 班\n"},
};

static char *joined(const GPtrArray *lines)
{
	GString *s = g_string_new(NULL);

	for (unsigned i = 0; i < lines->len; i++)
		g_string_append_printf(s, "%s\n", (char *)lines->pdata[i]);
	return g_string_free(s, FALSE);
}

static void changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct campaign *a = load(yaml_small, units_small, base_calendar, NULL);
		struct campaign *b =
			load(rows[i].yaml ? rows[i].yaml : yaml_small,
			     rows[i].units ? rows[i].units : units_small,
			     rows[i].calendar ? rows[i].calendar : base_calendar, rows[i].duty);
		GPtrArray *lines = campaign_diff(a, b, NULL);
		g_autofree char *got = joined(lines);

		g_ptr_array_unref(lines);
		campaign_free(&a);
		campaign_free(&b);
		if (strcmp(got, rows[i].want) != 0)
			print_message("%s\n", rows[i].name);
		assert_string_equal(got, rows[i].want);
	}
}

static unsigned told_seven(void *arg, uint32_t occurrence, uint32_t unit, bool moved)
{
	(void)arg;
	return occurrence == 0 ? (unit == NONE ? (moved ? 7 : 8) : 1) : 0;
}

/* What people were told already stands beside what changes it. */
static void told_before(void **state)
{
	static const char *const want = "周报共2期，每期提前1小时（第1期周报 9月6日 17:00 → 9月6日 "
					"16:00），涉及3个单位，已发提醒7件将更正\n",
				 *const gone = "“周报”的报送单位有变：3 家改为 1 家，"
					       "已发提醒2件将告知无需报送\n";
	struct campaign *a = load(yaml_small, units_small, base_calendar, NULL);
	struct campaign *b =
		load(yaml_small, units_small,
		     CALENDAR(W("20190906T080000Z", "RRULE:FREQ=WEEKLY;COUNT=2\r\n")), NULL);
	struct campaign *c =
		load(yaml_small, units_small,
		     CALENDAR(EVENT("w", "DTSTART:20190906T090000Z\r\nSUMMARY:周报\r\n"
					 "CATEGORIES:报送,部门\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n")),
		     NULL);
	struct diff_told told = {told_seven, NULL};
	GPtrArray *lines = campaign_diff(a, b, &told);
	g_autofree char *moved = joined(lines), *fewer = NULL;

	(void)state;
	g_ptr_array_unref(lines);
	lines = campaign_diff(a, c, &told);
	fewer = joined(lines);
	g_ptr_array_unref(lines);
	campaign_free(&a);
	campaign_free(&b);
	campaign_free(&c);
	assert_string_equal(moved, want);
	assert_string_equal(fewer, gone);
}

static void moved_periods_and_swapped_shifts(void **state)
{
	struct campaign *a =
		load(yaml_small, units_small, CALENDAR(WATCH("20190928T000000Z")), DUTY("新甲"));
	struct campaign *b =
		load(yaml_small, units_small, CALENDAR(WATCH("20190929T000000Z")), DUTY("新乙"));
	GPtrArray *lines = campaign_diff(a, b, NULL);
	g_autofree char *got = joined(lines);

	(void)state;
	g_ptr_array_unref(lines);
	lines = campaign_diff(a, a, NULL);
	assert_int_equal(lines->len, 0);
	g_ptr_array_unref(lines);
	campaign_free(&a);
	campaign_free(&b);
	assert_string_equal(got, "时段改为：值守，2019-09-29 08:00 到 2019-09-30 08:00\n"
				 "值班表 a：减少 1 班，新增 1 班\n");
}

/** The list is bounded, and says how much it leaves out. */
static void many_changes(void **state)
{
	g_autoptr(GString) units = g_string_new(units_small);
	struct campaign *a, *b;
	GPtrArray *lines;

	(void)state;
	for (int i = 0; i < CHANGES_MAX + 5; i++)
		g_string_append_printf(units, "u%d,村,村,liaison,甲,a@u%d.example.org,\n", i, i);
	a = load(yaml_small, units_small, CALENDAR(""), NULL);
	b = load(yaml_small, units->str, CALENDAR(""), NULL);
	lines = campaign_diff(a, b, NULL);
	assert_int_equal(lines->len, CHANGES_MAX + 1);
	assert_string_equal(lines->pdata[CHANGES_MAX], "另有 5 处改动没有列出");
	g_ptr_array_unref(lines);
	campaign_free(&a);
	campaign_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes),
		cmocka_unit_test(told_before),
		cmocka_unit_test(moved_periods_and_swapped_shifts),
		cmocka_unit_test(many_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
