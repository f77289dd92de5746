/*
 * test_store_outbox.c - leases, endings, notices by their key, submissions and decisions in order.
 */
#include "unit/store/store_help.h"

struct seen {
	GString *s;
};

static void on_row(void *arg, const struct outbox_row *row)
{
	g_string_append_printf(((struct seen *)arg)->s, "%d:%s:%s/%d ", (int)row->id, row->to,
			       outbox_state_word(row->state), row->attempts);
}

static char *leased(struct store *st, wall_t now, unsigned max)
{
	struct seen seen = {g_string_new(NULL)};
	struct err err;

	assert_true(store_outbox_lease(st, now, max, on_row, &seen, &err) >= 0);
	return g_string_free(seen.s, FALSE);
}

/* Three messages: tick 1000, 2000, 3000. */
static struct store *filled(struct place *p)
{
	struct store *st = open_at(p->path);
	int64_t c = store_campaign(st, "x", 1, NULL);

	for (int i = 1; i <= 3; i++) {
		g_autofree char *to = g_strdup_printf("a%d", i);
		int64_t a = store_address(st, CHANNEL_EMAIL, to);

		assert_int_equal(store_message_add(st, c, a, 1000 * i, 1000000, &p->err), i);
	}
	return st;
}

static void they_come_by_their_hour_and_only_once(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);
	g_autofree char *none = leased(st, 999, 10);
	g_autofree char *one = leased(st, 1000, 10);
	g_autofree char *rest = leased(st, 9000, 1);
	g_autofree char *last = leased(st, 9000, 10);
	g_autofree char *again = leased(st, 9000, 10);

	assert_string_equal(none, "");
	assert_string_equal(one, "1:a1:queued/0 ");
	assert_string_equal(rest, "2:a2:queued/0 ");
	assert_string_equal(last, "3:a3:queued/0 ");
	assert_string_equal(again, "");
	assert_int_equal(store_outbox_next(st), WALL_NEVER);
	store_close(&st);
}

static void on_delivery(void *arg, int64_t message, wall_t at, enum outcome outcome, int status,
			const char *verb, const char *reply)
{
	(void)message;
	g_string_append_printf(arg, "%d %s %d %s %s;", (int)at, outcome_word(outcome), status, verb,
			       reply);
}

static void each_attempt_is_written_down(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);
	g_autoptr(GString) s = g_string_new(NULL);
	g_autofree char *first = leased(st, 1000, 1);
	g_autofree char *early = NULL;
	g_autofree char *back = NULL;
	unsigned counts[OUTBOX_STATES];

	assert_string_equal(first, "1:a1:queued/0 ");
	assert_int_equal(store_outbox_report(st, 1, OUTBOX_RETRY, 1100, 5000, OUTCOME_RETRY, 451,
					     "RCPT", "later", &p->err),
			 0);
	assert_int_equal(store_outbox_next(st), 2000);
	early = leased(st, 1999, 10);
	assert_string_equal(early, "");
	back = leased(st, 5000, 10);
	assert_string_equal(back, "2:a2:queued/0 3:a3:queued/0 1:a1:retry/1 ");
	assert_int_equal(store_outbox_report(st, 1, OUTBOX_SENT, 5100, 0, OUTCOME_SENT, 250, "dot",
					     "ok", &p->err),
			 0);
	assert_int_equal(store_outbox_state(st, 1), OUTBOX_SENT);
	assert_int_equal(store_deliveries(st, 1, 10, on_delivery, s), 2);
	assert_string_equal(s->str, "1100 retry 451 RCPT later;5100 sent 250 dot ok;");
	assert_int_equal(store_outbox_count(st, 1, counts), 0);
	assert_int_equal(counts[OUTBOX_SENT], 1);
	assert_int_equal(counts[OUTBOX_LEASED], 2);
	assert_int_equal(store_outbox_report(st, 99, OUTBOX_SENT, 1, 0, OUTCOME_SENT, 250, "dot",
					     "ok", &p->err),
			 -ENOENT);
	assert_int_equal(store_outbox_state(st, 99), OUTBOX_STATES);
	store_close(&st);
}

static void after_a_start_what_was_leased_is_unknown(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);
	g_autofree char *first = leased(st, 2000, 10);
	g_autofree char *again = NULL;

	assert_string_equal(first, "1:a1:queued/0 2:a2:queued/0 ");
	store_close(&st);
	st = open_at(p->path);
	assert_int_equal(store_outbox_recover(st, 2500, &p->err), 2);
	assert_int_equal(store_outbox_recover(st, 2500, &p->err), 0);
	again = leased(st, 2500, 10);
	assert_string_equal(again, "1:a1:unknown/1 2:a2:unknown/1 ");
	store_close(&st);
}

static void what_is_deferred_was_not_tried(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);
	g_autofree char *first = leased(st, 1000, 10);
	g_autofree char *again = NULL;

	assert_string_equal(first, "1:a1:queued/0 ");
	assert_int_equal(store_outbox_defer(st, 1, 1500, &p->err), 0);
	again = leased(st, 1500, 10);
	assert_string_equal(again, "1:a1:queued/0 ");
	store_close(&st);
}

/* ---- notices ---- */

static void on_notice(void *arg, const struct notice *n)
{
	g_string_append_printf(arg, "%d/%d/%s/%s ", (int)n->unit, (int)n->step,
			       notice_state_word(n->state), n->reason);
}

static void a_notice_is_recorded_once(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	g_autoptr(GString) s = g_string_new(NULL);
	struct notice n = {.occurrence = 1,
			   .unit = 2,
			   .due = 3,
			   .step = 4,
			   .address = 6,
			   .role = 7,
			   .sort = SORT_ESCALATE,
			   .state = NOTICE_HELD,
			   .holds = 1,
			   .at = 1000,
			   .reason = "待签发"};
	struct notice other = n;

	assert_int_equal(store_notice_add(st, &n, &p->err), 1);
	n.state = NOTICE_PLANNED;
	assert_int_equal(store_notice_add(st, &n, &p->err), 0); /* nothing changes */
	assert_true(store_notice_known(st, &n));
	other.n = 1;
	assert_false(store_notice_known(st, &other));
	assert_int_equal(store_notices_held(st, 1, on_notice, s), 1);
	assert_int_equal(store_notice_set(st, &n, NOTICE_PLANNED, 2000, 9, "已签发", &p->err), 0);
	assert_int_equal(store_notices_held(st, 0, on_notice, s), 0);
	assert_int_equal(store_notices_of(st, 9, on_notice, s), 1);
	assert_int_equal(store_notices(st, 1, 3, on_notice, s), 0);
	assert_string_equal(s->str, "2/4/held/待签发 2/4/planned/已签发 ");
	store_close(&st);
}

/* ---- submissions and decisions ---- */

static void on_submission(void *arg, const struct submission *s)
{
	g_string_append_printf(arg, "%s ", s->receipt);
}

static void on_decision(void *arg, const struct decision *d)
{
	g_string_append_printf(arg, "%s/%d seen %d;", decision_word(d->kind), (int)d->unit,
			       (int)d->seen);
}

static int64_t add(struct store *st, const char *receipt, int64_t unit, wall_t received,
		   const char *request)
{
	struct submission s = {.receipt = (char *)receipt,
			       .campaign = 1,
			       .occurrence = 1,
			       .unit = unit,
			       .received = received,
			       .stored = received,
			       .way = (char *)"cli",
			       .actor = (char *)"a",
			       .why = (char *)"",
			       .request = (char *)request};
	const struct part part = {"周报.docx", "PK", 2};
	const struct field field = {"检查", "12"};
	struct err err;
	int rc = store_submission_add(st, &s, &part, 1, &field, 1, &err);

	return rc < 0 ? rc : s.id;
}

static void submissions_come_by_unit_and_time(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	g_autoptr(GString) s = g_string_new(NULL);

	(void)store_campaign(st, "x", 1, NULL);
	(void)store_occurrence(st, 1, "zhou", "-");
	(void)store_unit(st, 1, "a");
	(void)store_unit(st, 1, "b");
	assert_int_equal(add(st, "R1", 2, 5000, NULL), 1);
	assert_int_equal(add(st, "R2", 1, 9000, "key"), 2);
	assert_int_equal(add(st, "R3", 1, 4000, NULL), 3);
	assert_int_equal(add(st, "R3", 1, 4000, NULL), -EEXIST);
	assert_int_equal(add(st, "R4", 1, 4000, "key"), -EEXIST);
	assert_int_equal(add(st, "R5", 77, 4000, NULL), -EEXIST); /* a unit that does not exist */
	assert_int_equal(store_submissions(st, 1, 0, on_submission, s), 3);
	assert_int_equal(store_submissions(st, 1, 2, on_submission, s), 1);
	assert_string_equal(s->str, "R3 R2 R1 R1 ");
	assert_true(store_receipt_taken(st, "R1"));
	assert_false(store_receipt_taken(st, "R9"));
	assert_int_equal(
		number(st, "SELECT count(*) FROM submission_part WHERE sha256="
			   "'fcab7fcc2b4cffd9bb45003bfc2e468a04ef6f77ca8200a7341f027631584d25'"),
		3);
	store_close(&st);
}

static void decisions_know_what_lay_on_the_table(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	g_autoptr(GString) s = g_string_new(NULL);
	struct decision d = {.campaign = 1,
			     .kind = DECISION_EXTEND,
			     .occurrence = 1,
			     .tag = "",
			     .step = "",
			     .due = 5,
			     .at = 4,
			     .actor = "a",
			     .why = ""};

	(void)store_campaign(st, "x", 1, NULL);
	(void)store_occurrence(st, 1, "zhou", "-");
	(void)store_unit(st, 1, "a");
	assert_int_equal(store_decision_add(st, &d, &p->err), 0);
	assert_int_equal(add(st, "R1", 1, 5000, NULL), 1);
	d.kind = DECISION_RETURN;
	d.unit = 1;
	assert_int_equal(store_decision_add(st, &d, &p->err), 0);
	d.kind = DECISION_PAUSE;
	d.occurrence = 0;
	assert_int_equal(store_decision_add(st, &d, &p->err), 0);
	assert_int_equal(store_decisions(st, 1, 0, on_decision, s), 2);
	assert_int_equal(store_decisions(st, 1, 1, on_decision, s), 2); /* those of all as well */
	assert_int_equal(store_decisions(st, 1, 2, on_decision, s), 1);
	assert_int_equal(store_decisions_scope(st, 1, on_decision, s), 1);
	assert_string_equal(s->str, "extend/0 seen 0;return/1 seen 1;extend/0 seen 0;"
				    "return/1 seen 1;extend/0 seen 0;pause/1 seen 1;");
	store_close(&st);
}

/* A program of SQLite's that fills a table of its own for one row costs more than the rest of it. */
static void assert_lean(struct store *st, const char *text)
{
	g_autofree char *explain = g_strdup_printf("EXPLAIN %s", text);
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(st->db, explain, -1, &q, NULL), SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *step = sq_str(q, 1);

		if (strcmp(step, "OpenEphemeral") == 0 || strcmp(step, "SorterOpen") == 0)
			fail_msg("%s: %s", step, text);
	}
	(void)sqlite3_finalize(q);
}

static void what_a_burst_asks_needs_no_table_of_its_own(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);
	char *all = leased(st, 9000, 10);
	GHashTableIter it;
	gpointer text;

	g_free(all);
	assert_int_equal(store_outbox_report(st, 1, OUTBOX_SENT, 9001, 9001, OUTCOME_SENT, 250, ".",
					     "ok", &p->err),
			 0);
	assert_int_equal(store_outbox_defer(st, 2, 9001, &p->err), 0);
	assert_int_equal(store_outbox_next(st), 9001);
	assert_true(g_hash_table_size(st->statements) > 5);
	g_hash_table_iter_init(&it, st->statements);
	while (g_hash_table_iter_next(&it, &text, NULL))
		if (strstr(text, "RETURNING") == NULL) /* that of a campaign, once a start */
			assert_lean(st, text);
	store_close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(they_come_by_their_hour_and_only_once),
		WITH_PLACE(each_attempt_is_written_down),
		WITH_PLACE(after_a_start_what_was_leased_is_unknown),
		WITH_PLACE(what_is_deferred_was_not_tried),
		WITH_PLACE(a_notice_is_recorded_once),
		WITH_PLACE(what_a_burst_asks_needs_no_table_of_its_own),
		WITH_PLACE(submissions_come_by_unit_and_time),
		WITH_PLACE(decisions_know_what_lay_on_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
