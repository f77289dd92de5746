/*
 * err.c - words about failures, cut to one line of whole UTF-8 characters.
 *
 * Words often quote what people or peers wrote, so control characters become
 * blanks and a cut never leaves half a character behind.
 */
#include "err.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Copy @from into @text: valid UTF-8, one line, cut at a character. */
static void err_put(char text[ERR_TEXT_MAX], const char *from)
{
	g_autofree char *valid = g_utf8_make_valid(from, -1);
	size_t size = strlen(valid);

	if (size >= ERR_TEXT_MAX) {
		size = ERR_TEXT_MAX - 1;
		while (size > 0 && ((unsigned char)valid[size] & 0xc0) == 0x80)
			size--;
	}
	for (size_t i = 0; i < size; i++)
		text[i] = (unsigned char)valid[i] < 0x20 || valid[i] == 0x7f ? ' ' : valid[i];
	text[size] = '\0';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;

	va_list ap;
	va_start(ap, fmt);
	g_autofree char *words = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	err->code = code;
	err_put(err->text, words);
	return code;
}

int err_prefix(struct err *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;

	va_list ap;
	va_start(ap, fmt);
	g_autofree char *prefix = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *words = g_strdup_printf("%s: %s", prefix, err->text);
	err_put(err->text, words);
	return err->code;
}

void must_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: must(%s) failed: this is a bug of duban\n", file, line, what);
	abort();
}
