/*
 * trust.c - what a suspect clock means: superiors wait, the office is told once, a person may
 * say that it is right (R8).
 *
 * The mark of a doubt lies in the database, so that a restart does not wash it away.
 */
#include "record.h"

void engine_trust_clock(struct engine *e, const char *doubt)
{
	if (e->clock_trusted != (doubt == NULL))
		engine_touch(e);
	e->clock_trusted = doubt == NULL;
	e->clock_doubt = doubt;
}

int engine_first_load_unsure(struct engine *e, wall_t now, struct err *err)
{
	if (e->first_loaded != now)
		return 0; /* it was loaded before */
	e->first_loaded = WALL_NEVER;
	if (e->campaign->track_from == WALL_NEVER)
		e->track_from = WALL_NEVER;
	return store_campaign_set_first(e->store, e->id, WALL_NEVER, err);
}

static int tell_doubt(struct engine *e, wall_t now, struct err *err)
{
	g_autofree char *text = engine_format(e, now);
	g_autofree char *why = g_strdup_printf(
		"服务器时钟可疑：%s。服务器现在显示 %.10s "
		"%.5s，面向领导的通知已全部暂缓，收件和对联络员的提醒照常。请核对服务器时间："
		"有误则校正；无误则运行 dubanctl clock --right --why 理由",
		e->clock_doubt, text, text + 11);
	int rc = record_alarm(e, STORE_MARK_CLOCK, "时钟可疑", NONE, NONE, why, now, err);

	return rc < 0 ? rc
		      : engine_journal_add(
				e, now, "duband", "clock",
				json_pack("{s:b, s:s}", "trusted", 0, "doubt", e->clock_doubt),
				err);
}

/* Loaded first at an instant that a right clock has not reached yet. */
static int mend_first_load(struct engine *e, wall_t now, struct err *err)
{
	int rc;

	if (e->first_loaded <= now)
		return 0;
	rc = store_campaign_set_first(e->store, e->id, now, err);
	if (rc < 0)
		return rc;
	e->first_loaded = now;
	if (e->campaign->track_from == WALL_NEVER) {
		e->track_from = now;
		engine_touch(e);
	}
	return 0;
}

int trust_plan(struct engine *e, wall_t now, struct err *err)
{
	bool doubted = store_marked(e->store, e->id, STORE_MARK_CLOCK);
	int rc = 0;

	if (!e->clock_trusted)
		return doubted ? 0 : tell_doubt(e, now, err);
	if (doubted)
		rc = store_unmark(e->store, e->id, STORE_MARK_CLOCK);
	if (rc == 0 && doubted)
		rc = engine_journal_add(e, now, "duband", "clock", json_pack("{s:b}", "trusted", 1),
					err);
	return rc < 0 ? rc : mend_first_load(e, now, err);
}

int engine_clock_right(struct engine *e, const char *actor, const char *why, wall_t now,
		       struct err *err)
{
	int rc = store_unmark(e->store, e->id, STORE_MARK_CLOCK);

	return rc < 0 ? err_set(err, rc, "数据库写入失败")
		      : engine_journal_add(e, now, actor, "clock",
					   json_pack("{s:b, s:s}", "right", 1, "why", why), err);
}
