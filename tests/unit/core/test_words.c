/*
 * test_words.c - names of the domain, words about failures, lines about files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "daemon/core/err.h"
#include "daemon/core/finding.h"
#include "daemon/core/ladder.h"
#include "daemon/core/ports.h"
#include "daemon/core/words.h"

static void every_word_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < CHANNELS; i++)
		assert_int_equal(channel_of(channel_word((enum channel)i)), i);
	for (int i = 0; i < ROLES; i++)
		assert_int_equal(role_of(role_word((enum role)i)), i);
	for (int i = 0; i < DECISION_KINDS; i++)
		assert_int_equal(decision_of(decision_word((enum decision_kind)i)), i);
	for (int i = CATEGORY_REPORT; i <= CATEGORY_WORK; i++)
		assert_int_equal(category_of(category_word((enum category)i)), i);
	for (int i = 0; i < SORTS; i++)
		assert_string_not_equal(sort_word((enum sort)i), "?");
	for (int i = 0; i < NOTICE_STATES; i++)
		assert_string_not_equal(notice_state_word((enum notice_state)i), "?");
	for (int i = 0; i < STANDINGS; i++)
		assert_string_not_equal(standing_word((enum standing)i), "?");
	for (int i = 0; i < OUTBOX_STATES; i++)
		assert_string_not_equal(outbox_state_word((enum outbox_state)i), "?");
	assert_string_equal(outcome_word(OUTCOME_SENT), "sent");
	assert_string_equal(outcome_word(OUTCOME_UNKNOWN), "unknown");
	assert_string_equal(sort_word(SORT_ESCALATE), "escalate");
	assert_string_equal(notice_state_word(NOTICE_OVERTAKEN), "overtaken");
}

static void categories_in_either_language(void **state)
{
	static const struct {
		const char *word;
		int category;
	} rows[] = {{"REPORT", CATEGORY_REPORT},
		    {"report", CATEGORY_REPORT},
		    {"报送", CATEGORY_REPORT},
		    {"节点", CATEGORY_MILESTONE},
		    {"阶段", CATEGORY_PHASE},
		    {"通报", CATEGORY_BULLETIN},
		    {"值守", CATEGORY_WATCH},
		    {"班次", CATEGORY_DUTY},
		    {"休", CATEGORY_OFF},
		    {"班", CATEGORY_WORK},
		    {"Milestone", CATEGORY_MILESTONE},
		    {"-", -1},
		    {"", -1},
		    {"周报", -1},
		    {"REPORTS", -1}};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(category_of(rows[i].word), rows[i].category);
	assert_int_equal(category_of(NULL), -1);
	assert_int_equal(role_of("Liaison"), -1);
	assert_int_equal(channel_of(NULL), -1);
	assert_int_equal(decision_of(""), -1);
}

static void a_number_from_elsewhere_shows_as_unknown(void **state)
{
	(void)state;
	assert_string_equal(standing_word((enum standing)200), "?");
	assert_string_equal(category_word((enum category)200), "?");
	assert_string_equal(sort_word((enum sort) - 1), "?");
}

static void words_about_a_failure(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, -EINVAL, "line %d\nis bad", 3), -EINVAL);
	assert_string_equal(err.text, "line 3 is bad");
	assert_int_equal(err_prefix(&err, -EIO, "%s", "campaign.yaml"), -EINVAL);
	assert_string_equal(err.text, "campaign.yaml: line 3 is bad");
	assert_int_equal(err_set(NULL, -EIO, "lost"), -EIO);
	assert_int_equal(err_prefix(NULL, -EIO, "lost"), -EIO);
}

static void long_words_end_with_a_whole_character(void **state)
{
	(void)state;
	for (int shift = 0; shift < 3; shift++) {
		struct err err;
		GString *s = g_string_new(NULL);

		for (int i = 0; i < shift; i++)
			g_string_append_c(s, 'x');
		for (int i = 0; i < 400; i++)
			g_string_append(s, "督");
		err_set(&err, -EINVAL, "%s", s->str);
		assert_true(g_utf8_validate(err.text, -1, NULL));
		assert_in_range(strlen(err.text), ERR_TEXT_MAX - 4, ERR_TEXT_MAX - 1);
		g_string_free(s, TRUE);
	}
	struct err err;

	err_set(&err, -EINVAL, "a %s b", "\xff\xfe");
	assert_true(g_utf8_validate(err.text, -1, NULL));
}

static void findings_print_by_file_and_line(void **state)
{
	struct findings *f = findings_new();
	static const char *const lines[] = {
		"a.ics:3: error: BAD_RRULE: 规则 X 无效",
		"a.ics:3: warning: UNTIL_DATE: two lines of text",
		"campaign.yaml:0: error: EMPTY: nothing here",
		"campaign.yaml:7:2: error: UNKNOWN_KEY: b",
		"campaign.yaml:7:9: error: UNKNOWN_KEY: a",
	};

	(void)state;
	findings_add(f, SEVERITY_ERROR, "campaign.yaml", 7, 9, "UNKNOWN_KEY", NULL, "a");
	findings_add(f, SEVERITY_WARNING, "a.ics", 3, 0, "UNTIL_DATE", "u@x", "two\nlines of %s",
		     "text");
	findings_add(f, SEVERITY_ERROR, "campaign.yaml", 7, 2, "UNKNOWN_KEY", NULL, "b");
	findings_add(f, SEVERITY_ERROR, "a.ics", 3, 0, "BAD_RRULE", "u@x", "规则 %s 无效", "X");
	findings_add(f, SEVERITY_ERROR, "campaign.yaml", 0, 0, "EMPTY", NULL, "nothing here");
	findings_sort(f);
	assert_int_equal(f->errors, 4);
	assert_int_equal(f->warnings, 1);
	assert_int_equal(f->list->len, G_N_ELEMENTS(lines));
	for (guint i = 0; i < f->list->len; i++) {
		g_autofree char *line = finding_line(f->list->pdata[i]);

		assert_string_equal(line, lines[i]);
	}
	findings_free(&f);
	assert_null(f);
	findings_free(&f);
}

static void a_flood_of_findings_is_counted_not_kept(void **state)
{
	struct findings *f = findings_new();

	(void)state;
	for (int i = 0; i < FINDINGS_MAX + 50; i++)
		findings_add(f, SEVERITY_WARNING, "x", i, 0, "X", NULL, "x");
	assert_int_equal(f->warnings, FINDINGS_MAX + 50);
	assert_int_equal(f->list->len, FINDINGS_MAX);
	findings_free(&f);
}

static void rungs_are_called_by_step_repeat_or_alarm(void **state)
{
	char text[] = "\0remind\0press";
	struct step step_list[3] = {{.name = 0}, {.name = 1}, {.name = 8}};
	struct campaign c = {.text = text, .steps = step_list, .n_steps = 3};
	struct policy p = {.step = 1, .steps = 2};
	static const struct {
		struct rung rung;
		const char *name;
	} rows[] = {
		{{.step = 0}, "remind"},
		{{.step = 1}, "press"},
		{{.step = 1, .repeat = 1}, "press#1"},
		{{.step = 1, .repeat = 12}, "press#12"},
		{{.step = 2}, "alarm"},
		{{.step = 3}, "alarm-2"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = rung_name(&c, &p, &rows[i].rung);

		assert_string_equal(name, rows[i].name);
	}

	struct ladder *l = g_new0(struct ladder, 1);

	l->rungs = g_new(struct rung, 2);
	ladder_free(&l);
	assert_null(l);
	ladder_free(&l);
}

static void requests_and_replies_go_with_all_they_hold(void **state)
{
	struct request *q = g_new0(struct request, 1);
	struct reply *r = g_new0(struct reply, 1);

	(void)state;
	request_free(&q);
	assert_null(q);
	request_free(&q);
	reply_free(&r);
	assert_null(r);
	reply_free(&r);

	q = g_new0(struct request, 1);
	q->identity = g_strdup("id");
	q->body = g_bytes_new("x", 1);
	q->from = g_strdup("a@example.org");
	q->to = g_strdup("b@example.org");
	q->url = g_strdup("https://example.org/");
	q->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(q->headers, g_strdup("A: b"));
	request_free(&q);
	r = g_new0(struct reply, 1);
	r->text = g_strdup("ok");
	r->verb = g_strdup("DATA");
	r->body = g_bytes_new("x", 1);
	reply_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_has_a_name),
		cmocka_unit_test(categories_in_either_language),
		cmocka_unit_test(a_number_from_elsewhere_shows_as_unknown),
		cmocka_unit_test(words_about_a_failure),
		cmocka_unit_test(long_words_end_with_a_whole_character),
		cmocka_unit_test(findings_print_by_file_and_line),
		cmocka_unit_test(a_flood_of_findings_is_counted_not_kept),
		cmocka_unit_test(rungs_are_called_by_step_repeat_or_alarm),
		cmocka_unit_test(requests_and_replies_go_with_all_they_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
