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

/** @text is about to be added or found: let its slot come near. */
void texts_expect(const struct texts *t, const char *text);
/** The place of @text (NULL counts as ""), made if there is none yet. */
text_t texts_add(struct texts *t, const char *text);
/** The place of @text, or 0 if it was never added. */
text_t texts_find(const struct texts *t, const char *text);
/** The text of @at; borrowed until the next texts_add(). */
const char *texts_get(const struct texts *t, text_t at);
/** Hand over the block (caller g_frees it) and its size; @t is empty afterwards. */
char *texts_steal(struct texts *t, size_t *size_out);

#endif
