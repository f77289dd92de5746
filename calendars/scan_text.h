/*
 * scan_text.h - bytes of any charset to unfolded lines of UTF-8.
 *
 * Folds may lie inside a character, so lines are unfolded before their charset is
 * asked for; only UTF-16 and UTF-32, whose line ends are no bytes, are decoded first.
 */
#ifndef CALENDARS_SCAN_TEXT_H
#define CALENDARS_SCAN_TEXT_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/core/finding.h"

/** One unfolded line. */
struct text_line {
	char *text; /**< NUL-terminated UTF-8, may be edited in place */
	size_t size;
	int line; /**< physical line it begins on, from 1 */
	bool too_long;
};

/**
 * Unfold and decode. @texts receives the blocks that own the lines (char *, g_free);
 * lines longer than @line_max are cut and marked. Empty lines are left out.
 * Returns a GArray of struct text_line, or NULL when there are more than @lines_max.
 */
GArray *scan_text(const char *file, const char *bytes, size_t size, size_t line_max,
		  unsigned lines_max, GPtrArray *texts, struct findings *findings);

#endif
