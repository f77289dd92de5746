/*
 * wide.h - how many columns a text takes on a terminal (Chinese characters take two), and what
 * of it a terminal must not be given.
 */
#ifndef CORE_WIDE_H
#define CORE_WIDE_H

#include <glib.h>
#include <stdbool.h>

/** Would @c be invisible, or turn the line around? Controls, zero widths, marks of direction. */
bool wide_hides(gunichar c);
/** @text (UTF-8) without such characters. Caller frees. */
char *wide_plain(const char *text);
/** Columns of @text (UTF-8). */
unsigned wide_width(const char *text);
/** Append @text cut to @columns and filled up with blanks: exactly @columns wide. */
void wide_append(GString *out, const char *text, unsigned columns);

#endif
