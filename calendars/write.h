/*
 * write.h - content lines of RFC 5545 as we write them: CRLF, folded at 75 octets, escaped.
 *
 * Written by hand and not by libical: its zones come with a prefix of its own and its
 * strings live in a ring of buffers.  No clock is asked; a DTSTAMP is given.
 */
#ifndef CALENDARS_WRITE_H
#define CALENDARS_WRITE_H

#include "daemon/core/words.h"
#include "zone.h"

#define WRITE_FOLD_AT 75 /**< octets of a physical line without its CRLF */

/** One line, "NAME;PARAM=X:value" already escaped; never folded within a character. */
void write_line(GString *out, const char *line);
/** NAME:text with what TEXT escapes; control characters but the line feed are left out. */
void write_text(GString *out, const char *name, const char *text);
/** NAME;VALUE=DATE:20190810 */
void write_date(GString *out, const char *name, date_t day);
/** NAME;TZID=Asia/Shanghai:20190809T170000 */
void write_local(GString *out, const char *name, const struct zone *z, local_t t);
/** NAME:20190809T090000Z */
void write_instant(GString *out, const char *name, wall_t t);
/** A parameter's value, quoted where it has to be; characters that cannot be said are left out. */
char *write_quoted(const char *value);

/** BEGIN:VCALENDAR with version, PRODID, scale and X-WR-CALNAME. */
void write_calendar_begin(GString *out, const char *name);
/** The VTIMEZONE of @z, right from @from to @to: one observance for each change between. */
void write_zone(GString *out, const struct zone *z, wall_t from, wall_t to);
void write_calendar_end(GString *out);

#endif
