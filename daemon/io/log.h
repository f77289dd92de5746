/*
 * log.h - one event, one line: "event=smtp-connect relay=mail.example.org error=…".
 *
 * error = a person must act; warning = handled, and says how; info = lifecycle;
 * debug = free.  Bodies and secrets are never logged: a field whose key names a
 * secret shows "***" whatever the caller gave.  Control characters are escaped,
 * so that no peer can forge a line.
 */
#ifndef IO_LOG_H
#define IO_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

#define LOG_LINE_MAX 8192 /**< longer ones are cut, with a mark */

struct log_field {
	const char *key; /**< lower case, hyphens; NULL ends the list */
	const char *text;
	int64_t number;
	bool is_text;
};

/** A text and a number; NULL as text shows as "-". */
#define LOG_S(k, v) ((struct log_field){.key = (k), .text = (v), .is_text = true})
#define LOG_I(k, v) ((struct log_field){.key = (k), .number = (v)})

/** log_event(LOG_LEVEL_INFO, "reload", LOG_S("campaign", key), LOG_I("units", n)); */
#define log_event(level, event, ...)                                                               \
	log_write(level, event, (const struct log_field[]){{0}, ##__VA_ARGS__, {0}} + 1)

/**
 * Write to @fd from now on, events up to @level. With @journal, lines begin with the
 * "<n>" of their level, else with the local time. Before this, as log_open_stderr().
 */
void log_open(int fd, bool journal, enum log_level level);

/** To stderr; @journal if JOURNAL_STREAM names it, that is, if systemd reads it. */
void log_open_stderr(enum log_level level);

bool log_wanted(enum log_level level);
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/** "error", "warning", "info", "debug" -> level, else -1. */
int log_level_of(const char *word);

/** The line without its beginning and end, as log_write() makes it. Caller frees. Pure. */
char *log_line(const char *event, const struct log_field *fields);

#endif
