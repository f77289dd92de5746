/*
 * lint.h - what the files of `check` share; nothing outside daemon/campaign/ includes it.
 */
#ifndef CAMPAIGN_LINT_H
#define CAMPAIGN_LINT_H

#include "daemon/campaign/build.h"
#include "daemon/campaign/index.h"

/**
 * A file with errors makes others look wrong (a row left out leaves a role empty): lints that
 * would only repeat such an error in other words are not made.
 */
struct lint {
	const struct campaign *c;
	const struct campaign_files *files;
	struct findings *findings;
	bool bad_yaml, bad_units, bad_calendar, bad_holidays, bad_duty;
};

void lint_units(const struct lint *l);
void lint_policies(const struct lint *l);
void lint_deadlines(const struct lint *l);
void lint_hours(const struct lint *l);
void lint_periods(const struct lint *l);

/** An error was found in the component of @o. */
bool lint_is_broken(const struct lint *l, const struct obligation *o);
/** "2019-09-13", the local date of @t; caller frees. */
char *lint_date(const struct lint *l, wall_t t);
/** "2019-09-13 08:00"; caller frees. */
char *lint_time(const struct lint *l, wall_t t);
/** Does @policy govern an obligation that somebody owes? With @report: a REPORT. */
bool lint_policy_used(const struct lint *l, uint32_t policy, bool report);

#endif
