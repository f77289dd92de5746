/*
 * tray.c - where a person decides what the daemon would not; polls and marks beside it.
 */
#include <errno.h>

#include "sq.h"

int64_t store_tray_add(struct store *st, const struct tray_item *t, const struct part *parts,
		       unsigned n_parts, struct err *err)
{
	sqlite3_stmt *q = sq(st, "INSERT INTO tray(campaign, unit, uid, rid, received, stored, "
				 "zero, way, actor, why, "
				 "reason, parts, request) "
				 "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)");
	int64_t id;
	int rc;

	sq_int(q, 1, t->campaign);
	sq_text(q, 2, t->unit);
	sq_text(q, 3, t->uid);
	sq_text(q, 4, t->rid);
	sq_int(q, 5, t->received);
	sq_int(q, 6, t->stored);
	sq_int(q, 7, t->zero);
	sq_text(q, 8, t->way);
	sq_text(q, 9, t->actor);
	sq_text(q, 10, t->why);
	sq_text(q, 11, t->reason);
	sq_text(q, 12, t->parts);
	sq_text(q, 13, t->request);
	rc = sq_run(st, q, err);
	id = sqlite3_last_insert_rowid(st->db);
	for (unsigned i = 0; rc == 0 && i < n_parts; i++) {
		q = sq(st, "INSERT INTO tray_part(tray, name, bytes) VALUES(?1, ?2, ?3)");
		sq_int(q, 1, id);
		sq_text(q, 2, parts[i].name);
		sq_blob(q, 3, parts[i].bytes, parts[i].size);
		rc = sq_run(st, q, err);
	}
	return rc < 0 ? rc : id;
}

#define TRAY_COLUMNS                                                                               \
	"SELECT id, campaign, unit, uid, rid, received, stored, zero, way, actor, why, reason, "   \
	"parts, decided, outcome FROM tray "

static int each_tray(struct store *st, sqlite3_stmt *q, store_tray_fn *fn, void *arg)
{
	int rc, n = 0;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct tray_item t = {
			.id = sqlite3_column_int64(q, 0),
			.campaign = sqlite3_column_int64(q, 1),
			.unit = sq_str(q, 2),
			.uid = sq_str(q, 3),
			.rid = sq_str(q, 4),
			.received = sqlite3_column_int64(q, 5),
			.stored = sqlite3_column_int64(q, 6),
			.zero = sqlite3_column_int(q, 7) != 0,
			.way = sq_str(q, 8),
			.actor = sq_str(q, 9),
			.why = sq_str(q, 10),
			.reason = sq_str(q, 11),
			.parts = sq_str(q, 12),
			.decided = sqlite3_column_int64(q, 13),
			.outcome = sq_str(q, 14),
		};

		fn(arg, &t);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_tray_list(struct store *st, int64_t campaign, bool open_only, store_tray_fn *fn,
		    void *arg)
{
	sqlite3_stmt *q =
		open_only ? sq(st, TRAY_COLUMNS "WHERE campaign=?1 AND decided IS NULL ORDER BY id")
			  : sq(st, TRAY_COLUMNS "WHERE campaign=?1 ORDER BY id");

	sq_int(q, 1, campaign);
	return each_tray(st, q, fn, arg);
}

int store_tray_get(struct store *st, int64_t id, store_tray_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, TRAY_COLUMNS "WHERE id=?1");
	int n;

	sq_int(q, 1, id);
	n = each_tray(st, q, fn, arg);
	return n == 0 ? -ENOENT : n;
}

int store_tray_by_request(struct store *st, int64_t campaign, const char *request,
			  store_tray_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, TRAY_COLUMNS "WHERE campaign=?1 AND request=?2");

	sq_int(q, 1, campaign);
	sq_text(q, 2, request);
	return each_tray(st, q, fn, arg);
}

int store_tray_parts(struct store *st, int64_t id, store_part_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, "SELECT name, bytes FROM tray_part WHERE tray=?1 ORDER BY name");
	int rc, n = 0;

	sq_int(q, 1, id);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct part p = {.name = sq_str(q, 0), .bytes = sqlite3_column_blob(q, 1)};

		p.size = (size_t)sqlite3_column_bytes(q, 1);
		fn(arg, &p);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_tray_decide(struct store *st, int64_t id, wall_t at, const char *outcome, struct err *err)
{
	sqlite3_stmt *q =
		sq(st, "UPDATE tray SET decided=?2, outcome=?3 WHERE id=?1 AND decided IS NULL");
	int rc;

	sq_int(q, 1, id);
	sq_int(q, 2, at);
	sq_text(q, 3, outcome);
	rc = sq_run(st, q, err);
	if (rc == 0 && sqlite3_changes(st->db) == 0)
		return err_set(err, -ENOENT, "待核件 %" G_GINT64_FORMAT " 不存在或已处理", id);
	return rc;
}

int store_poll_ok(struct store *st, const char *intake, wall_t begun)
{
	sqlite3_stmt *q = sq(st, "INSERT INTO poll(intake, begun, failing) VALUES(?1, ?2, NULL) "
				 "ON CONFLICT DO UPDATE SET begun=excluded.begun, failing=NULL");

	sq_text(q, 1, intake);
	sq_int(q, 2, begun);
	return sq_run(st, q, NULL);
}

int store_poll_failed(struct store *st, const char *intake, wall_t since)
{
	sqlite3_stmt *q =
		sq(st, "INSERT INTO poll(intake, begun, failing) VALUES(?1, 0, ?2) "
		       "ON CONFLICT DO UPDATE SET failing=coalesce(failing, excluded.failing)");

	sq_text(q, 1, intake);
	sq_int(q, 2, since);
	return sq_run(st, q, NULL);
}

wall_t store_poll_begun(struct store *st)
{
	return sq_value(st, sq(st, "SELECT min(begun) FROM poll"), WALL_NEVER);
}

int store_mark(struct store *st, int64_t campaign, const char *mark, wall_t at)
{
	sqlite3_stmt *q = sq(
		st,
		"INSERT INTO mark(campaign, mark, at) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING");
	int rc;

	sq_int(q, 1, campaign);
	sq_text(q, 2, mark);
	sq_int(q, 3, at);
	rc = sq_run(st, q, NULL);
	return rc < 0 ? rc : sqlite3_changes(st->db);
}

int store_unmark(struct store *st, int64_t campaign, const char *mark)
{
	sqlite3_stmt *q = sq(st, "DELETE FROM mark WHERE campaign=?1 AND mark=?2");

	sq_int(q, 1, campaign);
	sq_text(q, 2, mark);
	return sq_run(st, q, NULL);
}

bool store_marked(struct store *st, int64_t campaign, const char *mark)
{
	sqlite3_stmt *q = sq(st, "SELECT 1 FROM mark WHERE campaign=?1 AND mark=?2");

	sq_int(q, 1, campaign);
	sq_text(q, 2, mark);
	return sq_value(st, q, 0) == 1;
}

wall_t store_mark_at(struct store *st, int64_t campaign, const char *mark)
{
	sqlite3_stmt *q = sq(st, "SELECT at FROM mark WHERE campaign=?1 AND mark=?2");

	sq_int(q, 1, campaign);
	sq_text(q, 2, mark);
	return sq_value(st, q, WALL_ALWAYS);
}

int store_marks(struct store *st, int64_t campaign, const char *prefix, store_mark_fn *fn,
		void *arg)
{
	sqlite3_stmt *q = sq(st, "SELECT mark FROM mark WHERE campaign=?1 AND mark >= ?2 AND "
				 "mark < ?2 || char(1114111) ORDER BY mark");
	int rc, count = 0;

	sq_int(q, 1, campaign);
	sq_text(q, 2, prefix);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		fn(arg, sq_str(q, 0));
		count++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : count;
}

bool store_clock_doubted(struct store *st)
{
	sqlite3_stmt *q = sq(st, "SELECT 1 FROM mark WHERE mark=?1 LIMIT 1");

	sq_text(q, 1, STORE_MARK_CLOCK);
	return sq_value(st, q, 0) == 1;
}

wall_t store_high_water(struct store *st)
{
	return sq_value(st, sq(st, "SELECT at FROM mark WHERE campaign=0 AND mark='high-water'"),
			WALL_ALWAYS);
}

void store_high_water_set(struct store *st, wall_t now)
{
	sqlite3_stmt *q = sq(st, "INSERT INTO mark(campaign, mark, at) VALUES(0, 'high-water', ?1) "
				 "ON CONFLICT DO UPDATE SET at=max(at, excluded.at)");

	sq_int(q, 1, now);
	(void)sq_run(st, q, NULL); /* the commit that follows tells of trouble */
}

int store_high_water_reset(struct store *st, wall_t now, struct err *err)
{
	sqlite3_stmt *q = sq(st, "INSERT INTO mark(campaign, mark, at) VALUES(0, 'high-water', ?1) "
				 "ON CONFLICT DO UPDATE SET at=excluded.at");

	sq_int(q, 1, now);
	return sq_run(st, q, err);
}
