/*
 * yaml.h - a small tree of a YAML file that remembers lines and columns.
 *
 * Built from libyaml's events, because its document API hides aliases and takes
 * minutes over a file of brackets.  Anchors, aliases, tags, several documents,
 * duplicate keys and control characters are refused; what people misspell is
 * answered with a finding that names the nearest known key.
 */
#ifndef CAMPAIGN_YAML_H
#define CAMPAIGN_YAML_H

#include <stddef.h>

#include "daemon/core/err.h"
#include "daemon/core/finding.h"
#include "daemon/core/offset.h"

#define YAML_SIZE_MAX (1u << 20)
#define YAML_DEPTH_MAX 16
#define YAML_KEYS_MAX 1000 /**< of one map; they are searched one by one */

enum ynode_shape { YNODE_TEXT, YNODE_LIST, YNODE_MAP };

struct ynode {
	enum ynode_shape shape;
	int line, column;  /**< from 1 */
	bool plain;        /**< a text written without quotes */
	char *text;        /**< YNODE_TEXT */
	GPtrArray *keys;   /**< YNODE_MAP: struct ynode * (texts), in file order */
	GPtrArray *values; /**< YNODE_MAP, YNODE_LIST: struct ynode * */
};

/** Where the tree came from and who hears what is wrong with it. */
struct ysource {
	const char *file;
	struct findings *findings;
};

/**
 * Read @bytes, whose root must be a map. Returns 0 and *out (caller frees), or -EINVAL with
 * an error finding, or -EFBIG likewise.
 */
int ynode_read(const struct ysource *src, const char *bytes, size_t size, struct ynode **out);
void ynode_free(struct ynode **n);

/** Say that @n is wrong. */
void ynode_error(const struct ysource *src, const struct ynode *n, const char *code,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** The value of @key, NULL if it is absent or null (empty, ~). */
const struct ynode *ynode_get(const struct ynode *map, const char *key);
/** The key's own node, for the place of a finding; NULL if absent. */
const struct ynode *ynode_key(const struct ynode *map, const char *key);
/** UNKNOWN_KEY for every key of @map that is not in @known (NULL-terminated). */
void ynode_check_keys(const struct ysource *src, const struct ynode *map, const char *const *known);
/** MISSING_KEY, placed at @map, unless @key is there. Returns whether it is. */
bool ynode_require(const struct ysource *src, const struct ynode *map, const char *key);

/* Each getter returns false and leaves *out alone when the key is absent, or after a finding. */

/** One line of text, not empty. */
bool ynode_text(const struct ysource *src, const struct ynode *map, const char *key,
		const char **out);
/** Text that may have several lines. */
bool ynode_long_text(const struct ysource *src, const struct ynode *map, const char *key,
		     const char **out);
/** yes/no, true/false, on/off in any case, quoted or not. */
bool ynode_bool(const struct ysource *src, const struct ynode *map, const char *key, bool *out);
bool ynode_int(const struct ysource *src, const struct ynode *map, const char *key, int64_t min,
	       int64_t max, int64_t *out);
/** A length without sign: "30m", "1wd" (core/offset.h). */
bool ynode_length(const struct ysource *src, const struct ynode *map, const char *key,
		  struct offset *out);
/** One of @words (NULL-terminated); its index. */
bool ynode_choice(const struct ysource *src, const struct ynode *map, const char *key,
		  const char *const *words, int *out);
/** A map or list; NULL where the getters above return false. */
const struct ynode *ynode_map(const struct ysource *src, const struct ynode *map, const char *key);
const struct ynode *ynode_list(const struct ysource *src, const struct ynode *map, const char *key);
/** The one-line text of a list's entry @i, or NULL after a finding. */
const char *ynode_item(const struct ysource *src, const struct ynode *list, unsigned i);

#endif
