/*
 * prepare.c - a directory becomes a campaign, on any thread.
 */
#include "prepare.h"

#include <string.h>

#include "daemon/io/files.h"

#define RULES_WITHOUT_END (400 * DAY)
#define TEMPLATES_DIR "templates/"

static int read_dir(const char *dir, struct campaign_files **out, struct err *err)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *key = g_path_get_basename(dir);
	int rc = files_read(dir, &list, err);

	if (rc < 0)
		return rc;
	*out = campaign_files_new(key);
	for (guint i = 0; i < list->len; i++) {
		const struct file *f = g_ptr_array_index(list, i);

		campaign_files_share(*out, f->path, f->bytes);
	}
	return 0;
}

static void report_findings(const char *dir, const struct findings *f, GPtrArray *report)
{
	for (guint i = 0; i < f->list->len; i++) {
		g_autofree char *line = finding_line(g_ptr_array_index(f->list, i));

		g_ptr_array_add(report, g_strdup_printf("%s/%s", dir, line));
	}
}

/* The embedded templates with those of templates/ on top. */
static struct templates *make_templates(const struct campaign_files *files, struct findings *f)
{
	struct templates *t = templates_new();

	for (guint i = 0; i < files->files->len; i++) {
		const struct campaign_file *file = g_ptr_array_index(files->files, i);

		if (g_str_has_prefix(file->path, TEMPLATES_DIR))
			(void)templates_override(t, file->path + strlen(TEMPLATES_DIR), file->bytes,
						 file->size, f);
	}
	return t;
}

static struct prepared *prepared_new(const char *dir)
{
	struct prepared *x = g_new0(struct prepared, 1);

	x->dir = g_strdup(dir);
	x->report = g_ptr_array_new_with_free_func(g_free);
	x->given = g_ptr_array_new_with_free_func(given_free);
	return x;
}

static void make_campaign(struct prepared *x, struct campaign_files *files, wall_t now,
			  places_parse_fn *parse)
{
	struct findings *f = findings_new();

	x->files = files;
	if (parse != NULL)
		parse(files);
	if (campaign_load(files, now + RULES_WITHOUT_END, &x->campaign, f) == 0) {
		x->templates = make_templates(files, f);
		campaign_lint(x->campaign, files, f);
	}
	findings_sort(f);
	report_findings(x->dir, f, x->report);
	x->good = x->campaign != NULL && f->errors == 0;
	findings_free(&f);
}

struct prepared *place_prepare(struct last_good *sources, places_parse_fn *parse, const char *dir,
			       const struct source_row *fresh, wall_t now)
{
	struct campaign_files *files = NULL;
	struct prepared *x = prepared_new(dir);
	struct err err = {0};

	if (read_dir(dir, &files, &err) < 0) {
		g_ptr_array_add(x->report, g_strdup(err.text));
		return x;
	}
	x->turn = last_good_lay(sources, files, fresh, x->given);
	make_campaign(x, files, now, parse);
	return x;
}

struct prepared *prepared_from(const char *dir, struct campaign_files *files, wall_t now,
			       places_parse_fn *parse)
{
	struct prepared *x = prepared_new(dir);

	make_campaign(x, files, now, parse);
	return x;
}

void prepared_free(gpointer prepared)
{
	struct prepared *x = prepared;

	if (x == NULL)
		return;
	campaign_free(&x->campaign);
	campaign_files_free(&x->files);
	templates_free(&x->templates);
	g_ptr_array_unref(x->report);
	g_ptr_array_unref(x->given);
	g_free(x->dir);
	g_free(x);
}
