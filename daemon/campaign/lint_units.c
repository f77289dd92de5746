/*
 * lint_units.c - can those who must be told be reached?
 */
#include <string.h>

#include "daemon/campaign/lint.h"

/** Roles that somebody is told in: bits of enum role, of the unit and of its parent. */
struct told {
	uint8_t own, parent;
};

static void add_audiences(const struct campaign *c, uint32_t first, uint32_t n, struct told *told)
{
	for (uint32_t i = first; i < first + n; i++) {
		const struct audience *a = &c->audiences[i];

		if (a->kind == AUDIENCE_ROLE)
			told->own |= (uint8_t)(1u << a->role);
		else if (a->kind == AUDIENCE_PARENT_ROLE)
			told->parent |= (uint8_t)(1u << a->role);
	}
}

static struct told told_by(const struct campaign *c, const struct policy *p)
{
	struct told told = {0, 0};

	for (uint32_t i = p->step; i < p->step + p->steps; i++)
		add_audiences(c, c->steps[i].to, c->steps[i].tos, &told);
	if (p->streak.misses)
		add_audiences(c, p->streak.to, p->streak.tos, &told);
	return told;
}

static bool has_address(const struct contact *x)
{
	for (int i = 0; i < CHANNELS; i++)
		if (x->address[i])
			return true;
	return false;
}

static uint8_t roles_of(const struct campaign *c, uint32_t unit)
{
	const struct unit *u = &c->units[unit];
	uint8_t roles = 0;

	for (uint32_t i = u->contact; i < u->contact + u->contacts; i++)
		if (has_address(&c->contacts[i]))
			roles |= (uint8_t)(1u << c->contacts[i].role);
	return roles;
}

static void append_roles(GString *s, uint8_t roles, const char *prefix)
{
	for (int i = 0; i < ROLES; i++)
		if (roles & 1u << i)
			g_string_append_printf(s, "%s%s%s", s->len ? "、" : "", prefix,
					       role_word((enum role)i));
}

static void check_roles(const struct lint *l, uint32_t unit, struct told told)
{
	const struct campaign *c = l->c;
	const struct unit *u = &c->units[unit];
	uint8_t above = u->parent == NONE ? 0 : roles_of(c, u->parent);
	g_autoptr(GString) missing = NULL;

	told.own &= (uint8_t)~roles_of(c, unit);
	told.parent &= (uint8_t)~above;
	if (told.own == 0 && told.parent == 0)
		return;
	missing = g_string_new(NULL);
	append_roles(missing, told.own, "");
	append_roles(missing, told.parent, "parent.");
	findings_add(l->findings, SEVERITY_WARNING, UNITS_FILE, campaign_unit_line(c, unit), 0,
		     "ROLE_MISSING", NULL,
		     "单位“%s”（%s）没有 %s 的联系人，发给他们的通知会往上走；可补上一行",
		     campaign_text(c, u->id), campaign_text(c, u->name), missing->str);
}

static void check_addresses(const struct lint *l, uint32_t unit)
{
	const struct campaign *c = l->c;
	const struct unit *u = &c->units[unit];

	for (uint32_t i = u->contact; i < u->contact + u->contacts; i++) {
		const struct contact *a = &c->contacts[i];

		for (uint32_t k = u->contact; k < i; k++) {
			const struct contact *b = &c->contacts[k];

			if (a->role == b->role || !a->address[CHANNEL_EMAIL] ||
			    a->address[CHANNEL_EMAIL] != b->address[CHANNEL_EMAIL])
				continue;
			findings_add(l->findings, SEVERITY_WARNING, UNITS_FILE,
				     campaign_unit_line(c, unit), 0, "SAME_ADDRESS", NULL,
				     "单位“%s”的 %s 和 %s 用同一个地址 %s，督办到不了领导；"
				     "可填各人自己的地址",
				     campaign_text(c, u->id), role_word((enum role)b->role),
				     role_word((enum role)a->role),
				     campaign_text(c, a->address[CHANNEL_EMAIL]));
			return;
		}
	}
}

/** Has any name a second unit?  One bit for each place of a text: equal ones lie in one. */
static bool names_recur(const struct campaign *c)
{
	g_autofree uint8_t *seen = g_malloc0(c->text_size / 8 + 1);
	bool recur = false;

	for (uint32_t i = 0; i < c->n_units && !recur; i++) {
		text_t name = c->units[i].name;

		recur = seen[name / 8] & 1u << name % 8;
		seen[name / 8] |= (uint8_t)(1u << name % 8);
	}
	return recur;
}

/** Two ids with one name: mostly one id mistyped, and nobody would ever report for it. */
static void check_names(const struct lint *l)
{
	const struct campaign *c = l->c;
	g_autoptr(GHashTable) seen = NULL; /* a name -> unit + 1 */

	if (!names_recur(c)) /* 100,000 units cost no table then */
		return;
	seen = g_hash_table_new(NULL, NULL);
	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];
		guint first =
			GPOINTER_TO_UINT(g_hash_table_lookup(seen, GUINT_TO_POINTER(u->name)));

		if (first == 0) {
			g_hash_table_insert(seen, GUINT_TO_POINTER(u->name),
					    GUINT_TO_POINTER(i + 1));
			continue;
		}
		findings_add(l->findings, SEVERITY_WARNING, UNITS_FILE, campaign_unit_line(c, i), 0,
			     "SAME_NAME", NULL,
			     "“%s”和“%s”都叫%s，会算成两个单位；是一个单位的，可改成同一个代号",
			     campaign_text(c, c->units[first - 1].id), campaign_text(c, u->id),
			     campaign_text(c, u->name));
	}
}

static void check_office(const struct lint *l)
{
	struct place at = campaign_office_place(l->c);
	const struct unit *u = &l->c->units[l->c->office];

	if (roles_of(l->c, l->c->office) == 0)
		findings_add(l->findings, SEVERITY_ERROR, YAML_FILE, at.line, at.column,
			     "OFFICE_EMPTY", NULL,
			     "安委办“%s”一个有地址的联系人也没有，告警无处可发；可在 %s 里补上",
			     campaign_text(l->c, u->id), UNITS_FILE);
}

void lint_units(const struct lint *l)
{
	const struct campaign *c = l->c;
	struct told *told;

	if (l->bad_units || c->n_units == 0)
		return;
	check_office(l);
	check_names(l);
	told = g_new0(struct told, c->n_units);
	for (uint32_t i = 0; i < c->n_obligations; i++) {
		const struct obligation *o = &c->obligations[i];
		struct told by = told_by(c, &c->policies[o->policy]);

		/* A milestone tells all contacts of the office, whatever `to` says. */
		for (uint32_t k = 0; o->category == CATEGORY_REPORT && k < o->owings; k++) {
			told[c->owing[o->owing + k]].own |= by.own;
			told[c->owing[o->owing + k]].parent |= by.parent;
		}
	}
	for (uint32_t i = 0; i < c->n_units; i++) {
		check_roles(l, i, told[i]);
		if (c->units[i].sort == UNIT_REPORTS)
			check_addresses(l, i);
	}
	g_free(told);
}
