/*
 * store_help.h - a database in a directory of its own, and short ways to fill it.
 */
#ifndef TESTS_STORE_HELP_H
#define TESTS_STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/sq.h"

#define UNUSED __attribute__((unused))

struct place {
	char *dir, *path;
	struct err err;
};

UNUSED static int place_setup(void **state)
{
	struct place *p = g_new0(struct place, 1);

	p->dir = g_dir_make_tmp("duban-store-XXXXXX", NULL);
	assert_non_null(p->dir);
	p->path = g_build_filename(p->dir, "duban.db", NULL);
	*state = p;
	return 0;
}

UNUSED static int place_teardown(void **state)
{
	struct place *p = *state;
	GDir *d = g_dir_open(p->dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(d)) != NULL) {
		g_autofree char *path = g_build_filename(p->dir, name, NULL);

		(void)g_remove(path);
	}
	g_dir_close(d);
	(void)g_rmdir(p->dir);
	g_free(p->dir);
	g_free(p->path);
	g_free(p);
	return 0;
}

UNUSED static struct store *open_at(const char *path)
{
	struct store *st = NULL;
	struct err err = {0};

	if (store_open(path, &st, &err) < 0)
		fail_msg("%s", err.text);
	return st;
}

UNUSED static int64_t number(struct store *st, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t v = -1;

	assert_int_equal(sqlite3_prepare_v2(st->db, sql, -1, &q, NULL), SQLITE_OK);
	if (sqlite3_step(q) == SQLITE_ROW)
		v = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	return v;
}

UNUSED static int sql(struct store *st, const char *text)
{
	return sqlite3_exec(st->db, text, NULL, NULL, NULL);
}

#define WITH_PLACE(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

#endif
