/*
 * test_quick.c - what is written without printf, GDateTime or a look at each character says the
 * same as with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notifiers/base64.h"
#include "notifiers/utc.h"
#include "notifiers/words_clean.h"

#define SEED 20190809
#define ROUNDS 20000
#define YEAR_10000 INT64_C(253402300800)

static void an_instant_has_the_parts_of_its_utc_time(void **state)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(SEED);

	(void)state;
	for (int k = 0; k < ROUNDS; k++) {
		/* From the year 1900 on, also at the ends of days. */
		int64_t s = (int64_t)(g_rand_double(r) * (YEAR_10000 + 2208988800.0)) - 2208988800;
		g_autoptr(GDateTime) t = NULL;
		struct utc u;

		if (k % 3 == 0)
			s -= s % 86400;
		if (k % 3 == 1)
			s -= s % 86400 + 1;
		t = g_date_time_new_from_unix_utc(s);
		u = utc_of(s * SECOND);
		assert_int_equal(u.year, g_date_time_get_year(t));
		assert_int_equal(u.month, g_date_time_get_month(t));
		assert_int_equal(u.day, g_date_time_get_day_of_month(t));
		assert_int_equal(u.hour, g_date_time_get_hour(t));
		assert_int_equal(u.minute, g_date_time_get_minute(t));
		assert_int_equal(u.second, g_date_time_get_second(t));
		assert_int_equal(u.weekday, g_date_time_get_day_of_week(t) % 7);
	}
	assert_int_equal(utc_of(-1).second, 59);
	assert_int_equal(utc_of(-1).year, 1969);
}

static void a_number_has_its_digits(void **state)
{
	static const int values[] = {0, 7, 10, 99, 100, 2019, 2147483647};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
		for (int width = 1; width < 5; width++) {
			g_autoptr(GString) out = g_string_new("x");
			g_autofree char *want = g_strdup_printf("x%0*d", width, values[i]);

			utc_add_number(out, values[i], width);
			assert_string_equal(out->str, want);
		}
}

/* A zero width space in front shows nothing, and makes every character be looked at. */
static void what_is_clean_stays_as_it_is(void **state)
{
	static const char *const pieces[] = {
		"a",      " ", "。",     "、",     "第",       "周报",   "〇",     "～",
		"\u3000", "“", "·",      "\u2027", "\u2028",   "\u200f", "\u2010", "\xe2\x80",
		"\xc2",   "é", "\u200b", "\u303e", "\u9fff",   "\n",     "\t",     "\r",
		"\uff5f", "",  "😀",      "．",     "①",        "\u4e00", "\u3001", "Z",
		"~",      "!", "\x7f",   "\xe4",   "\xe3\x80",
	};
	g_autoptr(GRand) r = g_rand_new_with_seed(SEED);

	(void)state;
	for (int k = 0; k < ROUNDS; k++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *slow = NULL;
		int n = g_rand_int_range(r, 0, 9), max = g_rand_int_range(r, 2, 12);

		for (int i = 0; i < n; i++)
			g_string_append(
				text,
				pieces[g_rand_int_range(r, 0, k % 2 ? 12 : G_N_ELEMENTS(pieces))]);
		slow = g_strconcat("\u200b", text->str, NULL);
		for (int lines = 0; lines < 2; lines++) {
			g_autofree char *a =
				lines ? words_text(text->str, max) : words_line(text->str, max);
			g_autofree char *b = lines ? words_text(slow, max) : words_line(slow, max);

			assert_string_equal(a, b);
		}
	}
}

static void base64_is_glibs(void **state)
{
	unsigned char bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 167 + i / 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		char got[sizeof(bytes) * 2];
		g_autofree char *want = g_base64_encode(bytes, n);

		*base64_word(got, bytes, n) = '\0';
		assert_string_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instant_has_the_parts_of_its_utc_time),
		cmocka_unit_test(a_number_has_its_digits),
		cmocka_unit_test(what_is_clean_stays_as_it_is),
		cmocka_unit_test(base64_is_glibs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
