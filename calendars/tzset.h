/*
 * tzset.h - the TZIDs of a calendar, each resolved once.
 *
 * Order: IANA name in any case (/prefix/Area/City too), Windows name, VTIMEZONE of the file,
 * else lost. A lost one is never UTC: its reader decides between an error and the default
 * zone.
 */
#ifndef CALENDARS_TZSET_H
#define CALENDARS_TZSET_H

#include "scan.h"
#include "vzone.h"

struct tzset;

struct tzset *tzset_new(const struct zone *default_zone);
void tzset_free(struct tzset **s);

/** Begin a file: its VTIMEZONEs (borrowed until tzset_end_file) are those asked for from now on. */
void tzset_begin_file(struct tzset *s, const struct scan *scan);
void tzset_end_file(struct tzset *s);

/** Never NULL; lives as long as the set. */
const struct tz *tzset_get(struct tzset *s, const char *id);
const struct tz *tzset_utc(const struct tzset *s);
const struct tz *tzset_floating(const struct tzset *s);

/**
 * Does the file's VTIMEZONE of the IANA or Windows name @id have another offset at the
 * local time @t? Asked once an id; false afterwards.
 */
bool tzset_contradicts(struct tzset *s, const struct tz *z, local_t t);

#endif
