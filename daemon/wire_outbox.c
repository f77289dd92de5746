/*
 * wire_outbox.c - leases become requests, replies become reports.
 *
 * One commit holds the reports of what has ended and the lease of what goes next.
 */
#include <errno.h>
#include <string.h>

#include "daemon/io/http_out.h"
#include "daemon/io/log.h"
#include "daemon/io/smtp.h"
#include "daemon/store/failpoint.h"
#include "notifiers/notifier.h"
#include "wire_private.h"

#define OUTBOX_AGAIN (10 * SECOND) /* after a commit that failed */

/* An attempt that has ended. */
struct report {
	int64_t message;
	struct engine *engine;
	enum outcome outcome;
	dur_t retry_after;
	struct reply *reply;
};

struct outbox_job {
	struct writer_job job; /* first */
	struct daemon *d;
	wall_t now, next;
	unsigned want;
	GPtrArray *reports; /* struct report * */
	GPtrArray *leases;  /* struct engine_lease * */
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
	add_report(d, a->message, a->engine, outcome, retry_after, reply);
	must(g_hash_table_remove(d->attempts, a)); /* frees it */
	must(d->in_flight > 0);
	d->in_flight--;
	wire_send(d);
	wire_release(d);
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
		add_report(d, lease->id, lease->engine, OUTCOME_RETRY, 0,
			   own_reply("connect", "没有配置这种渠道的出口（duban.yaml）"));
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
	wire_hold(d); /* until its answer has come */
	(void)failpoint("send");
	s->send(s, request, on_sent, a);
}

/* Database thread. */
static void on_lease(void *arg, struct engine_lease *lease)
{
	g_ptr_array_add(arg, g_memdup2(lease, sizeof(*lease)));
}

static int run_outbox(struct store *st, struct writer_job *job, struct err *err)
{
	struct outbox_job *o = (struct outbox_job *)job;
	GPtrArray *engines = o->d->places.engines;
	int rc = 0;

	for (guint i = 0; i < o->reports->len && rc >= 0; i++) {
		const struct report *r = g_ptr_array_index(o->reports, i);

		rc = engine_report(r->engine, r->message, r->outcome, r->reply, r->retry_after,
				   o->now, err);
	}
	if (rc >= 0 && o->want > 0)
		rc = engine_lease((struct engine *const *)engines->pdata, engines->len, st, o->now,
				  o->want, on_lease, o->leases, err);
	o->next = store_outbox_next(st);
	return rc;
}

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
		for (guint i = 0; i < o->leases->len && !d->finished; i++)
			start(d, g_ptr_array_index(o->leases, i));
		d->outbox_wake = o->next;
		d->outbox_again |= o->leases->len == o->want && o->want > 0;
	}
	g_ptr_array_unref(o->leases);
	g_ptr_array_unref(o->reports);
	if (rc >= 0 &&
	    (d->outbox_again || d->reports->len > 0 || d->outbox_wake <= d->clock->now(d->clock)))
		wire_send(d);
	wire_arm(d);
	wire_release(d);
	g_free(o);
}

void wire_send(struct daemon *d)
{
	struct outbox_job *o;
	unsigned room =
		d->stopping || d->in_flight >= IN_FLIGHT_MAX ? 0 : IN_FLIGHT_MAX - d->in_flight;
	wall_t now = d->clock->now(d->clock);

	d->outbox_again = d->outbox_running;
	if (d->outbox_running || d->finished)
		return;
	if (d->reports->len == 0 && (room == 0 || d->outbox_wake > now))
		return;
	o = g_new0(struct outbox_job, 1);
	o->d = d;
	o->now = now;
	o->want = MIN(room, BATCH_MAX);
	o->reports = d->reports;
	d->reports = g_ptr_array_new_with_free_func(report_free);
	o->leases = g_ptr_array_new_with_free_func(lease_free);
	o->job.run = run_outbox;
	o->job.done = done_outbox;
	d->outbox_running = true;
	wire_hold(d);
	writer_post(d->writer, &o->job);
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
	d->templates = templates_new();
	d->channels = settings_of(d);
	if (s->relay != NULL) {
		d->senders[DRIVER_SMTP] = smtp_new(d->loop, &smtp, err);
		if (d->senders[DRIVER_SMTP] == NULL)
			return -EINVAL;
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
	smtp_free(&d->senders[DRIVER_SMTP]);
	http_out_free(&d->senders[DRIVER_HTTP]);
	if (d->reports != NULL)
		g_ptr_array_unref(d->reports);
	if (d->attempts != NULL)
		g_hash_table_unref(d->attempts);
	templates_free(&d->templates);
}
