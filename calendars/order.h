/*
 * order.h - instances by start, in time that grows with their number alone.
 */
#ifndef CALENDARS_ORDER_H
#define CALENDARS_ORDER_H

#include <glib.h>

/**
 * struct instance * of @found (struct instance) by start, then UID, then rid, without what is listed
 * twice; caller unrefs. Cheapest when they come by UID already: then only the starts have to be put
 * in order.
 */
GPtrArray *order_instances(const GArray *found);

#endif
