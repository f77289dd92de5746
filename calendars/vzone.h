/*
 * vzone.h - what a TZID stands for: a system zone, or the VTIMEZONE of the file.
 *
 * The file's own VTIMEZONE is asked only when the name is neither an IANA nor a Windows
 * name: programs write outdated rules under well-known names.
 */
#ifndef CALENDARS_VZONE_H
#define CALENDARS_VZONE_H

#include <glib.h>

#include "rrule.h"
#include "zone.h"

#define VZONE_OBSERVANCES_MAX 64
#define VZONE_TRANSITIONS_MAX 4000
#define VZONE_YEAR_LAST 2199

struct vzone;

/** A TZID resolved. Exactly one of .zone and .own is set; lives as long as its calendar. */
struct tz {
	char *id;
	const struct zone *zone;
	const struct vzone *own;
	bool utc;      /**< instants written with Z */
	bool floating; /**< no TZID: the calendar's default zone */
	bool lost;     /**< TZID that resolves to nothing: the default zone for want of better */
};

/** One STANDARD or DAYLIGHT of a VTIMEZONE. */
struct vzone_observance {
	local_t start; /**< DTSTART, on the clock of .from */
	int from, to;  /**< TZOFFSETFROM, TZOFFSETTO in seconds */
	GArray *rules; /**< struct rrule, borrowed; may be NULL */
	GArray *dates; /**< local_t: RDATE, borrowed; may be NULL */
};

struct vzone *vzone_new(void);
void vzone_free(struct vzone **v);
void vzone_add(struct vzone *v, const struct vzone_observance *o);
/** Call once after the last add. -EINVAL if it has no observance at all. */
int vzone_seal(struct vzone *v);

wall_t vzone_instant(const struct vzone *v, local_t t, enum zone_fit *fit_out);
int vzone_offset(const struct vzone *v, wall_t t);

/** As zone_instant() and zone_local(), for either kind. */
wall_t tz_instant(const struct tz *z, local_t t, enum zone_fit *fit_out);
local_t tz_local(const struct tz *z, wall_t t);

#endif
