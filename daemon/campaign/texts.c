/*
 * texts.c - interning of a campaign's texts.
 *
 * The table holds places in the block and the hashes of what stands there, because the
 * block itself moves when it grows: half a million texts are looked up at a start, and a
 * table of copies would be slower and larger than the campaign.
 */
#include "texts.h"

#include <string.h>

#include "daemon/core/err.h"

#define SLOTS_FIRST 1024 /* a power of two, like every size after it */
#define BYTES_A_TEXT 24  /* of a table of units, about */

struct entry {
	text_t at; /* 0 = free: place 0 is the empty text */
	uint32_t hash;
};

struct texts {
	GString *block;
	struct entry *slots;
	uint32_t n_slots, used;
};

struct texts *texts_new(size_t bytes)
{
	struct texts *t = g_new0(struct texts, 1);

	t->block = g_string_sized_new(MAX(bytes, 4096));
	g_string_append_c(t->block, '\0'); /* place 0 is the empty text */
	t->n_slots = SLOTS_FIRST;
	while (t->n_slots / 2 < bytes / BYTES_A_TEXT)
		t->n_slots *= 2;
	t->slots = g_new0(struct entry, t->n_slots);
	return t;
}

void texts_free(struct texts **t)
{
	if (!*t)
		return;
	g_free((*t)->slots);
	g_string_free((*t)->block, TRUE);
	g_free(*t);
	*t = NULL;
}

/* Eight bytes at a time, mixed as in splitmix64. */
static uint32_t hash_of(const char *text, size_t length)
{
	uint64_t h = length, word;

	for (; length > 0; text += sizeof(word)) {
		size_t n = MIN(length, sizeof(word));

		word = 0;
		memcpy(&word, text, n);
		length -= n;
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return (uint32_t)(h * UINT64_C(0xbf58476d1ce4e5b9) >> 32);
}

/* Where @text is, or the free slot where it would be. */
static struct entry *entry_of(const struct texts *t, const char *text, uint32_t hash)
{
	uint32_t i = hash;

	for (;; i++) {
		struct entry *s = &t->slots[i & (t->n_slots - 1)];

		if (s->at == 0 || (s->hash == hash && strcmp(t->block->str + s->at, text) == 0))
			return s;
	}
}

static void grow(struct texts *t)
{
	struct entry *old = t->slots;
	uint32_t n = t->n_slots;

	t->n_slots = 2 * n;
	t->slots = g_new0(struct entry, t->n_slots);
	for (uint32_t i = 0; i < n; i++)
		if (old[i].at != 0)
			*entry_of(t, t->block->str + old[i].at, old[i].hash) = old[i];
	g_free(old);
}

void texts_expect(const struct texts *t, const char *text)
{
	if (*text != '\0')
		__builtin_prefetch(&t->slots[hash_of(text, strlen(text)) & (t->n_slots - 1)]);
}

text_t texts_find(const struct texts *t, const char *text)
{
	return *text == '\0' ? 0 : entry_of(t, text, hash_of(text, strlen(text)))->at;
}

text_t texts_add(struct texts *t, const char *text)
{
	struct entry *s;
	uint32_t hash;
	size_t length;

	if (!text || !*text)
		return 0;
	length = strlen(text);
	hash = hash_of(text, length);
	s = entry_of(t, text, hash);
	if (s->at != 0)
		return s->at;
	/* Files are limited to far less than this together. */
	must(t->block->len + length + 1 < UINT32_MAX);
	*s = (struct entry){(text_t)t->block->len, hash};
	g_string_append_len(t->block, text, (gssize)length + 1);
	if (++t->used > t->n_slots / 2)
		grow(t);
	return (text_t)(t->block->len - length - 1);
}

const char *texts_get(const struct texts *t, text_t at)
{
	must(at < t->block->len);
	return t->block->str + at;
}

char *texts_steal(struct texts *t, size_t *size_out)
{
	char *block;

	*size_out = t->block->len;
	memset(t->slots, 0, sizeof(*t->slots) * t->n_slots);
	t->used = 0;
	block = g_string_free(t->block, FALSE);
	t->block = g_string_new_len("", 1);
	return g_realloc(block, *size_out);
}
