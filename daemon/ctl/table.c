/*
 * table.c - tables for people: aligned by what a terminal shows, not by bytes.
 */
#include <pwd.h>
#include <string.h>

#include "daemon/core/wide.h"
#include "remote.h"

static const struct {
	const char *word, *zh;
} words[] = {
	{"open", "未到期"},         {"due-soon", "临近"},    {"overdue", "逾期未报"},
	{"missed", "漏报"},         {"on-time", "按时"},     {"late", "迟报"},
	{"returned", "退回补正中"}, {"exempt", "免报"},      {"untracked", "不跟踪"},
	{"remind", "提醒"},         {"escalate", "逾期"},    {"streak", "连续未报"},
	{"decision", "决定"},       {"correction", "更正"},  {"duty", "值班"},
	{"receipt", "回执"},        {"bulletin", "通报"},    {"alarm", "告警"},
	{"planned", "待发"},        {"sent", "已发"},        {"superseded", "已代替"},
	{"withdrawn", "撤回"},      {"overtaken", "已过时"}, {"held", "暂缓"},
	{"queued", "待发"},         {"leased", "发送中"},    {"retry", "稍后重试"},
	{"refused", "被拒收"},      {"unknown", "结果不明"}, {"expired", "已过期"},
	{"email", "邮件"},          {"leader", "带班"},      {"staff", "值班"},
};

const char *word_zh(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].zh;
	return word;
}

/* Of an audience: a leader of a unit is not the leader of a shift. */
const char *role_zh(const char *role)
{
	static const struct {
		const char *role, *zh;
	} roles[] = {{"liaison", "联络员"},
		     {"leader", "分管领导"},
		     {"head", "主要负责人"},
		     {"office", "安委办"},
		     {"committee", "安委会"}};

	for (size_t i = 0; i < G_N_ELEMENTS(roles); i++)
		if (strcmp(roles[i].role, role) == 0)
			return roles[i].zh;
	return role;
}

/* Of what no policy names: receipts and decisions. */
static const char *step_zh(const char *step)
{
	static const struct {
		const char *step, *zh;
	} steps[] = {{"receipt", "收件回执"}, {"return", "退回补正"}, {"extend", "准予延期"},
		     {"refuse", "不准延期"},  {"exempt", "准予免报"}, {"undo", "撤销免报"}};

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
		if (strcmp(steps[i].step, step) == 0)
			return steps[i].zh;
	return step;
}

/* The socket knows who asked by number only; people know each other by name. */
static char *actor_text(const char *actor)
{
	const struct passwd *p = NULL;
	char *end = NULL;

	if (g_str_has_prefix(actor, "uid:")) {
		guint64 uid = g_ascii_strtoull(actor + 4, &end, 10);

		if (end != actor + 4 && *end == 0 && uid <= G_MAXUINT32)
			p = getpwuid((uid_t)uid);
	}
	return g_strdup(p != NULL ? p->pw_name : actor);
}

/* Instants lose their zone and seconds; words become Chinese; nothing turns the line around. */
static char *cell_text(const char *key, const json_t *v)
{
	g_autofree char *line = NULL;
	const char *s;

	if (json_is_integer(v))
		return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (json_is_boolean(v))
		return g_strdup(json_is_true(v) ? "是" : "");
	if (!json_is_string(v))
		return g_strdup("");
	s = json_string_value(v);
	if (strlen(s) >= 19 && s[10] == 'T' && s[13] == ':')
		return g_strdup_printf("%.10s %.5s", s, s + 11);
	if (strcmp(key, "standing") == 0 || strcmp(key, "state") == 0 || strcmp(key, "sort") == 0 ||
	    strcmp(key, "channel") == 0 || strcmp(key, "part") == 0)
		return g_strdup(word_zh(s));
	if (strcmp(key, "role") == 0)
		return g_strdup(role_zh(s));
	if (strcmp(key, "actor") == 0)
		return actor_text(s);
	line = g_strdelimit(g_strdup(strcmp(key, "step") == 0 ? step_zh(s) : s), "\t\r\n", ' ');
	return wide_plain(line);
}

static void print_cell(const char *s, size_t to, bool last)
{
	(void)fputs(s, stdout);
	for (size_t n = wide_width(s); !last && n < to + 2; n++)
		(void)putchar(' ');
	if (last)
		(void)putchar('\n');
}

void table_print(const json_t *rows, const struct column *columns)
{
	size_t widths[16] = {0}, n = 0;

	while (columns[n].key != NULL)
		n++;
	must(n <= G_N_ELEMENTS(widths));
	for (size_t c = 0; c < n; c++) {
		widths[c] = wide_width(columns[c].title);
		for (size_t i = 0; i < json_array_size(rows); i++) {
			g_autofree char *s =
				cell_text(columns[c].key,
					  json_object_get(json_array_get(rows, i), columns[c].key));

			widths[c] = MAX(widths[c], wide_width(s));
		}
	}
	for (size_t c = 0; c < n; c++)
		print_cell(columns[c].title, widths[c], c + 1 == n);
	for (size_t i = 0; i < json_array_size(rows); i++)
		for (size_t c = 0; c < n; c++) {
			g_autofree char *s =
				cell_text(columns[c].key,
					  json_object_get(json_array_get(rows, i), columns[c].key));

			print_cell(s, widths[c], c + 1 == n);
		}
}
