/*
 * test_splice.c - the quick ways of making a mail give the bytes of the slow ones.
 *
 * Random messages of a few shapes, names with markup, quotes, joiners and overlong ones; the
 * same set of templates for all of them, so that most are spliced. DUBAN_SEED repeats a run.
 */
#include "notifiers/splice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "notifiers/base64.h"
#include "notifiers/email.h"
#include "notifiers/mime.h"
#include "notifiers/view.h"

#ifdef __SANITIZE_ADDRESS__ /* ten times as slow, and looking for something else */
#define MESSAGES 200
#else
#define MESSAGES 1000
#endif

static GRand *rand_new(void)
{
	const char *text = getenv("DUBAN_SEED");
	guint32 seed = text != NULL ? (guint32)strtoul(text, NULL, 10) : g_random_int();

	print_message("DUBAN_SEED=%u\n", seed);
	return g_rand_new_with_seed(seed);
}

static const char *pick(GRand *r, const char *const *of, int n)
{
	return of[g_rand_int_range(r, 0, n)];
}

/* Interned: it outlives every message. */
static GStringChunk *kept; /* what the fields of all messages point to */

static void set(const char **field, const char *value)
{
	*field = g_string_chunk_insert_const(kept, value);
}

static const char *const names[] = {"联络员甲",
				    "",
				    "O'Brien & <b>Co</b>",
				    "  two   spaces ",
				    "zQ7<c>",
				    "zQ7",
				    "a\tb\nc",
				    "\xff\xfe",
				    "很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很"
				    "长很长很长很长很长很长很长很长很长"
				    "很长很长很长很长很长很长很长很长很长很长很长很长",
				    "\"quoted\"",
				    "{{person}}",
				    "李四",
				    "\u202e倒写",
				    "x"};
static const char *const units[] = {"第1街道", "第22街道", "A & B <x>",
				    "",        "区安委办", "单位;分号"};
static const char *const steps[] = {"报送提醒", "今日截止", "督办#1", "催办", "alarm"};
static const char *const titles[] = {"周报", "工作小结 & <周报表>", "zQ7<a>"};

static void item_add(GRand *r, struct message *m, const char *unit, const char *unit_id, int n)
{
	static const enum sort sorts[] = {SORT_REMIND,  SORT_REMIND,   SORT_ESCALATE,  SORT_STREAK,
					  SORT_RECEIPT, SORT_DECISION, SORT_CORRECTION};
	struct message_item *i = message_add(m);
	g_autofree char *token = g_strdup_printf("%08x%02d", g_rand_int(r), n);

	i->sort = sorts[g_rand_int_range(r, 0, G_N_ELEMENTS(sorts))];
	set(&i->step, i->sort == SORT_DECISION ? "extend" : pick(r, steps, G_N_ELEMENTS(steps)));
	if (i->sort == SORT_CORRECTION)
		set(&i->step, CORRECTION_MOVED);
	set(&i->was_text, "8月12日（周一）17:00");
	set(&i->unit, unit);
	set(&i->unit_id, unit_id);
	set(&i->uid, g_rand_boolean(r) ? "weekly@example.org" : "plan@example.org");
	set(&i->rid, "20190809T090000Z");
	set(&i->title, pick(r, titles, g_rand_int_range(r, 0, 8) == 0 ? 3 : 2));
	set(&i->due_text, "8月9日（周五）17:00");
	set(&i->due_iso, "2019-08-09T17:00:00+08:00");
	set(&i->on_time_text, "8月9日17:30");
	set(&i->role, "liaison");
	set(&i->description, g_rand_boolean(r) ? "一、按时\n二、按质 <>" : "");
	set(&i->tags, g_rand_boolean(r) ? "街镇;危化" : "");
	set(&i->reason, i->sort == SORT_DECISION ? "洪水" : "");
	set(&i->received_text, i->sort == SORT_RECEIPT ? "8月9日16:02" : "");
	i->on_time = i->sort == SORT_RECEIPT && g_rand_boolean(r);
	i->number = g_rand_int_range(r, 0, 2);
	i->expected = 26;
	i->missing = g_rand_int_range(r, 0, 2);
	i->received = 26 - i->missing;
	i->due = 1565341200000;
	set(&i->token, g_rand_int_range(r, 0, 9) == 0 ? "" : token);
}

static struct message *message_of(GRand *r)
{
	struct message *m = message_new();
	const char *unit = pick(r, units, G_N_ELEMENTS(units));
	g_autofree char *id = g_strdup_printf("u%d", g_rand_int_range(r, 0, 3000));
	g_autofree char *identity = g_strdup_printf("duban.%08x", g_rand_int(r));
	g_autofree char *address = g_strdup_printf("%s@example.org", id);
	int n = g_rand_int_range(r, 0, 3) > 0 ? 1 : g_rand_int_range(r, 1, 7);

	set(&m->identity, identity);
	set(&m->campaign_key, "xinbei");
	set(&m->campaign, "全区“百日攻坚”专项行动");
	set(&m->locale, g_rand_int_range(r, 0, 3) > 0 ? "zh_CN" : "en");
	set(&m->address, address);
	set(&m->person, pick(r, names, G_N_ELEMENTS(names)));
	set(&m->person_unit, g_rand_int_range(r, 0, 6) > 0 ? unit : "区委");
	set(&m->now_text, "8月9日16:00");
	set(&m->now_iso, "2019-08-09T16:00:00+08:00");
	set(&m->office, "区安委办");
	m->tick = 1565337600000;
	for (int k = 0; k < n; k++)
		item_add(r, m, unit, id, k);
	return m;
}

static void same_text(const char *quick, const char *slow)
{
	if (strcmp(quick, slow) != 0)
		print_error("spliced:\n%s\nrendered:\n%s\n", quick, slow);
	assert_string_equal(quick, slow);
}

static void compare(const struct templates *t, const struct message *m, bool trial)
{
	struct rendered *quick = NULL, *slow = NULL;
	struct err err = {0};
	struct view *view = view_new(m, trial);

	assert_int_equal(render_view(t, view, &slow, &err), 0);
	for (int n = 0; n < 2; n++) { /* what is met again is spliced */
		assert_int_equal(splice_render(t, templates_splices(t), m, trial, &quick, &err), 0);
		same_text(quick->subject, slow->subject);
		same_text(quick->text, slow->text);
		same_text(quick->html, slow->html);
		rendered_free(&quick);
	}
	rendered_free(&slow);
	view_free(&view);
}

static void spliced_is_rendered(void **state)
{
	GRand *r = rand_new();
	struct templates *t = templates_new();

	(void)state;
	for (int k = 0; k < MESSAGES; k++) {
		struct message *m = message_of(r);

		compare(t, m, g_rand_int_range(r, 0, 10) == 0);
		message_free(&m);
	}
	templates_free(&t);
	g_rand_free(r);
}

/* One field becomes another, whichever it is: the key must tell, or the splice must. */
static void alter(GRand *r, struct message *m)
{
	struct message_item *i = m->items->pdata[g_rand_int_range(r, 0, (gint32)m->items->len)];
	const char **texts[] = {
		&m->identity, &m->campaign,    &m->address,     &m->person,        &m->now_text,
		&m->now_iso,  &m->office,      &i->step,        &i->unit_id,       &i->uid,
		&i->rid,      &i->title,       &i->due_text,    &i->due_iso,       &i->on_time_text,
		&i->role,     &i->tags,        &i->description, &i->received_text, &i->reason,
		&i->token,    &m->person_unit, &i->unit,        &m->locale,        &i->was_text};
	int *numbers[] = {&i->number, &i->expected, &i->received, &i->missing};
	int which = g_rand_int_range(r, 0, G_N_ELEMENTS(texts) + G_N_ELEMENTS(numbers) + 4);

	if (which < (int)G_N_ELEMENTS(texts))
		set(texts[which], g_rand_boolean(r) ? "" : pick(r, names, G_N_ELEMENTS(names)));
	else if (which < (int)(G_N_ELEMENTS(texts) + G_N_ELEMENTS(numbers)))
		*numbers[which - (int)G_N_ELEMENTS(texts)] ^= 1;
	else
		*(bool *[]){&i->on_time, &i->zero, &i->late_cleared,
			    &i->on_time}[which - (int)G_N_ELEMENTS(texts) -
					 (int)G_N_ELEMENTS(numbers)] ^= true;
}

static void neighbours_do_not_mix(void **state)
{
	GRand *r = rand_new();
	struct templates *t = templates_new();

	(void)state;
	for (int k = 0; k < MESSAGES / 20; k++) {
		struct message *m = message_of(r);

		for (int n = 0; n < 40; n++) {
			compare(t, m, g_rand_boolean(r));
			alter(r, m);
		}
		message_free(&m);
	}
	templates_free(&t);
	g_rand_free(r);
}

/* A template that a campaign brings may escape or not, repeat, or cut up what it is given. */
static void a_campaigns_templates(void **state)
{
	static const char html[] = "<p>{{person}}{{{person}}}{{&person}}{{#unit}}[{{unit}}]{{/"
				   "unit}}{{^person}}无名{{/person}}"
				   "{{subject}} {{address}} {{identity}} {{token}} {{unit_id}}</p>";
	static const char subject[] = "{{person}} {{title}} {{unit}}{{unit}}{{unit}}{{unit}}";
	GRand *r = rand_new();
	struct templates *t = templates_new();
	struct findings *f = findings_new();

	(void)state;
	for (int k = 0; k < 200; k++) {
		struct message *m = message_of(r);

		compare(t, m, false);
		message_free(&m);
	}
	assert_int_equal(templates_override(t, "zh_CN/remind.html", html, strlen(html), f), 0);
	assert_int_equal(templates_override(t, "zh_CN/remind.subject", subject, strlen(subject), f),
			 0);
	for (int k = 0; k < MESSAGES; k++) {
		struct message *m = message_of(r);

		compare(t, m, false);
		message_free(&m);
	}
	findings_free(&f);
	templates_free(&t);
	g_rand_free(r);
}

static char *random_text(GRand *r, int max)
{
	static const char *const bits[] = {"督办", "a", "\n", "报送 ", ".", "周", "\n\n", "=", "é"};
	GString *out = g_string_new(NULL);
	int n = g_rand_int_range(r, 0, max);

	while ((int)out->len < n)
		g_string_append(out, pick(r, bits, G_N_ELEMENTS(bits)));
	return g_string_free(out, FALSE);
}

static void composed_is_written(void **state)
{
	GRand *r = rand_new();

	(void)state;
	for (int k = 0; k < MESSAGES; k++) {
		g_autofree char *text = random_text(r, k % 400 + 1),
				*html = random_text(r, k % 300 + 1);
		g_autofree char *title = random_text(r, 60);
		g_autofree char *calendar = NULL;
		struct mime_parts p = {.identity =
					       k % 2 ? "duban.1" : "duban.0123456789abcdef01234567",
				       .language = "zh-CN",
				       .method = "REQUEST"};
		g_autoptr(GBytes) quick = NULL;
		g_autoptr(GBytes) slow = NULL;

		g_strdelimit(title, "\n", ' ');
		calendar = g_strdup_printf("BEGIN:VCALENDAR\r\nX:%s\r\nEND:VCALENDAR\r\n", title);
		p.text = text;
		p.html = html;
		p.calendar = g_rand_boolean(r) ? calendar : NULL;
		quick = mime_compose("From: a@example.org\r\n", &p);
		slow = mime_written("From: a@example.org\r\n", &p);
		if (!g_bytes_equal(quick, slow))
			print_error("%s\n----\n%s\n", (const char *)g_bytes_get_data(quick, NULL),
				    (const char *)g_bytes_get_data(slow, NULL));
		assert_true(g_bytes_equal(quick, slow));
	}
	g_rand_free(r);
}

static void base64_as_glib(void **state)
{
	unsigned char bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 167 + 13);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		g_autofree char *want = g_base64_encode(bytes, n);
		g_autofree char *got = g_malloc(base64_lines_max(n) + 1);
		char *end = base64_lines(got, bytes, n);
		g_auto(GStrv) lines = NULL;
		g_autofree char *joined = NULL;

		assert_true((size_t)(end - got) <= base64_lines_max(n));
		*end = '\0';
		assert_true(n == 0 || g_str_has_suffix(got, "\r\n"));
		lines = g_strsplit(got, "\r\n", -1);
		for (size_t i = 0; lines[i] != NULL; i++)
			assert_true(strlen(lines[i]) <= 76);
		joined = g_strjoinv("", lines);
		assert_string_equal(joined, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spliced_is_rendered),   cmocka_unit_test(neighbours_do_not_mix),
		cmocka_unit_test(a_campaigns_templates), cmocka_unit_test(composed_is_written),
		cmocka_unit_test(base64_as_glib),
	};

	int rc;

	kept = g_string_chunk_new(4096);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	g_string_chunk_free(kept);
	return rc;
}
