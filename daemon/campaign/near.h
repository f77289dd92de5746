/*
 * near.h - which known name a person meant who wrote an unknown one.
 */
#ifndef CAMPAIGN_NEAR_H
#define CAMPAIGN_NEAR_H

#include <stdbool.h>

/** Names are offered one by one, so that nobody has to collect them first. */
struct near {
	const char *wanted; /**< borrowed */
	const char *best;   /**< borrowed from the caller of near_offer(); NULL if none is near */
	unsigned distance;
};

void near_start(struct near *n, const char *wanted);
/**
 * Remember @name if it is nearer than any before it: by edits of characters (exchange of
 * neighbours is one), case ignored.  Names farther than half the longer one are not near.
 */
void near_offer(struct near *n, const char *name);
/** "，是不是“NAME”？", or "" if none is near. Caller frees. */
char *near_words(const struct near *n);

#endif
