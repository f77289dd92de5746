/*
 * test_subjects.c - what people read in the subject line, word for word.
 */
#include "notifiers/render.h"
#include "notifiers/view.h"
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

static void remind_today_moved(struct message *m)
{
	sample_now(m, "8月8日（周四）15:00", "2019-08-08T15:00:00+08:00");
	(void)sample_item(m, SORT_REMIND, "今日截止");
}

static void remind_all_day(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_REMIND, "报送提醒");

	i->number = 0;
	put(&i->title, "实施方案");
	put(&i->due_text, "8月10日（周六）24:00");
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

static void undo_received(struct message *m)
{
	decide(m, "undo", "误操作")->received_text = "8月9日（周五）16:32";
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

static void moved(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_CORRECTION, CORRECTION_MOVED);

	put(&i->was_text, "8月12日（周一）17:00");
}

static void moved_list(struct message *m)
{
	sample_list(m, SORT_CORRECTION, CORRECTION_MOVED, 26);
	for (guint n = 0; n < m->items->len; n++) {
		struct message_item *i = m->items->pdata[n];

		put(&i->was_text, "8月12日（周一）17:00");
	}
}

static void gone(struct message *m)
{
	struct message_item *i = sample_item(m, SORT_CORRECTION, CORRECTION_GONE);

	put(&i->title, "第2期周报");
	put(&i->uid, "");
	i->number = 0;
}

static void back(struct message *m)
{
	sample_item(m, SORT_CORRECTION, CORRECTION_BACK);
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
	{"moved a day back by the window, today is not the day", remind_today_moved,
	 "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报"},
	{"an all-day deadline", remind_all_day,
	 "【百日攻坚·提醒】请于8月10日（周六）24:00前报送实施方案"},
	{"an all-day deadline today", remind_all_day_today,
	 "【百日攻坚·提醒】实施方案尚未收到，24:00截止"},
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
	{"an exemption undone of what was received", undo_received,
	 "【撤销免报】新桥镇第2期周报已收到，无需重报"},
	{"a receipt", receipt, "【收件回执】已收到新桥镇第2期周报（8月9日16:32，按时）"},
	{"a receipt of nothing, late", receipt_late_zero,
	 "【收件回执】已收到新桥镇第2期周报（8月9日18:02，零报告，迟报）"},
	{"a receipt of what lies in the tray", receipt_tray, "【收件回执】来件已收到，待核对"},
	{"a correction", correction, "【更正】此前逾期通知作废：新桥镇已于8月9日16:58按时报送"},
	{"a correction after a decision", correction_decided,
	 "【更正】此前逾期通知作废：新桥镇第2期周报已准予延期至8月13日12:00"},
	{"a moved deadline", moved, "【更正】第2期周报截止时间由8月12日17:00改为8月9日17:00"},
	{"a moved deadline of many", moved_list,
	 "【更正】第2期周报截止时间由8月12日17:00改为8月9日17:00（新桥镇等26家单位）"},
	{"owed no more", gone, "【更正】新桥镇无需报送第2期周报"},
	{"owed after all", back, "【更正】新桥镇仍须报送第2期周报，8月9日17:00截止"},
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
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
