/*
 * base64.c - see base64.h. A mail is two thirds base64, and a burst is 20,000 of them.
 */
#include "notifiers/base64.h"

#include <glib.h>
#include <string.h>

#define LINE_BYTES 57 /* become 76 characters */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Two letters at a time: what 12 bits become. */
static char pairs[4096][2];

static void pairs_ready(void)
{
	static gsize done;

	if (!g_once_init_enter(&done))
		return;
	for (unsigned v = 0; v < G_N_ELEMENTS(pairs); v++) {
		pairs[v][0] = letters[v >> 6];
		pairs[v][1] = letters[v & 63];
	}
	g_once_init_leave(&done, 1);
}

size_t base64_lines_max(size_t size)
{
	return (size / LINE_BYTES + 1) * (LINE_BYTES / 3 * 4 + 2);
}

static char *threes(char *to, const unsigned char *p, size_t n)
{
	for (; n >= 3; n -= 3, p += 3, to += 4) {
		unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

		memcpy(to, pairs[v >> 12], 2);
		memcpy(to + 2, pairs[v & 4095], 2);
	}
	if (n > 0) {
		unsigned v = (unsigned)p[0] << 16 | (n > 1 ? (unsigned)p[1] << 8 : 0);

		to[0] = letters[v >> 18];
		to[1] = letters[v >> 12 & 63];
		to[2] = n > 1 ? letters[v >> 6 & 63] : '=';
		to[3] = '=';
		to += 4;
	}
	return to;
}

char *base64_word(char *to, const void *bytes, size_t size)
{
	pairs_ready();
	return threes(to, bytes, size);
}

char *base64_lines(char *to, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	pairs_ready();
	while (size > 0) {
		size_t n = MIN(size, LINE_BYTES);

		to = threes(to, p, n);
		*to++ = '\r';
		*to++ = '\n';
		p += n;
		size -= n;
	}
	return to;
}
