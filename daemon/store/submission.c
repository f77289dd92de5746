/*
 * submission.c - what units handed in, and what people decided about it.
 */
#include <errno.h>

#include "sq.h"

static int add_parts(struct store *st, int64_t id, const struct part *parts, unsigned n_parts,
		     struct err *err)
{
	for (unsigned i = 0; i < n_parts; i++) {
		sqlite3_stmt *q =
			sq(st, "INSERT INTO submission_part(submission, name, sha256, bytes) "
			       "VALUES(?1, ?2, ?3, ?4)");
		g_autofree char *sha = g_compute_checksum_for_data(G_CHECKSUM_SHA256,
								   parts[i].bytes, parts[i].size);
		int rc;

		sq_int(q, 1, id);
		sq_text(q, 2, parts[i].name);
		sq_text(q, 3, sha);
		sq_blob(q, 4, parts[i].bytes, parts[i].size);
		rc = sq_run(st, q, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_fields(struct store *st, int64_t id, const struct field *fields, unsigned n,
		      struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		sqlite3_stmt *q = sq(st, "INSERT INTO submission_field(submission, field, value) "
					 "VALUES(?1, ?2, ?3)");
		int rc;

		sq_int(q, 1, id);
		sq_text(q, 2, fields[i].name);
		sq_text(q, 3, fields[i].value);
		rc = sq_run(st, q, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int store_submission_add(struct store *st, struct submission *s, const struct part *parts,
			 unsigned n_parts, const struct field *fields, unsigned n_fields,
			 struct err *err)
{
	sqlite3_stmt *q = sq(
		st, "INSERT INTO submission(receipt, campaign, occurrence, unit, received, stored, "
		    "zero, way, actor, why, request) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
	int rc;

	sq_text(q, 1, s->receipt);
	sq_int(q, 2, s->campaign);
	sq_int(q, 3, s->occurrence);
	sq_int(q, 4, s->unit);
	sq_int(q, 5, s->received);
	sq_int(q, 6, s->stored);
	sq_int(q, 7, s->zero);
	sq_text(q, 8, s->way);
	sq_text(q, 9, s->actor);
	sq_text(q, 10, s->why);
	sq_text(q, 11, s->request);
	rc = sq_run(st, q, err);
	if (rc < 0)
		return rc;
	s->id = sqlite3_last_insert_rowid(st->db);
	rc = add_parts(st, s->id, parts, n_parts, err);
	return rc < 0 ? rc : add_fields(st, s->id, fields, n_fields, err);
}

#define SUBMISSION_COLUMNS                                                                         \
	"SELECT id, receipt, campaign, occurrence, unit, received, stored, zero, way, actor, "     \
	"why, "                                                                                    \
	"request FROM submission "

static int each_submission(struct store *st, sqlite3_stmt *q, store_submission_fn *fn, void *arg)
{
	int rc, n = 0;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct submission s = {
			.id = sqlite3_column_int64(q, 0),
			.receipt = (char *)sq_str(q, 1),
			.campaign = sqlite3_column_int64(q, 2),
			.occurrence = sqlite3_column_int64(q, 3),
			.unit = sqlite3_column_int64(q, 4),
			.received = sqlite3_column_int64(q, 5),
			.stored = sqlite3_column_int64(q, 6),
			.zero = sqlite3_column_int(q, 7) != 0,
			.way = (char *)sq_str(q, 8),
			.actor = (char *)sq_str(q, 9),
			.why = (char *)sq_str(q, 10),
			.request = (char *)sq_str(q, 11),
		};

		fn(arg, &s);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

int store_submission_by_request(struct store *st, int64_t campaign, const char *request,
				store_submission_fn *fn, void *arg)
{
	sqlite3_stmt *q = sq(st, SUBMISSION_COLUMNS "WHERE campaign=?1 AND request=?2");

	sq_int(q, 1, campaign);
	sq_text(q, 2, request);
	return each_submission(st, q, fn, arg);
}

/* Rows of a statement that has one column, and binds the submission first. */
static int count_rows(struct store *st, sqlite3_stmt *q, int64_t id)
{
	sq_int(q, 1, id);
	return (int)sq_value(st, q, 0);
}

int store_submission_is(struct store *st, int64_t id, const struct part *parts, unsigned n_parts,
			const struct field *fields, unsigned n_fields)
{
	unsigned same = 0;

	if (count_rows(st,
		       sq(st, "SELECT (SELECT count(*) FROM submission_part WHERE submission=?1)"
			      " + (SELECT count(*) FROM submission_field WHERE submission=?1)"),
		       id) != (int)(n_parts + n_fields))
		return 0;
	for (unsigned i = 0; i < n_parts; i++) {
		sqlite3_stmt *q = sq(st, "SELECT count(*) FROM submission_part WHERE submission=?1 "
					 "AND name=?2 AND sha256=?3");
		g_autofree char *sha = g_compute_checksum_for_data(G_CHECKSUM_SHA256,
								   parts[i].bytes, parts[i].size);

		sq_text(q, 2, parts[i].name);
		sq_text(q, 3, sha);
		same += count_rows(st, q, id) == 1;
	}
	for (unsigned i = 0; i < n_fields; i++) {
		sqlite3_stmt *q =
			sq(st, "SELECT count(*) FROM submission_field WHERE submission=?1 "
			       "AND field=?2 AND value=?3");

		sq_text(q, 2, fields[i].name);
		sq_text(q, 3, fields[i].value);
		same += count_rows(st, q, id) == 1;
	}
	return same == n_parts + n_fields;
}

int store_submissions(struct store *st, int64_t occurrence, int64_t unit, store_submission_fn *fn,
		      void *arg)
{
	sqlite3_stmt *q =
		unit == 0 ? sq(st,
			       SUBMISSION_COLUMNS "WHERE occurrence=?1 ORDER BY unit, received, id")
			  : sq(st, SUBMISSION_COLUMNS
			       "WHERE occurrence=?1 AND unit=?2 ORDER BY unit, received, id");

	sq_int(q, 1, occurrence);
	if (unit != 0)
		sq_int(q, 2, unit);
	return each_submission(st, q, fn, arg);
}

int store_decision_add(struct store *st, struct decision *d, struct err *err)
{
	sqlite3_stmt *q =
		sq(st, "INSERT INTO decision(campaign, kind, occurrence, unit, tag, due, step, at, "
		       "actor, why, seen) "
		       "VALUES(?1, ?2, nullif(?3, 0), nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10, "
		       "(SELECT coalesce(max(id), 0) FROM submission))");
	int rc;

	sq_int(q, 1, d->campaign);
	sq_int(q, 2, d->kind);
	sq_int(q, 3, d->occurrence);
	sq_int(q, 4, d->unit);
	sq_text(q, 5, d->tag);
	sq_int(q, 6, d->due);
	sq_text(q, 7, d->step);
	sq_int(q, 8, d->at);
	sq_text(q, 9, d->actor);
	sq_text(q, 10, d->why);
	rc = sq_run(st, q, err);
	if (rc == 0)
		d->id = sqlite3_last_insert_rowid(st->db);
	return rc;
}

static int each_decision(struct store *st, sqlite3_stmt *q, store_decision_fn *fn, void *arg)
{
	int rc, n = 0;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct decision d = {
			.id = sqlite3_column_int64(q, 0),
			.campaign = sqlite3_column_int64(q, 1),
			.kind = (enum decision_kind)sqlite3_column_int(q, 2),
			.occurrence = sqlite3_column_int64(q, 3),
			.unit = sqlite3_column_int64(q, 4),
			.tag = sq_str(q, 5),
			.due = sqlite3_column_int64(q, 6),
			.step = sq_str(q, 7),
			.at = sqlite3_column_int64(q, 8),
			.actor = sq_str(q, 9),
			.why = sq_str(q, 10),
			.seen = sqlite3_column_int64(q, 11),
		};

		fn(arg, &d);
		n++;
	}
	rc = sq_done(st, q, rc, NULL);
	return rc < 0 ? rc : n;
}

#define DECISION_COLUMNS                                                                           \
	"SELECT id, campaign, kind, occurrence, unit, tag, due, step, at, actor, why, seen FROM "  \
	"decision "

int store_decisions(struct store *st, int64_t occurrence, int64_t unit, store_decision_fn *fn,
		    void *arg)
{
	sqlite3_stmt *q =
		unit == 0 ? sq(st, DECISION_COLUMNS "WHERE occurrence=?1 ORDER BY id")
			  : sq(st, DECISION_COLUMNS
			       "WHERE occurrence=?1 AND (unit=?2 OR unit IS NULL) ORDER BY id");

	sq_int(q, 1, occurrence);
	if (unit != 0)
		sq_int(q, 2, unit);
	return each_decision(st, q, fn, arg);
}

int store_decisions_scope(struct store *st, int64_t campaign, store_decision_fn *fn, void *arg)
{
	sqlite3_stmt *q =
		sq(st, DECISION_COLUMNS "WHERE campaign=?1 AND occurrence IS NULL ORDER BY id");

	sq_int(q, 1, campaign);
	return each_decision(st, q, fn, arg);
}

bool store_receipt_taken(struct store *st, const char *receipt)
{
	sqlite3_stmt *q = sq(st, "SELECT 1 FROM submission WHERE receipt=?1");

	sq_text(q, 1, receipt);
	return sq_value(st, q, 0) == 1;
}
