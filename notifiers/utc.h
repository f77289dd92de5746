/*
 * utc.h - an instant as the parts of its UTC time, for headers and calendars. Pure.
 */
#ifndef NOTIFIERS_UTC_H
#define NOTIFIERS_UTC_H

#include <glib.h>

#include "daemon/core/words.h"

struct utc {
	int year, month, day, hour, minute, second;
	int weekday; /**< 0 = Sunday */
};

/** Years from 0 on. */
struct utc utc_of(wall_t at);

/** @value, not negative, in decimal with at least @width digits. */
void utc_add_number(GString *out, int value, int width);

#endif
