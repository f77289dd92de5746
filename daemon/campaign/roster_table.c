/*
 * roster_table.c - rows of shifts to calendars and tables, and back from calendars.
 */
#include "daemon/campaign/roster_table.h"

#include <errno.h>
#include <string.h>

#include "calendars/write.h"
#include "daemon/campaign/duty.h"
#include "daemon/campaign/whole.h"

#define PIECES_MAX 400 /* days of one shift; longer ones are mistakes */

static void clear_row(gpointer data)
{
	struct roster_row *r = data;

	g_free(r->person);
	g_free(r->email);
}

GArray *roster_rows_new(void)
{
	GArray *rows = g_array_new(FALSE, TRUE, sizeof(struct roster_row));

	g_array_set_clear_func(rows, clear_row);
	return rows;
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct roster_row *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->leader != y->leader)
		return x->leader ? -1 : 1;
	return strcmp(x->person, y->person);
}

void roster_rows_sort(GArray *rows)
{
	g_array_sort(rows, by_time);
}

static char *date_text(local_t t)
{
	int y, m, d;

	date_split(local_date(t), &y, &m, &d);
	return g_strdup_printf("%04d-%02d-%02d", y, m, d);
}

static char *clock_text(local_t t)
{
	return g_strdup_printf("%02d:%02d", local_second(t) / 3600, local_second(t) / 60 % 60);
}

char *roster_row_text(const struct roster_row *r)
{
	static const char *const weekdays[] = {"一", "二", "三", "四", "五", "六", "日"};
	g_autofree char *date = date_text(r->from), *from = clock_text(r->from),
			*to = clock_text(r->to);

	return g_strdup_printf(
		"%s 周%s %s–%s%s %s %s%s%s", date, weekdays[date_weekday(local_date(r->from))],
		from, local_date(r->to) > local_date(r->from) ? "次日" : "", to,
		r->leader ? "带班" : "值班", r->person, r->email[0] != 0 ? " " : "", r->email);
}

/* ---- to a calendar ---------------------------------------------------------- */

/* The same shift of the same person keeps its UID however often it is imported. */
static char *uid_of(const struct roster_row *r, const char *name)
{
	g_autofree char *key = g_strdup_printf(
		"%s\x1f%" G_GINT64_FORMAT "\x1f%" G_GINT64_FORMAT "\x1f%d\x1f%s\x1f%s", name,
		r->from, r->to, r->leader, r->person, r->email);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);

	return g_strdup_printf("duty-%.24s@roster.duban.invalid", sum);
}

static void add_event(GString *s, const struct roster_row *r, const char *name,
		      const struct zone *zone, wall_t now)
{
	g_autofree char *uid = uid_of(r, name);
	g_autofree char *summary = g_strdup_printf("%s %s", r->leader ? "带班" : "值班", r->person);

	g_string_append(s, "BEGIN:VEVENT\r\n");
	write_text(s, "UID", uid);
	write_instant(s, "DTSTAMP", now);
	write_local(s, "DTSTART", zone, r->from);
	write_local(s, "DTEND", zone, r->to);
	write_text(s, "SUMMARY", summary);
	if (r->email[0] != 0) {
		g_autofree char *cn = write_quoted(r->person);
		g_autofree char *line =
			g_strdup_printf("ATTENDEE;CN=%s;CUTYPE=INDIVIDUAL:mailto:%s", cn, r->email);

		write_line(s, line);
	}
	g_string_append(s, "CATEGORIES:班次\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\n");
}

char *roster_rows_ics(const GArray *rows, const char *name, const struct zone *zone, wall_t now)
{
	GString *s = g_string_new(NULL);
	local_t first = INT64_MAX, last = 0;

	for (guint i = 0; i < rows->len; i++) {
		const struct roster_row *r = &g_array_index(rows, struct roster_row, i);

		first = MIN(first, r->from);
		last = MAX(last, r->to);
	}
	write_calendar_begin(s, name);
	if (rows->len > 0)
		write_zone(s, zone, zone_instant(zone, first, NULL),
			   zone_instant(zone, last, NULL) + DAY);
	for (guint i = 0; i < rows->len; i++)
		add_event(s, &g_array_index(rows, struct roster_row, i), name, zone, now);
	write_calendar_end(s);
	return g_string_free(s, FALSE);
}

/* ---- from a calendar -------------------------------------------------------- */

static void add_rows(GArray *rows, const struct instance *x, const struct zone *zone)
{
	const struct calendar_component *c = x->component;
	struct roster_row r = {.line = c->line};
	const char *person;
	bool leader = false, own = x->kind == START_DATE || x->kind == START_FLOATING;
	local_t from = own ? x->local_start : zone_local(zone, x->start),
		to = own ? x->local_end : zone_local(zone, x->end);
	int pieces = 0;

	if (!shift_summary_parse(c->summary, &leader, &person))
		person = c->summary;
	r.leader = leader;
	for (local_t t = from; t < to && pieces < PIECES_MAX; pieces++) {
		r.from = t;
		r.to = MIN(t + DAY_SECONDS, to);
		r.person = g_strdup(person);
		r.email = g_strdup(c->attendees->len > 0 && strchr(c->attendees->pdata[0], '@')
					   ? c->attendees->pdata[0]
					   : "");
		g_array_append_val(rows, r);
		t = r.to;
	}
}

int roster_rows_of_calendar(const char *file, const char *bytes, size_t size,
			    const struct zone *zone, wall_t horizon, GArray **out,
			    struct findings *findings)
{
	struct calendar *calendar = calendar_new(zone);
	GArray *rows = roster_rows_new();
	int rc = calendar_read(calendar, file, bytes, size, &calendar_limits_campaign, findings);

	if (rc == 0) {
		GPtrArray *all = whole_expand(calendar, horizon, findings);

		for (guint i = 0; i < all->len; i++) {
			const struct instance *x = all->pdata[i];

			if (!x->cancelled && rows->len < ROSTER_ROWS_MAX)
				add_rows(rows, x, zone);
		}
		g_ptr_array_unref(all);
	}
	calendar_free(&calendar);
	if (rc < 0) {
		g_array_unref(rows);
		return -EINVAL;
	}
	roster_rows_sort(rows);
	*out = rows;
	return 0;
}

/* ---- to a table -------------------------------------------------------------- */

/* What a spreadsheet would compute instead of showing it. */
static bool is_formula(const char *text)
{
	return text[0] != 0 && strchr("=+-@\t\r", text[0]) != NULL;
}

static void add_field(GString *s, const char *text)
{
	bool formula = is_formula(text);

	if (strpbrk(text, ",\"\r\n") == NULL && !formula) {
		g_string_append(s, text);
		return;
	}
	g_string_append(s, formula ? "\"'" : "\"");
	for (; *text != 0; text++) {
		if (*text == '"')
			g_string_append_c(s, '"');
		g_string_append_c(s, *text);
	}
	g_string_append_c(s, '"');
}

static void free_cells(gpointer cells)
{
	g_strfreev(cells);
}

GPtrArray *roster_rows_table(const GArray *rows)
{
	static const char *const header[] = {"日期", "起", "止", "岗位", "姓名", "邮箱", NULL};
	GPtrArray *table = g_ptr_array_new_with_free_func(free_cells);

	g_ptr_array_add(table, g_strdupv((char **)header));
	for (guint i = 0; i < rows->len; i++) {
		const struct roster_row *r = &g_array_index(rows, struct roster_row, i);
		char **cells = g_new0(char *, G_N_ELEMENTS(header));
		g_autofree char *to = clock_text(r->to);

		cells[0] = date_text(r->from);
		cells[1] = clock_text(r->from);
		cells[2] = g_strdup(strcmp(to, "00:00") == 0 ? "24:00" : to);
		cells[3] = g_strdup(r->leader ? "带班" : "值班");
		cells[4] = g_strdup(r->person);
		cells[5] = g_strdup(r->email);
		g_ptr_array_add(table, cells);
	}
	return table;
}

char *roster_rows_csv(const GArray *rows)
{
	g_autoptr(GPtrArray) table = roster_rows_table(rows);
	GString *s = g_string_new("\xef\xbb\xbf");

	for (guint i = 0; i < table->len; i++) {
		char *const *cells = table->pdata[i];

		for (guint c = 0; cells[c] != NULL; c++) {
			if (c > 0)
				g_string_append_c(s, ',');
			add_field(s, cells[c]);
		}
		g_string_append(s, "\r\n");
	}
	return g_string_free(s, FALSE);
}
