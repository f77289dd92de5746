/*
 * recipients.c - audiences to addresses.
 *
 * A role that a unit lacks climbs liaison -> leader -> head -> office, so that a
 * step never falls silent; whether an address is told as a superior follows from
 * the audience as written, not from who happens to stand in for it.
 */
#include "recipients.h"

#include <string.h>

#include "err.h"

#define VIA_ALL ((1u << CHANNELS) - 1)

void recipients_init(struct recipients *r)
{
	r->list = g_array_new(FALSE, FALSE, sizeof(struct recipient));
	r->missing = g_array_new(FALSE, FALSE, sizeof(struct missing_role));
}

void recipients_fini(struct recipients *r)
{
	g_array_unref(r->list);
	g_array_unref(r->missing);
}

void recipients_clear(struct recipients *r)
{
	g_array_set_size(r->list, 0);
	g_array_set_size(r->missing, 0);
}

/* What one audience is being turned into. */
struct want {
	const struct campaign *c;
	struct recipients *out;
	uint8_t via;
	text_t role;
	bool superior;
};

bool audience_is_superior(const struct campaign *c, const struct audience *a)
{
	switch ((enum audience_kind)a->kind) {
	case AUDIENCE_ROLE:
		return a->role != ROLE_LIAISON;
	case AUDIENCE_OFFICE:
		return false;
	case AUDIENCE_UNIT:
		return a->index != c->office;
	case AUDIENCE_PARENT_ROLE:
	case AUDIENCE_COMMITTEE:
	case AUDIENCE_DUTY:
		return true;
	}
	return true;
}

static void add_address(const struct want *w, uint32_t contact, enum channel channel)
{
	text_t address = w->c->contacts[contact].address[channel];
	struct recipient r;

	for (guint i = 0; i < w->out->list->len; i++) {
		const struct recipient *have = &g_array_index(w->out->list, struct recipient, i);

		if (have->channel == channel && have->address == address)
			return;
	}
	memset(&r, 0, sizeof(r)); /* padding too: equal facts give equal bytes */
	r.contact = contact;
	r.channel = channel;
	r.address = address;
	r.role = w->role;
	r.superior = w->superior;
	g_array_append_val(w->out->list, r);
}

/* Returns whether the contact can be told at all. */
static bool add_contact(const struct want *w, uint32_t contact)
{
	const struct contact *p = &w->c->contacts[contact];
	unsigned via = w->via == 0 ? 1u << CHANNEL_EMAIL : w->via;
	unsigned use = via & p->channels;

	if (use == 0 && p->address[CHANNEL_EMAIL] != 0)
		use = 1u << CHANNEL_EMAIL;
	for (int ch = 0; use == 0 && ch < CHANNELS; ch++)
		if (p->address[ch] != 0)
			use = 1u << ch;
	for (int ch = 0; ch < CHANNELS; ch++)
		if ((use & (1u << ch)) != 0)
			add_address(w, contact, (enum channel)ch);
	return use != 0;
}

static bool add_role(const struct want *w, uint32_t unit, uint8_t role)
{
	const struct unit *u = &w->c->units[unit];
	bool any = false;

	for (uint32_t i = 0; i < u->contacts; i++)
		if (w->c->contacts[u->contact + i].role == role)
			any |= add_contact(w, u->contact + i);
	return any;
}

static bool add_unit(const struct want *w, uint32_t unit)
{
	bool any = false;

	if (unit == NONE)
		return false;
	for (uint32_t i = 0; i < w->c->units[unit].contacts; i++)
		any |= add_contact(w, w->c->units[unit].contact + i);
	return any;
}

static bool climb(const struct want *w, uint32_t unit, uint8_t role)
{
	struct missing_role m = {unit, role};

	if (unit == NONE)
		return false;
	if (add_role(w, unit, role))
		return true;
	g_array_append_val(w->out->missing, m);
	for (uint8_t up = role + 1; up < ROLES; up++)
		if (add_role(w, unit, up))
			return true;
	return false;
}

static bool add_committee(const struct want *w)
{
	bool any = false;

	for (uint32_t u = 0; u < w->c->n_units; u++)
		if (w->c->units[u].sort == UNIT_COMMITTEE)
			any |= add_unit(w, u);
	return any;
}

static bool add_duty(const struct want *w, const struct audience *a, wall_t now)
{
	const struct roster *r = &w->c->rosters[a->index];
	bool any = false;

	for (uint32_t i = 0; i < r->shifts; i++) {
		const struct shift *s = &w->c->shifts[r->shift + i];

		if (s->from > now)
			break; /* by from */
		if (s->to <= now || s->contact == NONE)
			continue;
		if (a->part == DUTY_ALL || (a->part == DUTY_LEADER) == s->leader)
			any |= add_contact(w, s->contact);
	}
	return any;
}

static bool add_audience(const struct want *w, uint32_t unit, const struct audience *a, wall_t now)
{
	switch ((enum audience_kind)a->kind) {
	case AUDIENCE_ROLE:
		return climb(w, unit, a->role);
	case AUDIENCE_PARENT_ROLE:
		return climb(w, w->c->units[unit].parent, a->role);
	case AUDIENCE_UNIT:
		return add_unit(w, a->index);
	case AUDIENCE_OFFICE:
		return add_unit(w, w->c->office);
	case AUDIENCE_COMMITTEE:
		return add_committee(w);
	case AUDIENCE_DUTY:
		return add_duty(w, a, now);
	}
	return false;
}

void recipients_resolve_one(const struct campaign *c, uint32_t unit, const struct audience *a,
			    uint8_t via, wall_t now, struct recipients *out)
{
	struct want w = {.c = c,
			 .out = out,
			 .via = via,
			 .role = a->name,
			 .superior = audience_is_superior(c, a)};

	if (!add_audience(&w, unit, a, now))
		(void)add_unit(&w, c->office); /* never silent; lint refuses an empty office */
}

void recipients_resolve(const struct campaign *c, uint32_t unit, uint32_t to, uint32_t tos,
			uint8_t via, wall_t now, struct recipients *out)
{
	must(unit < c->n_units && to + tos <= c->n_audiences);
	for (uint32_t i = 0; i < tos; i++)
		recipients_resolve_one(c, unit, &c->audiences[to + i], via, now, out);
}

void recipients_office(const struct campaign *c, uint8_t via, struct recipients *out)
{
	struct want w = {.c = c, .out = out, .via = via, .role = 0, .superior = false};

	(void)add_unit(&w, c->office);
}

void recipients_liaison(const struct campaign *c, uint32_t unit, struct recipients *out)
{
	struct want w = {.c = c, .out = out, .via = VIA_ALL, .role = 0, .superior = false};

	if (!climb(&w, unit, ROLE_LIAISON))
		(void)add_unit(&w, c->office);
}
