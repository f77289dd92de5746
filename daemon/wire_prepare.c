/*
 * wire_prepare.c - campaigns are read again beside both threads.
 *
 *   wish ──> waiting ──its turn──> libuv's pool: place_prepare() ──loop──> .fn posts the commit
 *
 * One at a time and in order, so that an older reading never replaces a newer one; each begins
 * after it was wished for. Meanwhile the loop goes on sending and the database thread goes on
 * acknowledging, however large the files are.
 */
#include <string.h>

#include "wire_private.h"

struct wish {
	struct daemon *d;
	wire_prepared_fn *fn;
	void *arg;
	const char *dir;                /* this one alone; NULL: all */
	const struct source_row *fresh; /* what a source gave to it; NULL */
	wall_t now;
	uv_work_t work;
	GPtrArray *all; /* struct prepared * */
};

/* A thread of libuv's pool. */
static void run(uv_work_t *work)
{
	struct wish *w = work->data;
	const GPtrArray *dirs = w->d->settings->campaigns; /* as long as the daemon lives */

	for (guint i = 0; i < dirs->len; i++) {
		const char *dir = g_ptr_array_index(dirs, i);

		if (w->dir == NULL || strcmp(dir, w->dir) == 0)
			g_ptr_array_add(w->all,
					place_prepare(w->d->places.sources, w->d->places.parse, dir,
						      w->fresh, w->now));
	}
}

static void begin(struct daemon *d);

static void end(struct wish *w, bool too_late)
{
	if (too_late)
		g_clear_pointer(&w->all, g_ptr_array_unref);
	w->fn(w->d, w->arg, w->all);
	g_free(w);
}

static void done(uv_work_t *work, int status)
{
	struct wish *w = work->data;
	struct daemon *d = w->d;

	d->preparing = NULL;
	end(w, status < 0 || d->finished);
	begin(d);
}

static void begin(struct daemon *d)
{
	struct wish *w = d->preparing == NULL ? g_queue_pop_head(&d->wishes) : NULL;

	if (w == NULL)
		return;
	d->preparing = w;
	w->now = d->clock->now(d->clock);
	w->work.data = w;
	must(uv_queue_work(loop_uv(d->loop), &w->work, run, done) == 0);
}

void wire_prepare(struct daemon *d, wire_prepared_fn *fn, void *arg)
{
	wire_prepare_source(d, NULL, NULL, fn, arg);
}

void wire_prepare_source(struct daemon *d, const char *dir, const struct source_row *fresh,
			 wire_prepared_fn *fn, void *arg)
{
	struct wish *w = g_new0(struct wish, 1);

	*w = (struct wish){.d = d, .fn = fn, .arg = arg, .dir = dir, .fresh = fresh};
	w->all = g_ptr_array_new_with_free_func(prepared_free);
	g_queue_push_tail(&d->wishes, w);
	begin(d);
}

bool wire_prepare_waits(const struct daemon *d, const void *arg)
{
	for (const GList *at = d->wishes.head; at != NULL; at = at->next)
		if (((const struct wish *)at->data)->arg == arg)
			return true;
	return false;
}

void wire_prepare_stop(struct daemon *d)
{
	struct wish *w;

	while ((w = g_queue_pop_head(&d->wishes)) != NULL)
		end(w, true);
	while (d->preparing != NULL)
		loop_turn(d->loop, true);
}
