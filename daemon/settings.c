/*
 * settings.c - duban.yaml by the same reader as campaign.yaml.
 */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "daemon/campaign/yaml.h"
#include "daemon/core/health.h"
#include "daemon/io/addr_guard.h"
#include "daemon/io/files.h"
#include "daemon/io/log.h"
#include "notifiers/notifier.h"

#define SECRET_MAX 4096
#define EXPIRE_DEFAULT (3 * DAY)
#define CONNECTIONS_MAX 32

struct reading {
	const struct ysource *src;
	struct settings *s;
	char *base; /* directory of the file: relative paths start here */
};

static char *path_of(const struct reading *r, const char *path)
{
	return g_canonicalize_filename(path, r->base);
}

static void put_text(char **out, const char *text)
{
	g_free(*out);
	*out = g_strdup(text);
}

static void take_text(const struct reading *r, const struct ynode *map, const char *key, char **out)
{
	const char *text;

	if (ynode_text(r->src, map, key, &text))
		put_text(out, text);
}

static void take_path(const struct reading *r, const struct ynode *map, const char *key, char **out)
{
	const char *text;

	if (ynode_text(r->src, map, key, &text)) {
		g_free(*out);
		*out = path_of(r, text);
	}
}

/* A file's first line. Missing or empty is an error: a daemon without its password fails late. */
static void take_secret(const struct reading *r, const struct ynode *map, const char *key,
			char **out)
{
	g_autofree char *path = NULL;
	g_autoptr(GBytes) bytes = NULL;
	struct err err = {0};
	gsize size = 0;
	const char *data;

	take_path(r, map, key, &path);
	if (path == NULL)
		return;
	if (file_read(path, SECRET_MAX, &bytes, &err) < 0) {
		ynode_error(r->src, ynode_get(map, key), "NO_SECRET", "%s", err.text);
		return;
	}
	data = g_bytes_get_data(bytes, &size);
	*out = g_strndup(data == NULL ? "" : data, size);
	(*out)[strcspn(*out, "\r\n")] = 0;
	if ((*out)[0] == 0)
		ynode_error(r->src, ynode_get(map, key), "NO_SECRET", "%s 是空的，请写入口令",
			    path);
}

/* What a start would refuse is refused here, with its line: --check-config must not pass it. */
static void check_relay(const struct reading *r, const struct ynode *m)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-[]:";
	const struct settings *s = r->s;
	bool smtps = s->relay != NULL && g_str_has_prefix(s->relay, "smtps://");

	if (s->relay != NULL && !settings_relay_is_good(s->relay)) {
		ynode_error(r->src, ynode_get(m, "relay"), "BAD_RELAY",
			    "写成 smtp://主机:端口 或 smtps://主机:端口，IPv6 地址要加方括号");
		return;
	}
	if (s->host != NULL && strspn(s->host, name) != strlen(s->host))
		ynode_error(r->src, ynode_get(m, "host"), "BAD_VALUE",
			    "“host”应是主机名，如 duban.example.org");
	if (s->user != NULL && !smtps && s->starttls != 2 && !settings_is_loopback(s))
		ynode_error(r->src, ynode_get(m, "user"), "BAD_VALUE",
			    "口令不能明文传送：relay 改用 smtps://，或写上 starttls: required");
}

static void read_mail(const struct reading *r, const struct ynode *root)
{
	static const char *const keys[] = {"relay",       "from",    "from_name", "host",
					   "starttls",    "ca_file", "user",      "password_file",
					   "connections", NULL};
	static const char *const tls[] = {"no", "auto", "required", NULL};
	const struct ynode *m = ynode_map(r->src, root, "mail");
	int64_t n;

	if (m == NULL)
		return;
	ynode_check_keys(r->src, m, keys);
	take_text(r, m, "relay", &r->s->relay);
	take_text(r, m, "from", &r->s->from);
	take_text(r, m, "from_name", &r->s->from_name);
	take_text(r, m, "host", &r->s->host);
	take_path(r, m, "ca_file", &r->s->ca_file);
	take_text(r, m, "user", &r->s->user);
	take_secret(r, m, "password_file", &r->s->password);
	(void)ynode_choice(r->src, m, "starttls", tls, &r->s->starttls);
	if (ynode_int(r->src, m, "connections", 1, CONNECTIONS_MAX, &n))
		r->s->connections = (unsigned)n;
	check_relay(r, m);
	if (r->s->user != NULL)
		(void)ynode_require(r->src, m, "password_file");
	if (r->s->relay != NULL)
		(void)ynode_require(r->src, m, "from");
	if (r->s->from != NULL && !email_address_valid(r->s->from, NULL))
		ynode_error(r->src, ynode_get(m, "from"), "BAD_ADDRESS",
			    "发件地址须是一个邮箱，如 duban@example.org，不带姓名和尖括号；"
			    "写的是：%s",
			    r->s->from);
}

static void take_list(const struct reading *r, const struct ynode *map, const char *key,
		      GPtrArray *out)
{
	const struct ynode *list = ynode_list(r->src, map, key);

	for (unsigned i = 0; list != NULL && i < list->values->len; i++) {
		const char *item = ynode_item(r->src, list, i);

		if (item != NULL)
			g_ptr_array_add(out, g_strdup(item));
	}
}

static void take_networks(const struct reading *r, const struct ynode *m, GPtrArray *out)
{
	struct addr_guard *guard;
	struct err err = {0};

	take_list(r, m, "allow", out);
	g_ptr_array_add(out, NULL);
	guard = addr_guard_new((const char *const *)out->pdata, &err);
	g_ptr_array_remove_index(out, out->len - 1);
	if (guard == NULL)
		ynode_error(r->src, ynode_get(m, "allow"), "BAD_VALUE", "“allow”里有不是网段的：%s",
			    err.text);
	addr_guard_free(&guard);
}

static void read_webhook(const struct reading *r, const struct ynode *root)
{
	static const char *const keys[] = {"secret_file", "allow", NULL};
	const struct ynode *m = ynode_map(r->src, root, "webhook");

	if (m == NULL)
		return;
	ynode_check_keys(r->src, m, keys);
	take_secret(r, m, "secret_file", &r->s->webhook_secret);
	take_networks(r, m, r->s->webhook_allow);
}

/* ---- remote sources ---- */

static void credential_free(gpointer p)
{
	struct credential *c = p;

	g_free(c->name);
	g_free(c->host);
	g_free(c->user);
	g_free(c->password);
	g_free(c);
}

/* "cal.example.org", "127.0.0.1:5232", "[::1]:5232", and nothing else. */
static bool host_split(const char *text, char **host, int *port)
{
	g_autofree char *url = g_strconcat("https://", text, NULL);
	g_autoptr(GUri) uri =
		strpbrk(text, "/?#@ ") == NULL ? g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL) : NULL;
	const char *name = uri == NULL ? NULL : g_uri_get_host(uri);

	if (name == NULL || name[0] == 0)
		return false;
	*host = strchr(name, ':') != NULL ? g_strdup_printf("[%s]", name) : g_strdup(name);
	*port = g_uri_get_port(uri) == 443 ? -1 : g_uri_get_port(uri);
	return true;
}

static void read_credential(const struct reading *r, const struct ynode *m, const char *name)
{
	static const char *const keys[] = {"host", "user", "password_file", NULL};
	struct credential *c = g_new0(struct credential, 1);
	const char *host;

	g_ptr_array_add(r->s->credentials, c);
	c->name = g_strdup(name);
	ynode_check_keys(r->src, m, keys);
	take_text(r, m, "user", &c->user);
	take_secret(r, m, "password_file", &c->password);
	(void)ynode_require(r->src, m, "user");
	(void)ynode_require(r->src, m, "password_file");
	/* Without its host it would go wherever a campaign says. */
	if (ynode_require(r->src, m, "host") && ynode_text(r->src, m, "host", &host) &&
	    !host_split(host, &c->host, &c->port))
		ynode_error(r->src, ynode_get(m, "host"), "BAD_VALUE",
			    "“host”写成 主机 或 主机:端口，如 cal.example.org");
}

static void read_sources(const struct reading *r, const struct ynode *root)
{
	static const char *const source_keys[] = {"allow", "ca_file", "timeout", "credentials",
						  NULL};
	const struct ynode *m = ynode_map(r->src, root, "sources"), *all;
	int64_t seconds;

	if (m == NULL)
		return;
	ynode_check_keys(r->src, m, source_keys);
	take_networks(r, m, r->s->source_allow);
	take_path(r, m, "ca_file", &r->s->source_ca_file);
	if (ynode_int(r->src, m, "timeout", 1, 120, &seconds))
		r->s->source_timeout = seconds * SECOND;
	all = ynode_map(r->src, m, "credentials");
	for (unsigned i = 0; all != NULL && i < all->values->len; i++) {
		const struct ynode *one = all->values->pdata[i], *key = all->keys->pdata[i];

		if (one->shape == YNODE_MAP)
			read_credential(r, one, key->text);
		else
			ynode_error(r->src, one, "BAD_TYPE",
				    "凭据写成 {host: 主机, user: 用户, password_file: 文件}");
	}
}

const struct credential *settings_credential(const struct settings *s, const char *name,
					     const char *host, struct err *err)
{
	for (guint i = 0; i < s->credentials->len; i++) {
		const struct credential *c = s->credentials->pdata[i];
		g_autofree char *own = NULL;
		int port;

		if (strcmp(c->name, name) != 0)
			continue;
		if (host_split(host, &own, &port) && g_ascii_strcasecmp(own, c->host) == 0 &&
		    port == c->port)
			return c;
		g_free(own);
		own = c->port < 0 ? g_strdup(c->host) : g_strdup_printf("%s:%d", c->host, c->port);
		err_set(err, -EINVAL,
			"duban.yaml 的凭据“%s”只用于 %s，不会送给 %s；请核对网址或凭据的 host",
			name, own, host);
		return NULL;
	}
	err_set(err, -ENOENT,
		"duban.yaml 的 sources.credentials 里没有凭据“%s”；可补上，或去掉 credential",
		name);
	return NULL;
}

/*
 * A campaign, even if somebody has deleted its campaign.yaml: its last good files are in
 * the database, and its people must not be forgotten without a word.
 */
static bool is_campaign(const char *dir)
{
	static const char *const files[] = {"campaign.yaml", "campaign.ics", "units.csv"};

	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(dir, files[i], NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return true;
	}
	return false;
}

/* A directory with campaign files is a campaign; another is a parent of such. */
static void add_campaigns(const struct reading *r, const struct ynode *at, const char *dir)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	const char *name;
	GDir *d;

	if (is_campaign(dir)) {
		g_ptr_array_add(r->s->campaigns, g_strdup(dir));
		return;
	}
	d = g_dir_open(dir, 0, NULL);
	if (d == NULL) {
		ynode_error(r->src, at, "NO_CAMPAIGN", "目录不存在或不可读：%s", dir);
		return;
	}
	while ((name = g_dir_read_name(d)) != NULL) {
		g_autofree char *sub = g_build_filename(dir, name, NULL);

		if (is_campaign(sub))
			g_ptr_array_add(found, g_steal_pointer(&sub));
	}
	g_dir_close(d);
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_add(r->s->campaigns, g_strdup(g_ptr_array_index(found, i)));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The directory's name is the campaign's key: two of one name would share a history. */
static void check_names(const struct reading *r, const struct ynode *list)
{
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < r->s->campaigns->len; i++) {
		char *name = g_path_get_basename(g_ptr_array_index(r->s->campaigns, i));

		if (g_hash_table_contains(names, name))
			ynode_error(r->src, list, "SAME_NAME",
				    "两个专项行动的目录同名：%s；请改名其一", name);
		g_hash_table_add(names, name);
	}
}

static void read_campaigns(const struct reading *r, const struct ynode *root)
{
	const struct ynode *list = ynode_list(r->src, root, "campaigns");

	for (unsigned i = 0; list != NULL && i < list->values->len; i++) {
		const char *item = ynode_item(r->src, list, i);
		g_autofree char *dir = item == NULL ? NULL : path_of(r, item);

		if (dir != NULL)
			add_campaigns(r, g_ptr_array_index(list->values, i), dir);
	}
	g_ptr_array_sort(r->s->campaigns, by_name);
	check_names(r, list);
}

/* Less than this is told before the disk is full. */
static void read_disk(const struct reading *r, const struct ynode *root)
{
	static const char *const keys[] = {"low_percent", "low_mb", NULL};
	const struct ynode *m = ynode_map(r->src, root, "disk");
	int64_t n;

	if (m == NULL)
		return;
	ynode_check_keys(r->src, m, keys);
	if (ynode_int(r->src, m, "low_percent", 0, 99, &n))
		r->s->disk_percent = n;
	if (ynode_int(r->src, m, "low_mb", 0, 1000000, &n))
		r->s->disk_bytes = n << 20;
}

static void read_rest(const struct reading *r, const struct ynode *root)
{
	static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
	static const char *const locales[] = {"zh_CN", "en", NULL};
	static const char *const clock_keys[] = {"ntp", "pace", "start", "until", NULL};
	static const char *const log_keys[] = {"level", NULL};
	const struct ynode *log = ynode_map(r->src, root, "log"),
			   *clock = ynode_map(r->src, root, "clock");
	struct offset expire;
	int64_t pace;
	int locale = 0;

	take_text(r, root, "redirect", &r->s->redirect);
	if (r->s->redirect != NULL && !email_address_valid(r->s->redirect, NULL))
		ynode_error(r->src, ynode_get(root, "redirect"), "BAD_ADDRESS",
			    "试运行的收件地址须是一个邮箱：%s", r->s->redirect);
	if (ynode_choice(r->src, root, "locale", locales, &locale))
		put_text(&r->s->locale, locales[locale]);
	if (log != NULL) {
		ynode_check_keys(r->src, log, log_keys);
		(void)ynode_choice(r->src, log, "level", levels, &r->s->log_level);
	}
	if (!ynode_length(r->src, root, "expire", &expire)) {
		; /* said, or not there */
	} else if (expire.parts != 1 || expire.part[0].unit == 'b' || expire.at >= 0) {
		ynode_error(r->src, ynode_get(root, "expire"), "BAD_VALUE",
			    "“expire”应是一段时长，如 3d、36h，不能是 0");
	} else {
		dur_t unit = expire.part[0].unit == 'w'   ? 7 * DAY
			     : expire.part[0].unit == 'h' ? HOUR
			     : expire.part[0].unit == 'm' ? MINUTE
							  : DAY;

		r->s->expire = expire.part[0].amount * unit;
	}
	if (clock != NULL) {
		ynode_check_keys(r->src, clock, clock_keys);
		(void)ynode_bool(r->src, clock, "ntp", &r->s->ntp);
		if (ynode_int(r->src, clock, "pace", 1, 10000000, &pace))
			r->s->pace = (double)pace;
		take_text(r, clock, "start", &r->s->pace_start);
		take_text(r, clock, "until", &r->s->pace_until);
		if ((r->s->pace > 0 || r->s->pace_start || r->s->pace_until) &&
		    !settings_is_loopback(r->s))
			ynode_error(r->src, clock, "PACED_CLOCK",
				    "演示时钟只许在邮件中继位于本机（127.0.0.1）时使用");
	}
}

static void read_root(const struct reading *r, const struct ynode *root)
{
	static const char *const keys[] = {"database", "campaigns", "socket", "mail",   "webhook",
					   "sources",  "redirect",  "log",    "locale", "expire",
					   "clock",    "disk",      NULL};

	if (root->shape != YNODE_MAP) {
		ynode_error(r->src, root, "WRONG_TYPE", "应是“键: 值”的形式");
		return;
	}
	ynode_check_keys(r->src, root, keys);
	if (ynode_require(r->src, root, "database"))
		take_path(r, root, "database", &r->s->database);
	if (ynode_require(r->src, root, "campaigns"))
		read_campaigns(r, root);
	take_path(r, root, "socket", &r->s->socket);
	read_mail(r, root);
	read_webhook(r, root);
	read_sources(r, root);
	read_disk(r, root);
	read_rest(r, root);
	if (r->s->campaigns->len == 0 && r->src->findings->errors == 0)
		ynode_error(r->src, ynode_key(root, "campaigns"), "NO_CAMPAIGN",
			    "没有找到任何专项行动（campaign.yaml）");
}

static struct settings *settings_new(void)
{
	struct settings *s = g_new0(struct settings, 1);

	s->campaigns = g_ptr_array_new_with_free_func(g_free);
	s->webhook_allow = g_ptr_array_new_with_free_func(g_free);
	s->source_allow = g_ptr_array_new_with_free_func(g_free);
	s->credentials = g_ptr_array_new_with_free_func(credential_free);
	s->socket = g_strdup("/run/duban/control.sock");
	s->from_name = g_strdup("");
	s->locale = g_strdup("zh_CN");
	s->starttls = 1;
	s->connections = 4;
	s->expire = EXPIRE_DEFAULT;
	s->log_level = LOG_LEVEL_INFO;
	s->disk_percent = HEALTH_DISK_PERCENT;
	s->disk_bytes = HEALTH_DISK_BYTES;
	return s;
}

int settings_read(const char *path, struct settings **out, struct findings *findings)
{
	struct ysource src = {path, findings};
	struct reading r = {.src = &src};
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	struct ynode *root = NULL;
	struct err err = {0};
	gsize size = 0;
	const char *data;
	int rc = file_read(path, YAML_SIZE_MAX, &bytes, &err);

	if (rc < 0) {
		findings_add(findings, SEVERITY_ERROR, path, 0, 0, "UNREADABLE", NULL, "%s",
			     err.text);
		return rc;
	}
	data = g_bytes_get_data(bytes, &size);
	if (ynode_read(&src, data == NULL ? "" : data, size, &root) < 0)
		return -EINVAL;
	r.s = settings_new();
	r.base = g_path_get_dirname(absolute);
	read_root(&r, root);
	if (r.s->host == NULL && r.s->from != NULL && strchr(r.s->from, '@') != NULL)
		r.s->host = g_strdup(strchr(r.s->from, '@') + 1);
	ynode_free(&root);
	g_free(r.base);
	if (findings->errors > 0) {
		settings_free(&r.s);
		return -EINVAL;
	}
	*out = r.s;
	return 0;
}

static bool names_dir(const struct settings *s, const char *dir)
{
	for (guint i = 0; i < s->campaigns->len; i++)
		if (strcmp(g_ptr_array_index(s->campaigns, i), dir) == 0)
			return true;
	return false;
}

/* Directories of @a that @b has not. */
static void compare_dirs(const struct settings *a, const struct settings *b, const char *words,
			 GPtrArray *report)
{
	for (guint i = 0; i < a->campaigns->len; i++) {
		const char *dir = g_ptr_array_index(a->campaigns, i);

		if (!names_dir(b, dir))
			g_ptr_array_add(report, g_strdup_printf("%s：%s", dir, words));
	}
}

void settings_compare(const struct settings *s, const char *path, GPtrArray *report)
{
	struct findings *findings = findings_new();
	struct settings *fresh = NULL;

	if (settings_read(path, &fresh, findings) < 0) {
		g_autofree char *line = findings->list->len == 0
						? g_strdup(path)
						: finding_line(findings->list->pdata[0]);

		g_ptr_array_add(report, g_strdup_printf("现在重启会失败，请先改好：%s", line));
	} else {
		compare_dirs(fresh, s,
			     "新的专项行动还没有运行，重启 duband 才会开始（systemctl restart "
			     "duband）",
			     report);
		compare_dirs(s, fresh, "设置里已经没有这个专项行动，重启 duband 以前照旧运行",
			     report);
	}
	settings_free(&fresh);
	findings_free(&findings);
}

void settings_free(struct settings **sp)
{
	struct settings *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	g_ptr_array_unref(s->campaigns);
	g_ptr_array_unref(s->webhook_allow);
	g_ptr_array_unref(s->source_allow);
	g_ptr_array_unref(s->credentials);
	g_free(s->source_ca_file);
	g_free(s->database);
	g_free(s->socket);
	g_free(s->relay);
	g_free(s->from);
	g_free(s->from_name);
	g_free(s->host);
	g_free(s->ca_file);
	g_free(s->user);
	g_free(s->password);
	g_free(s->webhook_secret);
	g_free(s->redirect);
	g_free(s->locale);
	g_free(s->pace_start);
	g_free(s->pace_until);
	g_free(s);
}
