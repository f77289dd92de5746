/*
 * wire_pace.c - the demo's clock, step by step: run until T, then stand still.
 *
 * Whoever drives the demo asks POST /v1/clock {"until": T} and is answered when the
 * clock shows T and nothing is under way: no round, no lease, no other request.  What
 * it does next happens at T exactly, so equal drivers get equal mails at any pace.
 * Everything here runs on the loop.
 */
#include "wire_private.h"

bool wire_pace_call(struct daemon *d, struct http_call *call, wall_t until)
{
	if (d->paced == NULL || d->pacing != NULL)
		return false;
	d->pacing = call;
	d->until = until;
	wire_arm(d);
	return true;
}

void wire_pace_check(struct daemon *d)
{
	wall_t now = d->clock->now(d->clock);
	struct http_call *call = d->pacing;
	const struct place *p;
	g_autofree char *shown = NULL;
	json_t *j;

	if (call == NULL || d->stopping || d->held > 0 || now < d->until ||
	    MIN(d->wake, d->outbox_wake) <= now)
		return;
	/* No job is under way, so the engine may be asked from here. */
	p = g_ptr_array_index(d->places.list, 0);
	shown = engine_format(p->engine, now);
	j = json_pack("{s:s}", "now", shown);
	d->pacing = NULL;
	http_answer(call, 200, json_dumps(j, JSON_COMPACT), "application/json; charset=utf-8");
	json_decref(j);
}
