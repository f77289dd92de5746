/*
 * sample.h - messages that the tests of this directory start from.
 */
#ifndef TESTS_NOTIFIERS_SAMPLE_H
#define TESTS_NOTIFIERS_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "notifiers/notifier.h"
#include "notifiers/template.h"

/* Interned: it outlives every message. */
static inline void put(const char **field, const char *text)
{
	*field = g_intern_string(text);
}

/* To the liaison of 新桥镇, Friday 2019-08-09 at 09:30. */
static inline struct message *sample_message(void)
{
	struct message *m = message_new();

	put(&m->identity, "m.4f2a9c01");
	put(&m->campaign_key, "xinbei-2019");
	put(&m->campaign, "全区防风险保安全迎大庆“百日攻坚”专项行动");
	put(&m->locale, "zh_CN");
	m->channel = CHANNEL_EMAIL;
	put(&m->address, "liaison@example.org");
	put(&m->person, "陈一");
	put(&m->person_unit, "新桥镇");
	put(&m->office, "区安委办");
	put(&m->now_text, "8月8日（周四）09:30");
	put(&m->now_iso, "2019-08-08T09:30:00+08:00");
	m->tick = INT64_C(1565227800000);
	return m;
}

static inline void sample_now(struct message *m, const char *text, const char *iso)
{
	put(&m->now_text, text);
	put(&m->now_iso, iso);
}

static inline struct message_item *sample_item(struct message *m, enum sort sort, const char *step)
{
	struct message_item *i = message_add(m);

	i->sort = sort;
	put(&i->step, step);
	put(&i->unit_id, "xinqiao");
	put(&i->unit, "新桥镇");
	put(&i->uid, "weekly@example.org");
	put(&i->rid, "20190809T090000Z");
	put(&i->title, "周报");
	i->number = 2;
	put(&i->due_text, "8月9日（周五）17:00");
	put(&i->due_iso, "2019-08-09T17:00:00+08:00");
	put(&i->on_time_text, "8月9日（周五）17:30");
	put(&i->role, "liaison");
	put(&i->tags, "危险化学品; 建筑施工");
	put(&i->token, "k7q2m9xw");
	i->due = INT64_C(1565341200000);
	i->expected = 26;
	i->received = 15;
	i->missing = 11;
	return i;
}

/* The office hears of @units towns. */
static inline void sample_list(struct message *m, enum sort sort, const char *step, int units)
{
	put(&m->person_unit, "区安委办");
	put(&m->person, "王五");
	put(&m->address, "office@example.org");
	for (int n = 0; n < units; n++) {
		struct message_item *i = sample_item(m, sort, step);
		g_autofree char *id = g_strdup_printf("unit%d", n + 1);
		g_autofree char *name = g_strdup_printf("单位%d", n + 1);

		put(&i->role, "office");
		put(&i->token, id);
		put(&i->unit_id, id);
		if (n > 0)
			put(&i->unit, name);
	}
}

static inline struct notifier_settings sample_settings(const struct templates *t)
{
	return (struct notifier_settings){.from = "duban@example.org",
					  .from_name = "区安委办",
					  .host = "duban.example.org",
					  .templates = t};
}

#endif
