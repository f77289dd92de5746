/*
 * head.c - the keys of campaign.yaml above its policies.
 */
#include <errno.h>
#include <string.h>

#include "calendars/zone.h"
#include "daemon/campaign/policies.h"

#define HOLD_IF_MISSING_DEFAULT 50

static const char *const head_keys[] = {"name",        "timezone",  "locale",          "office",
					"send_window", "audiences", "hold_if_missing", "track_from",
					"policies",    "sources",   "invitations",     NULL};

static bool window_minute(const struct ysource *src, const struct ynode *map, const char *key,
			  int16_t *out)
{
	const char *text;
	struct err err;

	if (!ynode_text(src, map, key, &text))
		return false;
	if (minute_parse(text, out, &err) == 0)
		return true;
	ynode_error(src, ynode_get(map, key), "BAD_WINDOW", "“%s”：%s；时刻要加引号", key,
		    err.text);
	return false;
}

static bool window_days(const struct ysource *src, const struct ynode *map, struct window *w)
{
	const struct ynode *days = ynode_get(map, "days");

	w->working = !days || (days->shape == YNODE_TEXT && !strcmp(days->text, "working"));
	if (w->working)
		return true;
	if (days->shape == YNODE_TEXT && !strcmp(days->text, "all"))
		w->days = 0x7f;
	for (unsigned i = 0; days->shape == YNODE_LIST && i < days->values->len; i++) {
		const struct ynode *n = days->values->pdata[i];
		int day = n->shape == YNODE_TEXT ? weekday_of(n->text, strlen(n->text)) : -1;

		if (day < 0) {
			ynode_error(src, n, "BAD_WINDOW",
				    "“%.20s”不是星期；应是 mo tu we th fr sa su 之一",
				    n->shape == YNODE_TEXT ? n->text : "[…]");
			return false;
		}
		w->days |= (uint8_t)(1u << day);
	}
	if (w->days == 0)
		ynode_error(src, days, "BAD_WINDOW",
			    "days 应是 working、all 或星期的列表，如 [mo, tu, we]");
	return w->days != 0;
}

bool window_read(const struct ysource *src, const struct ynode *map, const char *key,
		 struct window *out)
{
	static const char *const keys[] = {"days", "from", "to", "back", NULL};
	const struct ynode *n = ynode_map(src, map, key);
	struct window w = {.set = true};
	bool good;

	if (!n)
		return false;
	ynode_check_keys(src, n, keys);
	good = ynode_require(src, n, "from");
	good = ynode_require(src, n, "to") && good;
	if (!good || !window_days(src, n, &w) || !window_minute(src, n, "from", &w.from) ||
	    !window_minute(src, n, "to", &w.to))
		return false;
	w.back = w.to;
	if (ynode_get(n, "back") && !window_minute(src, n, "back", &w.back))
		return false;
	if (w.from > w.back || w.back > w.to) {
		ynode_error(src, n, "BAD_WINDOW", "应满足 from ≤ back ≤ to");
		return false;
	}
	*out = w;
	return true;
}

static int read_zone(struct build *b, const struct ysource *src, const struct ynode *root)
{
	const char *name;

	if (!ynode_require(src, root, "timezone") || !ynode_text(src, root, "timezone", &name))
		return -EINVAL;
	b->c->zone = zone_get(name);
	if (!b->c->zone) {
		ynode_error(src, ynode_get(root, "timezone"), "BAD_ZONE",
			    "认不出的时区“%.80s”；可写 Asia/Shanghai", name);
		return -EINVAL;
	}
	b->c->zone_name = texts_add(b->texts, zone_name(b->c->zone));
	return 0;
}

static int read_office(struct build *b, const struct ysource *src, const struct ynode *root)
{
	const struct ynode *n;
	g_autofree char *words = NULL;
	const char *id;
	struct near near;

	if (!ynode_require(src, root, "office") || !ynode_text(src, root, "office", &id))
		return -EINVAL;
	n = ynode_get(root, "office");
	b->office_place = (struct place){n->line, n->column};
	b->c->office = build_find_unit(b, id);
	if (b->c->office != NONE) {
		build_at(b->units, struct unit, b->c->office)->sort = UNIT_OFFICE;
		return 0;
	}
	near_start(&near, id);
	for (uint32_t i = 0; i < b->units->len; i++)
		near_offer(&near, build_text(b, build_unit(b, i)->id));
	words = near_words(&near);
	ynode_error(src, n, "UNKNOWN_UNIT", "安委办“%s”不在 %s 里%s", id, UNITS_FILE, words);
	return -EINVAL;
}

/** "50%", 50, or never. */
static void read_hold(struct build *b, const struct ysource *src, const struct ynode *root)
{
	g_autofree char *digits = NULL;
	const char *text;
	guint64 percent;

	b->c->hold_if_missing = HOLD_IF_MISSING_DEFAULT;
	if (!ynode_text(src, root, "hold_if_missing", &text))
		return;
	if (!strcmp(text, "never")) {
		b->c->hold_if_missing = GUARD_OFF;
		return;
	}
	digits = g_strdup(text);
	if (g_str_has_suffix(digits, "%"))
		digits[strlen(digits) - 1] = '\0';
	if (g_ascii_string_to_unsigned(digits, 10, 1, 100, &percent, NULL))
		b->c->hold_if_missing = (uint8_t)percent;
	else
		ynode_error(src, ynode_get(root, "hold_if_missing"), "BAD_VALUE",
			    "“hold_if_missing”应是 1%% 到 100%%，或 never，写成了“%.40s”", text);
}

static void read_track_from(struct build *b, const struct ysource *src, const struct ynode *root)
{
	const char *text;

	b->c->track_from = WALL_NEVER;
	if (!ynode_text(src, root, "track_from", &text))
		return;
	if (!zone_parse(b->c->zone, text, false, &b->c->track_from)) {
		b->c->track_from = WALL_NEVER;
		ynode_error(src, ynode_get(root, "track_from"), "BAD_VALUE",
			    "“track_from”应是日期或时刻，如 2019-08-05，写成了“%.40s”", text);
	}
}

int head_read(struct build *b, const struct ysource *src, const struct ynode *root)
{
	static const char *const locales[] = {"zh_CN", "en", NULL};
	static const char *const methods[] = {"publish", "request", NULL};
	const char *name = "";
	int locale = 0, method = 0, rc = 0;

	ynode_check_keys(src, root, head_keys);
	if (!ynode_require(src, root, "name") || !ynode_text(src, root, "name", &name))
		rc = -EINVAL;
	b->c->name = texts_add(b->texts, name);
	if (read_zone(b, src, root) < 0 || read_office(b, src, root) < 0)
		return -EINVAL;
	(void)ynode_choice(src, root, "locale", locales, &locale); /* said, if wrong */
	b->c->locale = texts_add(b->texts, locales[locale]);
	if (ynode_get(root, "send_window"))
		(void)window_read(src, root, "send_window", &b->c->window); /* said, if wrong */
	(void)ynode_choice(src, root, "invitations", methods, &method);     /* said, if wrong */
	b->c->invitations = method == 1;
	read_hold(b, src, root);
	read_track_from(b, src, root);
	return rc;
}
