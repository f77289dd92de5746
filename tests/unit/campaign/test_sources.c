/*
 * `sources` of campaign.yaml: what is taken, what is refused with line and column, and what a
 * file that nobody has fetched yet means.
 */
#include "campaign_help.h"

#define HEAD                                                                                       \
	"name: 试\ntimezone: Asia/Shanghai\noffice: ban\npolicies:\n  default:\n    steps:\n"     \
	"      - {name: 催办, at: \"0\", to: [liaison, \"duty:guoqing\"]}\nsources:\n"

static const char one_event[] = CALENDAR(EVENT(
	"a",
	"DTSTART;TZID=Asia/Shanghai:20190830T170000\r\nSUMMARY:周报\r\nCATEGORIES:REPORT\r\n"));

static struct campaign *load(const char *sources, const char *calendar, struct findings *f)
{
	g_autofree char *yaml = g_strconcat(HEAD, sources, NULL);
	struct campaign_files *files = files_of(yaml, units_small, calendar, holidays_small);
	struct campaign *c = NULL;

	if (campaign_load(files, UNTIL, &c, f) == 0)
		campaign_lint(c, files, f);
	campaign_files_free(&files);
	return c;
}

static void a_source_is_taken_with_its_defaults(void **state)
{
	struct findings *f = findings_new();
	struct campaign *c =
		load("  - {as: duty/guoqing.ics, url: \"webcal://cal.example.org/x?key=geheim\"}\n"
		     "  - {as: holidays.ics, url: \"http://127.0.0.1:5232/a/\", kind: caldav, "
		     "poll: 1h, credential: rili}\n",
		     one_event, f);

	(void)state;
	assert_non_null(c);
	assert_findings(f, "taken", "campaign.yaml:9:5 SOURCE_UNREAD\n");
	assert_int_equal(c->n_sources, 2);
	assert_string_equal(campaign_text(c, c->sources[0].as), "duty/guoqing.ics");
	assert_string_equal(campaign_text(c, c->sources[0].url),
			    "https://cal.example.org/x?key=geheim");
	assert_string_equal(campaign_text(c, c->sources[0].host), "cal.example.org");
	assert_int_equal(c->sources[0].kind, SOURCE_FILE);
	assert_int_equal(c->sources[0].poll, 15 * MINUTE);
	assert_int_equal(c->sources[0].credential, 0);
	assert_string_equal(campaign_text(c, c->sources[1].url), "http://127.0.0.1:5232/a/");
	assert_string_equal(campaign_text(c, c->sources[1].host), "127.0.0.1:5232");
	assert_string_equal(campaign_text(c, c->sources[1].credential), "rili");
	assert_int_equal(c->sources[1].kind, SOURCE_CALDAV);
	assert_int_equal(c->sources[1].poll, HOUR);
	/* Nobody is on duty yet, but the roster has its name. */
	assert_int_equal(c->n_rosters, 1);
	assert_string_equal(campaign_text(c, c->rosters[0].name), "guoqing");
	assert_int_equal(c->rosters[0].shifts, 0);
	campaign_free(&c);
	findings_free(&f);
}

static void a_campaign_may_wait_for_its_calendar(void **state)
{
	static const char sources[] =
		"  - {as: campaign.ics, url: \"caldav://cal.example.org/ban/xing\", poll: 1d}\n"
		"  - {as: duty/guoqing.ics, url: \"https://cal.example.org/d.ics\"}\n";
	struct findings *f = findings_new();
	struct campaign *c = load(sources, NULL, f);

	(void)state;
	assert_non_null(c);
	assert_findings(f, "waits",
			"campaign.yaml:9:5 SOURCE_UNREAD\ncampaign.yaml:10:5 SOURCE_UNREAD\n");
	assert_int_equal(c->n_occurrences, 0);
	assert_int_equal(c->sources[0].kind, SOURCE_CALDAV);
	assert_int_equal(c->sources[0].poll, DAY);
	campaign_free(&c);
	findings_free(&f);
	/* Without the source it is missing. */
	f = findings_new();
	c = load("  - {as: duty/guoqing.ics, url: \"https://cal.example.org/d.ics\"}\n", NULL, f);
	assert_null(c);
	assert_true(findings_say(f, "FILE_MISSING", "campaign.ics"));
	findings_free(&f);
}

static const struct {
	const char *source, *brief, *words;
} wrong[] = {
	{"{url: \"https://a.example/\"}", "9:5 MISSING_KEY", "as"},
	{"{as: units.csv, url: \"https://a.example/\"}", "9:10 BAD_SOURCE", "duty/"},
	{"{as: duty/../units.ics, url: \"https://a.example/\"}", "9:10 BAD_SOURCE", "duty/"},
	{"{as: duty/.x.ics, url: \"https://a.example/\"}", "9:10 BAD_SOURCE", "duty/"},
	{"{as: duty/.ics, url: \"https://a.example/\"}", "9:10 BAD_SOURCE", "duty/"},
	{"{as: holidays.ics}", "9:5 MISSING_KEY", "url"},
	{"{as: holidays.ics, url: \"file:///etc/passwd\"}", "9:29 BAD_SOURCE", "不是网址"},
	{"{as: holidays.ics, url: \"gopher://a.example/\"}", "9:29 BAD_SOURCE", "只认 https"},
	{"{as: holidays.ics, url: \"ftp://a.example/x.ics\"}", "9:29 BAD_SOURCE", "只认 https"},
	{"{as: holidays.ics, url: \"a.example/x.ics\"}", "9:29 BAD_SOURCE", "不是网址"},
	{"{as: holidays.ics, url: \"https:///x.ics\"}", "9:29 BAD_SOURCE", "不是网址"},
	{"{as: holidays.ics, url: \"https://u:geheim@a.example/\"}", "9:29 BAD_SOURCE",
	 "不能写用户名"},
	{"{as: holidays.ics, url: \"https://a.example/#x\"}", "9:29 BAD_SOURCE", "#"},
	{"{as: holidays.ics, url: \"https://a.example/日历\"}", "9:29 BAD_SOURCE", "%E6"},
	{"{as: holidays.ics, url: \"https://a.example/x y\"}", "9:29 BAD_SOURCE", "空格"},
	{"{as: holidays.ics, url: \"https://a.example:99999/\"}", "9:29 BAD_SOURCE", "不是网址"},
	{"{as: holidays.ics, url: \"https://a.example/\", poll: 59s}", "9:57 BAD_OFFSET", "poll"},
	{"{as: holidays.ics, url: \"https://a.example/\", poll: 0}", "9:57 BAD_VALUE", "1m 到 1d"},
	{"{as: holidays.ics, url: \"https://a.example/\", poll: 2d}", "9:57 BAD_VALUE", "1m 到 1d"},
	{"{as: holidays.ics, url: \"https://a.example/\", poll: 1wd}", "9:57 BAD_VALUE",
	 "1m 到 1d"},
	{"{as: holidays.ics, url: \"https://a.example/\", poll: 1h@08:00}", "9:57 BAD_VALUE",
	 "1m 到 1d"},
	{"{as: holidays.ics, url: \"https://a.example/\", kind: ftp}", "9:57 BAD_VALUE", "caldav"},
	{"{as: holidays.ics, url: \"https://a.example/\", pol: 1h}", "9:51 UNKNOWN_KEY", "poll"},
	{"{as: holidays.ics, url: \"https://a.example/\"}\n  - {as: holidays.ics, url: "
	 "\"https://b.example/\"}",
	 "10:10 BAD_SOURCE", "只能有一个"},
	{"https://a.example/", "9:5 BAD_TYPE", "as"},
};

static void what_is_wrong_is_said_in_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct findings *f = findings_new();
		g_autofree char *sources = g_strdup_printf(
			"  - %s\n  - {as: duty/guoqing.ics, url: \"https://a.example/g\"}\n",
			wrong[i].source);
		g_autofree char *brief = NULL, *line = NULL;
		const char *code = strchr(wrong[i].brief, ' ') + 1;
		struct campaign *c = load(sources, one_event, f);

		brief = findings_brief(f);
		line = g_strdup_printf("campaign.yaml:%s\n", wrong[i].brief);
		if (!strstr(brief, line) || !findings_say(f, code, wrong[i].words)) {
			print_message("%s: want %s (%s)\n", wrong[i].source, line, wrong[i].words);
			findings_print(f);
		}
		assert_non_null(strstr(brief, line));
		assert_true(findings_say(f, code, wrong[i].words));
		assert_int_equal(f->errors, 1);
		/* A URL may carry a key: whatever is wrong with it, it is not repeated. */
		for (unsigned k = 0; k < f->list->len; k++)
			assert_null(strstr(((struct finding *)f->list->pdata[k])->text, "geheim"));
		campaign_free(&c);
		findings_free(&f);
	}
}

static void too_many_are_refused(void **state)
{
	GString *s = g_string_new("  - {as: duty/guoqing.ics, url: \"https://a.example/g\"}\n");
	struct findings *f = findings_new();
	struct campaign *c;

	(void)state;
	for (int i = 0; i < 20; i++)
		g_string_append_printf(s, "  - {as: duty/n%d.ics, url: \"https://a.example/%d\"}\n",
				       i, i);
	c = load(s->str, one_event, f);
	assert_true(findings_say(f, "TOO_MANY", "20"));
	assert_int_equal(f->errors, 1);
	campaign_free(&c);
	findings_free(&f);
	g_string_free(s, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_is_taken_with_its_defaults),
		cmocka_unit_test(a_campaign_may_wait_for_its_calendar),
		cmocka_unit_test(what_is_wrong_is_said_in_its_place),
		cmocka_unit_test(too_many_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
