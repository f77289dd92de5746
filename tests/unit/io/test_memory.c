/* What a start or a burst needed goes back, and nothing of what stays is lost. */
#include "io_test.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/io/memory.h"

static const char constant[1 << 16] = "as linked";
static char written[1 << 16] = "as linked";

/* kB of files that are mapped and resident. */
static long resident(void)
{
	g_autofree char *status = NULL;
	const char *line;

	assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
	line = strstr(status, "\nRssFile:");
	assert_non_null(line);
	return strtol(line + strlen("\nRssFile:"), NULL, 10);
}

static void pages_of_code_go_data_stays(void **state)
{
	g_autofree char *block = g_strnfill(1 << 20, 'h');
	long before;

	(void)state;
	memcpy(written, "as written", sizeof("as written"));
	before = resident();
	memory_give_back();
	assert_true(resident() < before);
	assert_string_equal(written, "as written");
	assert_string_equal(constant, "as linked");
	assert_int_equal(strlen(block), 1 << 20);
	assert_non_null(strstr(block, "hhh")); /* code that came back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pages_of_code_go_data_stays)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
