/*
 * smtp_wire.h - the bytes of SMTP: replies read, capabilities, addresses, dot-stuffing.
 *
 * Pure. A peer may send anything in pieces of any size; every limit is here.
 */
#ifndef IO_SMTP_WIRE_H
#define IO_SMTP_WIRE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SMTP_REPLY_LINE_MAX 4096 /**< RFC 5321 allows 512 */
#define SMTP_REPLY_LINES_MAX 100
#define SMTP_REPLY_TEXT_MAX 1000 /**< bytes of words kept of one reply */
#define SMTP_ADDRESS_MAX 254

/** What the relay offers in its last EHLO reply. Zeroed at first. */
struct smtp_caps {
	bool pipelining, eight_bit, size;
	uint64_t size_max; /**< 0 = not said */
	bool open;         /**< private: within a multi-line 250 */
};

/** One line of any reply of the session's beginning; a new 250 reply replaces the former. */
void smtp_caps_line(struct smtp_caps *c, const char *line, size_t size);

/** A reader of replies. Zeroed at first; smtp_reader_clear() frees. */
struct smtp_reader {
	char line[SMTP_REPLY_LINE_MAX];
	size_t used;
	unsigned lines;
	int code;      /**< of the reply under way */
	GString *text; /**< its words so far */
};

/**
 * Read from @bytes until a reply is whole or they are used up. *@used_out: bytes taken.
 * Returns 1: a whole reply, *@code_out and *@text_out (caller frees; one line, printable
 * UTF-8); 0: more is needed; -EPROTO: this is no SMTP, or a limit was passed.
 */
int smtp_reader_feed(struct smtp_reader *r, const void *bytes, size_t size, size_t *used_out,
		     int *code_out, char **text_out);
void smtp_reader_clear(struct smtp_reader *r);

/**
 * May this go between the < > of a command? No byte below 0x21 or above 0x7e, none of
 * < >, exactly one @ with something on both sides, at most SMTP_ADDRESS_MAX. What a
 * command carries is checked here once more, whoever checked it before: an address with a
 * line end in it would be a command of its own.
 */
bool smtp_address_ok(const char *address);

/** @body with CRLF line ends throughout, dots stuffed, and the final dot. */
void smtp_append_body(GByteArray *out, const void *body, size_t size);

/** @text as one line of printable UTF-8 of at most @max bytes. Caller frees. */
char *smtp_printable(const char *text, size_t size, size_t max);

#endif
