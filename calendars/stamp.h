/*
 * stamp.h - "YYYYMMDDThhmmssZ" without printf: written once or twice for every instance.
 */
#ifndef CALENDARS_STAMP_H
#define CALENDARS_STAMP_H

#include "civil.h"
#include "daemon/core/words.h"

#define STAMP_SIZE 17 /**< with the NUL */

/** Both write at most STAMP_SIZE bytes, and return how many without the NUL. */
int stamp_instant(char *out, wall_t t);
/** "YYYYMMDD" of a wall clock's reading. */
int stamp_date(char *out, local_t t);

#endif
