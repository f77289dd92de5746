/*
 * renew_yaml.c - one value of campaign.yaml replaced, every other byte kept.
 */
#include <string.h>

#include "daemon/campaign/renew.h"

/* Behind the value that begins at @p, on its line: where blanks and a comment may begin. */
static const char *value_end(const char *p)
{
	const char *end = p;

	if (*p == '"' || *p == '\'') {
		char quote = *p;

		for (end = p + 1; *end != 0 && *end != '\n' && *end != quote; end++)
			if (quote == '"' && *end == '\\' && end[1] != 0)
				end++;
		return *end == quote ? end + 1 : NULL;
	}
	for (; *p != 0 && *p != '\n' && *p != '\r'; p++) {
		if (*p == '#' && (p[-1] == ' ' || p[-1] == '\t'))
			break;
		if (*p != ' ' && *p != '\t')
			end = p + 1;
	}
	return end;
}

/* Does the next line go on with the value (it is indented and no comment)? */
static bool goes_on(const char *end)
{
	const char *next = strchr(end, '\n');

	if (next == NULL || (next[1] != ' ' && next[1] != '\t'))
		return false;
	next += 1 + strspn(next + 1, " \t");
	return *next != '#' && *next != '\n' && *next != '\r' && *next != 0;
}

static char *quoted(const char *value)
{
	GString *s = g_string_new("\"");

	if (strspn(value, "0123456789-") == strlen(value)) { /* a date needs none */
		g_string_assign(s, value);
		return g_string_free(s, FALSE);
	}
	for (; *value != 0; value++) {
		if (*value == '"' || *value == '\\')
			g_string_append_c(s, '\\');
		g_string_append_c(s, *value);
	}
	g_string_append_c(s, '"');
	return g_string_free(s, FALSE);
}

char *renew_yaml_set(const char *text, const char *key, const char *value)
{
	size_t n = strlen(key);
	g_autofree char *new_value = quoted(value);

	for (const char *line = text; line != NULL && *line != 0;) {
		const char *p = line + n, *end;

		if (strncmp(line, key, n) == 0 && *p == ':' && (p[1] == ' ' || p[1] == '\t')) {
			p += 1 + strspn(p + 1, " \t");
			end = value_end(p);
			if (end == NULL || end == p || strchr("|>&*!{[", *p) != NULL ||
			    goes_on(end))
				return NULL;
			return g_strdup_printf("%.*s%s%s", (int)(p - text), text, new_value, end);
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return NULL;
}
