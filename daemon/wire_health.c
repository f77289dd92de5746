/*
 * wire_health.c - facts of the loop, and episodes; wire_health.h has the picture.
 */
#include "wire_health.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "daemon/core/shown.h"
#include "daemon/io/log.h"
#include "daemon/io/notify.h"

#define LOOK_EVERY (5 * MINUTE) /* while all is well: each look is some wake-ups (g14) */
#define LOOK_AGAIN (10 * SECOND)
#define DISK_FRESH (10 * SECOND)   /* what was found is good enough for so long */
#define REFUSE_AFTER (30 * SECOND) /* without progress: then requests are refused */
#define REFUSE_LEAST (2 * SECOND)  /* however much a test hurries */
#define FINE "运行中"

/* Machine time: the demo's clock is another matter. */
static mono_t mono_now(void)
{
	return clock_real()->mono(clock_real());
}

static dur_t hurried(const struct health *h, dur_t length)
{
	return MAX(length / h->hurry, 1);
}

/* ---- what others note ----------------------------------------------------- */

void wire_post(struct daemon *d, struct writer_job *job)
{
	if (writer_pending(d->writer) == 0)
		d->progress = mono_now();
	writer_post(d->writer, job);
}

void wire_progress(struct daemon *d)
{
	d->progress = mono_now();
}

static dur_t database_busy(const struct daemon *d)
{
	return d->writer != NULL && writer_pending(d->writer) > 0 ? mono_now() - d->progress : 0;
}

bool wire_database_refuses(const struct daemon *d)
{
	return database_busy(d) >= MAX(hurried(d->health, REFUSE_AFTER), REFUSE_LEAST);
}

/* What says that there is no relay for us, whatever the message is. */
static bool is_about_session(const struct reply *reply, enum outcome outcome)
{
	static const char *const verbs[] = {"connect", "greeting", "EHLO", "STARTTLS", "AUTH"};

	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(reply->verb, verbs[i]) == 0)
			return true;
	/* It refuses the sender: our settings, not this mail. */
	return outcome == OUTCOME_RETRY && strcmp(reply->verb, "MAIL") == 0 && reply->status >= 500;
}

void wire_health_relay(struct daemon *d, const struct reply *reply, enum outcome outcome)
{
	if (!is_about_session(reply, outcome)) {
		d->relay_down = 0;
		return;
	}
	if (d->relay_down == 0) {
		d->relay_down = mono_now();
		wire_health_soon(d);
	}
	g_free(d->relay_words);
	d->relay_words = reply->status == 0 ? g_strdup_printf("%s：%s", reply->verb, reply->text)
					    : g_strdup_printf("%s：%d %s", reply->verb,
							      reply->status, reply->text);
}

void wire_health_outbox(struct daemon *d, wall_t now)
{
	bool behind = d->outbox_wake <= now || d->ready_count > 0;

	if (!behind)
		d->outbox_behind = 0;
	else if (d->outbox_behind == 0)
		d->outbox_behind = mono_now();
}

/* ---- facts ---------------------------------------------------------------- */

static dur_t since(mono_t begun, mono_t now)
{
	return begun == 0 ? 0 : MAX(now - begun, 1);
}

static dur_t tick_late(const struct daemon *d, wall_t wall, mono_t now)
{
	if (d->tick_wanted != 0)
		return since(d->tick_wanted, now);
	/* The timer should have called: a clock that was set counts from then. */
	return d->wake < wall ? MIN(wall - d->wake, now - d->steady) : 0;
}

static struct health_facts facts_of(const struct health *h, mono_t now)
{
	const struct daemon *d = h->d;
	bool paced = d->paced != NULL;
	struct health_facts f = {
		.now = d->clock->now(d->clock),
		.database = d->settings->database,
		.database_busy = database_busy(d),
		.failure = d->problem == NULL ? 0 : d->problem_code,
		.failure_since = d->problem_since,
		.failure_words = d->problem,
		.disk_known = h->disk_known,
		.disk_free = h->disk_free,
		.disk_total = h->disk_total,
		.log_left = d->writer == NULL ? 0 : writer_log_left(d->writer),
		.outbox_late = paced ? 0 : since(d->outbox_behind, now),
		.relay_down = since(d->relay_down, now),
		.relay_words = d->relay_words,
		.clock_doubt = clock_doubt_text(d->trust.doubt),
		.clock_since = d->doubt_since,
	};

	f.tick_late = paced ? 0 : tick_late(d, f.now, now);
	return f;
}

static void add_files(const struct health *h, GPtrArray *list)
{
	for (guint i = 0; i < h->d->places.list->len; i++) {
		struct place *place = g_ptr_array_index(h->d->places.list, i);
		wall_t at = 0;
		g_autofree char *words = place_broken(place, &at);
		struct trouble *t;

		if (words == NULL)
			continue;
		t = trouble_new(TROUBLE_FILES, engine_key(place->engine), place->dir, words);
		t->since = at;
		g_ptr_array_add(list, t);
	}
}

/* Every trouble there is now, those of campaigns last; each with its .since. */
static GPtrArray *troubles_of(const struct health *h, mono_t now)
{
	const struct settings *s = h->d->settings;
	const struct health_limits limits = {s->disk_percent, s->disk_bytes, h->hurry};
	g_autofree char *relay = s->relay == NULL ? NULL : address_shown(s->relay);
	struct health_facts f = facts_of(h, now);
	GPtrArray *list;

	f.relay = relay == NULL ? "（未配置）" : relay;
	list = health_judge(&f, &limits);
	add_files(h, list);
	wire_sources_troubles(h->d, list);
	return list;
}

/* ---- episodes ------------------------------------------------------------- */

static void episode_free(gpointer p)
{
	struct episode *e = p;

	g_free(e->key);
	g_free(e->mark);
	g_free(e->campaign);
	g_free(e->text);
	g_free(e->text_en);
	g_free(e);
}

static struct episode *episode_of(struct health *h, const struct trouble *t)
{
	g_autofree char *key = trouble_key(t);
	struct episode *e = g_hash_table_lookup(h->episodes, key);

	if (e != NULL)
		return e;
	e = g_new0(struct episode, 1);
	e->key = g_steal_pointer(&key);
	e->code = t->code;
	e->campaign = g_strdup(t->campaign);
	g_hash_table_insert(h->episodes, e->key, e);
	return e;
}

static void see(struct health *h, struct trouble *t, wall_t wall, mono_t now)
{
	struct episode *e = episode_of(h, t);
	struct health_account *a = &e->account;

	if (!a->present && !a->told) {
		e->since = t->since != 0 ? t->since : wall;
		a->begun = now - (wall > e->since ? MIN(wall - e->since, now - h->d->steady) : 0);
	}
	g_free(e->text);
	g_free(e->text_en);
	e->text = trouble_text(t, false);
	e->text_en = trouble_text(t, true);
	t->since = e->since;
	if (!a->present)
		log_event(LOG_LEVEL_WARNING, "trouble", LOG_S("key", e->key),
			  LOG_I("since", e->since), LOG_S("text", e->text));
	a->present = true;
	a->gone = now; /* as long as it is seen */
	e->ended = wall;
}

static void miss(struct episode *e, mono_t now)
{
	if (!e->account.present || e->account.gone == now)
		return;
	e->account.present = false;
	e->account.gone = now;
	log_event(LOG_LEVEL_INFO, "trouble-over", LOG_S("key", e->key), LOG_I("since", e->since));
}

static const char *text_of(const struct health *h, const struct trouble *t)
{
	const struct episode *e;
	g_autofree char *key = trouble_key(t);

	e = g_hash_table_lookup(h->episodes, key);
	must(e != NULL);
	return g_str_has_prefix(h->d->settings->locale, "en") ? e->text_en : e->text;
}

static void tell_manager(struct health *h, const GPtrArray *list)
{
	const char *line = list->len == 0 ? FINE : text_of(h, list->pdata[0]);

	if (g_strcmp0(line, h->line) == 0)
		return;
	g_free(h->line);
	h->line = g_strdup(line);
	notify_status(h->line);
}

/* The account brought up to date. Caller unrefs. */
static GPtrArray *look(struct health *h)
{
	wall_t wall = h->d->clock->now(h->d->clock);
	mono_t now = mono_now();
	GPtrArray *list = troubles_of(h, now);
	GHashTableIter it;
	gpointer e;

	for (guint i = 0; i < list->len; i++)
		see(h, list->pdata[i], wall, now);
	g_hash_table_iter_init(&it, h->episodes);
	while (g_hash_table_iter_next(&it, NULL, &e))
		miss(e, now);
	tell_manager(h, list);
	return list;
}

const char *wire_health_line(struct daemon *d)
{
	if (d->health == NULL)
		return FINE; /* stopping */
	g_ptr_array_unref(look(d->health));
	return d->health->line;
}

json_t *wire_health_troubles(struct daemon *d)
{
	g_autoptr(GPtrArray) list = look(d->health);
	json_t *rows = json_array();

	for (guint i = 0; i < list->len; i++) {
		const struct trouble *t = list->pdata[i];
		g_autofree char *at = zone_format(d->health->zone, t->since);
		json_t *row =
			json_pack("{s:s, s:s, s:s*, s:s*}", "code", trouble_word(t->code), "since",
				  at, "campaign", t->campaign, "text", text_of(d->health, t));

		json_array_append_new(rows, row);
	}
	wire_health_disk(d);
	return rows;
}

/* ---- the disk ------------------------------------------------------------- */

/* A thread of libuv's pool: a file system that does not answer holds up nobody else. */
static void ask_disk(uv_work_t *work)
{
	struct health *h = work->data;
	struct statvfs v;

	h->found = statvfs(h->directory, &v) == 0;
	if (!h->found)
		return;
	h->found_free = (int64_t)(v.f_bavail * v.f_frsize);
	h->found_total = (int64_t)(v.f_blocks * v.f_frsize);
}

static void done_disk(uv_work_t *work, int status)
{
	struct health *h = work->data;

	h->looking = false;
	h->looked = mono_now();
	h->disk_known = status == 0 && h->found;
	h->disk_free = h->found_free;
	h->disk_total = h->found_total;
	if (h->d->finished)
		return;
	g_ptr_array_unref(look(h));
	wire_health_tell(h, mono_now());
}

void wire_health_disk(struct daemon *d)
{
	struct health *h = d->health;

	if (h->looking || d->finished ||
	    (h->looked != 0 && mono_now() - h->looked < hurried(h, DISK_FRESH)))
		return;
	h->looking = true;
	must(uv_queue_work(loop_uv(d->loop), &h->look, ask_disk, done_disk) == 0);
}

/* ---- the timer ------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer);

static void arm(struct health *h, dur_t wait)
{
	if (h->d->paced == NULL && !h->d->stopping)
		(void)uv_timer_start(&h->timer, on_timer, (uint64_t)hurried(h, wait), 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct health *h = timer->data;

	timer_look(h->d->timer); /* a clock that was set makes nothing late */
	g_ptr_array_unref(look(h));
	wire_health_tell(h, mono_now());
	wire_health_disk(h->d);
	arm(h, g_hash_table_size(h->episodes) > 0 ? LOOK_AGAIN : LOOK_EVERY);
}

void wire_health_soon(struct daemon *d)
{
	if (d->health != NULL)
		arm(d->health, LOOK_AGAIN);
}

/* ---- start and stop ------------------------------------------------------- */

#ifdef DUBAN_FAILPOINTS
/* DUBAN_HURRY=N: every length of health is divided by it, so that no test waits for minutes. */
static int hurry_of(void)
{
	const char *text = getenv("DUBAN_HURRY");

	return text == NULL ? 1 : CLAMP(atoi(text), 1, 100000);
}
#else
static int hurry_of(void)
{
	return 1;
}
#endif

void wire_health_start(struct daemon *d)
{
	const struct place *first = g_ptr_array_index(d->places.list, 0);
	struct health *h = g_new0(struct health, 1);

	h->d = d;
	h->hurry = hurry_of();
	h->zone = engine_campaign(first->engine)->zone;
	h->directory = g_path_get_dirname(d->settings->database);
	h->look.data = h;
	h->episodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, episode_free);
	must(uv_timer_init(loop_uv(d->loop), &h->timer) == 0);
	h->timer.data = h;
	d->health = h;
	d->progress = d->steady = mono_now();
	d->doubt_since = d->clock->now(d->clock);
	if (d->paced == NULL)
		wire_health_recall(h);
	wire_health_disk(d);
	arm(h, LOOK_AGAIN);
}

static void on_closed(uv_handle_t *handle)
{
	g_free(handle->data);
}

void wire_health_stop(struct daemon *d)
{
	struct health *h = d->health;

	if (h == NULL)
		return;
	while (h->looking)
		loop_turn(d->loop, true);
	d->health = NULL;
	g_hash_table_unref(h->episodes);
	g_free(h->directory);
	g_free(h->line);
	uv_close((uv_handle_t *)&h->timer, on_closed);
}
