/*
 * finding.h - what a reader of files has to say about them: `file:line: error: CODE: text`.
 *
 * Readers (calendars/, campaign/) collect findings instead of stopping at the
 * first trouble, so that `dubanctl check` shows everything at once.
 */
#ifndef CORE_FINDING_H
#define CORE_FINDING_H

#include <glib.h>

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct finding {
	enum severity severity;
	char *file; /**< as the reader was given it */
	int line;   /**< from 1; 0 = the file as a whole */
	int column; /**< from 1; 0 = unknown */
	char *code; /**< short, upper case, stable: BAD_RRULE, UNKNOWN_CATEGORY */
	char *uid;  /**< of the component, or NULL */
	char *text; /**< what is wrong and how to mend it; in the reader's language: Chinese */
};

#define FINDINGS_MAX 1000 /**< more are counted, not kept */

struct findings {
	GPtrArray *list; /**< of struct finding *, owned */
	unsigned errors, warnings;
};

struct findings *findings_new(void);
void findings_free(struct findings **f);
void findings_add(struct findings *f, enum severity severity, const char *file, int line,
		  int column, const char *code, const char *uid, const char *fmt, ...)
	__attribute__((format(printf, 8, 9)));
/** By file, line, column, code. */
void findings_sort(struct findings *f);
/** "file:line: error: CODE: text" (":column" follows the line when known). Caller frees. */
char *finding_line(const struct finding *f);

#endif
