/*
 * test_truncated.c - a file cut short at any byte never brings the loader down.
 *
 * Half a download, a full disk under the editor: each file of the sample campaign
 * is cut at every byte of its beginning and end (and at a stride between) and
 * loaded.  Sanitizers watch; the loader either makes a campaign or says why not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/campaign/load.h"

#define HEAD 4096
#define TAIL 1024
#define STRIDE 97
#define UNTIL ((wall_t)1577808000000) /* 2020-01-01 in Asia/Shanghai */

static const char *const names[] = {"campaign.yaml", "campaign.ics",     "holidays.ics",
				    "units.csv",     "duty/guoqing.ics", "duty/zhongqiu.ics"};

/* Those that a campaign cannot do without; the others stay away while one is cut. */
static const size_t needed[] = {0, 1, 3};

struct text {
	char *bytes;
	gsize size;
};

static struct text sample[G_N_ELEMENTS(names)], base[G_N_ELEMENTS(names)];

static void read_into(struct text *texts, const char *const *dir, size_t i)
{
	const char *source = g_getenv("SOURCE_DIR");
	g_autofree char *path =
		g_build_filename(source ? source : ".", dir[0], dir[1], dir[2], names[i], NULL);

	assert_true(g_file_get_contents(path, &texts[i].bytes, &texts[i].size, NULL));
}

static int read_texts(void **state)
{
	static const char *const of_sample[] = {"calendars", "xinbei-2019", "."};
	static const char *const of_base[] = {"tests", "bad", "base"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		read_into(sample, of_sample, i);
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		read_into(base, of_base, needed[i]);
	return 0;
}

static int free_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_free(sample[i].bytes);
		g_free(base[i].bytes);
	}
	return 0;
}

/*
 * Load a campaign of which file @cut is the sample's, shortened to @size bytes; how many errors
 * it had.  Its companions are the small ones of tests/bad/base, because thousands of loads take
 * their time; only the sample's policies and calendar need each other.
 */
static unsigned load_cut(size_t cut, size_t size, int *rc_out)
{
	struct campaign_files *files = campaign_files_new("xinbei-2019");
	struct findings *findings = findings_new();
	struct campaign *c = NULL;
	unsigned errors;

	campaign_files_add(files, names[cut], sample[cut].bytes, size);
	for (size_t n = 0; n < G_N_ELEMENTS(needed); n++) {
		size_t i = needed[n];
		const struct text *from = cut <= 1 && i <= 1 ? sample : base;

		if (i != cut)
			campaign_files_add(files, names[i], from[i].bytes, from[i].size);
	}
	*rc_out = campaign_load(files, UNTIL, &c, findings);
	assert_true(*rc_out == 0 || *rc_out == -EINVAL);
	assert_int_equal(*rc_out == 0, c != NULL);
	if (c != NULL)
		campaign_lint(c, files, findings);
	errors = findings->errors;
	if (*rc_out != 0)
		assert_true(errors > 0);
	campaign_free(&c);
	findings_free(&findings);
	campaign_files_free(&files);
	return errors;
}

static void cut_everywhere(size_t file)
{
	size_t size = sample[file].size;
	unsigned cuts = 0, noticed = 0;
	int rc;

	assert_int_equal(load_cut(file, size, &rc), 0);
	assert_int_equal(rc, 0);
	for (size_t at = 0; at < size; at++) {
		if (at >= HEAD && at + TAIL < size && at % STRIDE != 0)
			continue;
		noticed += load_cut(file, at, &rc) > 0;
		cuts++;
	}
	print_message("%s: %u cuts, %u noticed\n", names[file], cuts, noticed);
	/* A calendar needs its END:VCALENDAR: any cut before that must be noticed. */
	if (g_str_has_suffix(names[file], ".ics"))
		assert_true(noticed + 2 >= cuts);
}

static void campaign_yaml(void **state)
{
	(void)state;
	cut_everywhere(0);
}

static void campaign_ics(void **state)
{
	(void)state;
	cut_everywhere(1);
}

static void holidays_ics(void **state)
{
	(void)state;
	cut_everywhere(2);
}

static void units_csv(void **state)
{
	(void)state;
	cut_everywhere(3);
}

static void duty_ics(void **state)
{
	(void)state;
	cut_everywhere(4);
	cut_everywhere(5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(campaign_yaml), cmocka_unit_test(campaign_ics),
		cmocka_unit_test(holidays_ics),  cmocka_unit_test(units_csv),
		cmocka_unit_test(duty_ics),
	};

	return cmocka_run_group_tests(tests, read_texts, free_texts);
}
