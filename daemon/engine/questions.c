/*
 * questions.c - what people and programs ask of the campaign in force; answers are JSON.
 */
#include <string.h>

#include "daemon/core/shown.h"
#include "private.h"

static json_t *text(const char *s)
{
	json_t *j = json_string(s == NULL ? "" : s);

	return j != NULL ? j
			 : json_string("\xef\xbf\xbd"); /* not UTF-8: never lose the row for it */
}

static json_t *instant(const struct engine *e, wall_t t)
{
	g_autofree char *s = NULL;

	if (t == 0 || t == WALL_NEVER || t == WALL_ALWAYS)
		return json_null();
	s = zone_format(e->campaign->zone, t);
	return json_string(s);
}

/* Without the key that a robot's address is. */
static json_t *shown(const char *address)
{
	g_autofree char *s = address_shown(address == NULL ? "" : address);

	return text(s);
}

static bool is(const char *want, const char *have)
{
	return want == NULL || want[0] == 0 || strcmp(want, have) == 0;
}

static bool is_enough(const json_t *list, const struct engine_filter *f)
{
	return f->max != 0 && json_array_size(list) >= f->max;
}

static gint by_due(gconstpointer a, gconstpointer b, gpointer arg)
{
	const struct campaign *c = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (c->occurrences[x].due != c->occurrences[y].due)
		return c->occurrences[x].due < c->occurrences[y].due ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Indexes of all occurrences, by deadline. */
static GArray *in_order(const struct campaign *c)
{
	GArray *order = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (uint32_t i = 0; i < c->n_occurrences; i++)
		g_array_append_val(order, i);
	g_array_sort_with_data(order, by_due, (gpointer)c);
	return order;
}

json_t *engine_due(struct engine *e, const struct engine_filter *f, wall_t now)
{
	g_autoptr(GArray) order = in_order(e->campaign);
	json_t *list = json_array();

	for (uint32_t n = 0; n < order->len && !is_enough(list, f); n++) {
		uint32_t i = g_array_index(order, uint32_t, n);
		const struct obligation *ob = engine_obligation(e, i);
		const struct occurrence *o = &e->campaign->occurrences[i];
		struct occurrence_facts *facts;

		if (!is(f->uid, engine_text(e, ob->uid)) || !is(f->rid, engine_text(e, o->rid)))
			continue;
		facts = facts_load(e, i, NONE);
		for (uint32_t k = 0; k < facts->n && !is_enough(list, f); k++) {
			const struct item_fact *it = &facts->items[k];
			const struct unit *u = &e->campaign->units[it->unit];
			enum standing st = facts_standing(e, facts, it, now);
			const struct ladder *l = engine_ladder(e, i, it->due);

			if (!is(f->unit, engine_text(e, u->id)) ||
			    !is(f->standing, standing_word(st)))
				continue;
			json_array_append_new(
				list,
				json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, "
					  "s:o, s:b, s:b}",
					  "unit", text(engine_text(e, u->id)), "name",
					  text(engine_text(e, u->name)), "uid",
					  text(engine_text(e, ob->uid)), "rid",
					  text(engine_text(e, o->rid)), "title",
					  text(engine_text(e, o->summary)), "number",
					  ob->recurs ? json_integer(o->number) : json_null(),
					  "opens", instant(e, o->opens), "due", instant(e, it->due),
					  "on_time", instant(e, l->on_time), "closes",
					  instant(e, l->closes), "standing", standing_word(st),
					  "received", instant(e, it->first_received), "extended",
					  it->extended, "zero", it->zero));
		}
		facts_free(&facts);
	}
	return list;
}

json_t *engine_units(struct engine *e, const struct engine_filter *f, wall_t now)
{
	const struct campaign *c = e->campaign;
	json_t *list = json_array();
	unsigned(*counts)[STANDINGS] = g_malloc0_n(c->n_units + 1, sizeof(*counts));

	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		struct occurrence_facts *facts = facts_load(e, i, NONE);

		for (uint32_t k = 0; k < facts->n; k++)
			counts[facts->items[k].unit]
			      [facts_standing(e, facts, &facts->items[k], now)]++;
		facts_free(&facts);
	}
	for (uint32_t u = 0; u < c->n_units; u++) {
		json_t *row, *contacts = json_array(), *standings = json_object();

		for (uint32_t k = 0; k < c->units[u].contacts; k++) {
			const struct contact *p = &c->contacts[c->units[u].contact + k];
			json_t *pj = json_pack("{s:s, s:o}", "role", role_word((enum role)p->role),
					       "person", text(campaign_text(c, p->person)));

			for (int ch = 0; ch < CHANNELS; ch++)
				if (p->address[ch] != 0) {
					wall_t since = 0;
					int64_t id =
						engine_address(e, (enum channel)ch, p->address[ch]);

					json_object_set_new(
						pj, channel_word((enum channel)ch),
						shown(campaign_text(c, p->address[ch])));
					if (id > 0 &&
					    store_address_get(e->store, id, NULL, NULL, &since) &&
					    since != 0)
						json_object_set_new(pj, "unreachable_since",
								    instant(e, since));
				}
			json_array_append_new(contacts, pj);
		}
		for (int st = 0; st < STANDINGS; st++)
			if (counts[u][st] > 0)
				json_object_set_new(standings, standing_word((enum standing)st),
						    json_integer(counts[u][st]));
		row = json_pack("{s:o, s:o, s:o, s:o, s:o}", "unit",
				text(campaign_text(c, c->units[u].id)), "name",
				text(campaign_text(c, c->units[u].name)), "kind",
				text(campaign_text(c, c->units[u].kind)), "contacts", contacts,
				"items", standings);
		if (is(f->unit, campaign_text(c, c->units[u].id)))
			json_array_append_new(list, row);
		else
			json_decref(row);
	}
	g_free(counts);
	return list;
}

struct listing {
	struct engine *e;
	const struct engine_filter *f;
	json_t *list;
	uint32_t occurrence;
};

static void on_notice(void *arg, const struct notice *n)
{
	struct listing *l = arg;
	struct engine *e = l->e;
	g_autofree char *step = NULL, *role = NULL, *address = NULL;
	enum channel channel = CHANNEL_EMAIL;
	enum notice_state state = n->state;
	uint32_t unit = engine_unit_of(e, n->unit);
	const char *unit_id = unit == NONE ? "-" : engine_text(e, e->campaign->units[unit].id);
	const char *word;

	if (!is(l->f->unit, unit_id) || is_enough(l->list, l->f))
		return;
	if (state == NOTICE_PLANNED && n->message != 0 &&
	    store_outbox_state(e->store, n->message) == OUTBOX_SENT)
		state = NOTICE_SENT;
	word = notice_state_word(state);
	if (!is(l->f->state, word))
		return;
	step = store_word_get(e->store, n->step);
	role = store_word_get(e->store, n->role);
	(void)store_address_get(e->store, n->address, &channel, &address, NULL);
	json_array_append_new(
		l->list,
		json_pack(
			"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:I}", "at",
			instant(e, n->at), "sort", sort_word(n->sort), "step", text(step), "uid",
			text(l->occurrence == NONE
				     ? "-"
				     : engine_text(e, engine_obligation(e, l->occurrence)->uid)),
			"rid",
			text(l->occurrence == NONE
				     ? "-"
				     : engine_text(e, e->campaign->occurrences[l->occurrence].rid)),
			"due", instant(e, n->due), "unit", text(unit_id), "role", text(role),
			"address", shown(address), "channel", channel_word(channel), "state", word,
			"reason", text(n->reason), "message", (json_int_t)n->message));
}

json_t *engine_notices(struct engine *e, const struct engine_filter *f, wall_t now)
{
	struct listing l = {e, f, json_array(), NONE};

	(void)now;
	for (uint32_t i = 0; i < e->campaign->n_occurrences; i++) {
		l.occurrence = i;
		if (is(f->uid, engine_text(e, engine_obligation(e, i)->uid)) &&
		    is(f->rid, engine_text(e, e->campaign->occurrences[i].rid)))
			(void)store_notices(e->store, engine_occurrence_id(e, i), 0, on_notice, &l);
	}
	l.occurrence = NONE;
	if (f->uid == NULL || f->uid[0] == 0)
		(void)store_notices(e->store, 0, 0, on_notice, &l);
	return l.list;
}

static void on_message(void *arg, const struct outbox_row *row)
{
	struct listing *l = arg;
	struct engine *e = l->e;

	json_array_append_new(
		l->list,
		json_pack("{s:I, s:o, s:s, s:o, s:s, s:i, s:o, s:o, s:i, s:o}", "message",
			  (json_int_t)row->id, "tick", instant(e, row->tick), "channel",
			  channel_word(row->channel), "address", shown(row->to), "state",
			  outbox_state_word(row->state), "attempts", row->attempts, "next_try",
			  row->state == OUTBOX_RETRY || row->state == OUTBOX_UNKNOWN ||
					  row->state == OUTBOX_QUEUED
				  ? instant(e, row->next_try)
				  : json_null(),
			  "done", instant(e, row->done), "status", row->status, "reply",
			  text(row->reply)));
}

json_t *engine_deliveries(struct engine *e, const struct engine_filter *f, wall_t now)
{
	struct listing l = {e, f, json_array(), NONE};
	int state = -1;

	(void)now;
	for (int i = 0; f->state != NULL && f->state[0] != 0 && i < OUTBOX_STATES; i++)
		if (strcmp(f->state, outbox_state_word((enum outbox_state)i)) == 0)
			state = i;
	(void)store_outbox_list(e->store, e->id, state, f->max == 0 ? 1000 : f->max, on_message,
				&l);
	return l.list;
}

static void on_tray(void *arg, const struct tray_item *t)
{
	struct listing *l = arg;
	struct engine *e = l->e;

	if (!is(l->f->unit, t->unit))
		return;
	json_array_append_new(
		l->list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "id",
				   (json_int_t)t->id, "unit", text(t->unit), "uid", text(t->uid),
				   "rid", text(t->rid), "received", instant(e, t->received),
				   "reason", text(t->reason), "zero", t->zero, "way", text(t->way),
				   "actor", text(t->actor), "decided", instant(e, t->decided),
				   "outcome", text(t->outcome)));
}

json_t *engine_tray(struct engine *e, const struct engine_filter *f, wall_t now)
{
	struct listing l = {e, f, json_array(), NONE};

	(void)now;
	(void)store_tray_list(e->store, e->id, f->state == NULL || strcmp(f->state, "all") != 0,
			      on_tray, &l);
	return l.list;
}

static void on_entry(void *arg, int64_t seq, wall_t at, const char *campaign, const char *actor,
		     const char *event, const char *detail)
{
	struct listing *l = arg;
	json_t *d = json_loads(detail, 0, NULL);

	(void)campaign;
	json_array_append_new(l->list,
			      json_pack("{s:I, s:o, s:o, s:o, s:o}", "seq", (json_int_t)seq, "at",
					instant(l->e, at), "actor", text(actor), "event",
					text(event), "detail", d != NULL ? d : json_object()));
}

json_t *engine_journal(struct engine *e, const struct engine_filter *f, wall_t now)
{
	struct listing l = {e, f, json_array(), NONE};

	(void)now;
	(void)store_journal_list(e->store, engine_key(e), f->before, f->max == 0 ? 1000 : f->max,
				 on_entry, &l);
	return l.list;
}

json_t *engine_roster(struct engine *e, const struct engine_filter *f, wall_t now)
{
	const struct campaign *c = e->campaign;
	json_t *list = json_array();

	for (uint32_t i = 0; i < c->n_rosters; i++)
		for (uint32_t k = 0; k < c->rosters[i].shifts && !is_enough(list, f); k++) {
			const struct shift *s = &c->shifts[c->rosters[i].shift + k];

			json_array_append_new(
				list, json_pack("{s:o, s:o, s:o, s:o, s:s, s:b}", "roster",
						text(campaign_text(c, c->rosters[i].name)), "from",
						instant(e, s->from), "to", instant(e, s->to),
						"person", text(campaign_text(c, s->person)), "part",
						s->leader ? "leader" : "staff", "now",
						s->from <= now && now < s->to));
		}
	return list;
}

/* What is paused: "*" for everything, unit ids, and tags behind a '#'. */
static json_t *pauses(struct engine *e)
{
	json_t *list = json_array();
	GHashTableIter it;
	gpointer key;

	facts_scope(e);
	if (e->paused)
		json_array_append_new(list, json_string("*"));
	g_hash_table_iter_init(&it, e->paused_units);
	while (g_hash_table_iter_next(&it, &key, NULL))
		json_array_append_new(list, text(key));
	g_hash_table_iter_init(&it, e->paused_tags);
	while (g_hash_table_iter_next(&it, &key, NULL)) {
		g_autofree char *tag = g_strdup_printf("#%s", (const char *)key);

		json_array_append_new(list, text(tag));
	}
	return list;
}

static void on_held(void *arg, const struct notice *n)
{
	size_t *count = arg;

	(void)n;
	(*count)++;
}

/* Of whose holidays nothing is known: whoever counts working days should see it. */
static json_t *unknown_years(const struct campaign *c)
{
	GArray *years = campaign_unknown_years(c);
	json_t *list = json_array();

	for (guint i = 0; i < years->len; i++)
		json_array_append_new(list, json_integer(g_array_index(years, int, i)));
	g_array_unref(years);
	return list;
}

json_t *engine_status(struct engine *e, wall_t now)
{
	const struct campaign *c = e->campaign;
	unsigned counts[STANDINGS] = {0}, boxes[OUTBOX_STATES], expected = 0;
	json_t *standings = json_object(), *outbox = json_object(), *tray;
	struct engine_filter open = {0};
	size_t in_tray, n_held = 0;

	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		struct occurrence_facts *f = facts_load(e, i, NONE);

		for (uint32_t k = 0; k < f->n; k++)
			counts[facts_standing(e, f, &f->items[k], now)]++;
		expected += f->expected;
		facts_free(&f);
		(void)store_notices_held(e->store, engine_occurrence_id(e, i), on_held, &n_held);
	}
	for (int st = 0; st < STANDINGS; st++)
		json_object_set_new(standings, standing_word((enum standing)st),
				    json_integer(counts[st]));
	(void)store_outbox_count(e->store, e->id, boxes);
	for (int st = 0; st < OUTBOX_STATES; st++)
		json_object_set_new(outbox, outbox_state_word((enum outbox_state)st),
				    json_integer(boxes[st]));
	tray = engine_tray(e, &open, now);
	in_tray = json_array_size(tray);
	json_decref(tray);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:I, s:I, s:o, s:o}",
			 "unknown_years", unknown_years(c), "paused", pauses(e), "campaign",
			 text(engine_key(e)), "name", text(campaign_text(c, c->name)), "now",
			 instant(e, now), "units", (int)c->n_units, "occurrences",
			 (int)c->n_occurrences, "expected", (int)expected, "standings", standings,
			 "outbox", outbox, "tray", (json_int_t)in_tray, "held", (json_int_t)n_held,
			 "track_from", instant(e, e->track_from), "up_since",
			 instant(e, e->up_since));
}
