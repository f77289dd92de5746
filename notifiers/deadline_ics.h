/*
 * deadline_ics.h - the deadlines of a message as a calendar file people can import.
 */
#ifndef NOTIFIERS_DEADLINE_ICS_H
#define NOTIFIERS_DEADLINE_ICS_H

#include "notifiers/notifier.h"

/**
 * VCALENDAR, one VEVENT a deadline that the recipient's own unit still has to meet; the same
 * item keeps its UID, a later message has a higher SEQUENCE. CRLF, lines <= 75 bytes. NULL if
 * the message has none. Caller frees.
 *
 * *@method_out is its METHOD: PUBLISH. Where the campaign invites (m->invitations), a message
 * about one deadline is a REQUEST to its recipient, who need not answer, or a CANCEL once the
 * item is exempted or gone from the files; RFC 5546 allows one UID in these, so a message about several publishes.
 * A trial run publishes too: it goes to somebody else.
 */
char *deadline_ics(const struct message *m, const struct notifier_settings *s,
		   const char **method_out);

#endif
