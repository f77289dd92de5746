/*
 * shown.h - an address as people and logs may see it.
 *
 * The address of a group's robot is its key: whoever reads it can post there.  Log, alarms,
 * answers of the socket and what is said about an edit show this instead.  Pure.
 */
#ifndef CORE_SHOWN_H
#define CORE_SHOWN_H

/**
 * A mailbox or a handle as it is. Of a URL the host, the first part of a path of several, and a
 * fingerprint that tells one from another: "https://chat.example.org/robot/…#1a2b3c"; a login is
 * left out. One that names a host alone hides nothing. Caller frees.
 */
char *address_shown(const char *address);

#endif
