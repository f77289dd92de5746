/*
 * xlsx.c - libzip takes the parts out, libxml2's reader walks them; no tree is ever built.
 */
#include "xlsx.h"

#include <errno.h>
#include <glib.h>
#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <string.h>
#include <zip.h>

#define NOT_COMPUTED "#公式没有算出的值，请用 Excel 或 WPS 打开后再保存"
#define DAYS_1904 1462 /* 1904-01-01 counted from 1899-12-30 */
#define DAYS_MIN 18000 /* 1953, counted from 1904 */
#define DAYS_MAX 80000

struct workbook {
	zip_t *zip;
	size_t inflated;
	GPtrArray *strings; /* shared ones, char * */
	bool from_1904;     /* its days are counted from 1904, as old Macs did */
	struct err *err;
};

static int refuse(struct workbook *w, int code, const char *words)
{
	return err_set(w->err, code, "%s", words);
}

/* ---- parts ---- */

/* 1 and the bytes; 0 if there is no such part; -errno. */
static int part_read(struct workbook *w, const char *name, char **out, size_t *size)
{
	zip_file_t *f = zip_fopen(w->zip, name, 0);
	GByteArray *bytes;
	guint8 chunk[16384];
	zip_int64_t n;

	if (f == NULL)
		return zip_error_code_zip(zip_get_error(w->zip)) == ZIP_ER_NOENT
			       ? 0
			       : refuse(w, -EINVAL, "表格损坏或加了密，读不出来");
	bytes = g_byte_array_new();
	/* The directory's word about sizes is not trusted: what comes out is counted. */
	while ((n = zip_fread(f, chunk, sizeof(chunk))) > 0 && w->inflated <= XLSX_INFLATED_MAX) {
		w->inflated += (size_t)n;
		g_byte_array_append(bytes, chunk, (guint)n);
	}
	(void)zip_fclose(f);
	if (n < 0 || w->inflated > XLSX_INFLATED_MAX) {
		g_byte_array_unref(bytes);
		return n < 0 ? refuse(w, -EINVAL, "表格损坏，读不出来")
			     : refuse(w, -EFBIG, "表格展开后太大，可能是有意为难的文件");
	}
	*size = bytes->len;
	*out = (char *)g_byte_array_free(bytes, FALSE);
	if (*out == NULL)
		*out = g_strdup("");
	return 1;
}

typedef int node_fn(struct workbook *w, xmlTextReaderPtr r, void *arg);

static void be_silent(void *arg, const char *msg, xmlParserSeverities severity,
		      xmlTextReaderLocatorPtr at)
{
	(void)arg, (void)msg, (void)severity, (void)at;
}

/* Walk a part; @fn may stop it with a result below 0. 0 also if the part is absent. */
static int part_walk(struct workbook *w, const char *name, node_fn *fn, void *arg)
{
	g_autofree char *bytes = NULL;
	xmlTextReaderPtr r;
	size_t size = 0;
	int rc = part_read(w, name, &bytes, &size), more;

	if (rc <= 0)
		return rc;
	r = xmlReaderForMemory(bytes, (int)size, name, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA);
	if (r == NULL)
		return refuse(w, -EINVAL, "表格损坏，读不出来");
	xmlTextReaderSetErrorHandler(r, be_silent, NULL);
	rc = 0;
	while ((more = xmlTextReaderRead(r)) == 1 && rc >= 0)
		rc = xmlTextReaderNodeType(r) == XML_READER_TYPE_DOCUMENT_TYPE
			     ? refuse(w, -EINVAL, "表格里有不该有的文档类型声明")
			     : fn(w, r, arg);
	if (rc >= 0 && more < 0)
		rc = refuse(w, -EINVAL, "表格损坏，读不出来");
	xmlFreeTextReader(r);
	return rc;
}

static bool is_element(xmlTextReaderPtr r, const char *name)
{
	return xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT &&
	       strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static bool is_end(xmlTextReaderPtr r, const char *name)
{
	return (xmlTextReaderNodeType(r) == XML_READER_TYPE_END_ELEMENT ||
		(xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT &&
		 xmlTextReaderIsEmptyElement(r))) &&
	       strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static char *attribute(xmlTextReaderPtr r, const char *name)
{
	xmlChar *v = xmlTextReaderGetAttribute(r, (const xmlChar *)name);
	char *copy = v == NULL ? NULL : g_strdup((const char *)v);

	xmlFree(v);
	return copy;
}

static const char *text_of(xmlTextReaderPtr r)
{
	int type = xmlTextReaderNodeType(r);
	const xmlChar *v = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
					   type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE
				   ? xmlTextReaderConstValue(r)
				   : NULL;

	return v == NULL ? "" : (const char *)v;
}

/* ---- which sheet is the first ---- */

static int on_workbook(struct workbook *w, xmlTextReaderPtr r, void *arg)
{
	char **id = arg;

	if (is_element(r, "workbookPr")) {
		g_autofree char *from_1904 = attribute(r, "date1904");

		w->from_1904 = g_strcmp0(from_1904, "1") == 0 || g_strcmp0(from_1904, "true") == 0;
	}
	if (*id == NULL && is_element(r, "sheet"))
		*id = attribute(r, "r:id");
	return 0;
}

struct relation {
	const char *id;
	char *target;
};

static int on_relation(struct workbook *w, xmlTextReaderPtr r, void *arg)
{
	struct relation *x = arg;
	g_autofree char *id = is_element(r, "Relationship") ? attribute(r, "Id") : NULL;

	(void)w;
	if (x->target == NULL && g_strcmp0(id, x->id) == 0 && id != NULL)
		x->target = attribute(r, "Target");
	return 0;
}

static int first_sheet(struct workbook *w, char **out)
{
	g_autofree char *id = NULL;
	struct relation x = {0};
	int rc = part_walk(w, "xl/workbook.xml", on_workbook, &id);

	x.id = id;
	if (rc >= 0 && id != NULL)
		rc = part_walk(w, "xl/_rels/workbook.xml.rels", on_relation, &x);
	if (x.target == NULL)
		*out = g_strdup("xl/worksheets/sheet1.xml");
	else
		*out = x.target[0] == '/' ? g_strdup(x.target + 1)
					  : g_strconcat("xl/", x.target, NULL);
	g_free(x.target);
	return rc;
}

/* ---- shared strings ---- */

struct strings {
	GString *text;
	unsigned reading; /* guides of pronunciation are not read */
	bool inside;
};

static int on_string(struct workbook *w, xmlTextReaderPtr r, void *arg)
{
	struct strings *s = arg;

	if (is_element(r, "rPh") && !xmlTextReaderIsEmptyElement(r))
		s->reading++;
	else if (is_end(r, "rPh") && s->reading > 0)
		s->reading--;
	if (is_element(r, "t"))
		s->inside = !xmlTextReaderIsEmptyElement(r);
	else if (is_end(r, "t"))
		s->inside = false;
	else if (s->inside && s->reading == 0)
		g_string_append(s->text, text_of(r));
	if (is_end(r, "si")) {
		if (w->strings->len >= XLSX_STRINGS_MAX)
			return refuse(w, -EFBIG, "表格里的文字太多");
		g_ptr_array_add(w->strings, g_strdup(s->text->str));
		g_string_truncate(s->text, 0);
	}
	return 0;
}

/* ---- the sheet ---- */

struct sheet {
	GString *csv, *cell;
	unsigned row, column; /* written so far: lines, cells of this line */
	unsigned at;          /* column of the cell that is open, from 1 */
	char *type;
	bool inside, formula;
};

/* "AB12" -> 28; 0 if it is none. */
static unsigned column_of(const char *ref)
{
	unsigned n = 0;

	for (; ref != NULL && *ref >= 'A' && *ref <= 'Z' && n < 100000; ref++)
		n = n * 26 + (unsigned)(*ref - 'A' + 1);
	return n;
}

static int open_row(struct workbook *w, xmlTextReaderPtr r, struct sheet *s)
{
	g_autofree char *ref = attribute(r, "r");
	guint64 row = ref == NULL ? s->row + 1 : g_ascii_strtoull(ref, NULL, 10);

	if (row > XLSX_ROWS_MAX || row <= s->row)
		return row > XLSX_ROWS_MAX ? refuse(w, -EFBIG, "表格的行太多")
					   : refuse(w, -EINVAL, "表格损坏：行的次序乱了");
	for (; s->row < row; s->row++)
		if (s->row > 0)
			g_string_append_c(s->csv, '\n');
	s->column = 0;
	return 0;
}

/*
 * Numbers as the shortest text; 4.1666666666666664E-2 is an hour.  Days of a workbook that
 * counts from 1904 become those of all others: numbers that could be days of our times.
 */
static void say_number(const struct workbook *w, GString *out, const char *text)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE], *end = NULL;
	double v = g_ascii_strtod(text, &end);

	if (w->from_1904 && v >= DAYS_MIN && v <= DAYS_MAX)
		v += DAYS_1904;
	if (end == text || *end != 0)
		g_string_append(out, text);
	else
		g_string_append(out, g_ascii_formatd(buffer, sizeof(buffer), "%.15g", v));
}

static void say_field(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text != 0; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, (unsigned char)*text < 0x20 ? ' ' : *text);
	}
	g_string_append_c(out, '"');
}

static int close_cell(struct workbook *w, struct sheet *s)
{
	g_autoptr(GString) value = g_string_new(NULL);

	if (s->at == 0 || s->at <= s->column || s->at > XLSX_COLUMNS_MAX || s->row == 0)
		return s->at > XLSX_COLUMNS_MAX
			       ? (s->cell->len == 0 ? 0 : refuse(w, -EFBIG, "表格的列太多"))
			       : refuse(w, -EINVAL, "表格损坏：单元格的次序乱了");
	if (g_strcmp0(s->type, "s") == 0) {
		guint64 i = g_ascii_strtoull(s->cell->str, NULL, 10);

		if (i >= w->strings->len)
			return refuse(w, -EINVAL, "表格损坏：引用了没有的文字");
		g_string_assign(value, w->strings->pdata[i]);
	} else if (s->type == NULL || strcmp(s->type, "n") == 0) {
		if (s->formula && s->cell->len == 0)
			g_string_assign(value, NOT_COMPUTED);
		else
			say_number(w, value, s->cell->str);
	} else {
		g_string_assign(value, s->cell->str);
	}
	for (; s->column < s->at; s->column++)
		if (s->column > 0)
			g_string_append_c(s->csv, ',');
	if (value->len > 0)
		say_field(s->csv, value->str);
	return s->csv->len > XLSX_CSV_MAX ? refuse(w, -EFBIG, "表格太大") : 0;
}

static int on_sheet(struct workbook *w, xmlTextReaderPtr r, void *arg)
{
	struct sheet *s = arg;
	int rc = 0;

	if (is_element(r, "row")) {
		rc = open_row(w, r, s);
	} else if (is_element(r, "c")) {
		g_autofree char *ref = attribute(r, "r");

		g_free(s->type);
		s->type = attribute(r, "t");
		s->at = ref == NULL ? s->column + 1 : column_of(ref);
		s->formula = false;
		g_string_truncate(s->cell, 0);
	} else if (is_element(r, "f")) {
		s->formula = true;
	} else if (is_element(r, "v") || is_element(r, "t")) {
		s->inside = !xmlTextReaderIsEmptyElement(r);
	} else if (is_end(r, "v") || is_end(r, "t")) {
		s->inside = false;
	} else if (s->inside) {
		g_string_append(s->cell, text_of(r));
	}
	if (rc >= 0 && is_end(r, "c"))
		rc = close_cell(w, s);
	return rc;
}

static int convert(struct workbook *w, char **out)
{
	struct strings strings = {.text = g_string_new(NULL)};
	struct sheet sheet = {.csv = g_string_new(NULL), .cell = g_string_new(NULL)};
	g_autofree char *name = NULL;
	int rc;

	if (zip_get_num_entries(w->zip, 0) > XLSX_ENTRIES_MAX)
		rc = refuse(w, -EFBIG, "压缩包里的文件太多，不像表格");
	else
		rc = part_walk(w, "xl/sharedStrings.xml", on_string, &strings);
	if (rc >= 0)
		rc = first_sheet(w, &name);
	if (rc >= 0)
		rc = part_walk(w, name, on_sheet, &sheet);
	if (rc >= 0 && sheet.row == 0)
		rc = refuse(w, -EINVAL, "没有找到工作表，或第一张工作表是空的；应是 .xlsx");
	g_string_free(strings.text, TRUE);
	g_string_free(sheet.cell, TRUE);
	g_free(sheet.type);
	if (rc >= 0) {
		g_string_append_c(sheet.csv, '\n');
		*out = g_string_free(sheet.csv, FALSE);
		return 0;
	}
	g_string_free(sheet.csv, TRUE);
	return rc;
}

int xlsx_to_csv(const char *bytes, size_t size, char **out, struct err *err)
{
	struct workbook w = {.err = err};
	zip_source_t *source;
	int rc;

	if (size > XLSX_BYTES_MAX)
		return refuse(&w, -EFBIG, "表格文件超过 8 MiB");
	source = zip_source_buffer_create(bytes, size, 0, NULL);
	w.zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, NULL);
	if (w.zip == NULL) {
		zip_source_free(source);
		return refuse(&w, -EINVAL, "不是 .xlsx 表格，或已损坏");
	}
	w.strings = g_ptr_array_new_with_free_func(g_free);
	rc = convert(&w, out);
	g_ptr_array_unref(w.strings);
	zip_discard(w.zip);
	return rc;
}
