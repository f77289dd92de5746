/*
 * contacts.c - a unit's few contacts are compared one by one, a crowd's through a table.
 *
 * A table of all would cost a large district as much as reading its names.
 */
#include "daemon/campaign/contacts.h"

#include <string.h>

#define CROWD 16 /* contacts of a unit that are compared one by one */

/** Of a unit: index + 1 of its latest contact, 0 = none, and how many there are. */
struct chain {
	uint32_t last, n;
};

struct contacts {
	GArray *list;      /* struct contact, borrowed */
	GArray *chains;    /* struct chain, a unit */
	GArray *before;    /* uint32_t, a contact: index + 1 of its unit's one before */
	GHashTable *crowd; /* struct contact of units with more than CROWD; owned */
};

static guint contact_hash(gconstpointer p)
{
	const struct contact *c = p;
	guint h = (c->unit * 31 + c->role) * 0x9e3779b1u + c->person;

	for (int ch = 0; ch < CHANNELS; ch++)
		h = h * 0x9e3779b1u + c->address[ch];
	return h;
}

static gboolean contact_equal(gconstpointer a, gconstpointer b)
{
	const struct contact *x = a, *y = b; /* texts are interned: equal ones lie in one place */

	return x->unit == y->unit && x->role == y->role && x->person == y->person &&
	       memcmp(x->address, y->address, sizeof(x->address)) == 0;
}

struct contacts *contacts_new(GArray *list)
{
	struct contacts *c = g_new0(struct contacts, 1);

	c->list = list;
	c->chains = g_array_new(FALSE, TRUE, sizeof(struct chain));
	c->before = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	c->crowd = g_hash_table_new_full(contact_hash, contact_equal, g_free, NULL);
	return c;
}

void contacts_free(struct contacts **cp)
{
	struct contacts *c = *cp;

	if (c == NULL)
		return;
	g_array_unref(c->chains);
	g_array_unref(c->before);
	g_hash_table_unref(c->crowd);
	g_free(c);
	*cp = NULL;
}

static const struct contact *at(const struct contacts *c, uint32_t number)
{
	return &g_array_index(c->list, struct contact, number - 1);
}

static uint32_t before(const struct contacts *c, uint32_t number)
{
	return g_array_index(c->before, uint32_t, number - 1);
}

static bool is_known(const struct contacts *c, const struct chain *of,
		     const struct contact *contact)
{
	if (of->n > CROWD)
		return g_hash_table_contains(c->crowd, contact);
	for (uint32_t i = of->last; i > 0; i = before(c, i))
		if (contact_equal(at(c, i), contact))
			return true;
	return false;
}

static void crowd_add(struct contacts *c, const struct contact *contact)
{
	(void)g_hash_table_add(c->crowd, g_memdup2(contact, sizeof(*contact)));
}

bool contacts_add(struct contacts *c, const struct contact *contact)
{
	struct chain *of;

	if (c->chains->len <= contact->unit)
		g_array_set_size(c->chains, contact->unit + 1);
	of = &g_array_index(c->chains, struct chain, contact->unit);
	if (is_known(c, of, contact))
		return false;
	if (of->n == CROWD) /* it becomes one: all of them move */
		for (uint32_t i = of->last; i > 0; i = before(c, i))
			crowd_add(c, at(c, i));
	if (of->n >= CROWD)
		crowd_add(c, contact);
	g_array_append_val(c->before, of->last);
	g_array_append_val(c->list, *contact);
	of->last = c->list->len;
	of->n++;
	return true;
}

static struct unit *unit_at(GArray *units, uint32_t i)
{
	return &g_array_index(units, struct unit, i);
}

/* How many contacts each unit has, and whether they stand in the order of their units. */
static bool count(const GArray *contacts, GArray *units)
{
	bool in_order = true;
	uint32_t before = 0;

	for (uint32_t i = 0; i < contacts->len; i++) {
		uint32_t unit = g_array_index(contacts, struct contact, i).unit;

		unit_at(units, unit)->contacts++;
		in_order = in_order && unit >= before;
		before = unit;
	}
	return in_order;
}

void contacts_group(GArray **contacts, GArray *units)
{
	const GArray *old = *contacts;
	bool in_order = count(old, units);
	GArray *grouped;
	uint32_t first = 0;

	for (uint32_t i = 0; i < units->len; i++) {
		unit_at(units, i)->contact = first;
		first += unit_at(units, i)->contacts;
	}
	if (in_order) /* as in most tables */
		return;
	grouped = g_array_sized_new(FALSE, TRUE, sizeof(struct contact), old->len);
	g_array_set_size(grouped, old->len);
	for (uint32_t i = 0; i < units->len; i++)
		unit_at(units, i)->contacts = 0;
	for (uint32_t i = 0; i < old->len; i++) {
		const struct contact *c = &g_array_index(old, struct contact, i);
		struct unit *u = unit_at(units, c->unit);

		g_array_index(grouped, struct contact, u->contact + u->contacts++) = *c;
	}
	g_array_unref(*contacts);
	*contacts = grouped;
}
