/*
 * address.c - strict on purpose: what passes here is put into envelopes and headers.
 */
#include "daemon/campaign/address.h"

#include <glib.h>
#include <string.h>

#define LOCAL_PART_BYTES_MAX 64 /* RFC 5321 */

bool address_is_good(const char *address, bool domain_too)
{
	const char *at = strchr(address, '@');

	if (!at || strchr(at + 1, '@') || !at[1] || (at == address && !domain_too) ||
	    strlen(address) > ADDRESS_BYTES_MAX || at - address > LOCAL_PART_BYTES_MAX)
		return false;
	for (const char *p = address; *p; p++)
		if (is_control(*p) || (unsigned char)*p > 0x7e)
			return false;
	if (strpbrk(address, " <>()[],;:\\\""))
		return false;
	return at[1] != '.' && at[1] != '-' && address[strlen(address) - 1] != '.';
}

bool handle_is_good(const char *text, bool url)
{
	for (const char *p = text; *p; p++)
		if (is_control(*p) || *p == ' ')
			return false;
	if (strlen(text) > HANDLE_BYTES_MAX)
		return false;
	return !url || g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://");
}

bool unit_id_is_good(const char *id)
{
	if (!*id || strlen(id) > UNIT_ID_BYTES_MAX)
		return false;
	for (const char *p = id; *p; p++)
		if (is_control(*p))
			return false;
	return strpbrk(id, " ;,:\"") == NULL;
}
