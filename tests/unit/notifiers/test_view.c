/*
 * test_view.c - bodies: whom they name, how items are put together, and what a hostile name can
 * do to them (nothing).
 */
#include "notifiers/render.h"
#include "notifiers/view.h"
#include "notifiers/words_clean.h"
#include "sample.h"

static struct templates *templates;

static struct rendered *render(const struct message *m, bool trial)
{
	struct view *view = view_new(m, trial);
	struct rendered *out = NULL;
	struct err err = {0};
	int r = render_view(templates, view, &out, &err);

	if (r < 0)
		print_error("%s\n", err.text);
	assert_int_equal(r, 0);
	view_free(&view);
	return out;
}

static void remind(struct message *m)
{
	(void)sample_item(m, SORT_REMIND, "报送提醒");
}

static void press(struct message *m)
{
	sample_now(m, "8月9日（周五）17:30", "2019-08-09T17:30:00+08:00");
	(void)sample_item(m, SORT_ESCALATE, "催办");
}

static void press_office(struct message *m)
{
	sample_now(m, "8月12日（周一）08:30", "2019-08-12T08:30:00+08:00");
	sample_list(m, SORT_ESCALATE, "催办", 11);
}

static void letter(struct message *m)
{
	sample_now(m, "8月13日（周二）10:00", "2019-08-13T10:00:00+08:00");
	(void)sample_item(m, SORT_ESCALATE, "督办");
}

static struct message_item *decide(struct message *m, const char *kind, const char *reason)
{
	struct message_item *i = sample_item(m, SORT_DECISION, kind);

	put(&i->due_text, "8月13日（周二）12:00");
	put(&i->due_iso, "2019-08-13T12:00:00+08:00");
	put(&i->reason, reason);
	return i;
}

static void rework(struct message *m)
{
	(void)decide(m, "return", "缺“已整改数”");
}

static void receipt(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_RECEIPT, "");

	put(&i->received_text, "8月9日（周五）16:32");
	i->on_time = true;
}

static void mixed(struct message *m)
{
	press(m);
	rework(m);
	receipt(m);
}

static void reminder_names_unit_and_fields(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	remind(m);
	put(&((struct message_item *)m->items->pdata[0])->description, "格式见附件。\n一式两份。");
	out = render(m, false);
	assert_non_null(strstr(out->text, "陈一同志："));
	assert_non_null(strstr(out->text, "新桥镇第2期周报请于8月9日（周五）17:00前报送区安委办"));
	assert_non_null(strstr(out->text, "报送内容应覆盖以下领域：危险化学品、建筑施工。"));
	assert_non_null(strstr(out->text, "[#k7q2m9xw]"));
	assert_non_null(strstr(out->html, "格式见附件。</p>"));
	assert_null(strstr(out->text, "你单位"));
	assert_null(strstr(out->text, "试运行"));
	rendered_free(&out);
	message_free(&m);
}

static void letter_says_your_unit(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	letter(m);
	out = render(m, false);
	assert_true(g_str_has_prefix(out->text, "新桥镇：\n"));
	assert_non_null(strstr(out->text, "关于催报第2期周报的函"));
	assert_non_null(strstr(out->text, "仍未收到你单位报送"));
	assert_non_null(strstr(out->text, "特此致函。"));
	assert_non_null(strstr(out->text, "区安委办\n2019年8月13日\n"));
	assert_null(strstr(out->text, "通报"));
	rendered_free(&out);
	message_free(&m);
}

static void superior_gets_one_list(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;
	struct view *view;

	(void)state;
	press_office(m);
	((struct message_item *)m->items->pdata[10])->late_cleared = true;
	put(&((struct message_item *)m->items->pdata[10])->received_text, "8月9日（周五）18:10");
	put(&((struct message_item *)m->items->pdata[3])->due_iso, "2019-08-12T08:00:00+08:00");
	put(&((struct message_item *)m->items->pdata[3])->due_text, "8月12日（周一）08:00");
	view = view_new(m, false);
	assert_int_equal(view->groups->len, 1);
	view_free(&view);
	out = render(m, false);
	assert_non_null(strstr(out->text, "应报26家，已报15家，未报11家。未报单位如下：\n"));
	assert_non_null(strstr(out->text, "  1. 新桥镇\n  2. 单位2\n"));
	assert_non_null(strstr(out->text, "  4. 单位4（截止时间8月12日08:00）\n"));
	assert_non_null(strstr(out->text, "已销号：单位11第2期周报（8月9日18:10补报）"));
	assert_null(strstr(out->text, "11. "));
	assert_non_null(strstr(out->html, ">单位10</td>"));
	rendered_free(&out);
	message_free(&m);
}

static void several_groups_are_numbered(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	mixed(m);
	out = render(m, false);
	assert_non_null(strstr(out->text, "　　一、新桥镇第2期周报应于"));
	assert_non_null(strstr(out->text, "　　二、新桥镇报送的第2期周报需补正"));
	assert_non_null(strstr(out->text, "　　三、已收到新桥镇第2期周报"));
	rendered_free(&out);
	message_free(&m);
}

static void trial_says_who(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	remind(m);
	out = render(m, true);
	assert_true(g_str_has_prefix(out->text, "本应发给陈一 <liaison@example.org>\n"));
	assert_non_null(strstr(out->html, "本应发给陈一 &lt;liaison@example.org&gt;"));
	rendered_free(&out);
	message_free(&m);
}

static void long_lists_are_cut(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	sample_list(m, SORT_ESCALATE, "催办", VIEW_ROWS_MAX + 7);
	out = render(m, false);
	assert_non_null(strstr(out->text, "  500. 单位500\n"));
	assert_null(strstr(out->text, "501. "));
	assert_non_null(strstr(out->text, "另有7家，从略。"));
	rendered_free(&out);
	message_free(&m);
}

static void hostile_names_are_inert(void **state)
{
	g_autofree char *long_name = g_strnfill(10240, 'A');
	const char *const hostile[] = {"<script>alert(1)</script>",
				       "x\r\nBcc: victim@example.org",
				       "\"><img src=x onerror=alert(1)>",
				       "{{campaign}}{{{office}}}{{#items}}",
				       "\xe2\x80\xae"
				       "gnp.exe",
				       "\xff\xfe broken \x80",
				       "😀👨‍👩‍👧 镇",
				       "%s%n%x",
				       long_name};

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(hostile); n++) {
		struct message *m = sample_message();
		struct message_item *i = sample_item(m, SORT_ESCALATE, "催办");
		struct rendered *out;

		put(&i->unit, hostile[n]);
		put(&i->title, hostile[n]);
		put(&i->description, hostile[n]);
		put(&i->step, hostile[n]);
		put(&m->person, hostile[n]);
		out = render(m, false);
		assert_null(strchr(out->subject, '\n'));
		assert_null(strchr(out->subject, '\r'));
		assert_true(g_utf8_strlen(out->subject, -1) <= RENDER_SUBJECT_MAX);
		assert_true(g_utf8_validate(out->text, -1, NULL));
		assert_null(strstr(out->html, "<script"));
		assert_null(strstr(out->html, "<img"));
		assert_null(strstr(out->html, "\xe2\x80\xae"));
		assert_null(strstr(out->text, "\xe2\x80\xae"));
		assert_null(strstr(out->text, "\nBcc:"));
		assert_true(strlen(out->text) < 20000);
		rendered_free(&out);
		message_free(&m);
	}
}

static void braces_are_not_rendered_twice(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	put(&sample_item(m, SORT_ALARM, "")->reason, "{{address}}");
	out = render(m, false);
	assert_string_equal(out->subject, "【系统告警】{{address}}");
	assert_non_null(strstr(out->text, "{{address}}"));
	rendered_free(&out);
	message_free(&m);
}

static void words(void **state)
{
	static const struct {
		const char *in;
		int max;
		const char *line;
	} lines[] = {{"  a \t b ", 10, "a b"},
		     {"一二三四五", 3, "一二…"},
		     {"一二三", 3, "一二三"},
		     {"a\r\nb", 10, "a b"},
		     {"a\xe2\x80\xa8"
		      "b",
		      10, "a b"},
		     {"\xef\xbb\xbf"
		      "a",
		      10, "a"},
		     {"", 10, ""}};
	static const char *const weekdays[][2] = {{"8月9日（周五）17:00", "8月9日17:00"},
						  {"8月10日（周六）", "8月10日"},
						  {"8月9日（周末值班）", "8月9日（周末值班）"},
						  {"9 Aug 17:00", "9 Aug 17:00"}};
	struct civil_parts p;

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(lines); n++) {
		g_autofree char *got = words_line(lines[n].in, lines[n].max);

		assert_string_equal(got, lines[n].line);
	}
	for (size_t n = 0; n < G_N_ELEMENTS(weekdays); n++) {
		g_autofree char *got = words_no_weekday(weekdays[n][0]);

		assert_string_equal(got, weekdays[n][1]);
	}
	assert_string_equal(words_time("8月9日（周五）17:00"), "17:00");
	assert_string_equal(words_time("8月9日（周五）"), "");
	assert_true(civil_parts_parse("2019-08-09T17:00:00-03:30", &p));
	assert_int_equal(p.offset_minutes, -210);
	assert_true(civil_parts_parse("2019-08-09T17:00:00Z", &p));
	assert_false(civil_parts_parse("2019-08-09 17:00:00Z", &p));
	assert_false(civil_parts_parse("2019-13-09T17:00:00Z", &p));
	assert_false(civil_parts_parse("", &p));
}

/* Fields are declared once: those that the view makes, those the lint knows, those told. */
static void collect(const struct record *r, GHashTable *names)
{
	const struct value *v;
	const char *name;

	for (guint n = 0; (v = record_nth(r, n, &name)) != NULL; n++) {
		g_hash_table_add(names, g_strdup(name));
		for (guint i = 0; v->kind == VALUE_LIST && i < v->list->len; i++) {
			const struct value *item = &g_array_index(v->list, struct value, i);

			if (item->kind == VALUE_RECORD)
				collect(item->record, names);
		}
	}
}

static void fields_are_known_and_told(void **state)
{
	g_autofree char *path =
		g_build_filename(g_getenv("SOURCE_DIR") ? g_getenv("SOURCE_DIR") : ".", "docs",
				 "templates.md", NULL);
	g_autofree char *docs = NULL;
	g_autoptr(GHashTable) made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct message *m = sample_message();
	const char *const *known = view_fields();
	struct view *view;
	GHashTableIter iter;
	void *key;

	(void)state;
	assert_true(g_file_get_contents(path, &docs, NULL, NULL));
	mixed(m);
	view = view_new(m, false);
	collect(view->fields, made);
	for (guint i = 0; i < view->groups->len; i++)
		collect(view_group(view, i), made);
	view_free(&view);
	message_free(&m);
	g_hash_table_iter_init(&iter, made);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (!view_field_known(key, strlen(key)))
			fail_msg("%s is made but not known", (char *)key);
	for (size_t n = 0; known[n] != NULL; n++) {
		g_autofree char *quoted = g_strdup_printf("`%s`", known[n]);

		if (strcmp(known[n], "body") != 0 && strcmp(known[n], "subject") != 0 &&
		    !g_hash_table_contains(made, known[n]))
			fail_msg("%s is known but never made", known[n]);
		if (strstr(docs, quoted) == NULL)
			fail_msg("docs/templates.md does not tell of %s", known[n]);
	}
}

static int setup(void **state)
{
	(void)state;
	templates = templates_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	templates_free(&templates);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reminder_names_unit_and_fields),
		cmocka_unit_test(letter_says_your_unit),
		cmocka_unit_test(superior_gets_one_list),
		cmocka_unit_test(several_groups_are_numbered),
		cmocka_unit_test(trial_says_who),
		cmocka_unit_test(long_lists_are_cut),
		cmocka_unit_test(hostile_names_are_inert),
		cmocka_unit_test(braces_are_not_rendered_twice),
		cmocka_unit_test(words),
		cmocka_unit_test(fields_are_known_and_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
