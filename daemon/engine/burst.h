/*
 * burst.h - what the messages of a burst have in common; private to this room.
 */
#ifndef ENGINE_BURST_H
#define ENGINE_BURST_H

#include "private.h"

/** All of an occurrence, as it is now; borrowed until burst_end(). */
struct occurrence_facts *burst_facts(struct engine *e, uint32_t occurrence);
/** Something about @unit (NONE: about many) changed, or will have when this transaction ends. */
void burst_stale(struct engine *e, uint32_t occurrence, uint32_t unit);
/** So many messages of @channel are about to be composed. */
void burst_expect(struct engine *e, enum channel channel, unsigned messages);
void burst_end(struct engine *e);
const char *burst_word(struct engine *e, int64_t word);                              /* not NULL */
uint32_t burst_contact(struct engine *e, enum channel channel, const char *address); /* NONE */
struct burst_texts {
	char *due_text, *due_iso, *on_time_text;
};
const struct burst_texts *burst_texts(struct engine *e, uint32_t occurrence, wall_t due,
				      bool english);
struct burst_now {
	wall_t tick;
	bool english;
	char *text, *iso;
};
/** A tick in words; borrowed until the next call. */
const struct burst_now *burst_now(struct engine *e, wall_t tick, bool english);

#endif
