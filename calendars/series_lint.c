/*
 * series_lint.c - what is odd about one changed instance of a series.
 */
#include <string.h>

#include "series.h"

#define FAR_DAYS 7

static void warn(const struct ical_component *c, int line, struct findings *f, const char *code,
		 const char *text)
{
	findings_add(f, SEVERITY_WARNING, c->shown.file, line, 0, code, c->shown.uid, "%s", text);
}

/* Written on another clock than its series: many programs do not find the instance then. */
static void lint_clock(const struct ical_component *master, const struct ical_component *c,
		       wall_t was, struct findings *f)
{
	if (c->rid.date || master->start.date || c->rid.tz->utc)
		return;
	if (tz_local(c->rid.tz, was) != tz_local(master->start.tz, was))
		warn(c, c->rid.line, f, "RECURRENCE_ID_ZONE",
		     "RECURRENCE-ID 的时区和这一系列的 DTSTART 不同：按同一时刻对上了，"
		     "其他软件可能对不上，多出一期");
}

/* Moved by a week or more, it stands among other instances: a slip of the month, or a gap. */
static void lint_far(const struct ical_component *master, const struct ical_component *c,
		     wall_t was, struct findings *f)
{
	wall_t by = c->shown.start - was;
	struct civil then;

	if (ABS(by) < FAR_DAYS * DAY || strcmp(c->shown.status, "CANCELLED") == 0)
		return;
	local_split(tz_local(master->start.tz, was), &then);
	findings_add(
		f, SEVERITY_WARNING, c->shown.file, c->start.line, 0, "MOVED_FAR", c->shown.uid,
		"原定%d年%d月%d日的这一次%s了%d天，已到别的周里：请核对是不是改错了日子", then.year,
		then.month, then.day, by > 0 ? "推后" : "提前", (int)(ABS(by) / DAY));
}

void series_lint_change(const struct ical_component *master, const struct ical_component *c,
			const char *how, wall_t was, struct findings *f)
{
	if (strcmp(how, "extra") == 0) {
		warn(c, c->rid.line, f, "CHANGE_IDLE",
		     "单独改动的这一次（RECURRENCE-"
		     "ID）对不上任何一期，成了多出来的一期；请核对");
	} else if (master != NULL) {
		lint_clock(master, c, was, f);
		lint_far(master, c, was, f);
	}
}
