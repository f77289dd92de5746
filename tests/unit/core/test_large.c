/*
 * test_large.c - arrays of megabytes that are needed for a moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "daemon/core/large.h"

static void every_byte_is_ours(void **state)
{
	static const size_t sizes[] = {1, 4096, (2 << 20) - 1, 2 << 20, (5 << 20) + 3};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *bytes = large_new(sizes[i]);

		memset(bytes, 'x', sizes[i]);
		assert_int_equal(bytes[0], 'x');
		assert_int_equal(bytes[sizes[i] - 1], 'x');
	}
}

/* A file that grows while it is read does that. */
static void it_may_grow(void **state)
{
	g_autofree char *bytes = large_new(3 << 20);

	(void)state;
	memset(bytes, 'x', 3 << 20);
	bytes = g_realloc(bytes, 9 << 20);
	memset(bytes + (3 << 20), 'y', 6 << 20);
	assert_int_equal(bytes[(3 << 20) - 1], 'x');
	assert_int_equal(bytes[(9 << 20) - 1], 'y');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_is_ours),
		cmocka_unit_test(it_may_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
