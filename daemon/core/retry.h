/*
 * retry.h - when to try again: 30 s, doubling to an hour, spread by a tenth.
 *
 * Pure: the spread comes from the message's number, so that a burst that failed
 * together does not come back together, and equal facts still give equal times.
 */
#ifndef CORE_RETRY_H
#define CORE_RETRY_H

#include "words.h"

#define RETRY_FIRST (30 * SECOND)
#define RETRY_MAX HOUR
#define RETRY_WISH_MAX DAY /**< a peer's own wish (Retry-After) is honoured up to this */

/** @attempts made so far (>= 1); @wish the peer's, 0 = none; @spread any number. */
dur_t retry_delay(int attempts, dur_t wish, uint64_t spread);

#endif
