/*
 * ical_words.c - what a component says to people, by libical.
 *
 * libical sees a small component composed of the lines that matter here, never the file:
 * its parser knows no limits, loses whole files to one unclosed tail, and makes
 * X-LIC-ERROR of what it does not like.  Nothing that decides about time goes through it.
 * In the daemon this runs in the child that flat.h tells of.
 */
#include <errno.h>
#include <libical/ical.h>
#include <string.h>

#include "flat.h"
#include "ical.h"
#include "ical_words.h"

static bool is_word(const char *name)
{
	static const char *const names[] = {"DESCRIPTION", "LOCATION", "STATUS",
					    "CATEGORIES",  "ATTENDEE", "TRIGGER"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void compose_lines(GString *text, const struct scan *scan, uint32_t index)
{
	const struct scan_component *c = scan_component_at(scan, index);

	for (uint32_t i = c->first; i < c->last; i++) {
		const struct scan_line *l = scan_line_at(scan, i);

		if (l->component != index || !is_word(l->name))
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
		compose_lines(text, scan, i);
		g_string_append(text, "END:VALARM\r\n");
	}
}

static char *trimmed(const char *text)
{
	return g_strstrip(g_utf8_make_valid(text != NULL ? text : "", -1));
}

/* TEXT of RFC 5545 3.3.11; an escape that it does not know stays as it is. */
static char *unescaped(const char *p)
{
	GString *text = g_string_new(NULL);

	for (; *p != 0; p++) {
		if (*p != '\\' || p[1] == 0)
			g_string_append_c(text, *p);
		else if (p[1] == 'n' || p[1] == 'N')
			g_string_append_c(text, '\n');
		else if (strchr("\\;,\"", p[1]) != NULL)
			g_string_append_c(text, p[1]);
		else
			g_string_append_printf(text, "\\%c", p[1]);
		if (*p == '\\' && p[1] != 0)
			p++;
	}
	return g_string_free(text, FALSE);
}

/* SUMMARY by ourselves: libical trims it, and it is compared with what other programs show. */
static char *summary(const struct scan *scan, uint32_t index)
{
	const struct scan_component *c = scan_component_at(scan, index);

	for (uint32_t i = c->first; i < c->last; i++) {
		const struct scan_line *l = scan_line_at(scan, i);

		if (l->component == index && strcmp(l->name, "SUMMARY") == 0)
			return unescaped(l->value);
	}
	return g_strdup("");
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

static void set_once(char **field, const char *text)
{
	if (*field == NULL)
		*field = g_utf8_make_valid(text != NULL ? text : "", -1);
}

static void take(icalproperty *p, struct flat_words *out)
{
	char *text;

	switch ((int)icalproperty_isa(p)) {
	case ICAL_DESCRIPTION_PROPERTY:
		set_once(&out->description, icalproperty_get_description(p));
		break;
	case ICAL_LOCATION_PROPERTY:
		set_once(&out->location, icalproperty_get_location(p));
		break;
	case ICAL_STATUS_PROPERTY:
		text = icalproperty_get_value_as_string_r(p);
		set_once(&out->status, text);
		icalmemory_free_buffer(text);
		break;
	case ICAL_CATEGORIES_PROPERTY:
		g_ptr_array_add(out->categories, trimmed(icalproperty_get_categories(p)));
		break;
	case ICAL_ATTENDEE_PROPERTY:
		g_ptr_array_add(out->attendees, attendee(icalproperty_get_attendee(p)));
		break;
	default:
		break;
	}
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

struct flat_words *ical_words_parse(const struct scan *scan, uint32_t index)
{
	const char *name = scan_component_at(scan, index)->name;
	struct flat_words *out = flat_words_new();
	GString *text = g_string_new(NULL);
	icalcomponent *c;

	g_string_printf(text, "BEGIN:%s\r\n", name);
	compose_lines(text, scan, index);
	compose_alarms(text, scan, index, out);
	g_string_append_printf(text, "END:%s\r\n", name);
	icalerror_set_errors_are_fatal(0);
	c = icalparser_parse_string(text->str);
	g_string_free(text, TRUE);
	if (c != NULL) {
		for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_ANY_PROPERTY);
		     p != NULL; p = icalcomponent_get_next_property(c, ICAL_ANY_PROPERTY))
			take(p, out);
		for (icalcomponent *a = icalcomponent_get_first_component(c, ICAL_VALARM_COMPONENT);
		     a != NULL; a = icalcomponent_get_next_component(c, ICAL_VALARM_COMPONENT))
			take_alarm(a, out);
		out->bad_property =
			icalcomponent_get_first_property(c, ICAL_XLICERROR_PROPERTY) != NULL;
		icalcomponent_free(c);
	}
	out->readable = c != NULL;
	out->summary = summary(scan, index);
	set_once(&out->description, "");
	set_once(&out->location, "");
	set_once(&out->status, "");
	for (char *p = g_strstrip(out->status); *p != 0; p++)
		*p = g_ascii_toupper(*p);
	return out;
}
