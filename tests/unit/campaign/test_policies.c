/*
 * test_policies.c - campaign.yaml: what it means and what is wrong in it.
 */
#include "unit/campaign/campaign_help.h"

#include <errno.h>

#define HEAD "name: 试\ntimezone: Asia/Shanghai\noffice: ban\n"
#define STEP "      - {name: 提醒, at: \"-1d\", to: [liaison]}\n"
#define POLICY(lines) HEAD "policies:\n  default:\n" lines
#define STEPS(lines) HEAD "policies:\n  default:\n    steps:\n" lines

static struct findings *findings;
static struct campaign *campaign;

static int load(const char *yaml)
{
	struct campaign_files *files = files_of(yaml, units_small, CALENDAR(""), holidays_small);
	int rc;

	campaign_free(&campaign);
	findings_free(&findings);
	findings = findings_new();
	campaign_files_add(files, "duty/guo.qing.ics", CALENDAR(""), strlen(CALENDAR("")));
	campaign_files_add(files, "duty/zhong.ics", CALENDAR(""), strlen(CALENDAR("")));
	rc = campaign_load(files, UNTIL, &campaign, findings);
	campaign_files_free(&files);
	return rc;
}

/** The findings but those of the two empty rosters. */
static void assert_said(const char *name, const char *want)
{
	for (unsigned i = findings->list->len; i > 0; i--) {
		const struct finding *f = findings->list->pdata[i - 1];

		if (!strcmp(f->code, "EMPTY_ROSTER"))
			g_ptr_array_remove_index(findings->list, i - 1);
	}
	assert_findings(findings, name, want);
}

static const struct {
	const char *name, *yaml, *want;
	bool fatal;
} rows[] = {
	{"the least", STEPS(STEP), "", false},
	{"no name", "timezone: PRC\noffice: ban\npolicies: {}\n", "campaign.yaml:1:1 MISSING_KEY\n",
	 true},
	{"no zone", "name: x\noffice: ban\npolicies: {}\n", "campaign.yaml:1:1 MISSING_KEY\n",
	 true},
	{"no such zone", "name: x\ntimezone: Asia/Shangai\noffice: ban\n",
	 "campaign.yaml:2:11 BAD_ZONE\n", true},
	{"no such office", "name: x\ntimezone: PRC\noffice: bna\n",
	 "campaign.yaml:3:9 UNKNOWN_UNIT\n", true},
	{"no policies", HEAD, "campaign.yaml:1:1 MISSING_KEY\n", false},
	{"a key nobody knows", HEAD "polices: {}\npolicies: {}\n",
	 "campaign.yaml:4:1 UNKNOWN_KEY\n", false},
	{"a locale nobody knows", HEAD "locale: fr\npolicies: {}\n",
	 "campaign.yaml:4:9 BAD_VALUE\n", false},
	{"no way to invite", HEAD "invitations: always\npolicies: {}\n",
	 "campaign.yaml:4:14 BAD_VALUE\n", false},
	{"too much missing", HEAD "hold_if_missing: 101%\npolicies: {}\n",
	 "campaign.yaml:4:18 BAD_VALUE\n", false},
	{"nothing missing", HEAD "hold_if_missing: 0%\npolicies: {}\n",
	 "campaign.yaml:4:18 BAD_VALUE\n", false},
	{"no such day", HEAD "track_from: 2019-02-30\npolicies: {}\n",
	 "campaign.yaml:4:13 BAD_VALUE\n", false},
	{"a window backwards", HEAD "send_window: {from: \"17:30\", to: \"08:30\"}\npolicies: {}\n",
	 "campaign.yaml:4:14 BAD_WINDOW\n", false},
	{"back outside",
	 HEAD "send_window: {from: \"08:30\", to: \"17:30\", back: \"18:00\"}\n"
	      "policies: {}\n",
	 "campaign.yaml:4:14 BAD_WINDOW\n", false},
	{"an hour without quotes", HEAD "send_window: {from: 8:30, to: \"17:30\"}\npolicies: {}\n",
	 "campaign.yaml:4:21 BAD_WINDOW\n", false},
	{"no such weekday",
	 HEAD "send_window: {days: [mo, xx], from: \"08:30\", to: \"17:30\"}\npolicies: {}\n",
	 "campaign.yaml:4:26 BAD_WINDOW\n", false},
	{"a window without an end", HEAD "send_window: {from: \"08:30\"}\npolicies: {}\n",
	 "campaign.yaml:4:14 MISSING_KEY\n", false},
	{"no steps", POLICY("    grace: 1h\n"), "campaign.yaml:6:5 MISSING_KEY\n", false},
	{"a key nobody knows in a policy", POLICY("    gracce: 1h\n    steps: []\n"),
	 "campaign.yaml:6:5 UNKNOWN_KEY\n", false},
	{"a length with a sign", POLICY("    grace: -1h\n    steps: []\n"),
	 "campaign.yaml:6:12 BAD_OFFSET\n", false},
	{"it closes at once", POLICY("    closes: 0\n    steps: []\n"),
	 "campaign.yaml:6:13 BAD_OFFSET\n", false},
	{"it never closes", POLICY("    closes: never\n    steps: []\n"), "", false},
	{"the zeroth day after", POLICY("    on_off_day: after:0\n    steps: []\n"),
	 "campaign.yaml:6:17 BAD_OFFSET\n", false},
	{"a day before with a number", POLICY("    on_off_day: before:2\n    steps: []\n"),
	 "campaign.yaml:6:17 BAD_OFFSET\n", false},
	{"both names of the window",
	 POLICY("    window: {from: \"08:00\", to: \"09:00\"}\n"
		"    send_window: {from: \"08:00\", to: \"09:00\"}\n    steps: []\n"),
	 "campaign.yaml:6:5 DUPLICATE_KEY\n", false},
	{"a step without a place", STEPS("      - {name: a, to: [liaison]}\n"),
	 "campaign.yaml:7:9 MISSING_KEY\n", false},
	{"a step to nobody", STEPS("      - {name: a, at: \"0\"}\n"),
	 "campaign.yaml:7:9 MISSING_KEY\n", false},
	{"a list of nobody", STEPS("      - {name: a, at: \"0\", to: []}\n"),
	 "campaign.yaml:7:32 BAD_VALUE\n", false},
	{"to without brackets", STEPS("      - {name: a, at: \"0\", to: liaison}\n"),
	 "campaign.yaml:7:32 BAD_TYPE\n", false},
	{"the same name twice", STEPS(STEP STEP), "campaign.yaml:8:16 BAD_NAME\n", false},
	{"a # in a name", STEPS("      - {name: \"a#1\", at: \"0\", to: [liaison]}\n"),
	 "campaign.yaml:7:16 BAD_NAME\n", false},
	{"a name of alarms", STEPS("      - {name: alarm-2, at: \"0\", to: [liaison]}\n"),
	 "campaign.yaml:7:16 BAD_NAME\n", false},
	{"minus nothing", STEPS("      - {name: a, at: \"-0d\", to: [liaison]}\n"),
	 "campaign.yaml:7:23 BAD_OFFSET\n", false},
	{"no such audience", STEPS("      - {name: a, at: \"0\", to: [liason]}\n"),
	 "campaign.yaml:7:33 UNKNOWN_AUDIENCE\n", false},
	{"no such parent's role", STEPS("      - {name: a, at: \"0\", to: [parent.boss]}\n"),
	 "campaign.yaml:7:33 UNKNOWN_AUDIENCE\n", false},
	{"no such unit", STEPS("      - {name: a, at: \"0\", to: [\"unit:xni\"]}\n"),
	 "campaign.yaml:7:33 UNKNOWN_UNIT\n", false},
	{"no such roster", STEPS("      - {name: a, at: \"0\", to: [\"duty:zong\"]}\n"),
	 "campaign.yaml:7:33 UNKNOWN_ROSTER\n", false},
	{"no such channel", STEPS("      - {name: a, at: \"0\", to: [liaison], via: [emial]}\n"),
	 "campaign.yaml:7:49 UNKNOWN_CHANNEL\n", false},
	{"a slot before the deadline",
	 STEPS("      - {name: a, at: \"-1d\", to: [liaison], slot: \"TU@10:00\"}\n"),
	 "campaign.yaml:7:51 BAD_SLOT\n", false},
	{"no such slot", STEPS("      - {name: a, at: \"0\", to: [liaison], slot: \"TT@10:00\"}\n"),
	 "campaign.yaml:7:49 BAD_SLOT\n", false},
	{"too many repeats",
	 STEPS("      - {name: a, at: \"0\", to: [liaison], repeat: {every: 1d, times: 101}}\n"),
	 "campaign.yaml:7:70 BAD_VALUE\n", false},
	{"repeats without a distance",
	 STEPS("      - {name: a, at: \"0\", to: [liaison], repeat: {times: 1}}\n"),
	 "campaign.yaml:7:51 MISSING_KEY\n", false},
	{"repeats at once",
	 STEPS("      - {name: a, at: \"0\", to: [liaison], repeat: {every: 0, times: 1}}\n"),
	 "campaign.yaml:7:59 BAD_OFFSET\n", false},
	{"a list in a list of audiences",
	 HEAD "audiences: {甲: [leader, 乙], 乙: [head]}\npolicies: {}\n",
	 "campaign.yaml:4:25 NESTED_AUDIENCE\n", false},
	{"an audience named as a role", HEAD "audiences: {head: [leader]}\npolicies: {}\n",
	 "campaign.yaml:4:13 BAD_NAME\n", false},
	{"a streak without misses", POLICY("    steps: []\n    streak: {to: [office]}\n"),
	 "campaign.yaml:7:13 MISSING_KEY\n", false},
	{"a streak named as a step",
	 STEPS(STEP "    streak: {misses: 2, to: [office], name: 提醒}\n"),
	 "campaign.yaml:8:13 BAD_NAME\n", false},
};

static void findings_of_yaml(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int rc = load(rows[i].yaml);

		assert_said(rows[i].name, rows[i].want);
		assert_int_equal(rc, rows[i].fatal ? -EINVAL : 0);
	}
}

static const char full[] =
	HEAD "locale: en\n"
	     "send_window: {days: working, from: \"08:30\", to: \"17:30\", back: \"15:00\"}\n"
	     "audiences: {片区: [leader, \"unit:ban\", \"duty:zhong.leader\"]}\n"
	     "hold_if_missing: 30%\n"
	     "track_from: 2019-08-05\n"
	     "invitations: request\n"
	     "policies:\n"
	     "  weekly:\n"
	     "    warn: 1wd\n"
	     "    grace: 30m\n"
	     "    closes: 14d@18:00\n"
	     "    on_off_day: after:2@12:00\n"
	     "    zero: yes\n"
	     "    match: [周报, 小结]\n"
	     "    send_window: {days: [mo, su], from: \"09:00\", to: \"10:00\"}\n"
	     "    steps:\n"
	     "      - {name: 一, at: \"-1wd@09:30\", to: [liaison, parent.head]}\n"
	     "      - {name: 二, at: \"0\", to: [片区, \"duty:guo.qing\", committee], via: [email, "
	     "wecom],\n"
	     "         sign: true, slot: \"TU@10:00\", repeat: {every: 5wd, times: 2}}\n"
	     "    streak: {misses: 3, to: [office], name: 连续}\n"
	     "  bare:\n"
	     "    steps: []\n";

static void everything_is_read(void **state)
{
	const struct policy *p;
	const struct step *s;
	const struct audience *a;
	g_autofree char *track = NULL;

	(void)state;
	assert_int_equal(load(full), 0);
	assert_said("everything", "");
	track = at_text(campaign, campaign->track_from);
	assert_string_equal(track, "2019-08-05T00:00:00+08:00");
	assert_int_equal(campaign->hold_if_missing, 30);
	assert_true(campaign->invitations);
	assert_string_equal(campaign_text(campaign, campaign->locale), "en");
	assert_string_equal(campaign_text(campaign, campaign->key), "shi");
	assert_int_equal(campaign->n_policies, 2);

	p = &campaign->policies[0];
	assert_string_equal(campaign_text(campaign, p->name), "weekly");
	assert_int_equal(p->warn.part[0].unit, 'b');
	assert_int_equal(p->grace.part[0].amount, 30);
	assert_int_equal(p->closes.at, 18 * 60);
	assert_int_equal(p->off_day.what, OFF_DAY_AFTER);
	assert_int_equal(p->off_day.nth, 2);
	assert_int_equal(p->off_day.at, 12 * 60);
	assert_true(p->zero);
	assert_int_equal(p->matches, 2);
	assert_true(p->window.set && !p->window.working);
	assert_int_equal(p->window.days, 0x41);
	assert_int_equal(p->window.back, 10 * 60);
	assert_int_equal(p->streak.misses, 3);
	assert_int_equal(campaign->audiences[p->streak.to].kind, AUDIENCE_OFFICE);

	assert_int_equal(p->steps, 2);
	s = &campaign->steps[p->step];
	assert_int_equal(s->tos, 2);
	assert_int_equal(campaign->audiences[s->to + 1].kind, AUDIENCE_PARENT_ROLE);
	assert_int_equal(campaign->audiences[s->to + 1].role, ROLE_HEAD);
	assert_int_equal(s->slot.weekday, -1);
	assert_int_equal(s->via, 0);

	s++;
	assert_int_equal(s->tos, 5);
	a = &campaign->audiences[s->to];
	for (int i = 0; i < 3; i++)
		assert_string_equal(campaign_text(campaign, a[i].name), "片区");
	assert_int_equal(a[0].kind, AUDIENCE_ROLE);
	assert_int_equal(a[1].kind, AUDIENCE_OFFICE);
	assert_int_equal(a[2].kind, AUDIENCE_DUTY);
	assert_int_equal(a[2].part, DUTY_LEADER);
	assert_int_equal(a[3].part, DUTY_ALL);
	assert_string_equal(campaign_text(campaign, campaign->rosters[a[3].index].name),
			    "guo.qing");
	assert_int_equal(a[4].kind, AUDIENCE_COMMITTEE);
	assert_int_equal(s->via, 1u << CHANNEL_EMAIL | 1u << CHANNEL_WECOM);
	assert_true(s->sign);
	assert_int_equal(s->slot.weekday, 1);
	assert_int_equal(s->times, 2);

	p++;
	assert_true(p->window.set && p->window.working);
	assert_int_equal(p->window.back, 15 * 60);
	assert_int_equal(p->closes.sign, 0);
	assert_int_equal(p->off_day.what, OFF_DAY_KEEP);
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(load(STEPS(STEP)), 0);
	assert_false(campaign->window.set);
	assert_int_equal(campaign->hold_if_missing, 50);
	assert_true(campaign->track_from == WALL_NEVER);
	assert_string_equal(campaign_text(campaign, campaign->locale), "zh_CN");
	assert_int_equal(load(HEAD "hold_if_missing: never\npolicies: {}\n"), 0);
	assert_int_equal(campaign->hold_if_missing, GUARD_OFF);
}

/** A nearest name is offered where one is near. */
static void suggestions(void **state)
{
	(void)state;
	(void)load(HEAD "polices: {}\npolicies: {}\n");
	assert_true(findings_say(findings, "UNKNOWN_KEY", "是不是“policies”"));
	(void)load(STEPS("      - {name: a, at: \"0\", to: [liason]}\n"));
	assert_true(findings_say(findings, "UNKNOWN_AUDIENCE", "是不是“liaison”"));
	(void)load(STEPS("      - {name: a, at: \"0\", to: [\"unit:xni\"]}\n"));
	assert_true(findings_say(findings, "UNKNOWN_UNIT", "是不是“xin”"));
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
		cmocka_unit_test(findings_of_yaml),
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(defaults),
		cmocka_unit_test(suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
