/*
 * diff_private.h - friends only: diff.c, diff_policies.c, diff_dates.c, diff_due.c.
 */
#ifndef CAMPAIGN_DIFF_PRIVATE_H
#define CAMPAIGN_DIFF_PRIVATE_H

#include "daemon/campaign/diff.h"

struct diff {
	const struct campaign *from, *to;
	const uint32_t *units;        /**< campaign_follow_units() */
	GPtrArray *lines;             /**< char * */
	unsigned more;                /**< beyond CHANGES_MAX */
	const struct diff_told *told; /**< NULL: not known */
};

void diff_say(struct diff *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Say "WHAT：OLD 改为 NEW" if the texts differ; "" shows as 无. */
void diff_text(struct diff *d, const char *what, const char *old, const char *new);
void diff_policies(struct diff *d);
void diff_dates(struct diff *d);
void diff_due(struct diff *d);
/** "，已发提醒41件将更正"; "" for none. Caller frees. */
char *told_text(unsigned n, const char *what);
/** "08:30–17:30, 15:00, working", "不限"; caller frees. */
char *window_text(const struct window *w);

#endif
