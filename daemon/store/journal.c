/*
 * journal.c - the append-only, hash-chained record of everything that happened and why.
 *
 * hash(n) = SHA-256(hash(n-1) | seq | at | campaign | actor | event | detail), each
 * text preceded by its length, so that no two rows can be told apart only by where
 * one field ends.  The triggers of the schema refuse UPDATE and DELETE.
 */
#include <errno.h>
#include <string.h>

#include "sq.h"

#define HASH_SIZE 32

static void feed_int(GChecksum *sum, int64_t v)
{
	int64_t be = GINT64_TO_BE(v);

	g_checksum_update(sum, (const guchar *)&be, sizeof(be));
}

static void feed_text(GChecksum *sum, const char *s)
{
	size_t n = strlen(s);

	feed_int(sum, (int64_t)n);
	g_checksum_update(sum, (const guchar *)s, (gssize)n);
}

struct entry {
	int64_t seq;
	wall_t at;
	const char *campaign, *actor, *event, *detail;
};

static void entry_hash(const guchar previous[HASH_SIZE], const struct entry *e,
		       guchar out[HASH_SIZE])
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize size = HASH_SIZE;

	g_checksum_update(sum, previous, HASH_SIZE);
	feed_int(sum, e->seq);
	feed_int(sum, e->at);
	feed_text(sum, e->campaign);
	feed_text(sum, e->actor);
	feed_text(sum, e->event);
	feed_text(sum, e->detail);
	g_checksum_get_digest(sum, out, &size);
	g_checksum_free(sum);
}

int store_journal(struct store *st, wall_t at, const char *campaign, const char *actor,
		  const char *event, const char *detail, struct err *err)
{
	sqlite3_stmt *q = sq(st, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1");
	struct entry e = {1, at, campaign, actor, event, detail};
	guchar previous[HASH_SIZE] = {0}, hash[HASH_SIZE];
	int rc = sqlite3_step(q);

	if (rc == SQLITE_ROW) {
		e.seq = sqlite3_column_int64(q, 0) + 1;
		if (sqlite3_column_bytes(q, 1) == HASH_SIZE)
			memcpy(previous, sqlite3_column_blob(q, 1), HASH_SIZE);
	}
	rc = sq_done(st, q, rc, err);
	if (rc < 0)
		return rc;
	entry_hash(previous, &e, hash);
	q = sq(st, "INSERT INTO journal(seq, at, campaign, actor, event, detail, hash) "
		   "VALUES(?1,?2,?3,?4,?5,?6,?7)");
	sq_int(q, 1, e.seq);
	sq_int(q, 2, at);
	sq_text(q, 3, campaign);
	sq_text(q, 4, actor);
	sq_text(q, 5, event);
	sq_text(q, 6, detail);
	sq_blob(q, 7, hash, HASH_SIZE);
	return sq_run(st, q, err);
}

int store_journal_list(struct store *st, const char *campaign, int64_t before, unsigned max,
		       store_journal_fn *fn, void *arg)
{
	sqlite3_stmt *q =
		sq(st, "SELECT seq, at, campaign, actor, event, detail FROM journal "
		       "WHERE (?1 = '' OR campaign = ?1 OR campaign = '') AND (?2 = 0 OR seq < ?2) "
		       "ORDER BY seq DESC LIMIT ?3");
	int rc, n = 0;

	sq_text(q, 1, campaign);
	sq_int(q, 2, before);
	sq_int(q, 3, max);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		fn(arg, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sq_str(q, 2),
		   sq_str(q, 3), sq_str(q, 4), sq_str(q, 5));
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

wall_t store_journal_latest(struct store *st, const char *campaign, const char *event)
{
	sqlite3_stmt *q = sq(st, "SELECT max(at) FROM journal WHERE campaign = ?1 AND event = ?2");
	wall_t at = WALL_ALWAYS;
	int rc;

	sq_text(q, 1, campaign);
	sq_text(q, 2, event);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
		at = sqlite3_column_int64(q, 0);
	(void)sq_done(st, q, rc, NULL);
	return at;
}

int store_journal_verify(struct store *st, struct err *err)
{
	sqlite3_stmt *q = sq(
		st,
		"SELECT seq, at, campaign, actor, event, detail, hash FROM journal ORDER BY seq");
	guchar previous[HASH_SIZE] = {0}, hash[HASH_SIZE];
	int64_t want = 1, bad = 0;
	int rc;

	while (bad == 0 && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct entry e = {sqlite3_column_int64(q, 0),
				  sqlite3_column_int64(q, 1),
				  sq_str(q, 2),
				  sq_str(q, 3),
				  sq_str(q, 4),
				  sq_str(q, 5)};

		entry_hash(previous, &e, hash);
		if (e.seq != want || sqlite3_column_bytes(q, 6) != HASH_SIZE ||
		    memcmp(sqlite3_column_blob(q, 6), hash, HASH_SIZE) != 0)
			bad = want;
		memcpy(previous, hash, HASH_SIZE);
		want++;
	}
	rc = sq_done(st, q, bad != 0 ? SQLITE_ROW : rc, err);
	if (bad != 0)
		return err_set(err, -EUCLEAN, "操作日志第 %" G_GINT64_FORMAT " 条与哈希链不符",
			       bad);
	return rc;
}
