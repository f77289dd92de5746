/*
 * fuzz_dav.c - any bytes as what a CalDAV server says, and as what the child prints of it.
 *
 * Besides not crashing: what the child prints is read back, and members that are joined lie
 * inside of the collection and are calendars by their looks.
 *
 * links: core io
 */
#include <stdint.h>
#include <string.h>

#include "daemon/core/err.h"
#include "daemon/io/dav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void join(const GPtrArray *entries)
{
	struct err err = {0};
	GBytes *all = dav_join(entries, "https://cal.example.org/ban/xing/", &err);
	gsize n;

	if (all == NULL) {
		must(err.text[0] != '\0');
		return;
	}
	must(g_ascii_strncasecmp(g_bytes_get_data(all, &n), "BEGIN:VCALENDAR", 15) == 0 ||
	     memcmp(g_bytes_get_data(all, &n), "\xef\xbb\xbf", 3) == 0);
	g_bytes_unref(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GString *out = g_string_new(NULL);
	struct err err = {0};
	GPtrArray *entries = dav_read((const char *)data, size);

	if (entries != NULL) {
		join(entries);
		g_ptr_array_unref(entries);
	}
	if (dav_flatten((const char *)data, size, out, &err) == 0) {
		entries = dav_read(out->str, out->len);
		must(entries != NULL);
		join(entries);
		g_ptr_array_unref(entries);
	}
	g_string_free(out, TRUE);
	return 0;
}
