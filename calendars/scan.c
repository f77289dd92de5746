/*
 * scan.c - content lines and components of an iCalendar text, with line numbers.
 *
 * Must never hand on a component that is not whole: libical would make something of it.
 */
#include "scan.h"

#include <errno.h>
#include <string.h>

#include "scan_text.h"

/* The open components while reading; the innermost is the last. */
struct nest {
	struct scan *scan;
	const char *file;
	struct findings *findings;
	uint32_t open[SCAN_DEPTH_MAX];
	unsigned depth;
	unsigned too_deep; /* BEGINs beyond the limit that still wait for their END */
	unsigned calendars;
};

static struct scan_component *component_mut(struct nest *n, uint32_t i)
{
	return &g_array_index(n->scan->components, struct scan_component, i);
}

/* Mark what is open, except the VCALENDAR that holds it: the rest of the file works. */
static void nest_break(struct nest *n)
{
	for (unsigned i = 0; i < n->depth; i++) {
		struct scan_component *c = component_mut(n, n->open[i]);

		if (strcmp(c->name, "VCALENDAR") != 0)
			c->broken = true;
	}
}

static void nest_begin(struct nest *n, const char *name, int line)
{
	struct scan_component c = {.name = name,
				   .line = line,
				   .parent = n->depth > 0 ? n->open[n->depth - 1] : SCAN_NO_PARENT,
				   .first = n->scan->lines->len};

	if (n->too_deep > 0 || n->depth == SCAN_DEPTH_MAX) {
		if (n->too_deep++ == 0)
			findings_add(n->findings, SEVERITY_ERROR, n->file, line, 0, "TOO_DEEP",
				     NULL, "BEGIN 嵌套超过 %d 层，所在部件不予采用",
				     SCAN_DEPTH_MAX);
		nest_break(n);
		return;
	}
	if (strcmp(name, "VCALENDAR") == 0)
		n->calendars++;
	n->open[n->depth++] = n->scan->components->len;
	g_array_append_val(n->scan->components, c);
}

static void nest_close(struct nest *n)
{
	struct scan_component *c = component_mut(n, n->open[--n->depth]);

	c->last = n->scan->lines->len;
	c->next = n->scan->components->len;
}

static void nest_unclosed(struct nest *n, int line)
{
	struct scan_component *c = component_mut(n, n->open[n->depth - 1]);

	findings_add(n->findings, SEVERITY_ERROR, n->file, c->line, 0, "UNCLOSED", NULL,
		     "%s 到第 %d 行仍没有 END:%s，不予采用", c->name, line, c->name);
	nest_break(n);
	nest_close(n);
}

static void nest_end(struct nest *n, const char *name, int line)
{
	unsigned i = n->depth;

	if (n->too_deep > 0) {
		n->too_deep--;
		return;
	}
	while (i > 0 && strcmp(component_mut(n, n->open[i - 1])->name, name) != 0)
		i--;
	/* END:VCALENDARD: a damaged end of the innermost component is still its end. */
	if (i == 0 && n->depth > 0 &&
	    g_str_has_prefix(name, component_mut(n, n->open[n->depth - 1])->name)) {
		findings_add(n->findings, SEVERITY_WARNING, n->file, line, 0, "BAD_END", NULL,
			     "END:%s 写法不对，按 END:%s 处理", name,
			     component_mut(n, n->open[n->depth - 1])->name);
		nest_close(n);
		return;
	}
	if (i == 0) {
		findings_add(n->findings, SEVERITY_WARNING, n->file, line, 0, "STRAY_END", NULL,
			     "END:%s 没有对应的 BEGIN，已略去", name);
		return;
	}
	while (n->depth > i)
		nest_unclosed(n, line);
	nest_close(n);
}

/* The ':' that ends name and parameters; quotes protect it, unless they never close. */
static char *value_mark(char *p)
{
	char *q = p;
	bool quoted = false;

	for (; *q != 0; q++) {
		if (*q == '"')
			quoted = !quoted;
		else if (*q == ':' && !quoted)
			return q;
	}
	return strchr(p, ':');
}

/* Cut "NAME;PARAMS:VALUE" in place. */
static bool line_cut(char *text, struct scan_line *out)
{
	size_t n = strcspn(text, ";:");
	char *mark = value_mark(text + n);

	if (n == 0 || mark == NULL)
		return false;
	out->params = "";
	if (text[n] == ';' && text + n < mark)
		out->params = text + n + 1;
	*mark = 0;
	out->value = mark + 1;
	text[n] = 0;
	g_strstrip(text);
	for (char *p = text; *p != 0; p++) {
		*p = g_ascii_toupper(*p);
		if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_' && *p != '.')
			return false;
	}
	out->name = text;
	return *text != 0;
}

/* Properties of which nothing depends may be too long; any other spoils its component. */
static bool is_ballast(const char *name)
{
	static const char *const names[] = {"ATTACH",      "IMAGE",   "COMMENT",
					    "DESCRIPTION", "CONTACT", "STYLED-DESCRIPTION",
					    "X-ALT-DESC"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return g_str_has_prefix(name, "X-");
}

static void too_long(struct nest *n, const struct scan_line *l)
{
	bool ballast = is_ballast(l->name);

	findings_add(n->findings, ballast ? SEVERITY_WARNING : SEVERITY_ERROR, n->file, l->line, 0,
		     "LINE_TOO_LONG", NULL, "%s 一行超过 %d 字节，%s", l->name, SCAN_LINE_MAX,
		     ballast ? "已略去" : "所在部件不予采用");
	if (!ballast)
		nest_break(n);
}

static void read_line(struct nest *n, struct text_line *t)
{
	struct scan_line l = {.line = t->line, .component = SCAN_NO_PARENT};

	if (!line_cut(t->text, &l)) {
		if (n->depth > 0 && g_ascii_isgraph(*t->text))
			findings_add(n->findings, SEVERITY_WARNING, n->file, t->line, 0, "BAD_LINE",
				     NULL, "这一行不是“属性:值”，已略去");
		return;
	}
	if (strcmp(l.name, "BEGIN") == 0 || strcmp(l.name, "END") == 0) {
		char *name = g_strstrip((char *)l.value);

		for (char *p = name; *p != 0; p++)
			*p = g_ascii_toupper(*p);
		if (l.name[0] == 'B')
			nest_begin(n, name, t->line);
		else
			nest_end(n, name, t->line);
		return;
	}
	if (n->depth == 0 || n->too_deep > 0)
		return;
	if (t->too_long) {
		too_long(n, &l);
		return;
	}
	l.component = n->open[n->depth - 1];
	g_array_append_val(n->scan->lines, l);
}

static int refuse(struct nest *n, int line, int rc, const char *code, const char *text)
{
	findings_add(n->findings, SEVERITY_ERROR, n->file, line, 0, code, NULL, "%s", text);
	return rc;
}

/* What the whole file is, once all lines are read. */
static int judge(struct nest *n)
{
	bool any = false;

	if (n->depth > 0) {
		int line = component_mut(n, n->open[0])->line;

		while (n->depth > 0)
			nest_close(n);
		return refuse(n, line, -EBADMSG, "TRUNCATED",
			      "日历不完整：没有 END:VCALENDAR（可能下载中断），整个文件不予采用");
	}
	for (guint i = 0; i < n->scan->components->len; i++)
		any |= component_mut(n, i)->name[0] == 'V';
	if (!any)
		return refuse(n, 0, -ENOMSG, "NOT_A_CALENDAR",
			      "不是日历文件：没有 BEGIN:VCALENDAR（是否为登录页面或空文件？）");
	if (n->calendars == 0)
		findings_add(n->findings, SEVERITY_WARNING, n->file, 1, 0, "NO_VCALENDAR", NULL,
			     "部件外面没有 BEGIN:VCALENDAR，照样读取");
	return 0;
}

int scan_read(const char *file, const char *bytes, size_t size, size_t bytes_max, struct scan **out,
	      struct findings *findings)
{
	struct scan *s = g_new0(struct scan, 1);
	struct nest n = {.scan = s, .file = file, .findings = findings};
	GArray *lines = NULL;
	int rc;

	s->lines = g_array_new(FALSE, FALSE, sizeof(struct scan_line));
	s->components = g_array_new(FALSE, FALSE, sizeof(struct scan_component));
	s->texts = g_ptr_array_new_with_free_func(g_free);
	if (size <= bytes_max)
		lines = scan_text(file, bytes, size, SCAN_LINE_MAX, SCAN_LINES_MAX, s->texts,
				  findings);
	if (lines == NULL) {
		rc = refuse(&n, 0, -EFBIG, "TOO_BIG", "日历文件过大，整个文件不予采用");
	} else {
		for (guint i = 0; i < lines->len; i++)
			read_line(&n, &g_array_index(lines, struct text_line, i));
		g_array_free(lines, TRUE);
		rc = judge(&n);
	}
	if (rc == 0)
		*out = s;
	else
		scan_free(&s);
	return rc;
}

void scan_free(struct scan **sp)
{
	struct scan *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	g_array_free(s->lines, TRUE);
	g_array_free(s->components, TRUE);
	g_ptr_array_free(s->texts, TRUE);
	g_free(s);
}

/* The end of one parameter: the next ';' outside quotes. */
static const char *param_end(const char *p)
{
	bool quoted = false;

	for (; *p != 0 && (quoted || *p != ';'); p++)
		if (*p == '"')
			quoted = !quoted;
	return p;
}

char *scan_param(const struct scan_line *line, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = line->params; *p != 0;) {
		const char *end = param_end(p);

		if (g_ascii_strncasecmp(p, name, length) == 0 && p[length] == '=') {
			GString *value = g_string_new(NULL);

			for (p += length + 1; p < end; p++)
				if (*p != '"')
					g_string_append_c(value, *p);
			g_strstrip(value->str);
			return g_string_free(value, FALSE);
		}
		p = *end == 0 ? end : end + 1;
	}
	return NULL;
}
