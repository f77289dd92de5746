/*
 * csv.c - decoding and cutting of tables (RFC 4180 as spreadsheets practise it).
 *
 * UTF-8 is read where it lies; only the fields of one row are copied, over those of the row before: a
 * table of 100,000 rows costs no memory.
 */
#include "daemon/campaign/csv.h"

#include <errno.h>
#include <string.h>

#include "daemon/campaign/address.h"

#define BOM "\xef\xbb\xbf"
#define ROW_BYTES_FIRST 1024

/* What a byte is to the cutter. */
enum { CLASS_PLAIN, CLASS_CONTROL, CLASS_STOP };

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

static bool goes_on(char c)
{
	return ((guchar)c & 0xc0) == 0x80;
}

/**
 * The end of the valid UTF-8 at @p. ASCII and nearly all Chinese are seen at a glance, the rest is
 * GLib's: a large table is read at every start, and takes it four times as long.
 */
static const char *valid_end(const char *p, const char *end)
{
	while (p < end) {
		guchar lead = (guchar)*p;

		if (lead < 0x80)
			p++;
		else if (lead >= 0xe1 && lead <= 0xec && end - p >= 3 && goes_on(p[1]) &&
			 goes_on(p[2]))
			p += 3;
		else if ((gint32)g_utf8_get_char_validated(p, end - p) >= 0)
			p = g_utf8_next_char(p);
		else
			break;
	}
	return p;
}

static int decode(struct csv *csv, const char *bytes, size_t size)
{
	const char *bad = NULL;
	gsize length = 0;
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
	csv->at = bytes;
	csv->end = bytes + size;
	bad = valid_end(bytes, csv->end);
	if (bad == csv->end)
		return 0;
	if (!marked && !is_damaged_utf8(bytes, bad, bytes + size))
		csv->decoded =
			g_convert(bytes, (gssize)size, "UTF-8", "GB18030", NULL, &length, NULL);
	if (!csv->decoded)
		return refuse(csv, line_at(bytes, bad),
			      "有既不是 UTF-8 也不是 GB18030 的字符，文件可能不完整；"
			      "可用 Excel 或 WPS 另存为“CSV UTF-8”");
	csv->at = csv->decoded;
	csv->end = csv->at + length;
	return 0;
}

/** A first line "sep=;" of spreadsheets. */
static void read_separator(struct csv *csv)
{
	const char *at = csv->at;

	if (csv->end - at < 5 || g_ascii_strncasecmp(at, "sep=", 4) || !strchr(",;\t", at[4]))
		return;
	csv->separator = at[4];
	at += 5;
	while (at < csv->end && *at == '\r')
		at++;
	if (at < csv->end && *at == '\n')
		at++;
	csv->at = at;
	csv->line++;
}

int csv_init(struct csv *csv, const char *file, const char *bytes, size_t size,
	     struct findings *findings)
{
	int rc;

	*csv = (struct csv){.file = file, .findings = findings, .separator = ',', .line = 1};
	rc = decode(csv, bytes, size);
	if (rc < 0)
		return rc;
	read_separator(csv);
	for (int c = 0; c < 256; c++)
		csv->class[c] = is_control((char)c) ? CLASS_CONTROL : CLASS_PLAIN;
	csv->class[(guchar)csv->separator] = csv->class['\r'] = csv->class['\n'] = CLASS_STOP;
	return 0;
}

void csv_fini(struct csv *csv)
{
	g_clear_pointer(&csv->decoded, g_free);
	g_clear_pointer(&csv->row, g_free);
	csv->at = csv->end = NULL;
}

/* ---- one row: its fields stand in csv->row, each with a terminator ------------ */

static bool begins_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\xe3' || c == '\xc2';
}

static bool ends_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\x80' || c == '\xa0';
}

/** Remove blanks (also the ideographic and the non-breaking one) around a field of @length. */
static char *trim(char *field, size_t length)
{
	static const char *const blanks[] = {" ", "\t", "\xe3\x80\x80", "\xc2\xa0"};
	bool again = length > 0 && (begins_blank(field[0]) || ends_blank(field[length - 1]));

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

/** Step over the line break that csv->at stands at. */
static void step_over_break(struct csv *csv)
{
	bool pair = csv->at[0] == '\r' && csv->end - csv->at > 1 && csv->at[1] == '\n';

	csv->line++;
	csv->at += pair ? 2 : 1;
}

static bool is_break(char c)
{
	return c == '\r' || c == '\n';
}

static bool at_break(const struct csv *csv)
{
	return csv->at < csv->end && is_break(*csv->at);
}

/** Room for @n bytes and a terminator behind what the row has already. */
static char *row_room(struct csv *csv, size_t n)
{
	if (csv->used + n + 1 > csv->room) {
		csv->room = MAX(2 * (csv->used + n + 1), ROW_BYTES_FIRST);
		csv->row = g_realloc(csv->row, csv->room);
	}
	return csv->row + csv->used;
}

/** The closing quote of the field that begins at @from, or NULL. */
static const char *closing_quote(const struct csv *csv, const char *from)
{
	const char *end = from + MIN((size_t)(csv->end - from), CSV_FIELD_BYTES_MAX + 1);

	for (const char *in = from; in < end; in++) {
		if (in[0] == '"' && in + 1 < csv->end && in[1] == '"')
			in++;
		else if (*in == '"')
			return in;
	}
	return NULL;
}

/**
 * Take the quoted field whose opening quote is at csv->at. Leaves csv->at behind the closing
 * quote and the blanks after it. -EINVAL, with nothing changed, when there is no closing quote.
 */
static int take_quoted(struct csv *csv, size_t *length_out, bool *controls)
{
	const char *from = csv->at + 1, *end = closing_quote(csv, from);
	char *out;
	size_t n = 0;

	if (!end)
		return -EINVAL;
	out = row_room(csv, (size_t)(end - from));
	for (const char *in = from; in < end; in++) {
		in += in[0] == '"';
		csv->line += *in == '\n' || (in[0] == '\r' && in[1] != '\n');
		*controls |= is_control(*in);
		out[n++] = *in;
	}
	csv->at = end + 1;
	while (csv->at < csv->end && *csv->at == ' ')
		csv->at++;
	*length_out = n;
	return 0;
}

static void take_bare(struct csv *csv, size_t *length_out, bool *controls)
{
	const char *from = csv->at, *at = from, *end = csv->end;
	const guint8 *classes = csv->class;
	guint8 class, seen = CLASS_PLAIN;

	for (; at < end && (class = classes[(guchar)*at]) != CLASS_STOP; at++)
		seen |= class;
	*controls |= seen != CLASS_PLAIN;
	csv->at = at;
	*length_out = (size_t)(at - from);
	memcpy(row_room(csv, *length_out), from, *length_out);
}

static int spoil(struct csv *csv, int line, const char *text)
{
	findings_add(csv->findings, SEVERITY_ERROR, csv->file, line, 0, "CSV_SYNTAX", NULL, "%s",
		     text);
	while (csv->at < csv->end && !is_break(*csv->at))
		csv->at++;
	if (at_break(csv))
		step_over_break(csv);
	return -EINVAL;
}

/** The field at csv->at, into the row; csv->at is left behind it. */
static int take_field(struct csv *csv, const struct csv_row *row, size_t *start_out, bool *controls)
{
	size_t length;
	char *field;

	if (row->n == CSV_FIELDS_MAX)
		return spoil(csv, row->line, "一行超过 64 列；可删去多余的列");
	if (csv->at == csv->end || *csv->at != '"')
		take_bare(csv, &length, controls);
	else if (take_quoted(csv, &length, controls) < 0)
		return spoil(csv, csv->line, "引号没有配对；可补上右引号，文字里的引号写两个");
	if (csv->at < csv->end && csv->class[(guchar)*csv->at] != CLASS_STOP)
		return spoil(csv, row->line,
			     "右引号后面还有文字；可把整格用引号括起来，文字里的引号写两个");
	field = csv->row + csv->used;
	*start_out = csv->used + (size_t)(trim(field, length) - field);
	csv->used += length + 1;
	return 0;
}

/** One row, blank or not. */
static int cut_row(struct csv *csv, struct csv_row *row)
{
	size_t starts[CSV_FIELDS_MAX];
	bool more;

	row->line = csv->line;
	row->n = 0;
	row->controls = false;
	csv->used = 0;
	do {
		size_t start = 0;
		int rc = take_field(csv, row, &start, &row->controls);

		if (rc < 0)
			return rc;
		starts[row->n++] = start;
		more = csv->at < csv->end && !is_break(*csv->at);
		csv->at += more;
	} while (more);
	if (at_break(csv))
		step_over_break(csv);
	for (unsigned i = 0; i < row->n; i++) /* csv->row stays where it is from here on */
		row->fields[i] = csv->row + starts[i];
	return 1;
}

int csv_next(struct csv *csv, struct csv_row *row)
{
	while (csv->at < csv->end) {
		int rc = cut_row(csv, row);

		if (rc < 0)
			return rc;
		for (unsigned i = 0; i < row->n; i++)
			if (*row->fields[i])
				return rc;
	}
	return 0;
}
