/*
 * outbox.c - messages that wait, their leases and their attempts.
 *
 *   QUEUED -> LEASED -> SENT | REFUSED
 *                    -> RETRY | UNKNOWN -> LEASED ...
 *   QUEUED, RETRY, UNKNOWN -> EXPIRED | OVERTAKEN
 *
 * A lease lives in the one process that holds the database: after a start, what
 * was leased has an unknown fate and is tried again under the same identity.
 */
#include <errno.h>

#include "daemon/core/retry.h"
#include "failpoint.h"
#include "sq.h"

G_STATIC_ASSERT(OUTBOX_QUEUED == 0 && OUTBOX_LEASED == 1 && OUTBOX_RETRY == 3 &&
		OUTBOX_UNKNOWN == 5);

/* Of message m: what the index message_next holds, in its own words. Only so is it used. */
#define WAITING "(m.state=0 OR m.state=3 OR m.state=5)"

int64_t store_message_add(struct store *st, int64_t campaign, int64_t address, wall_t tick,
			  wall_t expires, struct err *err)
{
	sqlite3_stmt *q =
		sq(st, "INSERT INTO message(campaign, address, tick, state, next_try, expires) "
		       "VALUES(?1, ?2, ?3, 0, ?3, ?4)");
	int rc;

	sq_int(q, 1, campaign);
	sq_int(q, 2, address);
	sq_int(q, 3, tick);
	sq_int(q, 4, expires);
	rc = sq_run(st, q, err);
	return rc < 0 ? rc : sqlite3_last_insert_rowid(st->db);
}

#define OUTBOX_COLUMNS                                                                             \
	"SELECT m.id, m.campaign, m.address, m.tick, m.next_try, m.expires, m.state, "             \
	"m.attempts, a.channel, a.address, m.reply, m.status, m.done FROM message m "              \
	"JOIN address a ON a.id = m.address "

static struct outbox_row row_of(sqlite3_stmt *q)
{
	return (struct outbox_row){
		.id = sqlite3_column_int64(q, 0),
		.campaign = sqlite3_column_int64(q, 1),
		.address = sqlite3_column_int64(q, 2),
		.tick = sqlite3_column_int64(q, 3),
		.next_try = sqlite3_column_int64(q, 4),
		.expires = sqlite3_column_int64(q, 5),
		.state = (enum outbox_state)sqlite3_column_int(q, 6),
		.attempts = sqlite3_column_int(q, 7),
		.channel = (enum channel)sqlite3_column_int(q, 8),
		.to = sq_str(q, 9),
		.reply = sq_str(q, 10),
		.status = sqlite3_column_int(q, 11),
		.done = sqlite3_column_int64(q, 12),
	};
}

static int mark_leased(struct store *st, const GArray *ids, struct err *err)
{
	for (guint i = 0; i < ids->len; i++) {
		sqlite3_stmt *q =
			sq(st, "UPDATE message SET state=1, attempts=attempts+1 WHERE id=?1");
		int rc;

		sq_int(q, 1, g_array_index(ids, int64_t, i));
		rc = sq_run(st, q, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/*
 * The rows are read first and marked afterwards: updating a table under a cursor
 * that walks one of its indexes has no defined order.
 */
int store_outbox_lease(struct store *st, wall_t now, unsigned max, store_outbox_fn *fn, void *arg,
		       struct err *err)
{
	sqlite3_stmt *q = sq(st, OUTBOX_COLUMNS "WHERE " WAITING " AND m.next_try <= ?1 "
						"ORDER BY m.next_try, m.id LIMIT ?2");
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int rc;

	must(max > 0);
	sq_int(q, 1, now);
	sq_int(q, 2, max);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct outbox_row row = row_of(q);

		g_array_append_val(ids, row.id);
		fn(arg, &row);
	}
	rc = sq_done(st, q, rc, err);
	if (rc == 0)
		rc = mark_leased(st, ids, err);
	if (rc == 0 && ids->len > 0 && failpoint("leased") < 0)
		rc = err_set(err, -EIO, "store: failpoint");
	return rc < 0 ? rc : (int)ids->len;
}

static bool is_last(enum outbox_state s)
{
	return s == OUTBOX_SENT || s == OUTBOX_REFUSED || s == OUTBOX_EXPIRED ||
	       s == OUTBOX_OVERTAKEN;
}

/* The first attempt has the number 1 and nearly always stays alone; others are counted. */
#define DELIVERY_INTO "INSERT INTO delivery(message, n, at, outcome, status, verb, reply) "
#define DELIVERY_NEXT "(SELECT coalesce(max(n), 0) + 1 FROM delivery WHERE message=?1)"

static int add_delivery(struct store *st, int64_t message, wall_t at, enum outcome outcome,
			int status, const char *verb, const char *reply, struct err *err)
{
	static const char *const ways[] = {
		DELIVERY_INTO "VALUES(?1, 1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
		DELIVERY_INTO "VALUES(?1, " DELIVERY_NEXT ", ?2, ?3, ?4, ?5, ?6)",
	};
	int rc = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(ways) && rc == 0; i++) {
		sqlite3_stmt *q = sq(st, ways[i]);

		sq_int(q, 1, message);
		sq_int(q, 2, at);
		sq_int(q, 3, outcome);
		sq_int(q, 4, status);
		sq_text(q, 5, verb);
		sq_text(q, 6, reply);
		rc = sq_run(st, q, err);
		if (rc == 0)
			rc = sqlite3_changes(st->db);
	}
	return rc < 0 ? rc : 0;
}

int store_outbox_report(struct store *st, int64_t message, enum outbox_state state, wall_t now,
			wall_t next_try, enum outcome outcome, int status, const char *verb,
			const char *reply, struct err *err)
{
	sqlite3_stmt *q = sq(st, "UPDATE message SET state=?2, next_try=?3, done=?4, status=?5, "
				 "reply=?6 WHERE id=?1");
	int rc;

	sq_int(q, 1, message);
	sq_int(q, 2, state);
	sq_int(q, 3, next_try);
	if (is_last(state))
		sq_int(q, 4, now);
	sq_int(q, 5, status);
	sq_text(q, 6, reply);
	rc = sq_run(st, q, err);
	if (rc < 0)
		return rc;
	if (sqlite3_changes(st->db) == 0)
		return err_set(err, -ENOENT, "no message %" G_GINT64_FORMAT, message);
	rc = add_delivery(st, message, now, outcome, status, verb, reply, err);
	return rc == 0 && failpoint("reported") < 0 ? err_set(err, -EIO, "store: failpoint") : rc;
}

int store_outbox_set(struct store *st, int64_t message, enum outbox_state state, wall_t now,
		     struct err *err)
{
	sqlite3_stmt *q = sq(st, "UPDATE message SET state=?2, done=?3, next_try=?4 WHERE id=?1");

	sq_int(q, 1, message);
	sq_int(q, 2, state);
	if (is_last(state))
		sq_int(q, 3, now);
	sq_int(q, 4, now);
	return sq_run(st, q, err);
}

int store_outbox_recover(struct store *st, wall_t now, struct err *err)
{
	/* An attempt that nobody saw the end of is one that may have arrived. */
	sqlite3_stmt *q =
		sq(st, "INSERT INTO delivery(message, n, at, outcome, status, verb, reply) "
		       "SELECT id, (SELECT coalesce(max(n), 0) + 1 FROM delivery "
		       "WHERE message=m.id), ?1, ?2, 0, 'start', '' FROM message m WHERE state=1");
	int rc;

	sq_int(q, 1, now);
	sq_int(q, 2, OUTCOME_UNKNOWN);
	rc = sq_run(st, q, err);
	if (rc < 0)
		return rc;
	q = sq(st, "UPDATE message SET state=5, next_try=?1 WHERE state=1");
	sq_int(q, 1, now);
	rc = sq_run(st, q, err);
	return rc < 0 ? rc : sqlite3_changes(st->db);
}

int store_outbox_pull(struct store *st, wall_t now, struct err *err)
{
	sqlite3_stmt *q = sq(st, "UPDATE message AS m SET expires=expires-(next_try-?1), "
				 "next_try=?1 WHERE " WAITING " AND next_try > ?2");
	int rc;

	sq_int(q, 1, now);
	sq_int(q, 2, now + RETRY_WISH_MAX + RETRY_MAX);
	rc = sq_run(st, q, err);
	return rc < 0 ? rc : sqlite3_changes(st->db);
}

bool store_outbox_may_have_told(struct store *st, int64_t message)
{
	sqlite3_stmt *q =
		sq(st, "SELECT 1 FROM delivery WHERE message=?1 AND outcome IN (?2, ?3) LIMIT 1");

	sq_int(q, 1, message);
	sq_int(q, 2, OUTCOME_SENT);
	sq_int(q, 3, OUTCOME_UNKNOWN);
	return sq_value(st, q, 0) == 1;
}

wall_t store_outbox_next(struct store *st)
{
	return sq_value(st,
			sq(st, "SELECT next_try FROM message m WHERE " WAITING
			       " ORDER BY next_try, id LIMIT 1"),
			WALL_NEVER);
}

int store_outbox_list(struct store *st, int64_t campaign, int state, unsigned max,
		      store_outbox_fn *fn, void *arg)
{
	sqlite3_stmt *q =
		sq(st, OUTBOX_COLUMNS
		   "WHERE m.campaign=?1 AND (?2 < 0 OR m.state=?2) ORDER BY m.id DESC LIMIT ?3");
	int rc, n = 0;

	sq_int(q, 1, campaign);
	sq_int(q, 2, state);
	sq_int(q, 3, max);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct outbox_row row = row_of(q);

		fn(arg, &row);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_messages_before(struct store *st, int64_t campaign, int64_t address, int64_t message,
			  unsigned max, store_outbox_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, OUTBOX_COLUMNS "WHERE m.address=?1 AND m.id < ?2 AND "
						"m.campaign=?3 ORDER BY m.id DESC LIMIT ?4");
	int rc, n = 0;

	sq_int(q, 1, address);
	sq_int(q, 2, message);
	sq_int(q, 3, campaign);
	sq_int(q, 4, max);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct outbox_row row = row_of(q);

		fn(arg, &row);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_outbox_count(struct store *st, int64_t campaign, unsigned counts_out[OUTBOX_STATES])
{
	sqlite3_stmt *q =
		sq(st, "SELECT state, count(*) FROM message WHERE campaign=?1 GROUP BY state");
	int rc;

	memset(counts_out, 0, sizeof(unsigned) * OUTBOX_STATES);
	sq_int(q, 1, campaign);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		int state = sqlite3_column_int(q, 0);

		if (state >= 0 && state < OUTBOX_STATES)
			counts_out[state] = (unsigned)sqlite3_column_int(q, 1);
	}
	return sq_done(st, q, rc, NULL);
}

int store_deliveries(struct store *st, int64_t message, unsigned max, store_delivery_fn *fn,
		     void *arg)
{
	sqlite3_stmt *q = sq(st, "SELECT message, at, outcome, status, verb, reply FROM delivery "
				 "WHERE message=?1 ORDER BY n LIMIT ?2");
	int rc, n = 0;

	sq_int(q, 1, message);
	sq_int(q, 2, max);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		fn(arg, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
		   (enum outcome)sqlite3_column_int(q, 2), sqlite3_column_int(q, 3), sq_str(q, 4),
		   sq_str(q, 5));
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

enum outbox_state store_outbox_state(struct store *st, int64_t message)
{
	sqlite3_stmt *q = sq(st, "SELECT state FROM message WHERE id=?1");

	sq_int(q, 1, message);
	return (enum outbox_state)sq_value(st, q, OUTBOX_STATES);
}

int store_outbox_defer(struct store *st, int64_t message, wall_t until, struct err *err)
{
	sqlite3_stmt *q = sq(
		st,
		"UPDATE message SET state=0, next_try=?2, attempts=max(0, attempts-1) WHERE id=?1");

	sq_int(q, 1, message);
	sq_int(q, 2, until);
	return sq_run(st, q, err);
}

int store_outbox_get(struct store *st, int64_t message, struct outbox_row *out, char **to_out)
{
	sqlite3_stmt *q = sq(st, OUTBOX_COLUMNS "WHERE m.id=?1");
	int rc;

	sq_int(q, 1, message);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*out = row_of(q);
		*to_out = g_strdup(out->to);
		out->to = out->reply = NULL;
	}
	(void)sq_done(st, q, rc, NULL);
	return rc == SQLITE_ROW ? 0 : -ENOENT;
}
