/*
 * parse.c - what the child does, by kind.
 */
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "calendars/flat.h"
#include "daemon/io/dav.h"
#include "daemon/io/source.h"

static GByteArray *read_all(void)
{
	GByteArray *all = g_byte_array_new();
	guint8 chunk[65536];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		g_byte_array_append(all, chunk, (guint)n);
	return all;
}

static int parse_dav(const GByteArray *in)
{
	GString *out = g_string_new(NULL);
	struct err err = {0};
	int rc = dav_flatten((const char *)in->data, in->len, out, &err);
	bool good = rc == 0 && fwrite(out->str, 1, out->len, stdout) == out->len;

	g_string_free(out, TRUE);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *word_of(const struct scan *scan)
{
	for (guint i = 0; i < scan->components->len; i++) {
		const struct scan_component *c = scan_component_at(scan, i);

		if (strcmp(c->name, "VEVENT") == 0 || strcmp(c->name, "VTODO") == 0)
			return SOURCE_WORD_OK;
	}
	return SOURCE_WORD_EMPTY;
}

static int parse_calendar(const GByteArray *in)
{
	struct findings *f = findings_new();
	struct scan *scan = NULL;
	int rc = scan_read("-", (const char *)in->data, in->len, FETCH_BODY_MAX, &scan, f);
	const char *word = rc == 0          ? word_of(scan)
			   : rc == -EBADMSG ? SOURCE_WORD_HALF
					    : SOURCE_WORD_NONE;
	bool good = fputs(word, stdout) >= 0;

	scan_free(&scan);
	findings_free(&f);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A batch: uint32_t size, bytes; each answered by uint32_t size, flat. */
static int parse_ics(const GByteArray *in)
{
	const guint8 *at = in->data, *end = in->data + in->len;
	uint32_t size;

	while ((size_t)(end - at) >= sizeof(size)) {
		g_autoptr(GByteArray) out = g_byte_array_new();
		struct flat *flat;

		memcpy(&size, at, sizeof(size));
		at += sizeof(size);
		if (size > (size_t)(end - at))
			return EXIT_FAILURE;
		flat = flat_parse((const char *)at, size, CAMPAIGN_FILE_MAX);
		flat_encode(flat, out);
		flat_free(&flat);
		at += size;
		size = out->len;
		if (fwrite(&size, sizeof(size), 1, stdout) != 1 ||
		    fwrite(out->data, 1, out->len, stdout) != out->len)
			return EXIT_FAILURE;
	}
	return at == end ? EXIT_SUCCESS : EXIT_FAILURE;
}

int parse_main(const char *kind)
{
	static const struct {
		const char *kind;
		int (*run)(const GByteArray *in);
	} kinds[] = {{"ics", parse_ics}, {"dav", parse_dav}, {"calendar", parse_calendar}};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kind, kinds[i].kind) == 0) {
			g_autoptr(GByteArray) in = read_all();
			int code = kinds[i].run(in);

			return fflush(stdout) == 0 ? code : EXIT_FAILURE;
		}
	}
	return EX_USAGE;
}
