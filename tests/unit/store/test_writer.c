/*
 * test_writer.c - the database thread: order, group commit, a bad job among good ones, failing commits.
 */
#include "unit/store/store_help.h"

#include <pthread.h>

#include "daemon/store/writer.h"

/*
 * The first job of a test waits at a gate, so that the rest make one batch, not a race.
 * Pthreads: the thread sanitizer does not see into GLib's own locks.
 */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool reached, open;
};

struct job {
	struct writer_job job;
	const char
		*word; /* what it writes; begins with '!': and then fails; '*': as on a full disk */
	struct gate *gate; /* waits there */
	GString *log;
	int *refuse; /* set: the commits of this transaction and later ones are refused */
};

static int refuse_commit(void *arg)
{
	return *(int *)arg;
}

static int run(struct store *st, struct writer_job *job, struct err *err)
{
	struct job *j = (struct job *)job;

	if (j->gate != NULL) {
		pthread_mutex_lock(&j->gate->lock);
		j->gate->reached = true;
		pthread_cond_broadcast(&j->gate->opened);
		while (!j->gate->open)
			pthread_cond_wait(&j->gate->opened, &j->gate->lock);
		pthread_mutex_unlock(&j->gate->lock);
	}
	if (j->refuse != NULL)
		(void)sqlite3_commit_hook(st->db, refuse_commit, j->refuse);
	if (job->alone && store_begin(st, err) < 0)
		return -EIO;
	if (store_word(st, j->word) < 0)
		return err_set(err, -EIO, "no word");
	if (job->alone && store_commit(st, err) < 0)
		return -EIO;
	if (j->word[0] == '*') /* SQLite may end the whole transaction by itself */
		(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	return j->word[0] == '!' ? err_set(err, -EINVAL, "坏的：%s", j->word) : 7;
}

static void done(struct writer_job *job, int rc, const struct err *err)
{
	struct job *j = (struct job *)job;

	g_string_append_printf(j->log, "%s=%d%s%s;", j->word, rc, rc < 0 ? " " : "",
			       rc < 0 ? err->text : "");
	g_free(j);
}

static struct job *post(struct writer *w, const char *word, GString *log)
{
	struct job *j = g_new0(struct job, 1);

	j->job.run = run;
	j->job.done = done;
	j->word = word;
	j->log = log;
	if (w != NULL)
		writer_post(w, &j->job);
	return j;
}

static void post_gated(struct writer *w, struct gate *gate, GString *log)
{
	struct job *j = post(NULL, "门", log);

	must(pthread_mutex_init(&gate->lock, NULL) == 0);
	must(pthread_cond_init(&gate->opened, NULL) == 0);
	j->gate = gate;
	writer_post(w, &j->job);
	pthread_mutex_lock(&gate->lock);
	while (!gate->reached) /* its batch is taken: what is posted now is in the next */
		pthread_cond_wait(&gate->opened, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->opened);
	pthread_mutex_unlock(&gate->lock);
}

static void gate_fini(struct gate *gate)
{
	pthread_mutex_destroy(&gate->lock);
	pthread_cond_destroy(&gate->opened);
}

static int64_t words_of(struct place *p)
{
	struct store *st = open_at(p->path);
	int64_t n = number(st, "SELECT count(*) FROM word");

	store_close(&st);
	return n;
}

static void a_failing_job_undoes_only_itself(void **state)
{
	struct place *p = *state;
	struct writer *w = writer_new(open_at(p->path), NULL, NULL);
	g_autoptr(GString) log = g_string_new(NULL);
	struct gate gate = {0};

	post_gated(w, &gate, log);
	(void)post(w, "一", log);
	(void)post(w, "!二", log);
	(void)post(w, "三", log);
	assert_int_equal(writer_pending(w), 4);
	assert_int_equal(writer_collect(w), 0);
	open_gate(&gate);
	writer_free(&w);
	assert_null(w);
	assert_string_equal(log->str, "门=7;一=7;!二=-22 坏的：!二;三=7;");
	assert_int_equal(words_of(p), 3);
	gate_fini(&gate);
}

/* A refused commit takes all of its batch with it, and nothing after it. */
static void a_refused_commit_is_everybodys_failure(void **state)
{
	struct place *p = *state;
	struct writer *w = writer_new(open_at(p->path), NULL, NULL);
	g_autoptr(GString) log = g_string_new(NULL);
	struct gate gate = {0};
	struct job *j;
	int refuse = 1;

	post_gated(w, &gate, log);
	(void)post(w, "一", log);
	j = post(NULL, "二", log);
	j->refuse = &refuse;
	writer_post(w, &j->job);
	(void)post(w, "!三", log);
	open_gate(&gate);
	while (writer_pending(w) > 0) {
		(void)writer_collect(w);
		g_thread_yield();
	}
	assert_non_null(strstr(log->str, "门=7;一=-17 "));
	assert_non_null(strstr(log->str, ";二=-17 "));
	assert_non_null(strstr(log->str, ";!三=-22 坏的：!三;"));
	refuse = 0;
	g_string_truncate(log, 0);
	(void)post(w, "四", log);
	writer_free(&w);
	assert_string_equal(log->str, "四=7;");
	assert_int_equal(words_of(p), 2); /* 门 and 四 */
	gate_fini(&gate);
}

/* What shared a transaction with it is lost, and what follows must not be committed one by one. */
static void a_transaction_that_ends_by_itself_is_everybodys_failure(void **state)
{
	struct place *p = *state;
	struct writer *w = writer_new(open_at(p->path), NULL, NULL);
	g_autoptr(GString) log = g_string_new(NULL);
	struct gate gate = {0};

	post_gated(w, &gate, log);
	(void)post(w, "一", log);
	(void)post(w, "*二", log);
	(void)post(w, "三", log);
	open_gate(&gate);
	while (writer_pending(w) > 0) {
		(void)writer_collect(w);
		g_thread_yield();
	}
	assert_non_null(strstr(log->str, "门=7;一=-5 "));
	assert_non_null(strstr(log->str, ";*二=-5 "));
	assert_non_null(strstr(log->str, ";三=-5 "));
	g_string_truncate(log, 0);
	(void)post(w, "四", log);
	writer_free(&w);
	assert_string_equal(log->str, "四=7;");
	assert_int_equal(words_of(p), 2); /* 门 and 四 */
	gate_fini(&gate);
}

/* One that wants to be alone shares no commit, and keeps its place in the order. */
static void one_alone_keeps_its_place(void **state)
{
	struct place *p = *state;
	struct writer *w = writer_new(open_at(p->path), NULL, NULL);
	g_autoptr(GString) log = g_string_new(NULL);
	struct gate gate = {0};
	struct job *j;

	post_gated(w, &gate, log);
	(void)post(w, "一", log);
	j = post(NULL, "独", log);
	j->job.alone = true;
	writer_post(w, &j->job);
	(void)post(w, "二", log);
	open_gate(&gate);
	writer_free(&w);
	assert_string_equal(log->str, "门=7;一=7;独=7;二=7;");
	assert_int_equal(words_of(p), 4);
	gate_fini(&gate);
}

static gint woken;

static void wake(void *arg)
{
	(void)arg;
	(void)g_atomic_int_add(&woken, 1);
}

static void thousands_are_kept_in_order(void **state)
{
	struct place *p = *state;
	struct writer *w = writer_new(open_at(p->path), wake, NULL);
	g_autoptr(GString) log = g_string_new(NULL);
	unsigned n = 0;

	for (int i = 0; i < 2500; i++)
		(void)post(w, i % 2 == 0 ? "偶" : "奇", log);
	while (n < 2500) {
		n += writer_collect(w);
		g_thread_yield();
	}
	assert_int_equal(writer_pending(w), 0);
	assert_true(g_atomic_int_get(&woken) >= 3); /* at most a thousand share a commit */
	for (size_t i = 0; i < 2500; i++)
		assert_true(g_str_has_prefix(log->str + i * strlen("偶=7;"),
					     i % 2 == 0 ? "偶=7;" : "奇=7;"));
	writer_free(&w);
	assert_int_equal(words_of(p), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(a_failing_job_undoes_only_itself),
		WITH_PLACE(a_refused_commit_is_everybodys_failure),
		WITH_PLACE(a_transaction_that_ends_by_itself_is_everybodys_failure),
		WITH_PLACE(one_alone_keeps_its_place),
		WITH_PLACE(thousands_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
