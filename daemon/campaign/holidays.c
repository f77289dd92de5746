/*
 * holidays.c - a table of holidays into a calendar that a person may have edited.
 *
 * Only events of the table's years are replaced; every other line is written as it was read.
 */
#include "daemon/campaign/holidays.h"

#include <errno.h>
#include <string.h>

#include "calendars/expand.h"
#include "calendars/lines.h"
#include "calendars/write.h"

#define UID_HOST "@holidays.duban.invalid"

struct merge {
	const struct holidays *h;
	const struct ics_lines *lines;
	struct calendar *calendar;
	struct holidays_merged *out;
	wall_t now;
	GPtrArray *events; /* struct event *: what the new file holds */
};

struct event {
	date_t day;  /* its first */
	guint order; /* among those of one day */
	char *text;
};

static void event_free(gpointer data)
{
	g_free(((struct event *)data)->text);
	g_free(data);
}

static void add_event(struct merge *m, date_t day, char *text)
{
	struct event *e = g_new0(struct event, 1);

	*e = (struct event){day, m->events->len, text};
	g_ptr_array_add(m->events, e);
}

static gint by_day(gconstpointer a, gconstpointer b)
{
	const struct event *x = *(struct event *const *)a, *y = *(struct event *const *)b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Does the table speak for this day? */
static bool is_ours(const struct holidays *h, date_t day)
{
	int y, m, d;

	date_split(day, &y, &m, &d);
	for (guint i = 0; i < h->years->len; i++)
		if (g_array_index(h->years, int, i) == (m == 12 ? y + 1 : y))
			return true;
	for (guint i = 0; i < h->days->len; i++)
		if (g_array_index(h->days, struct holiday, i).day == day)
			return true;
	return false;
}

/* ---- the table's own events ---------------------------------------------- */

static void add_run(struct merge *m, const struct holiday *first, date_t last)
{
	GString *s = g_string_new("BEGIN:VEVENT\r\n");
	g_autofree char *title =
		g_strdup_printf("%s%s", first->name, first->work ? "调休上班" : "放假");
	int y, mo, d;

	date_split(first->day, &y, &mo, &d);
	g_string_append_printf(s, "UID:%s-%04d%02d%02d" UID_HOST "\r\n",
			       first->work ? "work" : "off", y, mo, d);
	write_instant(s, "DTSTAMP", m->now);
	write_date(s, "DTSTART", first->day);
	write_date(s, "DTEND", last + 1);
	write_text(s, "SUMMARY", title);
	g_string_append_printf(s, "CATEGORIES:%s\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n",
			       first->work ? "班" : "休");
	add_event(m, first->day, g_string_free(s, FALSE));
}

/* Days in a row of one name and kind are one event. */
static void add_table(struct merge *m)
{
	const GArray *days = m->h->days;

	for (guint i = 0; i < days->len;) {
		const struct holiday *first = &g_array_index(days, struct holiday, i);
		date_t last = first->day;

		for (i++; i < days->len; i++) {
			const struct holiday *next = &g_array_index(days, struct holiday, i);

			if (next->day != last + 1 || next->work != first->work ||
			    strcmp(next->name, first->name) != 0)
				break;
			last++;
		}
		add_run(m, first, last);
		if (first->work)
			m->out->work += (unsigned)(last - first->day + 1);
		else
			m->out->off += (unsigned)(last - first->day + 1);
	}
}

/* ---- the old ones --------------------------------------------------------- */

static const struct calendar_component *component_at(const struct merge *m, int line)
{
	const GPtrArray *all = calendar_components(m->calendar);

	for (guint i = 0; i < all->len; i++) {
		const struct calendar_component *c = all->pdata[i];

		if (c->line == line)
			return c;
	}
	return NULL;
}

/* The block as it was, or with other days when @from <= @to; a piece needs a UID of its own. */
static char *block_text(const struct merge *m, const struct ics_block *b, date_t from, date_t to,
			const char *suffix)
{
	GString *s = g_string_new(NULL);
	bool cut = from <= to;

	for (uint32_t i = b->first; i < b->last; i++) {
		const char *line = ics_line(m->lines, i);

		if (cut && ics_line_is(line, "DTSTART")) {
			write_date(s, "DTSTART", from);
			write_date(s, "DTEND", to + 1);
		} else if (cut && suffix[0] != 0 && ics_line_is(line, "UID")) {
			g_autofree char *uid = g_strconcat(line, suffix, NULL);

			write_line(s, uid);
		} else if (!cut ||
			   (!ics_line_is(line, "DTEND") && !ics_line_is(line, "DURATION"))) {
			write_line(s, line);
		}
	}
	return g_string_free(s, FALSE);
}

static void note(struct merge *m, const char *fmt, const struct calendar_component *c)
{
	g_autofree char *text = g_strdup_printf("“%s”（第 %d 行）%s", c->summary, c->line, fmt);

	g_ptr_array_add(m->out->notes, g_steal_pointer(&text));
}

/* The days of [first, last] that the table does not speak for, in runs. */
static void keep_rest(struct merge *m, const struct ics_block *b, date_t first, date_t last)
{
	unsigned pieces = 0;

	for (date_t day = first; day <= last; day++) {
		g_autofree char *suffix = NULL;
		date_t end = day;

		if (is_ours(m->h, day))
			continue;
		while (end < last && !is_ours(m->h, end + 1))
			end++;
		suffix = pieces == 0 ? g_strdup("") : g_strdup_printf("-%u", pieces + 1);
		add_event(m, day, block_text(m, b, day, end, suffix));
		pieces++;
		day = end;
	}
	if (pieces > 0)
		m->out->cut++;
}

static void take_block(struct merge *m, const struct ics_block *b)
{
	const struct calendar_component *c = component_at(m, b->line);
	date_t first, last;
	bool all = true, none = true;

	if (c == NULL) { /* unreadable: not ours to throw away */
		add_event(m, DATE_NEVER, block_text(m, b, 1, 0, ""));
		m->out->kept++;
		return;
	}
	first = local_date(zone_local(zone_utc(), c->start));
	last = c->end > c->start ? local_date(zone_local(zone_utc(), c->end - 1)) : first;
	last = MIN(last, first + 3660);
	for (date_t day = first; day <= last; day++) {
		if (is_ours(m->h, day))
			none = false;
		else
			all = false;
	}
	if (c->recurs || none) {
		if (c->recurs)
			note(m, "是重复事件，原样保留，请核对", c);
		add_event(m, first, block_text(m, b, 1, 0, ""));
		m->out->kept++;
	} else {
		m->out->dropped++;
		if (!all)
			keep_rest(m, b, first, last);
	}
}

/* ---- the whole ------------------------------------------------------------ */

static char *without_stamps(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	GString *s = g_string_new(NULL);

	for (char **l = lines; *l != NULL; l++)
		if (!g_str_has_prefix(*l, "DTSTAMP:"))
			g_string_append_printf(s, "%s\n", *l);
	return g_string_free(s, FALSE);
}

static void append_events(const struct merge *m, GString *s)
{
	for (guint i = 0; i < m->events->len; i++)
		g_string_append(s, ((struct event *)m->events->pdata[i])->text);
}

/* What stands around the events: properties and zones of the old file, before and behind. */
static char *compose(struct merge *m)
{
	GString *s = g_string_new(NULL);
	uint32_t i = 0, n = m->lines == NULL ? 0 : m->lines->lines->len, next = 0;
	bool done = false;

	g_ptr_array_sort(m->events, by_day);
	if (m->lines == NULL) {
		write_calendar_begin(s, "节假日和调休");
		append_events(m, s);
		write_calendar_end(s);
		return g_string_free(s, FALSE);
	}
	while (i < n) {
		const GArray *blocks = m->lines->blocks;
		const struct ics_block *b =
			next < blocks->len ? &g_array_index(blocks, struct ics_block, next) : NULL;
		bool closing =
			ics_line_is(ics_line(m->lines, i), "END") &&
			g_ascii_strcasecmp(ics_line_value(ics_line(m->lines, i)), "VCALENDAR") == 0;

		if (!done && ((b != NULL && b->first == i) || closing)) {
			append_events(m, s);
			done = true;
		}
		if (b != NULL && b->first == i) {
			i = b->last;
			next++;
		} else {
			write_line(s, ics_line(m->lines, i++));
		}
	}
	return g_string_free(s, FALSE);
}

static char *as_written(const struct ics_lines *l)
{
	GString *s = g_string_new(NULL);

	for (uint32_t i = 0; i < l->lines->len; i++)
		write_line(s, ics_line(l, i));
	return g_string_free(s, FALSE);
}

static int read_old(struct merge *m, const char *file, const char *old, size_t size,
		    struct ics_lines **lines, struct findings *findings)
{
	int rc;

	m->calendar = calendar_new(zone_utc());
	rc = calendar_read(m->calendar, file, old, size, &calendar_limits_campaign, findings);
	if (rc == 0)
		rc = ics_lines_read(file, old, size, lines, findings);
	m->lines = *lines;
	return rc < 0 ? -EINVAL : 0;
}

int holidays_merge(const struct holidays *h, const char *old_file, const char *old, size_t old_size,
		   wall_t now, struct holidays_merged *out, struct findings *findings)
{
	struct merge m = {.h = h, .out = out, .now = now};
	struct ics_lines *lines = NULL;
	int rc = 0;

	*out = (struct holidays_merged){.notes = g_ptr_array_new_with_free_func(g_free)};
	m.events = g_ptr_array_new_with_free_func(event_free);
	if (old != NULL)
		rc = read_old(&m, old_file, old, old_size, &lines, findings);
	if (rc == 0) {
		for (guint i = 0; lines != NULL && i < lines->blocks->len; i++)
			take_block(&m, &g_array_index(lines->blocks, struct ics_block, i));
		add_table(&m);
		out->text = compose(&m);
		if (lines != NULL) {
			g_autofree char *was = as_written(lines);
			g_autofree char *a = without_stamps(was), *b = without_stamps(out->text);

			out->changed = strcmp(a, b) != 0;
		} else {
			out->changed = true;
		}
	}
	g_ptr_array_unref(m.events);
	calendar_free(&m.calendar);
	ics_lines_free(&lines);
	return rc;
}
