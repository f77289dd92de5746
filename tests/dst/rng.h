/*
 * rng.h - the only source of chance in the simulation: xorshift64*, seeded, no other state.
 */
#ifndef DST_RNG_H
#define DST_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s;
};

static inline uint64_t rng_next(struct rng *r)
{
	r->s ^= r->s >> 12;
	r->s ^= r->s << 25;
	r->s ^= r->s >> 27;
	return r->s * UINT64_C(0x2545f4914f6cdd1d);
}

/** An independent stream of a seed; @stream from 1. */
static inline struct rng rng_of(uint64_t seed, uint64_t stream)
{
	struct rng r = {(seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
			(stream * UINT64_C(0xd1342543de82ef95))};

	if (r.s == 0)
		r.s = 1;
	for (int i = 0; i < 8; i++)
		(void)rng_next(&r);
	return r;
}

static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return n == 0 ? 0 : (uint32_t)((rng_next(r) >> 32) % n);
}

static inline bool rng_percent(struct rng *r, unsigned percent)
{
	return rng_below(r, 100) < percent;
}

/** In [low, high]. */
static inline int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
	return low + (int64_t)((rng_next(r) >> 1) % (uint64_t)(high - low + 1));
}

#endif
