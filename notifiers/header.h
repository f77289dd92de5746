/*
 * header.h - header lines of a mail: encoded words that every reader can put together again.
 *
 * GMime would write encoded words of up to 144 characters and its version 3.2.13 reads
 * only the first of several padded ones, so texts are cut here into words of at most 42
 * bytes, at character boundaries, none but the last one padded.
 * No line passes 76 characters, none can hold a CR or LF of the text.
 */
#ifndef NOTIFIERS_HEADER_H
#define NOTIFIERS_HEADER_H

#include <glib.h>

#include "daemon/core/words.h"

#define HEADER_CHUNK_MAX 42 /**< bytes of text in an encoded word */
#define HEADER_LINE_MAX 76

/** "Name: text CRLF"; @after is plain ASCII that follows unencoded ("[#token]"), or NULL. */
void header_add_text(GString *out, const char *name, const char *text, const char *after);

/** "Name: person <address> CRLF"; the address must have passed email_address_valid(). */
void header_add_address(GString *out, const char *name, const char *person, const char *address);

/** "Name: a b c CRLF", ASCII words without blanks, folded between them. */
void header_add_words(GString *out, const char *name, const GPtrArray *words);

/** "Name: value CRLF" for short ASCII values of our own. */
void header_add(GString *out, const char *name, const char *value);

/** RFC 5322 date of @at, as a clock @offset_minutes east of UTC shows it. Caller frees. */
char *header_date(wall_t at, int offset_minutes);

#endif
