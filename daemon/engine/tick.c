/*
 * tick.c - one round: facts -> plan -> commit.
 *
 * Only occurrences whose hour has come, or about which something changed, are
 * looked at; which ones those are is a memory of the engine, never stored, so a
 * restart simply looks at all of them once.  Commits at most ENGINE_SLICE items at
 * a time, each with its journal entry.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/large.h"
#include "record.h"
#include "told.h"

/* One occurrence being planned. */
struct round {
	struct engine *e;
	wall_t now;
	struct occurrence_facts *facts;
	struct plan_item *items;
	GArray *held;         /* struct plan_held */
	GPtrArray *held_keys; /* struct notice *, parallel */
	bool stale;           /* somebody may have been told of another deadline */
	GHashTable *rungs;    /* per ladder: step word -> rung + 1, see rung_of() */
	struct plan_facts plan;
	unsigned told, holds, superseded, withdrawn;
};

static int64_t rung_word(struct engine *e, const struct policy *p, const struct rung *r)
{
	g_autofree char *name = rung_name(e->campaign, p, r);

	return engine_word(e, name);
}

/* Which rung of @l is the step with word @word? UINT16_MAX if it has none. */
static uint16_t rung_of(struct round *r, const struct ladder *l, int64_t word)
{
	GHashTable *of = g_hash_table_lookup(r->rungs, l);
	gpointer found;

	if (of == NULL) {
		of = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
		for (uint32_t i = 0; i < l->n && i < RUNGS_MAX; i++) {
			int64_t w = rung_word(r->e, r->plan.policy, &l->rungs[i]);

			g_hash_table_insert(of, g_memdup2(&w, sizeof(w)), GUINT_TO_POINTER(i + 1));
		}
		g_hash_table_insert(r->rungs, (gpointer)l, of);
	}
	found = g_hash_table_lookup(of, &word);
	return found == NULL ? UINT16_MAX : (uint16_t)(GPOINTER_TO_UINT(found) - 1);
}

static void keep_held(struct round *r, const struct notice *n, uint32_t item, uint16_t rung)
{
	struct plan_held h = {
		.item = item,
		.due = n->due,
		.rung = rung,
		.address = n->address,
		.holds = n->holds & ~(unsigned)HOLD_RELEASED,
		.released = (n->holds & HOLD_RELEASED) != 0,
	};
	struct notice *key = g_memdup2(n, sizeof(*n));

	key->reason = NULL;
	g_array_append_val(r->held, h);
	g_ptr_array_add(r->held_keys, key);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct round *r = arg;
	struct item_fact *it = facts_item(r->facts, engine_unit_of(r->e, n->unit));
	uint32_t item = it == NULL ? NONE : (uint32_t)(it - r->facts->items);
	uint16_t rung = UINT16_MAX;

	r->stale |= told_is_stale(it, n);
	if (n->sort != SORT_REMIND && n->sort != SORT_ESCALATE)
		return;
	if (item != NONE && n->due == it->due) {
		rung = rung_of(r, r->items[item].ladder, n->step);
		if (rung != UINT16_MAX)
			plan_say(&r->items[item], rung);
	}
	if (n->state == NOTICE_HELD)
		keep_held(r, n, item, rung);
}

static void fill_items(struct round *r)
{
	struct engine *e = r->e;

	for (uint32_t i = 0; i < r->facts->n; i++) {
		const struct item_fact *it = &r->facts->items[i];
		const struct unit *u = &e->campaign->units[it->unit];

		r->items[i] = (struct plan_item){
			.unit = it->unit,
			.ladder = engine_ladder(e, r->facts->occurrence, it->due),
			.decided = it->decided,
			.tracked = it->tracked,
			.outstanding = it->outstanding,
			.exempt = it->exempt,
			.paused = facts_paused(e, it->unit),
			.in_tray = g_hash_table_size(e->tray_units) > 0 &&
				   g_hash_table_contains(e->tray_units, engine_text(e, u->id)),
		};
	}
}

static void round_init(struct round *r, struct engine *e, uint32_t occurrence, wall_t now)
{
	const struct policy *p = engine_policy(e, occurrence);
	const struct campaign *c = e->campaign;

	*r = (struct round){.e = e, .now = now};
	r->facts = facts_load(e, occurrence, NONE);
	r->items = large_new(sizeof(struct plan_item) * ((size_t)r->facts->n + 1));
	r->held = g_array_new(FALSE, FALSE, sizeof(struct plan_held));
	r->held_keys = g_ptr_array_new_with_free_func(g_free);
	r->rungs = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
					 (GDestroyNotify)g_hash_table_unref);
	r->plan = (struct plan_facts){
		.campaign = c,
		.policy = p,
		.occurrence = &c->occurrences[occurrence],
		.milestone = engine_obligation(e, occurrence)->category == CATEGORY_MILESTONE,
		.items = r->items,
		.n_items = r->facts->n,
		.expected = r->facts->expected,
		.missing = r->facts->missing,
		.polled = e->polled,
		.clock_trusted = e->clock_trusted,
		.up_since = e->up_since,
		.guard_lifted = r->facts->guard_lifted,
		.window_open = ladder_window_inside(c->zone, c->days, &p->window, now),
		.window_opens = ladder_window_on(c->zone, c->days, &p->window, now),
	};
	fill_items(r);
	(void)store_notices(e->store, engine_occurrence_id(e, occurrence), 0, on_notice, r);
	r->plan.held = (const struct plan_held *)(void *)r->held->data;
	r->plan.n_held = r->held->len;
}

static void round_fini(struct round *r)
{
	facts_free(&r->facts);
	g_free(r->items);
	g_array_unref(r->held);
	g_ptr_array_unref(r->held_keys);
	g_hash_table_unref(r->rungs);
}

static char *hold_reason(unsigned holds)
{
	GString *s = g_string_new(NULL);

	if ((holds & HOLD_SIGN) != 0)
		g_string_append(s, "待签发；");
	if ((holds & HOLD_GUARD) != 0)
		g_string_append(s, "未报单位达到暂缓比例，待安委办确认；");
	if ((holds & HOLD_VIEW) != 0)
		g_string_append(s, "收件情况尚未核实（收件渠道、时钟或待核件）；");
	if (s->len > 0)
		g_string_truncate(s, s->len - strlen("；"));
	return g_string_free(s, FALSE);
}

static int commit_row(struct round *r, const struct plan_row *row, struct err *err)
{
	const struct plan_item *it = &r->items[row->item];
	const struct rung *rung = &it->ladder->rungs[row->rung];
	g_autofree char *step = rung_name(r->e->campaign, r->plan.policy, rung);
	g_autofree char *held = row->holds != 0 ? hold_reason(row->holds) : NULL;
	struct record rec = {
		.occurrence = r->facts->occurrence,
		.unit = it->unit,
		.due = it->ladder->due,
		.step = step,
		.to = row->to,
		.role = record_role(&row->to, r->e->campaign,
				    r->plan.milestone ? "office" : "liaison"),
		.sort = row->sort,
		.state = row->state,
		.holds = row->holds,
		.reason = held != NULL ? held : plan_why_text(row->why),
	};

	r->told += row->state == NOTICE_PLANNED;
	r->holds += row->state == NOTICE_HELD;
	r->superseded += row->state == NOTICE_SUPERSEDED;
	return record_notice(r->e, &rec, r->now, err);
}

/* The recipient of a held notice, for its row: enough of it to be shown. */
static void show_change(struct round *r, const struct notice *n, const struct plan_change *ch,
			int64_t message)
{
	struct engine *e = r->e;
	g_autofree char *step = store_word_get(e->store, n->step);
	g_autofree char *role = store_word_get(e->store, n->role);
	g_autofree char *address = NULL;
	struct record rec = {
		.occurrence = r->facts->occurrence,
		.unit = engine_unit_of(e, n->unit),
		.due = n->due,
		.step = step,
		.role = role,
		.sort = n->sort,
		.state = ch->state,
		.reason = plan_why_text(ch->why),
	};

	(void)store_address_get(e->store, n->address, &rec.to.channel, &address, NULL);
	record_show(e, &rec, message, address, r->now);
}

static int commit_change(struct round *r, const struct plan_change *ch, struct err *err)
{
	const struct notice *n = g_ptr_array_index(r->held_keys, ch->held);
	int64_t message = 0;
	int rc = 0;

	if (ch->state == NOTICE_PLANNED)
		rc = record_message(r->e, n->address, r->now, &message, err);
	if (rc == 0)
		rc = store_notice_set(r->e->store, n, ch->state, r->now, message,
				      plan_why_text(ch->why), err);
	r->told += ch->state == NOTICE_PLANNED;
	r->withdrawn += ch->state == NOTICE_WITHDRAWN;
	if (rc == 0)
		show_change(r, n, ch, message);
	return rc;
}

static int alarm_missing(struct round *r, const struct plan *p, struct err *err)
{
	struct engine *e = r->e;
	int rc = 0;

	for (guint i = 0; i < p->missing->len && rc >= 0; i++) {
		const struct missing_role *m = &g_array_index(p->missing, struct missing_role, i);
		static const char *const words[ROLES] = {"联络员", "分管领导", "主要负责人"};
		const char *unit = engine_text(e, e->campaign->units[m->unit].name);
		g_autofree char *mark = g_strdup_printf(
			"role:%s:%s", engine_text(e, e->campaign->units[m->unit].id),
			role_word((enum role)m->role));
		g_autofree char *step = g_strdup_printf("缺%s", words[m->role]);
		g_autofree char *why =
			g_strdup_printf("%s没有登记%s，相关通知已改发上一级，请在 units.csv 中补登",
					unit, words[m->role]);

		rc = record_alarm(e, mark, step, NONE, m->unit, why, r->now, err);
	}
	return rc;
}

/*
 * The latest of the deadlines that the guard holds: each is asked about once.  What was held for
 * want of a view may meet it later; asked twice in a row, the answer is the same.
 */
static wall_t guarded_due(const struct round *r, const struct plan *p)
{
	wall_t due = WALL_ALWAYS;

	for (guint i = 0; i < r->held->len; i++) {
		const struct plan_held *h = &g_array_index(r->held, struct plan_held, i);
		const struct plan_item *it = h->rung == UINT16_MAX ? NULL : &r->items[h->item];

		if (it != NULL && it->outstanding && !it->exempt && !h->released &&
		    (h->holds & (HOLD_GUARD | HOLD_VIEW)) != 0)
			due = MAX(due, h->due);
	}

	for (guint i = 0; i < p->rows->len; i++) {
		const struct plan_row *row = &g_array_index(p->rows, struct plan_row, i);

		if ((row->holds & (HOLD_GUARD | HOLD_VIEW)) != 0)
			due = MAX(due, r->items[row->item].ladder->due);
	}
	return due;
}

static int alarm_guard(struct round *r, const struct plan *p, struct err *err)
{
	struct engine *e = r->e;
	const struct occurrence *o = &e->campaign->occurrences[r->facts->occurrence];
	const char *uid = engine_text(e, engine_obligation(e, r->facts->occurrence)->uid);
	const char *rid = engine_text(e, o->rid);
	g_autofree char *mark =
		g_strdup_printf("guard:%s:%s:%" G_GINT64_FORMAT, uid, rid, guarded_due(r, p));
	g_autofree char *title = engine_title(e, r->facts->occurrence);
	g_autofree char *why = g_strdup_printf(
		"%s应报%u家，未报%u家，已暂缓向领导发送。请核实后二选一：整体延期（dubanctl extend "
		"--all %s %s --due 时间 "
		"--why 理由），或签发放行（dubanctl release %s %s）",
		title, r->facts->expected, r->facts->missing, uid, rid, uid, rid);

	return record_alarm(e, mark, "暂缓督办", r->facts->occurrence, NONE, why, r->now, err);
}

static int alarm_view(struct round *r, struct err *err)
{
	struct engine *e = r->e;
	const struct occurrence *o = &e->campaign->occurrences[r->facts->occurrence];
	g_autofree char *mark = g_strdup_printf(
		"view:%s:%s", engine_text(e, engine_obligation(e, r->facts->occurrence)->uid),
		engine_text(e, o->rid));

	g_autofree char *title = engine_title(e, r->facts->occurrence);
	g_autofree char *why = g_strdup_printf("%s：收件情况未能核实，面向领导的通知已暂缓。可能是"
					       "收件渠道未刷新、时钟可疑，或有待核件未处理；"
					       "请运行 dubanctl status 和 dubanctl tray 查看",
					       title);

	return record_alarm(e, mark, "督办已暂缓", r->facts->occurrence, NONE, why, r->now, err);
}

static int journal_round(struct round *r, struct err *err)
{
	struct engine *e = r->e;
	json_t *d;

	if (r->told + r->holds + r->superseded + r->withdrawn == 0)
		return 0;
	d = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "uid",
		      engine_text(e, engine_obligation(e, r->facts->occurrence)->uid), "rid",
		      engine_text(e, e->campaign->occurrences[r->facts->occurrence].rid), "told",
		      r->told, "held", r->holds, "superseded", r->superseded, "withdrawn",
		      r->withdrawn, "expected", r->facts->expected, "missing", r->facts->missing);
	r->told = r->holds = r->superseded = r->withdrawn = 0;
	return engine_journal_add(e, r->now, "duband", "raise", d, err);
}

static int commit_plan(struct round *r, const struct plan *p, struct err *err)
{
	int rc = 0;

	for (guint i = 0; i < p->changes->len && rc >= 0; i++)
		rc = commit_change(r, &g_array_index(p->changes, struct plan_change, i), err);
	for (guint i = 0; i < p->rows->len && rc >= 0; i++)
		rc = commit_row(r, &g_array_index(p->rows, struct plan_row, i), err);
	if (rc >= 0)
		rc = alarm_missing(r, p, err);
	if (rc >= 0 && p->ask_guard)
		rc = alarm_guard(r, p, err);
	if (rc >= 0 && p->view_alarm)
		rc = alarm_view(r, err);
	return rc;
}

/* A suspect instant must not become the mark that a right one is measured by. */
static void set_high_water(struct engine *e, wall_t now)
{
	if (e->clock_trusted)
		store_high_water_set(e->store, now);
}

/* All slices of one occurrence; a slice ends with a commit when it grew to its size. */
static int plan_one(struct engine *e, uint32_t occurrence, wall_t now, uint32_t *in_slice,
		    struct err *err)
{
	struct round r;
	wall_t wake = WALL_NEVER;
	int rc;

	round_init(&r, e, occurrence, now);
	rc = extras_plan(e, r.facts, now, err);
	if (rc >= 0 && r.stale)
		rc = told_correct(e, r.facts, now, err);
	for (uint32_t from = 0; rc >= 0 && (from == 0 || from < r.facts->n); from += ENGINE_SLICE) {
		struct plan p;

		plan_init(&p);
		plan_occurrence(&r.plan, from, MIN(from + ENGINE_SLICE, r.facts->n), now, &p);
		rc = commit_plan(&r, &p, err);
		wake = MIN(wake, p.next_wake);
		plan_fini(&p);
		*in_slice += MIN(ENGINE_SLICE, r.facts->n - from);
		if (rc >= 0 && *in_slice >= ENGINE_SLICE) {
			set_high_water(e, now);
			rc = journal_round(&r, err);
			if (rc >= 0)
				rc = store_commit(e->store, err);
			if (rc >= 0)
				rc = store_begin(e->store, err);
			*in_slice = 0;
		}
	}
	if (rc >= 0)
		rc = journal_round(&r, err);
	if (rc >= 0) {
		e->state[occurrence].wake = wake;
		e->state[occurrence].dirty = false;
	}
	round_fini(&r);
	return rc;
}

static int plan_streaks(struct engine *e, const bool *touched, wall_t now, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < e->campaign->n_obligations && rc >= 0; i++) {
		const struct obligation *ob = &e->campaign->obligations[i];

		if (ob->category != CATEGORY_REPORT ||
		    e->campaign->policies[ob->policy].streak.misses == 0)
			continue;
		if (touched[i] || e->streak_wake[i] <= now)
			rc = streak_plan(e, i, now, &e->streak_wake[i], err);
	}
	return rc;
}

static int plan_all(struct engine *e, wall_t now, struct err *err)
{
	g_autofree bool *touched = g_new0(bool, e->campaign->n_obligations + 1);
	uint32_t in_slice = 0;
	int rc = e->look_for_gone ? told_tell_gone(e, now, err) : 0;

	e->look_for_gone = false; /* engine_touch() sets it again if this is rolled back */

	for (uint32_t i = 0; i < e->campaign->n_occurrences && rc >= 0; i++) {
		if (!e->state[i].dirty && e->state[i].wake > now)
			continue;
		touched[e->campaign->occurrences[i].obligation] |= e->state[i].dirty;
		rc = plan_one(e, i, now, &in_slice, err);
	}
	return rc < 0 ? rc : plan_streaks(e, touched, now, err);
}

static wall_t next_wake(const struct engine *e, wall_t now)
{
	wall_t next = WALL_NEVER;

	for (uint32_t i = 0; i < e->campaign->n_occurrences; i++)
		next = MIN(next, e->state[i].wake);
	for (uint32_t i = 0; i < e->campaign->n_obligations; i++)
		if (e->campaign->policies[e->campaign->obligations[i].policy].streak.misses != 0 &&
		    e->campaign->obligations[i].category == CATEGORY_REPORT)
			next = MIN(next, e->streak_wake[i]);
	must(next > now);
	return next;
}

int engine_tick(struct engine *e, wall_t now, wall_t *next_wake_out, struct err *err)
{
	wall_t first_loaded = e->first_loaded, track_from = e->track_from;
	int rc = store_begin(e->store, err);

	if (rc < 0)
		return rc;
	e->rows = 0;
	g_hash_table_remove_all(e->messages);
	facts_scope(e);
	e->up_since = MIN(e->up_since, now); /* the clock was ahead when we came up */
	rc = trust_plan(e, now, err);
	if (rc >= 0)
		rc = plan_all(e, now, err);
	if (rc >= 0)
		rc = store_outbox_pull(e->store, now, err);
	if (rc >= 0) {
		set_high_water(e, now);
		rc = store_commit(e->store, err);
	}
	if (rc < 0) {
		store_rollback(e->store);
		engine_touch(e); /* what was not committed is planned again */
		e->first_loaded = first_loaded;
		e->track_from = track_from;
		return rc;
	}
	*next_wake_out = next_wake(e, now);
	return (int)e->rows;
}
