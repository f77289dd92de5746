/*
 * duban.c - duban's own life: it starts, it is cut off, it starts again.
 *
 * A crash is an image: at the chosen failpoint the files of the database are copied
 * as they are, and that copy is what the next start finds.  What the program does
 * after that instant it does as a ghost - to a database nobody will open again, to
 * clients and peers who no longer listen.  So it can be cut off between any two writes.
 */
#include "dst.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "calendars/zone.h"
#include "daemon/store/failpoint.h"

wall_t now_of(const struct run *r)
{
	return r->true_now + r->skew;
}

char *clock_text(const struct run *r, wall_t t)
{
	static const char *const odd[] = {"never", "always"};

	if (t == WALL_NEVER || t == WALL_ALWAYS)
		return g_strdup(odd[t == WALL_ALWAYS]);
	return zone_format(zone_get(r->kept.zone), t);
}

void note(struct run *r, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, fmt);
	text = g_strdup_vprintf(fmt, args);
	va_end(args);
	for (const char *p = text; *p != 0; p++)
		r->hash = (r->hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	r->hash = (r->hash ^ (uint64_t)r->true_now) * UINT64_C(0x100000001b3);
	if (r->trace) {
		g_autofree char *at = clock_text(r, r->true_now);

		g_print("%s %s\n", at, text);
	}
}

void violate(struct run *r, const char *rule, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	g_autofree char *at = clock_text(r, now_of(r));
	va_list args;

	if (r->violation[0] != 0)
		return;
	va_start(args, fmt);
	text = g_strdup_vprintf(fmt, args);
	va_end(args);
	(void)g_snprintf(r->violation, sizeof(r->violation), "%s: %s (%s)", rule, text, at);
	note(r, "VIOLATION %s", r->violation);
}

/* ---- images and failpoints ---- */

static const char *const suffixes[] = {"", "-wal"};

void image_remove(const char *path)
{
	static const char *const all[] = {"", "-wal", "-shm"};

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree char *file = g_strconcat(path, all[i], NULL);

		(void)unlink(file);
	}
}

char *duban_image(struct run *r)
{
	char *to = g_strdup_printf("%s/%" G_GUINT64_FORMAT "-%u", r->dir, r->seed, r->images++);

	image_remove(to);
	if (r->path == NULL)
		return to; /* a life that begins has none */
	for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *from = g_strconcat(r->path, suffixes[i], NULL);
		g_autofree char *file = g_strconcat(to, suffixes[i], NULL);
		g_autofree char *bytes = NULL;
		gsize size;

		if (g_file_get_contents(from, &bytes, &size, NULL)) {
			FILE *f = fopen(file, "we");

			must(f != NULL && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
		}
	}
	return to;
}

static int on_failpoint(void *arg, const char *name)
{
	struct run *r = arg;
	int pass = r->passes++;

	if (r->dead || r->quiet)
		return 0;
	if (pass == r->crash_at) {
		r->image = duban_image(r);
		r->dead = true;
		r->dead_after = strcmp(name, "committed") == 0;
		note(r, "crash at %s", name);
		return 0;
	}
	if (r->disk_full && strcmp(name, "commit") == 0)
		return -ENOSPC;
	if (pass == r->error_at) {
		note(r, "disk error at %s", name);
		return -EIO;
	}
	return 0;
}

void fate_draw(struct run *r)
{
	r->passes = 0;
	r->crash_at = r->error_at = -1;
	failpoint_set(on_failpoint, r);
	if (!r->faults)
		return;
	if (rng_percent(&r->fault, 4))
		r->crash_at = (int)rng_below(&r->fault, rng_percent(&r->fault, 50) ? 8 : 60);
	else if (rng_percent(&r->fault, 3))
		r->error_at = (int)rng_below(&r->fault, rng_percent(&r->fault, 50) ? 8 : 60);
}

static void put_away(struct run *r)
{
	failpoint_set(NULL, NULL);
	engine_free(&r->e);
	store_close(&r->st);
	post_crashed(r);
	image_remove(r->path);
	g_free(r->path);
	r->path = g_steal_pointer(&r->image);
	r->dead = false;
	r->crashes++;
	r->back_at =
		r->true_now + (rng_percent(&r->fault, 80) ? rng_between(&r->fault, 0, 2 * MINUTE)
							  : rng_between(&r->fault, 0, 3 * DAY));
}

enum done fate_end(struct run *r, int rc)
{
	bool after = r->dead_after;

	r->crash_at = r->error_at = -1;
	if (!r->dead)
		return rc < 0 ? FAILED : DONE;
	put_away(r);
	return after && rc >= 0 ? DIED_AFTER : DIED_BEFORE;
}

/* ---- start and stop ---- */

void duban_stop(struct run *r)
{
	failpoint_set(NULL, NULL);
	engine_free(&r->e);
	store_close(&r->st);
	post_crashed(r);
	r->crashes++; /* what was on its way is of unknown fate as well */
	r->back_at = WALL_NEVER;
	note(r, "stop");
}

static int engine_begin(struct run *r, wall_t now, struct err *err)
{
	int rc = store_begin(r->st, err);

	if (rc >= 0)
		rc = store_outbox_recover(r->st, now, err);
	if (rc >= 0)
		rc = engine_new(r->st, gen_load(&r->kept), now, NULL, &r->e, err);
	if (rc >= 0 && r->intake_used && r->polled == WALL_NEVER) {
		rc = store_poll_ok(r->st, "mail", now);
		r->polled = now;
	}
	if (rc >= 0)
		rc = store_commit(r->st, err);
	if (rc < 0)
		store_rollback(r->st);
	return rc;
}

/*
 * R8: no instant of a suspect clock is the mark of a right one.  A step that came while duban was
 * down is nothing that it could have seen.
 */
static void check_mark(struct run *r, const struct clock_past *past)
{
	r->fooled |= r->trust.doubt == CLOCK_TRUSTED && r->skew > 30 * MINUTE;
	if (!r->fooled && past->high_water != WALL_ALWAYS &&
	    past->high_water > r->true_now + 30 * MINUTE)
		violate(r, "R8", "the mark was raised by a clock in doubt");
}

/* Files in force are followed by the files there are, as a running duban would. */
int duban_start(struct run *r)
{
	wall_t now = now_of(r), polled = r->polled;
	struct err err = {0};
	enum done done;
	int rc;

	fate_draw(r);
	r->error_at = -1; /* a disk that fails at the start is a start that is tried again */
	rc = store_open(r->path, &r->st, &err);
	if (rc >= 0) {
		const struct clock_past past = {store_high_water(r->st), store_clock_doubted(r->st),
						false};

		clock_trust_start(&r->trust, &past, now, r->true_now - r->start, r->synced);
		check_mark(r, &past);
		rc = engine_begin(r, now, &err);
	}
	done = fate_end(r, rc);
	if (!is_committed(done))
		r->polled = polled;
	if (done == FAILED && !r->disk_full)
		violate(r, "start", "%s", err.text);
	if (done == FAILED) { /* the service manager tries again */
		duban_stop(r);
		r->back_at = r->true_now + rng_between(&r->fault, 1, 120) * MINUTE;
	}
	if (is_committed(done) && r->first_loaded == WALL_NEVER)
		r->first_loaded = now;
	if (done != DONE)
		return -1;
	engine_set_expiry(r->e, r->expiry);
	r->up_since = now;
	r->back_at = WALL_NEVER;
	r->wake = r->outbox_wake = WALL_ALWAYS;
	r->changed = true;
	note(r, "start");
	return r->file_edit ? (duban_reload(r) ? 0 : -1) : 0;
}

/* The files on the disk take the place of those in force. False if duban is down now. */
bool duban_reload(struct run *r)
{
	struct campaign *after = gen_load(&r->files);
	struct err err = {0};
	enum done done;
	int rc;

	fate_draw(r);
	r->error_at = -1;
	rc = store_begin(r->st, &err);
	if (rc >= 0)
		rc = engine_reload(r->e, after, now_of(r), NULL, &err);
	else
		campaign_free(&after);
	if (rc >= 0)
		rc = store_commit(r->st, &err);
	done = fate_end(r, rc);
	note(r, "reload %s: %d", r->edit.words, (int)done);
	if (done == FAILED && !r->disk_full)
		violate(r, "reload", "%s", err.text);
	if (done == FAILED) { /* the files in force stay so */
		store_rollback(r->st);
		engine_revert(r->e, gen_load(&r->kept));
		r->changed = true;
		r->wake = WALL_ALWAYS;
	}
	if (is_committed(done)) {
		struct campaign *c = gen_load(&r->files), *before = gen_load(&r->kept);

		if (r->edit.cut)
			occ_cut(r, &r->edit, c);
		if (r->edit.dragged)
			occ_drag(r, &r->edit, before, c);
		campaign_free(&before);
		campaign_free(&c);
		r->kept = r->files;
		r->file_edit = false;
		r->changed = true;
		r->wake = WALL_ALWAYS;
		r->n_reloads++;
		g_hash_table_remove_all(r->moved);
	}
	return done == DONE;
}
