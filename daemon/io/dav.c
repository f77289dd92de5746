/*
 * dav.c - the daemon's half of dav.h: requests, the child's flat list, members joined.
 *
 * The list is "KEY SIZE\nBYTES\n" again and again; "href" begins an entry.
 */
#include "dav.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char dav_ask_collection[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>"
	"<D:propfind xmlns:D=\"DAV:\" xmlns:S=\"http://calendarserver.org/ns/\"><D:prop>"
	"<D:resourcetype/><S:getctag/><D:sync-token/></D:prop></D:propfind>";

const char dav_ask_members[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>"
	"<C:calendar-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:prop>"
	"<D:getetag/><C:calendar-data/></D:prop>"
	"<C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter></C:calendar-query>";

/* ---- the child's list ----------------------------------------------------- */

static void entry_free(gpointer p)
{
	struct dav_entry *e = p;

	g_free(e->href);
	g_free(e->etag);
	g_free(e->ctag);
	g_free(e->token);
	g_free(e->data);
	g_free(e);
}

/** Take one value; false: the list is none. */
static bool take(GPtrArray *list, const char *key, char *value)
{
	struct dav_entry *e = list->len == 0 ? NULL : list->pdata[list->len - 1];
	char **to = NULL;

	if (strcmp(key, "href") == 0) {
		e = g_new0(struct dav_entry, 1);
		g_ptr_array_add(list, e);
		to = &e->href;
	} else if (e == NULL) {
		;
	} else if (strcmp(key, "etag") == 0) {
		to = &e->etag;
	} else if (strcmp(key, "ctag") == 0) {
		to = &e->ctag;
	} else if (strcmp(key, "token") == 0) {
		to = &e->token;
	} else if (strcmp(key, "data") == 0) {
		to = &e->data;
	} else {
		if (strcmp(key, "status") == 0)
			e->status = atoi(value);
		e->collection |= strcmp(key, "collection") == 0;
		e->calendar |= strcmp(key, "calendar") == 0;
		g_free(value);
		return true;
	}
	if (to == NULL || *to != NULL) {
		g_free(value);
		return false;
	}
	*to = value;
	return true;
}

/** "KEY SIZE\n" at @p; NULL if it is none, else what follows. */
static const char *read_head(const char *p, const char *end, char key[16], size_t *size)
{
	const char *line = memchr(p, '\n', (size_t)(end - p)), *space;
	g_autofree char *digits = NULL;
	guint64 n;

	if (line == NULL)
		return NULL;
	space = memchr(p, ' ', (size_t)(line - p));
	if (space == NULL || space == p || space - p >= 16)
		return NULL;
	digits = g_strndup(space + 1, (gsize)(line - space - 1));
	if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT32, &n, NULL) ||
	    n >= (guint64)(end - line - 1))
		return NULL;
	memcpy(key, p, (size_t)(space - p));
	key[space - p] = '\0';
	*size = (size_t)n;
	return line + 1;
}

GPtrArray *dav_read(const char *flat, size_t size)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(entry_free);
	const char *p = size == 0 ? "" : flat, *end = p + size;

	while (p != NULL && p < end) {
		char key[16];
		size_t n = 0;

		p = read_head(p, end, key, &n);
		if (p != NULL && p[n] == '\n' && !memchr(p, '\0', n) &&
		    take(list, key, g_strndup(p, n)))
			p += n + 1;
		else
			p = NULL;
	}
	if (p == NULL)
		g_clear_pointer(&list, g_ptr_array_unref);
	return list;
}

/* ---- members -------------------------------------------------------------- */

/** Does @path climb or hide something? */
static bool is_odd_path(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **part = parts; *part != NULL; part++)
		if (strcmp(*part, "..") == 0 || strcmp(*part, ".") == 0)
			return true;
	return path[0] != '/';
}

char *dav_path(const char *url, const char *href)
{
	g_autoptr(GUri) base = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
	g_autoptr(GUri) uri =
		base == NULL ? NULL : g_uri_parse_relative(base, href, G_URI_FLAGS_ENCODED, NULL);
	g_autofree char *path = NULL;

	if (uri == NULL || g_strcmp0(g_uri_get_scheme(uri), g_uri_get_scheme(base)) != 0 ||
	    g_ascii_strcasecmp(g_uri_get_host(uri) == NULL ? "" : g_uri_get_host(uri),
			       g_uri_get_host(base) == NULL ? "" : g_uri_get_host(base)) != 0 ||
	    g_uri_get_port(uri) != g_uri_get_port(base))
		return NULL;
	path = g_uri_unescape_string(g_uri_get_path(uri), NULL);
	if (path == NULL || is_odd_path(path))
		return NULL;
	return g_steal_pointer(&path);
}

/** Begins and ends as a calendar does: the scanner looks at the rest. */
static bool looks_whole(const char *data)
{
	static const char begin[] = "BEGIN:VCALENDAR", end[] = "END:VCALENDAR";
	size_t n = strlen(data);

	if (g_str_has_prefix(data, "\xef\xbb\xbf")) {
		data += 3;
		n -= 3;
	}
	while (n > 0 && g_ascii_isspace(data[n - 1]))
		n--;
	return n > strlen(begin) + strlen(end) &&
	       g_ascii_strncasecmp(data, begin, strlen(begin)) == 0 &&
	       g_ascii_strncasecmp(data + n - strlen(end), end, strlen(end)) == 0;
}

/** The members' data by path; false with words. */
static bool collect(const GPtrArray *entries, const char *url, GHashTable *members, struct err *err)
{
	g_autofree char *own = dav_path(url, url), *inside = NULL;

	must(own != NULL);
	inside = g_str_has_suffix(own, "/") ? g_strdup(own) : g_strconcat(own, "/", NULL);
	for (guint i = 0; i < entries->len; i++) {
		const struct dav_entry *e = entries->pdata[i];
		g_autofree char *path = dav_path(url, e->href);

		if (path == NULL || (strcmp(path, own) != 0 && !g_str_has_prefix(path, inside))) {
			err_set(err, -EBADMSG, "服务器给出了集合以外的条目，未采用");
			return false;
		}
		if (e->status == 507 || (e->status != 0 && e->status != 200)) {
			err_set(err, -EBADMSG, "服务器没有给出全部条目（状态 %d）", e->status);
			return false;
		}
		if (strcmp(path, own) == 0 || strcmp(path, inside) == 0)
			continue; /* the collection itself, which some servers list too */
		if (e->data == NULL || !looks_whole(e->data)) {
			err_set(err, -EBADMSG, "第 %u 个条目没有内容或不完整", i + 1);
			return false;
		}
		if (!g_hash_table_insert(members, g_steal_pointer(&path), e->data)) {
			err_set(err, -EBADMSG, "同一个条目出现了两次");
			return false;
		}
	}
	return true;
}

GBytes *dav_join(const GPtrArray *entries, const char *url, struct err *err)
{
	g_autoptr(GHashTable) members =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GList) keys = NULL;
	GString *all;

	if (!collect(entries, url, members, err))
		return NULL;
	if (g_hash_table_size(members) == 0) {
		err_set(err, -ENOMSG, "日历集合是空的");
		return NULL;
	}
	keys = g_list_sort(g_hash_table_get_keys(members), (GCompareFunc)strcmp);
	all = g_string_new(NULL);
	for (const GList *key = keys; key != NULL; key = key->next) {
		const char *data = g_hash_table_lookup(members, key->data);

		g_string_append(all, data);
		if (!g_str_has_suffix(data, "\n"))
			g_string_append(all, "\r\n");
	}
	return g_string_free_to_bytes(all);
}
