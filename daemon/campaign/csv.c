/*
 * csv.c - decoding and cutting of tables (RFC 4180 as spreadsheets practise it).
 *
 * Fields are cut in place: a table of 100,000 rows costs one copy of its bytes.
 */
#include "daemon/campaign/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define BOM "\xef\xbb\xbf"

static int refuse(struct csv *csv, int line, const char *text)
{
	findings_add(csv->findings, SEVERITY_ERROR, csv->file, line, 0, "CSV_CHARSET", NULL, "%s",
		     text);
	return -EINVAL;
}

static int line_at(const char *bytes, const char *end)
{
	int line = 1;

	for (; bytes < end; bytes++)
		line += *bytes == '\n';
	return line;
}

/**
 * Is @bytes, valid UTF-8 up to @bad, a damaged UTF-8 text rather than GB18030?  Chinese in
 * GB18030 can look like UTF-8 for a character or two (联通), not for four of three bytes.
 */
static bool is_damaged_utf8(const char *bytes, const char *bad, const char *end)
{
	unsigned wide = 0;

	for (const char *p = bytes; p < bad; p = g_utf8_next_char(p))
		wide += g_utf8_get_char(p) >= 0x800;
	return wide >= 4 || (wide > 0 && end - bad < 3);
}

static int decode(struct csv *csv, const char *bytes, size_t size)
{
	const char *bad = NULL;
	bool marked = size >= 3 && !memcmp(bytes, BOM, 3);

	if (size >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2)))
		return refuse(csv, 1, "文件是 UTF-16（“Unicode 文本”）；可另存为“CSV UTF-8”");
	if (size >= 2 && !memcmp(bytes, "PK", 2))
		return refuse(csv, 1, "文件是 Excel 工作簿；可另存为“CSV UTF-8”");
	if (marked) {
		bytes += 3;
		size -= 3;
	}
	bad = memchr(bytes, 0, size);
	if (bad)
		return refuse(csv, line_at(bytes, bad), "有 NUL 字符；可另存为“CSV UTF-8”");
	if (g_utf8_validate(bytes, (gssize)size, &bad)) {
		csv->text = g_strndup(bytes, size);
		return 0;
	}
	if (!marked && !is_damaged_utf8(bytes, bad, bytes + size))
		csv->text = g_convert(bytes, (gssize)size, "UTF-8", "GB18030", NULL, NULL, NULL);
	if (!csv->text)
		return refuse(csv, line_at(bytes, bad),
			      "有既不是 UTF-8 也不是 GB18030 的字符，文件可能不完整；"
			      "可用 Excel 或 WPS 另存为“CSV UTF-8”");
	return 0;
}

int csv_init(struct csv *csv, const char *file, const char *bytes, size_t size,
	     struct findings *findings)
{
	int rc;

	*csv = (struct csv){.file = file, .findings = findings, .separator = ',', .line = 1};
	rc = decode(csv, bytes, size);
	if (rc < 0)
		return rc;
	csv->at = csv->text;
	if (!g_ascii_strncasecmp(csv->at, "sep=", 4) && csv->at[4] && strchr(",;\t", csv->at[4])) {
		csv->separator = csv->at[4];
		csv->at += 5;
		csv->at += strspn(csv->at, "\r");
		if (*csv->at == '\n')
			csv->at++;
		csv->line++;
	}
	return 0;
}

void csv_fini(struct csv *csv)
{
	g_clear_pointer(&csv->text, g_free);
	csv->at = NULL;
}

/** Remove blanks (also the ideographic and the non-breaking one) around a field of @length. */
static char *trim(char *field, size_t length)
{
	static const char *const blanks[] = {" ", "\t", "\xe3\x80\x80", "\xc2\xa0"};
	static const char first[] = " \t\xe3\xc2", last[] = " \t\x80\xa0";
	bool again = length > 0 && (memchr(first, field[0], sizeof(first) - 1) ||
				    memchr(last, field[length - 1], sizeof(last) - 1));

	while (again) {
		again = false;
		for (size_t i = 0; i < G_N_ELEMENTS(blanks); i++) {
			size_t n = strlen(blanks[i]);

			if (length >= n && !memcmp(field, blanks[i], n)) {
				field += n;
				length -= n;
				again = true;
			}
			if (length >= n && !memcmp(field + length - n, blanks[i], n)) {
				length -= n;
				again = true;
			}
		}
	}
	field[length] = '\0';
	return field;
}

/** Step over one line break, which @p stands at. */
static char *after_break(struct csv *csv, char *p)
{
	csv->line++;
	return p + (p[0] == '\r' && p[1] == '\n' ? 2 : 1);
}

static bool is_break(char c)
{
	return c == '\r' || c == '\n';
}

/** The closing quote of the field that begins at @from, or NULL. */
static const char *closing_quote(const char *from)
{
	for (const char *in = from; *in && in - from <= (ptrdiff_t)CSV_FIELD_BYTES_MAX; in++) {
		if (in[0] == '"' && in[1] == '"')
			in++;
		else if (*in == '"')
			return in;
	}
	return NULL;
}

/**
 * Cut the quoted field whose opening quote is at csv->at. Leaves csv->at behind the closing
 * quote and the blanks after it. NULL, with nothing changed, when there is no closing quote.
 */
static char *cut_quoted(struct csv *csv)
{
	char *from = csv->at + 1, *out = from;
	const char *end = closing_quote(from);

	if (!end)
		return NULL;
	for (const char *in = from; in < end; in++) {
		in += in[0] == '"';
		csv->line += *in == '\n' || (in[0] == '\r' && in[1] != '\n');
		*out++ = *in;
	}
	csv->at = (char *)end + 1;
	csv->at += strspn(csv->at, " ");
	*out = '\0';
	return from;
}

static char *cut_bare(struct csv *csv)
{
	char *from = csv->at;

	while (*csv->at && *csv->at != csv->separator && !is_break(*csv->at))
		csv->at++;
	return from;
}

static int spoil(struct csv *csv, int line, const char *text)
{
	findings_add(csv->findings, SEVERITY_ERROR, csv->file, line, 0, "CSV_SYNTAX", NULL, "%s",
		     text);
	while (*csv->at && !is_break(*csv->at))
		csv->at++;
	if (*csv->at)
		csv->at = after_break(csv, csv->at);
	return -EINVAL;
}

/** One row, blank or not. */
static int cut_row(struct csv *csv, struct csv_row *row)
{
	row->line = csv->line;
	row->n = 0;
	for (;;) {
		char *field, *end;

		if (row->n == CSV_FIELDS_MAX)
			return spoil(csv, row->line, "一行超过 64 列；可删去多余的列");
		field = *csv->at == '"' ? cut_quoted(csv) : cut_bare(csv);
		if (!field)
			return spoil(csv, csv->line,
				     "引号没有配对；可补上右引号，文字里的引号写两个");
		end = csv->at;
		if (*end && *end != csv->separator && !is_break(*end))
			return spoil(
				csv, row->line,
				"右引号后面还有文字；可把整格用引号括起来，文字里的引号写两个");
		if (is_break(*end))
			csv->at = after_break(csv, end);
		else if (*end)
			csv->at++;
		else
			csv->at = NULL; /* the end; the terminator is about to be shared */

		bool more = csv->at && *end == csv->separator;

		*end = '\0';
		row->fields[row->n++] = trim(field, strlen(field));
		if (!csv->at)
			csv->at = end;
		if (!more)
			return 1;
	}
}

int csv_next(struct csv *csv, struct csv_row *row)
{
	while (*csv->at) {
		int rc = cut_row(csv, row);

		if (rc < 0)
			return rc;
		for (unsigned i = 0; i < row->n; i++)
			if (*row->fields[i])
				return rc;
	}
	return 0;
}
