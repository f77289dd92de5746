/*
 * categories.h - what a calendar component is, by the categories people gave it.
 */
#ifndef CAMPAIGN_CATEGORIES_H
#define CAMPAIGN_CATEGORIES_H

#include "calendars/expand.h"
#include "daemon/campaign/build.h"

#define CATEGORIES_MAX 64 /**< of a component; more are not looked at */

/** The categories of one component, understood. */
struct meaning {
	enum category category; /**< NONE: left out, said already */
	bool broken;            /**< owed by nobody until mended, said already */
	uint32_t policy;        /**< index; NONE for what has none */
	GArray *names;          /**< text_t, ascending: tags and unit ids, owned */
};

/**
 * Understand @x of campaign.ics. What is wrong with it becomes a finding.
 */
void meaning_read(struct build *b, const struct calendar_component *x, struct meaning *out);
void meaning_fini(struct meaning *m);

/** The category among @x's, the first of several; NONE if it has none that we know. */
enum category category_first(const struct build *b, const struct calendar_component *x);

/** Note the policies that @x names: they are used, even if @x is broken or hidden by another. */
void policies_mark(struct build *b, const struct calendar_component *x);

/** An error about @x, at its BEGIN. */
void component_error(struct build *b, const struct calendar_component *x, const char *code,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
