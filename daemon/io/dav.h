/*
 * dav.h - what a CalDAV server says, as a flat list.
 *
 * Its XML is hostile until proven otherwise and is read in a throw-away child alone
 * (child.h, kind "dav"): dav_flatten() runs there, dav_read() here, on the simple list
 * that the child prints.
 */
#ifndef IO_DAV_H
#define IO_DAV_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/core/err.h"

#define DAV_ENTRIES_MAX 10000 /**< members of a collection */
#define DAV_NODES_MAX 2000000 /**< of an answer; what has more is no list of calendars */

/** One <response>: a collection or a member, with the properties that it has. */
struct dav_entry {
	char *href;
	int status;                /**< of the whole entry; 0 = none was given */
	bool collection, calendar; /**< resourcetype */
	char *etag, *ctag, *token; /**< NULL: not given */
	char *data;                /**< calendar-data; NULL */
};

/** PROPFIND, Depth 0: is it a calendar, and has it changed? */
extern const char dav_ask_collection[];
/** REPORT, Depth 1: every member with its bytes. */
extern const char dav_ask_members[];

/**
 * Child: a multistatus to the flat list, appended to @out. -EBADMSG: no XML, half of it, no
 * multistatus, a DTD (there is no need for one: entities are how XML explodes); -EFBIG: a limit.
 */
int dav_flatten(const char *xml, size_t size, GString *out, struct err *err);

/** The child's list: GPtrArray of struct dav_entry *, or NULL if it is none. */
GPtrArray *dav_read(const char *flat, size_t size);

/**
 * The members as one calendar text, by href. @url is the collection's. Refused (NULL with
 * words for the office) when a member lies outside of it, has no whole calendar, comes twice, or
 * when there is none.
 */
GBytes *dav_join(const GPtrArray *entries, const char *url, struct err *err);

/** The path of @href (a path or a URL on @url's server), decoded, or NULL if it is none. */
char *dav_path(const char *url, const char *href);

#endif
