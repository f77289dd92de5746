/*
 * view_private.h - what view.c and view_group.c share.
 */
#ifndef NOTIFIERS_VIEW_PRIVATE_H
#define NOTIFIERS_VIEW_PRIVATE_H

#include "notifiers/view.h"

/** Items that are told together, in the message's order. */
struct view_group {
	GPtrArray *items;   /**< borrowed struct message_item *, never without one */
	GPtrArray *cleared; /**< late_cleared ones of the same occurrence */
};

/** The groups of @m, most urgent first; owned array of owned groups. */
GPtrArray *view_groups(const struct message *m);

/** A group's fields. @ordinal from 1 when the message has several groups, else 0. */
struct record *view_group_record(struct values *v, const struct message *m,
				 const struct view_group *g, int ordinal);

/* Setters that clean: one line of at most @max characters; a list of lines. */
void view_set_line(struct record *r, const char *name, const char *text, int max);
void view_set_lines(struct record *r, const char *name, const char *text, int max);

/** "8月9日17:30" / "9 Aug 17:30" from an RFC 3339 text; @fallback cleaned if it is none. */
char *view_short_time(const struct message *m, const char *iso, const char *fallback);

bool view_chinese(const struct message *m);

/** Steps that need no name of their own in a subject: 报送提醒, alarm, alarm-2, "". */
bool view_step_generic(const char *base);

/** "督办#1": "督办" and 2 (the second time); "督办": 0. Caller frees. */
char *view_step_base(const char *step, int *times_out);

/** Counted by "等N项": a list about one occurrence is one thing. */
int view_group_things(const struct message *m, const struct view_group *g);

#endif
