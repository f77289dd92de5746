/*
 * gen.h - small random campaigns as text, and random edits of them.
 *
 * A campaign here is what a person would have in the directory: it is printed to
 * campaign.yaml, campaign.ics, units.csv and holidays.ics and goes through
 * campaign_load() like any other.  The model of it knows nothing that the text does not say.
 */
#ifndef DST_GEN_H
#define DST_GEN_H

#include "calendars/civil.h"
#include "daemon/campaign/load.h"
#include "rng.h"

#define GEN_UNITS 8
#define GEN_OBLIGATIONS 6
#define GEN_STEPS 7
#define GEN_POLICIES 2

struct gen_unit {
	bool gone;
	bool liaison, leader, head;
	bool shared_leader;  /* one person leads several units */
	bool shared_liaison; /* one mailbox for several units */
	bool twin;           /* two liaisons with one address */
	bool webhook;
	int tag; /* t0, t1 */
	int parent;
};

struct gen_step {
	int number; /* its name is s<number>, never used again */
	bool after;
	const char *at, *to, *more; /* more: further keys */
};

struct gen_policy {
	const char *grace, *closes, *warn, *off_day, *window, *streak;
	bool zero;
	struct gen_step steps[GEN_STEPS];
	unsigned n_steps;
};

struct gen_obligation {
	char uid[24];
	bool gone, milestone, all_day, alarm;
	int summary; /* told by it when a series is cut */
	int policy;
	int tag;             /* -1 = all that report */
	date_t day;          /* of the first instance */
	int minute;          /* of the day */
	int every;           /* days; 0 = does not recur */
	int count;           /* instances */
	int moved, moved_by; /* instance with a RECURRENCE-ID of its own, minutes; -1 = none */
	int excluded;        /* EXDATE; -1 = none */
};

struct gen {
	const char *zone;
	date_t start; /* a Monday */
	int days;     /* length of the campaign */
	const char *hold, *window;
	struct gen_unit units[GEN_UNITS];
	unsigned n_units;
	struct gen_policy policies[GEN_POLICIES];
	struct gen_obligation obligations[GEN_OBLIGATIONS];
	unsigned n_obligations;
	int off_days, work_day; /* a holiday's length; a make-up day after it, -1 = none */
	int next_step, next_uid;
};

/** What an edit did, for the model of the world. */
struct gen_edit {
	const char *words;
	bool cut;
	char from[24], to[24]; /* the series' UID and that of what was cut off */
	int at;                /* instances from this one on */
	bool dragged;          /* the series .from: every instance has another RECURRENCE-ID */
};

void gen_random(struct gen *g, struct rng *r);
void gen_mutate(struct gen *g, struct rng *r, struct gen_edit *out);
/** Never fails: a campaign with errors is a bug of the generator, and dies with its text. */
struct campaign *gen_load(const struct gen *g);
/** The files' text, for --trace. g_free. */
char *gen_text(const struct gen *g);

#endif
