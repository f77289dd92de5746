/*
 * zone.h - time zones: local time to instants and back, by cctz and the system's tzdata.
 *
 * Only allow-listed names reach the file system: [A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2},
 * no "..", no absolute path.  Zones live for the life of the process (cctz caches
 * them), so pointers are borrowed and never freed.
 */
#ifndef CALENDARS_ZONE_H
#define CALENDARS_ZONE_H

#include "civil.h"
#include "daemon/core/words.h"

#ifdef __cplusplus
extern "C" {
#endif

struct zone;

/**
 * The zone of an IANA name in any case ("asia/shanghai", "PRC"), NULL if there is
 * none.  Names as /prefix/Area/City resolve by their tail.  No Windows names here.
 */
const struct zone *zone_get(const char *name);
/** The zone of a Windows name ("China Standard Time"; CLDR windowsZones), or NULL. */
const struct zone *zone_get_windows(const char *name);
const struct zone *zone_utc(void);
/** The canonical spelling ("Asia/Shanghai"). */
const char *zone_name(const struct zone *z);

enum zone_fit { ZONE_UNIQUE, ZONE_SKIPPED, ZONE_REPEATED };

/**
 * The instant of a local time. In a gap: by the offset before it; of a doubled
 * hour: the first (design: Time). @fit_out (may be NULL) says which it was.
 */
wall_t zone_instant(const struct zone *z, local_t t, enum zone_fit *fit_out);
/** The wall clock's reading at an instant (milliseconds are floored). */
local_t zone_local(const struct zone *z, wall_t t);
/** Offset east of UTC in seconds at @t. */
int zone_offset(const struct zone *z, wall_t t);
/**
 * The half-open span [*from, *to) around @t in which the offset does not change;
 * WALL_ALWAYS and WALL_NEVER where there is no change any more. Inside it local time is linear.
 */
void zone_span(const struct zone *z, wall_t t, wall_t *from, wall_t *to);

/** "2019-08-09T17:00:00+08:00"; caller frees. */
char *zone_format(const struct zone *z, wall_t t);
/**
 * Read an instant as a person writes it: "2019-08-09T17:00[:00][Z|+08:00]", a blank for
 * the T, local when it has no offset. A bare date "2019-08-09": the end of that day
 * (23:59:59) when @end_of_day, else its start. False if it is none of these.
 */
bool zone_parse(const struct zone *z, const char *text, bool end_of_day, wall_t *out);

/** Version of tzdata in use ("2026a"), "unknown" if the system does not say. */
const char *zone_tzdata_version(void);

#ifdef __cplusplus
}
#endif

#endif
