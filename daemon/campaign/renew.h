/*
 * renew.h - a new campaign made from an old one: the same files, another year.
 *
 * Pure: files in, files out; the caller writes them.  Rosters are not copied, for the
 * people on them are other people; comments of campaign.yaml are, for they are the office's own.
 */
#ifndef CAMPAIGN_RENEW_H
#define CAMPAIGN_RENEW_H

#include "daemon/campaign/load.h"

struct renew {
	int year; /**< of the first day of the new campaign */
	const char
		*name; /**< of the new campaign; NULL: the old one's, with the year written anew */
	const char *key; /**< of its directory */
	wall_t now;      /**< DTSTAMP of its events */
};

#define RENEW_YEAR_MIN 1990
#define RENEW_YEAR_MAX 2100

/**
 * @from are the files of @c, which had no errors. 0 and *out (caller frees), or -EINVAL
 * with findings. @notes receives char *: what a person has to look at.
 */
int campaign_renew(const struct campaign_files *from, const struct campaign *c,
		   const struct renew *r, struct campaign_files **out, GPtrArray *notes,
		   struct findings *findings);

/**
 * campaign.yaml with the value of a top-level @key replaced, comments kept; NULL if the key is not
 * there or its value does not stand on its line. Caller frees.
 */
char *renew_yaml_set(const char *text, const char *key, const char *value);

#endif
