/*
 * address.h - which addresses and ids of units.csv may be used.
 */
#ifndef CAMPAIGN_ADDRESS_H
#define CAMPAIGN_ADDRESS_H

#include <stdbool.h>

#define ADDRESS_BYTES_MAX 254 /**< RFC 5321 */
#define HANDLE_BYTES_MAX 2000 /**< a robot's URL */
#define UNIT_ID_BYTES_MAX 64

/** C0 and DEL. */
static inline bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/**
 * May mail be sent to @address (with @domain_too also: is it an @domain)? Exactly one @, no
 * blank, no control character, nothing that a header would take for more than one address.
 */
bool address_is_good(const char *address, bool domain_too);
/** An address of a robot or an interface: a word; with @url an http(s) one. */
bool handle_is_good(const char *text, bool url);
bool unit_id_is_good(const char *id);

#endif
