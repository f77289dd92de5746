/*
 * deadline_ics.h - the deadlines of a message as a calendar file people can import.
 */
#ifndef NOTIFIERS_DEADLINE_ICS_H
#define NOTIFIERS_DEADLINE_ICS_H

#include "notifiers/notifier.h"

/**
 * VCALENDAR with METHOD:PUBLISH, one VEVENT a deadline that the recipient's own unit still has
 * to meet; the same item keeps its UID, a later message has a higher SEQUENCE. CRLF, lines
 * <= 75 bytes. NULL if the message has none. Caller frees.
 */
char *deadline_ics(const struct message *m, const char *host);

#endif
