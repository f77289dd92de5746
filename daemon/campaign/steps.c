/*
 * steps.c - one rung of a policy's ladder.
 */
#include <string.h>

#include "daemon/campaign/policies.h"

static bool name_is_good(struct build *b, const struct ysource *src, const struct ynode *map,
			 const struct policy *p, struct step *s)
{
	const struct ynode *n;
	const char *name;

	if (!ynode_require(src, map, "name") || !ynode_text(src, map, "name", &name))
		return false;
	n = ynode_get(map, "name");
	if (strchr(name, '#') || strlen(name) > STEP_NAME_BYTES_MAX) {
		ynode_error(src, n, "BAD_NAME", "环节名“%.120s”有 # 或太长；可换一个名字", name);
		return false;
	}
	if (!strcmp(name, "alarm") || g_str_has_prefix(name, "alarm-")) {
		ynode_error(src, n, "BAD_NAME", "环节名“%s”留给日历里的提醒；可换一个名字", name);
		return false;
	}
	s->name = texts_add(b->texts, name);
	for (uint32_t i = p->step; i < b->steps->len; i++) {
		if (build_at(b->steps, struct step, i)->name != s->name)
			continue;
		ynode_error(src, n, "BAD_NAME", "环节名“%s”在这条规则里重复；可换一个名字", name);
		return false;
	}
	return true;
}

static bool read_at(const struct ysource *src, const struct ynode *map, struct step *s)
{
	const char *text;
	struct err err;

	if (!ynode_require(src, map, "at") || !ynode_text(src, map, "at", &text))
		return false;
	if (offset_parse(text, &s->at, &err) == 0)
		return true;
	ynode_error(src, ynode_get(map, "at"), "BAD_OFFSET", "“at”：%s", err.text);
	return false;
}

static void read_via(const struct ysource *src, const struct ynode *map, struct step *s)
{
	const struct ynode *list = ynode_list(src, map, "via");

	for (unsigned i = 0; list && i < list->values->len; i++) {
		const char *word = ynode_item(src, list, i);
		int channel = word ? channel_of(word) : -1;
		g_autofree char *words = NULL;
		struct near near;

		if (channel >= 0)
			s->via |= (uint8_t)(1u << channel);
		if (!word || channel >= 0)
			continue;
		near_start(&near, word);
		for (int k = 0; k < CHANNELS; k++)
			near_offer(&near, channel_word((enum channel)k));
		words = near_words(&near);
		ynode_error(src, list->values->pdata[i], "UNKNOWN_CHANNEL",
			    "不认识的渠道“%s”%s（可用：email、wecom、dingtalk、feishu、webhook）",
			    word, words);
	}
}

static void read_repeat(const struct ysource *src, const struct ynode *map, struct step *s)
{
	static const char *const keys[] = {"every", "times", NULL};
	const struct ynode *n = ynode_map(src, map, "repeat");
	int64_t times = 0;
	bool good;

	if (!n)
		return;
	ynode_check_keys(src, n, keys);
	good = ynode_require(src, n, "every");
	good = ynode_require(src, n, "times") && good;
	good = good && ynode_length(src, n, "every", &s->every);
	if (!good || !ynode_int(src, n, "times", 0, REPEATS_MAX, &times))
		return;
	if (s->every.sign == 0) {
		ynode_error(src, ynode_get(n, "every"), "BAD_OFFSET",
			    "“every”不能是 0；可写 5wd 或 7d");
		return;
	}
	s->times = (uint8_t)times;
}

static void read_slot(const struct ysource *src, const struct ynode *map, struct step *s)
{
	const char *text;
	struct err err;

	s->slot = (struct slot){.weekday = -1};
	if (!ynode_text(src, map, "slot", &text))
		return;
	if (slot_parse(text, &s->slot, &err) < 0) {
		s->slot = (struct slot){.weekday = -1};
		ynode_error(src, ynode_get(map, "slot"), "BAD_SLOT", "“slot”：%s", err.text);
	} else if (s->at.sign < 0) {
		s->slot = (struct slot){.weekday = -1};
		ynode_error(src, ynode_get(map, "slot"), "BAD_SLOT",
			    "固定时段只用于截止时和以后的环节；可删去 slot");
	}
}

bool step_read(struct build *b, const struct audience_book *book, const struct ysource *src,
	       const struct ynode *map, const struct policy *p, struct step *out)
{
	static const char *const keys[] = {"name", "at",   "to",     "via",
					   "sign", "slot", "repeat", NULL};
	struct step s = {.every = {.at = -1}};
	bool good;

	if (map->shape != YNODE_MAP) {
		ynode_error(src, map, "BAD_TYPE", "环节应是 {name: …, at: …, to: […]}");
		return false;
	}
	ynode_check_keys(src, map, keys);
	good = name_is_good(b, src, map, p, &s);
	good = read_at(src, map, &s) && good;
	good = ynode_require(src, map, "to") && good;
	good = audiences_read(book, map, "to", &s.to, &s.tos) && good;
	read_via(src, map, &s);
	(void)ynode_bool(src, map, "sign", &s.sign); /* said, if wrong */
	read_slot(src, map, &s);
	read_repeat(src, map, &s);
	*out = s;
	return good;
}
