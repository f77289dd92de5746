/*
 * life.c - a life from its seed: what happens when, the faults, and the healing at the end.
 */
#include "dst.h"

#include <string.h>
#include <unistd.h>

#include "calendars/zone.h"

#define STEPS_MAX 20000 /* of the loop: a life that needs more is not getting anywhere */

enum happening {
	HAPPENS_MAIL,
	HAPPENS_POLL,
	HAPPENS_DECISION,
	HAPPENS_TRAY,
	HAPPENS_INTAKE_DOWN,
	HAPPENS_INTAKE_UP,
	HAPPENS_STEP,
	HAPPENS_SYNC,
	HAPPENS_DOWN,
	HAPPENS_RELOAD,
	HAPPENS_FULL,
	HAPPENS_ROOM,
	HAPPENS_PROBE,
	HAPPENS_REPLAY
};

struct event {
	wall_t at;
	unsigned number;
	enum happening what;
};

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void add(GArray *script, wall_t at, enum happening what)
{
	struct event e = {at, script->len, what};

	g_array_append_val(script, e);
}

static void add_some(struct run *r, GArray *script, unsigned most, enum happening what)
{
	for (unsigned n = rng_below(&r->plan, most + 1); n > 0; n--)
		add(script, rng_between(&r->plan, r->start + HOUR, r->end), what);
}

/* Trouble comes and goes. */
static void add_pair(struct run *r, GArray *script, unsigned most, enum happening from,
		     enum happening to)
{
	for (unsigned n = rng_below(&r->plan, most + 1); n > 0; n--) {
		wall_t at = rng_between(&r->plan, r->start + HOUR, r->end);

		add(script, at, from);
		add(script, at + rng_between(&r->plan, MINUTE, 2 * DAY), to);
	}
}

static GArray *script_of(struct run *r)
{
	GArray *script = g_array_new(FALSE, FALSE, sizeof(struct event));
	struct campaign *c = gen_load(&r->kept);

	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		wall_t due = c->occurrences[i].due;

		add(script, due + rng_between(&r->plan, 0, 3 * HOUR), HAPPENS_POLL);
		for (unsigned n = rng_below(&r->plan, 5); n > 0; n--) {
			wall_t at = due + rng_between(&r->plan, -DAY, 2 * DAY);

			add(script, at, HAPPENS_MAIL);
			add(script, at + rng_between(&r->plan, 0, HOUR), HAPPENS_POLL);
		}
		if (rng_percent(&r->plan, 30))
			add(script, due, HAPPENS_MAIL); /* at the instant */
	}
	campaign_free(&c);
	add_some(r, script, 8, HAPPENS_MAIL);
	add_some(r, script, 12, HAPPENS_DECISION);
	add_some(r, script, 4, HAPPENS_TRAY);
	add_some(r, script, 3, HAPPENS_DOWN);
	add_some(r, script, 3, HAPPENS_RELOAD);
	add_some(r, script, 10, HAPPENS_PROBE);
	add_some(r, script, 3, HAPPENS_REPLAY);
	add_pair(r, script, 2, HAPPENS_INTAKE_DOWN, HAPPENS_INTAKE_UP);
	if (rng_percent(&r->plan, 20))
		add_pair(r, script, 2, HAPPENS_FULL, HAPPENS_ROOM);
	if (rng_percent(&r->plan, 35))
		add_pair(r, script, 2, HAPPENS_STEP, HAPPENS_SYNC);
	g_array_sort(script, by_time);
	return script;
}

static void step_clock(struct run *r)
{
	static const dur_t sizes[] = {SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR,
				      DAY,    20 * DAY,    400 * DAY,  730 * DAY};
	dur_t size = sizes[rng_below(&r->plan, G_N_ELEMENTS(sizes))];

	r->synced = false;
	r->skew += rng_percent(&r->plan, 50) ? size : -size;
	r->changed = true;
	note(r, "clock stepped to %+" G_GINT64_FORMAT " s", r->skew / SECOND);
}

/* The same request once more, long after it was answered. */
static void replay(struct run *r)
{
	struct mail *m;

	if (r->mails->len == 0)
		return;
	m = g_ptr_array_index(r->mails, rng_below(&r->plan, r->mails->len));
	if (m->done && !m->gone && m->replays++ == 0)
		mail_hand_in(r, m);
}

/* Mostly a week-end; now and then the machine stands in a cupboard for a year. */
static dur_t downtime(struct run *r)
{
	unsigned luck = rng_below(&r->plan, 100);

	return rng_between(&r->plan, 0, luck < 80 ? 6 * DAY : luck < 93 ? 40 * DAY : 400 * DAY);
}

static void happen_up(struct run *r, enum happening what)
{
	switch (what) {
	case HAPPENS_MAIL: {
		struct mail *m = mail_random(r);

		if (m->direct)
			mail_hand_in(r, m);
		break;
	}
	case HAPPENS_POLL:
		intake_poll(r);
		break;
	case HAPPENS_DECISION:
		people_decide(r);
		break;
	case HAPPENS_TRAY:
		people_tray(r, false);
		break;
	case HAPPENS_REPLAY:
		replay(r);
		break;
	case HAPPENS_PROBE:
		break; /* a tick for no reason */
	case HAPPENS_DOWN:
		duban_stop(r);
		r->back_at = r->true_now + downtime(r);
		break;
	case HAPPENS_RELOAD:
		(void)duban_reload(r);
		break;
	case HAPPENS_INTAKE_DOWN:
	case HAPPENS_INTAKE_UP:
	case HAPPENS_STEP:
	case HAPPENS_SYNC:
	case HAPPENS_FULL:
	case HAPPENS_ROOM:
		break;
	}
	if (r->e != NULL)
		r->poke = r->true_now + (what != HAPPENS_PROBE && rng_percent(&r->plan, 30)
						 ? rng_between(&r->plan, 0, 3 * SECOND)
						 : 0);
}

static void happen(struct run *r, enum happening what)
{
	if (what == HAPPENS_INTAKE_DOWN || what == HAPPENS_INTAKE_UP) {
		r->intake_up = what == HAPPENS_INTAKE_UP;
		return;
	}
	if (what == HAPPENS_FULL || what == HAPPENS_ROOM) {
		r->disk_full = what == HAPPENS_FULL;
		note(r, "disk %s", r->disk_full ? "full" : "has room again");
	}
	if (what == HAPPENS_STEP) {
		step_clock(r);
	} else if (what == HAPPENS_SYNC) {
		r->skew = 0;
		r->synced = r->changed = true;
	} else if (what == HAPPENS_RELOAD && !r->file_edit) {
		r->files = r->kept;
		gen_mutate(&r->files, &r->plan, &r->edit);
		r->file_edit = true; /* also while duban is down: the next start finds it */
	}
	if (r->e != NULL)
		happen_up(r, what);
}

/* ---- the loop ---- */

static wall_t next_of(const struct run *r, const GArray *script, guint at)
{
	wall_t next = r->e == NULL ? r->back_at : MIN(r->poke, post_next(r));

	if (r->e != NULL) {
		wall_t wake = MIN(r->wake, r->outbox_wake);

		next = MIN(next, wake == WALL_NEVER ? WALL_NEVER : MAX(wake, 0) - r->skew);
		for (guint i = 0; i < r->mails->len; i++) {
			const struct mail *m = g_ptr_array_index(r->mails, i);

			if (m->direct && !m->done)
				next = MIN(next, m->retry);
		}
	}
	if (at < script->len)
		next = MIN(next, g_array_index(script, struct event, at).at);
	return next;
}

static void ask_again(struct run *r)
{
	for (guint i = 0; i < r->mails->len && r->e != NULL; i++) {
		struct mail *m = g_ptr_array_index(r->mails, i);

		if (m->direct && !m->done && m->retry <= r->true_now) {
			mail_hand_in(r, m);
			r->poke = r->true_now;
		}
	}
}

/* While more wait than one claim takes, people go on: a report may cross its reminder. */
static void post(struct run *r)
{
	struct mail *m;

	post_round(r);
	if (r->e == NULL || !r->faults)
		return;
	if (r->lost != NULL && rng_percent(&r->life, 40))
		m = mail_belated(r);
	else if (r->full && rng_percent(&r->life, 15))
		m = mail_crossing(r);
	else
		return;
	if (m == NULL)
		return;
	mail_hand_in(r, m);
	if (r->e == NULL)
		return;
	r->poke = r->true_now + SECOND;
	post_round(r);
}

static void work(struct run *r)
{
	bool first = rng_percent(&r->life, 50);

	post_end(r);
	for (int turn = 0; turn < 2 && r->e != NULL && r->violation[0] == 0; turn++) {
		if ((turn == 0) == first) {
			if (r->reports->len > 0 || r->outbox_wake <= now_of(r))
				post(r);
		} else if (r->poke <= r->true_now || r->wake <= now_of(r)) {
			duban_tick(r);
			if (r->e != NULL)
				r->outbox_wake = store_outbox_next(r->st);
		}
	}
}

static void live(struct run *r, const GArray *script, wall_t until)
{
	guint at = 0;

	for (unsigned steps = 0; r->violation[0] == 0; steps++) {
		wall_t next = next_of(r, script, at);

		if (next > until)
			break;
		if (steps > STEPS_MAX) {
			violate(r, "progress", "no end after %u steps", steps);
			break;
		}
		r->true_now = MAX(r->true_now, next);
		if (r->e == NULL && r->back_at <= r->true_now && duban_start(r) < 0)
			continue;
		while (at < script->len &&
		       g_array_index(script, struct event, at).at <= r->true_now)
			happen(r, g_array_index(script, struct event, at++).what);
		if (r->e == NULL)
			continue;
		ask_again(r);
		if (r->e != NULL)
			work(r);
	}
	r->true_now = MAX(r->true_now, until);
}

/* No more faults: everything that was begun must come to its end. */
static void heal(struct run *r)
{
	GArray *script = g_array_new(FALSE, FALSE, sizeof(struct event));

	r->faults = r->disk_full = false;
	r->skew = 0;
	if (r->e == NULL && r->back_at != WALL_NEVER)
		r->true_now = MAX(r->true_now, r->back_at);
	r->synced = r->changed = r->intake_up = true;
	g_hash_table_remove_all(r->dead_peers);
	note(r, "heal");
	if (r->e == NULL && duban_start(r) < 0)
		violate(r, "start", "after the healing");
	if (r->e != NULL && r->file_edit) /* that had failed on a full disk */
		(void)duban_reload(r);
	if (r->violation[0] == 0) {
		for (guint i = 0; i < r->mails->len; i++)
			((struct mail *)g_ptr_array_index(r->mails, i))->retry = r->true_now;
		duban_tick(r);
		ask_again(r);
		intake_poll(r);
		people_tray(r, true);
		people_resume(r);
		r->poke = r->true_now;
		for (int d = 0; d < 30; d += 2)
			add(script, r->true_now + d * DAY + HOUR, HAPPENS_POLL);
		live(r, script, r->true_now + 45 * DAY);
	}
	g_array_unref(script);
}

/* ---- birth and death ---- */

static void occ_free(gpointer p)
{
	struct occ *o = p;

	g_free(o->uid);
	g_free(o->rid);
	g_array_unref(o->facts);
	g_free(o);
}

static void mail_free(gpointer p)
{
	struct mail *m = p;

	g_free(m->uid);
	g_free(m->rid);
	g_free(m);
}

static void accepted_free(gpointer p)
{
	struct accepted *a = p;

	g_free(a->identity);
	g_free(a);
}

static void born(struct run *r, uint64_t seed, const char *dir, bool trace)
{
	static const dur_t expiries[] = {2 * HOUR, 12 * HOUR, 3 * DAY};

	*r = (struct run){
		.seed = seed,
		.trace = trace,
		.faults = true,
		.hash = UINT64_C(0xcbf29ce484222325),
		.plan = rng_of(seed, 1),
		.life = rng_of(seed, 2),
		.fault = rng_of(seed, 3),
		.dir = g_strdup(dir),
		.polled = WALL_NEVER,
		.first_loaded = WALL_NEVER,
		.wake = WALL_ALWAYS,
		.poke = WALL_NEVER,
		.outbox_wake = WALL_NEVER,
		.back_at = WALL_ALWAYS,
		.trusted = true,
		.intake_up = true,
		.crash_at = -1,
		.error_at = -1,
	};
	r->path = duban_image(r); /* of nothing: a new name */
	r->intake_used = rng_percent(&r->plan, 80);
	r->expiry = expiries[rng_below(&r->plan, G_N_ELEMENTS(expiries))];
	gen_random(&r->kept, &r->plan);
	r->start = zone_instant(zone_get(r->kept.zone), local_at(r->kept.start, 8 * 3600), NULL);
	r->start += rng_percent(&r->plan, 20) ? rng_between(&r->plan, 0, 8 * DAY) : 0;
	r->end = r->start + r->kept.days * DAY;
	r->true_now = r->tick_at = r->start;
	r->occs = g_ptr_array_new_with_free_func(occ_free);
	r->mails = g_ptr_array_new_with_free_func(mail_free);
	r->tray = g_ptr_array_new_with_free_func(g_free);
	r->told_list = g_ptr_array_new();
	r->accepted = g_ptr_array_new_with_free_func(accepted_free);
	r->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->heard = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->maybe = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->moved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->identities = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	r->dead_peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->paused = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->tick_told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	r->attempts = g_array_new(FALSE, TRUE, sizeof(struct attempt));
	g_array_set_clear_func(r->attempts, attempt_clear);
	r->reports = g_array_new(FALSE, TRUE, sizeof(struct report));
	g_array_set_clear_func(r->reports, report_clear);
}

static void buried(struct run *r)
{
	g_array_set_size(r->attempts, 0);
	g_array_set_size(r->reports, 0);
	engine_free(&r->e);
	store_close(&r->st);
	image_remove(r->path);
	g_array_unref(r->attempts);
	g_array_unref(r->reports);
	g_hash_table_unref(r->tick_told);
	g_hash_table_unref(r->paused);
	g_hash_table_unref(r->dead_peers);
	g_hash_table_unref(r->heard);
	g_hash_table_unref(r->maybe);
	g_hash_table_unref(r->moved);
	g_hash_table_unref(r->identities);
	g_ptr_array_unref(r->told_list);
	g_hash_table_unref(r->told);
	g_ptr_array_unref(r->accepted);
	g_ptr_array_unref(r->tray);
	g_ptr_array_unref(r->mails);
	g_ptr_array_unref(r->occs);
	g_free(r->path);
	g_free(r->image);
	g_free(r->dir);
}

void life(uint64_t seed, const char *dir, bool trace, struct life_result *out)
{
	struct run r;
	GArray *script;

	born(&r, seed, dir, trace);
	if (trace) {
		g_autofree char *text = gen_text(&r.kept);

		g_print("%s", text);
	}
	script = script_of(&r);
	live(&r, script, r.end);
	g_array_unref(script);
	if (r.violation[0] == 0)
		heal(&r);
	if (r.violation[0] == 0)
		verdict(&r);
	*out = (struct life_result){
		.ok = r.violation[0] == 0,
		.hash = r.hash,
		.crashes = r.crashes,
		.ticks = r.n_ticks,
		.rows = r.n_rows,
		.accepted = r.n_accepted,
		.duplicates = r.n_duplicates,
		.submitted = r.n_submitted,
		.decided = r.n_decided,
		.reloads = r.n_reloads,
	};
	(void)g_strlcpy(out->violation, r.violation, sizeof(out->violation));
	buried(&r);
}
