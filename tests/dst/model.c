/*
 * model.c - what is true of an item, folded from the ledger by the words of the design.
 *
 * Written without a look at the engine's own folding: the two must agree.
 */
#include "dst.h"

#include <string.h>

#include "calendars/ladder.h"

struct occ *occ_get(struct run *r, const char *uid, const char *rid)
{
	struct occ *o;

	for (guint i = 0; i < r->occs->len; i++) {
		o = g_ptr_array_index(r->occs, i);
		if (strcmp(o->uid, uid) == 0 && strcmp(o->rid, rid) == 0)
			return o;
	}
	o = g_new0(struct occ, 1);
	o->uid = g_strdup(uid);
	o->rid = g_strdup(rid);
	o->facts = g_array_new(FALSE, FALSE, sizeof(struct fact));
	g_ptr_array_add(r->occs, o);
	return o;
}

/* What went on under another UID is the same thing still. */
void occ_cut(struct run *r, const struct gen_edit *edit, const struct campaign *after)
{
	for (guint i = 0; i < r->occs->len; i++) {
		struct occ *o = g_ptr_array_index(r->occs, i);

		if (strcmp(o->uid, edit->from) != 0 ||
		    campaign_find_occurrence(after, edit->from, o->rid) != NONE ||
		    campaign_find_occurrence(after, edit->to, o->rid) == NONE)
			continue;
		g_free(o->uid);
		o->uid = g_strdup(edit->to);
	}
}

static const struct obligation *obligation_of(const struct campaign *c, uint32_t i)
{
	return &c->obligations[c->occurrences[i].obligation];
}

static bool is_known(struct run *r, const char *uid, const char *rid)
{
	for (guint i = 0; i < r->occs->len; i++) {
		const struct occ *o = g_ptr_array_index(r->occs, i);

		if (strcmp(o->uid, uid) == 0 && strcmp(o->rid, rid) == 0)
			return true;
	}
	return false;
}

/* The instance of the same number is the same thing, at another hour. */
void occ_drag(struct run *r, const struct gen_edit *edit, const struct campaign *before,
	      const struct campaign *after)
{
	for (guint i = 0; i < r->occs->len; i++) {
		struct occ *o = g_ptr_array_index(r->occs, i);
		uint32_t was = campaign_find_occurrence(before, o->uid, o->rid);

		if (was == NONE || strcmp(o->uid, edit->from) != 0)
			continue;
		for (uint32_t k = 0; k < after->n_occurrences; k++) {
			const char *rid = campaign_text(after, after->occurrences[k].rid);

			if (strcmp(campaign_text(after, obligation_of(after, k)->uid), o->uid) ==
				    0 &&
			    after->occurrences[k].number == before->occurrences[was].number &&
			    !is_known(r, o->uid, rid)) {
				g_free(o->rid);
				o->rid = g_strdup(rid);
				break;
			}
		}
	}
}

uint32_t occ_index(struct run *r, struct occ *o)
{
	return campaign_find_occurrence(engine_campaign(r->e), o->uid, o->rid);
}

const struct ladder *model_ladder(struct run *r, uint32_t i, wall_t due)
{
	const struct campaign *c = engine_campaign(r->e);
	const struct occurrence *o = &c->occurrences[i];

	return ladder_build(c, &c->policies[obligation_of(c, i)->policy], c->alarms + o->alarm,
			    o->alarms, due);
}

void fact_add(struct run *r, struct occ *o, const struct fact *f)
{
	struct fact copy = *f;

	copy.seq = ++r->seq;
	g_array_append_val(o->facts, copy);
	r->changed = true;
}

static bool owes(const struct campaign *c, uint32_t i, const char *unit)
{
	const struct obligation *ob = obligation_of(c, i);
	uint32_t u = campaign_find_unit(c, unit);

	for (uint32_t k = 0; k < ob->owings; k++)
		if (c->owing[ob->owing + k] == u)
			return true;
	return false;
}

/* Was anything handed in by @unit before the fact number @seq? */
static bool was_received(const struct occ *o, const char *unit, unsigned seq)
{
	for (guint i = 0; i < o->facts->len; i++) {
		const struct fact *f = &g_array_index(o->facts, struct fact, i);

		if (f->kind == FACT_SUBMIT && f->seq < seq && strcmp(f->unit, unit) == 0)
			return true;
	}
	return false;
}

static void decided(struct view *v, const struct occ *o, const char *unit, const struct fact *f,
		    const struct fact **returned)
{
	switch (f->decision) {
	case DECISION_EXTEND:
		if (!v->exempt && f->due > v->due) {
			v->due = v->judged = f->due;
			v->decided = f->received;
			v->tracked = true;
		}
		break;
	case DECISION_RETURN:
		if (!v->exempt && was_received(o, unit, f->seq)) {
			v->due = f->due;
			v->decided = f->received;
			v->tracked = true;
			*returned = f;
		}
		break;
	case DECISION_EXEMPT:
		v->exempt = true;
		break;
	case DECISION_UNDO:
		v->exempt = false;
		break;
	case DECISION_REFUSE:
	case DECISION_PAUSE:
	case DECISION_RESUME:
	case DECISION_RELEASE:
	case DECISION_KINDS:
		break;
	}
}

void view_of(struct run *r, struct occ *o, const char *unit, struct view *v)
{
	const struct campaign *c = engine_campaign(r->e);
	uint32_t at = occ_index(r, o);
	const struct fact *returned = NULL;
	const struct ladder *l;

	*v = (struct view){.decided = WALL_ALWAYS, .first_received = WALL_NEVER};
	if (at == NONE || !owes(c, at, unit))
		return;
	v->known = true;
	v->due = v->judged = c->occurrences[at].due;
	v->tracked = v->due >= r->first_loaded;
	for (guint i = 0; i < o->facts->len; i++) {
		const struct fact *f = &g_array_index(o->facts, struct fact, i);

		if (f->kind == FACT_DECISION && (f->unit[0] == 0 || strcmp(f->unit, unit) == 0))
			decided(v, o, unit, f, &returned);
	}
	for (guint i = 0; i < o->facts->len; i++) {
		const struct fact *f = &g_array_index(o->facts, struct fact, i);

		if (f->kind != FACT_SUBMIT || strcmp(f->unit, unit) != 0)
			continue;
		v->first_received = MIN(v->first_received, f->received);
		if (returned == NULL || f->received > returned->received ||
		    (f->received == returned->received && f->seq > returned->seq))
			v->in_force = true;
	}
	v->returned = returned != NULL && !v->in_force;
	v->outstanding = !v->in_force && !v->exempt;
	l = model_ladder(r, at, v->due);
	v->on_time = l->on_time;
	ladder_free((struct ladder **)&l);
}

/* "s3#1" -> the step s3 of the policy; NULL for alarms. */
static const struct step *step_named(const struct campaign *c, const struct policy *p,
				     const char *name)
{
	g_autofree char *base = g_strndup(name, strcspn(name, "#"));

	for (uint32_t i = 0; i < p->steps; i++)
		if (strcmp(campaign_text(c, c->steps[p->step + i].name), base) == 0)
			return &c->steps[p->step + i];
	return NULL;
}

struct rung_view rung_of(struct run *r, struct occ *o, wall_t due, const char *step, wall_t now)
{
	const struct campaign *c = engine_campaign(r->e);
	uint32_t at = occ_index(r, o);
	struct rung_view v = {0};
	const struct policy *p;
	struct ladder *l;

	if (at == NONE)
		return v;
	p = &c->policies[obligation_of(c, at)->policy];
	l = (struct ladder *)model_ladder(r, at, due);
	for (uint32_t i = 0; i < l->n; i++) {
		g_autofree char *name = rung_name(c, p, &l->rungs[i]);
		const struct step *s;

		if (strcmp(name, step) != 0)
			continue;
		s = step_named(c, p, step);
		v.known = true;
		v.at = l->rungs[i].at;
		v.before = l->rungs[i].before;
		v.sign = s != NULL && s->sign;
	}
	ladder_free(&l);
	v.window_open = ladder_window_inside(c->zone, c->days, &p->window, now);
	return v;
}

/* P14, counted by hand. */
bool guard_of(struct run *r, struct occ *o)
{
	const struct campaign *c = engine_campaign(r->e);
	uint32_t at = occ_index(r, o), expected = 0, missing = 0;
	const struct obligation *ob = obligation_of(c, at);

	for (guint i = 0; i < o->facts->len; i++) {
		const struct fact *f = &g_array_index(o->facts, struct fact, i);

		if (f->kind == FACT_DECISION && f->decision == DECISION_RELEASE && f->unit[0] == 0)
			return false;
	}
	for (uint32_t i = 0; i < ob->owings; i++) {
		struct view v;

		view_of(r, o, campaign_text(c, c->units[c->owing[ob->owing + i]].id), &v);
		expected += v.tracked && !v.exempt;
		missing += v.tracked && v.outstanding;
	}
	return c->hold_if_missing != GUARD_OFF && expected >= 5 &&
	       missing * 100 >= expected * c->hold_if_missing;
}

bool is_paused(struct run *r, const char *unit)
{
	const struct campaign *c = engine_campaign(r->e);
	uint32_t u = campaign_find_unit(c, unit);
	g_autofree char *key = g_strdup_printf("unit:%s", unit);

	if (g_hash_table_contains(r->paused, "all") || g_hash_table_contains(r->paused, key))
		return true;
	for (uint32_t i = 0; u != NONE && i < c->units[u].tags; i++) {
		g_autofree char *tag =
			g_strdup_printf("tag:%s", campaign_text(c, c->names[c->units[u].tag + i]));

		if (g_hash_table_contains(r->paused, tag))
			return true;
	}
	return false;
}

bool has_tray(struct run *r, const char *unit)
{
	for (guint i = 0; i < r->tray->len; i++) {
		const struct tray_entry *t = g_ptr_array_index(r->tray, i);

		if (!t->decided && strcmp(t->unit, unit) == 0)
			return true;
	}
	return false;
}

struct told *told_get(struct run *r, struct occ *o, const char *unit, wall_t due, const char *step,
		      enum channel channel, const char *address, bool make)
{
	g_autofree char *key = g_strdup_printf("%p %s %" G_GINT64_FORMAT " %s %d %s", (void *)o,
					       unit, due, step, (int)channel, address);
	struct told *t = g_hash_table_lookup(r->told, key);

	if (t != NULL || !make)
		return t;
	t = g_new0(struct told, 1);
	*t = (struct told){
		.occ = o,
		.unit = g_intern_string(unit),
		.step = g_intern_string(step),
		.address = g_intern_string(address),
		.due = due,
		.channel = channel,
	};
	g_hash_table_insert(r->told, g_steal_pointer(&key), t);
	g_ptr_array_add(r->told_list, t);
	return t;
}

/* A release covers what was held when it was given, and nothing later. */
void released(struct run *r, struct occ *o, const char *unit, const char *step)
{
	for (guint i = 0; i < r->told_list->len; i++) {
		struct told *t = g_ptr_array_index(r->told_list, i);

		if (t->held && !t->planned && (o == NULL || t->occ == o) &&
		    (unit[0] == 0 || strcmp(t->unit, unit) == 0) &&
		    (step[0] == 0 || strcmp(t->step, step) == 0))
			t->released = true;
	}
}
