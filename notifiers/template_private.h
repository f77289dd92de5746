/*
 * template_private.h - what the files of the template module share: the C++ shim, the lint.
 */
#ifndef NOTIFIERS_TEMPLATE_PRIVATE_H
#define NOTIFIERS_TEMPLATE_PRIVATE_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TEMPLATE_SIZE_MAX (64u << 10)
#define TEMPLATE_PARTIALS_MAX 64
#define TEMPLATE_NESTING_MAX 16

/** A template with its name, as the shim takes partials. */
struct template_text {
	const char *name, *text;
};

/**
 * Render @text. Never throws. Sets mstch's global escape for this call, hence one thread.
 * 0 and *out (g_free it); -ENOMEM; -EINVAL with @problem (>= 1 byte) filled.
 */
int template_mstch_render(const char *text, const struct template_text *partials, size_t n,
			  const json_t *view, bool html, char **out, char *problem,
			  size_t problem_size);

#ifdef __cplusplus
}
#endif
#endif
