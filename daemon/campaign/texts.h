/*
 * texts.h - the block of texts that a campaign's text_t point into, while it grows.
 *
 * Equal texts share one place, so that a kind or a tag that 100,000 units have costs
 * its bytes once and two text_t of one block are equal exactly when their texts are.
 */
#ifndef CAMPAIGN_TEXTS_H
#define CAMPAIGN_TEXTS_H

#include "daemon/core/words.h"

struct texts;

/** @bytes of tables are about to be read: an estimate. */
struct texts *texts_new(size_t bytes);
void texts_free(struct texts **t);

/** A text on its way into the block; borrows it. */
struct text_key {
	const char *text;
	size_t length;
	uint32_t hash;
};

/**
 * The key of @text (NULL counts as ""). Its slot is on its way into the cache: make the keys of a
 * row first, then put them.
 */
struct text_key texts_key(const struct texts *t, const char *text);
/** The place of @key's text, made if there is none yet. */
text_t texts_put(struct texts *t, const struct text_key *key);
/** The place that the next new text gets. */
text_t texts_next(const struct texts *t);
/** Both at once. */
text_t texts_add(struct texts *t, const char *text);
/** The place of @text, or 0 if it was never added. */
text_t texts_find(const struct texts *t, const char *text);
/** The text of @at; borrowed until the next texts_add(). */
const char *texts_get(const struct texts *t, text_t at);
/** Hand over the block (caller g_frees it) and its size; of @t only texts_free() is left. */
char *texts_steal(struct texts *t, size_t *size_out);

/** What equal texts share, and few others. */
uint32_t text_hash(const char *text, size_t length);

#endif
