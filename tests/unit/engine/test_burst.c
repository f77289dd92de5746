/*
 * test_burst.c - what is remembered between the claims of a burst is never older than the claim.
 */
#include "engine_help.h"

static struct {
	char unit[16];
	int expected, missing;
} seen; /* of the latest lease */

static void on_lease(void *arg, struct engine_lease *lease)
{
	const struct message_item *it = g_ptr_array_index(lease->message->items, 0);

	(void)arg;
	g_strlcpy(seen.unit, it->unit_id, sizeof(seen.unit));
	seen.expected = it->expected;
	seen.missing = it->missing;
	message_free(&lease->message);
}

/* Claim one message; within the caller's transaction. */
static int claim(struct world *w, const char *now)
{
	seen.unit[0] = '\0';
	return engine_lease(&w->engine, 1, w->store, at(w, now), 1, on_lease, NULL, &w->err);
}

static int claim_one(struct world *w, const char *now)
{
	int n;

	assert_int_equal(store_begin(w->store, &w->err), 0);
	n = claim(w, now);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	return n;
}

/* Three reminders wait; the first has been claimed, so that the burst is remembered. */
static void amid(struct world *w)
{
	world_weekly(w);
	run_to(w, "2019-08-09T14:00");
	assert_int_equal(claim_one(w, "2019-08-09T14:00"), 1);
	assert_string_equal(seen.unit, "xin");
	assert_int_equal(seen.missing, 3);
	assert_non_null(w->engine->burst);
}

static void a_report_amid_is_seen_by_the_next_claim(void **state)
{
	struct world w;

	(void)state;
	amid(&w);
	assert_int_equal(submit(&w, "xue", "zhou", FIRST, "2019-08-09T14:01", "2019-08-09T14:01"),
			 0);
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 0); /* overtaken */
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 1);
	assert_string_equal(seen.unit, "zhu");
	assert_int_equal(seen.expected, 3);
	assert_int_equal(seen.missing, 2);
	world_fini(&w);
}

static void a_decision_amid_is_seen_too(void **state)
{
	struct world w;

	(void)state;
	amid(&w);
	assert_int_equal(
		decide(&w, DECISION_EXEMPT, "xue", "zhou", FIRST, NULL, "2019-08-09T14:01"), 0);
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 0);
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 1);
	assert_int_equal(seen.expected, 2);
	assert_int_equal(seen.missing, 2);
	world_fini(&w);
}

/* The claim saw a report whose commit then failed: it must not be believed afterwards. */
static void what_was_rolled_back_is_forgotten(void **state)
{
	struct world w;
	struct engine_submit s = {.unit = "xue",
				  .uid = "zhou",
				  .rid = FIRST,
				  .way = "cli",
				  .actor = "office",
				  .why = "电话"};

	(void)state;
	amid(&w);
	s.received = at(&w, "2019-08-09T14:01");
	assert_int_equal(store_begin(w.store, &w.err), 0);
	assert_int_equal(engine_submit(w.engine, &s, s.received, &w.receipt, &w.err), 0);
	assert_int_equal(claim(&w, "2019-08-09T14:02"), 0);
	store_rollback(w.store);
	assert_int_equal(claim_one(&w, "2019-08-09T14:03"), 1);
	assert_string_equal(seen.unit, "xue");
	assert_int_equal(seen.missing, 3);
	world_fini(&w);
}

static void the_last_claim_drops_it(void **state)
{
	struct world w;

	(void)state;
	amid(&w);
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 1);
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 1);
	assert_int_equal(claim_one(&w, "2019-08-09T14:02"), 0);
	assert_null(w.engine->burst);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_amid_is_seen_by_the_next_claim),
		cmocka_unit_test(a_decision_amid_is_seen_too),
		cmocka_unit_test(what_was_rolled_back_is_forgotten),
		cmocka_unit_test(the_last_claim_drops_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
