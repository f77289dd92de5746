/*
 * lint_policies.c - ladders that do not do what their writer thinks.
 *
 * Steps are tried against every deadline they govern: an offset can be sound for
 * a Friday and absurd for a Saturday.  Each step is spoken of once.
 */
#include <string.h>

#include "calendars/ladder.h"
#include "daemon/campaign/lint.h"

static void say(const struct lint *l, enum severity severity, struct place at, const char *code,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void say(const struct lint *l, enum severity severity, struct place at, const char *code,
		const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(l->findings, severity, YAML_FILE, at.line, at.column, code, NULL, "%s", text);
}

/** One step of one policy while its deadlines go by. */
struct trial {
	const struct lint *l;
	const struct policy *p;
	uint32_t step;
	bool side_said, opens_said;
};

static void try_side(struct trial *t, const struct occurrence *occ, wall_t unmoved)
{
	const struct campaign *c = t->l->c;
	const struct step *s = &c->steps[t->step];
	g_autofree char *when = NULL, *due = NULL;
	bool after = s->at.sign < 0 && unmoved >= occ->due;

	if (t->side_said || (!after && !(s->at.sign > 0 && unmoved < occ->due)))
		return;
	t->side_said = true;
	when = lint_time(t->l, unmoved);
	due = lint_time(t->l, occ->due);
	say(t->l, SEVERITY_ERROR, campaign_step_place(c, t->step),
	    after ? "STEP_AFTER_DUE" : "STEP_BEFORE_DUE",
	    after ? "环节“%s”写着提前，却落在 %s，不早于截止 %s；可改小 @ 的时刻或多提前些"
		  : "环节“%s”写着延后，却落在 %s，早于截止 %s；可改大 @ 的时刻或多延后些",
	    campaign_text(c, s->name), when, due);
}

static void try_opens(struct trial *t, const struct occurrence *occ, wall_t unmoved)
{
	const struct campaign *c = t->l->c;
	g_autofree char *when = NULL, *opens = NULL;
	wall_t at;

	if (t->opens_said || unmoved >= occ->due ||
	    (c->track_from != WALL_NEVER && occ->due < c->track_from))
		return;
	at = ladder_window_back(c->zone, c->days, &t->p->window, unmoved);
	if (at == WALL_NEVER || MIN(at, unmoved) >= occ->opens)
		return;
	t->opens_said = true;
	when = lint_time(t->l, MIN(at, unmoved));
	opens = lint_time(t->l, occ->opens);
	say(t->l, SEVERITY_WARNING, campaign_step_place(c, t->step), "STEP_BEFORE_OPENS",
	    "环节“%s”有一次落在 %s，早于“%s”的起报时间 %s；可少提前些",
	    campaign_text(c, c->steps[t->step].name), when, campaign_text(c, occ->summary), opens);
}

static void try_step(struct trial *t, const struct occurrence *occ)
{
	const struct campaign *c = t->l->c;
	const struct offset *at = &c->steps[t->step].at;
	wall_t base = occ->due, unmoved;

	if (at->sign >= 0) {
		base = ladder_offset(c->zone, c->days, &t->p->grace, occ->due);
		base = ladder_window_on(c->zone, c->days, &t->p->window, base);
	}
	unmoved = base == WALL_NEVER ? base : ladder_offset(c->zone, c->days, at, base);
	if (unmoved == WALL_NEVER)
		return;
	try_side(t, occ, unmoved);
	try_opens(t, occ, unmoved);
}

static void try_deadlines(const struct lint *l, uint32_t policy)
{
	const struct campaign *c = l->c;
	const struct policy *p = &c->policies[policy];

	for (uint32_t s = p->step; s < p->step + p->steps; s++) {
		struct trial t = {.l = l, .p = p, .step = s};

		for (uint32_t i = 0; i < c->n_obligations; i++) {
			const struct obligation *o = &c->obligations[i];

			if (o->policy != policy || o->owings == 0)
				continue;
			for (uint32_t k = 0; k < o->occurrences; k++)
				try_step(&t, &c->occurrences[o->occurrence + k]);
		}
	}
}

static void check_closes(const struct lint *l, uint32_t policy)
{
	const struct campaign *c = l->c;
	const struct policy *p = &c->policies[policy];

	if (p->closes.sign == 0)
		return;
	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		const struct occurrence *occ = &c->occurrences[i];
		wall_t closes, on_time;

		if (c->obligations[occ->obligation].policy != policy)
			continue;
		closes = ladder_offset(c->zone, c->days, &p->closes, occ->due);
		on_time = ladder_offset(c->zone, c->days, &p->grace, occ->due);
		if (closes >= on_time)
			continue;
		say(l, SEVERITY_ERROR, campaign_policy_place(c, policy), "CLOSES_EARLY",
		    "规则“%s”的补报截止 closes 早于“截止＋宽限”；可加大 closes 或减小 grace",
		    campaign_text(c, p->name));
		return;
	}
}

/** On a window of working days, a weekend's slot would wait for a made-up day: that is never. */
static bool slot_fits(const struct window *w, const struct slot *slot)
{
	if (!w->set)
		return true;
	if (slot->at < w->from || slot->at > w->to)
		return false;
	return w->working ? slot->weekday < 5 : (w->days >> slot->weekday & 1) != 0;
}

/** The first audience of @s that is above the unit's own liaison and leader, or NULL. */
static const struct audience *superior_of(const struct campaign *c, const struct step *s)
{
	for (uint32_t i = s->to; i < s->to + s->tos; i++) {
		const struct audience *a = &c->audiences[i];

		if ((a->kind == AUDIENCE_ROLE && a->role == ROLE_HEAD) ||
		    a->kind == AUDIENCE_PARENT_ROLE || a->kind == AUDIENCE_UNIT ||
		    a->kind == AUDIENCE_COMMITTEE)
			return a;
	}
	return NULL;
}

static void check_steps(const struct lint *l, uint32_t policy)
{
	const struct campaign *c = l->c;
	const struct policy *p = &c->policies[policy];
	bool reports = lint_policy_used(l, policy, true);

	for (uint32_t i = p->step; i < p->step + p->steps; i++) {
		const struct step *s = &c->steps[i];
		const struct audience *a = s->at.sign < 0 && reports ? superior_of(c, s) : NULL;
		struct place at = campaign_step_place(c, i);

		if (s->slot.weekday >= 0 && !slot_fits(&p->window, &s->slot))
			say(l, SEVERITY_ERROR, at, "SLOT_NEVER",
			    "环节“%s”的固定时段永远不在发送时间之内；可改 slot 或 send_window",
			    campaign_text(c, s->name));
		if (a)
			say(l, SEVERITY_WARNING, at, "SUPERIORS_EARLY",
			    "环节“%s”在截止以前就告诉 %s，那时还没有人逾期；可从 to "
			    "里去掉，或改到截止以后",
			    campaign_text(c, s->name), campaign_text(c, a->name));
	}
}

void lint_policies(const struct lint *l)
{
	const struct campaign *c = l->c;

	for (uint32_t i = 0; i < c->n_policies; i++) {
		const char *name = campaign_text(c, c->policies[i].name);

		check_steps(l, i);
		check_closes(l, i);
		try_deadlines(l, i);
		if (!l->bad_yaml && !l->bad_calendar && !campaign_policy_named(c, i) &&
		    strcmp(name, "default") != 0)
			say(l, SEVERITY_WARNING, campaign_policy_place(c, i), "POLICY_UNUSED",
			    "规则“%s”没有一项用到；可删去，或写进 %s 里那一项的类别", name,
			    CALENDAR_FILE);
	}
}
