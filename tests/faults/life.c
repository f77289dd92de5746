/*
 * life.c - rounds of reports, a tick, a claim and its results, with a backup among them.
 *
 * The verbs are the daemon's: a savepoint a report and a commit for all, a tick in its own
 * transactions, one commit for results and the next claim.  What failed is tried no more in the
 * same round; after a sync that failed, or a rollback at the start, the life begins anew.
 */
#include "life.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/load.h"
#include "daemon/store/disk.h"
#include "daemon/store/sq.h"

#define REPORTS 3 /* that share a commit */
#define ROUND (8 * HOUR)
#define CHECKPOINT_PAGES 30 /* so that there are some */

static const char yaml[] = "name: 试\ntimezone: Asia/Shanghai\noffice: ban\npolicies:\n  default:\n"
			   "    warn: 1d\n    grace: 30m\n    closes: 6d\n    steps:\n"
			   "      - {name: 提醒, at: \"-3h\", to: [liaison]}\n"
			   "      - {name: 催办, at: \"0\", to: [liaison, office]}\n"
			   "      - {name: 督办, at: \"+1d@10:00\", to: [liaison, leader]}\n";
static const char units[] = "unit,name,kind,role,person,email\n"
			    "ban,安委办,office,liaison,办甲,ban@example.org\n"
			    "xin,新桥镇,镇,liaison,新甲,xin1@example.org\n"
			    "xin,新桥镇,镇,leader,新乙,xin2@example.org\n"
			    "xue,薛家镇,镇,liaison,薛甲,xue1@example.org\n"
			    "xue,薛家镇,镇,leader,薛乙,xue2@example.org\n"
			    "zhu,住建局,部门,liaison,住甲,zhu1@example.org\n"
			    "zhu,住建局,部门,leader,住乙,zhu2@example.org\n";
static const char calendar[] =
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
	"BEGIN:VEVENT\r\nUID:p\r\nDTSTAMP:20190101T000000Z\r\nDTSTART;VALUE=DATE:20190801\r\n"
	"DTEND;VALUE=DATE:20191001\r\nSUMMARY:阶段\r\nCATEGORIES:阶段\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:ri\r\nDTSTAMP:20190101T000000Z\r\n"
	"DTSTART;TZID=Asia/Shanghai:20190809T170000\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"
	"SUMMARY:日报\r\nCATEGORIES:报送\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

static struct campaign *load(void)
{
	struct campaign_files *f = campaign_files_new("shi");
	struct findings *found = findings_new();
	struct campaign *c = NULL;

	campaign_files_add(f, "campaign.yaml", yaml, strlen(yaml));
	campaign_files_add(f, "units.csv", units, strlen(units));
	campaign_files_add(f, "campaign.ics", calendar, strlen(calendar));
	must(campaign_load(f, INT64_C(1577721600000), &c, found) == 0);
	findings_free(&found);
	campaign_files_free(&f);
	return c;
}

void life_init(struct life *l, const char *dir, guint32 seed)
{
	memset(l, 0, sizeof(*l));
	l->path = g_build_filename(dir, "duban.db", NULL);
	l->rng = g_rand_new_with_seed(seed);
	l->now = INT64_C(1565312400000); /* 2019-08-09 09:00 */
	l->promises = g_array_new(FALSE, TRUE, sizeof(struct promise));
	l->claimed = g_array_new(FALSE, TRUE, sizeof(int64_t));
}

static void stop(struct life *l)
{
	engine_free(&l->engine);
	store_close(&l->store);
}

void life_fini(struct life *l)
{
	stop(l);
	g_free(l->path);
	g_rand_free(l->rng);
	g_array_unref(l->promises);
	g_array_unref(l->claimed);
}

static void promise(struct life *l, struct promise p)
{
	p.op = l->op;
	g_array_append_val(l->promises, p);
}

/* One number of a query, from a disk that is well for so long: it is the ledger's question. */
static int64_t number(struct life *l, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t n = -1;

	disk_quiet(true);
	if (sqlite3_prepare_v2(l->store->db, sql, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	disk_quiet(false);
	return n;
}

static int start(struct life *l, struct err *err)
{
	int rc = store_open(l->path, &l->store, err);

	if (rc < 0)
		return rc;
	l->store->checkpoint_pages = CHECKPOINT_PAGES;
	if (l->sync != NULL)
		must(sqlite3_exec(l->store->db, l->sync, NULL, NULL, NULL) == SQLITE_OK);
	rc = store_begin(l->store, err);
	if (rc >= 0)
		rc = store_outbox_recover(l->store, l->now, err);
	if (rc >= 0)
		rc = engine_new(l->store, load(), l->now, NULL, &l->engine, err);
	if (rc >= 0)
		rc = store_commit(l->store, err);
	if (rc < 0) {
		store_rollback(l->store);
		stop(l);
		return rc;
	}
	g_array_set_size(l->claimed, 0);
	return 0;
}

/* ---- reports ---- */

static int submit(struct life *l, struct promise *p, struct err *err)
{
	static const char *const names[] = {"xin", "xue", "zhu"};
	guint32 size = (guint32)g_rand_int_range(l->rng, 0, 9000);
	g_autofree char *bytes = g_malloc(size + 1);
	struct part part = {.name = "表.doc", .bytes = bytes, .size = size};
	struct engine_submit s = {.unit = names[g_rand_int_range(l->rng, 0, 3)],
				  .uid = "ri",
				  .rid = "",
				  .received = l->now,
				  .way = "cli",
				  .actor = "uid:0",
				  .why = "纸质",
				  .request = p->text,
				  .parts = &part,
				  .n_parts = 1};
	struct engine_receipt receipt;

	for (guint32 i = 0; i < size; i++)
		bytes[i] = (char)g_rand_int(l->rng);
	(void)g_snprintf(p->text, sizeof(p->text), "anruf-%u", l->requests++);
	p->kind = PROMISE_RECEIPT;
	p->number = size;
	return engine_submit(l->engine, &s, l->now, &receipt, err);
}

/* As the database thread does it (store/writer.c). */
static int take_reports(struct life *l, struct err *err)
{
	struct promise p[REPORTS] = {0};
	bool good[REPORTS] = {false};
	int rc = store_begin(l->store, err);

	for (int i = 0; i < REPORTS && rc >= 0; i++) {
		rc = store_savepoint(l->store, err);
		if (rc < 0)
			break;
		good[i] = submit(l, &p[i], err) >= 0;
		rc = store_release(l->store, good[i], err);
		l->failed += !good[i];
	}
	if (rc >= 0)
		rc = store_commit(l->store, err);
	if (rc < 0)
		store_rollback(l->store);
	for (int i = 0; i < REPORTS && rc >= 0; i++)
		if (good[i])
			promise(l, p[i]);
	return rc;
}

/* ---- what goes out ---- */

static int tick(struct life *l, struct err *err)
{
	wall_t wake;
	int rc = engine_tick(l->engine, l->now, &wake, err);

	if (rc >= 0)
		promise(l, (struct promise){
				   .kind = PROMISE_NOTICES,
				   .number = number(l, "SELECT count(*) FROM notice"),
			   });
	return rc;
}

static void on_lease(void *arg, struct engine_lease *lease)
{
	g_array_append_val((GArray *)arg, lease->id);
	message_free(&lease->message);
}

static int send(struct life *l, struct err *err)
{
	g_autoptr(GArray) next = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(GArray) sent = g_array_new(FALSE, FALSE, sizeof(int64_t));
	struct reply yes = {.status = 250, .text = (char *)"ok", .verb = (char *)"dot"};
	struct reply no = {.status = 451, .text = (char *)"later", .verb = (char *)"RCPT"};
	int rc = store_begin(l->store, err);

	for (guint i = 0; i < l->claimed->len && rc >= 0; i++) {
		int64_t id = g_array_index(l->claimed, int64_t, i);
		bool taken = g_rand_int_range(l->rng, 0, 4) > 0;

		rc = engine_report(l->engine, id, taken ? OUTCOME_SENT : OUTCOME_RETRY,
				   taken ? &yes : &no, 0, l->now, err);
		if (taken)
			g_array_append_val(sent, id);
	}
	if (rc >= 0)
		rc = engine_lease(&l->engine, 1, l->store, l->now, 100, on_lease, next, err);
	if (rc >= 0)
		rc = store_commit(l->store, err);
	if (rc < 0) {
		store_rollback(l->store);
		return rc;
	}
	for (guint i = 0; i < sent->len; i++)
		promise(l, (struct promise){.kind = PROMISE_SENT,
					    .number = g_array_index(sent, int64_t, i)});
	g_array_set_size(l->claimed, 0);
	g_array_append_vals(l->claimed, next->data, next->len);
	return rc;
}

static int backup(struct life *l, int round, struct err *err)
{
	struct promise p = {.kind = PROMISE_BACKUP};
	g_autofree char *to = NULL;
	int rc;

	(void)g_snprintf(p.text, sizeof(p.text), "%d.db", round);
	to = g_strconcat(l->path, "-", p.text, NULL);
	p.number =
		number(l, "SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM tray)");
	rc = store_backup(l->store, to, err);
	if (rc >= 0)
		promise(l, p);
	return rc;
}

/* ---- a life ---- */

static int round_of(struct life *l, int round, struct err *err)
{
	int rc = 0;

	l->now += ROUND;
	for (int k = 0; k < 5 && rc != -ENOTRECOVERABLE; k++) {
		struct err trouble = {0};

		rc = k == 0       ? take_reports(l, err)
		     : k == 1     ? tick(l, err)
		     : k == 2     ? send(l, err)
		     : k == 3     ? take_reports(l, err)
		     : round == 1 ? backup(l, round, err)
				  : 0;
		l->failed += rc < 0;
		if (rc >= 0)
			rc = store_trouble(l->store, &trouble);
		store_rest(l->store); /* the next step reads from the disk */
	}
	return rc;
}

void life_run(struct life *l, int rounds)
{
	struct err err = {0};

	for (int round = 0; round < rounds; round++) {
		if (l->store == NULL && start(l, &err) < 0) {
			l->failed++;
			continue; /* the service manager tries again */
		}
		if (round_of(l, round, &err) == -ENOTRECOVERABLE)
			stop(l);
	}
	stop(l);
}

/* ---- what is left ---- */

static int wrong(struct err *err, const char *what, const char *text, int64_t want, int64_t have)
{
	return err_set(err, -EUCLEAN, "%s: %s, want %" G_GINT64_FORMAT ", have %" G_GINT64_FORMAT,
		       what, text, want, have);
}

static int check_receipt(struct life *l, const struct promise *p, struct err *err)
{
	g_autofree char *one = g_strdup_printf(
		"SELECT coalesce((SELECT length(p.bytes) FROM submission s JOIN submission_part p "
		"ON "
		"p.submission=s.id WHERE s.request='%s'), (SELECT length(p.bytes) FROM tray t JOIN "
		"tray_part p ON p.tray=t.id WHERE t.request='%s'), -1)",
		p->text, p->text);
	int64_t have = number(l, one);

	return have == p->number ? 0
				 : wrong(err, "acknowledged and lost", p->text, p->number, have);
}

static int check_backup(struct life *l, const struct promise *p, struct err *err)
{
	struct life copy = {.path = g_strconcat(l->path, "-", p->text, NULL)};
	int64_t have = -1;
	int rc = disk_has(copy.path) ? 0 : wrong(err, "backup", "is gone", 1, 0);

	if (rc == 0)
		rc = store_open(copy.path, &copy.store, err);
	if (rc == 0)
		have = number(&copy, "SELECT (SELECT count(*) FROM submission) + "
				     "(SELECT count(*) FROM tray)");
	if (rc == 0 && have != p->number)
		rc = wrong(err, "backup", p->text, p->number, have);
	store_close(&copy.store);
	g_free(copy.path);
	return rc;
}

static int check_promise(struct life *l, const struct promise *p, struct err *err)
{
	int64_t have;

	switch (p->kind) {
	case PROMISE_RECEIPT:
		return check_receipt(l, p, err);
	case PROMISE_BACKUP:
		return check_backup(l, p, err);
	case PROMISE_SENT:
		have = store_outbox_state(l->store, p->number);
		return have == OUTBOX_SENT ? 0
					   : wrong(err, "sent and forgotten", "message", 0, have);
	case PROMISE_NOTICES:
		have = number(l, "SELECT count(*) FROM notice");
		return have >= p->number
			       ? 0
			       : wrong(err, "raised and lost", "notices", p->number, have);
	}
	return -EINVAL;
}

/* What must hold of any database, whatever was promised. */
static int check_whole(struct life *l, struct err *err)
{
	static const struct {
		const char *what, *sql;
		int64_t want;
	} rules[] = {
		{"integrity",
		 "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", 0},
		{"foreign keys", "SELECT count(*) FROM pragma_foreign_key_check", 0},
		{"a report without its file",
		 "SELECT (SELECT count(*) FROM submission) - (SELECT count(*) FROM "
		 "submission_part)",
		 0},
		{"a report without its journal entry",
		 "SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM tray) - "
		 "(SELECT count(*) FROM journal WHERE event IN ('submit', 'tray'))",
		 0},
		{"a notice whose message is missing",
		 "SELECT count(*) FROM notice WHERE message NOT NULL AND message NOT IN "
		 "(SELECT id FROM message)",
		 0},
		{"a message sent without an attempt",
		 "SELECT count(*) FROM message WHERE state=2 AND id NOT IN (SELECT message FROM "
		 "delivery "
		 "WHERE outcome=0)",
		 0},
		{"a message about nothing",
		 "SELECT count(*) FROM message WHERE state<>7 AND id NOT IN "
		 "(SELECT message FROM notice WHERE message NOT NULL)",
		 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		int64_t have = number(l, rules[i].sql);

		if (have != rules[i].want)
			return wrong(err, rules[i].what, "", rules[i].want, have);
	}
	return store_journal_verify(l->store, err);
}

/* Nobody is told off who had reported: a tick that could not read must not have been believed. */
static int check_fair(struct life *l, struct err *err)
{
	int64_t have = number(
		l, "SELECT count(*) FROM notice n JOIN submission s ON s.occurrence=n.occurrence "
		   "AND s.unit=n.unit WHERE n.sort=1 AND s.stored < n.at AND n.state IN (0, 1)");

	return have == 0 ? 0 : wrong(err, "told off though reported", "notices", 0, have);
}

bool life_check(struct life *l, unsigned op, struct err *err)
{
	int rc = start(l, err);

	for (guint i = 0; rc >= 0 && i < l->promises->len; i++) {
		const struct promise *p = &g_array_index(l->promises, struct promise, i);

		if (p->op < op)
			rc = check_promise(l, p, err);
	}
	if (rc >= 0)
		rc = check_whole(l, err);
	if (rc >= 0)
		rc = check_fair(l, err);
	stop(l);
	return rc >= 0;
}
