/*
 * test_view.c - what people read in the subject line, word for word, and what a hostile name
 * can do to it (nothing).
 */
#include "notifiers/render.h"
#include "notifiers/view.h"
#include "notifiers/words_clean.h"
#include "sample.h"

static struct templates *templates;

static struct rendered *render(const struct message *m, bool trial)
{
	json_t *view = view_new(m, trial);
	struct rendered *out = NULL;
	struct err err = {0};
	int r = render_view(templates, view, &out, &err);

	if (r < 0)
		print_error("%s\n", err.text);
	assert_int_equal(r, 0);
	json_decref(view);
	return out;
}

static void remind(struct message *m)
{
	(void)sample_item(m, SORT_REMIND, "报送提醒");
}

static void remind_alarm(struct message *m)
{
	(void)sample_item(m, SORT_REMIND, "alarm-2");
}

static void remind_no_short(struct message *m)
{
	put(&m->campaign, "安全生产月");
	(void)sample_item(m, SORT_REMIND, "报送提醒");
}

static void remind_near(struct message *m)
{
	(void)sample_item(m, SORT_REMIND, "临近提醒");
}

static void remind_today(struct message *m)
{
	sample_now(m, "8月9日（周五）14:00", "2019-08-09T14:00:00+08:00");
	(void)sample_item(m, SORT_REMIND, "今日截止");
}

static void remind_all_day(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_REMIND, "报送提醒");

	i->number = 0;
	put(&i->title, "实施方案");
	put(&i->due_text, "8月10日（周六）");
	put(&i->due_iso, "2019-08-10T23:59:59+08:00");
}

static void remind_all_day_today(struct message *m)
{
	remind_all_day(m);
	sample_now(m, "8月10日（周六）09:30", "2019-08-10T09:30:00+08:00");
}

static void remind_several(struct message *m)
{
	remind(m);
	remind_all_day(m);
}

static void unreported(struct message *m)
{
	sample_now(m, "8月9日（周五）16:00", "2019-08-09T16:00:00+08:00");
	sample_list(m, SORT_REMIND, "未报清单", 11);
}

static void unreported_one(struct message *m)
{
	sample_now(m, "8月9日（周五）16:00", "2019-08-09T16:00:00+08:00");
	sample_list(m, SORT_REMIND, "未报清单", 1);
}

static void unreported_two(struct message *m)
{
	unreported(m);
	for (guint n = 0; n < 5; n++)
		put(&((struct message_item *)m->items->pdata[n])->rid, "20190802T090000Z");
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

static void press_again(struct message *m)
{
	press(m);
	put(&((struct message_item *)m->items->pdata[0])->step, "再次催办#1");
}

static void letter(struct message *m)
{
	sample_now(m, "8月13日（周二）10:00", "2019-08-13T10:00:00+08:00");
	(void)sample_item(m, SORT_ESCALATE, "督办");
}

static void letter_repeat(struct message *m)
{
	sample_now(m, "8月20日（周二）10:00", "2019-08-20T10:00:00+08:00");
	(void)sample_item(m, SORT_ESCALATE, "督办#1");
}

static void task(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_REMIND, "工作安排");

	put(&m->person_unit, "区安委办");
	put(&i->unit, "区安委办");
	i->number = 1;
	put(&i->title, "通报会");
	put(&i->due_text, "8月28日（周三）09:00");
}

static void streak(struct message *m)
{
	put(&m->person_unit, "区安委办");
	(void)sample_item(m, SORT_STREAK, "连续未报");
	((struct message_item *)m->items->pdata[0])->number = 4;
}

static struct message_item *decide(struct message *m, const char *kind, const char *reason)
{
	struct message_item *i = sample_item(m, SORT_DECISION, kind);

	put(&i->due_text, "8月13日（周二）12:00");
	put(&i->due_iso, "2019-08-13T12:00:00+08:00");
	put(&i->reason, reason);
	return i;
}

static void extend(struct message *m)
{
	(void)decide(m, "extend", "台风停工");
}

static void rework(struct message *m)
{
	(void)decide(m, "return", "缺“已整改数”");
}

static void rework_long(struct message *m)
{
	(void)decide(
		m, "return",
		"附表中检查单位数与各行业合计不一致，隐患整改情况未附照片，行政处罚金额单位有误，"
		"请逐项核对后重新填报");
}

static void exempt(struct message *m)
{
	(void)decide(m, "exempt", "辖区无此类企业");
}

static void refuse(struct message *m)
{
	(void)decide(m, "refuse", "理由不充分");
}

static void undo(struct message *m)
{
	(void)decide(m, "undo", "误操作");
}

static void receipt(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_RECEIPT, "");

	put(&i->received_text, "8月9日（周五）16:32");
	i->on_time = true;
}

static void receipt_late_zero(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_RECEIPT, "");

	put(&i->received_text, "8月9日（周五）18:02");
	i->zero = true;
}

static void receipt_tray(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_RECEIPT, "");

	put(&i->title, "");
	i->number = 0;
	put(&i->received_text, "8月9日（周五）18:02");
}

static void correction(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_CORRECTION, "催办");

	put(&m->person_unit, "区安委会");
	put(&i->received_text, "8月9日（周五）16:58");
}

static void correction_decided(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_CORRECTION, "催办");

	put(&m->person_unit, "区安委会");
	put(&i->reason, "已准予延期至8月13日12:00");
}

static void duty(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_DUTY, "");

	put(&i->title, "带班 陈一");
	put(&i->due_text, "9月13日（周五）08:00");
}

static void bulletin(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_BULLETIN, "");

	i->number = 0;
	put(&i->title, "8月份工作情况");
}

static void system_alarm(struct message *m)
{
	put(&m->person_unit, "区安委办");
	put(&sample_item(m, SORT_ALARM, "")->reason, "收件邮箱自16:00起无法登录，督办已暂缓");
}

static void alarms(struct message *m)
{
	system_alarm(m);
	system_alarm(m);
	system_alarm(m);
}

static void cleared_only(struct message *m)
{
	sample_list(m, SORT_ESCALATE, "催办", 1);
	((struct message_item *)m->items->pdata[0])->late_cleared = true;
}

static void mixed(struct message *m)
{
	press(m);
	rework(m);
	receipt(m);
}

static const struct row {
	const char *name;
	void (*make)(struct message *m);
	const char *subject;
} rows[] = {
	{"a reminder", remind, "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报"},
	{"a VALARM reads like a reminder", remind_alarm,
	 "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报"},
	{"a campaign without a short name", remind_no_short,
	 "【报送提醒】请于8月9日（周五）17:00前报送第2期周报"},
	{"another step shows its own name", remind_near,
	 "【临近提醒】请于8月9日（周五）17:00前报送第2期周报"},
	{"on the day itself", remind_today, "【今日截止】第2期周报尚未收到，17:00截止"},
	{"an all-day deadline", remind_all_day,
	 "【百日攻坚·提醒】请于8月10日（周六）前报送实施方案"},
	{"an all-day deadline today", remind_all_day_today,
	 "【百日攻坚·提醒】实施方案尚未收到，今日截止"},
	{"two things at once", remind_several,
	 "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报等2项"},
	{"who is missing, an hour before", unreported,
	 "【未报清单】第2期周报：应报26、已报15、未报11（截至16:00）"},
	{"a list of one is a list", unreported_one,
	 "【未报清单】第2期周报：应报26、已报15、未报11（截至16:00）"},
	{"two lists in one mail", unreported_two,
	 "【未报清单】第2期周报等2项未报情况（截至16:00）"},
	{"pressing", press, "【催办】截至8月9日17:30未收到新桥镇第2期周报"},
	{"pressing, as the office reads it", press_office,
	 "【催办】第2期周报：应报26、已报15、未报11（截至8月12日08:30）"},
	{"a repeat says which", press_again,
	 "【再次催办·第2次】截至8月9日17:30未收到新桥镇第2期周报"},
	{"a letter", letter, "【督办】关于催报第2期周报的函"},
	{"a second letter", letter_repeat, "【督办·第2次】关于催报第2期周报的函"},
	{"the office's own work", task, "【工作安排】8月28日（周三）09:00：第1期通报会"},
	{"a streak", streak, "【连续未报】新桥镇截至第4期连续未报周报"},
	{"an extension", extend, "【准予延期】新桥镇第2期周报延至8月13日12:00"},
	{"a return", rework, "【退回补正】第2期周报缺“已整改数”，请于8月13日12:00前重报"},
	{"a return with a long reason", rework_long,
	 "【退回补正】第2期周报需补正，请于8月13日12:00前重报"},
	{"an exemption", exempt, "【免报】新桥镇免予报送第2期周报"},
	{"a refusal", refuse, "【不予延期】新桥镇第2期周报截止时间仍为8月13日12:00"},
	{"an exemption undone", undo, "【恢复报送】新桥镇第2期周报截止时间为8月13日12:00"},
	{"a receipt", receipt, "【收件回执】已收到新桥镇第2期周报（8月9日16:32，按时）"},
	{"a receipt of nothing, late", receipt_late_zero,
	 "【收件回执】已收到新桥镇第2期周报（8月9日18:02，零报告，迟报）"},
	{"a receipt of what lies in the tray", receipt_tray, "【收件回执】来件已收到，待核对"},
	{"a correction", correction, "【更正】此前逾期通知作废：新桥镇已于8月9日16:58按时报送"},
	{"a correction after a decision", correction_decided,
	 "【更正】此前逾期通知作废：新桥镇第2期周报已准予延期至8月13日12:00"},
	{"a shift", duty, "【值班提醒】带班 陈一：9月13日08:00"},
	{"a bulletin", bulletin, "【通报】8月份工作情况"},
	{"an alarm", system_alarm, "【系统告警】收件邮箱自16:00起无法登录，督办已暂缓"},
	{"three alarms", alarms, "【系统告警】收件邮箱自16:00起无法登录，督办已暂缓等3项"},
	{"only good news", cleared_only, "【销号】第2期周报已补报"},
	{"the most urgent names the mail", mixed,
	 "【催办】截至8月9日17:30未收到新桥镇第2期周报等3项"},
};

static void subjects(void **state)
{
	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		struct message *m = sample_message();
		struct rendered *out;

		rows[n].make(m);
		out = render(m, false);
		if (strcmp(out->subject, rows[n].subject) != 0)
			print_error("%s\n", rows[n].name);
		assert_string_equal(out->subject, rows[n].subject);
		assert_null(strstr(out->text, "{{"));
		assert_null(strstr(out->html, "{{"));
		assert_non_null(strstr(out->text, "区安委办"));
		rendered_free(&out);
		message_free(&m);
	}
}

/* Every sort renders in every locale, and English has no Chinese of its own. */
static void english(void **state)
{
	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		struct message *m = sample_message();
		struct rendered *out;

		rows[n].make(m);
		put(&m->locale, "en");
		out = render(m, false);
		assert_true(strlen(out->subject) > 10);
		assert_null(strstr(out->text, "请于"));
		assert_null(strstr(out->html, "同志"));
		assert_null(strstr(out->subject, "【"));
		rendered_free(&out);
		message_free(&m);
	}
}

static void unknown_locale_is_chinese(void **state)
{
	struct message *m = sample_message();
	struct rendered *out;

	(void)state;
	remind(m);
	put(&m->locale, "fr");
	out = render(m, false);
	assert_true(g_str_has_prefix(out->subject, "【百日攻坚·提醒】"));
	rendered_free(&out);
	message_free(&m);
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
	json_t *view;

	(void)state;
	press_office(m);
	((struct message_item *)m->items->pdata[10])->late_cleared = true;
	put(&((struct message_item *)m->items->pdata[10])->received_text, "8月9日（周五）18:10");
	put(&((struct message_item *)m->items->pdata[3])->due_iso, "2019-08-12T08:00:00+08:00");
	put(&((struct message_item *)m->items->pdata[3])->due_text, "8月12日（周一）08:00");
	view = view_new(m, false);
	assert_int_equal(json_array_size(json_object_get(view, "groups")), 1);
	json_decref(view);
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
static void collect(const json_t *value, GHashTable *names)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, child)
		{
			g_hash_table_add(names, g_strdup(key));
			collect(child, names);
		}
	}
	json_array_foreach((json_t *)value, i, child) collect(child, names);
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
	json_t *view;
	GHashTableIter iter;
	void *key;

	(void)state;
	assert_true(g_file_get_contents(path, &docs, NULL, NULL));
	mixed(m);
	view = view_new(m, false);
	collect(view, made);
	json_decref(view);
	message_free(&m);
	g_hash_table_iter_init(&iter, made);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (strcmp(key, "groups") != 0 && !view_field_known(key, strlen(key)))
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
		cmocka_unit_test(subjects),
		cmocka_unit_test(english),
		cmocka_unit_test(unknown_locale_is_chinese),
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
