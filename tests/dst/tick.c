/*
 * tick.c - a round, and what must hold of every notice it records.
 */
#include "dst.h"

#include <string.h>

static bool is_superior(const char *role)
{
	return strcmp(role, "liaison") != 0 && strcmp(role, "office") != 0;
}

#define SAY(t) (t)->unit, (t)->occ->uid, (t)->occ->rid, (t)->step, (t)->role, (t)->address
#define TOLD_FMT "%s %s %s %s to %s %s"

/* P11 and P14: what must hold before superiors hear. */
static void check_superior(struct run *r, struct told *t, const struct view *v,
			   const struct rung_view *g)
{
	if (t->released)
		return;
	if (g->sign)
		violate(r, "P11 sign", TOLD_FMT " without a signature", SAY(t));
	if (!t->superior)
		return;
	if (t->held && t->held_by_guard)
		violate(r, "P14", TOLD_FMT " held by the guard, told without a release", SAY(t));
	if (guard_of(r, t->occ))
		violate(r, "P14", TOLD_FMT " under the guard", SAY(t));
	if (r->polled < v->on_time || (r->polled != WALL_NEVER && r->polled > r->tick_at))
		violate(r, "P11 view", TOLD_FMT " on a stale view", SAY(t));
	if (!r->trusted)
		violate(r, "P11 clock", TOLD_FMT " on a suspect clock", SAY(t));
	if (has_tray(r, t->unit))
		violate(r, "P11 tray", TOLD_FMT " with a report in the tray", SAY(t));
}

static void check_fresh(struct run *r, struct told *t, const struct view *v,
			const struct rung_view *g, wall_t now)
{
	g_autofree char *one = g_strdup_printf("%p %s %d %s", (void *)t->occ, t->unit,
					       (int)t->channel, t->address);

	if (r->idle && g->at > r->idle_since && g->at < r->idle_wake && g->at < now)
		violate(r, "next_wake",
			TOLD_FMT " comes late: the tick before should have named it", SAY(t));
	if (!g->window_open)
		violate(r, "window", TOLD_FMT " outside of the send window", SAY(t));
	if (is_paused(r, t->unit))
		violate(r, "P13", TOLD_FMT " while paused", SAY(t));
	if (g->at <= v->decided)
		violate(r, "P10", TOLD_FMT " though a decision stands for it", SAY(t));
	if (g->before && now > v->on_time)
		violate(r, "P3", TOLD_FMT " is a reminder after the deadline", SAY(t));
	if (!g_hash_table_add(r->tick_told, g_steal_pointer(&one)))
		violate(r, "P3", TOLD_FMT " is the second step of the item in one tick", SAY(t));
}

static void check_planned(struct run *r, struct told *t, enum sort sort, wall_t now)
{
	struct view v;
	struct rung_view g = rung_of(r, t->occ, t->due, t->step, now);

	view_of(r, t->occ, t->unit, &v);
	if (t->planned)
		violate(r, "P2", TOLD_FMT " raised twice", SAY(t));
	if (!v.known || !v.outstanding || !v.tracked || v.due != t->due)
		violate(r, "P4", TOLD_FMT " of an item that is%s%s%s%s", SAY(t),
			v.known ? "" : " not owed", v.outstanding ? "" : " answered",
			v.tracked ? "" : " untracked", v.due == t->due ? "" : " moved");
	if (!g.known || (g.at > now && !t->released))
		violate(r, "P1", TOLD_FMT " is not ripe", SAY(t));
	if (g.before != (sort == SORT_REMIND))
		violate(r, "sort", TOLD_FMT " on the wrong side of the deadline", SAY(t));
	if (sort == SORT_ESCALATE || g.sign)
		check_superior(r, t, &v, &g);
	if (!t->held)
		check_fresh(r, t, &v, &g, now);
	else if (!t->released && !g.window_open)
		violate(r, "window", TOLD_FMT " outside of the send window", SAY(t));
}

static void step_row(struct run *r, const struct engine_row *row)
{
	struct occ *o = occ_get(r, row->uid, row->rid);
	struct told *t =
		told_get(r, o, row->unit, row->due, row->step, row->channel, row->address, true);

	t->role = g_intern_string(row->role);
	t->superior = is_superior(row->role);
	if (row->state == NOTICE_HELD) {
		t->held = true;
		t->at = row->at;
		t->held_by_guard = t->superior && guard_of(r, o);
	} else if (row->state == NOTICE_SENT) {
		check_planned(r, t, row->sort, row->at);
		t->planned = true;
	} else {
		t->held = false;
	}
}

static void streak_row(struct run *r, const struct engine_row *row)
{
	if (!is_superior(row->role))
		return;
	if (!r->trusted)
		violate(r, "P11 clock", "streak of %s %s to %s on a suspect clock", row->unit,
			row->uid, row->role);
	if (has_tray(r, row->unit))
		violate(r, "P11 tray", "streak of %s %s to %s with a report in the tray", row->unit,
			row->uid, row->role);
}

/* P6: one message for an address and channel in a tick. */
static void message_row(struct run *r, const struct engine_row *row)
{
	g_autofree char *key = g_strdup_printf("message %d %s", (int)row->channel, row->address);
	gpointer have = g_hash_table_lookup(r->tick_told, key);

	if (row->message == 0)
		return;
	if (have != NULL && have != (gpointer)(intptr_t)row->message)
		violate(r, "P6", "two messages to %s in one tick", row->address);
	g_hash_table_insert(r->tick_told, g_steal_pointer(&key), (gpointer)(intptr_t)row->message);
}

struct row_copy {
	struct engine_row row;
	char *text;
};

static void copy_free(gpointer p)
{
	struct row_copy *c = p;

	g_free(c->text);
	g_free(c);
}

static void on_row(void *arg, const struct engine_row *row)
{
	struct row_copy *c = g_new0(struct row_copy, 1);

	c->row = *row;
	c->row.step = g_intern_string(row->step);
	c->row.uid = g_intern_string(row->uid);
	c->row.rid = g_intern_string(row->rid);
	c->row.unit = g_intern_string(row->unit);
	c->row.role = g_intern_string(row->role);
	c->row.address = g_intern_string(row->address);
	c->row.reason = "";
	c->text = g_strdup_printf("%s %s %s %s %s %s %s %s %s m%" G_GINT64_FORMAT
				  " due %" G_GINT64_FORMAT,
				  sort_word(row->sort), notice_state_word(row->state), row->unit,
				  row->uid, row->rid, row->step, row->role,
				  channel_word(row->channel), row->address, row->message, row->due);
	g_ptr_array_add(arg, c);
}

static void judge_rows(struct run *r, GPtrArray *rows)
{
	g_hash_table_remove_all(r->tick_told);
	for (guint i = 0; i < rows->len; i++) {
		const struct row_copy *c = g_ptr_array_index(rows, i);

		note(r, "  %s", c->text);
		if (c->row.sort == SORT_REMIND || c->row.sort == SORT_ESCALATE)
			step_row(r, &c->row);
		else if (c->row.sort == SORT_STREAK)
			streak_row(r, &c->row);
		else if (c->row.sort == SORT_CORRECTION)
			heard_row(r, &c->row);
		if (c->row.state == NOTICE_SENT)
			message_row(r, &c->row);
	}
	r->n_rows += rows->len;
}

/* One tick of whatever engine, its rows into @rows. */
static int tick_of(struct engine *e, wall_t now, GPtrArray *rows, wall_t *wake, struct err *err)
{
	int rc;

	engine_on_row(e, on_row, rows);
	rc = engine_tick(e, now, wake, err);
	engine_on_row(e, NULL, NULL);
	return rc;
}

/* The same facts, planned by an engine that remembers nothing. */
static void check_equal(struct run *r, const char *image, const GPtrArray *rows, wall_t wake)
{
	GPtrArray *again = g_ptr_array_new_with_free_func(copy_free);
	struct store *st = NULL;
	struct engine *e = NULL;
	struct err err = {0};
	wall_t other = WALL_NEVER;
	int rc = store_open(image, &st, &err);

	if (rc >= 0)
		rc = store_begin(st, &err);
	if (rc >= 0)
		rc = engine_new(st, gen_load(&r->kept), r->up_since, NULL, &e, &err);
	if (rc >= 0)
		rc = store_commit(st, &err);
	must(rc >= 0);
	engine_set_expiry(e, r->expiry);
	engine_trust_clock(e, clock_doubt_text(r->trust.doubt));
	rc = tick_of(e, r->tick_at, again, &other, &err);
	if (rc < 0 || again->len != rows->len)
		violate(r, "equal facts", "%u rows, and %u from an engine without a memory",
			rows->len, again->len);
	for (guint i = 0; i < MIN(again->len, rows->len); i++)
		if (strcmp(((struct row_copy *)g_ptr_array_index(again, i))->text,
			   ((struct row_copy *)g_ptr_array_index(rows, i))->text) != 0)
			violate(r, "equal facts", "row %u: %s, without a memory: %s", i,
				((struct row_copy *)g_ptr_array_index(rows, i))->text,
				((struct row_copy *)g_ptr_array_index(again, i))->text);
	/* It may wake for nothing, but what it wakes for must not be slept through. */
	for (int i = 0; i < 8 && rc >= 0 && other < wake; i++) {
		wall_t at = other;

		g_ptr_array_set_size(again, 0);
		rc = tick_of(e, at, again, &other, &err);
		if (again->len > 0)
			violate(r, "next_wake", "comes after the time of: %s",
				((struct row_copy *)g_ptr_array_index(again, 0))->text);
	}
	engine_free(&e);
	store_close(&st);
	g_ptr_array_unref(again);
}

/* A second look at the same instant has nothing to say. */
static void check_quiet(struct run *r)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(copy_free);
	struct err err = {0};
	wall_t wake = WALL_NEVER;

	r->quiet = true;
	engine_touch(r->e);
	if (tick_of(r->e, r->tick_at, rows, &wake, &err) != 0)
		violate(r, "level", "a second tick at the same instant recorded %u rows: %s",
			rows->len,
			rows->len > 0 ? ((struct row_copy *)g_ptr_array_index(rows, 0))->text
				      : err.text);
	r->quiet = false;
	g_ptr_array_unref(rows);
}

/* R8: the office hears of a doubt about the clock once, of none else. */
static void check_doubt(struct run *r, const GPtrArray *rows)
{
	unsigned told = 0, due = !r->trusted && !r->doubt_told;

	for (guint i = 0; i < rows->len; i++) {
		const struct row_copy *c = g_ptr_array_index(rows, i);

		told += c->row.sort == SORT_ALARM && strcmp(c->row.step, "时钟可疑") == 0;
	}
	if (told != due)
		violate(r, "R8", "the office was told %u times that the clock is in doubt, not %u",
			told, due);
	r->doubt_told = !r->trusted;
}

static void check_after(struct run *r, const char *image, const GPtrArray *rows, bool idle)
{
	if (r->wake <= r->tick_at)
		violate(r, "next_wake", "not after now");
	if (idle && rows->len > 0)
		violate(r, "next_wake", "a tick before it, with nothing changed, recorded: %s",
			((struct row_copy *)g_ptr_array_index(rows, 0))->text);
	if (image != NULL)
		check_equal(r, image, rows, r->wake);
	if (rng_percent(&r->plan, 20))
		check_quiet(r);
}

void duban_tick(struct run *r)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(copy_free);
	g_autofree char *image = rng_percent(&r->plan, 4) ? duban_image(r) : NULL;
	bool idle, trusted;
	struct err err = {0};
	enum done done;
	wall_t wake = WALL_NEVER, before = r->tick_at;
	int rc;

	r->tick_at = now_of(r);
	trusted = clock_trust_check(&r->trust, r->tick_at, r->true_now - r->start, r->synced) ==
		  CLOCK_TRUSTED;
	r->up_since = MIN(r->up_since, r->tick_at);
	r->poke = WALL_NEVER;
	r->idle = !r->changed && trusted == r->trusted && before <= r->tick_at;
	r->idle_since = before;
	r->idle_wake = r->wake;
	idle = r->idle && r->tick_at < r->wake;
	r->trusted = trusted;
	fate_draw(r);
	engine_trust_clock(r->e, clock_doubt_text(r->trust.doubt));
	rc = tick_of(r->e, r->tick_at, rows, &wake, &err);
	/* What is checked needs the engine; a ghost's rows count if its commit does. */
	if (rc >= 0 && (!r->dead || r->dead_after)) {
		if (trusted) /* first loaded at an instant that was still to come: by a wrong clock */
			r->first_loaded = MIN(r->first_loaded, r->tick_at);
		judge_rows(r, rows);
	}
	done = fate_end(r, rc);
	r->n_ticks++;
	if (is_committed(done))
		check_doubt(r, rows);
	note(r, "tick: %d, %u rows", (int)done, rows->len);
	r->wake = done == DONE ? wake : r->tick_at + MINUTE;
	if (done == FAILED)
		r->changed = true;
	if (done == DONE) {
		r->changed = false;
		check_after(r, image, rows, idle);
	}
	if (image != NULL)
		image_remove(image);
	g_ptr_array_unref(rows);
}
