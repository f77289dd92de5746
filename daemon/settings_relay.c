/*
 * settings_relay.c - what the address of a relay says.
 */
#include <arpa/inet.h>
#include <string.h>

#include "settings.h"

bool settings_relay_is_good(const char *relay)
{
	g_autoptr(GUri) uri = g_uri_parse(relay, G_URI_FLAGS_ENCODED, NULL);
	const char *host = uri == NULL ? NULL : g_uri_get_host(uri);

	return host != NULL && host[0] != 0 && g_uri_get_port(uri) != 0 &&
	       (g_str_has_prefix(relay, "smtp://") || g_str_has_prefix(relay, "smtps://")) &&
	       strpbrk(strstr(relay, "://") + 3, "/?#@ ") == NULL;
}

/* A number of four parts that begins with 127: a name like 127.evil.example is none. */
static bool is_loopback_number(const char *host)
{
	struct in_addr addr;

	return inet_pton(AF_INET, host, &addr) == 1 && (ntohl(addr.s_addr) >> 24) == 127;
}

bool settings_is_loopback(const struct settings *s)
{
	const char *host = s->relay == NULL ? NULL : strstr(s->relay, "://");
	g_autofree char *name = NULL;

	if (s->relay == NULL)
		return true;
	if (host == NULL)
		return false;
	if (g_str_has_prefix(host + 3, "[::1]"))
		return host[8] == 0 || host[8] == ':' || host[8] == '/';
	name = g_strndup(host + 3, strcspn(host + 3, ":/"));
	return strcmp(name, "localhost") == 0 || is_loopback_number(name);
}
