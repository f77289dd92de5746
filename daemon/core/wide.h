/*
 * wide.h - how many columns a text takes on a terminal: Chinese characters take two.
 */
#ifndef CORE_WIDE_H
#define CORE_WIDE_H

#include <glib.h>

/** Columns of @text (UTF-8). */
unsigned wide_width(const char *text);
/** Append @text cut to @columns and filled up with blanks: exactly @columns wide. */
void wide_append(GString *out, const char *text, unsigned columns);

#endif
