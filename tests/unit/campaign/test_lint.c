/*
 * test_lint.c - what only shows when all files are seen together.
 *
 * Every row changes a sound campaign in one respect; the sound one has no finding.
 */
#include "unit/campaign/campaign_help.h"

static struct findings *findings;
static struct campaign *campaign;

#define UNITS                                                                                      \
	"unit,name,kind,role,person,email,parent\n"                                                \
	"ban,安委办,office,liaison,办甲,ban@example.org,\n"                                   \
	"xin,新桥镇,镇,liaison,新甲,xin1@example.org,\n"                                     \
	"xin,新桥镇,镇,leader,新乙,xin2@example.org,\n"
#define YAML_HEAD                                                                                  \
	"name: 试\ntimezone: Asia/Shanghai\noffice: ban\n"                                        \
	"send_window: {days: working, from: \"08:30\", to: \"17:30\", back: \"15:00\"}\n"          \
	"policies:\n"
#define YAML(policy) YAML_HEAD "  default:\n" policy
#define STEP_GOOD "    steps: [{name: 催办, at: \"0\", to: [liaison, leader, office]}]\n"
#define PHASE                                                                                      \
	EVENT("p", "DTSTART;VALUE=DATE:20190801\r\nDTEND;VALUE=DATE:20191001\r\n"                  \
		   "SUMMARY:一\r\nCATEGORIES:阶段\r\n")
#define WEEKLY(rule)                                                                               \
	EVENT("w", "DTSTART:20190806T090000Z\r\n" rule "SUMMARY:报\r\nCATEGORIES:报送\r\n")
#define CALENDAR_GOOD CALENDAR(PHASE WEEKLY("RRULE:FREQ=WEEKLY;COUNT=4\r\n"))
#define WATCH                                                                                      \
	EVENT("v", "DTSTART:20190920T000000Z\r\nDTEND:20190922T000000Z\r\nSUMMARY:值守\r\n"      \
		   "CATEGORIES:值守\r\n")
#define SHIFT(uid, from, to, who)                                                                  \
	EVENT(uid, "DTSTART:" from "\r\nDTEND:" to "\r\nSUMMARY:" who "\r\n")

static const struct row {
	const char *name, *yaml, *units, *calendar, *holidays, *duty, *want;
} rows[] = {
	{"sound", NULL, NULL, NULL, NULL, NULL, ""},
	{"the office has no address", NULL,
	 "unit,name,kind,role,person,email,parent\nban,安委办,office,liaison,办甲,,\n"
	 "xin,新桥镇,镇,liaison,新甲,a@example.org,\nxin,新桥镇,镇,leader,新乙,b@example.org,\n",
	 NULL, NULL, NULL, "campaign.yaml:3:9 OFFICE_EMPTY\n"},
	{"nobody leads", NULL, UNITS "xue,薛家镇,镇,liaison,薛甲,xue@example.org,\n", NULL, NULL,
	 NULL, "units.csv:5 ROLE_MISSING\n"},
	{"the leader has no address", NULL,
	 UNITS "xue,薛家镇,镇,liaison,薛甲,xue@example.org,\nxue,,,leader,薛乙,,\n", NULL, NULL,
	 NULL, "units.csv:5 ROLE_MISSING\n"},
	{"no unit above is told", YAML("    steps: [{name: a, at: \"0\", to: [parent.head]}]\n"),
	 NULL, NULL, NULL, NULL, "units.csv:3 ROLE_MISSING\n"},
	{"one address in two roles", NULL,
	 UNITS "xue,薛家镇,镇,liaison,薛甲,x@example.org,\nxue,,,leader,薛乙,x@example.org,\n",
	 NULL, NULL, NULL, "units.csv:5 SAME_ADDRESS\n"},
	{"earlier, but after", YAML("    steps: [{name: a, at: \"-1h@18:00\", to: [liaison]}]\n"),
	 NULL, NULL, NULL, NULL, "campaign.yaml:7:13 STEP_AFTER_DUE\n"},
	{"later, but before", YAML("    steps: [{name: a, at: \"+1m@09:00\", to: [liaison]}]\n"),
	 NULL, NULL, NULL, NULL, "campaign.yaml:7:13 STEP_BEFORE_DUE\n"},
	{"before it opens", YAML("    steps: [{name: a, at: \"-8d\", to: [liaison]}]\n"), NULL,
	 NULL, NULL, NULL, "campaign.yaml:7:13 STEP_BEFORE_OPENS\n"},
	{"before it opens, but not tracked",
	 "track_from: 2019-09-01\n" YAML("    steps: [{name: a, at: \"-8d\", to: [liaison]}]\n"),
	 NULL, NULL, NULL, NULL, ""},
	{"heads before anybody is late",
	 YAML("    steps: [{name: a, at: \"-3h\", to: [liaison, committee]}]\n"), NULL, NULL, NULL,
	 NULL, "campaign.yaml:7:13 SUPERIORS_EARLY\n"},
	{"a slot on Sundays",
	 YAML("    steps: [{name: a, at: \"0\", to: [liaison], slot: \"SU@10:00\"}]\n"), NULL, NULL,
	 NULL, NULL, "campaign.yaml:7:13 SLOT_NEVER\n"},
	{"a slot at night",
	 YAML("    steps: [{name: a, at: \"0\", to: [liaison], slot: \"TU@20:00\"}]\n"), NULL, NULL,
	 NULL, NULL, "campaign.yaml:7:13 SLOT_NEVER\n"},
	{"it closes in the grace", YAML("    grace: 2h\n    closes: 1h\n" STEP_GOOD), NULL, NULL,
	 NULL, NULL, "campaign.yaml:6:3 CLOSES_EARLY\n"},
	{"a policy for nothing", YAML(STEP_GOOD "  spare:\n" STEP_GOOD), NULL, NULL, NULL, NULL,
	 "campaign.yaml:8:3 POLICY_UNUSED\n"},
	{"a deadline on a Saturday", NULL, NULL,
	 CALENDAR(PHASE EVENT("a", "DTSTART;VALUE=DATE:20190907\r\nCATEGORIES:报送\r\n")), NULL,
	 NULL, "campaign.ics:12 OFF_DAY_DEADLINE\n"},
	{"a deadline on a Saturday, moved", YAML("    on_off_day: before\n" STEP_GOOD), NULL,
	 CALENDAR(PHASE EVENT("a", "DTSTART;VALUE=DATE:20190907\r\nCATEGORIES:报送\r\n")), NULL,
	 NULL, ""},
	{"a deadline on a made-up Sunday", NULL, NULL,
	 CALENDAR(PHASE EVENT("a", "DTSTART;VALUE=DATE:20190929\r\nCATEGORIES:报送\r\n")), NULL,
	 NULL, ""},
	{"a milestone on a Saturday", NULL, NULL,
	 CALENDAR(PHASE EVENT("a", "DTSTART;VALUE=DATE:20190907\r\nCATEGORIES:节点\r\n")), NULL,
	 NULL, ""},
	{"one week short", NULL, NULL,
	 CALENDAR(PHASE WEEKLY("RRULE:FREQ=WEEKLY;UNTIL=20190917T090000Z\r\n")), NULL, NULL,
	 "campaign.ics:12 SERIES_ENDS_EARLY\n"},
	{"to the end", NULL, NULL,
	 CALENDAR(PHASE WEEKLY("RRULE:FREQ=WEEKLY;UNTIL=20190924T090000Z\r\n")), NULL, NULL, ""},
	{"two deadlines in a row", NULL, NULL,
	 CALENDAR(PHASE WEEKLY("RRULE:FREQ=WEEKLY;COUNT=4\r\nRDATE:20190807T090000Z\r\n")), NULL,
	 NULL, "campaign.ics:12 DEADLINES_CLOSE\n"},
	{"every day is meant so", YAML("    steps: []\n"), NULL,
	 CALENDAR(PHASE WEEKLY("RRULE:FREQ=DAILY;COUNT=3\r\n")), NULL, NULL, ""},
	{"owed by nobody", NULL, UNITS,
	 CALENDAR(PHASE EVENT("a", "DTSTART:20190906T090000Z\r\n"
				   "CATEGORIES:报送,ban\r\n")),
	 NULL, NULL, "campaign.ics:12 OWED_BY_NOBODY\n"},
	{"a gap between phases", NULL, NULL,
	 CALENDAR(PHASE EVENT("q",
			      "DTSTART;VALUE=DATE:20191002\r\nSUMMARY:二\r\nCATEGORIES:阶段\r\n")),
	 NULL, NULL, "campaign.ics:12 PHASES_GAP\n"},
	{"phases at once", NULL, NULL,
	 CALENDAR(PHASE EVENT("q",
			      "DTSTART;VALUE=DATE:20190930\r\nSUMMARY:二\r\nCATEGORIES:阶段\r\n")),
	 NULL, NULL, "campaign.ics:12 PHASES_OVERLAP\n"},
	{"phases one after the other", NULL, NULL,
	 CALENDAR(PHASE EVENT("q",
			      "DTSTART;VALUE=DATE:20191001\r\nSUMMARY:二\r\nCATEGORIES:阶段\r\n")),
	 NULL, NULL, ""},
	{"a year without holidays", NULL, NULL, NULL, CALENDAR(""), NULL,
	 "holidays.ics:0 YEAR_UNKNOWN\n"},
	{"a key period without a roster", NULL, NULL, CALENDAR(PHASE WATCH), NULL, NULL,
	 "campaign.ics:12 ROSTER_GAP\n"},
	{"a key period half covered", NULL, NULL, CALENDAR(PHASE WATCH), NULL,
	 CALENDAR(SHIFT("1", "20190920T000000Z", "20190922T000000Z", "带班 新乙")
			  SHIFT("2", "20190920T000000Z", "20190921T000000Z", "值班 新甲")),
	 "campaign.ics:12 ROSTER_GAP\n"},
	{"a key period covered", NULL, NULL, CALENDAR(PHASE WATCH), NULL,
	 CALENDAR(SHIFT("1", "20190920T000000Z", "20190922T000000Z", "带班 新乙")
			  SHIFT("2", "20190920T000000Z", "20190922T000000Z", "值班 新甲")),
	 ""},
	{"one person twice", NULL, NULL, NULL, NULL,
	 CALENDAR(SHIFT("1", "20190920T000000Z", "20190921T000000Z", "值班 新甲")
			  SHIFT("2", "20190920T120000Z", "20190921T120000Z", "值班 新甲")),
	 "duty/a.ics:11 ROSTER_CLASH\n"},
	/* What an error already says is not said again in other words. */
	{"a row left out leaves no second complaint", NULL,
	 "unit,name,kind,role,person,email,parent\nban,安委办,office,liaison,办甲,b@example.org,\n"
	 "xin,新桥镇,镇,liaison,新甲,a@example.org,\nxin,新桥镇,镇,leader,新乙,b@b@example.org,\n",
	 NULL, NULL, NULL, "units.csv:4 BAD_ADDRESS\n"},
	{"one unit under two ids", NULL,
	 UNITS "xing,新桥镇,镇,liaison,新丙,xin3@example.org,\nxing,新桥镇,镇,leader,新丁,"
	       "xin4@example.org,\n",
	 NULL, NULL, NULL, "units.csv:5 SAME_NAME\n"},
	{"a policy is not unused because its component is broken",
	 YAML(STEP_GOOD "  spare:\n" STEP_GOOD), NULL,
	 CALENDAR(PHASE EVENT("a", "DTSTART:20190906T090000Z\r\nCATEGORIES:报送,sparse\r\n")), NULL,
	 NULL, "campaign.ics:12 UNKNOWN_CATEGORY\n"},
};

static void check(const struct row *r)
{
	struct campaign_files *files =
		files_of(r->yaml ? r->yaml : YAML(STEP_GOOD), r->units ? r->units : UNITS,
			 r->calendar ? r->calendar : CALENDAR_GOOD,
			 r->holidays ? r->holidays : holidays_small);

	campaign_free(&campaign);
	findings_free(&findings);
	findings = findings_new();
	if (r->duty)
		campaign_files_add(files, "duty/a.ics", r->duty, strlen(r->duty));
	assert_int_equal(campaign_load(files, UNTIL, &campaign, findings), 0);
	campaign_lint(campaign, files, findings);
	campaign_files_free(&files);
}

static void lints(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		check(&rows[i]);
		assert_findings(findings, rows[i].name, rows[i].want);
	}
}

/** The words name who, when and how to mend it. */
static void words(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		check(&rows[i]);
		for (unsigned k = 0; k < findings->list->len; k++) {
			const struct finding *f = findings->list->pdata[k];

			if (!strstr(f->text, "可") && !strstr(f->text, "是不是") &&
			    !strstr(f->text, "应"))
				fail_msg("%s does not say how to mend it: %s", f->code, f->text);
		}
	}
}

/** Lints ask a campaign made by hand for no lines. */
static void without_index(void **state)
{
	struct campaign_files *files =
		files_of(YAML(STEP_GOOD), UNITS, CALENDAR(PHASE WATCH), holidays_small);
	const struct campaign_index *index;

	(void)state;
	check(&rows[0]);
	index = campaign->index;
	campaign->index = NULL;
	findings_free(&findings);
	findings = findings_new();
	campaign_lint(campaign, files, findings);
	assert_int_equal(findings->errors, 0);
	assert_int_equal(campaign_find_unit(campaign, "xin"), 1);
	assert_int_equal(campaign_find_occurrence(campaign, "w", "20190813T090000Z"), 1);
	assert_int_equal(campaign_find_occurrence(campaign, "x", "-"), NONE);
	campaign->index = index;
	campaign_files_free(&files);
}

static int teardown(void **state)
{
	(void)state;
	campaign_free(&campaign);
	findings_free(&findings);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lints),
		cmocka_unit_test(words),
		cmocka_unit_test(without_index),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
