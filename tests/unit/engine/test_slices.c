/*
 * test_slices.c - a district larger than one slice: one message each, a commit that fails between.
 */
#include "unit/engine/engine_help.h"

#include "daemon/store/sq.h"

#define UNITS (ENGINE_SLICE + 200)

static char *units_many(void)
{
	GString *s = g_string_new("unit,name,kind,role,person,email\n"
				  "ban,安委办,office,liaison,办,ban@example.org\n");

	for (int i = 0; i < UNITS; i++)
		g_string_append_printf(s, "u%d,第%d村,村,liaison,甲,u%d@example.org\n", i, i, i);
	return g_string_free(s, FALSE);
}

static int64_t number(struct world *w, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t v = -1;

	assert_int_equal(sqlite3_prepare_v2(w->store->db, sql, -1, &q, NULL), SQLITE_OK);
	if (sqlite3_step(q) == SQLITE_ROW)
		v = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	return v;
}

static int commits_left;

/* Refuses the commit after so many. */
static int refuse_later(void *arg)
{
	(void)arg;
	return commits_left-- <= 0;
}

static void large(struct world *w)
{
	g_autofree char *units = units_many();

	world_init(w, yaml_weekly, units, calendar_weekly, "2019-08-01T00:00");
	tick(w, "2019-08-09T12:00");
	g_free(said(w));
}

static void each_slice_has_its_commit_and_its_entry(void **state)
{
	struct world w;

	(void)state;
	large(&w);
	assert_int_equal(tick(&w, "2019-08-09T14:00"), UNITS);
	assert_int_equal(number(&w, "SELECT count(*) FROM journal WHERE event='raise'"), 2);
	assert_int_equal(number(&w, "SELECT sum(json_extract(detail, '$.told')) FROM journal "
				    "WHERE event='raise'"),
			 UNITS);
	assert_int_equal(store_journal_verify(w.store, &w.err), 0);
	world_fini(&w);
}

/* What was committed stands, the rest is said by the next tick; nothing twice, nothing lost. */
static void a_commit_that_fails_between_loses_and_doubles_nothing(void **state)
{
	struct world w;
	wall_t wake;

	(void)state;
	large(&w);
	(void)sqlite3_commit_hook(w.store->db, refuse_later, NULL);
	commits_left = 1;
	assert_true(engine_tick(w.engine, at(&w, "2019-08-09T14:00"), &wake, &w.err) < 0);
	assert_int_equal(number(&w, "SELECT count(*) FROM notice"), ENGINE_SLICE);
	assert_int_equal(number(&w, "SELECT count(*) FROM journal WHERE event='raise'"), 1);
	commits_left = 100;
	tick(&w, "2019-08-09T14:00:01");
	assert_int_equal(number(&w, "SELECT count(*) FROM notice WHERE sort=0"), UNITS);
	assert_int_equal(number(&w, "SELECT count(*) FROM message"), UNITS);
	assert_int_equal(number(&w, "SELECT count(DISTINCT address) FROM message"), UNITS);
	assert_int_equal(number(&w, "SELECT count(*) FROM message m WHERE NOT EXISTS "
				    "(SELECT 1 FROM notice n WHERE n.message = m.id AND "
				    "n.address = m.address)"),
			 0);
	assert_int_equal(store_journal_verify(w.store, &w.err), 0);
	world_fini(&w);
}

/* P6: the office's list is one message, whatever the slices. */
static void the_office_gets_one_list(void **state)
{
	struct world w;

	(void)state;
	large(&w);
	tick(&w, "2019-08-09T17:30");
	assert_int_equal(number(&w, "SELECT count(DISTINCT message) FROM notice n JOIN address a "
				    "ON a.id = n.address WHERE a.address = 'ban@example.org'"),
			 1);
	assert_int_equal(number(&w, "SELECT count(*) FROM notice n JOIN address a "
				    "ON a.id = n.address WHERE a.address = 'ban@example.org'"),
			 UNITS);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_slice_has_its_commit_and_its_entry),
		cmocka_unit_test(a_commit_that_fails_between_loses_and_doubles_nothing),
		cmocka_unit_test(the_office_gets_one_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
