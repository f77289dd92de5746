/*
 * run.c - from wake to wake: events first (P0), then the tick, then all messages are accepted.
 */
#include <errno.h>
#include <string.h>

#include "sim.h"

#define LEASE_BATCH 1000
#define INTAKE "sim"

struct run {
	const struct sim_options *o;
	struct store *store;
	struct engine *engine;
	GPtrArray *events;
	guint next_event;
	GPtrArray *waiting; /* submit events not stored yet; borrowed */
	bool down, intake_down, intake_used;
	wall_t from, down_since;
	unsigned messages;
	GPtrArray *rows; /* struct sim_row * of this tick */
	sim_row_fn *fn;
	sim_note_fn *note;
	void *arg;
};

struct keyed {
	struct sim_row row;
	int64_t id;
};

static void keyed_free(gpointer p)
{
	struct keyed *k = p;

	g_free(k->row.at);
	g_free(k->row.step);
	g_free(k->row.uid);
	g_free(k->row.rid);
	g_free(k->row.due);
	g_free(k->row.unit);
	g_free(k->row.role);
	g_free(k->row.address);
	g_free(k->row.reason);
	g_free(k);
}

static void on_row(void *arg, const struct engine_row *r)
{
	struct run *run = arg;
	struct keyed *k = g_new0(struct keyed, 1);

	k->id = r->message;
	k->row = (struct sim_row){
		.at = engine_format(run->engine, r->at),
		.sort = r->sort,
		.step = g_strdup(r->step),
		.uid = g_strdup(r->uid),
		.rid = g_strdup(r->rid),
		.due = r->due == 0 ? g_strdup("-") : engine_format(run->engine, r->due),
		.unit = g_strdup(r->unit),
		.role = g_strdup(r->role),
		.address = g_strdup(r->address),
		.channel = r->channel,
		.state = r->state,
		.reason = g_strdup(r->reason),
	};
	g_ptr_array_add(run->rows, k);
}

/* Messages of a tick are counted by address and channel. */
static gint by_address(gconstpointer a, gconstpointer b)
{
	const struct keyed *x = *(struct keyed *const *)a, *y = *(struct keyed *const *)b;
	int c = strcmp(x->row.address, y->row.address);

	return c != 0 ? c : strcmp(channel_word(x->row.channel), channel_word(y->row.channel));
}

static gint by_order(gconstpointer a, gconstpointer b)
{
	const struct sim_row *x = &(*(struct keyed *const *)a)->row,
			     *y = &(*(struct keyed *const *)b)->row;
	unsigned mx = x->message == 0 ? G_MAXUINT : x->message,
		 my = y->message == 0 ? G_MAXUINT : y->message;
	int c;

	if (mx != my)
		return mx < my ? -1 : 1;
	if ((c = strcmp(x->uid, y->uid)) != 0 || (c = strcmp(x->rid, y->rid)) != 0 ||
	    (c = strcmp(x->unit, y->unit)) != 0 || (c = strcmp(x->step, y->step)) != 0 ||
	    (c = strcmp(x->address, y->address)) != 0)
		return c;
	return strcmp(channel_word(x->channel), channel_word(y->channel));
}

static void print_rows(struct run *run)
{
	int64_t last = 0;

	g_ptr_array_sort(run->rows, by_address);
	for (guint i = 0; i < run->rows->len; i++) {
		struct keyed *k = g_ptr_array_index(run->rows, i);

		if (k->id == 0)
			continue;
		if (k->id != last)
			run->messages++;
		last = k->id;
		k->row.message = run->messages;
	}
	g_ptr_array_sort(run->rows, by_order);
	for (guint i = 0; i < run->rows->len; i++)
		run->fn(run->arg, &((struct keyed *)g_ptr_array_index(run->rows, i))->row);
	g_ptr_array_set_size(run->rows, 0);
}

static void on_lease(void *arg, struct engine_lease *lease)
{
	g_array_append_val((GArray *)arg, lease->id);
	message_free(&lease->message);
}

/* The world of the simulator accepts everything at once. */
static int deliver(struct run *run, wall_t now, struct err *err)
{
	static struct reply accepted = {.status = 250, .text = (char *)"", .verb = (char *)"dot"};
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int rc = store_begin(run->store, err), n = 1;

	while (rc >= 0 && n > 0) {
		g_array_set_size(ids, 0);
		n = rc = engine_lease(&run->engine, 1, run->store, now, LEASE_BATCH, on_lease, ids,
				      err);
		for (guint i = 0; rc >= 0 && i < ids->len; i++)
			rc = engine_report(run->engine, g_array_index(ids, int64_t, i),
					   OUTCOME_SENT, &accepted, 0, now, err);
	}
	if (rc >= 0)
		return store_commit(run->store, err);
	store_rollback(run->store);
	return rc;
}

static void say(struct run *run, const struct sim_event *ev, const char *text)
{
	g_autofree char *line = g_strdup_printf("%s:%u: %s", run->o->events_file, ev->line, text);

	run->note(run->arg, line);
}

static int submit(struct run *run, const struct sim_event *ev, wall_t now, struct err *err)
{
	struct engine_submit s = {
		.unit = ev->unit,
		.uid = ev->uid,
		.rid = ev->rid,
		.received = ev->at,
		.zero = strcmp(ev->value, "zero") == 0,
		.untracked_too = true, /* as the interface words it */
		.way = "cli",
		.actor = "simulate",
		.why = "",
	};
	struct engine_receipt receipt;
	int rc = engine_submit(run->engine, &s, now, &receipt, err);

	if (rc >= 0 && receipt.tray)
		say(run, ev, receipt.reason);
	return rc;
}

static int store_waiting(struct run *run, wall_t now, struct err *err)
{
	int rc = 0;

	if (run->down || run->intake_down)
		return 0;
	for (guint i = 0; i < run->waiting->len && rc >= 0; i++) {
		const struct sim_event *ev = g_ptr_array_index(run->waiting, i);

		rc = submit(run, ev, now, err);
		if (rc < 0)
			(void)err_prefix(err, rc, "%s:%u", run->o->events_file, ev->line);
	}
	g_ptr_array_set_size(run->waiting, 0);
	return rc;
}

static int decide(struct run *run, const struct sim_event *ev, struct err *err)
{
	struct engine_decision d = {
		.kind = (enum decision_kind)decision_of(ev->event),
		.unit = ev->unit,
		.uid = ev->uid,
		.rid = ev->rid,
		.tag = "",
		.step = "",
		.actor = "simulate",
		.why = "",
	};

	if (run->down)
		return err_set(err, -EINVAL, "停机期间不能作出决定");
	if (d.kind == DECISION_EXTEND || d.kind == DECISION_RETURN) {
		if (!engine_parse(run->engine, ev->value, true, &d.due))
			return err_set(err, -EINVAL, "新的截止时间看不懂：%s", ev->value);
	} else if (d.kind == DECISION_RELEASE) {
		d.step = ev->value;
	} else if (d.kind == DECISION_PAUSE || d.kind == DECISION_RESUME) {
		d.tag = ev->value;
	}
	return engine_decide(run->engine, &d, ev->at, err);
}

/* 0: done; 1: refused by the rules, said so; negative: the file is wrong. */
static int apply(struct run *run, const struct sim_event *ev, struct err *err)
{
	int rc = 0;

	if (strcmp(ev->event, "submit") == 0) {
		g_ptr_array_add(run->waiting, (gpointer)ev);
		return store_waiting(run, ev->at, err);
	}
	if (strcmp(ev->event, "down") == 0) {
		run->down = true;
		run->down_since = ev->at;
	} else if (strcmp(ev->event, "up") == 0) {
		run->down = false;
		engine_up(run->engine, MAX(ev->at, run->from)); /* loaded at --from, not before */
		rc = store_waiting(run, ev->at, err);
	} else if (strcmp(ev->event, "intake-down") == 0) {
		run->intake_down = true;
		/* The last look was just before; none is taken while the daemon is down. */
		rc = store_poll_ok(run->store, INTAKE, (run->down ? run->down_since : ev->at) - 1);
	} else if (strcmp(ev->event, "intake-up") == 0) {
		run->intake_down = false;
		engine_touch(run->engine);
		rc = store_waiting(run, ev->at, err);
	} else {
		rc = decide(run, ev, err);
		if (rc == -EINVAL && !run->down) {
			say(run, ev, err->text);
			return 1;
		}
	}
	return rc;
}

/* All events up to and including @now, in one transaction. */
static int apply_until(struct run *run, wall_t now, struct err *err)
{
	int rc = store_begin(run->store, err);

	while (rc >= 0 && run->next_event < run->events->len) {
		const struct sim_event *ev = g_ptr_array_index(run->events, run->next_event);

		if (ev->at > now)
			break;
		run->next_event++;
		rc = apply(run, ev, err);
		if (rc < 0)
			(void)err_prefix(err, rc, "%s:%u", run->o->events_file, ev->line);
	}
	if (rc >= 0 && run->intake_used && !run->intake_down && !run->down)
		rc = store_poll_ok(run->store, INTAKE, WALL_NEVER); /* fresh at every instant */
	if (rc >= 0)
		return store_commit(run->store, err);
	store_rollback(run->store);
	return rc;
}

static int loop(struct run *run, wall_t now, struct err *err)
{
	wall_t wake = now;

	for (;;) {
		int rc = apply_until(run, now, err);

		if (rc < 0)
			return rc;
		if (!run->down) {
			rc = engine_tick(run->engine, now, &wake, err);
			if (rc < 0)
				return rc;
			print_rows(run);
			rc = deliver(run, now, err);
			if (rc < 0)
				return rc;
		}
		now = run->down ? WALL_NEVER : wake;
		if (run->next_event < run->events->len)
			now = MIN(now, ((struct sim_event *)g_ptr_array_index(run->events,
									      run->next_event))
					       ->at);
		if (now == WALL_NEVER || now > run->o->to)
			return 0;
	}
}

static int start(struct run *run, struct campaign *campaign, wall_t from, struct err *err)
{
	int rc = store_open(STORE_MEMORY, &run->store, err);

	if (rc < 0) {
		campaign_free(&campaign);
		return rc;
	}
	rc = store_begin(run->store, err);
	if (rc >= 0)
		rc = engine_new(run->store, campaign, from, NULL, &run->engine, err);
	if (rc >= 0)
		rc = store_commit(run->store, err);
	if (rc < 0)
		return rc;
	engine_on_row(run->engine, on_row, run);
	run->events = sim_events_parse(run->engine,
				       run->o->events == NULL ? "at,event\n" : run->o->events,
				       run->o->events_file, err);
	if (run->events == NULL)
		return -EINVAL;
	for (guint i = 0; i < run->events->len; i++)
		run->intake_used |= g_str_has_prefix(
			((struct sim_event *)g_ptr_array_index(run->events, i))->event, "intake-");
	return 0;
}

int sim_run(struct campaign *campaign, const struct sim_options *options, sim_row_fn *fn,
	    sim_note_fn *note, void *arg, struct err *err)
{
	wall_t from = options->from == WALL_ALWAYS ? campaign->starts : options->from;
	struct err own = {0};
	struct run run = {.o = options, .from = from, .fn = fn, .note = note, .arg = arg};
	int rc;

	run.waiting = g_ptr_array_new();
	run.rows = g_ptr_array_new_with_free_func(keyed_free);
	rc = start(&run, campaign, from, err == NULL ? &own : err);
	if (rc >= 0)
		rc = loop(&run, from, err == NULL ? &own : err);
	g_ptr_array_unref(run.waiting);
	g_ptr_array_unref(run.rows);
	if (run.events != NULL)
		g_ptr_array_unref(run.events);
	engine_free(&run.engine);
	store_close(&run.store);
	return rc < 0 ? rc : 0;
}
