/*
 * test_scan.c - what comes in as bytes: charsets, folds, damage, limits.
 */
#include <errno.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calendars/scan.h"

#define EVENT(x) "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" x "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

static bool has_code(const struct findings *f, const char *code, int line)
{
	for (guint i = 0; i < f->list->len; i++) {
		const struct finding *x = f->list->pdata[i];

		if (strcmp(x->code, code) == 0 && (line < 0 || x->line == line))
			return true;
	}
	return false;
}

static int scan(const char *bytes, size_t size, struct scan **s, struct findings *f)
{
	return scan_read("x.ics", bytes, size, 1 << 20, s, f);
}

/* The SUMMARY that comes out of @bytes. */
static char *summary_of(const char *bytes, size_t size)
{
	struct findings *f = findings_new();
	struct scan *s = NULL;
	char *out = NULL;

	assert_int_equal(scan(bytes, size, &s, f), 0);
	for (guint i = 0; i < s->lines->len; i++)
		if (strcmp(scan_line_at(s, i)->name, "SUMMARY") == 0)
			out = g_strdup(scan_line_at(s, i)->value);
	scan_free(&s);
	findings_free(&f);
	return out;
}

static void a_summary_reads_the_same_however_it_was_saved(void **state)
{
	static const struct {
		const char *what, *bytes, *summary;
	} rows[] = {
		{"plain UTF-8", EVENT("SUMMARY:安全周报"), "安全周报"},
		{"with a byte order mark", "\xef\xbb\xbf" EVENT("SUMMARY:周报"), "周报"},
		{"GB18030 from an old Outlook", EVENT("SUMMARY:\xd6\xdc\xb1\xa8"), "周报"},
		{"GB18030 that is UTF-8 by chance, in a file of GB18030",
		 EVENT("DESCRIPTION:\xd6\xdc\xb1\xa8\r\nLOCATION:\xd6\xdc\xb1\xa8\r\n"
		       "SUMMARY:\xd4\xbc\xcc\xb8"),
		 "约谈"},
		{"UTF-8 in a file that is mostly GB18030",
		 EVENT("DESCRIPTION:\xd6\xdc\xb1\xa8\r\nLOCATION:\xd6\xdc\xb1\xa8\r\n"
		       "SUMMARY:约谈"),
		 "约谈"},
		{"folded inside a character", EVENT("SUMMARY:\xe5\x91\r\n \xa8\xe6\r\n\t\x8a\xa5"),
		 "周报"},
		{"folded inside the name", EVENT("SUMM\r\n ARY:x"), "x"},
		{"bare LF",
		 "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:a\n b\nEND:VEVENT\nEND:VCALENDAR", "ab"},
		{"bare CR",
		 "BEGIN:VCALENDAR\rBEGIN:VEVENT\rSUMMARY:a\r b\rEND:VEVENT\rEND:VCALENDAR", "ab"},
		{"CR CR LF of a mail gateway",
		 "BEGIN:VCALENDAR\r\r\nBEGIN:VEVENT\r\r\nSUMMARY:a\r\r\n b"
		 "\r\r\nEND:VEVENT\r\r\nEND:VCALENDAR\r\r\n",
		 "ab"},
		{"control characters",
		 EVENT("SUMMARY:a\x01\x7f"
		       "b\tc"),
		 "ab\tc"},
		{"lower case",
		 "begin:vcalendar\nbegin:vevent\nsummary:a\nend:vevent\nend:vcalendar", "a"},
		{"a colon in a quoted parameter", EVENT("SUMMARY;ALTREP=\"http://x\":a:b"), "a:b"},
		{"a quote that never closes", EVENT("SUMMARY;X=\"y:z"), "z"},
		{"Windows-1252", EVENT("SUMMARY:g\xe5 hem"), "gå hem"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *got = summary_of(rows[i].bytes, strlen(rows[i].bytes));

		print_message("%s\n", rows[i].what);
		assert_string_equal(got, rows[i].summary);
		g_free(got);
	}
}

static void a_file_in_utf16_reads_like_any_other(void **state)
{
	static const char *const charsets[] = {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"};
	const char *text = "\xef\xbb\xbf" EVENT("SUMMARY:安全\r\n 周报");

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
		gsize size;
		char *wide = g_convert(text, -1, charsets[i], "UTF-8", NULL, &size, NULL);
		char *got = summary_of(wide, size);

		assert_string_equal(got, "安全周报");
		g_free(got);
		g_free(wide);
	}
}

static void a_nul_byte_does_not_end_the_file(void **state)
{
	static const char bytes[] = EVENT("SUMMARY:a\0b");
	char *got = summary_of(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_string_equal(got, "ab");
	g_free(got);
}

static void what_is_no_whole_calendar_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *what, *bytes, *code;
		int rc;
	} rows[] = {
		{"an empty file", "", "NOT_A_CALENDAR", -ENOMSG},
		{"the login page of a hotel",
		 "<!DOCTYPE html>\n<html><a href=\"x:y\">BEGIN</a></html>", "NOT_A_CALENDAR",
		 -ENOMSG},
		{"a download that broke off", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\n",
		 "TRUNCATED", -EBADMSG},
		{"a download that broke off in an event", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n",
		 "TRUNCATED", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct findings *f = findings_new();
		struct scan *s = NULL;

		print_message("%s\n", rows[i].what);
		assert_int_equal(scan(rows[i].bytes, strlen(rows[i].bytes), &s, f), rows[i].rc);
		assert_null(s);
		assert_true(has_code(f, rows[i].code, -1));
		assert_true(f->errors > 0);
		findings_free(&f);
	}
}

static void a_file_over_the_limit_is_refused_before_it_is_read(void **state)
{
	struct findings *f = findings_new();
	struct scan *s = NULL;
	const char *text = EVENT("UID:a");

	(void)state;
	assert_int_equal(scan_read("x.ics", text, strlen(text), 10, &s, f), -EFBIG);
	assert_true(has_code(f, "TOO_BIG", 0));
	findings_free(&f);
}

/* One event with a line of @size bytes; is it still whole? */
static bool survives(const char *name, size_t size, const char *code)
{
	struct findings *f = findings_new();
	struct scan *s = NULL;
	char *value = g_strnfill(size, 'x');
	char *text = g_strdup_printf("BEGIN:VCALENDAR\nBEGIN:VEVENT\n%s:%s\nEND:VEVENT\n"
				     "END:VCALENDAR\n",
				     name, value);
	bool whole;

	assert_int_equal(scan(text, strlen(text), &s, f), 0);
	whole = !scan_component_at(s, 1)->broken;
	assert_int_equal(has_code(f, code, 3), size >= SCAN_LINE_MAX);
	g_free(value);
	g_free(text);
	scan_free(&s);
	findings_free(&f);
	return whole;
}

static void a_line_of_64_kib_spoils_its_event_unless_it_is_ballast(void **state)
{
	(void)state;
	assert_true(survives("SUMMARY", SCAN_LINE_MAX - 100, "LINE_TOO_LONG"));
	assert_false(survives("SUMMARY", SCAN_LINE_MAX, "LINE_TOO_LONG"));
	assert_true(survives("ATTACH", SCAN_LINE_MAX, "LINE_TOO_LONG"));
	assert_true(survives("X-PICTURE", SCAN_LINE_MAX, "LINE_TOO_LONG"));
}

static char *nested(int depth)
{
	GString *text = g_string_new("BEGIN:VCALENDAR\n");

	for (int i = 1; i < depth; i++)
		g_string_append(text, "BEGIN:VEVENT\n");
	for (int i = 1; i < depth; i++)
		g_string_append(text, "END:VEVENT\n");
	g_string_append(text, "BEGIN:VTODO\nUID:good\nEND:VTODO\nEND:VCALENDAR\n");
	return g_string_free(text, FALSE);
}

static void eight_levels_are_read_and_the_ninth_spoils_only_its_own(void **state)
{
	(void)state;
	for (int depth = SCAN_DEPTH_MAX; depth <= SCAN_DEPTH_MAX + 1; depth++) {
		struct findings *f = findings_new();
		char *text = nested(depth);
		struct scan *s = NULL;
		const struct scan_component *last;

		assert_int_equal(scan(text, strlen(text), &s, f), 0);
		assert_int_equal(has_code(f, "TOO_DEEP", SCAN_DEPTH_MAX + 1),
				 depth > SCAN_DEPTH_MAX);
		assert_int_equal(scan_component_at(s, 1)->broken, depth > SCAN_DEPTH_MAX);
		last = scan_component_at(s, s->components->len - 1);
		assert_string_equal(last->name, "VTODO");
		assert_false(last->broken);
		g_free(text);
		scan_free(&s);
		findings_free(&f);
	}
}

static void an_event_without_end_is_left_out_and_named_by_its_line(void **state)
{
	const char *text = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nBEGIN:VEVENT\nUID:b\nEND:VEVENT\n"
			   "END:VCALENDAR\n";
	struct findings *f = findings_new();
	struct scan *s = NULL;

	(void)state;
	assert_int_equal(scan(text, strlen(text), &s, f), 0);
	assert_true(has_code(f, "UNCLOSED", 2));
	assert_true(scan_component_at(s, 1)->broken);
	assert_false(scan_component_at(s, 2)->broken);
	assert_int_equal(scan_component_at(s, 2)->line, 4);
	scan_free(&s);
	findings_free(&f);
}

static void lines_keep_their_numbers_through_folds_and_blank_lines(void **state)
{
	const char *text = "BEGIN:VCALENDAR\n\nBEGIN:VEVENT\nSUMMARY:a\n b\n c\n\nUID:x\nnonsense\n"
			   "END:VEVENT\nEND:VCALENDAR\nEND:VALARM\n";
	struct findings *f = findings_new();
	struct scan *s = NULL;

	(void)state;
	assert_int_equal(scan(text, strlen(text), &s, f), 0);
	assert_int_equal(scan_line_at(s, 0)->line, 4);
	assert_int_equal(scan_line_at(s, 1)->line, 8);
	assert_true(has_code(f, "BAD_LINE", 9));
	assert_true(has_code(f, "STRAY_END", 12));
	scan_free(&s);
	findings_free(&f);
}

static void parameters_are_found_in_any_case_and_without_quotes(void **state)
{
	const struct scan_line l = {.params = "X=1;tzid=\"China; Standard Time\";Y=\"a,b\""};
	char *zone = scan_param(&l, "TZID"), *y = scan_param(&l, "Y");

	(void)state;
	assert_string_equal(zone, "China; Standard Time");
	assert_string_equal(y, "a,b");
	assert_null(scan_param(&l, "Z"));
	g_free(zone);
	g_free(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_summary_reads_the_same_however_it_was_saved),
		cmocka_unit_test(a_file_in_utf16_reads_like_any_other),
		cmocka_unit_test(a_nul_byte_does_not_end_the_file),
		cmocka_unit_test(what_is_no_whole_calendar_is_refused_with_the_reason),
		cmocka_unit_test(a_file_over_the_limit_is_refused_before_it_is_read),
		cmocka_unit_test(a_line_of_64_kib_spoils_its_event_unless_it_is_ballast),
		cmocka_unit_test(eight_levels_are_read_and_the_ninth_spoils_only_its_own),
		cmocka_unit_test(an_event_without_end_is_left_out_and_named_by_its_line),
		cmocka_unit_test(lines_keep_their_numbers_through_folds_and_blank_lines),
		cmocka_unit_test(parameters_are_found_in_any_case_and_without_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
