/*
 * addr_guard.c - ranges of addresses.
 *
 * IPv6 is allowed by what is public (2000::/3 less some), because new special
 * ranges appear outside of it; IPv4 by what is not special, because all of it is
 * given out.  An IPv4 address inside ::ffff:0:0/96 is never public here: nobody
 * needs to write it so.
 */
#include "addr_guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_MAX 64

struct range {
	int family;
	uint8_t bytes[16];
	unsigned bits;
};

struct addr_guard {
	struct range ranges[RANGES_MAX];
	unsigned n;
};

static const char *const special_v4[] = {
	"0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};
/* Teredo, ORCHID and other assignments; documentation; 6to4. */
static const char *const special_v6[] = {"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"};

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/** "A/N" or "A" to a range; false if it is none. */
static bool range_parse(const char *text, struct range *out)
{
	const char *slash = strchr(text, '/');
	g_autofree char *address = slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
	unsigned max;

	memset(out, 0, sizeof(*out));
	out->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	max = out->family == AF_INET6 ? 128 : 32;
	if (inet_pton(out->family, address, out->bytes) != 1)
		return false;
	out->bits = max;
	if (slash) {
		guint64 bits;

		if (!g_ascii_string_to_unsigned(slash + 1, 10, 0, max, &bits, NULL))
			return false;
		out->bits = (unsigned)bits;
	}
	return true;
}

static bool in_any(const char *const *ranges, size_t n, const uint8_t *bytes)
{
	for (size_t i = 0; i < n; i++) {
		struct range r;

		must(range_parse(ranges[i], &r));
		if (bits_equal(bytes, r.bytes, r.bits))
			return true;
	}
	return false;
}

struct addr_guard *addr_guard_new(const char *const *allowed, struct err *err)
{
	struct addr_guard *g = g_new0(struct addr_guard, 1);

	for (size_t i = 0; allowed && allowed[i]; i++) {
		if (g->n >= RANGES_MAX) {
			err_set(err, -E2BIG, "more than %d address ranges", RANGES_MAX);
			addr_guard_free(&g);
			return NULL;
		}
		if (!range_parse(allowed[i], &g->ranges[g->n])) {
			err_set(err, -EINVAL, "%s: not an address range (10.0.0.0/8, ::1)",
				allowed[i]);
			addr_guard_free(&g);
			return NULL;
		}
		g->n++;
	}
	return g;
}

void addr_guard_free(struct addr_guard **g)
{
	g_free(*g);
	*g = NULL;
}

static bool listed(const struct addr_guard *g, int family, const uint8_t *bytes)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->ranges[i].family == family &&
		    bits_equal(bytes, g->ranges[i].bytes, g->ranges[i].bits))
			return true;
	return false;
}

bool addr_guard_lists(const struct addr_guard *g, const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (address->sa_family == AF_INET) {
		memcpy(bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
		return listed(g, AF_INET, bytes);
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	if (IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)address)->sin6_addr))
		return listed(g, AF_INET, bytes + 12);
	return listed(g, AF_INET6, bytes);
}

bool addr_guard_allows(const struct addr_guard *g, const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (addr_guard_lists(g, address))
		return true;
	if (address->sa_family == AF_INET) {
		memcpy(bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
		return !in_any(special_v4, G_N_ELEMENTS(special_v4), bytes);
	}
	if (address->sa_family != AF_INET6 ||
	    IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)address)->sin6_addr))
		return false;
	memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	return (bytes[0] >> 5) == 1 && !in_any(special_v6, G_N_ELEMENTS(special_v6), bytes);
}
