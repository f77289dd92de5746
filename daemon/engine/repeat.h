/*
 * repeat.h - a report that is sent again because its answer was lost.
 */
#ifndef ENGINE_REPEAT_H
#define ENGINE_REPEAT_H

#include "private.h"

/**
 * Was @s stored before, under its idempotency key (.request)?  1: it was, and @out is its receipt
 * once more; 0: no, or it has no key; -EEXIST: the key was used for another report, which this one
 * must not be taken for: by another unit, of another item, or with other contents.
 * @s names its unit by id.
 */
int submit_repeat(struct engine *e, const struct engine_submit *s, struct engine_receipt *out,
		  struct err *err);

/** The names of its parts, and its fields, as JSON, always the same for the same. g_free. */
char *submit_parts_json(const struct engine_submit *s);

#endif
