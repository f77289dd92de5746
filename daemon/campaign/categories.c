/*
 * categories.c - categories to category, policy and who owes.
 *
 * Calendar programs reorder categories, so order means nothing here: one name says
 * what the component is, at most one is a policy, the others say who owes it.  A name
 * that is not understood makes the component owed by nobody: to guess would either
 * remind the wrong units or silently let everybody off.
 */
#include "daemon/campaign/categories.h"

#include <string.h>

#define SUGGEST_UNITS_MAX 5000 /* ids compared for the nearest name */

static const char *const category_names[] = {
	"报送", "节点", "阶段", "通报", "值守", "REPORT", "MILESTONE", "PHASE", "BULLETIN", "WATCH",
};

void component_error(struct build *b, const struct calendar_component *x, const char *code,
		     const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(b->findings, SEVERITY_ERROR, x->file, x->line, 0, code, x->uid, "%s", text);
}

void meaning_fini(struct meaning *m)
{
	g_clear_pointer(&m->names, g_array_unref);
}

static void say_unknown(struct build *b, const struct calendar_component *x, const char *name,
			bool is_category)
{
	g_autofree char *words = NULL;
	struct near near;

	near_start(&near, name);
	for (unsigned i = 0; i < G_N_ELEMENTS(category_names); i++)
		near_offer(&near, category_names[i]);
	for (uint32_t i = 0; i < b->policies->len; i++) {
		const struct policy *p = build_at(b->policies, struct policy, i);

		near_offer(&near, build_text(b, p->name));
		/* People write 周报 for weekly: the words of `match` say which policy is meant. */
		for (uint32_t k = p->match; k < p->match + p->matches; k++)
			if (!strcmp(build_text(b, *build_at(b->names, text_t, k)), name))
				near = (struct near){name, build_text(b, p->name), 0};
	}
	/* From the units, not from the set of tags: its order would decide among equals. */
	for (uint32_t i = 0; i < b->units->len && i < SUGGEST_UNITS_MAX; i++) {
		const struct unit *u = build_unit(b, i);

		near_offer(&near, build_text(b, u->id));
		for (uint32_t k = u->tag; k < u->tag + u->tags; k++)
			near_offer(&near, build_text(b, *build_at(b->names, text_t, k)));
	}
	words = near_words(&near);
	component_error(b, x, "UNKNOWN_CATEGORY", "不认识的类别“%.80s”%s%s%s", name, words,
			near.best ? "" : "；",
			is_category ? "改好以前这一项不算" : "改好以前这一项谁都不用报");
}

/** How many things @name is called: a policy, a tag, a unit. */
static int meanings_of(const struct build *b, const char *name)
{
	text_t text = texts_find(b->texts, name);

	if (!text)
		return 0;
	return (build_find(b, b->policy_of, name) != NONE) +
	       g_hash_table_contains(b->tag_set, GUINT_TO_POINTER(text)) +
	       (build_find_unit(b, name) != NONE);
}

/**
 * The category that @name stands for.  Categories are known in any case, so `milestone` may be
 * meant for a policy of that name: spelled exactly like one, it is the policy.
 */
static enum category category_named(const struct build *b, const char *name)
{
	int category = category_of(name);
	bool exact;

	if (category <= CATEGORY_NONE)
		return CATEGORY_NONE;
	exact = !g_ascii_isalpha(*name) || !strcmp(name, category_word((enum category)category));
	return exact || meanings_of(b, name) == 0 ? (enum category)category : CATEGORY_NONE;
}

enum category category_first(const struct build *b, const struct calendar_component *x)
{
	for (unsigned i = 0; i < x->categories->len; i++) {
		enum category category = category_named(b, x->categories->pdata[i]);

		if (category != CATEGORY_NONE)
			return category;
	}
	return CATEGORY_NONE;
}

static gint text_compare(gconstpointer a, gconstpointer b)
{
	text_t x = *(const text_t *)a, y = *(const text_t *)b;

	return x < y ? -1 : x > y;
}

void policies_mark(struct build *b, const struct calendar_component *x)
{
	uint32_t policy;

	for (unsigned i = 0; i < MIN(x->categories->len, CATEGORIES_MAX); i++) {
		policy = build_find(b, b->policy_of, x->categories->pdata[i]);
		if (policy != NONE)
			*build_at(b->policy_named, bool, policy) = true;
	}
}

static void take_policy(struct build *b, const struct calendar_component *x, const char *name,
			struct meaning *m)
{
	uint32_t policy = build_find(b, b->policy_of, name);

	if (m->policy != NONE && m->policy != policy) {
		component_error(
			b, x, "TWO_POLICIES",
			"写了“%s”和“%s”两条督办规则；可只留一条，改好以前这一项谁都不用报",
			build_text(b, build_at(b->policies, struct policy, m->policy)->name), name);
		m->broken = true;
	}
	if (m->policy == NONE)
		m->policy = policy;
}

/* Where the policies could not be read that was said once, not of every event. */
static bool policies_unread(const struct build *b)
{
	return b->policies->len == 0 && b->findings->errors > 0;
}

/** One name that is not a category. */
static void take_name(struct build *b, const struct calendar_component *x, const char *name,
		      struct meaning *m)
{
	int meanings = meanings_of(b, name);
	text_t text;

	if (meanings > 1) {
		component_error(b, x, "AMBIGUOUS_NAME",
				"“%.80s”既是督办规则、领域或单位中的一样，又是另一样；"
				"可把其中一样改名，改好以前这一项谁都不用报",
				name);
		m->broken = true;
		return;
	}
	if (meanings == 0) {
		if (!policies_unread(b))
			say_unknown(b, x, name, false);
		m->broken = true;
		return;
	}
	if (build_find(b, b->policy_of, name) != NONE) {
		take_policy(b, x, name, m);
		return;
	}
	text = texts_find(b->texts, name);
	for (unsigned i = 0; i < m->names->len; i++)
		if (*build_at(m->names, text_t, i) == text)
			return;
	g_array_append_val(m->names, text);
}

/** What the component is; @out->category stays NONE if that cannot be said. */
static void find_category(struct build *b, const struct calendar_component *x, struct meaning *m)
{
	for (unsigned i = 0; i < x->categories->len; i++) {
		const char *name = x->categories->pdata[i];
		enum category category = category_named(b, name);

		if (category == CATEGORY_NONE)
			continue;
		if (meanings_of(b, name) > 0) {
			component_error(b, x, "AMBIGUOUS_NAME",
					"“%s”是类别，又是督办规则、领域或单位的名字；"
					"可把后者改名，改好以前这一项谁都不用报",
					name);
			m->broken = true;
		}
		if (m->category != CATEGORY_NONE && m->category != category) {
			component_error(b, x, "TWO_CATEGORIES",
					"既是“%s”又是“%s”；可只留一样，改好以前这一项不算",
					category_word(m->category), name);
			m->category = CATEGORY_NONE;
			return;
		}
		m->category = category;
	}
	if (m->category != CATEGORY_NONE)
		return;
	if (x->todo) {
		m->category = CATEGORY_REPORT;
	} else if (x->categories->len == 0) {
		component_error(b, x, "NO_CATEGORY",
				"“%.60s”没有类别；可写上 报送、节点、阶段、通报、值守 之一，"
				"改好以前这一项不算",
				x->summary);
	} else {
		say_unknown(b, x, x->categories->pdata[0], true);
	}
}

static void settle_policy(struct build *b, const struct calendar_component *x, struct meaning *m)
{
	if (m->policy != NONE)
		return;
	m->policy = build_find(b, b->policy_of, "default");
	if (m->policy != NONE)
		return;
	if (!m->broken && !policies_unread(b))
		component_error(b, x, "NO_POLICY",
				"没写用哪条督办规则，也没有名叫 default 的规则；"
				"可在类别里加上规则的名字，改好以前这一项谁都不用报");
	m->broken = true;
}

void meaning_read(struct build *b, const struct calendar_component *x, struct meaning *m)
{
	unsigned n = MIN(x->categories->len, CATEGORIES_MAX);

	*m = (struct meaning){.policy = NONE};
	m->names = g_array_new(FALSE, FALSE, sizeof(text_t));
	find_category(b, x, m);
	if (m->category == CATEGORY_NONE)
		return;
	for (unsigned i = 0; i < n; i++)
		if (category_named(b, x->categories->pdata[i]) == CATEGORY_NONE)
			take_name(b, x, x->categories->pdata[i], m);
	g_array_sort(m->names, text_compare);
	if (m->category == CATEGORY_REPORT || m->category == CATEGORY_MILESTONE)
		settle_policy(b, x, m);
}
