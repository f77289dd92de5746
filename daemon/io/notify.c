/*
 * notify.c - sd_notify().  A message that cannot be sent is not our trouble.
 */
#include "notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "clock.h"

void notify_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status); /* see above */
}

void notify_reloading(void)
{
	struct clock *c = clock_real();

	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, c->mono(c) * 1000);
}

void notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void notify_status(const char *status)
{
	(void)sd_notifyf(0, "STATUS=%s", status);
}

dur_t notify_watchdog(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? (dur_t)(us / 1000) : 0;
}

void notify_alive(mono_t mono)
{
	static mono_t last = INT64_MIN;
	dur_t period = notify_watchdog();

	if (period == 0 || (last != INT64_MIN && mono >= last && mono - last < period / 4))
		return;
	last = mono;
	(void)sd_notify(0, "WATCHDOG=1");
}
