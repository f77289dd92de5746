/*
 * outbox.c - claiming messages with a last look, and writing down how attempts ended.
 *
 * P4: between raising and claiming a unit may have reported. The claim looks once
 * more, in its own transaction; what is answered is withdrawn, a message left empty
 * is overtaken and never sent.
 */
#include <errno.h>
#include <string.h>

#include "burst.h"
#include "daemon/core/retry.h"
#include "daemon/core/shown.h"
#include "record.h"
#include "told.h"

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

/* Is it still to be told? What asks for a report may be answered, a correction outdated. */
static bool is_live(struct engine *e, const struct notice *n)
{
	uint32_t occurrence, unit;
	struct item_fact *it;

	if (n->sort != SORT_REMIND && n->sort != SORT_ESCALATE)
		return told_is_live(e, n);
	occurrence = engine_occurrence_of(e, n->occurrence);
	unit = engine_unit_of(e, n->unit);
	if (occurrence == NONE || unit == NONE)
		return false;
	it = facts_item(burst_facts(e, occurrence), unit);
	return it != NULL && it->outstanding && it->due == n->due;
}

static void drop_reason(gpointer p)
{
	g_free((char *)((struct notice *)p)->reason);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct notice copy = *n;

	if (n->state != NOTICE_PLANNED)
		return;
	copy.reason = g_strdup(n->reason);
	g_array_append_vals(arg, &copy, 1);
}

/* What is answered goes from @notices. 1: send the rest; 0: nothing is left; negative: trouble. */
static int recheck(struct engine *e, const struct outbox_row *row, GArray *notices, wall_t now,
		   struct err *err)
{
	g_autofree bool *live = g_new(bool, notices->len + 1);
	guint n_live = 0;
	int rc = 0;

	for (guint i = 0; i < notices->len; i++) {
		live[i] = is_live(e, &g_array_index(notices, struct notice, i));
		n_live += live[i];
	}
	for (guint i = notices->len; i > 0 && rc >= 0; i--) {
		const struct notice *n = &g_array_index(notices, struct notice, i - 1);
		enum notice_state to = n_live > 0 ? NOTICE_WITHDRAWN : NOTICE_OVERTAKEN;

		if (live[i - 1])
			continue;
		/* It stays with the message only where an attempt before may have told it. */
		rc = store_notice_set(
			e->store, n, to, now,
			n_live == 0 || store_outbox_may_have_told(e->store, row->id) ? row->id : 0,
			"发送前已报送或已变更", err);
		g_array_remove_index(notices, i - 1);
	}
	if (rc >= 0 && n_live == 0)
		rc = store_outbox_set(e->store, row->id, OUTBOX_OVERTAKEN, now, err);
	return rc < 0 ? rc : n_live > 0;
}

static int claim_one(struct engine *e, const struct outbox_row *row, wall_t now,
		     engine_lease_fn *fn, void *arg, struct err *err)
{
	struct engine_lease lease = {.id = row->id, .engine = e, .attempts = row->attempts + 1};
	g_autoptr(GArray) notices = g_array_new(FALSE, FALSE, sizeof(struct notice));
	int rc;

	g_array_set_clear_func(notices, drop_reason);
	rc = store_notices_of(e->store, row->id, on_notice, notices);
	if (rc >= 0)
		rc = recheck(e, row, notices, now, err);
	if (rc <= 0)
		return rc;
	lease.message = compose_message(e, row, notices);
	fn(arg, &lease);
	return 1;
}

/* Contacts are indexed when enough messages ask for them. */
static void expect(const struct claim *c)
{
	unsigned n[CHANNELS] = {0};

	for (guint i = 0; i < c->rows->len; i++)
		n[((const struct outbox_row *)g_ptr_array_index(c->rows, i))->channel]++;
	for (unsigned k = 0; k < c->n_engines; k++)
		for (int ch = 0; ch < CHANNELS; ch++)
			burst_expect(c->engines[k], (enum channel)ch, n[ch]);
}

int engine_lease(struct engine *const *engines, unsigned n_engines, struct store *st, wall_t now,
		 unsigned max, engine_lease_fn *fn, void *arg, struct err *err)
{
	struct claim c = {engines, n_engines, st, g_ptr_array_new_with_free_func(row_free)};
	int rc = store_outbox_lease(st, now, max, on_row, &c, err), n = 0;

	expect(&c);
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
	for (unsigned i = 0; i < n_engines && (rc < 0 || c.rows->len < max); i++)
		burst_end(engines[i]); /* nothing more waits */
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
	g_autofree char *shown = address_shown(to);
	g_autofree char *text =
		g_strdup_printf("无法送达 %s（%s）：%s", shown, channel_word(channel), why);

	(void)store_notices_of(e->store, message, on_first, &first);
	if (first.sort == SORT_ALARM)
		return 0; /* an alarm about an alarm would never end */
	unit = engine_unit_of(e, first.unit);
	g_hash_table_remove_all(e->messages);
	return record_alarm(e, mark, "无法送达", NONE, unit, text, now, err);
}

/* A refusal of this message or of ours as a sender says nothing about who should have got it. */
static bool is_about_recipient(const struct reply *reply)
{
	static const char *const ours[] = {"MAIL", "DATA", "build"};

	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
		if (g_strcmp0(reply->verb, ours[i]) == 0)
			return false;
	return true;
}

/* What nearly all are: it was taken. Nothing but this is known of it, and nothing more is asked. */
static int report_sent(struct engine *e, int64_t message, const struct reply *reply, wall_t now,
		       struct err *err)
{
	int rc = store_outbox_report(e->store, message, OUTBOX_SENT, now, now, OUTCOME_SENT,
				     reply->status, reply->verb, reply->text, err);

	return rc < 0 ? rc : store_address_reached(e->store, message);
}

int engine_report(struct engine *e, int64_t message, enum outcome outcome,
		  const struct reply *reply, dur_t retry_after, wall_t now, struct err *err)
{
	struct outbox_row row;
	g_autofree char *to = NULL;
	enum outbox_state state = OUTBOX_REFUSED;
	wall_t next;
	int rc;

	if (outcome == OUTCOME_SENT)
		return report_sent(e, message, reply, now, err);
	rc = store_outbox_get(e->store, message, &row, &to);
	if (rc < 0)
		return err_set(err, rc, "没有第 %" G_GINT64_FORMAT " 号消息", message);
	next = now + retry_delay(row.attempts, retry_after, (uint64_t)message);
	if (outcome != OUTCOME_REFUSED && next >= row.expires)
		state = OUTBOX_EXPIRED;
	else if (outcome != OUTCOME_REFUSED)
		state = outcome == OUTCOME_UNKNOWN ? OUTBOX_UNKNOWN : OUTBOX_RETRY;
	rc = store_outbox_report(e->store, message, state, now, next, outcome, reply->status,
				 reply->verb, reply->text, err);
	if (rc < 0)
		return rc;
	if (state == OUTBOX_REFUSED && is_about_recipient(reply))
		rc = store_address_unreachable(e->store, row.address, now, reply->text);
	if (rc >= 0 && (state == OUTBOX_REFUSED || state == OUTBOX_EXPIRED))
		rc = outbox_give_up(e, message, row.channel, to, reply->text, now, err);
	return rc;
}
