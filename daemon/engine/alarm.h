/*
 * alarm.h - trouble with the daemon itself or its files, told to the office.
 */
#ifndef ENGINE_ALARM_H
#define ENGINE_ALARM_H

#include "engine.h"

/**
 * Tell every address of the office. Inside a transaction. @step: the alarm's name, @words: what
 * is wrong and what to do about it. 0 or -errno.
 */
int engine_alarm(struct engine *e, const char *step, const char *words, wall_t now,
		 struct err *err);

#endif
