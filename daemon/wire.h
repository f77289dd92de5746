/*
 * wire.h - interfaces joined to drivers: the daemon as a whole.
 */
#ifndef WIRE_H
#define WIRE_H

#include "daemon/core/err.h"
#include "settings.h"

/**
 * Run until SIGTERM. @settings outlive it. Returns an exit code of sysexits.h:
 * 0, 1 failure, 69 socket in use, 70 internal, 77 permission, 78 configuration.
 */
int wire_run(const struct settings *settings, const char *settings_file);

#endif
