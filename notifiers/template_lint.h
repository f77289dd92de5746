/*
 * template_lint.h - what is wrong with a template, said before it is used.
 */
#ifndef NOTIFIERS_TEMPLATE_LINT_H
#define NOTIFIERS_TEMPLATE_LINT_H

#include "notifiers/template.h"

#define TEMPLATE_SIZE_MAX (64u << 10)
#define TEMPLATE_NESTING_MAX 16
#define TEMPLATE_TAGS_MAX 20000 /**< of a template with all its partials written out */

/**
 * Everything wrong with @text if it stood for @name ("zh_CN/remind.txt") in @t; findings name
 * the file "templates/NAME". True if there was no error (warnings do not count).
 */
bool template_lint(const struct templates *t, const char *name, const char *text, size_t size,
		   struct findings *findings);

#endif
