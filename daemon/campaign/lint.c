/*
 * lint.c - what only shows when all files are seen together.
 */
#include "daemon/campaign/lint.h"

#include <string.h>

#include "calendars/zone.h"

bool build_has_errors(const struct findings *f, const char *file)
{
	if (f->list->len >= FINDINGS_MAX)
		return f->errors > 0; /* some are not kept: nothing can be told apart */
	for (unsigned i = 0; i < f->list->len; i++) {
		const struct finding *one = f->list->pdata[i];

		if (one->severity == SEVERITY_ERROR && g_str_has_prefix(one->file, file))
			return true;
	}
	return false;
}

/** Does a source that was never read stand for a file whose name begins with @file? */
static bool is_unread(const struct lint *l, const char *file)
{
	for (uint32_t i = 0; i < l->c->n_sources; i++) {
		const char *as = campaign_text(l->c, l->c->sources[i].as);

		if (g_str_has_prefix(as, file) && !campaign_files_find(l->files, as))
			return true;
	}
	return false;
}

void campaign_lint(const struct campaign *c, const struct campaign_files *files,
		   struct findings *findings)
{
	struct lint l = {.c = c, .files = files, .findings = findings};

	l.bad_yaml = build_has_errors(findings, YAML_FILE);
	l.bad_units = build_has_errors(findings, UNITS_FILE);
	/* What is not known cannot be missed: one warning says that it was never read. */
	l.bad_calendar = build_has_errors(findings, CALENDAR_FILE) || is_unread(&l, CALENDAR_FILE);
	l.bad_holidays = build_has_errors(findings, HOLIDAYS_FILE) || is_unread(&l, HOLIDAYS_FILE);
	l.bad_duty = build_has_errors(findings, DUTY_DIR) || is_unread(&l, DUTY_DIR);
	lint_units(&l);
	lint_policies(&l);
	lint_deadlines(&l);
	lint_hours(&l);
	lint_periods(&l);
}

bool lint_is_broken(const struct lint *l, const struct obligation *o)
{
	const char *uid = campaign_text(l->c, o->uid);

	for (unsigned i = 0; i < l->findings->list->len; i++) {
		const struct finding *f = l->findings->list->pdata[i];

		if (f->severity == SEVERITY_ERROR && f->uid && !strcmp(f->uid, uid))
			return true;
	}
	return false;
}

char *lint_time(const struct lint *l, wall_t t)
{
	struct civil at;

	local_split(zone_local(l->c->zone, t), &at);
	return g_strdup_printf("%04d-%02d-%02d %02d:%02d", at.year, at.month, at.day, at.hour,
			       at.minute);
}

char *lint_date(const struct lint *l, wall_t t)
{
	char *text = lint_time(l, t);

	text[strlen(text) - strlen(" 08:00")] = '\0';
	return text;
}

bool lint_policy_used(const struct lint *l, uint32_t policy, bool report)
{
	for (uint32_t i = 0; i < l->c->n_obligations; i++) {
		const struct obligation *o = &l->c->obligations[i];

		if (o->policy == policy && o->owings > 0 &&
		    (!report || o->category == CATEGORY_REPORT))
			return true;
	}
	return false;
}
