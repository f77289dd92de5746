/*
 * value.c - see value.h.
 *
 * Records hold some dozens of fields and are asked a few times each, so they are searched from
 * one end to the other by the digests of the names: that costs less than any table's making.
 */
#include "notifiers/value.h"

#include <string.h>

#define TEXTS_SIZE 2048 /* bytes: those of a usual mail's view */
#define FIELDS_USUAL 48

struct field {
	const char *name;
	guint hash;
	struct value value;
};

struct record {
	struct values *values;
	GArray *fields; /* struct field */
};

struct values {
	GStringChunk *texts;
	GPtrArray *records, *lists;
};

static void drop_record(gpointer p)
{
	struct record *r = p;

	g_array_unref(r->fields);
	g_free(r);
}

static void drop_list(gpointer p)
{
	g_array_unref(p);
}

struct values *values_new(void)
{
	struct values *v = g_new0(struct values, 1);

	v->texts = g_string_chunk_new(TEXTS_SIZE);
	v->records = g_ptr_array_new_with_free_func(drop_record);
	v->lists = g_ptr_array_new_with_free_func(drop_list);
	return v;
}

void values_free(struct values **v)
{
	if (*v == NULL)
		return;
	g_string_chunk_free((*v)->texts);
	g_ptr_array_unref((*v)->records);
	g_ptr_array_unref((*v)->lists);
	g_free(*v);
	*v = NULL;
}

struct record *values_record(struct values *v)
{
	struct record *r = g_new(struct record, 1);

	r->values = v;
	r->fields = g_array_sized_new(FALSE, FALSE, sizeof(struct field), FIELDS_USUAL);
	g_ptr_array_add(v->records, r);
	return r;
}

GArray *values_list(struct values *v)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct value));

	g_ptr_array_add(v->lists, list);
	return list;
}

struct value value_text(struct values *v, const char *text)
{
	const char *kept = text[0] == '\0' ? "" : g_string_chunk_insert(v->texts, text);

	return (struct value){.kind = VALUE_TEXT, .text = kept};
}

void record_set(struct record *r, const char *name, struct value value)
{
	struct field f = {name, record_hash(name, strlen(name)), value};

	g_array_append_val(r->fields, f);
}

void record_set_text(struct record *r, const char *name, const char *text)
{
	record_set(r, name, value_text(r->values, text));
}

void record_set_number(struct record *r, const char *name, gint64 number)
{
	record_set(r, name, (struct value){.kind = VALUE_NUMBER, .number = number});
}

void record_set_flag(struct record *r, const char *name, bool flag)
{
	record_set(r, name, (struct value){.kind = VALUE_FLAG, .flag = flag});
}

void record_set_list(struct record *r, const char *name, const GArray *list)
{
	record_set(r, name, (struct value){.kind = VALUE_LIST, .list = list});
}

struct record *record_copy(const struct record *r)
{
	struct record *copy = values_record(r->values);

	g_array_append_vals(copy->fields, r->fields->data, r->fields->len);
	return copy;
}

struct values *record_values(const struct record *r)
{
	return r->values;
}

guint record_hash(const char *name, size_t length)
{
	guint hash = 5381;

	for (size_t i = 0; i < length; i++)
		hash = hash * 33 + (unsigned char)name[i];
	return hash;
}

const struct value *record_find(const struct record *r, const char *name, size_t length, guint hash)
{
	const struct field *f = (const struct field *)(const void *)r->fields->data;
	const struct field *end = f + r->fields->len;

	for (; f < end; f++)
		if (f->hash == hash && strncmp(f->name, name, length) == 0 &&
		    f->name[length] == '\0')
			return &f->value;
	return NULL;
}

const struct value *record_get(const struct record *r, const char *name)
{
	size_t length = strlen(name);

	return record_find(r, name, length, record_hash(name, length));
}

const char *record_text(const struct record *r, const char *name)
{
	const struct value *v = record_get(r, name);

	return v != NULL && v->kind == VALUE_TEXT ? v->text : "";
}

const struct value *record_nth(const struct record *r, guint n, const char **name_out)
{
	const struct field *f;

	if (n >= r->fields->len)
		return NULL;
	f = &g_array_index(r->fields, struct field, n);
	*name_out = f->name;
	return &f->value;
}
