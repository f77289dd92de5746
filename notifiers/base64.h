/*
 * base64.h - base64 for mails: lines of 76 characters, CRLF. Pure.
 */
#ifndef NOTIFIERS_BASE64_H
#define NOTIFIERS_BASE64_H

#include <stddef.h>

/** Without lines: writes @size bytes as (size + 2) / 3 * 4 letters; returns their end. */
char *base64_word(char *to, const void *bytes, size_t size);
/** An upper bound of what base64_lines() writes for @size bytes. */
size_t base64_lines_max(size_t size);
/** Every line ends in CRLF, the last one too. Returns the end of what was written to @to. */
char *base64_lines(char *to, const void *bytes, size_t size);

#endif
