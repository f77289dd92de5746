/*
 * series_expand.c - the set algebra of RFC 5545 3.8.5 for one series.
 *
 *   (DTSTART + RRULE ... + RDATE ...) - EXDATE - EXRULE, then RECURRENCE-ID puts its own instance
 *   in the place of one, THISANDFUTURE moves all that follow.
 *
 * Starts are collected in a scratch array, and only what lies in the window becomes an
 * instance; exceptions and overrides are looked up by key.
 */
#include <errno.h>
#include <string.h>

#include "series.h"
#include "stamp.h"

/* A start of the master's set. */
struct start {
	wall_t at;
	local_t local; /* on the clock of .time_tz */
	const struct tz *tz;
	const struct ical_extent *extent; /* of a PERIOD, else NULL */
	bool date;
};

/* Which instance of the series it is: for identity, not for time. */
struct identity {
	const struct ical_component *master; /* whose DTSTART says DATE or not */
	wall_t at;
	local_t local;
	const char *how;
};

/* A THISANDFUTURE; where it or one that stands after it begins, so that .at never falls. */
struct range {
	wall_t at;
	struct ical_component *c;
};

/* One series being expanded. */
struct work {
	struct series_window *w;
	const struct series *s;
	struct ical_component *master;
	wall_t low, high;       /* starts of interest: the window and what may reach into it */
	GHashTable *exceptions; /* keys of EXDATE to 1 + index, NULL if none */
	bool *removed;          /* by EXDATE: it took an instance away */
	GHashTable *overrides;  /* keys of RECURRENCE-ID to 1 + index, NULL if none */
	struct identity *met;   /* by override: the instance of the set that has its key */
	GArray *ranges;         /* struct range, in the order of overrides; NULL if none */
	unsigned count;
	bool told_gap, told_limit; /* findings, once a series */
};

/* ---- keys ----------------------------------------------------------------- */

static guint key_hash(gconstpointer p)
{
	const struct series_key *k = p;

	return (guint)((guint64)k->value * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15) >> 32) ^
	       (guint)k->by_day;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const struct series_key *x = a, *y = b;

	return x->by_day == y->by_day && x->value == y->value;
}

static GHashTable *keys_new(void)
{
	return g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
}

static void keys_add(GHashTable *keys, struct series_key key, guint value)
{
	g_hash_table_insert(keys, g_memdup2(&key, sizeof(key)), GUINT_TO_POINTER(value));
}

static guint keys_find(GHashTable *keys, const struct work *k, const struct start *start)
{
	struct series_key by_day = {true, 0}, by_instant = {false, start->at};
	local_t local = start->local;
	guint found = 0;

	if (keys == NULL)
		return 0;
	if (!k->master->start.date)
		found = GPOINTER_TO_UINT(g_hash_table_lookup(keys, &by_instant));
	if (found > 0)
		return found;
	if (start->tz != k->master->start.tz && !start->date)
		local = tz_local(k->master->start.tz, start->at);
	by_day.value = local_date(local);
	return GPOINTER_TO_UINT(g_hash_table_lookup(keys, &by_day));
}

static void index_keys(struct work *k)
{
	const GPtrArray *o = k->s->overrides;
	const GArray *e = k->master->exceptions;

	if (e != NULL && e->len > 0) {
		k->exceptions = keys_new();
		for (guint i = 0; i < e->len; i++)
			keys_add(k->exceptions,
				 series_key(k->master, &g_array_index(e, struct ical_time, i)),
				 i + 1);
		k->removed = g_new0(bool, e->len);
	}
	if (o == NULL)
		return;
	k->overrides = keys_new();
	k->met = g_new0(struct identity, o->len);
	for (guint i = 0; i < o->len; i++) {
		const struct ical_component *c = o->pdata[i];

		keys_add(k->overrides, series_key(k->master, &c->rid), i + 1);
	}
}

static void index_ranges(struct work *k)
{
	const GPtrArray *o = k->s->overrides;

	for (guint i = 0; o != NULL && i < o->len; i++) {
		struct range r = {.c = o->pdata[i]};

		if (!r.c->and_future)
			continue;
		r.at = series_rid_at(k->master, &r.c->rid, true);
		if (k->ranges == NULL)
			k->ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
		g_array_append_val(k->ranges, r);
	}
	/* A DATE begins its day, and stands after what is timed before DTSTART's hour of it. */
	for (guint i = k->ranges != NULL ? k->ranges->len : 0; i-- > 1;) {
		struct range *before = &g_array_index(k->ranges, struct range, i - 1);

		before->at = MIN(before->at, g_array_index(k->ranges, struct range, i).at);
	}
}

/* ---- instances ------------------------------------------------------------ */

static bool in_window(const struct series_window *w, wall_t start, wall_t end)
{
	return start < w->to && (end > w->from || (end == start && start >= w->from));
}

static void tell_limit(struct work *k, struct ical_component *c)
{
	if (!k->told_limit && k->w->findings != NULL)
		findings_add(k->w->findings, SEVERITY_ERROR, c->shown.file, c->shown.line, 0,
			     "TOO_MANY_INSTANCES", c->shown.uid,
			     "这段时间里的期数太多（上限 %u），其余略去",
			     k->w->limits->instances_max);
	k->told_limit = true;
}

/* Some instances are free to each series; beyond them all share what is left: w->room. */
static bool take_room(struct work *k)
{
	if (k->count >= k->w->limits->instances_max || k->w->total == 0)
		return false;
	if (k->count >= SERIES_FREE && k->w->room == 0)
		return false;
	if (k->count++ >= SERIES_FREE)
		k->w->room--;
	k->w->total--;
	return true;
}

/* One instance of @c that starts at @at, which is @local on the clock of @tz. */
static void emit(struct work *k, struct ical_component *c, const struct ical_time *start, wall_t at,
		 const struct ical_extent *extent, const struct identity *id)
{
	struct series_window *w = k->w;
	wall_t end = ical_end(c, extent, start, at);
	const struct tz *tz = start->tz;
	struct instance *i;

	G_STATIC_ASSERT(INSTANCE_RID_SIZE >= STAMP_SIZE);
	if (!in_window(w, at, end))
		return;
	if (!take_room(k)) {
		if (w->total > 0)
			tell_limit(k, c);
		return;
	}
	g_array_set_size(w->out, w->out->len + 1);
	i = &g_array_index(w->out, struct instance, w->out->len - 1);
	*i = (struct instance){.component = &c->shown,
			       .start = at,
			       .end = end,
			       .zone = tz->own != NULL ? w->default_zone : tz->zone,
			       .kind = start->date                ? START_DATE
				       : tz->utc                  ? START_UTC
				       : tz->floating || tz->lost ? START_FLOATING
								  : START_ZONED,
			       .due = c->shown.has_due ? end : at,
			       .due_is_date = c->shown.has_due && c->extent.until.date,
			       .rid = "-",
			       .rid_at = WALL_NEVER,
			       .how = id->how,
			       .cancelled = strcmp(c->shown.status, "CANCELLED") == 0};
	i->local_start = tz->own != NULL ? zone_local(i->zone, at) : start->local;
	i->local_end = zone_local(i->zone, end);
	if (id->master != NULL) {
		i->rid_at = id->at;
		if (id->master->start.date)
			stamp_date(i->rid, id->local);
		else
			stamp_instant(i->rid, id->at);
	}
}

/* The override whose THISANDFUTURE covers an instance of the set: the last that began by then. */
static struct ical_component *range_of(const struct work *k, wall_t at)
{
	guint low = 0, high = k->ranges->len;

	while (low < high) {
		guint middle = (low + high) / 2;

		if (g_array_index(k->ranges, struct range, middle).at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? g_array_index(k->ranges, struct range, low - 1).c : NULL;
}

/* How far an override moves its instance, on the wall clock. */
static int64_t range_shift(const struct work *k, const struct ical_component *c)
{
	const struct tz *tz = k->master->start.tz;
	local_t from = c->rid.local;

	if (!c->rid.date && c->rid.tz != c->start.tz)
		from = tz_local(c->start.tz, ical_instant(&c->rid, NULL));
	else if (c->rid.date && !c->start.date)
		from += local_second(tz_local(tz, k->master->shown.start));
	return c->start.local - from;
}

static void emit_start(struct work *k, const struct start *s, bool recurs)
{
	struct ical_time t = {s->local, s->date, s->tz, 0};
	struct identity id = {recurs ? k->master : NULL, s->at, s->local, "-"};
	struct ical_component *c = k->ranges != NULL ? range_of(k, s->at) : NULL;
	wall_t at = s->at;

	if (c == NULL) {
		/* The first instance ends exactly at DTEND, the others keep the wall clock. */
		bool first = at == k->master->shown.start && s->extent == NULL;

		emit(k, k->master, first ? &k->master->start : &t, at,
		     s->extent != NULL ? s->extent : &k->master->extent, &id);
		return;
	}
	if (!s->date && c->start.tz != s->tz)
		t.local = tz_local(c->start.tz, s->at);
	t.local += range_shift(k, c);
	t.tz = c->start.tz;
	t.date = c->start.date;
	id.how = "range";
	emit(k, c, &t, ical_instant(&t, NULL), &c->extent, &id);
}

/* ---- the set -------------------------------------------------------------- */

static void tell_gap(struct work *k)
{
	struct ical_component *c = k->master;

	if (!k->told_gap && k->w->findings != NULL)
		findings_add(k->w->findings, SEVERITY_WARNING, c->shown.file, c->start.line, 0,
			     "DST_GAP", c->shown.uid,
			     "有一期落在改夏令时跳过的时刻，这一期不存在，已略去");
	k->told_gap = true;
}

static void tell_steps(struct work *k, const struct ical_rule *rule)
{
	struct ical_component *c = k->master;

	if (!k->told_limit && k->w->findings != NULL)
		findings_add(k->w->findings, SEVERITY_ERROR, c->shown.file, rule->line, 0,
			     "RRULE_TOO_LONG", c->shown.uid,
			     "RRULE 要试太多步才有结果，不再往下算");
	k->told_limit = true;
}

/* The last instant of a rule; an UNTIL that is a local time has it on DTSTART's clock. */
static wall_t rule_until(const struct ical_component *c, const struct rrule *r)
{
	switch (r->until_kind) {
	case RRULE_UNTIL_NONE:
		break;
	case RRULE_UNTIL_UTC:
		/* A DATE series ends on the day as written: that is what people chose. */
		if (c->start.date)
			return tz_instant(c->start.tz, local_at(local_date(r->until), 0), NULL);
		return r->until * SECOND;
	case RRULE_UNTIL_DATE:
	case RRULE_UNTIL_LOCAL:
		return tz_instant(c->start.tz, r->until, NULL);
	}
	return WALL_NEVER;
}

/* Walk one rule into @out, as struct start or, for EXRULE, as instants. */
static void walk(struct work *k, const struct ical_rule *rule, GArray *out, bool exclude)
{
	const struct ical_component *c = k->master;
	wall_t until = rule_until(c, &rule->rule);
	wall_t stop = MIN(until, k->high);
	struct rrule_iter it;
	unsigned n = 0;
	local_t t;
	int rc;

	/* A day of slack: the clock may have been turned between the instants compared. */
	rrule_iter_init(&it, &rule->rule, c->start.local, c->start.date,
			tz_local(c->start.tz, stop) + DAY_SECONDS, steps_grant(*k->w->pool));
	rrule_iter_seek(&it, tz_local(c->start.tz, MAX(k->low, c->shown.start)) - DAY_SECONDS);
	while ((rc = rrule_iter_next(&it, &t)) == 1) {
		enum zone_fit fit;
		struct start s = {.local = t, .tz = c->start.tz, .date = c->start.date};

		s.at = tz_instant(s.tz, t, &fit);
		if (fit == ZONE_SKIPPED && !s.date) {
			rrule_iter_uncount(&it);
			if (!exclude && s.at >= k->w->from && s.at < k->w->to)
				tell_gap(k);
			continue;
		}
		if (s.at > until)
			break;
		if (s.at < k->low || s.at >= k->high)
			continue;
		if (n++ > k->w->limits->instances_max) {
			tell_limit(k, k->master);
			break;
		}
		if (exclude)
			g_array_append_val(out, s.at);
		else
			g_array_append_val(out, s);
	}
	steps_settle(k->w->pool, it.steps);
	if (rc == -E2BIG)
		tell_steps(k, rule);
}

static gint by_at(gconstpointer a, gconstpointer b)
{
	const struct start *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static gint by_wall(gconstpointer a, gconstpointer b)
{
	wall_t x = *(const wall_t *)a, y = *(const wall_t *)b;

	return (x > y) - (x < y);
}

static void collect_extras(struct work *k)
{
	const GArray *extras = k->master->extras;

	for (guint i = 0; extras != NULL && i < extras->len; i++) {
		const struct ical_extra *e = &g_array_index(extras, struct ical_extra, i);
		struct start s = {.at = ical_instant(&e->at, NULL),
				  .local = e->at.local,
				  .tz = e->at.tz,
				  .date = e->at.date};

		if (e->extent.kind != LENGTH_NONE)
			s.extent = &e->extent;
		g_array_append_val(k->w->starts, s);
	}
}

/* DTSTART, RRULEs and RDATEs, by start, each once. */
static void collect(struct work *k)
{
	const struct ical_component *c = k->master;
	GArray *starts = k->w->starts;
	struct start first = {c->shown.start, c->start.local, c->start.tz, NULL, c->start.date};
	bool sorted = true;
	enum zone_fit fit;
	guint kept = 0;

	g_array_set_size(starts, 0);
	(void)ical_instant(&c->start, &fit);
	if (!c->barren && (fit != ZONE_SKIPPED || c->start.date || c->rules == NULL))
		g_array_append_val(starts, first);
	for (guint i = 0; c->rules != NULL && i < c->rules->len; i++)
		walk(k, &g_array_index(c->rules, struct ical_rule, i), starts, false);
	collect_extras(k);
	for (guint i = 1; sorted && i < starts->len; i++)
		sorted = g_array_index(starts, struct start, i - 1).at <=
			 g_array_index(starts, struct start, i).at;
	if (!sorted)
		g_array_sort(starts, by_at);
	for (guint i = 0; i < starts->len; i++) {
		struct start *s = &g_array_index(starts, struct start, i);

		if (kept == 0 || g_array_index(starts, struct start, kept - 1).at != s->at)
			g_array_index(starts, struct start, kept++) = *s;
	}
	g_array_set_size(starts, kept);
}

static void collect_excluded(struct work *k)
{
	const GArray *rules = k->master->ex_rules;
	GArray *excluded = k->w->excluded;

	g_array_set_size(excluded, 0);
	for (guint i = 0; rules != NULL && i < rules->len; i++)
		walk(k, &g_array_index(rules, struct ical_rule, i), excluded, true);
	g_array_sort(excluded, by_wall);
}

/* How long before the window an instance may start that reaches into it. */
static void reach_out(struct work *k)
{
	const struct ical_component *c = k->master;
	wall_t length = c->shown.end - c->shown.start, shift = 0;

	for (guint i = 0; k->ranges != NULL && i < k->ranges->len; i++) {
		const struct ical_component *o = g_array_index(k->ranges, struct range, i).c;

		length = MAX(length, o->shown.end - o->shown.start);
		shift = MAX(shift, ABS(range_shift(k, o)) * SECOND);
	}
	/* A day of slack: a length on the wall clock is longer when the clock is turned. */
	k->low = k->w->from - length - shift - (length + shift > 0 ? DAY : 0);
	k->high = k->w->to + shift + (shift > 0 ? DAY : 0);
}

static void expand_master(struct work *k)
{
	bool recurs = k->master->shown.recurs || k->s->overrides != NULL;

	collect(k);
	collect_excluded(k);
	for (guint i = 0; i < k->w->starts->len; i++) {
		const struct start *s = &g_array_index(k->w->starts, struct start, i);
		guint override, exception = keys_find(k->exceptions, k, s);

		if (exception > 0) {
			k->removed[exception - 1] = true;
			continue;
		}
		if (k->w->excluded->len > 0 &&
		    g_array_binary_search(k->w->excluded, &s->at, by_wall, NULL))
			continue;
		override = keys_find(k->overrides, k, s);
		if (override > 0)
			k->met[override - 1] = (struct identity){k->master, s->at, s->local, "-"};
		else
			emit_start(k, s, recurs);
	}
}

/* An EXDATE of this window that took nothing away: what a person removed is still there. */
static bool is_idle(const struct work *k, const struct ical_time *t)
{
	struct series_key key = series_key(k->master, t);
	guint index = GPOINTER_TO_UINT(g_hash_table_lookup(k->exceptions, &key));
	wall_t at = key.by_day
			    ? tz_instant(k->master->start.tz, local_at((date_t)key.value, 0), NULL)
			    : key.value;

	return index > 0 && !k->removed[index - 1] && at >= k->low && at < k->high;
}

static void tell_idle(const struct work *k)
{
	const GArray *e = k->master->exceptions;
	const struct ical_component *c = k->master;

	if (k->exceptions == NULL || k->w->findings == NULL || k->told_limit)
		return;
	for (guint i = 0; i < e->len; i++) {
		const struct ical_time *t = &g_array_index(e, struct ical_time, i);

		if (!is_idle(k, t))
			continue;
		findings_add(
			k->w->findings, SEVERITY_WARNING, c->shown.file, t->line, 0, "EXDATE_IDLE",
			c->shown.uid,
			"EXDATE 对不上任何一期，什么也没有去掉；想去掉的那一期还在，请核对日期、"
			"时刻和时区");
		return; /* one is enough to look at */
	}
}

/* The identity of an override whose instance the set does not have, or not in this window. */
static struct identity identity_of(const struct work *k, const struct ical_component *c)
{
	struct identity id = {k->master != NULL ? k->master : c, 0, c->rid.local, "-"};

	/* .local tells the day of an all-day series; the day as written is that. */
	id.at = series_rid_at(k->master, &c->rid, false);
	if (k->master == NULL)
		id.how = "orphan";
	else if (id.at >= k->low && id.at < k->high)
		id.how = "extra";
	return id;
}

/* Does a newer override speak for the instance of the THISANDFUTURE @c, which stands before it? */
static bool is_spoken_for(const struct work *k, guint i)
{
	const GPtrArray *o = k->s->overrides;
	const struct ical_component *c = o->pdata[i], *next;

	if (i + 1 == o->len)
		return false;
	next = o->pdata[i + 1];
	return series_rid_at(k->master, &c->rid, false) ==
	       series_rid_at(k->master, &next->rid, false);
}

static void expand_override(struct work *k, guint i)
{
	struct ical_component *c = k->s->overrides->pdata[i];
	struct identity id;
	bool met = k->met != NULL && k->met[i].master != NULL;

	if (is_spoken_for(k, i))
		return;
	id = met ? k->met[i] : identity_of(k, c);
	if (k->w->findings != NULL && !k->told_limit && (met || strcmp(id.how, "extra") == 0))
		series_lint_change(k->master, c, id.how, id.at, k->w->findings);
	emit(k, c, &c->start, c->shown.start, &c->extent, &id);
}

GArray *series_starts_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct start));
}

void series_expand(const struct series *s, struct series_window *w)
{
	struct work k = {.w = w, .s = s, .master = s->master};

	if (k.master != NULL) {
		index_keys(&k);
		index_ranges(&k);
		reach_out(&k);
		expand_master(&k);
		tell_idle(&k);
	}
	for (guint i = 0; s->overrides != NULL && i < s->overrides->len; i++)
		expand_override(&k, i);
	g_clear_pointer(&k.exceptions, g_hash_table_unref);
	g_clear_pointer(&k.overrides, g_hash_table_unref);
	if (k.ranges != NULL)
		g_array_free(k.ranges, TRUE);
	g_free(k.met);
	g_free(k.removed);
}
