/*
 * value.h - what templates are given: texts, numbers, flags, lists, and records of named ones.
 *
 * A tree as JSON has it, built for every mail and thrown away after it: all of a tree
 * belongs to one struct values, is freed with it at once, and is not changed once shared.
 */
#ifndef NOTIFIERS_VALUE_H
#define NOTIFIERS_VALUE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_FLAG, VALUE_LIST, VALUE_RECORD };

struct record;

struct value {
	enum value_kind kind;
	union {
		const char *text;
		gint64 number;
		bool flag;
		const GArray *list; /**< struct value */
		const struct record *record;
	};
};

/** Owner of a tree. */
struct values;

struct values *values_new(void);
void values_free(struct values **v);
/** Empty ones, owned by @v. */
struct record *values_record(struct values *v);
GArray *values_list(struct values *v);

/** A copy of @text, owned by @v. */
struct value value_text(struct values *v, const char *text);

/* Setters of a field that @r does not have yet; @name is a literal, or outlives @r. */
void record_set(struct record *r, const char *name, struct value value);
void record_set_text(struct record *r, const char *name, const char *text);
void record_set_number(struct record *r, const char *name, gint64 number);
void record_set_flag(struct record *r, const char *name, bool flag);
void record_set_list(struct record *r, const char *name, const GArray *list);

/** One with the fields of @r, and of the same owner. */
struct record *record_copy(const struct record *r);
struct values *record_values(const struct record *r);

/** What record_find() finds faster: @name's digest. */
guint record_hash(const char *name, size_t length);
/** NULL: no such field. @hash is record_hash() of the name. */
const struct value *record_find(const struct record *r, const char *name, size_t length,
				guint hash);
const struct value *record_get(const struct record *r, const char *name);
/** The text of a field; "" if there is none or it is no text. */
const char *record_text(const struct record *r, const char *name);
/** The @n-th field, for those who walk them all; NULL: no more. */
const struct value *record_nth(const struct record *r, guint n, const char **name_out);

#endif
