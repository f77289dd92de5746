/*
 * days.h - working days: Monday to Friday except OFF days, plus WORK days.
 *
 * A year without any OFF or WORK day is unknown, not free of holidays (design: Time). Those of
 * December do not count: the table of the following year marks them around New Year.
 */
#ifndef CALENDARS_DAYS_H
#define CALENDARS_DAYS_H

#include "civil.h"

struct days;

struct days *days_new(void);
void days_free(struct days **d);
/** Later calls win; WORK beats OFF when both are set for a day by different components. */
void days_set_off(struct days *d, date_t day);
void days_set_work(struct days *d, date_t day);
/** Call once after the last set; before it the questions below must not be asked. */
void days_seal(struct days *d);

bool days_is_working(const struct days *d, date_t day);
/** A marked OFF day (not merely a weekend); a marked WORK day. */
bool days_is_off(const struct days *d, date_t day);
bool days_is_made_up(const struct days *d, date_t day);
/** Does the year have at least one OFF or WORK day from January to November? */
bool days_year_known(const struct days *d, int year);
/**
 * The @n-th working day strictly after (n > 0) or strictly before (n < 0) @from.
 * Gives up after 4000 days without one (all days off): returns DATE_NEVER.
 */
date_t days_step(const struct days *d, date_t from, int n);

#endif
