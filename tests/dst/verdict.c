/*
 * verdict.c - after the healing: what the store says, against the ledger.
 */
#include "dst.h"

#include <string.h>

#include "calendars/ladder.h"
#include "daemon/core/shown.h"

struct court {
	struct run *r;
	int64_t campaign;
	GHashTable *messages; /* id -> struct outbox_row *, .to owned */
	GHashTable *receipts; /* receipt -> "" */
	GHashTable *requests;
	GHashTable *occs;   /* id -> struct occ * */
	GHashTable *units;  /* id -> const char * */
	GPtrArray *notices; /* struct notice *, .reason owned */
	GPtrArray *submissions;
	struct occ *occ;
};

static void on_message(void *arg, const struct outbox_row *row)
{
	struct court *c = arg;
	struct outbox_row *copy = g_memdup2(row, sizeof(*row));

	copy->to = g_intern_string(row->to);
	copy->reply = NULL;
	g_hash_table_insert(c->messages, &copy->id, copy);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct court *c = arg;
	struct notice *copy = g_memdup2(n, sizeof(*n));

	copy->reason = g_intern_string(n->reason);
	g_ptr_array_add(c->notices, copy);
}

static void on_submission(void *arg, const struct submission *s)
{
	struct court *c = arg;
	struct submission *copy = g_memdup2(s, sizeof(*s));

	copy->receipt = copy->way = copy->actor = copy->why = copy->request = NULL;
	g_ptr_array_add(c->submissions, copy);
	g_hash_table_insert(c->receipts, g_strdup(s->receipt), c->occ);
	if (s->request != NULL && s->request[0] != 0 &&
	    !g_hash_table_add(c->requests, g_strdup(s->request)))
		violate(c->r, "R3", "request %s is stored twice", s->request);
}

static void on_tray(void *arg, const struct tray_item *t)
{
	struct court *c = arg;

	g_hash_table_insert(c->receipts, g_strdup_printf("T%" G_GINT64_FORMAT, t->id), NULL);
	if (t->request != NULL && t->request[0] != 0 &&
	    !g_hash_table_add(c->requests, g_strdup(t->request)))
		violate(c->r, "R3", "request %s is stored twice", t->request);
}

static void on_occurrence(void *arg, int64_t id, const char *uid, const char *rid)
{
	struct court *c = arg;

	g_hash_table_insert(c->occs, g_memdup2(&id, sizeof(id)), occ_get(c->r, uid, rid));
}

static void on_unit(void *arg, int64_t id, const char *unit)
{
	struct court *c = arg;

	g_hash_table_insert(c->units, g_memdup2(&id, sizeof(id)), (gpointer)g_intern_string(unit));
}

static void summon(struct court *c)
{
	struct run *r = c->r;
	GHashTableIter it;
	gpointer id, occ;

	c->campaign = store_campaign(r->st, "dst", 0, NULL);
	(void)store_outbox_list(r->st, c->campaign, -1, 1000000, on_message, c);
	(void)store_each_occurrence(r->st, c->campaign, on_occurrence, c);
	(void)store_each_unit(r->st, c->campaign, on_unit, c);
	(void)store_notices(r->st, 0, 0, on_notice, c);
	g_hash_table_iter_init(&it, c->occs);
	while (g_hash_table_iter_next(&it, &id, &occ)) {
		c->occ = occ;
		(void)store_notices(r->st, *(int64_t *)id, 0, on_notice, c);
		(void)store_submissions(r->st, *(int64_t *)id, 0, on_submission, c);
	}
	(void)store_tray_list(r->st, c->campaign, false, on_tray, c);
}

/* R1: what was acknowledged is there, under the occurrence it was taken for. */
static void judge_mails(struct court *c)
{
	for (guint i = 0; i < c->r->mails->len; i++) {
		const struct mail *m = g_ptr_array_index(c->r->mails, i);
		gpointer occ = NULL;

		if (!m->done && (m->direct || m->visible <= c->r->true_now))
			violate(c->r, "liveness", "m%u was never answered", m->number);
		if (m->receipt[0] == 0)
			continue;
		if (!g_hash_table_lookup_extended(c->receipts, m->receipt, NULL, &occ))
			violate(c->r, "R1", "%s of m%u (%s, %s %s)%s is lost", m->receipt,
				m->number, m->unit, m->uid, m->rid,
				m->acked ? ", acknowledged," : "");
		else if (occ != m->occ)
			violate(c->r, "R1", "%s of m%u is stored under another occurrence",
				m->receipt, m->number);
	}
}

static bool is_taken(const struct run *r, int64_t message)
{
	for (guint i = 0; i < r->accepted->len; i++)
		if (((struct accepted *)g_ptr_array_index(r->accepted, i))->message == message)
			return true;
	return false;
}

/* Somebody at the office is told that @to did not get it. */
static bool is_admitted(const struct court *c, const struct outbox_row *m)
{
	g_autofree char *shown = address_shown(m->to);

	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *n = g_ptr_array_index(c->notices, i);

		if (n->sort == SORT_ALARM && strstr(n->reason, shown) != NULL &&
		    ABS(n->at - m->done) <= DAY)
			return true;
	}
	return false;
}

static bool is_alarm(const struct court *c, int64_t message)
{
	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *n = g_ptr_array_index(c->notices, i);

		if (n->message == message && n->sort == SORT_ALARM)
			return true;
	}
	return false;
}

/* R10: every message has come to its end, and the end is true or admitted. */
static void judge_messages(struct court *c)
{
	GHashTableIter it;
	gpointer p;

	g_hash_table_iter_init(&it, c->messages);
	while (g_hash_table_iter_next(&it, NULL, &p)) {
		const struct outbox_row *m = p;

		switch (m->state) {
		case OUTBOX_SENT:
			if (!is_taken(c->r, m->id))
				violate(c->r, "R10",
					"message %" G_GINT64_FORMAT " to %s is called sent, "
					"and nobody took it",
					m->id, m->to);
			break;
		case OUTBOX_REFUSED:
		case OUTBOX_EXPIRED:
			if (!is_alarm(c, m->id) && !is_admitted(c, m))
				violate(c->r, "R10",
					"message %" G_GINT64_FORMAT " to %s was given up, "
					"and nobody told",
					m->id, m->to);
			break;
		case OUTBOX_OVERTAKEN:
			break;
		case OUTBOX_QUEUED:
		case OUTBOX_LEASED:
		case OUTBOX_RETRY:
		case OUTBOX_UNKNOWN:
		case OUTBOX_STATES:
			violate(c->r, "R10", "message %" G_GINT64_FORMAT " to %s is still %s",
				m->id, m->to, outbox_state_word(m->state));
			break;
		}
	}
}

static void judge_notices(struct court *c)
{
	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *n = g_ptr_array_index(c->notices, i);
		const struct outbox_row *m = g_hash_table_lookup(c->messages, &n->message);

		if (n->state == NOTICE_PLANNED && m == NULL)
			violate(c->r, "R2", "a notice is planned without a message");
		else if (n->state == NOTICE_PLANNED && m->state == OUTBOX_OVERTAKEN)
			violate(c->r, "R10", "a notice to %s waits in an overtaken message", m->to);
	}
	for (guint i = 0; i < c->r->told_list->len; i++) {
		const struct told *t = g_ptr_array_index(c->r->told_list, i);

		if (t->accepted > 0 && !t->planned)
			violate(c->r, "P2", "%s of %s was sent without being raised", t->step,
				t->unit);
	}
}

static const struct notice *find(const struct court *c, struct occ *o, const char *unit,
				 enum sort sort, int64_t n)
{
	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *x = g_ptr_array_index(c->notices, i);

		if (x->sort == sort && x->n == n &&
		    g_hash_table_lookup(c->occs, &x->occurrence) == o &&
		    g_strcmp0(g_hash_table_lookup(c->units, &x->unit), unit) == 0)
			return x;
	}
	return NULL;
}

/* Each report has its receipt, as long as the files know who handed it in. */
static void judge_receipts(struct court *c)
{
	const struct campaign *k = engine_campaign(c->r->e);

	for (guint i = 0; i < c->submissions->len; i++) {
		const struct submission *s = g_ptr_array_index(c->submissions, i);
		struct occ *o = g_hash_table_lookup(c->occs, &s->occurrence);
		const char *unit = g_hash_table_lookup(c->units, &s->unit);
		uint32_t at = occ_index(c->r, o);
		struct view v;

		if (unit == NULL || at == NONE ||
		    k->obligations[k->occurrences[at].obligation].category != CATEGORY_REPORT)
			continue;
		view_of(c->r, o, unit, &v);
		if (v.known && find(c, o, unit, SORT_RECEIPT, s->id) == NULL)
			violate(c->r, "receipt", "%s got none for %s %s", unit, o->uid, o->rid);
	}
}

static bool has_step(const struct court *c, struct occ *o, const char *unit, wall_t due,
		     int64_t step)
{
	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *x = g_ptr_array_index(c->notices, i);

		if (x->due == due && x->step == step &&
		    (x->sort == SORT_REMIND || x->sort == SORT_ESCALATE) &&
		    g_hash_table_lookup(c->occs, &x->occurrence) == o &&
		    g_strcmp0(g_hash_table_lookup(c->units, &x->unit), unit) == 0)
			return true;
	}
	return false;
}

/* No step is forgotten: what is ripe for an outstanding item was raised or superseded. */
static void judge_item(struct court *c, struct occ *o, uint32_t at, const char *unit)
{
	struct run *r = c->r;
	const struct campaign *k = engine_campaign(r->e);
	const struct policy *p = &k->policies[k->obligations[k->occurrences[at].obligation].policy];
	struct ladder *l;
	struct view v;

	view_of(r, o, unit, &v);
	if (!v.known || !v.outstanding || !v.tracked)
		return;
	l = (struct ladder *)model_ladder(r, at, v.due);
	for (uint32_t i = 0; i < l->n && l->rungs[i].at <= now_of(r); i++) {
		g_autofree char *name = rung_name(k, p, &l->rungs[i]);

		if (!has_step(c, o, unit, v.due, store_word(r->st, name)))
			violate(r, "P1", "%s of %s %s %s was never raised", name, unit, o->uid,
				o->rid);
	}
	ladder_free(&l);
}

static void judge_items(struct court *c)
{
	const struct campaign *k = engine_campaign(c->r->e);

	for (uint32_t i = 0; i < k->n_occurrences; i++) {
		const struct obligation *ob = &k->obligations[k->occurrences[i].obligation];
		struct occ *o = occ_get(c->r, campaign_text(k, ob->uid),
					campaign_text(k, k->occurrences[i].rid));

		for (uint32_t u = 0; u < ob->owings; u++)
			judge_item(c, o, i, campaign_text(k, k->units[k->owing[ob->owing + u]].id));
	}
}

static bool is_corrected(const struct court *c, const struct told *t)
{
	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *x = g_ptr_array_index(c->notices, i);
		const struct outbox_row *m = g_hash_table_lookup(c->messages, &x->message);

		if (x->sort == SORT_CORRECTION && x->due == t->due && m != NULL &&
		    m->channel == t->channel && strcmp(m->to, t->address) == 0 &&
		    g_hash_table_lookup(c->occs, &x->occurrence) == t->occ &&
		    g_strcmp0(g_hash_table_lookup(c->units, &x->unit), t->unit) == 0)
			return true;
	}
	return false;
}

/* R16: superiors who took what was wrong get a correction. */
static void judge_corrections(struct court *c)
{
	struct run *r = c->r;

	for (guint i = 0; i < r->told_list->len; i++) {
		const struct told *t = g_ptr_array_index(r->told_list, i);
		struct rung_view g;
		struct view v;

		if (!t->superior || t->accepted == 0 || occ_index(r, t->occ) == NONE)
			continue;
		view_of(r, t->occ, t->unit, &v);
		g = rung_of(r, t->occ, t->due, t->step, 0);
		if (!v.known || v.due != t->due || v.decided != WALL_ALWAYS || !g.known ||
		    g.before || v.first_received > v.on_time)
			continue;
		if (!is_corrected(c, t))
			violate(r, "R16",
				"%s heard %s of %s %s %s, which was on time, and no correction",
				t->address, t->step, t->unit, t->occ->uid, t->occ->rid);
	}
}

/* Is @h's address told by @n, which is not the ledger's but the store's? */
static bool is_to(const struct court *c, const struct notice *n, const struct heard *h)
{
	const struct outbox_row *m = g_hash_table_lookup(c->messages, &n->message);

	return n->sort == SORT_CORRECTION && m != NULL && m->channel == h->channel &&
	       strcmp(m->to, h->address) == 0 &&
	       g_hash_table_lookup(c->occs, &n->occurrence) == h->occ &&
	       g_strcmp0(g_hash_table_lookup(c->units, &n->unit), h->unit) == 0;
}

/* A correction that may have been given up, but was made; P12's takes back what was told before. */
static bool is_told_otherwise(const struct court *c, const struct heard *h, const struct view *v)
{
	for (guint i = 0; i < c->notices->len; i++) {
		const struct notice *n = g_ptr_array_index(c->notices, i);

		if (is_to(c, n, h) && n->message > h->message &&
		    (n->n < 0 || !v->known || n->due == v->due))
			return true;
	}
	return false;
}

/* Was there ever an answer that took the item off the list? */
static bool was_settled(const struct heard *h)
{
	for (guint i = 0; i < h->occ->facts->len; i++) {
		const struct fact *f = &g_array_index(h->occ->facts, struct fact, i);
		bool mine = f->unit[0] == 0 || strcmp(f->unit, h->unit) == 0;

		if (mine && (f->kind == FACT_SUBMIT || f->decision == DECISION_EXEMPT))
			return true;
	}
	return false;
}

/* Whoever heard a deadline that an edit moved or took away was told so. */
static void judge_heard(struct court *c)
{
	GHashTableIter it;
	gpointer p;

	g_hash_table_iter_init(&it, c->r->heard);
	while (g_hash_table_iter_next(&it, NULL, &p)) {
		const struct heard *h = p;
		struct view v;

		if (h->settled)
			continue;
		view_of(c->r, h->occ, h->unit, &v);
		if (v.known ? !v.outstanding || !v.tracked || v.decided != WALL_ALWAYS ||
				      v.due == h->due
			    : was_settled(h) || h->due < c->r->first_loaded)
			continue;
		if (!is_told_otherwise(c, h, &v))
			violate(c->r, "edit", "%s heard of %s %s %s %s, and nothing since",
				h->address, h->unit, h->occ->uid, h->occ->rid,
				v.known ? "at another hour" : "which is owed no more");
	}
}

static void message_free_row(gpointer p)
{
	g_free(p);
}

void verdict(struct run *r)
{
	struct court c = {
		.r = r,
		.messages =
			g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, message_free_row),
		.receipts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.requests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.occs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.units = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.notices = g_ptr_array_new_with_free_func(g_free),
		.submissions = g_ptr_array_new_with_free_func(g_free),
	};
	struct err err = {0};

	if (r->e == NULL) {
		violate(r, "liveness", "duban is down at the end");
	} else {
		summon(&c);
		judge_mails(&c);
		judge_messages(&c);
		judge_notices(&c);
		judge_receipts(&c);
		judge_items(&c);
		judge_corrections(&c);
		judge_heard(&c);
		if (store_journal_verify(r->st, &err) < 0)
			violate(r, "R20", "%s", err.text);
	}
	g_hash_table_unref(c.messages);
	g_hash_table_unref(c.receipts);
	g_hash_table_unref(c.requests);
	g_hash_table_unref(c.occs);
	g_hash_table_unref(c.units);
	g_ptr_array_unref(c.notices);
	g_ptr_array_unref(c.submissions);
}
