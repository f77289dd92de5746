/*
 * told.c - see told.h.
 *
 * Level-triggered like all that is said: nothing remembers that a deadline moved. What an
 * address was last told of an item stands in its notices; if that is another deadline than
 * the one in force, it is told the new one, and that is the last it was told. So a crash
 * loses nothing, a second reload adds nothing, and a deadline that moves back before anybody
 * heard of it is as it was.
 *
 * An item that is gone has no facts to be compared with. The reload that takes it away leaves
 * a mark with its name instead, in its own transaction.
 */
#include "told.h"

#include <errno.h>
#include <string.h>

#include "burst.h"
#include "record.h"

#define MARK_GONE "gone:"

bool told_has_left(struct engine *e, const struct notice *n)
{
	return store_outbox_state(e->store, n->message) == OUTBOX_LEASED ||
	       store_outbox_may_have_told(e->store, n->message);
}

/* ---- what was said last ---- */

static bool is_ours(const struct notice *n)
{
	return n->sort == SORT_CORRECTION && n->n != NOTICE_N_CORRECTION;
}

static struct item_fact *item_of(struct engine *e, const struct notice *n)
{
	uint32_t occurrence = engine_occurrence_of(e, n->occurrence),
		 unit = engine_unit_of(e, n->unit);

	if (occurrence == NONE || unit == NONE)
		return NULL;
	return facts_item(burst_facts(e, occurrence), unit);
}

bool told_is_live(struct engine *e, const struct notice *n)
{
	const struct item_fact *it;

	if (!is_ours(n))
		return true;
	it = item_of(e, n);
	if (n->step == engine_word(e, CORRECTION_GONE))
		return it == NULL;
	return it != NULL && it->outstanding && it->due == n->due;
}

/* Could @n say what is owed? */
static bool speaks(struct engine *e, const struct notice *n)
{
	if (n->message == 0)
		return false;
	if (n->sort == SORT_DECISION)
		return n->step == engine_word(e, decision_word(DECISION_EXTEND)) ||
		       n->step == engine_word(e, decision_word(DECISION_RETURN));
	return n->sort == SORT_REMIND || n->sort == SORT_ESCALATE || n->sort == SORT_CORRECTION;
}

/* Was it told, or will it be? What asks for a report and waits is withdrawn if it is not true. */
static bool counts(struct engine *e, const struct notice *n)
{
	if ((n->sort == SORT_DECISION || n->sort == SORT_CORRECTION) &&
	    n->state == NOTICE_PLANNED && told_is_live(e, n))
		return true;
	return told_has_left(e, n);
}

static enum told_what what_of(struct engine *e, const struct notice *n)
{
	if (n->sort == SORT_CORRECTION && !is_ours(n))
		return TOLD_SETTLED;
	return is_ours(n) && n->step == engine_word(e, CORRECTION_GONE) ? TOLD_GONE : TOLD_DEADLINE;
}

struct telling {
	struct engine *e;
	struct occurrence_facts *f; /* NULL: everything is wanted */
	GArray *all;                /* struct notice, those that speak */
};

bool told_is_stale(const struct item_fact *it, const struct notice *n)
{
	if (n->message == 0 || it == NULL || !it->outstanding || !it->tracked)
		return false;
	return is_ours(n) || (it->decided == WALL_ALWAYS && n->due != it->due);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct telling *t = arg;
	struct notice copy = *n;

	copy.reason = NULL;
	if (speaks(t->e, n))
		g_array_append_val(t->all, copy);
}

/* Those of one item and address together, the latest first. */
static gint by_address(gconstpointer a, gconstpointer b)
{
	const struct notice *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->message > y->message ? -1 : x->message < y->message;
}

static bool is_same(const struct notice *x, const struct notice *y)
{
	return x->unit == y->unit && x->address == y->address;
}

/* Most items were never told anything but what is true: nothing is asked of the store then. */
static bool is_wanted(const struct telling *t, guint from, guint to)
{
	for (guint i = from; i < to; i++) {
		const struct notice *n = &g_array_index(t->all, struct notice, i);
		uint32_t unit = engine_unit_of(t->e, n->unit);

		if (t->f == NULL || (unit != NONE && told_is_stale(facts_item(t->f, unit), n)))
			return true;
	}
	return false;
}

static void find_last(const struct telling *t, guint from, guint to, GArray *out)
{
	for (guint i = from; i < to; i++) {
		struct told one = {.notice = g_array_index(t->all, struct notice, i)};

		if (!counts(t->e, &one.notice))
			continue;
		one.what = what_of(t->e, &one.notice);
		g_array_append_val(out, one);
		return;
	}
}

GArray *told_last(struct engine *e, int64_t occurrence, int64_t unit, struct occurrence_facts *f)
{
	struct telling t = {e, f, g_array_new(FALSE, FALSE, sizeof(struct notice))};
	GArray *out = g_array_new(FALSE, FALSE, sizeof(struct told));
	guint to;

	(void)store_notices(e->store, occurrence, unit, on_notice, &t);
	g_array_sort(t.all, by_address);
	for (guint from = 0; from < t.all->len; from = to) {
		for (to = from + 1;
		     to < t.all->len && is_same(&g_array_index(t.all, struct notice, from),
						&g_array_index(t.all, struct notice, to));)
			to++;
		if (is_wanted(&t, from, to))
			find_last(&t, from, to, out);
	}
	g_array_unref(t.all);
	return out;
}

/* ---- deadlines that moved ---- */

/* @told.n is the deadline that was told before; one more for each time this was said. */
static int tell(struct engine *e, const struct told *t, uint32_t occurrence, const char *step,
		const char *reason, wall_t due, wall_t now, struct err *err)
{
	struct notice n = t->notice;
	int rc;

	n.due = due;
	n.n = t->notice.due;
	n.reason = reason;
	while ((rc = record_correction(e, &n, step, occurrence, now, err)) == 0)
		n.n++;
	return rc;
}

/* What a decision gives is told by the decision; an edit that gives way to it is not. */
static bool is_moved(struct engine *e, const struct item_fact *it, const struct notice *n)
{
	if (n->due == it->due || deadlines_shifted(e, n->occurrence, n->due, it->due))
		return false;
	return it->decided == WALL_ALWAYS || (is_ours(n) && n->at > it->decided);
}

int told_correct(struct engine *e, struct occurrence_facts *f, wall_t now, struct err *err)
{
	g_autoptr(GArray) all = told_last(e, engine_occurrence_id(e, f->occurrence), 0, f);
	int rc = 0;

	for (guint i = 0; i < all->len && rc >= 0; i++) {
		const struct told *t = &g_array_index(all, struct told, i);
		uint32_t unit = engine_unit_of(e, t->notice.unit);
		const struct item_fact *it = unit == NONE ? NULL : facts_item(f, unit);

		if (it == NULL || !it->outstanding || !it->tracked)
			continue;
		if (t->what == TOLD_GONE)
			rc = tell(e, t, f->occurrence, CORRECTION_BACK, NULL, it->due, now, err);
		else if (t->what == TOLD_DEADLINE && is_moved(e, it, &t->notice))
			rc = tell(e, t, f->occurrence, CORRECTION_MOVED, NULL, it->due, now, err);
	}
	return rc;
}

/* ---- items that are gone ---- */

static int note_item(struct engine *e, bool known, uint32_t occurrence, uint32_t unit, wall_t now)
{
	const struct unit *u = &e->campaign->units[unit];
	g_autofree char *title = engine_title(e, occurrence);
	g_autofree char *mark = NULL;

	mark = g_strdup_printf(MARK_GONE "%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s%s%s%s",
			       engine_occurrence_id(e, occurrence), engine_unit_id(e, unit), title,
			       known ? "" : "（", known ? "" : engine_text(e, u->name),
			       known ? "" : "）");
	return store_mark(e->store, e->id, mark, now);
}

/* Units that owe @i and will no more: all of them if it is gone itself. */
static GArray *units_lost(const struct engine *e, const struct campaign *fresh,
			  const uint32_t *units, uint32_t i, uint32_t k)
{
	const struct campaign *c = e->campaign;
	const struct obligation *new_ob =
		k == NONE ? NULL : &fresh->obligations[fresh->occurrences[k].obligation];
	const struct obligation *ob = engine_obligation(e, i);
	GArray *lost = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (uint32_t n = ob->owing; n < ob->owing + ob->owings; n++)
		if (k == NONE || units[c->owing[n]] == NONE ||
		    !campaign_owes(fresh, new_ob, units[c->owing[n]]))
			g_array_append_val(lost, c->owing[n]);
	return lost;
}

/* Those who lose occurrence @i, if they were told of it and have not answered. */
static int note_units(struct engine *e, const uint32_t *units, uint32_t i, const GArray *lost,
		      wall_t now)
{
	struct occurrence_facts *f = lost->len == 0 ? NULL : facts_load(e, i, NONE);
	int rc = 0;

	for (guint n = 0; n < lost->len && rc >= 0; n++) {
		uint32_t unit = g_array_index(lost, uint32_t, n);
		const struct item_fact *it = facts_item(f, unit);
		g_autoptr(GArray) all = NULL;
		bool told = false;

		if (it == NULL || !it->outstanding || !it->tracked)
			continue;
		all = told_last(e, engine_occurrence_id(e, i), engine_unit_id(e, unit), NULL);
		for (guint k = 0; k < all->len; k++)
			told |= g_array_index(all, struct told, k).what == TOLD_DEADLINE;
		if (told)
			rc = note_item(e, units[unit] != NONE, i, unit, now);
	}
	facts_free(&f);
	return rc;
}

int told_note_gone(struct engine *e, const struct campaign *fresh, const uint32_t *goes,
		   const uint32_t *units, wall_t now, struct err *err)
{
	g_autoptr(GArray) lost = NULL; /* of the pair of obligations looked at last */
	uint32_t from = NONE, to = NONE;
	int rc = 0;

	for (uint32_t i = 0; i < e->campaign->n_occurrences && rc >= 0; i++) {
		uint32_t k = goes[i], ob = e->campaign->occurrences[i].obligation,
			 new_ob = k == NONE ? NONE : fresh->occurrences[k].obligation;

		if (lost == NULL || from != ob || to != new_ob) {
			g_clear_pointer(&lost, g_array_unref);
			lost = units_lost(e, fresh, units, i, k);
			from = ob;
			to = new_ob;
		}
		rc = note_units(e, units, i, lost, now);
	}
	return rc < 0 ? err_set(err, rc, "数据库写入失败") : 0;
}

static void on_mark(void *arg, const char *mark)
{
	g_ptr_array_add(arg, g_strdup(mark));
}

static int tell_mark(struct engine *e, const char *mark, wall_t now, struct err *err)
{
	char *rest;
	int64_t occurrence = g_ascii_strtoll(mark + strlen(MARK_GONE), &rest, 10);
	int64_t unit = g_ascii_strtoll(rest + 1, &rest, 10);
	struct notice key = {.occurrence = occurrence, .unit = unit};
	g_autoptr(GArray) all = NULL;
	int rc = 0;

	must(*rest == ':');
	if (item_of(e, &key) != NULL)
		return 0; /* it is back before anybody heard */
	all = told_last(e, occurrence, unit, NULL);
	for (guint i = 0; i < all->len && rc >= 0; i++) {
		const struct told *t = &g_array_index(all, struct told, i);

		if (t->what == TOLD_DEADLINE)
			rc = tell(e, t, engine_occurrence_of(e, occurrence), CORRECTION_GONE,
				  rest + 1, t->notice.due, now, err);
	}
	return rc;
}

int told_tell_gone(struct engine *e, wall_t now, struct err *err)
{
	g_autoptr(GPtrArray) marks = g_ptr_array_new_with_free_func(g_free);
	int rc = store_marks(e->store, e->id, MARK_GONE, on_mark, marks);

	for (guint i = 0; i < marks->len && rc >= 0; i++) {
		rc = tell_mark(e, marks->pdata[i], now, err);
		if (rc >= 0)
			rc = store_unmark(e->store, e->id, marks->pdata[i]);
	}
	return rc < 0 ? rc : 0;
}

/* ---- how many ---- */

static unsigned count(void *arg, uint32_t occurrence, uint32_t only, bool moved)
{
	struct engine *e = arg;
	g_autoptr(GArray) all = told_last(e, engine_occurrence_id(e, occurrence),
					  only == NONE ? 0 : engine_unit_id(e, only), NULL);
	struct occurrence_facts *f = all->len == 0 ? NULL : facts_load(e, occurrence, only);
	unsigned n = 0;

	for (guint i = 0; i < all->len; i++) {
		const struct told *t = &g_array_index(all, struct told, i);
		uint32_t unit = engine_unit_of(e, t->notice.unit);
		const struct item_fact *it = unit == NONE ? NULL : facts_item(f, unit);

		n += t->what == TOLD_DEADLINE && it != NULL && it->outstanding && it->tracked &&
		     (!moved || it->decided == WALL_ALWAYS);
	}
	facts_free(&f);
	return n;
}

struct diff_told told_counts(struct engine *e)
{
	return (struct diff_told){count, e};
}

json_t *engine_told(struct engine *e, const struct engine_filter *f, struct err *err)
{
	uint32_t i = campaign_find_occurrence(e->campaign, f->uid, f->rid), unit = NONE;

	if (i == NONE) {
		(void)err_set(err, -ENOENT, "没有 %s %s 这一期", f->uid, f->rid);
		return NULL;
	}
	if (f->unit[0] != 0) {
		unit = engine_find_unit(e, f->unit, err);
		if (unit == NONE)
			return NULL;
	}
	return json_pack("{s:i, s:i}", "moved", (int)count(e, i, unit, true), "gone",
			 (int)count(e, i, unit, false));
}
