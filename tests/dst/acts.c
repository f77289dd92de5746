/*
 * acts.c - what people and clients do: hand in, decide, clear the tray.
 *
 * A client that got no answer asks again with the same key; the ledger holds what
 * was committed, and apart from it what was acknowledged.
 */
#include "dst.h"

#include <errno.h>
#include <string.h>

static bool is_acknowledged_well(struct run *r, const struct mail *m,
				 const struct engine_receipt *got)
{
	if (m->receipt[0] == 0)
		return true;
	if (strcmp(m->receipt, got->receipt) == 0 && got->again)
		return true;
	violate(r, "R3", "request m%u was answered %s, then %s%s", m->number, m->receipt,
		got->receipt, got->again ? "" : " (as if it were new)");
	return false;
}

static void keep_submission(struct run *r, struct mail *m, const struct engine_receipt *got,
			    wall_t now)
{
	const struct campaign *c = r->e == NULL ? NULL : engine_campaign(r->e);
	struct fact f = {
		.kind = FACT_SUBMIT,
		.unit = m->unit,
		.received = m->received - m->received % SECOND,
		.stored = now,
	};

	(void)c;
	(void)g_strlcpy(m->receipt, got->receipt, sizeof(m->receipt));
	r->n_submitted++;
	if (got->tray) {
		struct tray_entry *t = g_new0(struct tray_entry, 1);

		t->id = g_ascii_strtoll(got->receipt + 1, NULL, 10);
		t->unit = m->unit;
		g_ptr_array_add(r->tray, t);
		r->changed = true;
		return;
	}
	fact_add(r, m->occ, &f);
}

/* Which occurrence the engine took it for; to be asked before the engine may be gone. */
static struct occ *occ_of(struct run *r, const struct engine_receipt *got)
{
	const struct campaign *c = engine_campaign(r->e);
	const struct occurrence *o;

	if (got->occurrence == NONE)
		return NULL;
	o = &c->occurrences[got->occurrence];
	return occ_get(r, campaign_text(c, c->obligations[o->obligation].uid),
		       campaign_text(c, o->rid));
}

void mail_hand_in(struct run *r, struct mail *m)
{
	g_autofree char *key = g_strdup_printf("m%u", m->number);
	struct engine_submit s = {
		.unit = m->unit,
		.uid = m->uid,
		.rid = m->rid,
		.received = m->received,
		.zero = m->zero,
		.way = m->direct ? "cli" : "mail",
		.actor = "world",
		.why = key,
		.request = key,
	};
	struct engine_receipt got = {.occurrence = NONE};
	struct occ *occ = NULL;
	struct err err = {0};
	wall_t now = now_of(r);
	enum done done;
	int rc;

	fate_draw(r);
	rc = store_begin(r->st, &err);
	if (rc >= 0)
		rc = engine_submit(r->e, &s, now, &got, &err);
	if (rc >= 0)
		occ = occ_of(r, &got);
	if (rc >= 0)
		rc = store_commit(r->st, &err);
	if (rc < 0 && r->st != NULL)
		store_rollback(r->st);
	done = fate_end(r, rc);
	note(r, "submit m%u %s %s %s: %d %d %s", m->number, m->unit, m->uid, m->rid, rc, (int)done,
	     is_committed(done) ? got.receipt : "-");
	if (is_committed(done) && is_acknowledged_well(r, m, &got) && m->receipt[0] == 0) {
		m->occ = occ;
		keep_submission(r, m, &got, now);
	}
	if (done == DONE && !(r->faults && rng_percent(&r->fault, 10)))
		m->acked = m->done = true;
	if (done == FAILED && (rc == -ENOENT || rc == -EINVAL))
		m->done = m->gone = true; /* the files know it no longer: the client is told so */
	m->retry = r->true_now + rng_between(&r->fault, 1, 30) * MINUTE;
}

static void poll_done(struct run *r, wall_t begun)
{
	struct err err = {0};
	enum done done;
	int rc;

	fate_draw(r);
	rc = store_begin(r->st, &err);
	if (rc >= 0)
		rc = store_poll_ok(r->st, "mail", begun);
	if (rc >= 0)
		rc = store_commit(r->st, &err);
	if (rc < 0)
		store_rollback(r->st);
	done = fate_end(r, rc);
	if (is_committed(done)) {
		r->polled = begun;
		r->changed = true;
	}
	if (done == DONE)
		engine_touch(r->e);
	note(r, "poll: %d", (int)done);
}

/* A look into the mailbox: everything that lies there is handed in first. */
void intake_poll(struct run *r)
{
	wall_t begun = now_of(r);

	if (!r->intake_up)
		return;
	for (guint i = 0; i < r->mails->len; i++) {
		struct mail *m = g_ptr_array_index(r->mails, i);

		if (m->direct || m->done || m->visible > r->true_now)
			continue;
		mail_hand_in(r, m);
		if (r->e == NULL || !m->done)
			return; /* the look failed */
	}
	if (r->intake_used)
		poll_done(r, begun);
}

static const char *random_unit(struct run *r)
{
	const struct campaign *c = engine_campaign(r->e);
	g_autofree char *name = NULL;

	for (int i = 0; i < 20; i++) {
		g_free(name);
		name = g_strdup_printf("u%u", rng_below(&r->life, r->kept.n_units));
		if (campaign_find_unit(c, name) != NONE)
			return g_intern_string(name);
	}
	return "u0";
}

struct mail *mail_random(struct run *r)
{
	const struct campaign *c = engine_campaign(r->e);
	uint32_t i = rng_below(&r->life, c->n_occurrences), best = i;
	struct mail *m = g_new0(struct mail, 1);
	dur_t late;

	for (int k = 0; k < 4; k++) { /* rather one whose deadline is near */
		if (ABS(c->occurrences[i].due - now_of(r)) <
		    ABS(c->occurrences[best].due - now_of(r)))
			best = i;
		i = rng_below(&r->life, c->n_occurrences);
	}
	m->number = r->mails->len + 1;
	m->unit = random_unit(r);
	m->uid = g_strdup(campaign_text(c, c->obligations[c->occurrences[best].obligation].uid));
	m->rid = g_strdup(rng_percent(&r->life, 70) ? campaign_text(c, c->occurrences[best].rid)
						    : "");
	m->zero = rng_percent(&r->life, 15);
	m->direct = !r->intake_used || rng_percent(&r->life, 40);
	late = rng_percent(&r->life, 75) ? 0 : rng_between(&r->life, 1, 4 * DAY);
	m->received = r->true_now - late;
	if (rng_percent(&r->life, 10) && c->occurrences[best].due <= r->true_now)
		m->received = c->occurrences[best].due; /* to the second */
	m->visible = m->retry = r->true_now;
	g_ptr_array_add(r->mails, m);
	return m;
}

static struct mail *mail_of(struct run *r, const struct told *t, wall_t received)
{
	struct mail *m = g_new0(struct mail, 1);

	m->number = r->mails->len + 1;
	m->unit = t->unit;
	m->uid = g_strdup(t->occ->uid);
	m->rid = g_strdup(t->occ->rid);
	m->direct = true;
	m->received = received;
	m->visible = m->retry = r->true_now;
	g_ptr_array_add(r->mails, m);
	return m;
}

struct mail *mail_belated(struct run *r)
{
	const struct told *t = r->lost;

	r->lost = NULL;
	return t == NULL || t->due > r->true_now ? NULL : mail_of(r, t, t->due);
}

struct mail *mail_crossing(struct run *r)
{
	for (guint i = r->told_list->len; i > 0; i--) {
		const struct told *t = g_ptr_array_index(r->told_list, i - 1);
		struct view v;

		if (!t->planned || t->accepted > 0 || rng_percent(&r->life, 30))
			continue;
		view_of(r, t->occ, t->unit, &v);
		if (v.known && v.outstanding)
			return mail_of(r, t, r->true_now);
	}
	return NULL;
}

/* ---- decisions ---- */

static void scope_changed(struct run *r, const struct engine_decision *d)
{
	g_autofree char *key = d->unit[0] != 0  ? g_strdup_printf("unit:%s", d->unit)
			       : d->tag[0] != 0 ? g_strdup_printf("tag:%s", d->tag)
						: g_strdup("all");

	if (d->kind == DECISION_PAUSE)
		g_hash_table_add(r->paused, g_strdup(key));
	else
		(void)g_hash_table_remove(r->paused, key);
}

static void decided(struct run *r, const struct engine_decision *d, struct occ *o, wall_t now)
{
	struct fact f = {
		.kind = FACT_DECISION,
		.decision = d->kind,
		.unit = g_intern_string(d->unit),
		.received = now,
		.stored = now,
		.due = d->due,
	};

	r->n_decided++;
	r->changed = true;
	if (d->kind == DECISION_PAUSE || d->kind == DECISION_RESUME)
		scope_changed(r, d);
	if (d->kind == DECISION_RELEASE)
		released(r, o, d->unit, d->step);
	if (o != NULL)
		fact_add(r, o, &f);
}

static bool decide(struct run *r, const struct engine_decision *d, struct occ *o)
{
	struct err err = {0};
	wall_t now = now_of(r);
	enum done done;
	int rc;

	fate_draw(r);
	rc = store_begin(r->st, &err);
	if (rc >= 0)
		rc = engine_decide(r->e, d, now, &err);
	if (rc >= 0)
		rc = store_commit(r->st, &err);
	if (rc < 0)
		store_rollback(r->st);
	done = fate_end(r, rc);
	note(r, "decide %s %s %s %s %s: %d %d", decision_word(d->kind), d->unit, d->uid, d->rid,
	     d->tag, rc, (int)done);
	if (is_committed(done))
		decided(r, d, o, now);
	return done == DONE;
}

static void decide_item(struct run *r, enum decision_kind kind)
{
	const struct campaign *c = engine_campaign(r->e);
	uint32_t i = rng_below(&r->life, c->n_occurrences);
	struct occ *o;
	struct engine_decision d = {
		.kind = kind, .tag = "", .step = "", .actor = "world", .why = ""};

	for (int k = 0; k < 6 && ABS(c->occurrences[i].due - now_of(r)) > 4 * DAY; k++)
		i = rng_below(&r->life, c->n_occurrences);
	o = occ_get(r, campaign_text(c, c->obligations[c->occurrences[i].obligation].uid),
		    campaign_text(c, c->occurrences[i].rid));
	d.unit = rng_percent(&r->life, 80) ? random_unit(r) : "";
	d.uid = o->uid;
	d.rid = o->rid;
	if (kind == DECISION_RETURN)
		for (guint k = 0; k < o->facts->len;
		     k++) { /* what was not received cannot go back */
			const struct fact *f = &g_array_index(o->facts, struct fact, k);

			if (f->kind == FACT_SUBMIT)
				d.unit = f->unit;
		}
	if (kind == DECISION_EXTEND || kind == DECISION_RETURN)
		d.due = (MAX(now_of(r), c->occurrences[i].due) / SECOND +
			 rng_between(&r->life, 1, 5 * 24 * 60) * 60) *
			SECOND;
	(void)decide(r, &d, o);
}

static void decide_scope(struct run *r, enum decision_kind kind)
{
	struct engine_decision d = {.kind = kind,
				    .unit = "",
				    .uid = "",
				    .rid = "",
				    .tag = "",
				    .step = "",
				    .actor = "world",
				    .why = ""};

	if (rng_percent(&r->life, 50))
		d.unit = random_unit(r);
	else if (rng_percent(&r->life, 60))
		d.tag = rng_percent(&r->life, 50) ? "t0" : "t1";
	(void)decide(r, &d, NULL);
}

/* What is held is let go: one step of one unit, an occurrence, or everything. */
static void decide_release(struct run *r)
{
	struct engine_decision d = {.kind = DECISION_RELEASE,
				    .unit = "",
				    .uid = "",
				    .rid = "",
				    .tag = "",
				    .step = "",
				    .actor = "world",
				    .why = ""};
	struct occ *o = NULL;

	for (guint i = r->told_list->len; i > 0; i--) {
		const struct told *t = g_ptr_array_index(r->told_list, i - 1);

		if (!t->held || t->planned || occ_index(r, t->occ) == NONE)
			continue;
		if (rng_percent(&r->life, 90)) {
			o = t->occ;
			d.uid = o->uid;
			d.rid = o->rid;
			d.unit = rng_percent(&r->life, 50) ? t->unit : "";
			d.step = rng_percent(&r->life, 40) ? t->step : "";
		}
		break;
	}
	if (d.unit[0] != 0 && campaign_find_unit(engine_campaign(r->e), d.unit) == NONE)
		return;
	(void)decide(r, &d, o);
}

void people_decide(struct run *r)
{
	switch (rng_below(&r->life, 12)) {
	case 0:
	case 1:
	case 2:
		decide_item(r, DECISION_EXTEND);
		break;
	case 3:
	case 4:
		decide_item(r, DECISION_RETURN);
		break;
	case 5:
		decide_item(r, DECISION_EXEMPT);
		break;
	case 6:
		decide_item(r, rng_percent(&r->life, 50) ? DECISION_REFUSE : DECISION_UNDO);
		break;
	case 7:
		decide_scope(r, DECISION_PAUSE);
		break;
	case 8:
		decide_scope(r, DECISION_RESUME);
		break;
	default:
		decide_release(r);
	}
}

void people_resume(struct run *r)
{
	while (r->e != NULL && g_hash_table_size(r->paused) > 0) {
		GHashTableIter it;
		gpointer key;
		struct engine_decision d = {.kind = DECISION_RESUME,
					    .unit = "",
					    .uid = "",
					    .rid = "",
					    .tag = "",
					    .step = "",
					    .actor = "world",
					    .why = ""};
		g_autofree char *scope = NULL;

		g_hash_table_iter_init(&it, r->paused);
		(void)g_hash_table_iter_next(&it, &key, NULL);
		scope = g_strdup(key);
		if (g_str_has_prefix(scope, "unit:"))
			d.unit = scope + 5;
		else if (g_str_has_prefix(scope, "tag:"))
			d.tag = scope + 4;
		if (d.unit[0] != 0 && campaign_find_unit(engine_campaign(r->e), d.unit) == NONE)
			g_hash_table_remove(r->paused, scope); /* nobody is paused by it */
		else if (!decide(r, &d, NULL))
			return;
	}
}

static void decide_tray(struct run *r, struct tray_entry *t, bool accept)
{
	struct mail *m = NULL;
	struct engine_receipt got = {.occurrence = NONE};
	struct occ *occ = NULL;
	struct err err = {0};
	wall_t now = now_of(r);
	enum done done;
	int rc;

	for (guint i = 0; i < r->mails->len; i++) {
		struct mail *x = g_ptr_array_index(r->mails, i);

		if (x->receipt[0] == 'T' && g_ascii_strtoll(x->receipt + 1, NULL, 10) == t->id)
			m = x;
	}
	must(m != NULL);
	fate_draw(r);
	rc = store_begin(r->st, &err);
	if (rc >= 0)
		rc = engine_tray_decide(r->e, t->id, accept, NULL, NULL, NULL, "world", "", now,
					&got, &err);
	if (rc >= 0)
		occ = occ_of(r, &got);
	if (rc >= 0)
		rc = store_commit(r->st, &err);
	if (rc < 0)
		store_rollback(r->st);
	done = fate_end(r, rc);
	note(r, "tray %" G_GINT64_FORMAT " %s: %d %d", t->id, accept ? "accept" : "reject", rc,
	     (int)done);
	if (!is_committed(done))
		return;
	t->decided = true;
	r->changed = true;
	if (accept && occ != NULL) {
		struct fact f = {
			.kind = FACT_SUBMIT,
			.unit = m->unit,
			.received = m->received - m->received % SECOND,
			.stored = now,
		};

		fact_add(r, occ, &f);
	}
}

void people_tray(struct run *r, bool all)
{
	for (guint i = 0; i < r->tray->len && r->e != NULL; i++) {
		struct tray_entry *t = g_ptr_array_index(r->tray, i);

		if (t->decided || (!all && rng_percent(&r->life, 40)))
			continue;
		decide_tray(r, t, rng_percent(&r->life, 60));
		if (all && r->e != NULL && !t->decided)
			decide_tray(r, t, false); /* the files know its item no longer */
	}
}
