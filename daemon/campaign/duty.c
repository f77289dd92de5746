/*
 * duty.c - who is on shift: one event per person and shift.
 *
 * An attendee's address identifies the person; the name only where nobody else
 * bears it, because a shift told to a namesake is told to nobody.
 */
#include "daemon/campaign/duty.h"

#include <string.h>

#include "calendars/expand.h"
#include "daemon/campaign/whole.h"

#define AMBIGUOUS (NONE - 1) /* a name that several people bear */

struct people {
	GHashTable *by_email; /* lower case, owned -> contact + 1 */
	GHashTable *by_name;  /* text_t -> contact + 1, or AMBIGUOUS */
	bool broken;          /* rows of units.csv were left out: who is unknown was said there */
};

/* ---- names of rosters ---------------------------------------------------- */

static bool is_roster(const char *path)
{
	return g_str_has_prefix(path, DUTY_DIR) && g_str_has_suffix(path, ".ics") &&
	       !strchr(path + strlen(DUTY_DIR), '/') &&
	       strlen(path) > strlen(DUTY_DIR) + strlen(".ics");
}

static void name_roster(struct build *b, const char *path)
{
	const char *name = path + strlen(DUTY_DIR);
	g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".ics"));
	struct roster r = {.name = texts_add(b->texts, stem)};

	g_array_append_val(b->rosters, r);
}

void rosters_name(struct build *b)
{
	for (unsigned i = 0; i < b->files->files->len; i++) {
		const struct campaign_file *file = b->files->files->pdata[i];

		if (is_roster(file->path))
			name_roster(b, file->path);
	}
	/* One that was never read has nobody on duty yet, but it may be named. */
	for (unsigned i = 0; i < b->sources->len; i++) {
		const char *path = build_text(b, build_at(b->sources, struct source, i)->as);

		if (is_roster(path) && !campaign_files_find(b->files, path))
			name_roster(b, path);
	}
}

/* ---- people -------------------------------------------------------------- */

/** Rows of one address are one person in several roles, not namesakes. */
static void add_name(const struct build *b, struct people *p, uint32_t index)
{
	const struct contact *c = build_at(b->contacts, struct contact, index);
	gpointer key = GUINT_TO_POINTER(c->person);
	uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(p->by_name, key));

	if (!c->person)
		return;
	if (known && known != AMBIGUOUS) {
		const struct contact *first = build_at(b->contacts, struct contact, known - 1);

		if (first->address[CHANNEL_EMAIL] &&
		    first->address[CHANNEL_EMAIL] == c->address[CHANNEL_EMAIL])
			return;
	}
	g_hash_table_insert(p->by_name, key, GUINT_TO_POINTER(known ? AMBIGUOUS : index + 1));
}

static struct people people_new(const struct build *b)
{
	struct people p = {
		.by_email = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.by_name = g_hash_table_new(NULL, NULL),
	};

	for (uint32_t i = 0; i < b->contacts->len; i++) {
		const struct contact *c = build_at(b->contacts, struct contact, i);
		char *email = g_ascii_strdown(build_text(b, c->address[CHANNEL_EMAIL]), -1);

		if (*email && !g_hash_table_contains(p.by_email, email))
			g_hash_table_insert(p.by_email, email, GUINT_TO_POINTER(i + 1));
		else
			g_free(email);
		add_name(b, &p, i);
	}
	return p;
}

static void people_free(struct people *p)
{
	g_hash_table_unref(p->by_email);
	g_hash_table_unref(p->by_name);
}

/* ---- shifts -------------------------------------------------------------- */

bool shift_summary_parse(const char *summary, bool *leader, const char **person)
{
	static const struct {
		const char *word;
		bool leader;
	} words[] = {{"带班", true},  {"[L2]", true},  {"[l2]", true},
		     {"值班", false}, {"[L1]", false}, {"[l1]", false}};
	static const char *const between[] = {" ", "\t", "　", ":", "："};

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *rest = summary + strlen(words[i].word);
		bool again = true, apart = words[i].word[0] == '[';

		if (!g_str_has_prefix(summary, words[i].word))
			continue;
		while (again) {
			again = false;
			for (unsigned k = 0; k < G_N_ELEMENTS(between); k++) {
				if (!g_str_has_prefix(rest, between[k]))
					continue;
				rest += strlen(between[k]);
				again = apart = true;
			}
		}
		if (*rest && !apart)
			break;
		*leader = words[i].leader;
		*person = rest;
		return true;
	}
	*leader = false;
	*person = summary;
	return false;
}

static void warn(struct build *b, const struct calendar_component *x, const char *code,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void warn(struct build *b, const struct calendar_component *x, const char *code,
		 const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(b->findings, SEVERITY_WARNING, x->file, x->line, 0, code, x->uid, "%s", text);
}

/** The first attendee with an address; how many there are. */
static const char *attendee_of(const struct calendar_component *x, unsigned *n)
{
	const char *first = "";

	*n = 0;
	for (unsigned i = 0; x->attendees && i < x->attendees->len; i++) {
		const char *address = x->attendees->pdata[i];

		if (strchr(address, '@') && (*n)++ == 0)
			first = address;
	}
	return first;
}

static uint32_t contact_of(struct build *b, const struct people *p,
			   const struct calendar_component *x, const char *email,
			   const char *person)
{
	g_autofree char *lower = g_ascii_strdown(email, -1);
	uint32_t known = GPOINTER_TO_UINT(g_hash_table_lookup(p->by_email, lower));

	if (*email && !known && !p->broken)
		warn(b, x, "UNKNOWN_PERSON",
		     "参加者“%.80s”不在 %s 里；可改成表里的邮箱，或把这个人加进表里", email,
		     UNITS_FILE);
	if (*email)
		return known ? known - 1 : NONE;
	known = GPOINTER_TO_UINT(
		g_hash_table_lookup(p->by_name, GUINT_TO_POINTER(texts_find(b->texts, person))));
	if (known && known != AMBIGUOUS)
		return known - 1;
	if (!p->broken)
		warn(b, x, "UNKNOWN_PERSON",
		     known ? "叫“%.60s”的不止一个人；可在参加者里写上邮箱"
			   : "“%.60s”不在 units.csv 里；可在参加者里写上邮箱，或把这个人加进表里",
		     person);
	return NONE;
}

/** What all instances of one component have in common; .roster is NONE for a shift of nobody. */
static struct shift shift_of(struct build *b, const struct people *p,
			     const struct calendar_component *x, uint32_t roster)
{
	struct shift s = {.roster = roster, .line = (uint32_t)x->line};
	unsigned attendees;
	const char *email = attendee_of(x, &attendees), *person;

	if (!shift_summary_parse(x->summary, &s.leader, &person) && *person)
		warn(b, x, "BAD_SHIFT",
		     "标题“%.60s”不是“带班 姓名”或“值班 姓名”，按值班人员处理；可照样改写",
		     x->summary);
	if (attendees > 1)
		warn(b, x, "BAD_SHIFT", "写了 %u 个参加者，只认第一个；可一人一班分开写",
		     attendees);
	if (!*person && !*email) {
		findings_add(b->findings, SEVERITY_ERROR, x->file, x->line, 0, "NO_PERSON", x->uid,
			     "班次没有写是谁；可在标题写“值班 姓名”，这一班不算");
		s.roster = NONE;
		return s;
	}
	s.contact = contact_of(b, p, x, email, person);
	if (!*person && s.contact != NONE)
		person = build_text(b, build_at(b->contacts, struct contact, s.contact)->person);
	s.uid = texts_add(b->texts, x->uid);
	s.person = texts_add(b->texts, person);
	s.email = texts_add(b->texts, email);
	s.file = texts_add(b->texts, x->file);
	return s;
}

static gint shift_compare(gconstpointer pa, gconstpointer pb, gpointer data)
{
	const struct build *b = data;
	const struct shift *x = pa, *y = pb;
	int order;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	order = strcmp(build_text(b, x->uid), build_text(b, y->uid));
	return order ? order : strcmp(build_text(b, x->rid), build_text(b, y->rid));
}

/* From 20:00 to 08:00 is eleven hours or thirteen in the night when the clock is turned. */
static void tell_turned(struct build *b, const struct instance *x)
{
	int64_t wall = x->local_end - x->local_start, real = (x->end - x->start) / SECOND;

	if (real <= 0 || wall == real || real >= 2 * DAY_SECONDS)
		return;
	findings_add(b->findings, SEVERITY_WARNING, x->component->file, x->component->line, 0,
		     "SHIFT_DST", x->component->uid,
		     "这一班跨过夏令时调整，按钟点交接，实际比平时%s%d分钟；请值班人员知晓",
		     real < wall ? "短" : "长", (int)(ABS(wall - real) / 60));
}

static void add_shifts(struct build *b, const struct people *p, const GPtrArray *all,
		       uint32_t roster)
{
	GHashTable *known = g_hash_table_new_full(NULL, NULL, NULL, g_free);

	for (unsigned i = 0; i < all->len; i++) {
		const struct instance *x = all->pdata[i];
		struct shift *common = g_hash_table_lookup(known, x->component), shift;

		if (x->cancelled)
			continue;
		if (!common) {
			shift = shift_of(b, p, x->component, roster);
			common = g_memdup2(&shift, sizeof(shift));
			g_hash_table_insert(known, (gpointer)x->component, common);
		}
		if (common->roster == NONE)
			continue;
		tell_turned(b, x);
		shift = *common;
		shift.from = x->start;
		shift.to = MAX(x->start, x->end);
		shift.rid = texts_add(b->texts, x->rid);
		g_array_append_val(b->shifts, shift);
	}
	g_hash_table_unref(known);
}

static void read_roster(struct build *b, const struct people *p, const struct campaign_file *file,
			uint32_t index, wall_t horizon)
{
	struct roster *r = build_at(b->rosters, struct roster, index);
	struct calendar *calendar = calendar_new(b->c->zone);
	unsigned errors = b->findings->errors;
	GPtrArray *all;

	/* A file that is no calendar is said by the reader, and has no instances. */
	(void)campaign_file_calendar(file, calendar, b->findings);
	all = whole_expand(calendar, horizon, b->findings);
	r->shift = b->shifts->len;
	add_shifts(b, p, all, index);
	r->shifts = b->shifts->len - r->shift;
	if (r->shifts == 0 && b->findings->errors == errors)
		findings_add(b->findings, SEVERITY_ERROR, file->path, 0, 0, "EMPTY_ROSTER", NULL,
			     "值班表里一班也没有；可补上班次，不要了就删去文件");
	if (r->shifts > 1)
		g_qsort_with_data(build_at(b->shifts, struct shift, r->shift), (gint)r->shifts,
				  sizeof(struct shift), shift_compare, b);
	g_ptr_array_unref(all);
	calendar_free(&calendar);
}

void rosters_read(struct build *b, wall_t horizon)
{
	struct people people;

	if (b->rosters->len == 0)
		return;
	people = people_new(b);
	people.broken = build_has_errors(b->findings, UNITS_FILE);
	for (uint32_t i = 0; i < b->rosters->len; i++) {
		struct roster *r = build_at(b->rosters, struct roster, i);
		g_autofree char *path = g_strdup_printf(DUTY_DIR "%s.ics", build_text(b, r->name));
		const struct campaign_file *file = campaign_files_find(b->files, path);

		if (file)
			read_roster(b, &people, file, i, horizon);
		else
			r->shift = b->shifts->len;
	}
	people_free(&people);
}
