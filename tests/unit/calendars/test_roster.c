/*
 * test_roster.c - hours that nobody watches, and people who watch twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendars/roster.h"
#include "calendars/zone.h"

#define SHIFTS_MAX 16

static const struct zone *zone;
static GString *block; /* the campaign's texts */
static struct contact contacts[2];
static struct campaign campaign;

static text_t text(const char *s)
{
	text_t at = (text_t)block->len;

	g_string_append_len(block, s, (gssize)strlen(s) + 1);
	campaign.text = block->str;
	return at;
}

static int set_up(void **state)
{
	(void)state;
	zone = zone_get("Asia/Shanghai");
	assert_non_null(zone);
	block = g_string_new(NULL);
	g_string_append_c(block, '\0');
	contacts[0].address[CHANNEL_EMAIL] = text("Wang@example.org");
	campaign.contacts = contacts;
	campaign.n_contacts = 2;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	g_string_free(block, TRUE);
	return 0;
}

/** "01 08:00" in October 2019. */
static wall_t at(const char *day_and_time)
{
	g_autofree char *full = g_strdup_printf("2019-10-%s", day_and_time);
	wall_t t;

	if (!zone_parse(zone, full, false, &t))
		fail_msg("not an instant: %s", full);
	return t;
}

static char *hours(wall_t from, wall_t to)
{
	g_autofree char *a = zone_format(zone, from), *b = zone_format(zone, to);

	return g_strdup_printf("%.2s %.5s-%.2s %.5s", a + 8, a + 11, b + 8, b + 11);
}

/**
 * One shift: "L 01 08:00 01 20:00 name [email] [@roster] [=uid] [#contact]"; the rest in any
 * order, told apart by their first character.
 */
static struct shift shift(const char *line, unsigned number)
{
	g_auto(GStrv) word = g_strsplit(line, " ", -1);
	g_autofree char *from = g_strjoin(" ", word[1], word[2], NULL);
	g_autofree char *to = g_strjoin(" ", word[3], word[4], NULL);
	g_autofree char *uid = g_strdup_printf("s%u", number);
	struct shift s = {.leader = *word[0] == 'L', .contact = NONE};

	s.from = at(from);
	s.to = at(to);
	s.uid = text(uid);
	for (char **w = word + 5; *w; w++) {
		if (**w == '@')
			s.roster = (uint32_t)atoi(*w + 1);
		else if (**w == '=')
			s.uid = text(*w + 1);
		else if (**w == '#')
			s.contact = (uint32_t)atoi(*w + 1);
		else if (strchr(*w, '@'))
			s.email = text(*w);
		else
			s.person = text(*w);
	}
	return s;
}

static uint32_t shifts_of(const char *const *lines, struct shift shifts[SHIFTS_MAX])
{
	uint32_t n = 0;

	for (; lines[n]; n++)
		shifts[n] = shift(lines[n], n);
	return n;
}

static const struct {
	const char *name, *from, *to;
	const char *shifts[SHIFTS_MAX];
	const char *leader, *staff;
} watch_rows[] = {
	{"nobody at all", "01 00:00", "02 00:00", {NULL}, "01 00:00-02 00:00", "01 00:00-02 00:00"},
	{"an all-day shift covers its day, but only for its part",
	 "01 00:00",
	 "02 00:00",
	 {"L 01 00:00 02 00:00 Li"},
	 "",
	 "01 00:00-02 00:00"},
	{"day and night without a break",
	 "01 00:00",
	 "03 00:00",
	 {"S 01 00:00 01 08:00 A", "S 01 08:00 01 20:00 B", "S 01 20:00 02 08:00 C",
	  "S 02 08:00 03 08:00 D", "L 01 00:00 03 00:00 Li"},
	 "",
	 ""},
	{"over midnight",
	 "01 20:00",
	 "02 08:00",
	 {"S 01 20:00 02 08:00 A", "L 01 22:00 02 06:00 Li"},
	 "01 20:00-01 22:00, 02 06:00-02 08:00",
	 ""},
	{"a minute between two shifts",
	 "01 00:00",
	 "02 00:00",
	 {"S 01 00:00 01 08:00 A", "S 01 08:01 02 00:00 B", "L 01 00:00 02 00:00 Li"},
	 "",
	 "01 08:00-01 08:01"},
	{"shifts that overlap, in any order",
	 "01 00:00",
	 "02 00:00",
	 {"S 01 10:00 02 00:00 C", "S 01 00:00 01 12:00 A", "S 01 02:00 01 03:00 B",
	  "L 30 00:00 31 00:00 Li"},
	 "01 00:00-02 00:00",
	 ""},
	{"a shift that reaches in from before and out behind",
	 "02 00:00",
	 "03 00:00",
	 {"S 01 08:00 02 08:00 A", "S 02 20:00 03 08:00 B", "L 01 00:00 04 00:00 Li"},
	 "",
	 "02 08:00-02 20:00"},
	{"a shift of no length covers nothing",
	 "01 00:00",
	 "01 12:00",
	 {"S 01 06:00 01 06:00 A", "L 01 08:00 01 02:00 Li"},
	 "01 00:00-01 12:00",
	 "01 00:00-01 12:00"},
	{"shifts around but not in it",
	 "05 00:00",
	 "05 12:00",
	 {"S 04 12:00 05 00:00 A", "S 05 12:00 06 00:00 B", "L 05 00:00 05 12:00 Li"},
	 "",
	 "05 00:00-05 12:00"},
	{"a period of no length has no gap", "05 00:00", "05 00:00", {NULL}, "", ""},
};

static void hours_that_nobody_watches(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(watch_rows); i++) {
		struct shift shifts[SHIFTS_MAX];
		uint32_t n = shifts_of(watch_rows[i].shifts, shifts);
		struct period p = {.category = CATEGORY_WATCH,
				   .from = at(watch_rows[i].from),
				   .to = at(watch_rows[i].to)};
		GArray *gaps = roster_gaps(&p, 1, shifts, n, NONE, at("01 00:00"), at("30 00:00"));
		GString *part[2] = {g_string_new(NULL), g_string_new(NULL)};

		for (guint j = 0; j < gaps->len; j++) {
			struct roster_gap g = g_array_index(gaps, struct roster_gap, j);
			g_autofree char *when = hours(g.from, g.to);

			g_string_append_printf(part[g.leader], "%s%s",
					       part[g.leader]->len ? ", " : "", when);
		}
		if (strcmp(part[1]->str, watch_rows[i].leader) ||
		    strcmp(part[0]->str, watch_rows[i].staff))
			fail_msg("%s: leader %s; staff %s", watch_rows[i].name, part[1]->str,
				 part[0]->str);
		g_array_unref(gaps);
		g_string_free(part[0], TRUE);
		g_string_free(part[1], TRUE);
	}
}

static void only_key_periods_and_the_days_asked_for(void **state)
{
	static const char *const lines[] = {"S 01 00:00 10 00:00 A @0", "L 01 00:00 10 00:00 B @1",
					    NULL};
	struct shift shifts[SHIFTS_MAX];
	uint32_t n = shifts_of(lines, shifts);
	struct period p[] = {
		{.category = CATEGORY_PHASE, .from = at("01 00:00"), .to = at("20 00:00")},
		{.category = CATEGORY_WATCH, .from = at("01 00:00"), .to = at("20 00:00")},
	};
	GArray *gaps = roster_gaps(p, 2, shifts, n, NONE, at("09 00:00"), at("11 00:00"));

	(void)state;
	assert_int_equal(gaps->len, 2);
	for (guint i = 0; i < 2; i++) {
		struct roster_gap g = g_array_index(gaps, struct roster_gap, i);

		assert_int_equal(g.period, 1);
		assert_int_equal(g.leader, i == 0);
		assert_int_equal(g.from, at("10 00:00"));
		assert_int_equal(g.to, at("11 00:00"));
	}
	g_array_unref(gaps);
	/* One roster by itself: number 1 has a leader and no staff. */
	gaps = roster_gaps(p, 2, shifts, n, 1, at("01 00:00"), at("10 00:00"));
	assert_int_equal(gaps->len, 1);
	assert_false(g_array_index(gaps, struct roster_gap, 0).leader);
	g_array_unref(gaps);
}

static const struct {
	const char *name;
	const char *shifts[SHIFTS_MAX];
	const char *clashes; /* "A/B HOURS", by index */
} clash_rows[] = {
	{"two people at once", {"S 01 08:00 01 20:00 Li", "S 01 08:00 01 20:00 Wang"}, ""},
	{"one after the other", {"S 01 08:00 01 20:00 Li", "S 01 20:00 02 08:00 Li"}, ""},
	{"an hour too many",
	 {"S 01 08:00 01 21:00 Li", "S 01 20:00 02 08:00 Li"},
	 "0/1 01 20:00-01 21:00"},
	{"leader and staff at once",
	 {"L 01 00:00 02 00:00 Li", "S 01 08:00 01 20:00 Li"},
	 "0/1 01 08:00-01 20:00"},
	{"in two rosters",
	 {"S 01 08:00 01 20:00 Li @1", "S 01 08:00 01 20:00 Li @2"},
	 "0/1 01 08:00-01 20:00"},
	{"over midnight into an all-day shift",
	 {"S 02 00:00 03 00:00 Li", "S 01 20:00 02 08:00 Li"},
	 "1/0 02 00:00-02 08:00"},
	{"one name, two addresses: two people",
	 {"S 01 08:00 01 20:00 Li a@example.org", "S 01 08:00 01 20:00 Li b@example.org"},
	 ""},
	{"two names, one address: one person",
	 {"S 01 08:00 01 20:00 Li a@example.org", "S 01 08:00 01 20:00 Lee A@Example.ORG"},
	 "0/1 01 08:00-01 20:00"},
	{"by name here and by address there, known from the units",
	 {"S 01 08:00 01 20:00 Wang #0", "S 01 08:00 01 20:00 W wang@example.org"},
	 "0/1 01 08:00-01 20:00"},
	{"the same shift listed twice",
	 {"S 01 08:00 01 20:00 Li =x", "S 01 08:00 01 20:00 Li =x", "S 01 08:00 01 20:00 Li =x"},
	 ""},
	{"the same one in a copy of the roster",
	 {"S 01 08:00 01 20:00 Li =x @1", "S 01 08:00 01 20:00 Li =x @2"},
	 "0/1 01 08:00-01 20:00"},
	{"nobody's shifts", {"S 01 08:00 01 20:00", "S 01 08:00 01 20:00"}, ""},
	{"a shift of no length", {"S 01 08:00 01 20:00 Li", "S 01 09:00 01 09:00 Li"}, ""},
	{"three at once are three pairs",
	 {"S 01 08:00 01 20:00 Li", "S 01 09:00 01 12:00 Li", "S 01 10:00 01 11:00 Li"},
	 "0/1 01 09:00-01 12:00, 0/2 01 10:00-01 11:00, 1/2 01 10:00-01 11:00"},
	{"a long one hides none behind a short one",
	 {"S 01 08:00 03 08:00 Li", "S 01 09:00 01 10:00 Li", "S 02 09:00 02 10:00 Li"},
	 "0/1 01 09:00-01 10:00, 0/2 02 09:00-02 10:00"},
	{"only what lies in the days asked for",
	 {"S 19 08:00 22 08:00 Li", "S 19 20:00 22 20:00 Li", "S 25 08:00 25 20:00 Li",
	  "S 25 08:00 25 20:00 Li"},
	 "0/1 19 20:00-20 00:00"},
};

static void people_who_watch_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(clash_rows); i++) {
		struct shift shifts[SHIFTS_MAX];
		uint32_t n = shifts_of(clash_rows[i].shifts, shifts);
		GArray *clashes =
			roster_clashes(&campaign, shifts, n, at("01 00:00"), at("20 00:00"));
		GString *got = g_string_new(NULL);

		for (guint j = 0; j < clashes->len; j++) {
			struct roster_clash c = g_array_index(clashes, struct roster_clash, j);
			g_autofree char *when = hours(c.from, c.to);

			g_string_append_printf(got, "%s%u/%u %s", j ? ", " : "", c.a, c.b, when);
		}
		if (strcmp(got->str, clash_rows[i].clashes) != 0)
			fail_msg("%s: %s", clash_rows[i].name, got->str);
		g_array_unref(clashes);
		g_string_free(got, TRUE);
	}
}

static void a_hopeless_roster_is_told_in_part(void **state)
{
	enum { N = 300 };
	struct shift *shifts = g_new0(struct shift, N);

	(void)state;
	for (unsigned i = 0; i < N; i++)
		shifts[i] = shift("S 01 08:00 01 20:00 Li", i);
	GArray *clashes = roster_clashes(&campaign, shifts, N, at("01 00:00"), at("20 00:00"));

	assert_int_equal(clashes->len, ROSTER_CLASHES_MAX);
	g_array_unref(clashes);
	g_free(shifts);

	struct period *periods = g_new0(struct period, ROSTER_GAPS_MAX);

	for (unsigned i = 0; i < ROSTER_GAPS_MAX; i++)
		periods[i] = (struct period){
			.category = CATEGORY_WATCH, .from = at("01 00:00"), .to = at("02 00:00")};
	GArray *gaps = roster_gaps(periods, ROSTER_GAPS_MAX, NULL, 0, NONE, at("01 00:00"),
				   at("20 00:00"));

	assert_int_equal(gaps->len, ROSTER_GAPS_MAX);
	g_array_unref(gaps);
	g_free(periods);
}

static void who_is_on_duty_now(void **state)
{
	static const char *const lines[] = {"L 01 08:00 01 20:00 A @0", "S 01 08:00 01 20:00 B @0",
					    "S 01 20:00 02 08:00 C @0", "S 01 08:00 01 20:00 D @1",
					    NULL};
	static const struct {
		const char *at;
		uint32_t roster;
		enum duty_part part;
		const char *who;
	} rows[] = {
		{"01 07:59", NONE, DUTY_ALL, ""},     {"01 08:00", NONE, DUTY_ALL, "013"},
		{"01 08:00", 0, DUTY_ALL, "01"},      {"01 12:00", 0, DUTY_LEADER, "0"},
		{"01 12:00", NONE, DUTY_STAFF, "13"}, {"01 20:00", NONE, DUTY_ALL, "2"},
		{"02 07:59:59", 0, DUTY_STAFF, "2"},  {"02 08:00", NONE, DUTY_ALL, ""},
		{"01 12:00", 1, DUTY_LEADER, ""},
	};
	struct shift shifts[SHIFTS_MAX];
	uint32_t n = shifts_of(lines, shifts);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		GArray *found =
			roster_on_duty(shifts, n, rows[i].roster, rows[i].part, at(rows[i].at));
		char who[SHIFTS_MAX] = "";

		for (guint j = 0; j < found->len; j++)
			who[j] = (char)('0' + g_array_index(found, uint32_t, j));
		if (strcmp(who, rows[i].who) != 0)
			fail_msg("%s: %s, not %s", rows[i].at, who, rows[i].who);
		g_array_unref(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_that_nobody_watches),
		cmocka_unit_test(only_key_periods_and_the_days_asked_for),
		cmocka_unit_test(people_who_watch_twice),
		cmocka_unit_test(a_hopeless_roster_is_told_in_part),
		cmocka_unit_test(who_is_on_duty_now),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
