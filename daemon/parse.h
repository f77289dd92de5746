/*
 * parse.h - the throw-away child: duband --parse KIND reads hostile bytes and prints something simple.
 *
 * The daemon starts it (io/child.h) with limits on time and memory; a person has no use for it.
 */
#ifndef PARSE_H
#define PARSE_H

#include "daemon/campaign/load.h"

/**
 * Let a child parse every .ics of @files, however hostile. It is waited for when the campaign is
 * loaded or @files are freed, which blocks: not for the loop's thread. What no child can read is
 * refused whole, with an error finding then.
 */
void parse_calendars(struct campaign_files *files);

/**
 * Standard input to standard output. KIND: "ics" (calendars to what flat.h tells of), "dav" (io/dav.h: XML to a flat list), "calendar"
 * (io/source.h: is it a whole calendar?). Returns an exit code: 0; 1: unreadable; EX_USAGE.
 */
int parse_main(const char *kind);

#endif
