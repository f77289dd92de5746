/*
 * test_corpus.c - calendars with known occurrences: ours always, the larger corpus when it is near.
 *
 * DUBAN_CORPUS_SHOW=NAME prints what was expected and what came for the cases of that file.
 */
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "calendars/expand.h"
#include "calendars/rrule.h"

static char *path_of(const char *first, const char *second)
{
	const char *source = g_getenv("SOURCE_DIR");

	return g_build_filename(source != NULL ? source : ".", first, second, NULL);
}

static local_t local_of(const char *text)
{
	struct civil c = {0};

	assert_true(sscanf(text, "%4d%2d%2dT%2d%2d%2d", &c.year, &c.month, &c.day, &c.hour,
			   &c.minute, &c.second) >= 3);
	return local_from(&c);
}

static gint by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The first four columns of each line, in order. */
static char *four_columns(const char *tsv)
{
	char **lines = g_strsplit(tsv, "\n", -1);
	GPtrArray *cut = g_ptr_array_new();
	char *out;

	for (char **l = lines; *l != NULL && **l != 0; l++) {
		char *p = *l;

		for (int tabs = 0; *p != 0; p++)
			if (*p == '\t' && ++tabs == 4)
				break;
		*p = 0;
		g_ptr_array_add(cut, *l);
	}
	g_ptr_array_sort(cut, by_bytes);
	g_ptr_array_add(cut, NULL);
	out = g_strjoinv("\n", (char **)cut->pdata);
	g_ptr_array_unref(cut);
	g_strfreev(lines);
	return out;
}

static char *expand_file(const char *file, const char *zone, const char *from, const char *to,
			 gint64 *took)
{
	const struct zone *z = zone_get(zone);
	struct calendar *c = calendar_new(z);
	struct findings *f = findings_new();
	gint64 begin = g_get_monotonic_time();
	GPtrArray *instances;
	char *bytes = NULL, *tsv;
	gsize size;

	assert_non_null(z);
	assert_true(g_file_get_contents(file, &bytes, &size, NULL));
	(void)calendar_read(c, file, bytes, size, &calendar_limits_expand, f);
	instances = calendar_expand(c, local_of(from) * SECOND, local_of(to) * SECOND,
				    &calendar_limits_expand, f);
	tsv = calendar_tsv(instances);
	*took = g_get_monotonic_time() - begin;
	g_ptr_array_unref(instances);
	g_free(bytes);
	findings_free(&f);
	calendar_free(&c);
	return tsv;
}

static bool check_case(const char *root, char **column)
{
	const char *show = g_getenv("DUBAN_CORPUS_SHOW");
	char *expected_file = g_build_filename(root, "expected", column[0], NULL);
	char *file = g_build_filename(root, column[1], NULL);
	char *expected = NULL, *want, *tsv, *got;
	gint64 took;
	bool good;

	assert_true(g_file_get_contents(expected_file, &expected, NULL, NULL));
	tsv = expand_file(file, column[2], column[3], column[4], &took);
	want = four_columns(expected);
	got = four_columns(tsv);
	good = strcmp(want, got) == 0;
	if (!good)
		print_message("differs: %s (%s %s .. %s; %s)\n", column[0], column[2], column[3],
			      column[4], column[7]);
	if (show != NULL && strstr(column[0], show) != NULL)
		printf("-- expected\n%s-- got\n%s--\n", expected, tsv);
	if (took > G_USEC_PER_SEC) {
		print_message("slow: %s took %d ms\n", column[1], (int)(took / 1000));
		good = false;
	}
	g_free(expected_file);
	g_free(file);
	g_free(expected);
	g_free(want);
	g_free(got);
	g_free(tsv);
	return good;
}

static unsigned check_index(const char *root, unsigned *cases)
{
	char *name = g_build_filename(root, "expected", "INDEX.tsv", NULL), *text = NULL;
	unsigned wrong = 0;
	char **lines;

	assert_true(g_file_get_contents(name, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l != NULL; l++) {
		char **column = g_strsplit(*l, "\t", -1);

		if (**l != '#' && g_strv_length(column) >= 8) {
			(*cases)++;
			wrong += !check_case(root, column);
		}
		g_strfreev(column);
	}
	g_strfreev(lines);
	g_free(text);
	g_free(name);
	return wrong;
}

static void our_own_calendars_show_what_is_expected(void **state)
{
	char *root = path_of("tests/unit/calendars", "data");
	unsigned cases = 0;

	(void)state;
	assert_int_equal(check_index(root, &cases), 0);
	assert_int_equal(cases, 76);
	g_free(root);
}

static void calendars_of_other_programs_show_what_is_expected(void **state)
{
	char *root = path_of("..", "shared/ical/visible");
	unsigned cases = 0;

	(void)state;
	if (!g_file_test(root, G_FILE_TEST_IS_DIR)) {
		print_message("skipped: the corpus of other programs' calendars is not here\n");
		g_free(root);
		skip();
	}
	assert_int_equal(check_index(root, &cases), 0);
	print_message("%u cases\n", cases);
	assert_true(cases >= 700);
	g_free(root);
}

/* At most the first 60 starts up to the horizon. */
static char *walk_rule(const char *text, local_t start, local_t stop)
{
	struct rrule rule;
	struct rrule_iter it;
	GString *out = g_string_new(NULL);
	local_t t;

	assert_int_equal(rrule_parse(text, &rule, NULL), 0);
	if (rule.until_kind != RRULE_UNTIL_NONE)
		stop = MIN(stop, rule.until);
	rrule_iter_init(&it, &rule, start, false, stop, 10000000);
	for (int n = 0; n < 60 && rrule_iter_next(&it, &t) == 1; n++) {
		struct civil c;

		local_split(t, &c);
		g_string_append_printf(out, "%s%04d%02d%02dT%02d%02d%02d", n > 0 ? "," : "", c.year,
				       c.month, c.day, c.hour, c.minute, c.second);
	}
	return g_string_free(out, FALSE);
}

static void every_rule_gives_the_starts_two_implementations_agree_on(void **state)
{
	char *name = path_of("tests/unit/calendars/data", "rrule/cases.tsv"), *text = NULL;
	unsigned cases = 0, wrong = 0;
	char **lines;

	(void)state;
	assert_true(g_file_get_contents(name, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l != NULL; l++) {
		char **column = g_strsplit(*l, "\t", -1);

		if (**l != '#' && g_strv_length(column) >= 4) {
			char *got = walk_rule(column[0], local_of(column[1]), local_of(column[2]));

			cases++;
			if (strcmp(got, column[3]) != 0) {
				wrong++;
				print_message("%s from %s\n want %.120s\n got  %.120s\n", column[0],
					      column[1], column[3], got);
			}
			g_free(got);
		}
		g_strfreev(column);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(cases, 1456);
	g_strfreev(lines);
	g_free(text);
	g_free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_gives_the_starts_two_implementations_agree_on),
		cmocka_unit_test(our_own_calendars_show_what_is_expected),
		cmocka_unit_test(calendars_of_other_programs_show_what_is_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
