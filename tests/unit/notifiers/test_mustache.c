/*
 * test_mustache.c - what the Mustache specification says of a text, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "json_value.h"
#include "notifiers/mustache_program.h"

/* Partials that the rows include. */
static const char *const partials[][2] = {
	{"hello", "你好，{{name}}"},
	{"lines", "a\n{{raw}}\nb\n"},
	{"bars", ">\n>"},
	{"empty", ""},
	{"both", "{{>hello}}/{{y}}"},
	{"nested", "-\n {{>bars}}\n"},
	{"self", "x{{>self}}"},
	{"open", "{{#on}}x"},
	{"double", "{{>double2}}"},
	{"double2", "{{>bars}}{{>double}}"},
	{"section", "{{#on}}\n[{{name}}]\n{{/on}}\n"},
};

static const char *partial(void *arg, const char *name)
{
	(void)arg;
	for (size_t i = 0; i < G_N_ELEMENTS(partials); i++)
		if (strcmp(partials[i][0], name) == 0)
			return partials[i][1];
	return NULL;
}

static const char view[] =
	"{\"name\": \"李四\", \"raw\": \"<b>&\\\"'\", \"n\": 3, \"zero\": 0, \"on\": "
	"true,"
	"\"off\": false, \"nothing\": null, \"none\": [], \"blank\": \"\", \"text\": \"1\\n2\","
	"\"list\": [\"a\", \"b\"], \"x\": {\"y\": \"deep\", \"name\": \"inner\"}, \"o\": {},"
	"\"rows\": [{\"name\": \"r1\", \"sub\": [1, 2]}, {\"sub\": []}], \"grid\": [[1, 2], [3]],"
	"\"tag\": \"{{n}}\", \"big\": 9007199254740993}";

static const struct row {
	const char *name, *text, *want, *html; /* html: NULL = as want */
} rows[] = {
	{"no tag", "a { b } c }}", "a { b } c }}", NULL},
	{"nothing", "", "", NULL},
	{"a variable", "[{{name}}]", "[李四]", NULL},
	{"blanks in a tag", "[{{ name\t}}]", "[李四]", NULL},
	{"escaping", "{{raw}}|{{{raw}}}|{{&raw}}|{{& raw }}", "<b>&\"'|<b>&\"'|<b>&\"'|<b>&\"'",
	 "&lt;b&gt;&amp;&quot;&#39;|<b>&\"'|<b>&\"'|<b>&\"'"},
	{"numbers", "{{n}} {{zero}} {{big}}", "3 0 9007199254740993", NULL},
	{"truth", "{{on}} {{off}}", "true false", NULL},
	{"what is not there", "[{{nix}}{{nothing}}{{{nix}}}{{x.y}}]", "[]", NULL},
	{"a value is not looked at again", "{{tag}}{{&tag}}", "{{n}}{{n}}", NULL},

	{"sections of what is true", "{{#on}}a{{/on}}{{#n}}b{{/n}}{{#name}}c{{/name}}{{#o}}d{{/o}}",
	 "abcd", NULL},
	{"sections of what is false",
	 "{{#off}}a{{/off}}{{#zero}}b{{/zero}}{{#blank}}c{{/blank}}{{#none}}d{{/none}}"
	 "{{#nothing}}e{{/nothing}}{{#nix}}f{{/nix}}",
	 "", NULL},
	{"inverted sections",
	 "{{^off}}a{{/off}}{{^zero}}b{{/zero}}{{^blank}}c{{/blank}}{{^none}}d{{/none}}"
	 "{{^nothing}}e{{/nothing}}{{^nix}}f{{/nix}}{{^on}}g{{/on}}{{^list}}h{{/list}}",
	 "abcdef", NULL},
	{"a list", "{{#list}}<{{.}}>{{/list}}", "<a><b>", NULL},
	{"a list of lists", "{{#grid}}({{#.}}{{.}}{{/.}}){{/grid}}", "(12)(3)", NULL},
	{"an object", "{{#x}}{{y}} {{name}} {{n}}{{/x}}", "deep inner 3", NULL},
	{"outer fields within rows", "{{#rows}}{{name}}:{{#sub}}{{.}}{{name}};{{/sub}} {{/rows}}",
	 "r1:1r1;2r1; 李四: ", NULL},
	{"the same section twice", "{{#on}}a{{#on}}b{{/on}}{{/on}}{{#on}}c{{/on}}", "abc", NULL},
	{"a value of its own", "{{#name}}{{.}}{{/name}}{{^nix}}{{#n}}{{.}}{{/n}}{{/nix}}", "李四3",
	 NULL},

	{"comments", "a{{! }b{{ c }}d{{!\n e\n}}f", "adf", NULL},
	{"a comment alone", "a\n  {{! x }}\nb\n{{! y\n z }}\nc", "a\nb\nc", NULL},
	{"a comment amid words", "a {{! x }}\n", "a \n", NULL},

	{"a section alone on its lines", "a\n{{#on}}\nb\n{{/on}}\nc", "a\nb\nc", NULL},
	{"with blanks around", "a\n \t{{#on}} \nb\n  {{/on}}\t\nc", "a\nb\nc", NULL},
	{"with CRLF", "a\r\n{{#on}}\r\nb\r\n{{/on}}\r\nc", "a\r\nb\r\nc", NULL},
	{"at the start and the end", "{{#on}}\nb\n{{/on}}", "b\n", NULL},
	{"blanks at the end", "b\n  {{^on}}  \n x{{/on}}", "b\n", NULL},
	{"several tags alone", "a\n {{#on}} {{/on}} \nb", "a\nb", NULL},
	{"a section within a line", " | {{#on}} x\n {{/on}} | ", " |  x\n  | ", NULL},
	{"a variable never stands alone", "a\n {{blank}} \nb", "a\n  \nb", NULL},
	{"an empty line stays", "a\n\n{{#on}}\n\n{{/on}}\nb", "a\n\n\nb", NULL},

	{"a partial", "\"{{>hello}}\"{{> empty }}", "\"你好，李四\"", NULL},
	{"a partial sees where it stands", "{{#x}}{{>both}}{{/x}}", "你好，inner/deep", NULL},
	{"a partial within a line", "  {{n}}  {{>bars}}\n", "  3  >\n>\n", NULL},
	{"a partial alone", "|\n{{>bars}}\n|", "|\n>\n>|", NULL},
	{"a partial with CRLF", "|\r\n{{>empty}}\r\n|", "|\r\n|", NULL},
	{"an indented partial", "\\\n {{>lines}}\n/\n", "\\\n a\n <b>&\"'\n b\n/\n",
	 "\\\n a\n &lt;b&gt;&amp;&quot;&#39;\n b\n/\n"},
	{"a value is not indented", " {{#on}}\n  {{>hello}}\n{{text}}{{/on}}", "  你好，李四1\n2",
	 NULL},
	{"indented at the end", ">\n  {{>bars}}", ">\n  >\n  >", NULL},
	{"indented twice", "  {{>nested}}\n.", "  -\n   >\n   >.", NULL},
	{"indented with a section", "  {{>section}}\n.", "  [李四]\n.", NULL},
	{"a partial in a list", "{{#rows}}\n {{>hello}}\n{{/rows}}\n", " 你好，r1 你好，李四",
	 NULL},
};

static char *made(const char *text, bool html)
{
	json_t *json = json_loads(view, 0, NULL);
	struct values *values = values_new();
	struct scope scope = {json_value(values, json), NULL};
	struct program *p = NULL;
	GString *out = g_string_new(NULL);

	assert_non_null(json);
	if (program_new(text, partial, NULL, &p) != 0)
		fail_msg("not compiled: %s", text);
	program_render(p, &scope, html, out);
	program_free(&p);
	assert_null(p);
	json_decref(json);
	values_free(&values);
	return g_string_free(out, FALSE);
}

static void as_specified(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		g_autofree char *plain = made(r->text, false), *html = made(r->text, true);
		const char *want_html = r->html != NULL ? r->html : r->want;

		if (strcmp(plain, r->want) != 0 || strcmp(html, want_html) != 0)
			fail_msg("%s:\n%s\n%s\nwanted\n%s\n%s", r->name, plain, html, r->want,
				 want_html);
	}
}

static void scopes_are_asked_from_within(void **state)
{
	struct values *values = values_new();
	struct record *near = values_record(values), *far = values_record(values);
	struct scope outer = {{.kind = VALUE_RECORD, .record = far}, NULL};
	struct scope inner = {{.kind = VALUE_RECORD, .record = near}, &outer};
	struct scope none = {{.kind = VALUE_FLAG, .flag = true}, NULL};
	struct program *p = NULL;
	g_autoptr(GString) out = g_string_new("[");

	(void)state;
	record_set_text(near, "a", "near");
	record_set_text(far, "a", "far");
	record_set_text(far, "b", "far");
	assert_int_equal(program_new("{{a}} {{b}}{{c}}]", partial, NULL, &p), 0);
	program_render(p, &inner, false, out);
	program_render(p, &none, false, out);
	assert_string_equal(out->str, "[near far] ]");
	program_free(&p);
	program_free(&p);
	values_free(&values);
}

static void refused(void **state)
{
	static const struct {
		const char *text;
		int r;
	} bad[] = {
		{"{{", -EINVAL},
		{"{{}}", -EINVAL},
		{"{{{a}}", -EINVAL},
		{"{{=<% %>=}}", -EINVAL},
		{"{{#on}}", -EINVAL},
		{"{{/on}}", -EINVAL},
		{"{{#on}}{{/off}}", -EINVAL},
		{"{{#on}}{{#x}}{{/on}}{{/x}}", -EINVAL},
		{"{{>open}}{{/on}}", -EINVAL},
		{"{{#on}}{{>open}}", -EINVAL},
		{"{{>nix}}", -ENOENT},
		{"{{#off}}{{>nix}}{{/off}}", -ENOENT},
		{"{{>self}}", -E2BIG},
		{"  {{>self}}", -E2BIG},
		{"{{>double}}", -E2BIG},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct program *p = NULL;
		int r = program_new(bad[i].text, partial, NULL, &p);

		if (r != bad[i].r || p != NULL)
			fail_msg("%s: %d", bad[i].text, r);
	}
}

/* "0" includes "1" nine times, that "2", up to "9": a thousand million in all. */
static const char *ninefold(void *arg, const char *name)
{
	GString *text = arg;

	g_string_truncate(text, 0);
	for (int k = 0; name[0] != '9' && k < 9; k++)
		g_string_append_printf(text, "{{>%c}}", name[0] + 1);
	return g_intern_string(text->str);
}

static void a_bomb_is_refused_at_once(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct program *p = NULL;

	(void)state;
	assert_int_equal(program_new("{{>0}}", ninefold, text, &p), -E2BIG);
	assert_null(p);
	assert_int_equal(program_new("{{>6}}", ninefold, text, &p), 0);
	program_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_specified),
		cmocka_unit_test(scopes_are_asked_from_within),
		cmocka_unit_test(refused),
		cmocka_unit_test(a_bomb_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
