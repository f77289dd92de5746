/*
 * flat.h - a calendar file read as far as lines, components and texts: what a throw-away
 * child hands to the daemon.
 *
 *   foreign bytes -> scan, libical -> struct flat -> bytes | bytes -> struct flat -> calendar_take()
 *   \------------ the child (or dubanctl) -------/           \---------- the daemon ----------/
 *
 * Charsets, folding, nesting and libical are behind the dash: whatever they do with hostile
 * bytes, only a child dies. The bytes between are ours, and yet the decoder trusts none of
 * them: a child that was taken over may write anything.
 */
#ifndef CALENDARS_FLAT_H
#define CALENDARS_FLAT_H

#include "daemon/core/err.h"
#include "expand.h"
#include "scan.h"

/** What a VEVENT or VTODO says to people (ical_words.c). Texts are never NULL. */
struct flat_words {
	bool readable; /**< libical took it */
	char *summary, *description, *location, *status;
	GPtrArray *categories, *attendees; /**< char * */
	GArray *alarms;                    /**< struct calendar_alarm */
	int alarms_more;                   /**< line of the first VALARM beyond the limit; 0 */
	bool bad_property;                 /**< libical left something out */
};

struct flat {
	int rc;                    /**< of scan_read() */
	struct findings *findings; /**< of the scan; their .file is "" */
	struct scan *scan;         /**< NULL if .rc < 0 */
	GPtrArray *words; /**< struct flat_words *, a component; NULL for other components */
};

/** Read @bytes, any charset. Never NULL. */
struct flat *flat_parse(const char *bytes, size_t size, size_t bytes_max);
/** What nobody could read: a file that is refused whole, with an error. */
struct flat *flat_refused(const char *code, const char *why);
void flat_free(struct flat **f);

/** Append what flat_decode() reads. */
void flat_encode(const struct flat *f, GByteArray *out);
/** -EPROTO with words when @bytes is not what flat_encode() writes. */
int flat_decode(const void *bytes, size_t size, struct flat **out, struct err *err);

struct flat_words *flat_words_new(void);
void flat_words_free(gpointer words);

#endif
