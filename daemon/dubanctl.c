/*
 * dubanctl.c - the command line's program: hands the world to ctl/.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ctl/ctl.h"
#include "daemon/io/files.h"
#include "daemon/io/xlsx.h"
#include "daemon/io/xlsx_write.h"

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

		campaign_files_share(*out, f->path, f->bytes);
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

/* ---- workbooks: in a child that is this program again ---- */

#define PARSE_CPU_SECONDS 10
#define PARSE_MEMORY (512u << 20)

/* dubanctl --parse xlsx: a workbook on standard input, CSV on standard output. */
static int parse_workbook(void)
{
	const struct rlimit cpu = {PARSE_CPU_SECONDS, PARSE_CPU_SECONDS}, files = {16, 16},
			    none = {0, 0};
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *csv = NULL;
	struct err err = {0};
	gsize size = 0;
	const char *data;

	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)setrlimit(RLIMIT_FSIZE, &none);
	(void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) &&                                                              \
	!defined(__SANITIZE_THREAD__) /* the shadow takes terabytes of addresses */
	{
		const struct rlimit memory = {PARSE_MEMORY, PARSE_MEMORY};

		(void)setrlimit(RLIMIT_AS, &memory);
	}
#endif
	if (file_read("/dev/stdin", XLSX_BYTES_MAX, &bytes, &err) < 0) {
		(void)fprintf(stderr, "%s", err.text);
		return 1;
	}
	data = g_bytes_get_data(bytes, &size);
	if (xlsx_to_csv(data == NULL ? "" : data, size, &csv, &err) < 0) {
		(void)printf("%s", err.text);
		return 1;
	}
	(void)fputs(csv, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* All that @fd has to say, at most @max bytes. */
static GString *read_all(int fd, size_t max)
{
	GString *s = g_string_new(NULL);
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && s->len + (size_t)n <= max)
			g_string_append_len(s, chunk, n);
	return s;
}

/* Runs the child; its words, and *status_out as waitpid() has it. NULL if there is no process. */
static GString *run_parser(int in, int *status_out)
{
	static char *const argv[] = {"dubanctl", "--parse", "xlsx", NULL};
	static char *const envp[] = {"LC_ALL=C.UTF-8", NULL};
	posix_spawn_file_actions_t actions;
	GString *said = NULL;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return NULL;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, envp) == 0) {
		(void)close(out[1]);
		out[1] = -1;
		said = read_all(out[0], XLSX_CSV_MAX + 1024);
		while (waitpid(pid, status_out, 0) < 0 && errno == EINTR)
			;
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(out[0]);
	if (out[1] >= 0)
		(void)close(out[1]);
	return said;
}

static int read_workbook(const char *path, char **csv_out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), status = 0;
	GString *said;

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, g_strerror(errno));
	said = run_parser(fd, &status);
	(void)close(fd);
	if (said == NULL)
		return err_set(err, -EAGAIN, "%s: 没有可用的进程来读表格", path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		*csv_out = g_string_free(said, FALSE);
		return 0;
	}
	(void)err_set(err, -EINVAL, "%s: %s", path,
		      WIFEXITED(status) && said->len > 0 && said->len < 300
			      ? said->str
			      : "表格读不出来：损坏，或有意为难");
	g_string_free(said, TRUE);
	return -EINVAL;
}

static int write_workbook(const char *path, const char *sheet, const GPtrArray *rows,
			  struct err *err)
{
	g_autoptr(GBytes) bytes = NULL;
	gsize size;
	const void *data;
	int rc = xlsx_write(sheet, rows, &bytes, err);

	if (rc < 0)
		return rc;
	data = g_bytes_get_data(bytes, &size);
	return file_write(path, data, size, 0644, err);
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
	static const struct ctl_world world = {read_campaign,  read_file, read_workbook,
					       write_workbook, is_dir,    write_file,
					       make_dir,       now};

	if (argc == 3 && strcmp(argv[1], "--parse") == 0 && strcmp(argv[2], "xlsx") == 0)
		return parse_workbook();
	return ctl_main(&world, argc, argv);
}
