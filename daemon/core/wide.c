/*
 * wide.c - see wide.h.
 */
#include "daemon/core/wide.h"

static unsigned columns_of(gunichar ch)
{
	if (g_unichar_iszerowidth(ch) || ch < 0x20)
		return 0;
	return g_unichar_iswide(ch) ? 2 : 1;
}

bool wide_hides(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

char *wide_plain(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != 0; text = g_utf8_next_char(text))
		if (!wide_hides(g_utf8_get_char(text)))
			g_string_append_unichar(out, g_utf8_get_char(text));
	return g_string_free(out, FALSE);
}

unsigned wide_width(const char *text)
{
	unsigned n = 0;

	for (; *text != 0; text = g_utf8_next_char(text))
		n += columns_of(g_utf8_get_char(text));
	return n;
}

void wide_append(GString *out, const char *text, unsigned columns)
{
	unsigned used = 0;

	for (; *text != 0; text = g_utf8_next_char(text)) {
		gunichar ch = g_utf8_get_char(text);
		unsigned n = columns_of(ch);

		if (used + n > columns)
			break;
		if (ch >= 0x20)
			g_string_append_unichar(out, ch);
		used += n;
	}
	for (; used < columns; used++)
		g_string_append_c(out, ' ');
}
