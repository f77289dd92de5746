/*
 * parse_files.c - the calendars of a campaign, read by one child while the units are read here;
 * by one each if it dies.
 */
#include <errno.h>
#include <string.h>

#include "calendars/flat.h"
#include "daemon/io/child.h"
#include "parse.h"

#define MIB (1024u * 1024u)
/* Of a shadow memory a limit on addresses would leave nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_MAX 0
#else
#define MEMORY_MAX (1024ull * MIB)
#endif

static bool is_calendar(const struct campaign_file *f)
{
	return g_str_has_suffix(f->path, ".ics");
}

/* uint32_t size, then the bytes; of each. */
static GBytes *batch_of(const GPtrArray *files)
{
	GByteArray *in = g_byte_array_new();

	for (guint i = 0; i < files->len; i++) {
		const struct campaign_file *f = files->pdata[i];
		uint32_t size = (uint32_t)f->size;

		g_byte_array_append(in, (const guint8 *)&size, sizeof(size));
		g_byte_array_append(in, (const guint8 *)f->bytes, size);
	}
	return g_byte_array_free_to_bytes(in);
}

/* As many flats as @files has, or none. */
static GPtrArray *flats_of(GBytes *out, guint n, struct err *err)
{
	gsize size;
	const char *at = g_bytes_get_data(out, &size), *end = at + size;
	GPtrArray *flats = g_ptr_array_new();
	int rc = 0;

	for (guint i = 0; i < n && rc == 0; i++) {
		struct flat *f = NULL;
		uint32_t one = 0;

		if ((size_t)(end - at) >= sizeof(one))
			memcpy(&one, at, sizeof(one));
		at += MIN((size_t)(end - at), sizeof(one));
		if (one > (size_t)(end - at))
			rc = err_set(err, -EPROTO, "解析进程的输出不完整");
		else
			rc = flat_decode(at, one, &f, err);
		if (rc == 0) {
			g_ptr_array_add(flats, f);
			at += one;
		}
	}
	if (rc == 0)
		return flats;
	for (guint i = 0; i < flats->len; i++)
		flat_free((struct flat **)&flats->pdata[i]);
	g_ptr_array_unref(flats);
	return NULL;
}

/* A child that reads @batch, some files of @files. */
struct parsing {
	struct campaign_files *files;
	GPtrArray *batch;
	struct child_run *child; /* NULL: none could be had */
	struct err err;
};

static struct parsing *begin(struct campaign_files *files, GPtrArray *batch)
{
	struct parsing *p = g_new0(struct parsing, 1);
	g_autoptr(GBytes) in = batch_of(batch);
	struct child_limits limits = {.cpu_s = 10, .memory = MEMORY_MAX, .timeout = 30 * SECOND};

	limits.out_max = 4 * g_bytes_get_size(in) + 16 * MIB;
	p->files = files;
	p->batch = g_ptr_array_ref(batch);
	p->child = child_begin("ics", in, &limits, &p->err);
	return p;
}

/* Takes @p; false with words when its child died. */
static bool end(struct parsing *p, struct err *err)
{
	g_autoptr(GBytes) out = NULL;
	g_autoptr(GPtrArray) flats = NULL;

	if (p->child != NULL && child_end(&p->child, &out, &p->err) == 0)
		flats = flats_of(out, p->batch->len, &p->err);
	for (guint i = 0; flats != NULL && i < flats->len; i++)
		campaign_files_parsed(p->files, ((struct campaign_file *)p->batch->pdata[i])->path,
				      flats->pdata[i]);
	*err = p->err;
	g_ptr_array_unref(p->batch);
	g_free(p);
	return flats != NULL;
}

static void finish(void *arg)
{
	struct parsing *all = arg;
	struct campaign_files *files = all->files;
	g_autoptr(GPtrArray) batch = g_ptr_array_ref(all->batch);
	struct err err = {0};

	if (end(all, &err))
		return;
	/* One of them is poisoned: it alone is to suffer. */
	for (guint i = 0; i < batch->len; i++) {
		struct campaign_file *f = batch->pdata[i];
		g_autoptr(GPtrArray) one = g_ptr_array_new();

		g_ptr_array_add(one, f);
		if (!end(begin(files, one), &err))
			campaign_files_parsed(files, f->path, flat_refused("UNREADABLE", err.text));
	}
}

void parse_calendars(struct campaign_files *files)
{
	g_autoptr(GPtrArray) batch = g_ptr_array_new();

	for (guint i = 0; i < files->files->len; i++)
		if (is_calendar(files->files->pdata[i]))
			g_ptr_array_add(batch, files->files->pdata[i]);
	if (batch->len > 0)
		campaign_files_await(files, finish, begin(files, batch));
}
