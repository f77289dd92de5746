/*
 * lines.h - a calendar's unfolded lines, for those who change a few of them and keep the rest.
 *
 * Whoever edits a person's file must not lose what he does not understand: a block that
 * nobody touches is written again as it was read (only its folds may lie elsewhere).
 */
#ifndef CALENDARS_LINES_H
#define CALENDARS_LINES_H

#include <stdint.h>

#include "daemon/core/finding.h"
#include "scan_text.h"

/** A VEVENT or VTODO of the calendar: lines [first, last), BEGIN and END among them. */
struct ics_block {
	uint32_t first, last;
	int line; /**< physical line of its BEGIN, as struct calendar_component has it */
};

struct ics_lines {
	GArray *lines;    /**< struct text_line */
	GArray *blocks;   /**< struct ics_block, in file order */
	GPtrArray *texts; /**< what the lines point into */
};

/**
 * @bytes must have passed calendar_read() without an error about the whole file. -EINVAL with a
 * finding when a block is not closed or there are too many lines.
 */
int ics_lines_read(const char *file, const char *bytes, size_t size, struct ics_lines **out,
		   struct findings *findings);
void ics_lines_free(struct ics_lines **l);

static inline const char *ics_line(const struct ics_lines *l, uint32_t i)
{
	return g_array_index(l->lines, struct text_line, i).text;
}

/** Is it a line of the property @name (upper case)? */
bool ics_line_is(const char *line, const char *name);
/** Behind the colon that ends name and parameters; "" if there is none. */
const char *ics_line_value(const char *line);
/** Name and parameters, without the colon. Caller frees. */
char *ics_line_head(const char *line);

#endif
