/*
 * act.c - verbs that change something; exit 0 only when it is durable.
 */
#include <stdlib.h>
#include <string.h>

#include "remote.h"

static const char *member(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static int add_parts(const struct ctl_world *w, const GPtrArray *files, json_t *parts)
{
	for (guint i = 0; i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);
		g_autofree char *bytes = NULL, *name = g_path_get_basename(path), *base64 = NULL;
		struct err err = {0};
		size_t size = 0;

		if (w->read_file(path, &bytes, &size, &err) < 0)
			return ctl_fail(CTL_FAILURE, "%s", err.text);
		base64 = g_base64_encode((const guchar *)bytes, size);
		if (json_array_append_new(
			    parts, json_pack("{s:s, s:s}", "name", name, "base64", base64)) != 0)
			return ctl_fail(CTL_USAGE, "附件的文件名不是 UTF-8，请先改名：%s", path);
	}
	return CTL_OK;
}

static int add_fields(const GPtrArray *pairs, json_t *fields)
{
	for (guint i = 0; i < pairs->len; i++) {
		const char *pair = g_ptr_array_index(pairs, i), *equals = strchr(pair, '=');
		g_autofree char *name = NULL;

		if (equals == NULL || equals == pair)
			return ctl_fail(CTL_USAGE, "--field 写成 名称=值：%s", pair);
		name = g_strndup(pair, (gsize)(equals - pair));
		if (json_object_set_new(fields, name, json_string(equals + 1)) != 0)
			return ctl_fail(CTL_USAGE, "--field 不是 UTF-8：%s", name);
	}
	return CTL_OK;
}

static void print_receipt(const json_t *j)
{
	if (json_is_true(json_object_get(j, "tray")))
		(void)printf("%s 已存入待核件：%s\n", member(j, "receipt"), member(j, "reason"));
	else
		(void)printf("%s %s %s%s\n", member(j, "receipt"),
			     json_is_true(json_object_get(j, "on_time")) ? "按时" : "迟报",
			     member(j, "title"),
			     json_is_true(json_object_get(j, "again")) ? "（此前已登记）" : "");
}

int ctl_submit(const struct ctl_world *w, int argc, char **argv)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();
	const char *received = NULL, *why = NULL, *request = NULL;
	bool zero = false, as_json = false;
	const struct ctl_option options[] = {
		{"zero", &zero, NULL, NULL, "零报告"},
		{"received", NULL, &received, NULL, "收到时间，如 2019-08-09T16:30；默认现在"},
		{"file", NULL, NULL, files, "附件，可多次"},
		{"field", NULL, NULL, pairs, "表格项 名称=值，可多次"},
		{"why", NULL, &why, NULL, "登记缘由，如“电话报送”"},
		{"request", NULL, &request, NULL, "幂等键：同一键只登记一次"},
		{"json", &as_json, NULL, NULL, "输出 JSON"},
		{0}};
	json_t *body, *j = NULL, *parts = json_array(), *fields = json_object();
	int n, rc = ctl_options(ctl_verb_get("submit"), options, argc - 1, argv + 1, &n);

	if (rc == 0 && (n < 1 || n > 3 || why == NULL))
		rc = ctl_usage("submit");
	if (rc == 0)
		rc = add_parts(w, files, parts);
	if (rc == 0)
		rc = add_fields(pairs, fields);
	body = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s*, s:s*, s:o, s:o}", "unit",
			 n > 0 ? argv[1] : "", "uid", n > 1 ? argv[2] : "", "rid",
			 n > 2 ? argv[3] : "", "zero", zero, "why", why == NULL ? "" : why,
			 "received", received, "request", request, "parts", parts, "fields",
			 fields);
	if (rc != 0 || body == NULL) {
		json_decref(body);
		return rc != 0 ? rc : ctl_fail(CTL_USAGE, "参数不是 UTF-8");
	}
	rc = remote_call("/v1/submit", NULL, body, &j);
	if (rc != CTL_OK)
		return rc;
	if (as_json)
		(void)json_dumpf(j, stdout, JSON_INDENT(2));
	else
		print_receipt(j);
	json_decref(j);
	return CTL_OK;
}

struct decision_options {
	const char *unit, *tag, *step, *due, *why;
	bool all, everything;
};

/* UNIT UID RID in their places; pause, resume and release have their own. */
static json_t *decision_body(const char *kind, const struct decision_options *o, int n, char **argv)
{
	bool about_item = strcmp(kind, "pause") != 0 && strcmp(kind, "resume") != 0;
	bool release = strcmp(kind, "release") == 0;
	int at = about_item && !release && !o->all ? 1 : 0;
	const char *unit = at == 1 && n > 0 ? argv[1] : o->unit == NULL ? "" : o->unit;
	const char *uid = n > at ? argv[1 + at] : "", *rid = n > at + 1 ? argv[2 + at] : "";

	if (n > at + 2 || (!about_item && n > 0))
		return NULL;
	/* An empty word is an unset variable of a script, never "all". */
	if ((at == 1 && unit[0] == 0) || (o->unit != NULL && (o->unit[0] == 0 || at == 1)) ||
	    (o->tag != NULL && (o->tag[0] == 0 || about_item)) || (o->step != NULL && !release))
		return NULL;
	if (about_item && uid[0] == 0 && !(release && o->everything))
		return NULL;
	if (!release && (o->why == NULL || o->why[0] == 0) && strcmp(kind, "resume") != 0)
		return NULL;
	return json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s}", "all", o->all, "kind",
			 kind, "unit", unit, "uid", uid, "rid", rid, "tag",
			 o->tag == NULL ? "" : o->tag, "step", o->step == NULL ? "" : o->step,
			 "due", o->due, "why", o->why == NULL ? "" : o->why);
}

static void print_decided(const char *kind, const json_t *j)
{
	json_int_t n = json_integer_value(json_object_get(j, "count"));

	if (strcmp(kind, "release") == 0)
		(void)printf("已签发：放行%" JSON_INTEGER_FORMAT "条通知\n", n);
	else if (member(j, "due")[0] != 0)
		(void)printf("已记录：%" JSON_INTEGER_FORMAT "个单位，新的截止时间 %.10s %.5s\n", n,
			     member(j, "due"), member(j, "due") + 11);
	else
		(void)printf("已记录\n");
}

int ctl_decide(const struct ctl_world *w, int argc, char **argv)
{
	struct decision_options o = {0};
	const struct ctl_option options[] = {
		{"all", &o.all, NULL, NULL, "全部单位"},
		{"due", NULL, &o.due, NULL, "新的截止时间；只写日期则为当日终了"},
		{"why", NULL, &o.why, NULL, "理由，通知对方并记入操作日志"},
		{"unit", NULL, &o.unit, NULL, "只对这个单位"},
		{"tag", NULL, &o.tag, NULL, "只对这个领域"},
		{"step", NULL, &o.step, NULL, "只签发这个环节"},
		{"everything", &o.everything, NULL, NULL, "签发全部暂缓的通知"},
		{0}};
	json_t *body, *j = NULL;
	int n, rc = ctl_options(ctl_verb_get(argv[0]), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	body = decision_body(argv[0], &o, n, argv);
	if (body == NULL)
		return ctl_usage(argv[0]);
	rc = remote_call("/v1/decide", NULL, body, &j);
	if (rc == CTL_OK)
		print_decided(argv[0], j);
	json_decref(j);
	return rc;
}

static void print_report(json_t *j)
{
	json_t *list = json_object_get(j, "report");

	for (size_t i = 0; i < json_array_size(list); i++)
		(void)printf("%s\n", json_string_value(json_array_get(list, i)));
}

int ctl_reload(const struct ctl_world *w, int argc, char **argv)
{
	static const struct ctl_option none[] = {{0}};
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("reload"), none, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 0)
		return ctl_usage("reload");
	rc = remote_call("/v1/reload", NULL, json_object(), &j);
	print_report(j);
	json_decref(j);
	return rc;
}

int ctl_confirm(const struct ctl_world *w, int argc, char **argv)
{
	const char *why = "";
	const struct ctl_option options[] = {{"why", NULL, &why, NULL, "理由，记入操作日志"}, {0}};
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("confirm"), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 0 || why[0] == '\0')
		return ctl_usage("confirm");
	rc = remote_call("/v1/confirm", NULL, json_pack("{s:s}", "why", why), &j);
	print_report(j);
	json_decref(j);
	return rc;
}

int ctl_backup(const struct ctl_world *w, int argc, char **argv)
{
	static const struct ctl_option none[] = {{0}};
	g_autofree char *path = NULL;
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("backup"), none, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 1)
		return ctl_usage("backup");
	path = g_canonicalize_filename(argv[1], NULL);
	rc = remote_call("/v1/backup", NULL, json_pack("{s:s}", "path", path), &j);
	if (rc == CTL_OK)
		(void)printf("%s\n", path);
	json_decref(j);
	return rc;
}
