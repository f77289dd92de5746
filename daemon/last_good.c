/*
 * last_good.c - a few calendars behind a lock.
 */
#include "last_good.h"

#include <pthread.h>
#include <string.h>

struct kept {
	char *key, *path;
	GBytes *good;       /* NULL: never any */
	struct given *held; /* NULL: nothing waits */
};

struct last_good {
	pthread_mutex_t lock;
	GPtrArray *list; /* struct kept * */
	unsigned turn;
};

struct given *given_new(const struct source_row *row)
{
	struct given *g = g_new0(struct given, 1);
	gsize size;

	g->path = g_strdup(row->path);
	g->url = g_strdup(row->url);
	g->hash = g_strdup(row->hash);
	g->etag = g_strdup(row->etag);
	g->modified = g_strdup(row->modified);
	g->bytes = g_bytes_new(row->bytes, row->size);
	g->row = (struct source_row){
		.path = g->path,
		.url = g->url,
		.hash = g->hash,
		.etag = g->etag,
		.modified = g->modified,
		.bytes = g_bytes_get_data(g->bytes, &size),
		.size = row->size,
	};
	return g;
}

void given_free(gpointer given)
{
	struct given *g = given;

	if (g == NULL)
		return;
	g_free(g->path);
	g_free(g->url);
	g_free(g->hash);
	g_free(g->etag);
	g_free(g->modified);
	g_bytes_unref(g->bytes);
	g_free(g);
}

static void kept_free(gpointer p)
{
	struct kept *k = p;

	g_free(k->key);
	g_free(k->path);
	g_clear_pointer(&k->good, g_bytes_unref);
	given_free(k->held);
	g_free(k);
}

struct last_good *last_good_new(void)
{
	struct last_good *l = g_new0(struct last_good, 1);

	must(pthread_mutex_init(&l->lock, NULL) == 0);
	l->list = g_ptr_array_new_with_free_func(kept_free);
	return l;
}

void last_good_free(struct last_good **lp)
{
	struct last_good *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	g_ptr_array_unref(l->list);
	pthread_mutex_destroy(&l->lock);
	g_free(l);
}

/* With the lock held. NULL: nothing is known. */
static struct kept *find(const struct last_good *l, const char *key, const char *path)
{
	for (guint i = 0; i < l->list->len; i++) {
		struct kept *k = g_ptr_array_index(l->list, i);

		if (strcmp(k->key, key) == 0 && strcmp(k->path, path) == 0)
			return k;
	}
	return NULL;
}

static struct kept *make(struct last_good *l, const char *key, const char *path)
{
	struct kept *k = find(l, key, path);

	if (k != NULL)
		return k;
	k = g_new0(struct kept, 1);
	k->key = g_strdup(key);
	k->path = g_strdup(path);
	g_ptr_array_add(l->list, k);
	return k;
}

void last_good_put(struct last_good *l, const char *key, const struct source_row *row)
{
	struct kept *k;

	pthread_mutex_lock(&l->lock);
	k = make(l, key, row->path);
	g_clear_pointer(&k->good, g_bytes_unref);
	g_clear_pointer(&k->held, given_free);
	k->good = g_bytes_new(row->bytes, row->size);
	l->turn++;
	pthread_mutex_unlock(&l->lock);
}

void last_good_hold(struct last_good *l, const char *key, const struct source_row *row)
{
	struct given *held = given_new(row);
	struct kept *k;

	pthread_mutex_lock(&l->lock);
	k = make(l, key, row->path);
	given_free(k->held);
	k->held = held;
	l->turn++;
	pthread_mutex_unlock(&l->lock);
}

bool last_good_drop(struct last_good *l, const char *key, const char *path)
{
	struct kept *k;
	bool dropped;

	pthread_mutex_lock(&l->lock);
	k = find(l, key, path);
	dropped = k != NULL && k->held != NULL;
	if (dropped) {
		g_clear_pointer(&k->held, given_free);
		l->turn++;
	}
	pthread_mutex_unlock(&l->lock);
	return dropped;
}

struct reading {
	struct last_good *l;
	const char *key;
};

static void on_row(void *arg, const struct source_row *row)
{
	const struct reading *r = arg;

	if (row->bytes != NULL)
		last_good_put(r->l, r->key, row);
}

void last_good_read(struct last_good *l, struct store *st, const char *key, int64_t campaign)
{
	struct reading r = {l, key};

	(void)store_source_each(st, campaign, on_row, &r); /* what cannot be read was never read */
}

/* ---- sources that are no more ---------------------------------------------------- */

static bool has_source(const struct campaign *c, const char *as)
{
	for (uint32_t i = 0; i < c->n_sources; i++)
		if (strcmp(campaign_text(c, c->sources[i].as), as) == 0)
			return true;
	return false;
}

struct leaving {
	const struct campaign *c;
	GPtrArray *paths; /* char *: of those without a source */
};

static void on_leaving(void *arg, const struct source_row *row)
{
	const struct leaving *v = arg;

	if (!has_source(v->c, row->path))
		g_ptr_array_add(v->paths, g_strdup(row->path));
}

int last_good_forget_rows(struct store *st, int64_t campaign, const struct campaign *c,
			  struct err *err)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	struct leaving v = {c, paths};
	int rc = store_source_each(st, campaign, on_leaving, &v);

	for (guint i = 0; i < paths->len && rc >= 0; i++)
		rc = store_source_forget(st, campaign, paths->pdata[i], err);
	return rc < 0 ? rc : 0;
}

void last_good_forget(struct last_good *l, const char *key, const struct campaign *c)
{
	pthread_mutex_lock(&l->lock);
	for (guint i = l->list->len; i > 0; i--) {
		const struct kept *k = l->list->pdata[i - 1];

		if (strcmp(k->key, key) != 0 || has_source(c, k->path))
			continue;
		g_ptr_array_remove_index_fast(l->list, i - 1);
		l->turn++;
	}
	pthread_mutex_unlock(&l->lock);
}

/* ---- laying --------------------------------------------------------------------- */

struct laying {
	const struct last_good *l;
	struct campaign_files *files;
	const struct source_row *fresh;
	GPtrArray *given;
};

static bool is_from(const struct source_row *row, const char *as, const char *url)
{
	return strcmp(row->path, as) == 0 && strcmp(row->url, url) == 0;
}

static void on_source(void *arg, const char *as, const char *url)
{
	struct laying *y = arg;
	const struct kept *k = find(y->l, y->files->key, as);
	const struct source_row *row = NULL;
	const void *bytes;
	gsize size;

	if (y->fresh != NULL && is_from(y->fresh, as, url))
		row = y->fresh;
	else if (k != NULL && k->held != NULL && is_from(&k->held->row, as, url))
		row = &k->held->row;
	if (row != NULL) {
		campaign_files_put(y->files, as, row->bytes, row->size);
		g_ptr_array_add(y->given, given_new(row));
	} else if (k != NULL && k->good != NULL) {
		bytes = g_bytes_get_data(k->good, &size);
		campaign_files_put(y->files, as, bytes, size);
	}
}

unsigned last_good_lay(struct last_good *l, struct campaign_files *files,
		       const struct source_row *fresh, GPtrArray *given_out)
{
	struct laying y = {l, files, fresh, given_out};
	unsigned turn;

	pthread_mutex_lock(&l->lock);
	campaign_each_source(files, on_source, &y);
	turn = l->turn;
	pthread_mutex_unlock(&l->lock);
	return turn;
}

unsigned last_good_turn(struct last_good *l)
{
	unsigned turn;

	pthread_mutex_lock(&l->lock);
	turn = l->turn;
	pthread_mutex_unlock(&l->lock);
	return turn;
}
