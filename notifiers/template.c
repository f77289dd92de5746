/*
 * template.c - which text a template's name stands for, and rendering it.
 *
 * Looked up as: the campaign's override for the locale, the embedded text of the
 * locale, the override for Chinese, the embedded Chinese text. Only names that are
 * embedded may be overridden, so a typing error is told instead of ignored.
 */
#include "notifiers/template.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "notifiers/embedded.h"
#include "notifiers/splice.h"
#include "notifiers/template_lint.h"

#define LOCALE_DEFAULT "zh_CN"
#define PROGRAMS_MAX 256 /* remembered at a time; people give locales of any name */

struct templates {
	GHashTable *overrides; /* "zh_CN/remind.txt" -> text, both owned */
	GHashTable *programs;  /* "en/remind.txt" -> struct program *, as that locale sees it */
	GString *key;          /* room for such a name */
	struct splices *splices;
};

static void drop_program(gpointer p)
{
	struct program *program = p;

	program_free(&program);
}

struct templates *templates_new(void)
{
	struct templates *t = g_new0(struct templates, 1);

	t->overrides = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	t->programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, drop_program);
	t->key = g_string_new(NULL);
	t->splices = splices_new();
	return t;
}

struct splices *templates_splices(const struct templates *t)
{
	return t->splices;
}

void templates_free(struct templates **t)
{
	if (*t == NULL)
		return;
	g_hash_table_unref((*t)->programs);
	g_hash_table_unref((*t)->overrides);
	g_string_free((*t)->key, TRUE);
	splices_free(&(*t)->splices);
	g_free(*t);
	*t = NULL;
}

/* Binary search: the generated table is sorted by name. */
static const char *embedded_find(const char *name)
{
	size_t low = 0, high = embedded_templates_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, embedded_templates[middle].name);

		if (order == 0)
			return embedded_templates[middle].text;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *const *templates_names(void)
{
	return embedded_templates_names;
}

const char *templates_text(const struct templates *t, const char *name)
{
	const char *text = g_hash_table_lookup(t->overrides, name);

	return text != NULL ? text : embedded_find(name);
}

/* The text of @base in @locale, Chinese if the locale has none; NULL: no such template. */
static const char *find(const struct templates *t, const char *locale, const char *base)
{
	g_autofree char *own = g_strdup_printf("%s/%s", locale, base);
	g_autofree char *chinese = g_strdup_printf(LOCALE_DEFAULT "/%s", base);
	const char *text = templates_text(t, own);

	return text != NULL ? text : templates_text(t, chinese);
}

/* "zh_CN/remind.txt": a locale of letters and _, one slash, a base that is embedded. */
static bool name_known(const char *name)
{
	const char *slash = strchr(name, '/');
	g_autofree char *chinese = NULL;

	if (slash == NULL || slash == name || slash - name > 16)
		return false;
	for (const char *p = name; p < slash; p++)
		if (!g_ascii_isalpha(*p) && *p != '_')
			return false;
	chinese = g_strconcat(LOCALE_DEFAULT, slash, NULL);
	return embedded_find(chinese) != NULL;
}

int templates_override(struct templates *t, const char *name, const char *text, size_t size,
		       struct findings *findings)
{
	if (!name_known(name)) {
		g_autofree char *file = g_strdup_printf("templates/%s", name);

		findings_add(findings, SEVERITY_ERROR, file, 0, 0, "TEMPLATE_NAME", NULL,
			     "没有叫这个名称的模板；名称须形如 zh_CN/remind.txt");
		return -EINVAL;
	}
	if (!template_lint(t, name, text, size, findings))
		return -EINVAL;
	if (size > 0 && text[size - 1] == '\n')
		size--; /* an editor's, as in cmake/embed_files.cmake */
	g_hash_table_replace(t->overrides, g_strdup(name), g_strndup(text, size));
	g_hash_table_remove_all(t->programs);
	splices_clear(t->splices);
	return 0;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void templates_lint(const struct templates *t, struct findings *findings)
{
	g_autoptr(GHashTable) all = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree const char **names = NULL;
	GHashTableIter iter;
	void *key;
	guint n;

	for (size_t i = 0; i < embedded_templates_n; i++)
		g_hash_table_add(all, (void *)embedded_templates[i].name);
	g_hash_table_iter_init(&iter, t->overrides);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_hash_table_add(all, key);
	names = (const char **)g_hash_table_get_keys_as_array(all, &n);
	qsort(names, n, sizeof(*names), name_compare);
	for (guint i = 0; i < n; i++) {
		const char *text = templates_text(t, names[i]);

		(void)template_lint(t, names[i], text, strlen(text), findings);
	}
}

struct layers {
	const struct templates *t;
	const char *locale;
};

static const char *partial_text(void *arg, const char *name)
{
	const struct layers *l = arg;

	return find(l->t, l->locale, name);
}

/*
 * The lint sees each locale by itself; layers of two locales can still make a cycle of
 * partials, which ends at the compiler's limits.
 */
static int program_of(const struct templates *t, const char *locale, const char *name,
		      const struct program **out, struct err *err)
{
	struct layers layers = {t, locale};
	struct program *made = NULL;
	const char *text;
	int r;

	g_string_printf(t->key, "%s/%s", locale, name);
	*out = g_hash_table_lookup(t->programs, t->key->str);
	if (*out != NULL)
		return 0;
	text = find(t, locale, name);
	if (text == NULL)
		return err_set(err, -ENOENT, "没有模板 %s", name);
	r = program_new(text, partial_text, &layers, &made);
	if (r < 0)
		return err_set(err, -EINVAL, "模板 %s：引用的部分不存在或有错误", name);
	if (g_hash_table_size(t->programs) >= PROGRAMS_MAX)
		g_hash_table_remove_all(t->programs);
	g_hash_table_insert(t->programs, g_strdup(t->key->str), made);
	*out = made;
	return 0;
}

int templates_render(const struct templates *t, const char *locale, const char *name,
		     const struct scope *scope, bool html, GString *out, struct err *err)
{
	const struct program *program;
	int r = program_of(t, locale, name, &program, err);

	if (r == 0)
		program_render(program, scope, html, out);
	return r;
}
