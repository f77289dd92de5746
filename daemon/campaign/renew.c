/*
 * renew.c - see renew.h.
 */
#include "daemon/campaign/renew.h"

#include <errno.h>
#include <string.h>

#include "calendars/days.h"
#include "calendars/move.h"
#include "daemon/campaign/build.h"

struct renewing {
	const struct campaign_files *from;
	const struct campaign *c;
	const struct renew *r;
	struct move move;
	struct campaign_files *out;
	GPtrArray *notes;
	struct findings *findings;
};

static void note(struct renewing *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(struct renewing *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_ptr_array_add(x->notes, g_strdup_vprintf(fmt, ap));
	va_end(ap);
}

static date_t day_of(const struct renewing *x, wall_t t)
{
	return local_date(zone_local(x->c->zone, t));
}

static char *date_text(date_t day)
{
	int y, m, d;

	date_split(day, &y, &m, &d);
	return g_strdup_printf("%04d-%02d-%02d", y, m, d);
}

static void add_text(struct renewing *x, const char *path, const char *text)
{
	campaign_files_add(x->out, path, text, strlen(text));
}

/* ---- campaign.yaml --------------------------------------------------------- */

static void set(struct renewing *x, char **text, const char *key, const char *value)
{
	char *changed = renew_yaml_set(*text, key, value);

	if (changed == NULL) {
		note(x, "campaign.yaml 里的 %s 没能改写，请自己改成：%s", key, value);
		return;
	}
	g_free(*text);
	*text = changed;
}

static void set_track_from(struct renewing *x, char **text)
{
	static const char *const weekdays[] = {"一", "二", "三", "四", "五", "六", "日"};
	local_t at;
	date_t day;
	g_autofree char *date = NULL, *value = NULL;

	if (x->c->track_from == WALL_NEVER)
		return;
	at = zone_local(x->c->zone, x->c->track_from);
	/* Offices begin on a day of the week, as their weekly reports do. */
	day = move_weekday(&x->move, local_date(at));
	date = date_text(day);
	value = local_second(at) == 0
			? g_strdup(date)
			: g_strdup_printf("%sT%02d:%02d:%02d", date, local_second(at) / 3600,
					  local_second(at) / 60 % 60, local_second(at) % 60);
	set(x, text, "track_from", value);
	note(x, "从 %s（周%s）起跟踪（track_from）", value, weekdays[date_weekday(day)]);
}

static void renew_yaml(struct renewing *x, const struct campaign_file *f)
{
	g_autofree char *text = g_strndup(f->bytes, f->size);
	const char *old = campaign_text(x->c, x->c->name);
	g_autofree char *name =
		x->r->name != NULL ? g_strdup(x->r->name) : move_year_text(&x->move, old);

	if (strcmp(name, old) != 0)
		set(x, &text, "name", name);
	set_track_from(x, &text);
	if (strstr(text, "duty:") != NULL)
		note(x, "campaign.yaml 的督办规则要通知值班人员（duty:…），请先放入新的值班表");
	if (strchr(text, '#') != NULL)
		note(x, "campaign.yaml 的注释原样保留，里面提到的日期请核对");
	add_text(x, YAML_FILE, text);
}

/* ---- holidays, rosters and the rest ------------------------------------------ */

static void look_at_holidays(struct renewing *x)
{
	int first, last, m, d;

	date_split(move_date(x->move.first, x->move.years), &first, &m, &d);
	date_split(move_date(x->move.last, x->move.years), &last, &m, &d);
	for (int year = first; year <= last; year++)
		if (!days_year_known(x->c->days, year))
			note(x,
			     "%d 年的放假安排未知（holidays.ics 里没有）：公布以后运行 dubanctl "
			     "holidays import，在那以前只按周末推算",
			     year);
	for (uint32_t i = 0; i < x->c->n_periods; i++)
		if (x->c->periods[i].category == CATEGORY_WATCH)
			note(x, "“%s”仍按原来的月、日；节日不在那几天的，请改到新的日期",
			     campaign_text(x->c, x->c->periods[i].summary));
}

static int renew_file(struct renewing *x, const struct campaign_file *f, unsigned *rosters)
{
	g_autofree char *text = NULL;
	int rc = 0;

	if (strcmp(f->path, YAML_FILE) == 0) {
		renew_yaml(x, f);
	} else if (strcmp(f->path, CALENDAR_FILE) == 0) {
		rc = move_calendar(&x->move, f->path, f->bytes, f->size, &text, x->notes,
				   x->findings);
		if (rc == 0)
			add_text(x, f->path, text);
	} else if (g_str_has_prefix(f->path, DUTY_DIR)) {
		++*rosters;
	} else if (strcmp(f->path, UNITS_FILE) == 0 || strcmp(f->path, HOLIDAYS_FILE) == 0 ||
		   g_str_has_prefix(f->path, "templates/")) {
		campaign_files_add(x->out, f->path, f->bytes, f->size);
	}
	return rc;
}

int campaign_renew(const struct campaign_files *from, const struct campaign *c,
		   const struct renew *r, struct campaign_files **out, GPtrArray *notes,
		   struct findings *findings)
{
	struct renewing x = {.from = from, .c = c, .r = r, .notes = notes, .findings = findings};
	unsigned rosters = 0;
	int rc = 0, m, d;

	x.move = (struct move){.zone = c->zone,
			       .now = r->now,
			       .first = day_of(&x, c->starts),
			       .last = day_of(&x, MAX(c->ends - 1, c->starts))};
	date_split(x.move.first, &x.move.from_year, &m, &d);
	x.move.years = r->year - x.move.from_year;
	x.out = campaign_files_new(r->key);
	for (guint i = 0; i < from->files->len && rc == 0; i++)
		rc = renew_file(&x, from->files->pdata[i], &rosters);
	if (rc < 0) {
		campaign_files_free(&x.out);
		return -EINVAL;
	}
	look_at_holidays(&x);
	if (rosters > 0)
		note(&x, "值班表（%u 份）没有复制：值班的人和日子都变了，请放入新的 duty/*.ics",
		     rosters);
	*out = x.out;
	return 0;
}
