/*
 * main.c - dst: many simulated lives, one line for each that went wrong.
 *
 *   dst --seeds FROM-TO [--jobs N]   all of them; prints the hash of everything
 *   dst --seed N --trace             one of them, told step by step
 *   dst --file PATH                  the seeds written there, one a line
 */
#include "dst.h"

#include <locale.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TWICE 50 /* every so many seeds one is lived twice, to the same hash */

struct options {
	gint64 seed, most;
	char *seeds, *file;
	gint jobs;
	gboolean trace;
};

struct total {
	uint64_t hash, lives, failed;
	uint64_t crashes, ticks, rows, accepted, duplicates, submitted, decided, reloads;
};

/* A directory without a disk behind it: what is tested here is not fsync. */
static char *make_dir(void)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir();
	char *dir = g_build_filename(base, "duban-dst-XXXXXX", NULL);

	if (mkdtemp(dir) == NULL)
		g_error("%s: cannot be made", dir);
	return dir;
}

static bool one(uint64_t seed, const char *dir, bool trace, struct total *t)
{
	struct life_result res;

	life(seed, dir, trace, &res);
	if (seed % TWICE == 0 && !trace) {
		struct life_result again;

		life(seed, dir, false, &again);
		if (again.hash != res.hash) {
			res.ok = false;
			(void)g_snprintf(res.violation, sizeof(res.violation),
					 "the same seed lived twice is not the same life");
		}
	}
	t->lives++;
	t->failed += !res.ok;
	t->hash += res.hash * (2 * seed + 1); /* the order of the jobs does not matter */
	t->crashes += res.crashes;
	t->ticks += res.ticks;
	t->rows += res.rows;
	t->accepted += res.accepted;
	t->duplicates += res.duplicates;
	t->submitted += res.submitted;
	t->decided += res.decided;
	t->reloads += res.reloads;
	if (!res.ok)
		g_print("seed %" G_GUINT64_FORMAT ": %s\n  replay: dst --seed %" G_GUINT64_FORMAT
			" --trace\n",
			seed, res.violation, seed);
	return res.ok;
}

static void add_total(struct total *t, const struct total *x)
{
	uint64_t *a = (uint64_t *)(void *)t;
	const uint64_t *b = (const uint64_t *)(const void *)x;

	for (size_t i = 0; i < sizeof(*t) / sizeof(*a); i++)
		a[i] += b[i];
}

/* Seeds from, from + step ... in a process of their own. */
static struct total run_share(uint64_t from, uint64_t to, uint64_t step, gint64 most)
{
	struct total t = {0};
	char *dir = make_dir();

	for (uint64_t s = from; s <= to && (most == 0 || t.failed < (uint64_t)most); s += step)
		(void)one(s, dir, false, &t);
	(void)rmdir(dir);
	g_free(dir);
	return t;
}

static bool run_range(uint64_t from, uint64_t to, const struct options *o, struct total *t)
{
	int pipes[2];
	bool whole = true;

	if (o->jobs <= 1) {
		struct total x = run_share(from, to, 1, o->most);

		add_total(t, &x);
		return true;
	}
	must(pipe(pipes) == 0);
	for (gint i = 0; i < o->jobs; i++)
		if (fork() == 0) {
			struct total x =
				run_share(from + (uint64_t)i, to, (uint64_t)o->jobs, o->most);

			fflush(NULL);
			_exit(write(pipes[1], &x, sizeof(x)) == sizeof(x) ? 0 : 1);
		}
	for (gint i = 0; i < o->jobs; i++) {
		int status = 0;

		(void)wait(&status);
		if (status != 0) {
			g_print("a job of seeds %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
				" died: %d; run with --jobs 1\n",
				from, to, status);
			whole = false;
		} else {
			struct total x;

			must(read(pipes[0], &x, sizeof(x)) == sizeof(x));
			add_total(t, &x);
		}
	}
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	return whole;
}

static bool run_file(const char *path, const struct options *o, struct total *t)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	bool whole = true;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		g_error("%s: cannot be read", path);
	lines = g_strsplit(text, "\n", 0);
	for (unsigned i = 0; lines[i] != NULL; i++)
		if (g_ascii_isdigit(lines[i][0])) {
			uint64_t seed = g_ascii_strtoull(lines[i], NULL, 10);
			struct options alone = *o;

			alone.jobs = 1;
			whole &= run_range(seed, seed, &alone, t);
		}
	return whole;
}

static int finish(const struct total *t, bool whole, gint64 took)
{
	g_print("%" G_GUINT64_FORMAT " lives, %" G_GUINT64_FORMAT " failed; %" G_GUINT64_FORMAT
		" crashes and stops, %" G_GUINT64_FORMAT " ticks, %" G_GUINT64_FORMAT
		" notices, %" G_GUINT64_FORMAT " messages taken (%" G_GUINT64_FORMAT
		" duplicates, all explained), %" G_GUINT64_FORMAT " reports, %" G_GUINT64_FORMAT
		" decisions, %" G_GUINT64_FORMAT " reloads; %.1f s\nhash %016" G_GINT64_MODIFIER
		"x\n",
		t->lives, t->failed, t->crashes, t->ticks, t->rows, t->accepted, t->duplicates,
		t->submitted, t->decided, t->reloads, (double)took / 1e6, t->hash);
	return whole && t->failed == 0 && t->lives > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o = {.seed = -1, .jobs = 1};
	const GOptionEntry entries[] = {
		{"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "one seed", "N"},
		{"seeds", 0, 0, G_OPTION_ARG_STRING, &o.seeds, "a range", "FROM-TO"},
		{"file", 0, 0, G_OPTION_ARG_FILENAME, &o.file, "seeds of a file", "PATH"},
		{"jobs", 0, 0, G_OPTION_ARG_INT, &o.jobs, "processes", "N"},
		{"most", 0, 0, G_OPTION_ARG_INT64, &o.most, "stop after N failures", "N"},
		{"trace", 0, 0, G_OPTION_ARG_NONE, &o.trace, "tell everything", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = g_option_context_new("- simulated lives of duban");
	struct total t = {0};
	bool whole = true;
	gint64 begin = g_get_monotonic_time();
	uint64_t from = 1, to = 1;
	GError *error = NULL;

	(void)setlocale(LC_ALL, "C.UTF-8"); /* the store has words of its own */
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		g_error("%s", error->message);
	g_option_context_free(context);
	if (o.seeds != NULL &&
	    sscanf(o.seeds, "%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, &from, &to) != 2)
		g_error("--seeds FROM-TO");
	if (o.file != NULL)
		whole = run_file(o.file, &o, &t);
	if (o.seed >= 0) {
		char *dir = make_dir();

		(void)one((uint64_t)o.seed, dir, o.trace, &t);
		(void)rmdir(dir);
		g_free(dir);
	} else if (o.seeds != NULL) {
		whole &= run_range(from, to, &o, &t);
	}
	g_free(o.seeds);
	g_free(o.file);
	return finish(&t, whole, g_get_monotonic_time() - begin);
}
