/*
 * plan.c - the planner of one occurrence.
 *
 * Level-triggered: it asks "what should have been said by now?", never "what has
 * just happened?", so it does not matter how often, how late or after how many
 * crashes it is called.  For each item, in this order:
 *
 *   1. steps a decision stands in for are superseded (P10), at any hour;
 *   2. nothing more while it is paused, answered, exempt or untracked;
 *   3. ripe steps wait for the send window (P1);
 *   4. reminders that would come after due + grace are superseded (P3);
 *   5. steps at or after the deadline wait for a fresh view (P11);
 *   6. of what is left, each address is told the latest; superiors' rows are held
 *      where the view, the guard or a signature asks for it.
 */
#include "plan.h"

#include <string.h>

#include "err.h"

void plan_init(struct plan *p)
{
	p->rows = g_array_new(FALSE, TRUE, sizeof(struct plan_row));
	p->changes = g_array_new(FALSE, TRUE, sizeof(struct plan_change));
	p->missing = g_array_new(FALSE, TRUE, sizeof(struct missing_role));
	p->ask_guard = p->view_alarm = false;
	p->next_wake = WALL_NEVER;
}

void plan_fini(struct plan *p)
{
	g_array_unref(p->rows);
	g_array_unref(p->changes);
	g_array_unref(p->missing);
}

const char *plan_why_text(enum plan_why why)
{
	switch (why) {
	case WHY_TOLD:
		return "";
	case WHY_LATER_STEP:
		return "由同时产生的后一环节代替";
	case WHY_OVERDUE:
		return "截止前的提醒已过截止时间，不再发送";
	case WHY_DECISION:
		return "由决定通知代替";
	case WHY_HELD:
		return "等待";
	case WHY_RELEASED:
		return "已签发";
	case WHY_ANSWERED:
		return "已报送或已免报，撤回";
	case WHY_MOVED:
		return "截止时间已变更，撤回";
	}
	return "";
}

/* The state of one call. */
struct work {
	const struct plan_facts *f;
	wall_t now;
	struct plan *out;
	struct recipients to;
	uint16_t raised[RUNGS_MAX]; /* rungs of the item at hand raised in this tick, ascending */
	unsigned n_raised;
};

static void wake_at(struct work *w, wall_t at)
{
	wall_t t = MAX(at, w->now + 1); /* next_wake lies after now whatever the facts say */

	if (t < w->out->next_wake)
		w->out->next_wake = t;
}

/* A look that lies ahead was taken on a clock that was wrong, and proves nothing yet. */
static bool view_is_fresh(struct work *w, const struct plan_item *it)
{
	const struct plan_facts *f = w->f;

	if (f->polled > w->now && f->polled != WALL_NEVER) {
		wake_at(w, f->polled);
		return false;
	}
	return f->polled >= it->ladder->on_time && f->clock_trusted && !it->in_tray;
}

static bool guard_holds(const struct plan_facts *f)
{
	unsigned limit = f->campaign->hold_if_missing;

	return limit != GUARD_OFF && !f->guard_lifted && f->expected >= GUARD_ITEMS_MIN &&
	       (uint64_t)f->missing * 100 >= (uint64_t)limit * f->expected;
}

/* Whom rung @r of @it tells, into w->to. */
static const struct step *resolve(struct work *w, const struct plan_item *it, const struct rung *r)
{
	const struct campaign *c = w->f->campaign;
	const struct step *step = NULL;
	struct audience liaison = {.kind = AUDIENCE_ROLE, .role = ROLE_LIAISON};

	recipients_clear(&w->to);
	if (r->step < w->f->policy->steps)
		step = &c->steps[w->f->policy->step + r->step];
	if (w->f->milestone)
		recipients_office(c, step == NULL ? 0 : step->via, &w->to);
	else if (step != NULL)
		recipients_resolve(c, it->unit, step->to, step->tos, step->via, w->now, &w->to);
	else
		recipients_resolve_one(c, it->unit, &liaison, 0, w->now, &w->to);
	g_array_append_vals(w->out->missing, w->to.missing->data, w->to.missing->len);
	return step;
}

/* Cleared to the last byte, padding too: equal facts give equal bytes. */
static void row_init(struct plan_row *row, uint32_t item, unsigned rung, bool before,
		     const struct recipient *to)
{
	memset(row, 0, sizeof(*row));
	row->item = item;
	row->rung = (uint16_t)rung;
	memcpy(&row->to, to, sizeof(*to));
	row->sort = before ? SORT_REMIND : SORT_ESCALATE;
}

static void supersede(struct work *w, uint32_t item, unsigned rung, enum plan_why why)
{
	const struct plan_item *it = &w->f->items[item];
	const struct rung *r = &it->ladder->rungs[rung];

	(void)resolve(w, it, r);
	for (guint i = 0; i < w->to.list->len; i++) {
		struct plan_row row;

		row_init(&row, item, rung, r->before,
			 &g_array_index(w->to.list, struct recipient, i));
		row.state = NOTICE_SUPERSEDED;
		row.why = why;
		g_array_append_val(w->out->rows, row);
	}
}

/* Is the address of @row told by a later rung raised in this tick? Rows come by rung. */
static void supersede_earlier(struct work *w, guint first, guint last)
{
	for (guint i = first; i < last; i++) {
		struct plan_row *row = &g_array_index(w->out->rows, struct plan_row, i);

		for (guint k = last; k < w->out->rows->len; k++) {
			const struct plan_row *later =
				&g_array_index(w->out->rows, struct plan_row, k);

			if (later->to.channel == row->to.channel &&
			    later->to.address == row->to.address) {
				row->state = NOTICE_SUPERSEDED;
				row->why = WHY_LATER_STEP;
				row->holds = 0;
			}
		}
	}
}

static void raise_rung(struct work *w, uint32_t item, unsigned rung, bool fresh)
{
	const struct plan_item *it = &w->f->items[item];
	const struct rung *r = &it->ladder->rungs[rung];
	const struct step *step = resolve(w, it, r);

	for (guint i = 0; i < w->to.list->len; i++) {
		struct plan_row row;

		row_init(&row, item, rung, r->before,
			 &g_array_index(w->to.list, struct recipient, i));
		row.state = NOTICE_PLANNED;
		row.why = WHY_TOLD;
		if (step != NULL && step->sign)
			row.holds |= HOLD_SIGN;
		if (!r->before && row.to.superior && !fresh)
			row.holds |= HOLD_VIEW;
		if (!r->before && row.to.superior && guard_holds(w->f))
			row.holds |= HOLD_GUARD;
		if (row.holds != 0) {
			row.state = NOTICE_HELD;
			row.why = WHY_HELD;
		}
		g_array_append_val(w->out->rows, row);
	}
}

/* P3 and P11 over the rungs in w->raised. */
static void raise_item(struct work *w, uint32_t item)
{
	const struct plan_item *it = &w->f->items[item];
	bool fresh = view_is_fresh(w, it);
	guint begin = w->out->rows->len;

	for (unsigned i = 0; i < w->n_raised; i++) {
		guint before = w->out->rows->len;

		raise_rung(w, item, w->raised[i], fresh);
		if (w->n_raised > 1)
			supersede_earlier(w, begin, before);
	}
	for (guint i = begin; i < w->out->rows->len; i++) {
		const struct plan_row *row = &g_array_index(w->out->rows, struct plan_row, i);

		w->out->ask_guard |= (row->holds & HOLD_GUARD) != 0;
		w->out->view_alarm |= (row->holds & HOLD_VIEW) != 0;
	}
}

/* A step at or after the deadline waits for a fresh view, ten minutes at most. */
static bool may_escalate(struct work *w, const struct plan_item *it, const struct rung *r)
{
	wall_t until;

	if (view_is_fresh(w, it))
		return true;
	until = MAX(r->at, w->f->up_since) + FRESH_WAIT;
	if (w->now >= until)
		return true;
	wake_at(w, until);
	return false;
}

/* Steps 3 to 6 for the ripe rungs of an outstanding, tracked item. */
static void plan_ripe(struct work *w, uint32_t item, const uint16_t *ripe, unsigned n)
{
	const struct plan_item *it = &w->f->items[item];
	const struct ladder *l = it->ladder;

	if (!w->f->window_open) {
		wake_at(w, w->f->window_opens);
		return;
	}
	w->n_raised = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct rung *r = &l->rungs[ripe[i]];

		if (r->before && w->now > l->on_time)
			supersede(w, item, ripe[i], WHY_OVERDUE);
		else if (r->before || may_escalate(w, it, r))
			w->raised[w->n_raised++] = ripe[i];
	}
	raise_item(w, item);
}

static void plan_item(struct work *w, uint32_t item)
{
	const struct plan_item *it = &w->f->items[item];
	const struct ladder *l = it->ladder;
	bool active = it->tracked && it->outstanding && !it->exempt && !it->paused;
	uint16_t ripe[RUNGS_MAX];
	unsigned n = 0;

	must(l->n <= RUNGS_MAX);
	if (!it->tracked)
		return;
	for (unsigned i = 0; i < l->n; i++) {
		const struct rung *r = &l->rungs[i];

		if (plan_said(it, i))
			continue;
		if (r->at <= it->decided) {
			supersede(w, item, i, WHY_DECISION);
		} else if (!active) {
			continue;
		} else if (r->at <= w->now) {
			ripe[n++] = (uint16_t)i;
		} else {
			wake_at(w, r->at);
			break; /* by at: all others lie later */
		}
	}
	if (n > 0)
		plan_ripe(w, item, ripe, n);
}

/* A person's release overrides every reason; without it only a fresh view frees, in
 * the send window, what was held for nothing else. */
static bool held_is_cleared(struct work *w, const struct plan_held *h)
{
	const struct plan_item *it = &w->f->items[h->item];

	if (h->released)
		return true;
	if ((h->holds & (HOLD_SIGN | HOLD_GUARD)) != 0 || !view_is_fresh(w, it))
		return false;
	if (it->ladder->rungs[h->rung].at > w->now) { /* held while the clock was ahead */
		wake_at(w, it->ladder->rungs[h->rung].at);
		return false;
	}
	if (guard_holds(w->f)) { /* half of the district is missing by now */
		w->out->ask_guard = true;
		return false;
	}
	if (!w->f->window_open)
		wake_at(w, w->f->window_opens);
	return w->f->window_open;
}

static void change(struct work *w, uint32_t held, enum notice_state state, enum plan_why why)
{
	struct plan_change c = {held, state, why};

	g_array_append_val(w->out->changes, c);
}

/* Of several notices of one item cleared in one tick an address is told the latest.
 * Held notices come by item, so only neighbours need comparing. */
static void keep_latest(struct work *w)
{
	GArray *changes = w->out->changes;

	for (guint i = 0; i < changes->len; i++) {
		struct plan_change *a = &g_array_index(changes, struct plan_change, i);
		const struct plan_held *ha = &w->f->held[a->held];

		for (guint k = i + 1; k < changes->len; k++) {
			struct plan_change *b = &g_array_index(changes, struct plan_change, k);
			const struct plan_held *hb = &w->f->held[b->held];
			struct plan_change *lower = ha->rung < hb->rung ? a : b;

			if (ha->item != hb->item)
				break;
			if (a->state != NOTICE_PLANNED || b->state != NOTICE_PLANNED ||
			    ha->address != hb->address)
				continue;
			lower->state = NOTICE_SUPERSEDED;
			lower->why = WHY_LATER_STEP;
		}
	}
}

static void plan_held(struct work *w)
{
	for (uint32_t i = 0; i < w->f->n_held; i++) {
		const struct plan_held *h = &w->f->held[i];
		const struct plan_item *it = h->item == NONE ? NULL : &w->f->items[h->item];

		if (it == NULL || !it->outstanding || it->exempt)
			change(w, i, NOTICE_WITHDRAWN, WHY_ANSWERED);
		else if (h->rung == UINT16_MAX || h->due != it->ladder->due)
			change(w, i, NOTICE_WITHDRAWN, WHY_MOVED);
		else if (held_is_cleared(w, h))
			change(w, i, NOTICE_PLANNED, WHY_RELEASED);
	}
	keep_latest(w);
}

void plan_occurrence(const struct plan_facts *facts, uint32_t first, uint32_t last, wall_t now,
		     struct plan *out)
{
	struct work w = {.f = facts, .now = now, .out = out};

	must(first <= last && last <= facts->n_items);
	recipients_init(&w.to);
	if (first == 0)
		plan_held(&w);
	for (uint32_t i = first; i < last; i++)
		plan_item(&w, i);
	recipients_fini(&w.to);
}
