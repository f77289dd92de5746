/*
 * test_journal.c - append-only, and what somebody with a database browser did shows.
 */
#include "unit/store/store_help.h"

static struct store *filled(struct place *p)
{
	struct store *st = open_at(p->path);

	for (int i = 1; i <= 5; i++) {
		g_autofree char *detail = g_strdup_printf("{\"n\":%d}", i);

		assert_int_equal(store_journal(st, 1000 * i, i == 3 ? "" : "xinbei", "office",
					       "submit", detail, &p->err),
				 0);
	}
	assert_int_equal(store_journal_verify(st, &p->err), 0);
	return st;
}

static void an_empty_one_is_whole(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_equal(store_journal_verify(st, &p->err), 0);
	store_close(&st);
}

static void it_takes_no_change(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);

	assert_int_not_equal(sql(st, "UPDATE journal SET actor='nobody' WHERE seq=2"), SQLITE_OK);
	assert_int_not_equal(sql(st, "DELETE FROM journal WHERE seq=2"), SQLITE_OK);
	assert_int_equal(number(st, "SELECT count(*) FROM journal WHERE actor='office'"), 5);
	store_close(&st);
}

static const struct {
	const char *name, *sql, *at; /* at: the first entry that does not fit */
} tampers[] = {
	{"another actor", "UPDATE journal SET actor='nobody' WHERE seq=2", "第 2 条"},
	{"another time", "UPDATE journal SET at=at+1 WHERE seq=1", "第 1 条"},
	{"other words", "UPDATE journal SET detail='{}' WHERE seq=4", "第 4 条"},
	{"another event", "UPDATE journal SET event='exempt' WHERE seq=5", "第 5 条"},
	{"another campaign", "UPDATE journal SET campaign='x' WHERE seq=3", "第 3 条"},
	{"a letter moved from one field to the next",
	 "UPDATE journal SET actor='offic', event='esubmit' WHERE seq=2", "第 2 条"},
	{"one taken out of the middle", "DELETE FROM journal WHERE seq=3", "第 3 条"},
	{"the first taken out", "DELETE FROM journal WHERE seq=1", "第 1 条"},
	{"two swapped",
	 "UPDATE journal SET seq=100 WHERE seq=2; UPDATE journal SET seq=2 WHERE seq=3;"
	 "UPDATE journal SET seq=3 WHERE seq=100",
	 "第 2 条"},
	{"a hash cut short", "UPDATE journal SET hash=x'00' WHERE seq=2", "第 2 条"},
};

static void what_was_tampered_with_is_found(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(tampers); i++) {
		struct store *st;
		int rc;

		(void)g_remove(p->path);
		st = filled(p);
		assert_int_equal(sql(st, "DROP TRIGGER journal_no_update;"
					 "DROP TRIGGER journal_no_delete"),
				 SQLITE_OK);
		assert_int_equal(sql(st, tampers[i].sql), SQLITE_OK);
		rc = store_journal_verify(st, &p->err);
		if (rc != -EUCLEAN || strstr(p->err.text, tampers[i].at) == NULL)
			print_message("%s: %d %s\n", tampers[i].name, rc, p->err.text);
		assert_int_equal(rc, -EUCLEAN);
		assert_non_null(strstr(p->err.text, tampers[i].at));
		store_close(&st);
	}
}

static void the_chain_goes_on_after_a_start(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);

	store_close(&st);
	st = open_at(p->path);
	assert_int_equal(store_journal(st, 9000, "xinbei", "duband", "start", "{}", &p->err), 0);
	assert_int_equal(store_journal_verify(st, &p->err), 0);
	assert_int_equal(number(st, "SELECT max(seq) FROM journal"), 6);
	store_close(&st);
}

static void on_entry(void *arg, int64_t seq, wall_t at, const char *campaign, const char *actor,
		     const char *event, const char *detail)
{
	(void)actor;
	(void)event;
	g_string_append_printf(arg, "%d@%d%s%s ", (int)seq, (int)at, campaign, detail);
}

static void it_is_read_backwards_a_page_at_a_time(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);
	g_autoptr(GString) s = g_string_new(NULL);

	assert_int_equal(store_journal_list(st, "", 0, 2, on_entry, s), 2);
	assert_string_equal(s->str, "5@5000xinbei{\"n\":5} 4@4000xinbei{\"n\":4} ");
	g_string_truncate(s, 0);
	assert_int_equal(store_journal_list(st, "xinbei", 4, 10, on_entry, s), 3);
	assert_int_equal(store_journal_list(st, "other", 0, 10, on_entry, s), 1); /* everybody's */
	store_close(&st);
}

/* What is undone leaves no trace: the entry stands and falls with what it tells of. */
static void an_entry_falls_with_its_transaction(void **state)
{
	struct place *p = *state;
	struct store *st = filled(p);

	assert_int_equal(store_begin(st, &p->err), 0);
	assert_int_equal(store_journal(st, 9000, "xinbei", "a", "e", "{}", &p->err), 0);
	store_rollback(st);
	assert_int_equal(store_journal(st, 9001, "xinbei", "a", "e", "{}", &p->err), 0);
	assert_int_equal(number(st, "SELECT max(seq) FROM journal"), 6);
	assert_int_equal(store_journal_verify(st, &p->err), 0);
	store_close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(an_empty_one_is_whole),
		WITH_PLACE(it_takes_no_change),
		WITH_PLACE(what_was_tampered_with_is_found),
		WITH_PLACE(the_chain_goes_on_after_a_start),
		WITH_PLACE(it_is_read_backwards_a_page_at_a_time),
		WITH_PLACE(an_entry_falls_with_its_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
