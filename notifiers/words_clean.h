/*
 * words_clean.h - texts of people made fit to be shown, and the civil times in a message.
 *
 * Names and titles come from files that anybody may have edited. What leaves here is valid
 * UTF-8 without control characters, without characters that turn the reading direction, and
 * no longer than its place allows; quotes, braces and markup are left to the escaping of
 * whoever writes them.
 */
#ifndef NOTIFIERS_WORDS_CLEAN_H
#define NOTIFIERS_WORDS_CLEAN_H

#include <glib.h>
#include <stdbool.h>

/** Would words_line() and words_text() leave @text as it is? False: perhaps not. */
bool words_clean(const char *text, int max);

/** One line of at most @max characters (the last is … if it was cut). Caller frees. */
char *words_line(const char *text, int max);

/** Many lines, "\n" between them, at most @max characters, ends trimmed. Caller frees. */
char *words_text(const char *text, int max);

/** "8月9日（周五）17:00" to "8月9日17:00"; a text without （周X） stays. Caller frees. */
char *words_no_weekday(const char *text);

/** The "17:00" at the end of a text, "" if there is none. Borrowed from @text. */
const char *words_time(const char *text);

/** An RFC 3339 time taken apart; it is already civil, no zone is asked. */
struct civil_parts {
	int year, month, day, hour, minute, second;
	int offset_minutes; /**< east of UTC */
};

/** False if @iso is not YYYY-MM-DDThh:mm:ss followed by Z or ±hh:mm. */
bool civil_parts_parse(const char *iso, struct civil_parts *out);

#endif
