/*
 * source.c - the steps of source.h, each a callback of the one before.
 */
#include "source.h"

#include <errno.h>
#include <string.h>

#include "child.h"
#include "dav.h"

#define CHILD_MEMORY (512u << 20)
#define CHILD_OUT_MAX (8u << 20)

struct source_reader {
	struct loop *loop;
	struct fetcher *fetcher;
	GPtrArray *looks; /* struct look *, under way */
};

struct look {
	struct source_reader *owner;
	enum source_kind kind;
	char *url, *user, *password, *hash, *etag, *modified;
	bool whole;
	source_done_fn *done;
	void *arg;
	struct child *child;
	child_done_fn *then; /* when the child has ended */
	GBytes *bytes;       /* being checked */
	struct source_said said;
};

static void look_free(gpointer p)
{
	struct look *k = p;

	child_cancel(&k->child);
	g_clear_pointer(&k->bytes, g_bytes_unref);
	g_clear_pointer(&k->said.bytes, g_bytes_unref);
	g_free(k->said.hash);
	g_free(k->said.etag);
	g_free(k->said.modified);
	g_free(k->said.problem);
	g_free(k->url);
	g_free(k->user);
	g_free(k->password);
	g_free(k->hash);
	g_free(k->etag);
	g_free(k->modified);
	g_free(k);
}

static void look_end(struct look *k)
{
	if (k->said.etag == NULL)
		k->said.etag = g_strdup("");
	if (k->said.modified == NULL)
		k->said.modified = g_strdup("");
	g_ptr_array_set_free_func(k->owner->looks, NULL);
	(void)g_ptr_array_remove_fast(k->owner->looks, k);
	g_ptr_array_set_free_func(k->owner->looks, look_free);
	k->done(k->arg, &k->said);
	look_free(k);
}

static void look_fail(struct look *k, const char *problem)
{
	k->said.same = false;
	g_clear_pointer(&k->said.bytes, g_bytes_unref);
	k->said.problem = g_strdup(problem);
	look_end(k);
}

/* ---- children ------------------------------------------------------------- */

static void on_child(void *arg, int rc, GBytes *out, const struct err *err)
{
	struct look *k = arg;

	k->child = NULL;
	if (rc == 0)
		k->then(k, rc, out, err);
	else if (rc == -ETIMEDOUT || rc == -EFBIG)
		look_fail(k, "内容复杂得读不完，可能是有意为难的");
	else
		look_fail(k, "内容读不懂，请核对网址");
}

static void parse(struct look *k, const char *kind, GBytes *in, child_done_fn *then)
{
	static const struct child_limits limits = {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		.memory = CHILD_MEMORY, /* a sanitizer's shadow does not fit in it */
#endif
		.out_max = CHILD_OUT_MAX
	};
	struct err err = {0};

	k->then = then;
	k->child = child_start(k->owner->loop, kind, in, &limits, on_child, k, &err);
	if (k->child == NULL)
		look_fail(k, err.text);
}

/* ---- is it a calendar? ---------------------------------------------------- */

static bool is_page(GBytes *bytes)
{
	gsize size;
	const char *p = g_bytes_get_data(bytes, &size);

	while (size > 0 && (g_ascii_isspace(*p) || (unsigned char)*p >= 0x80)) /* a BOM */
		p++, size--;
	return size > 0 && *p == '<';
}

static const char *fault_of(GBytes *word, GBytes *bytes)
{
	static const char *const words[][2] = {
		{SOURCE_WORD_HALF, "日历不完整，结尾不见了"},
		{SOURCE_WORD_EMPTY, "日历里一项也没有"},
		{SOURCE_WORD_NONE, "读到的不是日历"},
	};
	gsize size;
	const char *said = g_bytes_get_data(word, &size);

	if (size == strlen(SOURCE_WORD_OK) && memcmp(said, SOURCE_WORD_OK, size) == 0)
		return NULL;
	if (is_page(bytes))
		return "读到的是网页，不是日历，多半要先登录";
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (size == strlen(words[i][0]) && memcmp(said, words[i][0], size) == 0)
			return words[i][1];
	return "读到的不是日历";
}

static void on_checked(void *arg, int rc, GBytes *out, const struct err *err)
{
	struct look *k = arg;
	const char *fault = fault_of(out, k->bytes);

	(void)rc, (void)err;
	if (fault != NULL) {
		look_fail(k, fault);
		return;
	}
	k->said.bytes = g_steal_pointer(&k->bytes);
	look_end(k);
}

/* Takes @bytes. */
static void check(struct look *k, GBytes *bytes)
{
	k->bytes = bytes;
	if (g_bytes_get_size(bytes) == 0) {
		look_fail(k, "读到的是空的");
		return;
	}
	k->said.hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	if (g_strcmp0(k->said.hash, k->hash) == 0) {
		k->said.same = true;
		look_end(k);
		return;
	}
	parse(k, "calendar", bytes, on_checked);
}

/* ---- one file ------------------------------------------------------------- */

static void on_file(void *arg, const struct fetch_reply *reply)
{
	struct look *k = arg;

	if (reply->problem != NULL) {
		look_fail(k, reply->problem);
		return;
	}
	if (reply->status == 304) {
		k->said.same = true;
		k->said.etag = g_strdup(k->etag);
		k->said.modified = g_strdup(k->modified);
		look_end(k);
		return;
	}
	if (reply->status != 200) {
		look_fail(k, "对方没有给出日历；是 CalDAV 的，请写 kind: caldav");
		return;
	}
	k->said.etag = g_strdup(reply->etag);
	k->said.modified = g_strdup(reply->modified);
	check(k, g_bytes_ref(reply->body));
}

static void get_file(struct look *k)
{
	bool known = !k->whole && k->hash != NULL && *k->hash != '\0';
	struct fetch_request request = {
		.method = "GET",
		.url = k->url,
		.etag = known ? k->etag : NULL,
		.modified = known ? k->modified : NULL,
		.user = k->user,
		.password = k->password,
	};

	fetch_start(k->owner->fetcher, &request, on_file, k);
}

/* ---- CalDAV --------------------------------------------------------------- */

static void ask_dav(struct look *k, const char *method, const char *depth, const char *body,
		    fetch_done_fn *done)
{
	struct fetch_request request = {
		.method = method,
		.url = k->url,
		.depth = depth,
		.body = body,
		.user = k->user,
		.password = k->password,
	};

	fetch_start(k->owner->fetcher, &request, done, k);
}

static GPtrArray *entries_of(struct look *k, GBytes *flat)
{
	gsize size;
	const char *bytes = g_bytes_get_data(flat, &size);
	GPtrArray *entries = dav_read(bytes, size);

	if (entries == NULL)
		look_fail(k, "服务器的回答不是 CalDAV 的，请核对网址");
	return entries;
}

static void on_members_read(void *arg, int rc, GBytes *out, const struct err *unused)
{
	struct look *k = arg;
	g_autoptr(GPtrArray) entries = entries_of(k, out);
	struct err err = {0};
	GBytes *bytes;

	(void)rc, (void)unused;
	if (entries == NULL)
		return;
	bytes = dav_join(entries, k->url, &err);
	if (bytes == NULL)
		look_fail(k, err.text);
	else if (g_bytes_get_size(bytes) > FETCH_BODY_MAX) {
		g_bytes_unref(bytes);
		look_fail(k, "日历集合太大");
	} else {
		check(k, bytes);
	}
}

/* 207 or words: a server that answers a DAV question with a page is none. */
static bool is_list(struct look *k, const struct fetch_reply *reply)
{
	if (reply->problem != NULL)
		look_fail(k, reply->problem);
	else if (reply->status != 207)
		look_fail(k, is_page(reply->body) ? "读到的是网页，不是日历，多半要先登录"
						  : "服务器的回答不是 CalDAV 的，请核对网址");
	else
		return true;
	return false;
}

static void on_members(void *arg, const struct fetch_reply *reply)
{
	struct look *k = arg;

	if (is_list(k, reply))
		parse(k, "dav", reply->body, on_members_read);
}

/* ctag and sync-token together: whichever changes, something has. "" if there is neither. */
static char *stamp_of(const struct dav_entry *e)
{
	if (e->ctag == NULL && e->token == NULL)
		return g_strdup("");
	return g_strdup_printf("%s\n%s", e->ctag == NULL ? "" : e->ctag,
			       e->token == NULL ? "" : e->token);
}

static void on_collection_read(void *arg, int rc, GBytes *out, const struct err *err)
{
	struct look *k = arg;
	g_autoptr(GPtrArray) entries = entries_of(k, out);
	const struct dav_entry *e = NULL;

	(void)rc, (void)err;
	if (entries == NULL)
		return;
	for (guint i = 0; i < entries->len && e == NULL; i++) {
		const struct dav_entry *one = entries->pdata[i];

		if (one->collection && one->calendar)
			e = one;
	}
	if (e == NULL) {
		look_fail(k, "这个网址不是日历集合；请写到日历那一层，如 /用户/日历/");
		return;
	}
	k->said.etag = stamp_of(e);
	if (!k->whole && *k->said.etag != '\0' && k->hash != NULL && *k->hash != '\0' &&
	    g_strcmp0(k->said.etag, k->etag) == 0) {
		k->said.same = true;
		look_end(k);
		return;
	}
	ask_dav(k, "REPORT", "1", dav_ask_members, on_members);
}

static void on_collection(void *arg, const struct fetch_reply *reply)
{
	struct look *k = arg;

	if (is_list(k, reply))
		parse(k, "dav", reply->body, on_collection_read);
}

/* ---- the reader ----------------------------------------------------------- */

void source_look(struct source_reader *r, const struct source_ask *ask, source_done_fn *done,
		 void *arg)
{
	struct look *k = g_new0(struct look, 1);

	must(done != NULL);
	k->owner = r;
	k->kind = ask->kind;
	k->url = g_strdup(ask->url);
	k->user = g_strdup(ask->user);
	k->password = g_strdup(ask->password);
	k->hash = g_strdup(ask->hash);
	k->etag = g_strdup(ask->etag);
	k->modified = g_strdup(ask->modified);
	k->whole = ask->whole;
	k->done = done;
	k->arg = arg;
	g_ptr_array_add(r->looks, k);
	if (k->kind == SOURCE_CALDAV)
		ask_dav(k, "PROPFIND", "0", dav_ask_collection, on_collection);
	else
		get_file(k);
}

struct source_reader *source_reader_new(struct loop *l, const struct fetch_settings *settings,
					struct err *err)
{
	struct fetcher *fetcher = fetcher_new(l, settings, err);
	struct source_reader *r;

	if (fetcher == NULL)
		return NULL;
	r = g_new0(struct source_reader, 1);
	r->loop = l;
	r->fetcher = fetcher;
	r->looks = g_ptr_array_new_with_free_func(look_free);
	return r;
}

void source_reader_free(struct source_reader **rp)
{
	struct source_reader *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	fetcher_free(&r->fetcher);
	g_ptr_array_unref(r->looks);
	g_free(r);
}
