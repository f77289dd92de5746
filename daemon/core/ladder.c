/*
 * ladder.c - what can be done with a ladder without knowing a calendar.
 */
#include "ladder.h"

void ladder_free(struct ladder **l)
{
	if (!*l)
		return;
	g_free((*l)->rungs);
	g_free(*l);
	*l = NULL;
}

char *rung_name(const struct campaign *c, const struct policy *p, const struct rung *r)
{
	if (r->step >= p->steps) {
		unsigned number = r->step - p->steps + 1;

		return number == 1 ? g_strdup("alarm") : g_strdup_printf("alarm-%u", number);
	}

	const char *name = campaign_text(c, c->steps[p->step + r->step].name);

	return r->repeat ? g_strdup_printf("%s#%u", name, r->repeat) : g_strdup(name);
}
