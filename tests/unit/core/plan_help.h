/*
 * plan_help.h - a small district made by hand for tests of the planner.
 *
 * One occurrence, due at DUE with half an hour of grace; UNITS units with a liaison, a
 * leader and a head each, an office.  Instants are written AT(seconds after DUE).
 */
#ifndef TESTS_PLAN_HELP_H
#define TESTS_PLAN_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/plan.h"

#define UNUSED __attribute__((unused))

#define DUE ((wall_t)1565341200000) /* 2019-08-09T17:00:00+08:00 */
#define AT(seconds) (DUE + (wall_t)(seconds)*SECOND)
#define ON_TIME AT(1800)
#define UNITS 20
#define STEPS_MAX 12
#define BEGINNING WALL_ALWAYS

/* What steps tell whom. */
enum tell {
	LIAISON,
	LIAISON_OFFICE,
	LIAISON_LEADER,
	ALL_ABOVE,
	OFFICE,
	LEADER,
	OTHER_OFFICE,
	TELLS
};

struct district {
	struct campaign c;
	GString *text;
	struct unit units[UNITS + 1];
	struct contact contacts[UNITS * 3 + 2];
	struct audience audiences[32];
	struct step steps[STEPS_MAX];
	struct policy policy;
	struct occurrence occurrence;
	struct plan_item items[UNITS];
	struct rung rungs[RUNGS_MAX];
	struct ladder ladder;
	struct plan_facts facts;
	uint32_t tell_at[TELLS], tell_n[TELLS];
};

UNUSED static text_t district_text(struct district *d, const char *s)
{
	text_t at = (text_t)d->text->len;

	g_string_append_len(d->text, s, (gssize)strlen(s) + 1);
	d->c.text = d->text->str;
	d->c.text_size = d->text->len;
	return at;
}

UNUSED static void district_contact(struct district *d, uint32_t unit, enum role role,
				    const char *address)
{
	struct unit *u = &d->units[unit];
	struct contact *p = &d->contacts[d->c.n_contacts];

	if (u->contacts == 0)
		u->contact = d->c.n_contacts;
	u->contacts++;
	p->unit = unit;
	p->role = (uint8_t)role;
	p->channels = 1u << CHANNEL_EMAIL;
	p->address[CHANNEL_EMAIL] = district_text(d, address);
	d->c.n_contacts++;
}

static void district_audience(struct district *d, enum tell tell, enum audience_kind kind,
			      enum role role, const char *name)
{
	struct audience *a = &d->audiences[d->c.n_audiences];

	if (d->tell_n[tell] == 0)
		d->tell_at[tell] = d->c.n_audiences;
	d->tell_n[tell]++;
	a->kind = (uint8_t)kind;
	a->role = (uint8_t)role;
	a->name = district_text(d, name);
	d->c.n_audiences++;
}

/** Unit 0 is the office; units 1 .. @n owe the report. */
UNUSED static void district_init(struct district *d, uint32_t n)
{
	memset(d, 0, sizeof(*d));
	d->text = g_string_new_len("", 1);
	d->c.units = d->units;
	d->c.contacts = d->contacts;
	d->c.audiences = d->audiences;
	d->c.steps = d->steps;
	d->c.policies = &d->policy;
	d->c.hold_if_missing = 50;
	d->c.n_units = n + 1;
	for (uint32_t u = 0; u <= n; u++) {
		g_autofree char *id = g_strdup_printf(u == 0 ? "ban" : "u%u", u);

		d->units[u].id = district_text(d, id);
		d->units[u].parent = NONE;
		d->units[u].sort = u == 0 ? UNIT_OFFICE : UNIT_REPORTS;
		for (int r = 0; r < (u == 0 ? 1 : ROLES); r++) {
			g_autofree char *address = g_strdup_printf(u == 0 ? "ban" : "%s%u",
								   role_word((enum role)r), u);

			district_contact(d, u, (enum role)r, address);
		}
	}
	district_audience(d, LIAISON, AUDIENCE_ROLE, ROLE_LIAISON, "liaison");
	district_audience(d, LIAISON_OFFICE, AUDIENCE_ROLE, ROLE_LIAISON, "liaison");
	district_audience(d, LIAISON_OFFICE, AUDIENCE_OFFICE, 0, "office");
	district_audience(d, LIAISON_LEADER, AUDIENCE_ROLE, ROLE_LIAISON, "liaison");
	district_audience(d, LIAISON_LEADER, AUDIENCE_ROLE, ROLE_LEADER, "leader");
	district_audience(d, ALL_ABOVE, AUDIENCE_ROLE, ROLE_LEADER, "leader");
	district_audience(d, ALL_ABOVE, AUDIENCE_ROLE, ROLE_HEAD, "head");
	district_audience(d, ALL_ABOVE, AUDIENCE_OFFICE, 0, "office");
	district_audience(d, OFFICE, AUDIENCE_OFFICE, 0, "office");
	district_audience(d, LEADER, AUDIENCE_ROLE, ROLE_LEADER, "leader");
	district_audience(d, OTHER_OFFICE, AUDIENCE_UNIT, 0, "unit:ban");
	d->ladder = (struct ladder){.due = DUE,
				    .on_time = ON_TIME,
				    .closes = WALL_NEVER,
				    .warn = AT(-86400),
				    .rungs = d->rungs};
	d->facts = (struct plan_facts){.campaign = &d->c,
				       .policy = &d->policy,
				       .occurrence = &d->occurrence,
				       .items = d->items,
				       .n_items = n,
				       .expected = n,
				       .polled = WALL_NEVER,
				       .clock_trusted = true,
				       .up_since = BEGINNING,
				       .window_open = true};
	for (uint32_t i = 0; i < n; i++)
		d->items[i] = (struct plan_item){.unit = i + 1,
						 .ladder = &d->ladder,
						 .decided = BEGINNING,
						 .tracked = true,
						 .outstanding = true};
}

UNUSED static void district_fini(struct district *d)
{
	g_string_free(d->text, TRUE);
}

/** A step whose instant is @at; its rung stands last in the ladder. */
UNUSED static struct step *district_step(struct district *d, const char *name, wall_t at,
					 enum tell tell)
{
	uint16_t n = (uint16_t)d->policy.steps;
	struct step *s = &d->steps[n];

	*s = (struct step){
		.name = district_text(d, name), .to = d->tell_at[tell], .tos = d->tell_n[tell]};
	d->rungs[d->ladder.n++] =
		(struct rung){.unmoved = at, .at = at, .step = n, .before = at < DUE};
	d->policy.steps++;
	d->c.n_steps++;
	return s;
}

/** "told 催办 u1 liaison1 (liaison)\n" a row, then changes, then what else is wanted. */
UNUSED static char *plan_text(const struct district *d, const struct plan *p)
{
	static const char *const states[NOTICE_STATES] = {"told",      "sent",      "superseded",
							  "withdrawn", "overtaken", "held"};
	static const char *const whys[] = {"", " later", " overdue",  " decision",
					   "", " freed", " answered", " moved"};
	GString *s = g_string_new(NULL);

	for (guint i = 0; i < p->rows->len; i++) {
		const struct plan_row *r = &g_array_index(p->rows, struct plan_row, i);
		const struct plan_item *it = &d->items[r->item];
		g_autofree char *name = rung_name(&d->c, &d->policy, &it->ladder->rungs[r->rung]);

		g_string_append_printf(
			s, "%s%s %s %s %s (%s)%s%s%s%s\n", states[r->state], whys[r->why], name,
			campaign_text(&d->c, d->units[it->unit].id),
			campaign_text(&d->c, r->to.address),
			r->to.role == 0 ? "-" : campaign_text(&d->c, r->to.role),
			r->sort == SORT_REMIND ? "" : " !", (r->holds & HOLD_SIGN) ? " sign" : "",
			(r->holds & HOLD_GUARD) ? " guard" : "",
			(r->holds & HOLD_VIEW) ? " view" : "");
	}
	for (guint i = 0; i < p->changes->len; i++) {
		const struct plan_change *c = &g_array_index(p->changes, struct plan_change, i);

		g_string_append_printf(s, "#%u %s%s\n", c->held, states[c->state], whys[c->why]);
	}
	if (p->ask_guard)
		g_string_append(s, "ask\n");
	if (p->view_alarm)
		g_string_append(s, "alarm\n");
	if (p->next_wake != WALL_NEVER)
		g_string_append_printf(s, "wake %" G_GINT64_FORMAT "\n",
				       (p->next_wake - DUE) / SECOND);
	return g_string_free(s, FALSE);
}

/** One round at @now, as text; what was raised is said from then on when @say. */
UNUSED static char *district_ask(struct district *d, wall_t now, bool say, wall_t *wake_out)
{
	struct plan p;
	char *text;

	plan_init(&p);
	plan_occurrence(&d->facts, 0, d->facts.n_items, now, &p);
	text = plan_text(d, &p);
	assert_true(p.next_wake > now);
	if (wake_out != NULL)
		*wake_out = p.next_wake;
	for (guint i = 0; say && i < p.rows->len; i++) {
		const struct plan_row *r = &g_array_index(p.rows, struct plan_row, i);

		plan_say(&d->items[r->item], r->rung);
	}
	plan_fini(&p);
	return text;
}

#endif
