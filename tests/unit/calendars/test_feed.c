/*
 * test_feed.c - deadlines as a calendar: read back by our own reader, without a complaint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "calendars/expand.h"
#include "calendars/feed.h"
#include "calendars/write.h"

#define FRIDAY ((wall_t)1565341200000) /* 2019-08-09T17:00+08:00 */
#define CHANGED ((wall_t)1565000000000)

static char *feed_of(const struct feed_item *items, guint n, const char *zone, wall_t now)
{
	struct feed f = {.name = "专项行动：新桥镇",
			 .office = "安委办, 区",
			 .address = "ban@example.org",
			 .zone = zone_get(zone),
			 .now = now};
	char *text;

	f.items = g_array_new(FALSE, FALSE, sizeof(struct feed_item));
	g_array_append_vals(f.items, items, n);
	text = feed_write(&f);
	g_array_unref(f.items);
	return text;
}

static const struct feed_item items[] = {
	{"c\x1fplan\x1f-\x1fxin", "方案", "", 1565452799000, true, false, 7, CHANGED},
	{"c\x1fweekly\x1f"
	 "20190809T090000Z\x1fxin",
	 "第2期周报; 甲, 乙", "说明\n第二行，很长很长很长很长很长很长很长很长很长很长很长很长",
	 FRIDAY, false, false, 3, CHANGED},
	{"c\x1fweekly\x1f"
	 "20190816T090000Z\x1fxin",
	 "第3期周报", "", FRIDAY + 7 * DAY, false, true, 4, CHANGED},
};

static void test_shape(void **state)
{
	g_autofree char *text = feed_of(items, G_N_ELEMENTS(items), "Asia/Shanghai", CHANGED);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	static const char *const there[] = {
		"DTSTART;TZID=Asia/Shanghai:20190809T170000\r\n",
		"DTSTART;VALUE=DATE:20190810\r\nDTEND;VALUE=DATE:20190811\r\nSUMMARY:✔ 方案\r\n",
		"SUMMARY:第2期周报\\; 甲\\, 乙\r\n",
		"STATUS:CANCELLED\r\n",
		"SEQUENCE:7\r\nORGANIZER;CN=\"安委办, 区\":mailto:ban@example.org\r\n",
		"METHOD:PUBLISH\r\n",
		"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n",
		"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\n",
		"DTSTAMP:20190805T101320Z\r\n",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(there); i++)
		if (!strstr(text, there[i]))
			fail_msg("%s is missing in\n%s", there[i], text);
	for (char **l = lines; *l; l++)
		assert_true(strlen(*l) <= WRITE_FOLD_AT && g_utf8_validate(*l, -1, NULL) &&
			    !strchr(*l, '\n'));
}

/* Any reader sees what was put in, and has nothing to complain of. */
static void test_read_back(void **state)
{
	static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "America/New_York",
					    "Pacific/Apia", "UTC"};

	(void)state;
	for (size_t z = 0; z < G_N_ELEMENTS(zones); z++) {
		struct feed_item year[54];
		g_autofree char *text = NULL;
		struct findings *f = findings_new();
		struct calendar *c = calendar_new(zone_utc());
		GPtrArray *all;

		for (guint i = 0; i < G_N_ELEMENTS(year); i++) {
			year[i] = items[1];
			year[i].key = g_strdup_printf("%u", i);
			year[i].due = FRIDAY + (wall_t)i * 7 * DAY;
		}
		text = feed_of(year, G_N_ELEMENTS(year), zones[z], CHANGED);
		assert_int_equal(
			calendar_read(c, "f", text, strlen(text), &calendar_limits_campaign, f), 0);
		all = calendar_expand(c, 0, FRIDAY + 400 * DAY, &calendar_limits_campaign, f);
		if (f->list->len > 0)
			fail_msg("%s: %s", zones[z], finding_line(f->list->pdata[0]));
		assert_int_equal(all->len, G_N_ELEMENTS(year));
		for (guint i = 0; i < all->len; i++) {
			const struct instance *x = all->pdata[i];

			assert_int_equal(x->start, year[i].due);
			assert_string_equal(x->component->summary, items[1].title);
			assert_string_equal(x->component->description, items[1].about);
			assert_int_equal(x->component->sequence, 3);
			g_free((char *)year[i].key);
		}
		g_ptr_array_unref(all);
		calendar_free(&c);
		findings_free(&f);
	}
}

/* The file's own zone says what the system's does: readers without one are not misled. */
static void test_own_zone(void **state)
{
	g_autoptr(GString) s = g_string_new(NULL);
	struct findings *f = findings_new();
	struct calendar *c = calendar_new(zone_utc());
	const struct zone *berlin = zone_get("Europe/Berlin");
	g_autofree char *text = NULL;
	g_auto(GStrv) halves = NULL;
	GPtrArray *all;
	local_t noon = local_at(date_from(2019, 1, 1), 12 * 3600);
	guint n = 0;

	(void)state;
	write_calendar_begin(s, "x");
	write_zone(s, berlin, zone_instant(berlin, noon, NULL) - DAY,
		   zone_instant(berlin, noon + 800 * DAY_SECONDS, NULL));
	for (guint i = 0; i < 700; i++) {
		g_autofree char *uid = g_strdup_printf("UID:%u", i);

		g_string_append(s, "BEGIN:VEVENT\r\n");
		write_line(s, uid);
		write_instant(s, "DTSTAMP", 0);
		write_local(s, "DTSTART", berlin, noon + (local_t)i * DAY_SECONDS);
		g_string_append(s, "END:VEVENT\r\n");
	}
	write_calendar_end(s);
	/* Under another name the system's zone cannot help. */
	halves = g_strsplit(s->str, "Europe/Berlin", -1);
	text = g_strjoinv("Own Zone", halves);
	assert_int_equal(calendar_read(c, "f", text, strlen(text), &calendar_limits_campaign, f),
			 0);
	all = calendar_expand(c, 0, (wall_t)1700000000000, &calendar_limits_campaign, f);
	for (; n < all->len; n++) {
		const struct instance *x = all->pdata[n];

		assert_int_equal(x->start,
				 zone_instant(berlin, noon + (local_t)n * DAY_SECONDS, NULL));
	}
	assert_int_equal(n, 700);
	g_ptr_array_unref(all);
	calendar_free(&c);
	findings_free(&f);
}

/* Equal items, equal bytes, whenever and in whatever order; withdrawn ones go after 30 days. */
static void test_stable(void **state)
{
	const struct feed_item turned[] = {items[2], items[1], items[0]};
	g_autofree char *a = feed_of(items, 3, "Asia/Shanghai", CHANGED);
	g_autofree char *b = feed_of(turned, 3, "Asia/Shanghai", CHANGED + 29 * DAY);
	g_autofree char *c = feed_of(items, 3, "Asia/Shanghai", CHANGED + 30 * DAY);
	g_autofree char *none = feed_of(items, 0, "Asia/Shanghai", CHANGED);

	(void)state;
	assert_string_equal(a, b);
	assert_null(strstr(c, "CANCELLED"));
	assert_non_null(strstr(c, "✔ 方案"));
	assert_null(strstr(none, "VEVENT"));
	assert_true(g_str_has_suffix(none, "END:VCALENDAR\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_own_zone),
		cmocka_unit_test(test_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
