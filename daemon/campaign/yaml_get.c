/*
 * yaml_get.c - asking the tree for values of a type; who wrote another hears of it.
 */
#include <errno.h>
#include <string.h>

#include "daemon/campaign/near.h"
#include "daemon/campaign/yaml.h"

void ynode_error(const struct ysource *src, const struct ynode *n, const char *code,
		 const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(src->findings, SEVERITY_ERROR, src->file, n->line, n->column, code, NULL, "%s",
		     text);
}

static int key_index(const struct ynode *map, const char *key)
{
	must(map->shape == YNODE_MAP);
	for (unsigned i = 0; i < map->keys->len; i++) {
		const struct ynode *k = map->keys->pdata[i];

		if (!strcmp(k->text, key))
			return (int)i;
	}
	return -1;
}

const struct ynode *ynode_key(const struct ynode *map, const char *key)
{
	int i = key_index(map, key);

	return i < 0 ? NULL : map->keys->pdata[i];
}

static bool is_null(const struct ynode *n)
{
	return n->shape == YNODE_TEXT && n->plain &&
	       (!*n->text || !strcmp(n->text, "~") || !g_ascii_strcasecmp(n->text, "null"));
}

const struct ynode *ynode_get(const struct ynode *map, const char *key)
{
	int i = key_index(map, key);
	const struct ynode *n = i < 0 ? NULL : map->values->pdata[i];

	return n && is_null(n) ? NULL : n;
}

void ynode_check_keys(const struct ysource *src, const struct ynode *map, const char *const *known)
{
	for (unsigned i = 0; i < map->keys->len; i++) {
		const struct ynode *key = map->keys->pdata[i];
		g_autofree char *words = NULL;
		g_autofree char *list = NULL;
		struct near near;

		if (g_strv_contains(known, key->text))
			continue;
		near_start(&near, key->text);
		for (const char *const *k = known; *k; k++)
			near_offer(&near, *k);
		words = near_words(&near);
		list = g_strjoinv("、", (char **)known);
		ynode_error(src, key, "UNKNOWN_KEY", "不认识的键“%s”%s（这里可以有：%s）",
			    key->text, words, list);
	}
}

bool ynode_require(const struct ysource *src, const struct ynode *map, const char *key)
{
	if (ynode_get(map, key))
		return true;
	ynode_error(src, map, "MISSING_KEY", "缺少“%s”；可补上这个键", key);
	return false;
}

static const struct ynode *of_shape(const struct ysource *src, const struct ynode *n,
				    enum ynode_shape shape, const char *what)
{
	static const char *const wants[] = {
		[YNODE_TEXT] = "应是一段文字",
		[YNODE_LIST] = "应是列表，用方括号，如 [a, b]",
		[YNODE_MAP] = "应是“键: 值”的一组",
	};

	if (!n || n->shape == shape)
		return n;
	ynode_error(src, n, "BAD_TYPE", "“%s”%s", what, wants[shape]);
	return NULL;
}

bool ynode_long_text(const struct ysource *src, const struct ynode *map, const char *key,
		     const char **out)
{
	const struct ynode *n = of_shape(src, ynode_get(map, key), YNODE_TEXT, key);

	if (!n)
		return false;
	*out = n->text;
	return true;
}

/** One line that says something. */
static const char *line_text(const struct ysource *src, const struct ynode *n, const char *what)
{
	if (strpbrk(n->text, "\n\t")) {
		ynode_error(src, n, "BAD_VALUE", "“%s”只能是一行文字，不能有换行和制表符", what);
		return NULL;
	}
	if (!*n->text) {
		ynode_error(src, n, "BAD_VALUE", "“%s”不能是空的", what);
		return NULL;
	}
	return n->text;
}

bool ynode_text(const struct ysource *src, const struct ynode *map, const char *key,
		const char **out)
{
	const struct ynode *n = of_shape(src, ynode_get(map, key), YNODE_TEXT, key);
	const char *text = n ? line_text(src, n, key) : NULL;

	if (!text)
		return false;
	*out = text;
	return true;
}

bool ynode_bool(const struct ysource *src, const struct ynode *map, const char *key, bool *out)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
	const struct ynode *n = of_shape(src, ynode_get(map, key), YNODE_TEXT, key);

	if (!n)
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!g_ascii_strcasecmp(n->text, words[i])) {
			*out = i % 2 == 1;
			return true;
		}
	}
	ynode_error(src, n, "BAD_VALUE", "“%s”应是 yes 或 no，写成了“%.40s”", key, n->text);
	return false;
}

bool ynode_int(const struct ysource *src, const struct ynode *map, const char *key, int64_t min,
	       int64_t max, int64_t *out)
{
	const struct ynode *n = of_shape(src, ynode_get(map, key), YNODE_TEXT, key);
	gint64 value;

	if (!n)
		return false;
	if (!g_ascii_string_to_signed(n->text, 10, min, max, &value, NULL)) {
		ynode_error(src, n, "BAD_VALUE",
			    "“%s”应是 %" G_GINT64_FORMAT " 到 %" G_GINT64_FORMAT
			    " 的整数，写成了“%.40s”",
			    key, (gint64)min, (gint64)max, n->text);
		return false;
	}
	*out = value;
	return true;
}

bool ynode_length(const struct ysource *src, const struct ynode *map, const char *key,
		  struct offset *out)
{
	const struct ynode *n = of_shape(src, ynode_get(map, key), YNODE_TEXT, key);
	struct err err;

	if (!n)
		return false;
	if (offset_parse_length(n->text, out, &err) < 0) {
		ynode_error(src, n, "BAD_OFFSET", "“%s”：%s", key, err.text);
		return false;
	}
	return true;
}

bool ynode_choice(const struct ysource *src, const struct ynode *map, const char *key,
		  const char *const *words, int *out)
{
	const struct ynode *n = of_shape(src, ynode_get(map, key), YNODE_TEXT, key);
	g_autofree char *list = NULL;

	if (!n)
		return false;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(n->text, words[i])) {
			*out = i;
			return true;
		}
	}
	list = g_strjoinv("、", (char **)words);
	ynode_error(src, n, "BAD_VALUE", "“%s”写成了“%.40s”；可用：%s", key, n->text, list);
	return false;
}

const struct ynode *ynode_map(const struct ysource *src, const struct ynode *map, const char *key)
{
	return of_shape(src, ynode_get(map, key), YNODE_MAP, key);
}

const struct ynode *ynode_list(const struct ysource *src, const struct ynode *map, const char *key)
{
	return of_shape(src, ynode_get(map, key), YNODE_LIST, key);
}

const char *ynode_item(const struct ysource *src, const struct ynode *list, unsigned i)
{
	const struct ynode *n = of_shape(src, list->values->pdata[i], YNODE_TEXT, "列表的一项");

	return n ? line_text(src, n, "列表的一项") : NULL;
}
