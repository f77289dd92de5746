/*
 * ical_words.c - what a component says to people.
 *
 * Plain TEXT is read here; what has a form of its own (ATTENDEE, TRIGGER) by libical. It sees a
 * small component composed of those lines, never the file: its parser knows no limits, loses
 * whole files to one unclosed tail, and makes X-LIC-ERROR of what it does not like; and it takes
 * ten times as long as all else that is done with a component.  Nothing that decides about time
 * goes through it. In the daemon this runs in the child that flat.h tells of.
 */
#include <errno.h>
#include <libical/ical.h>
#include <string.h>

#include "flat.h"
#include "ical.h"
#include "ical_words.h"

/* @name of the lines that libical reads: "ATTENDEE" of a component, "TRIGGER" of its VALARMs. */
static void compose_lines(GString *text, const struct scan *scan, uint32_t index, const char *name)
{
	const struct scan_component *c = scan_component_at(scan, index);

	for (uint32_t i = c->first; i < c->last; i++) {
		const struct scan_line *l = scan_line_at(scan, i);

		if (l->component != index || strcmp(l->name, name) != 0)
			continue;
		g_string_append(text, l->name);
		if (*l->params != 0) {
			g_string_append_c(text, ';');
			g_string_append(text, l->params);
		}
		g_string_append_c(text, ':');
		g_string_append(text, l->value);
		g_string_append(text, "\r\n");
	}
}

static void compose_alarms(GString *text, const struct scan *scan, uint32_t index,
			   struct flat_words *out)
{
	const struct scan_component *c = scan_component_at(scan, index);
	unsigned alarms = 0;

	for (uint32_t i = index + 1; i < c->next; i++) {
		const struct scan_component *child = scan_component_at(scan, i);

		if (child->parent != index || strcmp(child->name, "VALARM") != 0 || child->broken)
			continue;
		if (alarms++ == ICAL_ALARMS_MAX) {
			out->alarms_more = child->line;
			break;
		}
		g_string_append(text, "BEGIN:VALARM\r\n");
		compose_lines(text, scan, i, "TRIGGER");
		g_string_append(text, "END:VALARM\r\n");
	}
}

/* TEXT of RFC 5545 3.3.11 up to @end; an escape that it does not know stays as it is. */
static char *unescaped(const char *p, const char *end)
{
	GString *text;

	if (memchr(p, '\\', (size_t)(end - p)) == NULL)
		return g_strndup(p, (gsize)(end - p));
	text = g_string_sized_new((gsize)(end - p) + 1);
	for (; p < end; p++) {
		bool escape = *p == '\\' && p + 1 < end;

		if (!escape) {
			g_string_append_c(text, *p);
			continue;
		}
		p++;
		if (*p == 'n' || *p == 'N') {
			g_string_append_c(text, '\n');
		} else {
			if (strchr("\\;,\"", *p) == NULL)
				g_string_append_c(text, '\\');
			g_string_append_c(text, *p);
		}
	}
	return g_string_free(text, FALSE);
}

/* The first property of a name speaks. SUMMARY is kept as it is: other programs show it so. */
static void take_text(char **field, const char *value)
{
	if (*field == NULL)
		*field = unescaped(value, value + strlen(value));
}

/* A list: commas part it, unless escaped. */
static void take_categories(GPtrArray *to, const char *p)
{
	for (const char *end = p;; end++) {
		if (*end == '\\' && end[1] != 0) {
			end++;
			continue;
		}
		if (*end != ',' && *end != 0)
			continue;
		char *word = g_strstrip(unescaped(p, end));

		if (*word != 0)
			g_ptr_array_add(to, word);
		else
			g_free(word);
		if (*end == 0)
			return;
		p = end + 1;
	}
}

static void take_texts(const struct scan *scan, uint32_t index, struct flat_words *out)
{
	const struct scan_component *c = scan_component_at(scan, index);

	for (uint32_t i = c->first; i < c->last; i++) {
		const struct scan_line *l = scan_line_at(scan, i);

		if (l->component != index)
			continue;
		if (strcmp(l->name, "SUMMARY") == 0)
			take_text(&out->summary, l->value);
		else if (strcmp(l->name, "DESCRIPTION") == 0)
			take_text(&out->description, l->value);
		else if (strcmp(l->name, "LOCATION") == 0)
			take_text(&out->location, l->value);
		else if (strcmp(l->name, "STATUS") == 0)
			take_text(&out->status, l->value);
		else if (strcmp(l->name, "CATEGORIES") == 0)
			take_categories(out->categories, l->value);
	}
}

static char *trimmed(const char *text)
{
	return g_strstrip(g_utf8_make_valid(text != NULL ? text : "", -1));
}

/* A mailbox in lower case, or whatever else stands there. */
static char *attendee(const char *value)
{
	char *text = trimmed(value);
	char *mailbox;

	if (g_ascii_strncasecmp(text, "mailto:", 7) != 0)
		return text;
	mailbox = g_strstrip(g_ascii_strdown(text + 7, -1));
	g_free(text);
	return mailbox;
}

static void take_alarm(icalcomponent *alarm, struct flat_words *out)
{
	icalproperty *p = icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY);
	struct calendar_alarm a = {0};
	struct icaltriggertype t;

	if (p == NULL)
		return;
	t = icalproperty_get_trigger(p);
	if (!icaltime_is_null_time(t.time)) {
		struct civil c = {t.time.year, t.time.month,  t.time.day,
				  t.time.hour, t.time.minute, t.time.second};

		if (!civil_valid(&c))
			return;
		a.absolute = true;
		a.instant = local_from(&c) * SECOND;
	} else {
		a.weeks = (int)t.duration.weeks;
		a.days = (int)t.duration.days;
		a.hours = (int)t.duration.hours;
		a.minutes = (int)t.duration.minutes;
		a.seconds = (int)t.duration.seconds;
		a.sign = t.duration.is_neg ? -1 : 1;
		if ((a.weeks | a.days | a.hours | a.minutes | a.seconds) == 0)
			a.sign = 0;
	}
	g_array_append_val(out->alarms, a);
}

static void take_component(icalcomponent *c, struct flat_words *out)
{
	for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_ATTENDEE_PROPERTY);
	     p != NULL; p = icalcomponent_get_next_property(c, ICAL_ATTENDEE_PROPERTY))
		g_ptr_array_add(out->attendees, attendee(icalproperty_get_attendee(p)));
	for (icalcomponent *a = icalcomponent_get_first_component(c, ICAL_VALARM_COMPONENT);
	     a != NULL; a = icalcomponent_get_next_component(c, ICAL_VALARM_COMPONENT))
		take_alarm(a, out);
	out->bad_property = icalcomponent_get_first_property(c, ICAL_XLICERROR_PROPERTY) != NULL;
}

/* ATTENDEE and VALARM, by libical; most components have neither. */
static void take_forms(const struct scan *scan, uint32_t index, struct flat_words *out)
{
	const char *name = scan_component_at(scan, index)->name;
	GString *text = g_string_new(NULL);
	icalcomponent *c;

	compose_lines(text, scan, index, "ATTENDEE");
	compose_alarms(text, scan, index, out);
	out->readable = true;
	if (text->len > 0) {
		g_string_prepend(text, "\r\n");
		g_string_prepend(text, name);
		g_string_prepend(text, "BEGIN:");
		g_string_append_printf(text, "END:%s\r\n", name);
		icalerror_set_errors_are_fatal(0);
		c = icalparser_parse_string(text->str);
		out->readable = c != NULL;
		if (c != NULL) {
			take_component(c, out);
			icalcomponent_free(c);
		}
	}
	g_string_free(text, TRUE);
}

static void complete(char **field)
{
	if (*field == NULL)
		*field = g_strdup("");
	else
		(void)g_strstrip(*field);
}

struct flat_words *ical_words_parse(const struct scan *scan, uint32_t index)
{
	struct flat_words *out = flat_words_new();

	take_texts(scan, index, out);
	take_forms(scan, index, out);
	if (out->summary == NULL)
		out->summary = g_strdup("");
	complete(&out->description);
	complete(&out->location);
	complete(&out->status);
	for (char *p = out->status; *p != 0; p++)
		*p = g_ascii_toupper(*p);
	return out;
}
