/*
 * engine_help.h - a small campaign in force on a store in memory, and what is said of it.
 *
 * Three towns owe a weekly report on Fridays at 17:00 from 9 August 2019; instants are
 * written as people write them, "2019-08-09T17:00".
 */
#ifndef TESTS_ENGINE_HELP_H
#define TESTS_ENGINE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "calendars/zone.h"
#include "daemon/engine/private.h"

#define UNUSED __attribute__((unused))
#define UNTIL ((wall_t)1577721600000)
#define FIRST "20190809T090000Z"
#define SECOND_RID "20190816T090000Z"
#define THIRD "20190823T090000Z"

#define EVENT(uid, lines)                                                                          \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20190101T000000Z\r\n" lines "END:VEVENT\r\n"
#define CALENDAR(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" events "END:VCALENDAR\r\n"
#define LOCAL(t) "DTSTART;TZID=Asia/Shanghai:" t "\r\n"
#define PHASE                                                                                       \
	EVENT("p", "DTSTART;VALUE=DATE:20190801\r\nDTEND;VALUE=DATE:20191001\r\nSUMMARY:阶段\r\n" \
		   "CATEGORIES:阶段\r\n")
#define WEEKLY(uid, more)                                                                          \
	EVENT(uid, LOCAL("20190809T170000") "RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:周报\r\n"      \
					    "CATEGORIES:报送" more "\r\n")

UNUSED static const char calendar_weekly[] = CALENDAR(PHASE WEEKLY("zhou", ""));

#define STEPS_WEEKLY                                                                               \
	"      - {name: 提醒, at: \"-3h\", to: [liaison]}\n"                                     \
	"      - {name: 催办, at: \"0\", to: [liaison, office]}\n"                               \
	"      - {name: 督办, at: \"+1d@10:00\", to: [liaison, leader, head]}\n"
#define POLICY(keys, steps)                                                                        \
	"name: 试\ntimezone: Asia/Shanghai\noffice: ban\npolicies:\n  default:\n" keys             \
	"    steps:\n" steps
#define KEYS "    warn: 1d\n    grace: 30m\n    closes: 6d\n"

UNUSED static const char yaml_weekly[] = POLICY(KEYS, STEPS_WEEKLY);

UNUSED static const char units_three[] = "unit,name,kind,role,person,email,tags\n"
					 "ban,安委办,office,liaison,办甲,ban@example.org,\n"
					 "xin,新桥镇,镇,liaison,新甲,xin1@example.org,消防\n"
					 "xin,新桥镇,镇,leader,新乙,xin2@example.org,消防\n"
					 "xin,新桥镇,镇,head,新丙,xin3@example.org,消防\n"
					 "xue,薛家镇,镇,liaison,薛甲,xue1@example.org,建筑\n"
					 "xue,薛家镇,镇,leader,薛乙,xue2@example.org,建筑\n"
					 "xue,薛家镇,镇,head,薛丙,xue3@example.org,建筑\n"
					 "zhu,住建局,部门,liaison,住甲,zhu1@example.org,建筑\n"
					 "zhu,住建局,部门,leader,住乙,zhu2@example.org,建筑\n"
					 "zhu,住建局,部门,head,住丙,zhu3@example.org,建筑\n";

struct world {
	struct store *store;
	struct engine *engine;
	GString *log;
	wall_t now, wake;
	struct err err;
	struct engine_receipt receipt;
	GPtrArray *leases; /* "address: item item" of the latest lease */
	int covered;       /* how many items the latest decision covered */
};

UNUSED static struct campaign *campaign_of(const char *yaml, const char *units,
					   const char *calendar)
{
	struct campaign_files *f = campaign_files_new("shi");
	struct findings *findings = findings_new();
	struct campaign *c = NULL;

	campaign_files_add(f, "campaign.yaml", yaml, strlen(yaml));
	campaign_files_add(f, "units.csv", units, strlen(units));
	campaign_files_add(f, "campaign.ics", calendar, strlen(calendar));
	(void)campaign_load(f, UNTIL, &c, findings);
	for (unsigned i = 0; i < findings->list->len && findings->errors > 0; i++) {
		g_autofree char *line = finding_line(findings->list->pdata[i]);

		print_message("%s\n", line);
	}
	assert_int_equal(findings->errors, 0);
	assert_non_null(c);
	findings_free(&findings);
	campaign_files_free(&f);
	return c;
}

UNUSED static wall_t at(const struct world *w, const char *text)
{
	wall_t t = 0;

	if (!zone_parse(engine_campaign(w->engine)->zone, text, true, &t))
		fail_msg("no instant: %s", text);
	return t;
}

static void world_row(void *arg, const struct engine_row *r)
{
	struct world *w = arg;
	g_autofree char *due = r->due == 0 ? g_strdup("-") : engine_format(w->engine, r->due);

	g_string_append_printf(w->log, "%s %s %s %s %s %s due %.*s\n", notice_state_word(r->state),
			       sort_word(r->sort), r->step, r->unit, r->role, r->address,
			       r->due == 0 ? 1 : 5, r->due == 0 ? "-" : due + 5);
}

UNUSED static void world_init(struct world *w, const char *yaml, const char *units,
			      const char *calendar, const char *loaded)
{
	struct campaign *c = campaign_of(yaml, units, calendar);

	memset(w, 0, sizeof(*w));
	assert_true(zone_parse(c->zone, loaded, false, &w->now));
	assert_int_equal(store_open(STORE_MEMORY, &w->store, &w->err), 0);
	assert_int_equal(store_begin(w->store, &w->err), 0);
	assert_int_equal(engine_new(w->store, c, w->now, NULL, &w->engine, &w->err), 0);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	w->log = g_string_new(NULL);
	w->leases = g_ptr_array_new_with_free_func(g_free);
	engine_on_row(w->engine, world_row, w);
}

UNUSED static void world_weekly(struct world *w)
{
	world_init(w, yaml_weekly, units_three, calendar_weekly, "2019-08-01T00:00");
}

UNUSED static void world_fini(struct world *w)
{
	engine_free(&w->engine);
	store_close(&w->store);
	g_string_free(w->log, TRUE);
	g_ptr_array_unref(w->leases);
}

/** What was recorded since the last question. Caller frees. */
UNUSED static char *said(struct world *w)
{
	char *text = g_strdup(w->log->str);

	g_string_truncate(w->log, 0);
	return text;
}

UNUSED static void assert_said(struct world *w, const char *want)
{
	g_autofree char *got = said(w);

	assert_string_equal(got, want);
}

UNUSED static unsigned count(const char *text, const char *words)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, words)) != NULL; p++)
		n++;
	return n;
}

UNUSED static int tick(struct world *w, const char *now)
{
	int rc;

	w->now = at(w, now);
	rc = engine_tick(w->engine, w->now, &w->wake, &w->err);
	if (rc < 0)
		fail_msg("%s", w->err.text);
	assert_true(w->wake > w->now);
	return rc;
}

/** Ask at each wake up to @until. */
UNUSED static void run_to(struct world *w, const char *until)
{
	wall_t end = at(w, until);

	for (;;) {
		int rc = engine_tick(w->engine, w->now, &w->wake, &w->err);

		assert_true(rc >= 0 && w->wake > w->now);
		if (w->wake > end)
			break;
		w->now = w->wake;
	}
	w->now = end;
}

UNUSED static int submit(struct world *w, const char *unit, const char *uid, const char *rid,
			 const char *received, const char *stored)
{
	struct engine_submit s = {.unit = unit,
				  .uid = uid,
				  .rid = rid,
				  .received = at(w, received),
				  .way = "cli",
				  .actor = "office",
				  .why = "电话"};
	int rc;

	assert_int_equal(store_begin(w->store, &w->err), 0);
	rc = engine_submit(w->engine, &s, at(w, stored), &w->receipt, &w->err);
	if (rc < 0)
		store_rollback(w->store);
	else
		assert_int_equal(store_commit(w->store, &w->err), 0);
	return rc;
}

UNUSED static int decide(struct world *w, enum decision_kind kind, const char *unit,
			 const char *uid, const char *rid, const char *due, const char *now)
{
	struct engine_decision d = {.kind = kind,
				    .unit = unit,
				    .uid = uid,
				    .rid = rid,
				    .tag = "",
				    .step = "",
				    .due = due == NULL ? 0 : at(w, due),
				    .actor = "office",
				    .why = "因汛情"};
	int rc;

	assert_int_equal(store_begin(w->store, &w->err), 0);
	rc = engine_decide(w->engine, &d, at(w, now), &w->err);
	if (rc < 0)
		store_rollback(w->store);
	else
		assert_int_equal(store_commit(w->store, &w->err), 0);
	w->covered = rc;
	return MIN(rc, 0);
}

UNUSED static int pause_or_resume(struct world *w, enum decision_kind kind, const char *unit,
				  const char *tag, const char *now)
{
	struct engine_decision d = {.kind = kind,
				    .unit = unit,
				    .uid = "",
				    .rid = "",
				    .tag = tag,
				    .step = "",
				    .actor = "office",
				    .why = ""};
	int rc;

	assert_int_equal(store_begin(w->store, &w->err), 0);
	rc = engine_decide(w->engine, &d, at(w, now), &w->err);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	return rc;
}

static void world_lease(void *arg, struct engine_lease *lease)
{
	struct world *w = arg;
	GString *s = g_string_new(NULL);

	g_string_append_printf(s, "%" G_GINT64_FORMAT " %s:", lease->id, lease->message->address);
	for (guint i = 0; i < lease->message->items->len; i++) {
		const struct message_item *it = g_ptr_array_index(lease->message->items, i);

		g_string_append_printf(s, " %s%s/%s", it->late_cleared ? "已销号" : it->step,
				       it->zero ? "(零)" : "", it->unit_id);
	}
	g_ptr_array_add(w->leases, g_string_free(s, FALSE));
	message_free(&lease->message);
}

/** Claim all that waits. Count. */
UNUSED static int lease(struct world *w, const char *now)
{
	int n;

	g_ptr_array_set_size(w->leases, 0);
	assert_int_equal(store_begin(w->store, &w->err), 0);
	n = engine_lease(&w->engine, 1, w->store, at(w, now), 1000, world_lease, w, &w->err);
	assert_int_equal(store_commit(w->store, &w->err), 0);
	return n;
}

UNUSED static void report(struct world *w, int64_t message, enum outcome outcome, const char *text,
			  const char *now)
{
	g_autofree char *words = g_strdup(text);
	struct reply r = {.status = outcome == OUTCOME_SENT ? 250 : 550,
			  .text = words,
			  .verb = (char *)"RCPT"};

	assert_int_equal(store_begin(w->store, &w->err), 0);
	assert_true(engine_report(w->engine, message, outcome, &r, 0, at(w, now), &w->err) >= 0);
	assert_int_equal(store_commit(w->store, &w->err), 0);
}

/** Everything waiting is taken by its peer at @now. Count. */
UNUSED static int deliver(struct world *w, const char *now)
{
	int n = lease(w, now);

	for (guint i = 0; i < w->leases->len; i++)
		report(w, g_ascii_strtoll(g_ptr_array_index(w->leases, i), NULL, 10), OUTCOME_SENT,
		       "ok", now);
	return n;
}

/** The lease that goes to @address, from its colon on; "" if none does. */
UNUSED static const char *leased_to(const struct world *w, const char *address)
{
	for (guint i = 0; i < w->leases->len; i++) {
		const char *line = g_ptr_array_index(w->leases, i);
		const char *space = strchr(line, ' ');

		if (g_str_has_prefix(space + 1, address))
			return strchr(space, ':') + 1;
	}
	return "";
}

UNUSED static enum standing standing_at(struct world *w, const char *unit, const char *uid,
					const char *rid, const char *now)
{
	uint32_t o = 0, u = campaign_find_unit(engine_campaign(w->engine), unit);
	struct occurrence_facts *f;
	enum standing st;

	assert_int_equal(engine_find(w->engine, uid, rid, &o, &w->err), 0);
	f = facts_load(w->engine, o, u);
	assert_int_equal(f->n, 1);
	st = facts_standing(w->engine, f, &f->items[0], at(w, now));
	facts_free(&f);
	return st;
}

#endif
