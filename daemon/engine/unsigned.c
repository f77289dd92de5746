/*
 * unsigned.c - what waits for a signature is said to the office, or the ladder ends there unseen.
 *
 * No rule of the planner and no part of a simulation: notices stay as they are.  Level-triggered
 * like it, though: what is held, and when the office last heard of it (a mark), say what is due.
 */
#include <string.h>

#include "alarm.h"
#include "record.h"

#define MARK "unsigned"
#define AGAIN_AFTER (7 * DAY) /* what was told and still waits */
#define AGAIN_UNTIL (30 * DAY)
#define NAMES_MAX 3

/* The notices of one step of one occurrence. */
struct group {
	uint32_t occurrence, unit; /* the last one counted */
	int64_t step;
	wall_t since;
	unsigned units;
	GString *names;
};

struct unsigned_list {
	struct engine *e;
	wall_t now, last; /* when the office heard; WALL_ALWAYS */
	dur_t wait;
	bool english;
	wall_t next;
	GPtrArray *groups;
};

static void group_free(gpointer p)
{
	struct group *g = p;

	g_string_free(g->names, TRUE);
	g_free(g);
}

static struct group *group_of(struct unsigned_list *u, uint32_t occurrence, int64_t step)
{
	struct group *g;

	for (guint i = u->groups->len; i > 0; i--) { /* they come by occurrence */
		g = u->groups->pdata[i - 1];
		if (g->occurrence != occurrence)
			break;
		if (g->step == step)
			return g;
	}
	g = g_new(struct group, 1);
	*g = (struct group){occurrence, NONE, step, WALL_NEVER, 0, g_string_new(NULL)};
	g_ptr_array_add(u->groups, g);
	return g;
}

static wall_t day_after(const struct zone *z, wall_t t)
{
	return zone_instant(z, local_at(local_date(zone_local(z, t)) + 1, 0), NULL);
}

/* When the office is to hear of @n; WALL_NEVER: it has. */
static wall_t tell_at(const struct unsigned_list *u, const struct notice *n, uint32_t occurrence)
{
	const struct campaign *c = u->e->campaign;
	const struct policy *p = engine_policy(u->e, occurrence);
	wall_t at = n->at + u->wait;

	if (n->at <= u->last)
		at = u->last + AGAIN_AFTER;
	if (at - n->at >= AGAIN_UNTIL)
		return WALL_NEVER;
	if (u->last != WALL_ALWAYS)
		at = MAX(at, day_after(c->zone, u->last));
	return ladder_window_on(c->zone, c->days, &p->window, MAX(at, u->now));
}

static void on_held(void *arg, const struct notice *n)
{
	struct unsigned_list *u = arg;
	uint32_t occurrence = engine_occurrence_of(u->e, n->occurrence),
		 unit = engine_unit_of(u->e, n->unit);
	struct group *g;

	if ((n->holds & HOLD_SIGN) == 0 || (n->holds & HOLD_RELEASED) != 0 || occurrence == NONE ||
	    unit == NONE)
		return;
	u->next = MIN(u->next, tell_at(u, n, occurrence));
	g = group_of(u, occurrence, n->step);
	g->since = MIN(g->since, n->at);
	if (g->unit == unit)
		return; /* another recipient */
	g->unit = unit;
	if (g->units++ < NAMES_MAX)
		g_string_append_printf(g->names, "%s%s",
				       g->units == 1 ? ""
				       : u->english  ? ", "
						     : "、",
				       engine_text(u->e, u->e->campaign->units[unit].name));
}

static int read_all(struct unsigned_list *u, struct err *err)
{
	u->next = WALL_NEVER;
	u->last = store_mark_at(u->e->store, u->e->id, MARK);
	if (u->last > u->now)
		u->last = WALL_ALWAYS; /* heard on a clock that was ahead */
	g_ptr_array_set_size(u->groups, 0);
	if (store_notices_held(u->e->store, 0, on_held, u) < 0)
		return err_set(err, -EIO, "数据库读不出暂缓的通知");
	return 0;
}

/* The first sentence is short: it is the subject of the mail. */
#define WORDS_ZH                                                                                   \
	"%s的“%s”等待签发。涉及%s%s，自%s起，签发之前不会发出。"          \
	"请先用 dubanctl notices --state held 核对，再签发：dubanctl release %s%s"
#define WORDS_EN                                                                                   \
	"%s: \"%s\" waits for a signature. It is about %s%s, since %s; until then it stays here. " \
	"Look at dubanctl notices --state held, then sign: dubanctl release %s%s"

static char *words_of(const struct unsigned_list *u, const struct group *g)
{
	struct engine *e = u->e;
	const char *uid = engine_text(e, engine_obligation(e, g->occurrence)->uid),
		   *rid = engine_text(e, e->campaign->occurrences[g->occurrence].rid);
	g_autofree char *title = engine_title(e, g->occurrence);
	g_autofree char *step = store_word_get(e->store, g->step);
	g_autofree char *since = compose_moment(e, g->since, u->english);
	g_autofree char *more = NULL;
	g_autofree char *which = strcmp(rid, "-") == 0 ? g_strdup("") : g_strconcat(" ", rid, NULL);

	if (g->units <= NAMES_MAX)
		more = g_strdup("");
	else
		more = g_strdup_printf(u->english ? " and others, %u units" : "等%u家", g->units);
	return g_strdup_printf(u->english ? WORDS_EN : WORDS_ZH, title, step, g->names->str, more,
			       since, uid, which);
}

static int tell(struct unsigned_list *u, struct err *err)
{
	struct engine *e = u->e;
	int rc = store_unmark(e->store, e->id, MARK);

	if (rc >= 0)
		rc = store_mark(e->store, e->id, MARK, u->now);
	if (rc < 0)
		return err_set(err, rc, "数据库写入失败");
	/* What the round just over has said to the office has not left: this goes with it (P6). */
	for (guint i = 0; i < u->groups->len && rc >= 0; i++) {
		const struct group *g = u->groups->pdata[i];
		g_autofree char *words = words_of(u, g);

		rc = record_alarm(e, NULL, "待签发", g->occurrence, NONE, words, u->now, err);
	}
	g_hash_table_remove_all(e->messages);
	if (rc >= 0)
		rc = engine_journal_add(e, u->now, "duband", "unsigned",
					json_pack("{s:i}", "steps", (int)u->groups->len), err);
	return rc < 0 ? rc : read_all(u, err);
}

static int tell_now(struct unsigned_list *u, struct err *err)
{
	struct engine *e = u->e;
	int rc = store_begin(e->store, err);

	if (rc < 0)
		return rc;
	rc = tell(u, err);
	if (rc >= 0)
		rc = store_commit(e->store, err);
	if (rc < 0) {
		store_rollback(e->store);
		engine_touch(e);
	}
	return rc;
}

int engine_tell_unsigned(struct engine *e, dur_t wait, wall_t now, wall_t *next_out,
			 struct err *err)
{
	struct unsigned_list u = {.e = e, .now = now, .wait = wait};
	int rc;

	u.english = g_str_has_prefix(engine_text(e, e->campaign->locale), "en");
	if (e->rows == 0 && now < e->unsigned_wake) {
		*next_out = e->unsigned_wake;
		return 0; /* nothing has changed */
	}
	u.groups = g_ptr_array_new_with_free_func(group_free);
	rc = read_all(&u, err);
	if (rc >= 0 && u.next <= now) /* few rounds have to write */
		rc = tell_now(&u, err);
	g_ptr_array_unref(u.groups);
	e->unsigned_wake = rc < 0 ? 0 : u.next;
	*next_out = u.next;
	return rc < 0 ? rc : 0;
}
