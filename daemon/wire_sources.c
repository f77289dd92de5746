/*
 * wire_sources.c - when remote calendars are looked at; the loop's side of wire_sources.h.
 *
 * One timer for all of them, set for the earliest: without sources there is none, with them
 * it fires once a poll.  It follows the monotonic clock, so that a clock that is set makes
 * nobody poll a thousand times; the demo's clock polls nothing at all.
 */
#include "wire_sources.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/health.h"
#include "daemon/io/log.h"

#define FIRST_AGAIN MINUTE /* doubled with each failure, up to .poll */
#define WHOLE_EVERY DAY    /* even if a server says that nothing has changed */
#define START_SPREAD SECOND

struct sources {
	struct daemon *d;
	struct source_reader *reader;
	GPtrArray *list;  /* struct remote * */
	GPtrArray *asked; /* struct look_job *, of looks under way */
	uv_timer_t timer;
	unsigned looks; /* for the spreading of looks */
};

static mono_t mono_now(const struct sources *s)
{
	return s->d->clock->mono(s->d->clock);
}

/* Something in 0 .. @range - 1 that is not the same for all, and the same in every run. */
static dur_t spread(struct sources *s, const struct remote *r, dur_t range)
{
	uint64_t x = ((uint64_t)g_str_hash(r->url) << 32) + ++s->looks * 2654435761u;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 32;
	return range <= 0 ? 0 : (dur_t)(x % (uint64_t)range);
}

static struct remote *find(const GPtrArray *list, const char *campaign, const char *as,
			   const char *url)
{
	for (guint i = 0; i < list->len; i++) {
		struct remote *r = g_ptr_array_index(list, i);

		if (strcmp(r->campaign, campaign) == 0 && strcmp(r->as, as) == 0 &&
		    strcmp(r->url, url) == 0)
			return r;
	}
	return NULL;
}

/* ---- a look --------------------------------------------------------------- */

static void arm(struct sources *s);

/* When it is looked at next: a poll later, or sooner after a failure. */
static void plan_next(struct sources *s, struct remote *r)
{
	mono_t now = mono_now(s);
	dur_t wait = r->poll + spread(s, r, r->poll / 20);

	if (r->failures > 0) {
		wait = MIN(r->poll, FIRST_AGAIN << MIN(r->failures, 12));
		wait -= spread(s, r, wait / 8);
	}
	r->next = r->again ? now : now + wait;
	r->again = false;
}

static void log_look(const struct look_job *k, int rc, const struct err *err)
{
	for (guint i = 0; i < k->report->len; i++)
		log_event(LOG_LEVEL_WARNING, "source",
			  LOG_S("text", g_ptr_array_index(k->report, i)));
	if (rc < 0)
		log_event(LOG_LEVEL_ERROR, "source", LOG_S("campaign", k->campaign),
			  LOG_S("as", k->as), LOG_S("error", err->text));
	else if (k->problem != NULL)
		log_event(LOG_LEVEL_WARNING, "source", LOG_S("campaign", k->campaign),
			  LOG_S("as", k->as), LOG_S("problem", k->problem));
	else
		log_event(k->taken || k->well_again ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "source",
			  LOG_S("campaign", k->campaign), LOG_S("as", k->as),
			  LOG_S("was", k->taken        ? "changed"
				       : k->well_again ? "well-again"
						       : "the-same"));
}

static void move(char **to, char **from)
{
	g_free(*to);
	*to = g_steal_pointer(from);
}

static void done_look(struct writer_job *job, int rc, const struct err *err)
{
	struct look_job *k = (struct look_job *)job;
	struct daemon *d = k->d;
	struct remote *r =
		d->sources == NULL ? NULL : find(d->sources->list, k->campaign, k->as, k->url);

	log_look(k, rc, err);
	if (rc < 0)
		wire_problem(d, "source", rc, err);
	if (r != NULL) {
		struct remote *known = k->now_known;

		r->running = false;
		if (known != NULL) {
			move(&r->hash, &known->hash);
			move(&r->etag, &known->etag);
			move(&r->modified, &known->modified);
			move(&r->problem, &known->problem);
			r->fetched = known->fetched;
			r->looked = known->looked;
			r->failures = known->failures;
		}
		plan_next(d->sources, r);
		if (rc < 0) /* not the server's fault: it is asked again soon */
			r->next = mono_now(d->sources) + FIRST_AGAIN;
		arm(d->sources);
	}
	if (k->dropped)
		wire_reload(d, "source"); /* nothing is held for its sake any more */
	if (!d->stopping)
		wire_poke(d); /* an alarm, or another plan */
	look_job_free(k);
}

static void post_look(struct look_job *k)
{
	k->now = k->d->clock->now(k->d->clock);
	k->job.run = look_job_run;
	k->job.done = done_look;
	k->job.alone = true;
	wire_post(k->d, &k->job);
}

/* The campaign is read with it; what remains is the commit. */
static void on_prepared(struct daemon *d, void *arg, GPtrArray *all)
{
	struct look_job *k = arg;

	(void)d;
	k->all = all;
	if (all == NULL)
		look_job_free(k); /* we are stopping */
	else
		post_look(k);
}

static const char *dir_of(const struct daemon *d, const char *campaign)
{
	for (guint i = 0; i < d->settings->campaigns->len; i++) {
		const char *dir = g_ptr_array_index(d->settings->campaigns, i);
		g_autofree char *key = g_path_get_basename(dir);

		if (strcmp(key, campaign) == 0)
			return dir;
	}
	must(false); /* what is looked at belongs to one of them */
	return NULL;
}

static void on_said(void *arg, const struct source_said *said)
{
	struct look_job *k = arg;
	gsize size = 0;

	(void)g_ptr_array_remove_fast(k->d->sources->asked, k);
	k->same = said->same;
	k->bytes = said->bytes == NULL ? NULL : g_bytes_ref(said->bytes);
	k->problem = g_strdup(said->problem);
	k->hash = g_strdup(said->hash);
	k->etag = g_strdup(said->etag);
	k->modified = g_strdup(said->modified);
	k->row = (struct source_row){
		.path = k->as,
		.url = k->url,
		.hash = k->hash == NULL ? "" : k->hash,
		.etag = k->etag,
		.modified = k->modified,
	};
	if (k->bytes == NULL) {
		post_look(k);
		return;
	}
	k->row.bytes = g_bytes_get_data(k->bytes, &size);
	k->row.size = size;
	wire_prepare_source(k->d, dir_of(k->d, k->campaign), &k->row, on_prepared, k);
}

static void look(struct sources *s, struct remote *r)
{
	const struct credential *login = NULL;
	struct look_job *k = g_new0(struct look_job, 1);
	mono_t now = mono_now(s);
	struct err err = {0};
	struct source_ask ask = {
		.kind = r->kind,
		.url = r->url,
		.hash = r->hash,
		.etag = r->etag,
		.modified = r->modified,
		.whole = now >= r->whole,
	};

	if (ask.whole)
		r->whole = now + WHOLE_EVERY;
	r->running = true;
	k->d = s->d;
	k->campaign = g_strdup(r->campaign);
	k->as = g_strdup(r->as);
	k->url = g_strdup(r->url);
	k->report = g_ptr_array_new_with_free_func(g_free);
	if (r->credential != NULL) {
		login = settings_credential(s->d->settings, r->credential, r->host, &err);
		if (login == NULL) { /* nobody is asked without the login that was meant */
			k->problem = g_strdup(err.text);
			post_look(k);
			return;
		}
		ask.user = login->user;
		ask.password = login->password;
	}
	g_ptr_array_add(s->asked, k);
	source_look(s->reader, &ask, on_said, k);
}

/* ---- the timer ------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer)
{
	struct sources *s = timer->data;
	mono_t now = mono_now(s);

	for (guint i = 0; i < s->list->len; i++) {
		struct remote *r = g_ptr_array_index(s->list, i);

		if (!r->running && r->next <= now)
			look(s, r);
	}
	arm(s);
}

static void arm(struct sources *s)
{
	mono_t now = mono_now(s), first = G_MAXINT64;

	for (guint i = 0; i < s->list->len; i++) {
		const struct remote *r = g_ptr_array_index(s->list, i);

		if (!r->running)
			first = MIN(first, r->next);
	}
	if (first == G_MAXINT64 || s->d->stopping)
		(void)uv_timer_stop(&s->timer);
	else
		(void)uv_timer_start(&s->timer, on_timer, (uint64_t)MAX(first - now, 0), 0);
}

/* ---- which there are ------------------------------------------------------ */

struct list_job {
	struct writer_job job; /* first */
	struct daemon *d;
	bool poll;
	GPtrArray *list;
};

static int run_list(struct store *st, struct writer_job *job, struct err *err)
{
	struct list_job *l = (struct list_job *)job;

	(void)err;
	l->list = remotes_list(&l->d->places, st);
	return 0;
}

/* Take @list (owned from here on): what is known already keeps its time. */
static void take_list(struct sources *s, GPtrArray *list, bool poll)
{
	mono_t now = mono_now(s);

	for (guint i = 0; i < list->len; i++) {
		struct remote *r = g_ptr_array_index(list, i);
		const struct remote *old = find(s->list, r->campaign, r->as, r->url);

		r->next = old != NULL ? MIN(old->next, now + r->poll + r->poll / 20)
				      : now + spread(s, r, START_SPREAD);
		r->whole = old != NULL ? old->whole : now + WHOLE_EVERY;
		r->running = old != NULL && old->running;
		r->again = old != NULL && old->again;
		if (poll) {
			r->next = r->whole = now;
			r->again = r->running;
		}
	}
	g_ptr_array_unref(s->list);
	s->list = list;
	arm(s);
}

static void done_list(struct writer_job *job, int rc, const struct err *err)
{
	struct list_job *l = (struct list_job *)job;

	(void)rc;
	(void)err;
	if (l->d->sources != NULL)
		take_list(l->d->sources, g_steal_pointer(&l->list), l->poll);
	g_clear_pointer(&l->list, g_ptr_array_unref);
	g_free(l);
}

void wire_sources_refresh(struct daemon *d, bool poll)
{
	struct list_job *l;

	if (d->sources == NULL || d->stopping)
		return;
	l = g_new0(struct list_job, 1);
	l->d = d;
	l->poll = poll;
	l->job.run = run_list;
	l->job.done = done_list;
	l->job.alone = true;
	wire_post(d, &l->job);
}

/* ---- status --------------------------------------------------------------- */

json_t *wire_sources_status(const struct daemon *d)
{
	json_t *list = json_array();
	wall_t now = d->clock->now(d->clock);

	for (guint i = 0; d->sources != NULL && i < d->sources->list->len; i++) {
		const struct remote *r = g_ptr_array_index(d->sources->list, i);
		wall_t next = now + MAX(r->next - mono_now(d->sources), 0);

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:s?, s:b}",
					"campaign", r->campaign, "as", r->as, "host", r->host,
					"kind", r->kind == SOURCE_CALDAV ? "caldav" : "ics", "read",
					(json_int_t)r->looked, "changed", (json_int_t)r->fetched,
					"next", (json_int_t)next, "failures", (int)r->failures,
					"problem", r->problem, "reading", (int)r->running));
	}
	return list;
}

void wire_sources_troubles(const struct daemon *d, GPtrArray *list)
{
	for (guint i = 0; d->sources != NULL && i < d->sources->list->len; i++) {
		const struct remote *r = g_ptr_array_index(d->sources->list, i);
		struct trouble *t;

		if (r->failures < HEALTH_SOURCE_FAILURES)
			continue;
		t = trouble_new(TROUBLE_SOURCE, r->campaign, r->as, r->problem);
		t->since = r->looked; /* 0: never read, so since it was first seen */
		t->amount = r->failures;
		g_ptr_array_add(list, t);
	}
}

/* ---- start and stop ------------------------------------------------------- */

int wire_sources_start(struct daemon *d, struct err *err)
{
	struct fetch_settings settings = {
		.ca_file = d->settings->source_ca_file,
		.timeout = d->settings->source_timeout,
	};
	g_autoptr(GPtrArray) allowed = g_ptr_array_new();
	struct sources *s;

	if (d->paced != NULL)
		return 0; /* a day a second would ask a server without end */
	for (guint i = 0; i < d->settings->source_allow->len; i++)
		g_ptr_array_add(allowed, g_ptr_array_index(d->settings->source_allow, i));
	g_ptr_array_add(allowed, NULL);
	settings.allowed = (const char *const *)allowed->pdata;
	s = g_new0(struct sources, 1);
	s->reader = source_reader_new(d->loop, &settings, err);
	if (s->reader == NULL) {
		g_free(s);
		return -EINVAL;
	}
	s->d = d;
	s->asked = g_ptr_array_new();
	s->list = g_ptr_array_new_with_free_func(remote_free);
	must(uv_timer_init(loop_uv(d->loop), &s->timer) == 0);
	s->timer.data = s;
	d->sources = s;
	take_list(s, remotes_list(&d->places, d->store), false);
	return 0;
}

static void on_closed(uv_handle_t *h)
{
	g_free(h->data);
}

void wire_sources_stop(struct daemon *d)
{
	struct sources *s = g_steal_pointer(&d->sources);

	if (s == NULL)
		return;
	source_reader_free(&s->reader);
	for (guint i = 0; i < s->asked->len; i++)
		look_job_free(g_ptr_array_index(s->asked, i));
	g_ptr_array_unref(s->asked);
	g_ptr_array_unref(s->list);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}
