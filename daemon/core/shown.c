/*
 * shown.c - the key is in the path or behind it: neither is shown.
 */
#include "shown.h"

#include <glib.h>
#include <string.h>

#define FINGERPRINT 6 /* hex digits of the SHA-256 of all of it */

char *address_shown(const char *address)
{
	const char *host = strstr(address, "://"), *path, *at, *next;
	g_autofree char *print = NULL;
	GString *to;

	if (host == NULL)
		return g_strdup(address);
	host += strlen("://");
	path = host + strcspn(host, "/?#");
	to = g_string_new_len(address, host - address);
	for (at = path; at > host && at[-1] != '@'; at--)
		;
	g_string_append_len(to, at, path - at);
	if (path[0] == 0 || strcmp(path, "/") == 0) {
		g_string_append(to, path);
		return g_string_free(to, FALSE);
	}
	next = path[0] == '/' ? path + 1 + strcspn(path + 1, "/?#") : path;
	if (next[0] == '/' && next[1] != 0)
		g_string_append_len(to, path, next - path);
	print = g_compute_checksum_for_string(G_CHECKSUM_SHA256, address, -1);
	g_string_append_printf(to, "/…#%.*s", FINGERPRINT, print);
	return g_string_free(to, FALSE);
}
