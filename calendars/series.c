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

/* Masters of one UID in two VCALENDARs of a file are two things: replies, or two exports. */
static guint key_hash(gconstpointer p)
{
	const struct ical_component *c = p;

	return (g_str_hash(c->shown.uid) * 2 + c->shown.todo) * 31 + c->stream;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const struct ical_component *x = a, *y = b;

	return x->shown.todo == y->shown.todo && x->stream == y->stream &&
	       strcmp(x->shown.uid, y->shown.uid) == 0;
}

/* The same whatever VCALENDAR it stands in: for overrides that left their master. */
static guint uid_hash(gconstpointer p)
{
	const struct ical_component *c = p;

	return g_str_hash(c->shown.uid) * 2 + c->shown.todo;
}

static gboolean uid_equal(gconstpointer a, gconstpointer b)
{
	const struct ical_component *x = a, *y = b;

	return x->shown.todo == y->shown.todo && strcmp(x->shown.uid, y->shown.uid) == 0;
}

/* The series while they are built. */
struct build {
	GPtrArray *list;
	GHashTable *by_stream, *by_uid;
};

static struct series *series_of(struct build *b, struct ical_component *c)
{
	struct series *s;

	if (*c->shown.uid != 0) {
		s = g_hash_table_lookup(b->by_stream, c);
		if (s == NULL && c->has_rid)
			s = g_hash_table_lookup(b->by_uid, c);
		if (s != NULL)
			return s;
	}
	s = g_new0(struct series, 1);
	g_ptr_array_add(b->list, s);
	if (*c->shown.uid == 0)
		return s;
	g_hash_table_insert(b->by_stream, c, s);
	if (!g_hash_table_contains(b->by_uid, c))
		g_hash_table_insert(b->by_uid, c, s);
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

/* By the instance they mean; those of one stay in the order of the files: the sort is stable. */
static gint by_rid(gconstpointer a, gconstpointer b, gpointer master)
{
	const struct ical_component *x = *(struct ical_component *const *)a;
	const struct ical_component *y = *(struct ical_component *const *)b;
	wall_t p = series_rid_at(master, &x->rid, false), q = series_rid_at(master, &y->rid, false);

	return (p > q) - (p < q);
}

/* The end of those that, from @i on, mean the same instance. */
static guint same_rid(const struct series *s, guint i)
{
	const GPtrArray *o = s->overrides;
	const struct ical_component *c = o->pdata[i];
	wall_t at = series_rid_at(s->master, &c->rid, false);

	while (++i < o->len) {
		c = o->pdata[i];
		if (series_rid_at(s->master, &c->rid, false) != at)
			break;
	}
	return i;
}

/*
 * Of several overrides of one instance the newest stays. An older THISANDFUTURE stays before it:
 * it no longer speaks for that instance, but still for those that follow.
 */
static void settle(struct series *s)
{
	GPtrArray *o = s->overrides;
	guint kept = 0, end;

	g_ptr_array_sort_with_data(o, by_rid, s->master);
	for (guint i = 0; i < o->len; i = end) {
		struct ical_component *newest = NULL, *future = NULL;

		end = same_rid(s, i);
		for (guint j = i; j < end; j++) {
			struct ical_component *c = o->pdata[j];

			c->shown.superseded = true;
			if (newest == NULL || is_newer(newest, c))
				newest = c;
			if (c->and_future && (future == NULL || is_newer(future, c)))
				future = c;
		}
		if (future != NULL && future != newest)
			o->pdata[kept++] = future;
		o->pdata[kept++] = newest;
		newest->shown.superseded = false;
		if (future != NULL)
			future->shown.superseded = false;
	}
	g_ptr_array_set_size(o, (gint)kept);
}

static const char *series_uid(const struct series *s)
{
	const struct ical_component *c = s->master;

	return c != NULL ? c->shown.uid
			 : ((struct ical_component *)s->overrides->pdata[0])->shown.uid;
}

static gint by_uid(gconstpointer a, gconstpointer b)
{
	return strcmp(series_uid(*(struct series *const *)a),
		      series_uid(*(struct series *const *)b));
}

static void add_override(struct build *b, struct ical_component *c)
{
	struct series *s = series_of(b, c);

	/* A rule in an override means nothing beside a master, and a series without one. */
	if (s->master == NULL && c->rules != NULL) {
		add_master(s, c);
		return;
	}
	if (s->overrides == NULL)
		s->overrides = g_ptr_array_new();
	g_ptr_array_add(s->overrides, c);
}

GPtrArray *series_build(const GPtrArray *components)
{
	struct build b = {g_ptr_array_new_with_free_func(series_free),
			  g_hash_table_new(key_hash, key_equal),
			  g_hash_table_new(uid_hash, uid_equal)};

	for (guint i = 0; i < components->len; i++) {
		struct ical_component *c = components->pdata[i];

		c->shown.superseded = false;
		if (!c->has_rid)
			add_master(series_of(&b, c), c);
	}
	for (guint i = 0; i < components->len; i++) {
		struct ical_component *c = components->pdata[i];

		if (c->has_rid)
			add_override(&b, c);
	}
	for (guint i = 0; i < b.list->len; i++) {
		struct series *s = b.list->pdata[i];

		if (s->overrides != NULL)
			settle(s);
	}
	/* Expanded by UID, instances of one start come out in order. */
	g_ptr_array_sort(b.list, by_uid);
	g_hash_table_unref(b.by_stream);
	g_hash_table_unref(b.by_uid);
	return b.list;
}

struct series_key series_key(const struct ical_component *master, const struct ical_time *t)
{
	bool whole_days = master != NULL ? master->start.date : t->date;
	struct series_key key = {.by_day = true};

	/* On whole days the day as written counts: Outlook and Google write midnight UTC for it. */
	if (whole_days || t->date)
		key.value = local_date(t->local);
	else
		key = (struct series_key){false, ical_instant(t, NULL)};
	return key;
}

wall_t series_rid_at(const struct ical_component *master, const struct ical_time *rid,
		     bool day_begins)
{
	struct series_key key = series_key(master, rid);
	struct ical_time t = *rid;

	if (master != NULL && key.by_day) {
		t = master->start;
		t.local = local_at((date_t)key.value, day_begins ? 0 : local_second(t.local));
	}
	return ical_instant(&t, NULL);
}
