/*
 * sources.c - which remote calendars a campaign has.
 */
#include "daemon/campaign/sources.h"

#include <string.h>

bool sources_give(const struct build *b, const char *path)
{
	for (unsigned i = 0; i < b->sources->len; i++)
		if (!strcmp(build_text(b, build_at(b->sources, struct source, i)->as), path))
			return true;
	return false;
}

/* ---- as ------------------------------------------------------------------- */

/** A name that files_read() would give it: one that it never looks at would be lost at once. */
static bool is_roster_path(const char *path)
{
	const char *name = path + strlen(DUTY_DIR);

	return g_str_has_prefix(path, DUTY_DIR) && g_str_has_suffix(path, ".ics") &&
	       strlen(name) > strlen(".ics") && name[0] != '.' && !strchr(name, '/');
}

static bool read_as(struct build *b, const struct ysource *src, const struct ynode *map,
		    struct source *out)
{
	const char *as;

	if (!ynode_require(src, map, "as") || !ynode_text(src, map, "as", &as))
		return false;
	if (strcmp(as, CALENDAR_FILE) != 0 && strcmp(as, HOLIDAYS_FILE) != 0 &&
	    !is_roster_path(as)) {
		ynode_error(src, ynode_get(map, "as"), "BAD_SOURCE",
			    "“as”应是 campaign.ics、holidays.ics 或 duty/名称.ics，写成了“%.80s”",
			    as);
		return false;
	}
	if (sources_give(b, as)) {
		ynode_error(src, ynode_get(map, "as"), "BAD_SOURCE",
			    "“%.80s”已有一个来源；一个文件只能有一个", as);
		return false;
	}
	out->as = texts_add(b->texts, as);
	return true;
}

/* ---- url ------------------------------------------------------------------ */

static const struct {
	const char *written, *meant;
	enum source_kind kind;
} schemes[] = {
	{"https", "https", SOURCE_FILE},    {"http", "http", SOURCE_FILE},
	{"webcal", "https", SOURCE_FILE},   {"webcals", "https", SOURCE_FILE},
	{"caldav", "https", SOURCE_CALDAV}, {"caldavs", "https", SOURCE_CALDAV},
};

static bool has_odd_bytes(const char *url)
{
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || strchr("\"<>\\", *p))
			return true;
	return false;
}

/** What is wrong with @url, or NULL. */
static const char *url_fault(const char *url, GUri **uri, unsigned *scheme)
{
	if (strlen(url) > SOURCE_URL_MAX)
		return "网址太长";
	if (has_odd_bytes(url))
		return "网址里有空格或不该有的字符；汉字要写成 %E6%97%A5 的样子";
	*uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
	if (!*uri || !g_uri_get_host(*uri) || !*g_uri_get_host(*uri))
		return "不是网址；写成 https://主机/路径";
	for (*scheme = 0; *scheme < G_N_ELEMENTS(schemes); (*scheme)++)
		if (!strcmp(g_uri_get_scheme(*uri), schemes[*scheme].written))
			break;
	if (*scheme == G_N_ELEMENTS(schemes))
		return "只认 https、webcal、caldav（以及内网的 http）开头的网址";
	if (g_uri_get_userinfo(*uri))
		return "网址里不能写用户名和口令；口令放在 duban.yaml 的 sources.credentials，"
		       "这里用 credential 写它的名称";
	if (g_uri_get_fragment(*uri))
		return "网址里不能有“#”";
	return NULL;
}

static bool read_url(struct build *b, const struct ysource *src, const struct ynode *map,
		     struct source *out)
{
	g_autoptr(GUri) uri = NULL;
	g_autofree char *host = NULL, *rest = NULL;
	const char *url, *fault;
	unsigned scheme = 0;
	bool v6;

	if (!ynode_require(src, map, "url") || !ynode_text(src, map, "url", &url))
		return false;
	fault = url_fault(url, &uri, &scheme);
	if (fault) { /* the URL itself is not said: it may carry a key */
		ynode_error(src, ynode_get(map, "url"), "BAD_SOURCE", "“url”%s", fault);
		return false;
	}
	v6 = strchr(g_uri_get_host(uri), ':') != NULL;
	host = g_strdup_printf(v6 ? "[%s]" : "%s", g_uri_get_host(uri));
	if (g_uri_get_port(uri) > 0) {
		g_autofree char *name = g_steal_pointer(&host);

		host = g_strdup_printf("%s:%d", name, g_uri_get_port(uri));
	}
	rest = g_strdup_printf("%s://%s%s%s%s", schemes[scheme].meant, host,
			       *g_uri_get_path(uri) ? g_uri_get_path(uri) : "/",
			       g_uri_get_query(uri) ? "?" : "",
			       g_uri_get_query(uri) ? g_uri_get_query(uri) : "");
	out->url = texts_add(b->texts, rest);
	out->host = texts_add(b->texts, host);
	out->kind = (uint8_t)schemes[scheme].kind;
	return true;
}

/* ---- the rest ------------------------------------------------------------- */

static bool read_poll(const struct ysource *src, const struct ynode *map, struct source *out)
{
	struct offset o;
	dur_t unit;

	out->poll = SOURCE_POLL_DEFAULT;
	if (!ynode_get(map, "poll"))
		return true;
	if (!ynode_length(src, map, "poll", &o))
		return false;
	/* One number of one unit; "1wd" and "1h@08:00" are no lengths of time. */
	unit = o.parts != 1 || o.at >= 0 ? 0
	       : o.part[0].unit == 'm'   ? MINUTE
	       : o.part[0].unit == 'h'   ? HOUR
	       : o.part[0].unit == 'd'   ? DAY
					 : 0;
	out->poll = unit * o.part[0].amount;
	if (out->poll >= SOURCE_POLL_MIN && out->poll <= SOURCE_POLL_MAX)
		return true;
	ynode_error(src, ynode_get(map, "poll"), "BAD_VALUE",
		    "“poll”应是 1m 到 1d 之间的一个时长，如 15m、1h");
	return false;
}

static bool read_one(struct build *b, const struct ysource *src, const struct ynode *map,
		     struct source *out)
{
	static const char *const keys[] = {"as", "url", "kind", "poll", "credential", NULL};
	static const char *const kinds[] = {"ics", "caldav", NULL};
	const char *name;
	int kind;

	ynode_check_keys(src, map, keys);
	if (!read_as(b, src, map, out) || !read_url(b, src, map, out) || !read_poll(src, map, out))
		return false;
	if (ynode_get(map, "kind")) {
		if (!ynode_choice(src, map, "kind", kinds, &kind))
			return false;
		out->kind = (uint8_t)kind;
	}
	if (ynode_text(src, map, "credential", &name))
		out->credential = texts_add(b->texts, name);
	else if (ynode_get(map, "credential"))
		return false;
	return true;
}

void sources_read(struct build *b, const struct ysource *src, const struct ynode *root)
{
	const struct ynode *list = ynode_list(src, root, "sources");

	for (unsigned i = 0; list && i < list->values->len; i++) {
		const struct ynode *map = list->values->pdata[i];
		struct source s = {0};

		if (i >= SOURCES_MAX) {
			ynode_error(src, map, "TOO_MANY", "来源超过 %d 个", SOURCES_MAX);
			return;
		}
		if (map->shape != YNODE_MAP) {
			ynode_error(src, map, "BAD_TYPE",
				    "来源应写成 {as: duty/名称.ics, url: \"https://…\"}");
			continue;
		}
		if (!read_one(b, src, map, &s))
			continue;
		g_array_append_val(b->sources, s);
		if (campaign_files_find(b->files, build_text(b, s.as)))
			continue;
		findings_add(b->findings, SEVERITY_WARNING, src->file, map->line, map->column,
			     "SOURCE_UNREAD", NULL,
			     "%s 由远程来源供给，还没有取得过：内容要等 duband 读到以后才知道",
			     build_text(b, s.as));
	}
}
