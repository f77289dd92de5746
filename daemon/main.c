/*
 * main.c - duband's command line.
 */
#include <argp.h>
#include <malloc.h>
#include <sodium/core.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/campaign/load.h"
#include "daemon/core/err.h"
#include "daemon/io/files.h"
#include "daemon/io/log.h"
#include "parse.h"
#include "wire.h"

const char *argp_program_version = "duband " DUBAN_VERSION;

struct options {
	const char *file;
	bool check;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'c':
		o->file = arg;
		return 0;
	case 'C':
		o->check = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_usage(state);
		return EX_USAGE;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_findings(struct findings *f, const char *dir)
{
	findings_sort(f);
	for (guint i = 0; i < f->list->len; i++) {
		g_autofree char *line = finding_line(g_ptr_array_index(f->list, i));

		if (dir == NULL)
			(void)fprintf(stderr, "%s\n", line);
		else
			(void)fprintf(stderr, "%s/%s\n", dir, line);
	}
}

/* A login that a source names is there, and is for its host. */
static void check_credentials(const struct settings *s, const struct campaign *c,
			      struct findings *f)
{
	for (uint32_t i = 0; i < c->n_sources; i++) {
		const struct source *one = &c->sources[i];
		struct err err = {0};

		if (one->credential != 0 &&
		    settings_credential(s, campaign_text(c, one->credential),
					campaign_text(c, one->host), &err) == NULL)
			findings_add(f, SEVERITY_ERROR, "campaign.yaml", 0, 0, "BAD_SOURCE", NULL,
				     "%s：%s", campaign_text(c, one->as), err.text);
	}
}

/* Every campaign that the settings name, as the daemon would load it. */
static bool check_campaign(const struct settings *s, const char *dir)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *key = g_path_get_basename(dir);
	struct campaign_files *files;
	struct campaign *c = NULL;
	struct findings *f;
	struct err err = {0};
	bool good;

	if (files_read(dir, &list, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return false;
	}
	files = campaign_files_new(key); /* a person looks: read here, as dubanctl does */
	for (guint i = 0; i < list->len; i++) {
		const struct file *one = g_ptr_array_index(list, i);

		campaign_files_share(files, one->path, one->bytes);
	}
	f = findings_new();
	if (campaign_load(files, g_get_real_time() / 1000, &c, f) == 0)
		campaign_lint(c, files, f);
	if (c != NULL)
		check_credentials(s, c, f);
	good = c != NULL && f->errors == 0;
	print_findings(f, dir);
	findings_free(&f);
	campaign_free(&c);
	campaign_files_free(&files);
	return good;
}

static int check(const struct settings *s)
{
	bool good = true;

	for (guint i = 0; i < s->campaigns->len; i++)
		good &= check_campaign(s, g_ptr_array_index(s->campaigns, i));
	return good ? EXIT_SUCCESS : EX_CONFIG;
}

/* Large pieces go back to the system when they are freed, whatever was large before. */
static void set_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 128 << 10);
	(void)mallopt(M_ARENA_MAX, 2); /* a thread, an arena */
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"config", 'c', "FILE", 0, "配置文件，默认 /etc/duban/duban.yaml", 0},
		{"check-config", 'C', NULL, 0, "只检查配置与各专项行动，不运行", 0},
		{NULL, 0, NULL, 0, NULL, 0}};
	static const struct argp argp = {
		.options = options,
		.parser = on_option,
		.doc = "督办守护进程：谁欠什么、何时到期，到期前提醒、逾期后督办。\v"
		       "在前台运行；SIGHUP 重新载入，SIGTERM 停止。手册：man duband"};
	struct options o = {.file = "/etc/duban/duban.yaml"};
	struct settings *settings = NULL;
	struct findings *f;
	int rc;

	if (argc == 3 && strcmp(argv[1], "--parse") == 0)
		return parse_main(argv[2]); /* the daemon's own child */
	set_memory();
	must(sodium_init() >= 0);
	(void)argp_parse(&argp, argc, argv, 0, NULL, &o);
	f = findings_new();
	rc = settings_read(o.file, &settings, f);
	print_findings(f, NULL);
	findings_free(&f);
	if (rc < 0)
		return EX_CONFIG;
	log_open_stderr((enum log_level)settings->log_level);
	rc = o.check ? check(settings) : wire_run(settings, o.file);
	settings_free(&settings);
	return rc;
}
