/*
 * offline.c - check, expand and simulate: files in, tables out, nothing sent, nothing stored.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "calendars/expand.h"
#include "ctl.h"
#include "daemon/sim/sim.h"
#include "notifiers/template.h"

#define RULES_WITHOUT_END (400 * DAY)

static void print_finding(FILE *to, const char *dir, const struct finding *f)
{
	g_autofree char *line = finding_line(f);

	if (dir != NULL && dir[0] != 0)
		(void)fprintf(to, "%s/%s\n", dir, line);
	else
		(void)fprintf(to, "%s\n", line);
}

void ctl_print_findings(FILE *to, const char *dir, struct findings *f)
{
	findings_sort(f);
	for (guint i = 0; i < f->list->len; i++)
		print_finding(to, dir, g_ptr_array_index(f->list, i));
}

void ctl_strip_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
}

int ctl_read_campaign(const struct ctl_world *w, const char *dir, struct campaign_files **out)
{
	struct err err = {0};
	int rc = w->read_campaign(dir, out, &err);

	return rc < 0 ? ctl_fail(CTL_FAILURE, "%s", err.text) : CTL_OK;
}

/* What templates/ would put in place of the built-in ones. */
static void check_templates(const struct campaign_files *files, struct findings *f)
{
	struct templates *t = templates_new();

	for (guint i = 0; i < files->files->len; i++) {
		const struct campaign_file *file = g_ptr_array_index(files->files, i);

		if (g_str_has_prefix(file->path, "templates/"))
			(void)templates_override(t, file->path + strlen("templates/"), file->bytes,
						 file->size, f);
	}
	templates_free(&t);
}

int ctl_check(const struct ctl_world *w, int argc, char **argv)
{
	static const struct ctl_option none[] = {{0}};
	struct campaign_files *files = NULL;
	struct campaign *c = NULL;
	struct findings *f;
	int n, rc = ctl_options(ctl_verb_get("check"), none, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n != 1)
		return ctl_usage("check");
	ctl_strip_slashes(argv[1]);
	rc = ctl_read_campaign(w, argv[1], &files);
	if (rc != CTL_OK)
		return rc;
	f = findings_new();
	if (campaign_load(files, w->now() + RULES_WITHOUT_END, &c, f) == 0)
		campaign_lint(c, files, f);
	check_templates(files, f);
	ctl_print_findings(stdout, argv[1], f);
	(void)fprintf(stderr, "%s：%u 个错误，%u 个警告", argv[1], f->errors, f->warnings);
	if (c != NULL)
		(void)fprintf(stderr, "；%u 个单位，%u 项事项，%u 期", c->n_units, c->n_obligations,
			      c->n_occurrences);
	(void)fputc('\n', stderr);
	rc = f->errors > 0 || c == NULL ? CTL_FAILURE : CTL_OK;
	campaign_free(&c);
	findings_free(&f);
	campaign_files_free(&files);
	return rc;
}

/* ---- expand ------------------------------------------------------------- */

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A file, or every .ics of a directory as one calendar. */
static int read_calendars(const struct ctl_world *w, const char *path, struct calendar *cal,
			  struct findings *f)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct err err = {0};

	if (w->is_dir(path)) {
		GDir *dir = g_dir_open(path, 0, NULL);
		const char *name;

		if (dir == NULL)
			return ctl_fail(CTL_FAILURE, "%s: 无法读取目录", path);
		while ((name = g_dir_read_name(dir)) != NULL)
			if (g_str_has_suffix(name, ".ics"))
				g_ptr_array_add(names, g_build_filename(path, name, NULL));
		g_dir_close(dir);
		g_ptr_array_sort(names, by_name);
	} else {
		g_ptr_array_add(names, g_strdup(path));
	}
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *bytes = NULL;
		size_t size = 0;

		if (w->read_file(g_ptr_array_index(names, i), &bytes, &size, &err) < 0)
			return ctl_fail(CTL_FAILURE, "%s", err.text);
		(void)calendar_read(cal, g_ptr_array_index(names, i), bytes, size,
				    &calendar_limits_expand, f);
	}
	return CTL_OK;
}

/* "2019-08-01", "20190801T000000Z" or anything zone_parse() reads. */
static bool parse_bound(const struct zone *zone, const char *text, wall_t *out)
{
	g_autofree char *dashed = NULL;
	size_t n = strlen(text);

	if ((n == 16 && text[15] == 'Z' && text[8] == 'T') || (n == 15 && text[8] == 'T'))
		dashed =
			g_strdup_printf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%s", text, text + 4, text + 6,
					text + 9, text + 11, text + 13, n == 16 ? "Z" : "");
	else if (n == 8 && strspn(text, "0123456789") == 8)
		dashed = g_strdup_printf("%.4s-%.2s-%.2s", text, text + 4, text + 6);
	return zone_parse(zone, dashed != NULL ? dashed : text, false, out);
}

int ctl_expand(const struct ctl_world *w, int argc, char **argv)
{
	const char *tz = "Asia/Shanghai";
	const struct ctl_option options[] = {
		{"tz", NULL, &tz, NULL, "浮动时间与全天事件的时区，默认 Asia/Shanghai"}, {0}};
	const struct zone *zone;
	struct calendar *cal;
	struct findings *f;
	wall_t from, to;
	int n, rc = ctl_options(ctl_verb_get("expand"), options, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n != 3)
		return ctl_usage("expand");
	zone = zone_get(tz);
	if (zone == NULL)
		return ctl_fail(CTL_USAGE, "没有这个时区：%s", tz);
	if (!parse_bound(zone, argv[2], &from) || !parse_bound(zone, argv[3], &to) || from > to)
		return ctl_fail(CTL_USAGE,
				"起止时间看不懂，写成 2019-08-01 或 20190801T000000Z，且先起后止");
	f = findings_new();
	cal = calendar_new(zone);
	rc = read_calendars(w, argv[1], cal, f);
	if (rc == CTL_OK) {
		g_autoptr(GPtrArray) instances =
			calendar_expand(cal, from, to, &calendar_limits_expand, f);
		g_autofree char *tsv = calendar_tsv(instances);

		(void)fputs(tsv, stdout);
		ctl_print_findings(stderr, NULL, f);
		rc = f->errors > 0 ? CTL_FAILURE : CTL_OK;
	}
	calendar_free(&cal);
	findings_free(&f);
	return rc;
}

/* ---- simulate ----------------------------------------------------------- */

enum format { FORMAT_TSV, FORMAT_JSON, FORMAT_TEXT };

struct printing {
	enum format format;
	unsigned counts[SORTS][NOTICE_STATES];
	unsigned rows, messages;
	char *last_at;
};

static void print_tsv(const struct sim_row *r)
{
	const char *cells[] = {r->at,
			       NULL,
			       sort_word(r->sort),
			       r->step,
			       r->uid,
			       r->rid,
			       r->due,
			       r->unit,
			       r->role,
			       r->address,
			       channel_word(r->channel),
			       notice_state_word(r->state)};
	g_autofree char *message =
		r->message == 0 ? g_strdup("-") : g_strdup_printf("%u", r->message);

	cells[1] = message;
	for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
		if (i > 0)
			(void)putchar('\t');
		for (const char *p = cells[i]; *p != 0; p++)
			(void)putchar(*p == '\t' || *p == '\n' || *p == '\r' ? ' ' : *p);
	}
	(void)putchar('\n');
}

static void print_json(const struct sim_row *r)
{
	json_t *j = json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
			      "at", r->at, "message",
			      r->message == 0 ? json_null() : json_integer(r->message), "sort",
			      sort_word(r->sort), "step", r->step, "uid", r->uid, "recurrence-id",
			      r->rid, "due", r->due, "unit", r->unit, "role", r->role, "address",
			      r->address, "channel", channel_word(r->channel), "state",
			      notice_state_word(r->state), "reason", r->reason);

	(void)json_dumpf(j, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(j);
}

static void print_text(struct printing *p, const struct sim_row *r)
{
	if (p->last_at == NULL || strcmp(p->last_at, r->at) != 0)
		(void)printf("%s%.16s\n", p->last_at == NULL ? "" : "\n", r->at);
	(void)printf("  %-4u %-10s %-12s %-10s %s → %s（%s）%s%s\n", r->message,
		     notice_state_word(r->state), r->step, r->unit, r->uid, r->address, r->role,
		     r->reason[0] != 0 ? "：" : "", r->reason);
}

static void on_sim_row(void *arg, const struct sim_row *r)
{
	struct printing *p = arg;

	p->rows++;
	p->counts[r->sort][r->state]++;
	p->messages = MAX(p->messages, r->message);
	if (p->format == FORMAT_TSV)
		print_tsv(r);
	else if (p->format == FORMAT_JSON)
		print_json(r);
	else
		print_text(p, r);
	g_free(p->last_at);
	p->last_at = g_strdup(r->at);
}

static void on_note(void *arg, const char *text)
{
	(void)arg;
	(void)fprintf(stderr, "%s\n", text);
}

static int format_of(const char *word)
{
	static const char *const words[] = {"tsv", "json", "text"};

	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

int ctl_load(const struct ctl_world *w, const char *dir, const char *purpose,
	     struct campaign_files **files_out, struct campaign **out)
{
	struct campaign_files *files = NULL;
	struct findings *f;
	int rc = ctl_read_campaign(w, dir, &files);

	if (rc != CTL_OK)
		return rc;
	f = findings_new();
	if (campaign_load(files, w->now() + RULES_WITHOUT_END, out, f) < 0 || f->errors > 0) {
		for (guint i = 0; i < f->list->len; i++) {
			const struct finding *one = g_ptr_array_index(f->list, i);

			if (one->severity == SEVERITY_ERROR)
				print_finding(stderr, dir, one);
		}
		campaign_free(out);
		rc = ctl_fail(CTL_FAILURE, "%s 有错误，不能%s；先运行 dubanctl check %s", dir,
			      purpose, dir);
	}
	findings_free(&f);
	if (files_out != NULL && rc == CTL_OK)
		*files_out = files;
	else
		campaign_files_free(&files);
	return rc;
}

static int bounds(const struct campaign *c, const char *from, const char *to, struct sim_options *o)
{
	if (from != NULL && !zone_parse(c->zone, from, false, &o->from))
		return ctl_fail(CTL_USAGE, "--from 看不懂：%s", from);
	if (to != NULL && !zone_parse(c->zone, to, true, &o->to))
		return ctl_fail(CTL_USAGE, "--to 看不懂：%s", to);
	return CTL_OK;
}

int ctl_simulate(const struct ctl_world *w, int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *events = NULL, *format = "tsv";
	const struct ctl_option options[] = {
		{"from", NULL, &from, NULL, "从何时载入（含），默认行动开始"},
		{"to", NULL, &to, NULL, "到何时为止（含），默认到不再有任何动作"},
		{"events", NULL, &events, NULL, "CSV：at,event,unit,uid,recurrence-id,value"},
		{"format", NULL, &format, NULL, "tsv（默认）、json（每行一条）或 text"},
		{0}};
	struct sim_options o = {.from = WALL_ALWAYS, .to = WALL_NEVER};
	struct printing p = {0};
	struct campaign *c = NULL;
	struct err err = {0};
	g_autofree char *text = NULL;
	size_t size = 0;
	int n, rc = ctl_options(ctl_verb_get("simulate"), options, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n != 1 || format_of(format) < 0)
		return ctl_usage("simulate");
	if (events != NULL && w->read_file(events, &text, &size, &err) < 0)
		return ctl_fail(CTL_FAILURE, "%s", err.text);
	ctl_strip_slashes(argv[1]);
	rc = ctl_load(w, argv[1], "推演", NULL, &c);
	if (rc == CTL_OK)
		rc = bounds(c, from, to, &o);
	if (rc != CTL_OK) {
		campaign_free(&c);
		return rc;
	}
	p.format = (enum format)format_of(format);
	o.events = text;
	o.events_file = events;
	if (p.format == FORMAT_TSV)
		(void)puts("at\tmessage\tsort\tstep\tuid\trecurrence-"
			   "id\tdue\tunit\trole\taddress\tchannel\tstate");
	rc = sim_run(c, &o, on_sim_row, on_note, &p, &err);
	if (p.format == FORMAT_TEXT)
		(void)printf("\n共%u条通知，合并为%u封消息\n", p.rows, p.messages);
	g_free(p.last_at);
	return rc < 0 ? ctl_fail(CTL_FAILURE, "%s", err.text) : CTL_OK;
}
