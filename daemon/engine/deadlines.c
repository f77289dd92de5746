/*
 * deadlines.c - new zone data moves what is still to come, and leaves what has been (R9).
 *
 * Zone files are no part of a campaign, so no edit tells of them.  A deadline that stands at the
 * same hour of the wall clock as when it was read last, and yet at another instant, was moved
 * by them.  Where that changes an instance's RECURRENCE-ID as well, its history follows it.
 *
 * With it is noted when what people see of an occurrence last changed, for feeds.
 */
#include <errno.h>
#include <string.h>

#include "private.h"

struct seen {
	int64_t occurrence;
	char *uid, *rid;
	wall_t due, changed;
	int64_t wall, face;
};

struct reading {
	const struct campaign *c;
	GPtrArray *list;  /* struct seen * */
	GHashTable *name; /* "uid rid" -> struct seen * */
	GHashTable *wall; /* "uid wall" -> those that the files no longer name */
};

static void seen_free(gpointer p)
{
	struct seen *s = p;

	g_free(s->uid);
	g_free(s->rid);
	g_free(s);
}

static char *name_key(const char *uid, const char *rid)
{
	return g_strdup_printf("%s\n%s", uid, rid);
}

static char *wall_key(const char *uid, int64_t wall)
{
	return g_strdup_printf("%s\n%" G_GINT64_FORMAT, uid, wall);
}

static void on_deadline(void *arg, const struct deadline *d)
{
	struct reading *r = arg;
	struct seen *s = g_new(struct seen, 1);

	*s = (struct seen){.occurrence = d->occurrence,
			   .uid = g_strdup(d->uid),
			   .rid = g_strdup(d->rid),
			   .due = d->due,
			   .changed = d->changed,
			   .wall = d->wall,
			   .face = d->face};
	g_ptr_array_add(r->list, s);
	g_hash_table_insert(r->name, name_key(s->uid, s->rid), s);
	if (campaign_find_occurrence(r->c, s->uid, s->rid) == NONE)
		g_hash_table_insert(r->wall, wall_key(s->uid, s->wall), s);
}

static int read_all(struct reading *r, struct engine *e, const struct campaign *c, struct err *err)
{
	*r = (struct reading){
		.c = c,
		.list = g_ptr_array_new_with_free_func(seen_free),
		.name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.wall = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	if (store_deadlines(e->store, e->id, on_deadline, r) < 0)
		return err_set(err, -EIO, "数据库读不出截止时间");
	return 0;
}

static void reading_fini(struct reading *r)
{
	g_hash_table_unref(r->wall);
	g_hash_table_unref(r->name);
	g_ptr_array_unref(r->list);
}

static const char *uid_of(const struct campaign *c, uint32_t i)
{
	return campaign_text(c, c->obligations[c->occurrences[i].obligation].uid);
}

/* What was known of occurrence @i; its history follows it under a RECURRENCE-ID that moved. */
static const struct seen *find(struct reading *r, struct engine *e, uint32_t i, struct err *err,
			       int *rc)
{
	const char *uid = uid_of(r->c, i), *rid = campaign_text(r->c, r->c->occurrences[i].rid);
	g_autofree char *name = name_key(uid, rid);
	g_autofree char *wall = wall_key(uid, zone_local(r->c->zone, r->c->occurrences[i].due));
	const struct seen *s = g_hash_table_lookup(r->name, name);

	if (s != NULL)
		return s;
	s = g_hash_table_lookup(r->wall, wall);
	if (s == NULL)
		return NULL;
	*rc = store_occurrence_rename(e->store, s->occurrence, uid, rid, err);
	if (*rc == -EEXIST)
		*rc = 0; /* the new name has a history of its own */
	return s;
}

/* The first that moved, in words. */
static char *change_words(const struct campaign *c, unsigned moved, uint32_t first, wall_t was)
{
	g_autofree char *from = zone_format(c->zone, was);
	g_autofree char *to = zone_format(c->zone, c->occurrences[first].due);

	return g_strdup_printf("时区数据变了，%u个截止时间随之变动，如“%s”由 %s 改为 "
			       "%s；已过的截止时间不变",
			       moved, campaign_text(c, c->occurrences[first].summary), from, to);
}

static int tell(struct engine *e, const struct campaign *c, wall_t now, unsigned moved,
		uint32_t first, wall_t was, GPtrArray *report, struct err *err)
{
	g_autofree char *words = change_words(c, moved, first, was);
	json_t *detail = json_pack("{s:i, s:s}", "moved", (int)moved, "text", words);
	char *text = json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS);
	int rc =
		store_journal(e->store, now, campaign_text(c, c->key), "duband", "zone", text, err);

	free(text);
	json_decref(detail);
	if (report != NULL)
		g_ptr_array_add(report, g_steal_pointer(&words));
	return rc;
}

static char *shift_mark(int64_t occurrence, wall_t was, wall_t due)
{
	return g_strdup_printf("zone:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT,
			       occurrence, was, due);
}

bool deadlines_shifted(struct engine *e, int64_t occurrence, wall_t was, wall_t due)
{
	g_autofree char *mark = shift_mark(occurrence, was, due);

	return store_marked(e->store, e->id, mark);
}

static int note_shift(struct engine *e, const struct seen *s, wall_t due, wall_t now)
{
	g_autofree char *mark = shift_mark(s->occurrence, s->due, due);

	return store_mark(e->store, e->id, mark, now);
}

int deadlines_keep(struct engine *e, struct campaign *c, wall_t now, GPtrArray *report,
		   struct err *err)
{
	struct reading r;
	uint32_t first = 0;
	unsigned moved = 0;
	wall_t was = 0;
	int rc = read_all(&r, e, c, err);

	for (uint32_t i = 0; i < c->n_occurrences && rc >= 0 && r.list->len > 0; i++) {
		struct occurrence *o = &c->occurrences[i];
		const struct seen *s = find(&r, e, i, err, &rc);

		if (s == NULL || s->due == o->due || s->wall != zone_local(c->zone, o->due))
			continue;
		if (s->due <= now) {
			o->due = s->due;
			continue;
		}
		rc = note_shift(e, s, o->due, now);
		if (moved++ == 0) {
			first = i;
			was = s->due;
		}
	}
	reading_fini(&r);
	if (rc >= 0 && moved > 0)
		rc = tell(e, c, now, moved, first, was, report, err);
	return rc < 0 ? rc : 0;
}

/* A digest of what a feed shows of occurrence @i besides its deadline, and to how many. */
static int64_t face_of(const struct engine *e, uint32_t i)
{
	const struct obligation *ob = engine_obligation(e, i);
	g_autofree char *title = engine_title(e, i);
	g_autofree char *all = g_strdup_printf("%s\x1f%s\x1f%u", title,
					       engine_text(e, ob->description), ob->owings);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);

	sum[15] = 0; /* so many digits fit */
	return g_ascii_strtoll(sum, NULL, 16);
}

/* What is to be noted of occurrence @i; false when all of it stands already. */
static bool to_note(struct engine *e, uint32_t i, const struct seen *s, wall_t now,
		    struct deadline *out)
{
	const struct occurrence *o = &e->campaign->occurrences[i];

	*out = (struct deadline){
		.occurrence = engine_occurrence_id(e, i),
		.due = o->due,
		.wall = zone_local(e->campaign->zone, o->due),
		.face = face_of(e, i),
		.changed = now,
	};
	/* A past one that was kept stands under the old data, and stays noted so. */
	if (s != NULL && s->due == o->due)
		out->wall = s->wall;
	/* Two edits within a second are two; a clock that was put back makes none the same. */
	if (s != NULL)
		out->changed = MAX(now, s->changed + SECOND);
	return s == NULL || s->due != o->due || s->face != out->face;
}

int deadlines_note(struct engine *e, wall_t now, struct err *err)
{
	const struct campaign *c = e->campaign;
	struct reading r;
	int rc = read_all(&r, e, c, err);

	for (uint32_t i = 0; i < c->n_occurrences && rc >= 0; i++) {
		const struct occurrence *o = &c->occurrences[i];
		g_autofree char *name = name_key(uid_of(c, i), campaign_text(c, o->rid));
		const struct seen *s = g_hash_table_lookup(r.name, name);

		struct deadline d;

		if (to_note(e, i, s, now, &d))
			rc = store_deadline_put(e->store, &d, err);
	}
	reading_fini(&r);
	return rc < 0 ? rc : 0;
}
