/*
 * wire_outbox.c - leases become requests, replies become reports.
 *
 *   leased ──> ready ──render, as the sender has room──> in flight ──> report ──commit──>
 *
 * One commit holds the reports of what has ended and the lease of what goes next.  Two
 * batches are on their way at a time: one is sent while the other is committed, and no
 * more than these two can be sent twice after a crash.  Nothing here waits for a peer;
 * what a relay that stands still does not take goes back after a while.
 */
#include <errno.h>
#include <string.h>

#include "daemon/io/http_out.h"
#include "daemon/io/log.h"
#include "daemon/io/memory.h"
#include "daemon/io/smtp.h"
#include "daemon/store/failpoint.h"
#include "notifiers/notifier.h"
#include "wire_private.h"

#define OUTBOX_AGAIN (10 * SECOND) /* after a commit that failed */
#define LEASED_MAX (2 * BATCH_MAX) /* not committed as ended */
#define REPORT_WAIT_MS 250         /* reports that wait for company */
#define REST_AFTER 1000            /* messages: then memory is given back */
#define TURN_MAX 64                /* rendered in one turn of the loop */
#define READY_MAX (30 * SECOND)    /* since it was claimed; then another look: is it still true? */

/* An attempt that has ended. */
struct report {
	int64_t message;
	struct engine *engine;
	enum outcome outcome;
	dur_t retry_after;
	struct reply *reply; /* NULL: never tried, goes back to those that wait */
};

struct outbox_job {
	struct writer_job job; /* first */
	struct daemon *d;
	wall_t now, next;
	unsigned want;
	GPtrArray *reports; /* struct report * */
	GPtrArray *leases;  /* struct ready * */
};

/* A message that waits for room. */
struct ready {
	struct engine_lease lease; /* first */
	mono_t since;
};

/* A message on its way. */
struct attempt {
	struct daemon *d;
	int64_t message;
	struct engine *engine;
	const struct notifier *notifier;
	struct request *request;
};

static void attempt_free(gpointer p)
{
	struct attempt *a = p;

	request_free(&a->request);
	g_free(a);
}

static void report_free(gpointer p)
{
	struct report *r = p;

	reply_free(&r->reply);
	g_free(r);
}

static void lease_free(gpointer p)
{
	struct engine_lease *l = p;

	message_free(&l->message);
	g_free(l);
}

static void add_report(struct daemon *d, int64_t message, struct engine *engine,
		       enum outcome outcome, dur_t retry_after, struct reply *reply)
{
	struct report *r = g_new0(struct report, 1);

	r->message = message;
	r->engine = engine;
	r->outcome = outcome;
	r->retry_after = retry_after;
	r->reply = reply;
	g_ptr_array_add(d->reports, r);
	log_event(outcome == OUTCOME_SENT ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "delivery",
		  LOG_I("message", message), LOG_S("outcome", outcome_word(outcome)),
		  LOG_I("status", reply->status), LOG_S("verb", reply->verb),
		  LOG_S("reply", reply->text));
}

static struct reply *own_reply(const char *verb, const char *text)
{
	struct reply *reply = g_new0(struct reply, 1);

	reply->verb = g_strdup(verb);
	reply->text = g_strdup(text);
	return reply;
}

static void on_sent(void *arg, struct reply *reply)
{
	struct attempt *a = arg;
	struct daemon *d = a->d;
	dur_t retry_after = 0;
	enum outcome outcome = a->notifier->classify(reply, &retry_after);

	(void)failpoint("answered"); /* the peer's word is known, and nothing of it kept */
	if (a->notifier->driver == DRIVER_SMTP)
		wire_health_relay(d, reply, outcome);
	add_report(d, a->message, a->engine, outcome, retry_after, reply);
	must(g_hash_table_remove(d->attempts, a)); /* frees it */
	must(d->in_flight > 0);
	d->in_flight--;
	wire_send(d);
}

/* In a trial run everything goes to one mailbox, whatever its channel. */
static const struct notifier *notifier_of(const struct daemon *d, enum channel channel)
{
	bool to_mailbox =
		d->settings->redirect != NULL && strchr(d->settings->redirect, '@') != NULL;

	return notifier_get(to_mailbox ? CHANNEL_EMAIL : channel);
}

/* Loop thread: render and hand over. What cannot be rendered is refused, visibly. */
static void start(struct daemon *d, struct engine_lease *lease)
{
	const struct notifier *n = notifier_of(d, lease->message->channel);
	struct sender *s = n == NULL ? NULL : d->senders[n->driver];
	struct request *request = NULL;
	struct attempt *a;
	struct err err = {0};

	if (n == NULL) {
		add_report(d, lease->id, lease->engine, OUTCOME_REFUSED, 0,
			   own_reply("build", "没有这种渠道"));
		return;
	}
	if (s == NULL) {
		struct reply *none = own_reply("connect", "没有配置这种渠道的出口（duban.yaml）");

		wire_health_relay(d, none, OUTCOME_RETRY);
		add_report(d, lease->id, lease->engine, OUTCOME_RETRY, 0, none);
		return;
	}
	lease->message->attempt = d->clock->now(d->clock);
	d->channels.templates = places_templates(&d->places, lease->engine);
	if (n->build(lease->message, &d->channels, &request, &err) < 0) {
		add_report(d, lease->id, lease->engine, OUTCOME_REFUSED, 0,
			   own_reply("build", err.text));
		return;
	}
	a = g_new0(struct attempt, 1);
	a->d = d;
	a->message = lease->id;
	a->engine = lease->engine;
	a->notifier = n;
	a->request = request;
	g_hash_table_add(d->attempts, a);
	d->in_flight++;
	(void)failpoint("send");
	s->send(s, request, on_sent, a);
}

/* Only a relay has room of its own; who posts has a queue for each host. */
static bool has_room(const struct daemon *d, enum driver driver)
{
	struct sender *s = d->senders[driver];

	return driver != DRIVER_SMTP || s == NULL || s->room(s) > 0;
}

/* Those claimed before @since are not tried: they are claimed again, as somebody may have
 * reported meanwhile. */
static void give_back(struct daemon *d, GQueue *ready, mono_t since)
{
	struct ready *oldest;

	while ((oldest = g_queue_peek_head(ready)) != NULL && oldest->since < since) {
		struct report *r = g_new0(struct report, 1);

		r->message = oldest->lease.id;
		r->engine = oldest->lease.engine;
		g_ptr_array_add(d->reports, r);
		d->ready_count--;
		lease_free(g_queue_pop_head(ready));
	}
}

static void on_turn(void *arg)
{
	struct daemon *d = arg;

	d->turn_posted = false;
	wire_send(d);
}

/* Start what the senders have room for, a few in a turn: rendering must not hold up the loop. */
static void start_ready(struct daemon *d)
{
	mono_t now = d->clock->mono(d->clock);
	unsigned n = 0;

	for (int k = 0; k < DRIVERS && !d->finished; k++) {
		GQueue *ready = &d->ready[k];

		give_back(d, ready, d->stopping ? G_MAXINT64 : now - READY_MAX);
		for (; ready->length > 0 && n < TURN_MAX && has_room(d, (enum driver)k); n++) {
			struct engine_lease *lease = g_queue_pop_head(ready);

			d->ready_count--;
			start(d, lease);
			lease_free(lease);
		}
	}
	if (n >= TURN_MAX && !d->turn_posted) {
		d->turn_posted = true;
		loop_defer(d->loop, on_turn, d);
	}
}

static void make_ready(struct daemon *d, GPtrArray *leases)
{
	mono_t now = d->clock->mono(d->clock);

	d->unrested += leases->len;
	for (guint i = 0; i < leases->len; i++) {
		struct ready *one = g_ptr_array_index(leases, i);
		const struct notifier *n = notifier_of(d, one->lease.message->channel);

		one->since = now;
		g_queue_push_tail(&d->ready[n == NULL ? DRIVER_HTTP : n->driver], one);
		d->ready_count++;
	}
	g_ptr_array_set_free_func(leases, NULL);
}

/* Database thread. */
static void on_lease(void *arg, struct engine_lease *lease)
{
	struct ready *one = g_new0(struct ready, 1);

	one->lease = *lease;
	g_ptr_array_add(arg, one);
}

static int run_outbox(struct store *st, struct writer_job *job, struct err *err)
{
	struct outbox_job *o = (struct outbox_job *)job;
	GPtrArray *engines = o->d->places.engines;
	int rc = 0;

	for (guint i = 0; i < o->reports->len && rc >= 0; i++) {
		const struct report *r = g_ptr_array_index(o->reports, i);

		if (r->reply == NULL)
			rc = store_outbox_defer(st, r->message, o->now, err);
		else
			rc = engine_report(r->engine, r->message, r->outcome, r->reply,
					   r->retry_after, o->now, err);
	}
	if (rc >= 0 && o->want > 0)
		rc = engine_lease((struct engine *const *)engines->pdata, engines->len, st, o->now,
				  o->want, on_lease, o->leases, err);
	o->next = store_outbox_next(st);
	return rc;
}

/* ---- rest ---- */

struct rest_job {
	struct writer_job job;
	struct daemon *d;
};

/* Database thread: what the allocator and SQLite keep for a next burst may be a week unused. */
static int run_rest(struct store *st, struct writer_job *job, struct err *err)
{
	(void)job;
	(void)err;
	store_rest(st);
	memory_give_back();
	return 0;
}

static void done_rest(struct writer_job *job, int rc, const struct err *err)
{
	struct rest_job *r = (struct rest_job *)job;

	(void)rc;
	(void)err;
	wire_release(r->d);
	g_free(r);
}

void wire_rest(struct daemon *d)
{
	struct rest_job *r;

	if (d->finished || d->stopping)
		return;
	r = g_new0(struct rest_job, 1);
	r->d = d;
	r->job.run = run_rest;
	r->job.done = done_rest;
	r->job.alone = true;
	d->unrested = 0;
	wire_hold(d);
	wire_post(d, &r->job);
}

/* ---- leases and reports ---- */

static void done_outbox(struct writer_job *job, int rc, const struct err *err)
{
	struct outbox_job *o = (struct outbox_job *)job;
	struct daemon *d = o->d;

	d->outbox_running = false;
	if (rc < 0) {
		wire_problem(d, "outbox", rc, err);
		/* What has ended is not forgotten: it is reported again with the next commit. */
		while (o->reports->len > 0)
			g_ptr_array_add(d->reports,
					g_ptr_array_steal_index(o->reports, o->reports->len - 1));
		d->outbox_wake = o->now + OUTBOX_AGAIN;
	} else {
		/* After the loop's end a lease stays one: the next start knows what to do with it. */
		if (!d->finished)
			make_ready(d, o->leases);
		d->outbox_wake = o->next;
	}
	g_ptr_array_unref(o->leases);
	g_ptr_array_unref(o->reports);
	g_free(o);
	if (rc >= 0)
		wire_send(d);
	if (d->unrested >= REST_AFTER && !d->outbox_held && !d->outbox_running)
		wire_rest(d);
	wire_arm(d);
	wire_release(d);
}

static void on_reports_wait(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	d->reports_late = true;
	wire_send(d);
}

/* The demo's clock stands still while anything is leased. */
static void hold(struct daemon *d)
{
	bool busy = d->ready_count + d->in_flight + d->reports->len > 0 && !d->finished;

	if (busy && !d->outbox_held)
		wire_hold(d);
	if (!busy && d->outbox_held) {
		d->outbox_held = false;
		wire_release(d);
	}
	d->outbox_held = busy;
}

static void post(struct daemon *d, wall_t now, unsigned want)
{
	struct outbox_job *o = g_new0(struct outbox_job, 1);

	o->d = d;
	o->now = now;
	o->want = want;
	o->reports = d->reports;
	d->reports = g_ptr_array_new_with_free_func(report_free);
	o->leases = g_ptr_array_new_with_free_func(lease_free);
	o->job.run = run_outbox;
	o->job.done = done_outbox;
	d->outbox_running = true;
	d->reports_late = false;
	wire_hold(d);
	wire_post(d, &o->job);
}

static bool has_leases_left(const struct daemon *d)
{
	return !d->stopping && d->ready_count + d->in_flight + BATCH_MAX <= LEASED_MAX;
}

/* While two batches are under way their ends call wire_send(), and no timer need. */
wall_t wire_outbox_next(const struct daemon *d)
{
	return d->outbox_running || !has_leases_left(d) ? WALL_NEVER : d->outbox_wake;
}

void wire_send(struct daemon *d)
{
	wall_t now = d->clock->now(d->clock);
	unsigned under_way;
	bool lease, flush;

	start_ready(d);
	wire_health_outbox(d, now);
	under_way = d->ready_count + d->in_flight;
	lease = d->outbox_wake <= now && has_leases_left(d);
	flush = d->reports->len >= BATCH_MAX ||
		(d->reports->len > 0 && (under_way == 0 || d->reports_late));
	if (!d->outbox_running && !d->finished && (lease || flush))
		post(d, now, lease ? BATCH_MAX : 0);
	else if (d->reports->len > 0 && !uv_is_active((uv_handle_t *)&d->reports_wait))
		(void)uv_timer_start(&d->reports_wait, on_reports_wait, REPORT_WAIT_MS, 0);
	hold(d);
}

static struct notifier_settings settings_of(const struct daemon *d)
{
	const struct settings *s = d->settings;

	return (struct notifier_settings){
		.from = s->from,
		.from_name = s->from_name,
		.host = s->host == NULL ? "duban.invalid" : s->host,
		.redirect = s->redirect,
		.secret = s->webhook_secret,
		.templates = d->templates,
	};
}

static void on_room(void *arg)
{
	wire_send(arg);
}

int wire_outbox_start(struct daemon *d, struct err *err)
{
	const struct settings *s = d->settings;
	g_autoptr(GPtrArray) allowed = g_ptr_array_new();
	struct smtp_settings smtp = {
		.url = s->relay,
		.helo = s->host,
		.user = s->user,
		.password = s->password,
		.ca_file = s->ca_file,
		.starttls = (enum smtp_starttls)s->starttls,
		.connections = s->connections,
		.mode = SMTP_CHAINED,
	};
	struct http_out_settings http = {.clock = d->clock};

	d->reports = g_ptr_array_new_with_free_func(report_free);
	d->attempts = g_hash_table_new_full(NULL, NULL, attempt_free, NULL);
	must(uv_timer_init(loop_uv(d->loop), &d->reports_wait) == 0);
	d->reports_wait.data = d;
	for (int k = 0; k < DRIVERS; k++)
		g_queue_init(&d->ready[k]);
	d->templates = templates_new();
	d->channels = settings_of(d);
	if (s->relay != NULL) {
		d->senders[DRIVER_SMTP] = smtp_new(d->loop, &smtp, err);
		if (d->senders[DRIVER_SMTP] == NULL)
			return -EINVAL;
		d->senders[DRIVER_SMTP]->on_room = on_room;
		d->senders[DRIVER_SMTP]->on_room_arg = d;
	}
	for (guint i = 0; i < s->webhook_allow->len; i++)
		g_ptr_array_add(allowed, g_ptr_array_index(s->webhook_allow, i));
	g_ptr_array_add(allowed, NULL);
	http.allowed = (const char *const *)allowed->pdata;
	d->senders[DRIVER_HTTP] = http_out_new(d->loop, &http, err);
	return d->senders[DRIVER_HTTP] == NULL ? -EINVAL : 0;
}

void wire_outbox_stop(struct daemon *d)
{
	struct engine_lease *lease;

	smtp_free(&d->senders[DRIVER_SMTP]);
	http_out_free(&d->senders[DRIVER_HTTP]);
	for (int k = 0; k < DRIVERS; k++)
		while ((lease = g_queue_pop_head(&d->ready[k])) != NULL)
			lease_free(lease);
	if (d->reports != NULL) {
		uv_close((uv_handle_t *)&d->reports_wait, NULL);
		g_ptr_array_unref(d->reports);
	}
	if (d->attempts != NULL)
		g_hash_table_unref(d->attempts);
	templates_free(&d->templates);
}
