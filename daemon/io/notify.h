/*
 * notify.h - what systemd is told: ready, reloading, how it goes, and that we live.
 *
 * The watchdog is fed by notify_alive() alone, and that is called from the
 * scheduler's progress, not from a timer: a daemon that runs but no longer plans
 * must be restarted.  Without systemd every function here does nothing.
 */
#ifndef IO_NOTIFY_H
#define IO_NOTIFY_H

#include "daemon/core/words.h"

void notify_ready(const char *status);
/** Follow it with notify_ready(): the unit stays "reloading" until then. */
void notify_reloading(void);
void notify_stopping(void);
/** One line for `systemctl status`, UTF-8. */
void notify_status(const char *status);

/** How often the scheduler has to make progress and say so; 0 = no watchdog. */
dur_t notify_watchdog(void);

/** The scheduler made progress at @mono. Sends at most four times a watchdog period. */
void notify_alive(mono_t mono);

#endif
