/*
 * notice.c - who must be told what, by the natural key of P2.
 */
#include <errno.h>

#include "sq.h"

G_STATIC_ASSERT(NOTICE_HELD == 5); /* the index notice_held names it */

int store_notice_add(struct store *st, const struct notice *n, struct err *err)
{
	sqlite3_stmt *q =
		sq(st,
		   "INSERT INTO notice(occurrence, unit, due, step, n, address, sort, state, role, "
		   "superior, holds, at, message, reason) "
		   "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,nullif(?13,0),?14) "
		   "ON CONFLICT DO NOTHING");
	int rc;

	sq_int(q, 1, n->occurrence);
	sq_int(q, 2, n->unit);
	sq_int(q, 3, n->due);
	sq_int(q, 4, n->step);
	sq_int(q, 5, n->n);
	sq_int(q, 6, n->address);
	sq_int(q, 7, n->sort);
	sq_int(q, 8, n->state);
	sq_int(q, 9, n->role);
	sq_int(q, 10, n->superior);
	sq_int(q, 11, n->holds);
	sq_int(q, 12, n->at);
	sq_int(q, 13, n->message);
	sq_text(q, 14, n->reason);
	rc = sq_run(st, q, err);
	return rc < 0 ? rc : sqlite3_changes(st->db);
}

bool store_notice_known(struct store *st, const struct notice *key)
{
	sqlite3_stmt *q = sq(st, "SELECT 1 FROM notice WHERE occurrence=?1 AND unit=?2 AND due=?3 "
				 "AND step=?4 AND n=?5 AND address=?6");
	int rc;

	sq_int(q, 1, key->occurrence);
	sq_int(q, 2, key->unit);
	sq_int(q, 3, key->due);
	sq_int(q, 4, key->step);
	sq_int(q, 5, key->n);
	sq_int(q, 6, key->address);
	rc = sqlite3_step(q);
	(void)sq_done(st, q, rc, NULL);
	return rc == SQLITE_ROW;
}

int store_notice_set_holds(struct store *st, const struct notice *key, struct err *err)
{
	sqlite3_stmt *q = sq(
		st,
		"UPDATE notice SET holds=?7 "
		"WHERE occurrence=?1 AND unit=?2 AND due=?3 AND step=?4 AND n=?5 AND address=?6");

	sq_int(q, 1, key->occurrence);
	sq_int(q, 2, key->unit);
	sq_int(q, 3, key->due);
	sq_int(q, 4, key->step);
	sq_int(q, 5, key->n);
	sq_int(q, 6, key->address);
	sq_int(q, 7, key->holds);
	return sq_run(st, q, err);
}

int store_notice_set(struct store *st, const struct notice *key, enum notice_state state, wall_t at,
		     int64_t message, const char *reason, struct err *err)
{
	sqlite3_stmt *q = sq(
		st,
		"UPDATE notice SET state=?7, at=?8, message=nullif(?9, 0), reason=coalesce(?10, "
		"reason) "
		"WHERE occurrence=?1 AND unit=?2 AND due=?3 AND step=?4 AND n=?5 AND address=?6");

	sq_int(q, 1, key->occurrence);
	sq_int(q, 2, key->unit);
	sq_int(q, 3, key->due);
	sq_int(q, 4, key->step);
	sq_int(q, 5, key->n);
	sq_int(q, 6, key->address);
	sq_int(q, 7, state);
	sq_int(q, 8, at);
	sq_int(q, 9, message);
	sq_text(q, 10, reason);
	return sq_run(st, q, err);
}

static int each_notice(struct store *st, sqlite3_stmt *q, store_notice_fn *fn, void *arg)
{
	int rc, count = 0;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct notice n = {
			.occurrence = sqlite3_column_int64(q, 0),
			.unit = sqlite3_column_int64(q, 1),
			.due = sqlite3_column_int64(q, 2),
			.step = sqlite3_column_int64(q, 3),
			.n = sqlite3_column_int64(q, 4),
			.address = sqlite3_column_int64(q, 5),
			.sort = (enum sort)sqlite3_column_int(q, 6),
			.state = (enum notice_state)sqlite3_column_int(q, 7),
			.role = sqlite3_column_int64(q, 8),
			.superior = sqlite3_column_int(q, 9) != 0,
			.holds = (unsigned)sqlite3_column_int(q, 10),
			.at = sqlite3_column_int64(q, 11),
			.message = sqlite3_column_int64(q, 12),
			.reason = sq_str(q, 13),
		};

		fn(arg, &n);
		count++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : count;
}

#define NOTICE_COLUMNS                                                                             \
	"SELECT occurrence, unit, due, step, n, address, sort, state, role, superior, "            \
	"holds, at, message, reason FROM notice "
#define NOTICE_ORDER " ORDER BY occurrence, unit, due, step, n, address"

int store_notices(struct store *st, int64_t occurrence, int64_t unit, store_notice_fn *fn,
		  void *arg)
{
	sqlite3_stmt *q =
		unit == 0 ? sq(st, NOTICE_COLUMNS "WHERE occurrence=?1" NOTICE_ORDER)
			  : sq(st, NOTICE_COLUMNS "WHERE occurrence=?1 AND unit=?2" NOTICE_ORDER);

	sq_int(q, 1, occurrence);
	if (unit != 0)
		sq_int(q, 2, unit);
	return each_notice(st, q, fn, arg);
}

int store_notices_of(struct store *st, int64_t message, store_notice_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, NOTICE_COLUMNS "WHERE message=?1" NOTICE_ORDER);

	sq_int(q, 1, message);
	return each_notice(st, q, fn, arg);
}

int store_notices_held(struct store *st, int64_t occurrence, store_notice_fn *fn, void *arg)
{
	sqlite3_stmt *q =
		occurrence == 0
			? sq(st, NOTICE_COLUMNS "INDEXED BY notice_held WHERE state=5" NOTICE_ORDER)
			: sq(st, NOTICE_COLUMNS
			     "INDEXED BY notice_held WHERE state=5 AND occurrence=?1" NOTICE_ORDER);

	if (occurrence != 0)
		sq_int(q, 1, occurrence);
	return each_notice(st, q, fn, arg);
}
