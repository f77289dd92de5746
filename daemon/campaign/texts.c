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
#include "daemon/core/large.h"

#define SLOTS_FIRST 1024 /* a power of two, like every size after it */
#define FULL(slots) ((slots) / 5 * 4)
#define BYTES_A_TEXT 24 /* of a table of units, about */

struct entry {
	text_t at; /* 0 = free: place 0 is the empty text */
	uint32_t hash;
};

struct texts {
	char *block;
	size_t size, room;
	struct entry *slots;
	uint32_t n_slots, used;
};

/* Written to at once: a page that is read first and written later costs two faults. */
static struct entry *slots_new(uint32_t n)
{
	struct entry *slots = large_new(n * sizeof(*slots));

	memset(slots, 0, n * sizeof(*slots));
	return slots;
}

struct texts *texts_new(size_t bytes)
{
	struct texts *t = g_new0(struct texts, 1);

	t->room = MAX(bytes, 4096);
	t->block = g_malloc(t->room);
	t->block[t->size++] = '\0'; /* place 0 is the empty text */
	t->n_slots = SLOTS_FIRST;
	while (FULL(t->n_slots) < bytes / BYTES_A_TEXT)
		t->n_slots *= 2;
	t->slots = slots_new(t->n_slots);
	return t;
}

void texts_free(struct texts **t)
{
	if (!*t)
		return;
	g_free((*t)->slots);
	g_free((*t)->block);
	g_free(*t);
	*t = NULL;
}

/* Eight bytes at a time, the last ones once more if need be, mixed as in splitmix64. */
uint32_t text_hash(const char *text, size_t length)
{
	uint64_t h = length, word;

	for (size_t at = 0; at < length; at += sizeof(word)) {
		word = 0;
		if (length >= sizeof(word))
			memcpy(&word, text + MIN(at, length - sizeof(word)), sizeof(word));
		else
			memcpy(&word, text, length);
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

		if (s->at == 0 || (s->hash == hash && strcmp(t->block + s->at, text) == 0))
			return s;
	}
}

static void grow(struct texts *t)
{
	struct entry *old = t->slots;
	uint32_t n = t->n_slots;

	t->n_slots = 2 * n;
	t->slots = slots_new(t->n_slots);
	for (uint32_t i = 0; i < n; i++)
		if (old[i].at != 0)
			*entry_of(t, t->block + old[i].at, old[i].hash) = old[i];
	g_free(old);
}

struct text_key texts_key(const struct texts *t, const char *text)
{
	struct text_key key = {.text = text == NULL ? "" : text};

	key.length = strlen(key.text);
	key.hash = text_hash(key.text, key.length);
	__builtin_prefetch(&t->slots[key.hash & (t->n_slots - 1)]);
	return key;
}

text_t texts_find(const struct texts *t, const char *text)
{
	return *text == '\0' ? 0 : entry_of(t, text, text_hash(text, strlen(text)))->at;
}

/* The place of a copy of @key's text. */
static text_t append(struct texts *t, const struct text_key *key)
{
	text_t at = (text_t)t->size;

	/* Files are limited to far less than this together. */
	must(t->size + key->length + 1 < UINT32_MAX);
	if (t->size + key->length + 1 > t->room) {
		t->room = 2 * (t->size + key->length + 1);
		t->block = g_realloc(t->block, t->room);
	}
	memcpy(t->block + t->size, key->text, key->length + 1);
	t->size += key->length + 1;
	return at;
}

text_t texts_put(struct texts *t, const struct text_key *key)
{
	struct entry *s;
	text_t at;

	if (key->length == 0)
		return 0;
	s = entry_of(t, key->text, key->hash);
	if (s->at != 0)
		return s->at;
	at = append(t, key);
	*s = (struct entry){at, key->hash};
	if (++t->used > FULL(t->n_slots))
		grow(t);
	return at;
}

text_t texts_next(const struct texts *t)
{
	return (text_t)t->size;
}

text_t texts_add(struct texts *t, const char *text)
{
	struct text_key key;

	if (text == NULL || *text == '\0')
		return 0;
	key = texts_key(t, text);
	return texts_put(t, &key);
}

const char *texts_get(const struct texts *t, text_t at)
{
	must(at < t->size);
	return t->block + at;
}

char *texts_steal(struct texts *t, size_t *size_out)
{
	char *block = g_realloc(t->block, t->size);

	*size_out = t->size;
	g_clear_pointer(&t->slots, g_free);
	t->block = NULL;
	t->size = 0;
	return block;
}
