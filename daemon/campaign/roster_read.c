/*
 * roster_read.c - a table of shifts, as people type it, to rows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/campaign/address.h"
#include "daemon/campaign/csv.h"
#include "daemon/campaign/roster_table.h"

#define PERSON_BYTES_MAX 120
#define SERIAL_EPOCH (-25569) /* day 0 of a spreadsheet, 1899-12-30, as date_t */
#define SERIAL_MIN 20000
#define SERIAL_MAX 80000
#define MINUTES 1440

enum column { COL_DATE, COL_FROM, COL_TO, COL_ROLE, COL_PERSON, COL_EMAIL, COLUMNS };

static const char *const names[COLUMNS][8] = {
	[COL_DATE] = {"date", "日期", "值班日期", NULL},
	[COL_FROM] = {"from", "起", "从", "开始", "开始时间", "起始时间", "上班时间", NULL},
	[COL_TO] = {"to", "止", "到", "结束", "结束时间", "终止时间", "下班时间", NULL},
	[COL_ROLE] = {"role", "岗位", "职责", "角色", "类别", NULL},
	[COL_PERSON] = {"person", "姓名", "人员", "值班人员", "值班人", NULL},
	[COL_EMAIL] = {"email", "邮箱", "邮件", "电子邮箱", "电子邮件", "联系邮箱", NULL},
};

struct reading {
	const char *file;
	struct findings *findings;
	int at[COLUMNS];         /* index of the column, -1 = there is none */
	char *above[COL_ROLE];   /* what stood there last: cells that were merged are empty */
	int merged, merged_line; /* how many were filled from above; the first one's line */
	GArray *rows;
};

static void complain(const struct reading *r, int line, int column, const char *code,
		     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void complain(const struct reading *r, int line, int column, const char *code,
		     const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(r->findings, SEVERITY_ERROR, r->file, line, column, code, NULL, "%s", text);
}

static int column_of(const char *title)
{
	for (int c = 0; c < COLUMNS; c++)
		for (int i = 0; names[c][i] != NULL; i++)
			if (g_ascii_strcasecmp(names[c][i], title) == 0)
				return c;
	return -1;
}

static bool read_header(struct reading *r, const struct csv_row *row)
{
	bool good = true;

	for (int c = 0; c < COLUMNS; c++)
		r->at[c] = -1;
	for (unsigned i = 0; i < row->n; i++) {
		int c = column_of(row->fields[i]);

		if (c >= 0 && r->at[c] >= 0) {
			complain(r, row->line, (int)i + 1, "ROSTER_COLUMN", "“%s”这一列出现了两次",
				 row->fields[i]);
			good = false;
		} else if (c >= 0) {
			r->at[c] = (int)i;
		} else if (row->fields[i][0] != 0) {
			findings_add(r->findings, SEVERITY_WARNING, r->file, row->line, (int)i + 1,
				     "ROSTER_UNREAD", NULL, "“%.40s”这一列不会被读",
				     row->fields[i]);
		}
	}
	for (int c = 0; c < COL_EMAIL; c++)
		if (r->at[c] < 0) {
			complain(r, row->line, 0, "ROSTER_COLUMN", "表头缺“%s”（%s）这一列",
				 names[c][1], names[c][0]);
			good = false;
		}
	return good;
}

static const char *field(const struct reading *r, const struct csv_row *row, enum column c)
{
	const char *text =
		r->at[c] < 0 || (unsigned)r->at[c] >= row->n ? "" : row->fields[r->at[c]];

	/* ' says to a spreadsheet that this is text. */
	return text[0] == '\'' && text[1] != 0 && strchr("=+-@", text[1]) != NULL ? text + 1 : text;
}

/* Date and hours: an empty cell below one that was merged over several rows means the same. */
static const char *field_or_above(struct reading *r, const struct csv_row *row, enum column c)
{
	const char *text = field(r, row, c);

	if (text[0] == 0 && r->above[c] != NULL) {
		if (r->merged++ == 0)
			r->merged_line = row->line;
		return r->above[c];
	}
	if (text[0] != 0) {
		g_free(r->above[c]);
		r->above[c] = g_strdup(text);
	}
	return text;
}

/* Nothing, or the midnight that some programs write behind a day. */
static bool is_midnight(const char *text)
{
	static const char *const forms[] = {"",          " 0:00",     " 00:00",        " 0:00:00",
					    " 00:00:00", "T00:00:00", "T00:00:00.000", NULL};

	for (int i = 0; forms[i] != NULL; i++)
		if (strcmp(text, forms[i]) == 0)
			return true;
	return false;
}

static bool parse_date(const char *text, date_t *out)
{
	g_autofree char *dashed = NULL;
	int y, m, d, n = 0;
	char *end;
	long serial = strtol(text, &end, 10);

	/* A serial; its fraction is an hour, which the day does not mind. */
	if (end != text && (*end == 0 || *end == '.') &&
	    strspn(end, ".0123456789") == strlen(end) && serial >= SERIAL_MIN &&
	    serial <= SERIAL_MAX) {
		*out = (date_t)(SERIAL_EPOCH + serial);
		return true;
	}
	if (sscanf(text, "%4d年%2d月%2d日%n", &y, &m, &d, &n) != 3 || !is_midnight(text + n)) {
		n = 0;
		if (sscanf(text, "%4d%*1[/.-]%2d%*1[/.-]%2d%n", &y, &m, &d, &n) != 3 ||
		    !is_midnight(text + n))
			return date_parse(text, out);
	}
	dashed = g_strdup_printf("%04d-%02d-%02d", y, m, d);
	return date_parse(dashed, out);
}

/* Digits behind "0." of a day's fraction, as a spreadsheet stores 08:30; -1 if it is none. */
static int parse_fraction(const char *text)
{
	int64_t value = 0, scale = 1;
	size_t whole;

	if (strcmp(text, "0") == 0 || strcmp(text, "1") == 0)
		return text[0] == '1' ? MINUTES : 0;
	whole = strspn(text, "0123456789");
	/* With a date before it, it is a moment of that day. */
	if (text[whole] != '.' || (strncmp(text, "0.", 2) != 0 && whole != 5) ||
	    text[whole + 1] == 0 ||
	    strspn(text + whole + 1, "0123456789") != strlen(text + whole + 1))
		return -1;
	for (const char *p = text + whole + 1; *p != 0 && scale < 1000000000; p++) {
		value = value * 10 + (*p - '0');
		scale *= 10;
	}
	return (int)((value * MINUTES + scale / 2) / scale);
}

static int parse_time(const char *text)
{
	int h, m, n = 0;

	if ((sscanf(text, "%2d:%2d%n", &h, &m, &n) == 2 ||
	     sscanf(text, "%2d：%2d%n", &h, &m, &n) == 2) &&
	    n > 0 && (text[n] == 0 || strcmp(text + n, ":00") == 0) && h >= 0 && m >= 0 && m < 60 &&
	    h * 60 + m <= MINUTES)
		return h * 60 + m;
	return parse_fraction(text);
}

/* 1 leads, 0 serves, -1 neither. */
static int parse_role(const char *text)
{
	static const char *const lead[] = {"带班", "带班领导", "leader", "L2", NULL},
				 *const staff[] = {"值班",  "值班人员", "值班员",
						   "staff", "L1",       NULL};

	for (int i = 0; lead[i] != NULL; i++)
		if (g_ascii_strcasecmp(lead[i], text) == 0)
			return 1;
	for (int i = 0; staff[i] != NULL; i++)
		if (g_ascii_strcasecmp(staff[i], text) == 0)
			return 0;
	return -1;
}

/* Why @text is nobody's name; NULL: it may be one. */
static const char *not_a_name(const char *text)
{
	static const char *const between[] = {"、", "，", "；", "/"};

	if (text[0] == 0)
		return "没有写是谁";
	if (text[0] == '#')
		return "这一格的公式没有算出姓名";
	for (const char *p = text; *p != 0; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "姓名太长，或含有控制字符";
	for (size_t i = 0; i < G_N_ELEMENTS(between); i++)
		if (strstr(text, between[i]) != NULL)
			return "一格里写了几个人；请一人写一行";
	return strlen(text) > PERSON_BYTES_MAX ? "姓名太长，或含有控制字符" : NULL;
}

static void read_row(struct reading *r, const struct csv_row *row)
{
	const char *date = field_or_above(r, row, COL_DATE),
		   *from = field_or_above(r, row, COL_FROM), *to = field_or_above(r, row, COL_TO),
		   *role = field(r, row, COL_ROLE), *person = field(r, row, COL_PERSON),
		   *email = field(r, row, COL_EMAIL);
	int a = parse_time(from), b = parse_time(to), leads = parse_role(role);
	struct roster_row x = {.line = row->line};
	unsigned before = r->findings->errors;
	date_t day = 0;

	if (!parse_date(date, &day))
		complain(r, row->line, r->at[COL_DATE] + 1, "ROSTER_DATE",
			 "“%.40s”不是日期；应是 2019-10-01 的样子", date);
	if (a < 0 || a == MINUTES)
		complain(r, row->line, r->at[COL_FROM] + 1, "ROSTER_TIME",
			 "“%.40s”不是时刻；应是 08:00 的样子", from);
	if (b < 0)
		complain(r, row->line, r->at[COL_TO] + 1, "ROSTER_TIME",
			 "“%.40s”不是时刻；应是 08:00 的样子，到半夜写 24:00", to);
	if (leads < 0)
		complain(r, row->line, r->at[COL_ROLE] + 1, "ROSTER_ROLE",
			 "“%.40s”：应是 带班 或 值班", role);
	if (not_a_name(person) != NULL)
		complain(r, row->line, r->at[COL_PERSON] + 1, "ROSTER_PERSON", "%s",
			 not_a_name(person));
	if (email[0] != 0 && !address_is_good(email, false))
		complain(r, row->line, r->at[COL_EMAIL] + 1, "BAD_ADDRESS",
			 "“%.60s”不是一个邮箱地址", email);
	if (r->findings->errors > before)
		return;
	x.from = local_at(day, a * 60);
	x.to = local_at(day, b * 60) + (b <= a ? DAY_SECONDS : 0);
	x.leader = leads == 1;
	x.person = g_strdup(person);
	x.email = g_strdup(email);
	g_array_append_val(r->rows, x);
}

/* The same shift of the same person twice is a slip of the hand. */
static void look_for_twins(struct reading *r)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < r->rows->len; i++) {
		const struct roster_row *x = &g_array_index(r->rows, struct roster_row, i);
		char *key = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s %s",
					    x->from, x->to, x->person, x->email);
		int line = GPOINTER_TO_INT(g_hash_table_lookup(seen, key));

		if (line != 0) {
			complain(r, x->line, 0, "ROSTER_TWICE", "与第 %d 行是同一个人的同一班",
				 line);
			g_free(key);
		} else {
			g_hash_table_insert(seen, key, GINT_TO_POINTER(x->line));
		}
	}
}

int roster_rows_read(const char *file, const char *bytes, size_t size, GArray **out,
		     struct findings *findings)
{
	struct reading r = {.file = file, .findings = findings, .rows = roster_rows_new()};
	unsigned before = findings->errors;
	struct csv_row row;
	struct csv csv;
	int rc = csv_init(&csv, file, bytes, size, findings);

	if (rc == 0)
		rc = csv_next(&csv, &row);
	if (rc == 0)
		complain(&r, 1, 0, "ROSTER_COLUMN",
			 "表是空的；第一行应是表头：日期,起,止,岗位,姓名,邮箱");
	if (rc > 0 && read_header(&r, &row)) {
		while ((rc = csv_next(&csv, &row)) != 0 && r.rows->len < ROSTER_ROWS_MAX)
			if (rc > 0)
				read_row(&r, &row);
		if (r.rows->len >= ROSTER_ROWS_MAX)
			complain(&r, row.line, 0, "TOO_MANY", "超过 %d 班", ROSTER_ROWS_MAX);
		else if (r.rows->len == 0 && findings->errors == before)
			complain(&r, 0, 0, "EMPTY_ROSTER", "表头以下一班也没有");
		look_for_twins(&r);
	}
	csv_fini(&csv);
	if (r.merged > 0)
		findings_add(
			findings, SEVERITY_WARNING, file, r.merged_line, 0, "ROSTER_MERGED", NULL,
			"从这一行起有 %d 格日期、起止时间是空的，照上一行的算（合并了的单元格）；"
			"请在预览里核对",
			r.merged);
	for (int c = 0; c < COL_ROLE; c++)
		g_free(r.above[c]);
	if (findings->errors > before) {
		g_array_unref(r.rows);
		return -EINVAL;
	}
	*out = r.rows;
	return 0;
}
