/*
 * deadline_ics.c - see deadline_ics.h. DTSTAMP is the tick; no clock is asked.
 */
#include "notifiers/deadline_ics.h"

#include <string.h>

#include "notifiers/view.h"
#include "notifiers/words_clean.h"

#define FOLD_AT 75
#define SEQUENCE_SINCE (INT64_C(1546300800) * SECOND) /* 2019-01-01 */
#define DUE_MAX ((wall_t)253402300799 * SECOND)       /* the year 9999: what a calendar can say */

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

static bool is_decision(const struct message_item *i, const char *step)
{
	return i->sort == SORT_DECISION && strcmp(i->step, step) == 0;
}

/* Is this a deadline ahead of the recipient's own unit? */
static bool wanted(const struct message *m, const struct message_item *i)
{
	bool told = i->sort == SORT_REMIND || is_decision(i, "extend") ||
		    is_decision(i, "return") || is_decision(i, "undo");

	if (i->sort == SORT_CORRECTION)
		told = strcmp(i->step, CORRECTION_MOVED) == 0 ||
		       strcmp(i->step, CORRECTION_BACK) == 0;
	return told && view_item_own(m, i) && i->due > m->tick && i->due < DUE_MAX &&
	       i->uid[0] != '\0';
}

/* Is this one that was mailed before and need not be met any more? */
static bool called_off(const struct message *m, const struct message_item *i)
{
	return is_decision(i, "exempt") && i->invited && view_item_own(m, i) && i->due > m->tick &&
	       i->due < DUE_MAX && i->uid[0] != '\0';
}

/* NAME;CN="WORDS"PARAMS:mailto:ADDRESS */
static void party_add(GString *out, const char *name, const char *words, const char *params,
		      const char *address)
{
	g_autofree char *cn = words_line(words, VIEW_NAME_MAX);
	g_autofree char *line = NULL;

	g_strdelimit(cn, "\"", '\''); /* a parameter cannot say it */
	line = cn[0] == '\0'
		       ? g_strdup_printf("%s%s:mailto:%s", name, params, address)
		       : g_strdup_printf("%s;CN=\"%s\"%s:mailto:%s", name, cn, params, address);
	line_add(out, line);
}

/* Seconds since 2019: it grows with every message, and fits 31 bits until 2087. */
static int sequence_of(const struct message *m)
{
	return (int)CLAMP((m->tick - SEQUENCE_SINCE) / SECOND, 0, G_MAXINT32);
}

static void event_add(GString *out, const struct message *m, const struct message_item *i,
		      const struct notifier_settings *s, const char *method)
{
	g_autofree char *id = g_strjoin("\x1f", m->campaign_key, i->uid, i->rid, i->unit_id, NULL);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1);
	g_autofree char *uid = g_strdup_printf("%.32s@%s", sum, s->host);
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
	g_string_append_printf(out, "SEQUENCE:%d\r\n", sequence_of(m));
	party_add(out, "ORGANIZER", s->from_name != NULL ? s->from_name : m->office, "", s->from);
	if (strcmp(method, "PUBLISH") != 0)
		party_add(out, "ATTENDEE", m->person,
			  ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
			  "RSVP=FALSE",
			  m->address);
	text_add(out, "SUMMARY", zh ? chinese : english);
	if (about[0] != '\0')
		text_add(out, "DESCRIPTION", about);
	g_string_append_printf(out, "STATUS:%s\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n",
			       strcmp(method, "CANCEL") == 0 ? "CANCELLED" : "CONFIRMED");
}

/* What the message does to the recipient's calendar, and to how many entries. */
static const char *method_of(const struct message *m, const struct notifier_settings *s)
{
	unsigned ahead = 0, off = 0;

	for (guint n = 0; n < m->items->len; n++) {
		ahead += wanted(m, m->items->pdata[n]);
		off += called_off(m, m->items->pdata[n]);
	}
	if (!m->invitations || s->redirect != NULL || ahead + off != 1)
		return "PUBLISH";
	return off > 0 ? "CANCEL" : "REQUEST";
}

char *deadline_ics(const struct message *m, const struct notifier_settings *s,
		   const char **method_out)
{
	const char *method = method_of(m, s);
	bool cancel = strcmp(method, "CANCEL") == 0;
	GString *out = NULL;

	for (guint n = 0; n < MIN(m->items->len, VIEW_ROWS_MAX); n++) {
		const struct message_item *i = m->items->pdata[n];

		if (cancel ? !called_off(m, i) : !wanted(m, i))
			continue;
		if (out == NULL) {
			out = g_string_new("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
					   "PRODID:-//duban//deadlines//ZH\r\n");
			g_string_append_printf(out, "METHOD:%s\r\n", method);
		}
		event_add(out, m, i, s, method);
	}
	*method_out = method;
	if (out == NULL)
		return NULL;
	g_string_append(out, "END:VCALENDAR\r\n");
	return g_string_free(out, FALSE);
}
