/*
 * retry.c - exponential back-off with a deterministic spread.
 */
#include "retry.h"

dur_t retry_delay(int attempts, dur_t wish, uint64_t spread)
{
	dur_t delay = RETRY_FIRST;

	for (int i = 1; i < attempts && delay < RETRY_MAX; i++)
		delay *= 2;
	delay = MIN(delay, RETRY_MAX);
	spread = (spread * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
	delay += (dur_t)(spread % (uint64_t)(delay / 10 + 1));
	return MAX(delay, MIN(wish, RETRY_WISH_MAX));
}
