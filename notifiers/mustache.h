/*
 * mustache.h - the tags of a Mustache text, one after the other.
 *
 * The lint and the compiler (mustache_program.h) walk the tags by this alone, so that both
 * always see the same ones. Changing the delimiters is refused.
 */
#ifndef NOTIFIERS_MUSTACHE_H
#define NOTIFIERS_MUSTACHE_H

#include <stddef.h>

enum mustache_kind {
	MUSTACHE_VARIABLE, /**< {{x}} */
	MUSTACHE_RAW,      /**< {{{x}}} or {{&x}}: never escaped */
	MUSTACHE_SECTION,  /**< {{#x}} */
	MUSTACHE_INVERTED, /**< {{^x}} */
	MUSTACHE_CLOSE,    /**< {{/x}} */
	MUSTACHE_PARTIAL,  /**< {{>x}} */
	MUSTACHE_COMMENT   /**< {{! ...}}; no name */
};

struct mustache_tag {
	enum mustache_kind kind;
	const char *name; /**< borrowed from the text, not terminated */
	size_t length;
	const char *begin, *end; /**< of the whole tag in the text */
	int line;
};

struct mustache_scan {
	const char *at, *end;
	int line;
	const char *problem; /**< in Chinese, once mustache_next() has failed */
};

/** Begin at the start of @text, which must outlive the scan. */
void mustache_scan_init(struct mustache_scan *s, const char *text, size_t size);

/** 1 and *tag_out; 0 at the end; -EINVAL: s->problem and s->line say what and where. */
int mustache_next(struct mustache_scan *s, struct mustache_tag *tag_out);

#endif
