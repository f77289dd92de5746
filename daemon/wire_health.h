/*
 * wire_health.h - the account of what is wrong, kept on the loop.
 *
 *   a request, or the timer ──> look: facts -> health_judge() -> troubles
 *        each trouble is an episode: began ──lasts──> told once ──is over──> told once ──quiet──> gone
 *
 * The loop looks at its own fields, never at the database: it can say so while the database
 * thread hangs.  What a disk has left is asked on libuv's pool.
 */
#ifndef WIRE_HEALTH_H
#define WIRE_HEALTH_H

#include "calendars/zone.h"
#include "daemon/core/health.h"
#include "wire_private.h"

/** A trouble from its beginning until nobody need hear of it any more. */
struct episode {
	char *key;      /**< trouble_key() */
	char *mark;     /**< of the database, once told; NULL */
	char *campaign; /**< NULL: the daemon as a whole */
	enum trouble_code code;
	char *text, *text_en; /**< as it was when seen last */
	wall_t since, ended;
	struct health_account account;
	bool telling; /**< a job about it is on its way */
};

struct health {
	struct daemon *d;
	GHashTable *episodes; /**< .key -> struct episode *, owned */
	const struct zone *zone;
	uv_timer_t timer;
	uv_work_t look; /**< at the disk */
	char *directory;
	bool looking, disk_known, found;
	mono_t looked;
	int64_t disk_free, disk_total, found_free,
		found_total; /**< found: the pool's thread writes them */
	char *line;          /**< for the service manager; as told last */
	int hurry;
};

/** Database threads are asked to tell what is due to be told. */
void wire_health_tell(struct health *h, mono_t now);
/** Episodes that were told before this start and whose end was not; before the writer runs. */
void wire_health_recall(struct health *h);

#endif
