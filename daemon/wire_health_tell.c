/*
 * wire_health_tell.c - troubles that last are told to the office: once, and once that they are over.
 *
 * Once over many lives: what was told is a mark in the database, "health:KEY:SINCE".  What cannot
 * be recorded now (a full disk) is tried again with the next look, and told when it is over.
 * When and how often, says health_say().
 */
#include <string.h>

#include "daemon/engine/alarm.h"
#include "wire_health.h"

#define MARK "health:"

struct tell_job {
	struct writer_job job; /* first */
	struct daemon *d;
	wall_t now;
	GPtrArray *episodes; /* struct episode *, which stay while .telling */
	GArray *items;       /* struct engine_trouble, borrowing of them; the same order */
};

static int run_tell(struct store *st, struct writer_job *job, struct err *err)
{
	struct tell_job *t = (struct tell_job *)job;
	g_autoptr(GHashTable) heard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const GPtrArray *engines = t->d->places.engines;
	int rc = 0;

	(void)st;
	for (guint i = 0; i < engines->len && rc >= 0; i++)
		rc = engine_tell_troubles(g_ptr_array_index(engines, i),
					  (const struct engine_trouble *)(void *)t->items->data,
					  t->items->len, heard, t->now, err);
	return rc;
}

static void item_fini(gpointer p)
{
	struct engine_trouble *x = p;

	g_free((char *)x->text);
	g_free((char *)x->text_en);
}

static void done_tell(struct writer_job *job, int rc, const struct err *err)
{
	struct tell_job *t = (struct tell_job *)job;
	struct daemon *d = t->d;
	mono_t now = clock_real()->mono(clock_real());

	for (guint i = 0; i < t->episodes->len && d->health != NULL; i++) {
		struct episode *e = t->episodes->pdata[i];
		bool over = g_array_index(t->items, struct engine_trouble, i).over;

		e->telling = false;
		if (rc >= 0)
			health_said(&e->account, over ? HEALTH_SAY_OVER : HEALTH_SAY_BEGUN, now,
				    d->health->hurry);
	}
	if (rc < 0)
		wire_problem(d, "trouble", rc, err);
	else
		wire_poke(d); /* there are messages */
	g_ptr_array_unref(t->episodes);
	g_array_unref(t->items);
	g_free(t);
}

static void post(struct health *h, GPtrArray *episodes, GArray *items)
{
	struct tell_job *t = g_new0(struct tell_job, 1);

	t->d = h->d;
	t->now = h->d->clock->now(h->d->clock);
	t->episodes = episodes;
	t->items = items;
	t->job.run = run_tell;
	t->job.done = done_tell;
	wire_post(h->d, &t->job);
}

static void add(GPtrArray *episodes, GArray *items, struct episode *e, bool over)
{
	struct engine_trouble x = {
		.code = e->code,
		.campaign = e->campaign,
		.over = over,
		.text = g_strdup(e->text),
		.text_en = g_strdup(e->text_en),
		.since = e->since,
		.ended = e->ended,
	};

	if (e->mark == NULL || !over) {
		g_free(e->mark);
		e->mark = g_strdup_printf(MARK "%s:%" G_GINT64_FORMAT, e->key, e->since);
	}
	x.mark = e->mark;
	e->telling = true;
	g_array_append_val(items, x);
	g_ptr_array_add(episodes, e);
}

void wire_health_tell(struct health *h, mono_t now)
{
	GPtrArray *episodes;
	GArray *items;
	GHashTableIter it;
	gpointer p;

	if (h->d->paced != NULL || h->d->stopping || h->d->writer == NULL)
		return;
	episodes = g_ptr_array_new();
	items = g_array_new(FALSE, FALSE, sizeof(struct engine_trouble));
	g_array_set_clear_func(items, item_fini);
	g_hash_table_iter_init(&it, h->episodes);
	while (g_hash_table_iter_next(&it, NULL, &p)) {
		struct episode *e = p;
		enum health_word word = e->telling
						? HEALTH_SAY_NOTHING
						: health_say(e->code, &e->account, now, h->hurry);

		if (word == HEALTH_SAY_BEGUN || word == HEALTH_SAY_OVER)
			add(episodes, items, e, word == HEALTH_SAY_OVER);
		else if (word == HEALTH_FORGET)
			g_hash_table_iter_remove(&it);
	}
	if (items->len > 0) {
		post(h, episodes, items);
		return;
	}
	g_ptr_array_unref(episodes);
	g_array_unref(items);
}

/* ---- from before this start ------------------------------------------------- */

/* The code of "disk-low" or "files-broken:NAME"; TROUBLES: a word of another version. */
static enum trouble_code code_of(const char *key)
{
	size_t n = strcspn(key, ":");

	for (int i = 0; i < TROUBLES; i++)
		if (strlen(trouble_word((enum trouble_code)i)) == n &&
		    strncmp(trouble_word((enum trouble_code)i), key, n) == 0)
			return (enum trouble_code)i;
	return TROUBLES;
}

struct recall {
	struct health *h;
	const char *campaign;
};

static void on_mark(void *arg, const char *mark)
{
	const struct recall *r = arg;
	struct health *h = r->h;
	const char *key = mark + strlen(MARK), *colon = strrchr(key, ':');
	enum trouble_code code = colon == NULL ? TROUBLES : code_of(key);
	struct episode *e;

	if (code == TROUBLES)
		return;
	e = g_new0(struct episode, 1);
	e->key = g_strndup(key, (size_t)(colon - key));
	e->mark = g_strdup(mark);
	e->code = code;
	e->campaign = strchr(e->key, ':') == NULL ? NULL : g_strdup(r->campaign);
	e->text = g_strdup(trouble_title(code, false));
	e->text_en = g_strdup(trouble_title(code, true));
	e->since = g_ascii_strtoll(colon + 1, NULL, 10);
	e->ended = h->d->clock->now(h->d->clock);
	e->account.begun = e->account.gone = clock_real()->mono(clock_real());
	e->account.told = true;
	(void)g_hash_table_replace(h->episodes, e->key, e);
}

void wire_health_recall(struct health *h)
{
	struct daemon *d = h->d;

	for (guint i = 0; i < d->places.engines->len; i++) {
		const char *key = engine_key(g_ptr_array_index(d->places.engines, i));
		struct recall r = {h, key};

		(void)store_marks(d->store, store_campaign(d->store, key, 0, NULL), MARK, on_mark,
				  &r);
	}
}
