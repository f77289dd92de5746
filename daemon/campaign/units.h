/*
 * units.h - units.csv: units, their contacts, tags and senders.
 */
#ifndef CAMPAIGN_UNITS_H
#define CAMPAIGN_UNITS_H

#include "daemon/campaign/build.h"

#define TAGS_MAX 64    /**< of a unit; likewise its senders */
#define PARENTS_MAX 16 /**< levels of superior units */

/**
 * Read the table into b->units, contacts, names. A bad row is left out with an error
 * finding. 0, or -EINVAL when the table as a whole cannot be read.
 */
int units_read(struct build *b, const struct campaign_file *file);

#endif
