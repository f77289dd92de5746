/*
 * roster.c - dubanctl roster: rosters from a spreadsheet and back; without a verb, those in force.
 */
#include <errno.h>
#include <string.h>

#include "ctl.h"
#include "daemon/campaign/roster_table.h"
#include "remote.h"

#define RULES_WITHOUT_END (400 * DAY)
#define ZONE_DEFAULT "Asia/Shanghai"

/* DIR of DIR/duty/NAME.ics. */
static char *campaign_dir(const char *path)
{
	g_autofree char *duty = g_path_get_dirname(path);

	return g_path_get_dirname(duty);
}

static char *roster_name(const char *path)
{
	char *name = g_path_get_basename(path);
	char *dot = strrchr(name, '.');

	if (dot != NULL && dot != name)
		*dot = 0;
	return name;
}

/* The campaign's own zone when the roster lies in one. */
static const struct zone *zone_of(const struct ctl_world *w, const char *path, const char *tz)
{
	g_autofree char *dir = campaign_dir(path);
	g_autofree char *yaml = g_build_filename(dir, "campaign.yaml", NULL);
	g_autofree char *bytes = NULL;
	struct campaign_files *files = NULL;
	struct campaign *c = NULL;
	const struct zone *z = zone_get(tz == NULL ? ZONE_DEFAULT : tz);
	struct findings *f;
	size_t size;

	if (tz != NULL || w->read_file(yaml, &bytes, &size, NULL) < 0 ||
	    w->read_campaign(dir, &files, NULL) < 0)
		return z;
	f = findings_new();
	if (campaign_load(files, w->now() + RULES_WITHOUT_END, &c, f) == 0)
		z = c->zone;
	campaign_free(&c);
	campaign_files_free(&files);
	findings_free(&f);
	return z;
}

static int read_table(const struct ctl_world *w, const char *path, GArray **out)
{
	g_autofree char *bytes = NULL;
	struct err err = {0};
	struct findings *f;
	size_t size = 0;
	int rc = w->read_file(path, &bytes, &size, &err);

	/* By what is in it: names lie. */
	if (rc >= 0 && size >= 2 && memcmp(bytes, "PK", 2) == 0) {
		g_clear_pointer(&bytes, g_free);
		rc = w->read_workbook(path, &bytes, &err);
		size = rc < 0 ? 0 : strlen(bytes);
	}
	if (rc < 0)
		return ctl_fail(CTL_FAILURE, "%s", err.text);
	f = findings_new();
	rc = roster_rows_read(path, bytes, size, out, f);
	ctl_print_findings(stderr, NULL, f);
	if (rc < 0)
		(void)ctl_fail(CTL_FAILURE, "%s 有 %u 处要改，没有导入", path, f->errors);
	findings_free(&f);
	return rc < 0 ? CTL_FAILURE : CTL_OK;
}

/* The shifts of an .ics. */
static int read_calendar(const struct ctl_world *w, const char *path, const struct zone *z,
			 GArray **out, bool *missing)
{
	g_autofree char *bytes = NULL;
	struct err err = {0};
	struct findings *f;
	size_t size = 0;
	int rc = w->read_file(path, &bytes, &size, &err);

	*missing = rc == -ENOENT;
	if (rc < 0)
		return *missing ? CTL_FAILURE : ctl_fail(CTL_FAILURE, "%s", err.text);
	f = findings_new();
	rc = roster_rows_of_calendar(path, bytes, size, z, w->now() + RULES_WITHOUT_END, out, f);
	ctl_print_findings(stderr, NULL, f);
	if (rc < 0 || f->errors > 0) {
		if (rc == 0)
			g_array_unref(*out);
		rc = ctl_fail(CTL_FAILURE, "%s 有错误，见上", path);
	}
	findings_free(&f);
	return rc == 0 ? CTL_OK : CTL_FAILURE;
}

static GHashTable *texts_of(const GArray *rows)
{
	GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; rows != NULL && i < rows->len; i++)
		g_hash_table_add(set, roster_row_text(&g_array_index(rows, struct roster_row, i)));
	return set;
}

static unsigned print_rows(const GArray *rows, GHashTable *known, const char *mark,
			   const char *same)
{
	unsigned n = 0;

	for (guint i = 0; rows != NULL && i < rows->len; i++) {
		g_autofree char *text = roster_row_text(&g_array_index(rows, struct roster_row, i));
		bool is_known = g_hash_table_contains(known, text);

		if (!is_known)
			n++;
		if (!is_known || same != NULL)
			(void)printf("%s %s\n", is_known ? same : mark, text);
	}
	return n;
}

/* What the file will be: "+" new shifts, "-" those that go. Returns whether anything changes. */
static bool preview(const GArray *rows, const GArray *old)
{
	g_autoptr(GHashTable) have = texts_of(old), want = texts_of(rows);
	unsigned more = print_rows(rows, have, "+", " "), less = print_rows(old, want, "-", NULL);

	(void)printf("共%u班：新增%u班，减少%u班，不变%u班\n", rows->len, more, less,
		     rows->len - more);
	return more > 0 || less > 0;
}

static int put(const struct ctl_world *w, const char *into, const GArray *rows,
	       const struct zone *z)
{
	g_autofree char *name = roster_name(into);
	g_autofree char *ics = roster_rows_ics(rows, name, z, w->now());
	g_autofree char *parent = g_path_get_dirname(into);
	struct err err = {0};

	if (w->make_dir(parent, &err) < 0 || w->write_file(into, ics, strlen(ics), &err) < 0)
		return ctl_fail(CTL_FAILURE, "%s", err.text);
	(void)printf("已写入 %s\n", into);
	return CTL_OK;
}

static int import(const struct ctl_world *w, const char *path, const char *into, const char *tz,
		  bool yes)
{
	const struct zone *z = zone_of(w, into == NULL ? "" : into, tz);
	GArray *rows = NULL, *old = NULL;
	bool missing = true, changed;
	int rc = read_table(w, path, &rows);

	if (rc != CTL_OK)
		return rc;
	roster_rows_sort(rows);
	if (into != NULL)
		rc = read_calendar(w, into, z, &old, &missing);
	if (rc != CTL_OK && !missing && !yes)
		(void)fprintf(stderr, "现有的 %s 读不了；加 --yes 会用这张表替换它\n", into);
	changed = preview(rows, old) || missing || rc != CTL_OK;
	if (into == NULL)
		(void)printf("这是预览；写入要加 --into 目录/duty/名称.ics --yes\n");
	else if (!changed)
		(void)printf("%s 没有变化，未改写\n", into);
	else if (!yes)
		(void)printf("这是预览，什么也没有写；核对以后加 --yes 写入 %s\n", into);
	rc = into != NULL && changed && yes ? put(w, into, rows, z) : CTL_OK;
	g_array_unref(rows);
	if (old != NULL)
		g_array_unref(old);
	return rc;
}

static int export(const struct ctl_world *w, const char *path, const char *into, const char *tz)
{
	g_autofree char *csv = NULL, *name = roster_name(path);
	g_autoptr(GPtrArray) table = NULL;
	struct err err = {0};
	GArray *rows = NULL;
	bool missing;
	int rc = read_calendar(w, path, zone_of(w, path, tz), &rows, &missing);

	if (rc != CTL_OK)
		return missing ? ctl_fail(CTL_FAILURE, "没有这个文件：%s", path) : rc;
	table = roster_rows_table(rows);
	csv = roster_rows_csv(rows);
	if (into == NULL)
		(void)fputs(csv, stdout);
	else if (g_str_has_suffix(into, ".xlsx"))
		rc = w->write_workbook(into, name, table, &err);
	else
		rc = w->write_file(into, csv, strlen(csv), &err);
	if (rc < 0)
		rc = ctl_fail(CTL_FAILURE, "%s", err.text);
	else if (into != NULL)
		(void)printf("已写入 %s：%u班\n", into, rows->len);
	g_array_unref(rows);
	return rc;
}

/* An import makes a calendar, an export a table. */
static int check_into(bool imports, const char *into)
{
	if (into == NULL)
		return CTL_OK;
	if (imports && !g_str_has_suffix(into, ".ics"))
		return ctl_fail(CTL_USAGE, "--into 应是 .ics 文件：%s", into);
	if (!imports && !g_str_has_suffix(into, ".xlsx") && !g_str_has_suffix(into, ".csv"))
		return ctl_fail(CTL_USAGE, "--into 应是 .xlsx 或 .csv 文件：%s", into);
	return CTL_OK;
}

static bool is_offline(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "import") == 0 || strcmp(argv[i], "export") == 0)
			return true;
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

int ctl_roster(const struct ctl_world *w, int argc, char **argv)
{
	const char *into = NULL, *tz = NULL;
	bool yes = false, as_json = false;
	const struct ctl_option options[] = {
		{"json", &as_json, NULL, NULL, "列出时：输出 JSON"},
		{"into", NULL, &into, NULL,
		 "写成这个文件：导入时如 行动/duty/guoqing.ics，导出时 .xlsx 或 .csv"},
		{"tz", NULL, &tz, NULL, "导入、导出时：时区；不写就用 campaign.yaml 的"},
		{"yes", &yes, NULL, NULL, "导入时：预览过了，写入"},
		{0}};
	int n, rc;

	if (!is_offline(argc, argv))
		return ctl_list(w, argc, argv);
	rc = ctl_options(ctl_verb_get("roster"), options, argc - 1, argv + 1, &n);
	if (rc != 0)
		return rc;
	if (n != 2 || as_json)
		return ctl_usage("roster");
	if (tz != NULL && zone_get(tz) == NULL)
		return ctl_fail(CTL_USAGE, "没有这个时区：%s", tz);
	rc = check_into(strcmp(argv[1], "import") == 0, into);
	if (rc != CTL_OK)
		return rc;
	if (strcmp(argv[1], "import") == 0)
		return import(w, argv[2], into, tz, yes);
	return yes ? ctl_usage("roster") : export(w, argv[2], into, tz);
}
