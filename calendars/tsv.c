/*
 * tsv.c - instances as the nine columns that `dubanctl expand` prints.
 */
#include <string.h>

#include "expand.h"
#include "stamp.h"

/* A stamp as last written: instances that start together say the same one again and again. */
struct stamped {
	wall_t at;
	char text[STAMP_SIZE];
};

/* The table while it is written. */
struct table {
	GString *out;
	GString *labels;      /* what the lines of a component have in common, one after another */
	GHashTable *label_of; /* component to 1 + index in .begins */
	GArray *begins;       /* gsize: where in .labels */
	struct stamped start, end;
};

static void add_instant(struct table *t, struct stamped *last, wall_t at)
{
	if (last->text[0] == 0 || last->at != at) {
		last->at = at;
		(void)stamp_instant(last->text, at);
	}
	g_string_append_len(t->out, last->text, STAMP_SIZE - 1);
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

/* UID, component and SUMMARY as they stand in every line of @c; its STATUS follows a NUL. */
static const char *label(struct table *t, const struct calendar_component *c, const char **status)
{
	guint i = GPOINTER_TO_UINT(g_hash_table_lookup(t->label_of, c));
	const char *text;

	if (i == 0) {
		gsize begin = t->labels->len;

		g_array_append_val(t->begins, begin);
		i = t->begins->len;
		g_hash_table_insert(t->label_of, (gpointer)c, GUINT_TO_POINTER(i));
		add_text(t->labels, c->uid);
		g_string_append(t->labels, c->todo ? "\tVTODO\t" : "\tVEVENT\t");
		add_text(t->labels, c->summary);
		g_string_append_len(t->labels, "\t\0\t", 3);
		add_text(t->labels, *c->status == 0 ? "-" : c->status);
		g_string_append_len(t->labels, "\t\0", 2);
	}
	text = t->labels->str + g_array_index(t->begins, gsize, i - 1);
	*status = text + strlen(text) + 1;
	return text;
}

static void add_line(struct table *t, const struct instance *i)
{
	const char *status, *text = label(t, i->component, &status);
	GString *out = t->out;

	add_instant(t, &t->start, i->start);
	g_string_append_c(out, '\t');
	add_instant(t, &t->end, i->end);
	g_string_append_c(out, '\t');
	g_string_append_len(out, text, status - text - 1);
	g_string_append(out, kind_word(i->kind));
	g_string_append(out, status);
	if (i->rid_at == WALL_NEVER)
		g_string_append_c(out, '-');
	else if (i->rid_at == i->start)
		add_instant(t, &t->start, i->start);
	else
		add_instant(t, &(struct stamped){0}, i->rid_at);
	g_string_append_c(out, '\t');
	g_string_append(out, i->how);
	g_string_append_c(out, '\n');
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
 * Instances come by start and UID, which is nearly the order of their lines: only those that start
 * together, but end or are named otherwise, have to be sorted.
 */
char *calendar_tsv(const GPtrArray *instances)
{
	struct table t = {.out = g_string_sized_new(instances->len * 128 + 1),
			  .labels = g_string_new(NULL),
			  .label_of = g_hash_table_new(NULL, NULL),
			  .begins = g_array_new(FALSE, FALSE, sizeof(gsize))};
	GPtrArray *lines = g_ptr_array_new();
	gsize begin = 0, last = 0;
	bool sorted = true;
	wall_t start = WALL_ALWAYS;

	for (guint i = 0; i < instances->len; i++) {
		const struct instance *x = instances->pdata[i];
		gsize at = t.out->len;

		if (x->start != start) {
			if (!sorted)
				sort_lines(t.out, begin, lines);
			at = begin = t.out->len;
			sorted = true;
			start = x->start;
		}
		add_line(&t, x);
		if (at > begin && sorted)
			sorted = !is_before(t.out->str + at, t.out->str + last);
		last = at;
	}
	if (!sorted)
		sort_lines(t.out, begin, lines);
	g_ptr_array_unref(lines);
	g_string_free(t.labels, TRUE);
	g_hash_table_unref(t.label_of);
	g_array_free(t.begins, TRUE);
	return g_string_free(t.out, FALSE);
}
