/*
 * engine.c - a campaign in force: its ids in the store and the caches around them.
 *
 * Nothing here is more than a memory of what can be asked again; a restart loses
 * nothing but time.
 */
#include <errno.h>
#include <sodium/crypto_generichash.h>
#include <sodium/crypto_shorthash_siphash24.h>
#include <sodium/utils.h>
#include <string.h>

#include "burst.h"
#include "daemon/campaign/load.h"
#include "private.h"

#define UNIT_IDS_MAX (1 << 28)
#define EXPIRY_DEFAULT (3 * DAY)
#define DIGEST_TEXT 256 /* bytes: enough for most */

static guint ladder_hash(gconstpointer p)
{
	const struct ladder_key *k = p;

	return (guint)(k->due / 1000) ^ (k->policy << 20) ^ (k->alarm << 8) ^ k->alarms;
}

static gboolean ladder_equal(gconstpointer a, gconstpointer b)
{
	const struct ladder_key *x = a, *y = b;

	return x->due == y->due && x->policy == y->policy && x->alarm == y->alarm &&
	       x->alarms == y->alarms;
}

static void ladder_drop(gpointer p)
{
	struct ladder *l = p;

	ladder_free(&l);
}

static void digest_key_make(struct engine *e)
{
	const char *key = engine_key(e);

	must(crypto_generichash(e->digest_key, sizeof(e->digest_key), (const unsigned char *)key,
				strlen(key), NULL, 0) == 0);
}

/* Keyed by the campaign; each fact with its end, so that "a" "bc" is not "ab" "c". */
void engine_digest(const struct engine *e, const char *const *facts, char *out, size_t digits)
{
	unsigned char sum[crypto_shorthash_siphashx24_BYTES];
	char hex[ENGINE_DIGEST_MAX + 1];
	g_autoptr(GString) text = g_string_sized_new(DIGEST_TEXT);

	G_STATIC_ASSERT(sizeof(e->digest_key) == crypto_shorthash_siphashx24_KEYBYTES);
	must(digits <= ENGINE_DIGEST_MAX);
	for (; *facts != NULL; facts++)
		g_string_append_len(text, *facts, (gssize)strlen(*facts) + 1);
	must(crypto_shorthash_siphashx24(sum, (const unsigned char *)text->str, text->len,
					 e->digest_key) == 0);
	(void)sodium_bin2hex(hex, sizeof(hex), sum, sizeof(sum));
	memcpy(out, hex, digits);
	out[digits] = '\0';
}

const char *engine_text(const struct engine *e, text_t t)
{
	return campaign_text(e->campaign, t);
}

const struct obligation *engine_obligation(const struct engine *e, uint32_t occurrence)
{
	return &e->campaign->obligations[e->campaign->occurrences[occurrence].obligation];
}

const struct policy *engine_policy(const struct engine *e, uint32_t occurrence)
{
	return &e->campaign->policies[engine_obligation(e, occurrence)->policy];
}

const struct ladder *engine_ladder(struct engine *e, uint32_t occurrence, wall_t due)
{
	const struct occurrence *o = &e->campaign->occurrences[occurrence];
	struct ladder_key key = {engine_obligation(e, occurrence)->policy, o->alarm, o->alarms,
				 due};
	struct ladder *l;

	if (e->ladder != NULL && ladder_equal(&e->ladder_key, &key))
		return e->ladder;
	l = g_hash_table_lookup(e->ladders, &key);
	if (l == NULL) {
		l = ladder_build(e->campaign, engine_policy(e, occurrence),
				 e->campaign->alarms + o->alarm, o->alarms, due);
		g_hash_table_insert(e->ladders, g_memdup2(&key, sizeof(key)), l);
	}
	e->ladder_key = key;
	e->ladder = l;
	return l;
}

/*
 * Ids are remembered, but a rollback may have taken the rows away that they stand for:
 * then SQLite gives the same number to something else, and nothing may be built on it.
 */
static void check_ids(struct engine *e)
{
	if (e->generation == store_generation(e->store))
		return;
	e->generation = store_generation(e->store);
	g_hash_table_remove_all(e->words);
	g_hash_table_remove_all(e->addresses);
	g_hash_table_remove_all(e->messages);
	g_array_set_size(e->unit_at, 0);
	memset(e->occurrence_ids, 0, sizeof(int64_t) * e->campaign->n_occurrences);
	memset(e->unit_ids, 0, sizeof(uint32_t) * e->campaign->n_units);
	for (uint32_t u = 0; u < e->campaign->n_units; u++)
		(void)engine_unit_id(e, u); /* .unit_at must know all; a failure is met again */
}

int64_t engine_occurrence_id(struct engine *e, uint32_t occurrence)
{
	check_ids(e);
	if (e->occurrence_ids[occurrence] <= 0)
		e->occurrence_ids[occurrence] = store_occurrence(
			e->store, e->id, engine_text(e, engine_obligation(e, occurrence)->uid),
			engine_text(e, e->campaign->occurrences[occurrence].rid));
	return e->occurrence_ids[occurrence];
}

/* Ids are handed out from 1 on, so a table of them is smaller and quicker than any other. */
static void know_unit(struct engine *e, uint32_t unit, int64_t id)
{
	must(id > 0 && id < UNIT_IDS_MAX);
	e->unit_ids[unit] = (uint32_t)id;
	if (e->unit_at->len <= (guint)id)
		g_array_set_size(e->unit_at, (guint)id + 1);
	g_array_index(e->unit_at, uint32_t, id) = unit + 1;
}

int64_t engine_unit_id(struct engine *e, uint32_t unit)
{
	check_ids(e);
	if (e->unit_ids[unit] == 0) {
		int64_t id =
			store_unit(e->store, e->id, engine_text(e, e->campaign->units[unit].id));

		if (id <= 0)
			return id;
		know_unit(e, unit, id);
	}
	return e->unit_ids[unit];
}

uint32_t engine_unit_of(struct engine *e, int64_t id)
{
	check_ids(e);
	if (id <= 0 || id >= e->unit_at->len)
		return NONE;
	return g_array_index(e->unit_at, uint32_t, id) - 1; /* 0 - 1 is NONE */
}

uint32_t engine_occurrence_of(struct engine *e, int64_t id)
{
	uint32_t n = e->campaign->n_occurrences, at = e->occurrence_hint;

	/* Nearly always the one that was asked for last. */
	for (uint32_t i = 0; i < n; i++, at++) {
		at = at < n ? at : 0;
		if (engine_occurrence_id(e, at) == id) {
			e->occurrence_hint = at;
			return at;
		}
	}
	return NONE;
}

int64_t engine_word(struct engine *e, const char *word)
{
	int64_t *have;
	int64_t id;

	check_ids(e);
	have = g_hash_table_lookup(e->words, word);
	if (have != NULL)
		return *have;
	id = store_word(e->store, word);
	if (id > 0)
		g_hash_table_insert(e->words, g_strdup(word), g_memdup2(&id, sizeof(id)));
	return id;
}

int64_t engine_address(struct engine *e, enum channel channel, text_t address)
{
	int64_t key = (int64_t)channel << 32 | address;
	int64_t *have;
	int64_t id;

	check_ids(e);
	have = g_hash_table_lookup(e->addresses, &key);
	if (have != NULL)
		return *have;
	id = store_address(e->store, channel, engine_text(e, address));
	if (id > 0)
		g_hash_table_insert(e->addresses, g_memdup2(&key, sizeof(key)),
				    g_memdup2(&id, sizeof(id)));
	return id;
}

struct meeting {
	struct engine *e;
	uint32_t next; /* the unit that stands behind the one met last */
};

/* The store knows units in the order in which they first came, which is nearly the files'. */
static void on_unit(void *arg, int64_t id, const char *unit)
{
	struct meeting *m = arg;
	const struct campaign *c = m->e->campaign;
	uint32_t u = m->next;

	if (u >= c->n_units || strcmp(engine_text(m->e, c->units[u].id), unit) != 0)
		u = campaign_find_unit(c, unit);
	if (u == NONE)
		return;
	know_unit(m->e, u, id);
	m->next = u + 1;
}

static int intern_units(struct engine *e, struct err *err)
{
	struct meeting m = {.e = e};

	/* In a campaign made by hand each is asked for: looking through would take its square. */
	if (e->campaign->index != NULL && store_each_unit(e->store, e->id, on_unit, &m) < 0)
		return err_set(err, -EIO, "数据库读不出报送单位");
	for (uint32_t u = 0; u < e->campaign->n_units; u++)
		if (engine_unit_id(e, u) < 0)
			return err_set(err, -EIO, "数据库无法登记报送单位");
	return 0;
}

static void adopt(struct engine *e, struct campaign *c)
{
	e->campaign = c;
	e->look_for_gone = true;
	e->occurrence_ids = g_new0(int64_t, c->n_occurrences + 1);
	e->unit_ids = g_new0(uint32_t, c->n_units + 1);
	e->state = g_new0(struct occurrence_state, c->n_occurrences + 1);
	e->streak_wake = g_new0(wall_t, c->n_obligations + 1);
	for (uint32_t i = 0; i < c->n_occurrences; i++)
		e->state[i].dirty = true;
	e->ladders = g_hash_table_new_full(ladder_hash, ladder_equal, g_free, ladder_drop);
	e->unit_at = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	e->addresses = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	e->track_from = c->track_from != WALL_NEVER ? c->track_from : e->first_loaded;
	digest_key_make(e);
}

static void disown(struct engine *e)
{
	burst_end(e);
	e->ladder = NULL;
	g_clear_pointer(&e->ladders, g_hash_table_unref);
	g_clear_pointer(&e->unit_at, g_array_unref);
	g_clear_pointer(&e->addresses, g_hash_table_unref);
	g_clear_pointer(&e->occurrence_ids, g_free);
	g_clear_pointer(&e->unit_ids, g_free);
	g_clear_pointer(&e->state, g_free);
	g_clear_pointer(&e->streak_wake, g_free);
	campaign_free(&e->campaign);
}

/* Files that were edited while nobody ran are read now, as by a reload; the journal says so. */
static int note_edit(struct engine *e, wall_t now, struct err *err)
{
	const struct campaign *c = e->campaign;
	uint64_t kept = store_campaign_digest(e->store, e->id);

	if (kept == 0 || c->digest == 0 || kept == c->digest)
		return 0;
	return engine_journal_reload(e, NULL, now, err);
}

int engine_new(struct store *st, struct campaign *campaign, wall_t now, GPtrArray *report,
	       struct engine **out, struct err *err)
{
	struct engine *e = g_new0(struct engine, 1);
	int rc;

	e->store = st;
	e->generation = store_generation(st);
	e->expiry = EXPIRY_DEFAULT;
	e->clock_trusted = true;
	e->up_since = now;
	e->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	e->messages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	e->paused_units = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e->paused_tags = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e->tray_units = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	e->id = store_campaign(st, campaign_text(campaign, campaign->key), now, &e->first_loaded);
	rc = e->id < 0 ? err_set(err, -EIO, "数据库无法登记专项行动")
		       : deadlines_keep(e, campaign, now, report, err);
	adopt(e, campaign);
	if (rc >= 0)
		rc = intern_units(e, err);
	if (rc >= 0)
		rc = deadlines_note(e, now, err);
	if (rc >= 0)
		rc = note_edit(e, now, err);
	if (rc < 0) {
		engine_free(&e);
		return rc;
	}
	*out = e;
	return 0;
}

void engine_free(struct engine **ep)
{
	struct engine *e = *ep;

	if (e == NULL)
		return;
	*ep = NULL;
	disown(e);
	g_hash_table_unref(e->words);
	g_hash_table_unref(e->messages);
	g_hash_table_unref(e->paused_units);
	g_hash_table_unref(e->paused_tags);
	g_hash_table_unref(e->tray_units);
	g_free(e);
}

int engine_swap(struct engine *e, struct campaign *campaign, struct err *err)
{
	disown(e);
	adopt(e, campaign);
	return intern_units(e, err);
}

wall_t engine_first_loaded(const struct engine *e)
{
	return e->first_loaded;
}

const struct campaign *engine_campaign(const struct engine *e)
{
	return e->campaign;
}

const char *engine_key(const struct engine *e)
{
	return engine_text(e, e->campaign->key);
}

void engine_on_row(struct engine *e, engine_row_fn *fn, void *arg)
{
	e->on_row = fn;
	e->on_row_arg = arg;
}

void engine_set_expiry(struct engine *e, dur_t expiry)
{
	must(expiry > 0);
	e->expiry = expiry;
}

void engine_dirty(struct engine *e, uint32_t occurrence, uint32_t unit)
{
	e->state[occurrence].dirty = true;
	burst_stale(e, occurrence, unit);
}

void engine_touch(struct engine *e)
{
	burst_end(e);
	e->look_for_gone = true;
	for (uint32_t i = 0; i < e->campaign->n_occurrences; i++)
		e->state[i].dirty = true;
}

void engine_up(struct engine *e, wall_t now)
{
	e->up_since = now;
	engine_touch(e);
}

int engine_journal_add(struct engine *e, wall_t now, const char *actor, const char *event,
		       json_t *detail, struct err *err)
{
	char *text = json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS);
	int rc;

	must(text != NULL);
	rc = store_journal(e->store, now, engine_key(e), actor, event, text, err);
	free(text);
	json_decref(detail);
	return rc;
}

int engine_journal_reload(struct engine *e, json_t *changes, wall_t now, struct err *err)
{
	return engine_journal_add(e, now, "duband", "reload",
				  json_pack("{s:i, s:i, s:o*}", "units", (int)e->campaign->n_units,
					    "occurrences", (int)e->campaign->n_occurrences,
					    "changes", changes),
				  err);
}

char *engine_format(const struct engine *e, wall_t t)
{
	return zone_format(e->campaign->zone, t);
}

bool engine_parse(const struct engine *e, const char *text, bool end_of_day, wall_t *out)
{
	return zone_parse(e->campaign->zone, text, end_of_day, out);
}
