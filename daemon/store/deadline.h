/*
 * deadline.h - what each deadline came to, and when what people see of it last changed.
 *
 * Part of store.h, which includes it.
 */
#ifndef STORE_DEADLINE_H
#define STORE_DEADLINE_H

#include "daemon/core/err.h"
#include "daemon/core/words.h"

struct store;

/**
 * What a deadline came to when it was read last, at which hour of the wall clock (local_t); a
 * digest of what people see of it, and when that or .due last changed (0 = not known).
 */
struct deadline {
	int64_t occurrence, wall, face;
	wall_t due, changed;
	const char *uid, *rid;
};
typedef void store_deadline_fn(void *arg, const struct deadline *d);
int store_deadlines(struct store *st, int64_t campaign, store_deadline_fn *fn, void *arg);
int store_deadline_put(struct store *st, const struct deadline *d, struct err *err);

#endif
