/*
 * journal.c - an entry of the journal in words; its JSON is for programs.
 *
 * What an event tells besides its members of known names is shown as it is: nothing is left out.
 */
#include <string.h>

#include "remote.h"

static const struct {
	const char *event, *zh;
} events[] = {
	{"submit", "登记报送"},
	{"tray", "转待核件"},
	{"tray-accept", "收下待核件"},
	{"tray-reject", "不收待核件"},
	{"extend", "准予延期"},
	{"refuse", "不准延期"},
	{"return", "退回补正"},
	{"exempt", "准予免报"},
	{"undo", "撤销免报"},
	{"pause", "暂停"},
	{"resume", "恢复"},
	{"release", "签发"},
	{"raise", "产生通知"},
	{"unsigned", "提醒签发"},
	{"reload", "载入文件"},
	{"follow", "历史转移"},
	{"hold-edit", "修改待确认"},
	{"confirm-edit", "确认修改"},
	{"zone", "时区数据变动"},
	{"clock", "时钟"},
	{"trouble", "系统异常"},
	{"trouble-over", "异常解除"},
	{"source-failed", "来源读不出"},
	{"source-well", "来源恢复"},
};

/* In the order in which they are read; "" = the value speaks for itself, NULL = not shown. */
static const struct {
	const char *key, *label;
} members[] = {
	{"text", ""},          {"changes", ""},       {"reasons", ""},     {"unit", ""},
	{"new_unit", "改为"},  {"tag", "领域"},       {"uid", ""},         {"rid", ""},
	{"new_uid", "改为"},   {"new_rid", ""},       {"step", "环节"},    {"due", "截止"},
	{"received", "收到"},  {"receipt", "回执"},   {"way", "途径"},     {"zero", "零报告"},
	{"parts", "附件"},     {"id", "待核件"},      {"reason", ""},      {"source", ""},
	{"problem", ""},       {"told", "发出"},      {"held", "暂缓"},    {"superseded", "代替"},
	{"withdrawn", "撤回"}, {"expected", "应报"},  {"missing", "未报"}, {"steps", "环节数"},
	{"units", "单位"},     {"occurrences", "期"}, {"trusted", "可信"}, {"right", "确认无误"},
	{"doubt", "可疑："},   {"why", "理由："},     {"code", NULL},      {"moved", NULL},
};

const char *journal_event(const char *event)
{
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++)
		if (strcmp(events[i].event, event) == 0)
			return events[i].zh;
	return event;
}

/* Milliseconds since 1970 on the wall clock that @at, the entry's own instant, shows. */
static char *minute_text(json_int_t ms, const char *at)
{
	g_autoptr(GDateTime) own = g_date_time_new_from_iso8601(at, NULL);
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(ms / 1000);
	g_autoptr(GDateTime) there = NULL;

	if (own == NULL || utc == NULL)
		return g_strdup_printf("%" JSON_INTEGER_FORMAT, ms);
	there = g_date_time_add(utc, g_date_time_get_utc_offset(own));
	return there == NULL ? g_strdup("") : g_date_time_format(there, "%Y-%m-%d %H:%M");
}

static char *list_text(const json_t *list)
{
	GString *s = g_string_new(NULL);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		g_string_append_printf(s, "%s%s", i > 0 ? "；" : "", one == NULL ? "?" : one);
	}
	return g_string_free(s, FALSE);
}

/* What a member says; "" where it says nothing. */
static char *value_text(const char *key, const json_t *v, const char *at)
{
	const char *s = json_string_value(v);

	if (json_is_array(v))
		return list_text(v);
	if (json_is_integer(v) && strcmp(key, "received") == 0)
		return minute_text(json_integer_value(v), at);
	if (json_is_integer(v) && json_integer_value(v) != 0)
		return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (s == NULL || strcmp(s, "-") == 0)
		return g_strdup("");
	if (strcmp(key, "due") == 0 && strlen(s) >= 16)
		return g_strdup_printf("%.10s %.5s", s, s + 11);
	return g_strdup(s);
}

static void add(GString *out, const char *label, const char *value)
{
	bool colon = g_str_has_suffix(label, "：");

	if (out->len > 0)
		g_string_append(out, "，");
	g_string_append_printf(out, "%s%s%s", label,
			       label[0] == 0 || value[0] == 0 || colon ? "" : " ", value);
}

static bool is_known(const char *key)
{
	for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
		if (strcmp(members[i].key, key) == 0)
			return true;
	return false;
}

char *journal_text(const json_t *detail, const char *at)
{
	GString *out = g_string_new(NULL);
	const char *key;
	json_t *v;

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		g_autofree char *value = NULL;

		v = json_object_get(detail, members[i].key);
		if (v == NULL || members[i].label == NULL)
			continue;
		value = value_text(members[i].key, v, at);
		if (json_is_true(v) || value[0] != 0)
			add(out, members[i].label, value);
	}
	json_object_foreach((json_t *)detail, key, v)
	{
		g_autofree char *value = is_known(key) ? NULL : value_text(key, v, at);

		if (value != NULL)
			add(out, key, value);
	}
	return g_string_free(out, FALSE);
}
