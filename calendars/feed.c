/*
 * feed.c - see feed.h. DTSTAMP is the last change, not the moment of asking: caches stay useful.
 */
#include "feed.h"

#include <string.h>

#include "write.h"

#define LENGTH (15 * 60) /* of an event, in seconds: a line is hard to hit with a finger */

static gint by_due(gconstpointer a, gconstpointer b)
{
	const struct feed_item *x = *(const struct feed_item *const *)a,
			       *y = *(const struct feed_item *const *)b;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return strcmp(x->key, y->key);
}

static bool is_shown(const struct feed *f, const struct feed_item *i)
{
	return !i->cancelled || f->now < i->changed + FEED_CANCELLED_DAYS * DAY;
}

static void add_event(GString *s, const struct feed *f, const struct feed_item *i)
{
	local_t due = zone_local(f->zone, i->due);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, i->key, -1);
	g_autofree char *title = g_strdup_printf("%s%s", i->done ? "✔ " : "", i->title);

	g_string_append_printf(s, "BEGIN:VEVENT\r\nUID:%.32s@feed.duban.invalid\r\n", sum);
	write_instant(s, "DTSTAMP", i->changed);
	write_instant(s, "LAST-MODIFIED", i->changed);
	g_string_append_printf(s, "SEQUENCE:%u\r\n", i->sequence);
	if (f->address[0] != 0) {
		g_autofree char *cn = write_quoted(f->office);
		g_autofree char *line =
			g_strdup_printf("ORGANIZER;CN=%s:mailto:%s", cn, f->address);

		write_line(s, line);
	}
	if (local_second(due) == DAY_SECONDS - 1) {
		write_date(s, "DTSTART", local_date(due));
		write_date(s, "DTEND", local_date(due) + 1);
	} else {
		write_local(s, "DTSTART", f->zone, due);
		write_local(s, "DTEND", f->zone, due + LENGTH);
	}
	write_text(s, "SUMMARY", title);
	if (i->about[0] != 0)
		write_text(s, "DESCRIPTION", i->about);
	g_string_append_printf(s,
			       "STATUS:%s\r\nCATEGORIES:报送\r\nTRANSP:TRANSPARENT\r\n"
			       "END:VEVENT\r\n",
			       i->cancelled ? "CANCELLED" : "CONFIRMED");
}

char *feed_write(const struct feed *f)
{
	g_autoptr(GPtrArray) shown = g_ptr_array_new();
	GString *s = g_string_new(NULL);
	wall_t first = WALL_NEVER, last = 0;

	for (guint k = 0; k < f->items->len; k++) {
		struct feed_item *i = &g_array_index(f->items, struct feed_item, k);

		if (!is_shown(f, i))
			continue;
		g_ptr_array_add(shown, i);
		first = MIN(first, i->due);
		last = MAX(last, i->due);
	}
	g_ptr_array_sort(shown, by_due);
	write_calendar_begin(s, f->name);
	g_string_append(s, "METHOD:PUBLISH\r\n");
	write_text(s, "NAME", f->name);
	write_text(s, "X-WR-CALDESC", "只读订阅，由督办系统生成；刷新有延迟，以收到的通知为准");
	g_string_append(s, "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n");
	g_string_append_printf(s, "X-WR-TIMEZONE:%s\r\n", zone_name(f->zone));
	if (shown->len > 0)
		write_zone(s, f->zone, first - DAY, last + DAY);
	for (guint k = 0; k < shown->len; k++)
		add_event(s, f, shown->pdata[k]);
	write_calendar_end(s);
	return g_string_free(s, FALSE);
}
