/*
 * feed.c - the calendar feed of a unit, or of the office, from what is known now.
 */
#include <errno.h>
#include <string.h>

#include "calendars/feed.h"
#include "private.h"

struct feeding {
	struct engine *e;
	GArray *items;
	GPtrArray *texts; /* owns what the items point at */
	wall_t *changed;  /* of each occurrence: when the files last gave it another face */
};

static char *keep(struct feeding *f, char *text)
{
	g_ptr_array_add(f->texts, text);
	return text;
}

/* The last thing that happened to one unit's item (NONE: to anybody's). */
static wall_t last_change(const struct feeding *f, const struct occurrence_facts *facts,
			  uint32_t unit, unsigned *count)
{
	wall_t at = f->changed[facts->occurrence];

	*count = 0;
	for (guint i = 0; i < facts->decisions->len; i++) {
		const struct item_decision *d =
			&g_array_index(facts->decisions, struct item_decision, i);

		if (unit != NONE && d->unit != unit)
			continue;
		++*count;
		at = MAX(at, d->at);
	}
	for (guint i = 0; i < facts->submissions->len; i++) {
		const struct item_submission *s =
			&g_array_index(facts->submissions, struct item_submission, i);

		if (unit != NONE && s->unit != unit)
			continue;
		++*count;
		at = MAX(at, s->stored);
	}
	return at;
}

/*
 * Seconds from when the campaign was first known to the last change, and what happened: all of it
 * stored, so that each change makes it greater, over any restart, and nothing else does.
 */
static unsigned sequence_of(const struct feeding *f, wall_t changed, unsigned count)
{
	dur_t since = MAX(changed - f->e->first_loaded, 0) / SECOND;

	return (unsigned)MIN(since + count, G_MAXINT32);
}

static void add_item(struct feeding *f, const struct occurrence_facts *facts,
		     const struct item_fact *it)
{
	struct engine *e = f->e;
	const struct occurrence *o = &e->campaign->occurrences[facts->occurrence];
	const struct obligation *ob = engine_obligation(e, facts->occurrence);
	const char *unit = engine_text(e, e->campaign->units[it->unit].id);
	unsigned count;
	wall_t changed = last_change(f, facts, it->unit, &count);
	struct feed_item item = {
		.key = keep(f, g_strjoin("\x1f", engine_key(e), engine_text(e, ob->uid),
					 engine_text(e, o->rid), unit, NULL)),
		.title = keep(f, engine_title(e, facts->occurrence)),
		.about = engine_text(e, ob->description),
		.due = it->due,
		.done = it->in_force,
		.cancelled = it->exempt,
		.sequence = sequence_of(f, changed, count),
		.changed = changed,
	};

	g_array_append_val(f->items, item);
}

/* All that owe it, in one event: the office wants to see how many are missing. */
static void add_whole(struct feeding *f, const struct occurrence_facts *facts)
{
	struct engine *e = f->e;
	const struct occurrence *o = &e->campaign->occurrences[facts->occurrence];
	const struct obligation *ob = engine_obligation(e, facts->occurrence);
	g_autofree char *title = engine_title(e, facts->occurrence);
	unsigned count;
	wall_t changed = last_change(f, facts, NONE, &count);
	struct feed_item item = {
		.key = keep(f, g_strjoin("\x1f", engine_key(e), engine_text(e, ob->uid),
					 engine_text(e, o->rid), "", NULL)),
		.about = engine_text(e, ob->description),
		.due = o->due,
		.done = facts->expected > 0 && facts->missing == 0,
		.sequence = sequence_of(f, changed, count),
		.changed = changed,
	};

	item.title = keep(
		f, g_strdup_printf("%s（应报%u，未报%u）", title, facts->expected, facts->missing));
	g_array_append_val(f->items, item);
}

static void add_occurrence(struct feeding *f, uint32_t occurrence, uint32_t unit, bool whole)
{
	bool own = engine_obligation(f->e, occurrence)->category == CATEGORY_MILESTONE;
	struct occurrence_facts *facts = facts_load(f->e, occurrence, whole ? NONE : unit);
	const struct item_fact *it = facts_item(facts, unit);

	if (it != NULL && it->tracked)
		add_item(f, facts, it);
	else if (it == NULL && whole && !own && facts->n > 0)
		add_whole(f, facts);
	facts_free(&facts);
}

static uint32_t unit_named(const struct engine *e, const char *unit)
{
	return strcmp(unit, "office") == 0 ? e->campaign->office
					   : campaign_find_unit(e->campaign, unit);
}

static void on_deadline(void *arg, const struct deadline *d)
{
	struct feeding *f = arg;
	uint32_t i = campaign_find_occurrence(f->e->campaign, d->uid, d->rid);

	if (i != NONE)
		f->changed[i] = MAX(d->changed, f->e->first_loaded);
}

static void read_changes(struct feeding *f)
{
	uint32_t n = f->e->campaign->n_occurrences;

	f->changed = g_new(wall_t, n);
	for (uint32_t i = 0; i < n; i++)
		f->changed[i] = f->e->first_loaded;
	(void)store_deadlines(f->e->store, f->e->id, on_deadline, f);
}

/* Whom to write to about it: the first of the office who has a mailbox. */
static void set_office(struct feed *feed, const struct engine *e)
{
	const struct campaign *c = e->campaign;

	feed->office = engine_text(e, c->units[c->office].name);
	feed->address = "";
	for (uint32_t i = 0; i < c->n_contacts && feed->address[0] == 0; i++)
		if (c->contacts[i].unit == c->office)
			feed->address = engine_text(e, c->contacts[i].address[CHANNEL_EMAIL]);
}

char *engine_feed(struct engine *e, const char *unit, wall_t now, struct err *err)
{
	uint32_t u = unit_named(e, unit);
	struct feeding f = {.e = e};
	struct feed feed = {.zone = e->campaign->zone, .now = now};
	g_autofree char *name = NULL;
	char *text;

	if (u == NONE) {
		(void)err_set(err, -ENOENT, "没有这个单位：%s", unit);
		return NULL;
	}
	f.items = g_array_new(FALSE, FALSE, sizeof(struct feed_item));
	f.texts = g_ptr_array_new_with_free_func(g_free);
	read_changes(&f);
	facts_scope(e);
	for (uint32_t i = 0; i < e->campaign->n_occurrences; i++)
		add_occurrence(&f, i, u, u == e->campaign->office);
	name = g_strdup_printf("%s：%s", engine_text(e, e->campaign->name),
			       engine_text(e, e->campaign->units[u].name));
	feed.name = name;
	set_office(&feed, e);
	feed.items = f.items;
	text = feed_write(&feed);
	g_array_unref(f.items);
	g_ptr_array_unref(f.texts);
	g_free(f.changed);
	return text;
}

/* ---- the files in force ------------------------------------------------------ */

static void on_file(void *arg, const char *path, const void *bytes, size_t size)
{
	g_autofree char *text = g_base64_encode(bytes, size);

	json_array_append_new(arg, json_pack("{s:s, s:s}", "path", path, "base64", text));
}

json_t *engine_files(struct engine *e)
{
	json_t *list = json_array();

	(void)store_files_each(e->store, e->id, on_file, list);
	return json_pack("{s:s, s:o}", "campaign", engine_key(e), "files", list);
}
