/*
 * smtp_wire.c - see the header; nothing here knows what a reply means.
 */
#include "smtp_wire.h"

#include <errno.h>
#include <string.h>

/* ---- capabilities --------------------------------------------------------- */

static bool word_is(const char *line, size_t size, const char *word)
{
	size_t n = strlen(word);

	return size >= n && g_ascii_strncasecmp(line, word, n) == 0 &&
	       (size == n || line[n] == ' ');
}

void smtp_caps_line(struct smtp_caps *c, const char *line, size_t size)
{
	bool first = !c->open;

	while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		size--;
	if (size < 3 || memcmp(line, "250", 3) != 0)
		return;
	c->open = size > 3 && line[3] == '-';
	if (first) {
		/* The first line is the host's name and not a capability, whatever it says. */
		*c = (struct smtp_caps){.open = c->open};
		return;
	}
	if (size < 4)
		return;
	line += 4;
	size -= 4;
	if (word_is(line, size, "PIPELINING")) {
		c->pipelining = true;
	} else if (word_is(line, size, "8BITMIME")) {
		c->eight_bit = true;
	} else if (word_is(line, size, "SIZE")) {
		g_autofree char *number = g_strndup(line + 4, size - 4);

		c->size = true;
		c->size_max = g_ascii_strtoull(number, NULL, 10);
	}
}

/* ---- replies -------------------------------------------------------------- */

static bool is_ascii_shown(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static char *printable(const char *text, size_t size, size_t max)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)size);
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		gsize before = out->len;

		g_string_append_unichar(out, g_unichar_isprint(c) ? c : ' ');
		if (out->len > max) {
			g_string_truncate(out, before);
			break;
		}
	}
	return g_string_free(out, FALSE);
}

char *smtp_printable(const char *text, size_t size, size_t max)
{
	return size <= max && is_ascii_shown(text, size) ? g_strndup(text, size)
							 : printable(text, size, max);
}

void smtp_reader_clear(struct smtp_reader *r)
{
	if (r->text)
		g_string_free(r->text, TRUE);
	memset(r, 0, sizeof(*r));
}

/** The line in @r is whole: 1 = so is the reply, 0 = more lines follow. */
static int reader_line(struct smtp_reader *r)
{
	size_t size = r->used;
	const char *l = r->line;
	int code;
	bool more;

	if (size > 0 && l[size - 1] == '\r')
		size--;
	if (size < 3 || !g_ascii_isdigit(l[0]) || !g_ascii_isdigit(l[1]) || !g_ascii_isdigit(l[2]))
		return -EPROTO;
	code = (l[0] - '0') * 100 + (l[1] - '0') * 10 + (l[2] - '0');
	more = size > 3 && l[3] == '-';
	if (size > 3 && l[3] != '-' && l[3] != ' ')
		return -EPROTO;
	if (code < 200 || code > 599 || (r->lines > 0 && code != r->code))
		return -EPROTO;
	if (++r->lines > SMTP_REPLY_LINES_MAX)
		return -EPROTO;
	r->code = code;
	if (!r->text)
		r->text = g_string_new(NULL);
	if (size > 4 && r->text->len < SMTP_REPLY_TEXT_MAX) {
		if (r->text->len > 0)
			g_string_append_c(r->text, ' ');
		g_string_append_len(r->text, l + 4, (gssize)(size - 4));
	}
	r->used = 0;
	return more ? 0 : 1;
}

int smtp_reader_feed(struct smtp_reader *r, const void *bytes, size_t size, size_t *used_out,
		     int *code_out, char **text_out)
{
	const char *p = bytes, *end = p + size;
	int rc = 0;

	while (rc == 0 && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);

		if (r->used + n > sizeof(r->line))
			return -EPROTO;
		memcpy(r->line + r->used, p, n);
		r->used += n;
		p += n + (nl != NULL);
		if (nl)
			rc = reader_line(r);
	}
	*used_out = (size_t)(p - (const char *)bytes);
	if (rc <= 0)
		return rc;
	*code_out = r->code;
	*text_out = smtp_printable(r->text->str, r->text->len, SMTP_REPLY_TEXT_MAX);
	r->lines = 0;
	g_string_truncate(r->text, 0);
	return 1;
}

/* ---- what goes out --------------------------------------------------------- */

bool smtp_address_ok(const char *address)
{
	size_t size = strlen(address);
	const char *at = strchr(address, '@');

	if (size > SMTP_ADDRESS_MAX || !at || at == address || at[1] == '\0' || strchr(at + 1, '@'))
		return false;
	for (const char *p = address; *p; p++)
		if (*p < 0x21 || *p > 0x7e || *p == '<' || *p == '>')
			return false;
	return true;
}

static void append_line(GByteArray *out, const char *line, size_t size)
{
	if (size > 0 && *line == '.')
		g_byte_array_append(out, (const guint8 *)".", 1);
	g_byte_array_append(out, (const guint8 *)line, (guint)size);
	g_byte_array_append(out, (const guint8 *)"\r\n", 2);
}

/* How much of @p stands as it is: whole lines, no dot in front, no lone CR or LF. */
static size_t sound_size(const char *p, const char *end)
{
	const char *line = p, *nl;

	while (line < end && *line != '.' && (nl = memchr(line, '\n', (size_t)(end - line))) &&
	       nl > line && memchr(line, '\r', (size_t)(nl - line)) == nl - 1)
		line = nl + 1;
	return (size_t)(line - p);
}

void smtp_append_body(GByteArray *out, const void *body, size_t size)
{
	const char *p = body, *end = p + size;

	/* A lone CR or LF ends a line here, because some receivers take it for one. */
	while (p < end) {
		size_t sound = sound_size(p, end);
		const char *nl, *stop, *cr;

		g_byte_array_append(out, (const guint8 *)p, (guint)sound);
		p += sound;
		if (p == end)
			break;
		nl = memchr(p, '\n', (size_t)(end - p));
		stop = nl ? nl : end;
		cr = memchr(p, '\r', (size_t)(stop - p));
		if (!cr) {
			append_line(out, p, (size_t)(stop - p));
			p = nl ? nl + 1 : end;
			continue;
		}
		append_line(out, p, (size_t)(cr - p));
		p = cr + 1;
		if (nl && p == nl)
			p++;
	}
	g_byte_array_append(out, (const guint8 *)".\r\n", 3);
}
