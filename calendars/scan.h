/*
 * scan.h - content lines and components of an iCalendar text, with line numbers.
 *
 * The scanner is what stands between bytes from anywhere and libical: it knows the
 * limits, the charsets, folding and BEGIN/END, and nothing of what a property means.
 * It never fails on a bad line (a finding, the line is left out), only on a text that is no
 * calendar or is not whole: half a roster must not replace a whole one.
 */
#ifndef CALENDARS_SCAN_H
#define CALENDARS_SCAN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/finding.h"

#define SCAN_DEPTH_MAX 8          /**< BEGIN within BEGIN */
#define SCAN_LINE_MAX (64 * 1024) /**< bytes of a line after unfolding */
#define SCAN_LINES_MAX 2000000    /**< lines of a file after unfolding */
#define SCAN_NO_PARENT UINT32_MAX

struct scan_line {
	const char *name;   /**< upper case */
	const char *params; /**< raw text between the first ';' and the ':', "" if none */
	const char *value;  /**< UTF-8 */
	int line;           /**< physical line it begins on, from 1 */
	uint32_t component; /**< the innermost component it lies in; SCAN_NO_PARENT if none */
};

struct scan_component {
	const char *name;     /**< upper case: VEVENT ... */
	int line;             /**< of its BEGIN */
	uint32_t parent;      /**< index, or SCAN_NO_PARENT */
	uint32_t first, last; /**< its lines, those of its children among them: [first, last) */
	uint32_t next;        /**< index after its last descendant */
	bool broken; /**< not closed, nested too deeply, a line too long: a finding says so */
};

struct scan {
	GArray *lines;      /**< struct scan_line, without BEGIN and END */
	GArray *components; /**< struct scan_component, by BEGIN */
	GPtrArray *texts;   /**< blocks that the lines point into */
};

/**
 * Read @size bytes. Returns 0, -EFBIG (too many bytes or lines), -ENOMSG (no calendar at
 * all: an HTML page, an empty file) or -EBADMSG (not whole: END:VCALENDAR is
 * missing); each failure has an error finding. @out is set on success only.
 */
int scan_read(const char *file, const char *bytes, size_t size, size_t bytes_max, struct scan **out,
	      struct findings *findings);
void scan_free(struct scan **s);

/**
 * The value of the parameter @name (upper case), quotes removed; NULL if absent.
 * Caller frees.
 */
char *scan_param(const struct scan_line *line, const char *name);

static inline const struct scan_line *scan_line_at(const struct scan *s, uint32_t i)
{
	return &g_array_index(s->lines, struct scan_line, i);
}

static inline const struct scan_component *scan_component_at(const struct scan *s, uint32_t i)
{
	return &g_array_index(s->components, struct scan_component, i);
}

#endif
