/*
 * month.c - the sheet: seven columns from Monday on, as many rows as a week needs.
 */
#include "daemon/campaign/month.h"

#include <string.h>

#include "calendars/days.h"
#include "calendars/zone.h"
#include "daemon/core/wide.h"

#define CELL_ENTRIES_MAX 6

enum ink { INK_PLAIN, INK_OFF, INK_WORK, INK_DUE, INK_DIM, INK_HEAD };

static const char *const inks[] = {"", "\033[31m", "\033[33m", "\033[1m", "\033[2m", "\033[36m"};
static const char *const weekdays[] = {"一", "二", "三", "四", "五", "六", "日"};

struct sheet {
	const struct campaign *c;
	int year, month, length;
	date_t first;
	unsigned cell; /* columns inside of a cell */
	bool colour;
	GPtrArray *entries;
	GString *out;
};

static void ink(struct sheet *s, enum ink i)
{
	if (s->colour && i != INK_PLAIN)
		g_string_append(s->out, inks[i]);
}

static void dry(struct sheet *s, enum ink i)
{
	if (s->colour && i != INK_PLAIN)
		g_string_append(s->out, "\033[0m");
}

static void cell(struct sheet *s, const char *text, enum ink i)
{
	ink(s, i);
	wide_append(s->out, text, s->cell);
	dry(s, i);
}

static void rule(struct sheet *s)
{
	for (int i = 0; i < 7; i++) {
		g_string_append_c(s->out, '+');
		for (unsigned n = 0; n < s->cell; n++)
			g_string_append_c(s->out, '-');
	}
	g_string_append(s->out, "+\n");
}

/* 休, 班, or nothing. */
static const char *day_mark(const struct sheet *s, date_t day, enum ink *i)
{
	*i = INK_HEAD;
	if (days_is_made_up(s->c->days, day)) {
		*i = INK_WORK;
		return "班";
	}
	if (days_is_off(s->c->days, day)) {
		*i = INK_OFF;
		return "休";
	}
	if (!days_is_working(s->c->days, day))
		*i = INK_OFF;
	return "";
}

static unsigned entries_of(const struct sheet *s, int day, guint *first)
{
	unsigned n = 0;

	for (guint i = 0; i < s->entries->len; i++) {
		const struct month_entry *e = s->entries->pdata[i];

		if (e->day == day && n++ == 0)
			*first = i;
	}
	return n;
}

static void entry_cell(struct sheet *s, int day, unsigned row)
{
	guint first = 0;
	unsigned n = entries_of(s, day, &first);
	const struct month_entry *e;

	if (row >= n) {
		cell(s, "", INK_PLAIN);
	} else if (row == CELL_ENTRIES_MAX - 1 && n > CELL_ENTRIES_MAX) {
		g_autofree char *more = g_strdup_printf("还有%u项", n - row);

		cell(s, more, INK_DIM);
	} else {
		e = s->entries->pdata[first + row];
		cell(s, e->brief,
		     e->category == CATEGORY_REPORT ? INK_DUE
		     : e->category == CATEGORY_DUTY ? INK_DIM
						    : INK_PLAIN);
	}
}

static void week(struct sheet *s, date_t monday)
{
	unsigned rows = 1;
	guint unused;

	for (int i = 0; i < 7; i++) {
		int day = monday + i - s->first + 1;
		enum ink colour = INK_PLAIN;
		g_autofree char *head = NULL;

		g_string_append_c(s->out, '|');
		if (day >= 1 && day <= s->length) {
			const char *mark = day_mark(s, monday + i, &colour);

			head = g_strdup_printf("%2d%s%s", day, mark[0] != 0 ? " " : "", mark);
			rows = MAX(rows, entries_of(s, day, &unused));
		}
		cell(s, head == NULL ? "" : head, colour);
	}
	g_string_append(s->out, "|\n");
	for (unsigned row = 0; row < MIN(rows, CELL_ENTRIES_MAX); row++) {
		for (int i = 0; i < 7; i++) {
			g_string_append_c(s->out, '|');
			entry_cell(s, monday + i - s->first + 1, row);
		}
		g_string_append(s->out, "|\n");
	}
	rule(s);
}

static void title(struct sheet *s)
{
	const struct campaign *c = s->c;
	wall_t from = zone_instant(c->zone, local_at(s->first, 0), NULL),
	       to = zone_instant(c->zone, local_at(s->first + s->length, 0), NULL);

	g_string_append_printf(s->out, "%s　%d年%d月\n", campaign_text(c, c->name), s->year,
			       s->month);
	for (uint32_t i = 0; i < c->n_periods; i++) {
		const struct period *p = &c->periods[i];
		int y, m, d, y2, m2, d2;

		if (p->category != CATEGORY_PHASE || p->to <= from || p->from >= to)
			continue;
		date_split(local_date(zone_local(c->zone, p->from)), &y, &m, &d);
		date_split(local_date(zone_local(c->zone, p->to - 1)), &y2, &m2, &d2);
		g_string_append_printf(s->out, "%s：%d月%d日至%d月%d日\n",
				       campaign_text(c, p->summary), m, d, m2, d2);
	}
	if (!days_year_known(c->days, s->year))
		g_string_append_printf(
			s->out, "注意：没有 %d 年的放假安排，休、班未知，只按周末推算\n", s->year);
}

static void list(struct sheet *s)
{
	int last = 0;

	g_string_append(s->out, "休 放假　班 调休上班　报 报送截止　节 节点　通 通报　守 值守　岗 "
				"值班（带班）\n");
	for (guint i = 0; i < s->entries->len; i++) {
		const struct month_entry *e = s->entries->pdata[i];
		g_autofree char *day = g_strdup_printf(
			"%2d日 周%s", e->day, weekdays[date_weekday(s->first + e->day - 1)]);

		g_string_append(s->out, i == 0 ? "\n" : "");
		wide_append(s->out, e->day == last ? "" : day, 10);
		g_string_append_printf(s->out, "%s\n", e->text);
		last = e->day;
	}
}

char *month_draw(const struct campaign *c, int year, int month, const struct month_style *style)
{
	struct sheet s = {.c = c,
			  .year = year,
			  .month = month,
			  .length = month_length(year, month),
			  .first = date_from(year, month, 1),
			  .cell = (CLAMP(style->width, MONTH_WIDTH_MIN, MONTH_WIDTH_MAX) - 8) / 7,
			  .colour = style->colour,
			  .entries = month_entries(c, year, month),
			  .out = g_string_new(NULL)};

	title(&s);
	rule(&s);
	for (int i = 0; i < 7; i++) {
		g_autofree char *name = g_strdup_printf("周%s", weekdays[i]);

		g_string_append_c(s.out, '|');
		cell(&s, name, INK_HEAD);
	}
	g_string_append(s.out, "|\n");
	rule(&s);
	for (date_t monday = s.first - date_weekday(s.first); monday < s.first + s.length;
	     monday += 7)
		week(&s, monday);
	list(&s);
	g_ptr_array_unref(s.entries);
	return g_string_free(s.out, FALSE);
}
