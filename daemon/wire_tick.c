/*
 * wire_tick.c - the one timer, and the rounds it starts.
 */
#include <errno.h>
#include <string.h>

#include "daemon/engine/alarm.h"
#include "daemon/io/log.h"
#include "daemon/io/notify.h"
#include "daemon/store/disk.h"
#include "daemon/store/failpoint.h"
#include "wire_health.h"
#include "wire_private.h"

#define SIGN_WAIT (30 * MINUTE) /* whoever signs at once need not be asked */

struct tick_job {
	struct writer_job job; /* first */
	struct daemon *d;
	wall_t now, wake, outbox;
	const char *doubt; /* about the clock, for the office; NULL */
	dur_t patience;    /* with those who sign; 0: nothing is said of it */
	int rows;
};

void wire_hold(struct daemon *d)
{
	if (d->paced != NULL && d->held++ == 0)
		paced_hold(d->paced);
}

void wire_release(struct daemon *d)
{
	if (d->paced == NULL || --d->held > 0)
		return;
	paced_release(d->paced);
	wire_pace_check(d);
}

void wire_arm(struct daemon *d)
{
	/* A round that runs says itself when the next is due. */
	wall_t at = MIN(d->tick_running ? WALL_NEVER : d->wake, wire_outbox_next(d));

	if (d->stopping)
		return;
	if (at > d->until) /* never true of the machine's clock */
		at = d->clock->now(d->clock) < d->until ? d->until : WALL_NEVER;
	timer_set(d->timer, at);
}

/* Database thread. */
static int run_tick(struct store *st, struct writer_job *job, struct err *err)
{
	struct tick_job *t = (struct tick_job *)job;
	GPtrArray *engines = t->d->places.engines;

	t->wake = WALL_NEVER;
	for (guint i = 0; i < engines->len; i++) {
		struct engine *e = g_ptr_array_index(engines, i);
		wall_t wake = WALL_NEVER;
		int rows;

		engine_trust_clock(e, t->doubt);
		rows = engine_tick(e, t->now, &wake, err);
		if (rows < 0)
			return err_prefix(err, rows, "%s", engine_key(e));
		t->rows += rows;
		t->wake = MIN(t->wake, wake);
		if (t->patience == 0)
			continue;
		rows = engine_tell_unsigned(e, t->patience, t->now, &wake, err);
		if (rows < 0)
			return err_prefix(err, rows, "%s", engine_key(e));
		t->wake = MIN(t->wake, wake);
	}
	t->outbox = store_outbox_next(st);
	return store_reads_failed(st, err);
}

/* What is nearly full takes a small row and refuses a report: a while must have passed. */
static void well_again(struct daemon *d)
{
	if (d->problem == NULL || d->clock->mono(d->clock) - d->problem_at < PROBLEM_AGAIN - SECOND)
		return;
	log_event(LOG_LEVEL_INFO, "well-again", LOG_S("was", d->problem));
	g_clear_pointer(&d->problem, g_free);
	(void)wire_health_line(d);
	wire_reload(d, "well-again"); /* an edit that could not be stored */
}

static void done_tick(struct writer_job *job, int rc, const struct err *err)
{
	struct tick_job *t = (struct tick_job *)job;
	struct daemon *d = t->d;

	d->tick_running = false;
	if (rc < 0) {
		d->wake = WALL_NEVER; /* until it is tried again */
		wire_problem(d, "tick", rc, err);
	} else {
		(void)failpoint("planned");
		d->tick_wanted = 0;
		well_again(d);
		d->wake = t->wake;
		if (d->problem != NULL)
			d->wake = MIN(d->wake, t->now + PROBLEM_AGAIN);
		d->outbox_wake = t->outbox;
		if (t->rows > 0)
			log_event(LOG_LEVEL_INFO, "tick", LOG_I("notices", t->rows));
		notify_alive(d->clock->mono(d->clock));
	}
	if (d->tick_again)
		wire_poke(d);
	wire_send(d);
	wire_arm(d);
	wire_release(d);
	g_free(t);
}

static void check_clock(struct daemon *d, wall_t now)
{
	enum clock_doubt was = d->trust.doubt;

	if (d->paced != NULL)
		return;
	(void)clock_trust_check(&d->trust, now, clock_boot(), clock_synchronised());
	if (d->trust.doubt != was && was == CLOCK_TRUSTED)
		d->doubt_since = now;
	if (d->trust.doubt != was)
		log_event(LOG_LEVEL_WARNING, "clock",
			  LOG_S("doubt", clock_doubt_word(d->trust.doubt)), LOG_I("now", now));
}

void wire_trust_clock(struct daemon *d)
{
	clock_trust_confirm(&d->trust, d->clock->now(d->clock), clock_boot());
	log_event(LOG_LEVEL_INFO, "clock", LOG_S("doubt", clock_doubt_word(d->trust.doubt)));
}

void wire_poke(struct daemon *d)
{
	struct tick_job *t;

	if (d->stopping)
		return;
	if (d->tick_wanted == 0)
		d->tick_wanted = clock_real()->mono(clock_real());
	d->tick_again = d->tick_running;
	if (d->tick_running)
		return;
	t = g_new0(struct tick_job, 1);
	t->d = d;
	t->now = d->clock->now(d->clock);
	check_clock(d, t->now);
	t->doubt = clock_doubt_text(d->trust.doubt);
	if (d->paced == NULL)
		t->patience = MAX(SIGN_WAIT / (d->health == NULL ? 1 : d->health->hurry), 1);
	t->job.run = run_tick;
	t->job.done = done_tick;
	t->job.alone = true;
	d->tick_running = true;
	wire_hold(d);
	wire_post(d, &t->job);
}

/* ---- reload ---- */

struct reload_job {
	struct writer_job job;
	struct daemon *d;
	wall_t now;
	const char *why;
	GPtrArray *all, *report;
};

static int run_reload(struct store *st, struct writer_job *job, struct err *err)
{
	struct reload_job *r = (struct reload_job *)job;

	if (strcmp(r->why, "SIGHUP") == 0) /* a person asked */
		settings_compare(r->d->settings, r->d->settings_file, r->report);
	return places_commit(&r->d->places, st, r->all, NULL, r->now, r->report, err);
}

static void reload_free(struct reload_job *r)
{
	wire_release(r->d);
	if (r->all != NULL)
		g_ptr_array_unref(r->all);
	g_ptr_array_unref(r->report);
	g_free(r);
}

static void done_reload(struct writer_job *job, int rc, const struct err *err)
{
	struct reload_job *r = (struct reload_job *)job;
	struct daemon *d = r->d;

	(void)failpoint("reloaded");
	for (guint i = 0; i < r->report->len; i++)
		log_event(LOG_LEVEL_WARNING, "reload",
			  LOG_S("text", g_ptr_array_index(r->report, i)));
	if (rc < 0)
		log_event(LOG_LEVEL_ERROR, "reload", LOG_S("why", r->why),
			  LOG_S("error", err->text));
	else
		log_event(LOG_LEVEL_INFO, "reload", LOG_S("why", r->why));
	notify_ready(wire_health_line(d));
	wire_sources_refresh(d, false);
	wire_poke(d);
	reload_free(r);
}

static void on_prepared(struct daemon *d, void *arg, GPtrArray *all)
{
	struct reload_job *r = arg;

	d->reload_wished = NULL;
	r->all = all;
	if (all == NULL) {
		reload_free(r);
		return;
	}
	r->now = d->clock->now(d->clock);
	wire_post(d, &r->job);
}

void wire_reload(struct daemon *d, const char *why)
{
	struct reload_job *r;

	if (d->stopping)
		return;
	/* One that waits for its turn will see what this one would. */
	if (d->reload_wished != NULL && wire_prepare_waits(d, d->reload_wished))
		return;
	notify_reloading();
	r = g_new0(struct reload_job, 1);
	r->d = d;
	r->why = why;
	r->report = g_ptr_array_new_with_free_func(g_free);
	r->job.run = run_reload;
	r->job.done = done_reload;
	r->job.alone = true;
	wire_hold(d);
	d->reload_wished = r;
	wire_prepare(d, on_prepared, r);
}
