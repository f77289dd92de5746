/*
 * base64.c - see base64.h. A mail is two thirds base64, and a burst is 20,000 of them.
 */
#include "notifiers/base64.h"

#include <glib.h>
#include <string.h>

#define LINE_BYTES 57 /* become 76 characters */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_lines_max(size_t size)
{
	return (size / LINE_BYTES + 1) * (LINE_BYTES / 3 * 4 + 2);
}

static char *threes(char *to, const unsigned char *p, size_t n)
{
	for (; n >= 3; n -= 3, p += 3, to += 4) {
		unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

		to[0] = letters[v >> 18];
		to[1] = letters[v >> 12 & 63];
		to[2] = letters[v >> 6 & 63];
		to[3] = letters[v & 63];
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

char *base64_lines(char *to, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

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
