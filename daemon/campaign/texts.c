/*
 * texts.c - interning of a campaign's texts.
 *
 * The keys of the table are copies in a string chunk: the block itself moves when it
 * grows.  Both copies exist only while a campaign is being loaded.
 */
#include "texts.h"

#include <string.h>

#include "daemon/core/err.h"

struct texts {
	GString *block;
	GStringChunk *chunk;
	GHashTable *places; /* char * in chunk -> text_t */
};

struct texts *texts_new(void)
{
	struct texts *t = g_new0(struct texts, 1);

	t->block = g_string_sized_new(4096);
	g_string_append_c(t->block, '\0'); /* place 0 is the empty text */
	t->chunk = g_string_chunk_new(1 << 16);
	t->places = g_hash_table_new(g_str_hash, g_str_equal);
	return t;
}

void texts_free(struct texts **t)
{
	if (!*t)
		return;
	g_hash_table_unref((*t)->places);
	g_string_chunk_free((*t)->chunk);
	g_string_free((*t)->block, TRUE);
	g_free(*t);
	*t = NULL;
}

text_t texts_find(const struct texts *t, const char *text)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(t->places, text));
}

text_t texts_add(struct texts *t, const char *text)
{
	if (!text || !*text)
		return 0;

	text_t at = texts_find(t, text);
	size_t length;

	if (at)
		return at;
	length = strlen(text) + 1;
	/* Files are limited to far less than this together. */
	must(t->block->len + length < UINT32_MAX);
	at = (text_t)t->block->len;
	g_string_append_len(t->block, text, (gssize)length);
	g_hash_table_insert(t->places, g_string_chunk_insert(t->chunk, text), GUINT_TO_POINTER(at));
	return at;
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
	g_hash_table_remove_all(t->places);
	block = g_string_free(t->block, FALSE);
	t->block = g_string_new_len("", 1);
	return g_realloc(block, *size_out);
}
