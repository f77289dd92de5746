/*
 * test_template.c - the lint says what would be swallowed, and layers are looked up in order.
 */
#include "notifiers/template.h"

#include "daemon/core/finding.h"
#include "json_value.h"
#include "sample.h"

static char *rendered(const struct templates *t, const char *locale, const char *name,
		      const char *json, bool html)
{
	json_t *view = json_loads(json, 0, NULL);
	struct values *values = values_new();
	struct scope scope = {json_value(values, view), NULL};
	struct err err = {0};
	GString *out = g_string_new(NULL);

	assert_non_null(view);
	assert_int_equal(templates_render(t, locale, name, &scope, html, out, &err), 0);
	json_decref(view);
	values_free(&values);
	return g_string_free(out, FALSE);
}

static int put_template(struct templates *t, const char *name, const char *text, struct findings *f)
{
	return templates_override(t, name, text, strlen(text), f);
}

/* What the lint says of each text in place of zh_CN/remind.txt; NULL: nothing. */
static const struct row {
	const char *name, *text, *code;
	int line;
} rows[] = {
	{"plain text", "你好", NULL, 0},
	{"a field", "{{unit}}{{{unit}}}{{&unit}}", NULL, 0},
	{"blanks within tags", "{{ unit }}{{# items }}{{ unit }}{{/ items }}{{> units }}", NULL, 0},
	{"a comment may hold anything", "{{! 说明 {{x }}", NULL, 0},
	{"sections in order", "{{#items}}{{#reason}}x{{/reason}}{{/items}}", NULL, 0},
	{"lines within items", "{{#items}}{{#reason_lines}}{{.}}{{/reason_lines}}{{/items}}", NULL,
	 0},
	{"lists one after the other", "{{#items}}a{{/items}}{{#cleared}}b{{/cleared}}", NULL, 0},
	{"a single brace", "a { b } c", NULL, 0},
	{"an unclosed section", "a\n{{#items}}x\n", "TEMPLATE_SECTION", 2},
	{"an unclosed inverted section", "{{^items}}x", "TEMPLATE_SECTION", 1},
	{"a crossed section", "{{#items}}\n{{#reason}}x{{/items}}{{/reason}}", "TEMPLATE_SECTION",
	 2},
	{"a close alone", "x\n\n{{/items}}", "TEMPLATE_SECTION", 3},
	{"an unclosed tag", "x\n{{unit", "TEMPLATE_TAG", 2},
	{"an unclosed raw tag", "{{{unit}}", "TEMPLATE_TAG", 1},
	{"an empty tag", "{{}}", "TEMPLATE_TAG", 1},
	{"a name with a blank", "{{unit name}}", "TEMPLATE_TAG", 1},
	{"changed delimiters", "{{=<% %>=}}", "TEMPLATE_TAG", 1},
	{"an unknown field", "a\n{{uint}}", "TEMPLATE_FIELD", 2},
	{"an unknown section", "{{#item}}{{/item}}", "TEMPLATE_FIELD", 1},
	{"an unknown partial", "{{>nothing}}", "TEMPLATE_PARTIAL", 1},
	{"itself", "\n{{>remind.txt}}", "TEMPLATE_CYCLE", 2},
	{"items within items", "{{#items}}{{#items}}x{{/items}}{{/items}}", "TEMPLATE_SECTION", 1},
	{"items within cleared", "{{#cleared}}{{#items}}x{{/items}}{{/cleared}}",
	 "TEMPLATE_SECTION", 1},
	{"items within items by a partial", "{{#items}}{{>rows.txt}}{{/items}}", "TEMPLATE_SECTION",
	 0},
	{"lines within lines, which no mail would ever end",
	 "{{#reason_lines}}\n{{#reason}}{{#reason_lines}}{{.}}{{/reason_lines}}{{/reason}}"
	 "{{/reason_lines}}",
	 "TEMPLATE_SECTION", 2},
	{"lines within lines of another text",
	 "{{#description_lines}}{{#reason_lines}}{{.}}{{/reason_lines}}{{/description_lines}}",
	 "TEMPLATE_SECTION", 1},
	{"lines within lines by a partial",
	 "{{#description_lines}}{{>how.txt}}{{/description_lines}}", "TEMPLATE_SECTION", 0},
	{"items within lines", "{{#reason_lines}}{{#items}}x{{/items}}{{/reason_lines}}",
	 "TEMPLATE_SECTION", 1},
	{"lines after lines within items",
	 "{{#items}}{{#reason_lines}}{{.}}{{/reason_lines}}{{#description_lines}}{{.}}"
	 "{{/description_lines}}{{/items}}{{#items}}x{{/items}}",
	 NULL, 0},
	{"GB18030", "\xc4\xe3\xba\xc3", "TEMPLATE_UTF8", 1},
	{"half a character", "a\n\xe4\xbd", "TEMPLATE_UTF8", 2},
};

static void lint(void **state)
{
	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		struct templates *t = templates_new();
		struct findings *f = findings_new();
		int r = templates_override(t, "zh_CN/remind.txt", rows[n].text,
					   strlen(rows[n].text), f);

		if ((r == 0) != (rows[n].code == NULL) || f->errors != (r != 0))
			fail_msg("%s: %d, %u errors", rows[n].name, r, f->errors);
		if (rows[n].code != NULL) {
			const struct finding *one = f->list->pdata[0];

			if (strcmp(one->code, rows[n].code) != 0 || one->line != rows[n].line)
				fail_msg("%s: %s in line %d", rows[n].name, one->code, one->line);
			assert_string_equal(one->file, "templates/zh_CN/remind.txt");
			/* The embedded one stays in force. */
			assert_non_null(strstr(templates_text(t, "zh_CN/remind.txt"), "如已报送"));
		} else {
			assert_string_equal(templates_text(t, "zh_CN/remind.txt"), rows[n].text);
		}
		findings_free(&f);
		templates_free(&t);
	}
}

static void size_and_nesting(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	g_autofree char *big = g_strnfill((64 << 10) + 1, 'x');
	g_autoptr(GString) deep = g_string_new(NULL);

	(void)state;
	assert_int_equal(templates_override(t, "zh_CN/remind.txt", big, 64 << 10, f), 0);
	assert_int_equal(templates_override(t, "zh_CN/remind.txt", big, (64 << 10) + 1, f),
			 -EINVAL);
	assert_int_equal(f->errors, 1);
	for (int n = 0; n < 17; n++)
		g_string_prepend(g_string_append(deep, "{{/own}}"), "{{#own}}");
	assert_int_equal(templates_override(t, "zh_CN/remind.txt", deep->str, deep->len, f),
			 -EINVAL);
	/* NUL is not text. */
	assert_int_equal(templates_override(t, "zh_CN/remind.txt", "a\0b", 3, f), -EINVAL);
	findings_free(&f);
	templates_free(&t);
}

static void tag_bomb_is_refused(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	g_autoptr(GString) bomb = g_string_new(NULL);

	(void)state;
	for (int n = 0; n < 1000; n++)
		g_string_append(bomb, "{{>escalate.txt}}");
	assert_int_equal(templates_override(t, "zh_CN/how.txt", bomb->str, bomb->len, f), -EINVAL);
	g_string_truncate(bomb, 0);
	for (int n = 0; n < 4000; n++)
		g_string_append(bomb, "{{>remind.txt}}");
	assert_int_equal(templates_override(t, "zh_CN/alarm.txt", bomb->str, bomb->len, f),
			 -EINVAL);
	findings_free(&f);
	templates_free(&t);
}

static void names_that_are_none(void **state)
{
	static const char *const names[] = {
		"remind.txt", "zh_CN/remnd.txt", "/remind.txt",      "../zh_CN/x",
		"zh_CN/../x", "zh_CN/",          "zh-CN/remind.txt", "",
		"zh_CN"};
	struct templates *t = templates_new();
	struct findings *f = findings_new();

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(names); n++)
		assert_int_equal(templates_override(t, names[n], "x", 1, f), -EINVAL);
	assert_int_equal(f->errors, G_N_ELEMENTS(names));
	findings_free(&f);
	templates_free(&t);
}

static void layers(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	const char *view = "{\"title\": \"周报\", \"number\": 2}";
	char *s;

	(void)state;
	s = rendered(t, "fr", "occurrence", view, false);
	assert_string_equal(s, "第2期周报");
	g_free(s);
	s = rendered(t, "en", "occurrence", view, false);
	assert_string_equal(s, "周报 No. 2");
	g_free(s);
	assert_int_equal(put_template(t, "zh_CN/occurrence", "{{title}}之{{number}}\n", f), 0);
	s = rendered(t, "fr", "occurrence", view, false);
	assert_string_equal(s, "周报之2");
	g_free(s);
	s = rendered(t, "en", "occurrence", view, false);
	assert_string_equal(s, "周报 No. 2");
	g_free(s);
	assert_int_equal(put_template(t, "fr/occurrence", "{{title}} no {{number}}", f), 0);
	s = rendered(t, "fr", "occurrence", view, false);
	assert_string_equal(s, "周报 no 2");
	g_free(s);
	assert_int_equal(f->errors, 0);
	findings_free(&f);
	templates_free(&t);
}

/* A cycle that only two locales together make: refused at rendering, not a crash. */
static void cycle_between_layers(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	struct scope nothing = {{.kind = VALUE_TEXT, .text = ""}, NULL};
	struct err err = {0};
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	assert_int_equal(put_template(t, "fr/units", "{{>etc}}", f), 0);
	assert_int_equal(put_template(t, "zh_CN/etc", "{{>units}}", f), 0);
	assert_int_equal(templates_render(t, "fr", "units", &nothing, false, out, &err), -EINVAL);
	assert_string_equal(out->str, "");
	assert_true(err.text[0] != '\0');
	assert_int_equal(templates_render(t, "zh_CN", "none", &nothing, false, out, &err), -ENOENT);
	findings_free(&f);
	templates_free(&t);
}

static void escaping(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	const char *view = "{\"title\": \"<b>\\\"&'\", \"number\": 0}";
	char *s;

	(void)state;
	s = rendered(t, "zh_CN", "occurrence", view, true);
	assert_string_equal(s, "&lt;b&gt;&quot;&amp;&#39;");
	g_free(s);
	s = rendered(t, "zh_CN", "occurrence", view, false);
	assert_string_equal(s, "<b>\"&'");
	g_free(s);
	/* Numbers, booleans, nothing. */
	assert_int_equal(
		put_template(t, "zh_CN/etc", "{{etc}}|{{#etc}}y{{/etc}}{{^etc}}n{{/etc}}", f), 0);
	s = rendered(t, "zh_CN", "etc", "{\"etc\": 0}", false);
	assert_string_equal(s, "0|n");
	g_free(s);
	s = rendered(t, "zh_CN", "etc", "{\"etc\": 9007199254740993}", false);
	assert_string_equal(s, "9007199254740993|y");
	g_free(s);
	s = rendered(t, "zh_CN", "etc", "{\"etc\": null}", false);
	assert_string_equal(s, "|n");
	g_free(s);
	s = rendered(t, "zh_CN", "etc", "{\"etc\": \"\"}", false);
	assert_string_equal(s, "|n");
	g_free(s);
	findings_free(&f);
	templates_free(&t);
}

static void raw_html_is_warned_about(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();

	(void)state;
	assert_int_equal(put_template(t, "zh_CN/remind.html", "{{{unit}}}", f), 0);
	assert_int_equal(f->warnings, 1);
	assert_int_equal(put_template(t, "zh_CN/layout.html", "{{{body}}}", f), 0);
	assert_int_equal(f->warnings, 1);
	findings_free(&f);
	templates_free(&t);
}

/* Damage @text in one of the ways in which an editor's hand slips. */
static char *damage(const char *text, GRand *rand)
{
	static const char *const scraps[] = {
		"{{",  "}}", "{{{",   "{{/", "{{#items}}", "{{>how.txt}}", "{{^own}}", "{{/own}}",
		"{{!", "}",  "{{.}}", "\n",  "="};
	GString *out = g_string_new(text);

	for (int n = g_rand_int_range(rand, 1, 4); n > 0; n--) {
		gsize at = (gsize)g_rand_int_range(rand, 0, (gint32)out->len + 1);
		gssize cut = g_rand_int_range(rand, 1, 9);

		if (g_rand_boolean(rand))
			g_string_insert(out, (gssize)at,
					scraps[g_rand_int_range(rand, 0, G_N_ELEMENTS(scraps))]);
		else
			g_string_erase(out, (gssize)at, MIN((gssize)(out->len - at), cut));
	}
	return g_string_free(out, FALSE);
}

/* What the lint lets pass renders, without a crash and without a trace of a tag. */
static void damaged_templates(void **state)
{
	const char *given = g_getenv("SEED");
	guint32 seed = given != NULL ? (guint32)g_ascii_strtoull(given, NULL, 10) : 100;
	GRand *rand = g_rand_new_with_seed(seed);
	const char *view =
		"{\"unit\": \"u\", \"own\": true, \"title\": \"t\", \"items\": [{\"unit\": \"a\"},"
		"{\"unit\": \"b\"}], \"description_lines\": [\"x\", \"y\"], \"tags\": \"z\"}";
	const char *const *names = templates_names();
	guint n = g_strv_length((char **)names), passed = 0, refused = 0;

	(void)state;
	print_message("SEED=%u\n", seed);
	for (int round = 0; round < 2000; round++) {
		struct templates *t = templates_new();
		struct findings *f = findings_new();
		const char *name = names[g_rand_int_range(rand, 0, (gint32)n)];
		g_autofree char *text = damage(templates_text(t, name), rand);
		g_auto(GStrv) parts = g_strsplit(name, "/", 2);

		if (put_template(t, name, text, f) == 0) {
			g_autofree char *out = rendered(t, parts[0], parts[1], view, false);

			passed++;
			assert_null(strstr(out, "{{"));
		} else {
			refused++;
			assert_true(f->errors > 0);
		}
		findings_free(&f);
		templates_free(&t);
	}
	assert_true(passed > 100 && refused > 100);
	g_rand_free(rand);
}

/* The embedded ones pass their own lint, and both languages have the same. */
static void embedded_are_sound(void **state)
{
	struct templates *t = templates_new();
	struct findings *f = findings_new();
	const char *const *names = templates_names();
	int n;

	(void)state;
	templates_lint(t, f);
	for (guint k = 0; k < f->list->len; k++) {
		g_autofree char *line = finding_line(f->list->pdata[k]);

		print_error("%s\n", line);
	}
	assert_int_equal(f->errors + f->warnings, 0);
	for (n = 0; names[n] != NULL; n++) {
		g_autofree char *other = g_str_has_prefix(names[n], "en/")
						 ? g_strconcat("zh_CN/", names[n] + 3, NULL)
						 : g_strconcat("en/", names[n] + 6, NULL);

		assert_non_null(templates_text(t, names[n]));
		if (templates_text(t, other) == NULL)
			fail_msg("%s has no %s", names[n], other);
	}
	assert_true(n > 100);
	findings_free(&f);
	templates_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lint),
		cmocka_unit_test(size_and_nesting),
		cmocka_unit_test(tag_bomb_is_refused),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(layers),
		cmocka_unit_test(cycle_between_layers),
		cmocka_unit_test(escaping),
		cmocka_unit_test(raw_html_is_warned_about),
		cmocka_unit_test(damaged_templates),
		cmocka_unit_test(embedded_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
