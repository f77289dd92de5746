/*
 * repeat.c - see repeat.h.
 *
 * A program numbers its reports, and two of them may get one number: by a counter that began
 * again, or a script that was copied.  Whoever gets the receipt of another report believes that
 * this one has arrived, so it is compared before it is called known.
 */
#include "repeat.h"

#include <errno.h>
#include <string.h>

struct repeat {
	struct engine *e;
	const struct engine_submit *s;
	struct engine_receipt *out;
	bool other_unit; /* the key was used by another unit */
	bool other;      /* or for something else */
};

/*
 * Does it name another item than @known, as the files stand now?  An edit may have given that one
 * another name since: what is found under no name is no other.
 */
static bool is_other_item(const struct repeat *r, uint32_t known)
{
	const struct engine *e = r->e;
	const struct campaign *c = e->campaign;
	const struct obligation *own = engine_obligation(e, known);
	uint32_t meant;

	if (r->s->uid[0] == 0)
		return true;
	if (r->s->rid[0] != 0)
		return engine_find(r->e, r->s->uid, r->s->rid, &meant, NULL) >= 0 && meant != known;
	for (uint32_t i = 0; i < c->n_obligations; i++) {
		const struct obligation *ob = &c->obligations[i];

		if (strcmp(engine_text(e, ob->uid), r->s->uid) == 0) /* a cut one has its summary */
			return ob != own && strcmp(engine_text(e, ob->summary),
						   engine_text(e, own->summary)) != 0;
	}
	return false;
}

/* What was said the first time is said again, as things stand now. */
static void on_known(void *arg, const struct submission *s)
{
	struct repeat *r = arg;
	struct engine *e = r->e;
	uint32_t occurrence = engine_occurrence_of(e, s->occurrence);
	uint32_t unit = engine_unit_of(e, s->unit);
	struct occurrence_facts *f;
	struct item_fact *it;

	r->other_unit = unit == NONE ||
			strcmp(engine_text(e, e->campaign->units[unit].id), r->s->unit) != 0;
	r->other = s->zero != r->s->zero ||
		   store_submission_is(e->store, s->id, r->s->parts, r->s->n_parts, r->s->fields,
				       r->s->n_fields) == 0;
	(void)g_strlcpy(r->out->receipt, s->receipt, sizeof(r->out->receipt));
	if (occurrence == NONE || unit == NONE)
		return; /* no longer in the files; the receipt stands */
	r->other |= is_other_item(r, occurrence);
	f = facts_load(e, occurrence, unit);
	it = facts_item(f, unit);
	if (it != NULL) {
		r->out->on_time =
			it->first_received <= engine_ladder(e, occurrence, it->judged)->on_time;
		r->out->due = it->due;
		r->out->occurrence = occurrence;
	}
	facts_free(&f);
}

static void on_part(void *arg, const struct part *p)
{
	struct repeat *r = arg;

	for (unsigned i = 0; i < r->s->n_parts; i++)
		if (strcmp(r->s->parts[i].name, p->name) == 0)
			r->other |= r->s->parts[i].size != p->size ||
				    (p->size > 0 &&
				     memcmp(r->s->parts[i].bytes, p->bytes, p->size) != 0);
}

static void on_known_in_tray(void *arg, const struct tray_item *t)
{
	struct repeat *r = arg;
	g_autofree char *parts = submit_parts_json(r->s);

	r->out->tray = true;
	r->other_unit = strcmp(t->unit, r->s->unit) != 0;
	r->other = t->zero != r->s->zero || strcmp(t->uid, r->s->uid) != 0 ||
		   strcmp(t->rid, r->s->rid) != 0 || strcmp(t->parts, parts) != 0;
	(void)store_tray_parts(r->e->store, t->id, on_part, r);
	(void)g_snprintf(r->out->receipt, sizeof(r->out->receipt), "T%" G_GINT64_FORMAT, t->id);
	(void)g_strlcpy(r->out->reason, t->reason, sizeof(r->out->reason));
}

int submit_repeat(struct engine *e, const struct engine_submit *s, struct engine_receipt *out,
		  struct err *err)
{
	struct repeat r = {e, s, out, false, false};

	if (s->request == NULL || s->request[0] == 0)
		return 0;
	out->again = store_submission_by_request(e->store, e->id, s->request, on_known, &r) > 0 ||
		     store_tray_by_request(e->store, e->id, s->request, on_known_in_tray, &r) > 0;
	if (r.other_unit)
		return err_set(err, -EEXIST, "幂等键 %s 已被另一单位的报送用过，本次未登记",
			       s->request);
	if (r.other)
		return err_set(err, -EEXIST,
			       "幂等键 %s 已用于另一次内容不同的报送（%s），本次未登记，请换一个键",
			       s->request, out->receipt);
	return out->again;
}
