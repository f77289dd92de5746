/*
 * deadline_ics.c - see deadline_ics.h. DTSTAMP is the tick; no clock is asked.
 */
#include "notifiers/deadline_ics.h"

#include <string.h>

#include "notifiers/view.h"
#include "notifiers/words_clean.h"

#define FOLD_AT 75
#define DUE_MAX ((wall_t)253402300799 * SECOND) /* the year 9999: what a calendar can say */

/* One content line, folded at character boundaries. */
static void line_add(GString *out, const char *line)
{
	size_t column = 0;

	for (const char *p = line; *p != '\0';) {
		const char *next = g_utf8_next_char(p);
		size_t n = (size_t)(next - p);

		if (column + n > FOLD_AT) {
			g_string_append(out, "\r\n ");
			column = 1;
		}
		g_string_append_len(out, p, (gssize)n);
		column += n;
		p = next;
	}
	g_string_append(out, "\r\n");
}

static void text_add(GString *out, const char *name, const char *text)
{
	g_autoptr(GString) line = g_string_new(name);

	g_string_append_c(line, ':');
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\\' || *p == ';' || *p == ',')
			g_string_append_c(line, '\\');
		if (*p == '\n')
			g_string_append(line, "\\n");
		else
			g_string_append_c(line, *p);
	}
	line_add(out, line->str);
}

static void time_add(GString *out, const char *name, wall_t at)
{
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(at / SECOND);

	must(t != NULL);
	g_string_append_printf(out, "%s:%04d%02d%02dT%02d%02d%02dZ\r\n", name,
			       g_date_time_get_year(t), g_date_time_get_month(t),
			       g_date_time_get_day_of_month(t), g_date_time_get_hour(t),
			       g_date_time_get_minute(t), g_date_time_get_second(t));
}

/* Is this a deadline ahead of the recipient's own unit? */
static bool wanted(const struct message *m, const struct message_item *i)
{
	bool told = i->sort == SORT_REMIND;

	if (i->sort == SORT_DECISION)
		told = strcmp(i->step, "extend") == 0 || strcmp(i->step, "return") == 0 ||
		       strcmp(i->step, "undo") == 0;
	return told && view_item_own(m, i) && i->due > m->tick && i->due < DUE_MAX &&
	       i->uid[0] != '\0';
}

static void event_add(GString *out, const struct message *m, const struct message_item *i,
		      const char *host)
{
	g_autofree char *id = g_strjoin("\x1f", m->campaign_key, i->uid, i->rid, i->unit_id, NULL);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1);
	g_autofree char *uid = g_strdup_printf("%.32s@%s", sum, host);
	g_autofree char *title = words_line(i->title, VIEW_TITLE_MAX);
	g_autofree char *unit = words_line(i->unit, VIEW_NAME_MAX);
	g_autofree char *about = words_text(i->description, VIEW_TEXT_MAX);
	g_autofree char *period =
		i->number > 0 ? g_strdup_printf("第%d期", i->number) : g_strdup("");
	g_autofree char *chinese = g_strdup_printf("截止：%s%s（%s）", period, title, unit);
	g_autofree char *number =
		i->number > 0 ? g_strdup_printf(" No. %d", i->number) : g_strdup("");
	g_autofree char *english = g_strdup_printf("Due: %s%s (%s)", title, number, unit);
	bool zh = g_str_has_prefix(m->locale, "zh") || m->locale[0] == '\0';

	g_string_append(out, "BEGIN:VEVENT\r\n");
	text_add(out, "UID", uid);
	time_add(out, "DTSTAMP", m->tick);
	time_add(out, "DTSTART", i->due);
	/* Minutes since 1970: grows with every message and fits 32 bits. */
	g_string_append_printf(out, "SEQUENCE:%d\r\n", (int)(m->tick / MINUTE));
	text_add(out, "SUMMARY", zh ? chinese : english);
	if (about[0] != '\0')
		text_add(out, "DESCRIPTION", about);
	g_string_append(out, "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
}

char *deadline_ics(const struct message *m, const char *host)
{
	GString *out = NULL;

	for (guint n = 0; n < MIN(m->items->len, VIEW_ROWS_MAX); n++) {
		const struct message_item *i = m->items->pdata[n];

		if (!wanted(m, i))
			continue;
		if (out == NULL)
			out = g_string_new("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
					   "PRODID:-//duban//deadlines//ZH\r\n"
					   "METHOD:PUBLISH\r\n");
		event_add(out, m, i, host);
	}
	if (out == NULL)
		return NULL;
	g_string_append(out, "END:VCALENDAR\r\n");
	return g_string_free(out, FALSE);
}
