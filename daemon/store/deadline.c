/*
 * deadline.c - what each deadline came to when it was read last.
 */
#include "sq.h"

int store_deadlines(struct store *st, int64_t campaign, store_deadline_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, "SELECT o.id, o.uid, o.rid, d.due, d.wall, d.face, d.changed "
				 "FROM occurrence o "
				 "JOIN deadline d ON d.occurrence = o.id WHERE o.campaign=?1 "
				 "ORDER BY o.id");
	int rc, n = 0;

	sq_int(q, 1, campaign);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct deadline d = {
			.occurrence = sqlite3_column_int64(q, 0),
			.uid = sq_str(q, 1),
			.rid = sq_str(q, 2),
			.due = sqlite3_column_int64(q, 3),
			.wall = sqlite3_column_int64(q, 4),
			.face = sqlite3_column_int64(q, 5), /* NULL gives 0 */
			.changed = sqlite3_column_int64(q, 6),
		};

		fn(arg, &d);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_deadline_put(struct store *st, const struct deadline *d, struct err *err)
{
	sqlite3_stmt *q = sq(st, "INSERT INTO deadline(occurrence, due, wall, face, changed) "
				 "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
				 "due=excluded.due, wall=excluded.wall, face=excluded.face, "
				 "changed=excluded.changed");

	sq_int(q, 1, d->occurrence);
	sq_int(q, 2, d->due);
	sq_int(q, 3, d->wall);
	sq_int(q, 4, d->face);
	sq_int(q, 5, d->changed);
	return sq_run(st, q, err);
}
