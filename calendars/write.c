/*
 * write.c - see write.h.
 */
#include "write.h"

#include <string.h>

#include "stamp.h"

#define ZONE_CHANGES_MAX 200

void write_line(GString *out, const char *line)
{
	size_t column = 0;

	for (const char *p = line; *p != 0;) {
		size_t n = 1;

		while ((p[n] & 0xc0) == 0x80) /* the rest of a character */
			n++;
		if (column + n > WRITE_FOLD_AT) {
			g_string_append(out, "\r\n ");
			column = 1;
		}
		g_string_append_len(out, p, (gssize)n);
		column += n;
		p += n;
	}
	g_string_append(out, "\r\n");
}

void write_text(GString *out, const char *name, const char *text)
{
	g_autoptr(GString) line = g_string_new(name);

	g_string_append_c(line, ':');
	for (const char *p = text; *p != 0; p++) {
		if (*p == '\n')
			g_string_append(line, "\\n");
		else if (*p == '\\' || *p == ';' || *p == ',')
			g_string_append_printf(line, "\\%c", *p);
		else if ((unsigned char)*p >= 0x20 && *p != 0x7f)
			g_string_append_c(line, *p);
		else if (*p == '\t')
			g_string_append_c(line, ' ');
	}
	write_line(out, line->str);
}

void write_date(GString *out, const char *name, date_t day)
{
	char text[STAMP_SIZE];

	(void)stamp_date(text, local_at(day, 0));
	g_string_append_printf(out, "%s;VALUE=DATE:%.8s\r\n", name, text);
}

static void add_local(GString *out, local_t t)
{
	struct civil c;

	local_split(t, &c);
	g_string_append_printf(out, "%04d%02d%02dT%02d%02d%02d", c.year, c.month, c.day, c.hour,
			       c.minute, c.second);
}

void write_local(GString *out, const char *name, const struct zone *z, local_t t)
{
	g_autoptr(GString) line = g_string_new(name);

	g_string_append_printf(line, ";TZID=%s:", zone_name(z));
	add_local(line, t);
	write_line(out, line->str);
}

void write_instant(GString *out, const char *name, wall_t t)
{
	char text[STAMP_SIZE];

	(void)stamp_instant(text, t);
	g_string_append_printf(out, "%s:%.16s\r\n", name, text);
}

char *write_quoted(const char *value)
{
	GString *out = g_string_new("\"");

	for (const char *p = value; *p != 0; p++)
		if (*p != '"' && (unsigned char)*p >= 0x20 && *p != 0x7f)
			g_string_append_c(out, *p);
	g_string_append_c(out, '"');
	if (strpbrk(out->str, ":;,") == NULL) {
		g_string_truncate(out, out->len - 1);
		g_string_erase(out, 0, 1);
	}
	return g_string_free(out, FALSE);
}

void write_calendar_begin(GString *out, const char *name)
{
	g_string_append(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//duban//" DUBAN_VERSION
			     "//ZH\r\nCALSCALE:GREGORIAN\r\n");
	write_text(out, "X-WR-CALNAME", name);
}

static void add_offset(GString *out, const char *name, int seconds)
{
	int n = ABS(seconds);

	g_string_append_printf(out, "%s:%c%02d%02d", name, seconds < 0 ? '-' : '+', n / 3600,
			       n / 60 % 60);
	if (n % 60 != 0)
		g_string_append_printf(out, "%02d", n % 60);
	g_string_append(out, "\r\n");
}

static void add_observance(GString *out, local_t start, int from, int to)
{
	const char *kind = to > from ? "DAYLIGHT" : "STANDARD";

	g_string_append_printf(out, "BEGIN:%s\r\nDTSTART:", kind);
	add_local(out, start);
	g_string_append(out, "\r\n");
	add_offset(out, "TZOFFSETFROM", from);
	add_offset(out, "TZOFFSETTO", to);
	g_string_append_printf(out, "END:%s\r\n", kind);
}

void write_zone(GString *out, const struct zone *z, wall_t from, wall_t to)
{
	g_autofree char *id = g_strdup_printf("TZID:%s", zone_name(z));
	int offset = zone_offset(z, from);
	wall_t begin, end;

	g_string_append(out, "BEGIN:VTIMEZONE\r\n");
	write_line(out, id);
	/* What holds before the first change that matters begins in 1970 for all readers. */
	add_observance(out, 0, offset, offset);
	zone_span(z, from, &begin, &end);
	for (int n = 0; end < to && n < ZONE_CHANGES_MAX; n++) {
		int next = zone_offset(z, end);

		if (end > 0)
			add_observance(out, end / SECOND + offset, offset, next);
		offset = next;
		zone_span(z, end, &begin, &end);
	}
	g_string_append(out, "END:VTIMEZONE\r\n");
}

void write_calendar_end(GString *out)
{
	g_string_append(out, "END:VCALENDAR\r\n");
}
