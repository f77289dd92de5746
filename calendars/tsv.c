/*
 * tsv.c - instances as the nine columns that `dubanctl expand` prints.
 */
#include <string.h>

#include "expand.h"

static void add_instant(GString *out, wall_t t)
{
	char text[24];
	struct civil c;

	local_split(t / SECOND - (t % SECOND < 0), &c);
	g_snprintf(text, sizeof(text), "%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour,
		   c.minute, c.second);
	g_string_append(out, text);
}

/* A column must not end its line or itself. */
static void add_text(GString *out, const char *text)
{
	for (; *text != 0; text++) {
		switch (*text) {
		case '\\':
			g_string_append(out, "\\\\");
			break;
		case '\t':
			g_string_append(out, "\\t");
			break;
		case '\n':
			g_string_append(out, "\\n");
			break;
		case '\r':
			g_string_append(out, "\\r");
			break;
		default:
			g_string_append_c(out, *text);
		}
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

/* The lines of instances that start together, sorted: those before and after are in order. */
static void add_together(GString *out, const GPtrArray *instances, guint from, guint to)
{
	GPtrArray *lines;

	if (to - from == 1) {
		add_line(out, instances->pdata[from]);
		g_string_append_c(out, '\n');
		return;
	}
	lines = g_ptr_array_new_with_free_func(g_free);
	for (guint i = from; i < to; i++) {
		GString *line = g_string_new(NULL);

		add_line(line, instances->pdata[i]);
		g_ptr_array_add(lines, g_string_free(line, FALSE));
	}
	g_ptr_array_sort(lines, by_bytes);
	for (guint i = 0; i < lines->len; i++) {
		g_string_append(out, lines->pdata[i]);
		g_string_append_c(out, '\n');
	}
	g_ptr_array_unref(lines);
}

char *calendar_tsv(const GPtrArray *instances)
{
	GString *out = g_string_new(NULL);
	guint to;

	for (guint from = 0; from < instances->len; from = to) {
		const struct instance *first = instances->pdata[from];

		to = from + 1;
		while (to < instances->len &&
		       ((const struct instance *)instances->pdata[to])->start == first->start)
			to++;
		add_together(out, instances, from, to);
	}
	return g_string_free(out, FALSE);
}
