/*
 * mustache_program.h - a Mustache text compiled once, rendered many times.
 *
 * As the Mustache specification has it: variables, raw ones, sections, inverted sections,
 * partials (indented where they stand alone), comments, the line of a tag that
 * stands alone vanishing.  As in most implementations several tags may stand alone together.
 * There are no dotted names, no lambdas, and delimiters
 * cannot be changed (mustache.h).  Partials are written
 * out when compiling, so none may include itself.
 *
 * Pure. A program is only read while it renders.
 */
#ifndef NOTIFIERS_MUSTACHE_PROGRAM_H
#define NOTIFIERS_MUSTACHE_PROGRAM_H

#include <glib.h>
#include <stdbool.h>

#include "notifiers/value.h"

#define PROGRAM_DEPTH_MAX 64   /**< partials within partials */
#define PROGRAM_OPS_MAX 100000 /**< of a text with all its partials written out */

struct program;

/** The text of a partial, which must outlive the program; NULL: there is none. */
typedef const char *program_partial_fn(void *arg, const char *name);

/**
 * Compile @text, which must outlive the program. Returns 0 and *out, or -EINVAL: a tag or a
 * section is broken; -ENOENT: a partial does not exist; -E2BIG: one of the limits above is
 * passed, by partials that include each other most likely.
 */
int program_new(const char *text, program_partial_fn *partial, void *arg, struct program **out);
void program_free(struct program **p);

/** Where names are looked up: in @value, then further out. */
struct scope {
	struct value value;
	const struct scope *outer; /**< NULL: nothing more */
};

/** Append what @p makes of @scope; @html escapes what is not raw. */
void program_render(const struct program *p, const struct scope *scope, bool html, GString *out);

/** As {{x}} is escaped in HTML: & < > " '. */
void html_escape(GString *out, const char *text);

#endif
