/*
 * test_renew.c - a campaign's files in another year.
 */
#include "unit/campaign/campaign_help.h"

#include "daemon/campaign/renew.h"

static const struct {
	const char *text, *want; /* NULL: it cannot be done */
} yaml_rows[] = {
	{"name: a\n", "name: \"b\"\n"},
	{"# name: x\nname:   a b   # why\nzone: z\n",
	 "# name: x\nname:   \"b\"   # why\nzone: z\n"},
	{"x: {name: a}\nname: \"a # \\\" b\" # c\n", "x: {name: a}\nname: \"b\" # c\n"},
	{"name: 'a # b'\r\nzone: z\r\n", "name: \"b\"\r\nzone: z\r\n"},
	{"name: a\n\n  # indented remark\nzone: z\n",
	 "name: \"b\"\n\n  # indented remark\nzone: z\n"},
	{"name: a#b", "name: \"b\""},
	{"names: a\n", NULL},
	{"name: a\n  and more\n", NULL},
	{"name: >\n  folded\n", NULL},
	{"name: \"a\n  b\"\n", NULL},
	{"name:\n", NULL},
	{" name: a\n", NULL},
};

static void test_yaml(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(yaml_rows); i++) {
		g_autofree char *got = renew_yaml_set(yaml_rows[i].text, "name", "b");

		if (g_strcmp0(got, yaml_rows[i].want) != 0)
			fail_msg("%s -> %s", yaml_rows[i].text, got ? got : "(nothing)");
	}
}

static void test_yaml_value(void **state)
{
	g_autofree char *got = renew_yaml_set("name: a\n", "name", "say \"x\\y\"");
	g_autofree char *date = renew_yaml_set("name: a\n", "name", "2027-08-02");

	(void)state;
	assert_string_equal(got, "name: \"say \\\"x\\\\y\\\"\"\n");
	assert_string_equal(date, "name: 2027-08-02\n");
}

#define PHASE                                                                                      \
	EVENT("p", "DTSTART;VALUE=DATE:20190902\r\nDTEND;VALUE=DATE:20191001\r\nSUMMARY:一\r\n"   \
		   "CATEGORIES:阶段\r\n")
#define WEEKLY                                                                                     \
	EVENT("w", "DTSTART:20190906T090000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nSUMMARY:周报\r\n"   \
		   "CATEGORIES:报送,weekly\r\n")

static struct campaign_files *renewed(const char *yaml, const char *name, GPtrArray *notes)
{
	struct campaign_files *files =
		files_of(yaml, units_small, CALENDAR(PHASE WEEKLY), holidays_small);
	struct renew r = {2021, name, "new", 0};
	struct findings *f = findings_new();
	struct campaign_files *out = NULL;
	struct campaign *c = NULL;

	campaign_files_add(files, "duty/a.ics", "x", 1);
	campaign_files_add(files, "templates/zh_CN/remind.txt", "t", 1);
	campaign_files_add(files, "README.md", "r", 1);
	(void)campaign_load(files, UNTIL, &c, f);
	assert_non_null(c);
	assert_int_equal(campaign_renew(files, c, &r, &out, notes, f), 0);
	campaign_free(&c);
	campaign_files_free(&files);
	findings_free(&f);
	return out;
}

static void test_files(void **state)
{
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *yaml =
		g_strconcat("track_from: 2019-09-09 # the second Monday\n", yaml_small, NULL);
	struct campaign_files *out = renewed(yaml, "新的", notes);
	g_autoptr(GString) paths = g_string_new(NULL);
	struct findings *f = findings_new();
	struct campaign *c = NULL;
	g_autofree char *said = NULL;

	(void)state;
	for (guint i = 0; i < out->files->len; i++)
		g_string_append_printf(paths, "%s ",
				       ((struct campaign_file *)out->files->pdata[i])->path);
	assert_string_equal(paths->str, "campaign.ics campaign.yaml holidays.ics "
					"templates/zh_CN/remind.txt units.csv ");
	assert_int_equal(campaign_load(out, UNTIL, &c, f), 0);
	assert_int_equal(f->errors, 0);
	assert_string_equal(campaign_text(c, c->name), "新的");
	/* Mondays of the window: 6, 13, 20, 27 September 2021; Fridays: 3, 10, 17, 24. */
	assert_int_equal(c->track_from, 1631462400000); /* 2021-09-13T00:00+08:00 */
	assert_int_equal(c->n_occurrences, 4);
	assert_int_equal(c->occurrences[0].due, 1630659600000); /* 2021-09-03T09:00Z */
	assert_int_equal(c->occurrences[3].due, 1632474000000); /* 2021-09-24T09:00Z */
	g_ptr_array_add(notes, NULL);
	said = g_strjoinv("\n", (char **)notes->pdata);
	assert_non_null(strstr(said, "2021 年的放假安排未知"));
	assert_non_null(strstr(said, "值班表（1 份）没有复制"));
	assert_non_null(strstr(said, "从 2021-09-13（周一）起跟踪"));
	campaign_free(&c);
	campaign_files_free(&out);
	findings_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_yaml_value),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
