/*
 * diff.c - dubanctl diff and feed: what changed in words; deadlines as a calendar.
 */
#include <string.h>

#include "daemon/campaign/diff.h"
#include "remote.h"

#define RULES_WITHOUT_END (400 * DAY)

/* The files that the daemon has in force; errors in them have been told when they were read. */
static int load_in_force(const struct ctl_world *w, const char *key, struct campaign **out)
{
	const char *query[] = {remote_campaign == NULL ? "campaign" : "", key, NULL};
	struct campaign_files *files = campaign_files_new(key);
	struct findings *f = findings_new();
	json_t *j = NULL;
	int rc = remote_call("/v1/files", remote_campaign == NULL ? query : NULL, NULL, &j);
	const json_t *list = json_object_get(j, "files");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *path = json_string_value(json_object_get(one, "path")),
			   *text = json_string_value(json_object_get(one, "base64"));
		g_autofree guchar *bytes = NULL;
		gsize size = 0;

		if (path == NULL || text == NULL)
			continue;
		bytes = g_base64_decode(text, &size);
		campaign_files_add(files, path, bytes, size);
	}
	if (rc == CTL_OK && campaign_load(files, w->now() + RULES_WITHOUT_END, out, f) < 0)
		rc = ctl_fail(CTL_FAILURE, "守护进程现行的文件读不出专项行动");
	json_decref(j);
	findings_free(&f);
	campaign_files_free(&files);
	return rc;
}

/* What the daemon would have to take back; asked for what changed, and no more. */
static unsigned count_told(void *arg, uint32_t occurrence, uint32_t unit, bool moved)
{
	const struct campaign *c = arg;
	const struct occurrence *o = &c->occurrences[occurrence];
	const char *query[] = {
		"uid",
		campaign_text(c, c->obligations[o->obligation].uid),
		"rid",
		campaign_text(c, o->rid),
		"unit",
		unit == NONE ? "" : campaign_text(c, c->units[unit].id),
		remote_campaign == NULL ? "campaign" : NULL,
		campaign_text(c, c->key),
		NULL,
	};
	json_t *j = NULL;
	unsigned n = 0;

	if (remote_call("/v1/told", query, NULL, &j) == CTL_OK)
		n = (unsigned)json_integer_value(json_object_get(j, moved ? "moved" : "gone"));
	json_decref(j);
	return n;
}

int ctl_diff(const struct ctl_world *w, int argc, char **argv)
{
	static const struct ctl_option none[] = {{0}};
	struct campaign *from = NULL, *to = NULL;
	g_autofree char *key = NULL;
	int n, rc = ctl_options(ctl_verb_get("diff"), none, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n != 1 && n != 2)
		return ctl_usage("diff");
	for (int i = 1; i <= n; i++)
		ctl_strip_slashes(argv[i]);
	key = g_path_get_basename(argv[1]);
	rc = ctl_load(w, argv[n], "比较", NULL, &to);
	if (rc == CTL_OK)
		rc = n == 2 ? ctl_load(w, argv[1], "比较", NULL, &from)
			    : load_in_force(w, key, &from);
	if (rc == CTL_OK) {
		struct diff_told told = {count_told, from};
		g_autoptr(GPtrArray) lines = campaign_diff(from, to, n == 2 ? NULL : &told);

		(void)printf("%s → %s：%s\n", n == 2 ? argv[1] : "现行", argv[n],
			     lines->len == 0 ? "没有变化" : "");
		for (guint i = 0; i < lines->len; i++)
			(void)printf("- %s\n", (const char *)lines->pdata[i]);
	}
	campaign_free(&from);
	campaign_free(&to);
	return rc;
}

int ctl_feed(const struct ctl_world *w, int argc, char **argv)
{
	static const struct ctl_option none[] = {{0}};
	g_autofree char *text = NULL;
	int n, rc = ctl_options(ctl_verb_get("feed"), none, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 1)
		return ctl_usage("feed");
	{
		const char *query[] = {"unit", argv[1], NULL};

		rc = remote_text("/v1/feed", query, &text);
	}
	if (rc == CTL_OK)
		(void)fputs(text, stdout);
	return rc;
}
