/*
 * log.c - lines for the journal or a terminal.
 *
 * A line is written by one write(), so lines of two threads never mix.  Losing a
 * line (a full pipe, a closed terminal) must never stop the daemon.
 */
#include "log.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "daemon/core/wide.h"

static struct {
	int fd;
	bool journal;
	enum log_level level;
	bool open;
} log_state;

static const char *const level_words[] = {"error", "warning", "info", "debug"};
static const char *const level_prefixes[] = {"<3>", "<4>", "<6>", "<7>"};

void log_open(int fd, bool journal, enum log_level level)
{
	log_state.fd = fd;
	log_state.journal = journal;
	log_state.level = level;
	log_state.open = true;
}

void log_open_stderr(enum log_level level)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	bool journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;

	log_open(STDERR_FILENO, journal, level);
}

bool log_wanted(enum log_level level)
{
	if (!log_state.open)
		log_open_stderr(LOG_LEVEL_INFO);
	return level <= log_state.level;
}

int log_level_of(const char *word)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(level_words); i++)
		if (strcmp(word, level_words[i]) == 0)
			return (int)i;
	return -1;
}

static bool key_is_secret(const char *key)
{
	static const char *const words[] = {"password",      "passwd",     "secret", "token",
					    "authorization", "credential", "cookie"};

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(key, words[i]))
			return true;
	return false;
}

static void append_text(GString *line, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	bool quote = *valid == '\0' || strpbrk(valid, " \"=\\") != NULL;

	if (quote)
		g_string_append_c(line, '"');
	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c == '\n')
			g_string_append(line, "\\n");
		else if (wide_hides(c))
			g_string_append_printf(line, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		else if (c == '"' || c == '\\')
			g_string_append_printf(line, "\\%c", (char)c);
		else
			g_string_append_unichar(line, c);
	}
	if (quote)
		g_string_append_c(line, '"');
}

char *log_line(const char *event, const struct log_field *fields)
{
	GString *line = g_string_new("event=");

	g_string_append(line, event);
	for (const struct log_field *f = fields; f->key; f++) {
		g_string_append_printf(line, " %s=", f->key);
		if (!f->is_text)
			g_string_append_printf(line, "%" G_GINT64_FORMAT, f->number);
		else if (!f->text)
			g_string_append_c(line, '-');
		else if (key_is_secret(f->key))
			g_string_append(line, "***");
		else
			append_text(line, f->text);
	}
	if (line->len > LOG_LINE_MAX) {
		gsize cut = LOG_LINE_MAX;

		while (cut > 0 && ((unsigned char)line->str[cut] & 0xc0) == 0x80)
			cut--;
		g_string_truncate(line, cut);
		g_string_append(line, "…");
	}
	return g_string_free(line, FALSE);
}

static void put_time(char *to, size_t size)
{
	struct clock *c = clock_real();
	wall_t now = c->now(c);
	time_t seconds = (time_t)(now / 1000);
	struct tm tm;
	size_t n;

	localtime_r(&seconds, &tm);
	n = strftime(to, size, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(to + n, size - n, ".%03d ", (int)(now % 1000));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	char time_text[40] = "";
	g_autofree char *line = NULL;
	g_autofree char *whole = NULL;
	ssize_t n;

	if (!log_wanted(level))
		return;
	line = log_line(event, fields);
	if (log_state.journal) {
		whole = g_strdup_printf("%s%s\n", level_prefixes[level], line);
	} else {
		put_time(time_text, sizeof(time_text));
		whole = g_strdup_printf("%s%-7s %s\n", time_text, level_words[level], line);
	}
	do
		n = write(log_state.fd, whole, strlen(whole));
	while (n < 0 && errno == EINTR);
	/* A line that cannot be written is lost: there is nowhere to say so. */
}
