/*
 * dubanctl.c - the command line's program: hands the world to ctl/.
 */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "daemon/io/files.h"

static int read_campaign(const char *dir, struct campaign_files **out, struct err *err)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *key = g_path_get_basename(dir);
	int rc = files_read(dir, &list, err);

	if (rc < 0)
		return rc;
	*out = campaign_files_new(key);
	for (guint i = 0; i < list->len; i++) {
		const struct file *f = g_ptr_array_index(list, i);
		gsize size;
		const void *bytes = g_bytes_get_data(f->bytes, &size);

		campaign_files_add(*out, f->path, bytes, size);
	}
	return 0;
}

static int read_file(const char *path, char **bytes_out, size_t *size_out, struct err *err)
{
	g_autoptr(GBytes) bytes = NULL;
	gsize size;
	const void *data;
	int rc = file_read(path, FILES_TOTAL_MAX, &bytes, err);

	if (rc < 0)
		return rc;
	data = g_bytes_get_data(bytes, &size);
	*bytes_out = g_malloc(size + 1);
	memcpy(*bytes_out, data == NULL ? "" : data, size);
	(*bytes_out)[size] = 0;
	*size_out = size;
	return 0;
}

static bool is_dir(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static int write_file(const char *path, const void *bytes, size_t size, struct err *err)
{
	return file_write(path, bytes, size, 0644, err);
}

static int make_dir(const char *path, struct err *err)
{
	if (g_mkdir_with_parents(path, 0755) == 0)
		return 0;
	return err_set(err, -errno, "%s: %s", path, g_strerror(errno));
}

static wall_t now(void)
{
	return g_get_real_time() / 1000;
}

int main(int argc, char **argv)
{
	static const struct ctl_world world = {read_campaign, read_file, is_dir,
					       write_file,    make_dir,  now};

	return ctl_main(&world, argc, argv);
}
