/*
 * burst.c - what many messages claimed after one another have in common.
 *
 * Rendering one message needs the whole occurrence (how many are missing) and a
 * look at all contacts; doing that for each of 100,000 messages would take hours.
 * So the first claim of a burst loads it and the last one drops it.  Nothing here
 * may be older than the transaction that reads it: what a submission or decision
 * makes stale is loaded anew at the next claim (burst_stale), and a transaction that
 * was rolled back drops everything, whoever made it.
 */
#include <string.h>

#include "burst.h"

#define CONTACTS_WORTH 8 /* messages: for fewer, looking through the contacts is cheaper */

struct texts_key {
	wall_t t;
	uint32_t occurrence;
	bool english;
};

struct burst {
	GHashTable *facts;              /* occurrence -> struct occurrence_facts * */
	GHashTable *words;              /* id -> char * */
	GHashTable *contacts[CHANNELS]; /* address, in the campaign's text -> contact + 1 */
	GHashTable *texts;              /* struct texts_key * -> struct burst_texts * */
	GArray *stale;                  /* struct stale */
	struct burst_now now;           /* of the latest message */
	unsigned rollbacks;             /* of the store, when it was begun */
};

struct stale {
	uint32_t occurrence, unit;
};

static void drop_facts(gpointer p)
{
	struct occurrence_facts *f = p;

	facts_free(&f);
}

static void drop_texts(gpointer p)
{
	struct burst_texts *t = p;

	g_free(t->due_text);
	g_free(t->due_iso);
	g_free(t->on_time_text);
	g_free(t);
}

static guint texts_hash(gconstpointer p)
{
	const struct texts_key *k = p;

	return (guint)(k->t / 1000) ^ k->occurrence << 8 ^ (guint)k->english;
}

static gboolean texts_equal(gconstpointer a, gconstpointer b)
{
	const struct texts_key *x = a, *y = b;

	return x->t == y->t && x->occurrence == y->occurrence && x->english == y->english;
}

static struct burst *burst_of(struct engine *e)
{
	struct burst *b = e->burst;

	if (b != NULL && b->rollbacks == store_rollbacks(e->store))
		return b;
	burst_end(e);
	b = e->burst = g_new0(struct burst, 1);
	b->rollbacks = store_rollbacks(e->store);
	b->facts = g_hash_table_new_full(NULL, NULL, NULL, drop_facts);
	b->words = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	b->texts = g_hash_table_new_full(texts_hash, texts_equal, g_free, drop_texts);
	b->stale = g_array_new(FALSE, FALSE, sizeof(struct stale));
	return b;
}

static void now_clear(struct burst_now *n)
{
	g_clear_pointer(&n->text, g_free);
	g_clear_pointer(&n->iso, g_free);
}

void burst_end(struct engine *e)
{
	struct burst *b = e->burst;

	if (b == NULL)
		return;
	e->burst = NULL;
	g_hash_table_unref(b->facts);
	g_hash_table_unref(b->words);
	g_hash_table_unref(b->texts);
	for (int i = 0; i < CHANNELS; i++)
		g_clear_pointer(&b->contacts[i], g_hash_table_unref);
	g_array_unref(b->stale);
	now_clear(&b->now);
	g_free(b);
}

void burst_stale(struct engine *e, uint32_t occurrence, uint32_t unit)
{
	struct stale s = {occurrence, unit};

	if (e->burst == NULL)
		return;
	if (unit == NONE)
		(void)g_hash_table_remove(e->burst->facts, GUINT_TO_POINTER(occurrence));
	else if (g_hash_table_contains(e->burst->facts, GUINT_TO_POINTER(occurrence)))
		g_array_append_val(e->burst->stale, s);
}

/* One item of an occurrence is known anew; its counts follow. */
static void refresh(struct engine *e, const struct stale *s)
{
	struct occurrence_facts *all =
		g_hash_table_lookup(e->burst->facts, GUINT_TO_POINTER(s->occurrence));
	struct item_fact *it = all == NULL ? NULL : facts_item(all, s->unit);
	struct occurrence_facts *one;

	if (it == NULL)
		return;
	one = facts_load(e, s->occurrence, s->unit);
	if (it->tracked && !it->exempt) {
		all->expected--;
		all->missing -= it->outstanding;
	}
	*it = one->items[0];
	all->expected += one->expected;
	all->missing += one->missing;
	facts_free(&one);
}

struct occurrence_facts *burst_facts(struct engine *e, uint32_t occurrence)
{
	struct burst *b = burst_of(e);
	struct occurrence_facts *f;

	for (guint i = 0; i < b->stale->len; i++)
		refresh(e, &g_array_index(b->stale, struct stale, i));
	g_array_set_size(b->stale, 0);
	f = g_hash_table_lookup(b->facts, GUINT_TO_POINTER(occurrence));
	if (f == NULL) {
		f = facts_load(e, occurrence, NONE);
		g_hash_table_insert(b->facts, GUINT_TO_POINTER(occurrence), f);
	}
	return f;
}

const char *burst_word(struct engine *e, int64_t word)
{
	struct burst *b = burst_of(e);
	char *text = g_hash_table_lookup(b->words, (gpointer)(intptr_t)word);

	if (text == NULL) {
		text = store_word_get(e->store, word);
		if (text == NULL)
			text = g_strdup("");
		g_hash_table_insert(b->words, (gpointer)(intptr_t)word, text);
	}
	return text;
}

const struct burst_texts *burst_texts(struct engine *e, uint32_t occurrence, wall_t due,
				      bool english)
{
	struct burst *b = burst_of(e);
	struct texts_key key = {due, occurrence, english};
	struct burst_texts *t = g_hash_table_lookup(b->texts, &key);

	if (t != NULL)
		return t;
	t = g_new0(struct burst_texts, 1);
	t->due_text = compose_due_text(e, due, engine_obligation(e, occurrence)->all_day, english);
	t->due_iso = zone_format(e->campaign->zone, due);
	t->on_time_text = compose_moment(e, engine_ladder(e, occurrence, due)->on_time, english);
	g_hash_table_insert(b->texts, g_memdup2(&key, sizeof(key)), t);
	return t;
}

const struct burst_now *burst_now(struct engine *e, wall_t tick, bool english)
{
	struct burst_now *n = &burst_of(e)->now;

	if (n->text != NULL && n->tick == tick && n->english == english)
		return n;
	now_clear(n);
	n->tick = tick;
	n->english = english;
	n->text = compose_moment(e, tick, english);
	n->iso = zone_format(e->campaign->zone, tick);
	return n;
}

/* The first contact with an address counts, as in looking through them. */
static void know_contacts(struct engine *e, enum channel channel)
{
	const struct campaign *c = e->campaign;
	GHashTable *of = g_hash_table_new(g_str_hash, g_str_equal);

	for (uint32_t i = c->n_contacts; i > 0; i--) {
		const struct contact *p = &c->contacts[i - 1];

		if (p->address[channel] != 0)
			g_hash_table_insert(of, (gpointer)campaign_text(c, p->address[channel]),
					    GUINT_TO_POINTER(i));
	}
	burst_of(e)->contacts[channel] = of;
}

void burst_expect(struct engine *e, enum channel channel, unsigned messages)
{
	if (messages >= CONTACTS_WORTH && burst_of(e)->contacts[channel] == NULL)
		know_contacts(e, channel);
}

uint32_t burst_contact(struct engine *e, enum channel channel, const char *address)
{
	const struct campaign *c = e->campaign;
	GHashTable *of = burst_of(e)->contacts[channel];

	if (of != NULL)
		return GPOINTER_TO_UINT(g_hash_table_lookup(of, address)) - 1; /* 0 - 1 = NONE */
	for (uint32_t i = 0; i < c->n_contacts; i++)
		if (strcmp(campaign_text(c, c->contacts[i].address[channel]), address) == 0)
			return i;
	return NONE;
}
