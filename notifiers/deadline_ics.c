/*
 * deadline_ics.c - see deadline_ics.h. DTSTAMP is the tick; no clock is asked.
 */
#include "notifiers/deadline_ics.h"

#include <string.h>

#include "notifiers/utc.h"
#include "notifiers/view.h"
#include "notifiers/words_clean.h"

#define FOLD_AT 75
#define LINE_USUAL 256
#define CALENDAR_USUAL 1024
#define UID_DIGITS 32
#define SEQUENCE_SINCE (INT64_C(1546300800) * SECOND) /* 2019-01-01 */
#define DUE_MAX ((wall_t)253402300799 * SECOND)       /* the year 9999: what a calendar can say */

/* One content line, folded at character boundaries. */
static void line_add(GString *out, const char *line)
{
	const char *p = line, *end = line + strlen(line);
	ptrdiff_t room = FOLD_AT;

	while (end - p > room) {
		const char *cut = p + room;

		while (((unsigned char)*cut & 0xc0) == 0x80) /* within a character */
			cut--;
		g_string_append_len(out, p, cut - p);
		g_string_append(out, "\r\n ");
		p = cut;
		room = FOLD_AT - 1; /* the space counts */
	}
	g_string_append_len(out, p, end - p);
	g_string_append(out, "\r\n");
}

static void text_add(GString *out, const char *name, const char *text)
{
	g_autoptr(GString) line = g_string_sized_new(LINE_USUAL);

	g_string_append(line, name);
	g_string_append_c(line, ':');
	for (;;) {
		size_t n = strcspn(text, "\\;,\n");

		g_string_append_len(line, text, (gssize)n);
		text += n;
		if (*text == '\0')
			break;
		g_string_append_c(line, '\\');
		g_string_append_c(line, *text == '\n' ? 'n' : *text);
		text++;
	}
	line_add(out, line->str);
}

static void time_add(GString *out, const char *name, wall_t at)
{
	struct utc t = utc_of(at);

	g_string_append(out, name);
	g_string_append_c(out, ':');
	utc_add_number(out, t.year, 4);
	utc_add_number(out, t.month, 2);
	utc_add_number(out, t.day, 2);
	g_string_append_c(out, 'T');
	utc_add_number(out, t.hour, 2);
	utc_add_number(out, t.minute, 2);
	utc_add_number(out, t.second, 2);
	g_string_append(out, "Z\r\n");
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
	bool off = is_decision(i, "exempt") ||
		   (i->sort == SORT_CORRECTION && strcmp(i->step, CORRECTION_GONE) == 0);

	return off && i->invited && view_item_own(m, i) && i->due > m->tick && i->due < DUE_MAX &&
	       i->uid[0] != '\0';
}

/* NAME;CN="WORDS"PARAMS:mailto:ADDRESS */
static void party_add(GString *out, const char *name, const char *words, const char *params,
		      const char *address)
{
	g_autofree char *cn = words_line(words, VIEW_NAME_MAX);
	g_autofree char *line = NULL;
	bool named = cn[0] != '\0';

	g_strdelimit(cn, "\"", '\''); /* a parameter cannot say it */
	line = g_strconcat(name, named ? ";CN=\"" : "", cn, named ? "\"" : "", params,
			   ":mailto:", address, NULL);
	line_add(out, line);
}

/* Seconds since 2019: it grows with every message, and fits 31 bits until 2087. */
static int sequence_of(const struct message *m)
{
	return (int)CLAMP((m->tick - SEQUENCE_SINCE) / SECOND, 0, G_MAXINT32);
}

/* "截止：第2期周报（新桥镇）" */
static char *summary_of(const struct message *m, const struct message_item *i)
{
	g_autofree char *title = words_line(i->title, VIEW_TITLE_MAX);
	g_autofree char *unit = words_line(i->unit, VIEW_NAME_MAX);
	bool zh = g_str_has_prefix(m->locale, "zh") || m->locale[0] == '\0';
	char number[16] = "";

	if (i->number > 0)
		(void)g_snprintf(number, sizeof(number), "%d", i->number);
	if (zh)
		return g_strconcat("截止：", number[0] != '\0' ? "第" : "", number,
				   number[0] != '\0' ? "期" : "", title, "（", unit, "）", NULL);
	return g_strconcat("Due: ", title, number[0] != '\0' ? " No. " : "", number, " (", unit,
			   ")", NULL);
}

static char *uid_of(const struct message *m, const struct message_item *i, const char *host)
{
	g_autofree char *id = g_strjoin("\x1f", m->campaign_key, i->uid, i->rid, i->unit_id, NULL);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1);

	sum[UID_DIGITS] = '\0';
	return g_strconcat(sum, "@", host, NULL);
}

static void event_add(GString *out, const struct message *m, const struct message_item *i,
		      const struct notifier_settings *s, const char *method)
{
	g_autofree char *uid = uid_of(m, i, s->host);
	g_autofree char *summary = summary_of(m, i);
	g_autofree char *about = words_text(i->description, VIEW_TEXT_MAX);

	g_string_append(out, "BEGIN:VEVENT\r\n");
	text_add(out, "UID", uid);
	time_add(out, "DTSTAMP", m->tick);
	time_add(out, "DTSTART", i->due);
	g_string_append(out, "SEQUENCE:");
	utc_add_number(out, sequence_of(m), 1);
	g_string_append(out, "\r\n");
	party_add(out, "ORGANIZER", s->from_name != NULL ? s->from_name : m->office, "", s->from);
	if (strcmp(method, "PUBLISH") != 0)
		party_add(out, "ATTENDEE", m->person,
			  ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
			  "RSVP=FALSE",
			  m->address);
	text_add(out, "SUMMARY", summary);
	if (about[0] != '\0')
		text_add(out, "DESCRIPTION", about);
	g_string_append(out, "STATUS:");
	g_string_append(out, strcmp(method, "CANCEL") == 0 ? "CANCELLED" : "CONFIRMED");
	g_string_append(out, "\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
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
			out = g_string_sized_new(CALENDAR_USUAL);
			g_string_append(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
					     "PRODID:-//duban//deadlines//ZH\r\nMETHOD:");
			g_string_append(out, method);
			g_string_append(out, "\r\n");
		}
		event_add(out, m, i, s, method);
	}
	*method_out = method;
	if (out == NULL)
		return NULL;
	g_string_append(out, "END:VCALENDAR\r\n");
	return g_string_free(out, FALSE);
}
