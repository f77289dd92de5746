/*
 * scan_text.c - bytes of any charset to unfolded lines of UTF-8.
 *
 * Never refuses a byte: what is neither UTF-8 nor GB18030 is read as Windows-1252, and what is
 * not even that becomes U+FFFD: a summary that reads badly is no reason to lose a deadline.
 */
#include "scan_text.h"

#include <string.h>

/* The charset of texts whose line ends are wider than a byte, NULL for all others. */
static const char *wide_charset(const unsigned char *b, size_t size)
{
	if (size >= 4 && b[0] == 0xff && b[1] == 0xfe && b[2] == 0 && b[3] == 0)
		return "UTF-32LE";
	if (size >= 4 && b[0] == 0 && b[1] == 0 && b[2] == 0xfe && b[3] == 0xff)
		return "UTF-32BE";
	if (size >= 2 && b[0] == 0xff && b[1] == 0xfe)
		return "UTF-16LE";
	if (size >= 2 && b[0] == 0xfe && b[1] == 0xff)
		return "UTF-16BE";
	if (size >= 4 && b[0] == 'B' && b[1] == 0 && b[2] == 'E' && b[3] == 0)
		return "UTF-16LE";
	if (size >= 4 && b[0] == 0 && b[1] == 'B' && b[2] == 0 && b[3] == 'E')
		return "UTF-16BE";
	return NULL;
}

/* Is @p at a line end? Its length: CR LF, CR CR LF (a mail gateway's), CR or LF. */
static size_t line_end(const char *p, const char *end)
{
	if (*p == '\n')
		return 1;
	if (*p != '\r')
		return 0;
	if (p + 1 < end && p[1] == '\n')
		return 2;
	if (p + 2 < end && p[1] == '\r' && p[2] == '\n')
		return 3;
	return 1;
}

static bool is_dropped(unsigned char c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f;
}

/* How many bytes from @p on are neither a line end nor dropped. */
static size_t plain_run(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && !is_dropped((unsigned char)*q))
		q++;
	return (size_t)(q - p);
}

/* Add what fits of @n bytes. */
static void add_run(struct text_line *l, const char *p, size_t n, size_t line_max)
{
	size_t room = line_max - l->size;

	if (n > room)
		l->too_long = true;
	memcpy(l->text + l->size, p, MIN(n, room));
	l->size += MIN(n, room);
}

/* Unfold into @out (as large as the input + 1); false when there are too many lines. */
static bool unfold(const char *p, const char *end, char *out, size_t line_max, unsigned lines_max,
		   GArray *lines)
{
	struct text_line l = {.text = out, .line = 1};
	int physical = 1;

	while (p < end) {
		size_t n = plain_run(p, end);

		add_run(&l, p, n, line_max);
		p += n;
		if (p == end)
			break;
		n = line_end(p, end);
		if (n == 0) {
			p++; /* dropped */
			continue;
		}
		p += n;
		physical++;
		if (p < end && (*p == ' ' || *p == '\t')) {
			p++;
			continue;
		}
		if (l.size > 0) {
			if (lines->len >= lines_max)
				return false;
			out[l.size] = 0;
			g_array_append_val(lines, l);
			out += l.size + 1;
		}
		l = (struct text_line){.text = out, .line = physical};
	}
	if (l.size > 0) {
		out[l.size] = 0;
		g_array_append_val(lines, l);
	}
	return true;
}

static void strip_bom(struct text_line *l)
{
	while (l->size >= 3 && memcmp(l->text, "\xef\xbb\xbf", 3) == 0) {
		l->text += 3;
		l->size -= 3;
	}
}

/*
 * UTF-8 that may be so by chance: in GB18030 约谈 is four bytes that are two Armenian letters. With
 * nothing beyond U+07FF in it, a line of a GB18030 file is GB18030.
 */
static bool is_narrow(const struct text_line *l)
{
	for (const char *p = l->text; *p != 0; p = g_utf8_next_char(p))
		if (g_utf8_get_char(p) >= 0x800)
			return false;
	return !g_str_is_ascii(l->text);
}

/*
 * Lines that are no UTF-8: GB18030 when most of the file's non-ASCII lines are, else
 * damage in a file that is UTF-8. GB18030 explains nearly every byte, so one broken
 * character must not turn a whole file into another charset.
 */
static void decode(const char *file, GArray *lines, GPtrArray *texts, struct findings *f)
{
	unsigned good = 0, bad = 0;
	bool told = false;

	for (guint i = 0; i < lines->len; i++) {
		struct text_line *l = &g_array_index(lines, struct text_line, i);

		bad += !g_utf8_validate(l->text, (gssize)l->size, NULL);
	}
	for (guint i = 0; bad > 0 && i < lines->len; i++) {
		struct text_line *l = &g_array_index(lines, struct text_line, i);

		good += g_utf8_validate(l->text, (gssize)l->size, NULL) && !g_str_is_ascii(l->text);
	}
	for (guint i = 0; bad > 0 && i < lines->len; i++) {
		struct text_line *l = &g_array_index(lines, struct text_line, i);
		bool valid = g_utf8_validate(l->text, (gssize)l->size, NULL);
		char *text = NULL;

		if (valid && (bad <= good || !is_narrow(l)))
			continue;
		if (bad > good)
			text = g_convert(l->text, (gssize)l->size, "UTF-8", "GB18030", NULL, NULL,
					 NULL);
		if (valid && text == NULL)
			continue;
		if (text == NULL)
			text = g_convert(l->text, (gssize)l->size, "UTF-8", "WINDOWS-1252", NULL,
					 NULL, NULL);
		if (text == NULL)
			text = g_utf8_make_valid(l->text, (gssize)l->size);
		if (!told && bad <= good)
			findings_add(f, SEVERITY_WARNING, file, l->line, 0, "BAD_CHARSET", NULL,
				     "有字节不是 UTF-8，显示出来的文字可能不对；请另存为 UTF-8");
		told = true;
		g_ptr_array_add(texts, text);
		l->text = text;
		l->size = strlen(text);
	}
}

GArray *scan_text(const char *file, const char *bytes, size_t size, size_t line_max,
		  unsigned lines_max, GPtrArray *texts, struct findings *findings)
{
	const char *charset = wide_charset((const unsigned char *)bytes, size);
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct text_line));
	char *wide = NULL, *out;
	gsize n = size;

	if (charset != NULL)
		wide = g_convert_with_fallback(bytes, (gssize)size, "UTF-8", charset, "?", NULL, &n,
					       NULL);
	if (wide != NULL)
		bytes = wide;
	else
		n = size;
	out = g_malloc(n + 1);
	g_ptr_array_add(texts, out);
	if (!unfold(bytes, bytes + n, out, line_max, lines_max, lines)) {
		g_array_free(lines, TRUE);
		lines = NULL;
	}
	g_free(wide);
	if (lines == NULL)
		return NULL;
	for (guint i = 0; i < lines->len; i++)
		strip_bom(&g_array_index(lines, struct text_line, i));
	decode(file, lines, texts, findings);
	return lines;
}
