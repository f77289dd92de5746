/*
 * diff_policies.c - differences of policies: values by name, steps by name.
 */
#include <string.h>

#include "daemon/campaign/diff_private.h"
#include "daemon/core/offset.h"

static const struct policy *find_policy(const struct campaign *c, const char *name)
{
	for (uint32_t i = 0; i < c->n_policies; i++)
		if (!strcmp(campaign_text(c, c->policies[i].name), name))
			return &c->policies[i];
	return NULL;
}

static const struct step *find_step(const struct campaign *c, const struct policy *p,
				    const char *name)
{
	for (uint32_t i = p->step; i < p->step + p->steps; i++)
		if (!strcmp(campaign_text(c, c->steps[i].name), name))
			return &c->steps[i];
	return NULL;
}

/** An audience's parts share its name: said once. */
static void append_audiences(GString *s, const struct campaign *c, uint32_t first, uint32_t n)
{
	text_t last = 0;

	for (uint32_t i = first; i < first + n; i++) {
		if (c->audiences[i].name == last)
			continue;
		last = c->audiences[i].name;
		g_string_append_printf(s, " %s", campaign_text(c, last));
	}
}

static char *step_text(const struct campaign *c, const struct step *s)
{
	g_autofree char *at = offset_text(&s->at), *every = offset_text(&s->every);
	GString *text = g_string_new(at);

	g_string_append(text, " →");
	append_audiences(text, c, s->to, s->tos);
	for (int i = 0; i < CHANNELS; i++)
		if (s->via & 1u << i)
			g_string_append_printf(text, " %s", channel_word((enum channel)i));
	if (s->slot.weekday >= 0)
		g_string_append_printf(text, " 周%d %02d:%02d", s->slot.weekday + 1,
				       s->slot.at / 60, s->slot.at % 60);
	if (s->times)
		g_string_append_printf(text, " 每 %s 重复 %u 次", every + 1, s->times);
	if (s->sign)
		g_string_append(text, " 需签发");
	return g_string_free(text, FALSE);
}

static char *off_day_text(const struct off_day_rule *r)
{
	static const char *const words[] = {"不动", "提前", "推后"};
	GString *s = g_string_new(r->what <= OFF_DAY_AFTER ? words[r->what] : "?");

	if (r->what == OFF_DAY_AFTER)
		g_string_append_printf(s, "到第 %u 个工作日", r->nth);
	if (r->what != OFF_DAY_KEEP && r->at >= 0)
		g_string_append_printf(s, " %02d:%02d", r->at / 60, r->at % 60);
	return g_string_free(s, FALSE);
}

static char *streak_text(const struct campaign *c, const struct policy *p)
{
	GString *s = g_string_new(NULL);

	if (p->streak.misses) {
		g_string_append_printf(s, "%s（%u 期）→", campaign_text(c, p->streak.name),
				       p->streak.misses);
		append_audiences(s, c, p->streak.to, p->streak.tos);
	}
	return g_string_free(s, FALSE);
}

static char *match_text(const struct campaign *c, const struct policy *p)
{
	GString *s = g_string_new(NULL);

	for (uint32_t i = p->match; i < p->match + p->matches; i++)
		g_string_append_printf(s, "%s%s", s->len ? "、" : "",
				       campaign_text(c, c->names[i]));
	return g_string_free(s, FALSE);
}

static void value(struct diff *d, const char *policy, const char *what, char *old, char *new)
{
	g_autofree char *full = g_strdup_printf("规则 %s 的%s", policy, what);

	diff_text(d, full, old, new);
	g_free(old);
	g_free(new);
}

static void diff_values(struct diff *d, const struct policy *p, const struct policy *q)
{
	const struct campaign *a = d->from, *b = d->to;
	const char *name = campaign_text(a, p->name);

	value(d, name, "临近提示", offset_text(&p->warn), offset_text(&q->warn));
	value(d, name, "宽限", offset_text(&p->grace), offset_text(&q->grace));
	value(d, name, "补报截止", offset_text(&p->closes), offset_text(&q->closes));
	value(d, name, "休息日处理", off_day_text(&p->off_day), off_day_text(&q->off_day));
	value(d, name, "零报告", g_strdup(p->zero ? "可以" : "不可以"),
	      g_strdup(q->zero ? "可以" : "不可以"));
	value(d, name, "发送时间", window_text(&p->window), window_text(&q->window));
	value(d, name, "连续未报", streak_text(a, p), streak_text(b, q));
	value(d, name, "识别用词", match_text(a, p), match_text(b, q));
}

static void diff_steps(struct diff *d, const struct policy *p, const struct policy *q)
{
	const struct campaign *a = d->from, *b = d->to;
	const char *policy = campaign_text(a, p->name);

	for (uint32_t i = p->step; i < p->step + p->steps; i++) {
		const char *name = campaign_text(a, a->steps[i].name);
		const struct step *now = find_step(b, q, name);
		g_autofree char *what = g_strdup_printf("环节 %s", name);

		if (now)
			value(d, policy, what, step_text(a, &a->steps[i]), step_text(b, now));
		else
			diff_say(d, "规则 %s 减少环节：%s", policy, name);
	}
	for (uint32_t i = q->step; i < q->step + q->steps; i++) {
		const char *name = campaign_text(b, b->steps[i].name);
		g_autofree char *text = step_text(b, &b->steps[i]);

		if (!find_step(a, p, name))
			diff_say(d, "规则 %s 新增环节：%s %s", policy, name, text);
	}
}

void diff_policies(struct diff *d)
{
	const struct campaign *a = d->from, *b = d->to;

	for (uint32_t i = 0; i < a->n_policies; i++) {
		const char *name = campaign_text(a, a->policies[i].name);
		const struct policy *now = find_policy(b, name);

		if (!now) {
			diff_say(d, "减少规则：%s", name);
			continue;
		}
		diff_values(d, &a->policies[i], now);
		diff_steps(d, &a->policies[i], now);
	}
	for (uint32_t i = 0; i < b->n_policies; i++) {
		const char *name = campaign_text(b, b->policies[i].name);

		if (!find_policy(a, name))
			diff_say(d, "新增规则：%s，环节 %u 个", name, b->policies[i].steps);
	}
}
