/*
 * test_shown.c - what people see of an address that is a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>

#include "daemon/core/shown.h"

static const struct row {
	const char *address, *want; /* of a URL: up to the fingerprint */
} rows[] = {
	{"", ""},
	{"anban@example.org", "anban@example.org"},
	{"zhangsan", "zhangsan"},
	{"https://chat.example.org", "https://chat.example.org"},
	{"https://chat.example.org:8443/", "https://chat.example.org:8443/"},
	{"https://chat.example.org/robot/send?access_token=geheim",
	 "https://chat.example.org/robot/…#"},
	{"https://chat.example.org/open-apis/bot/v2/hook/geheim",
	 "https://chat.example.org/open-apis/…#"},
	{"https://chat.example.org/geheim", "https://chat.example.org/…#"},
	{"https://chat.example.org/geheim/", "https://chat.example.org/…#"},
	{"https://chat.example.org?key=geheim", "https://chat.example.org/…#"},
	{"https://chat.example.org/geheim?x=a/b", "https://chat.example.org/…#"},
	{"https://chat.example.org#geheim", "https://chat.example.org/…#"},
	{"http://[::1]:80/a/geheim", "http://[::1]:80/a/…#"},
	{"smtp://user:geheim@mail.example.org:25", "smtp://mail.example.org:25"},
	{"https://u:geheim@chat.example.org/x/geheim@y", "https://chat.example.org/x/…#"},
};

static void keys_are_not_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = address_shown(rows[i].address);
		size_t n = strlen(rows[i].want);
		bool print = n > 0 && rows[i].want[n - 1] == '#';

		assert_null(strstr(got, "geheim"));
		assert_int_equal(strlen(got), n + (print ? 6 : 0));
		got[n] = 0;
		assert_string_equal(got, rows[i].want);
	}
}

static void one_is_told_from_another(void **state)
{
	g_autofree char *a = address_shown("https://chat.example.org/robot/send?key=1");
	g_autofree char *b = address_shown("https://chat.example.org/robot/send?key=2");

	(void)state;
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_not_shown),
		cmocka_unit_test(one_is_told_from_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
