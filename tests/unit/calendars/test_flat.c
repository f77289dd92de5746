/*
 * test_flat.c - what a child hands to the daemon is what the daemon would have read itself,
 * and nothing that a child may write instead brings it down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "calendars/flat.h"

#define CAL(x) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" x "END:VCALENDAR\r\n"
#define EVENT(x) "BEGIN:VEVENT\r\nUID:u@x.invalid\r\n" x "END:VEVENT\r\n"

static const char *const texts[] = {
	CAL(EVENT("DTSTART;TZID=Asia/Shanghai:20190802T170000\r\nRRULE:FREQ=WEEKLY;COUNT=18\r\n"
		  "SUMMARY:周报\\, 一期\r\nCATEGORIES:REPORT,weekly\r\n"
		  "ATTENDEE:mailto:A@x.invalid\r\nSTATUS:confirmed\r\nBEGIN:VALARM\r\n"
		  "TRIGGER:-P1DT2H\r\nACTION:DISPLAY\r\nEND:VALARM\r\nBEGIN:VALARM\r\n"
		  "TRIGGER;VALUE=DATE-TIME:20190801T000000Z\r\nEND:VALARM\r\n")),
	CAL("BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
	    "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" EVENT(
		    "DTSTART;TZID=Own:20190810T090000\r\nDTEND;TZID=Own:20190810T100000\r\n")),
	CAL(EVENT(
		"DTSTART:20190810\r\nEXDATE:nonsense\r\nGEO:not a place\r\n") "BEGIN:VTODO\r\nUID:"
									      "t\r\nDUE:"
									      "20190811T000000Z\r\n"
									      "END:VTODO\r\n"),
	CAL(EVENT("DTSTART:20190810\r\n") "BEGIN:VEVENT\r\nUID:open\r\n"),
	"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
	"<html>login</html>",
	"",
	("\xef\xbb\xbf" /* a mark of UTF-8, and what is none */
	 "BEGIN:VEVENT\nUID:a\nDTSTART:20190801T000000Z\nSUMMARY:\xb1\xa8\nEND:VEVENT\n"),
};

/* Instances and findings, as text. */
static char *shown(const char *text, const struct flat *flat)
{
	const struct zone *zone = zone_get("Asia/Shanghai");
	struct calendar *c = calendar_new(zone);
	struct findings *f = findings_new();
	GString *out = g_string_new(NULL);
	GPtrArray *all;
	g_autofree char *tsv = NULL;
	int rc = flat == NULL ? calendar_read(c, "x.ics", text, strlen(text),
					      &calendar_limits_campaign, f)
			      : calendar_take(c, "x.ics", flat, &calendar_limits_campaign, f);

	all = calendar_expand(c, 0, INT64_C(4102444800000), &calendar_limits_campaign, f);
	tsv = calendar_tsv(all);
	g_string_append_printf(out, "%d\n%s", rc, tsv);
	for (guint i = 0; i < f->list->len; i++) {
		g_autofree char *line = finding_line(f->list->pdata[i]);

		g_string_append_printf(out, "%s\n", line);
	}
	for (guint i = 0; i < calendar_components(c)->len; i++) {
		const struct calendar_component *x = calendar_components(c)->pdata[i];

		g_string_append_printf(out, "%s|%s|%s|%u %u %u\n", x->summary, x->description,
				       x->status, x->categories->len, x->attendees->len,
				       x->alarms->len);
	}
	g_ptr_array_unref(all);
	findings_free(&f);
	calendar_free(&c);
	return g_string_free(out, FALSE);
}

static GByteArray *encoded(const char *text)
{
	struct flat *f = flat_parse(text, strlen(text), 1 << 20);
	GByteArray *out = g_byte_array_new();

	flat_encode(f, out);
	flat_free(&f);
	return out;
}

static void the_same_over_the_pipe(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GByteArray) bytes = encoded(texts[i]);
		g_autofree char *here = shown(texts[i], NULL), *there = NULL;
		struct flat *f = NULL;
		struct err err = {0};

		assert_int_equal(flat_decode(bytes->data, bytes->len, &f, &err), 0);
		there = shown(NULL, f);
		assert_string_equal(here, there);
		flat_free(&f);
	}
}

static void every_end_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GByteArray) bytes = encoded(texts[i]);
		struct flat *f = NULL;

		for (guint n = 0; n < bytes->len; n++) {
			struct err err = {0};

			assert_int_equal(flat_decode(bytes->data, n, &f, &err), -EPROTO);
		}
	}
}

/* A child that was taken over: what is accepted can be used. */
static void no_byte_brings_it_down(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GByteArray) bytes = encoded(texts[i]);

		for (guint n = 0; n < bytes->len * 3; n++) {
			static const guint8 with[] = {0xff, 0x00, 0x7f};
			guint8 old = bytes->data[n / 3];
			struct flat *f = NULL;
			struct err err = {0};

			bytes->data[n / 3] = with[n % 3];
			if (flat_decode(bytes->data, bytes->len, &f, &err) == 0) {
				char *text = shown(NULL, f);

				accepted += text[0] != '\0';
				g_free(text);
				flat_free(&f);
			}
			bytes->data[n / 3] = old;
		}
	}
	assert_true(accepted > 100); /* else nothing behind the decoder was tried */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_over_the_pipe),
		cmocka_unit_test(every_end_is_refused),
		cmocka_unit_test(no_byte_brings_it_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
