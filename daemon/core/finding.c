/*
 * finding.c - the list of what readers of files found; bounded, sortable, printable.
 */
#include "finding.h"

#include <string.h>

#include "wide.h"

static void finding_free(gpointer data)
{
	struct finding *f = data;

	g_free(f->file);
	g_free(f->code);
	g_free(f->uid);
	g_free(f->text);
	g_free(f);
}

struct findings *findings_new(void)
{
	struct findings *f = g_new0(struct findings, 1);

	f->list = g_ptr_array_new_with_free_func(finding_free);
	return f;
}

void findings_free(struct findings **f)
{
	if (!*f)
		return;
	g_ptr_array_unref((*f)->list);
	g_free(*f);
	*f = NULL;
}

/** Files are hostile: what they made us quote stays valid UTF-8 on one line, in its order. */
static char *finding_clean(char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

	g_free(text);
	for (char *p = valid; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return wide_plain(valid);
}

void findings_add(struct findings *f, enum severity severity, const char *file, int line,
		  int column, const char *code, const char *uid, const char *fmt, ...)
{
	if (severity == SEVERITY_ERROR)
		f->errors++;
	else
		f->warnings++;
	if (f->list->len >= FINDINGS_MAX)
		return;

	struct finding *one = g_new0(struct finding, 1);
	va_list ap;

	va_start(ap, fmt);
	one->text = finding_clean(g_strdup_vprintf(fmt, ap));
	va_end(ap);
	one->severity = severity;
	one->file = finding_clean(g_strdup(file));
	one->line = line;
	one->column = column;
	one->code = g_strdup(code);
	one->uid = uid ? finding_clean(g_strdup(uid)) : NULL;
	g_ptr_array_add(f->list, one);
}

static int finding_compare(gconstpointer pa, gconstpointer pb)
{
	const struct finding *a = *(struct finding *const *)pa;
	const struct finding *b = *(struct finding *const *)pb;
	int d = strcmp(a->file, b->file);

	if (d)
		return d;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	d = strcmp(a->code, b->code);
	return d ? d : strcmp(a->text, b->text);
}

void findings_sort(struct findings *f)
{
	g_ptr_array_sort(f->list, finding_compare);
}

char *finding_line(const struct finding *f)
{
	const char *severity = f->severity == SEVERITY_ERROR ? "error" : "warning";

	if (f->column > 0)
		return g_strdup_printf("%s:%d:%d: %s: %s: %s", f->file, f->line, f->column,
				       severity, f->code, f->text);
	return g_strdup_printf("%s:%d: %s: %s: %s", f->file, f->line, severity, f->code, f->text);
}
