/*
 * owed.c - obligations, their occurrences and who owes them.
 *
 * Expansion is per rule and the list of owing units per distinct set of names, never per
 * unit and occurrence: a district of 100,000 units costs one list, not one a week.
 */
#include "daemon/campaign/owed.h"

#include <string.h>

#include "calendars/ladder.h"
#include "daemon/campaign/whole.h"

#define OPENS_DAYS 30 /* a first report may come in that long before its deadline */

struct owed {
	struct build *b;
	GHashTable *lists;  /* set of names as text -> index of a struct span in .spans */
	GArray *spans;      /* struct span */
	GHashTable *alarms; /* component -> struct span, owned */
};

struct span {
	uint32_t first, count;
};

/* ---- when ---------------------------------------------------------------- */

/** The deadline as the calendar has it. */
static wall_t written_of(const struct build *b, const struct instance *x, enum category category)
{
	const struct zone *z = b->c->zone;
	bool date = x->kind == START_DATE;
	wall_t at = x->start;
	date_t day = local_date(x->local_start);

	if (x->component->todo && x->component->has_due) {
		date = x->due_is_date;
		at = x->due;
		day = local_date(zone_local(z, x->due));
	} else if (!x->component->todo && date && x->local_end > x->local_start) {
		day = category == CATEGORY_MILESTONE
			      ? day
			      : local_date(x->local_end) -
					1; /* exclusive; midnight may not exist */
	}
	if (!date)
		return at;
	return category == CATEGORY_MILESTONE ? zone_instant(z, local_at(day, 0), NULL)
					      : end_of_day(z, day);
}

static wall_t days_before(const struct build *b, wall_t t, int days)
{
	local_t local = zone_local(b->c->zone, t) - (local_t)days * DAY_SECONDS;

	return zone_instant(b->c->zone, local, NULL);
}

static gint occurrence_compare(gconstpointer pa, gconstpointer pb, gpointer data)
{
	const struct build *b = data;
	const struct occurrence *x = pa, *y = pb;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return strcmp(build_text(b, x->rid), build_text(b, y->rid));
}

/* ---- alarms -------------------------------------------------------------- */

static bool add_part(struct offset *o, int64_t amount, char unit)
{
	if (amount == 0)
		return true;
	if (amount < 0 || amount > 9999)
		return false;
	o->part[o->parts].amount = (int32_t)amount;
	o->part[o->parts].unit = unit;
	o->parts++;
	return true;
}

static bool alarm_read(const struct calendar_alarm *from, struct alarm *out)
{
	struct offset o = {.sign = (int8_t)from->sign, .at = -1};
	/* Seconds round away from the deadline's other side: a reminder early, an alarm late. */
	int64_t minutes = (int64_t)from->minutes + (from->seconds + 59) / 60;

	*out = (struct alarm){.absolute = from->absolute, .instant = from->instant};
	if (from->absolute)
		return true;
	if (!add_part(&o, from->weeks, 'w') || !add_part(&o, from->days, 'd') ||
	    !add_part(&o, from->hours, 'h') || !add_part(&o, minutes, 'm'))
		return false;
	if (o.parts == 0)
		o.sign = 0;
	out->at = o;
	return true;
}

static struct span alarms_of(struct owed *w, const struct calendar_component *x)
{
	struct build *b = w->b;
	struct span *known = g_hash_table_lookup(w->alarms, x), span = {b->alarms->len, 0};

	if (known)
		return *known;
	for (unsigned i = 0; x->alarms && i < x->alarms->len; i++) {
		struct alarm alarm;
		bool many = span.count == ALARMS_MAX;

		if (!many &&
		    alarm_read(&g_array_index(x->alarms, struct calendar_alarm, i), &alarm)) {
			g_array_append_val(b->alarms, alarm);
			span.count++;
			continue;
		}
		findings_add(b->findings, SEVERITY_WARNING, x->file, x->line, 0, "BAD_ALARM",
			     x->uid,
			     many ? "提醒超过 16 个，多的不算；可删去一些"
				  : "提醒离截止太远，不算；可改近一些");
		if (many)
			break;
	}
	g_hash_table_insert(w->alarms, (gpointer)x, g_memdup2(&span, sizeof(span)));
	return span;
}

/* ---- who ----------------------------------------------------------------- */

static bool is_named(const struct build *b, const struct unit *u, GHashTable *names)
{
	if (g_hash_table_contains(names, GUINT_TO_POINTER(u->id)))
		return true;
	for (uint32_t i = u->tag; i < u->tag + u->tags; i++)
		if (g_hash_table_contains(names, GUINT_TO_POINTER(*build_at(b->names, text_t, i))))
			return true;
	return false;
}

static struct span list_new(struct build *b, const struct meaning *m)
{
	struct span span = {b->owing->len, 0};
	GHashTable *names = g_hash_table_new(NULL, NULL);

	for (unsigned i = 0; i < m->names->len; i++)
		g_hash_table_add(names, GUINT_TO_POINTER(*build_at(m->names, text_t, i)));
	for (uint32_t i = 0; i < b->units->len; i++) {
		const struct unit *u = build_unit(b, i);
		bool owes = m->category == CATEGORY_MILESTONE
				    ? i == b->c->office
				    : u->sort == UNIT_REPORTS &&
					      (m->names->len == 0 || is_named(b, u, names));

		if (owes)
			g_array_append_val(b->owing, i);
	}
	g_hash_table_unref(names);
	span.count = b->owing->len - span.first;
	return span;
}

static struct span owing_of(struct owed *w, const struct meaning *m)
{
	g_autoptr(GString) key = g_string_new(m->category == CATEGORY_MILESTONE ? "M" : "R");
	struct span span;
	gpointer index;

	if (m->broken)
		return (struct span){0, 0};
	for (unsigned i = 0; m->category != CATEGORY_MILESTONE && i < m->names->len; i++)
		g_string_append_printf(key, " %u", *build_at(m->names, text_t, i));
	if (g_hash_table_lookup_extended(w->lists, key->str, NULL, &index))
		return *build_at(w->spans, struct span, GPOINTER_TO_UINT(index));
	span = list_new(w->b, m);
	g_hash_table_insert(w->lists, g_strdup(key->str), GUINT_TO_POINTER(w->spans->len));
	g_array_append_val(w->spans, span);
	return span;
}

static text_t tags_text(struct build *b, const struct meaning *m)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < m->names->len; i++)
		g_string_append_printf(text, "%s%s", i ? "; " : "",
				       build_text(b, *build_at(m->names, text_t, i)));
	return texts_add(b->texts, text->str);
}

/* ---- obligations --------------------------------------------------------- */

static void add_occurrences(struct owed *w, const struct series_of *s, struct obligation *o,
			    uint32_t index)
{
	struct build *b = w->b;
	const struct policy *p = build_at(b->policies, struct policy, o->policy);

	o->occurrence = b->occurrences->len;
	for (unsigned i = 0; i < s->instances->len; i++) {
		const struct instance *x = s->instances->pdata[i];
		struct occurrence occ = {.obligation = index, .number = i + 1};
		struct span alarms = {0, 0};

		if (x->cancelled)
			continue;
		if (s->meaning.category == CATEGORY_REPORT)
			alarms = alarms_of(w, x->component);
		occ.rid = texts_add(b->texts, x->rid);
		occ.summary = texts_add(b->texts, x->component->summary);
		occ.written = written_of(b, x, s->meaning.category);
		occ.due = ladder_move_off_day(b->c->zone, b->c->days, &p->off_day, occ.written);
		if (occ.due == WALL_NEVER) /* all days off: said by the lint of days */
			occ.due = occ.written;
		occ.read = occ.due;
		occ.alarm = alarms.first;
		occ.alarms = alarms.count;
		g_array_append_val(b->occurrences, occ);
		o->occurrences++;
	}
	if (o->occurrences > 1)
		g_qsort_with_data(build_at(b->occurrences, struct occurrence, o->occurrence),
				  (gint)o->occurrences, sizeof(struct occurrence),
				  occurrence_compare, b);
}

/** Was @x's UID spoken of already? Then that is why it has no occurrence. */
static bool is_faulty(const struct build *b, const struct calendar_component *x)
{
	for (unsigned i = 0; i < b->findings->list->len; i++) {
		const struct finding *f = b->findings->list->pdata[i];

		if (f->uid && !strcmp(f->uid, x->uid))
			return true;
	}
	return false;
}

static void add_obligation(struct owed *w, const struct series_of *s)
{
	struct build *b = w->b;
	const struct calendar_component *x = s->master;
	struct obligation o = {.line = (uint32_t)x->line, .policy = s->meaning.policy};
	struct span owing = owing_of(w, &s->meaning);

	if (o.policy == NONE) {
		/* Without a policy nothing is told, so any may stand in while it is broken. */
		must(s->meaning.broken);
		if (b->policies->len == 0)
			return;
		o.policy = 0;
	}
	o.uid = texts_add(b->texts, x->uid);
	o.summary = texts_add(b->texts, x->summary);
	o.description = texts_add(b->texts, x->description);
	o.file = texts_add(b->texts, x->file);
	o.category = (uint8_t)s->meaning.category;
	o.recurs = x->recurs;
	o.all_day = x->kind == START_DATE;
	o.owing = owing.first;
	o.owings = owing.count;
	o.tags = tags_text(b, &s->meaning);
	add_occurrences(w, s, &o, b->obligations->len);
	if (s->instances->len == 0 && !is_faulty(b, x))
		findings_add(b->findings, SEVERITY_WARNING, x->file, x->line, 0, "NO_OCCURRENCE",
			     x->uid, "“%.60s”一次也不会发生；可检查日期和重复规则", x->summary);
	g_array_append_val(b->obligations, o);
}

/** Without phases the campaign lasts from its first deadline's opening to its last deadline. */
static void settle_extent(struct build *b)
{
	wall_t first = WALL_NEVER, last = WALL_ALWAYS;

	if (b->c->starts != WALL_NEVER)
		return;
	for (uint32_t i = 0; i < b->occurrences->len; i++) {
		const struct occurrence *occ = build_at(b->occurrences, struct occurrence, i);

		first = MIN(first, occ->due);
		last = MAX(last, occ->due);
	}
	if (first == WALL_NEVER)
		first = last = b->until;
	first = days_before(b, first, OPENS_DAYS);
	b->c->starts = zone_instant(b->c->zone,
				    local_at(local_date(zone_local(b->c->zone, first)), 0), NULL);
	b->c->ends = last;
}

static void settle_opens(struct build *b)
{
	for (uint32_t i = 0; i < b->occurrences->len; i++) {
		struct occurrence *occ = build_at(b->occurrences, struct occurrence, i);
		bool first = i == 0 || occ[-1].obligation != occ->obligation;
		wall_t opens = first ? days_before(b, occ->due, OPENS_DAYS) : occ[-1].due;

		/* A deadline before the campaign opens at once, not after itself. */
		occ->opens = MIN(MAX(opens, b->c->starts), occ->due);
	}
}

void owed_read(struct build *b, const GPtrArray *series)
{
	struct owed w = {.b = b};

	w.lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w.spans = g_array_new(FALSE, FALSE, sizeof(struct span));
	w.alarms = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	for (unsigned i = 0; i < series->len; i++) {
		const struct series_of *s = series->pdata[i];

		if (s->meaning.category == CATEGORY_REPORT ||
		    s->meaning.category == CATEGORY_MILESTONE)
			add_obligation(&w, s);
	}
	settle_extent(b);
	settle_opens(b);
	g_hash_table_unref(w.alarms);
	g_array_unref(w.spans);
	g_hash_table_unref(w.lists);
}
