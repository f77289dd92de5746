/*
 * watch.c - inotify through uv_fs_event, one handle a directory.
 *
 * A handle watches an inode.  When a directory is replaced under its name the
 * handle goes on watching the old one; so after every burst of events the names
 * are looked up again and handles are renewed where the inode differs.
 *
 *   WATCHING --event--> SETTLING --quiet--> callback, look() --> WATCHING
 *                                           root gone: AGAIN --> look() ...
 */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/** One watched directory. Freed in its close callback. */
struct spot {
	uv_fs_event_t event;
	struct watch *watch; /* NULL from the moment it is dropped */
	char *path;
	dev_t dev;
	ino_t ino;
	bool seen; /* by the look that is under way */
};

struct watch {
	struct loop *loop;
	char *dir;
	dur_t settle;
	watch_fn *fn; /* NULL from watch_free() on */
	void *arg;
	GPtrArray *spots;
	uv_timer_t timer;
	uint64_t burst; /* loop time at which the events began; 0 = none */
	bool gone;      /* the directory itself is missing */
};

static void watch_look(struct watch *w);

static void on_spot_closed(uv_handle_t *h)
{
	struct spot *s = h->data;

	g_free(s->path);
	g_free(s);
}

static void spot_drop(struct spot *s)
{
	s->watch = NULL;
	uv_close((uv_handle_t *)&s->event, on_spot_closed);
}

static void on_settled(uv_timer_t *timer)
{
	struct watch *w = timer->data;
	bool was_gone = w->gone, burst = w->burst != 0;

	w->burst = 0;
	watch_look(w);
	if (w->gone)
		uv_timer_start(&w->timer, on_settled, (uint64_t)WATCH_AGAIN, 0);
	/* While it stays away there is nothing to look at; its going and coming are told. */
	if (burst || was_gone != w->gone)
		w->fn(w->arg);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct spot *s = event->data;
	struct watch *w = s->watch;
	uint64_t now, latest;

	(void)events;
	(void)status; /* an error, too, means: look again */
	if (!w)
		return;
	/* Lock and swap files of editors come and go without the content changing. */
	if (name && name[0] == '.')
		return;
	now = uv_now(loop_uv(w->loop));
	if (w->burst == 0)
		w->burst = now;
	latest = w->burst + (uint64_t)WATCH_SETTLE_MAX;
	uv_timer_start(&w->timer, on_settled,
		       MIN((uint64_t)w->settle, latest > now ? latest - now : 0), 0);
}

static struct spot *spot_find(struct watch *w, const char *path)
{
	for (guint i = 0; i < w->spots->len; i++) {
		struct spot *s = g_ptr_array_index(w->spots, i);

		if (strcmp(s->path, path) == 0)
			return s;
	}
	return NULL;
}

/** Watch @path if it is a directory and not yet watched. Returns 0 or -errno. */
static int spot_add(struct watch *w, const char *path)
{
	struct spot *s = spot_find(w, path);
	struct stat st;
	int rc;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (s && s->dev == st.st_dev && s->ino == st.st_ino) {
		s->seen = true;
		return 0;
	}
	if (w->spots->len >= WATCH_DIRS_MAX)
		return -E2BIG;
	s = g_new0(struct spot, 1);
	*s = (struct spot){.watch = w,
			   .path = g_strdup(path),
			   .dev = st.st_dev,
			   .ino = st.st_ino,
			   .seen = true};
	must(uv_fs_event_init(loop_uv(w->loop), &s->event) == 0);
	s->event.data = s;
	rc = uv_fs_event_start(&s->event, on_event, path, 0);
	if (rc < 0) {
		spot_drop(s);
		return rc;
	}
	g_ptr_array_add(w->spots, s);
	return 0;
}

/** Watch @path and the directories in it. */
static void add_tree(struct watch *w, const char *path, int depth)
{
	DIR *d;
	struct dirent *e;

	if (depth > 3 || spot_add(w, path) < 0)
		return; /* it is not there, or no more than its parent's events are to be had */
	d = opendir(path);
	if (!d)
		return;
	while ((e = readdir(d))) {
		g_autofree char *below = NULL;

		if (e->d_name[0] == '.' || e->d_type == DT_REG)
			continue;
		below = g_build_filename(path, e->d_name, NULL);
		add_tree(w, below, depth + 1);
	}
	closedir(d);
}

static int watch_look_root(struct watch *w)
{
	g_autofree char *duty = g_build_filename(w->dir, "duty", NULL);
	g_autofree char *templates = g_build_filename(w->dir, "templates", NULL);
	int rc;

	for (guint i = 0; i < w->spots->len; i++)
		((struct spot *)g_ptr_array_index(w->spots, i))->seen = false;
	rc = spot_add(w, w->dir);
	if (rc == 0) {
		(void)spot_add(w, duty); /* need not exist */
		add_tree(w, templates, 1);
	}
	for (guint i = w->spots->len; i > 0; i--) {
		struct spot *s = g_ptr_array_index(w->spots, i - 1);

		if (!s->seen) {
			g_ptr_array_remove_index_fast(w->spots, i - 1);
			spot_drop(s);
		}
	}
	return rc;
}

static void watch_look(struct watch *w)
{
	w->gone = watch_look_root(w) < 0;
}

struct watch *watch_new(struct loop *l, const char *dir, dur_t settle, watch_fn *fn, void *arg,
			struct err *err)
{
	struct watch *w = g_new0(struct watch, 1);
	int rc;

	must(fn != NULL);
	must(settle >= 0);
	*w = (struct watch){
		.loop = l, .dir = g_strdup(dir), .settle = settle, .fn = fn, .arg = arg};
	w->spots = g_ptr_array_new();
	must(uv_timer_init(loop_uv(l), &w->timer) == 0);
	w->timer.data = w;
	rc = watch_look_root(w);
	if (rc < 0) {
		err_set(err, rc, "%s: cannot be watched: %s", dir, uv_strerror(rc));
		watch_free(&w);
		return NULL;
	}
	return w;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct watch *w = h->data;

	g_free(w->dir);
	g_free(w);
}

void watch_free(struct watch **wp)
{
	struct watch *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	w->fn = NULL;
	for (guint i = 0; i < w->spots->len; i++)
		spot_drop(g_ptr_array_index(w->spots, i));
	g_ptr_array_unref(w->spots);
	uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}
