/*
 * compose.c - a leased message becomes everything a template may say.
 *
 * Civil times are resolved here, because notifiers know no zone.
 */
#include <string.h>

#include "burst.h"
#include "record.h"

#define TOKEN_DIGITS 10
#define IDENTITY_HEAD "duban."
#define IDENTITY_DIGITS 24

static const char *const weekdays_zh[7] = {"一", "二", "三", "四", "五", "六", "日"};
static const char *const weekdays_en[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const months_en[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/*
 * "8月9日（周五）17:00". The end of a day is its 24:00: 8月9日前 may be read as before that day
 * begins, while "by 9 Aug" includes it. A day on which something happens has no hour.
 */
char *compose_due_text(const struct engine *e, wall_t t, bool all_day, bool english)
{
	local_t local = zone_local(e->campaign->zone, t);
	int weekday = date_weekday(local_date(local));
	struct civil c;
	bool end_of_day, no_hour;

	local_split(local, &c);
	/*
	 * A milestone's day begins at midnight, a report's ends a second before it; so does
	 * one to which a person extended a timed deadline by giving a date.
	 */
	end_of_day = c.hour == 23 && c.minute == 59 && c.second == 59;
	no_hour = end_of_day || (all_day && c.hour == 0 && c.minute == 0);
	if (english && no_hour)
		return g_strdup_printf("%s %d %s", weekdays_en[weekday], c.day,
				       months_en[c.month - 1]);
	if (english)
		return g_strdup_printf("%02d:%02d on %s %d %s", c.hour, c.minute,
				       weekdays_en[weekday], c.day, months_en[c.month - 1]);
	if (no_hour)
		return g_strdup_printf("%d月%d日（周%s）%s", c.month, c.day, weekdays_zh[weekday],
				       end_of_day ? "24:00" : "");
	return g_strdup_printf("%d月%d日（周%s）%02d:%02d", c.month, c.day, weekdays_zh[weekday],
			       c.hour, c.minute);
}

char *engine_title(const struct engine *e, uint32_t occurrence)
{
	const struct occurrence *o = &e->campaign->occurrences[occurrence];

	if (!engine_obligation(e, occurrence)->recurs)
		return g_strdup(engine_text(e, o->summary));
	return g_strdup_printf("第%u期%s", o->number, engine_text(e, o->summary));
}

/* "8月9日17:30": an instant in passing. */
char *compose_moment(const struct engine *e, wall_t t, bool english)
{
	struct civil c;

	local_split(zone_local(e->campaign->zone, t), &c);
	if (english)
		return g_strdup_printf("%02d:%02d on %d %s", c.hour, c.minute, c.day,
				       months_en[c.month - 1]);
	return g_strdup_printf("%d月%d日%02d:%02d", c.month, c.day, c.hour, c.minute);
}

struct composing {
	struct engine *e;
	struct message *m;
	bool english;
};

static const char *keep(struct composing *k, const char *text)
{
	return message_keep(k->m, text);
}

static const char *keep_own(struct composing *k, char *text)
{
	const char *kept = keep(k, text);

	g_free(text);
	return kept;
}

/* Identifies the due item in subject and References; not a secret, only hard to mistype. */
static const char *token_of(struct composing *k, const struct message_item *it)
{
	const char *const facts[] = {"item", it->uid, it->rid, it->unit_id, NULL};
	char token[TOKEN_DIGITS + 1];

	engine_digest(k->e, facts, token, TOKEN_DIGITS);
	return keep(k, token);
}

static void compose_submission(struct composing *k, struct message_item *it,
			       const struct occurrence_facts *f, const struct notice *n)
{
	for (guint i = 0; i < f->submissions->len; i++) {
		const struct item_submission *s =
			&g_array_index(f->submissions, struct item_submission, i);

		if (n->sort == SORT_RECEIPT && s->id != n->n)
			continue;
		it->received_text = keep_own(k, compose_moment(k->e, s->received, k->english));
		it->zero = s->zero;
		if (n->sort == SORT_RECEIPT)
			break;
	}
}

static void compose_occurrence(struct composing *k, struct message_item *it, uint32_t occurrence,
			       uint32_t unit, const struct notice *n)
{
	struct engine *e = k->e;
	const struct occurrence *o = &e->campaign->occurrences[occurrence];
	const struct obligation *ob = engine_obligation(e, occurrence);
	struct occurrence_facts *all = burst_facts(e, occurrence);
	const struct item_fact *fact = unit == NONE ? NULL : facts_item(all, unit);
	const struct burst_texts *t = burst_texts(e, occurrence, n->due, k->english);

	it->uid = keep(k, engine_text(e, ob->uid));
	it->rid = keep(k, engine_text(e, o->rid));
	it->title = keep(k, engine_text(e, o->summary));
	it->description = keep(k, engine_text(e, ob->description));
	it->number = ob->recurs ? (int)o->number : 0;
	it->due = n->due;
	it->due_text = keep(k, t->due_text);
	it->due_iso = keep(k, t->due_iso);
	it->on_time_text = keep(k, t->on_time_text);
	it->expected = (int)all->expected;
	it->missing = (int)all->missing;
	it->received = (int)(all->expected - all->missing);
	if (unit != NONE)
		it->token = token_of(k, it);
	if (fact == NULL || fact->first_received == WALL_NEVER)
		return;
	if (n->sort == SORT_DECISION && fact->outstanding)
		return; /* what was received is not what is asked for */
	it->on_time = fact->first_received <= engine_ladder(e, occurrence, fact->judged)->on_time;
	all = facts_load(e, occurrence, unit);
	compose_submission(k, it, all, n);
	facts_free(&all);
}

/* The fields that a report must cover: those of the unit that the item names, else all its own. */
static const char *tags_of(struct composing *k, uint32_t unit)
{
	struct engine *e = k->e;
	const struct unit *u = &e->campaign->units[unit];
	GString *s = NULL;

	for (uint32_t i = 0; i < u->tags; i++) {
		const char *tag = engine_text(e, e->campaign->names[u->tag + i]);

		if (strcmp(tag, engine_text(e, u->kind)) == 0)
			continue;
		if (s == NULL)
			s = g_string_new(tag);
		else
			g_string_append_printf(s, "、%s", tag);
	}
	return s == NULL ? "" : keep_own(k, g_string_free(s, FALSE));
}

struct before {
	const struct notice *n; /* an exemption, or what says that the item is gone */
	bool told;
};

/* Does it say what the files made of what was told (told.c)? */
static bool is_edit(const struct notice *n)
{
	return n->sort == SORT_CORRECTION && n->n != NOTICE_N_CORRECTION;
}

static void on_before(void *arg, const struct notice *n)
{
	struct before *b = arg;

	/* Its deadline went to the same address in an earlier message. */
	if ((n->sort == SORT_REMIND || n->sort == SORT_DECISION || is_edit(n)) &&
	    n->address == b->n->address && n->state == NOTICE_PLANNED && n->message != 0 &&
	    n->message < b->n->message)
		b->told = true;
}

static bool was_invited(struct engine *e, const struct notice *n)
{
	struct before b = {n, false};

	if ((n->sort == SORT_DECISION || is_edit(n)) && n->occurrence != 0)
		(void)store_notices(e->store, n->occurrence, n->unit, on_before, &b);
	return b.told;
}

#define DUE_STEP SECOND /* deadlines have no fractions; told.c counts in them */

/* Who is gone keeps its name: the entry in the recipient's calendar has it. */
static void name_gone(struct composing *k, struct message_item *it, const struct notice *n)
{
	char *uid, *rid;

	if (store_occurrence_name(k->e->store, n->occurrence, &uid, &rid) >= 0 && uid != NULL) {
		it->uid = keep_own(k, uid);
		it->rid = keep_own(k, rid);
	}
	if (it->unit_id[0] == '\0') {
		char *unit = store_unit_name(k->e->store, n->unit);

		if (unit != NULL)
			it->unit_id = keep_own(k, unit);
	}
}

/* What an edit of the files made of what was told (told.c). */
static void compose_edit(struct composing *k, struct message_item *it, const struct notice *n)
{
	const bool all_day = false; /* unknown of what is gone */

	if (strcmp(it->step, CORRECTION_GONE) == 0) {
		name_gone(k, it, n);
		it->title = it->reason;
		it->reason = "";
		it->number = 0;
		it->due = n->due;
		it->due_text = keep_own(k, compose_due_text(k->e, n->due, all_day, k->english));
		it->due_iso = keep_own(k, zone_format(k->e->campaign->zone, n->due));
	} else {
		wall_t was = n->n - n->n % DUE_STEP;

		it->was_text = keep_own(k, compose_due_text(k->e, was, all_day, k->english));
	}
}

static struct message_item *add_notice(struct composing *k, const struct notice *n)
{
	struct engine *e = k->e;
	struct message_item *it = message_add(k->m);
	uint32_t unit = engine_unit_of(e, n->unit);
	uint32_t occurrence = n->occurrence == 0 ? NONE : engine_occurrence_of(e, n->occurrence);

	it->sort = n->sort;
	it->step = keep(k, burst_word(e, n->step));
	it->role = keep(k, burst_word(e, n->role));
	it->reason = keep(k, n->reason == NULL ? "" : n->reason);
	if (unit != NONE) {
		it->unit_id = keep(k, engine_text(e, e->campaign->units[unit].id));
		it->unit = keep(k, engine_text(e, e->campaign->units[unit].name));
		it->tags = tags_of(k, unit);
	}
	if (occurrence != NONE)
		compose_occurrence(k, it, occurrence, unit, n);
	it->invited = e->campaign->invitations && was_invited(e, n);
	if (is_edit(n))
		compose_edit(k, it, n);
	return it;
}

/* Equal campaign, address, channel and tick give equal identity (P6). */
static const char *identity_of(struct composing *k, const struct outbox_row *row)
{
	char tick[24], id[24], identity[sizeof(IDENTITY_HEAD) + IDENTITY_DIGITS] = IDENTITY_HEAD;
	const char *const facts[] = {"message", channel_word(row->channel), row->to, tick, id,
				     NULL};

	(void)g_snprintf(tick, sizeof(tick), "%" G_GINT64_FORMAT, row->tick);
	(void)g_snprintf(id, sizeof(id), "%" G_GINT64_FORMAT, row->id);
	engine_digest(k->e, facts, identity + strlen(IDENTITY_HEAD), IDENTITY_DIGITS);
	return keep(k, identity);
}

static void person_of(struct composing *k, const struct outbox_row *row)
{
	const struct campaign *c = k->e->campaign;
	uint32_t contact = burst_contact(k->e, row->channel, row->to);
	const struct contact *p;

	if (contact == NONE)
		return;
	p = &c->contacts[contact];
	k->m->person = keep(k, campaign_text(c, p->person));
	k->m->person_unit = keep(k, campaign_text(c, c->units[p->unit].name));
	if (p->locale != 0)
		k->m->locale = keep(k, campaign_text(c, p->locale));
}

/* Most urgent first: what superiors were told wrongly, then what is late, then what is near. */
static int urgency(enum sort s)
{
	static const int rank[SORTS] = {
		[SORT_ALARM] = 0,  [SORT_CORRECTION] = 1, [SORT_ESCALATE] = 2,
		[SORT_STREAK] = 3, [SORT_REMIND] = 4,     [SORT_DECISION] = 5,
		[SORT_DUTY] = 6,   [SORT_BULLETIN] = 7,   [SORT_RECEIPT] = 8,
	};

	return rank[s];
}

static gint by_urgency(gconstpointer a, gconstpointer b)
{
	const struct message_item *x = *(struct message_item *const *)a,
				  *y = *(struct message_item *const *)b;

	if (urgency(x->sort) != urgency(y->sort))
		return urgency(x->sort) - urgency(y->sort);
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	if (strcmp(x->step, y->step) != 0)
		return strcmp(x->step, y->step);
	return strcmp(x->unit_id, y->unit_id);
}

struct message *compose_message(struct engine *e, const struct outbox_row *row,
				const GArray *notices)
{
	struct message *m = message_new();
	struct composing k = {.e = e, .m = m};
	const struct burst_now *now;
	g_autoptr(GArray) cleared = cleared_since(e, row, notices);

	m->identity = identity_of(&k, row);
	m->campaign_key = keep(&k, engine_key(e));
	m->campaign = keep(&k, engine_text(e, e->campaign->name));
	m->locale = keep(&k, engine_text(e, e->campaign->locale));
	m->address = keep(&k, row->to);
	m->office = keep(&k, engine_text(e, e->campaign->units[e->campaign->office].name));
	m->channel = row->channel;
	m->tick = row->tick;
	m->invitations = e->campaign->invitations;
	person_of(&k, row);
	k.english = g_str_has_prefix(m->locale, "en");
	now = burst_now(e, row->tick, k.english);
	m->now_text = keep(&k, now->text);
	m->now_iso = keep(&k, now->iso);
	for (guint i = 0; i < notices->len; i++)
		(void)add_notice(&k, &g_array_index(notices, struct notice, i));
	for (guint i = 0; i < cleared->len; i++)
		add_notice(&k, &g_array_index(cleared, struct notice, i))->late_cleared = true;
	g_ptr_array_sort(m->items, by_urgency);
	return m;
}
