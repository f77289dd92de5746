/*
 * tzset.c - the TZIDs of a calendar, each resolved once.
 *
 * System names are kept for the calendar's life; a VTIMEZONE belongs to its file, because
 * two files may give one private name to two zones. It is read when first needed: a
 * directory of one-event files repeats the same VTIMEZONE thousands of times.
 */
#include "tzset.h"

#include <string.h>

#include "ical_time.h"

/* VTIMEZONEs read of one file: a real one has one or two, a bomb has thousands. */
#define ZONES_MAX 64

struct tzset {
	const struct zone *default_zone;
	struct tz utc, floating;
	GHashTable *system;   /* id -> struct tz * with a zone, or NULL for "not a system name" */
	GHashTable *asked;    /* ids compared with their VTIMEZONE */
	GPtrArray *own;       /* every struct tz made of a VTIMEZONE, or lost */
	GHashTable *file_own; /* id -> struct tz *, of this file */
	GHashTable *defined;  /* id -> index + 1 of a VTIMEZONE of this file; ids owned */
	unsigned read;        /* VTIMEZONEs of this file that were read */
	const struct scan *scan;
};

static void tz_free(gpointer data)
{
	struct tz *z = data;
	struct vzone *own = (struct vzone *)z->own;

	vzone_free(&own);
	g_free(z->id);
	g_free(z);
}

struct tzset *tzset_new(const struct zone *default_zone)
{
	struct tzset *s = g_new0(struct tzset, 1);

	s->default_zone = default_zone;
	s->utc = (struct tz){.id = (char *)"UTC", .zone = zone_utc(), .utc = true};
	s->floating = (struct tz){.id = (char *)"", .zone = default_zone, .floating = true};
	s->system = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->file_own = g_hash_table_new(g_str_hash, g_str_equal);
	s->defined = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->own = g_ptr_array_new_with_free_func(tz_free);
	return s;
}

void tzset_free(struct tzset **sp)
{
	struct tzset *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	g_hash_table_unref(s->system);
	g_hash_table_unref(s->asked);
	g_hash_table_unref(s->file_own);
	g_hash_table_unref(s->defined);
	g_ptr_array_unref(s->own);
	g_free(s);
}

/* ---- VTIMEZONE ------------------------------------------------------------ */

static const struct scan_line *find_line(const struct scan *scan, uint32_t component,
					 const char *name)
{
	const struct scan_component *c = scan_component_at(scan, component);

	for (uint32_t i = c->first; i < c->last; i++) {
		const struct scan_line *l = scan_line_at(scan, i);

		if (l->component == component && strcmp(l->name, name) == 0)
			return l;
	}
	return NULL;
}

static void observance_extra(struct vzone_observance *o, const struct scan_line *l)
{
	struct rrule rule;

	if (strcmp(l->name, "RRULE") == 0 && rrule_parse(l->value, &rule, NULL) == 0) {
		g_array_append_val(o->rules, rule);
	} else if (strcmp(l->name, "RDATE") == 0) {
		char **items = g_strsplit(l->value, ",", VZONE_TRANSITIONS_MAX);

		for (char **item = items; *item != NULL; item++) {
			struct ical_reading r;

			(*item)[strcspn(*item, "/")] = 0;
			if (!ical_reading_parse(*item, &r))
				continue;
			r.local += r.utc ? o->from : 0;
			g_array_append_val(o->dates, r.local);
		}
		g_strfreev(items);
	}
}

static void add_observance(struct vzone *v, const struct scan *scan, uint32_t component)
{
	const struct scan_component *c = scan_component_at(scan, component);
	const struct scan_line *start = find_line(scan, component, "DTSTART");
	const struct scan_line *from = find_line(scan, component, "TZOFFSETFROM");
	const struct scan_line *to = find_line(scan, component, "TZOFFSETTO");
	struct vzone_observance o = {0};
	struct ical_reading r;

	if (strcmp(c->name, "STANDARD") != 0 && strcmp(c->name, "DAYLIGHT") != 0)
		return;
	if (start == NULL || to == NULL || !ical_reading_parse(start->value, &r) ||
	    !ical_offset_parse(to->value, &o.to))
		return;
	if (from == NULL || !ical_offset_parse(from->value, &o.from))
		o.from = o.to;
	o.start = r.local + (r.utc ? o.from : 0);
	o.rules = g_array_new(FALSE, FALSE, sizeof(struct rrule));
	o.dates = g_array_new(FALSE, FALSE, sizeof(local_t));
	for (uint32_t i = c->first; i < c->last; i++)
		if (scan_line_at(scan, i)->component == component)
			observance_extra(&o, scan_line_at(scan, i));
	vzone_add(v, &o);
	g_array_free(o.rules, TRUE);
	g_array_free(o.dates, TRUE);
}

/* The VTIMEZONE named @id in this file, or NULL. */
static struct vzone *read_own(struct tzset *s, const char *id)
{
	uint32_t i = GPOINTER_TO_UINT(g_hash_table_lookup(s->defined, id));
	struct vzone *v;

	if (i-- == 0 || s->read++ >= ZONES_MAX)
		return NULL;
	v = vzone_new();
	for (uint32_t j = i + 1; j < scan_component_at(s->scan, i)->next; j++)
		add_observance(v, s->scan, j);
	if (vzone_seal(v) != 0)
		vzone_free(&v);
	return v;
}

/* TZID is TEXT in VTIMEZONE and a parameter elsewhere: only one of them knows "\\,". */
static char *normal_id(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != 0; text++) {
		if (*text == '\\' && strchr(",;\\", text[1]) != NULL && text[1] != 0)
			text++;
		g_string_append_c(out, *text);
	}
	return g_strstrip(g_string_free(out, FALSE));
}

void tzset_begin_file(struct tzset *s, const struct scan *scan)
{
	tzset_end_file(s);
	s->scan = scan;
	for (uint32_t i = 0; i < scan->components->len; i++) {
		const struct scan_component *c = scan_component_at(scan, i);
		const struct scan_line *l;
		char *id;

		if (strcmp(c->name, "VTIMEZONE") != 0 || c->broken)
			continue;
		l = find_line(scan, i, "TZID");
		if (l == NULL)
			continue;
		id = normal_id(l->value);
		if (g_hash_table_contains(s->defined, id))
			g_free(id);
		else
			g_hash_table_insert(s->defined, id, GUINT_TO_POINTER(i + 1));
	}
}

void tzset_end_file(struct tzset *s)
{
	s->scan = NULL;
	s->read = 0;
	g_hash_table_remove_all(s->file_own);
	g_hash_table_remove_all(s->defined);
}

/* ---- names ---------------------------------------------------------------- */

static const struct tz *get_system(struct tzset *s, const char *id)
{
	gpointer found;
	const struct zone *zone;
	struct tz *z = NULL;

	if (g_hash_table_lookup_extended(s->system, id, NULL, &found))
		return found;
	zone = zone_get(id);
	if (zone == NULL)
		zone = zone_get_windows(id);
	if (zone != NULL) {
		z = g_new0(struct tz, 1);
		z->id = g_strdup(id);
		z->zone = zone;
		g_ptr_array_add(s->own, z);
	}
	g_hash_table_insert(s->system, g_strdup(id), z);
	return z;
}

const struct tz *tzset_get(struct tzset *s, const char *written)
{
	char *id = normal_id(written);
	const struct tz *known = get_system(s, id);
	struct tz *z;

	if (known == NULL)
		known = g_hash_table_lookup(s->file_own, id);
	if (known != NULL) {
		g_free(id);
		return known;
	}
	z = g_new0(struct tz, 1);
	z->id = id;
	z->own = read_own(s, id);
	z->lost = z->own == NULL;
	if (z->lost)
		z->zone = s->default_zone;
	g_ptr_array_add(s->own, z);
	g_hash_table_insert(s->file_own, z->id, z);
	return z;
}

const struct tz *tzset_utc(const struct tzset *s)
{
	return &s->utc;
}

const struct tz *tzset_floating(const struct tzset *s)
{
	return &s->floating;
}

bool tzset_contradicts(struct tzset *s, const struct tz *z, local_t t)
{
	struct vzone *v;
	bool differs;

	if (z->zone == NULL || z->utc || z->floating || z->lost ||
	    !g_hash_table_add(s->asked, g_strdup(z->id)))
		return false;
	v = read_own(s, z->id);
	if (v == NULL)
		return false;
	differs = vzone_instant(v, t, NULL) != zone_instant(z->zone, t, NULL);
	vzone_free(&v);
	return differs;
}
