/*
 * tsv.c - instances as the nine columns that `dubanctl expand` prints.
 */
#include <string.h>

#include "expand.h"
#include "stamp.h"

static void add_instant(GString *out, wall_t t)
{
	char text[STAMP_SIZE];

	g_string_append_len(out, text, stamp_instant(text, t));
}

/* A column must not end its line or itself. */
static void add_text(GString *out, const char *text)
{
	while (*text != 0) {
		size_t plain = strcspn(text, "\\\t\n\r");

		g_string_append_len(out, text, (gssize)plain);
		text += plain;
		if (*text == 0)
			break;
		g_string_append(out, *text == '\\'   ? "\\\\"
				     : *text == '\t' ? "\\t"
				     : *text == '\n' ? "\\n"
						     : "\\r");
		text++;
	}
}

static const char *kind_word(enum start_kind kind)
{
	switch (kind) {
	case START_DATE:
		return "date";
	case START_FLOATING:
		return "float";
	case START_UTC:
		return "utc";
	case START_ZONED:
		break;
	}
	return "zoned";
}

static void add_line(GString *out, const struct instance *i)
{
	const struct calendar_component *c = i->component;

	add_instant(out, i->start);
	g_string_append_c(out, '\t');
	add_instant(out, i->end);
	g_string_append_c(out, '\t');
	add_text(out, c->uid);
	g_string_append(out, c->todo ? "\tVTODO\t" : "\tVEVENT\t");
	add_text(out, c->summary);
	g_string_append_c(out, '\t');
	g_string_append(out, kind_word(i->kind));
	g_string_append_c(out, '\t');
	if (*c->status == 0)
		g_string_append_c(out, '-');
	else
		add_text(out, c->status);
	g_string_append_c(out, '\t');
	if (i->rid_at == WALL_NEVER)
		g_string_append_c(out, '-');
	else
		add_instant(out, i->rid_at);
	g_string_append_c(out, '\t');
	g_string_append(out, i->how);
}

static gint by_bytes(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Put the lines from @begin on in order; @lines is scratch. */
static void sort_lines(GString *out, gsize begin, GPtrArray *lines)
{
	char *copy = g_strndup(out->str + begin, out->len - begin), *p = copy;

	g_ptr_array_set_size(lines, 0);
	for (char *end; *p != 0; p = end + 1) {
		end = strchr(p, '\n');
		*end = 0;
		g_ptr_array_add(lines, p);
	}
	g_ptr_array_sort(lines, by_bytes);
	g_string_truncate(out, begin);
	for (guint i = 0; i < lines->len; i++) {
		g_string_append(out, lines->pdata[i]);
		g_string_append_c(out, '\n');
	}
	g_free(copy);
}

/* Does the line at @b come before the one at @a? Both end in a newline, which sorts first. */
static bool is_before(const char *b, const char *a)
{
	while (*a == *b && *a != '\n') {
		a++;
		b++;
	}
	if (*a == '\n' || *b == '\n')
		return *b == '\n' && *a != '\n';
	return (unsigned char)*b < (unsigned char)*a;
}

/*
 * Instances of one start lie far apart in memory, each with a component and texts of its own:
 * waiting for them was most of the time of a large table.
 */
static void fetch_ahead(const GPtrArray *instances, guint i)
{
	if (i + 24 < instances->len)
		__builtin_prefetch(instances->pdata[i + 24]);
	if (i + 16 < instances->len)
		__builtin_prefetch(((const struct instance *)instances->pdata[i + 16])->component);
	if (i + 8 < instances->len) {
		const struct instance *x = instances->pdata[i + 8];

		__builtin_prefetch(x->component->uid);
		__builtin_prefetch(x->component->summary);
		__builtin_prefetch(x->component->status);
	}
}

/*
 * Instances come by start and UID, which is nearly the order of their lines: only those that start
 * together, but end or are named otherwise, have to be sorted.
 */
char *calendar_tsv(const GPtrArray *instances)
{
	GString *out = g_string_sized_new(instances->len * 64 + 1);
	GPtrArray *lines = g_ptr_array_new();
	gsize begin = 0, last = 0;
	bool sorted = true;
	wall_t start = WALL_ALWAYS;

	for (guint i = 0; i < instances->len; i++) {
		const struct instance *x = instances->pdata[i];
		gsize at = out->len;

		fetch_ahead(instances, i);
		if (x->start != start) {
			if (!sorted)
				sort_lines(out, begin, lines);
			at = begin = out->len;
			sorted = true;
			start = x->start;
		}
		add_line(out, x);
		g_string_append_c(out, '\n');
		if (at > begin && sorted)
			sorted = !is_before(out->str + at, out->str + last);
		last = at;
	}
	if (!sorted)
		sort_lines(out, begin, lines);
	g_ptr_array_unref(lines);
	return g_string_free(out, FALSE);
}
