/*
 * template.h - Mustache templates by name and locale, linted before they are used.
 *
 * A set of templates has three layers: the campaign's overrides, the embedded ones of
 * the message's locale, the embedded Chinese ones.  Rendering is for one thread only:
 * a set remembers what it has compiled.
 */
#ifndef NOTIFIERS_TEMPLATE_H
#define NOTIFIERS_TEMPLATE_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/core/err.h"
#include "daemon/core/finding.h"
#include "notifiers/mustache_program.h"

struct templates;
struct splices;

/** The embedded defaults, nothing overridden. */
struct templates *templates_new(void);
void templates_free(struct templates **t);
/** What was rendered with them, for splice.h. */
struct splices *templates_splices(const struct templates *t);
/**
 * Override one ("zh_CN/remind.txt") by a campaign's templates/ file. Linted first: unclosed
 * or crossed sections, unknown partials, partial cycles, bad UTF-8, > 64 KiB are findings and the
 * embedded one stays in force. Returns 0 or -EINVAL.
 */
int templates_override(struct templates *t, const char *name, const char *text, size_t size,
		       struct findings *findings);
/** Lint everything, embedded ones too. */
void templates_lint(const struct templates *t, struct findings *findings);

/**
 * Append to @out what template @name ("remind.subject") in @locale makes of @scope. @html
 * escapes for HTML, else nothing is escaped. -ENOENT no such template, -EINVAL partials of two
 * locales include each other.
 */
int templates_render(const struct templates *t, const char *locale, const char *name,
		     const struct scope *scope, bool html, GString *out, struct err *err);

/** Names of all embedded templates ("zh_CN/remind.subject"), NULL-terminated, and their text. */
const char *const *templates_names(void);
const char *templates_text(const struct templates *t, const char *name);

#endif
