/*
 * words_clean.c - see words_clean.h.
 */
#include "notifiers/words_clean.h"

#include <string.h>

#define ZWNJ 0x200c
#define ZWJ 0x200d

/*
 * What stands for @c: itself, ' ' or '\n', or 0 for nothing. Format characters hide or turn
 * text (bidi overrides, zero width spaces); the joiners are part of emoji and of scripts.
 */
static gunichar shown(gunichar c)
{
	if (c == '\n')
		return '\n';
	switch ((int)g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
		return ' ';
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return '\n';
	case G_UNICODE_FORMAT:
		return c == ZWJ || c == ZWNJ ? c : 0;
	case G_UNICODE_SURROGATE:
	case G_UNICODE_UNASSIGNED:
		return 0xfffd;
	default:
		return c;
	}
}

/* Drop what stands at the end of a line or of the text. */
static void trim_end(GString *out, const char *set)
{
	while (out->len > 0 && strchr(set, out->str[out->len - 1]) != NULL)
		g_string_truncate(out, out->len - 1);
}

/*
 * How many bytes the character at @p has if it is one that Chinese is written with; else 0: an
 * ideograph, their punctuation, a full-width form, a quotation mark or dash, the middle dot.
 */
static int chinese_size(const unsigned char *p)
{
	unsigned c;

	if (p[0] == 0xc2 && p[1] == 0xb7)
		return 2;
	if (p[0] < 0xe2 || p[0] > 0xef || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
		return 0;
	c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	return (c >= 0x4e00 && c <= 0x9fef) || (c >= 0x3001 && c <= 0x303d) ||
			       (c >= 0xff01 && c <= 0xff5e) || (c >= 0x2010 && c <= 0x2027)
		       ? 3
		       : 0;
}

/* Printable ASCII with single spaces within, and Chinese: what clean() would leave as it is. */
bool words_clean(const char *text, int max)
{
	const unsigned char *p = (const unsigned char *)text;
	int size;

	for (int n = 0; *p != '\0'; n++, p += size) {
		if (n == max || (*p == ' ' && (n == 0 || p[-1] == ' ' || p[1] == '\0')))
			return false;
		size = *p >= ' ' && *p <= '~' ? 1 : chinese_size(p);
		if (size == 0)
			return false;
	}
	return true;
}

static char *clean(const char *text, int max, bool lines)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);
	int n = 0;

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = shown(g_utf8_get_char(p));

		if (c == '\n' && !lines)
			c = ' ';
		if (c == 0 || (c == ' ' && (out->len == 0 || out->str[out->len - 1] == ' ')))
			continue;
		if (c == '\n') {
			trim_end(out, " ");
			if (out->len == 0)
				continue;
		}
		if (n == max) { /* room for the dots */
			g_string_truncate(
				out, (gsize)(g_utf8_prev_char(out->str + out->len) - out->str));
			g_string_append(out, "…");
			break;
		}
		g_string_append_unichar(out, c);
		n++;
	}
	trim_end(out, " \n");
	return g_string_free(out, FALSE);
}

char *words_line(const char *text, int max)
{
	return words_clean(text, max) ? g_strdup(text) : clean(text, max, false);
}

char *words_text(const char *text, int max)
{
	return words_clean(text, max) ? g_strdup(text) : clean(text, max, true);
}

char *words_no_weekday(const char *text)
{
	const char *open = strstr(text, "（周");
	const char *close = open != NULL ? strstr(open, "）") : NULL;

	if (close == NULL || g_utf8_strlen(open, close - open) != 3)
		return g_strdup(text);
	return g_strdup_printf("%.*s%s", (int)(open - text), text, close + strlen("）"));
}

static bool digits(const char *p, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (!g_ascii_isdigit(p[i]))
			return false;
		*out = *out * 10 + (p[i] - '0');
	}
	return true;
}

const char *words_time(const char *text)
{
	size_t n = strlen(text);
	const char *t = text + n - 5;
	int hour, minute;

	if (n < 5 || !digits(t, 2, &hour) || t[2] != ':' || !digits(t + 3, 2, &minute))
		return text + n;
	return t;
}

bool civil_parts_parse(const char *iso, struct civil_parts *out)
{
	struct civil_parts p = {0};
	int hours, minutes;

	if (strlen(iso) < 20 || !digits(iso, 4, &p.year) || iso[4] != '-' ||
	    !digits(iso + 5, 2, &p.month) || iso[7] != '-' || !digits(iso + 8, 2, &p.day) ||
	    iso[10] != 'T' || !digits(iso + 11, 2, &p.hour) || iso[13] != ':' ||
	    !digits(iso + 14, 2, &p.minute) || iso[16] != ':' || !digits(iso + 17, 2, &p.second))
		return false;
	iso += 19;
	if (strcmp(iso, "Z") != 0) {
		if (strlen(iso) != 6 || (iso[0] != '+' && iso[0] != '-') ||
		    !digits(iso + 1, 2, &hours) || iso[3] != ':' || !digits(iso + 4, 2, &minutes))
			return false;
		p.offset_minutes = (iso[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
	}
	if (p.month < 1 || p.month > 12 || p.day < 1 || p.day > 31 || p.hour > 23 || p.minute > 59)
		return false;
	*out = p;
	return true;
}
