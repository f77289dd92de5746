/*
 * post.c - the way of messages: claim, attempt, the peer's word, report.
 *
 * As in the daemon, one transaction holds the reports of what has ended and the
 * claim of what goes next.  The peers' own record of what they took is the ledger;
 * duban never sees it.
 */
#include "dst.h"

#include <string.h>

#define HANG (5 * MINUTE)

void attempt_clear(gpointer p)
{
	struct attempt *a = p;

	g_free(a->identity);
	g_ptr_array_unref(a->told);
	g_array_unref(a->heard);
}

void report_clear(gpointer p)
{
	g_array_unref(((struct report *)p)->heard);
}

struct claimed {
	struct run *r;
	GArray *attempts;
};

/* Every item that asks for a report must still be asked for at the claim (P4). */
static void check_item(struct run *r, struct attempt *a, const struct message *m,
		       const struct message_item *it)
{
	struct occ *o;
	struct told *t;
	struct view v;

	if (it->sort != SORT_REMIND && it->sort != SORT_ESCALATE)
		return;
	o = occ_get(r, it->uid, it->rid);
	t = told_get(r, o, it->unit_id, it->due, it->step, m->channel, m->address, false);
	if (t == NULL || !t->planned) {
		violate(r, "P2", "message to %s carries %s of %s %s, which was not raised",
			m->address, it->step, it->unit_id, it->uid);
		return;
	}
	view_of(r, o, it->unit_id, &v);
	if (it->late_cleared) { /* struck out in a later list: they heard of it, and it came */
		if (t->accepted == 0 || !v.in_force)
			violate(r, "P12", "%s of %s %s %s struck out for %s%s%s", it->step,
				it->unit_id, it->uid, it->rid, m->address,
				t->accepted == 0 ? ", who never heard of it" : "",
				v.in_force ? "" : ", but it never came");
		return;
	}
	if (!v.known || !v.outstanding)
		violate(r, "R12", "%s of %s %s %s claimed for %s although answered", it->step,
			it->unit_id, it->uid, it->rid, m->address);
	else if (v.due != it->due)
		violate(r, "R12", "%s of %s %s %s claimed for %s although the deadline moved",
			it->step, it->unit_id, it->uid, it->rid, m->address);
	g_ptr_array_add(a->told, t);
}

static void check_identity(struct run *r, int64_t message, const char *identity)
{
	char *have = g_hash_table_lookup(r->identities, &message);

	if (have == NULL)
		g_hash_table_insert(r->identities, g_memdup2(&message, sizeof(message)),
				    g_strdup(identity));
	else if (strcmp(have, identity) != 0)
		violate(r, "identity", "message %" G_GINT64_FORMAT " was %s, now %s", message, have,
			identity);
}

/* What will become of an attempt is drawn when it starts. */
static void draw(struct run *r, struct attempt *a)
{
	const wall_t *until = g_hash_table_lookup(r->dead_peers, a->address);
	bool web = a->channel == CHANNEL_WEBHOOK;
	const char *last = web ? "POST" : "dot";
	unsigned luck = r->faults ? rng_below(&r->fault, 100) : 0;

	a->ends = r->true_now + (r->faults && rng_percent(&r->fault, 40)
					 ? rng_between(&r->fault, 1, 20 * SECOND)
					 : 0);
	a->reply = (struct reply){
		.status = web ? 200 : 250, .text = (char *)"ok", .verb = (char *)last};
	if (until != NULL && *until > r->true_now)
		luck = 99;
	if (luck < 78) {
		a->accepts = true;
	} else if (luck < 85) { /* not now */
		a->reply.status = web ? 503 : 451;
	} else if (luck < 88) { /* never */
		a->reply.status = web ? 410 : 550;
		a->reply.verb = (char *)(web ? "POST" : "RCPT");
	} else if (luck < 93) { /* taken, and the yes is lost */
		a->accepts = a->lost = true;
		a->reply = (struct reply){
			.text = (char *)"lost", .verb = (char *)last, .went_out = true};
	} else if (luck < 96) { /* broken after the data, not taken */
		a->reply = (struct reply){
			.text = (char *)"lost", .verb = (char *)last, .went_out = true};
	} else if (luck < 98) { /* hangs, taken or not */
		a->accepts = a->lost = rng_percent(&r->fault, 50);
		a->ends = r->true_now + HANG;
		a->reply = (struct reply){
			.text = (char *)"timeout", .verb = (char *)last, .went_out = true};
	} else {
		a->reply = (struct reply){.text = (char *)"refused", .verb = (char *)"connect"};
	}
	if (r->faults && luck < 88 && luck >= 85 && rng_percent(&r->fault, 30)) {
		wall_t dead = r->true_now + rng_between(&r->fault, 1, 6 * DAY);

		g_hash_table_insert(r->dead_peers, g_strdup(a->address),
				    g_memdup2(&dead, sizeof(dead)));
	}
}

static void on_lease(void *arg, struct engine_lease *lease)
{
	struct claimed *c = arg;
	struct message *m = lease->message;
	struct attempt a = {
		.message = lease->id,
		.identity = g_strdup(m->identity),
		.address = (char *)g_intern_string(m->address),
		.channel = m->channel,
		.told = g_ptr_array_new(),
		.heard = g_array_new(FALSE, FALSE, sizeof(struct heard)),
	};

	/* A ghost's claims bind nobody, unless its commit is in the image. */
	if (!c->r->dead || c->r->dead_after) {
		for (guint i = 0; i < m->items->len; i++) {
			check_item(c->r, &a, m, g_ptr_array_index(m->items, i));
			heard_claim(c->r, &a, m, g_ptr_array_index(m->items, i));
		}
		if (m->items->len == 0)
			violate(c->r, "P4", "an empty message to %s was claimed", m->address);
	}
	g_array_append_val(c->attempts, a);
	message_free(&lease->message);
}

static int send_reports(struct run *r, wall_t now, struct err *err)
{
	int rc = 0;

	for (guint i = 0; i < r->reports->len && rc >= 0; i++) {
		struct report *p = &g_array_index(r->reports, struct report, i);

		rc = engine_report(r->e, p->message, p->outcome, &p->reply, p->retry_after, now,
				   err);
	}
	return rc;
}

static void reports_kept(struct run *r)
{
	for (guint i = 0; i < r->reports->len; i++) {
		struct report *p = &g_array_index(r->reports, struct report, i);

		if (p->accepted != NULL && p->outcome == OUTCOME_SENT)
			p->accepted->known = true;
		if (p->outcome == OUTCOME_RETRY || p->outcome == OUTCOME_REFUSED)
			heard_maybe(r, p->heard, -1);
	}
	r->changed |= r->reports->len > 0;
	g_array_set_size(r->reports, 0);
}

static void start_attempts(struct run *r, GArray *attempts)
{
	for (guint i = 0; i < attempts->len; i++) {
		struct attempt a = g_array_index(attempts, struct attempt, i);

		a.identity = g_strdup(a.identity);
		(void)g_ptr_array_ref(a.told);
		(void)g_array_ref(a.heard);
		draw(r, &a);
		g_array_append_val(r->attempts, a);
	}
	r->changed |= attempts->len > 0;
}

void post_round(struct run *r)
{
	GArray *attempts = g_array_new(FALSE, FALSE, sizeof(struct attempt));
	struct claimed c = {r, attempts};
	unsigned max = 1 + rng_below(&r->life, 6);
	struct err err = {0};
	wall_t now = now_of(r);
	enum done done;
	int rc, n = 0;

	g_array_set_clear_func(attempts, attempt_clear);
	fate_draw(r);
	rc = store_begin(r->st, &err);
	if (rc >= 0)
		rc = send_reports(r, now, &err);
	if (rc >= 0)
		rc = n = engine_lease(&r->e, 1, r->st, now, max, on_lease, &c, &err);
	if (rc >= 0)
		rc = store_commit(r->st, &err);
	if (rc < 0)
		store_rollback(r->st);
	r->outbox_wake = rc < 0 ? now + 10 * SECOND : store_outbox_next(r->st);
	done = fate_end(r, rc);
	note(r, "outbox: %d, %d claimed", (int)done, n);
	r->full = done == DONE && n == (int)max;
	if (is_committed(done))
		reports_kept(r);
	for (guint i = 0; is_committed(done) && i < attempts->len; i++) {
		const struct attempt *a = &g_array_index(attempts, struct attempt, i);

		check_identity(r, a->message, a->identity);
		heard_maybe(r, a->heard, 1);
	}
	r->changed |= is_committed(done); /* overtaken and expired ones too */
	if (done == DONE)
		start_attempts(r, attempts);
	g_array_unref(attempts);
}

/* ---- the peer's side ---- */

static void check_duplicate(struct run *r, const struct attempt *a)
{
	for (guint i = 0; i < r->accepted->len; i++) {
		const struct accepted *p = g_ptr_array_index(r->accepted, i);

		if (strcmp(p->identity, a->identity) != 0) {
			if (p->message == a->message)
				violate(r, "identity",
					"message %" G_GINT64_FORMAT " came as %s and %s",
					a->message, p->identity, a->identity);
			continue;
		}
		r->n_duplicates++;
		if (p->known)
			violate(r, "R11", "%s to %s came again after our commit said sent",
				a->identity, a->address);
		else if (!p->lost && p->era == r->crashes)
			violate(r, "R11", "%s to %s came twice without a crash or a lost yes",
				a->identity, a->address);
	}
}

static struct accepted *take(struct run *r, struct attempt *a)
{
	struct accepted *x = g_new0(struct accepted, 1);

	check_duplicate(r, a);
	*x = (struct accepted){
		.identity = g_strdup(a->identity),
		.message = a->message,
		.at = r->true_now,
		.lost = a->lost,
		.era = r->crashes,
	};
	g_ptr_array_add(r->accepted, x);
	for (guint i = 0; i < a->told->len; i++)
		((struct told *)g_ptr_array_index(a->told, i))->accepted++;
	r->n_accepted++;
	heard_take(r, a);
	return x;
}

static void ended(struct run *r, struct attempt *a)
{
	struct report p = {
		.message = a->message, .reply = a->reply, .heard = g_array_ref(a->heard)};

	if (a->accepts)
		p.accepted = take(r, a);
	for (guint i = 0; a->accepts && a->lost && i < a->told->len; i++) {
		struct told *t = g_ptr_array_index(a->told, i);

		if (t->superior)
			r->lost = t;
	}
	p.outcome = notifier_get(a->channel)->classify(&a->reply, &p.retry_after);
	note(r, "peer %s %s: %d%s", a->address, a->identity, a->reply.status,
	     a->lost ? " lost" : "");
	g_array_append_val(r->reports, p);
}

void post_end(struct run *r)
{
	for (guint i = 0; i < r->attempts->len;) {
		struct attempt *a = &g_array_index(r->attempts, struct attempt, i);

		if (a->ends > r->true_now) {
			i++;
			continue;
		}
		ended(r, a);
		g_array_remove_index(r->attempts, i);
	}
}

/* A peer may take what was on its way when duban died. */
void post_crashed(struct run *r)
{
	for (guint i = 0; i < r->attempts->len; i++) {
		struct attempt *a = &g_array_index(r->attempts, struct attempt, i);

		if (a->accepts && rng_percent(&r->fault, 50))
			(void)take(r, a);
	}
	g_array_set_size(r->attempts, 0);
	g_array_set_size(r->reports, 0);
}

wall_t post_next(const struct run *r)
{
	wall_t next = r->reports->len > 0 ? r->true_now : WALL_NEVER;

	for (guint i = 0; i < r->attempts->len; i++)
		next = MIN(next, g_array_index(r->attempts, struct attempt, i).ends);
	return next;
}
