/*
 * ical_words.h - what a component says to people.
 *
 * Friends only: calendars/flat.c.
 */
#ifndef CALENDARS_ICAL_WORDS_H
#define CALENDARS_ICAL_WORDS_H

#include "flat.h"

/** SUMMARY, CATEGORIES, ATTENDEE, VALARM ... of the VEVENT or VTODO @index; never NULL. */
struct flat_words *ical_words_parse(const struct scan *scan, uint32_t index);

#endif
