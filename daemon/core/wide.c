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
