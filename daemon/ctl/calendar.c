/*
 * calendar.c - dubanctl calendar: a month of a campaign on the terminal.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "calendars/zone.h"
#include "ctl.h"
#include "daemon/campaign/month.h"

#define WIDTH_DEFAULT 106

static bool parse_month(const char *text, int *year, int *month)
{
	g_autofree char *date = g_strdup_printf("%s-01", text);
	date_t first;
	int day;

	if (strlen(text) != 7 || !date_parse(date, &first))
		return false;
	date_split(first, year, month, &day);
	return true;
}

/* This month, when the campaign is on; else its first. */
static void choose_month(const struct campaign *c, wall_t now, int *year, int *month)
{
	wall_t t = now >= c->starts && now < c->ends ? now : c->starts;
	int day;

	date_split(local_date(zone_local(c->zone, t)), year, month, &day);
}

static unsigned terminal_width(const char *wish)
{
	struct winsize size = {0};

	if (wish != NULL)
		return (unsigned)strtoul(wish, NULL, 10);
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col > 0)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

int ctl_calendar(const struct ctl_world *w, int argc, char **argv)
{
	const char *month_text = NULL, *width = NULL, *no_colour = getenv("NO_COLOR");
	const struct ctl_option options[] = {
		{"month", NULL, &month_text, NULL,
		 "哪个月，如 2019-09；不写就是本月或行动的第一个月"},
		{"width", NULL, &width, NULL, "画多宽（列）；不写就按终端"},
		{0}};
	struct month_style style = {0};
	g_autofree char *text = NULL;
	struct campaign *c = NULL;
	int year = 0, month = 0;
	int n, rc = ctl_options(ctl_verb_get("calendar"), options, argc - 1, argv + 1, &n);

	if (rc != 0)
		return rc;
	if (n != 1)
		return ctl_usage("calendar");
	if (month_text != NULL && !parse_month(month_text, &year, &month))
		return ctl_fail(CTL_USAGE, "--month 应写成 2019-09 的样子：%s", month_text);
	if (width != NULL &&
	    (width[0] == 0 || strspn(width, "0123456789") != strlen(width) || strlen(width) > 4))
		return ctl_fail(CTL_USAGE, "--width 应是列数：%s", width);
	ctl_strip_slashes(argv[1]);
	rc = ctl_load(w, argv[1], "画日历", NULL, &c);
	if (rc != CTL_OK)
		return rc;
	if (month_text == NULL)
		choose_month(c, w->now(), &year, &month);
	style.width = terminal_width(width);
	style.colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == 0);
	text = month_draw(c, year, month, &style);
	(void)fputs(text, stdout);
	campaign_free(&c);
	return CTL_OK;
}
