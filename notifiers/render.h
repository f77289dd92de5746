/*
 * render.h - a view and templates to the texts of one mail.
 *
 * Pure; one thread (template.h).
 */
#ifndef NOTIFIERS_RENDER_H
#define NOTIFIERS_RENDER_H

#include "notifiers/template.h"
#include "notifiers/view.h"

#define RENDER_SUBJECT_MAX 120 /**< characters */

struct rendered {
	char *subject;     /**< one line */
	char *text, *html; /**< "\n" at line ends */
};

/**
 * Render all of it. The subject is that of the first group, the body has every group within
 * the layout. Returns 0 and *out (caller frees), or what templates_render() returned.
 */
int render_view(const struct templates *t, const struct view *view, struct rendered **out,
		struct err *err);
/**
 * The same in two parts: the raw subject, not yet made one line, and the texts with @subject,
 * whatever it is, in its place (.subject stays NULL).
 */
int render_parts(const struct templates *t, const struct view *view, const char *subject,
		 char **raw_subject_out, struct rendered **out, struct err *err);
void rendered_free(struct rendered **r);

#endif
