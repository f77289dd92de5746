/*
 * view.c - see view.h. The message's own fields; view_group.c has the groups'.
 */
#include "notifiers/view.h"

#include <string.h>

#include "daemon/core/shown.h"
#include "notifiers/view_private.h"
#include "notifiers/words_clean.h"

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Every field that a template may name; docs/templates.md explains them. */
static const char *const fields[] = {
	"address",      "all_cleared",  "body",        "campaign",
	"cleared",      "counts",       "day",         "description_lines",
	"due",          "due_differs",  "due_iso",     "due_short",
	"due_time",     "etc",          "expected",    "first",
	"heading",      "identity",     "index",       "items",
	"letter",       "list",         "locale",      "many",
	"missing",      "more",         "more_units",  "now",
	"now_brief",    "now_iso",      "now_short",   "now_time",
	"number",       "office",       "on_time",     "on_time_by",
	"own",          "person",       "person_unit", "reason",
	"reason_lines", "reason_short", "received",    "received_at",
	"repeat",       "rid",          "role",        "salute_unit",
	"short",        "shown",        "single",      "step",
	"subject",      "tags",         "task",        "template",
	"title",        "today",        "token",       "trial",
	"uid",          "unit",         "unit_id",     "units",
	"was",          "was_short",    "zero",        NULL};

const char *const *view_fields(void)
{
	return fields;
}

bool view_field_known(const char *name, size_t length)
{
	for (size_t i = 0; fields[i] != NULL; i++)
		if (strlen(fields[i]) == length && memcmp(fields[i], name, length) == 0)
			return true;
	return false;
}

void view_set_line(struct record *r, const char *name, const char *text, int max)
{
	g_autofree char *line = words_clean(text, max) ? NULL : words_line(text, max);

	record_set_text(r, name, line != NULL ? line : text);
}

void view_set_lines(struct record *r, const char *name, const char *text, int max)
{
	g_autofree char *clean = words_text(text, max);
	g_auto(GStrv) lines = g_strsplit(clean, "\n", VIEW_LINES_MAX);
	GArray *list = values_list(record_values(r));

	for (size_t i = 0; lines[i] != NULL; i++) {
		g_autofree char *line = words_line(lines[i], max);
		struct value value = value_text(record_values(r), line);

		g_array_append_val(list, value);
	}
	record_set_list(r, name, list);
}

bool view_chinese(const struct message *m)
{
	return g_str_has_prefix(m->locale, "zh") || m->locale[0] == '\0';
}

bool view_item_own(const struct message *m, const struct message_item *item)
{
	return strcmp(m->person_unit, item->unit) == 0;
}

char *view_short_time(const struct message *m, const char *iso, const char *fallback)
{
	struct civil_parts p;
	g_autofree char *line = NULL;

	if (civil_parts_parse(iso, &p)) {
		if (view_chinese(m))
			return g_strdup_printf("%d月%d日%02d:%02d", p.month, p.day, p.hour,
					       p.minute);
		return g_strdup_printf("%d %s %02d:%02d", p.day, months[p.month - 1], p.hour,
				       p.minute);
	}
	line = words_line(fallback, VIEW_NAME_MAX);
	return words_no_weekday(line);
}

/* 全区…“百日攻坚”专项行动 is called 百日攻坚. */
static char *short_name(const char *campaign)
{
	const char *open = strstr(campaign, "“");
	const char *close = open != NULL ? strstr(open, "”") : NULL;

	if (close == NULL || close - open - strlen("“") == 0)
		return g_strdup("");
	open += strlen("“");
	return g_strndup(open, (gsize)(close - open));
}

/* The day under a letter: 2019年8月9日. */
static char *day_text(const struct message *m)
{
	struct civil_parts p;

	if (!civil_parts_parse(m->now_iso, &p))
		return words_line(m->now_text, VIEW_NAME_MAX);
	if (view_chinese(m))
		return g_strdup_printf("%d年%d月%d日", p.year, p.month, p.day);
	return g_strdup_printf("%d %s %d", p.day, months[p.month - 1], p.year);
}

static void times_set(const struct message *m, struct record *root)
{
	const struct message_item *first = m->items->pdata[0];
	g_autofree char *brief = view_short_time(m, m->now_iso, m->now_text);
	g_autofree char *day = day_text(m);
	const char *time = words_time(brief);
	bool same_day = strlen(m->now_iso) > 10 && strncmp(m->now_iso, first->due_iso, 11) == 0;

	view_set_line(root, "now", m->now_text, VIEW_NAME_MAX);
	view_set_line(root, "now_iso", m->now_iso, VIEW_NAME_MAX);
	view_set_line(root, "now_short", brief, VIEW_NAME_MAX);
	view_set_line(root, "now_time", time, VIEW_NAME_MAX);
	view_set_line(root, "now_brief", same_day && time[0] != '\0' ? time : brief, VIEW_NAME_MAX);
	view_set_line(root, "day", day, VIEW_NAME_MAX);
}

static void names_set(const struct message *m, struct record *root, bool trial)
{
	g_autofree char *brief = short_name(m->campaign), *shown = address_shown(m->address);

	view_set_line(root, "identity", m->identity, 200);
	view_set_line(root, "campaign", m->campaign, VIEW_TITLE_MAX);
	view_set_line(root, "short", brief, VIEW_NAME_MAX);
	view_set_line(root, "locale", m->locale, VIEW_NAME_MAX);
	view_set_line(root, "office", m->office, VIEW_NAME_MAX);
	view_set_line(root, "person", m->person, VIEW_NAME_MAX);
	view_set_line(root, "person_unit", m->person_unit, VIEW_NAME_MAX);
	view_set_line(root, "address", shown, 2048);
	record_set_flag(root, "trial", trial);
}

struct view *view_new(const struct message *m, bool trial)
{
	g_autoptr(GPtrArray) groups = NULL;
	struct view *view = g_new0(struct view, 1);
	int things = 0;

	must(m->items->len > 0);
	view->values = values_new();
	view->fields = values_record(view->values);
	view->groups = values_list(view->values);
	groups = view_groups(m);
	for (guint i = 0; i < groups->len; i++) {
		const struct view_group *g = groups->pdata[i];
		int ordinal = groups->len > 1 ? (int)i + 1 : 0;
		struct value group = {.kind = VALUE_RECORD,
				      .record = view_group_record(view->values, m, g, ordinal)};

		g_array_append_val(view->groups, group);
		things += view_group_things(m, g);
	}
	names_set(m, view->fields, trial);
	times_set(m, view->fields);
	record_set_flag(view->fields, "many", groups->len > 1);
	record_set_number(view->fields, "etc", things > 1 ? things : 0);
	return view;
}

const struct record *view_group(const struct view *view, guint index)
{
	return g_array_index(view->groups, struct value, index).record;
}

void view_free(struct view **view)
{
	if (*view == NULL)
		return;
	values_free(&(*view)->values);
	g_free(*view);
	*view = NULL;
}
