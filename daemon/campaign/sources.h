/*
 * sources.h - `sources` of campaign.yaml: remote calendars that stand for files.
 *
 * Nothing is fetched here: what was read last is given to campaign_load() as the file's
 * bytes.  A source that was never read leaves its file empty, with a warning.
 */
#ifndef CAMPAIGN_SOURCES_H
#define CAMPAIGN_SOURCES_H

#include "daemon/campaign/build.h"

#define SOURCES_MAX 20 /**< of a campaign */
#define SOURCE_URL_MAX 2000
#define SOURCE_POLL_MIN MINUTE
#define SOURCE_POLL_MAX DAY
#define SOURCE_POLL_DEFAULT (15 * MINUTE)

/** Read the list; a source that is wrong is left out, with an error finding. */
void sources_read(struct build *b, const struct ysource *src, const struct ynode *root);
/** Does a source stand for the file at @path? */
bool sources_give(const struct build *b, const char *path);

#endif
