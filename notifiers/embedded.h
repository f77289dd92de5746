/*
 * embedded.h - files that cmake/embed.cmake puts into the library, sorted by name.
 *
 * Constant data: it is the lowest layer of the templates and cannot fail to be there.
 */
#ifndef NOTIFIERS_EMBEDDED_H
#define NOTIFIERS_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
	const char *name; /**< "zh_CN/remind.subject" */
	const char *text; /**< NUL follows */
	size_t size;
};

extern const struct embedded_file embedded_templates[];
extern const size_t embedded_templates_n;
extern const char *const embedded_templates_names[]; /**< NULL-terminated */

#endif
