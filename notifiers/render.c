/*
 * render.c - see render.h.
 */
#include "notifiers/render.h"

#include <glib.h>
#include <string.h>

#include "notifiers/words_clean.h"

#define TEXT_USUAL 4096 /* bytes */

void rendered_free(struct rendered **r)
{
	if (*r == NULL)
		return;
	g_free((*r)->subject);
	g_free((*r)->text);
	g_free((*r)->html);
	g_free(*r);
	*r = NULL;
}

/* Templates leave empty lines where a section was empty: at most one stays. */
static char *squeeze(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 2);
	int empty = 0;

	for (bool more = true; more;) {
		const char *newline = strchrnul(text, '\n'), *end = newline;

		while (end > text && g_ascii_isspace(end[-1]))
			end--;
		empty = end == text ? empty + 1 : 0;
		if (empty == 0 || (empty == 1 && out->len > 0)) {
			g_string_append_len(out, text, end - text);
			g_string_append_c(out, '\n');
		}
		more = *newline != '\0';
		text = newline + 1;
	}
	while (g_str_has_suffix(out->str, "\n\n"))
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

/* One text of a mail in the making. */
struct making {
	const struct templates *t;
	const struct view *view;
	const char *suffix; /* ".subject", ".txt", ".html" */
	struct err *err;
};

static struct scope scope_of(const struct record *record, const struct scope *outer)
{
	return (struct scope){{.kind = VALUE_RECORD, .record = record}, outer};
}

static int part_render(const struct making *k, const char *base, const struct scope *scope,
		       GString *out)
{
	g_autofree char *name = g_strconcat(base, k->suffix, NULL);
	const char *locale = record_text(k->view->fields, "locale");
	bool html = strcmp(k->suffix, ".html") == 0;

	return templates_render(k->t, locale, name, scope, html, out, k->err);
}

/* A group's templates are given the message's fields, and behind them its own. */
static int group_render(const struct making *k, guint index, GString *out)
{
	const struct record *group = view_group(k->view, index);
	struct scope own = scope_of(group, NULL), all = scope_of(k->view->fields, &own);

	return part_render(k, record_text(group, "template"), &all, out);
}

/* The layout is given what the first group's templates are, and the bodies of all. */
static int layout_render(const struct making *k, const char *subject, const char *body,
			 GString *out)
{
	struct record *parts = values_record(k->view->values);
	struct scope own = scope_of(view_group(k->view, 0), NULL);
	struct scope all = scope_of(k->view->fields, &own), layout = scope_of(parts, &all);

	record_set(parts, "body", (struct value){.kind = VALUE_TEXT, .text = body});
	record_set(parts, "subject", (struct value){.kind = VALUE_TEXT, .text = subject});
	record_set(parts, "template", (struct value){.kind = VALUE_TEXT, .text = "layout"});
	return part_render(k, "layout", &layout, out);
}

static int subject_render(const struct templates *t, const struct view *view, char **out,
			  struct err *err)
{
	struct making k = {t, view, ".subject", err};
	GString *subject = g_string_new(NULL);
	int r = group_render(&k, 0, subject);

	*out = g_string_free(subject, r < 0);
	return r;
}

static int body_render(const struct making *k, const char *subject, char **out)
{
	g_autoptr(GString) body = g_string_sized_new(TEXT_USUAL);
	g_autoptr(GString) all = g_string_sized_new(TEXT_USUAL);
	int r = 0;

	for (guint i = 0; i < k->view->groups->len && r == 0; i++) {
		if (i > 0)
			g_string_append_c(body, '\n');
		r = group_render(k, i, body);
	}
	if (r == 0)
		r = layout_render(k, subject, body->str, all);
	if (r == 0)
		*out = squeeze(all->str);
	return r;
}

static int bodies_render(const struct templates *t, const struct view *view, const char *subject,
			 struct rendered **out, struct err *err)
{
	struct making text = {t, view, ".txt", err}, html = {t, view, ".html", err};
	struct rendered *done = g_new0(struct rendered, 1);
	int r = body_render(&text, subject, &done->text);

	if (r == 0)
		r = body_render(&html, subject, &done->html);
	if (r < 0)
		rendered_free(&done);
	else
		*out = done;
	return r;
}

int render_parts(const struct templates *t, const struct view *view, const char *subject,
		 char **raw_subject_out, struct rendered **out, struct err *err)
{
	int r = subject_render(t, view, raw_subject_out, err);

	return r < 0 ? r : bodies_render(t, view, subject, out, err);
}

int render_view(const struct templates *t, const struct view *view, struct rendered **out,
		struct err *err)
{
	g_autofree char *raw = NULL, *subject = NULL;
	int r = subject_render(t, view, &raw, err);

	if (r < 0)
		return r;
	subject = words_line(raw, RENDER_SUBJECT_MAX);
	r = bodies_render(t, view, subject, out, err);
	if (r == 0)
		(*out)->subject = g_steal_pointer(&subject);
	return r;
}
