/*
 * render.c - see render.h.
 */
#include "notifiers/render.h"

#include <glib.h>

#include "notifiers/view.h"
#include "notifiers/words_clean.h"

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
	GString *out = g_string_new(NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	int empty = 0;

	for (size_t i = 0; lines[i] != NULL; i++) {
		const char *line = g_strchomp(lines[i]);

		empty = line[0] == '\0' ? empty + 1 : 0;
		if (empty > 1 || (empty == 1 && out->len == 0))
			continue;
		g_string_append(out, line);
		g_string_append_c(out, '\n');
	}
	while (g_str_has_suffix(out->str, "\n\n"))
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static int part_render(const struct templates *t, const json_t *group, const char *suffix,
		       bool html, char **out, struct err *err)
{
	const char *base = json_string_value(json_object_get(group, "template"));
	const char *locale = json_string_value(json_object_get(group, "locale"));
	g_autofree char *name = g_strconcat(base, suffix, NULL);

	return templates_render(t, locale, name, group, html, out, err);
}

static int subject_render(const struct templates *t, const json_t *view, char **out,
			  struct err *err)
{
	json_t *first = view_group(view, 0);
	int r = part_render(t, first, ".subject", false, out, err);

	json_decref(first);
	return r;
}

static int body_render(const struct templates *t, const json_t *view, const char *subject,
		       bool html, char **out, struct err *err)
{
	const char *suffix = html ? ".html" : ".txt";
	g_autoptr(GString) body = g_string_new(NULL);
	size_t n = json_array_size(json_object_get(view, "groups"));
	g_autofree char *layout = NULL;
	json_t *root;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		json_t *group = view_group(view, i);
		g_autofree char *part = NULL;

		r = part_render(t, group, suffix, html, &part, err);
		json_decref(group);
		if (r == 0)
			g_string_append_printf(body, "%s%s", i > 0 ? "\n" : "", part);
	}
	if (r < 0)
		return r;
	root = view_group(view, 0);
	must(json_object_set_new(root, "body", json_string(body->str)) == 0);
	must(json_object_set_new(root, "subject", json_string(subject)) == 0);
	must(json_object_set_new(root, "template", json_string("layout")) == 0);
	r = part_render(t, root, suffix, html, &layout, err);
	json_decref(root);
	if (r == 0)
		*out = squeeze(layout);
	return r;
}

static int bodies_render(const struct templates *t, const json_t *view, const char *subject,
			 struct rendered **out, struct err *err)
{
	struct rendered *done = g_new0(struct rendered, 1);
	int r = body_render(t, view, subject, false, &done->text, err);

	if (r == 0)
		r = body_render(t, view, subject, true, &done->html, err);
	if (r < 0)
		rendered_free(&done);
	else
		*out = done;
	return r;
}

int render_parts(const struct templates *t, const json_t *view, const char *subject,
		 char **raw_subject_out, struct rendered **out, struct err *err)
{
	int r = subject_render(t, view, raw_subject_out, err);

	return r < 0 ? r : bodies_render(t, view, subject, out, err);
}

int render_view(const struct templates *t, const json_t *view, struct rendered **out,
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
