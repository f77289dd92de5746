/*
 * holidays_read.c - a published table of holidays, JSON or CSV, to days.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "daemon/campaign/csv.h"
#include "daemon/campaign/holidays.h"

#define YEAR_MIN 1990
#define YEAR_MAX 2100

struct reader {
	const char *file;
	struct findings *findings;
	struct holidays *h;
};

static void complain(const struct reader *r, int line, int column, const char *code,
		     const char *text)
{
	findings_add(r->findings, SEVERITY_ERROR, r->file, line, column, code, NULL, "%s", text);
}

static void add_day(struct reader *r, date_t day, bool work, const char *name)
{
	struct holiday h = {day, work, g_strdup(name)};

	g_strstrip(h.name);
	g_array_append_val(r->h->days, h);
}

static void add_year(struct holidays *h, int year)
{
	for (guint i = 0; i < h->years->len; i++)
		if (g_array_index(h->years, int, i) == year)
			return;
	g_array_append_val(h->years, year);
}

static void clear_day(gpointer data)
{
	g_free(((struct holiday *)data)->name);
}

void holidays_free(struct holidays **h)
{
	if (*h == NULL)
		return;
	g_array_unref((*h)->days);
	g_array_unref((*h)->years);
	g_free(*h);
	*h = NULL;
}

static gint by_day(gconstpointer a, gconstpointer b)
{
	const struct holiday *x = a, *y = b;

	return x->day < y->day ? -1 : x->day > y->day;
}

static gint by_number(gconstpointer a, gconstpointer b)
{
	return *(const int *)a - *(const int *)b;
}

static char *date_text(date_t day)
{
	int y, m, d;

	date_split(day, &y, &m, &d);
	return g_strdup_printf("%04d-%02d-%02d", y, m, d);
}

/* By day, each once; the same day as both is an error. */
static void put_in_order(struct reader *r)
{
	GArray *days = r->h->days;

	g_array_sort(days, by_day);
	g_array_sort(r->h->years, by_number);
	for (guint i = 1; i < days->len;) {
		const struct holiday *a = &g_array_index(days, struct holiday, i - 1),
				     *b = &g_array_index(days, struct holiday, i);

		if (a->day != b->day) {
			i++;
			continue;
		}
		if (a->work != b->work) {
			g_autofree char *date = date_text(a->day);
			g_autofree char *text = g_strdup_printf("%s 既写了放假又写了上班", date);

			complain(r, 0, 0, "HOLIDAY_TWICE", text);
		}
		g_array_remove_index(days, i);
	}
}

/* ---- JSON ---------------------------------------------------------------- */

static void read_entry(struct reader *r, const json_t *e, size_t at, int year)
{
	const char *date = json_string_value(json_object_get(e, "date")),
		   *name = json_string_value(json_object_get(e, "name"));
	const json_t *off = json_object_get(e, "isOffDay");
	g_autofree char *text = NULL;
	int y = 0, m = 0, d = 0;
	date_t day = 0;

	if (date != NULL && strlen(date) == 10 && date_parse(date, &day))
		date_split(day, &y, &m, &d);
	if (y == 0)
		text = g_strdup_printf("days 的第 %zu 个：date 应是 2027-10-01 这样的日期", at + 1);
	else if (!json_is_boolean(off))
		text = g_strdup_printf(
			"days 的第 %zu 个（%s）：isOffDay 应是 true（放假）或 false（上班）",
			at + 1, date);
	else if (y != year && !(y == year - 1 && m == 12))
		text = g_strdup_printf("days 的第 %zu 个（%s）不在 %d 年的表该有的范围里", at + 1,
				       date, year);
	if (text != NULL) {
		complain(r, 0, 0, "HOLIDAY_BAD", text);
		return;
	}
	add_day(r, day, !json_is_true(off), name == NULL ? "" : name);
}

static void read_json(struct reader *r, const char *bytes, size_t size)
{
	json_error_t why;
	json_t *j = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &why);
	const json_t *days = json_object_get(j, "days");
	json_int_t year = json_integer_value(json_object_get(j, "year"));
	g_autofree char *text = NULL;

	if (j == NULL) {
		text = g_strdup_printf("不是 JSON：%s", why.text);
		complain(r, why.line, why.column, "HOLIDAY_JSON", text);
	} else if (year < YEAR_MIN || year > YEAR_MAX) {
		complain(r, 0, 0, "HOLIDAY_YEAR", "缺 year，或不是一个年份");
	} else if (!json_is_array(days) || json_array_size(days) > HOLIDAYS_DAYS_MAX) {
		complain(r, 0, 0, "HOLIDAY_JSON", "缺 days，或长得离谱");
	} else if (json_array_size(days) == 0) {
		text = g_strdup_printf("%d 年的表还没有公布（一天也没有），没有可导入的",
				       (int)year);
		complain(r, 0, 0, "HOLIDAY_EMPTY", text);
	} else {
		add_year(r->h, (int)year);
		for (size_t i = 0; i < json_array_size(days); i++)
			read_entry(r, json_array_get(days, i), i, (int)year);
	}
	json_decref(j);
}

/* ---- CSV ----------------------------------------------------------------- */

/* 1 a make-up day, 0 a day off, -1 neither. */
static int kind_of(const char *word)
{
	static const char *const off[] = {"off", "休", "放假", "休息", "true", NULL},
				 *const work[] = {"work",     "班",    "上班", "补班",
						  "调休上班", "false", NULL};

	for (int i = 0; off[i] != NULL; i++)
		if (g_ascii_strcasecmp(word, off[i]) == 0)
			return 0;
	for (int i = 0; work[i] != NULL; i++)
		if (g_ascii_strcasecmp(word, work[i]) == 0)
			return 1;
	return -1;
}

static bool read_date(const char *text, date_t *out)
{
	int y, m, d, n = 0;
	g_autofree char *plain = NULL;

	if (date_parse(text, out))
		return true;
	/* 2027/10/1 and 2027年10月1日, as spreadsheets show it */
	if (sscanf(text, "%4d年%2d月%2d日%n", &y, &m, &d, &n) != 3 || n == 0 || text[n] != 0) {
		n = 0;
		if (sscanf(text, "%4d%*1[/.-]%2d%*1[/.-]%2d%n", &y, &m, &d, &n) != 3 ||
		    text[n] != 0)
			return false;
	}
	plain = g_strdup_printf("%04d-%02d-%02d", y, m, d);
	return date_parse(plain, out);
}

static void read_row(struct reader *r, const struct csv_row *row)
{
	const char *kind = row->n > 1 ? row->fields[1] : "";
	int work = kind_of(kind), y, m, d;
	g_autofree char *text = NULL;
	date_t day;

	if (!read_date(row->fields[0], &day)) {
		text = g_strdup_printf("“%.40s”不是日期；应是 2027-10-01 的样子", row->fields[0]);
		complain(r, row->line, 1, "HOLIDAY_BAD", text);
		return;
	}
	date_split(day, &y, &m, &d);
	if (work < 0) {
		text = g_strdup_printf("“%.40s”：应是 off（休）或 work（班）", kind);
		complain(r, row->line, 2, "HOLIDAY_BAD", text);
	} else if (y < YEAR_MIN || y > YEAR_MAX) {
		complain(r, row->line, 1, "HOLIDAY_BAD", "年份离谱");
	} else {
		add_year(r->h, m == 12 ? y + 1 : y);
		add_day(r, day, work == 1, row->n > 2 ? row->fields[2] : "");
	}
}

static void read_csv(struct reader *r, const char *bytes, size_t size)
{
	struct csv csv;
	struct csv_row row;
	bool first = true;
	int rc = csv_init(&csv, r->file, bytes, size, r->findings);

	if (rc == 0)
		rc = 1;
	while (rc != 0 && (rc = csv_next(&csv, &row)) != 0) {
		/* A header is a first row that has no digit where the date should be. */
		bool header = rc > 0 && first && strpbrk(row.fields[0], "0123456789") == NULL;

		if (rc > 0 && !header && row.fields[0][0] != '#')
			read_row(r, &row);
		first = first && rc < 0;
		if (r->h->days->len > HOLIDAYS_DAYS_MAX) {
			complain(r, row.line, 0, "HOLIDAY_CSV", "长得离谱");
			break;
		}
	}
	csv_fini(&csv);
	if (r->h->days->len == 0 && r->findings->errors == 0)
		complain(r, 0, 0, "HOLIDAY_EMPTY", "一天也没有，没有可导入的");
}

int holidays_read(const char *file, const char *bytes, size_t size, struct holidays **out,
		  struct findings *findings)
{
	struct reader r = {file, findings, g_new0(struct holidays, 1)};
	unsigned before = findings->errors;
	const char *p = bytes, *end = bytes + size;

	r.h->days = g_array_new(FALSE, FALSE, sizeof(struct holiday));
	g_array_set_clear_func(r.h->days, clear_day);
	r.h->years = g_array_new(FALSE, FALSE, sizeof(int));
	if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end && strchr(" \t\r\n", *p) != NULL)
		p++;
	if (size > HOLIDAYS_BYTES_MAX)
		complain(&r, 0, 0, "FILE_TOO_BIG", "文件超过 1 MiB，不像节假日表");
	else if (p < end && (*p == '{' || *p == '['))
		read_json(&r, p, (size_t)(end - p));
	else
		read_csv(&r, bytes, size);
	put_in_order(&r);
	if (findings->errors > before) {
		holidays_free(&r.h);
		return -EINVAL;
	}
	*out = r.h;
	return 0;
}
