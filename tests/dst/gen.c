/*
 * gen.c - random campaigns and random edits of them (gen.h).
 */
#include "gen.h"

#include <string.h>

#define PICK(r, list) ((list)[rng_below((r), G_N_ELEMENTS(list))])

static const char *const before_at[] = {"-3d@09:30", "-1wd@09:30", "-1d",
					"-3h",       "-30m",       "-2wd@14:00"};
static const char *const after_at[] = {"0",         "+1h",       "+1wd@10:00", "+2wd@10:00",
				       "+1d@09:00", "+3d@15:00", "+2h",        "+5wd@16:00"};
static const char *const before_to[] = {"liaison", "liaison", "liaison, leader", "office, liaison"};
static const char *const after_to[] = {
	"liaison",       "liaison, office",  "liaison, leader",
	"leader, head",  "leader, office",   "committee, liaison",
	"parent.leader", "unit:u0, liaison", "head, leader, liaison"};
static const char *const after_more[] = {"",
					 "",
					 ", sign: true",
					 ", repeat: {every: 2d, times: 2}",
					 ", slot: \"TU@10:00\"",
					 ", via: [email, webhook]",
					 ", sign: true, repeat: {every: 3d, times: 1}"};
static const char *const windows[] = {
	"", "", "{days: working, from: \"08:30\", to: \"17:30\", back: \"15:00\"}",
	"{days: all, from: \"07:00\", to: \"21:00\"}",
	"{days: [mo, tu, we, th, fr, sa], from: \"08:00\", to: \"18:00\"}"};

static void random_step(struct gen *g, struct gen_step *s, struct rng *r, bool after)
{
	s->number = g->next_step++;
	s->after = after;
	s->at = after ? PICK(r, after_at) : PICK(r, before_at);
	s->to = after ? PICK(r, after_to) : PICK(r, before_to);
	s->more = after ? PICK(r, after_more) : "";
}

static void random_policy(struct gen *g, struct gen_policy *p, struct rng *r)
{
	static const char *const graces[] = {"", "", "30m", "2h"};
	static const char *const closes[] = {"", "", "14d", "8d", "4d"};
	static const char *const warns[] = {"", "1wd", "2d"};
	static const char *const off_days[] = {"keep", "keep", "before", "after", "after:2@12:00"};
	static const char *const streaks[] = {"", "", "{misses: 2, to: [office], name: kong}",
					      "{misses: 2, to: [leader, office], name: kong}"};
	unsigned before = rng_below(r, 3), after = 1 + rng_below(r, 3);

	p->grace = PICK(r, graces);
	p->closes = PICK(r, closes);
	p->warn = PICK(r, warns);
	p->off_day = PICK(r, off_days);
	p->window = rng_percent(r, 25) ? PICK(r, windows) : "";
	p->streak = PICK(r, streaks);
	p->zero = rng_percent(r, 50);
	for (unsigned i = 0; i < before + after; i++)
		random_step(g, &p->steps[p->n_steps++], r, i >= before);
}

static void random_unit(const struct gen *g, struct gen_unit *u, struct rng *r)
{
	*u = (struct gen_unit){
		.liaison = rng_percent(r, 90),
		.leader = rng_percent(r, 70),
		.head = rng_percent(r, 40),
		.shared_leader = rng_percent(r, 40),
		.shared_liaison = rng_percent(r, 15),
		.twin = rng_percent(r, 10),
		.webhook = rng_percent(r, 20),
		.tag = (int)rng_below(r, 2),
		.parent = g->n_units > 0 && rng_percent(r, 30) ? (int)rng_below(r, g->n_units) : -1,
	};
	if (!u->leader && !u->head)
		u->liaison = true;
}

static void random_obligation(struct gen *g, struct gen_obligation *o, struct rng *r)
{
	static const int everies[] = {0, 0, 7, 7, 3, 1};

	*o = (struct gen_obligation){
		.milestone = rng_percent(r, 10),
		.all_day = rng_percent(r, 15),
		.alarm = rng_percent(r, 15),
		.policy = (int)rng_below(r, GEN_POLICIES),
		.tag = rng_percent(r, 35) ? (int)rng_below(r, 2) : -1,
		.day = g->start + (int)rng_below(r, (uint32_t)g->days - 12),
		.minute = (int)rng_between(r, 1, 95) * 15,
		.every = PICK(r, everies),
		.moved = -1,
		.excluded = -1,
		.summary = g->next_uid,
	};
	(void)g_snprintf(o->uid, sizeof(o->uid), "o%d@example.org", g->next_uid++);
	o->count = o->every == 0 ? 1 : 2 + (int)rng_below(r, 3);
	if (o->every > 0 && !o->all_day && rng_percent(r, 20)) {
		o->moved = (int)rng_below(r, (uint32_t)o->count);
		o->moved_by = (int)rng_between(r, -10, 40) * 15;
	}
	if (o->count > 2 && rng_percent(r, 15))
		o->excluded = o->moved == 1 ? 0 : 1;
}

void gen_random(struct gen *g, struct rng *r)
{
	static const char *const zones[] = {"Asia/Shanghai", "Asia/Shanghai", "Europe/Berlin",
					    "America/New_York"};
	static const char *const holds[] = {"50%", "50%", "30%", "never"};

	*g = (struct gen){.zone = PICK(r, zones), .days = 16 + (int)rng_below(r, 12)};
	/* Mondays before a change of the clock in the zones that have one, and a plain one. */
	g->start = rng_percent(r, 50)
			   ? date_from(2024, 3, 18)
			   : (rng_percent(r, 50) ? date_from(2024, 10, 21) : date_from(2025, 6, 2));
	g->hold = PICK(r, holds);
	g->window = PICK(r, windows);
	g->off_days = 2;
	g->work_day = -1;
	for (unsigned n = 2 + rng_below(r, GEN_UNITS - 2); g->n_units < n; g->n_units++)
		random_unit(g, &g->units[g->n_units], r);
	for (int i = 0; i < GEN_POLICIES; i++)
		random_policy(g, &g->policies[i], r);
	for (unsigned n = 1 + rng_below(r, 2); g->n_obligations < n; g->n_obligations++)
		random_obligation(g, &g->obligations[g->n_obligations], r);
	g->obligations[0].milestone = false;
	g->obligations[0].tag = -1;
}

/* ---- edits ---- */

static bool cut_series(struct gen *g, struct rng *r, struct gen_edit *out)
{
	struct gen_obligation *o = &g->obligations[rng_below(r, g->n_obligations)], *rest;
	int k;

	if (o->gone || o->count < 3 || o->moved >= 0 || o->excluded >= 0 ||
	    g->n_obligations == GEN_OBLIGATIONS)
		return false;
	k = 1 + (int)rng_below(r, (uint32_t)o->count - 1);
	rest = &g->obligations[g->n_obligations++];
	*rest = *o;
	(void)g_snprintf(rest->uid, sizeof(rest->uid), "o%d@example.org", g->next_uid++);
	rest->day = o->day + k * o->every;
	rest->count = o->count - k;
	o->count = k;
	out->cut = true;
	out->at = k;
	(void)g_strlcpy(out->from, o->uid, sizeof(out->from));
	(void)g_strlcpy(out->to, rest->uid, sizeof(out->to));
	out->words = "cut a series";
	return true;
}

static void edit_steps(struct gen *g, struct rng *r, struct gen_edit *out)
{
	struct gen_policy *p = &g->policies[rng_below(r, GEN_POLICIES)];
	unsigned at = rng_below(r, p->n_steps);

	if (p->n_steps < GEN_STEPS && rng_percent(r, 50)) {
		random_step(g, &p->steps[p->n_steps++], r, rng_percent(r, 75));
		out->words = "add a step";
	} else if (p->n_steps > 1 && rng_percent(r, 50)) {
		memmove(&p->steps[at], &p->steps[at + 1],
			(p->n_steps - at - 1) * sizeof(p->steps[0]));
		p->n_steps--;
		out->words = "remove a step";
	} else {
		p->steps[at].at = p->steps[at].after ? PICK(r, after_at) : PICK(r, before_at);
		out->words = "move a step";
	}
}

static void edit_units(struct gen *g, struct rng *r, struct gen_edit *out)
{
	unsigned at = rng_below(r, g->n_units);

	if (g->n_units < GEN_UNITS && rng_percent(r, 50)) {
		random_unit(g, &g->units[g->n_units], r);
		g->n_units++;
		out->words = "add a unit";
	} else if (at > 0 && rng_percent(r, 50)) { /* u0 is named in policies */
		g->units[at].gone = !g->units[at].gone;
		out->words = "remove a unit, or bring it back";
	} else {
		g->units[at].liaison = true;
		g->units[at].leader = !g->units[at].leader;
		out->words = "another leader";
	}
}

/* Deadlines that follow the working days move with them. */
static void edit_holidays(struct gen *g, struct rng *r, struct gen_edit *out)
{
	g->off_days = 1 + (int)rng_below(r, 7);
	g->work_day = rng_percent(r, 50) ? (int)rng_below(r, 4) : -1;
	out->words = "other holidays";
}

/* Not the first one: a campaign that owes nothing is no campaign. */
static bool drop_obligation(struct gen *g, struct rng *r, struct gen_edit *out)
{
	struct gen_obligation *o = &g->obligations[rng_below(r, g->n_obligations)];

	if (o == g->obligations)
		return false;
	o->gone = !o->gone;
	out->words = "remove an obligation, or bring it back";
	return true;
}

/* Another hour for a whole series, as dragging it in a calendar program gives. */
static bool drag_series(struct gen *g, struct rng *r, struct gen_edit *out)
{
	struct gen_obligation *o = &g->obligations[rng_below(r, g->n_obligations)];
	int minute = (int)rng_between(r, 1, 95) * 15;

	if (o->gone || o->every == 0 || o->all_day || o->moved >= 0 || o->excluded >= 0 ||
	    minute == o->minute)
		return false;
	o->minute = minute;
	out->dragged = true;
	(void)g_strlcpy(out->from, o->uid, sizeof(out->from));
	(void)g_strlcpy(out->to, o->uid, sizeof(out->to));
	out->words = "drag a series";
	return true;
}

static void edit_deadline(struct gen *g, struct rng *r, struct gen_edit *out)
{
	struct gen_obligation *o = &g->obligations[rng_below(r, g->n_obligations)];

	if (o->every > 0 && !o->all_day && rng_percent(r, 60)) {
		o->moved = (int)rng_below(r, (uint32_t)o->count);
		o->moved_by = (int)rng_between(r, -40, 200) * 15;
		if (o->excluded == o->moved)
			o->excluded = -1;
		out->words = "move an instance";
	} else if (o->every == 0) {
		o->day += (int)rng_between(r, -2, 5);
		out->words = "move a deadline";
	} else {
		o->tag = o->tag < 0 ? 0 : -1;
		out->words = "another circle of units";
	}
}

void gen_mutate(struct gen *g, struct rng *r, struct gen_edit *out)
{
	*out = (struct gen_edit){.words = "nothing"};
	switch (rng_below(r, 10)) {
	case 0:
	case 1:
		if (cut_series(g, r, out))
			return;
		/* fall through */
	case 2:
		if (drag_series(g, r, out))
			return;
		/* fall through */
	case 6:
		if (drop_obligation(g, r, out))
			return;
		/* fall through */
	case 7:
		edit_deadline(g, r, out);
		return;
	case 3:
	case 4:
		edit_units(g, r, out);
		return;
	case 5:
		edit_holidays(g, r, out);
		return;
	default:
		edit_steps(g, r, out);
	}
}

/* ---- text ---- */

static void print_policy(GString *s, const struct gen_policy *p, const char *name)
{
	g_string_append_printf(s, "  %s:\n", name);
	if (p->grace[0] != 0)
		g_string_append_printf(s, "    grace: %s\n", p->grace);
	if (p->closes[0] != 0)
		g_string_append_printf(s, "    closes: %s\n", p->closes);
	if (p->warn[0] != 0)
		g_string_append_printf(s, "    warn: %s\n", p->warn);
	if (p->window[0] != 0)
		g_string_append_printf(s, "    send_window: %s\n", p->window);
	if (p->streak[0] != 0)
		g_string_append_printf(s, "    streak: %s\n", p->streak);
	g_string_append_printf(s, "    on_off_day: %s\n    zero: %s\n    steps:\n", p->off_day,
			       p->zero ? "yes" : "no");
	for (unsigned i = 0; i < p->n_steps; i++)
		g_string_append_printf(s, "      - {name: s%d, at: \"%s\", to: [%s]%s}\n",
				       p->steps[i].number, p->steps[i].at, p->steps[i].to,
				       p->steps[i].more);
}

static char *yaml_of(const struct gen *g)
{
	GString *s = g_string_new("name: 演练\nlocale: zh_CN\noffice: ban\n");

	g_string_append_printf(s, "timezone: %s\nhold_if_missing: %s\n", g->zone, g->hold);
	if (g->window[0] != 0)
		g_string_append_printf(s, "send_window: %s\n", g->window);
	g_string_append(s, "policies:\n");
	print_policy(s, &g->policies[0], "default");
	print_policy(s, &g->policies[1], "weekly");
	return g_string_free(s, FALSE);
}

static void print_contact(GString *s, const struct gen *g, unsigned i, const char *role,
			  const char *mail)
{
	const struct gen_unit *u = &g->units[i];

	g_string_append_printf(s, "u%u,单位%u,zhen,%s,某%u,%s@example.org,t%d,", i, i, role, i,
			       mail, u->tag);
	if (u->parent >= 0 && !g->units[u->parent].gone)
		g_string_append_printf(s, "u%d", u->parent);
	if (u->webhook && strcmp(role, "liaison") == 0)
		g_string_append_printf(s, ",https://u%u.example.org/hook\n", i);
	else
		g_string_append(s, ",\n");
}

static char *units_of(const struct gen *g)
{
	GString *s = g_string_new("unit,name,kind,role,person,email,tags,parent,webhook\n"
				  "ban,安委办,office,liaison,办甲,ban@example.org,,,\n"
				  "hui,安委会,committee,leader,会甲,hui@example.org,t0;t1,,\n");

	for (unsigned i = 0; i < g->n_units; i++) {
		const struct gen_unit *u = &g->units[i];
		g_autofree char *liaison = g_strdup_printf("liaison%u", i);
		g_autofree char *leader = g_strdup_printf("leader%u", i);
		g_autofree char *head = g_strdup_printf("head%u", i);

		if (u->gone)
			continue;
		for (int k = 0; u->liaison && k < (u->twin ? 2 : 1); k++)
			print_contact(s, g, i, "liaison", u->shared_liaison ? "post" : liaison);
		if (u->leader)
			print_contact(s, g, i, "leader", u->shared_leader ? "chief" : leader);
		if (u->head)
			print_contact(s, g, i, "head", head);
	}
	return g_string_free(s, FALSE);
}

static void print_day(GString *s, const char *property, date_t d)
{
	int year, month, day;

	date_split(d, &year, &month, &day);
	g_string_append_printf(s, "%s;VALUE=DATE:%04d%02d%02d\r\n", property, year, month, day);
}

static void print_time(GString *s, const struct gen *g, const char *property, date_t d, int minute)
{
	struct civil c;

	local_split(local_at(d, 0) + (local_t)minute * 60, &c);
	g_string_append_printf(s, "%s;TZID=%s:%04d%02d%02dT%02d%02d00\r\n", property, g->zone,
			       c.year, c.month, c.day, c.hour, c.minute);
}

static void print_start(GString *s, const struct gen *g, const struct gen_obligation *o,
			const char *property, int instance)
{
	date_t d = o->day + instance * o->every;

	if (o->all_day)
		print_day(s, property, d);
	else
		print_time(s, g, property, d, o->minute);
}

static void open_event(GString *s, const struct gen_obligation *o)
{
	g_string_append_printf(s,
			       "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20240101T000000Z\r\n"
			       "SUMMARY:报表%d\r\nCATEGORIES:%s%s",
			       o->uid, o->summary, o->milestone ? "MILESTONE" : "REPORT",
			       o->policy == 1 ? ",weekly" : "");
	if (o->tag >= 0 && !o->milestone)
		g_string_append_printf(s, ",t%d", o->tag);
	g_string_append(s, "\r\n");
}

static void print_obligation(GString *s, const struct gen *g, const struct gen_obligation *o)
{
	open_event(s, o);
	print_start(s, g, o, "DTSTART", 0);
	if (o->every > 0)
		g_string_append_printf(s, "RRULE:FREQ=DAILY;INTERVAL=%d;COUNT=%d\r\n", o->every,
				       o->count);
	if (o->excluded >= 0 && o->excluded < o->count)
		print_start(s, g, o, "EXDATE", o->excluded);
	if (o->alarm)
		g_string_append(s, "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n"
				   "TRIGGER:-PT2H\r\nEND:VALARM\r\n");
	g_string_append(s, "END:VEVENT\r\n");
	if (o->moved < 0 || o->moved >= o->count)
		return;
	open_event(s, o);
	print_start(s, g, o, "RECURRENCE-ID", o->moved);
	print_time(s, g, "DTSTART", o->day + o->moved * o->every, o->minute + o->moved_by);
	g_string_append(s, "END:VEVENT\r\n");
}

#define CALENDAR_HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:dst\r\n"

static char *ics_of(const struct gen *g)
{
	GString *s = g_string_new(CALENDAR_HEAD "BEGIN:VEVENT\r\nUID:phase@example.org\r\n"
						"DTSTAMP:20240101T000000Z\r\nSUMMARY:阶段\r\n"
						"CATEGORIES:PHASE\r\n");

	print_day(s, "DTSTART", g->start);
	print_day(s, "DTEND", g->start + g->days + 20);
	g_string_append(s, "END:VEVENT\r\n");
	for (unsigned i = 0; i < g->n_obligations; i++)
		if (!g->obligations[i].gone)
			print_obligation(s, g, &g->obligations[i]);
	g_string_append(s, "END:VCALENDAR\r\n");
	return g_string_free(s, FALSE);
}

static char *holidays_of(const struct gen *g)
{
	GString *s = g_string_new(CALENDAR_HEAD);

	for (int i = 0; i < 2; i++) {
		g_string_append_printf(s,
				       "BEGIN:VEVENT\r\nUID:off%d\r\nDTSTAMP:20240101T000000Z\r\n"
				       "SUMMARY:节\r\n",
				       i);
		print_day(s, "DTSTART", g->start + 10 + 190 * i);
		print_day(s, "DTEND", g->start + 10 + 190 * i + g->off_days);
		g_string_append(s, "END:VEVENT\r\n");
	}
	if (g->work_day >= 0) {
		g_string_append(s, "BEGIN:VEVENT\r\nUID:work\r\nDTSTAMP:20240101T000000Z\r\n"
				   "SUMMARY:班\r\nCATEGORIES:WORK\r\n");
		print_day(s, "DTSTART", g->start + 12 + g->work_day);
		g_string_append(s, "END:VEVENT\r\n");
	}
	g_string_append(s, "END:VCALENDAR\r\n");
	return g_string_free(s, FALSE);
}

char *gen_text(const struct gen *g)
{
	g_autofree char *yaml = yaml_of(g), *units = units_of(g), *ics = ics_of(g);

	return g_strdup_printf("%s----\n%s----\n%s", yaml, units, ics);
}

struct campaign *gen_load(const struct gen *g)
{
	g_autofree char *yaml = yaml_of(g), *units = units_of(g), *ics = ics_of(g),
			*holidays = holidays_of(g);
	struct campaign_files *files = campaign_files_new("dst");
	struct findings *found = findings_new();
	struct campaign *c = NULL;
	int rc;

	campaign_files_add(files, "campaign.yaml", yaml, strlen(yaml));
	campaign_files_add(files, "campaign.ics", ics, strlen(ics));
	campaign_files_add(files, "holidays.ics", holidays, strlen(holidays));
	campaign_files_add(files, "units.csv", units, strlen(units));
	rc = campaign_load(files, WALL_NEVER - 1, &c, found);
	if (rc < 0 || found->errors > 0) {
		for (guint i = 0; i < found->list->len; i++) {
			g_autofree char *line = finding_line(g_ptr_array_index(found->list, i));

			g_printerr("%s\n", line);
		}
		g_error("the generator made a broken campaign:\n%s\n%s\n%s", yaml, ics, units);
	}
	findings_free(&found);
	campaign_files_free(&files);
	return c;
}
