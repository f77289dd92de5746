/*
 * addr_guard.h - may we connect to this address? Webhook URLs come from people.
 *
 * Checked on the address that is connected to, not on the name: a name may
 * resolve to anything, and differently every time.  Public addresses are fine;
 * everything else (loopback, private, link-local with the clouds' metadata,
 * carrier NAT, multicast, and IPv6 forms that carry such an address inside) only
 * if the settings allow its range.  Pure.
 */
#ifndef IO_ADDR_GUARD_H
#define IO_ADDR_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "daemon/core/err.h"

struct addr_guard;

/**
 * @allowed  ranges besides the public ones: "10.0.0.0/8", "127.0.0.1", "fd00::/8";
 *           NULL-terminated, may be NULL.
 * NULL with words (-EINVAL) if one of them is no range.
 */
struct addr_guard *addr_guard_new(const char *const *allowed, struct err *err);
void addr_guard_free(struct addr_guard **g);

bool addr_guard_allows(const struct addr_guard *g, const struct sockaddr *address);
/** Is it in one of the allowed ranges, public or not? */
bool addr_guard_lists(const struct addr_guard *g, const struct sockaddr *address);

#endif
