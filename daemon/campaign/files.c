/*
 * files.c - the bytes of a campaign's directory, in memory.
 */
#include <string.h>

#include "daemon/campaign/build.h"

static void file_free(gpointer data)
{
	struct campaign_file *f = data;

	g_free(f->path);
	g_bytes_unref(f->held);
	flat_free(&f->flat);
	g_free(f);
}

struct campaign_files *campaign_files_new(const char *key)
{
	struct campaign_files *f = g_new0(struct campaign_files, 1);

	f->key = g_strdup(key);
	f->files = g_ptr_array_new_with_free_func(file_free);
	return f;
}

void campaign_files_free(struct campaign_files **f)
{
	if (!*f)
		return;
	campaign_files_settle(*f);
	g_free((*f)->key);
	g_ptr_array_unref((*f)->files);
	g_free(*f);
	*f = NULL;
}

void campaign_files_share(struct campaign_files *f, const char *path, GBytes *bytes)
{
	struct campaign_file *file = g_new0(struct campaign_file, 1);
	int at = 0;

	file->path = g_strdup(path);
	file->held = g_bytes_ref(bytes);
	file->bytes = g_bytes_get_data(bytes, &file->size);
	if (file->bytes == NULL) /* an empty one */
		file->bytes = "";
	while ((unsigned)at < f->files->len &&
	       strcmp(((struct campaign_file *)f->files->pdata[at])->path, path) < 0)
		at++;
	g_ptr_array_insert(f->files, at, file);
}

void campaign_files_add(struct campaign_files *f, const char *path, const void *bytes, size_t size)
{
	g_autoptr(GBytes) copy = g_bytes_new(bytes, size);

	campaign_files_share(f, path, copy);
}

void campaign_files_put(struct campaign_files *f, const char *path, const void *bytes, size_t size)
{
	for (unsigned i = 0; i < f->files->len; i++) {
		const struct campaign_file *file = f->files->pdata[i];

		if (!strcmp(file->path, path)) {
			g_ptr_array_remove_index(f->files, i);
			break;
		}
	}
	campaign_files_add(f, path, bytes, size);
}

const struct campaign_file *campaign_files_find(const struct campaign_files *f, const char *path)
{
	for (unsigned i = 0; i < f->files->len; i++) {
		const struct campaign_file *file = f->files->pdata[i];

		if (!strcmp(file->path, path))
			return file;
	}
	return NULL;
}

void campaign_files_await(struct campaign_files *f, campaign_await_fn *fn, void *arg)
{
	campaign_files_settle(f);
	f->await = fn;
	f->await_arg = arg;
}

void campaign_files_settle(struct campaign_files *f)
{
	campaign_await_fn *await = g_steal_pointer(&f->await);

	if (await != NULL)
		await(f->await_arg);
}

void campaign_files_parsed(struct campaign_files *f, const char *path, struct flat *flat)
{
	struct campaign_file *file = (struct campaign_file *)campaign_files_find(f, path);

	must(file != NULL);
	flat_free(&file->flat);
	file->flat = flat;
}

int campaign_file_calendar(const struct campaign_file *file, struct calendar *c,
			   struct findings *findings)
{
	const struct calendar_limits *limits = &calendar_limits_campaign;

	return file->flat != NULL
		       ? calendar_take(c, file->path, file->flat, limits, findings)
		       : calendar_read(c, file->path, file->bytes, file->size, limits, findings);
}
