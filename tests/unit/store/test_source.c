/*
 * test_source.c - the last good remote calendar: over failures, a restart, a kill and another address.
 */
#include "unit/store/store_help.h"

#include "daemon/store/source.h"

#define URL "https://cal.example.org/x.ics"

struct seen {
	char *bytes, *hash, *etag, *modified, *problem;
	wall_t fetched, looked;
	unsigned failures;
};

static void on_row(void *arg, const struct source_row *r)
{
	struct seen *s = arg;

	s->bytes = r->bytes ? g_strndup(r->bytes, r->size) : NULL;
	s->hash = g_strdup(r->hash);
	s->etag = g_strdup(r->etag);
	s->modified = g_strdup(r->modified);
	s->problem = g_strdup(r->problem);
	s->fetched = r->fetched;
	s->looked = r->looked;
	s->failures = r->failures;
}

static void seen_free(struct seen *s)
{
	g_free(s->bytes);
	g_free(s->hash);
	g_free(s->etag);
	g_free(s->modified);
	g_free(s->problem);
	*s = (struct seen){0};
}

static int get(struct store *st, int64_t campaign, const char *url, struct seen *s)
{
	seen_free(s);
	return store_source_get(st, campaign, "duty/a.ics", url, on_row, s);
}

static const struct source_row good = {.path = "duty/a.ics",
				       .url = URL,
				       .bytes = "BEGIN",
				       .size = 5,
				       .hash = "h1",
				       .etag = "\"1\"",
				       .modified = "Mon"};

static void what_was_read_survives_failures_and_a_restart(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	int64_t c = store_campaign(st, "shi", 1, NULL);
	struct seen s = {0};

	assert_int_equal(get(st, c, URL, &s), 0);
	assert_int_equal(store_source_good(st, c, &good, 1000, NULL), 0);
	assert_int_equal(store_source_failed(st, c, good.path, URL, "HTTP 500", NULL), 1);
	assert_int_equal(store_source_failed(st, c, good.path, URL, "HTTP 404", NULL), 2);
	store_close(&st);
	st = open_at(p->path);
	assert_int_equal(get(st, c, URL, &s), 1);
	assert_string_equal(s.bytes, "BEGIN");
	assert_string_equal(s.hash, "h1");
	assert_string_equal(s.etag, "\"1\"");
	assert_string_equal(s.modified, "Mon");
	assert_int_equal(s.fetched, 1000);
	assert_int_equal(s.looked, 1000);
	assert_int_equal(s.failures, 2);
	assert_string_equal(s.problem, "HTTP 404");
	/* It is there again, with the same content under another ETag. */
	assert_int_equal(store_source_same(st, c,
					   &(struct source_row){.path = good.path,
								.url = URL,
								.etag = "\"2\"",
								.modified = ""},
					   2000, NULL),
			 0);
	assert_int_equal(get(st, c, URL, &s), 1);
	assert_string_equal(s.bytes, "BEGIN");
	assert_string_equal(s.etag, "\"2\"");
	assert_int_equal(s.fetched, 1000);
	assert_int_equal(s.looked, 2000);
	assert_int_equal(s.failures, 0);
	assert_null(s.problem);
	seen_free(&s);
	store_close(&st);
}

/* A calendar that moves stays in force; what the old server called it, and its failures, do not. */
static void another_address_starts_anew(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	int64_t c = store_campaign(st, "shi", 1, NULL);
	struct seen s = {0};

	assert_int_equal(store_source_good(st, c, &good, 1000, NULL), 0);
	assert_int_equal(get(st, c, "https://other.example.org/", &s), 0);
	assert_int_equal(store_source_failed(st, c, good.path, URL, "x", NULL), 1);
	assert_int_equal(
		store_source_failed(st, c, good.path, "https://other.example.org/", "y", NULL), 1);
	assert_int_equal(get(st, c, URL, &s), 0);
	assert_int_equal(get(st, c, "https://other.example.org/", &s), 1);
	assert_string_equal(s.bytes, "BEGIN");
	assert_string_equal(s.hash, "h1");
	assert_string_equal(s.etag, "");
	assert_string_equal(s.modified, "");
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.fetched, 1000);
	seen_free(&s);
	store_close(&st);
}

static void what_was_not_committed_never_was(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);
	int64_t c = store_campaign(st, "shi", 1, NULL);
	struct source_row later = good;
	struct seen s = {0};

	assert_int_equal(store_source_good(st, c, &good, 1000, NULL), 0);
	later.bytes = "OTHER";
	assert_int_equal(store_begin(st, NULL), 0);
	assert_int_equal(store_source_good(st, c, &later, 2000, NULL), 0);
	store_rollback(st);
	assert_int_equal(get(st, c, URL, &s), 1);
	assert_string_equal(s.bytes, "BEGIN");
	seen_free(&s);
	store_close(&st);
}

static void a_first_version_gets_its_table(void **state)
{
	struct place *p = *state;
	struct store *st = open_at(p->path);

	assert_int_equal(sql(st, "DROP TABLE source; DROP TABLE deadline; PRAGMA user_version=1"),
			 SQLITE_OK);
	store_close(&st);
	st = open_at(p->path);
	assert_int_equal(number(st, "SELECT count(*) FROM source"), 0);
	assert_int_equal(number(st, "SELECT count(*) FROM deadline"), 0);
	assert_true(number(st, "PRAGMA user_version") >= 3);
	store_close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(what_was_read_survives_failures_and_a_restart),
		WITH_PLACE(another_address_starts_anew),
		WITH_PLACE(what_was_not_committed_never_was),
		WITH_PLACE(a_first_version_gets_its_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
