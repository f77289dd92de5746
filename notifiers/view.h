/*
 * view.h - a message as templates see it: cleaned texts, items in groups, no decisions left.
 *
 * Pure. docs/templates.md describes every field to those who write templates. The view
 * does not depend on the recipient's address except in .address, so that later a view can
 * be rendered once and spliced per recipient.
 */
#ifndef NOTIFIERS_VIEW_H
#define NOTIFIERS_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "notifiers/notifier.h"

#define VIEW_ROWS_MAX 500 /**< rows of a list; the others are counted in `more` */
#define VIEW_NAME_MAX 60  /**< characters */
#define VIEW_TITLE_MAX 120
#define VIEW_TAGS_MAX 500
#define VIEW_TEXT_MAX 4000
#define VIEW_LINES_MAX 60

/**
 * The whole view: the message's own fields and `groups`, an array of objects that each hold
 * `template`, the base name of their templates ("remind", "decision-extend").
 * @trial  the message does not go to .address
 * Never NULL. Caller decrefs.
 */
json_t *view_new(const struct message *m, bool trial);

/** The fields of one item, as in the rows of a list. New reference. */
json_t *view_item_json(const struct message *m, const struct message_item *item);

/** Is this a field of the view or of one of its lists? The lint asks. */
bool view_field_known(const char *name, size_t length);

/** All fields, NULL-terminated: for the tests of docs/templates.md. */
const char *const *view_fields(void);

/** The recipient belongs to the unit that owes: a reminder to it, else a list about it. */
bool view_item_own(const struct message *m, const struct message_item *item);

#endif
