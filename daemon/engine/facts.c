/*
 * facts.c - what is known of each due item: submissions and decisions, folded.
 *
 * Decisions are folded in the order they were made, submissions by the time they
 * were received.  A submission answers a return only if it was received after it;
 * at the same instant, only if it was stored after it.
 */
#include <string.h>

#include "daemon/core/large.h"
#include "private.h"

static void drop_decision(gpointer p)
{
	g_free(((struct item_decision *)p)->why);
}

static void fact_init(struct engine *e, struct item_fact *it, uint32_t occurrence, uint32_t unit)
{
	wall_t due = e->campaign->occurrences[occurrence].due;

	*it = (struct item_fact){
		.unit = unit,
		.due = due,
		.judged = due,
		.decided = WALL_ALWAYS,
		.first_received = WALL_NEVER,
		.returned_at = WALL_ALWAYS,
		.tracked = due >= e->track_from,
		.outstanding = true,
	};
}

/* Does @s answer what was asked for last? */
static bool answers(const struct item_fact *it, const struct submission *s)
{
	if (it->returned_at == WALL_ALWAYS)
		return true;
	return s->received > it->returned_at ||
	       (s->received == it->returned_at && s->id > it->returned_seen);
}

struct loading {
	struct engine *e;
	struct occurrence_facts *f;
	GArray *raw;     /* struct submission, numbers only */
	int64_t *oldest; /* per item: number of the first submission stored; INT64_MAX: none.
			    NULL: nothing has asked for it */
};

static void on_submission(void *arg, const struct submission *s)
{
	struct loading *l = arg;
	struct submission copy = *s;

	copy.receipt = copy.way = copy.actor = copy.why = copy.request = NULL;
	g_array_append_val(l->raw, copy);
}

static void find_oldest(struct loading *l)
{
	l->oldest = g_new(int64_t, l->f->n + 1);
	for (uint32_t i = 0; i < l->f->n; i++)
		l->oldest[i] = INT64_MAX;
	for (guint i = 0; i < l->raw->len; i++) {
		const struct submission *s = &g_array_index(l->raw, struct submission, i);
		struct item_fact *it = facts_item(l->f, engine_unit_of(l->e, s->unit));

		if (it != NULL)
			l->oldest[it - l->f->items] = MIN(l->oldest[it - l->f->items], s->id);
	}
}

/* Did anything of this item lie on the table when the decision @d was made? */
static bool was_received(struct loading *l, const struct item_fact *it, const struct decision *d)
{
	if (l->oldest == NULL)
		find_oldest(l);
	return l->oldest[it - l->f->items] <= d->seen;
}

/* One decision on one item; returns whether it applied. */
static bool apply(struct loading *l, struct item_fact *it, const struct decision *d)
{
	switch (d->kind) {
	case DECISION_EXTEND:
		if (it->exempt || d->due <= it->due)
			return false;
		it->due = d->due;
		it->judged = d->due;
		it->decided = d->at;
		it->extended = it->tracked = true;
		return true;
	case DECISION_RETURN:
		if (it->exempt || !was_received(l, it, d))
			return false;
		it->due = d->due;
		it->decided = d->at;
		it->returned_at = d->at;
		it->returned_seen = d->seen;
		it->tracked = true;
		return true;
	case DECISION_EXEMPT:
		it->exempt = true;
		return true;
	case DECISION_UNDO:
		it->exempt = false;
		return true;
	case DECISION_REFUSE:
		return true;
	case DECISION_PAUSE:
	case DECISION_RESUME:
	case DECISION_RELEASE:
	case DECISION_KINDS:
		break;
	}
	return false;
}

static void decide_item(struct loading *l, struct item_fact *it, const struct decision *d)
{
	struct item_decision did = {d->id, it->unit, d->kind, d->due, d->at, NULL};

	if (!apply(l, it, d))
		return;
	did.why = g_strdup(d->why);
	g_array_append_val(l->f->decisions, did);
}

static void on_decision(void *arg, const struct decision *d)
{
	struct loading *l = arg;
	struct item_fact *one;

	if (d->kind == DECISION_RELEASE && d->unit == 0 && d->step[0] == 0)
		l->f->guard_lifted = true;
	if (d->unit != 0) {
		one = facts_item(l->f, engine_unit_of(l->e, d->unit));
		if (one != NULL)
			decide_item(l, one, d);
		return;
	}
	for (uint32_t i = 0; i < l->f->n; i++)
		decide_item(l, &l->f->items[i], d);
}

static void fold_submissions(struct loading *l)
{
	for (guint i = 0; i < l->raw->len; i++) {
		const struct submission *s = &g_array_index(l->raw, struct submission, i);
		struct item_fact *it = facts_item(l->f, engine_unit_of(l->e, s->unit));
		struct item_submission sub = {s->id, 0, s->received, s->stored, s->zero};

		if (it == NULL)
			continue; /* handed in by a unit that owes it no longer */
		sub.unit = it->unit;
		g_array_append_val(l->f->submissions, sub);
		if (s->received < it->first_received) {
			it->first_received = s->received;
			it->first_stored = s->stored;
		}
		if (answers(it, s)) {
			it->in_force = true;
			it->zero = s->zero;
		}
	}
}

static void count(struct occurrence_facts *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		struct item_fact *it = &f->items[i];

		it->returned = it->returned_at != WALL_ALWAYS && !it->in_force;
		it->outstanding = !it->in_force && !it->exempt;
		if (!it->tracked || it->exempt)
			continue;
		f->expected++;
		f->missing += it->outstanding;
	}
}

static gint by_unit_received(gconstpointer a, gconstpointer b)
{
	const struct item_submission *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->received != y->received)
		return x->received < y->received ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static gint by_unit_made(gconstpointer a, gconstpointer b)
{
	const struct item_decision *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

struct occurrence_facts *facts_load(struct engine *e, uint32_t occurrence, uint32_t unit)
{
	const struct obligation *ob = engine_obligation(e, occurrence);
	const uint32_t *owing = e->campaign->owing + ob->owing;
	struct occurrence_facts *f = g_new0(struct occurrence_facts, 1);
	struct loading l = {.e = e, .f = f};
	int64_t id = engine_occurrence_id(e, occurrence);

	f->occurrence = occurrence;
	f->items = large_new(sizeof(struct item_fact) * ((size_t)ob->owings + 1));
	f->decisions = g_array_new(FALSE, FALSE, sizeof(struct item_decision));
	g_array_set_clear_func(f->decisions, drop_decision);
	f->submissions = g_array_new(FALSE, FALSE, sizeof(struct item_submission));
	for (uint32_t i = 0; i < ob->owings; i++)
		if (unit == NONE || owing[i] == unit)
			fact_init(e, &f->items[f->n++], occurrence, owing[i]);
	l.raw = g_array_new(FALSE, FALSE, sizeof(struct submission));
	if (id > 0) {
		int64_t one = unit == NONE ? 0 : engine_unit_id(e, unit);

		(void)store_submissions(e->store, id, one, on_submission, &l);
		(void)store_decisions(e->store, id, one, on_decision, &l);
	}
	fold_submissions(&l);
	g_array_sort(f->submissions, by_unit_received);
	g_array_sort(f->decisions, by_unit_made);
	g_array_unref(l.raw);
	g_free(l.oldest);
	count(f);
	return f;
}

void facts_free(struct occurrence_facts **fp)
{
	struct occurrence_facts *f = *fp;

	if (f == NULL)
		return;
	*fp = NULL;
	g_array_unref(f->decisions);
	g_array_unref(f->submissions);
	g_free(f->items);
	g_free(f);
}

/* Owing units are ascending. */
struct item_fact *facts_item(struct occurrence_facts *f, uint32_t unit)
{
	uint32_t low = 0, high = f->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (f->items[mid].unit < unit)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->n && f->items[low].unit == unit ? &f->items[low] : NULL;
}

enum standing facts_standing(struct engine *e, const struct occurrence_facts *f,
			     const struct item_fact *it, wall_t now)
{
	const struct ladder *l = engine_ladder(e, f->occurrence, it->due);

	if (it->exempt)
		return STANDING_EXEMPT;
	if (!it->tracked)
		return STANDING_UNTRACKED;
	if (it->returned)
		return STANDING_RETURNED;
	if (it->in_force) {
		const struct ladder *judged = engine_ladder(e, f->occurrence, it->judged);

		return it->first_received <= judged->on_time ? STANDING_ON_TIME : STANDING_LATE;
	}
	if (now > l->closes)
		return STANDING_MISSED;
	if (now > l->on_time)
		return STANDING_OVERDUE;
	return now >= l->warn && l->warn < l->due ? STANDING_DUE_SOON : STANDING_OPEN;
}

/* ---- what concerns many items at once ---- */

static void on_scope(void *arg, const struct decision *d)
{
	struct engine *e = arg;
	uint32_t unit = d->unit == 0 ? NONE : engine_unit_of(e, d->unit);
	bool on = d->kind == DECISION_PAUSE;

	if (d->kind != DECISION_PAUSE && d->kind != DECISION_RESUME)
		return;
	if (d->unit == 0 && d->tag[0] == 0) {
		e->paused = on; /* a resume ends the pause of exactly that scope */
		return;
	}
	if (d->unit != 0 && unit == NONE)
		return;
	{
		GHashTable *set = d->unit != 0 ? e->paused_units : e->paused_tags;
		const char *key =
			d->unit != 0 ? engine_text(e, e->campaign->units[unit].id) : d->tag;

		if (on)
			g_hash_table_add(set, g_strdup(key));
		else
			g_hash_table_remove(set, key);
	}
}

static void on_tray(void *arg, const struct tray_item *t)
{
	struct engine *e = arg;

	if (t->unit[0] != 0)
		g_hash_table_add(e->tray_units, g_strdup(t->unit));
}

void facts_scope(struct engine *e)
{
	e->paused = false;
	g_hash_table_remove_all(e->paused_units);
	g_hash_table_remove_all(e->paused_tags);
	g_hash_table_remove_all(e->tray_units);
	(void)store_decisions_scope(e->store, e->id, on_scope, e);
	(void)store_tray_list(e->store, e->id, true, on_tray, e);
	e->polled = store_poll_begun(e->store);
}

bool facts_paused(struct engine *e, uint32_t unit)
{
	const struct unit *u = &e->campaign->units[unit];

	if (e->paused)
		return true;
	if (g_hash_table_size(e->paused_units) > 0 &&
	    g_hash_table_contains(e->paused_units, engine_text(e, u->id)))
		return true;
	for (uint32_t i = 0; i < u->tags && g_hash_table_size(e->paused_tags) > 0; i++)
		if (g_hash_table_contains(e->paused_tags,
					  engine_text(e, e->campaign->names[u->tag + i])))
			return true;
	return false;
}
