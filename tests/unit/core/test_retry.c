/*
 * test_retry.c - when to try again: doubling, spread, and the peer's wish.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/core/retry.h"

static void it_doubles_from_half_a_minute_to_an_hour(void **state)
{
	const dur_t want[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};

	(void)state;
	for (int i = 0; i < (int)G_N_ELEMENTS(want); i++)
		assert_int_equal(retry_delay(i + 1, 0, 0), want[i] * SECOND);
	assert_int_equal(retry_delay(0, 0, 0), RETRY_FIRST); /* never attempted: as the first */
	assert_int_equal(retry_delay(1000000, 0, 0), RETRY_MAX);
}

static void it_is_spread_by_a_tenth_and_no_more(void **state)
{
	dur_t low = WALL_NEVER, high = 0;

	(void)state;
	for (uint64_t message = 1; message <= 1000; message++) {
		dur_t d = retry_delay(1, 0, message);

		low = MIN(low, d);
		high = MAX(high, d);
		assert_int_equal(d, retry_delay(1, 0, message)); /* equal facts, equal times */
	}
	assert_in_range(low, RETRY_FIRST, RETRY_FIRST + RETRY_FIRST / 100);
	assert_in_range(high, RETRY_FIRST + RETRY_FIRST * 9 / 100, RETRY_FIRST + RETRY_FIRST / 10);
	assert_in_range(retry_delay(9, 0, UINT64_MAX), RETRY_MAX, RETRY_MAX + RETRY_MAX / 10);
}

static void the_peers_wish_is_honoured_within_a_day(void **state)
{
	(void)state;
	assert_int_equal(retry_delay(1, 29 * SECOND, 0), 30 * SECOND); /* never earlier than ours */
	assert_int_equal(retry_delay(1, 10 * MINUTE, 0), 10 * MINUTE);
	assert_int_equal(retry_delay(1, DAY, 0), DAY);
	assert_int_equal(retry_delay(1, DAY + 1, 0), RETRY_WISH_MAX);
	assert_int_equal(retry_delay(1, WALL_NEVER, 0), RETRY_WISH_MAX);
	assert_int_equal(retry_delay(1, -5, 0), RETRY_FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_doubles_from_half_a_minute_to_an_hour),
		cmocka_unit_test(it_is_spread_by_a_tenth_and_no_more),
		cmocka_unit_test(the_peers_wish_is_honoured_within_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
