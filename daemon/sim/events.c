/*
 * events.c - the CSV of what happens: at,event,unit,uid,recurrence-id,value.
 */
#include <errno.h>
#include <string.h>

#include "daemon/campaign/csv.h"
#include "sim.h"

static void event_free(gpointer p)
{
	struct sim_event *ev = p;

	g_free(ev->event);
	g_free(ev->unit);
	g_free(ev->uid);
	g_free(ev->rid);
	g_free(ev->value);
	g_free(ev);
}

static const char *const columns[] = {"at", "event", "unit", "uid", "recurrence-id", "value"};
static const char *const known[] = {"submit", "return",      "extend",    "exempt",
				    "pause",  "resume",      "release",   "down",
				    "up",     "intake-down", "intake-up", NULL};

static int header_of(const struct csv_row *row, int at[G_N_ELEMENTS(columns)], const char *file,
		     struct err *err)
{
	for (size_t c = 0; c < G_N_ELEMENTS(columns); c++) {
		at[c] = -1;
		for (unsigned i = 0; i < row->n; i++)
			if (strcmp(row->fields[i], columns[c]) == 0)
				at[c] = (int)i;
	}
	if (at[0] < 0 || at[1] < 0)
		return err_set(err, -EINVAL,
			       "%s:%d: 首行须为 at,event,unit,uid,recurrence-id,value", file,
			       row->line);
	return 0;
}

static char *cell(const struct csv_row *row, int at)
{
	return g_strdup(at >= 0 && (unsigned)at < row->n ? row->fields[at] : "");
}

static int event_of(const struct engine *e, const struct csv_row *row, const int *at,
		    const char *file, GPtrArray *out, struct err *err)
{
	struct sim_event *ev = g_new0(struct sim_event, 1);
	g_autofree char *when = cell(row, at[0]);

	g_ptr_array_add(out, ev);
	ev->line = (unsigned)row->line;
	ev->event = cell(row, at[1]);
	ev->unit = cell(row, at[2]);
	ev->uid = cell(row, at[3]);
	ev->rid = cell(row, at[4]);
	ev->value = cell(row, at[5]);
	if (!engine_parse(e, when, false, &ev->at))
		return err_set(err, -EINVAL, "%s:%d: 时间看不懂：%s", file, row->line, when);
	if (!g_strv_contains(known, ev->event))
		return err_set(err, -EINVAL, "%s:%d: 没有这种事件：%s", file, row->line, ev->event);
	return 0;
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct sim_event *x = *(struct sim_event *const *)a,
			       *y = *(struct sim_event *const *)b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

GPtrArray *sim_events_parse(const struct engine *zone_of, const char *text, const char *file,
			    struct err *err)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(event_free);
	struct findings *findings = findings_new();
	int at[G_N_ELEMENTS(columns)];
	struct csv csv;
	struct csv_row row;
	bool header = true;
	int rc = csv_init(&csv, file, text, strlen(text), findings);

	while (rc >= 0 && (rc = csv_next(&csv, &row)) > 0) {
		rc = header ? header_of(&row, at, file, err)
			    : event_of(zone_of, &row, at, file, out, err);
		header = false;
	}
	csv_fini(&csv);
	if (findings->errors > 0) {
		const struct finding *f = g_ptr_array_index(findings->list, 0);

		rc = err_set(err, -EINVAL, "%s:%d: %s", file, f->line, f->text);
	}
	findings_free(&findings);
	if (rc < 0) {
		g_ptr_array_unref(out);
		return NULL;
	}
	g_ptr_array_sort(out, by_time);
	return out;
}
