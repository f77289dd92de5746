/*
 * template.c - dubanctl template: the texts of notices, and whether a campaign's own are sound.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "notifiers/template.h"

#define TEMPLATES_DIR "templates/"

/* The campaign's overrides into @t. Their number. */
static int override(const struct ctl_world *w, const char *dir, struct templates *t,
		    struct findings *f, unsigned *n_out)
{
	struct campaign_files *files = NULL;
	int rc = ctl_read_campaign(w, dir, &files);

	*n_out = 0;
	if (rc != CTL_OK)
		return rc;
	for (guint i = 0; i < files->files->len; i++) {
		const struct campaign_file *one = files->files->pdata[i];

		if (!g_str_has_prefix(one->path, TEMPLATES_DIR))
			continue;
		(void)templates_override(t, one->path + strlen(TEMPLATES_DIR), one->bytes,
					 one->size, f);
		++*n_out;
	}
	campaign_files_free(&files);
	return CTL_OK;
}

static int list(void)
{
	for (const char *const *name = templates_names(); *name != NULL; name++)
		(void)puts(*name);
	return CTL_OK;
}

static int show(const struct ctl_world *w, const char *name, const char *dir)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	const char *text = NULL;
	unsigned n;
	int rc = dir == NULL ? CTL_OK : override(w, dir, t, f, &n);

	ctl_print_findings(stderr, dir, f);
	if (rc == CTL_OK)
		text = templates_text(t, name);
	if (text != NULL)
		(void)printf("%s\n", text);
	else if (rc == CTL_OK)
		rc = ctl_fail(CTL_FAILURE, "没有这个模板：%s；dubanctl template list 列出全部",
			      name);
	findings_free(&f);
	templates_free(&t);
	return rc;
}

static int check(const struct ctl_world *w, const char *dir)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	unsigned n = 0;
	int rc = override(w, dir, t, f, &n);

	if (rc == CTL_OK) {
		ctl_print_findings(stdout, dir, f);
		(void)fprintf(stderr, "%s：改写了 %u 个模板，%u 个错误，%u 个警告\n", dir, n,
			      f->errors, f->warnings);
		rc = f->errors > 0 ? CTL_FAILURE : CTL_OK;
	}
	findings_free(&f);
	templates_free(&t);
	return rc;
}

int ctl_template(const struct ctl_world *w, int argc, char **argv)
{
	const char *dir = NULL;
	const struct ctl_option options[] = {
		{"dir", NULL, &dir, NULL, "显示时：这个专项行动目录里改写过的优先"}, {0}};
	int n, rc = ctl_options(ctl_verb_get("template"), options, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n == 1 && strcmp(argv[1], "list") == 0)
		return list();
	if (n == 2 && strcmp(argv[1], "show") == 0)
		return show(w, argv[2], dir);
	if (n != 2 || strcmp(argv[1], "check") != 0)
		return ctl_usage("template");
	ctl_strip_slashes(argv[2]);
	return check(w, argv[2]);
}
