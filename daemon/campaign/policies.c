/*
 * policies.c - the ladders of campaign.yaml.
 */
#include "daemon/campaign/policies.h"

#include <string.h>

static const char *const policy_keys[] = {"warn",   "grace",  "closes",      "on_off_day",
					  "zero",   "window", "send_window", "steps",
					  "streak", "match",  NULL};

/** keep | before[@HH:MM] | after[:N][@HH:MM] */
static bool off_day_parse(const char *text, struct off_day_rule *rule)
{
	const char *rest;
	struct off_day_rule r = {.nth = 1, .at = -1};

	if (!strcmp(text, "keep")) {
		r.what = OFF_DAY_KEEP;
		*rule = r;
		return true;
	}
	if (g_str_has_prefix(text, "before")) {
		r.what = OFF_DAY_BEFORE;
		rest = text + strlen("before");
	} else if (g_str_has_prefix(text, "after")) {
		r.what = OFF_DAY_AFTER;
		rest = text + strlen("after");
	} else {
		return false;
	}
	if (r.what == OFF_DAY_AFTER && *rest == ':') {
		size_t digits = strspn(++rest, "0123456789");
		int nth = digits >= 1 && digits <= 2 ? atoi(rest) : 0;

		if (nth < 1)
			return false;
		r.nth = (uint8_t)nth;
		rest += digits;
	}
	if (*rest && (*rest != '@' || minute_parse(rest + 1, &r.at, NULL) < 0))
		return false;
	*rule = r;
	return true;
}

static void read_off_day(const struct ysource *src, const struct ynode *map, struct policy *p)
{
	const char *text;

	p->off_day = (struct off_day_rule){.what = OFF_DAY_KEEP, .nth = 1, .at = -1};
	if (ynode_text(src, map, "on_off_day", &text) && !off_day_parse(text, &p->off_day))
		ynode_error(src, ynode_get(map, "on_off_day"), "BAD_OFFSET",
			    "“on_off_day”应是 keep、before、after 或 after:2@12:00，写成了“%.40s”",
			    text);
}

static void read_closes(const struct ysource *src, const struct ynode *map, struct policy *p)
{
	const struct ynode *n = ynode_get(map, "closes");

	if (n && n->shape == YNODE_TEXT && !strcmp(n->text, "never"))
		return;
	if (ynode_length(src, map, "closes", &p->closes) && p->closes.sign == 0)
		ynode_error(src, n, "BAD_OFFSET",
			    "“closes”写 0 就谁也来不及补报；可写 14d，或 never（一直可以补报）");
}

static void read_window(struct build *b, const struct ysource *src, const struct ynode *map,
			struct policy *p)
{
	bool own = ynode_get(map, "send_window") != NULL;

	p->window = b->c->window;
	if (own && ynode_get(map, "window"))
		ynode_error(src, ynode_key(map, "window"), "DUPLICATE_KEY",
			    "“window”和“send_window”是同一个键；可删去一处");
	(void)window_read(src, map, own ? "send_window" : "window", &p->window); /* said */
}

static void read_match(struct build *b, const struct ysource *src, const struct ynode *map,
		       struct policy *p)
{
	const struct ynode *list = ynode_list(src, map, "match");

	p->match = b->names->len;
	for (unsigned i = 0; list && i < list->values->len; i++) {
		const char *word = ynode_item(src, list, i);
		text_t name;

		if (!word)
			continue;
		if (p->matches == MATCHES_MAX) {
			ynode_error(src, list->values->pdata[i], "TOO_MANY", "match 超过 %d 个",
				    MATCHES_MAX);
			return;
		}
		name = texts_add(b->texts, word);
		g_array_append_val(b->names, name);
		p->matches++;
	}
}

static void read_streak(struct build *b, const struct audience_book *book,
			const struct ysource *src, const struct ynode *map, struct policy *p)
{
	static const char *const keys[] = {"misses", "to", "name", NULL};
	const struct ynode *n = ynode_map(src, map, "streak");
	const char *name = "连续未报";
	int64_t misses = 0;
	bool good;

	if (!n)
		return;
	ynode_check_keys(src, n, keys);
	good = ynode_require(src, n, "misses");
	good = ynode_require(src, n, "to") && good;
	good = good && ynode_int(src, n, "misses", 1, STREAK_MAX, &misses);
	good = good && audiences_read(book, n, "to", &p->streak.to, &p->streak.tos);
	if (!good)
		return;
	(void)ynode_text(src, n, "name", &name); /* said, if wrong */
	if (strchr(name, '#') || strlen(name) > STEP_NAME_BYTES_MAX)
		ynode_error(src, ynode_get(n, "name"), "BAD_NAME",
			    "环节名“%.120s”有 # 或太长；可换一个名字", name);
	p->streak.name = texts_add(b->texts, name);
	for (uint32_t i = p->step; i < p->step + p->steps; i++)
		if (build_at(b->steps, struct step, i)->name == p->streak.name)
			ynode_error(src, n, "BAD_NAME", "streak 的名字“%s”和一个环节相同；可换一个",
				    name);
	p->streak.misses = (uint8_t)misses;
}

static void read_steps(struct build *b, const struct audience_book *book, const struct ysource *src,
		       const struct ynode *map, struct policy *p)
{
	const struct ynode *list;

	p->step = b->steps->len;
	if (!ynode_require(src, map, "steps"))
		return;
	list = ynode_list(src, map, "steps");
	for (unsigned i = 0; list && i < list->values->len; i++) {
		const struct ynode *n = list->values->pdata[i];
		struct place place = {n->line, n->column};
		struct step s;

		if (p->steps == STEPS_MAX) {
			ynode_error(src, n, "TOO_MANY", "一条规则的环节超过 %d 个", STEPS_MAX);
			return;
		}
		if (!step_read(b, book, src, n, p, &s))
			continue;
		g_array_append_val(b->steps, s);
		g_array_append_val(b->step_places, place);
		p->steps++;
	}
}

static void read_policy(struct build *b, const struct audience_book *book,
			const struct ysource *src, const struct ynode *key, const struct ynode *map)
{
	struct place place = {key->line, key->column};
	struct policy p = {.warn = {.at = -1}, .grace = {.at = -1}, .closes = {.at = -1}};

	if (map->shape != YNODE_MAP) {
		ynode_error(src, key, "BAD_TYPE", "规则“%s”应是“键: 值”的一组", key->text);
		return;
	}
	p.name = texts_add(b->texts, key->text);
	ynode_check_keys(src, map, policy_keys);
	(void)ynode_length(src, map, "warn", &p.warn);   /* said, if wrong */
	(void)ynode_length(src, map, "grace", &p.grace); /* said, if wrong */
	read_closes(src, map, &p);
	read_off_day(src, map, &p);
	(void)ynode_bool(src, map, "zero", &p.zero); /* said, if wrong */
	read_window(b, src, map, &p);
	read_match(b, src, map, &p);
	read_steps(b, book, src, map, &p);
	read_streak(b, book, src, map, &p);
	g_array_append_val(b->policies, p);
	g_array_append_val(b->policy_places, place);
	g_array_set_size(b->policy_named, b->policies->len);
	g_hash_table_insert(b->policy_of, GUINT_TO_POINTER(p.name),
			    GUINT_TO_POINTER(b->policies->len));
}

void policies_read(struct build *b, const struct ysource *src, const struct ynode *root)
{
	struct audience_book *book = audience_book_new(b, src, root);
	const struct ynode *map =
		ynode_require(src, root, "policies") ? ynode_map(src, root, "policies") : NULL;

	for (unsigned i = 0; map && i < map->keys->len; i++) {
		const struct ynode *key = map->keys->pdata[i];

		if (i == POLICIES_MAX) {
			ynode_error(src, key, "TOO_MANY", "规则超过 %d 条", POLICIES_MAX);
			break;
		}
		read_policy(b, book, src, key, map->values->pdata[i]);
	}
	audience_book_free(&book);
}
