/*
 * body.h - what a request's body holds, checked before anything is done with it.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "routes.h"

/** The body as a JSON object (a new reference), or NULL with the reply said. */
json_t *body_of(const struct http_call *call, struct api_reply *reply);
/** A text member, "" when absent; borrowed. */
const char *member(const json_t *j, const char *key);

/** What a body may hold: name and type (s text, b true or false, a list, o object). */
struct member_rule {
	const char *name;
	char type;
};

/** A wrong type or an unknown name is refused: "unit": 5 must not come to mean every unit. */
bool members_are_sound(const json_t *body, const struct member_rule *rules,
		       struct api_reply *reply);

/** Files and fields that came with a report. */
struct uploads {
	GArray *parts;  /**< struct part */
	GArray *fields; /**< struct field */
	GPtrArray *bytes;
};

void uploads_init(struct uploads *u);
void uploads_fini(struct uploads *u);
/** Read "parts" and "fields"; borrowed strings live as long as @body and @u. False: the reply says why. */
bool uploads_read(struct uploads *u, const json_t *body, struct api_reply *reply);

#endif
