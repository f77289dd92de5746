/*
 * mime.c - see mime.h.
 *
 * The calendar stands beside the alternatives as an attachment: within them, Outlook would
 * show the mail as an invitation and hide its text.
 */
#include "notifiers/mime.h"

#include <gmime/gmime.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/core/err.h"
#include "notifiers/base64.h"

#define BOUNDARY_DIGITS 24

/* GMime counts its inits; one is enough for the process and it is never undone. */
static void gmime_ready(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		g_mime_init();
		g_once_init_leave(&done, 1);
	}
}

/* The end of @identity if it is long enough and hexadecimal, as the engine's are; else NULL. */
static const char *digits_of(const char *identity)
{
	size_t size = strlen(identity);
	const char *digits = size < BOUNDARY_DIGITS ? NULL : identity + size - BOUNDARY_DIGITS;

	return digits != NULL && strspn(digits, "0123456789abcdef") == BOUNDARY_DIGITS ? digits
										       : NULL;
}

/*
 * "=_" cannot stand in base64 or quoted-printable, so no body can hold a boundary. All have the
 * same length, since header lines are folded by it.
 */
static char *boundary(const char *identity, const char *level)
{
	const char *digits = digits_of(identity);
	g_autofree char *sum = NULL;

	if (digits != NULL)
		return g_strconcat("=_", level, "_", digits, NULL);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
	sum[BOUNDARY_DIGITS] = '\0';
	return g_strconcat("=_", level, "_", sum, NULL);
}

/* Quoted-printable keeps English readable; Chinese is shorter in base64. */
static GMimeContentEncoding encoding_of(const char *text, size_t size)
{
	size_t high = 0;

	for (size_t i = 0; i < size && high <= size / 6; i++)
		high += (unsigned char)text[i] > 0x7e;
	return high > size / 6 ? GMIME_CONTENT_ENCODING_BASE64
			       : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/* CRLF is the canonical line end of text; base64 hides it from the writer's line filter. */
static char *canonical(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	return g_strjoinv("\r\n", lines);
}

static GMimePart *part_new(const char *subtype, const char *text, GMimeContentEncoding encoding)
{
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	bool base64 = encoding == GMIME_CONTENT_ENCODING_BASE64;
	g_autofree char *bytes = base64 ? canonical(text) : g_strdup(text);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, strlen(bytes));
	GMimeDataWrapper *wrapper =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_part_set_content(part, wrapper);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(wrapper);
	g_object_unref(stream);
	return part;
}

static GMimeMultipart *multipart_new(const char *subtype, const char *identity)
{
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype(subtype);
	g_autofree char *edge = boundary(identity, subtype);

	g_mime_multipart_set_boundary(multipart, edge);
	return multipart;
}

static void add(GMimeMultipart *multipart, GMimeObject *part)
{
	g_mime_multipart_add(multipart, part);
	g_object_unref(part);
}

static GMimeObject *calendar_part(const char *text, const char *method)
{
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	g_autofree char *unix_text = g_strjoinv("\n", lines);
	GMimePart *part = part_new("calendar", unix_text, GMIME_CONTENT_ENCODING_BASE64);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "method", method);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "name", "deadline.ics");
	g_mime_object_set_disposition(GMIME_OBJECT(part), "attachment");
	g_mime_part_set_filename(part, "deadline.ics");
	return GMIME_OBJECT(part);
}

static GMimeObject *tree_new(const struct mime_parts *p)
{
	GMimeMultipart *both = multipart_new("alternative", p->identity), *mixed;

	add(both, GMIME_OBJECT(part_new("plain", p->text, encoding_of(p->text, strlen(p->text)))));
	add(both, GMIME_OBJECT(part_new("html", p->html, encoding_of(p->html, strlen(p->html)))));
	if (p->calendar == NULL)
		return GMIME_OBJECT(both);
	mixed = multipart_new("mixed", p->identity);
	add(mixed, GMIME_OBJECT(both));
	add(mixed, calendar_part(p->calendar, p->method));
	return GMIME_OBJECT(mixed);
}

/* ---- all in base64: written without GMime, the same bytes (tests compare) ------------- */

static bool all_base64(const struct mime_parts *p)
{
	return encoding_of(p->text, strlen(p->text)) == GMIME_CONTENT_ENCODING_BASE64 &&
	       encoding_of(p->html, strlen(p->html)) == GMIME_CONTENT_ENCODING_BASE64;
}

/* "\n" to CRLF; "\r" is dropped where @crlf says that they are there already. */
static size_t to_crlf(char *to, const char *text, bool crlf)
{
	const char *from = to;

	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		size_t n = (size_t)(end - text) - (crlf && end > text && end[-1] == '\r');

		memcpy(to, text, n);
		to += n;
		*to++ = '\r';
		*to++ = '\n';
	}
	to = g_stpcpy(to, text);
	return (size_t)(to - from);
}

static void body_add(GByteArray *out, const char *text, bool crlf)
{
	g_autofree char *canon = g_malloc(2 * strlen(text) + 1);
	size_t n = to_crlf(canon, text, crlf);
	guint before = out->len;
	char *end;

	g_byte_array_set_size(out, before + (guint)base64_lines_max(n));
	end = base64_lines((char *)out->data + before, canon, n);
	g_byte_array_set_size(out, (guint)(end - (char *)out->data));
}

static void say(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static void edge_add(GByteArray *out, const char *before, const char *edge, const char *after)
{
	say(out, before);
	say(out, edge);
	say(out, after);
}

static void alternatives_add(GByteArray *out, const struct mime_parts *p)
{
	static const char base64[] = "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
	g_autofree char *edge = boundary(p->identity, "alternative");

	edge_add(out, "Content-Type: multipart/alternative;\r\n\tboundary=\"", edge, "\"\r\n\r\n");
	edge_add(out, "--", edge, "\r\nContent-Type: text/plain");
	say(out, base64);
	body_add(out, p->text, false);
	edge_add(out, "\r\n--", edge, "\r\nContent-Type: text/html");
	say(out, base64);
	body_add(out, p->html, false);
	edge_add(out, "\r\n--", edge, "--\r\n");
}

static GBytes *compose_base64(const char *headers, const struct mime_parts *p)
{
	GByteArray *out = g_byte_array_sized_new(8192);
	g_autofree char *edge = NULL;

	say(out, headers);
	edge_add(out, "MIME-Version: 1.0\r\nContent-Language: ", p->language, "\r\n");
	if (p->calendar == NULL) {
		alternatives_add(out, p);
		return g_byte_array_free_to_bytes(out);
	}
	edge = boundary(p->identity, "mixed");
	edge_add(out, "Content-Type: multipart/mixed; boundary=\"", edge, "\"\r\n\r\n");
	edge_add(out, "--", edge, "\r\n");
	alternatives_add(out, p);
	edge_add(out, "\r\n--", edge, "\r\nContent-Type: text/calendar; charset=utf-8; method=");
	edge_add(out, p->method, "",
		 "; name=deadline.ics\r\n"
		 "Content-Transfer-Encoding: base64\r\n"
		 "Content-Disposition: attachment; filename=deadline.ics\r\n\r\n");
	body_add(out, p->calendar, true);
	edge_add(out, "\r\n--", edge, "--\r\n");
	return g_byte_array_free_to_bytes(out);
}

GBytes *mime_compose(const char *headers, const struct mime_parts *parts)
{
	return all_base64(parts) ? compose_base64(headers, parts) : mime_written(headers, parts);
}

GBytes *mime_written(const char *headers, const struct mime_parts *parts)
{
	GMimeFormatOptions *options;
	GMimeObject *tree;
	GMimeStream *out;
	GByteArray *bytes = g_byte_array_new();
	g_autofree char *top = g_strdup_printf("%sMIME-Version: 1.0\r\nContent-Language: %s\r\n",
					       headers, parts->language);

	gmime_ready();
	options = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
	tree = tree_new(parts);
	g_byte_array_append(bytes, (const guint8 *)top, (guint)strlen(top));
	out = g_mime_stream_mem_new_with_byte_array(bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(out), FALSE);
	must(g_mime_stream_seek(out, 0, GMIME_STREAM_SEEK_END) >= 0);
	must(g_mime_object_write_to_stream(tree, options, out) > 0);
	g_object_unref(out);
	g_object_unref(tree);
	g_mime_format_options_free(options);
	return g_byte_array_free_to_bytes(bytes);
}
