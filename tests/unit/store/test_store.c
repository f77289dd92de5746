/*
 * test_store.c - whose file it is, what it promises, what comes back after a start.
 */
#include "unit/store/store_help.h"

static void what_was_asked_for_is_in_force(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	sqlite3_stmt *q = NULL;

	assert_int_equal(number(st, "PRAGMA synchronous"), 2);
	assert_int_equal(number(st, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(st, "PRAGMA cell_size_check"), 1);
	assert_int_equal(number(st, "PRAGMA application_id"), 0x64756261);
	assert_true(number(st, "PRAGMA user_version") >= 1);
	assert_int_equal(sqlite3_prepare_v2(st->db, "PRAGMA journal_mode", -1, &q, NULL), 0);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(q, 0), "wal");
	(void)sqlite3_finalize(q);
	assert_non_null(strstr(store_mode(st), "WAL, synchronous=FULL"));
	store_close(&st);
	assert_null(st);
}

/* STRICT: a text never sneaks into a column of numbers. */
static void columns_keep_their_types(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_not_equal(sql(st, "INSERT INTO mark(campaign, mark, at) VALUES(0, 'x', 'noon')"),
			     SQLITE_OK);
	store_close(&st);
}

static void a_newer_file_is_refused_and_left_alone(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_equal(sql(st, "PRAGMA user_version=99"), SQLITE_OK);
	store_close(&st);
	assert_int_equal(store_open(p->path, &st, &p->err), -EOVERFLOW);
	assert_null(st);
	assert_non_null(strstr(p->err.text, "99"));
	assert_non_null(strstr(p->err.text, p->path));
}

static void anothers_database_is_refused_and_left_alone(void **state)
{
	struct place *p = *state;
	struct store *st = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs(x)", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	assert_int_equal(store_open(p->path, &st, &p->err), -EPROTO);
	assert_non_null(strstr(p->err.text, "another program"));
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT x FROM theirs", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static void what_is_no_database_is_refused(void **state)
{
	struct place *p = *state;
	struct store *st = NULL;
	g_autofree char *noise = g_strnfill(4096, 'x');

	assert_true(g_file_set_contents(p->path, "no", 2, NULL));
	assert_int_equal(store_open(p->path, &st, &p->err), -EUCLEAN);
	assert_true(g_file_set_contents(p->path, noise, 4096, NULL));
	assert_int_equal(store_open(p->path, &st, &p->err), -EUCLEAN);
	assert_int_equal(store_open(p->dir, &st, &p->err), -EPROTO);
	(void)g_remove(p->path);
	assert_int_equal(mkfifo(p->path, 0600), 0);
	assert_int_equal(store_open(p->path, &st, &p->err), -EPROTO);
	assert_null(st);
}

/* An empty file is what mktemp and some installers leave: it becomes ours. */
static void an_empty_file_becomes_ours(void **state)
{
	struct place *p = *state;
	struct store *st;

	assert_true(g_file_set_contents(p->path, "", 0, NULL));
	st = open_at(p->path);
	assert_int_equal(number(st, "PRAGMA application_id"), 0x64756261);
	store_close(&st);
}

static void ids_are_made_once_and_kept(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	wall_t first = 0;
	int64_t c = store_campaign(st, "xinbei", 1000, &first), o, u, w, a;

	assert_true(c > 0);
	assert_int_equal(first, 1000);
	o = store_occurrence(st, c, "zhou", "20190809T090000Z");
	u = store_unit(st, c, "xin");
	w = store_word(st, "催办");
	a = store_address(st, CHANNEL_EMAIL, "a@example.org");
	assert_int_not_equal(a, store_address(st, CHANNEL_WEBHOOK, "a@example.org"));
	assert_int_not_equal(o, store_occurrence(st, c, "zhou", "20190816T090000Z"));
	store_close(&st);
	st = open_at(p->path);
	assert_int_equal(store_campaign(st, "xinbei", 2000, &first), c);
	assert_int_equal(first, 1000); /* track_from does not move with a restart */
	assert_int_equal(store_occurrence(st, c, "zhou", "20190809T090000Z"), o);
	assert_int_equal(store_unit(st, c, "xin"), u);
	assert_int_equal(store_word(st, "催办"), w);
	assert_int_equal(store_address(st, CHANNEL_EMAIL, "a@example.org"), a);
	store_close(&st);
}

static void a_rename_takes_no_others_history(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	int64_t c = store_campaign(st, "x", 1, NULL), o = store_occurrence(st, c, "old", "-");
	int64_t other = store_occurrence(st, c, "new", "-");

	assert_int_equal(store_occurrence_rename(st, o, "new", "-", &p->err), -EEXIST);
	assert_int_equal(store_occurrence(st, c, "new", "-"), other);
	assert_int_equal(store_occurrence_rename(st, o, "newer", "-", &p->err), 0);
	assert_int_equal(store_occurrence(st, c, "newer", "-"), o);
	store_close(&st);
}

static void a_backup_is_whole_and_never_overwrites(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path), *copy;
	g_autofree char *to = g_build_filename(p->dir, "copy.db", NULL);
	int64_t w = store_word(st, "备份");

	assert_int_equal(store_backup(st, to, &p->err), 0);
	assert_int_equal(store_backup(st, to, &p->err), -EEXIST);
	store_close(&st);
	copy = open_at(to);
	assert_int_equal(store_word(copy, "备份"), w);
	store_close(&copy);
}

/* ---- polls, marks, high water ---- */

static void the_oldest_of_the_latest_looks_counts(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_equal(store_poll_begun(st), WALL_NEVER); /* no intake: nothing to wait for */
	assert_int_equal(store_poll_ok(st, "mail", 5000), 0);
	assert_int_equal(store_poll_ok(st, "web", 3000), 0);
	assert_int_equal(store_poll_begun(st), 3000);
	assert_int_equal(store_poll_ok(st, "web", 7000), 0);
	assert_int_equal(store_poll_begun(st), 5000);
	assert_int_equal(store_poll_failed(st, "mail", 6000), 0); /* the last good look stands */
	assert_int_equal(store_poll_begun(st), 5000);
	assert_int_equal(store_poll_failed(st, "fax", 6000), 0); /* never looked */
	assert_int_equal(store_poll_begun(st), 0);
	store_close(&st);
}

static void a_mark_is_set_once_a_campaign(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_false(store_marked(st, 1, "role:xin"));
	assert_int_equal(store_mark(st, 1, "role:xin", 1000), 1);
	assert_int_equal(store_mark(st, 1, "role:xin", 2000), 0);
	assert_int_equal(store_mark(st, 2, "role:xin", 2000), 1);
	assert_true(store_marked(st, 1, "role:xin"));
	store_close(&st);
}

static void the_high_water_never_falls(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_true(store_high_water(st) == WALL_ALWAYS);
	store_high_water_set(st, 5000);
	store_high_water_set(st, 3000);
	assert_int_equal(store_high_water(st), 5000);
	store_close(&st);
	st = open_at(p->path);
	assert_int_equal(store_high_water(st), 5000);
	store_close(&st);
}

/* ---- transactions ---- */

static void what_is_rolled_back_is_gone_and_its_ids_forgotten(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	unsigned generation = store_generation(st);

	assert_int_equal(store_begin(st, &p->err), 0);
	assert_true(store_word(st, "一") > 0);
	store_rollback(st);
	assert_int_equal(number(st, "SELECT count(*) FROM word"), 0);
	assert_int_not_equal(store_generation(st), generation);
	generation = store_generation(st);
	assert_int_equal(store_begin(st, &p->err), 0);
	assert_true(store_word(st, "一") > 0);
	assert_int_equal(store_commit(st, &p->err), 0);
	assert_int_equal(store_generation(st), generation);
	store_close(&st);
}

static void a_part_may_fail_alone(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_equal(store_begin(st, &p->err), 0);
	(void)store_word(st, "一");
	assert_int_equal(store_savepoint(st, &p->err), 0);
	(void)store_word(st, "二");
	assert_int_equal(store_release(st, false, &p->err), 0);
	assert_int_equal(store_savepoint(st, &p->err), 0);
	(void)store_word(st, "三");
	assert_int_equal(store_release(st, true, &p->err), 0);
	assert_int_equal(store_commit(st, &p->err), 0);
	assert_int_equal(number(st, "SELECT count(*) FROM word WHERE word IN ('一', '三')"), 2);
	assert_int_equal(number(st, "SELECT count(*) FROM word"), 2);
	store_close(&st);
}

static void a_full_disk_says_so(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	g_autofree char *big = g_strnfill(1 << 20, 'x');
	int rc;

	(void)number(st, "PRAGMA max_page_count=60");
	assert_int_equal(store_begin(st, &p->err), 0);
	rc = store_journal(st, 1, "x", "a", "e", big, &p->err);
	assert_int_equal(rc, -ENOSPC);
	assert_non_null(strstr(p->err.text, "full"));
	store_rollback(st);
	assert_int_equal(store_begin(st, &p->err), 0); /* and goes on */
	store_rollback(st);
	store_close(&st);
}

static void a_commit_without_a_transaction_is_an_error(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_equal(store_commit(st, &p->err), -EIO);
	store_rollback(st); /* harmless */
	store_close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(what_was_asked_for_is_in_force),
		WITH_PLACE(columns_keep_their_types),
		WITH_PLACE(a_newer_file_is_refused_and_left_alone),
		WITH_PLACE(anothers_database_is_refused_and_left_alone),
		WITH_PLACE(what_is_no_database_is_refused),
		WITH_PLACE(an_empty_file_becomes_ours),
		WITH_PLACE(ids_are_made_once_and_kept),
		WITH_PLACE(a_rename_takes_no_others_history),
		WITH_PLACE(a_backup_is_whole_and_never_overwrites),
		WITH_PLACE(the_oldest_of_the_latest_looks_counts),
		WITH_PLACE(a_mark_is_set_once_a_campaign),
		WITH_PLACE(the_high_water_never_falls),
		WITH_PLACE(what_is_rolled_back_is_gone_and_its_ids_forgotten),
		WITH_PLACE(a_part_may_fail_alone),
		WITH_PLACE(a_full_disk_says_so),
		WITH_PLACE(a_commit_without_a_transaction_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
