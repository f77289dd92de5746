/*
 * places.c - loading campaigns; the last good files stay in force, over a restart too.
 */
#include "places.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "daemon/campaign/large.h"

static void place_free(gpointer p)
{
	struct place *place = p;

	engine_free(&place->engine);
	templates_free(&place->fresh);
	templates_free(&place->live);
	pthread_mutex_destroy(&place->lock);
	g_free(place->dir);
	g_free(place->problem);
	g_free(place);
}

void places_init(struct places *p, dur_t expiry)
{
	p->list = g_ptr_array_new_with_free_func(place_free);
	p->engines = g_ptr_array_new();
	p->sources = last_good_new();
	p->expiry = expiry;
}

void places_fini(struct places *p)
{
	g_ptr_array_unref(p->engines);
	g_ptr_array_unref(p->list);
	last_good_free(&p->sources);
}

static void on_file(void *arg, const char *path, const void *bytes, size_t size)
{
	campaign_files_add(arg, path, bytes, size);
}

/* The last good files of @key, or NULL if there are none. */
static struct campaign_files *read_kept(struct store *st, const char *key, wall_t now)
{
	struct campaign_files *files = campaign_files_new(key);

	if (store_files_each(st, store_campaign(st, key, now, NULL), on_file, files) <= 0)
		campaign_files_free(&files);
	return files;
}

static void offer_templates(struct place *place, struct prepared *x)
{
	pthread_mutex_lock(&place->lock);
	templates_free(&place->fresh);
	place->fresh = g_steal_pointer(&x->templates);
	pthread_mutex_unlock(&place->lock);
}

const struct templates *places_templates(struct places *p, const struct engine *engine)
{
	for (guint i = 0; i < p->list->len; i++) {
		struct place *place = g_ptr_array_index(p->list, i);

		if (place->engine != engine)
			continue;
		pthread_mutex_lock(&place->lock);
		if (place->fresh != NULL) {
			templates_free(&place->live);
			place->live = place->fresh;
			place->fresh = NULL;
		}
		pthread_mutex_unlock(&place->lock);
		return place->live;
	}
	return NULL;
}

static void report_all(const struct prepared *x, GPtrArray *report)
{
	for (guint i = 0; i < x->report->len; i++)
		g_ptr_array_add(report, g_strdup(g_ptr_array_index(x->report, i)));
}

/* ---- committing: the thread of the store ------------------------------------------ */

static int keep_files(struct store *st, const struct campaign_files *files, uint64_t digest,
		      wall_t now)
{
	int64_t id = store_campaign(st, files->key, now, NULL);
	int rc;

	if (digest != 0 && store_campaign_digest(st, id) == digest)
		return 0; /* they are there, megabytes of them */
	rc = store_files_clear(st, id);
	for (guint i = 0; i < files->files->len && rc >= 0; i++) {
		const struct campaign_file *f = g_ptr_array_index(files->files, i);

		rc = store_files_put(st, id, f->path, f->bytes, f->size);
	}
	return rc < 0 ? rc : store_campaign_set_digest(st, id, digest);
}

#define BROKEN_PROBLEM                                                                                                        \
	"目录中的文件有错误，仍按上一次正确的文件运行；请运行 dubanctl check，改好后 dubanctl " \
	"reload"

/* @broken: the files are to blame, since @now; else they wait for a person. */
static void set_problem(struct place *place, const char *problem, bool broken, wall_t now)
{
	pthread_mutex_lock(&place->lock);
	g_free(place->problem);
	place->problem = g_strdup(problem);
	if (!broken)
		place->broken = 0;
	else if (place->broken == 0)
		place->broken = now;
	pthread_mutex_unlock(&place->lock);
}

char *place_broken(struct place *place, wall_t *since_out)
{
	char *words = NULL;

	pthread_mutex_lock(&place->lock);
	if (place->broken != 0) {
		words = g_strdup(place->problem);
		*since_out = place->broken;
	}
	pthread_mutex_unlock(&place->lock);
	return words;
}

/* The last good files, prepared; NULL: there are none, or no campaign can be made of them. */
static struct prepared *prepare_kept(const char *dir, struct store *st, places_parse_fn *parse,
				     wall_t now)
{
	g_autofree char *key = g_path_get_basename(dir);
	struct campaign_files *files = read_kept(st, key, now);
	struct prepared *x;

	if (files == NULL)
		return NULL;
	x = prepared_from(dir, files, now, parse);
	if (x->campaign == NULL)
		g_clear_pointer(&x, prepared_free);
	return x;
}

static bool is_as_kept(struct store *st, const struct prepared *x, wall_t now)
{
	int64_t id = store_campaign(st, x->files->key, now, NULL);

	return store_campaign_digest(st, id) == x->campaign->digest;
}

#define HELD_PROBLEM "改动较大，等待确认（dubanctl confirm），仍按原来的文件运行："

static void hold(struct place *place, uint64_t digest, const GPtrArray *reasons)
{
	GString *text = g_string_new(HELD_PROBLEM);

	for (guint i = 0; i < reasons->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? "；" : "", (char *)reasons->pdata[i]);
	set_problem(place, text->str, false, 0);
	place->held = digest;
	g_string_free(text, TRUE);
}

/* What a start finds: the files to begin with, and those to go on to. */
struct opening {
	struct prepared *first; /* NULL: neither the directory's nor the kept ones can be used */
	struct prepared *then;  /* edited while we were down: a reload; NULL */
	GPtrArray *reasons;     /* why it is not, yet; NULL */
};

static void opening_fini(struct opening *o)
{
	prepared_free(o->first);
	prepared_free(o->then);
	if (o->reasons != NULL)
		g_ptr_array_unref(o->reasons);
}

/*
 * The directory's files.  If they were edited while we were down, the kept ones come first and
 * the edit is a reload like any other, unless it is so large that a person must confirm it.
 * If they are broken, the kept ones alone, with place->problem set.
 */
static void choose(struct place *place, struct store *st, const struct places *p, wall_t now,
		   GPtrArray *report, struct opening *out, struct err *err)
{
	g_autofree char *key = g_path_get_basename(place->dir);
	struct prepared *x, *kept;
	wall_t first_loaded = now;

	last_good_read(p->sources, st, key, store_campaign(st, key, now, &first_loaded));
	x = place_prepare(p->sources, p->parse, place->dir, NULL, now);
	*out = (struct opening){.first = x};
	report_all(x, report);
	if (x->good && is_as_kept(st, x, now))
		return;
	kept = prepare_kept(place->dir, st, p->parse, now);
	if (x->good && kept == NULL)
		return;
	out->first = kept;
	if (x->good) {
		out->reasons = campaign_large_edit(kept->campaign, x->campaign, first_loaded, now);
		if (out->reasons->len == 0) {
			out->then = x;
			return;
		}
		hold(place, x->campaign->digest, out->reasons);
	} else if (kept != NULL) {
		report_all(kept, report);
		set_problem(place, BROKEN_PROBLEM, true, now);
	} else {
		(void)err_set(err, -EINVAL, "%s 有错误，且没有可沿用的旧文件", place->dir);
	}
	prepared_free(x);
}

/* Of files that the campaign in force has no source for. */
static int forget_sources(const struct place *place, struct store *st, wall_t now, struct err *err)
{
	int64_t id = store_campaign(st, engine_key(place->engine), now, NULL);

	return last_good_forget_rows(st, id, engine_campaign(place->engine), err);
}

/* Put the files of @o in force. */
static int begin(struct place *place, struct store *st, const struct places *p, struct opening *o,
		 wall_t now, GPtrArray *report, struct err *err)
{
	struct prepared *last = o->then != NULL ? o->then : o->first;
	int rc;

	place->digest = last->campaign->digest;
	rc = engine_new(st, g_steal_pointer(&o->first->campaign), now, report, &place->engine, err);
	if (rc >= 0 && p->unsure)
		rc = engine_first_load_unsure(place->engine, now, err);
	if (rc >= 0 && o->then != NULL)
		rc = engine_reload(place->engine, g_steal_pointer(&o->then->campaign), now, report,
				   err);
	if (rc >= 0)
		rc = keep_files(st, last->files, place->digest, now);
	if (rc >= 0)
		rc = forget_sources(place, st, now, err);
	if (rc >= 0 && place->held != 0)
		rc = engine_hold_edit(place->engine, place->held, o->reasons, now, err);
	if (rc >= 0)
		offer_templates(place, last);
	return rc < 0 ? rc : 0;
}

static int open_place(struct place *place, struct store *st, const struct places *p, wall_t now,
		      GPtrArray *report, struct err *err)
{
	struct opening o;
	int rc = -EINVAL;

	choose(place, st, p, now, report, &o, err);
	if (o.first != NULL)
		rc = begin(place, st, p, &o, now, report, err);
	opening_fini(&o);
	return rc;
}

int places_open(struct places *p, struct store *st, const char *dir, wall_t now, GPtrArray *report,
		struct err *err)
{
	struct place *place = g_new0(struct place, 1);
	int rc = store_begin(st, err);

	place->dir = g_strdup(dir);
	must(pthread_mutex_init(&place->lock, NULL) == 0);
	if (rc >= 0)
		rc = open_place(place, st, p, now, report, err);
	if (rc >= 0)
		rc = store_commit(st, err);
	if (rc < 0) {
		store_rollback(st);
		place_free(place);
		return rc;
	}
	last_good_forget(p->sources, engine_key(place->engine), engine_campaign(place->engine));
	engine_set_expiry(place->engine, p->expiry);
	g_ptr_array_add(p->list, place);
	g_ptr_array_add(p->engines, place->engine);
	return 0;
}

/* The engine may have the new files already, the database has not: what it keeps is in force. */
static void go_back(struct place *place, struct store *st, places_parse_fn *parse, wall_t now)
{
	struct prepared *x = prepare_kept(place->dir, st, parse, now);

	if (x != NULL)
		engine_revert(place->engine, g_steal_pointer(&x->campaign));
	prepared_free(x);
}

/* What one commit of all places shares. */
struct commit {
	const struct places *p;
	struct store *st;
	const struct confirmation *confirm;
	wall_t now;
	GPtrArray *report;
};

static int keep_given(const struct commit *c, const struct prepared *x, struct err *err)
{
	int64_t id = store_campaign(c->st, x->files->key, c->now, NULL);
	int rc = 0;

	for (guint i = 0; i < x->given->len && rc >= 0; i++) {
		const struct given *g = g_ptr_array_index(x->given, i);

		rc = store_source_good(c->st, id, &g->row, c->now, err);
	}
	return rc;
}

/* After the commit: what sources gave is the last good of them. */
static void put_given(const struct commit *c, const struct prepared *x)
{
	for (guint i = 0; i < x->given->len; i++) {
		const struct given *g = g_ptr_array_index(x->given, i);

		last_good_put(c->p->sources, x->files->key, &g->row);
	}
}

/* @reasons: confirmed by a person; NULL: none were needed. */
static int swap(const struct commit *c, struct place *place, struct prepared *x,
		const GPtrArray *reasons, struct err *err)
{
	struct store *st = c->st;
	wall_t now = c->now;
	uint64_t digest = x->campaign->digest;
	int rc = store_begin(st, err);

	if (rc < 0)
		return rc;
	rc = engine_reload(place->engine, g_steal_pointer(&x->campaign), now, c->report, err);
	if (rc >= 0 && reasons != NULL)
		rc = engine_confirm_edit(place->engine, reasons, c->confirm->actor, c->confirm->why,
					 now, err);
	if (rc >= 0)
		rc = keep_files(st, x->files, digest, now);
	if (rc >= 0)
		rc = keep_given(c, x, err);
	if (rc >= 0)
		rc = forget_sources(place, st, now, err);
	if (rc >= 0)
		rc = store_commit(st, err);
	if (rc < 0) {
		store_rollback(st);
		go_back(place, st, c->p->parse, now);
		set_problem(place, "新文件未能写入数据库，仍按上一次正确的文件运行", true, now);
		return rc;
	}
	place->digest = digest;
	place->held = 0;
	put_given(c, x);
	last_good_forget(c->p->sources, x->files->key, engine_campaign(place->engine));
	offer_templates(place, x);
	set_problem(place, NULL, false, 0);
	return 0;
}

static int hold_edit(const struct commit *c, struct place *place, uint64_t digest,
		     const GPtrArray *reasons, struct err *err)
{
	int rc = store_begin(c->st, err);

	if (rc < 0)
		return rc;
	rc = engine_hold_edit(place->engine, digest, reasons, c->now, err);
	if (rc >= 0)
		rc = store_commit(c->st, err);
	if (rc < 0) {
		store_rollback(c->st);
		engine_touch(place->engine);
		return rc;
	}
	hold(place, digest, reasons);
	return err_set(err, -EAGAIN, "%s：%s", place->dir, place->problem);
}

static bool is_confirmed(const struct commit *c, const struct place *place)
{
	return c->confirm != NULL && strcmp(c->confirm->campaign, engine_key(place->engine)) == 0;
}

static int change(const struct commit *c, struct place *place, struct prepared *x, struct err *err)
{
	g_autoptr(GPtrArray) reasons =
		campaign_large_edit(engine_campaign(place->engine), x->campaign,
				    engine_first_loaded(place->engine), c->now);
	bool confirmed = is_confirmed(c, place);

	if (confirmed && place->held != x->campaign->digest)
		return err_set(
			err, -EINVAL,
			"%s 的文件又改过了，与等待确认的不同；请先运行 dubanctl reload 再看一遍",
			place->dir);
	if (reasons->len > 0 && !confirmed)
		return hold_edit(c, place, x->campaign->digest, reasons, err);
	return swap(c, place, x, confirmed ? reasons : NULL, err);
}

/* The files in force are these: it is only noted where they come from. */
static int stay(const struct commit *c, struct place *place, const struct prepared *x,
		struct err *err)
{
	int rc = 0;

	if (x->given->len > 0) {
		rc = store_begin(c->st, err);
		if (rc < 0)
			return rc;
		rc = keep_given(c, x, err);
		if (rc >= 0)
			rc = store_commit(c->st, err);
		if (rc < 0) {
			store_rollback(c->st);
			return rc;
		}
		put_given(c, x);
	}
	place->held = 0;
	set_problem(place, NULL, false, 0);
	return 0;
}

static int commit_place(const struct commit *c, struct place *place, struct prepared *x,
			struct err *err)
{
	report_all(x, c->report);
	if (is_confirmed(c, place) && place->held == 0)
		return err_set(err, -EINVAL, "%s 没有等待确认的修改", place->dir);
	if (x->files == NULL) {
		set_problem(place, "目录不可读，仍按上一次正确的文件运行", true, c->now);
		return err_set(err, -EINVAL, "%s", (char *)g_ptr_array_index(x->report, 0));
	}
	if (!x->good) {
		set_problem(place, BROKEN_PROBLEM, true, c->now);
		return err_set(err, -EINVAL, "%s 有错误，未载入；原有文件继续有效", place->dir);
	}
	return x->campaign->digest != place->digest ? change(c, place, x, err)
						    : stay(c, place, x, err);
}

static struct place *place_of(const struct places *p, const char *dir)
{
	for (guint i = 0; i < p->list->len; i++) {
		struct place *place = g_ptr_array_index(p->list, i);

		if (strcmp(place->dir, dir) == 0)
			return place;
	}
	return NULL;
}

/* A source was read after @x was prepared: once more, here. It is rare. */
static struct prepared *renew(const struct places *p, const struct prepared *x,
			      const struct source_row *fresh, wall_t now)
{
	if (x->files == NULL || x->turn == last_good_turn(p->sources))
		return NULL;
	return place_prepare(p->sources, p->parse, x->dir, fresh, now);
}

int places_commit(struct places *p, struct store *st, const GPtrArray *all,
		  const struct confirmation *confirm, wall_t now, GPtrArray *report,
		  struct err *err)
{
	struct commit c = {p, st, confirm, now, report};
	int rc = 0;

	for (guint i = 0; i < all->len; i++) {
		struct prepared *x = g_ptr_array_index(all, i);
		struct place *place = place_of(p, x->dir);
		struct err own = {0};
		int one = 0;

		/* A confirmation is about one campaign: the others wait for a reload of their own. */
		if (place != NULL && (confirm == NULL || is_confirmed(&c, place))) {
			struct prepared *again = renew(p, x, NULL, now);

			one = commit_place(&c, place, again == NULL ? x : again, &own);
			prepared_free(again);
		}
		if (one < 0 && rc == 0)
			rc = err_set(err, one, "%s", own.text);
	}
	return rc;
}

/* The first error of @x, without the directory's name. */
static const char *first_error(const struct prepared *x)
{
	for (guint i = 0; i < x->report->len; i++) {
		const char *line = g_ptr_array_index(x->report, i);

		if (strstr(line, ": error: ") != NULL)
			return g_str_has_prefix(line, x->dir) ? line + strlen(x->dir) + 1 : line;
	}
	return "目录读不出来";
}

static bool is_given(const struct prepared *x, const struct source_row *fresh)
{
	for (guint i = 0; i < x->given->len; i++) {
		const struct given *g = g_ptr_array_index(x->given, i);

		if (strcmp(g->path, fresh->path) == 0 && strcmp(g->url, fresh->url) == 0)
			return true;
	}
	return false;
}

static int take(const struct commit *c, struct prepared *x, const struct source_row *fresh,
		struct err *err)
{
	struct place *place = place_of(c->p, x->dir);
	bool other;
	int rc;

	must(place != NULL);
	report_all(x, c->report);
	if (!x->good)
		return err_set(err, -EINVAL, "%s", first_error(x));
	if (!is_given(x, fresh))
		return err_set(err, -ENOENT, "campaign.yaml 里已经没有这个来源");
	other = x->campaign->digest != place->digest;
	rc = other ? change(c, place, x, err) : stay(c, place, x, err);
	if (rc == -EAGAIN)
		last_good_hold(c->p->sources, x->files->key, fresh);
	return rc < 0 ? rc : other;
}

int places_take(struct places *p, struct store *st, struct prepared *x,
		const struct source_row *fresh, wall_t now, GPtrArray *report, struct err *err)
{
	struct commit c = {p, st, NULL, now, report};
	struct prepared *again = renew(p, x, fresh, now);
	int rc = take(&c, again == NULL ? x : again, fresh, err);

	prepared_free(again);
	return rc;
}
