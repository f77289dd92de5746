/*
 * order.h - instances by start, in time that grows with their number alone.
 */
#ifndef CALENDARS_ORDER_H
#define CALENDARS_ORDER_H

#include <glib.h>

/**
 * Sort struct instance * by start, then UID, then rid, and drop what is listed twice. Cheapest when
 * they come by UID already: then only the starts have to be put in order.
 */
void order_instances(GPtrArray *instances);

#endif
