/* Never early, once only, nothing after it was freed; the paced one waits for releases. */
#include "io_test.h"

#include "daemon/io/timer.h"

#define T0 ((wall_t)1564617600000)

struct seen {
	int due, stepped;
	wall_t at;
	struct clock *clock;
	struct timer **free_me;
	struct timer *again;
	wall_t next;
};

static void on_timer(void *arg, enum timer_why why)
{
	struct seen *s = arg;

	if (why == TIMER_DUE)
		s->due++;
	else
		s->stepped++;
	s->at = s->clock->now(s->clock);
	if (s->again) {
		struct timer *t = s->again;

		s->again = NULL;
		timer_set(t, s->next);
	}
	if (s->free_me)
		timer_free(s->free_me);
}

static void it_fires_once_and_not_early(void **state)
{
	struct loop *l = loop_new(NULL);
	struct seen s = {.clock = clock_real()};
	struct timer *t = timer_new(l, on_timer, &s, NULL);
	wall_t at = s.clock->now(s.clock) + 40;

	(void)state;
	assert_non_null(t);
	timer_set(t, at + HOUR);
	timer_set(t, at);
	until(l, s.due == 1);
	assert_true(s.at >= at);
	turn_for(l, 50);
	assert_int_equal(s.due, 1);
	assert_int_equal(s.stepped, 0);
	timer_free(&t);
	assert_null(t);
	loop_free(&l);
}

static void an_instant_that_is_past_fires_from_the_loop(void **state)
{
	struct loop *l = loop_new(NULL);
	struct seen s = {.clock = clock_real()};
	struct timer *t = timer_new(l, on_timer, &s, NULL);

	(void)state;
	timer_set(t, -5);
	assert_int_equal(s.due, 0);
	until(l, s.due == 1);
	timer_set(t, WALL_ALWAYS);
	until(l, s.due == 2);
	timer_set(t, 1);
	timer_set(t, WALL_NEVER);
	turn_for(l, 20);
	assert_int_equal(s.due, 2);
	timer_free(&t);
	loop_free(&l);
}

static void it_may_be_set_and_freed_in_its_callback(void **state)
{
	struct loop *l = loop_new(NULL);
	struct seen s = {.clock = clock_real()};
	struct timer *t = timer_new(l, on_timer, &s, NULL);

	(void)state;
	s.again = t;
	s.next = 1;
	timer_set(t, 1);
	until(l, s.due == 2);
	s.free_me = &t;
	timer_set(t, 1);
	until(l, s.due == 3);
	assert_null(t);
	turn_for(l, 20);
	assert_int_equal(s.due, 3);
	loop_free(&l);
}

static void freeing_a_sibling_that_is_due_too_silences_it(void **state)
{
	struct loop *l = loop_new(NULL);
	struct seen a = {.clock = clock_real()}, b = {.clock = clock_real()};
	struct timer *ta = timer_new(l, on_timer, &a, NULL), *tb = timer_new(l, on_timer, &b, NULL);

	(void)state;
	/* Whichever comes first frees the other: exactly one callback in all. */
	a.free_me = &tb;
	b.free_me = &ta;
	timer_set(ta, 1);
	timer_set(tb, 1);
	until(l, a.due + b.due > 0);
	turn_for(l, 20);
	assert_int_equal(a.due + b.due, 1);
	timer_free(&ta);
	timer_free(&tb);
	loop_free(&l);
}

static void a_step_is_seen_against_boot_time(void **state)
{
	(void)state;
	assert_true(timer_step(T0, 0, T0 + HOUR, HOUR) == 0);
	assert_true(timer_step(T0, 0, T0 + HOUR, SECOND) == HOUR - SECOND);
	assert_true(timer_step(T0, 0, T0 - HOUR, SECOND) == -HOUR - SECOND);
}

static void the_paced_timer_jumps_and_stands_still_while_held(void **state)
{
	struct loop *l = loop_new(NULL);
	struct paced *p = paced_new(T0, 0);
	struct seen s = {.clock = paced_clock(p)};
	struct timer *t = timer_new_paced(l, p, on_timer, &s);

	(void)state;
	timer_set(t, T0 + 30 * DAY);
	assert_int_equal(s.due, 0);
	until(l, s.due == 1);
	assert_true(s.at == T0 + 30 * DAY);

	paced_hold(p);
	timer_set(t, T0 + 31 * DAY);
	turn_for(l, 30);
	assert_int_equal(s.due, 1);
	assert_true(s.clock->now(s.clock) == T0 + 30 * DAY);
	paced_release(p);
	until(l, s.due == 2);
	assert_true(s.at == T0 + 31 * DAY);

	/* Held between the setting and the jump. */
	timer_set(t, T0 + 32 * DAY);
	paced_hold(p);
	turn_for(l, 30);
	assert_int_equal(s.due, 2);
	paced_release(p);
	until(l, s.due == 3);
	timer_free(&t);
	paced_free(&p);
	loop_free(&l);
}

static void the_paced_timer_keeps_the_pace(void **state)
{
	struct loop *l = loop_new(NULL);
	struct paced *p = paced_new(T0, (double)DAY / 50); /* a day in 50 ms */
	struct seen s = {.clock = paced_clock(p)};
	struct timer *t = timer_new_paced(l, p, on_timer, &s);
	mono_t before;

	(void)state;
	loop_turn(l, false);
	before = clock_boot();
	timer_set(t, T0 + DAY);
	until(l, s.due == 1);
	assert_in_range(clock_boot() - before, 45, TEST_PATIENCE);
	timer_free(&t);
	paced_free(&p);
	loop_free(&l);
}

/* Each question to the daemon holds the clock for a moment. */
static void a_clock_that_is_asked_often_goes_on(void **state)
{
	struct loop *l = loop_new(NULL);
	struct paced *p = paced_new(T0, (double)DAY / 100); /* a day in 100 ms */
	struct seen s = {.clock = paced_clock(p)};
	struct timer *t = timer_new_paced(l, p, on_timer, &s);

	(void)state;
	timer_set(t, T0 + DAY);
	for (int turns = 0; s.due == 0 && turns < TEST_PATIENCE / 10; turns++) {
		turn_for(l, 10); /* shorter than the wait, again and again */
		paced_hold(p);
		paced_release(p);
	}
	assert_int_equal(s.due, 1);
	/* The next wait is a whole one again. */
	timer_set(t, T0 + 2 * DAY);
	turn_for(l, 30);
	assert_int_equal(s.due, 1);
	until(l, s.due == 2);
	timer_free(&t);
	paced_free(&p);
	loop_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fires_once_and_not_early),
		cmocka_unit_test(an_instant_that_is_past_fires_from_the_loop),
		cmocka_unit_test(it_may_be_set_and_freed_in_its_callback),
		cmocka_unit_test(freeing_a_sibling_that_is_due_too_silences_it),
		cmocka_unit_test(a_step_is_seen_against_boot_time),
		cmocka_unit_test(the_paced_timer_jumps_and_stands_still_while_held),
		cmocka_unit_test(the_paced_timer_keeps_the_pace),
		cmocka_unit_test(a_clock_that_is_asked_often_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
