/*
 * view.h - a message as templates see it: cleaned texts, items in groups, no decisions left.
 *
 * Pure. docs/templates.md describes every field to those who write templates. The view
 * does not depend on the recipient's address except in .address, so that later a view can
 * be rendered once and spliced per recipient.
 */
#ifndef NOTIFIERS_VIEW_H
#define NOTIFIERS_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "notifiers/notifier.h"
#include "notifiers/value.h"

#define VIEW_ROWS_MAX 500 /**< rows of a list; the others are counted in `more` */
#define VIEW_NAME_MAX 60  /**< characters */
#define VIEW_TITLE_MAX 120
#define VIEW_TAGS_MAX 500
#define VIEW_TEXT_MAX 4000
#define VIEW_LINES_MAX 60

struct view {
	struct values *values; /**< owns all of it */
	struct record *fields; /**< of the message itself */
	GArray *groups;        /**< see view_group(); most urgent first, at least one */
};

/**
 * The whole view. @trial  the message does not go to .address
 * Never NULL; it borrows nothing from @m. Caller frees.
 */
struct view *view_new(const struct message *m, bool trial);
void view_free(struct view **view);

/**
 * What a group's templates are given behind the message's fields; `template` is the base name
 * of them ("remind", "decision-extend").
 */
const struct record *view_group(const struct view *view, guint index);

/** The fields of one item, as in the rows of a list; owned by @v. */
struct record *view_item(struct values *v, const struct message *m,
			 const struct message_item *item);

/** Is this a field of the view or of one of its lists? The lint asks. */
bool view_field_known(const char *name, size_t length);

/** All fields, NULL-terminated: for the tests of docs/templates.md. */
const char *const *view_fields(void);

/** The recipient belongs to the unit that owes: a reminder to it, else a list about it. */
bool view_item_own(const struct message *m, const struct message_item *item);

#endif
