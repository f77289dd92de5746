/*
 * wire_sources_job.c - what was said by a remote calendar, on the database thread.
 *
 * The last good bytes and the campaign that they make are committed together: after a kill
 * there is the old or the new, and the next look finds out again.
 */
#include <errno.h>
#include <string.h>

#include "daemon/engine/alarm.h"
#include "daemon/store/source.h"
#include "wire_sources.h"

#define TELL_AFTER 2 /* failures in a row: one may be a server's restart */

void remote_free(gpointer p)
{
	struct remote *r = p;

	if (r == NULL)
		return;
	g_free(r->campaign);
	g_free(r->as);
	g_free(r->url);
	g_free(r->host);
	g_free(r->credential);
	g_free(r->hash);
	g_free(r->etag);
	g_free(r->modified);
	g_free(r->problem);
	g_free(r);
}

static void on_row(void *arg, const struct source_row *row)
{
	struct remote *r = arg;

	r->hash = g_strdup(row->hash);
	r->etag = g_strdup(row->etag);
	r->modified = g_strdup(row->modified);
	r->problem = g_strdup(row->problem);
	r->fetched = row->fetched;
	r->looked = row->looked;
	r->failures = row->failures;
}

static struct remote *remote_of(const struct place *place, const struct source *s, struct store *st)
{
	const struct campaign *c = engine_campaign(place->engine);
	const char *key = engine_key(place->engine);
	struct remote *r = g_new0(struct remote, 1);

	r->campaign = g_strdup(key);
	r->as = g_strdup(campaign_text(c, s->as));
	r->url = g_strdup(campaign_text(c, s->url));
	r->host = g_strdup(campaign_text(c, s->host));
	r->credential = s->credential == 0 ? NULL : g_strdup(campaign_text(c, s->credential));
	r->kind = (enum source_kind)s->kind;
	r->poll = s->poll;
	(void)store_source_get(st, store_campaign(st, key, 0, NULL), r->as, r->url, on_row, r);
	return r;
}

GPtrArray *remotes_list(struct places *p, struct store *st)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(remote_free);

	for (guint i = 0; i < p->list->len; i++) {
		const struct place *place = g_ptr_array_index(p->list, i);
		const struct campaign *c = engine_campaign(place->engine);

		for (uint32_t k = 0; k < c->n_sources; k++)
			g_ptr_array_add(list, remote_of(place, &c->sources[k], st));
	}
	return list;
}

void look_job_free(struct look_job *k)
{
	g_free(k->campaign);
	g_free(k->as);
	g_free(k->url);
	g_clear_pointer(&k->bytes, g_bytes_unref);
	g_free(k->problem);
	g_free(k->hash);
	g_free(k->etag);
	g_free(k->modified);
	if (k->all != NULL)
		g_ptr_array_unref(k->all);
	g_ptr_array_unref(k->report);
	remote_free(k->now_known);
	g_free(k);
}

/* The place and the source that the look was about; false: an edit has taken it away. */
static bool find(struct look_job *k, struct place **place, const struct source **source)
{
	struct places *p = &k->d->places;

	for (guint i = 0; i < p->list->len; i++) {
		struct place *one = g_ptr_array_index(p->list, i);
		const struct campaign *c = engine_campaign(one->engine);

		for (uint32_t s = 0; s < c->n_sources; s++) {
			if (strcmp(engine_key(one->engine), k->campaign) != 0 ||
			    strcmp(campaign_text(c, c->sources[s].as), k->as) != 0 ||
			    strcmp(campaign_text(c, c->sources[s].url), k->url) != 0)
				continue;
			*place = one;
			*source = &c->sources[s];
			return true;
		}
	}
	return false;
}

static int journal(struct store *st, const struct look_job *k, const char *event,
		   const char *problem, struct err *err)
{
	json_t *detail = json_pack("{s:s, s:s*}", "source", k->as, "problem", problem);
	g_autofree char *text = json_dumps(detail, JSON_COMPACT);

	json_decref(detail);
	return store_journal(st, k->now, k->campaign, "duband", event, text == NULL ? "{}" : text,
			     err);
}

/* Once, after the second failure in a row. */
static int tell(struct look_job *k, struct store *st, struct engine *e, const struct remote *was,
		struct err *err)
{
	g_autofree char *at = was->fetched == 0 ? NULL : engine_format(e, was->fetched);
	g_autofree char *then =
		at == NULL ? g_strdup("至今一次也没有读到，这一份暂以目录里的为准，没有就算空的")
			   : g_strdup_printf("仍按 %.10s %.5s 读到的内容运行", at, at + 11);
	g_autofree char *words = g_strdup_printf(
		"远程来源 %s（%s）接连 %d 次没有读成：%s。%s；dubanctl status 可看进展", k->as,
		was->host, TELL_AFTER, k->problem, then);
	int rc = journal(st, k, "source-failed", k->problem, err);

	return rc < 0 ? rc : engine_alarm(e, "远程来源异常", words, k->now, err);
}

/* And once that it can be read again. */
static int tell_well(struct look_job *k, struct store *st, struct engine *e,
		     const struct remote *was, struct err *err)
{
	g_autofree char *words =
		g_strdup_printf("已恢复：远程来源 %s（%s）又读到了", k->as, was->host);
	int rc = journal(st, k, "source-well", NULL, err);

	return rc < 0 ? rc : engine_alarm(e, "远程来源恢复", words, k->now, err);
}

static int note_failure(struct look_job *k, struct store *st, struct engine *e,
			const struct remote *was, struct err *err)
{
	int n = store_source_failed(st, store_campaign(st, k->campaign, k->now, NULL), k->as,
				    k->url, k->problem, err);

	return n == TELL_AFTER ? tell(k, st, e, was, err) : n;
}

static int note_same(struct look_job *k, struct store *st, struct err *err)
{
	return store_source_same(st, store_campaign(st, k->campaign, k->now, NULL), &k->row, k->now,
				 err);
}

/* Another calendar: in force, or waiting for a person, or a failure with the reason why not. */
static int take(struct look_job *k, struct store *st, const struct remote *was)
{
	struct err own = {0};
	int rc;

	must(k->all != NULL && k->all->len == 1);
	rc = places_take(&k->d->places, st, g_ptr_array_index(k->all, 0), &k->row, k->now,
			 k->report, &own);
	k->taken = rc > 0;
	if (rc == -EAGAIN) {
		/* It was there; the names of the last good bytes stay theirs. */
		k->same = true;
		k->row.etag = was->etag == NULL ? "" : was->etag;
		k->row.modified = was->modified == NULL ? "" : was->modified;
	} else if (rc == -EINVAL) {
		k->problem = g_strdup_printf("新内容没有采用：%s", own.text);
	} else if (rc < 0 && rc != -ENOENT) {
		k->problem = g_strdup_printf("新内容没有存下：%s", own.text);
	}
	return rc;
}

static int note(struct look_job *k, struct store *st, struct place *place, const struct remote *was,
		struct err *err)
{
	int rc = store_begin(st, err);

	if (rc < 0)
		return rc;
	if (k->problem != NULL)
		rc = note_failure(k, st, place->engine, was, err);
	else if (k->same)
		rc = note_same(k, st, err);
	if (rc >= 0 && k->problem == NULL && was->failures >= TELL_AFTER) {
		k->well_again = true;
		rc = tell_well(k, st, place->engine, was, err);
	}
	if (rc >= 0)
		rc = store_commit(st, err);
	if (rc < 0)
		store_rollback(st);
	return rc;
}

int look_job_run(struct store *st, struct writer_job *job, struct err *err)
{
	struct look_job *k = (struct look_job *)job;
	struct place *place;
	const struct source *source;
	struct remote *was;
	int rc;

	if (!find(k, &place, &source))
		return 0;
	was = remote_of(place, source, st);
	if (k->problem == NULL && k->same)
		k->dropped = last_good_drop(k->d->places.sources, k->campaign, k->as);
	rc = k->problem == NULL && !k->same ? take(k, st, was) : 0;
	/* Of a source that an edit took away meanwhile nothing is noted. */
	rc = rc == -ENOENT ? 0 : note(k, st, place, was, err);
	remote_free(was);
	if (find(k, &place, &source))
		k->now_known = remote_of(place, source, st);
	return rc;
}
