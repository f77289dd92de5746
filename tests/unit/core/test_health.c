/*
 * test_health.c - what is a trouble, since when, and what people read of it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/health.h"

#define NOW ((wall_t)1800000000000)

static const struct health_limits limits = {HEALTH_DISK_PERCENT, HEALTH_DISK_BYTES, 1};

/* Rows are named by what somebody would see; .want is the codes in order, "" = well. */
static const struct row {
	const char *name;
	struct health_facts f;
	const char *want;
	dur_t age; /* of the first trouble; -1: whoever keeps account knows */
} rows[] = {
	{"all is well",
	 {.disk_known = true, .disk_free = 50ll << 30, .disk_total = 100ll << 30},
	 "",
	 0},
	{"nothing is known yet", {.now = NOW}, "", 0},
	{"a job takes nine seconds", {.database_busy = 9999}, "", 0},
	{"a job takes ten", {.database_busy = 10000}, "database-stuck", 10000},
	{"the disk is full",
	 {.failure = -ENOSPC, .failure_since = NOW - 7000, .failure_words = "full"},
	 "disk-full",
	 7000},
	{"the disk turned read-only",
	 {.failure = -EROFS, .failure_since = NOW - 7000, .failure_words = "read-only"},
	 "database-failed",
	 7000},
	{"a tenth is free",
	 {.disk_known = true, .disk_free = 10ll << 30, .disk_total = 99ll << 30},
	 "",
	 0},
	{"a little less is free",
	 {.disk_known = true, .disk_free = (10ll << 30) - 1, .disk_total = 100ll << 30},
	 "disk-low",
	 -1},
	{"much of a small disk is free",
	 {.disk_known = true, .disk_free = (200ll << 20) - 1, .disk_total = 300ll << 20},
	 "disk-low",
	 -1},
	{"a disk of no size says nothing", {.disk_known = true}, "", 0},
	{"the log grows", {.log_left = HEALTH_LOG_LARGE - 1}, "", 0},
	{"the log has grown", {.log_left = HEALTH_LOG_LARGE}, "log-large", -1},
	{"a round takes its time", {.tick_late = MINUTE - 1}, "", 0},
	{"a round does not come", {.tick_late = MINUTE}, "tick-late", MINUTE},
	{"mail waits", {.outbox_late = 10 * MINUTE - 1}, "", 0},
	{"mail waits too long", {.outbox_late = 10 * MINUTE}, "outbox-late", 10 * MINUTE},
	{"the relay restarts", {.relay_down = MINUTE - 1, .relay = "r"}, "", 0},
	{"the relay is gone", {.relay_down = HOUR, .relay = "r"}, "relay-unreachable", HOUR},
	{"the clock jumped", {.clock_doubt = "跳过", .clock_since = NOW - 3}, "clock-doubt", 3},
	{"all at once, what stops everything first",
	 {.database_busy = HOUR,
	  .failure = -EIO,
	  .failure_since = 1,
	  .failure_words = "x",
	  .tick_late = HOUR,
	  .outbox_late = HOUR,
	  .relay_down = HOUR,
	  .clock_doubt = "y"},
	 "database-stuck database-failed tick-late outbox-late relay-unreachable clock-doubt",
	 HOUR},
};

static void thresholds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct health_facts f = rows[i].f;
		g_autoptr(GPtrArray) list = NULL;
		g_autoptr(GString) got = g_string_new(NULL);

		f.now = NOW;
		f.database = "/srv/duban.db";
		list = health_judge(&f, &limits);
		for (guint k = 0; k < list->len; k++) {
			const struct trouble *t = list->pdata[k];

			g_string_append_printf(got, "%s%s", k > 0 ? " " : "",
					       trouble_word(t->code));
		}
		if (strcmp(got->str, rows[i].want) != 0)
			fail_msg("%s: %s, not %s", rows[i].name, got->str, rows[i].want);
		if (list->len > 0) {
			const struct trouble *t = list->pdata[0];

			assert_int_equal(t->since, rows[i].age < 0 ? 0 : NOW - rows[i].age);
		}
	}
}

static void a_person_may_want_no_word_about_the_disk(void **state)
{
	const struct health_limits none = {0, 0, 1};
	struct health_facts f = {
		.now = NOW, .disk_known = true, .disk_free = 0, .disk_total = 1000};
	g_autoptr(GPtrArray) list = health_judge(&f, &none);

	(void)state;
	assert_int_equal(list->len, 0);
}

static void lengths_may_be_shortened_but_are_never_nothing(void **state)
{
	const struct health_limits hurry = {0, 0, 1000000};
	struct health_facts f = {.now = NOW};
	g_autoptr(GPtrArray) idle = health_judge(&f, &hurry), busy = NULL;

	(void)state;
	assert_int_equal(idle->len, 0);
	f.database_busy = f.tick_late = f.outbox_late = f.relay_down = 1;
	busy = health_judge(&f, &hurry);
	assert_int_equal(busy->len, 4);
}

static void every_sentence_is_whole(void **state)
{
	(void)state;
	for (int code = 0; code < TROUBLES; code++)
		for (int english = 0; english < 2; english++) {
			struct trouble *t = trouble_new((enum trouble_code)code, "zhuanxiang",
							"/srv/duban.db", "what was {said}");
			g_autofree char *text = NULL, *key = trouble_key(t);

			t->amount = 3 * HOUR;
			t->share = 7;
			text = trouble_text(t, english != 0);
			assert_true(strlen(text) > 20);
			assert_null(strstr(text, "{about}"));
			assert_null(strstr(text, "{length}"));
			assert_null(strstr(text, "{size}"));
			assert_null(strstr(text, "- "));
			assert_true(g_str_has_prefix(key, trouble_word(t->code)));
			trouble_free(t);
		}
}

static void figures_are_put_in(void **state)
{
	struct trouble *t = trouble_new(TROUBLE_DISK_LOW, NULL, "/srv/duban.db", NULL);
	g_autofree char *zh = NULL, *en = NULL, *late = NULL, *stuck = NULL;

	(void)state;
	t->amount = 150ll << 20;
	t->share = 3;
	zh = trouble_text(t, false);
	assert_true(g_str_has_prefix(zh, "数据库所在的磁盘只剩 150 MB（3%），"));
	assert_non_null(strstr(zh, "/srv/duban.db"));
	en = trouble_text(t, true);
	assert_true(g_str_has_prefix(en, "The database's disk has only 150 MB (3%) left"));
	t->code = TROUBLE_TICK_LATE;
	t->amount = 119 * SECOND;
	late = trouble_text(t, true);
	assert_true(g_str_has_prefix(late, "Planning is 119 seconds late"));
	t->code = TROUBLE_DATABASE_STUCK;
	t->amount = 2 * MINUTE;
	stuck = trouble_text(t, false);
	assert_true(g_str_has_prefix(stuck, "数据库已有 2 分钟没有反应"));
	trouble_free(t);
}

/* One life of a trouble: what is said at each look, by the minute. */
static void say(const char *name, enum trouble_code code, const char *seen, const char *want)
{
	struct health_account a = {0};
	g_autoptr(GString) got = g_string_new(NULL);

	for (int minute = 0; seen[minute] != 0; minute++) {
		mono_t now = DAY + minute * MINUTE;
		enum health_word word;

		if (seen[minute] == 'x') {
			if (!a.present && !a.told)
				a.begun = now;
			a.present = true;
			a.gone = now;
		} else if (a.present) {
			a.present = false;
			a.gone = now;
		}
		word = health_say(code, &a, now, 1);
		g_string_append_c(got, "-bof"[word]);
		if (word == HEALTH_SAY_BEGUN || word == HEALTH_SAY_OVER)
			health_said(&a, word, now, 1);
		if (word == HEALTH_FORGET)
			a = (struct health_account){0};
	}
	if (strcmp(got->str, want) != 0)
		fail_msg("%s:\nseen %s\ngot  %s\nwant %s", name, seen, got->str, want);
}

static void people_hear_once_and_once_that_it_is_over(void **state)
{
	(void)state;
	say("a disk that runs low and is emptied", TROUBLE_DISK_LOW, "xxxxx.......",
	    "b---------o-");
	say("a slip in a file, mended at once", TROUBLE_FILES, "xxx......", "--------f");
	say("a slip in a file that stays", TROUBLE_FILES, "xxxxxxx.......", "-----b------o-");
	say("a gap of a minute is none", TROUBLE_DISK_LOW, "xx.xx.xx......", "b------------o");
	say("a relay that was away for long", TROUBLE_RELAY_DOWN, "xxxxxxxxxxx......",
	    "----------------o");
	say("a relay that restarted", TROUBLE_RELAY_DOWN, "xxx......", "--------f");
	say("a clock in doubt has its own alarm", TROUBLE_CLOCK, "xxxxxxxxxxxxxxx......",
	    "--------------------f");
}

/* Comes and goes every ten minutes for a day. */
static void what_comes_and_goes_makes_no_storm(void **state)
{
	struct health_account a = {0};
	unsigned messages = 0;

	(void)state;
	for (mono_t now = DAY; now < 2 * DAY; now += 10 * SECOND) {
		bool seen = now / (10 * MINUTE) % 2 == 0;
		enum health_word word;

		if (seen && !a.present && !a.told)
			a.begun = now;
		if (seen || a.present)
			a.gone = now;
		a.present = seen;
		word = health_say(TROUBLE_DISK_LOW, &a, now, 1);
		if (word == HEALTH_SAY_BEGUN || word == HEALTH_SAY_OVER) {
			messages++;
			health_said(&a, word, now, 1);
		}
		if (word == HEALTH_FORGET)
			a = (struct health_account){0};
	}
	assert_in_range(messages, 30, 48);
}

static void what_was_over_before_it_could_be_told_is_told_once(void **state)
{
	struct health_account a = {.begun = DAY, .gone = DAY + 10 * MINUTE};
	mono_t later = a.gone + HEALTH_OVER_AFTER;

	(void)state;
	assert_int_equal(health_say(TROUBLE_DATABASE_STUCK, &a, later, 1), HEALTH_SAY_OVER);
	health_said(&a, HEALTH_SAY_OVER, later, 1);
	assert_int_equal(health_say(TROUBLE_DATABASE_STUCK, &a, later + 1, 1), HEALTH_SAY_NOTHING);
	assert_int_equal(health_say(TROUBLE_DATABASE_STUCK, &a, later + HOUR, 1), HEALTH_FORGET);
}

static void an_end_says_what_is_left_to_do(void **state)
{
	g_autofree char *zh = trouble_over_text(TROUBLE_DISK_FULL, "9:00", "9:20", false);
	g_autofree char *en = trouble_over_text(TROUBLE_DISK_LOW, "9:00", "9:20", true);

	(void)state;
	assert_string_equal(zh, "已恢复：磁盘已满（9:00 至 9:20）。其间答复“未登记”的报送和决定，"
				"请重新登记");
	assert_string_equal(en, "Over: the disk is nearly full (9:00 to 9:20)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds),
		cmocka_unit_test(a_person_may_want_no_word_about_the_disk),
		cmocka_unit_test(lengths_may_be_shortened_but_are_never_nothing),
		cmocka_unit_test(every_sentence_is_whole),
		cmocka_unit_test(figures_are_put_in),
		cmocka_unit_test(people_hear_once_and_once_that_it_is_over),
		cmocka_unit_test(what_comes_and_goes_makes_no_storm),
		cmocka_unit_test(what_was_over_before_it_could_be_told_is_told_once),
		cmocka_unit_test(an_end_says_what_is_left_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
