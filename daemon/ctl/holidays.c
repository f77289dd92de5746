/*
 * holidays.c - dubanctl holidays: the published yearly table into a campaign's holidays.ics.
 */
#include <errno.h>
#include <string.h>

#include "ctl.h"
#include "daemon/campaign/holidays.h"

static int read_table(const struct ctl_world *w, const char *path, struct holidays **out)
{
	g_autofree char *bytes = NULL;
	struct findings *f;
	struct err err = {0};
	size_t size = 0;
	int rc = w->read_file(path, &bytes, &size, &err);

	if (rc < 0)
		return ctl_fail(CTL_FAILURE, "%s", err.text);
	f = findings_new();
	rc = holidays_read(path, bytes, size, out, f);
	ctl_print_findings(stderr, NULL, f);
	findings_free(&f);
	return rc < 0 ? CTL_FAILURE : CTL_OK;
}

static void say(const char *path, const struct holidays *h, const struct holidays_merged *m)
{
	(void)fprintf(stderr, "%s：", path);
	for (guint i = 0; i < h->years->len; i++)
		(void)fprintf(stderr, "%s%d年", i > 0 ? "、" : "", g_array_index(h->years, int, i));
	(void)fprintf(stderr, "放假 %u 天，调休上班 %u 天；替换原有 %u 条，保留其余 %u 条%s\n",
		      m->off, m->work, m->dropped, m->kept, m->changed ? "" : "，内容没有变化");
	if (m->cut > 0)
		(void)fprintf(stderr, "  %u 条跨出这些年份，只换了其中的日子\n", m->cut);
	for (guint i = 0; i < m->notes->len; i++)
		(void)fprintf(stderr, "  %s\n", (const char *)m->notes->pdata[i]);
}

/* One table into *text (NULL: nothing yet); what comes out takes its place. */
static int merge(const struct ctl_world *w, const char *path, const char *into, char **text,
		 bool *changed)
{
	struct holidays *h = NULL;
	struct holidays_merged m;
	struct findings *f;
	int rc = read_table(w, path, &h);

	if (rc != CTL_OK)
		return rc;
	f = findings_new();
	rc = holidays_merge(h, into, *text, *text == NULL ? 0 : strlen(*text), w->now(), &m, f);
	if (rc < 0) {
		ctl_print_findings(stderr, NULL, f);
		rc = ctl_fail(CTL_FAILURE, "%s 看不懂，没有改动", into);
	} else {
		say(path, h, &m);
		*changed = *changed || m.changed;
		g_free(*text);
		*text = m.text;
	}
	g_ptr_array_unref(m.notes);
	findings_free(&f);
	holidays_free(&h);
	return rc;
}

static int put(const struct ctl_world *w, const char *into, const char *text, bool changed)
{
	struct err err = {0};

	if (into == NULL) {
		(void)fputs(text, stdout);
		return CTL_OK;
	}
	if (!changed) {
		(void)fprintf(stderr, "%s 没有变化，未改写\n", into);
		return CTL_OK;
	}
	if (w->write_file(into, text, strlen(text), &err) < 0)
		return ctl_fail(CTL_FAILURE, "%s", err.text);
	(void)fprintf(stderr, "已写入 %s\n", into);
	return CTL_OK;
}

int ctl_holidays(const struct ctl_world *w, int argc, char **argv)
{
	const char *into = NULL;
	const struct ctl_option options[] = {
		{"into", NULL, &into, NULL, "并入这个文件或专项行动目录；不写就输出到屏幕"}, {0}};
	g_autofree char *path = NULL, *text = NULL;
	struct err err = {0};
	bool changed = false;
	size_t size = 0;
	int n, rc = ctl_options(ctl_verb_get("holidays"), options, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n < 2 || strcmp(argv[1], "import") != 0)
		return ctl_usage("holidays");
	if (into != NULL)
		path = w->is_dir(into) ? g_build_filename(into, "holidays.ics", NULL)
				       : g_strdup(into);
	/* A directory's name mistyped must not become a file that nobody reads. */
	if (path != NULL && !g_str_has_suffix(path, ".ics"))
		return ctl_fail(CTL_USAGE, "--into 应是专项行动目录或 .ics 文件：%s", into);
	if (path != NULL) {
		rc = w->read_file(path, &text, &size, &err);
		if (rc < 0 && rc != -ENOENT)
			return ctl_fail(CTL_FAILURE, "%s", err.text);
		if (rc >= 0 && strlen(text) != size)
			return ctl_fail(CTL_FAILURE, "%s 含有 NUL，不像日历", path);
	}
	rc = CTL_OK;
	for (int i = 2; i <= n && rc == CTL_OK; i++)
		rc = merge(w, argv[i], path == NULL ? "holidays.ics" : path, &text, &changed);
	return rc == CTL_OK ? put(w, path, text, changed) : rc;
}
