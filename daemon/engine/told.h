/*
 * told.h - what each address was last told of an item, and what of it an edit made untrue.
 *
 * Friends only: this room.
 */
#ifndef ENGINE_TOLD_H
#define ENGINE_TOLD_H

#include "daemon/campaign/diff.h"
#include "private.h"

enum told_what {
	TOLD_DEADLINE, /**< that it is due at notice.due */
	TOLD_GONE,     /**< that nothing is owed any more */
	TOLD_SETTLED   /**< P12: that an earlier notice was wrong; nothing is asked of it since */
};

/** The latest of one item and address that was told, or will be. */
struct told {
	enum told_what what;
	struct notice notice; /**< .reason NULL; .due: the deadline it spoke of */
};

/** Has the message of @n left, or may it have, with whatever attempt? */
bool told_has_left(struct engine *e, const struct notice *n);

/**
 * Of one occurrence by its id in the store (@unit 0 = all units): struct told. With @f only
 * those of which told_is_stale() may be true of something; NULL: all.
 */
GArray *told_last(struct engine *e, int64_t occurrence, int64_t unit, struct occurrence_facts *f);
/** Is @n such that told_correct() must look closer? @it may be NULL. */
bool told_is_stale(const struct item_fact *it, const struct notice *n);

/** Is a correction (of this file, not P12's) still true of what is owed now? */
bool told_is_live(struct engine *e, const struct notice *n);

/**
 * In a tick: who was told of another deadline than the one that the files give now, or that
 * an item was gone that is back, is told so, once.
 */
int told_correct(struct engine *e, struct occurrence_facts *f, wall_t now, struct err *err);

/**
 * In a reload, before the swap: items that were asked for and that @fresh owes no more are noted
 * down; told_tell_gone(), in the next tick, tells those who were told. @goes: campaign_follow(),
 * @units: campaign_follow_units().
 */
int told_note_gone(struct engine *e, const struct campaign *fresh, const uint32_t *goes,
		   const uint32_t *units, wall_t now, struct err *err);
int told_tell_gone(struct engine *e, wall_t now, struct err *err);

/** For the words of a diff with the campaign in force; borrows @e. */
struct diff_told told_counts(struct engine *e);

#endif
