/*
 * test_load.c - files to a campaign: what is owed, by whom, when.
 */
#include "unit/campaign/campaign_help.h"

#include <errno.h>

#include "calendars/days.h"
#include "daemon/campaign/duty.h"

static struct findings *findings;
static struct campaign *campaign;

static int load_files(struct campaign_files *files)
{
	int rc;

	campaign_free(&campaign);
	findings_free(&findings);
	findings = findings_new();
	rc = campaign_load(files, UNTIL, &campaign, findings);
	campaign_files_free(&files);
	return rc;
}

static int load(const char *calendar)
{
	return load_files(files_of(yaml_small, units_small, calendar, holidays_small));
}

/** "uid rid #number due opens\n" of every occurrence, in local time; caller frees. */
static char *occurrences_text(void)
{
	GString *s = g_string_new(NULL);

	for (uint32_t i = 0; i < campaign->n_occurrences; i++) {
		const struct occurrence *x = &campaign->occurrences[i];
		g_autofree char *due = at_text(campaign, x->due);
		g_autofree char *opens = at_text(campaign, x->opens);

		due[19] = opens[19] = '\0';
		g_string_append_printf(
			s, "%s %s #%u %s %s\n",
			campaign_text(campaign, campaign->obligations[x->obligation].uid),
			campaign_text(campaign, x->rid), x->number, due, opens);
	}
	return g_string_free(s, FALSE);
}

#define PHASE                                                                                       \
	EVENT("p", "DTSTART;VALUE=DATE:20190801\r\nDTEND;VALUE=DATE:20191001\r\nSUMMARY:阶段\r\n" \
		   "CATEGORIES:阶段\r\n")
#define LOCAL "DTSTART;TZID=Asia/Shanghai:"
#define ZONE                                                                                       \
	"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"   \
	"TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define R "CATEGORIES:报送\r\nSUMMARY:报\r\n"

static const struct {
	const char *name, *calendar, *want;
} deadlines[] = {
	{"timed event: its start", PHASE EVENT("a", LOCAL "20190906T170000\r\nDURATION:PT5H\r\n" R),
	 "a - #1 2019-09-06T17:00:00 2019-08-07T17:00:00\n"},
	{"all-day event: the end of its last day",
	 PHASE EVENT("a", "DTSTART;VALUE=DATE:20190905\r\nDTEND;VALUE=DATE:20190907\r\n" R),
	 "a - #1 2019-09-06T23:59:59 2019-08-07T23:59:59\n"},
	{"all-day event without an end", PHASE EVENT("a", "DTSTART;VALUE=DATE:20190905\r\n" R),
	 "a - #1 2019-09-05T23:59:59 2019-08-06T23:59:59\n"},
	{"never opened before the campaign", PHASE EVENT("a", LOCAL "20190806T170000\r\n" R),
	 "a - #1 2019-08-06T17:00:00 2019-08-01T00:00:00\n"},
	{"a deadline before the campaign", PHASE EVENT("a", LOCAL "20190706T170000\r\n" R),
	 "a - #1 2019-07-06T17:00:00 2019-07-06T17:00:00\n"},
	{"without phases", EVENT("a", LOCAL "20190906T170000\r\n" R),
	 "a - #1 2019-09-06T17:00:00 2019-08-07T17:00:00\n"},
	{"a task with DUE",
	 PHASE "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20190101T000000Z\r\n" LOCAL
	       "20190901T090000\r\nDUE;TZID=Asia/Shanghai:20190906T170000\r\nSUMMARY:x\r\n"
	       "END:VTODO\r\n",
	 "t - #1 2019-09-06T17:00:00 2019-08-07T17:00:00\n"},
	{"a task with a day as DUE",
	 PHASE "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20190101T000000Z\r\n"
	       "DTSTART;VALUE=DATE:20190901\r\nDUE;VALUE=DATE:20190906\r\nEND:VTODO\r\n",
	 "t - #1 2019-09-06T23:59:59 2019-08-07T23:59:59\n"},
	{"a task that only starts",
	 PHASE "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20190101T000000Z\r\n"
	       "DTSTART;VALUE=DATE:20190906\r\nEND:VTODO\r\n",
	 "t - #1 2019-09-06T23:59:59 2019-08-07T23:59:59\n"},
	{"a milestone: the start of its day",
	 PHASE EVENT("m", "DTSTART;VALUE=DATE:20190905\r\nDTEND;VALUE=DATE:20190910\r\n"
			  "CATEGORIES:MILESTONE\r\n"),
	 "m - #1 2019-09-05T00:00:00 2019-08-06T00:00:00\n"},
	{"a series: opens at the one before, numbers keep cancelled ones",
	 PHASE EVENT("w", LOCAL "20190906T170000\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n" R)
		 EVENT("w", "RECURRENCE-ID;TZID=Asia/Shanghai:20190913T170000\r\n" LOCAL
			    "20190913T170000\r\nSTATUS:CANCELLED\r\n" R),
	 "w 20190906T090000Z #1 2019-09-06T17:00:00 2019-08-07T17:00:00\n"
	 "w 20190920T090000Z #3 2019-09-20T17:00:00 2019-09-06T17:00:00\n"
	 "w 20190927T090000Z #4 2019-09-27T17:00:00 2019-09-20T17:00:00\n"},
	{"a series of days, one of them moved",
	 PHASE EVENT("w", "DTSTART;VALUE=DATE:20190906\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n" R)
		 EVENT("w", "RECURRENCE-ID;VALUE=DATE:20190913\r\n"
			    "DTSTART;VALUE=DATE:20190912\r\n" R),
	 "w 20190906 #1 2019-09-06T23:59:59 2019-08-07T23:59:59\n"
	 "w 20190913 #2 2019-09-12T23:59:59 2019-09-06T23:59:59\n"
	 "w 20190920 #3 2019-09-20T23:59:59 2019-09-12T23:59:59\n"},
	{"without an end: to the end of the last phase; with one: whole",
	 PHASE EVENT("e", LOCAL "20190906T170000\r\nRRULE:FREQ=WEEKLY\r\n" R)
		 EVENT("z", LOCAL "20191220T170000\r\n" R),
	 "e 20190906T090000Z #1 2019-09-06T17:00:00 2019-08-07T17:00:00\n"
	 "e 20190913T090000Z #2 2019-09-13T17:00:00 2019-09-06T17:00:00\n"
	 "e 20190920T090000Z #3 2019-09-20T17:00:00 2019-09-13T17:00:00\n"
	 "e 20190927T090000Z #4 2019-09-27T17:00:00 2019-09-20T17:00:00\n"
	 "z - #1 2019-12-20T17:00:00 2019-11-20T17:00:00\n"},
	{"all cancelled", PHASE EVENT("c", LOCAL "20190906T170000\r\nSTATUS:CANCELLED\r\n" R), ""},
};

static void dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(deadlines); i++) {
		g_autofree char *text =
			g_strconcat("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", ZONE,
				    deadlines[i].calendar, "END:VCALENDAR\r\n", NULL);
		g_autofree char *got = NULL;

		assert_int_equal(load(text), 0);
		got = occurrences_text();
		if (strcmp(got, deadlines[i].want) != 0) {
			print_message("%s\n", deadlines[i].name);
			findings_print(findings);
		}
		assert_string_equal(got, deadlines[i].want);
		assert_int_equal(findings->errors, 0);
	}
}

/** 13 September is a day off; 12 the working day before, 17 the second after (16 a Monday). */
static void off_days(void **state)
{
	static const struct {
		const char *rule, *due;
	} rows[] = {
		{"keep", "2019-09-13T17:00:00+08:00"},
		{"before", "2019-09-12T17:00:00+08:00"},
		{"after", "2019-09-16T17:00:00+08:00"},
		{"after:2@12:00", "2019-09-17T12:00:00+08:00"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *yaml = g_strdup_printf("name: x\ntimezone: PRC\noffice: ban\n"
							"policies: {default: {on_off_day: %s, "
							"steps: []}}\n",
							rows[i].rule);
		g_autofree char *due = NULL, *written = NULL;

		assert_int_equal(
			load_files(files_of(yaml, units_small,
					    CALENDAR(EVENT("a", "DTSTART:20190913T090000Z\r\n" R)),
					    holidays_small)),
			0);
		due = at_text(campaign, campaign->occurrences[0].due);
		written = at_text(campaign, campaign->occurrences[0].written);
		assert_string_equal(due, rows[i].due);
		assert_string_equal(written, "2019-09-13T17:00:00+08:00");
	}
}

/** The next occurrence opens at the deadline that was in force, not at the one written. */
static void opens_after_a_moved_deadline(void **state)
{
	static const char yaml[] = "name: x\ntimezone: PRC\noffice: ban\n"
				   "policies: {default: {on_off_day: before, steps: []}}\n";
	g_autofree char *opens = NULL;

	(void)state;
	assert_int_equal(
		load_files(files_of(yaml, units_small,
				    CALENDAR(EVENT("a", "DTSTART:20190913T090000Z\r\n"
							"RRULE:FREQ=WEEKLY;COUNT=2\r\n" R)),
				    holidays_small)),
		0);
	opens = at_text(campaign, campaign->occurrences[1].opens);
	assert_string_equal(opens, "2019-09-12T17:00:00+08:00");
}

static const struct {
	const char *name, *categories;
	const char *owing; /* "-": not an obligation */
	const char *findings;
} whose[] = {
	{"all that report", "CATEGORIES:报送\r\n", "xin xue zhu", ""},
	{"in English", "CATEGORIES:REPORT\r\n", "xin xue zhu", ""},
	{"a policy changes nothing", "CATEGORIES:报送,weekly\r\n", "xin xue zhu", ""},
	{"a tag", "CATEGORIES:报送,消防\r\n", "xin xue", ""},
	{"a kind", "CATEGORIES:报送,部门\r\n", "zhu", ""},
	{"a unit", "CATEGORIES:报送,xue\r\n", "xue", ""},
	{"any of several, in any order", "CATEGORIES:部门,weekly\r\nCATEGORIES:xue,报送\r\n",
	 "xue zhu", ""},
	{"the office owes no reports", "CATEGORIES:报送,ban\r\n", "", ""},
	{"a milestone is the office's", "CATEGORIES:节点,消防\r\n", "ban", ""},
	{"an unknown name", "CATEGORIES:报送,消仿\r\n", "", "campaign.ics:4 UNKNOWN_CATEGORY\n"},
	{"two policies", "CATEGORIES:报送,weekly,default\r\n", "", "campaign.ics:4 TWO_POLICIES\n"},
	{"two categories", "CATEGORIES:报送,阶段\r\n", "-", "campaign.ics:4 TWO_CATEGORIES\n"},
	{"the same category twice", "CATEGORIES:报送,REPORT\r\n", "xin xue zhu", ""},
	{"no category", "", "-", "campaign.ics:4 NO_CATEGORY\n"},
	{"an unknown category", "CATEGORIES:REPROT\r\n", "-", "campaign.ics:4 UNKNOWN_CATEGORY\n"},
	{"a shift", "CATEGORIES:班次\r\n", "-", "campaign.ics:4 WRONG_FILE\n"},
};

static void owing(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(whose); i++) {
		g_autofree char *text =
			g_strdup_printf(CALENDAR(EVENT("a", "DTSTART:20190906T090000Z\r\n%s")),
					whose[i].categories);
		g_autoptr(GString) got = g_string_new(NULL);

		assert_int_equal(load(text), 0);
		assert_findings(findings, whose[i].name, whose[i].findings);
		assert_int_equal(campaign->n_obligations, strcmp(whose[i].owing, "-") != 0);
		if (campaign->n_obligations == 0)
			continue;
		for (uint32_t k = 0; k < campaign->obligations[0].owings; k++) {
			uint32_t unit = campaign->owing[campaign->obligations[0].owing + k];

			g_string_append_printf(got, "%s%s", k ? " " : "",
					       campaign_text(campaign, campaign->units[unit].id));
		}
		assert_string_equal(got->str, whose[i].owing);
	}
}

/** Names of two things, used: owed by nobody. A policy called like a category is a policy. */
static void names_of_two_things(void **state)
{
	static const char yaml[] = "name: x\ntimezone: PRC\noffice: ban\npolicies:\n"
				   "  default: {steps: []}\n  消防: {steps: []}\n"
				   "  milestone: {steps: []}\n";

	(void)state;
	load_files(files_of(yaml, units_small,
			    CALENDAR(EVENT("a", "DTSTART:20190906T090000Z\r\n"
						"CATEGORIES:报送,消防\r\n")
					     EVENT("b", "DTSTART:20190906T090000Z\r\n"
							"CATEGORIES:节点,milestone\r\n")),
			    holidays_small));
	assert_findings(findings, "names", "campaign.ics:4 AMBIGUOUS_NAME\n");
	assert_int_equal(campaign->obligations[0].owings, 0);
	assert_int_equal(campaign->obligations[1].owings, 1);
	assert_string_equal(
		campaign_text(campaign, campaign->policies[campaign->obligations[1].policy].name),
		"milestone");
}

static void no_default_policy(void **state)
{
	(void)state;
	load_files(files_of("name: x\ntimezone: PRC\noffice: ban\npolicies: {w: {steps: []}}\n",
			    units_small,
			    CALENDAR(EVENT("a", "DTSTART:20190906T090000Z\r\nCATEGORIES:报送\r\n")),
			    holidays_small));
	assert_findings(findings, "no default", "campaign.ics:4 NO_POLICY\n");
	assert_int_equal(campaign->obligations[0].owings, 0);
}

static void shared_lists(void **state)
{
	(void)state;
	load(CALENDAR(EVENT("a", "DTSTART:20190906T090000Z\r\nCATEGORIES:报送,消防,部门\r\n") EVENT(
		"b", "DTSTART:20190907T090000Z\r\nCATEGORIES:部门,消防,报送\r\n")));
	assert_int_equal(campaign->n_owing, 3);
	assert_int_equal(campaign->obligations[0].owing, campaign->obligations[1].owing);
}

static void identity(void **state)
{
	uint32_t found;

	(void)state;
	load(CALENDAR(EVENT("b", "DTSTART:20190906T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n" R)
			      EVENT("a", "DTSTART:20190907T090000Z\r\n" R)
				      EVENT(" ", "DTSTART:20190907T090000Z\r\n" R)));
	assert_findings(findings, "identity", "campaign.ics:19 NO_UID\n");
	found = campaign_find_occurrence(campaign, "b", "20190907T090000Z");
	assert_int_not_equal(found, NONE);
	assert_int_equal(campaign->occurrences[found].number, 2);
	assert_int_not_equal(campaign_find_occurrence(campaign, "a", "-"), NONE);
	assert_int_equal(campaign_find_occurrence(campaign, "a", "20190907"), NONE);
	assert_int_equal(campaign_find_occurrence(campaign, "c", "-"), NONE);
}

#define VALARM(trigger)                                                                            \
	"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER" trigger "\r\nEND:VALARM\r\n"

static void alarms(void **state)
{
	const struct alarm *a;

	(void)state;
	load(CALENDAR(
		EVENT("a", "DTSTART:20190906T090000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\n" R VALARM(
				   ":-P1DT2H30M") VALARM(";RELATED=END:PT1H") VALARM(":PT0S")
				   VALARM(";VALUE=DATE-TIME:20190905T000000Z") VALARM(":-PT90S"))));
	assert_findings(findings, "alarms", "");
	assert_int_equal(campaign->n_alarms, 5); /* once for both instances */
	assert_int_equal(campaign->occurrences[0].alarm, campaign->occurrences[1].alarm);
	assert_int_equal(campaign->occurrences[1].alarms, 5);
	a = campaign->alarms;
	assert_int_equal(a[0].at.sign, -1);
	assert_int_equal(a[0].at.parts, 3);
	assert_int_equal(a[0].at.part[2].amount, 30);
	assert_int_equal(a[0].at.at, -1);
	assert_int_equal(a[1].at.sign, 1);
	assert_int_equal(a[2].at.sign, 0);
	assert_true(a[3].absolute && a[3].instant == 1567641600000);
	assert_int_equal(a[4].at.part[0].amount, 2);
}

static void periods(void **state)
{
	g_autofree char *starts = NULL, *ends = NULL;

	(void)state;
	load(CALENDAR(
		EVENT("p2", "DTSTART;VALUE=DATE:20190901\r\nDTEND;VALUE=DATE:20191001\r\n"
			    "CATEGORIES:PHASE\r\n")
			PHASE EVENT("w",
				    "DTSTART;VALUE=DATE:20190913\r\nDTEND;VALUE=DATE:20190916\r\n"
				    "CATEGORIES:值守\r\n")
				EVENT("b", "DTSTART:20190920T010000Z\r\nCATEGORIES:通报\r\n")));
	starts = at_text(campaign, campaign->starts);
	ends = at_text(campaign, campaign->ends);
	assert_string_equal(starts, "2019-08-01T00:00:00+08:00");
	assert_string_equal(ends, "2019-10-01T00:00:00+08:00");
	assert_int_equal(campaign->n_periods, 4);
	assert_int_equal(campaign->periods[0].category, CATEGORY_PHASE);
	assert_int_equal(campaign->periods[2].category, CATEGORY_WATCH);
	assert_int_equal(campaign->periods[3].category, CATEGORY_BULLETIN);
	assert_true(campaign->periods[3].to >= campaign->periods[3].from);
}

static void holidays(void **state)
{
	static const char text[] = CALENDAR(
		EVENT("1", "DTSTART;VALUE=DATE:20191001\r\nDTEND;VALUE=DATE:20191004\r\n"
			   "SUMMARY:国庆节假期\r\n")
			EVENT("2", "DTSTART;VALUE=DATE:20190929\r\nSUMMARY:上班(补国庆节假期)\r\n")
				EVENT("3", "DTSTART;VALUE=DATE:20191012\r\nSUMMARY:x\r\n"
					   "CATEGORIES:WORK\r\n")
					EVENT("4", "DTSTART;VALUE=DATE:20190501\r\n"
						   "RRULE:FREQ=YEARLY\r\nSUMMARY:节\r\n"));

	(void)state;
	load_files(files_of(yaml_small, units_small, CALENDAR(""), text));
	assert_findings(findings, "holidays", "holidays.ics:11 WORK_BY_SUMMARY\n");
	assert_false(days_is_working(campaign->days, date_from(2019, 10, 1)));
	assert_false(days_is_working(campaign->days, date_from(2019, 10, 3)));
	assert_true(days_is_working(campaign->days, date_from(2019, 10, 4)));
	assert_true(days_is_working(campaign->days, date_from(2019, 9, 29)));
	assert_true(days_is_working(campaign->days, date_from(2019, 10, 12)));
	assert_false(days_is_working(campaign->days, date_from(2020, 5, 1)));
}

static const struct {
	const char *summary, *person;
	bool good, leader;
} summaries[] = {
	{"带班 张三", "张三", true, true},  {"值班 李四", "李四", true, false},
	{"[L2] 张三", "张三", true, true},  {"[L1]李四", "李四", true, false},
	{"带班：张三", "张三", true, true}, {"值班　李四", "李四", true, false},
	{"值班", "", true, false},          {"值班员张三", "值班员张三", false, false},
	{"张三", "张三", false, false},     {"", "", false, false},
};

static void shift_summaries(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(summaries); i++) {
		const char *person;
		bool leader;

		assert_int_equal(shift_summary_parse(summaries[i].summary, &leader, &person),
				 summaries[i].good);
		assert_string_equal(person, summaries[i].person);
		assert_int_equal(leader, summaries[i].leader);
	}
}

static void rosters(void **state)
{
	static const char text[] = CALENDAR(
		EVENT("2", "DTSTART:20190914T000000Z\r\nDTEND:20190915T000000Z\r\n"
			   "SUMMARY:值班 薛甲\r\n")
			EVENT("1", "DTSTART:20190913T000000Z\r\nDTEND:20190914T000000Z\r\n"
				   "SUMMARY:[L2] 某人\r\nATTENDEE:mailto:XIN2@example.org\r\n")
				EVENT("3", "DTSTART:20190915T000000Z\r\nDTEND:20190916T000000Z\r\n"
					   "SUMMARY:值班 路人\r\nSTATUS:CONFIRMED\r\n")
					EVENT("4",
					      "DTSTART:20190915T000000Z\r\nSUMMARY:带班 新乙\r\n"
					      "STATUS:CANCELLED\r\n"));
	struct campaign_files *files =
		files_of(yaml_small, units_small, CALENDAR(""), holidays_small);
	const struct shift *s;

	(void)state;
	campaign_files_add(files, "duty/zhong.ics", text, strlen(text));
	assert_int_equal(load_files(files), 0);
	assert_findings(findings, "rosters", "duty/zhong.ics:19 UNKNOWN_PERSON\n");
	assert_int_equal(campaign->n_rosters, 1);
	assert_string_equal(campaign_text(campaign, campaign->rosters[0].name), "zhong");
	assert_int_equal(campaign->rosters[0].shifts, 3);
	s = campaign->shifts;
	assert_true(s[0].leader);
	assert_string_equal(campaign_text(campaign, s[0].email), "xin2@example.org");
	assert_string_equal(campaign_text(campaign, campaign->contacts[s[0].contact].person),
			    "新乙");
	assert_false(s[1].leader);
	assert_string_equal(campaign_text(campaign, campaign->contacts[s[1].contact].person),
			    "薛甲");
	assert_int_equal(s[2].contact, NONE);
	assert_string_equal(campaign_text(campaign, s[2].person), "路人");
}

static void missing_files(void **state)
{
	(void)state;
	assert_int_equal(load_files(files_of(NULL, NULL, NULL, NULL)), -EINVAL);
	assert_findings(findings, "nothing",
			"campaign.ics:0 FILE_MISSING\ncampaign.yaml:0 FILE_MISSING\n"
			"units.csv:0 FILE_MISSING\n");
	assert_int_equal(load_files(files_of(yaml_small, units_small, "<html>", NULL)), -EINVAL);
	assert_true(findings->errors > 0);
}

static void misnamed_files(void **state)
{
	struct campaign_files *files =
		files_of(yaml_small, units_small, CALENDAR(""), holidays_small);

	(void)state;
	campaign_files_add(files, "holiday.ics", "x", 1);
	campaign_files_add(files, "README.md", "x", 1);
	campaign_files_add(files, "templates/a.yaml", "x", 1);
	assert_int_equal(load_files(files), 0);
	assert_findings(findings, "names", "holiday.ics:0 FILE_UNKNOWN\n");
	assert_true(findings_say(findings, "FILE_UNKNOWN", "是不是“holidays.ics”"));
}

static void digests(void **state)
{
	uint64_t first;

	(void)state;
	load(CALENDAR(""));
	first = campaign->digest;
	load(CALENDAR(""));
	assert_true(campaign->digest == first);
	load(CALENDAR("X-A:1\r\n"));
	assert_true(campaign->digest != first);
}

/** Every file cut at every byte: a campaign or an error, never a crash. */
static void truncated(void **state)
{
	static const char calendar[] = CALENDAR(PHASE EVENT(
		"w",
		"DTSTART:20190906T090000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n" R VALARM(":-P1D")));
	static const char duty[] =
		CALENDAR(EVENT("1", "DTSTART:20190913T000000Z\r\nSUMMARY:带班 新乙\r\n"));
	const struct {
		const char *path, *text;
	} all[] = {{"campaign.yaml", yaml_small},
		   {"units.csv", units_small},
		   {"campaign.ics", calendar},
		   {"holidays.ics", holidays_small},
		   {"duty/a.ics", duty}};

	(void)state;
	for (size_t cut = 0; cut < G_N_ELEMENTS(all); cut++) {
		for (size_t n = 0; n <= strlen(all[cut].text); n++) {
			struct campaign_files *files = campaign_files_new("x");
			struct findings *said = findings_new();
			struct campaign *c = NULL;
			int rc;

			for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
				campaign_files_add(files, all[i].path, all[i].text,
						   i == cut ? n : strlen(all[i].text));
			rc = campaign_load(files, UNTIL, &c, said);
			assert_true(rc == 0 || rc == -EINVAL);
			assert_int_equal(rc == 0, c != NULL);
			assert_true(rc == 0 || said->errors > 0);
			if (c)
				campaign_lint(c, files, said);
			campaign_free(&c);
			findings_free(&said);
			campaign_files_free(&files);
		}
	}
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
		cmocka_unit_test(dates),
		cmocka_unit_test(off_days),
		cmocka_unit_test(opens_after_a_moved_deadline),
		cmocka_unit_test(owing),
		cmocka_unit_test(names_of_two_things),
		cmocka_unit_test(no_default_policy),
		cmocka_unit_test(shared_lists),
		cmocka_unit_test(identity),
		cmocka_unit_test(alarms),
		cmocka_unit_test(periods),
		cmocka_unit_test(holidays),
		cmocka_unit_test(shift_summaries),
		cmocka_unit_test(rosters),
		cmocka_unit_test(missing_files),
		cmocka_unit_test(misnamed_files),
		cmocka_unit_test(digests),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
