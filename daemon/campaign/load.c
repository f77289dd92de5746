/*
 * load.c - the order in which a campaign's files are read, and the making of the whole.
 *
 *   sources -> units.csv, names of rosters -> campaign.yaml -> campaign.ics, holidays.ics
 *           -> duty/NAME.ics
 *
 * Each needs what stands before it. Everything grows in arrays of struct build and is
 * cut to size at the end, because a campaign lives for months.
 */
#include "daemon/campaign/load.h"

#include <errno.h>
#include <sodium/crypto_generichash.h>
#include <string.h>

#include "calendars/days.h"
#include "daemon/campaign/build.h"
#include "daemon/campaign/calendar.h"
#include "daemon/campaign/duty.h"
#include "daemon/campaign/index.h"
#include "daemon/campaign/policies.h"
#include "daemon/campaign/sources.h"
#include "daemon/campaign/units.h"

/** Every array of a campaign: the member, its type and the member that counts it. */
#define EACH_ARRAY(X)                                                                              \
	X(units, struct unit)                                                                      \
	X(contacts, struct contact)                                                                \
	X(names, text_t)                                                                           \
	X(policies, struct policy)                                                                 \
	X(steps, struct step)                                                                      \
	X(audiences, struct audience)                                                              \
	X(obligations, struct obligation)                                                          \
	X(occurrences, struct occurrence)                                                          \
	X(owing, uint32_t)                                                                         \
	X(alarms, struct alarm)                                                                    \
	X(periods, struct period)                                                                  \
	X(rosters, struct roster)                                                                  \
	X(shifts, struct shift)                                                                    \
	X(sources, struct source)

uint32_t build_find(const struct build *b, GHashTable *table, const char *text)
{
	text_t known = texts_find(b->texts, text);
	gpointer index = known ? g_hash_table_lookup(table, GUINT_TO_POINTER(known)) : NULL;

	return index ? GPOINTER_TO_UINT(index) - 1 : NONE;
}

uint32_t build_find_unit(const struct build *b, const char *id)
{
	return unit_table_find(&b->unit_of, build_unit(b, 0), texts_get(b->texts, 0), id);
}

static void build_init(struct build *b)
{
	const struct campaign_file *units = campaign_files_find(b->files, UNITS_FILE);

	b->texts = texts_new(units == NULL ? 0 : units->size);
	b->c = g_new0(struct campaign, 1);
	b->c->office = NONE;
	b->c->track_from = WALL_NEVER;
#define NEW(member, type) b->member = g_array_new(FALSE, TRUE, sizeof(type));
	EACH_ARRAY(NEW)
#undef NEW
	b->unit_lines = g_array_new(FALSE, TRUE, sizeof(int));
	b->policy_places = g_array_new(FALSE, TRUE, sizeof(struct place));
	b->policy_named = g_array_new(FALSE, TRUE, sizeof(bool));
	b->step_places = g_array_new(FALSE, TRUE, sizeof(struct place));
	b->period_lines = g_array_new(FALSE, TRUE, sizeof(int));
	b->policy_of = g_hash_table_new(NULL, NULL);
	b->tag_set = g_hash_table_new(NULL, NULL);
}

static void build_fini(struct build *b)
{
#define FREE(member, type) g_clear_pointer(&b->member, g_array_unref);
	EACH_ARRAY(FREE)
#undef FREE
	g_clear_pointer(&b->unit_lines, g_array_unref);
	g_clear_pointer(&b->policy_places, g_array_unref);
	g_clear_pointer(&b->policy_named, g_array_unref);
	g_clear_pointer(&b->step_places, g_array_unref);
	g_clear_pointer(&b->period_lines, g_array_unref);
	unit_table_fini(&b->unit_of);
	g_hash_table_unref(b->policy_of);
	g_hash_table_unref(b->tag_set);
	texts_free(&b->texts);
	campaign_free(&b->c);
}

/** Take @array's elements, in a block of their size. */
static void *array_take(GArray **array, size_t size, uint32_t *n_out)
{
	void *data;

	*n_out = (*array)->len;
	data = g_array_free(*array, FALSE);
	*array = NULL;
	return g_realloc_n(data, MAX(*n_out, 1), size);
}

/** Equal files, equal digest: paths, sizes and bytes, in order of path. */
static uint64_t digest_of(const struct campaign_files *files)
{
	crypto_generichash_state sum; /* BLAKE2b: a large units.csv is digested at every start */
	unsigned char bytes[crypto_generichash_BYTES];
	uint64_t digest = 0;

	(void)crypto_generichash_init(&sum, NULL, 0, sizeof(bytes));
	for (unsigned i = 0; i < files->files->len; i++) {
		const struct campaign_file *f = files->files->pdata[i];
		g_autofree char *head = g_strdup_printf("%s\n%zu\n", f->path, f->size);

		(void)crypto_generichash_update(&sum, (const unsigned char *)head, strlen(head));
		(void)crypto_generichash_update(&sum, (const unsigned char *)f->bytes, f->size);
	}
	(void)crypto_generichash_final(&sum, bytes, sizeof(bytes));
	for (int i = 0; i < 8; i++)
		digest = digest << 8 | bytes[i];
	return digest;
}

static struct campaign *finish(struct build *b)
{
	struct campaign *c = b->c;

	c->key = texts_add(b->texts, b->files->key);
	c->digest = digest_of(b->files);
#define TAKE(member, type) c->member = array_take(&b->member, sizeof(type), &c->n_##member);
	EACH_ARRAY(TAKE)
#undef TAKE
	c->text = texts_steal(b->texts, &c->text_size);
	c->index = campaign_index_new(b);
	b->c = NULL;
	return c;
}

void campaign_free(struct campaign **cp)
{
	struct campaign *c = *cp;
	struct days *days;

	if (!c)
		return;
	*cp = NULL;
	campaign_index_free(&c->index);
	days = (struct days *)c->days;
	days_free(&days);
#define FREE(member, type) g_free(c->member);
	EACH_ARRAY(FREE)
#undef FREE
	g_free(c->text);
	g_free(c);
}

/* ---- files ---------------------------------------------------------------- */

static bool is_read(const char *path)
{
	return !strcmp(path, YAML_FILE) || !strcmp(path, UNITS_FILE) ||
	       !strcmp(path, CALENDAR_FILE) || !strcmp(path, HOLIDAYS_FILE) ||
	       (g_str_has_prefix(path, DUTY_DIR) && g_str_has_suffix(path, ".ics") &&
		!strchr(path + strlen(DUTY_DIR), '/')) ||
	       g_str_has_prefix(path, "templates/");
}

static void check_names(const struct build *b)
{
	static const char *const known[] = {YAML_FILE, UNITS_FILE, CALENDAR_FILE, HOLIDAYS_FILE};
	static const char *const endings[] = {".ics", ".csv", ".yaml", ".yml"};

	for (unsigned i = 0; i < b->files->files->len; i++) {
		const struct campaign_file *f = b->files->files->pdata[i];
		bool suspicious = false;
		g_autofree char *words = NULL;
		struct near near;

		for (unsigned k = 0; k < G_N_ELEMENTS(endings); k++)
			suspicious |= g_str_has_suffix(f->path, endings[k]);
		if (!suspicious || is_read(f->path))
			continue;
		near_start(&near, f->path);
		for (unsigned k = 0; k < G_N_ELEMENTS(known); k++)
			near_offer(&near, known[k]);
		words = near_words(&near);
		findings_add(b->findings, SEVERITY_WARNING, f->path, 0, 0, "FILE_UNKNOWN", NULL,
			     "这个文件不会被读%s", words);
	}
}

static int check_files(const struct build *b)
{
	static const char *const needed[] = {YAML_FILE, UNITS_FILE, CALENDAR_FILE};
	int rc = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(needed); i++) {
		if (campaign_files_find(b->files, needed[i]) || sources_give(b, needed[i]))
			continue;
		findings_add(b->findings, SEVERITY_ERROR, needed[i], 0, 0, "FILE_MISSING", NULL,
			     "目录里没有 %s；可从样板目录复制一份来改", needed[i]);
		rc = -EINVAL;
	}
	for (unsigned i = 0; i < b->files->files->len; i++) {
		const struct campaign_file *f = b->files->files->pdata[i];

		if (f->size <= CAMPAIGN_FILE_MAX || !is_read(f->path))
			continue;
		findings_add(b->findings, SEVERITY_ERROR, f->path, 0, 0, "FILE_TOO_BIG", NULL,
			     "文件超过 16 MiB；可检查是否放错了文件");
		rc = -EINVAL;
	}
	check_names(b);
	return rc;
}

/* ---- the order ------------------------------------------------------------ */

/** The tree of campaign.yaml, or NULL: it is missing, which is said elsewhere, or broken. */
static struct ynode *read_tree(struct build *b, const struct ysource *src)
{
	const struct campaign_file *file = campaign_files_find(b->files, YAML_FILE);
	struct ynode *root = NULL;

	if (!file || ynode_read(src, file->bytes, file->size, &root) < 0)
		return NULL;
	return root;
}

/** What stands behind the sources in campaign.yaml: they say which files may be missing. */
static int read_rest(struct build *b, const struct ysource *src, const struct ynode *root)
{
	wall_t horizon;
	int units, rc = check_files(b);

	if (rc < 0)
		return rc;
	units = units_read(b, campaign_files_find(b->files, UNITS_FILE));
	rosters_name(b);
	/* Without units every name of one would be called unknown. */
	if (units < 0 || !root)
		return -EINVAL;
	rc = head_read(b, src, root);
	if (rc < 0)
		return -EINVAL;
	policies_read(b, src, root);
	campaign_files_settle((struct campaign_files *)b->files); /* what it lays in is no change */
	rc = calendars_read(b, &horizon);
	if (rc < 0)
		return rc;
	rosters_read(b, horizon);
	return 0;
}

static int read_all(struct build *b)
{
	struct ysource src = {.file = YAML_FILE, .findings = b->findings};
	struct ynode *root = read_tree(b, &src);
	int rc;

	if (root)
		sources_read(b, &src, root);
	rc = read_rest(b, &src, root);
	ynode_free(&root);
	return rc;
}

int campaign_load(const struct campaign_files *files, wall_t until, struct campaign **out,
		  struct findings *findings)
{
	struct build b = {.files = files, .findings = findings, .until = until};
	int rc;

	build_init(&b);
	rc = read_all(&b);
	if (rc == 0)
		*out = finish(&b);
	build_fini(&b);
	return rc;
}

void campaign_each_source(const struct campaign_files *files, campaign_source_fn *fn, void *arg)
{
	struct findings *findings = findings_new(); /* campaign_load() says them */
	struct build b = {.files = files, .findings = findings};
	struct ysource src = {.file = YAML_FILE, .findings = findings};
	struct ynode *root;

	build_init(&b);
	root = read_tree(&b, &src);
	if (root)
		sources_read(&b, &src, root);
	for (unsigned i = 0; i < b.sources->len; i++) {
		const struct source *s = build_at(b.sources, struct source, i);

		fn(arg, build_text(&b, s->as), build_text(&b, s->url));
	}
	ynode_free(&root);
	build_fini(&b);
	findings_free(&findings);
}
