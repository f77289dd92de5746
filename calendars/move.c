/*
 * move.c - a calendar's events, one after the other, in another year.
 */
#include "move.h"

#include <errno.h>
#include <string.h>

#include "ical_time.h"
#include "lines.h"
#include "move_rule.h"
#include "scan.h"
#include "tzset.h"
#include "write.h"

/** One VEVENT or VTODO on its way. */
struct moving {
	const struct move *m;
	const struct ics_lines *lines;
	const struct ics_block *block;
	struct tzset *zones;
	GPtrArray *notes;
	char *summary;
	struct move_start was, is;
	struct rrule rule; /* the first RRULE */
	bool recurs;
	bool stays_behind; /* moved instance, cancelled */
	unsigned exceptions;
	bool dated;           /* its words name a date */
	GString *dated_names; /* of all such events, for one note */
};

static void note(struct moving *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(struct moving *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_ptr_array_add(x->notes, g_strdup_vprintf(fmt, ap));
	va_end(ap);
}

static char *param_of(const char *line, const char *name)
{
	g_autofree char *head = ics_line_head(line);
	const char *params = strchr(head, ';');
	struct scan_line l = {.params = params == NULL ? "" : params + 1};

	return scan_param(&l, name);
}

static bool read_start(struct moving *x, const char *line)
{
	g_autofree char *id = param_of(line, "TZID");
	struct ical_reading r;

	if (!ical_reading_parse(ics_line_value(line), &r))
		return false;
	x->was = (struct move_start){
		.local = r.local,
		.date = r.date,
		.utc = r.utc,
		.tz = r.utc        ? tzset_utc(x->zones)
		      : id == NULL ? tzset_floating(x->zones)
				   : tzset_get(x->zones, id),
	};
	return true;
}

/* Do the words name a date that is now another one? */
static bool names_date(const struct move *m, const char *text)
{
	g_autofree char *other = move_year_text(m, text);

	for (const char *p = strstr(text, "月"); p != NULL; p = strstr(p + 1, "月"))
		if (p > text && g_ascii_isdigit(p[-1]))
			return true;
	return strcmp(other, text) != 0;
}

static void look_at(struct moving *x, const char *line, bool *has_start)
{
	const char *value = ics_line_value(line);
	struct err err;

	if (ics_line_is(line, "DTSTART") || (!*has_start && ics_line_is(line, "DUE"))) {
		*has_start = read_start(x, line) || *has_start;
	} else if (ics_line_is(line, "RRULE") && !x->recurs) {
		x->recurs = rrule_parse(value, &x->rule, &err) == 0;
	} else if (ics_line_is(line, "RECURRENCE-ID")) {
		x->stays_behind = true;
	} else if (ics_line_is(line, "STATUS")) {
		x->stays_behind |= g_ascii_strcasecmp(value, "CANCELLED") == 0;
	} else if (ics_line_is(line, "EXDATE") || ics_line_is(line, "EXRULE")) {
		x->exceptions++;
	} else if (ics_line_is(line, "SUMMARY") || ics_line_is(line, "DESCRIPTION")) {
		x->dated |= names_date(x->m, value);
		if (ics_line_is(line, "SUMMARY") && x->summary == NULL)
			x->summary = g_strcompress(value);
	}
}

static bool is_nested(const char *line, int *depth)
{
	if (ics_line_is(line, "BEGIN"))
		++*depth;
	else if (ics_line_is(line, "END"))
		--*depth;
	return *depth > 1;
}

static bool read_block(struct moving *x)
{
	bool has_start = false;
	int depth = 0;

	for (uint32_t i = x->block->first; i < x->block->last; i++)
		if (!is_nested(ics_line(x->lines, i), &depth))
			look_at(x, ics_line(x->lines, i), &has_start);
	if (x->summary == NULL)
		x->summary = g_strdup("（无标题）");
	return has_start;
}

/* ---- writing --------------------------------------------------------------- */

/* The same head with another value. */
static void put(GString *out, const char *line, const char *value)
{
	g_autofree char *head = ics_line_head(line);
	g_autofree char *whole = g_strdup_printf("%s:%s", head, value);

	write_line(out, whole);
}

/* DTEND, DUE: the length stays; a single all-day event keeps the date of its last day. */
static void put_end(struct moving *x, GString *out, const char *line)
{
	g_autofree char *value = NULL;
	struct ical_reading r;
	local_t end;

	if (!ical_reading_parse(ics_line_value(line), &r)) {
		write_line(out, line);
		return;
	}
	end = r.local + (x->is.local - x->was.local);
	if (r.date && !x->recurs && r.local > x->was.local)
		end = local_at(move_date(local_date(r.local) - 1, x->m->years) + 1, 0);
	value = move_time_text(end, r.date, r.utc);
	put(out, line, value);
}

static void put_dates(struct moving *x, GString *out, const char *line)
{
	g_auto(GStrv) values = g_strsplit(ics_line_value(line), ",", -1);
	g_autoptr(GString) moved = g_string_new(NULL);

	for (char **v = values; *v != NULL; v++) {
		g_autofree char *text = NULL;
		struct ical_reading r;

		if (!ical_reading_parse(*v, &r)) {
			note(x, "“%s”的一个加开时段（%s）没有带过来，请自己加上", x->summary, *v);
			continue;
		}
		text = move_time_text(local_at(move_date(local_date(r.local), x->m->years),
					       local_second(r.local)),
				      r.date, r.utc);
		g_string_append_printf(moved, "%s%s", moved->len > 0 ? "," : "", text);
	}
	if (moved->len > 0)
		put(out, line, moved->str);
}

static void put_rule(struct moving *x, GString *out, const char *line)
{
	g_autofree char *text = NULL;
	struct rrule rule;
	struct err err;

	if (rrule_parse(ics_line_value(line), &rule, &err) < 0) {
		write_line(out, line);
		return;
	}
	text = move_rule_text(x->m, ics_line_value(line), &rule, &x->was, &x->is);
	put(out, line, text);
}

static void put_uid(struct moving *x, GString *out, const char *line)
{
	g_autofree char *moved = move_year_text(x->m, line);
	const char *at = strchr(ics_line_value(moved), '@');
	g_autofree char *marked = NULL;

	if (strcmp(moved, line) != 0) {
		write_line(out, moved);
		return;
	}
	if (at == NULL)
		at = moved + strlen(moved);
	marked = g_strdup_printf("%.*s-%d%s", (int)(at - moved), moved,
				 x->m->from_year + x->m->years, at);
	write_line(out, marked);
}

static void put_alarm_line(struct moving *x, GString *out, const char *line)
{
	g_autofree char *text = NULL;
	struct ical_reading r;

	if (!ics_line_is(line, "TRIGGER") || !ical_reading_parse(ics_line_value(line), &r)) {
		write_line(out, line);
		return;
	}
	text = move_time_text(r.local + (x->is.local - x->was.local), r.date, r.utc);
	put(out, line, text);
}

static void put_line(struct moving *x, GString *out, const char *line)
{
	g_autofree char *start = NULL;

	if (ics_line_is(line, "DTSTART")) {
		start = move_time_text(x->is.local, x->is.date, x->is.utc);
		put(out, line, start);
	} else if (ics_line_is(line, "DTEND") || ics_line_is(line, "DUE")) {
		put_end(x, out, line);
	} else if (ics_line_is(line, "RRULE")) {
		put_rule(x, out, line);
	} else if (ics_line_is(line, "RDATE")) {
		put_dates(x, out, line);
	} else if (ics_line_is(line, "UID") || ics_line_is(line, "RELATED-TO")) {
		put_uid(x, out, line);
	} else if (ics_line_is(line, "DTSTAMP")) {
		write_instant(out, "DTSTAMP", x->m->now);
	} else if (!ics_line_is(line, "EXDATE") && !ics_line_is(line, "EXRULE") &&
		   !ics_line_is(line, "SEQUENCE") && !ics_line_is(line, "CREATED") &&
		   !ics_line_is(line, "LAST-MODIFIED")) {
		write_line(out, line);
	}
}

static void write_block(struct moving *x, GString *out)
{
	int depth = 0;

	x->is = x->was;
	x->is.local = move_rule_start(x->m, x->recurs ? &x->rule : NULL, &x->was);
	for (uint32_t i = x->block->first; i < x->block->last; i++) {
		const char *line = ics_line(x->lines, i);
		bool nested = is_nested(line, &depth);

		if (nested || ics_line_is(line, "BEGIN") || ics_line_is(line, "END"))
			put_alarm_line(x, out, line);
		else
			put_line(x, out, line);
	}
}

static void say(struct moving *x)
{
	int y, m, d;

	date_split(local_date(x->was.local), &y, &m, &d);
	if (x->stays_behind)
		note(x, "“%s”%d月%d日那一次的单独改动或取消没有带过来", x->summary, m, d);
	else if (x->exceptions > 0)
		note(x, "“%s”去掉的那几次没有带过来，请核对", x->summary);
	if (x->dated && !x->stays_behind)
		g_string_append_printf(x->dated_names, "%s“%s”",
				       x->dated_names->len > 0 ? "、" : "", x->summary);
}

static int move_block(const struct move *m, const struct ics_lines *lines,
		      const struct ics_block *b, struct tzset *zones, const char *file,
		      GString *out, GPtrArray *notes, GString *dated, struct findings *findings)
{
	struct moving x = {.m = m,
			   .lines = lines,
			   .block = b,
			   .zones = zones,
			   .notes = notes,
			   .dated_names = dated};
	int rc = 0;

	if (!read_block(&x)) {
		findings_add(findings, SEVERITY_ERROR, file, b->line, 0, "NO_START", NULL,
			     "“%s”没有开始时间，不能移到另一年", x.summary);
		rc = -EINVAL;
	} else {
		say(&x);
		if (!x.stays_behind)
			write_block(&x, out);
	}
	g_free(x.summary);
	return rc;
}

static void write_outside(const struct move *m, GString *out, const char *line)
{
	if (ics_line_is(line, "X-WR-CALNAME") || ics_line_is(line, "NAME") ||
	    ics_line_is(line, "X-WR-CALDESC")) {
		g_autofree char *moved = move_year_text(m, line);

		write_line(out, moved);
	} else {
		write_line(out, line);
	}
}

static int move_lines(const struct move *m, const struct ics_lines *lines, struct tzset *zones,
		      const char *file, GString *out, GPtrArray *notes, struct findings *findings)
{
	g_autoptr(GString) dated = g_string_new(NULL);
	int rc = 0;

	for (uint32_t i = 0, next = 0; i < lines->lines->len;) {
		const GArray *blocks = lines->blocks;
		const struct ics_block *b =
			next < blocks->len ? &g_array_index(blocks, struct ics_block, next) : NULL;

		if (b == NULL || b->first != i) {
			write_outside(m, out, ics_line(lines, i++));
			continue;
		}
		if (move_block(m, lines, b, zones, file, out, notes, dated, findings) < 0)
			rc = -EINVAL;
		i = b->last;
		next++;
	}
	if (dated->len > 0)
		g_ptr_array_add(notes,
				g_strdup_printf("标题或说明里写着日期，请核对：%s", dated->str));
	return rc;
}

int move_calendar(const struct move *m, const char *file, const char *bytes, size_t size,
		  char **out, GPtrArray *notes, struct findings *findings)
{
	struct ics_lines *lines = NULL;
	struct scan *scan = NULL;
	struct tzset *zones;
	GString *s;
	int rc = ics_lines_read(file, bytes, size, &lines, findings);

	if (rc == 0)
		rc = scan_read(file, bytes, size, size, &scan, findings);
	if (rc < 0) {
		ics_lines_free(&lines);
		return -EINVAL;
	}
	zones = tzset_new(m->zone);
	tzset_begin_file(zones, scan);
	s = g_string_new(NULL);
	rc = move_lines(m, lines, zones, file, s, notes, findings);
	tzset_end_file(zones);
	tzset_free(&zones);
	scan_free(&scan);
	ics_lines_free(&lines);
	*out = g_string_free(s, rc < 0);
	return rc;
}
