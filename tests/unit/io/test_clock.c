/* The paced clock stands still while held; a clock that jumps is not trusted. */
#include "io_test.h"

#include <sys/timex.h>

#define T0 ((wall_t)1564617600000) /* 2019-08-01T00:00:00Z */

static void the_real_clock_runs(void **state)
{
	struct clock *c = clock_real();
	mono_t before = c->mono(c);

	(void)state;
	assert_true(c->now(c) > T0);
	while (c->mono(c) == before)
		;
	assert_true(c->mono(c) > before);
	assert_true(clock_boot() >= c->mono(c) - 1);
}

static void released(void *arg)
{
	(*(int *)arg)++;
}

static void the_paced_clock_moves_only_when_told(void **state)
{
	struct paced *p = paced_new(T0, 86400);
	struct clock *c = paced_clock(p);
	int releases = 0;

	(void)state;
	assert_true(c->now(c) == T0);
	assert_true(c->mono(c) == 0);
	assert_true(paced_wait(p, T0 + DAY) == 1000);
	assert_true(paced_wait(p, T0 - DAY) == 0);
	paced_advance(p, T0 + DAY);
	assert_true(c->now(c) == T0 + DAY);
	assert_true(c->mono(c) == DAY);
	paced_advance(p, T0);
	assert_true(c->now(c) == T0 + DAY);

	paced_on_release(p, released, &releases);
	paced_hold(p);
	paced_hold(p);
	assert_true(paced_held(p));
	paced_release(p);
	assert_int_equal(releases, 0);
	paced_release(p);
	assert_int_equal(releases, 1);
	assert_false(paced_held(p));
	paced_free(&p);
	assert_null(p);
}

struct trust_row {
	const char *name;
	wall_t high;
	bool synced0;
	dur_t wall_moved, boot_moved; /* from the start to the check */
	bool synced1;
	enum clock_doubt at_start, at_check;
};

static const struct trust_row rows[] = {
	{"first start ever", WALL_ALWAYS, true, HOUR, HOUR, true, CLOCK_TRUSTED, CLOCK_TRUSTED},
	{"no NTP at the start", T0, false, HOUR, HOUR, false, CLOCK_UNSYNCED, CLOCK_UNSYNCED},
	{"NTP comes up", T0, false, HOUR, HOUR, true, CLOCK_UNSYNCED, CLOCK_TRUSTED},
	{"60 s below the mark is tolerated", T0 + 60000, true, 0, 0, false, CLOCK_TRUSTED,
	 CLOCK_TRUSTED},
	{"61 s below the mark is not", T0 + 60001, true, 0, 0, false, CLOCK_BEHIND, CLOCK_BEHIND},
	{"an hour asleep is no jump", T0, true, HOUR, HOUR, false, CLOCK_TRUSTED, CLOCK_TRUSTED},
	{"five minutes ahead are tolerated", T0, true, HOUR + 5 * MINUTE, HOUR, false,
	 CLOCK_TRUSTED, CLOCK_TRUSTED},
	{"more than five are not", T0, true, HOUR + 5 * MINUTE + 1, HOUR, false, CLOCK_TRUSTED,
	 CLOCK_AHEAD},
	{"a year ahead", T0, true, 365 * DAY, HOUR, true, CLOCK_TRUSTED, CLOCK_AHEAD},
	{"set back two hours", T0, true, -2 * HOUR, HOUR, false, CLOCK_TRUSTED, CLOCK_BEHIND},
	{"set back half a minute", T0, true, -30 * SECOND, HOUR, false, CLOCK_TRUSTED,
	 CLOCK_TRUSTED},
};

static void a_clock_is_doubted_for_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct trust_row *r = &rows[i];
		struct clock_past past;
		struct clock_trust t;

		print_message("# %s\n", r->name);
		past = (struct clock_past){r->high, false, true};
		clock_trust_start(&t, &past, T0, 1000, r->synced0);
		assert_int_equal(t.doubt, r->at_start);
		assert_int_equal(
			clock_trust_check(&t, T0 + r->wall_moved, 1000 + r->boot_moved, r->synced1),
			r->at_check);
	}
}

static void a_doubt_stays_until_it_is_settled(void **state)
{
	const struct clock_past past = {T0, false, false};
	struct clock_trust t;

	(void)state;
	clock_trust_start(&t, &past, T0, 0, false);
	assert_int_equal(t.doubt, CLOCK_TRUSTED);
	assert_int_equal(clock_trust_check(&t, T0 + DAY, SECOND, false), CLOCK_AHEAD);
	assert_int_equal(clock_trust_check(&t, T0 + DAY + SECOND, 2 * SECOND, false), CLOCK_AHEAD);
	assert_true(t.high == T0); /* the suspect instant did not raise the mark */
	clock_trust_confirm(&t, T0 + DAY + SECOND, 2 * SECOND);
	assert_int_equal(t.doubt, CLOCK_TRUSTED);
	assert_int_equal(clock_trust_check(&t, T0 + DAY + MINUTE, 61 * SECOND, false),
			 CLOCK_TRUSTED);
	assert_string_equal(clock_doubt_word(CLOCK_AHEAD), "jumped ahead");
}

struct start_row {
	const char *name;
	wall_t high, now;
	bool doubted, heed, synced;
	enum clock_doubt doubt;
};

static const struct start_row starts[] = {
	{"first start of a new machine", WALL_ALWAYS, T0, false, false, false, CLOCK_TRUSTED},
	{"first start in 1970", WALL_ALWAYS, 5 * MINUTE, false, false, true, CLOCK_BEHIND},
	{"first start in 2038", WALL_ALWAYS, 2147483648000, false, false, false, CLOCK_AHEAD},
	{"down for half a year", T0, T0 + 180 * DAY, false, false, false, CLOCK_TRUSTED},
	{"down for longer, or a year ahead", T0, T0 + 180 * DAY + 1, false, false, false,
	 CLOCK_AHEAD},
	{"the same, and a time server says so", T0, T0 + 365 * DAY, false, false, true,
	 CLOCK_TRUSTED},
	{"two hours behind", T0, T0 - 2 * HOUR, false, false, true, CLOCK_BEHIND},
	{"started again in the middle of a doubt", T0, T0 + DAY, true, false, false, CLOCK_AHEAD},
	{"the same, put right by a time server", T0, T0 + DAY, true, false, true, CLOCK_TRUSTED},
	{"no time server, and one is wanted", T0, T0 + DAY, false, true, false, CLOCK_UNSYNCED},
};

static void a_start_looks_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
		const struct start_row *r = &starts[i];
		const struct clock_past past = {r->high, r->doubted, r->heed};
		struct clock_trust t;

		print_message("# %s\n", r->name);
		clock_trust_start(&t, &past, r->now, 1000, r->synced);
		assert_int_equal(t.doubt, r->doubt);
		assert_true((clock_doubt_text(t.doubt) == NULL) == (r->doubt == CLOCK_TRUSTED));
	}
}

static void a_clock_that_is_put_right_is_trusted_again(void **state)
{
	const struct clock_past past = {T0, false, false};
	struct clock_trust t;

	(void)state;
	clock_trust_start(&t, &past, T0, 0, false);
	assert_int_equal(clock_trust_check(&t, T0 + 400 * DAY, HOUR, false), CLOCK_AHEAD);
	assert_int_equal(clock_trust_check(&t, T0 + 3 * HOUR, 2 * HOUR, false), CLOCK_AHEAD);
	assert_int_equal(clock_trust_check(&t, T0 + 3 * HOUR + 30 * SECOND, 3 * HOUR, false),
			 CLOCK_TRUSTED);
	assert_int_equal(clock_trust_check(&t, T0, 4 * HOUR, false), CLOCK_BEHIND);
	assert_int_equal(clock_trust_check(&t, T0 + 5 * HOUR, 5 * HOUR, false), CLOCK_TRUSTED);
}

static void who_may_not_ask_is_not_told_yes(void **state)
{
	(void)state;
	assert_true(clock_sync_said(TIME_OK, 0));
	assert_true(clock_sync_said(TIME_INS, STA_PLL));
	assert_false(clock_sync_said(TIME_OK, STA_UNSYNC));
	assert_false(clock_sync_said(TIME_ERROR, 0));
	assert_false(clock_sync_said(-1, 0)); /* EPERM in the sandbox */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_real_clock_runs),
		cmocka_unit_test(the_paced_clock_moves_only_when_told),
		cmocka_unit_test(a_clock_is_doubted_for_a_reason),
		cmocka_unit_test(a_doubt_stays_until_it_is_settled),
		cmocka_unit_test(a_start_looks_back),
		cmocka_unit_test(a_clock_that_is_put_right_is_trusted_again),
		cmocka_unit_test(who_may_not_ask_is_not_told_yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
