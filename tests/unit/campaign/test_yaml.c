/*
 * test_yaml.c - what the tree keeps, what it refuses, and where it says so.
 */
#include "unit/campaign/campaign_help.h"

#include <errno.h>

#include "daemon/campaign/near.h"
#include "daemon/campaign/yaml.h"

static struct findings *findings;
static struct ysource source;

static struct ynode *read_text(const char *text, size_t size, int *rc)
{
	struct ynode *root = NULL;

	findings_free(&findings);
	findings = findings_new();
	source = (struct ysource){.file = "f", .findings = findings};
	*rc = ynode_read(&source, text, size, &root);
	return root;
}

static const struct {
	const char *name, *text, *want;
} refused[] = {
	{"an empty file", "", "f:1 YAML_SYNTAX\n"},
	{"only a remark", "# nothing\n", "f:1 YAML_SYNTAX\n"},
	{"a list at the top", "- a\n", "f:1:1 BAD_TYPE\n"},
	{"an anchor", "a: &x 1\n", "f:1:4 YAML_REFUSED\n"},
	{"an alias", "a: *x\n", "f:1:4 YAML_REFUSED\n"},
	{"an anchor on a map", "a: &x {b: 1}\n", "f:1:4 YAML_REFUSED\n"},
	{"an anchor on a key", "&x a: 1\n", "f:1:1 YAML_REFUSED\n"},
	{"an alias as a key", "a: 1\n*x : 1\n", "f:2:1 YAML_REFUSED\n"},
	{"a tag", "a: !!int 1\n", "f:1:4 YAML_REFUSED\n"},
	{"a tag of its own", "a: !x [1]\n", "f:1:4 YAML_REFUSED\n"},
	{"two documents", "a: 1\n---\nb: 2\n", "f:2:1 YAML_REFUSED\n"},
	{"a map as a key", "{a: 1}: 2\n", "f:1:1 YAML_REFUSED\n"},
	{"an empty key", "\"\": 2\n", "f:1:1 YAML_REFUSED\n"},
	{"a key twice", "a: 1\nb: 2\na: 3\n", "f:3:1 DUPLICATE_KEY\n"},
	{"a key twice, deeper", "a:\n  b: 1\n  b: 2\n", "f:3:3 DUPLICATE_KEY\n"},
	{"a tab for indentation", "a:\n\tb: 1\n", "f:2:1 YAML_SYNTAX\n"},
	{"a list that is not closed", "a: [1, 2\nb: 3\n", "f:2:2 YAML_SYNTAX\n"},
	{"bytes that are not UTF-8", "a: 1\nb: \xb1\xb1\n", "f:2 YAML_SYNTAX\n"},
	{"an escaped NUL", "a: \"x\\0y\"\n", "f:1:4 YAML_SYNTAX\n"},
	{"an escaped bell", "a: \"x\\ay\"\n", "f:1:4 YAML_SYNTAX\n"},
};

static void refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		int rc;
		struct ynode *root = read_text(refused[i].text, strlen(refused[i].text), &rc);

		assert_findings(findings, refused[i].name, refused[i].want);
		assert_int_equal(rc, -EINVAL);
		assert_null(root);
	}
}

/** Depth and size: at the limit is fine, one more is not; bombs end at once. */
static void limits(void **state)
{
	g_autoptr(GString) deep = g_string_new("a: ");
	g_autoptr(GString) bomb = g_string_new("a: ");
	g_autofree char *big = g_malloc(YAML_SIZE_MAX + 1);
	struct ynode *root;
	int rc;

	(void)state;
	for (int i = 0; i < YAML_DEPTH_MAX - 1; i++)
		g_string_append_c(deep, '[');
	for (int i = 0; i < YAML_DEPTH_MAX - 1; i++)
		g_string_append_c(deep, ']');
	root = read_text(deep->str, deep->len, &rc);
	assert_int_equal(rc, 0);
	ynode_free(&root);

	for (int i = 0; i < 200000; i++)
		g_string_append_c(bomb, '[');
	root = read_text(bomb->str, bomb->len, &rc);
	assert_null(root);
	assert_findings(findings, "a bomb of brackets", "f:1:19 YAML_TOO_DEEP\n");

	memset(big, ' ', YAML_SIZE_MAX + 1);
	memcpy(big, "a: 1\n#", 6);
	root = read_text(big, YAML_SIZE_MAX, &rc);
	assert_int_equal(rc, 0);
	ynode_free(&root);
	root = read_text(big, YAML_SIZE_MAX + 1, &rc);
	assert_int_equal(rc, -EFBIG);
	assert_findings(findings, "too big", "f:0 FILE_TOO_BIG\n");
}

static void keys_are_limited(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct ynode *root;
	int rc;

	(void)state;
	for (int i = 0; i < YAML_KEYS_MAX; i++)
		g_string_append_printf(text, "k%d: 1\n", i);
	root = read_text(text->str, text->len, &rc);
	assert_int_equal(rc, 0);
	ynode_free(&root);
	g_string_append(text, "one: 1\n");
	root = read_text(text->str, text->len, &rc);
	assert_int_equal(rc, -EINVAL);
	assert_findings(findings, "a key too many", "f:1001:1 TOO_MANY\n");
}

static const char sample[] = "text: 百日攻坚 # remark\n"
			     "quoted: \"No\"\n"
			     "long: |\n  one\n  two\n"
			     "yes: On\n"
			     "number: 42\n"
			     "negative: -3\n"
			     "wait: 1wd\n"
			     "list: [a, \"b\", 3]\n"
			     "map: {x: 1, y: }\n"
			     "none: ~\n"
			     "nothing:\n";

static void values(void **state)
{
	static const char *const words[] = {"Yes", "No", NULL};
	struct ynode *root;
	const struct ynode *list;
	const char *text = NULL;
	bool flag = false;
	int64_t number = 0;
	struct offset wait;
	int rc, choice = -1;

	(void)state;
	root = read_text(sample, strlen(sample), &rc);
	assert_int_equal(rc, 0);
	assert_true(ynode_text(&source, root, "text", &text));
	assert_string_equal(text, "百日攻坚");
	assert_true(ynode_long_text(&source, root, "long", &text));
	assert_string_equal(text, "one\ntwo\n");
	assert_true(ynode_bool(&source, root, "yes", &flag) && flag);
	assert_true(ynode_bool(&source, root, "quoted", &flag) && !flag);
	assert_true(ynode_choice(&source, root, "quoted", words, &choice) && choice == 1);
	assert_true(ynode_int(&source, root, "number", 1, 42, &number) && number == 42);
	assert_true(ynode_int(&source, root, "negative", -3, 0, &number) && number == -3);
	assert_true(ynode_length(&source, root, "wait", &wait) && wait.part[0].unit == 'b');
	list = ynode_list(&source, root, "list");
	assert_int_equal(list->values->len, 3);
	assert_string_equal(ynode_item(&source, list, 2), "3");
	assert_non_null(ynode_map(&source, root, "map"));
	assert_null(ynode_get(root, "none"));
	assert_null(ynode_get(root, "nothing"));
	assert_null(ynode_get(ynode_map(&source, root, "map"), "y"));
	assert_null(ynode_get(root, "absent"));
	assert_false(ynode_text(&source, root, "absent", &text));
	assert_findings(findings, "nothing to say", "");
	ynode_free(&root);
}

static void wrong_values(void **state)
{
	static const char *const known[] = {"steps", "grace", "closes", NULL};
	static const char text[] = "a: [x]\n"
				   "b: maybe\n"
				   "c: 43\n"
				   "d: 4x\n"
				   "e: {x: 1}\n"
				   "f: +1d\n"
				   "g: \"one\\ntwo\"\n"
				   "h: \"\"\n"
				   "gracce: 1\n";
	struct ynode *root;
	const char *out;
	bool flag;
	int64_t number;
	struct offset length;
	int rc;

	(void)state;
	root = read_text(text, strlen(text), &rc);
	assert_int_equal(rc, 0);
	assert_false(ynode_text(&source, root, "a", &out));
	assert_false(ynode_bool(&source, root, "b", &flag));
	assert_false(ynode_int(&source, root, "c", 1, 42, &number));
	assert_false(ynode_int(&source, root, "d", 1, 42, &number));
	assert_null(ynode_list(&source, root, "e"));
	assert_false(ynode_length(&source, root, "f", &length));
	assert_false(ynode_text(&source, root, "g", &out));
	assert_false(ynode_text(&source, root, "h", &out));
	assert_false(ynode_require(&source, root, "office"));
	assert_findings(findings, "wrong values",
			"f:1:1 MISSING_KEY\n"
			"f:1:4 BAD_TYPE\n"
			"f:2:4 BAD_VALUE\n"
			"f:3:4 BAD_VALUE\n"
			"f:4:4 BAD_VALUE\n"
			"f:5:4 BAD_TYPE\n"
			"f:6:4 BAD_OFFSET\n"
			"f:7:4 BAD_VALUE\n"
			"f:8:4 BAD_VALUE\n");
	ynode_check_keys(&source, root, known);
	assert_true(findings_say(findings, "UNKNOWN_KEY", "是不是“grace”"));
	ynode_free(&root);
}

static const struct {
	const char *wanted, *names[4], *best;
} nearest[] = {
	{"weeky", {"weekly", "plan"}, "weekly"}, {"REPROT", {"MILESTONE", "REPORT"}, "REPORT"},
	{"报关", {"报送", "节点"}, "报送"},      {"Liason", {"leader", "liaison"}, "liaison"},
	{"zzz", {"weekly", "plan"}, NULL},       {"", {"weekly"}, NULL},
};

static void names_near(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(nearest); i++) {
		struct near near;

		near_start(&near, nearest[i].wanted);
		for (int k = 0; nearest[i].names[k]; k++)
			near_offer(&near, nearest[i].names[k]);
		if (nearest[i].best)
			assert_string_equal(near.best, nearest[i].best);
		else
			assert_null(near.best);
	}
}

/** Cut at every byte: a tree or a finding, never both, never a crash. */
static void truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n <= strlen(yaml_small); n++) {
		/* A copy of its own, so that a sanitizer sees the first byte read behind it. */
		g_autofree char *cut = g_memdup2(yaml_small, n ? n : 1);
		int rc;
		struct ynode *root = read_text(cut, n, &rc);

		assert_true((rc == 0) == (root != NULL));
		assert_true((rc == 0) == (findings->errors == 0));
		ynode_free(&root);
	}
}

static int teardown(void **state)
{
	(void)state;
	findings_free(&findings);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),         cmocka_unit_test(limits),
		cmocka_unit_test(keys_are_limited), cmocka_unit_test(values),
		cmocka_unit_test(wrong_values),     cmocka_unit_test(names_near),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
