/*
 * mustache.c - see mustache.h. Reads only; bounded by the text.
 */
#include "notifiers/mustache.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

void mustache_scan_init(struct mustache_scan *s, const char *text, size_t size)
{
	*s = (struct mustache_scan){.at = text, .end = text + size, .line = 1};
}

static void count_lines(struct mustache_scan *s, const char *to)
{
	for (; s->at < to; s->at++)
		s->line += *s->at == '\n';
}

static int fail(struct mustache_scan *s, const char *problem)
{
	s->problem = problem;
	return -EINVAL;
}

/* The kind that the first character after "{{" gives, and past it. */
static enum mustache_kind kind_of(const char **p, const char *end)
{
	if (*p == end)
		return MUSTACHE_VARIABLE;
	switch (*(*p)++) {
	case '{':
	case '&':
		return MUSTACHE_RAW;
	case '#':
		return MUSTACHE_SECTION;
	case '^':
		return MUSTACHE_INVERTED;
	case '/':
		return MUSTACHE_CLOSE;
	case '>':
		return MUSTACHE_PARTIAL;
	case '!':
		return MUSTACHE_COMMENT;
	default:
		(*p)--;
		return MUSTACHE_VARIABLE;
	}
}

static bool name_trim(struct mustache_tag *tag, const char *from, const char *to)
{
	while (from < to && g_ascii_isspace(*from))
		from++;
	while (from < to && g_ascii_isspace(to[-1]))
		to--;
	tag->name = from;
	tag->length = (size_t)(to - from);
	for (const char *p = from; p < to; p++)
		if (!g_ascii_isalnum(*p) && strchr("_.-", *p) == NULL)
			return false;
	return from < to;
}

int mustache_next(struct mustache_scan *s, struct mustache_tag *tag_out)
{
	const char *open = memmem(s->at, (size_t)(s->end - s->at), "{{", 2);
	const char *p, *close, *stop;

	if (open == NULL) {
		count_lines(s, s->end);
		return 0;
	}
	count_lines(s, open);
	tag_out->line = s->line;
	p = open + 2;
	if (p < s->end && *p == '=')
		return fail(s, "不支持更换定界符 {{=");
	tag_out->kind = kind_of(&p, s->end);
	stop = p[-1] == '{' && tag_out->kind == MUSTACHE_RAW ? "}}}" : "}}";
	close = memmem(p, (size_t)(s->end - p), stop, strlen(stop));
	if (close == NULL)
		return fail(s, "标签没有结束的 }}");
	if (tag_out->kind == MUSTACHE_COMMENT) {
		tag_out->name = p;
		tag_out->length = 0;
	} else if (!name_trim(tag_out, p, close)) {
		return fail(s, "标签里的名称为空，或含有字母、数字、_ . - 以外的字符");
	}
	tag_out->begin = open;
	tag_out->end = close + strlen(stop);
	count_lines(s, tag_out->end);
	return 1;
}
