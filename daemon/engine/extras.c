/*
 * extras.c - what is said once about an event: receipts, decisions, corrections.
 *
 * Level-triggered like the planner: each submission has a receipt, each decision is
 * told, each superior told wrongly gets a correction; what is recorded already is
 * found by its key and not recorded again.
 */
#include "record.h"
#include "told.h"

static int tell_liaison(struct engine *e, struct record *r, wall_t now, struct err *err)
{
	struct recipients to;
	int rc = 0;

	recipients_init(&to);
	recipients_liaison(e->campaign, r->unit, &to);
	for (guint i = 0; i < to.list->len && rc >= 0; i++) {
		r->to = g_array_index(to.list, struct recipient, i);
		r->role = "liaison";
		rc = record_notice(e, r, now, err);
	}
	recipients_fini(&to);
	return rc;
}

/* Keys of what is there: (n, unit) of decisions and receipts, (due, unit, address) told. */
struct said {
	struct engine *e;
	GHashTable *numbers[2]; /* 0: decisions, 1: receipts; int64_t n ^ unit << 40 */
	GArray *superiors;      /* struct notice, escalations to superiors that were told */
	GHashTable *corrected;  /* corrected_key() of corrections */
};

static int64_t number_key(int64_t n, int64_t unit)
{
	return n ^ unit << 40;
}

/* Whom a correction was told, about what. */
static char *corrected_key(const struct notice *n)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
			       n->unit, n->due, n->address);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct said *s = arg;
	int64_t key = number_key(n->n, n->unit);

	switch (n->sort) {
	case SORT_DECISION:
		g_hash_table_add(s->numbers[0], g_memdup2(&key, sizeof(key)));
		break;
	case SORT_RECEIPT:
		g_hash_table_add(s->numbers[1], g_memdup2(&key, sizeof(key)));
		break;
	case SORT_CORRECTION:
		if (n->n == NOTICE_N_CORRECTION)
			g_hash_table_add(s->corrected, corrected_key(n));
		break;
	case SORT_ESCALATE:
		/* Withdrawn at a claim it may still have arrived with an attempt before. */
		if (n->superior && n->message != 0)
			g_array_append_vals(s->superiors, n, 1);
		break;
	case SORT_REMIND:
	case SORT_STREAK:
	case SORT_DUTY:
	case SORT_BULLETIN:
	case SORT_ALARM:
	case SORTS:
		break;
	}
}

static int tell_decisions(struct engine *e, struct occurrence_facts *f, const struct said *s,
			  wall_t now, struct err *err)
{
	int rc = 0;

	for (guint i = 0; i < f->decisions->len && rc >= 0; i++) {
		const struct item_decision *d =
			&g_array_index(f->decisions, struct item_decision, i);
		int64_t key = number_key(d->id, engine_unit_id(e, d->unit));
		struct record r = {
			.occurrence = f->occurrence,
			.unit = d->unit,
			.due = d->kind == DECISION_EXTEND || d->kind == DECISION_RETURN
				       ? d->due
				       : facts_item(f, d->unit)->due,
			.step = decision_word(d->kind),
			.n = d->id,
			.sort = SORT_DECISION,
			.state = NOTICE_PLANNED,
			.reason = d->why,
		};

		if (!g_hash_table_contains(s->numbers[0], &key))
			rc = tell_liaison(e, &r, now, err);
	}
	return rc;
}

static int send_receipts(struct engine *e, struct occurrence_facts *f, const struct said *s,
			 wall_t now, struct err *err)
{
	int rc = 0;

	if (engine_obligation(e, f->occurrence)->category == CATEGORY_MILESTONE)
		return 0; /* ticked off by the office itself */
	for (guint i = 0; i < f->submissions->len && rc >= 0; i++) {
		const struct item_submission *sub =
			&g_array_index(f->submissions, struct item_submission, i);
		int64_t key = number_key(sub->id, engine_unit_id(e, sub->unit));
		struct record r = {
			.occurrence = f->occurrence,
			.unit = sub->unit,
			.due = facts_item(f, sub->unit)->due,
			.step = "receipt",
			.n = sub->id,
			.sort = SORT_RECEIPT,
			.state = NOTICE_PLANNED,
		};

		if (!g_hash_table_contains(s->numbers[1], &key))
			rc = tell_liaison(e, &r, now, err);
	}
	return rc;
}

/* Both lists are by unit: where those of @unit begin. */
static guint first_submission(const struct occurrence_facts *f, uint32_t unit)
{
	guint low = 0, high = f->submissions->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;

		if (g_array_index(f->submissions, struct item_submission, mid).unit < unit)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static guint first_decision(const struct occurrence_facts *f, uint32_t unit)
{
	guint low = 0, high = f->decisions->len;

	while (low < high) {
		guint mid = low + (high - low) / 2;

		if (g_array_index(f->decisions, struct item_decision, mid).unit < unit)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* When a return last asked for what @due then was the deadline of: earlier reports answer less. */
static wall_t asked_again(const struct occurrence_facts *f, uint32_t unit, wall_t due)
{
	wall_t returned = WALL_ALWAYS, asked = WALL_ALWAYS;

	for (guint i = first_decision(f, unit); i < f->decisions->len; i++) {
		const struct item_decision *d =
			&g_array_index(f->decisions, struct item_decision, i);

		if (d->unit != unit)
			break;
		if (d->kind == DECISION_RETURN)
			returned = d->at;
		if (d->due == due && (d->kind == DECISION_RETURN || d->kind == DECISION_EXTEND))
			asked = returned;
	}
	return asked;
}

/* P12: why the notice @n, told to a superior, was wrong; NULL if it was not. */
static char *wrong_because(struct engine *e, struct occurrence_facts *f, const struct notice *n)
{
	uint32_t unit = engine_unit_of(e, n->unit);
	struct item_fact *it = unit == NONE ? NULL : facts_item(f, unit);
	const struct ladder *l = engine_ladder(e, f->occurrence, n->due);
	wall_t asked;

	if (it == NULL)
		return NULL;
	asked = asked_again(f, unit, n->due);
	for (guint i = first_submission(f, unit); i < f->submissions->len; i++) {
		const struct item_submission *s =
			&g_array_index(f->submissions, struct item_submission, i);

		if (s->unit != unit)
			break;
		if (s->received <= l->on_time && s->received > asked)
			return g_strdup("已按时报送");
	}
	for (guint i = first_decision(f, unit); i < f->decisions->len; i++) {
		const struct item_decision *d =
			&g_array_index(f->decisions, struct item_decision, i);

		if (d->unit != unit)
			break;
		if (d->at < n->at || d->due == n->due)
			continue;
		if (d->kind == DECISION_EXTEND)
			return g_strdup("已准予延期");
		if (d->kind == DECISION_EXEMPT && it->exempt)
			return g_strdup("已准予免报");
	}
	return NULL;
}

static bool was_corrected(const struct said *s, const struct notice *n)
{
	g_autofree char *key = corrected_key(n);

	return g_hash_table_contains(s->corrected, key);
}

/* When it was raised: the latest state of what was withdrawn is younger. */
static void set_raised(struct engine *e, struct notice *n)
{
	struct outbox_row row;
	g_autofree char *to = NULL;

	if (n->state != NOTICE_PLANNED && store_outbox_get(e->store, n->message, &row, &to) == 0)
		n->at = row.tick;
}

static int correct(struct engine *e, struct occurrence_facts *f, struct said *s, wall_t now,
		   struct err *err)
{
	int rc = 0;

	for (guint i = 0; i < s->superiors->len && rc >= 0; i++) {
		struct notice *n = &g_array_index(s->superiors, struct notice, i);
		g_autofree char *why = NULL;
		struct notice told;

		set_raised(e, n);
		told = *n;
		if (was_corrected(s, n) || (why = wrong_because(e, f, n)) == NULL ||
		    !told_has_left(e, n))
			continue;
		told.n = NOTICE_N_CORRECTION;
		told.reason = why;
		rc = record_correction(e, &told, "更正", f->occurrence, now, err);
		if (rc == 1)
			g_hash_table_add(s->corrected, corrected_key(n));
	}
	return rc;
}

int extras_plan(struct engine *e, const struct occurrence_facts *facts, wall_t now, struct err *err)
{
	struct occurrence_facts *f = (struct occurrence_facts *)facts; /* looked up, not changed */
	struct said s = {.e = e};
	int rc = 0;

	if (f->decisions->len == 0 && f->submissions->len == 0)
		return 0;
	for (int i = 0; i < 2; i++)
		s.numbers[i] = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	s.superiors = g_array_new(FALSE, FALSE, sizeof(struct notice));
	s.corrected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	(void)store_notices(e->store, engine_occurrence_id(e, f->occurrence), 0, on_notice, &s);
	rc = tell_decisions(e, f, &s, now, err);
	if (rc >= 0)
		rc = send_receipts(e, f, &s, now, err);
	if (rc >= 0)
		rc = correct(e, f, &s, now, err);
	for (int i = 0; i < 2; i++)
		g_hash_table_unref(s.numbers[i]);
	g_array_unref(s.superiors);
	g_hash_table_unref(s.corrected);
	return rc;
}
