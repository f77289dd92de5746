/*
 * header.c - see header.h.
 */
#include "notifiers/header.h"

#include <stdbool.h>
#include <string.h>

#include "daemon/core/err.h"
#include "notifiers/base64.h"
#include "notifiers/utc.h"

#define WORD_OPEN "=?UTF-8?B?"
#define WORD_CLOSE "?="
#define WORD_FRAME (sizeof(WORD_OPEN) + sizeof(WORD_CLOSE) - 2)
#define Q_OPEN "=?UTF-8?Q?"

/* May @text stand as it is? Nothing that is, or could be taken for, an encoded word. */
static bool plain(const char *text)
{
	size_t word = 0;

	if (strstr(text, "=?") != NULL)
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			return false;
		word = *p == ' ' ? 0 : word + 1;
		if (word > HEADER_LINE_MAX - 20)
			return false;
	}
	return text[0] != ' ' && (text[0] == '\0' || text[strlen(text) - 1] != ' ');
}

/*
 * How many bytes of @text go into a base64 word of at most @max bytes: all of them if they
 * fit, else as many as need no padding; 0 if no such cut exists.
 */
static size_t chunk_length(const char *text, size_t max)
{
	size_t unpadded = 0;

	for (const char *p = text; *p != '\0';) {
		const char *next = g_utf8_next_char(p);
		size_t n = (size_t)(next - text);

		if (n > max)
			return unpadded;
		if (n % 3 == 0)
			unpadded = n;
		p = next;
	}
	return strlen(text); /* the last one may be padded */
}

static size_t column_of(const GString *out)
{
	const char *end = out->str + out->len;
	const char *line = memrchr(out->str, '\n', out->len);

	return (size_t)(end - (line != NULL ? line + 1 : out->str));
}

static void fold(GString *out)
{
	g_string_append(out, "\r\n ");
}

/* One character as a Q word: after it the bytes may fall into threes. Returns its length. */
static size_t append_q_word(GString *out, const char *text)
{
	size_t n = (size_t)(g_utf8_next_char(text) - text);

	g_string_append(out, Q_OPEN);
	for (size_t i = 0; i < n; i++)
		g_string_append_printf(out, "=%02X", (unsigned char)text[i]);
	g_string_append(out, WORD_CLOSE);
	return n;
}

static size_t append_word(GString *out, const char *text)
{
	size_t room = HEADER_LINE_MAX - column_of(out) - WORD_FRAME;
	size_t n = chunk_length(text, MIN(room / 4 * 3, HEADER_CHUNK_MAX));
	char base64[HEADER_LINE_MAX];

	if (n == 0)
		return append_q_word(out, text);
	g_string_append(out, WORD_OPEN);
	g_string_append_len(out, base64, base64_word(base64, text, n) - base64);
	g_string_append(out, WORD_CLOSE);
	return n;
}

/* Encoded words, one a line; the column is where the first one may begin. */
static void append_encoded(GString *out, const char *text)
{
	text += append_word(out, text);
	while (*text != '\0') {
		fold(out);
		text += append_word(out, text);
	}
}

/* Words of a plain text, folded between them. */
static void append_plain(GString *out, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (size_t i = 0; words[i] != NULL; i++) {
		if (i > 0 && column_of(out) + 1 + strlen(words[i]) > HEADER_LINE_MAX)
			fold(out);
		else if (i > 0)
			g_string_append_c(out, ' ');
		g_string_append(out, words[i]);
	}
}

static void append_after(GString *out, const char *after)
{
	if (column_of(out) + 1 + strlen(after) > HEADER_LINE_MAX)
		fold(out);
	else
		g_string_append_c(out, ' ');
	g_string_append(out, after);
}

static void append_name(GString *out, const char *name)
{
	g_string_append(out, name);
	g_string_append(out, ": ");
}

void header_add_text(GString *out, const char *name, const char *text, const char *after)
{
	must(g_utf8_validate(text, -1, NULL));
	append_name(out, name);
	if (plain(text))
		append_plain(out, text);
	else
		append_encoded(out, text);
	if (after != NULL)
		append_after(out, after);
	g_string_append(out, "\r\n");
}

/* A quoted-string for a plain name. */
static void append_quoted(GString *out, const char *name)
{
	g_string_append_c(out, '"');
	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

void header_add_address(GString *out, const char *name, const char *person, const char *address)
{
	g_autofree char *angle = g_strconcat("<", address, ">", NULL);

	must(g_utf8_validate(person, -1, NULL));
	append_name(out, name);
	if (person[0] == '\0') {
		g_string_append(out, address);
		g_string_append(out, "\r\n");
		return;
	}
	if (plain(person) && strlen(person) < HEADER_LINE_MAX / 2)
		append_quoted(out, person);
	else
		append_encoded(out, person);
	append_after(out, angle);
	g_string_append(out, "\r\n");
}

void header_add_words(GString *out, const char *name, const GPtrArray *words)
{
	g_string_append(out, name);
	g_string_append_c(out, ':');
	for (guint i = 0; i < words->len; i++) {
		const char *word = words->pdata[i];

		if (i > 0 && column_of(out) + 1 + strlen(word) > HEADER_LINE_MAX)
			fold(out);
		else
			g_string_append_c(out, ' ');
		g_string_append(out, word);
	}
	g_string_append(out, "\r\n");
}

void header_add(GString *out, const char *name, const char *value)
{
	append_name(out, name);
	g_string_append(out, value);
	g_string_append(out, "\r\n");
}

char *header_date(wall_t at, int offset_minutes)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	/* The civil time there is the UTC time of the shifted instant. */
	struct utc t = utc_of(at + offset_minutes * MINUTE);
	GString *out = g_string_new(days[t.weekday]);

	g_string_append(out, ", ");
	utc_add_number(out, t.day, 2);
	g_string_append_c(out, ' ');
	g_string_append(out, months[t.month - 1]);
	g_string_append_c(out, ' ');
	utc_add_number(out, t.year, 4);
	g_string_append_c(out, ' ');
	utc_add_number(out, t.hour, 2);
	g_string_append_c(out, ':');
	utc_add_number(out, t.minute, 2);
	g_string_append_c(out, ':');
	utc_add_number(out, t.second, 2);
	g_string_append(out, offset_minutes < 0 ? " -" : " +");
	utc_add_number(out, ABS(offset_minutes) / 60, 2);
	utc_add_number(out, ABS(offset_minutes) % 60, 2);
	return g_string_free(out, FALSE);
}
