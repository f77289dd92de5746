/*
 * lint_hours.c - deadlines at hours that nobody meant, or that one unit has twice.
 */
#include "calendars/zone.h"
#include "daemon/campaign/lint.h"

#define EARLY (7 * 3600) /* seconds of the day: nobody works before it, or after LATE */
#define LATE (20 * 3600)
#define SAME_HOUR_MAX 20 /* pairs that are named */

static void warn(const struct lint *l, const struct obligation *o, const char *code,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void warn(const struct lint *l, const struct obligation *o, const char *code,
		 const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(l->findings, SEVERITY_WARNING, campaign_text(l->c, o->file), (int)o->line, 0,
		     code, campaign_text(l->c, o->uid), "%s", text);
}

/* ---- odd hours --------------------------------------------------------------- */

static bool is_odd(const struct lint *l, wall_t due)
{
	int second = local_second(zone_local(l->c->zone, due));

	if (second == DAY_SECONDS - 1)
		return false; /* the end of a day */
	return second < EARLY || second > LATE;
}

/** A little after hours is meant so; deep in the night the time or its zone has slipped. */
static void check_hours(const struct lint *l, const struct obligation *o)
{
	const struct occurrence *occ = &l->c->occurrences[o->occurrence];
	g_autofree char *when = NULL;
	uint32_t first = NONE;

	for (uint32_t i = 0; i < o->occurrences && first == NONE; i++)
		if (is_odd(l, occ[i].due))
			first = i;
	if (first == NONE)
		return;
	when = lint_time(l, occ[first].due);
	warn(l, o, "ODD_HOUR",
	     "“%s”%s 截止，不是办公的时候；请核对时刻和时区，要算到当天结束可改成全天的事件",
	     campaign_text(l->c, occ[first].summary), when);
}

/* ---- months without that day ------------------------------------------------- */

struct day {
	int year, month, day;
};

static struct day day_of(const struct lint *l, const struct occurrence *occ)
{
	struct day x;

	date_split(local_date(zone_local(l->c->zone, occ->written)), &x.year, &x.month, &x.day);
	return x;
}

/* From one 31st to the next there was a month that has none, and nothing in its place. */
static bool skips_month(const struct lint *l, const struct obligation *o, uint32_t i, int *year,
			int *month)
{
	const struct occurrence *occ = &l->c->occurrences[o->occurrence];
	struct day a = day_of(l, &occ[i]);

	*year = a.year + a.month / 12;
	*month = a.month % 12 + 1;
	if (a.day <= month_length(*year, *month))
		return false;
	for (uint32_t k = i + 1; k < o->occurrences; k++) {
		struct day b = day_of(l, &occ[k]);
		int apart = (b.year - a.year) * 12 + b.month - a.month;

		if (apart > 2 || (apart == 1 && b.day == month_length(b.year, b.month)))
			return false;
		if (apart == 2 && b.day == a.day)
			return true;
	}
	return false;
}

static void check_months(const struct lint *l, const struct obligation *o)
{
	int year, month;

	for (uint32_t i = 0; o->recurs && i + 1 < o->occurrences; i++)
		if (skips_month(l, o, i, &year, &month)) {
			warn(l, o, "MONTH_SKIPPED",
			     "“%s”%d年%d月没有那一天，这个月就没有一期；要月末可写 BYMONTHDAY=-1",
			     campaign_text(l->c, o->summary), year, month);
			return;
		}
}

/* ---- two reports of one unit in one hour --------------------------------------- */

struct hour {
	wall_t at;
	uint32_t occurrence;
};

static gint by_hour(gconstpointer a, gconstpointer b)
{
	const struct hour *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->occurrence < y->occurrence ? -1 : 1;
}

struct same {
	const struct lint *l;
	uint32_t *taken;  /* by unit: the obligation that it owes in this hour, + 1 */
	GHashTable *said; /* pairs of obligations */
};

static GArray *hours_of(const struct lint *l)
{
	GArray *hours = g_array_new(FALSE, FALSE, sizeof(struct hour));

	for (uint32_t i = 0; i < l->c->n_occurrences; i++) {
		const struct occurrence *occ = &l->c->occurrences[i];
		struct hour h = {zone_local(l->c->zone, occ->due) / 3600, i};

		if (l->c->obligations[occ->obligation].category == CATEGORY_REPORT)
			g_array_append_val(hours, h);
	}
	g_array_sort(hours, by_hour);
	return hours;
}

static void say_same(struct same *s, uint32_t occurrence, uint32_t other, unsigned units)
{
	const struct campaign *c = s->l->c;
	const struct occurrence *occ = &c->occurrences[occurrence];
	g_autofree char *when = NULL;

	if (g_hash_table_size(s->said) >= SAME_HOUR_MAX ||
	    !g_hash_table_add(s->said, g_strdup_printf("%u:%u", other, occ->obligation)))
		return;
	when = lint_time(s->l, occ->due);
	warn(s->l, &c->obligations[occ->obligation], "SAME_HOUR",
	     "“%s”和“%s”都在 %s 前后截止，有%u个单位两样都要报；可错开，或合成一项",
	     campaign_text(c, c->obligations[other].summary), campaign_text(c, occ->summary), when,
	     units);
}

/* What falls into one hour: hours[from, to). */
static void check_same(struct same *s, const struct hour *hours, guint from, guint to)
{
	const struct campaign *c = s->l->c;

	for (guint i = from; i < to; i++) {
		uint32_t mine = c->occurrences[hours[i].occurrence].obligation, other = NONE;
		const struct obligation *o = &c->obligations[mine];
		unsigned units = 0;

		for (uint32_t k = 0; k < o->owings; k++) {
			uint32_t *taken = &s->taken[c->owing[o->owing + k]];

			if (*taken != 0 && *taken != mine + 1) {
				units++;
				other = *taken - 1;
			}
			*taken = mine + 1;
		}
		if (units > 0)
			say_same(s, hours[i].occurrence, other, units);
	}
	for (guint i = from; i < to; i++) {
		const struct obligation *o =
			&c->obligations[c->occurrences[hours[i].occurrence].obligation];

		for (uint32_t k = 0; k < o->owings; k++)
			s->taken[c->owing[o->owing + k]] = 0;
	}
}

static void check_same_hours(const struct lint *l)
{
	GArray *hours = hours_of(l);
	const struct hour *h = (const struct hour *)(const void *)hours->data;
	struct same s = {l, g_new0(uint32_t, l->c->n_units + 1),
			 g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

	for (guint from = 0, to; from < hours->len; from = to) {
		for (to = from + 1; to < hours->len && h[to].at == h[from].at; to++)
			;
		if (to - from > 1 && g_hash_table_size(s.said) < SAME_HOUR_MAX)
			check_same(&s, h, from, to);
	}
	g_hash_table_unref(s.said);
	g_free(s.taken);
	g_array_unref(hours);
}

void lint_hours(const struct lint *l)
{
	for (uint32_t i = 0; i < l->c->n_obligations; i++) {
		const struct obligation *o = &l->c->obligations[i];

		if (o->category != CATEGORY_REPORT || lint_is_broken(l, o))
			continue;
		check_hours(l, o);
		check_months(l, o);
	}
	if (!l->bad_calendar && !l->bad_units)
		check_same_hours(l);
}
