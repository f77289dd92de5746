/*
 * diff.c - differences of the campaign itself, its units and contacts.
 */
#include "daemon/campaign/diff_private.h"

#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/follow.h"
#include "daemon/campaign/load.h"
#include "daemon/core/shown.h"

void diff_say(struct diff *d, const char *fmt, ...)
{
	va_list ap;

	if (d->lines->len >= CHANGES_MAX) {
		d->more++;
		return;
	}
	va_start(ap, fmt);
	g_ptr_array_add(d->lines, g_strdup_vprintf(fmt, ap));
	va_end(ap);
}

void diff_text(struct diff *d, const char *what, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		diff_say(d, "%s：%s 改为 %s", what, *old ? old : "无", *new ? new : "无");
}

char *window_text(const struct window *w)
{
	g_autoptr(GString) days = g_string_new(NULL);
	static const char *const names[] = {"一", "二", "三", "四", "五", "六", "日"};

	if (!w->set)
		return g_strdup("不限");
	for (int i = 0; i < 7; i++)
		if (!w->working && (w->days & 1u << i))
			g_string_append(days, names[i]);
	return g_strdup_printf("%s%s %02d:%02d–%02d:%02d，提前到 %02d:%02d",
			       w->working ? "工作日" : "周", days->str, w->from / 60, w->from % 60,
			       w->to / 60, w->to % 60, w->back / 60, w->back % 60);
}

static char *percent_text(const struct campaign *c)
{
	return c->hold_if_missing == GUARD_OFF ? g_strdup("关闭")
					       : g_strdup_printf("%u%%", c->hold_if_missing);
}

static char *instant_text(const struct campaign *c, wall_t t)
{
	return t == WALL_NEVER ? g_strdup("第一次读入时") : zone_format(c->zone, t);
}

static void diff_head(struct diff *d)
{
	const struct campaign *a = d->from, *b = d->to;
	g_autofree char *wa = window_text(&a->window), *wb = window_text(&b->window);
	g_autofree char *pa = percent_text(a), *pb = percent_text(b);
	g_autofree char *ta = instant_text(a, a->track_from), *tb = instant_text(b, b->track_from);

	diff_text(d, "行动名称", campaign_text(a, a->name), campaign_text(b, b->name));
	diff_text(d, "时区", campaign_text(a, a->zone_name), campaign_text(b, b->zone_name));
	diff_text(d, "语言", campaign_text(a, a->locale), campaign_text(b, b->locale));
	diff_text(d, "安委办", campaign_text(a, a->units[a->office].id),
		  campaign_text(b, b->units[b->office].id));
	diff_text(d, "发送时间", wa, wb);
	diff_text(d, "整片未报的保护", pa, pb);
	diff_text(d, "跟踪起点", ta, tb);
	diff_text(d, "日历附件", a->invitations ? "邀请" : "公布",
		  b->invitations ? "邀请" : "公布");
}

/* ---- units ---------------------------------------------------------------- */

static const char *role_name(uint8_t role)
{
	static const char *const names[ROLES] = {"联络员", "分管领导", "主要负责人"};

	return role < ROLES ? names[role] : "?";
}

/** All that a contact says, on one line. */
static char *contact_text(const struct campaign *c, const struct contact *x)
{
	GString *s = g_string_new(role_name(x->role));

	g_string_append_printf(s, " %s", campaign_text(c, x->person));
	for (int i = 0; i < CHANNELS; i++)
		if (x->address[i]) {
			g_autofree char *shown = address_shown(campaign_text(c, x->address[i]));

			g_string_append_printf(s, " %s%s", x->channels & 1u << i ? "" : "（不用）",
					       shown);
		}
	if (x->phone)
		g_string_append_printf(s, " 电话 %s", campaign_text(c, x->phone));
	if (x->locale)
		g_string_append_printf(s, " %s", campaign_text(c, x->locale));
	return g_string_free(s, FALSE);
}

static bool has_contact(const struct campaign *c, const struct unit *u, const char *wanted)
{
	for (uint32_t i = u->contact; i < u->contact + u->contacts; i++) {
		g_autofree char *text = contact_text(c, &c->contacts[i]);

		if (!strcmp(text, wanted))
			return true;
	}
	return false;
}

/** Contacts of @u in @c that @v in @other has not. */
static void diff_contacts(struct diff *d, const struct campaign *c, const struct unit *u,
			  const struct campaign *other, const struct unit *v, const char *verb)
{
	for (uint32_t i = u->contact; i < u->contact + u->contacts; i++) {
		g_autofree char *text = contact_text(c, &c->contacts[i]);

		if (!has_contact(other, v, text))
			diff_say(d, "%s联系人：%s（%s）%s", verb, campaign_text(c, u->name),
				 campaign_text(c, u->id), text);
	}
}

static char *names_text(const struct campaign *c, uint32_t first, uint32_t n)
{
	GString *s = g_string_new(NULL);

	for (uint32_t i = first; i < first + n; i++)
		g_string_append_printf(s, "%s%s", i > first ? "、" : "",
				       campaign_text(c, c->names[i]));
	return g_string_free(s, FALSE);
}

static void diff_unit(struct diff *d, const struct unit *u, const struct unit *v)
{
	const struct campaign *a = d->from, *b = d->to;
	g_autofree char *tags_a = names_text(a, u->tag, u->tags);
	g_autofree char *tags_b = names_text(b, v->tag, v->tags);
	g_autofree char *senders_a = names_text(a, u->sender, u->senders);
	g_autofree char *senders_b = names_text(b, v->sender, v->senders);
	g_autofree char *what = g_strdup_printf("单位 %s", campaign_text(a, u->id));
	const char *above_a = u->parent == NONE ? "" : campaign_text(a, a->units[u->parent].id);
	const char *above_b = v->parent == NONE ? "" : campaign_text(b, b->units[v->parent].id);
	const struct {
		const char *what, *old, *new;
	} pairs[] = {
		{"编号", campaign_text(a, u->id), campaign_text(b, v->id)},
		{"名称", campaign_text(a, u->name), campaign_text(b, v->name)},
		{"领域", tags_a, tags_b},
		{"上级", above_a, above_b},
		{"另外的发件地址", senders_a, senders_b},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *full = g_strdup_printf("%s 的%s", what, pairs[i].what);

		diff_text(d, full, pairs[i].old, pairs[i].new);
	}
	diff_contacts(d, a, u, b, v, "减少");
	diff_contacts(d, b, v, a, u, "新增");
}

static void diff_units(struct diff *d)
{
	const struct campaign *a = d->from, *b = d->to;
	g_autofree bool *known = g_new0(bool, b->n_units + 1);

	for (uint32_t i = 0; i < a->n_units; i++) {
		const struct unit *u = &a->units[i];
		uint32_t now = d->units[i];

		if (now == NONE) {
			diff_say(d, "减少单位：%s（%s）", campaign_text(a, u->name),
				 campaign_text(a, u->id));
			continue;
		}
		known[now] = true;
		diff_unit(d, u, &b->units[now]);
	}
	for (uint32_t i = 0; i < b->n_units; i++) {
		const struct unit *v = &b->units[i];

		if (!known[i])
			diff_say(d, "新增单位：%s（%s），联系人 %u 个", campaign_text(b, v->name),
				 campaign_text(b, v->id), v->contacts);
	}
}

GPtrArray *campaign_diff(const struct campaign *from, const struct campaign *to,
			 const struct diff_told *told)
{
	g_autofree uint32_t *units = campaign_follow_units(from, to);
	struct diff d = {.from = from, .to = to, .units = units, .told = told};

	d.lines = g_ptr_array_new_with_free_func(g_free);
	if (from->digest == to->digest && from->digest != 0)
		return d.lines;
	diff_head(&d);
	diff_units(&d);
	diff_policies(&d);
	diff_dates(&d);
	if (d.more > 0)
		g_ptr_array_add(d.lines, g_strdup_printf("另有 %u 处改动没有列出", d.more));
	return d.lines;
}
