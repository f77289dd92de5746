/*
 * decide.c - what a person decides: extensions, returns, exemptions, releases, pauses.
 *
 * Each is checked against the rules (P10 and Time) for every item it names before
 * it is written; a refusal names the reason and changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "private.h"

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
	int any = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		const char *o = objection(d, &f->items[i]);

		any += o == NULL;
		if (o != NULL)
			why = o;
	}
	facts_free(&f);
	return any > 0 ? any : err_set(err, -EINVAL, "%s", why);
}

struct holding {
	struct engine *e;
	const struct engine_decision *d;
	int64_t unit;
	GArray *notices; /* struct notice */
};

static void on_held(void *arg, const struct notice *n)
{
	struct holding *h = arg;
	g_autofree char *step = NULL;

	if (h->unit != 0 && n->unit != h->unit)
		return;
	step = store_word_get(h->e->store, n->step);
	if (h->d->step[0] == 0 || g_strcmp0(step, h->d->step) == 0)
		g_array_append_vals(h->notices, n, 1);
}

/*
 * What is held now is let go, and nothing later, whatever the clock shows then: each notice says
 * so itself.  Returns how many; covering none is a slip of the pen.
 */
static int release_held(struct engine *e, const struct engine_decision *d, uint32_t occurrence,
			uint32_t unit, struct err *err)
{
	g_autoptr(GArray) notices = g_array_new(FALSE, FALSE, sizeof(struct notice));
	struct holding h = {e, d, unit == NONE ? 0 : engine_unit_id(e, unit), notices};
	int rc = 0;

	for (uint32_t i = 0; i < e->campaign->n_occurrences; i++)
		if (occurrence == NONE || i == occurrence)
			(void)store_notices_held(e->store, engine_occurrence_id(e, i), on_held, &h);
	if (notices->len == 0)
		return err_set(err, -EINVAL,
			       "没有符合条件的暂缓通知（dubanctl notices --state held 列出全部）");
	for (guint i = 0; i < notices->len && rc >= 0; i++) {
		struct notice *n = &g_array_index(notices, struct notice, i);

		n->holds |= HOLD_RELEASED;
		rc = store_notice_set_holds(e->store, n, err);
	}
	return rc < 0 ? rc : (int)notices->len;
}

static bool tag_exists(const struct engine *e, const char *tag)
{
	const struct campaign *c = e->campaign;

	for (uint32_t i = 0; i < c->n_units; i++)
		for (uint32_t k = 0; k < c->units[i].tags; k++)
			if (strcmp(campaign_text(c, c->names[c->units[i].tag + k]), tag) == 0)
				return true;
	return false;
}

/* A pause of what does not exist, or a resume of what is not paused, would do nothing. */
static int check_scope(struct engine *e, const struct engine_decision *d, uint32_t unit,
		       struct err *err)
{
	bool paused;

	if (d->tag[0] != 0 && !tag_exists(e, d->tag))
		return err_set(err, -ENOENT, "没有哪个单位有这个领域：%s", d->tag);
	facts_scope(e);
	if (unit != NONE)
		paused = g_hash_table_contains(e->paused_units,
					       engine_text(e, e->campaign->units[unit].id));
	else
		paused = d->tag[0] != 0 ? g_hash_table_contains(e->paused_tags, d->tag) : e->paused;
	if (d->kind == DECISION_RESUME && !paused)
		return err_set(err, -EINVAL, "这个范围没有暂停");
	return 0;
}

static int check(struct engine *e, const struct engine_decision *d, wall_t now,
		 uint32_t *occurrence, uint32_t *unit, struct err *err)
{
	int rc = 0;

	*occurrence = *unit = NONE;
	if (d->tag[0] != 0 && d->kind != DECISION_PAUSE && d->kind != DECISION_RESUME)
		return err_set(err, -EINVAL, "只有暂停和恢复可以按领域");
	if (d->unit[0] != 0) {
		*unit = engine_find_unit(e, d->unit, err);
		if (*unit == NONE)
			return -ENOENT;
	}
	if (d->uid[0] != 0)
		rc = engine_find(e, d->uid, d->rid, occurrence, err);
	if (rc < 0)
		return rc;
	if (d->kind == DECISION_RELEASE)
		return release_held(e, d, *occurrence, *unit, err);
	if (d->kind == DECISION_PAUSE || d->kind == DECISION_RESUME)
		return check_scope(e, d, *unit, err);
	if (*occurrence == NONE)
		return err_set(err, -EINVAL, "须指明报送事项");
	if (*unit == NONE && d->kind != DECISION_EXTEND && d->kind != DECISION_RETURN)
		return err_set(err, -EINVAL, "须指明报送单位：免报和不准延期只能逐家决定");
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

	if (d->due != 0) {
		g_autofree char *due = engine_format(e, d->due);

		json_object_set_new(j, "due", json_string(due));
	}
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
	int rc = check(e, d, now, &occurrence, &unit, err), touched = rc;

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
	rc = journal(e, d, occurrence, now, err);
	return rc < 0 ? rc : touched;
}
