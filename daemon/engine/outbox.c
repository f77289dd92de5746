/*
 * outbox.c - claiming messages with a last look, and writing down how attempts ended.
 *
 * P4: between raising and claiming a unit may have reported. The claim looks once
 * more, in its own transaction; what is answered is withdrawn, a message left empty
 * is overtaken and never sent.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/retry.h"
#include "private.h"

struct claim {
	struct engine *const *engines;
	unsigned n_engines;
	struct store *store;
	GPtrArray *rows; /* struct outbox_row *, .to owned */
};

static void row_free(gpointer p)
{
	struct outbox_row *row = p;

	g_free((char *)row->to);
	g_free(row);
}

static void on_row(void *arg, const struct outbox_row *row)
{
	struct claim *c = arg;
	struct outbox_row *copy = g_memdup2(row, sizeof(*row));

	copy->to = g_strdup(row->to);
	copy->reply = NULL;
	g_ptr_array_add(c->rows, copy);
}

static struct engine *engine_of(const struct claim *c, int64_t campaign)
{
	for (unsigned i = 0; i < c->n_engines; i++)
		if (c->engines[i]->id == campaign)
			return c->engines[i];
	return NULL;
}

struct recheck {
	struct engine *e;
	GPtrArray *stale; /* struct notice * */
	unsigned live;
};

static uint32_t occurrence_of(struct engine *e, int64_t id)
{
	for (uint32_t i = 0; i < e->campaign->n_occurrences; i++)
		if (engine_occurrence_id(e, i) == id)
			return i;
	return NONE;
}

/* Is the step still to be told? Only what asks for a report can be answered. */
static bool is_live(struct engine *e, const struct notice *n)
{
	uint32_t occurrence, unit;
	struct occurrence_facts *f;
	struct item_fact *it;
	bool live;

	if (n->sort != SORT_REMIND && n->sort != SORT_ESCALATE)
		return true;
	occurrence = occurrence_of(e, n->occurrence);
	unit = engine_unit_of(e, n->unit);
	if (occurrence == NONE || unit == NONE)
		return false;
	f = facts_load(e, occurrence, unit);
	it = facts_item(f, unit);
	live = it != NULL && it->outstanding && it->due == n->due;
	facts_free(&f);
	return live;
}

static void on_notice(void *arg, const struct notice *n)
{
	struct recheck *r = arg;

	if (n->state != NOTICE_PLANNED)
		return;
	if (is_live(r->e, n)) {
		r->live++;
	} else {
		struct notice *copy = g_memdup2(n, sizeof(*n));

		copy->reason = NULL;
		g_ptr_array_add(r->stale, copy);
	}
}

/* 1: send it; 0: nothing is left of it; negative: trouble. */
static int recheck(struct engine *e, const struct outbox_row *row, wall_t now, struct err *err)
{
	struct recheck r = {.e = e, .stale = g_ptr_array_new_with_free_func(g_free)};
	int rc = store_notices_of(e->store, row->id, on_notice, &r);

	for (guint i = 0; i < r.stale->len && rc >= 0; i++) {
		const struct notice *n = g_ptr_array_index(r.stale, i);

		rc = store_notice_set(e->store, n, r.live > 0 ? NOTICE_WITHDRAWN : NOTICE_OVERTAKEN,
				      now, row->id, "发送前已报送或已变更", err);
	}
	g_ptr_array_unref(r.stale);
	if (rc >= 0 && r.live == 0)
		rc = store_outbox_set(e->store, row->id, OUTBOX_OVERTAKEN, now, err);
	return rc < 0 ? rc : r.live > 0;
}

static int claim_one(struct engine *e, const struct outbox_row *row, wall_t now,
		     engine_lease_fn *fn, void *arg, struct err *err)
{
	struct engine_lease lease = {.id = row->id, .engine = e, .attempts = row->attempts + 1};
	int rc = recheck(e, row, now, err);

	if (rc <= 0)
		return rc;
	lease.message = compose_message(e, row, now);
	fn(arg, &lease);
	return 1;
}

int engine_lease(struct engine *const *engines, unsigned n_engines, struct store *st, wall_t now,
		 unsigned max, engine_lease_fn *fn, void *arg, struct err *err)
{
	struct claim c = {engines, n_engines, st, g_ptr_array_new_with_free_func(row_free)};
	int rc = store_outbox_lease(st, now, max, on_row, &c, err), n = 0;

	for (guint i = 0; i < c.rows->len && rc >= 0; i++) {
		const struct outbox_row *row = g_ptr_array_index(c.rows, i);
		struct engine *e = engine_of(&c, row->campaign);

		if (now >= row->expires)
			rc = store_outbox_set(st, row->id, OUTBOX_EXPIRED, now, err);
		else if (e == NULL)
			rc = store_outbox_defer(st, row->id, now + HOUR, err);
		else
			rc = claim_one(e, row, now, fn, arg, err);
		n += rc > 0;
		if (rc >= 0 && now >= row->expires && e != NULL)
			rc = outbox_give_up(e, row->id, row->channel, row->to, "超过有效期仍未送达",
					    now, err);
	}
	g_ptr_array_unref(c.rows);
	return rc < 0 ? rc : n;
}

static void on_first(void *arg, const struct notice *n)
{
	struct notice *out = arg;

	if (out->occurrence == 0 && out->unit == 0)
		*out = *n;
}

/* A message that will not arrive is told to the office, never about itself. */
int outbox_give_up(struct engine *e, int64_t message, enum channel channel, const char *to,
		   const char *why, wall_t now, struct err *err)
{
	struct notice first = {0};
	uint32_t unit;
	g_autofree char *mark = g_strdup_printf("unreachable:%s:%s:%" G_GINT64_FORMAT,
						channel_word(channel), to, now / DAY);
	g_autofree char *text =
		g_strdup_printf("无法送达 %s（%s）：%s", to, channel_word(channel), why);

	(void)store_notices_of(e->store, message, on_first, &first);
	if (first.sort == SORT_ALARM)
		return 0; /* an alarm about an alarm would never end */
	unit = engine_unit_of(e, first.unit);
	g_hash_table_remove_all(e->messages);
	return record_alarm(e, mark, "无法送达", NONE, unit, text, now, err);
}

int engine_report(struct engine *e, int64_t message, enum outcome outcome,
		  const struct reply *reply, dur_t retry_after, wall_t now, struct err *err)
{
	struct outbox_row row;
	g_autofree char *to = NULL;
	enum outbox_state state;
	wall_t next;
	int rc = store_outbox_get(e->store, message, &row, &to);

	if (rc < 0)
		return err_set(err, rc, "没有第 %" G_GINT64_FORMAT " 号消息", message);
	next = now + retry_delay(row.attempts, retry_after, (uint64_t)message);
	switch (outcome) {
	case OUTCOME_SENT:
		state = OUTBOX_SENT;
		break;
	case OUTCOME_REFUSED:
		state = OUTBOX_REFUSED;
		break;
	case OUTCOME_UNKNOWN:
		state = next >= row.expires ? OUTBOX_EXPIRED : OUTBOX_UNKNOWN;
		break;
	case OUTCOME_RETRY:
	default:
		state = next >= row.expires ? OUTBOX_EXPIRED : OUTBOX_RETRY;
		break;
	}
	rc = store_outbox_report(e->store, message, state, now, next, outcome, reply->status,
				 reply->verb, reply->text, err);
	if (rc < 0)
		return rc;
	if (state == OUTBOX_REFUSED)
		rc = store_address_unreachable(e->store, row.address, now, reply->text);
	else if (state == OUTBOX_SENT)
		rc = store_address_unreachable(e->store, row.address, 0, "");
	if (rc >= 0 && (state == OUTBOX_REFUSED || state == OUTBOX_EXPIRED))
		rc = outbox_give_up(e, message, row.channel, to, reply->text, now, err);
	return rc;
}
