/*
 * contacts.h - which contacts a unit has already, while units.csv is read.
 *
 * Friends only: daemon/campaign/units.c.
 */
#ifndef CAMPAIGN_CONTACTS_H
#define CAMPAIGN_CONTACTS_H

#include <stdbool.h>

#include "daemon/core/words.h"

struct contacts;

/** @list: struct contact, borrowed; contacts_add() appends to it. */
struct contacts *contacts_new(GArray *list);
void contacts_free(struct contacts **c);
/** Append @contact unless its unit has an equal one: unit, role, person and addresses. */
bool contacts_add(struct contacts *c, const struct contact *contact);

/**
 * Put *contacts (struct contact) into the order of their @units (struct unit), within a unit as they
 * were, and tell each unit which are its own.
 */
void contacts_group(GArray **contacts, GArray *units);

#endif
