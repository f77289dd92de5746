/*
 * month_entries.c - what happens on the days of a month.
 */
#include <string.h>

#include "calendars/days.h"
#include "calendars/zone.h"
#include "daemon/campaign/month.h"

#define DAY_MINUTES 1440

struct month_work {
	const struct campaign *c;
	date_t first, last;
	GPtrArray *list;
};

static void entry_free(gpointer data)
{
	struct month_entry *e = data;

	g_free(e->brief);
	g_free(e->text);
	g_free(e);
}

/* Takes the texts. */
static void add(struct month_work *w, date_t day, int minute, enum category category, char *brief,
		char *text)
{
	struct month_entry *e;

	if (day < w->first || day > w->last) {
		g_free(brief);
		g_free(text);
		return;
	}
	e = g_new0(struct month_entry, 1);
	*e = (struct month_entry){day - w->first + 1, (int16_t)minute, (uint8_t)category, brief,
				  text};
	g_ptr_array_add(w->list, e);
}

static char *clock_text(int minute)
{
	return g_strdup_printf("%02d:%02d", minute / 60, minute % 60);
}

/* The local minute; the last second of a day is its end. */
static int minute_of(local_t t)
{
	return local_second(t) == DAY_SECONDS - 1 ? DAY_MINUTES : local_second(t) / 60;
}

static void add_occurrence(struct month_work *w, const struct occurrence *o)
{
	const struct obligation *ob = &w->c->obligations[o->obligation];
	local_t due = zone_local(w->c->zone, o->due), written = zone_local(w->c->zone, o->written);
	const char *title = campaign_text(w->c, o->summary);
	int minute = minute_of(due), y, m, d;
	g_autofree char *clock = clock_text(minute);
	g_autofree char *number = ob->recurs ? g_strdup_printf("第%u期", o->number) : g_strdup("");
	g_autofree char *moved = NULL;

	date_split(local_date(written), &y, &m, &d);
	moved = o->due == o->written ? g_strdup("") : g_strdup_printf("，原为%d月%d日", m, d);
	if (ob->category == CATEGORY_MILESTONE) {
		add(w, local_date(due), ob->all_day ? -1 : minute, CATEGORY_MILESTONE,
		    g_strdup_printf("节 %s", title),
		    g_strdup_printf("节点　%s%s%s", ob->all_day ? "" : clock,
				    ob->all_day ? "" : " ", title));
		return;
	}
	add(w, local_date(due), minute, CATEGORY_REPORT, g_strdup_printf("报 %s %s", clock, title),
	    g_strdup_printf("截止　%s %s%s（%s，%u个单位%s）", clock, number, title,
			    campaign_text(w->c, w->c->policies[ob->policy].name), ob->owings,
			    moved));
}

static void add_period(struct month_work *w, const struct period *p)
{
	local_t from = zone_local(w->c->zone, p->from), to = zone_local(w->c->zone, p->to);
	const char *title = campaign_text(w->c, p->summary);
	int minute = local_second(from) / 60;
	g_autofree char *clock = clock_text(minute);
	date_t last = to > from ? local_date(to - 1) : local_date(from);

	if (p->category == CATEGORY_BULLETIN)
		add(w, local_date(from), minute, CATEGORY_BULLETIN,
		    g_strdup_printf("通 %s %s", clock, title),
		    g_strdup_printf("通报　%s %s", clock, title));
	for (date_t day = MAX(local_date(from), w->first);
	     p->category == CATEGORY_WATCH && day <= MIN(last, w->last); day++)
		add(w, day, -1, CATEGORY_WATCH, g_strdup_printf("守 %s", title),
		    g_strdup_printf("值守　%s", title));
}

/* ---- duty: those who begin together are one entry -------------------------- */

static void add_people(GString *s, const struct campaign *c, const struct shift *of,
		       const char *role, bool leader)
{
	const struct roster *r = &c->rosters[of->roster];
	unsigned n = 0;

	for (uint32_t i = 0; i < r->shifts; i++) {
		const struct shift *x = &c->shifts[r->shift + i];

		if (x->from == of->from && x->to == of->to && x->leader == leader)
			g_string_append_printf(s, "%s%s", n++ > 0 ? "、" : role,
					       campaign_text(c, x->person));
	}
}

static bool is_first_of_group(const struct campaign *c, uint32_t index)
{
	const struct shift *s = &c->shifts[index];

	for (uint32_t i = c->rosters[s->roster].shift; i < index; i++)
		if (c->shifts[i].from == s->from && c->shifts[i].to == s->to)
			return false;
	return true;
}

static void add_shifts(struct month_work *w, uint32_t index)
{
	const struct shift *s = &w->c->shifts[index];
	local_t from = zone_local(w->c->zone, s->from), to = zone_local(w->c->zone, s->to);
	int minute = local_second(from) / 60, nights = local_date(to) - local_date(from);
	g_autofree char *a = clock_text(minute), *b = clock_text(local_second(to) / 60);
	g_autoptr(GString) people = g_string_new(NULL);
	g_autoptr(GString) brief = g_string_new("岗 ");

	add_people(people, w->c, s, "　带班 ", true);
	add_people(people, w->c, s, "　值班 ", false);
	add_people(brief, w->c, s, "", true);
	if (brief->len == strlen("岗 "))
		add_people(brief, w->c, s, "", false);
	add(w, local_date(from), minute, CATEGORY_DUTY, g_strdup(brief->str),
	    g_strdup_printf("值班　%s–%s%s（%s）%s", a,
			    nights == 0   ? ""
			    : nights == 1 ? "次日"
					  : "数日后",
			    b, campaign_text(w->c, w->c->rosters[s->roster].name), people->str));
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct month_entry *x = *(struct month_entry *const *)a,
				 *y = *(struct month_entry *const *)b;

	if (x->day != y->day)
		return x->day - y->day;
	if (x->minute != y->minute)
		return x->minute - y->minute;
	if (x->category != y->category)
		return x->category - y->category;
	return strcmp(x->text, y->text);
}

GPtrArray *month_entries(const struct campaign *c, int year, int month)
{
	struct month_work w = {c, date_from(year, month, 1), 0,
			       g_ptr_array_new_with_free_func(entry_free)};

	w.last = w.first + month_length(year, month) - 1;
	for (uint32_t i = 0; i < c->n_occurrences; i++)
		add_occurrence(&w, &c->occurrences[i]);
	for (uint32_t i = 0; i < c->n_periods; i++)
		add_period(&w, &c->periods[i]);
	for (uint32_t i = 0; i < c->n_shifts; i++) {
		date_t day = local_date(zone_local(c->zone, c->shifts[i].from));

		if (day >= w.first && day <= w.last && is_first_of_group(c, i))
			add_shifts(&w, i);
	}
	g_ptr_array_sort(w.list, by_time);
	return w.list;
}
