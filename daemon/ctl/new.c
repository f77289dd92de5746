/*
 * new.c - dubanctl new: a campaign's directory from another one's, a year on.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "daemon/campaign/renew.h"

#define RULES_WITHOUT_END (400 * DAY)

/* Errors of what was made are told, not warnings: check shows those. */
static int examine(const struct ctl_world *w, const char *dir, const struct campaign_files *files,
		   unsigned *warnings)
{
	struct findings *f = findings_new();
	struct campaign *c = NULL;
	int rc = CTL_OK;

	if (campaign_load(files, w->now() + RULES_WITHOUT_END, &c, f) == 0)
		campaign_lint(c, files, f);
	*warnings = f->warnings;
	if (f->errors > 0 || c == NULL) {
		ctl_print_findings(stderr, dir, f);
		rc = CTL_FAILURE;
	}
	campaign_free(&c);
	findings_free(&f);
	return rc;
}

static int write_all(const struct ctl_world *w, const char *dir, const struct campaign_files *files)
{
	struct err err = {0};

	for (guint i = 0; i < files->files->len; i++) {
		const struct campaign_file *f = files->files->pdata[i];
		g_autofree char *path = g_build_filename(dir, f->path, NULL);
		g_autofree char *parent = g_path_get_dirname(path);

		if (w->make_dir(parent, &err) < 0 ||
		    w->write_file(path, f->bytes, f->size, &err) < 0)
			return ctl_fail(CTL_FAILURE, "%s", err.text);
	}
	return CTL_OK;
}

static int make(const struct ctl_world *w, const char *dir, const char *from, struct renew *r)
{
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	struct campaign_files *files = NULL, *made = NULL;
	struct campaign *c = NULL;
	struct findings *f;
	unsigned warnings = 0;
	int broken, rc = ctl_load(w, from, "作样板", &files, &c);

	if (rc != CTL_OK)
		return rc;
	f = findings_new();
	if (campaign_renew(files, c, r, &made, notes, f) < 0) {
		ctl_print_findings(stderr, from, f);
		rc = ctl_fail(CTL_FAILURE, "没有建立 %s", dir);
	} else {
		rc = write_all(w, dir, made);
	}
	if (rc == CTL_OK) {
		broken = examine(w, dir, made, &warnings);
		(void)printf("已建立 %s（%d年，照 %s）\n", dir, r->year, from);
		for (guint i = 0; i < notes->len; i++)
			(void)printf("- %s\n", (const char *)notes->pdata[i]);
		(void)printf("%s：dubanctl check %s（%u 个警告）\n",
			     broken != CTL_OK ? "还有错误要改，见上，改好再检查" : "接着检查", dir,
			     warnings);
		rc = broken;
	}
	campaign_files_free(&made);
	campaign_files_free(&files);
	campaign_free(&c);
	findings_free(&f);
	return rc;
}

/* Not over a campaign that is there. */
static bool is_taken(const struct ctl_world *w, const char *dir)
{
	g_autofree char *yaml = g_build_filename(dir, "campaign.yaml", NULL);
	g_autofree char *bytes = NULL;
	size_t size;

	return w->read_file(yaml, &bytes, &size, NULL) >= 0;
}

int ctl_new(const struct ctl_world *w, int argc, char **argv)
{
	const char *from = NULL, *year = NULL, *name = NULL;
	const struct ctl_option options[] = {
		{"from", NULL, &from, NULL, "照哪个专项行动的目录"},
		{"year", NULL, &year, NULL, "新行动开始的年份"},
		{"name", NULL, &name, NULL, "新行动的名称；不写就沿用，其中的年份改成新的"},
		{0}};
	struct renew r = {0};
	g_autofree char *key = NULL, *sample = NULL;
	int n, rc = ctl_options(ctl_verb_get("new"), options, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n != 1 || from == NULL || year == NULL)
		return ctl_usage("new");
	ctl_strip_slashes(argv[1]);
	sample = g_strdup(from);
	ctl_strip_slashes(sample);
	if (strspn(year, "0123456789") != strlen(year) || atoi(year) < RENEW_YEAR_MIN ||
	    atoi(year) > RENEW_YEAR_MAX)
		return ctl_fail(CTL_USAGE, "--year 应是 %d 到 %d 之间的年份：%s", RENEW_YEAR_MIN,
				RENEW_YEAR_MAX, year);
	if (name != NULL &&
	    (name[0] == 0 || !g_utf8_validate(name, -1, NULL) || strpbrk(name, "\r\n") != NULL))
		return ctl_fail(CTL_USAGE, "--name 应是一行文字");
	if (is_taken(w, argv[1]))
		return ctl_fail(CTL_FAILURE, "%s 里已经有一个专项行动，不覆盖", argv[1]);
	key = g_path_get_basename(argv[1]);
	r = (struct renew){atoi(year), name, key, w->now()};
	return make(w, argv[1], sample, &r);
}
