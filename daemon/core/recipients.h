/*
 * recipients.h - whom a step tells: audiences to contacts to addresses (P5).
 *
 * Pure.  Resolution is by the campaign's files alone, except for duty audiences,
 * which depend on who is on shift at the instant asked about.
 */
#ifndef CORE_RECIPIENTS_H
#define CORE_RECIPIENTS_H

#include "words.h"

/** One address that a step tells. */
struct recipient {
	uint32_t contact; /**< index into campaign.contacts */
	enum channel channel;
	text_t address;
	text_t role;   /**< the audience as in `to` */
	bool superior; /**< told as anybody but liaison and office (P11) */
};

/** A role that a unit lacks, found while climbing. */
struct missing_role {
	uint32_t unit;
	uint8_t role; /**< enum role */
};

struct recipients {
	GArray *list;    /**< struct recipient, in the order of `to`, an address once */
	GArray *missing; /**< struct missing_role */
};

void recipients_init(struct recipients *r);
void recipients_fini(struct recipients *r);
void recipients_clear(struct recipients *r);

/**
 * Everybody whom audiences [to, to + tos) tell about @unit at @now.
 * @via  bit per channel; 0 = e-mail. A contact with none of them gets e-mail, one
 *       without e-mail whatever it has, one with no address at all counts as nobody.
 */
void recipients_resolve(const struct campaign *c, uint32_t unit, uint32_t to, uint32_t tos,
			uint8_t via, wall_t now, struct recipients *out);
/** The same for one audience that need not be the campaign's own (an alarm's liaison). */
void recipients_resolve_one(const struct campaign *c, uint32_t unit, const struct audience *a,
			    uint8_t via, wall_t now, struct recipients *out);
/** All contacts of the office; .role is 0, shown as "office". Milestones, alarms. */
void recipients_office(const struct campaign *c, uint8_t via, struct recipients *out);
/** The unit's liaison (climbing), by every channel it has: receipts and decisions. */
void recipients_liaison(const struct campaign *c, uint32_t unit, struct recipients *out);

/** Does the audience tell superiors (leader, head, parent, committee, named units, robots, duty)? */
bool audience_is_superior(const struct campaign *c, const struct audience *a);

#endif
