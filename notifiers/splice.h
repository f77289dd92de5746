/*
 * splice.h - what was rendered for one recipient, made into another's text.
 *
 * In a burst thousands of mails differ by the recipient's name, unit and numbers only, and
 * rendering each costs several times what sending does.  So when a second such mail is met
 * its texts are rendered with marks in place of what differs, and from then on the marks are
 * replaced.  The bytes are those of
 * render_view(): a message that does not fit is simply rendered (tests compare the two).
 * Pure; belongs to one set of templates and, like rendering, to one thread.
 */
#ifndef NOTIFIERS_SPLICE_H
#define NOTIFIERS_SPLICE_H

#include "notifiers/notifier.h"
#include "notifiers/render.h"

#define SPLICE_SHAPES_MAX 64 /**< remembered at a time */
#define SPLICE_ITEMS_MAX 4   /**< a message of more is rendered in full */

struct splices;

struct splices *splices_new(void);
void splices_free(struct splices **s);
/** The templates have changed. */
void splices_clear(struct splices *s);

/** The texts of @m, as render_view(@t, view_new(@m, @trial)) makes them. */
int splice_render(const struct templates *t, struct splices *s, const struct message *m, bool trial,
		  struct rendered **out, struct err *err);

#endif
