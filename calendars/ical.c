/*
 * ical.c - one component: times, rules and exceptions from the scanner's lines.
 *
 * What cannot be read is an error with its line; whether the component may be used all
 * the same is the limits' `strict`: the daemon leaves it out, `expand` shows what is certain.
 */
#include "ical.h"

#include <errno.h>
#include <string.h>

/* The state of reading one component. */
struct state {
	const struct ical_reader *r;
	struct ical_component *c;
	bool unusable;  /* left out in any mode */
	bool uncertain; /* left out when strict */
	bool has_start, has_due;
	struct ical_time due;
};

static void tell(struct state *s, enum severity severity, int line, const char *code,
		 const char *text)
{
	findings_add(s->r->findings, severity, s->r->file, line, 0, code, s->c->shown.uid, "%s",
		     text);
}

static const struct tz *line_zone(struct state *s, const struct scan_line *l)
{
	char *id = scan_param(l, "TZID");
	const struct tz *z = tzset_floating(s->r->zones);

	if (id != NULL && *id != 0) {
		z = tzset_get(s->r->zones, id);
		if (z->lost) {
			findings_add(
				s->r->findings, SEVERITY_ERROR, s->r->file, l->line, 0,
				"UNKNOWN_TZID", s->c->shown.uid,
				"不认识时区“%s”，文件里也没有它的 VTIMEZONE；请改用 Asia/Shanghai "
				"这样的名称",
				id);
			s->uncertain = true;
		}
	}
	g_free(id);
	return z;
}

static bool read_time(struct state *s, const struct scan_line *l, const struct tz *z,
		      const char *text, struct ical_time *out)
{
	struct ical_reading reading;

	if (!ical_reading_parse(text, &reading))
		return false;
	if (reading.utc)
		z = tzset_utc(s->r->zones);
	else if (reading.date)
		z = tzset_floating(s->r->zones);
	*out = (struct ical_time){reading.local, reading.date, z, l->line};
	return true;
}

/* A property that holds one time. */
static bool line_time(struct state *s, const struct scan_line *l, struct ical_time *out)
{
	return read_time(s, l, line_zone(s, l), l->value, out);
}

static void read_start(struct state *s, const struct scan_line *l)
{
	if (s->has_start)
		return;
	if (line_time(s, l, &s->c->start)) {
		s->has_start = true;
		return;
	}
	tell(s, SEVERITY_ERROR, l->line, "BAD_DTSTART", "DTSTART 不是合法的日期或时间");
	s->unusable = true;
}

static void read_until(struct state *s, const struct scan_line *l, bool due)
{
	struct ical_time t;

	if (!line_time(s, l, &t)) {
		tell(s, SEVERITY_WARNING, l->line, due ? "BAD_DUE" : "BAD_DTEND",
		     due ? "DUE 不是合法的日期或时间" : "DTEND 不是合法的日期或时间，已略去");
		s->uncertain |= due;
		return;
	}
	if (due) {
		s->has_due = true;
		s->due = t;
	}
	s->c->extent.kind = LENGTH_UNTIL;
	s->c->extent.until = t;
}

static void read_duration(struct state *s, const struct scan_line *l)
{
	if (s->c->extent.kind == LENGTH_UNTIL)
		return;
	s->c->extent.kind = LENGTH_SPAN;
	if (!ical_span_parse(l->value, &s->c->extent.span)) {
		s->c->extent.span = (struct ical_span){0};
		tell(s, SEVERITY_WARNING, l->line, "BAD_DURATION",
		     "DURATION 写法不对或超过一百年，按零长度处理");
	}
}

static void read_rule(struct state *s, const struct scan_line *l, GArray **rules)
{
	struct ical_rule rule = {.line = l->line};
	struct err err = {0};
	int rc = rrule_parse(l->value, &rule.rule, &err);

	if (rc == 0 && s->c->start.date && rule.rule.freq <= RRULE_HOURLY)
		rc = err_set(&err, -EINVAL, "全天的事项不能按小时以下重复");
	if (*rules == NULL)
		*rules = g_array_new(FALSE, FALSE, sizeof(struct ical_rule));
	if (rc == 0 && (*rules)->len >= ICAL_RULES_MAX)
		rc = err_set(&err, -E2BIG, "重复规则超过 %d 条", ICAL_RULES_MAX);
	if (rc == 0) {
		g_array_append_val(*rules, rule);
		return;
	}
	findings_add(s->r->findings, SEVERITY_ERROR, s->r->file, l->line, 0,
		     rc == -ENOTSUP ? "RRULE_UNSUPPORTED" : "BAD_RRULE", s->c->shown.uid,
		     "%s 无法执行：%s", l->name, err.text);
	s->uncertain = true;
}

static bool read_extra(struct state *s, const struct scan_line *l, const struct tz *z, char *text,
		       struct ical_extra *out)
{
	char *slash = strchr(text, '/');

	*out = (struct ical_extra){0};
	if (slash != NULL)
		*slash++ = 0;
	if (!read_time(s, l, z, text, &out->at))
		return false;
	if (slash == NULL)
		return true;
	out->extent.kind = LENGTH_UNTIL;
	if (read_time(s, l, z, slash, &out->extent.until))
		return true;
	out->extent.kind = LENGTH_SPAN;
	return ical_span_parse(slash, &out->extent.span);
}

/* A list of RDATE or EXDATE. */
static void read_list(struct state *s, const struct scan_line *l, bool except)
{
	GArray **list = except ? &s->c->exceptions : &s->c->extras;
	char *copy = g_strdup(l->value), *next = copy;
	const struct tz *z = line_zone(s, l);
	bool bad = false;

	if (*list == NULL)
		*list = g_array_new(FALSE, FALSE,
				    except ? sizeof(struct ical_time) : sizeof(struct ical_extra));
	while (next != NULL && *next != 0) {
		char *item = next;
		struct ical_extra extra;

		next = strchr(item, ',');
		if (next != NULL)
			*next++ = 0;
		if ((*list)->len >= ICAL_DATES_MAX) {
			tell(s, SEVERITY_ERROR, l->line, "TOO_MANY_DATES",
			     "RDATE 或 EXDATE 太多，其余略去");
			s->uncertain = true;
			break;
		}
		if (!read_extra(s, l, z, item, &extra))
			bad = true;
		else if (except)
			g_array_append_val(*list, extra.at);
		else
			g_array_append_val(*list, extra);
	}
	if (bad) {
		findings_add(s->r->findings, SEVERITY_ERROR, s->r->file, l->line, 0,
			     except ? "BAD_EXDATE" : "BAD_RDATE", s->c->shown.uid,
			     "%s 里有一项不是合法的日期或时间", l->name);
		s->uncertain = true;
	}
	g_free(copy);
}

static void read_rid(struct state *s, const struct scan_line *l)
{
	char *range = scan_param(l, "RANGE");

	if (line_time(s, l, &s->c->rid)) {
		s->c->has_rid = true;
		s->c->and_future = range != NULL && g_ascii_strcasecmp(range, "THISANDFUTURE") == 0;
	} else {
		tell(s, SEVERITY_ERROR, l->line, "BAD_RECURRENCE_ID",
		     "RECURRENCE-ID 不是合法的日期或时间");
		s->unusable = true;
	}
	g_free(range);
}

static void read_stamp(struct state *s, const struct scan_line *l)
{
	struct ical_reading reading;

	if (!ical_reading_parse(l->value, &reading))
		return;
	if (l->name[0] == 'L' || s->c->stamp == 0)
		s->c->stamp = reading.local * SECOND;
}

static void read_line(struct state *s, const struct scan_line *l)
{
	bool todo = s->c->shown.todo;

	if (strcmp(l->name, "DTEND") == 0 && !todo)
		read_until(s, l, false);
	else if (strcmp(l->name, "DUE") == 0 && todo)
		read_until(s, l, true);
	else if (strcmp(l->name, "DURATION") == 0)
		read_duration(s, l);
	else if (strcmp(l->name, "RRULE") == 0)
		read_rule(s, l, &s->c->rules);
	else if (strcmp(l->name, "EXRULE") == 0)
		read_rule(s, l, &s->c->ex_rules);
	else if (strcmp(l->name, "RDATE") == 0)
		read_list(s, l, false);
	else if (strcmp(l->name, "EXDATE") == 0)
		read_list(s, l, true);
	else if (strcmp(l->name, "RECURRENCE-ID") == 0)
		read_rid(s, l);
	else if (strcmp(l->name, "SEQUENCE") == 0)
		s->c->shown.sequence = g_ascii_strtoll(l->value, NULL, 10);
	else if (strcmp(l->name, "LAST-MODIFIED") == 0 || strcmp(l->name, "DTSTAMP") == 0)
		read_stamp(s, l);
}

/* UID and DTSTART come first: findings name the one, rules depend on the other. */
static void read_lines(struct state *s, uint32_t index)
{
	const struct scan_component *c = scan_component_at(s->r->scan, index);

	for (int round = 0; round < 3; round++) {
		for (uint32_t i = c->first; i < c->last; i++) {
			const struct scan_line *l = scan_line_at(s->r->scan, i);

			if (l->component != index)
				continue;
			if (round == 0 && strcmp(l->name, "UID") == 0 && *s->c->shown.uid == 0) {
				g_free(s->c->shown.uid);
				s->c->shown.uid = g_strstrip(g_strdup(l->value));
			} else if (round == 1 && strcmp(l->name, "DTSTART") == 0) {
				read_start(s, l);
			} else if (round == 2) {
				read_line(s, l);
			}
		}
	}
}

/* A VTODO without DTSTART begins when it is due. */
static bool settle(struct state *s, int line)
{
	struct ical_component *c = s->c;

	if (!s->has_start && s->has_due && !s->unusable) {
		c->start = s->due;
		s->has_start = true;
	}
	if (s->has_start)
		return true;
	if (!s->unusable)
		tell(s, SEVERITY_ERROR, line, "NO_DTSTART",
		     c->shown.todo ? "待办没有 DTSTART 也没有 DUE" : "事件没有 DTSTART");
	return false;
}

static enum start_kind kind_of(const struct ical_time *t)
{
	if (t->date)
		return START_DATE;
	if (t->tz->utc)
		return START_UTC;
	return t->tz->floating || t->tz->lost ? START_FLOATING : START_ZONED;
}

/* Rules below DAILY count hours, and so do their lengths; others keep the wall clock. */
static bool is_exact(const struct ical_component *c)
{
	for (guint i = 0; c->rules != NULL && i < c->rules->len; i++)
		if (g_array_index(c->rules, struct ical_rule, i).rule.freq > RRULE_HOURLY)
			return false;
	return c->rules != NULL && c->rules->len > 0 && !c->start.date;
}

static void show(struct state *s)
{
	struct ical_component *c = s->c;

	c->exact = is_exact(c);

	c->shown.recurs = c->rules != NULL || c->extras != NULL || c->has_rid;
	c->shown.has_due = s->has_due;
	c->shown.kind = kind_of(&c->start);
	c->shown.start = ical_instant(&c->start, NULL);
	c->shown.end = ical_end(c, &c->extent, &c->start, c->shown.start);
}

static GPtrArray *copies(const GPtrArray *texts)
{
	GPtrArray *out = g_ptr_array_new_full(texts->len, g_free);

	for (guint i = 0; i < texts->len; i++)
		g_ptr_array_add(out, g_strdup(texts->pdata[i]));
	return out;
}

/* Its face: what libical read of it. */
static bool take_words(const struct ical_reader *r, uint32_t index, struct calendar_component *out)
{
	const struct flat_words *w = r->words->pdata[index];

	must(w != NULL);
	out->summary = g_strdup(w->summary);
	out->description = g_strdup(w->description);
	out->location = g_strdup(w->location);
	out->status = g_strdup(w->status);
	out->categories = copies(w->categories);
	out->attendees = copies(w->attendees);
	out->alarms = g_array_copy(w->alarms);
	if (w->alarms_more > 0)
		findings_add(r->findings, SEVERITY_WARNING, r->file, w->alarms_more, 0,
			     "TOO_MANY_ALARMS", out->uid, "VALARM 超过 %d 个，其余略去",
			     ICAL_ALARMS_MAX);
	if (w->bad_property)
		findings_add(r->findings, SEVERITY_WARNING, r->file, out->line, 0, "BAD_PROPERTY",
			     out->uid, "部件里有写法不对的属性，已略去");
	return w->readable;
}

struct ical_component *ical_read(const struct ical_reader *r, uint32_t index)
{
	const struct scan_component *from = scan_component_at(r->scan, index);
	struct ical_component *c = g_new0(struct ical_component, 1);
	struct state s = {.r = r, .c = c};
	bool usable;

	c->shown.file = g_strdup(r->file);
	c->shown.line = from->line;
	c->shown.todo = strcmp(from->name, "VTODO") == 0;
	c->shown.uid = g_strdup("");
	read_lines(&s, index);
	usable = settle(&s, from->line) && !s.unusable && !(s.uncertain && r->limits->strict);
	if (usable) {
		show(&s);
		usable = take_words(r, index, &c->shown) && ical_lint(r, c);
	}
	if (usable)
		return c;
	ical_component_free(c);
	return NULL;
}

static void array_free(GArray *a)
{
	if (a != NULL)
		g_array_free(a, TRUE);
}

void ical_component_free(gpointer component)
{
	struct ical_component *c = component;

	g_free(c->shown.file);
	g_free(c->shown.uid);
	g_free(c->shown.summary);
	g_free(c->shown.description);
	g_free(c->shown.location);
	g_free(c->shown.status);
	g_clear_pointer(&c->shown.categories, g_ptr_array_unref);
	g_clear_pointer(&c->shown.attendees, g_ptr_array_unref);
	array_free(c->shown.alarms);
	array_free(c->rules);
	array_free(c->ex_rules);
	array_free(c->extras);
	array_free(c->exceptions);
	g_free(c);
}

wall_t ical_instant(const struct ical_time *t, enum zone_fit *fit_out)
{
	return tz_instant(t->tz, t->local, fit_out);
}

/* DTEND - DTSTART of the component, on the wall clock that its DTSTART is on. */
static int64_t wall_length(const struct ical_component *c, const struct ical_time *until)
{
	local_t end = until->local;

	if (!c->start.date && !until->date && until->tz != c->start.tz)
		end = tz_local(c->start.tz, ical_instant(until, NULL));
	return end - c->start.local;
}

wall_t ical_end(const struct ical_component *c, const struct ical_extent *e,
		const struct ical_time *start, wall_t at)
{
	wall_t end = at;

	switch (e->kind) {
	case LENGTH_NONE:
		if (start->date && !c->shown.todo)
			end = tz_instant(start->tz, start->local + DAY_SECONDS, NULL);
		break;
	case LENGTH_UNTIL:
		if (e != &c->extent || start == &c->start)
			end = ical_instant(&e->until, NULL);
		else if (c->exact)
			end = at + ical_instant(&e->until, NULL) - c->shown.start;
		else
			end = tz_instant(start->tz, start->local + wall_length(c, &e->until), NULL);
		break;
	case LENGTH_SPAN:
		if (e->span.days != 0)
			end = tz_instant(start->tz,
					 start->local + (local_t)e->span.days * DAY_SECONDS, NULL);
		end += e->span.seconds * SECOND;
		break;
	}
	return MAX(end, at);
}
