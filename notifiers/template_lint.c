/*
 * template_lint.c - see template_lint.h.
 *
 * Two passes: the text alone (UTF-8, tags, sections, fields), then the text with its
 * partials written out (unknown ones, cycles, lists within lists, which would make a
 * mail of a thousand units a million lines, and of ten lines within each other no end). The second is bounded by a tag budget.
 */
#include "notifiers/template_lint.h"

#include <errno.h>
#include <string.h>

#include "notifiers/mustache.h"
#include "notifiers/view.h"

struct lint {
	const struct templates *t;
	const char *name, *text;
	size_t size;
	char *file;
	char *locale; /* of name */
	bool mail;    /* its fields are those of view.h */
	struct findings *findings;
	bool ok;
	unsigned tags; /* seen in the second pass */
};

static void say(struct lint *l, enum severity severity, int line, const char *code, const char *fmt,
		...) __attribute__((format(printf, 5, 6)));

static void say(struct lint *l, enum severity severity, int line, const char *code, const char *fmt,
		...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(l->findings, severity, l->file, line, 0, code, NULL, "%s", text);
	if (severity == SEVERITY_ERROR)
		l->ok = false;
}

static bool bytes_check(struct lint *l)
{
	const char *bad;

	if (l->size > TEMPLATE_SIZE_MAX) {
		say(l, SEVERITY_ERROR, 0, "TEMPLATE_SIZE", "模板超过 %u KiB",
		    TEMPLATE_SIZE_MAX >> 10);
		return false;
	}
	if (!g_utf8_validate(l->text, (gssize)l->size, &bad)) {
		int line = 1;

		for (const char *p = l->text; p < bad; p++)
			line += *p == '\n';
		say(l, SEVERITY_ERROR, line, "TEMPLATE_UTF8", "不是有效的 UTF-8，请另存为 UTF-8");
		return false;
	}
	return true;
}

static bool is(const struct mustache_tag *tag, const char *word)
{
	return strlen(word) == tag->length && memcmp(tag->name, word, tag->length) == 0;
}

static void field_check(struct lint *l, const struct mustache_tag *tag)
{
	bool html = g_str_has_suffix(l->name, ".html");

	if (l->mail && !is(tag, ".") && !view_field_known(tag->name, tag->length))
		say(l, SEVERITY_ERROR, tag->line, "TEMPLATE_FIELD", "没有名为 %.*s 的字段",
		    (int)MIN(tag->length, 60), tag->name);
	if (tag->kind == MUSTACHE_RAW && html && !is(tag, "body"))
		say(l, SEVERITY_WARNING, tag->line, "TEMPLATE_RAW",
		    "%.*s 未转义就写入网页，名称中的 < 会成为标记；请用两个大括号",
		    (int)MIN(tag->length, 60), tag->name);
}

/* Sections must close in the order in which they were opened. False: stop. */
static bool section_check(struct lint *l, GArray *open, const struct mustache_tag *tag)
{
	const struct mustache_tag *last;

	if (tag->kind != MUSTACHE_CLOSE) {
		if (open->len >= TEMPLATE_NESTING_MAX) {
			say(l, SEVERITY_ERROR, tag->line, "TEMPLATE_SECTION", "嵌套超过 %d 层",
			    TEMPLATE_NESTING_MAX);
			return false;
		}
		g_array_append_val(open, *tag);
		return true;
	}
	if (open->len == 0) {
		say(l, SEVERITY_ERROR, tag->line, "TEMPLATE_SECTION", "{{/%.*s}} 没有对应的开头",
		    (int)MIN(tag->length, 60), tag->name);
		return false;
	}
	last = &g_array_index(open, struct mustache_tag, open->len - 1);
	if (last->length != tag->length || memcmp(last->name, tag->name, tag->length) != 0) {
		say(l, SEVERITY_ERROR, tag->line, "TEMPLATE_SECTION",
		    "{{/%.*s}} 与第%d行的 {{#%.*s}} 交叉", (int)MIN(tag->length, 60), tag->name,
		    last->line, (int)MIN(last->length, 60), last->name);
		return false;
	}
	g_array_set_size(open, open->len - 1);
	return true;
}

static void tag_check(struct lint *l, GArray *open, const struct mustache_tag *tag, bool *go)
{
	switch (tag->kind) {
	case MUSTACHE_VARIABLE:
	case MUSTACHE_RAW:
		field_check(l, tag);
		break;
	case MUSTACHE_SECTION:
	case MUSTACHE_INVERTED:
		field_check(l, tag);
		*go = section_check(l, open, tag);
		break;
	case MUSTACHE_CLOSE:
		*go = section_check(l, open, tag);
		break;
	case MUSTACHE_PARTIAL:
	case MUSTACHE_COMMENT:
		break;
	}
}

static void tags_check(struct lint *l)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(struct mustache_tag));
	struct mustache_scan scan;
	struct mustache_tag tag;
	bool go = true;
	int r = 0;

	mustache_scan_init(&scan, l->text, l->size);
	while (go && (r = mustache_next(&scan, &tag)) > 0)
		tag_check(l, open, &tag, &go);
	if (!go)
		return;
	if (r < 0) {
		say(l, SEVERITY_ERROR, scan.line, "TEMPLATE_TAG", "%s", scan.problem);
	} else if (open->len > 0) {
		const struct mustache_tag *last =
			&g_array_index(open, struct mustache_tag, open->len - 1);

		say(l, SEVERITY_ERROR, last->line, "TEMPLATE_SECTION", "{{#%.*s}} 没有结束",
		    (int)MIN(last->length, 60), last->name);
	}
}

/* The text of a partial as it would be found, with the text under test in its place. */
static const char *partial_text(const struct lint *l, const char *base, size_t *size_out)
{
	g_autofree char *own = g_strdup_printf("%s/%s", l->locale, base);
	g_autofree char *chinese = g_strdup_printf("zh_CN/%s", base);
	const char *text;

	if (strcmp(own, l->name) == 0) {
		*size_out = l->size;
		return l->text;
	}
	text = templates_text(l->t, own);
	if (text == NULL)
		text = templates_text(l->t, chinese);
	*size_out = text != NULL ? strlen(text) : 0;
	return text;
}

/* A list stands in no other of its level or of a higher one. */
enum level { LEVEL_NONE, LEVEL_ITEMS, LEVEL_LINES, LEVELS };

static enum level level_of(const struct mustache_tag *tag)
{
	if (tag->kind != MUSTACHE_SECTION)
		return LEVEL_NONE;
	if (is(tag, "items") || is(tag, "cleared"))
		return LEVEL_ITEMS;
	return is(tag, "description_lines") || is(tag, "reason_lines") ? LEVEL_LINES : LEVEL_NONE;
}

static bool walk(struct lint *l, GPtrArray *path, const char *text, size_t size, enum level around);

/* @path holds the names of the partials that we are inside of. False: stop. */
static bool partial_walk(struct lint *l, GPtrArray *path, const struct mustache_tag *tag, int line,
			 enum level around)
{
	char *base = g_strndup(tag->name, tag->length);
	size_t size;
	const char *text = partial_text(l, base, &size);
	bool go;

	for (guint i = 0; i < path->len; i++) {
		if (strcmp(path->pdata[i], base) != 0)
			continue;
		say(l, SEVERITY_ERROR, line, "TEMPLATE_CYCLE", "{{>%s}} 直接或间接引用了自己",
		    base);
		g_free(base);
		return false;
	}
	if (text == NULL) {
		say(l, SEVERITY_ERROR, line, "TEMPLATE_PARTIAL", "没有名为 %s 的部分", base);
		g_free(base);
		return false;
	}
	g_ptr_array_add(path, base);
	go = walk(l, path, text, size, around);
	g_ptr_array_set_size(path, (int)path->len - 1);
	return go;
}

static void nested(struct lint *l, int line, enum level level)
{
	if (level == LEVEL_ITEMS)
		say(l, SEVERITY_ERROR, line, "TEMPLATE_SECTION",
		    "items、cleared 不能列在 items、cleared 或逐行的列表之内");
	else
		say(l, SEVERITY_ERROR, line, "TEMPLATE_SECTION",
		    "description_lines 或 reason_lines 之内不能再逐行列出");
}

/* Lines are told of the text under test only; inside a partial there is none of ours. */
static bool walk(struct lint *l, GPtrArray *path, const char *text, size_t size, enum level around)
{
	struct mustache_scan scan;
	struct mustache_tag tag;
	enum level in = around;
	int depth = 0, opened[LEVELS] = {0}; /* depth at which the list of a level opened */

	mustache_scan_init(&scan, text, size);
	while (mustache_next(&scan, &tag) > 0) {
		int line = path->len == 1 ? tag.line : 0;
		enum level level = level_of(&tag);

		if (++l->tags > TEMPLATE_TAGS_MAX) {
			say(l, SEVERITY_ERROR, 0, "TEMPLATE_SIZE", "展开后的标签超过 %d 个",
			    TEMPLATE_TAGS_MAX);
			return false;
		}
		if (level != LEVEL_NONE && level <= in) {
			nested(l, line, level);
			return false;
		}
		if (tag.kind == MUSTACHE_SECTION || tag.kind == MUSTACHE_INVERTED) {
			depth++;
			if (level != LEVEL_NONE) {
				opened[level] = depth;
				in = level;
			}
		} else if (tag.kind == MUSTACHE_CLOSE) {
			if (in > around && depth == opened[in]) {
				opened[in] = 0;
				in = opened[LEVEL_ITEMS] > 0 ? LEVEL_ITEMS : around;
			}
			depth--;
		} else if (tag.kind == MUSTACHE_PARTIAL && !partial_walk(l, path, &tag, line, in)) {
			return false;
		}
	}
	return true;
}

bool template_lint(const struct templates *t, const char *name, const char *text, size_t size,
		   struct findings *findings)
{
	struct lint l = {.t = t, .name = name, .text = text, .size = size, .ok = true};
	const char *slash = strchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;

	l.file = g_strdup_printf("templates/%s", name);
	l.locale = slash != NULL ? g_strndup(name, (gsize)(slash - name)) : g_strdup("zh_CN");
	l.mail = !g_str_has_prefix(base, "page"); /* the web's have fields of their own */
	l.findings = findings;
	if (bytes_check(&l)) {
		tags_check(&l);
		if (l.ok) {
			g_autoptr(GPtrArray) path = g_ptr_array_new_with_free_func(g_free);

			g_ptr_array_add(path, g_strdup(base));
			(void)walk(&l, path, text, size, LEVEL_NONE);
		}
	}
	g_free(l.file);
	g_free(l.locale);
	return l.ok;
}
