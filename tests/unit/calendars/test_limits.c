/*
 * test_limits.c - calendars made to be too much: each limit, what is said at it, and how long it takes.
 */
#include "expanded.h"

static void a_file_full_of_bombs_is_over_within_seconds(void **state)
{
	static const char *const rules[] = {"FREQ=SECONDLY",
					    "FREQ=SECONDLY;COUNT=2147483647",
					    "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
					    "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2",
					    "FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2",
					    "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1"};
	GString *text = g_string_new("BEGIN:VCALENDAR\n");
	struct calendar *c = calendar_new(zone_get("Asia/Shanghai"));
	struct findings *f = findings_new();
	gint64 begin = g_get_monotonic_time();
	GPtrArray *list;

	(void)state;
	for (guint i = 0; i < 300; i++)
		g_string_append_printf(text,
				       "BEGIN:VEVENT\nUID:%u\nDTSTART:19700101T000000Z\nRRULE:%s\n"
				       "END:VEVENT\n",
				       i, rules[i % G_N_ELEMENTS(rules)]);
	g_string_append(text, "END:VCALENDAR\n");
	assert_int_equal(
		calendar_read(c, "x.ics", text->str, text->len, &calendar_limits_expand, f), 0);
	list = calendar_expand(c, at("19700101"), at("20200101"), &calendar_limits_expand, f);
	assert_true(list->len <= 300000 + 300 * 5000);
	assert_non_null(finding_of(f, "TOO_MANY_INSTANCES"));
	assert_non_null(finding_of(f, "RRULE_NEVER"));
	/* Sanitizers slow us by ten; the bound is the point, not the speed. */
	assert_true(g_get_monotonic_time() - begin < 20 * G_USEC_PER_SEC);
	g_ptr_array_unref(list);
	g_string_free(text, TRUE);
	calendar_free(&c);
	findings_free(&f);
}

static void the_daemon_stops_at_its_limit_of_instances_and_says_so(void **state)
{
	struct calendar_limits limits = calendar_limits_campaign;
	struct world w;

	(void)state;
	limits.instances_max = 10;
	w = read_events(SHANGHAI "20190802T170000\nRRULE:FREQ=DAILY\n", "20190101", "20200101",
			&limits);
	assert_int_equal(w.instances->len, 10);
	assert_int_equal(finding_of(w.findings, "TOO_MANY_INSTANCES")->severity, SEVERITY_ERROR);
	world_free(&w);
}

/* @n times @unit between what makes it an event. */
static struct world read_many(const char *head, const char *unit, int n)
{
	GString *text = g_string_new(head);
	struct world w;

	for (int i = 0; i < n; i++)
		g_string_append(text, unit);
	g_string_append(text, "\n");
	w = read_events(text->str, "20190101", "20200101", &calendar_limits_campaign);
	g_string_free(text, TRUE);
	return w;
}

static void what_is_too_much_for_one_event_is_said(void **state)
{
	static const char alarm[] = "BEGIN:VALARM\nTRIGGER:-PT1H\nEND:VALARM\n";
	static const char rule[] = "RRULE:FREQ=DAILY;COUNT=2\n";
	static const char dates[] = "EXDATE:20190101T000000Z,20190101T000000Z,20190101T000000Z,"
				    "20190101T000000Z\n";
	static const struct {
		const char *unit, *code;
		int fits;
		enum severity severity;
	} rows[] = {
		{alarm, "TOO_MANY_ALARMS", 32, SEVERITY_WARNING},
		{rule, "BAD_RRULE", 16, SEVERITY_ERROR},
		{dates, "TOO_MANY_DATES", 25000, SEVERITY_ERROR},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w =
			read_many(SHANGHAI "20190802T170000\n", rows[i].unit, rows[i].fits);

		assert_null(finding_of(w.findings, rows[i].code));
		assert_true(w.instances->len > 0);
		world_free(&w);
		w = read_many(SHANGHAI "20190802T170000\n", rows[i].unit, rows[i].fits + 1);
		assert_int_equal(finding_of(w.findings, rows[i].code)->severity, rows[i].severity);
		assert_int_equal(w.instances->len > 0, rows[i].severity == SEVERITY_WARNING);
		world_free(&w);
	}
}

static void a_series_changed_from_every_second_on_is_over_within_seconds(void **state)
{
	GString *text = g_string_new("DTSTART:20190802T090000Z\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n");
	gint64 begin = g_get_monotonic_time();
	struct world w;

	(void)state;
	/* None of them begins before what is shown: each instance would look at them all. */
	for (int i = 0; i < 20000; i++)
		g_string_append_printf(text,
				       "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE:"
				       "20900801T%02d%02d%02dZ"
				       "\nDTSTART:20900801T000000Z\nEND:VEVENT\n",
				       i / 3600, i / 60 % 60, i % 60);
	g_string_append(text, "BEGIN:VEVENT\nUID:b\nDTSTART:20190802T090000Z\n");
	w = read_events(text->str, "20190101", "20950101", &calendar_limits_expand);
	assert_int_equal(w.instances->len, calendar_limits_expand.instances_max + 1);
	/* Sanitizers slow us by ten; the bound is the point, not the speed. */
	assert_true(g_get_monotonic_time() - begin < 20 * G_USEC_PER_SEC);
	g_string_free(text, TRUE);
	world_free(&w);
}

static void many_long_series_together_are_too_much_and_that_is_said_once(void **state)
{
	struct calendar_limits limits = calendar_limits_campaign;
	struct world w;
	guint said = 0;

	(void)state;
	limits.total_max = 500;
	w = read_events(SHANGHAI "20190802T170000\nRRULE:FREQ=DAILY;COUNT=300\nEND:VEVENT\n"
				 "BEGIN:VEVENT\nUID:b\n" SHANGHAI
				 "20190802T170000\nRRULE:FREQ=DAILY;COUNT=300\nEND:VEVENT\n"
				 "BEGIN:VEVENT\nUID:c\n" SHANGHAI "20190802T170000\n",
			"20190101", "20210101", &limits);
	assert_int_equal(w.instances->len, 500);
	for (guint i = 0; i < w.findings->list->len; i++) {
		const struct finding *f = w.findings->list->pdata[i];

		said += strcmp(f->code, "TOO_MANY_INSTANCES") == 0;
	}
	assert_int_equal(said, 1);
	assert_int_equal(finding_of(w.findings, "TOO_MANY_INSTANCES")->severity, SEVERITY_ERROR);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_full_of_bombs_is_over_within_seconds),
		cmocka_unit_test(the_daemon_stops_at_its_limit_of_instances_and_says_so),
		cmocka_unit_test(what_is_too_much_for_one_event_is_said),
		cmocka_unit_test(a_series_changed_from_every_second_on_is_over_within_seconds),
		cmocka_unit_test(many_long_series_together_are_too_much_and_that_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
