/*
 * lines.c - see lines.h.
 */
#include "lines.h"

#include <errno.h>
#include <string.h>

#include "scan.h"

bool ics_line_is(const char *line, const char *name)
{
	size_t n = strlen(name);

	return g_ascii_strncasecmp(line, name, n) == 0 &&
	       (line[n] == ':' || line[n] == ';' || line[n] == 0);
}

const char *ics_line_value(const char *line)
{
	bool quoted = false;

	for (; *line != 0; line++) {
		if (*line == '"')
			quoted = !quoted;
		else if (*line == ':' && !quoted)
			return line + 1;
	}
	return line;
}

char *ics_line_head(const char *line)
{
	const char *value = ics_line_value(line);

	return *value == 0 && (value == line || value[-1] != ':')
		       ? g_strdup(line)
		       : g_strndup(line, (gsize)(value - line - 1));
}

static bool names(const char *line, const char *what)
{
	g_autofree char *value = g_strstrip(g_strdup(ics_line_value(line)));

	return g_ascii_strcasecmp(value, what) == 0;
}

static bool is_item(const char *line)
{
	return names(line, "VEVENT") || names(line, "VTODO");
}

/* Blocks do not nest: what lies inside of one (VALARM) belongs to it. */
static bool find_blocks(struct ics_lines *l, int *line_out)
{
	struct ics_block open = {0};
	bool inside = false;

	for (uint32_t i = 0; i < l->lines->len; i++) {
		const char *text = ics_line(l, i);

		if (!inside && ics_line_is(text, "BEGIN") && is_item(text)) {
			open.first = i;
			open.line = g_array_index(l->lines, struct text_line, i).line;
			inside = true;
		} else if (inside && ics_line_is(text, "END") && is_item(text)) {
			open.last = i + 1;
			g_array_append_val(l->blocks, open);
			inside = false;
		}
	}
	*line_out = open.line;
	return !inside;
}

int ics_lines_read(const char *file, const char *bytes, size_t size, struct ics_lines **out,
		   struct findings *findings)
{
	struct ics_lines *l = g_new0(struct ics_lines, 1);
	int line = 0;

	l->texts = g_ptr_array_new_with_free_func(g_free);
	l->blocks = g_array_new(FALSE, FALSE, sizeof(struct ics_block));
	l->lines = scan_text(file, bytes, size, SCAN_LINE_MAX, SCAN_LINES_MAX, l->texts, findings);
	if (l->lines == NULL || !find_blocks(l, &line)) {
		findings_add(findings, SEVERITY_ERROR, file, line, 0, "UNCLOSED", NULL,
			     "这个日历不完整，不能修改");
		ics_lines_free(&l);
		return -EINVAL;
	}
	*out = l;
	return 0;
}

void ics_lines_free(struct ics_lines **l)
{
	if (*l == NULL)
		return;
	if ((*l)->lines != NULL)
		g_array_unref((*l)->lines);
	g_array_unref((*l)->blocks);
	g_ptr_array_unref((*l)->texts);
	g_free(*l);
	*l = NULL;
}
