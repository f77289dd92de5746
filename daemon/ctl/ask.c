/*
 * ask.c - verbs that ask: status, lists, the tray, explain.
 */
#include <stdlib.h>
#include <string.h>

#include "remote.h"

static void print_json(const json_t *j)
{
	(void)json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	(void)putchar('\n');
}

static const char *member(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static void print_counts(const char *title, const json_t *counts)
{
	const char *key;
	json_t *v;

	(void)printf("%s：", title);
	json_object_foreach((json_t *)counts, key, v)
	{
		if (json_integer_value(v) != 0)
			(void)printf(" %s %" JSON_INTEGER_FORMAT, word_zh(key),
				     json_integer_value(v));
	}
	(void)putchar('\n');
}

static void print_paused(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *what = json_string_value(json_array_get(list, i));

		if (strcmp(what, "*") == 0)
			(void)printf("已暂停：全部单位\n");
		else
			(void)printf("已暂停：%s %s\n", what[0] == '#' ? "领域" : "单位",
				     what + (what[0] == '#'));
	}
}

static void print_sources(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		const char *read = member(s, "read");

		(void)printf("远程来源 %s（%s）：", member(s, "as"), member(s, "host"));
		if (read[0] == 0)
			(void)printf("还没有读到过");
		else
			(void)printf("上次读到 %.16s", read);
		if (json_is_true(json_object_get(s, "reading")))
			(void)printf("；正在读\n");
		else
			(void)printf("；下次 %.16s\n", member(s, "next"));
		if (member(s, "problem")[0] != 0)
			(void)printf("注意：%s 连续 %" JSON_INTEGER_FORMAT " 次没有读成：%s\n",
				     member(s, "as"),
				     json_integer_value(json_object_get(s, "failures")),
				     member(s, "problem"));
	}
}

static void print_unknown_years(const json_t *years)
{
	if (json_array_size(years) == 0)
		return;
	(void)printf("注意：没有");
	for (size_t i = 0; i < json_array_size(years); i++)
		(void)printf("%s %" JSON_INTEGER_FORMAT, i > 0 ? "、" : "",
			     json_integer_value(json_array_get(years, i)));
	(void)printf(" 年的节假日数据，放假的日子也会当成工作日（dubanctl holidays import）\n");
}

static void print_status(const json_t *j)
{
	const json_t *list = json_object_get(j, "campaigns"),
		     *troubles = json_object_get(j, "troubles");

	health_print(troubles);

	(void)printf("duband %s，自 %s 运行，时钟%s\n数据库：%s\n", member(j, "version"),
		     member(j, "since"),
		     json_is_true(json_object_get(j, "clock_trusted"))
			     ? "可信"
			     : "可疑：面向领导的通知已暂缓（dubanctl clock）",
		     member(j, "database"));
	if (member(j, "redirect")[0] != 0)
		(void)printf("试运行：全部消息改发 %s\n", member(j, "redirect"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);

		(void)printf("\n%s（%s）\n现在 %s；%" JSON_INTEGER_FORMAT
			     "个单位，%" JSON_INTEGER_FORMAT "期，自 %.10s 起跟踪\n",
			     member(c, "name"), member(c, "campaign"), member(c, "now"),
			     json_integer_value(json_object_get(c, "units")),
			     json_integer_value(json_object_get(c, "occurrences")),
			     member(c, "track_from"));
		print_counts("应报事项", json_object_get(c, "standings"));
		print_counts("消息", json_object_get(c, "outbox"));
		(void)printf("暂缓 %" JSON_INTEGER_FORMAT "，待核件 %" JSON_INTEGER_FORMAT
			     "；下一动作 %s\n",
			     json_integer_value(json_object_get(c, "held")),
			     json_integer_value(json_object_get(c, "tray")),
			     member(c, "next_wake"));
		print_paused(json_object_get(c, "paused"));
		print_sources(json_object_get(c, "sources"));
		print_unknown_years(json_object_get(c, "unknown_years"));
		if (member(c, "problem")[0] != 0 &&
		    !health_has(troubles, "files-broken", member(c, "campaign")))
			(void)printf("注意：%s\n", member(c, "problem"));
	}
}

/* Nobody waits minutes for what only the database knows: it is said what is wrong with it. */
static int ask_stuck(void)
{
	json_t *j = NULL;
	int rc = health_ask(&j);

	if (rc == CTL_OK && health_has(json_object_get(j, "troubles"), "database-stuck", NULL))
		rc = ctl_fail(CTL_TEMPORARY, "%s", member(j, "error"));
	json_decref(j);
	return rc;
}

int ctl_status(const struct ctl_world *w, int argc, char **argv)
{
	bool as_json = false;
	const struct ctl_option options[] = {{"json", &as_json, NULL, NULL, "输出 JSON"}, {0}};
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("status"), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc == 0)
		rc = ask_stuck();
	if (rc == 0)
		rc = remote_call("/v1/status", NULL, NULL, &j);
	if (rc != CTL_OK)
		return rc;
	if (as_json)
		print_json(j);
	else
		print_status(j);
	json_decref(j);
	return CTL_OK;
}

static const struct list {
	const char *verb;
	struct column columns[12];
} lists[] = {
	{"due",
	 {{"unit", "单位"},
	  {"name", "名称"},
	  {"title", "事项"},
	  {"number", "期"},
	  {"due", "截止"},
	  {"standing", "状态"},
	  {"received", "收到"},
	  {"uid", "UID"},
	  {"rid", "RID"},
	  {NULL, NULL}}},
	{"units",
	 {{"unit", "单位"},
	  {"name", "名称"},
	  {"kind", "类别"},
	  {"people", "联系人"},
	  {NULL, NULL}}},
	{"notices",
	 {{"at", "时间"},
	  {"sort", "类别"},
	  {"step", "环节"},
	  {"unit", "单位"},
	  {"uid", "UID"},
	  {"rid", "RID"},
	  {"role", "对象"},
	  {"address", "地址"},
	  {"state", "状态"},
	  {"message", "消息"},
	  {"reason", "原因"},
	  {NULL, NULL}}},
	{"deliveries",
	 {{"message", "消息"},
	  {"tick", "产生"},
	  {"channel", "渠道"},
	  {"address", "地址"},
	  {"state", "状态"},
	  {"attempts", "次数"},
	  {"next_try", "下次"},
	  {"done", "完成"},
	  {"status", "码"},
	  {"reply", "对方回答"},
	  {NULL, NULL}}},
	{"tray",
	 {{"id", "号"},
	  {"unit", "单位"},
	  {"uid", "UID"},
	  {"received", "收到"},
	  {"reason", "原因"},
	  {"way", "途径"},
	  {"outcome", "处理"},
	  {NULL, NULL}}},
	{"journal",
	 {{"seq", "序号"},
	  {"at", "时间"},
	  {"actor", "谁"},
	  {"event", "事件"},
	  {"text", "内容"},
	  {NULL, NULL}}},
	{"roster",
	 {{"roster", "值班表"},
	  {"from", "起"},
	  {"to", "止"},
	  {"part", "岗位"},
	  {"person", "姓名"},
	  {"now", "当班"},
	  {NULL, NULL}}},
};

/* Nested members become one text for the table. */
static void flatten(json_t *row)
{
	const json_t *contacts = json_object_get(row, "contacts"),
		     *detail = json_object_get(row, "detail");

	if (json_is_array(contacts)) {
		GString *s = g_string_new(NULL);

		for (size_t i = 0; i < json_array_size(contacts); i++) {
			const json_t *c = json_array_get(contacts, i);

			g_string_append_printf(s, "%s%s %s%s", i > 0 ? "，" : "",
					       member(c, "person"), member(c, "email"),
					       json_object_get(c, "unreachable_since") != NULL
						       ? "（无法送达）"
						       : "");
		}
		json_object_set_new(row, "people", json_string(s->str));
		g_string_free(s, TRUE);
	}
	if (json_is_object(detail)) {
		g_autofree char *text = journal_text(detail, member(row, "at"));

		json_object_set_new(row, "text", json_string(text));
		json_object_set_new(row, "event", json_string(journal_event(member(row, "event"))));
	}
}

static int show(const char *verb, json_t *rows, bool as_json)
{
	if (as_json) {
		print_json(rows);
	} else {
		for (size_t i = 0; i < json_array_size(rows); i++)
			flatten(json_array_get(rows, i));
		for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
			if (strcmp(lists[i].verb, verb) == 0)
				table_print(rows, lists[i].columns);
	}
	json_decref(rows);
	return CTL_OK;
}

int ctl_list(const struct ctl_world *w, int argc, char **argv)
{
	const char *unit = NULL, *uid = NULL, *rid = NULL, *standing = NULL, *state = NULL,
		   *max = NULL, *before = NULL;
	bool as_json = false;
	const struct ctl_option options[] = {
		{"json", &as_json, NULL, NULL, "输出 JSON"},
		{"unit", NULL, &unit, NULL, "只看这个单位"},
		{"uid", NULL, &uid, NULL, "只看这项事项"},
		{"rid", NULL, &rid, NULL, "只看这一期"},
		{"standing", NULL, &standing, NULL, "只看这种状态，如 overdue"},
		{"state", NULL, &state, NULL, "只看这种状态，如 held、refused"},
		{"max", NULL, &max, NULL, "最多几行"},
		{"before", NULL, &before, NULL, "日志：此序号之前"},
		{0}};
	g_autofree char *path = g_strdup_printf("/v1/%s", argv[0]);
	json_t *rows = NULL;
	int n, rc = ctl_options(ctl_verb_get(argv[0]), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 0)
		return ctl_usage(argv[0]);
	{
		const char *query[] = {"unit", unit,       "uid",    uid,     "rid",
				       rid,    "standing", standing, "state", state,
				       "max",  max,        "before", before,  NULL};

		rc = remote_call(path, query, NULL, &rows);
	}
	return rc == CTL_OK ? show(argv[0], rows, as_json) : rc;
}

static int tray_decide(const char *id, bool accept, const char *const *at, const char *why)
{
	g_autofree char *path = g_strdup_printf("/v1/tray/%s", id);
	json_t *j = NULL;
	int rc = remote_call(path, NULL,
			     json_pack("{s:b, s:s, s:s, s:s, s:s}", "accept", accept, "unit", at[0],
				       "uid", at[1], "rid", at[2], "why", why),
			     &j);

	if (rc == CTL_OK && accept)
		(void)printf("%s %s\n", member(j, "receipt"),
			     json_is_true(json_object_get(j, "on_time")) ? "按时" : "迟报");
	json_decref(j);
	return rc;
}

/* A notice that waits for a signature is a person's to decide as well: the tray names it. */
static void tray_held(void)
{
	const char *query[] = {"state", "held", NULL};
	json_t *rows = NULL;

	if (remote_call("/v1/notices", query, NULL, &rows) != CTL_OK)
		return;
	if (json_array_size(rows) > 0)
		(void)printf("另有%zu条通知暂缓，等待签发或核实：dubanctl notices --state held "
			     "列出，dubanctl release 签发\n",
			     json_array_size(rows));
	json_decref(rows);
}

int ctl_tray(const struct ctl_world *w, int argc, char **argv)
{
	const char *unit = "", *uid = "", *rid = "", *why = "";
	bool as_json = false, all = false;
	const struct ctl_option options[] = {{"json", &as_json, NULL, NULL, "输出 JSON"},
					     {"all", &all, NULL, NULL, "已处理的也列出"},
					     {"unit", NULL, &unit, NULL, "收下时：归到这个单位"},
					     {"uid", NULL, &uid, NULL, "收下时：归到这项事项"},
					     {"rid", NULL, &rid, NULL, "收下时：归到这一期"},
					     {"why", NULL, &why, NULL, "理由，记入操作日志"},
					     {0}};
	json_t *rows = NULL;
	int n, rc = ctl_options(ctl_verb_get("tray"), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n == 2 && (strcmp(argv[1], "accept") == 0 || strcmp(argv[1], "reject") == 0)) {
		const char *at[] = {unit, uid, rid};

		return tray_decide(argv[2], argv[1][0] == 'a', at, why);
	}
	if (n != 0)
		return ctl_usage("tray");
	{
		const char *query[] = {"state", all ? "all" : NULL, NULL};

		rc = remote_call("/v1/tray", query, NULL, &rows);
	}
	if (rc == CTL_OK)
		rc = show("tray", rows, as_json);
	if (rc == CTL_OK && !as_json)
		tray_held();
	return rc;
}

static void print_explanation(const json_t *j)
{
	const json_t *steps = json_object_get(j, "steps");

	(void)printf("%s %s（%s）\n截止 %.16s，%.16s 前收到为按时；状态：%s\n", member(j, "name"),
		     member(j, "title"), member(j, "rid"), member(j, "due"), member(j, "on_time"),
		     word_zh(member(j, "standing")));
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *s = json_array_get(steps, i), *told = json_object_get(s, "told");

		(void)printf("\n%.16s %s（%s）%s%s\n", member(s, "at"), member(s, "step"),
			     word_zh(member(s, "sort")),
			     json_object_get(s, "silent") != NULL ? "：" : "", member(s, "silent"));
		for (size_t k = 0; k < json_array_size(told); k++) {
			const json_t *t = json_array_get(told, k);

			(void)printf("  %.16s %s %s（%s）%s%s\n", member(t, "at"),
				     word_zh(member(t, "state")), member(t, "address"),
				     role_zh(member(t, "role")),
				     member(t, "reason")[0] != 0 ? "：" : "", member(t, "reason"));
		}
	}
}

int ctl_explain(const struct ctl_world *w, int argc, char **argv)
{
	bool as_json = false;
	const struct ctl_option options[] = {{"json", &as_json, NULL, NULL, "输出 JSON"}, {0}};
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("explain"), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 2 && n != 3)
		return ctl_usage("explain");
	{
		const char *query[] = {
			"unit", argv[1], "uid", argv[2], "rid", n == 3 ? argv[3] : NULL, NULL};

		rc = remote_call("/v1/explain", query, NULL, &j);
	}
	if (rc != CTL_OK)
		return rc;
	if (as_json)
		print_json(j);
	else
		print_explanation(j);
	json_decref(j);
	return CTL_OK;
}
