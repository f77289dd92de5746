/*
 * main.c - power cuts and disk errors under duban's own store and engine.
 *
 *   disks --cuts N [--seed S] [--normal | --lie]   N cuts; with a promise that was broken on
 *                                                   purpose they must show losses
 *   disks --errors STRIDE [--seed S]                each STRIDE-th operation fails, in each way
 *
 * A cut falls before an operation of the disk, anywhere in a life or in the start after an
 * earlier cut.  What had been said until then is the ledger; the life itself goes on, unheard.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <sodium/core.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "life.h"

#define ROUNDS 4
#define CUTS_A_LIFE 60

static char *dir;
static guint32 seed = 1;

/* ---- cuts ---- */

struct snapshot {
	unsigned op;
	struct disk *disk;
};

struct camera {
	struct life *life;
	struct disk *disk;
	bool *at; /* by operation: take one before it */
	unsigned n;
	GArray *taken; /* struct snapshot */
};

static int on_camera(void *arg, enum disk_op op, const char *name)
{
	struct camera *c = arg;

	(void)op;
	(void)name;
	c->life->op++;
	if (c->at != NULL && c->life->op < c->n && c->at[c->life->op]) {
		struct snapshot s = {c->life->op, disk_copy(c->disk)};

		g_array_append_val(c->taken, s);
	}
	return SQLITE_OK;
}

static unsigned live(struct life *l, struct disk *disk, guint32 s, const char *sync, bool *at,
		     unsigned n, GArray *taken)
{
	struct camera c = {.life = l, .disk = disk, .at = at, .n = n, .taken = taken};

	life_init(l, dir, s);
	l->sync = sync;
	disk_mount(disk);
	disk_on_op(on_camera, &c);
	life_run(l, ROUNDS);
	disk_on_op(NULL, NULL);
	return l->op;
}

struct tally {
	unsigned cuts, again, lost, lives;
	bool expected;
};

/* Cut, start, look; sometimes the power fails again during that start. */
static void judge(struct life *l, struct disk *disk, unsigned op, GRand *rng, bool again,
		  struct tally *t)
{
	g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(struct snapshot));
	struct camera c = {.life = l, .disk = disk, .taken = taken};
	bool at[64] = {false};
	unsigned life_ops = l->op;
	struct err err = {0};

	t->cuts++;
	disk_cut(disk, rng, t->cuts % 2 == 0);
	if (again) {
		c.at = at;
		c.n = G_N_ELEMENTS(at);
		at[g_rand_int_range(rng, 1, (gint32)c.n)] = true;
		l->op = 0;
		disk_on_op(on_camera, &c);
	}
	if (!life_check(l, op, &err)) {
		t->lost++;
		if (!t->expected)
			(void)g_print("seed %u, cut before operation %u: %s\n", seed, op, err.text);
	}
	disk_on_op(NULL, NULL);
	l->op = life_ops;
	for (guint i = 0; i < taken->len; i++) {
		struct snapshot *s = &g_array_index(taken, struct snapshot, i);

		t->again++;
		judge(l, s->disk, op, rng, false, t);
		disk_free(&s->disk);
	}
}

static void cuts_of_a_life(const char *sync, bool lie, unsigned most, struct tally *t)
{
	g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(struct snapshot));
	struct disk *disk = disk_new();
	struct life l;
	GRand *rng = g_rand_new_with_seed(seed);
	unsigned n = live(&l, disk, seed, sync, NULL, 0, NULL);
	g_autofree bool *at = g_new0(bool, n + 1);

	life_fini(&l);
	disk_free(&disk);
	for (unsigned i = 0; i < MIN(most, CUTS_A_LIFE); i++)
		at[g_rand_int_range(rng, 1, (gint32)n + 1)] = true;
	disk = disk_new();
	disk_lie(lie);
	(void)live(&l, disk, seed, sync, at, n + 1, taken);
	for (guint i = 0; i < taken->len; i++) {
		struct snapshot *s = &g_array_index(taken, struct snapshot, i);

		judge(&l, s->disk, s->op, rng, i % 4 == 0, t);
		disk_free(&s->disk);
	}
	disk_lie(false);
	life_fini(&l);
	disk_free(&disk);
	g_rand_free(rng);
	t->lives++;
}

static int cuts(unsigned most, const char *sync, bool lie)
{
	struct tally t = {.expected = sync != NULL || lie};
	guint32 first = seed;

	for (; t.cuts < most; seed++)
		cuts_of_a_life(sync, lie, most - t.cuts, &t);
	(void)g_print(
		"seeds %u-%u: %u cuts in %u lives (%u of them into the start after a cut): %u "
		"broke a promise%s\n",
		first, seed - 1, t.cuts, t.lives, t.again, t.lost,
		t.expected ? " that this disk could not keep" : "");
	return t.expected ? t.lost == 0 : t.lost > 0;
}

/* ---- errors ---- */

struct fault {
	struct life *life;
	enum disk_op op;
	int code;
	unsigned nth, passed;
	bool sticky, fired;
};

static int on_fault(void *arg, enum disk_op op, const char *name)
{
	struct fault *f = arg;

	(void)name;
	f->life->op++;
	if (op != f->op)
		return SQLITE_OK;
	f->passed++;
	if (f->passed == f->nth || (f->sticky && f->passed > f->nth)) {
		f->fired = true;
		return f->code;
	}
	return SQLITE_OK;
}

static const struct way {
	const char *words;
	enum disk_op op;
	int code;
} ways[] = {
	{"open: EMFILE", DISK_OPEN, SQLITE_CANTOPEN},
	{"read: EIO", DISK_READ, SQLITE_IOERR_READ},
	{"read: a damaged page", DISK_READ, SQLITE_CORRUPT}, /* undoes no transaction by itself */
	{"write: EIO", DISK_WRITE, SQLITE_IOERR_WRITE},
	{"write: ENOSPC, half of it", DISK_WRITE, SQLITE_FULL},
	{"write: EROFS", DISK_WRITE, SQLITE_READONLY},
	{"truncate: EIO", DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE},
	{"sync: EIO", DISK_SYNC, SQLITE_IOERR_FSYNC},
	{"name: EIO", DISK_NAME, SQLITE_IOERR_DELETE},
};

/* One life with one fault; the disk is well again afterwards. False: it did not come to it. */
static bool life_with(const struct way *w, unsigned nth, bool sticky, struct tally *t, int *refused)
{
	struct disk *disk = disk_new();
	struct life l;
	struct fault f = {.life = &l, .op = w->op, .code = w->code, .nth = nth, .sticky = sticky};
	GRand *rng = g_rand_new_with_seed(nth);
	struct err err = {0};

	life_init(&l, dir, seed);
	disk_mount(disk);
	disk_on_op(on_fault, &f);
	life_run(&l, ROUNDS);
	disk_on_op(NULL, NULL);
	t->cuts++;
	*refused += l.failed;
	/* After a failed sync the machine goes down as well. */
	if (w->op == DISK_SYNC)
		disk_cut(disk, rng, true);
	if (!life_check(&l, l.op + 1, &err)) {
		t->lost++;
		(void)g_print("%s, number %u%s: %s\n", w->words, nth, sticky ? " and on" : "",
			      err.text);
	}
	life_fini(&l);
	disk_free(&disk);
	g_rand_free(rng);
	return f.fired;
}

static int errors(unsigned stride)
{
	struct tally all = {0};

	for (size_t k = 0; k < G_N_ELEMENTS(ways) * 2; k++) {
		struct tally t = {0};
		int refused = 0;

		for (unsigned nth = 1; life_with(&ways[k / 2], nth, k % 2 == 1, &t, &refused);)
			nth += nth < 2 * stride ? 1 : stride;
		(void)g_print("%s%s: %u runs, %d verbs said no, %u broke a promise\n",
			      ways[k / 2].words, k % 2 == 1 ? ", for good" : "", t.cuts, refused,
			      t.lost);
		all.cuts += t.cuts;
		all.lost += t.lost;
		if (refused == 0)
			all.lost++; /* a fault that nobody notices is no fault */
	}
	(void)g_print("%u runs, %u broke a promise\n", all.cuts, all.lost);
	return all.lost > 0;
}

static int usage(void)
{
	(void)g_printerr("disks --cuts N | --errors STRIDE [--seed S] [--normal | --lie]\n");
	return 64;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gint n_cuts = 0, stride = 0, first = 1;
	gboolean normal = FALSE, lie = FALSE;
	const GOptionEntry entries[] = {
		{"cuts", 0, 0, G_OPTION_ARG_INT, &n_cuts, "how many", "N"},
		{"errors", 0, 0, G_OPTION_ARG_INT, &stride, "each how many-th operation", "STRIDE"},
		{"seed", 0, 0, G_OPTION_ARG_INT, &first, "the first seed", "S"},
		{"normal", 0, 0, G_OPTION_ARG_NONE, &normal, "synchronous=NORMAL", NULL},
		{"lie", 0, 0, G_OPTION_ARG_NONE, &lie, "no sync does anything", NULL},
		G_OPTION_ENTRY_NULL};
	GOptionContext *options = g_option_context_new(NULL);
	int rc;

	g_option_context_add_main_entries(options, entries, NULL);
	if (!g_option_context_parse(options, &argc, &argv, &error) || (n_cuts > 0) == (stride > 0))
		return usage();
	g_option_context_free(options);
	must(sodium_init() >= 0);
	dir = g_dir_make_tmp("duban-disks-XXXXXX", NULL);
	must(dir != NULL);
	seed = (guint32)first;
	disk_register();
	rc = n_cuts > 0 ? cuts((unsigned)n_cuts, normal ? "PRAGMA synchronous=NORMAL" : NULL, lie)
			: errors((unsigned)stride);
	{
		g_autofree char *clean = g_strdup_printf("rm -rf '%s'", dir);

		must(system(clean) == 0);
	}
	g_free(dir);
	return rc;
}
