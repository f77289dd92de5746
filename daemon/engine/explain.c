/*
 * explain.c - why this was said, why nothing was: the ladder of one item beside what is recorded.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/shown.h"
#include "private.h"

struct explaining {
	struct engine *e;
	json_t *told;
	wall_t due;
	int64_t step;
};

static void on_notice(void *arg, const struct notice *n)
{
	struct explaining *x = arg;
	g_autofree char *address = NULL, *shown = NULL;
	g_autofree char *role = NULL;
	g_autofree char *at = NULL;
	enum notice_state state = n->state;

	if (n->due != x->due || n->step != x->step)
		return;
	if (state == NOTICE_PLANNED && n->message != 0 &&
	    store_outbox_state(x->e->store, n->message) == OUTBOX_SENT)
		state = NOTICE_SENT;
	(void)store_address_get(x->e->store, n->address, NULL, &address, NULL);
	shown = address_shown(address == NULL ? "" : address);
	role = store_word_get(x->e->store, n->role);
	at = zone_format(x->e->campaign->zone, n->at);
	json_array_append_new(x->told, json_pack("{s:s, s:s, s:s, s:s, s:s}", "at", at, "role",
						 role, "address", shown, "state",
						 notice_state_word(state), "reason", n->reason));
}

/* Why nothing was said of a rung that has no notice. */
static char *silence(struct engine *e, const struct occurrence_facts *f, const struct item_fact *it,
		     const struct rung *r, wall_t now)
{
	const struct policy *p = engine_policy(e, f->occurrence);
	g_autofree char *at = zone_format(e->campaign->zone, r->at);

	if (!it->tracked)
		return g_strdup("首次截止时间早于起算日期（track_from），不跟踪");
	if (it->exempt)
		return g_strdup("已免报");
	if (!it->outstanding) {
		g_autofree char *got = zone_format(e->campaign->zone, it->first_received);

		return g_strdup_printf("已于 %s 收到报送", got);
	}
	if (facts_paused(e, it->unit))
		return g_strdup("已暂停");
	if (r->at > now)
		return g_strdup_printf("时间未到，将于 %s", at);
	if (!ladder_window_inside(e->campaign->zone, e->campaign->days, &p->window, now))
		return g_strdup("等待下一个发送时段");
	if (!r->before && e->polled < engine_ladder(e, f->occurrence, it->due)->on_time)
		return g_strdup("等待收件渠道刷新");
	return g_strdup("下一轮即处理");
}

static json_t *explain_rung(struct engine *e, const struct occurrence_facts *f,
			    const struct item_fact *it, const struct rung *r, wall_t now)
{
	g_autofree char *name = rung_name(e->campaign, engine_policy(e, f->occurrence), r);
	g_autofree char *at = zone_format(e->campaign->zone, r->at);
	g_autofree char *unmoved = zone_format(e->campaign->zone, r->unmoved);
	struct explaining x = {e, json_array(), it->due, engine_word(e, name)};
	json_t *j;

	(void)store_notices(e->store, engine_occurrence_id(e, f->occurrence),
			    engine_unit_id(e, it->unit), on_notice, &x);
	j = json_pack("{s:s, s:s, s:s, s:s}", "step", name, "at", at, "unmoved", unmoved, "sort",
		      r->before ? "remind" : "escalate");
	if (json_array_size(x.told) == 0) {
		g_autofree char *why = silence(e, f, it, r, now);

		json_object_set_new(j, "silent", json_string(why));
	}
	json_object_set_new(j, "told", x.told);
	return j;
}

json_t *engine_explain(struct engine *e, const char *unit_id, const char *uid, const char *rid,
		       wall_t now, struct err *err)
{
	uint32_t unit = engine_find_unit(e, unit_id, err), occurrence = NONE;
	struct occurrence_facts *f;
	const struct item_fact *it;
	json_t *steps = json_array(), *j = NULL;

	if (unit != NONE && engine_find(e, uid, rid, &occurrence, err) == 0) {
		facts_scope(e);
		f = facts_load(e, occurrence, unit);
		it = facts_item(f, unit);
		if (it == NULL) {
			(void)err_set(err, -ENOENT, "该单位不承担这项报送事项");
		} else {
			const struct ladder *l = engine_ladder(e, occurrence, it->due);
			g_autofree char *due = zone_format(e->campaign->zone, it->due);
			g_autofree char *on_time = zone_format(e->campaign->zone, l->on_time);

			for (uint32_t i = 0; i < l->n; i++)
				json_array_append_new(steps,
						      explain_rung(e, f, it, &l->rungs[i], now));
			j = json_pack(
				"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "unit", unit_id,
				"name", engine_text(e, e->campaign->units[unit].name), "uid", uid,
				"rid", engine_text(e, e->campaign->occurrences[occurrence].rid),
				"title",
				engine_text(e, e->campaign->occurrences[occurrence].summary), "due",
				due, "on_time", on_time, "standing",
				standing_word(facts_standing(e, f, it, now)), "steps", steps);
		}
		facts_free(&f);
	}
	json_decref(steps);
	return j;
}
