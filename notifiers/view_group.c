/*
 * view_group.c - which items of a message are told together, and the fields of such a group.
 *
 * A recipient of the unit that owes reads about one item; anybody else reads one list per
 * occurrence and step (P6: a superior gets one list). What came late and is 已销号 stands
 * under the list of its occurrence.
 */
#include <string.h>

#include "notifiers/view_private.h"
#include "notifiers/words_clean.h"

#define BRIEF_MAX 40 /* characters */

/* Steps of these names are letters (函): 你单位, a heading, a signature. */
static const char *const letters[] = {"督办", "formal"};

bool view_step_generic(const char *base)
{
	return base[0] == '\0' || strcmp(base, "报送提醒") == 0 || strcmp(base, "alarm") == 0 ||
	       g_str_has_prefix(base, "alarm-");
}

char *view_step_base(const char *step, int *times_out)
{
	const char *hash = strrchr(step, '#');
	guint64 k = 0;

	*times_out = 0;
	if (hash == NULL || !g_ascii_string_to_unsigned(hash + 1, 10, 1, 100, &k, NULL))
		return g_strdup(step);
	*times_out = (int)k + 1;
	return g_strndup(step, (gsize)(hash - step));
}

static bool is_letter(const char *base)
{
	g_autofree char *lower = g_utf8_strdown(base, -1);

	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
		if (strstr(lower, letters[i]) != NULL)
			return true;
	return false;
}

static bool is_ladder(const struct message_item *item)
{
	return item->sort == SORT_REMIND || item->sort == SORT_ESCALATE;
}

/* A correction that follows from edited files. */
static bool is_edit(const struct message_item *i)
{
	return strcmp(i->step, CORRECTION_MOVED) == 0 || strcmp(i->step, CORRECTION_GONE) == 0 ||
	       strcmp(i->step, CORRECTION_BACK) == 0;
}

/* Items with equal keys are told together. The separator cannot stand in a field. */
static char *key_of(const struct message *m, const struct message_item *i)
{
	int times;
	g_autofree char *base = view_step_base(i->step, &times);
	const char *unit = view_item_own(m, i) ? i->unit_id : "";

	switch (i->sort) {
	case SORT_REMIND:
	case SORT_ESCALATE:
	case SORT_STREAK:
		return g_strdup_printf("%d\x1f%s\x1f%s\x1f%s\x1f%s", i->sort, i->step, i->uid,
				       i->rid, unit);
	case SORT_DECISION:
		return g_strdup_printf("%d\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s", i->sort, i->step,
				       i->uid, i->rid, i->due_iso, i->reason, unit);
	case SORT_CORRECTION:
		if (!is_edit(i))
			return g_strdup_printf("%d\x1f%s\x1f%s", i->sort, i->uid, i->rid);
		return g_strdup_printf("%d\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s", i->sort, i->step,
				       i->uid, i->rid, i->title, i->was_text, i->due_iso);
	case SORT_DUTY:
		return g_strdup_printf("%d\x1f%s", i->sort, base);
	case SORT_RECEIPT:
	case SORT_BULLETIN:
		return g_strdup_printf("%d\x1f%s\x1f%s\x1f%s", i->sort, i->uid, i->rid, i->unit_id);
	case SORT_ALARM:
	case SORTS:
		break;
	}
	return g_strdup("alarm");
}

static void group_free(void *p)
{
	struct view_group *g = p;

	g_ptr_array_unref(g->items);
	g_ptr_array_unref(g->cleared);
	g_free(g);
}

static struct view_group *group_of(GPtrArray *groups, GHashTable *by_key, char *key)
{
	struct view_group *g = g_hash_table_lookup(by_key, key);

	if (g != NULL) {
		g_free(key);
		return g;
	}
	g = g_new0(struct view_group, 1);
	g->items = g_ptr_array_new();
	g->cleared = g_ptr_array_new();
	g_ptr_array_add(groups, g);
	g_hash_table_insert(by_key, key, g);
	return g;
}

static char *cleared_key(const struct message_item *i)
{
	return g_strdup_printf("cleared\x1f%s\x1f%s", i->uid, i->rid);
}

GPtrArray *view_groups(const struct message *m)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
	g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint n = 0; n < m->items->len; n++) {
		struct message_item *i = m->items->pdata[n];
		struct view_group *g;
		char *occurrence;

		if (i->late_cleared)
			continue;
		g = group_of(groups, by_key, key_of(m, i));
		g_ptr_array_add(g->items, i);
		occurrence = cleared_key(i);
		if (is_ladder(i) && !g_hash_table_contains(by_key, occurrence))
			g_hash_table_insert(by_key, occurrence, g);
		else
			g_free(occurrence);
	}
	for (guint n = 0; n < m->items->len; n++) {
		struct message_item *i = m->items->pdata[n];

		if (i->late_cleared)
			g_ptr_array_add(group_of(groups, by_key, cleared_key(i))->cleared, i);
	}
	return groups;
}

static const struct message_item *group_first(const struct view_group *g)
{
	return g->items->len > 0 ? g->items->pdata[0] : g->cleared->pdata[0];
}

static bool group_is_list(const struct message *m, const struct view_group *g)
{
	const struct message_item *i = group_first(g);

	return is_ladder(i) && (g->items->len == 0 || !view_item_own(m, i));
}

int view_group_things(const struct message *m, const struct view_group *g)
{
	return group_is_list(m, g) || g->items->len == 0 ? 1 : (int)g->items->len;
}

static const char *template_of(const struct message_item *i)
{
	static const char *const kinds[] = {"extend", "return", "exempt", "refuse", "undo"};
	static const char *const names[] = {"decision-extend", "decision-return", "decision-exempt",
					    "decision-refuse", "decision-undo"};

	switch (i->sort) {
	case SORT_REMIND:
		return "remind";
	case SORT_ESCALATE:
		return "escalate";
	case SORT_STREAK:
		return "streak";
	case SORT_DECISION:
		for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
			if (strcmp(i->step, kinds[k]) == 0)
				return names[k];
		return "decision";
	case SORT_CORRECTION:
		if (!is_edit(i))
			return "correction";
		if (strcmp(i->step, CORRECTION_MOVED) == 0)
			return "correction-moved";
		return strcmp(i->step, CORRECTION_GONE) == 0 ? "correction-gone"
							     : "correction-back";
	case SORT_DUTY:
		return "duty";
	case SORT_RECEIPT:
		return "receipt";
	case SORT_BULLETIN:
		return "bulletin";
	case SORT_ALARM:
	case SORTS:
		break;
	}
	return "alarm";
}

/* 危险化学品、建筑施工 in Chinese, with commas elsewhere. */
static void tags_set(const struct message *m, struct record *o, const char *tags)
{
	g_auto(GStrv) parts = g_strsplit(tags, ";", -1);
	GString *out = g_string_new(NULL);

	for (size_t k = 0; parts[k] != NULL; k++) {
		const char *part = g_strstrip(parts[k]);

		if (part[0] != '\0' && out->len > 0)
			g_string_append(out, view_chinese(m) ? "、" : ", ");
		g_string_append(out, part);
	}
	view_set_line(o, "tags", out->str, VIEW_TAGS_MAX);
	g_string_free(out, TRUE);
}

/* What fits into a subject: the reason, or its first sentence, or nothing. */
static char *reason_brief(const char *reason)
{
	const char *stop = strstr(reason, "。");
	size_t n = stop == NULL ? strlen(reason) : (size_t)(stop - reason);

	if (!g_utf8_validate(reason, -1, NULL))
		return g_strdup("");
	if (g_utf8_strlen(reason, -1) <= BRIEF_MAX)
		return g_strdup(reason);
	return g_utf8_strlen(reason, (gssize)n) <= BRIEF_MAX ? g_strndup(reason, n) : g_strdup("");
}

/* The fields of one item: of a row, and of a group by its first item. */
static void item_set(const struct message *m, struct record *o, const struct message_item *i)
{
	g_autofree char *due = words_line(i->due_text, VIEW_NAME_MAX);
	g_autofree char *due_short = words_no_weekday(due);
	g_autofree char *was = words_line(i->was_text, VIEW_NAME_MAX);
	g_autofree char *was_short = words_no_weekday(was);
	g_autofree char *received = words_line(i->received_text, VIEW_NAME_MAX);
	g_autofree char *received_short = words_no_weekday(received);
	g_autofree char *brief = reason_brief(i->reason);

	view_set_line(o, "unit_id", i->unit_id, VIEW_NAME_MAX);
	view_set_line(o, "unit", i->unit, VIEW_NAME_MAX);
	view_set_line(o, "uid", i->uid, 200);
	view_set_line(o, "rid", i->rid, VIEW_NAME_MAX);
	view_set_line(o, "title", i->title, VIEW_TITLE_MAX);
	record_set_number(o, "number", i->number > 0 ? i->number : 0);
	record_set_text(o, "due", due);
	record_set_text(o, "due_short", due_short);
	record_set_text(o, "due_time", words_time(due));
	view_set_line(o, "due_iso", i->due_iso, VIEW_NAME_MAX);
	view_set_line(o, "on_time_by", i->on_time_text, VIEW_NAME_MAX);
	record_set_text(o, "was", was);
	record_set_text(o, "was_short", was_short);
	view_set_line(o, "role", i->role, VIEW_NAME_MAX);
	view_set_lines(o, "description_lines", i->description, VIEW_TEXT_MAX);
	tags_set(m, o, i->tags);
	view_set_line(o, "reason", i->reason, VIEW_TEXT_MAX);
	view_set_line(o, "reason_short", brief, VIEW_NAME_MAX);
	view_set_lines(o, "reason_lines", i->reason, VIEW_TEXT_MAX);
	record_set_text(o, "received_at", received_short);
	record_set_flag(o, "on_time", i->on_time);
	record_set_flag(o, "zero", i->zero);
	view_set_line(o, "token", i->token, VIEW_NAME_MAX);
}

struct record *view_item(struct values *v, const struct message *m, const struct message_item *item)
{
	struct record *o = values_record(v);

	item_set(m, o, item);
	return o;
}

/* @fields are those of @first. */
static GArray *rows(const struct message *m, const GPtrArray *items,
		    const struct message_item *first, const struct record *fields)
{
	struct values *v = record_values(fields);
	GArray *list = values_list(v);

	for (guint n = 0; n < MIN(items->len, VIEW_ROWS_MAX); n++) {
		const struct message_item *i = items->pdata[n];
		struct record *row = i == first ? record_copy(fields) : view_item(v, m, i);
		struct value value = {.kind = VALUE_RECORD, .record = row};

		record_set_number(row, "index", (gint64)n + 1);
		record_set_flag(row, "due_differs", strcmp(i->due_iso, first->due_iso) != 0);
		g_array_append_val(list, value);
	}
	return list;
}

static char *heading(const struct message *m, int ordinal)
{
	static const char *const digit[] = {"",   "一", "二", "三", "四",
					    "五", "六", "七", "八", "九"};

	if (ordinal == 0)
		return g_strdup("");
	if (!view_chinese(m) || ordinal > 99)
		return g_strdup_printf(view_chinese(m) ? "%d、" : "%d. ", ordinal);
	if (ordinal < 10)
		return g_strdup_printf("%s、", digit[ordinal]);
	return g_strdup_printf("%s十%s、", ordinal < 20 ? "" : digit[ordinal / 10],
			       digit[ordinal % 10]);
}

/*
 * 今日截止, -3h before a Saturday's deadline, is told on Friday: the window moved it, and the name
 * was given for another day. Then the kind of notice stands for it; the true day follows.
 */
static bool is_untimely(const struct message_item *i, const char *base, bool today)
{
	static const char *const words[] = {"今日", "今天", "当日", "当天"};

	for (size_t n = 0; n < G_N_ELEMENTS(words) && i->sort == SORT_REMIND && !today; n++)
		if (strstr(base, words[n]) != NULL)
			return true;
	return false;
}

/* @o has the fields of the first item, and nothing else yet. */
static void group_lists_set(const struct message *m, struct record *o, const struct view_group *g)
{
	const struct message_item *first = group_first(g);
	GArray *items = rows(m, g->items, first, o), *cleared = rows(m, g->cleared, first, o);
	guint n = g->items->len;

	record_set_list(o, "items", items);
	record_set_list(o, "cleared", cleared);
	record_set_flag(o, "all_cleared", n == 0);
	record_set_number(o, "units", n);
	record_set_flag(o, "more_units", n > 1);
	record_set_flag(o, "single", n == 1);
	record_set_number(o, "more", n > VIEW_ROWS_MAX ? n - VIEW_ROWS_MAX : 0);
	record_set_number(o, "shown", MIN(n, VIEW_ROWS_MAX));
	record_set_number(o, "expected", first->expected);
	record_set_number(o, "received", first->received);
	record_set_number(o, "missing", first->missing);
	record_set_flag(o, "counts", first->expected > 0);
}

struct record *view_group_record(struct values *v, const struct message *m,
				 const struct view_group *g, int ordinal)
{
	const struct message_item *i = group_first(g);
	g_autofree char *numeral = heading(m, ordinal);
	int times;
	g_autofree char *base = view_step_base(i->step, &times);
	bool own = view_item_own(m, i);
	bool letter = i->sort == SORT_ESCALATE && is_letter(base);
	bool today = strlen(m->now_iso) > 10 && strncmp(m->now_iso, i->due_iso, 11) == 0;
	struct record *o = values_record(v);

	item_set(m, o, i);
	group_lists_set(m, o, g);
	record_set_text(o, "template", template_of(i));
	record_set_text(o, "heading", numeral);
	record_set_flag(o, "first", ordinal <= 1);
	view_set_line(o, "step", view_step_generic(base) || is_untimely(i, base, today) ? "" : base,
		      VIEW_NAME_MAX);
	record_set_number(o, "repeat", times);
	record_set_flag(o, "own", own);
	record_set_flag(o, "list", group_is_list(m, g));
	record_set_flag(o, "letter", letter);
	record_set_flag(o, "task", own && strcmp(i->unit, m->office) == 0);
	record_set_flag(o, "today", today);
	view_set_line(o, "salute_unit", letter && own && ordinal <= 1 ? i->unit : "",
		      VIEW_NAME_MAX);
	return o;
}
