/*
 * xlsx_write.c - the five parts without which no program opens a workbook.
 */
#include "xlsx_write.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <zip.h>

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define EPOCH 315619200 /* 1980-01-02: no zip can say less, in any zone */

static const char types[] = HEAD
	"<Types xmlns=\"" PACKAGE "content-types\">"
	"<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
	"relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
	"<Override PartName=\"/xl/workbook.xml\" ContentType=\"" SHEET_TYPE "sheet.main+xml\"/>"
	"<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" SHEET_TYPE
	"worksheet+xml\"/></Types>";
static const char top_rels[] =
	HEAD "<Relationships xmlns=\"" PACKAGE "relationships\">"
	     "<Relationship Id=\"rId1\" Type=\"" OFFICE
	     "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char book_rels[] =
	HEAD "<Relationships xmlns=\"" PACKAGE "relationships\">"
	     "<Relationship Id=\"rId1\" Type=\"" OFFICE
	     "/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";

static char *book_text(const char *name)
{
	g_autofree char *escaped = g_markup_escape_text(name, -1);

	return g_strdup_printf(HEAD "<workbook " MAIN " xmlns:r=\"" OFFICE "\"><sheets>"
				    "<sheet name=\"%s\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"
				    "</workbook>",
			       escaped);
}

static void add_row(GString *s, char *const *cells, guint number)
{
	g_string_append_printf(s, "<row r=\"%u\">", number);
	for (guint c = 0; cells[c] != NULL; c++) {
		g_autofree char *text = g_markup_escape_text(cells[c], -1);

		g_string_append_printf(s,
				       "<c r=\"%c%u\" t=\"inlineStr\"><is><t "
				       "xml:space=\"preserve\">%s</t></is></c>",
				       (char)('A' + c), number, text);
	}
	g_string_append(s, "</row>");
}

static char *sheet_text(const GPtrArray *rows)
{
	GString *s =
		g_string_new(HEAD "<worksheet " MAIN "><sheetViews><sheetView workbookViewId=\"0\">"
				  "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" "
				  "state=\"frozen\"/></sheetView></sheetViews>"
				  "<cols><col min=\"1\" max=\"26\" width=\"14\" "
				  "customWidth=\"1\"/></cols><sheetData>");

	for (guint i = 0; i < rows->len; i++)
		add_row(s, rows->pdata[i], i + 1);
	g_string_append(s, "</sheetData></worksheet>");
	return g_string_free(s, FALSE);
}

/* @text is borrowed until the archive is closed. */
static bool part_add(zip_t *z, const char *name, const char *text)
{
	zip_source_t *source = zip_source_buffer(z, text, strlen(text), 0);
	zip_int64_t at = source == NULL ? -1 : zip_file_add(z, name, source, ZIP_FL_ENC_UTF_8);

	if (at < 0) {
		zip_source_free(source);
		return false;
	}
	return zip_file_set_mtime(z, (zip_uint64_t)at, EPOCH, 0) == 0;
}

static GBytes *source_bytes(zip_source_t *source)
{
	GByteArray *bytes = g_byte_array_new();
	guint8 chunk[16384];
	zip_int64_t n = -1;

	if (zip_source_open(source) == 0) {
		while ((n = zip_source_read(source, chunk, sizeof(chunk))) > 0)
			g_byte_array_append(bytes, chunk, (guint)n);
		(void)zip_source_close(source); /* only read from */
	}
	if (n < 0) {
		g_byte_array_unref(bytes);
		return NULL;
	}
	return g_byte_array_free_to_bytes(bytes);
}

int xlsx_write(const char *name, const GPtrArray *rows, GBytes **out, struct err *err)
{
	g_autofree char *book = book_text(name), *sheet = sheet_text(rows);
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *z = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, NULL);
	bool good;

	if (z == NULL) {
		zip_source_free(source);
		return err_set(err, -ENOMEM, "写不出表格");
	}
	zip_source_keep(source);
	good = part_add(z, "[Content_Types].xml", types) && part_add(z, "_rels/.rels", top_rels) &&
	       part_add(z, "xl/workbook.xml", book) &&
	       part_add(z, "xl/_rels/workbook.xml.rels", book_rels) &&
	       part_add(z, "xl/worksheets/sheet1.xml", sheet);
	if (!good || zip_close(z) < 0) {
		zip_discard(z);
		good = false;
	}
	*out = good ? source_bytes(source) : NULL;
	zip_source_free(source);
	return *out == NULL ? err_set(err, -ENOMEM, "写不出表格") : 0;
}
