/*
 * source.c - what remote calendars gave last.
 *
 * A file has one row. Where campaign.yaml names another address, what the old one gave stays in
 * force until the new one has given something; failures are counted anew.
 */
#include "source.h"

#include "sq.h"

#define COLUMNS                                                                                    \
	"SELECT path, url, bytes, hash, etag, modified, fetched, looked, failures, problem "       \
	"FROM source WHERE campaign=?1 "

static int each(struct store *st, sqlite3_stmt *q, store_source_fn *fn, void *arg)
{
	int rc, n = 0;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct source_row r = {
			.path = sq_str(q, 0),
			.url = sq_str(q, 1),
			.bytes = sqlite3_column_blob(q, 2),
			.size = (size_t)sqlite3_column_bytes(q, 2),
			.hash = sq_str(q, 3),
			.etag = sq_str(q, 4),
			.modified = sq_str(q, 5),
			.fetched = sqlite3_column_int64(q, 6),
			.looked = sqlite3_column_int64(q, 7),
			.failures = (unsigned)sqlite3_column_int64(q, 8),
			.problem = (const char *)sqlite3_column_text(q, 9),
		};

		fn(arg, &r);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_source_get(struct store *st, int64_t campaign, const char *path, const char *url,
		     store_source_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, COLUMNS "AND path=?2 AND url=?3");

	sq_int(q, 1, campaign);
	sq_text(q, 2, path);
	sq_text(q, 3, url);
	return each(st, q, fn, arg);
}

int store_source_each(struct store *st, int64_t campaign, store_source_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, COLUMNS "ORDER BY path");

	sq_int(q, 1, campaign);
	return each(st, q, fn, arg);
}

/* A row for this address. What another gave stays until this one gives something, but not its names. */
static int make_row(struct store *st, int64_t campaign, const char *path, const char *url,
		    struct err *err)
{
	sqlite3_stmt *q =
		sq(st, "INSERT INTO source(campaign, path, url) VALUES(?1, ?2, ?3) "
		       "ON CONFLICT DO UPDATE SET url=excluded.url, etag='', modified='', "
		       "failures=0, problem=NULL WHERE url<>excluded.url");

	sq_int(q, 1, campaign);
	sq_text(q, 2, path);
	sq_text(q, 3, url);
	return sq_run(st, q, err);
}

int store_source_good(struct store *st, int64_t campaign, const struct source_row *r, wall_t now,
		      struct err *err)
{
	sqlite3_stmt *q;
	int rc = make_row(st, campaign, r->path, r->url, err);

	if (rc < 0)
		return rc;
	q = sq(st, "UPDATE source SET bytes=?3, hash=?4, etag=?5, modified=?6, fetched=?7, "
		   "looked=?7, failures=0, problem=NULL WHERE campaign=?1 AND path=?2");
	sq_int(q, 1, campaign);
	sq_text(q, 2, r->path);
	sq_blob(q, 3, r->bytes, r->size);
	sq_text(q, 4, r->hash);
	sq_text(q, 5, r->etag);
	sq_text(q, 6, r->modified);
	sq_int(q, 7, now);
	return sq_run(st, q, err);
}

int store_source_same(struct store *st, int64_t campaign, const struct source_row *r, wall_t now,
		      struct err *err)
{
	sqlite3_stmt *q = sq(st, "UPDATE source SET etag=?4, modified=?5, looked=?6, failures=0, "
				 "problem=NULL WHERE campaign=?1 AND path=?2 AND url=?3");

	sq_int(q, 1, campaign);
	sq_text(q, 2, r->path);
	sq_text(q, 3, r->url);
	sq_text(q, 4, r->etag);
	sq_text(q, 5, r->modified);
	sq_int(q, 6, now);
	return sq_run(st, q, err);
}

int store_source_failed(struct store *st, int64_t campaign, const char *path, const char *url,
			const char *problem, struct err *err)
{
	sqlite3_stmt *q;
	int rc = make_row(st, campaign, path, url, err);

	if (rc < 0)
		return rc;
	q = sq(st, "UPDATE source SET failures=failures+1, problem=?3 "
		   "WHERE campaign=?1 AND path=?2");
	sq_int(q, 1, campaign);
	sq_text(q, 2, path);
	sq_text(q, 3, problem);
	rc = sq_run(st, q, err);
	if (rc < 0)
		return rc;
	q = sq(st, "SELECT failures FROM source WHERE campaign=?1 AND path=?2");
	sq_int(q, 1, campaign);
	sq_text(q, 2, path);
	return (int)sq_value(st, q, 0);
}

int store_source_forget(struct store *st, int64_t campaign, const char *path, struct err *err)
{
	sqlite3_stmt *q = sq(st, "DELETE FROM source WHERE campaign=?1 AND path=?2");

	sq_int(q, 1, campaign);
	sq_text(q, 2, path);
	return sq_run(st, q, err);
}
