/*
 * wire.c - the daemon from start to stop.
 *
 * Start: store, campaigns (or their last good files), senders, socket, then READY.
 * Stop: no new leases, what is on its way may end, its reports are committed.
 */
#include "wire.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/io/log.h"
#include "daemon/io/notify.h"
#include "daemon/store/failpoint.h"
#include "parse.h"
#include "wire_private.h"

#define REST_MS 1000       /* after a start: who asks at once is answered first */
#define DRAIN_MAX_MS 20000 /* below the unit's TimeoutStopSec */

void wire_problem(struct daemon *d, const char *event, int rc, const struct err *err)
{
	log_event(LOG_LEVEL_ERROR, event, LOG_I("code", rc), LOG_S("error", err->text));
	if (d->problem == NULL)
		d->problem_since = d->clock->now(d->clock);
	g_free(d->problem);
	d->problem = g_strdup(err->text[0] != 0 ? err->text : g_strerror(-rc));
	d->problem_code = rc;
	d->problem_at = d->clock->mono(d->clock);
	if (!d->finished)
		(void)wire_health_line(d);
	wire_health_soon(d);
	/* The next round that succeeds says that it is over: a full disk is emptied some day. */
	d->wake = MIN(d->wake, d->clock->now(d->clock) + PROBLEM_AGAIN);
	wire_arm(d);
	/* Nothing sound can be done with a damaged file, or after a sync that failed. */
	if (rc == -EUCLEAN || rc == -ENOTRECOVERABLE) {
		d->code = EX_SOFTWARE;
		loop_stop(d->loop);
	}
}

/* ---- the loop's events ---- */

static void on_wake(void *arg)
{
	struct daemon *d = arg;
	struct err err = {0};
	int rc;

	if (d->writer != NULL && writer_collect(d->writer) > 0)
		wire_progress(d);
	if (d->writer != NULL && (rc = writer_trouble(d->writer, &err)) < 0)
		wire_problem(d, "checkpoint", rc, &err);
	if (d->stopping && d->in_flight == 0 && !d->outbox_running && d->reports->len == 0)
		loop_stop(d->loop);
}

/* Database thread. */
static void wake_loop(void *arg)
{
	struct daemon *d = arg;

	loop_post(d->loop, on_wake, d);
}

static void on_timer(void *arg, enum timer_why why)
{
	struct daemon *d = arg;
	wall_t now = d->clock->now(d->clock);

	if (why == TIMER_STEPPED) {
		log_event(LOG_LEVEL_WARNING, "clock-step", LOG_I("now", now));
		d->steady = clock_real()->mono(clock_real());
	}
	if (why == TIMER_STEPPED || (d->wake <= now && !d->tick_running))
		wire_poke(d);
	wire_send(d);
	wire_arm(d);
	wire_pace_check(d);
}

static void on_drained(uv_timer_t *t)
{
	struct daemon *d = t->data;

	log_event(LOG_LEVEL_WARNING, "stop", LOG_I("still-in-flight", d->in_flight));
	loop_stop(d->loop);
}

static void stop(struct daemon *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	notify_stopping();
	log_event(LOG_LEVEL_INFO, "stop", LOG_I("in-flight", d->in_flight));
	(void)uv_timer_start(&d->drain, on_drained, DRAIN_MAX_MS, 0);
	wire_send(d); /* commits what has ended */
	loop_post(d->loop, on_wake, d);
}

static void on_signal(uv_signal_t *h, int number)
{
	struct daemon *d = h->data;

	if (number == SIGHUP) {
		wire_reload(d, "SIGHUP");
		wire_sources_refresh(d, true);
	} else {
		stop(d);
	}
}

static void on_files(void *arg)
{
	wire_reload(arg, "files");
}

/* The watchdog is fed by a job that went through the database thread and back. */
static int run_pulse(struct store *st, struct writer_job *job, struct err *err)
{
	(void)st;
	(void)job;
	(void)err;
	return 0;
}

struct pulse_job {
	struct writer_job job;
	struct daemon *d;
};

static void done_pulse(struct writer_job *job, int rc, const struct err *err)
{
	struct pulse_job *p = (struct pulse_job *)job;

	(void)rc;
	(void)err;
	notify_alive(p->d->clock->mono(p->d->clock));
	p->d->watchdog_running = false;
	g_free(p);
}

static void on_watchdog(uv_timer_t *t)
{
	struct daemon *d = t->data;
	struct pulse_job *p;

	if (d->watchdog_running || d->stopping)
		return;
	d->watchdog_running = true;
	p = g_new0(struct pulse_job, 1);
	p->d = d;
	p->job.run = run_pulse;
	p->job.done = done_pulse;
	p->job.alone = true;
	wire_post(d, &p->job);
}

/* ---- start ---- */

static int start_clock(struct daemon *d, struct err *err)
{
	const struct settings *s = d->settings;

	d->clock = clock_real();
	if (s->pace > 0) {
		const struct place *p = g_ptr_array_index(d->places.list, 0);
		wall_t start = engine_campaign(p->engine)->starts;

		if (s->pace_start != NULL && !engine_parse(p->engine, s->pace_start, false, &start))
			return err_set(err, -EINVAL, "clock.start 看不懂：%s", s->pace_start);
		if (s->pace_until != NULL &&
		    !engine_parse(p->engine, s->pace_until, false, &d->until))
			return err_set(err, -EINVAL, "clock.until 看不懂：%s", s->pace_until);
		d->paced = paced_new(start, s->pace);
		d->clock = paced_clock(d->paced);
		d->timer = timer_new_paced(d->loop, d->paced, on_timer, d);
	} else {
		d->timer = timer_new(d->loop, on_timer, d, err);
	}
	return d->timer == NULL ? -EIO : 0;
}

static void log_report(const GPtrArray *report)
{
	for (guint i = 0; i < report->len; i++)
		log_event(LOG_LEVEL_WARNING, "check", LOG_S("text", g_ptr_array_index(report, i)));
}

static int open_places(struct daemon *d, struct err *err)
{
	g_autoptr(GPtrArray) report = g_ptr_array_new_with_free_func(g_free);
	wall_t now = clock_real()->now(clock_real());
	int rc = 0;

	if (d->settings->pace > 0)
		now = 0; /* the demo's campaign is first loaded when its own clock begins */
	places_init(&d->places, d->settings->expire);
	d->places.parse = parse_calendars;
	d->places.unsure = d->trust.doubt != CLOCK_TRUSTED;
	for (guint i = 0; i < d->settings->campaigns->len && rc >= 0; i++)
		rc = places_open(&d->places, d->store, g_ptr_array_index(d->settings->campaigns, i),
				 now, report, err);
	log_report(report);
	return rc;
}

static int start_watches(struct daemon *d, struct err *err)
{
	d->watches = g_ptr_array_new();
	for (guint i = 0; i < d->settings->campaigns->len; i++) {
		struct watch *w = watch_new(d->loop, g_ptr_array_index(d->settings->campaigns, i),
					    WATCH_SETTLE, on_files, d, err);

		if (w == NULL)
			return -EIO;
		g_ptr_array_add(d->watches, w);
	}
	return 0;
}

static void on_rest(uv_timer_t *t)
{
	wire_rest(t->data);
}

static void start_handles(struct daemon *d)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	dur_t watchdog = notify_watchdog();

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		must(uv_signal_init(loop_uv(d->loop), &d->signals[i]) == 0);
		d->signals[i].data = d;
		must(uv_signal_start(&d->signals[i], on_signal, numbers[i]) == 0);
	}
	must(uv_timer_init(loop_uv(d->loop), &d->watchdog) == 0);
	must(uv_timer_init(loop_uv(d->loop), &d->drain) == 0);
	must(uv_timer_init(loop_uv(d->loop), &d->rest) == 0);
	d->watchdog.data = d->drain.data = d->rest.data = d;
	(void)uv_timer_start(&d->rest, on_rest, REST_MS, 0);
	if (watchdog > 0)
		(void)uv_timer_start(&d->watchdog, on_watchdog, (uint64_t)watchdog,
				     (uint64_t)watchdog);
}

static void start_trust(struct daemon *d, wall_t now)
{
	struct clock_past past = {
		.high_water = store_high_water(d->store),
		.doubted = store_clock_doubted(d->store),
		.heed_sync = d->settings->ntp,
	};

	if (d->settings->pace > 0) /* nobody doubts the demo's clock */
		past = (struct clock_past){.high_water = WALL_ALWAYS};
	clock_trust_start(&d->trust, &past, now, clock_boot(), clock_synchronised());
	if (d->settings->pace > 0)
		d->trust.doubt = CLOCK_TRUSTED;
	else if (d->trust.doubt != CLOCK_TRUSTED)
		log_event(LOG_LEVEL_WARNING, "clock",
			  LOG_S("doubt", clock_doubt_word(d->trust.doubt)), LOG_I("now", now));
}

static int start_store(struct daemon *d, struct err *err)
{
	g_autofree char *dir = g_path_get_dirname(d->settings->database);
	wall_t now = clock_real()->now(clock_real());
	int rc;

	(void)g_mkdir_with_parents(dir, 0750);
	rc = store_open(d->settings->database, &d->store, err);
	if (rc < 0)
		return rc;
	log_event(LOG_LEVEL_INFO, "store", LOG_S("path", d->settings->database),
		  LOG_S("mode", store_mode(d->store)));
	start_trust(d, now);
	rc = store_begin(d->store, err);
	if (rc >= 0)
		rc = store_outbox_recover(d->store, d->settings->pace > 0 ? 0 : now, err);
	if (rc > 0)
		log_event(LOG_LEVEL_WARNING, "recover", LOG_I("messages-of-unknown-fate", rc));
	if (rc >= 0)
		rc = store_commit(d->store, err);
	else
		store_rollback(d->store);
	(void)failpoint("started");
	return rc;
}

static int start(struct daemon *d, struct err *err)
{
	int rc;

	d->loop = loop_new(err);
	if (d->loop == NULL)
		return -EIO;
	rc = start_store(d, err);
	if (rc >= 0)
		rc = open_places(d, err);
	if (rc >= 0)
		rc = start_clock(d, err);
	if (rc >= 0)
		rc = wire_outbox_start(d, err);
	if (rc >= 0)
		rc = wire_control_start(d, err);
	if (rc >= 0)
		rc = start_watches(d, err);
	if (rc >= 0)
		rc = wire_sources_start(d, err);
	if (rc < 0)
		return rc;
	start_handles(d);
	d->since = d->clock->now(d->clock);
	for (guint i = 0; i < d->places.engines->len; i++)
		engine_up(g_ptr_array_index(d->places.engines, i), d->since);
	d->wake = d->outbox_wake = d->since;
	wire_health_start(d);
	d->writer = writer_new(d->store, wake_loop, d);
	return 0;
}

/* ---- stop ---- */

static void close_handles(struct daemon *d)
{
	for (size_t i = 0; i < G_N_ELEMENTS(d->signals); i++)
		uv_close((uv_handle_t *)&d->signals[i], NULL);
	uv_close((uv_handle_t *)&d->watchdog, NULL);
	uv_close((uv_handle_t *)&d->drain, NULL);
	uv_close((uv_handle_t *)&d->rest, NULL);
}

static void finish(struct daemon *d)
{
	bool started = d->writer != NULL;

	d->stopping = d->finished = true;
	wire_health_stop(d);
	wire_sources_stop(d); /* what it has asked for is answered by nobody */
	if (d->loop != NULL)
		wire_prepare_stop(d);
	/* First what is posted: its requests are answered by what became of them. */
	if (started)
		writer_free(&d->writer); /* closes the store */
	http_server_free(&d->server);
	wire_outbox_stop(d);
	if (started)
		close_handles(d);
	for (guint i = 0; d->watches != NULL && i < d->watches->len; i++) {
		struct watch *w = g_ptr_array_index(d->watches, i);

		watch_free(&w);
	}
	if (d->watches != NULL)
		g_ptr_array_unref(d->watches);
	timer_free(&d->timer);
	if (d->places.list != NULL)
		places_fini(&d->places);
	if (!started)
		store_close(&d->store);
	loop_free(&d->loop);
	paced_free(&d->paced);
	g_free(d->problem);
	g_free(d->relay_words);
}

static int exit_of(int rc)
{
	switch (rc) {
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return EX_NOPERM;
	case -EADDRINUSE:
		return EX_UNAVAILABLE;
	case -ENOSPC:
		return EX_TEMPFAIL;
	case -ENOTRECOVERABLE:
		return EX_SOFTWARE;
	case -EINVAL:
	case -EPROTO:
	case -EOVERFLOW:
	case -EUCLEAN:
	case -ENOENT:
	case -ENAMETOOLONG:
		return EX_CONFIG;
	default:
		return EXIT_FAILURE;
	}
}

int wire_run(const struct settings *settings, const char *settings_file)
{
	struct daemon *d = g_new0(struct daemon, 1);
	struct err err = {0};
	int rc;

	d->settings = settings;
	d->settings_file = settings_file;
	d->until = WALL_NEVER;
	rc = start(d, &err);
	if (rc < 0) {
		log_event(LOG_LEVEL_ERROR, "start", LOG_S("settings", settings_file),
			  LOG_S("database", settings->database), LOG_S("error", err.text));
		d->code = exit_of(rc);
	} else {
		log_event(LOG_LEVEL_INFO, "start", LOG_S("version", DUBAN_VERSION),
			  LOG_I("campaigns", d->places.list->len));
		if (settings->redirect != NULL)
			log_event(LOG_LEVEL_WARNING, "trial-run",
				  LOG_S("redirect", settings->redirect));
		notify_ready(wire_health_line(d));
		wire_poke(d);
		loop_run(d->loop);
	}
	finish(d);
	rc = d->code;
	g_free(d);
	return rc;
}
