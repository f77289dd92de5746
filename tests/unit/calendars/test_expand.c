/*
 * test_expand.c - whole calendars: where programs disagree, what we show and what we say.
 */
#include <errno.h>

#include "expanded.h"

/* "start/end start/end ..." without the year. */
static char *shown(const struct world *w)
{
	char *tsv = calendar_tsv(w->instances), **lines = g_strsplit(tsv, "\n", -1);
	GString *out = g_string_new(NULL);

	for (char **l = lines; *l != NULL && **l != 0; l++)
		g_string_append_printf(out, "%s%.9s/%.9s", out->len > 0 ? " " : "", *l + 4,
				       *l + 21);
	g_strfreev(lines);
	g_free(tsv);
	return g_string_free(out, FALSE);
}

struct row {
	const char *what, *body, *shown;
	const char *code; /* a finding there must be, NULL: none at all */
	enum severity severity;
};

static void check_rows(const struct row *rows, size_t n, const struct calendar_limits *limits)
{
	for (size_t i = 0; i < n; i++) {
		struct world w = read_events(rows[i].body, "20190101", "20200101", limits);
		char *got = shown(&w);

		print_message("%s\n", rows[i].what);
		assert_string_equal(got, rows[i].shown);
		if (rows[i].code == NULL) {
			assert_int_equal(w.findings->list->len, 0);
		} else {
			const struct finding *f = finding_of(w.findings, rows[i].code);

			assert_non_null(f);
			assert_int_equal(f->severity, rows[i].severity);
			assert_string_equal(f->uid, "a");
			assert_true(f->line >= 2);
		}
		g_free(got);
		world_free(&w);
	}
}

static void where_programs_disagree_we_decide_and_say_so(void **state)
{
	static const struct row rows[] = {
		{"an ordinary weekly report",
		 SHANGHAI
		 "20191115T170000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20191129T090000Z\n",
		 "1115T0900/1115T1000 1122T0900/1122T1000 1129T0900/1129T1000", NULL, 0},
		{"UNTIL is a date: that whole day",
		 SHANGHAI "20191122T170000\nRRULE:FREQ=WEEKLY;UNTIL=20191129\n",
		 "1122T0900/1122T0900 1129T0900/1129T0900", "UNTIL_DATE", SEVERITY_WARNING},
		{"UNTIL is midnight UTC of the last Friday: cut, and said",
		 SHANGHAI "20191122T170000\nRRULE:FREQ=WEEKLY;UNTIL=20191129T000000Z\n",
		 "1122T0900/1122T0900", "UNTIL_CUTS", SEVERITY_WARNING},
		{"UNTIL is local",
		 SHANGHAI "20191122T170000\nRRULE:FREQ=WEEKLY;UNTIL=20191129T170000\n",
		 "1122T0900/1122T0900 1129T0900/1129T0900", "UNTIL_LOCAL", SEVERITY_WARNING},
		{"DTSTART is a Thursday of a Friday rule: one more",
		 SHANGHAI "20190801T170000\nRRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=2\n",
		 "0801T0900/0801T0900 0802T0900/0802T0900 0809T0900/0809T0900", "DTSTART_UNSYNC",
		 SEVERITY_WARNING},
		{"two RRULEs are united",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=WEEKLY;COUNT=2\n",
		 "0802T0900/0802T0900 0803T0900/0803T0900 0809T0900/0809T0900", "SEVERAL_RRULES",
		 SEVERITY_WARNING},
		{"EXRULE still counts",
		 SHANGHAI
		 "20190802T170000\nRRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2\n",
		 "0803T0900/0803T0900", "EXRULE", SEVERITY_WARNING},
		{"EXDATE is a date: the instance of that day",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20190803\n",
		 "0802T0900/0802T0900 0804T0900/0804T0900", "EXDATE_DATE", SEVERITY_WARNING},
		{"the end lies before the start: zero length",
		 SHANGHAI "20190802T170000\nDTEND;TZID=Asia/Shanghai:20190802T160000\n",
		 "0802T0900/0802T0900", "END_BEFORE_START", SEVERITY_WARNING},
		{"a shift keeps the wall clock when clocks go forward",
		 NEW_YORK "20190309T080000\nDTEND;TZID=America/New_York:20190310T080000\n"
			  "RRULE:FREQ=DAILY;COUNT=2\n",
		 "0309T1300/0310T1200 0310T1200/0311T1200", NULL, 0},
		{"PT24H is exact",
		 NEW_YORK "20190309T080000\nDURATION:PT24H\nRRULE:FREQ=DAILY;COUNT=2\n",
		 "0309T1300/0310T1300 0310T1200/0311T1200", NULL, 0},
		{"P1D is a day of the calendar", NEW_YORK "20190309T080000\nDURATION:P1D\n",
		 "0309T1300/0310T1200", NULL, 0},
		{"an instance in a gap is dropped and not counted",
		 NEW_YORK "20190309T023000\nRRULE:FREQ=DAILY;COUNT=2\n",
		 "0309T0730/0309T0730 0311T0630/0311T0630", "DST_GAP", SEVERITY_WARNING},
		{"a single event in a gap: the offset before it", NEW_YORK "20190310T023000\n",
		 "0310T0730/0310T0730", "DST_GAP", SEVERITY_WARNING},
		{"a doubled hour: the first", NEW_YORK "20191103T013000\n", "1103T0530/1103T0530",
		 NULL, 0},
		{"all-day, in the calendar's zone", "DTSTART;VALUE=DATE:20190810\n",
		 "0809T1600/0810T1600", NULL, 0},
		{"Windows zone name in quotes",
		 "DTSTART;TZID=\"China Standard Time\":20190802T170000\n", "0802T0900/0802T0900",
		 NULL, 0},
		{"a zone with a vendor's prefix",
		 "DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Shanghai:20190802T170000\n",
		 "0802T0900/0802T0900", NULL, 0},
		{"RDATE PERIOD has an end of its own",
		 SHANGHAI "20191001T080000\nDURATION:PT12H\n"
			  "RDATE;VALUE=PERIOD;TZID=Asia/Shanghai:20191002T080000/PT24H\n",
		 "1001T0000/1001T1200 1002T0000/1003T0000", NULL, 0},
	};

	(void)state;
	check_rows(rows, G_N_ELEMENTS(rows), &calendar_limits_expand);
	check_rows(rows, G_N_ELEMENTS(rows), &calendar_limits_campaign);
}

static void expand_shows_what_is_certain_and_reports_the_error(void **state)
{
	static const struct row rows[] = {
		{"an unknown TZID is floating", "DTSTART;TZID=My Office:20190802T170000\n",
		 "0802T0900/0802T0900", "UNKNOWN_TZID", SEVERITY_ERROR},
		{"a broken rule: its DTSTART", SHANGHAI "20190802T170000\nRRULE:FREQ=FORTNIGHTLY\n",
		 "0802T0900/0802T0900", "BAD_RRULE", SEVERITY_ERROR},
		{"the Chinese calendar: its DTSTART",
		 "DTSTART;VALUE=DATE:20190205\nRRULE:RSCALE=CHINESE;FREQ=YEARLY\n",
		 "0204T1600/0205T1600", "RRULE_UNSUPPORTED", SEVERITY_ERROR},
		{"a rule that never matches: nothing",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30\n", "",
		 "RRULE_NEVER", SEVERITY_ERROR},
		{"UNTIL before DTSTART: nothing",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=DAILY;UNTIL=20190101T000000Z\n", "",
		 "RRULE_NEVER", SEVERITY_ERROR},
	};

	(void)state;
	check_rows(rows, G_N_ELEMENTS(rows), &calendar_limits_expand);
}

static void the_daemon_leaves_out_what_it_would_have_to_guess(void **state)
{
	static const struct row rows[] = {
		{"an unknown TZID is never UTC", "DTSTART;TZID=My Office:20190802T170000\n", "",
		 "UNKNOWN_TZID", SEVERITY_ERROR},
		{"nor in an EXDATE",
		 SHANGHAI
		 "20190802T170000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;TZID=Nowhere:20190803T170000\n",
		 "", "UNKNOWN_TZID", SEVERITY_ERROR},
		{"a broken rule is never a single event",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=FORTNIGHTLY\n", "", "BAD_RRULE",
		 SEVERITY_ERROR},
		{"a broken date", "DTSTART:20190229T000000Z\n", "", "BAD_DTSTART", SEVERITY_ERROR},
		{"no date", "SUMMARY:x\n", "", "NO_DTSTART", SEVERITY_ERROR},
		{"a broken EXDATE",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:2019\n", "",
		 "BAD_EXDATE", SEVERITY_ERROR},
		{"hourly without end", SHANGHAI "20190802T170000\nRRULE:FREQ=HOURLY\n", "",
		 "SUB_DAILY", SEVERITY_ERROR},
		{"hourly for a month",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=HOURLY;UNTIL=20190902T170000Z\n", "",
		 "SUB_DAILY", SEVERITY_ERROR},
		{"hourly two thousand times",
		 SHANGHAI "20190802T170000\nRRULE:FREQ=HOURLY;COUNT=2000\n", "", "SUB_DAILY",
		 SEVERITY_ERROR},
		{"three hours in a row", SHANGHAI "20190802T170000\nRRULE:FREQ=HOURLY;COUNT=3\n",
		 "0802T0900/0802T0900 0802T1000/0802T1000 0802T1100/0802T1100", NULL, 0},
		{"hourly all-day", "DTSTART;VALUE=DATE:20190802\nRRULE:FREQ=HOURLY;COUNT=3\n", "",
		 "BAD_RRULE", SEVERITY_ERROR},
	};

	(void)state;
	check_rows(rows, G_N_ELEMENTS(rows), &calendar_limits_campaign);
}

#define WEEKLY5                                                                                    \
	SHANGHAI "20190802T170000\nDURATION:PT1H\nSUMMARY:m\nRRULE:FREQ=WEEKLY;COUNT=5\n" NEXT

static void an_edited_instance_takes_the_place_of_the_old_one(void **state)
{
	static const struct row rows[] = {
		{"one moved to Thursday",
		 WEEKLY5 "RECURRENCE-ID;TZID=Asia/Shanghai:20190809T170000\n" SHANGHAI
			 "20190808T170000\n",
		 "0802T0900/0802T1000 0808T0900/0808T0900 0816T0900/0816T1000 0823T0900/0823T1000 "
		 "0830T0900/0830T1000",
		 NULL, 0},
		{"named in UTC",
		 WEEKLY5 "RECURRENCE-ID:20190830T090000Z\n" SHANGHAI "20190831T170000\n",
		 "0802T0900/0802T1000 0809T0900/0809T1000 0816T0900/0816T1000 0823T0900/0823T1000 "
		 "0831T0900/0831T0900",
		 NULL, 0},
		{"this and following: time, length and the rest of the series",
		 WEEKLY5
		 "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Shanghai:20190816T170000\n" SHANGHAI
		 "20190815T160000\nDURATION:PT30M\n",
		 "0802T0900/0802T1000 0809T0900/0809T1000 0815T0800/0815T0830 0822T0800/0822T0830 "
		 "0829T0800/0829T0830",
		 NULL, 0},
		{"one of those that follow was edited again",
		 WEEKLY5
		 "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Asia/Shanghai:20190816T170000\n" SHANGHAI
		 "20190815T160000\n" NEXT
		 "RECURRENCE-ID;TZID=Asia/Shanghai:20190823T170000\n" SHANGHAI "20190824T090000\n",
		 "0802T0900/0802T1000 0809T0900/0809T1000 0815T0800/0815T0800 0824T0100/0824T0100 "
		 "0829T0800/0829T0800",
		 NULL, 0},
		{"of two edits the higher SEQUENCE wins",
		 WEEKLY5
		 "SEQUENCE:2\nRECURRENCE-ID:20190809T090000Z\n" SHANGHAI "20190808T170000\n" NEXT
		 "SEQUENCE:1\nRECURRENCE-ID:20190809T090000Z\n" SHANGHAI "20190807T170000\n",
		 "0802T0900/0802T1000 0808T0900/0808T0900 0816T0900/0816T1000 0823T0900/0823T1000 "
		 "0830T0900/0830T1000",
		 "DUPLICATE_UID", SEVERITY_WARNING},
		{"moved with all that follow, then once more by itself",
		 WEEKLY5 "RECURRENCE-ID;RANGE=THISANDFUTURE:20190816T090000Z\n" SHANGHAI
			 "20190815T160000\n" NEXT "RECURRENCE-ID:20190816T090000Z\n" SHANGHAI
			 "20190817T090000\n",
		 "0802T0900/0802T1000 0809T0900/0809T1000 0817T0100/0817T0100 0822T0800/0822T0800 "
		 "0829T0800/0829T0800",
		 NULL, 0},
		{"moved by itself, then with all that follow",
		 WEEKLY5 "RECURRENCE-ID:20190816T090000Z\n" SHANGHAI "20190817T090000\n" NEXT
			 "SEQUENCE:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20190816T090000Z\n" SHANGHAI
			 "20190815T160000\n",
		 "0802T0900/0802T1000 0809T0900/0809T1000 0815T0800/0815T0800 0822T0800/0822T0800 "
		 "0829T0800/0829T0800",
		 "DUPLICATE_UID", SEVERITY_WARNING},
		{"one program names it by its day, another by its time: one instance",
		 WEEKLY5 "RECURRENCE-ID;VALUE=DATE:20190809\n" SHANGHAI "20190808T170000\n" NEXT
			 "SEQUENCE:1\nRECURRENCE-ID:20190809T090000Z\n" SHANGHAI
			 "20190807T170000\n",
		 "0802T0900/0802T1000 0807T0900/0807T0900 0816T0900/0816T1000 0823T0900/0823T1000 "
		 "0830T0900/0830T1000",
		 "DUPLICATE_UID", SEVERITY_WARNING},
		{"of two masters the higher SEQUENCE wins",
		 SHANGHAI "20190802T170000\nSEQUENCE:2\n" NEXT SHANGHAI
			  "20190803T170000\nSEQUENCE:1\n",
		 "0802T0900/0802T0900", "DUPLICATE_UID", SEVERITY_WARNING},
		{"an edit whose series is elsewhere",
		 "RECURRENCE-ID;TZID=Asia/Shanghai:20190809T170000\n" SHANGHAI "20190808T170000\n",
		 "0808T0900/0808T0900", NULL, 0},
	};

	(void)state;
	check_rows(rows, G_N_ELEMENTS(rows), &calendar_limits_campaign);
}

static void an_instance_is_known_by_where_it_was_before_it_moved(void **state)
{
	struct world w =
		read_events(WEEKLY5 "RECURRENCE-ID;VALUE=DATE:20190809\nSTATUS:CANCELLED\n" SHANGHAI
				    "20190808T170000\n",
			    "20190101", "20200101", &calendar_limits_campaign);
	const struct instance *i = w.instances->pdata[1];

	(void)state;
	assert_string_equal(i->rid, "20190809T090000Z");
	assert_int_equal(i->rid_at, at("20190809T090000"));
	assert_true(i->cancelled);
	assert_int_equal(i->local_start, at("20190808T170000") / SECOND);
	assert_string_equal(zone_name(i->zone), "Asia/Shanghai");
	world_free(&w);

	/* The same name when the window does not hold the day it was moved from. */
	w = read_events(WEEKLY5 "RECURRENCE-ID;VALUE=DATE:20190809\n" SHANGHAI "20191008T170000\n",
			"20191001", "20191101", &calendar_limits_campaign);
	assert_int_equal(w.instances->len, 1);
	i = w.instances->pdata[0];
	assert_string_equal(i->rid, "20190809T090000Z");
	world_free(&w);

	w = read_events("DTSTART;VALUE=DATE:20190831\nRRULE:FREQ=MONTHLY;COUNT=2\n", "20190101",
			"20200101", &calendar_limits_campaign);
	i = w.instances->pdata[1];
	assert_string_equal(i->rid, "20191031");
	world_free(&w);
}

static void what_a_component_says_to_people_is_kept(void **state)
{
	static const char text[] =
		"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID: t1 \nSUMMARY:一\\, "
		"二\\n三\nDUE;VALUE=DATE:20190810\n"
		"CATEGORIES:报送,国庆\nCATEGORIES: DUTY\\,LEADER\nSTATUS:needs-action\n"
		"ATTENDEE;CN=\"a, b\":MAILTO:Zhang@Example.ORG\nATTENDEE:tel:+86\nDESCRIPTION:d\n"
		"BEGIN:VALARM\nTRIGGER:-P1DT2H\nEND:VALARM\n"
		"BEGIN:VALARM\nTRIGGER;VALUE=DATE-TIME:20190801T010000Z\nEND:VALARM\n"
		"BEGIN:VALARM\nTRIGGER;RELATED=END:PT0S\nEND:VALARM\nEND:VTODO\nEND:VCALENDAR\n";
	struct calendar *c = calendar_new(zone_get("Asia/Shanghai"));
	struct findings *f = findings_new();
	const struct calendar_component *x;
	const struct calendar_alarm *a;
	GPtrArray *list;

	(void)state;
	assert_int_equal(
		calendar_read(c, "x.ics", text, strlen(text), &calendar_limits_campaign, f), 0);
	assert_int_equal(f->list->len, 0);
	assert_int_equal(calendar_components(c)->len, 1);
	x = calendar_components(c)->pdata[0];
	assert_string_equal(x->uid, "t1");
	assert_string_equal(x->summary, "一, 二\n三");
	assert_string_equal(x->description, "d");
	assert_string_equal(x->status, "NEEDS-ACTION");
	assert_int_equal(x->line, 2);
	assert_true(x->todo && x->has_due && !x->recurs);
	assert_int_equal(x->categories->len, 3);
	assert_string_equal(x->categories->pdata[1], "国庆");
	assert_string_equal(x->categories->pdata[2], "DUTY,LEADER");
	assert_string_equal(x->attendees->pdata[0], "zhang@example.org");
	assert_string_equal(x->attendees->pdata[1], "tel:+86");
	assert_int_equal(x->alarms->len, 3);
	a = &g_array_index(x->alarms, struct calendar_alarm, 0);
	assert_true(a->sign == -1 && a->days == 1 && a->hours == 2 && !a->absolute);
	a = &g_array_index(x->alarms, struct calendar_alarm, 1);
	assert_true(a->absolute && a->instant == at("20190801T010000"));
	a = &g_array_index(x->alarms, struct calendar_alarm, 2);
	assert_int_equal(a->sign, 0);
	list = calendar_expand(c, at("20190101"), at("20200101"), &calendar_limits_campaign, f);
	assert_int_equal(list->len, 1);
	assert_true(((struct instance *)list->pdata[0])->due_is_date);
	assert_int_equal(((struct instance *)list->pdata[0])->due, at("20190809T160000"));
	g_ptr_array_unref(list);
	calendar_free(&c);
	findings_free(&f);
}

static void one_bad_event_does_not_take_the_others_with_it(void **state)
{
	struct world w = read_events("DTSTART:nonsense\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\n" SHANGHAI
				     "20190802T170000\n",
				     "20190101", "20200101", &calendar_limits_campaign);

	(void)state;
	assert_int_equal(w.instances->len, 1);
	assert_int_equal(finding_of(w.findings, "BAD_DTSTART")->line, 4);
	assert_int_equal(w.findings->errors, 1);
	world_free(&w);
}

static void a_private_zone_is_that_of_the_file_it_stands_in(void **state)
{
	static const char form[] =
		"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:"
		"19700101T000000\n"
		"TZOFFSETFROM:%s\nTZOFFSETTO:%s\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:%"
		"s\n"
		"DTSTART;TZID=Office:20190802T170000\nEND:VEVENT\nEND:VCALENDAR\n";
	struct calendar *c = calendar_new(zone_get("Asia/Shanghai"));
	struct findings *f = findings_new();
	const char *offsets[] = {"+0800", "-0300"};
	GPtrArray *list;

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *text = g_strdup_printf(form, offsets[i], offsets[i], i == 0 ? "a" : "b");

		assert_int_equal(
			calendar_read(c, "x.ics", text, strlen(text), &calendar_limits_campaign, f),
			0);
		g_free(text);
	}
	list = calendar_expand(c, at("20190101"), at("20200101"), &calendar_limits_campaign, f);
	assert_int_equal(list->len, 2);
	assert_int_equal(((struct instance *)list->pdata[0])->start, at("20190802T090000"));
	assert_int_equal(((struct instance *)list->pdata[1])->start, at("20190802T200000"));
	assert_int_equal(f->list->len, 0);
	g_ptr_array_unref(list);
	calendar_free(&c);
	findings_free(&f);
}

static void a_calendar_tells_how_far_it_reaches(void **state)
{
	static const struct {
		const char *body, *reach;
	} rows[] = {
		{SHANGHAI "20190802T170000\nDURATION:PT1H\n", "20190802T100000"},
		{SHANGHAI "20190802T170000\nRRULE:FREQ=WEEKLY\n", NULL},
		{SHANGHAI "20190802T170000\nRRULE:FREQ=WEEKLY;COUNT=3\n", "20190816T090000"},
		{SHANGHAI "20190802T170000\nRRULE:FREQ=WEEKLY;UNTIL=20190901T000000Z\n",
		 "20190901"},
		{SHANGHAI "20190802T170000\nRDATE;TZID=Asia/Shanghai:20191001T170000\n",
		 "20191001T090000"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w = read_events(rows[i].body, "20190101", "20190102",
					     &calendar_limits_campaign);
		wall_t reach = calendar_reach(w.calendar);

		if (rows[i].reach == NULL) {
			assert_true(reach == WALL_NEVER);
		} else {
			assert_true(reach >= at(rows[i].reach));
			assert_true(reach <= at(rows[i].reach) + 2 * DAY);
		}
		world_free(&w);
	}
}

static void the_same_bytes_give_the_same_instances(void **state)
{
	struct world w =
		read_events(WEEKLY5 "RECURRENCE-ID:20190830T090000Z\n" SHANGHAI "20190831T170000\n",
			    "20190101", "20200101", &calendar_limits_campaign);
	GPtrArray *again = calendar_expand(w.calendar, at("20190101"), at("20200101"),
					   &calendar_limits_campaign, w.findings);
	char *a = calendar_tsv(w.instances), *b = calendar_tsv(again);

	(void)state;
	assert_string_equal(a, b);
	g_free(a);
	g_free(b);
	g_ptr_array_unref(again);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_programs_disagree_we_decide_and_say_so),
		cmocka_unit_test(expand_shows_what_is_certain_and_reports_the_error),
		cmocka_unit_test(the_daemon_leaves_out_what_it_would_have_to_guess),
		cmocka_unit_test(an_edited_instance_takes_the_place_of_the_old_one),
		cmocka_unit_test(an_instance_is_known_by_where_it_was_before_it_moved),
		cmocka_unit_test(what_a_component_says_to_people_is_kept),
		cmocka_unit_test(one_bad_event_does_not_take_the_others_with_it),
		cmocka_unit_test(a_private_zone_is_that_of_the_file_it_stands_in),
		cmocka_unit_test(a_calendar_tells_how_far_it_reaches),
		cmocka_unit_test(the_same_bytes_give_the_same_instances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
