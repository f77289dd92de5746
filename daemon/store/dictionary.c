/*
 * dictionary.c - small integers for what repeats: campaigns, occurrences, units, words, addresses.
 */
#include <errno.h>

#include "sq.h"

int64_t store_campaign(struct store *st, const char *key, wall_t now, wall_t *first_loaded_out)
{
	sqlite3_stmt *q = sq(st, "INSERT INTO campaign(key, first_loaded) VALUES(?1, ?2) "
				 "ON CONFLICT(key) DO UPDATE SET key = key "
				 "RETURNING id, first_loaded");
	int64_t id = -EIO;
	int rc;

	sq_text(q, 1, key);
	sq_int(q, 2, now);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		id = sqlite3_column_int64(q, 0);
		if (first_loaded_out != NULL)
			*first_loaded_out = sqlite3_column_int64(q, 1);
		rc = sqlite3_step(q);
	}
	(void)sq_done(st, q, rc, NULL);
	return id;
}

/* SELECT first: nearly always there; INSERT only when it is not. */
static int64_t intern(struct store *st, const char *select, const char *insert, int64_t number,
		      bool numbered, const char *a, const char *b)
{
	for (int turn = 0; turn < 2; turn++) {
		sqlite3_stmt *q = sq(st, turn == 0 ? select : insert);
		int at = 1;
		int64_t id;

		if (numbered)
			sq_int(q, at++, number);
		sq_text(q, at++, a);
		if (b != NULL)
			sq_text(q, at, b);
		if (turn == 0) {
			id = sq_value(st, q, -1);
			if (id >= 0)
				return id;
		} else if (sq_run(st, q, NULL) == 0) {
			st->interned = true;
			return sqlite3_last_insert_rowid(st->db);
		}
	}
	return -EIO;
}

int64_t store_occurrence(struct store *st, int64_t campaign, const char *uid, const char *rid)
{
	return intern(st, "SELECT id FROM occurrence WHERE campaign=?1 AND uid=?2 AND rid=?3",
		      "INSERT INTO occurrence(campaign, uid, rid) VALUES(?1, ?2, ?3)", campaign,
		      true, uid, rid);
}

int64_t store_unit(struct store *st, int64_t campaign, const char *unit)
{
	return intern(st, "SELECT id FROM unit WHERE campaign=?1 AND unit=?2",
		      "INSERT INTO unit(campaign, unit) VALUES(?1, ?2)", campaign, true, unit,
		      NULL);
}

int64_t store_word(struct store *st, const char *word)
{
	return intern(st, "SELECT id FROM word WHERE word=?1", "INSERT INTO word(word) VALUES(?1)",
		      0, false, word, NULL);
}

int64_t store_address(struct store *st, enum channel channel, const char *address)
{
	return intern(st, "SELECT id FROM address WHERE channel=?1 AND address=?2",
		      "INSERT INTO address(channel, address) VALUES(?1, ?2)", (int64_t)channel,
		      true, address, NULL);
}

int store_occurrence_rename(struct store *st, int64_t occurrence, const char *uid, const char *rid,
			    struct err *err)
{
	sqlite3_stmt *q = sq(st, "UPDATE occurrence SET uid=?2, rid=?3 WHERE id=?1");

	sq_int(q, 1, occurrence);
	sq_text(q, 2, uid);
	sq_text(q, 3, rid);
	return sq_run(st, q, err);
}

int store_unit_rename(struct store *st, int64_t campaign, const char *unit, const char *to,
		      struct err *err)
{
	static const char *const updates[] = {
		"UPDATE unit SET unit=?3 WHERE campaign=?1 AND unit=?2",
		"UPDATE tray SET unit=?3 WHERE campaign=?1 AND unit=?2",
	};
	int rc = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(updates) && rc >= 0; i++) {
		sqlite3_stmt *q = sq(st, updates[i]);

		sq_int(q, 1, campaign);
		sq_text(q, 2, unit);
		sq_text(q, 3, to);
		rc = sq_run(st, q, err);
	}
	return rc;
}

int store_each_occurrence(struct store *st, int64_t campaign, store_occurrence_fn *fn, void *arg)
{
	sqlite3_stmt *q =
		sq(st, "SELECT id, uid, rid FROM occurrence WHERE campaign=?1 ORDER BY uid, rid");
	int rc, n = 0;

	sq_int(q, 1, campaign);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		fn(arg, sqlite3_column_int64(q, 0), sq_str(q, 1), sq_str(q, 2));
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_occurrence_name(struct store *st, int64_t occurrence, char **uid_out, char **rid_out)
{
	sqlite3_stmt *q = sq(st, "SELECT uid, rid FROM occurrence WHERE id=?1");
	int rc;

	*uid_out = *rid_out = NULL;
	sq_int(q, 1, occurrence);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*uid_out = g_strdup(sq_str(q, 0));
		*rid_out = g_strdup(sq_str(q, 1));
	}
	return sq_done(st, q, rc == SQLITE_ROW ? SQLITE_DONE : rc, NULL);
}

char *store_unit_name(struct store *st, int64_t unit)
{
	sqlite3_stmt *q = sq(st, "SELECT unit FROM unit WHERE id=?1");
	char *name = NULL;
	int rc;

	sq_int(q, 1, unit);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		name = g_strdup(sq_str(q, 0));
	(void)sq_done(st, q, rc == SQLITE_ROW ? SQLITE_DONE : rc, NULL);
	return name;
}

int store_each_unit(struct store *st, int64_t campaign, store_unit_fn *fn, void *arg)
{
	/* In the order of the rows: through the index each unit would be looked for by itself. */
	sqlite3_stmt *q =
		sq(st, "SELECT id, unit FROM unit NOT INDEXED WHERE campaign=?1 ORDER BY id");
	int rc, n = 0;

	sq_int(q, 1, campaign);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		fn(arg, sqlite3_column_int64(q, 0), sq_str(q, 1));
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

uint64_t store_campaign_digest(struct store *st, int64_t campaign)
{
	sqlite3_stmt *q = sq(st, "SELECT digest FROM campaign WHERE id=?1");

	sq_int(q, 1, campaign);
	return (uint64_t)sq_value(st, q, 0);
}

int store_campaign_set_first(struct store *st, int64_t campaign, wall_t now, struct err *err)
{
	sqlite3_stmt *q = sq(st, "UPDATE campaign SET first_loaded=?2 WHERE id=?1");

	sq_int(q, 1, campaign);
	sq_int(q, 2, now);
	return sq_run(st, q, err);
}

int store_campaign_set_digest(struct store *st, int64_t campaign, uint64_t digest)
{
	sqlite3_stmt *q = sq(st, "UPDATE campaign SET digest=?2 WHERE id=?1");

	sq_int(q, 1, campaign);
	sq_int(q, 2, (int64_t)digest);
	return sq_run(st, q, NULL);
}

char *store_word_get(struct store *st, int64_t id)
{
	sqlite3_stmt *q = sq(st, "SELECT word FROM word WHERE id=?1");
	char *word = NULL;
	int rc;

	sq_int(q, 1, id);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		word = g_strdup(sq_str(q, 0));
	(void)sq_done(st, q, rc, NULL);
	return word;
}

bool store_address_get(struct store *st, int64_t id, enum channel *channel_out, char **address_out,
		       wall_t *unreachable_out)
{
	sqlite3_stmt *q = sq(st, "SELECT channel, address, unreachable FROM address WHERE id=?1");
	bool found = false;
	int rc;

	sq_int(q, 1, id);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		found = true;
		if (channel_out != NULL)
			*channel_out = (enum channel)sqlite3_column_int(q, 0);
		if (address_out != NULL)
			*address_out = g_strdup(sq_str(q, 1));
		if (unreachable_out != NULL)
			*unreachable_out = sqlite3_column_int64(q, 2);
	}
	(void)sq_done(st, q, rc, NULL);
	return found;
}

int store_address_unreachable(struct store *st, int64_t address, wall_t since, const char *why)
{
	sqlite3_stmt *q =
		sq(st, "UPDATE address SET unreachable=nullif(?2, 0), why=?3 WHERE id=?1");

	sq_int(q, 1, address);
	sq_int(q, 2, since);
	sq_text(q, 3, why);
	if (since != 0)
		st->unreachable = UNREACHABLE_SOME;
	return sq_run(st, q, NULL);
}

static bool any_unreachable(struct store *st)
{
	sqlite3_stmt *q;

	if (st->unreachable == UNREACHABLE_UNASKED) {
		q = sq(st, "SELECT EXISTS (SELECT 1 FROM address WHERE unreachable IS NOT NULL)");
		st->unreachable = sq_value(st, q, 1) != 0 ? UNREACHABLE_SOME : UNREACHABLE_NONE;
	}
	return st->unreachable == UNREACHABLE_SOME;
}

int store_address_reached(struct store *st, int64_t message)
{
	sqlite3_stmt *q;

	if (!any_unreachable(st))
		return 0;
	q = sq(st, "UPDATE address SET unreachable=NULL, why='' WHERE "
		   "id=(SELECT address FROM message WHERE id=?1) AND unreachable IS NOT NULL");
	sq_int(q, 1, message);
	return sq_run(st, q, NULL);
}

int store_files_put(struct store *st, int64_t campaign, const char *path, const void *bytes,
		    size_t size)
{
	sqlite3_stmt *q =
		sq(st, "INSERT INTO campaign_file(campaign, path, bytes) VALUES(?1, ?2, ?3) "
		       "ON CONFLICT DO UPDATE SET bytes=excluded.bytes");

	sq_int(q, 1, campaign);
	sq_text(q, 2, path);
	sq_blob(q, 3, bytes, size);
	return sq_run(st, q, NULL);
}

int store_files_clear(struct store *st, int64_t campaign)
{
	sqlite3_stmt *q = sq(st, "DELETE FROM campaign_file WHERE campaign=?1");

	sq_int(q, 1, campaign);
	return sq_run(st, q, NULL);
}

int store_files_each(struct store *st, int64_t campaign, store_file_fn *fn, void *arg)
{
	sqlite3_stmt *q =
		sq(st, "SELECT path, bytes FROM campaign_file WHERE campaign=?1 ORDER BY path");
	int rc, n = 0;

	sq_int(q, 1, campaign);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		const void *bytes = sqlite3_column_blob(q, 1);

		fn(arg, sq_str(q, 0), bytes == NULL ? "" : bytes,
		   (size_t)sqlite3_column_bytes(q, 1));
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}
