/*
 * series.c - which component speaks for a UID, and which for one of its instances.
 */
#include "series.h"

#include <string.h>

/* Is @b newer than @a, which stands before it in the files? */
static bool is_newer(const struct ical_component *a, const struct ical_component *b)
{
	if (a->shown.sequence != b->shown.sequence)
		return b->shown.sequence > a->shown.sequence;
	return b->stamp >= a->stamp;
}

static void series_free(gpointer data)
{
	struct series *s = data;

	if (s->overrides != NULL)
		g_ptr_array_unref(s->overrides);
	g_free(s);
}

static guint key_hash(gconstpointer p)
{
	const struct ical_component *c = p;

	return g_str_hash(c->shown.uid) * 2 + c->shown.todo;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const struct ical_component *x = a, *y = b;

	return x->shown.todo == y->shown.todo && strcmp(x->shown.uid, y->shown.uid) == 0;
}

static struct series *series_of(GPtrArray *list, GHashTable *by_uid, struct ical_component *c)
{
	struct series *s = *c->shown.uid != 0 ? g_hash_table_lookup(by_uid, c) : NULL;

	if (s != NULL)
		return s;
	s = g_new0(struct series, 1);
	g_ptr_array_add(list, s);
	if (*c->shown.uid != 0)
		g_hash_table_insert(by_uid, c, s);
	return s;
}

static void add_master(struct series *s, struct ical_component *c)
{
	if (s->master == NULL) {
		s->master = c;
	} else if (is_newer(s->master, c)) {
		s->master->shown.superseded = true;
		s->master = c;
	} else {
		c->shown.superseded = true;
	}
}

static gint by_rid(gconstpointer a, gconstpointer b)
{
	const struct ical_component *x = *(struct ical_component *const *)a;
	const struct ical_component *y = *(struct ical_component *const *)b;
	wall_t p = ical_instant(&x->rid, NULL), q = ical_instant(&y->rid, NULL);

	if (p != q)
		return p < q ? -1 : 1;
	if (x->and_future != y->and_future)
		return x->and_future ? -1 : 1;
	return x->shown.line - y->shown.line;
}

/* Of several overrides of one instance only the newest stays. */
static void settle(struct series *s)
{
	guint kept = 0;

	g_ptr_array_sort(s->overrides, by_rid);
	for (guint i = 0; i < s->overrides->len; i++) {
		struct ical_component *c = s->overrides->pdata[i];
		struct ical_component *last = kept > 0 ? s->overrides->pdata[kept - 1] : NULL;

		if (last == NULL || ical_instant(&last->rid, NULL) != ical_instant(&c->rid, NULL)) {
			s->overrides->pdata[kept++] = c;
			continue;
		}
		if (is_newer(last, c)) {
			s->overrides->pdata[kept - 1] = c;
			c = last;
		}
		c->shown.superseded = true;
	}
	g_ptr_array_set_size(s->overrides, (gint)kept);
}

GPtrArray *series_build(const GPtrArray *components)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(series_free);
	GHashTable *by_uid = g_hash_table_new(key_hash, key_equal);

	for (guint i = 0; i < components->len; i++) {
		struct ical_component *c = components->pdata[i];
		struct series *s = series_of(list, by_uid, c);

		c->shown.superseded = false;
		if (!c->has_rid || c->rules != NULL) {
			add_master(s, c);
			continue;
		}
		if (s->overrides == NULL)
			s->overrides = g_ptr_array_new();
		g_ptr_array_add(s->overrides, c);
	}
	for (guint i = 0; i < list->len; i++) {
		struct series *s = list->pdata[i];

		if (s->overrides != NULL)
			settle(s);
	}
	g_hash_table_unref(by_uid);
	return list;
}

struct series_key series_key(const struct ical_component *master, const struct ical_time *t,
			     const struct tz *floating)
{
	bool whole_days = master != NULL ? master->start.date : t->date;
	struct series_key key = {.by_day = true};

	if (whole_days && !t->date && t->tz->utc)
		key.value = local_date(tz_local(floating, t->local * SECOND));
	else if (whole_days || t->date)
		key.value = local_date(t->local);
	else
		key = (struct series_key){false, ical_instant(t, NULL)};
	return key;
}
