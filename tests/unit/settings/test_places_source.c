/*
 * test_places_source.c - what a remote source gave goes into a campaign like an edit, and no reading of the
 * directory that began before it takes it away again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "daemon/places.h"

#define URL "https://cal.example.org/x.ics"
#define SHIFT(person)                                                                              \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:s\r\n"                  \
	"DTSTAMP:20190101T000000Z\r\nDTSTART:20191001T080000\r\nDTEND:20191001T200000\r\n"         \
	"SUMMARY:值班 " person "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
#define NOW ((wall_t)1567296000000)

struct town {
	char *dir, *campaign;
	struct store *st;
	struct places p;
	GPtrArray *report;
	struct err err;
};

static void put(const struct town *t, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(t->campaign, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int setup(void **state)
{
	struct town *t = g_new0(struct town, 1);
	g_autofree char *database = NULL;

	t->dir = g_dir_make_tmp("duban-places-XXXXXX", NULL);
	t->campaign = g_build_filename(t->dir, "shi", NULL);
	assert_int_equal(g_mkdir(t->campaign, 0700), 0);
	put(t, "campaign.yaml",
	    "name: 试\ntimezone: Asia/Shanghai\noffice: ban\n"
	    "sources: [{as: duty/a.ics, url: \"" URL "\"}]\n"
	    "policies: {default: {steps: [{name: 催办, at: \"0\", to: [liaison]}]}}\n");
	put(t, "units.csv",
	    "unit,name,kind,role,person,email\nban,安委办,office,liaison,甲,a@example.org\n"
	    "u,单位,局,liaison,乙,b@example.org\n");
	put(t, "campaign.ics",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:w\r\n"
	    "DTSTAMP:20190101T000000Z\r\nDTSTART:20191011T170000\r\nSUMMARY:周报\r\n"
	    "CATEGORIES:REPORT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
	database = g_build_filename(t->dir, "duban.db", NULL);
	assert_int_equal(store_open(database, &t->st, &t->err), 0);
	t->report = g_ptr_array_new_with_free_func(g_free);
	places_init(&t->p, DAY);
	assert_int_equal(places_open(&t->p, t->st, t->campaign, NOW, t->report, &t->err), 0);
	*state = t;
	return 0;
}

static void remove_all(const char *path)
{
	GDir *d = g_dir_open(path, 0, NULL);
	const char *name;

	while (d != NULL && (name = g_dir_read_name(d)) != NULL) {
		g_autofree char *sub = g_build_filename(path, name, NULL);

		remove_all(sub);
	}
	if (d != NULL)
		g_dir_close(d);
	(void)g_remove(path);
}

static int teardown(void **state)
{
	struct town *t = *state;

	places_fini(&t->p);
	store_close(&t->st);
	g_ptr_array_unref(t->report);
	remove_all(t->dir);
	g_free(t->dir);
	g_free(t->campaign);
	g_free(t);
	return 0;
}

static struct source_row row_of(const char *bytes)
{
	return (struct source_row){.path = "duty/a.ics",
				   .url = URL,
				   .bytes = bytes,
				   .size = strlen(bytes),
				   .hash = "h",
				   .etag = "",
				   .modified = ""};
}

static int take(struct town *t, const char *bytes)
{
	struct source_row row = row_of(bytes);
	struct prepared *x = place_prepare(t->p.sources, NULL, t->campaign, &row, NOW);
	int rc = places_take(&t->p, t->st, x, &row, NOW, t->report, &t->err);

	prepared_free(x);
	return rc;
}

/* Who is on duty in the campaign in force; "" = nobody. */
static const char *on_duty(const struct town *t)
{
	const struct campaign *c = engine_campaign(g_ptr_array_index(t->p.engines, 0));

	assert_int_equal(c->n_rosters, 1);
	return c->n_shifts == 0 ? "" : campaign_text(c, c->shifts[0].person);
}

static GPtrArray *read_again(const struct town *t)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(prepared_free);

	g_ptr_array_add(all, place_prepare(t->p.sources, NULL, t->campaign, NULL, NOW));
	return all;
}

static void what_was_given_is_in_force_and_stays(void **state)
{
	struct town *t = *state;
	g_autoptr(GPtrArray) all = NULL;

	assert_string_equal(on_duty(t), "");
	assert_int_equal(take(t, SHIFT("张三")), 1);
	assert_string_equal(on_duty(t), "张三");
	assert_int_equal(take(t, SHIFT("张三")), 0);
	assert_int_equal(take(t, SHIFT("")), -EINVAL);
	assert_true(g_str_has_prefix(t->err.text, "duty/a.ics:"));
	assert_string_equal(on_duty(t), "张三");
	all = read_again(t);
	assert_int_equal(places_commit(&t->p, t->st, all, NULL, NOW, t->report, &t->err), 0);
	assert_string_equal(on_duty(t), "张三");
	/* After a start too. */
	places_fini(&t->p);
	places_init(&t->p, DAY);
	assert_int_equal(places_open(&t->p, t->st, t->campaign, NOW, t->report, &t->err), 0);
	assert_string_equal(on_duty(t), "张三");
}

static void an_older_reading_does_not_bring_the_old_back(void **state)
{
	struct town *t = *state;
	struct source_row other = row_of(SHIFT("王五"));
	g_autoptr(GPtrArray) old = NULL;
	struct prepared *x;

	assert_int_equal(take(t, SHIFT("张三")), 1);
	old = read_again(t);
	assert_int_equal(take(t, SHIFT("李四")), 1);
	assert_int_equal(places_commit(&t->p, t->st, old, NULL, NOW, t->report, &t->err), 0);
	assert_string_equal(on_duty(t), "李四");
	/* And what a source gave meanwhile counts, though others were read after it was prepared. */
	x = place_prepare(t->p.sources, NULL, t->campaign, &other, NOW);
	assert_int_equal(take(t, SHIFT("赵六")), 1);
	assert_int_equal(places_take(&t->p, t->st, x, &other, NOW, t->report, &t->err), 1);
	assert_string_equal(on_duty(t), "王五");
	prepared_free(x);
}

/* A calendar that moves to another server stays in force until that server has given something. */
static void what_one_address_gave_stays_until_another_gives(void **state)
{
	struct town *t = *state;
	g_autofree char *yaml = NULL, *path = g_build_filename(t->campaign, "campaign.yaml", NULL);
	g_autoptr(GPtrArray) all = NULL;

	assert_int_equal(take(t, SHIFT("张三")), 1);
	assert_true(g_file_get_contents(path, &yaml, NULL, NULL));
	*strstr(yaml, "x.ics") = 'y';
	put(t, "campaign.yaml", yaml);
	all = read_again(t);
	assert_int_equal(places_commit(&t->p, t->st, all, NULL, NOW, t->report, &t->err), 0);
	assert_string_equal(on_duty(t), "张三");
	/* What the old one says now comes too late. */
	assert_int_equal(take(t, SHIFT("李四")), -ENOENT);
	assert_string_equal(on_duty(t), "张三");
}

static void on_count(void *arg, const struct source_row *row)
{
	(void)row;
	(*(unsigned *)arg)++;
}

static void reload(struct town *t, const char *sources)
{
	g_autoptr(GPtrArray) all = NULL;
	g_autofree char *yaml = g_strconcat(
		"name: 试\ntimezone: Asia/Shanghai\noffice: ban\n", sources,
		"policies: {default: {steps: [{name: 催办, at: \"0\", to: [liaison]}]}}\n", NULL);

	put(t, "campaign.yaml", yaml);
	all = read_again(t);
	assert_int_equal(places_commit(&t->p, t->st, all, NULL, NOW, t->report, &t->err), 0);
}

/* Taken out of campaign.yaml and put back a year later: not with the roster of then. */
static void a_source_that_was_taken_out_is_forgotten(void **state)
{
	struct town *t = *state;
	g_autofree char *duty = g_build_filename(t->campaign, "duty", NULL);
	int64_t id = store_campaign(t->st, "shi", NOW, NULL);
	unsigned rows = 0;

	assert_int_equal(take(t, SHIFT("李四")), 1);
	assert_int_equal(g_mkdir(duty, 0700), 0);
	put(t, "duty/a.ics", SHIFT("张三"));
	assert_int_equal(store_source_each(t->st, id, on_count, &rows), 1);
	reload(t, "");
	assert_string_equal(on_duty(t), "张三");
	assert_int_equal(store_source_each(t->st, id, on_count, &rows), 0);
	reload(t, "sources: [{as: duty/a.ics, url: \"" URL "\"}]\n");
	assert_string_equal(on_duty(t), "张三");
	/* Taken out while nobody ran. */
	assert_int_equal(take(t, SHIFT("李四")), 1);
	put(t, "campaign.yaml",
	    "name: 试\ntimezone: Asia/Shanghai\noffice: ban\n"
	    "policies: {default: {steps: [{name: 催办, at: \"0\", to: [liaison]}]}}\n");
	places_fini(&t->p);
	places_init(&t->p, DAY);
	assert_int_equal(places_open(&t->p, t->st, t->campaign, NOW, t->report, &t->err), 0);
	assert_string_equal(on_duty(t), "张三");
	assert_int_equal(store_source_each(t->st, id, on_count, &rows), 0);
	reload(t, "sources: [{as: duty/a.ics, url: \"" URL "\"}]\n");
	assert_string_equal(on_duty(t), "张三");
}

#define TWO                                                                                        \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:s\r\n"                  \
	"DTSTAMP:20190101T000000Z\r\nDTSTART:20191001T080000\r\nDTEND:20191001T200000\r\n"         \
	"SUMMARY:值班 张三\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:t\r\n"                         \
	"DTSTAMP:20190101T000000Z\r\nDTSTART:20191002T080000\r\nDTEND:20191002T200000\r\n"         \
	"SUMMARY:值班 李四\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

/* What waits is what is confirmed, and is the last good one only from then on. */
static void a_shrunken_roster_waits(void **state)
{
	struct town *t = *state;
	const struct confirmation word = {"shi", "uid:0", "x"};
	const struct place *place = g_ptr_array_index(t->p.list, 0);
	g_autoptr(GPtrArray) again = NULL, confirmed = NULL;

	assert_int_equal(take(t, TWO), 1);
	assert_int_equal(take(t, SHIFT("张三")), -EAGAIN);
	assert_int_equal(engine_campaign(place->engine)->n_shifts, 2);
	again = read_again(t);
	assert_int_equal(places_commit(&t->p, t->st, again, NULL, NOW, t->report, &t->err),
			 -EAGAIN);
	confirmed = read_again(t);
	assert_int_equal(places_commit(&t->p, t->st, confirmed, &word, NOW, t->report, &t->err), 0);
	assert_int_equal(engine_campaign(place->engine)->n_shifts, 1);
	assert_null(place->problem);
	places_fini(&t->p);
	places_init(&t->p, DAY);
	assert_int_equal(places_open(&t->p, t->st, t->campaign, NOW, t->report, &t->err), 0);
	place = g_ptr_array_index(t->p.list, 0);
	assert_int_equal(engine_campaign(place->engine)->n_shifts, 1);
	assert_int_equal(place->held, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_given_is_in_force_and_stays),
		T(an_older_reading_does_not_bring_the_old_back),
		T(a_shrunken_roster_waits),
		T(a_source_that_was_taken_out_is_forgotten),
		T(what_one_address_gave_stays_until_another_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
