/*
 * lint.c - what is odd about one component, and what we made of it.
 *
 * Implementations disagree on these; docs/calendars.md says how we decide. Each gets a warning,
 * because people see their calendar in another program than ours.
 */
#include <errno.h>

#include "ical.h"

#define FIRST_YEARS 41 /* a rule that yields nothing for so long never will */
#define SUB_DAILY_DAYS 14

static void warn(const struct ical_reader *r, const struct ical_component *c, int line,
		 const char *code, const char *text)
{
	findings_add(r->findings, SEVERITY_WARNING, r->file, line, 0, code, c->shown.uid, "%s",
		     text);
}

static void fail(const struct ical_reader *r, const struct ical_component *c, int line,
		 const char *code, const char *text)
{
	findings_add(r->findings, SEVERITY_ERROR, r->file, line, 0, code, c->shown.uid, "%s", text);
}

static local_t until_local(const struct ical_component *c, const struct rrule *rule)
{
	if (rule->until_kind == RRULE_UNTIL_UTC)
		return tz_local(c->start.tz, rule->until * SECOND);
	return rule->until;
}

/* UNTIL in another type than DTSTART, or just before the instance people think it includes. */
static void lint_until(const struct ical_reader *r, const struct ical_component *c,
		       const struct ical_rule *rule)
{
	struct rrule_iter it;
	local_t until, t = 0;

	if (rule->rule.until_kind == RRULE_UNTIL_NONE || c->start.date)
		return;
	if (rule->rule.until_kind == RRULE_UNTIL_DATE) {
		warn(r, c, rule->line, "UNTIL_DATE",
		     "UNTIL 只有日期而 DTSTART 有时刻：按包含当天处理，其他软件可能少一期");
		return;
	}
	if (rule->rule.until_kind == RRULE_UNTIL_LOCAL && !c->start.tz->floating)
		warn(r, c, rule->line, "UNTIL_LOCAL",
		     "UNTIL 没有写成 UTC（末尾的 Z）：按 DTSTART 的时区理解");
	until = until_local(c, &rule->rule);
	if (until < c->start.local || rule->rule.count > 0)
		return;
	rrule_iter_init(&it, &rule->rule, c->start.local, false, until + DAY_SECONDS,
			steps_grant(*r->pool));
	rrule_iter_seek(&it, until);
	while (rrule_iter_next(&it, &t) == 1 && t <= until)
		;
	steps_settle(r->pool, it.steps);
	if (t > until && local_date(t) == local_date(until))
		warn(r, c, rule->line, "UNTIL_CUTS",
		     "UNTIL 落在当天那一期之前：最后一天没有这一期，请核对");
}

static void lint_oddities(const struct ical_reader *r, const struct ical_component *c,
			  const struct ical_rule *rule)
{
	unsigned odd = rule->rule.oddities;

	if (odd & RRULE_ODD_PART)
		warn(r, c, rule->line, "RRULE_X_PART", "RRULE 里有 X- 扩展项，已略去");
	if (odd & RRULE_ODD_BOTH)
		warn(r, c, rule->line, "COUNT_AND_UNTIL",
		     "RRULE 同时有 COUNT 和 UNTIL：以先到者为准");
	if (odd & RRULE_ODD_ORDINAL)
		warn(r, c, rule->line, "BYDAY_ORDINAL",
		     "BYDAY 里的序数只能用于按月或按年重复，已略去");
	if (odd & RRULE_ODD_LEAP)
		warn(r, c, rule->line, "LEAP_SECOND", "BYSECOND=60 按 59 秒处理");
}

/* 1 and the first instance a rule gives at or after DTSTART; 0 none; -E2BIG unknown. */
static int first_of(const struct ical_reader *r, const struct ical_component *c,
		    const struct rrule *rule, local_t *out)
{
	local_t stop = c->start.local + (local_t)FIRST_YEARS * 366 * DAY_SECONDS;
	struct rrule_iter it;
	int rc;

	rrule_iter_init(&it, rule, c->start.local, c->start.date, stop, steps_grant(*r->pool));
	rc = rrule_iter_next(&it, out);
	steps_settle(r->pool, it.steps);
	return rc;
}

/* Every rule by itself; false when one is a bomb. *@hit: does one of them give DTSTART? */
static bool lint_rules(const struct ical_reader *r, struct ical_component *c, bool *hit)
{
	bool good = true;

	c->barren = true;
	for (guint i = 0; i < c->rules->len; i++) {
		const struct ical_rule *rule = &g_array_index(c->rules, struct ical_rule, i);
		local_t first = 0;
		int rc = first_of(r, c, &rule->rule, &first);

		lint_oddities(r, c, rule);
		if (rc == 1 && rule->rule.until_kind != RRULE_UNTIL_NONE &&
		    first > until_local(c, &rule->rule))
			rc = 0;
		if (rc == 1) {
			c->barren = false;
			*hit |= first == c->start.local;
			lint_until(r, c, rule);
			continue;
		}
		fail(r, c, rule->line, rc == 0 ? "RRULE_NEVER" : "RRULE_TOO_LONG",
		     rc == 0 ? "RRULE 永远不会产生任何一期" : "RRULE 要试太多步才有结果，不予执行");
		good = false;
	}
	return good;
}

/* More often than daily is for short periods: a shift plan, not a campaign. */
static bool sub_daily_ends(const struct ical_reader *r, const struct ical_component *c,
			   const struct rrule *rule)
{
	local_t limit = c->start.local + (local_t)SUB_DAILY_DAYS * DAY_SECONDS, t;
	struct rrule_iter it;
	int rc;

	if (rule->until_kind != RRULE_UNTIL_NONE && until_local(c, rule) <= limit)
		return true;
	if (rule->count == 0)
		return false;
	rrule_iter_init(&it, rule, c->start.local, false, limit, steps_grant(*r->pool));
	while ((rc = rrule_iter_next(&it, &t)) == 1)
		;
	steps_settle(r->pool, it.steps);
	return rc == 0 && it.left == 0;
}

static bool lint_often(const struct ical_reader *r, const struct ical_component *c)
{
	if (r->limits->sub_daily || c->rules == NULL)
		return true;
	for (guint i = 0; i < c->rules->len; i++) {
		const struct ical_rule *rule = &g_array_index(c->rules, struct ical_rule, i);

		if (rule->rule.freq > RRULE_HOURLY || sub_daily_ends(r, c, &rule->rule))
			continue;
		fail(r, c, rule->line, "SUB_DAILY",
		     "一天重复多次的规则必须在 14 天之内结束（COUNT 或 UNTIL）");
		return false;
	}
	return true;
}

static void lint_exceptions(const struct ical_reader *r, const struct ical_component *c)
{
	for (guint i = 0; c->exceptions != NULL && i < c->exceptions->len; i++) {
		const struct ical_time *t = &g_array_index(c->exceptions, struct ical_time, i);

		if (!t->date || c->start.date)
			continue;
		warn(r, c, t->line, "EXDATE_DATE",
		     "EXDATE 只有日期而 DTSTART 有时刻：按当天的各期处理");
		break;
	}
	if (c->has_rid && c->rid.date && !c->start.date)
		warn(r, c, c->rid.line, "RECURRENCE_ID_DATE",
		     "RECURRENCE-ID 只有日期而 DTSTART 有时刻：按当天那一期处理");
}

static void lint_times(const struct ical_reader *r, struct ical_component *c)
{
	enum zone_fit fit;

	if (tzset_contradicts(r->zones, c->start.tz, c->start.local))
		warn(r, c, c->start.line, "TZ_CONTRADICTS",
		     "文件里的 VTIMEZONE 与同名的系统时区不一致：以系统时区为准");
	if (c->extent.kind == LENGTH_UNTIL && ical_instant(&c->extent.until, NULL) < c->shown.start)
		warn(r, c, c->extent.until.line, "END_BEFORE_START", "结束早于开始：按零长度处理");
	(void)ical_instant(&c->start, &fit);
	if (fit == ZONE_SKIPPED && c->rules == NULL)
		warn(r, c, c->start.line, "DST_GAP",
		     "这个时刻因改夏令时而不存在：按改动之前的时差计算");
}

bool ical_lint(const struct ical_reader *r, struct ical_component *c)
{
	bool hit = false;

	lint_times(r, c);
	lint_exceptions(r, c);
	if (c->ex_rules != NULL)
		warn(r, c, c->shown.line, "EXRULE", "EXRULE 已废弃，照样执行；其他软件可能不认");
	if (c->rules == NULL || c->rules->len == 0)
		return true;
	if (c->rules->len > 1)
		warn(r, c, c->shown.line, "SEVERAL_RRULES", "有几条 RRULE：各条的日期合并计算");
	if (!lint_often(r, c))
		return false;
	if (!lint_rules(r, c, &hit))
		return !r->limits->strict;
	if (!hit)
		warn(r, c, c->start.line, "DTSTART_UNSYNC",
		     "DTSTART 不是 RRULE 产生的日期：另算一期；其他软件可能不显示");
	return true;
}
