/*
 * reload.c - an edited campaign takes the place of the one in force.
 *
 * What was known and is now a past step by the edit alone is recorded superseded
 * (P2): an edit of the policies must not make the daemon say at once what nobody had
 * planned.  A series that a calendar program cut under a new UID keeps its history, and so
 * does one whose start was dragged, which gives every instance another RECURRENCE-ID, and a unit
 * that was given another id.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/campaign/follow.h"
#include "record.h"
#include "told.h"

struct reload {
	struct engine *e;
	struct campaign *old;
	wall_t now;
	GPtrArray *report;
	json_t *changes; /* for the journal */
};

static void say(struct reload *r, char *line)
{
	if (r->report != NULL)
		g_ptr_array_add(r->report, line);
	else
		g_free(line);
}

static const char *uid_of(const struct campaign *c, uint32_t occurrence)
{
	return campaign_text(c, c->obligations[c->occurrences[occurrence].obligation].uid);
}

static int journal_follow(struct reload *r, const char *uid, const char *rid, const char *new_uid,
			  const char *new_rid, struct err *err)
{
	return engine_journal_add(r->e, r->now, "duband", "follow",
				  json_pack("{s:s, s:s, s:s, s:s}", "uid", uid, "rid", rid,
					    "new_uid", new_uid, "new_rid", new_rid),
				  err);
}

/* One line for all that went the same way. */
struct way {
	uint32_t from, to; /* obligations */
	unsigned n;
};

static void say_way(struct reload *r, const struct campaign *fresh, const struct way *w)
{
	const struct campaign *old = r->e->campaign;
	const char *uid = campaign_text(old, old->obligations[w->from].uid),
		   *new_uid = campaign_text(fresh, fresh->obligations[w->to].uid),
		   *summary = campaign_text(old, old->obligations[w->from].summary);

	if (w->n == 0)
		return;
	if (strcmp(uid, new_uid) == 0)
		say(r, g_strdup_printf("“%s”有%u期换了编号，历史记录随之转移", summary, w->n));
	else
		say(r, g_strdup_printf("“%s”有%u期改用新的UID %s，历史记录随之转移", summary, w->n,
				       new_uid));
}

/* The history of @i, an occurrence of old, goes on as that of @k. 1: it does. */
static int follow_one(struct reload *r, const struct campaign *fresh, uint32_t i, uint32_t k,
		      struct err *err)
{
	const struct campaign *old = r->e->campaign;
	const char *uid = uid_of(old, i), *rid = campaign_text(old, old->occurrences[i].rid),
		   *new_uid = uid_of(fresh, k),
		   *new_rid = campaign_text(fresh, fresh->occurrences[k].rid);
	int rc;

	if (strcmp(uid, new_uid) == 0 && strcmp(rid, new_rid) == 0)
		return 0;
	rc = store_occurrence_rename(r->e->store, engine_occurrence_id(r->e, i), new_uid, new_rid,
				     err);
	if (rc == -EEXIST)
		return 0; /* the new name has a history of its own */
	if (rc >= 0)
		rc = journal_follow(r, uid, rid, new_uid, new_rid, err);
	return rc < 0 ? rc : 1;
}

/* Runs before the swap: e->campaign is the old one, @fresh the new. */
static int follow(struct reload *r, const struct campaign *fresh, const uint32_t *goes,
		  struct err *err)
{
	const struct campaign *old = r->e->campaign;
	struct way way = {0};
	int rc = 0;

	for (uint32_t i = 0; i < old->n_occurrences && rc >= 0; i++) {
		struct way one = {old->occurrences[i].obligation, NONE, 0};

		if (goes[i] == NONE)
			continue;
		one.to = fresh->occurrences[goes[i]].obligation;
		rc = follow_one(r, fresh, i, goes[i], err);
		if (rc > 0 && (way.from != one.from || way.to != one.to)) {
			say_way(r, fresh, &way);
			way = one;
		}
		way.n += rc > 0;
	}
	say_way(r, fresh, &way);
	return rc < 0 ? rc : 0;
}

/* The history of a unit goes on under the id of its name. @units: campaign_follow_units(). */
static int follow_units(struct reload *r, const struct campaign *fresh, uint32_t *units,
			struct err *err)
{
	const struct campaign *old = r->e->campaign;
	int rc = 0;

	for (uint32_t i = 0; i < old->n_units && rc >= 0; i++) {
		const char *id = campaign_text(old, old->units[i].id),
			   *name = campaign_text(old, old->units[i].name), *new_id;

		if (units[i] == NONE)
			continue;
		new_id = campaign_text(fresh, fresh->units[units[i]].id);
		if (strcmp(id, new_id) == 0)
			continue;
		rc = store_unit_rename(r->e->store, r->e->id, id, new_id, err);
		if (rc == -EEXIST) { /* the new id has a history of its own */
			units[i] = NONE;
			rc = 0;
			continue;
		}
		say(r,
		    g_strdup_printf("%s的编号由 %s 改为 %s，历史记录随之转移", name, id, new_id));
		if (rc >= 0)
			rc = engine_journal_add(
				r->e, r->now, "duband", "follow",
				json_pack("{s:s, s:s}", "unit", id, "new_unit", new_id), err);
	}
	return rc < 0 ? rc : 0;
}

/* Was a step of this name ripe by @now under the old files, for this deadline? */
static bool was_ripe(const struct campaign *old, const struct ladder *l, const struct policy *p,
		     const char *name, wall_t now)
{
	for (uint32_t i = 0; l != NULL && i < l->n; i++) {
		g_autofree char *have = rung_name(old, p, &l->rungs[i]);

		if (l->rungs[i].at <= now && strcmp(have, name) == 0)
			return true;
	}
	return false;
}

static int supersede_item(struct reload *r, uint32_t occurrence, const struct item_fact *it,
			  const struct rung *rung, const char *name, struct err *err)
{
	struct engine *e = r->e;
	const struct policy *p = engine_policy(e, occurrence);
	const struct audience alarm_to = {.kind = AUDIENCE_ROLE, .role = ROLE_LIAISON};
	bool milestone = engine_obligation(e, occurrence)->category == CATEGORY_MILESTONE;
	struct recipients to;
	int rc = 0;

	recipients_init(&to);
	if (milestone)
		recipients_office(e->campaign, 0, &to);
	else if (rung->step >= p->steps)
		recipients_resolve_one(e->campaign, it->unit, &alarm_to, 0, r->now, &to);
	else
		recipients_resolve(e->campaign, it->unit,
				   e->campaign->steps[p->step + rung->step].to,
				   e->campaign->steps[p->step + rung->step].tos,
				   e->campaign->steps[p->step + rung->step].via, r->now, &to);
	for (guint i = 0; i < to.list->len && rc >= 0; i++) {
		struct record rec = {
			.occurrence = occurrence,
			.unit = it->unit,
			.due = it->due,
			.step = name,
			.to = g_array_index(to.list, struct recipient, i),
			.sort = rung->before ? SORT_REMIND : SORT_ESCALATE,
			.state = NOTICE_SUPERSEDED,
			.reason = "修改督办规则之前的环节，不再补发",
		};

		rec.role = record_role(&rec.to, e->campaign, milestone ? "office" : "liaison");
		rc = record_notice(e, &rec, r->now, err);
	}
	recipients_fini(&to);
	return rc;
}

struct known {
	struct engine *e;
	GHashTable *steps; /* "unit due step" of what is recorded */
};

static char *known_key(int64_t unit, wall_t due, int64_t step)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, unit,
			       due, step);
}

static void on_notice(void *arg, const struct notice *n)
{
	struct known *k = arg;

	g_hash_table_add(k->steps, known_key(n->unit, n->due, n->step));
}

/* Steps of a known occurrence that only the edit made past. */
static int supersede_occurrence(struct reload *r, uint32_t occurrence, uint32_t was,
				struct err *err)
{
	struct engine *e = r->e;
	const struct policy *p = engine_policy(e, occurrence);
	const struct obligation *old_ob = &r->old->obligations[r->old->occurrences[was].obligation];
	const struct policy *old_p = &r->old->policies[old_ob->policy];
	const struct occurrence *o = &r->old->occurrences[was];
	struct occurrence_facts *f = facts_load(e, occurrence, NONE);
	struct ladder *before = NULL;
	struct known known = {e, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
	int rc = store_notices(e->store, engine_occurrence_id(e, occurrence), 0, on_notice, &known);

	for (uint32_t i = 0; i < f->n && rc >= 0; i++) {
		const struct item_fact *it = &f->items[i];
		const struct ladder *l = engine_ladder(e, occurrence, it->due);

		if (!it->tracked || !it->outstanding)
			continue;
		if (it->due == e->campaign->occurrences[occurrence].due &&
		    it->due != r->old->occurrences[was].due)
			continue; /* the deadline itself moved: its ladder is armed anew */
		if (before == NULL || before->due != it->due) { /* nearly all have the same */
			ladder_free(&before);
			before = ladder_build(r->old, old_p, r->old->alarms + o->alarm, o->alarms,
					      it->due);
		}
		for (uint32_t k = 0; k < l->n && l->rungs[k].at <= r->now && rc >= 0; k++) {
			g_autofree char *name = rung_name(e->campaign, p, &l->rungs[k]);
			g_autofree char *key = known_key(engine_unit_id(e, it->unit), it->due,
							 engine_word(e, name));

			if (!g_hash_table_contains(known.steps, key) &&
			    !was_ripe(r->old, before, old_p, name, r->now))
				rc = supersede_item(r, occurrence, it, &l->rungs[k], name, err);
		}
	}
	ladder_free(&before);
	g_hash_table_unref(known.steps);
	facts_free(&f);
	return rc;
}

static int supersede_past(struct reload *r, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < r->e->campaign->n_occurrences && rc >= 0; i++) {
		uint32_t was = campaign_find_occurrence(
			r->old, uid_of(r->e->campaign, i),
			engine_text(r->e, r->e->campaign->occurrences[i].rid));

		if (was != NONE)
			rc = supersede_occurrence(r, i, was, err);
	}
	return rc;
}

/* What changed, in words, while both campaigns and what was told are at hand. */
static void say_changes(struct reload *r, const struct campaign *fresh)
{
	struct diff_told told = told_counts(r->e);
	g_autoptr(GPtrArray) changes = campaign_diff(r->e->campaign, fresh, &told);

	r->changes = json_array();
	for (guint i = 0; i < changes->len; i++) {
		json_array_append_new(r->changes, json_string(changes->pdata[i]));
		say(r, g_strdup(changes->pdata[i]));
	}
}

/* All that needs the old campaign; @fresh is not in force yet. */
static int leave(struct reload *r, const struct campaign *fresh, struct err *err)
{
	g_autofree uint32_t *goes = campaign_follow(r->e->campaign, fresh);
	g_autofree uint32_t *units = campaign_follow_units(r->e->campaign, fresh);
	int rc;

	say_changes(r, fresh);
	rc = follow(r, fresh, goes, err);
	if (rc >= 0)
		rc = follow_units(r, fresh, units, err);
	if (rc >= 0)
		rc = told_note_gone(r->e, fresh, goes, units, r->now, err);
	return rc;
}

int engine_reload(struct engine *e, struct campaign *campaign, wall_t now, GPtrArray *report,
		  struct err *err)
{
	struct reload r = {.e = e, .now = now, .report = report};
	int rc = deadlines_keep(e, campaign, now, report, err);

	if (rc >= 0)
		rc = leave(&r, campaign, err);
	if (rc < 0) {
		json_decref(r.changes);
		campaign_free(&campaign);
		return rc;
	}
	r.old = e->campaign;
	e->campaign = NULL; /* kept: engine_swap() frees what it finds */
	rc = engine_swap(e, campaign, err);
	g_hash_table_remove_all(e->messages);
	if (rc >= 0)
		rc = deadlines_note(e, now, err);
	if (rc >= 0)
		rc = supersede_past(&r, err);
	if (rc >= 0)
		rc = engine_journal_reload(e, g_steal_pointer(&r.changes), now, err);
	json_decref(r.changes);
	campaign_free(&r.old);
	return rc < 0 ? rc : 0;
}

void engine_revert(struct engine *e, struct campaign *campaign)
{
	struct err err;

	(void)deadlines_keep(e, campaign, WALL_NEVER, NULL, &err); /* as before: nothing to write */
	(void)engine_swap(e, campaign, &err); /* ids that cannot be had now are asked for again */
	g_hash_table_remove_all(e->messages);
}

static json_t *lines_json(const GPtrArray *lines)
{
	json_t *list = json_array();

	for (guint i = 0; i < lines->len; i++)
		json_array_append_new(list, json_string(lines->pdata[i]));
	return list;
}

static char *joined(const GPtrArray *lines)
{
	GString *s = g_string_new(NULL);

	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(s, "%s%s", i > 0 ? "；" : "", (char *)lines->pdata[i]);
	return g_string_free(s, FALSE);
}

int engine_hold_edit(struct engine *e, uint64_t digest, const GPtrArray *reasons, wall_t now,
		     struct err *err)
{
	g_autofree char *mark = g_strdup_printf("hold-edit:%016" PRIx64, digest);
	g_autofree char *text = joined(reasons);
	g_autofree char *why =
		g_strdup_printf("专项行动文件改动较大，没有生效：%s。请用 dubanctl diff "
				"看改了什么，核对无误后运行 dubanctl confirm；改错了就改回去",
				text);
	int rc;

	if (store_marked(e->store, e->id, mark))
		return 0;
	g_hash_table_remove_all(e->messages);
	rc = record_alarm(e, mark, "修改待确认", NONE, NONE, why, now, err);
	if (rc >= 0)
		rc = engine_journal_add(e, now, "duband", "hold-edit",
					json_pack("{s:o}", "reasons", lines_json(reasons)), err);
	return rc < 0 ? rc : 0;
}

int engine_confirm_edit(struct engine *e, const GPtrArray *reasons, const char *actor,
			const char *why, wall_t now, struct err *err)
{
	return engine_journal_add(
		e, now, actor, "confirm-edit",
		json_pack("{s:o, s:s}", "reasons", lines_json(reasons), "why", why), err);
}
