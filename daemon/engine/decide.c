/*
 * decide.c - what a person decides: extensions, returns, exemptions, releases, pauses.
 *
 * Each is checked against the rules (P10 and Time) for every item it names before
 * it is written; a refusal names the reason and changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "private.h"

static bool kind_has_item(enum decision_kind k)
{
	return k == DECISION_EXTEND || k == DECISION_RETURN || k == DECISION_EXEMPT ||
	       k == DECISION_REFUSE || k == DECISION_UNDO;
}

/* May @d be decided of @it?  NULL or the reason why not. */
static const char *objection(const struct engine_decision *d, const struct item_fact *it)
{
	switch (d->kind) {
	case DECISION_EXTEND:
		if (it->exempt)
			return "该事项已免报，须先撤销免报";
		return d->due <= it->due ? "新的截止时间须晚于原截止时间" : NULL;
	case DECISION_RETURN:
		if (it->exempt)
			return "该事项已免报，须先撤销免报";
		return it->first_received == WALL_NEVER ? "尚未收到报送，不能退回" : NULL;
	case DECISION_EXEMPT:
		return it->exempt ? "该事项已经免报" : NULL;
	case DECISION_UNDO:
		return it->exempt ? NULL : "该事项没有免报";
	case DECISION_REFUSE:
	case DECISION_PAUSE:
	case DECISION_RESUME:
	case DECISION_RELEASE:
	case DECISION_KINDS:
		break;
	}
	return NULL;
}

/* With one unit an objection refuses; with all of them it suffices that one may. */
static int check_items(struct engine *e, const struct engine_decision *d, uint32_t occurrence,
		       uint32_t unit, struct err *err)
{
	struct occurrence_facts *f = facts_load(e, occurrence, unit);
	const char *why = unit == NONE ? "没有可以适用的单位" : "该单位不承担这项报送事项";
	bool any = false;

	for (uint32_t i = 0; i < f->n; i++) {
		const char *o = objection(d, &f->items[i]);

		any |= o == NULL;
		if (o != NULL)
			why = o;
	}
	facts_free(&f);
	return any ? 0 : err_set(err, -EINVAL, "%s", why);
}

static int check(struct engine *e, const struct engine_decision *d, wall_t now,
		 uint32_t *occurrence, uint32_t *unit, struct err *err)
{
	int rc = 0;

	*occurrence = *unit = NONE;
	if (d->unit[0] != 0) {
		*unit = campaign_find_unit(e->campaign, d->unit);
		if (*unit == NONE)
			return err_set(err, -ENOENT, "没有这个报送单位：%s", d->unit);
	}
	if (d->uid[0] != 0)
		rc = engine_find(e, d->uid, d->rid, occurrence, err);
	if (rc < 0)
		return rc;
	if (!kind_has_item(d->kind))
		return 0;
	if (*occurrence == NONE)
		return err_set(err, -EINVAL, "须指明报送事项");
	if ((d->kind == DECISION_EXTEND || d->kind == DECISION_RETURN) && d->due <= now)
		return err_set(err, -EINVAL, "新的截止时间须晚于作出决定的时间");
	return check_items(e, d, *occurrence, *unit, err);
}

static int journal(struct engine *e, const struct engine_decision *d, uint32_t occurrence,
		   wall_t now, struct err *err)
{
	json_t *j = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s}", "unit", d->unit, "uid", d->uid, "rid",
		occurrence == NONE ? "" : engine_text(e, e->campaign->occurrences[occurrence].rid),
		"tag", d->tag, "step", d->step, "why", d->why);

	if (d->due != 0)
		json_object_set_new(j, "due", json_integer(d->due));
	return engine_journal_add(e, now, d->actor, decision_word(d->kind), j, err);
}

int engine_decide(struct engine *e, const struct engine_decision *d, wall_t now, struct err *err)
{
	uint32_t occurrence, unit;
	struct decision row = {
		.campaign = e->id,
		.kind = d->kind,
		.tag = d->tag,
		.step = d->step,
		.due = d->due,
		.at = now,
		.actor = d->actor,
		.why = d->why,
	};
	int rc = check(e, d, now, &occurrence, &unit, err);

	if (rc < 0)
		return rc;
	if (occurrence != NONE)
		row.occurrence = engine_occurrence_id(e, occurrence);
	if (unit != NONE)
		row.unit = engine_unit_id(e, unit);
	rc = store_decision_add(e->store, &row, err);
	if (rc < 0)
		return rc;
	if (occurrence != NONE)
		engine_dirty(e, occurrence, unit);
	else
		engine_touch(e);
	return journal(e, d, occurrence, now, err);
}
