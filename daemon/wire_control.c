/*
 * wire_control.c - the control socket: each request is a job on the database thread.
 */
#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/io/log.h"
#include "daemon/io/smtp.h"
#include "daemon/store/disk.h"
#include "daemon/store/failpoint.h"
#include "wire_private.h"

struct call_job {
	struct writer_job job; /* first */
	struct daemon *d;
	struct http_call *call;
	const struct route *route;
	struct api_reply reply;
	wall_t now;
	char *actor;
	GPtrArray *all; /* struct prepared *, for a reload; NULL */
	/* The loop's own state when the request came: the database thread must not look there. */
	wall_t since, wake;
	enum clock_doubt doubt;
	char *problem;
	json_t *sources, *troubles;
};

/* ---- what the routes reach; database thread ---- */

static json_t *text_or_null(const char *s)
{
	return s == NULL ? json_null() : json_string(s);
}

static void set_instant(const struct engine *e, json_t *row, const char *key)
{
	wall_t at = json_integer_value(json_object_get(row, key));
	g_autofree char *text = at == 0 ? NULL : engine_format(e, at);

	json_object_set_new(row, key, text_or_null(text));
}

/* The sources of @e's campaign, with instants as people write them. */
static json_t *sources_of(const struct call_job *c, const struct engine *e)
{
	json_t *list = json_array(), *row;
	size_t i;

	json_array_foreach(c->sources, i, row)
	{
		const char *key = json_string_value(json_object_get(row, "campaign"));

		if (strcmp(key, engine_key(e)) != 0)
			continue;
		set_instant(e, row, "read");
		set_instant(e, row, "changed");
		set_instant(e, row, "next");
		json_array_append(list, row);
	}
	return list;
}

static json_t *api_status(void *world)
{
	const struct call_job *c = world;
	struct daemon *d = c->d;
	json_t *list = json_array();
	g_autofree char *since = NULL;

	for (guint i = 0; i < d->places.list->len; i++) {
		const struct place *p = g_ptr_array_index(d->places.list, i);
		json_t *one = engine_status(p->engine, c->now);
		g_autofree char *wake =
			c->wake == WALL_NEVER ? NULL : engine_format(p->engine, c->wake);

		if (since == NULL)
			since = engine_format(p->engine, c->since);
		json_object_set_new(one, "dir", json_string(p->dir));
		json_object_set_new(one, "problem", text_or_null(p->problem));
		json_object_set_new(one, "next_wake", text_or_null(wake));
		json_object_set_new(one, "sources", sources_of(c, p->engine));
		json_array_append_new(list, one);
	}
	return json_pack("{s:s, s:s*, s:b, s:s*, s:s, s:o, s:o, s:s*, s:o}", "version",
			 DUBAN_VERSION, "since", since, "clock_trusted", c->doubt == CLOCK_TRUSTED,
			 "clock_doubt", clock_doubt_text(c->doubt), "database",
			 d->settings->database, "problem", text_or_null(c->problem), "troubles",
			 json_incref(c->troubles), "redirect", d->settings->redirect, "campaigns",
			 list);
}

static int api_reload(void *world, const char *confirm, const char *why, GPtrArray *report,
		      struct err *err)
{
	const struct call_job *c = world;
	struct confirmation word = {confirm, c->actor, why};

	int rc = places_commit(&c->d->places, c->d->store, c->all, confirm == NULL ? NULL : &word,
			       c->now, report, err);
	uint32_t sources = 0;

	if (confirm == NULL)
		settings_compare(c->d->settings, c->d->settings_file, report);
	for (guint i = 0; i < c->d->places.engines->len; i++)
		sources += engine_campaign(g_ptr_array_index(c->d->places.engines, i))->n_sources;
	if (confirm == NULL && sources > 0 && c->d->paced == NULL)
		g_ptr_array_add(
			report,
			g_strdup_printf("正在读 %u 个远程来源，结果见 dubanctl status", sources));
	return rc;
}

/* Loop thread. */
static json_t *api_troubles(void *world)
{
	return wire_health_troubles(world);
}

static char *api_metrics(void *world)
{
	return wire_metrics(world);
}

/* A long list is written, and freed, here: it would hold up the loop. */
static void write_down(struct call_job *c)
{
	struct api_reply *r = &c->reply;

	if (!c->job.alone || r->status != 200 || r->text != NULL || r->body == NULL ||
	    r->until != 0)
		return;
	r->text = json_dumps(r->body, JSON_COMPACT | JSON_ENCODE_ANY);
	r->type = "application/json; charset=utf-8";
	g_clear_pointer(&r->body, json_decref);
}

static int run_call(struct store *st, struct writer_job *job, struct err *err)
{
	struct call_job *c = (struct call_job *)job;
	struct api api = {
		.engines = (struct engine *const *)c->d->places.engines->pdata,
		.n_engines = c->d->places.engines->len,
		.store = st,
		.now = c->now,
		.actor = c->actor,
		.world = c,
		.status = api_status,
		.reload = api_reload,
		.paced = c->d->paced != NULL,
		.clock_doubt = clock_doubt_text(c->doubt),
	};
	int rc;

	c->route->run(&api, c->call, &c->reply);
	/* An answer that lacks rows would be a wrong one; in a batch, the commit asks. */
	if (job->alone && (rc = store_reads_failed(st, err)) < 0)
		return rc;
	write_down(c);
	/* A disk that says no is the daemon's trouble; other refusals are the caller's. */
	if (c->reply.status == 503 && !c->route->alone && strcmp(c->call->method, "POST") == 0)
		return err_set(err, -EIO, "%s",
			       json_string_value(json_object_get(c->reply.body, "error")));
	/* What a handler refused must leave nothing behind. */
	return c->reply.status >= 400 && !c->route->alone ? -ECANCELED : 0;
}

static void answer_error(struct http_call *call, unsigned status, const char *words)
{
	struct api_reply reply = {0};

	route_fail(&reply, status, "%s", words);
	http_answer(call, status, json_dumps(reply.body, JSON_COMPACT),
		    "application/json; charset=utf-8");
	json_decref(reply.body);
}

static void call_free(struct call_job *c)
{
	if (c->all != NULL)
		g_ptr_array_unref(c->all);
	json_decref(c->sources);
	json_decref(c->troubles);
	g_free(c->problem);
	g_free(c->actor);
	g_free(c);
}

static void done_call(struct writer_job *job, int rc, const struct err *err)
{
	struct call_job *c = (struct call_job *)job;
	struct daemon *d = c->d;
	char *text;

	if (rc < 0 && rc != -ECANCELED) {
		wire_problem(d, "control", rc, err);
		route_fail(&c->reply, 503,
			   c->job.alone ? "数据库出错：%s" : "数据库写入失败，未登记：%s",
			   err->text);
	}
	(void)failpoint("acknowledge");
	if (c->reply.status == 200 && c->reply.until != 0) {
		if (!wire_pace_call(d, c->call, c->reply.until))
			answer_error(c->call, 409, "时钟正在走");
	} else if (c->reply.text != NULL && c->reply.status == 200) {
		http_answer(c->call, 200, g_steal_pointer(&c->reply.text), c->reply.type);
	} else {
		text = json_dumps(c->reply.body, JSON_COMPACT | JSON_ENCODE_ANY);
		http_answer(c->call, c->reply.status, text == NULL ? g_strdup("null") : text,
			    "application/json; charset=utf-8");
	}
	(void)failpoint("acknowledged");
	if (c->reply.clock_right && rc >= 0)
		wire_trust_clock(d);
	if (c->reply.changed && rc >= 0)
		wire_poke(d);
	if (c->route->prepares) /* a reload looks at them too, a confirmation does not */
		wire_sources_refresh(d, strcmp(c->route->path, "/v1/reload") == 0);
	json_decref(c->reply.body);
	g_free(c->reply.text);
	wire_release(d);
	call_free(c);
}

/* The files are read; what remains is the commit. */
static void on_prepared(struct daemon *d, void *arg, GPtrArray *all)
{
	struct call_job *c = arg;

	if (all == NULL) {
		answer_error(c->call, 503, "正在停止");
		wire_release(d);
		call_free(c);
		return;
	}
	c->all = all;
	c->now = d->clock->now(d->clock);
	wire_post(d, &c->job);
}

/* What the loop knows by itself is answered though the database thread hangs. */
static void answer_here(struct daemon *d, struct http_call *call, const struct route *route)
{
	struct api api = {.world = d, .troubles = api_troubles, .metrics = api_metrics};
	struct api_reply reply = {0};

	route->run(&api, call, &reply);
	if (reply.text != NULL)
		http_answer(call, reply.status, reply.text, reply.type);
	else
		http_answer(call, reply.status, json_dumps(reply.body, JSON_COMPACT),
			    "application/json; charset=utf-8");
	json_decref(reply.body);
}

static void on_call(void *arg, struct http_call *call)
{
	struct daemon *d = arg;
	bool wrong_method = false;
	const struct route *route = route_find(call->method, call->path, &wrong_method);
	struct call_job *c;

	if (route == NULL) {
		answer_error(call, wrong_method ? 405 : 404,
			     wrong_method ? "方法不对" : "没有这个接口");
		return;
	}
	if (d->stopping) {
		answer_error(call, 503, "正在停止");
		return;
	}
	timer_look(d->timer); /* a step that nobody told of is seen when somebody asks */
	if (route->here) {
		answer_here(d, call, route);
		return;
	}
	/* Whoever waited for it would take the place of those who ask what is wrong. */
	if (wire_database_refuses(d)) {
		answer_error(call, 503, "数据库没有反应，请稍后再试（dubanctl health）");
		return;
	}
	c = g_new0(struct call_job, 1);
	c->d = d;
	c->call = call;
	c->route = route;
	c->now = d->clock->now(d->clock);
	c->since = d->since;
	c->wake = d->wake;
	c->doubt = d->trust.doubt;
	c->problem = g_strdup(d->problem);
	if (strcmp(route->path, "/v1/status") == 0) {
		c->sources = wire_sources_status(d);
		c->troubles = wire_health_troubles(d);
	}
	c->actor = g_strdup_printf("uid:%ld", call->peer_uid);
	c->job.run = run_call;
	c->job.done = done_call;
	/* A question needs no commit, and does not wait for those of a burst. */
	c->job.alone = route->alone || strcmp(route->method, "GET") == 0;
	wire_hold(d);
	if (route->prepares)
		wire_prepare(d, on_prepared, c);
	else
		wire_post(d, &c->job);
}

int wire_control_start(struct daemon *d, struct err *err)
{
	int n = sd_listen_fds(1), fd;

	fd = n > 0 ? SD_LISTEN_FDS_START : http_listen_unix(d->settings->socket, err);
	if (fd < 0)
		return fd;
	d->server = http_server_new(loop_uv(d->loop), fd, on_call, d, err);
	return d->server == NULL ? -EIO : 0;
}
