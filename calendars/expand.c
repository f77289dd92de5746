/*
 * expand.c - a calendar: files read into components, components into instances.
 *
 * Nothing is remembered of one expansion for the next but what was already said: the same window
 * gives the same instances.
 */
#include "expand.h"

#include <errno.h>
#include <string.h>

#include "flat.h"
#include "order.h"
#include "series.h"

#define MIB (1024u * 1024u)

/* Years 1 to 9999: beyond them dates have no name. */
#define WALL_FIRST (INT64_C(-62135596800) * SECOND)
#define WALL_LAST (INT64_C(253402300800) * SECOND)

const struct calendar_limits calendar_limits_campaign = {.bytes_max = 16 * MIB,
							 .sub_daily = false,
							 .strict = true,
							 .instances_max = 20000,
							 .total_max = 1000000};
const struct calendar_limits calendar_limits_expand = {.bytes_max = 16 * MIB,
						       .sub_daily = true,
						       .strict = false,
						       .instances_max = 200000,
						       .total_max = 4000000};

struct calendar {
	const struct zone *default_zone;
	struct tzset *zones;
	GPtrArray *components; /* struct ical_component *, owned */
	GPtrArray *series;     /* NULL until asked for */
	int64_t pool;          /* steps left for reading */
};

struct calendar *calendar_new(const struct zone *default_zone)
{
	struct calendar *c = g_new0(struct calendar, 1);

	c->default_zone = default_zone;
	c->zones = tzset_new(default_zone);
	c->components = g_ptr_array_new_with_free_func(ical_component_free);
	c->pool = POOL_STEPS;
	return c;
}

void calendar_free(struct calendar **cp)
{
	struct calendar *c = *cp;

	if (c == NULL)
		return;
	*cp = NULL;
	g_clear_pointer(&c->series, g_ptr_array_unref);
	g_ptr_array_unref(c->components);
	tzset_free(&c->zones);
	g_free(c);
}

static void tell_scan(const struct flat *f, const char *file, struct findings *findings)
{
	for (guint i = 0; i < f->findings->list->len; i++) {
		const struct finding *x = f->findings->list->pdata[i];

		findings_add(findings, x->severity, file, x->line, x->column, x->code, x->uid, "%s",
			     x->text);
	}
}

int calendar_take(struct calendar *c, const char *file, const struct flat *f,
		  const struct calendar_limits *limits, struct findings *findings)
{
	struct ical_reader r = {.file = file,
				.scan = f->scan,
				.words = f->words,
				.zones = c->zones,
				.limits = limits,
				.findings = findings,
				.pool = &c->pool};
	unsigned streams = 0;

	tell_scan(f, file, findings);
	if (f->rc != 0)
		return f->rc;
	g_clear_pointer(&c->series, g_ptr_array_unref);
	tzset_begin_file(c->zones, f->scan);
	for (uint32_t i = 0; i < f->scan->components->len; i++) {
		struct ical_component *read;

		if (strcmp(scan_component_at(f->scan, i)->name, "VCALENDAR") == 0)
			streams++;
		if (f->words->pdata[i] == NULL)
			continue;
		read = ical_read(&r, i);
		if (read == NULL)
			continue;
		read->stream = streams > 0 ? streams - 1 : 0;
		g_ptr_array_add(c->components, read);
	}
	tzset_end_file(c->zones);
	return 0;
}

int calendar_read(struct calendar *c, const char *file, const char *bytes, size_t size,
		  const struct calendar_limits *limits, struct findings *findings)
{
	struct flat *f = flat_parse(bytes, size, limits->bytes_max);
	int rc = calendar_take(c, file, f, limits, findings);

	flat_free(&f);
	return rc;
}

/* The series, made when first asked for: marks what is superseded. */
static const GPtrArray *series(struct calendar *c)
{
	if (c->series == NULL)
		c->series = series_build(c->components);
	return c->series;
}

const GPtrArray *calendar_components(const struct calendar *c)
{
	(void)series((struct calendar *)c);
	return c->components;
}

static void tell_superseded(const struct calendar *c, struct findings *findings)
{
	for (guint i = 0; i < c->components->len; i++) {
		const struct calendar_component *x = c->components->pdata[i];

		if (x->superseded)
			findings_add(findings, SEVERITY_WARNING, x->file, x->line, 0,
				     "DUPLICATE_UID", x->uid,
				     "另有同一 UID "
				     "的更新版本（SEQUENCE、修改时间或位置在后），这一份不用");
	}
}

static void tell_total(const struct calendar *c, const struct calendar_limits *limits,
		       struct findings *findings)
{
	const struct calendar_component *first = c->components->pdata[0];

	findings_add(findings, SEVERITY_ERROR, first->file, 0, 0, "TOO_MANY_INSTANCES", NULL,
		     "日历里这段时间的期数加起来到了上限 %u，其余略去；请缩短时间段或拆分日历",
		     limits->total_max);
}

GPtrArray *calendar_expand(struct calendar *c, wall_t from, wall_t to,
			   const struct calendar_limits *limits, struct findings *findings)
{
	int64_t pool = POOL_STEPS;
	struct series_window w = {.from = CLAMP(from, WALL_FIRST, WALL_LAST),
				  .to = CLAMP(to, WALL_FIRST, WALL_LAST),
				  .default_zone = c->default_zone,
				  .limits = limits,
				  .findings = findings,
				  .pool = &pool,
				  .room = SERIES_ROOM,
				  .total = limits->total_max};
	const GPtrArray *list = series(c);
	GPtrArray *instances;

	if (findings != NULL)
		tell_superseded(c, findings);
	w.starts = series_starts_new();
	w.excluded = g_array_new(FALSE, FALSE, sizeof(wall_t));
	w.out = g_array_new(FALSE, FALSE, sizeof(struct instance));
	for (guint i = 0; i < list->len && w.total > 0; i++)
		series_expand(list->pdata[i], &w);
	if (w.total == 0 && findings != NULL)
		tell_total(c, limits, findings);
	g_array_free(w.starts, TRUE);
	g_array_free(w.excluded, TRUE);
	instances = order_instances(w.out);
	g_array_free(w.out, TRUE);
	return instances;
}

GHashTable *calendar_endless(struct calendar *c)
{
	GHashTable *uids = g_hash_table_new(g_str_hash, g_str_equal);
	int64_t pool = POOL_STEPS;
	const GPtrArray *list = series(c);

	for (guint i = 0; i < list->len; i++) {
		const struct series *s = list->pdata[i];

		if (s->master != NULL && series_reach(s, &pool) == WALL_NEVER)
			g_hash_table_add(uids, s->master->shown.uid);
	}
	return uids;
}

wall_t calendar_reach(struct calendar *c)
{
	int64_t pool = POOL_STEPS;
	wall_t reach = WALL_ALWAYS;
	const GPtrArray *list = series(c);

	for (guint i = 0; i < list->len && reach != WALL_NEVER; i++) {
		wall_t end = series_reach(list->pdata[i], &pool);

		reach = MAX(reach, end);
	}
	return reach;
}
