/*
 * clock.c - the machine's clock, the demo's clock, and doubts about either.
 */
#include "clock.h"

#include <sys/timex.h>
#include <time.h>

#include "daemon/core/err.h"

static int64_t clock_read(clockid_t id)
{
	struct timespec ts;

	must(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static wall_t real_now(struct clock *c)
{
	(void)c;
	return clock_read(CLOCK_REALTIME);
}

static mono_t real_mono(struct clock *c)
{
	(void)c;
	return clock_read(CLOCK_MONOTONIC);
}

struct clock *clock_real(void)
{
	static struct clock real = {real_now, real_mono};

	return &real;
}

mono_t clock_boot(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

bool clock_sync_said(int state, int status)
{
	return state >= 0 && state != TIME_ERROR && !(status & STA_UNSYNC);
}

bool clock_synchronised(void)
{
	struct timex tx = {.modes = 0};
	int state = adjtimex(&tx);

	return clock_sync_said(state, tx.status);
}

/* ---- the demo's clock ---------------------------------------------------- */

struct paced {
	struct clock clock; /* first: struct clock * is struct paced * */
	wall_t start, now;
	double factor;
	unsigned holds;
	paced_fn *released;
	void *arg;
};

static wall_t paced_now(struct clock *c)
{
	return ((struct paced *)c)->now;
}

static mono_t paced_mono(struct clock *c)
{
	struct paced *p = (struct paced *)c;

	return p->now - p->start;
}

struct paced *paced_new(wall_t start, double factor)
{
	struct paced *p = g_new0(struct paced, 1);

	must(factor >= 0);
	p->clock = (struct clock){paced_now, paced_mono};
	p->start = p->now = start;
	p->factor = factor;
	return p;
}

void paced_free(struct paced **p)
{
	g_free(*p);
	*p = NULL;
}

struct clock *paced_clock(struct paced *p)
{
	return &p->clock;
}

void paced_hold(struct paced *p)
{
	p->holds++;
}

void paced_release(struct paced *p)
{
	must(p->holds > 0);
	if (--p->holds == 0 && p->released)
		p->released(p->arg);
}

bool paced_held(const struct paced *p)
{
	return p->holds > 0;
}

void paced_on_release(struct paced *p, paced_fn *fn, void *arg)
{
	p->released = fn;
	p->arg = arg;
}

void paced_advance(struct paced *p, wall_t to)
{
	must(p->holds == 0);
	must(to != WALL_NEVER);
	if (to > p->now)
		p->now = to;
}

dur_t paced_wait(const struct paced *p, wall_t to)
{
	if (p->factor == 0 || to <= p->now)
		return 0;
	return (dur_t)((double)(to - p->now) / p->factor);
}

/* ---- trust ---------------------------------------------------------------- */

static void trust_note(struct clock_trust *t, wall_t now, mono_t boot)
{
	t->wall = t->anchor_wall = now;
	t->boot = t->anchor_boot = boot;
	t->anchored = true;
	t->high = MAX(t->high, now);
}

static enum clock_doubt doubt_at_start(const struct clock_past *past, wall_t now, bool synchronised)
{
	bool first = past->high_water == WALL_ALWAYS;

	if (now < CLOCK_FLOOR || (!first && now < past->high_water - CLOCK_BEHIND_MAX))
		return CLOCK_BEHIND;
	if (synchronised)
		return CLOCK_TRUSTED;
	if (past->doubted || now > (first ? CLOCK_CEILING : past->high_water + CLOCK_REST_MAX))
		return CLOCK_AHEAD;
	return past->heed_sync ? CLOCK_UNSYNCED : CLOCK_TRUSTED;
}

void clock_trust_start(struct clock_trust *t, const struct clock_past *past, wall_t now,
		       mono_t boot, bool synchronised)
{
	*t = (struct clock_trust){
		.doubt = doubt_at_start(past, now, synchronised),
		.high = past->high_water,
		.wall = now,
		.boot = boot,
	};
	if (t->doubt == CLOCK_TRUSTED)
		trust_note(t, now, boot);
}

/* Somebody put the clock right again: it shows what it would if nothing had happened. */
static bool agrees_again(const struct clock_trust *t, wall_t now, mono_t boot)
{
	dur_t off = (now - t->anchor_wall) - (boot - t->anchor_boot);

	return t->anchored && ABS(off) <= CLOCK_BEHIND_MAX;
}

enum clock_doubt clock_trust_check(struct clock_trust *t, wall_t now, mono_t boot,
				   bool synchronised)
{
	dur_t ahead = (now - t->wall) - (boot - t->boot);

	if (t->doubt != CLOCK_TRUSTED && synchronised) {
		clock_trust_confirm(t, now, boot);
		return t->doubt;
	}
	if (t->doubt != CLOCK_TRUSTED && agrees_again(t, now, boot))
		t->doubt = CLOCK_TRUSTED;
	else if (t->high != WALL_ALWAYS && now < t->high - CLOCK_BEHIND_MAX)
		t->doubt = CLOCK_BEHIND;
	else if (ahead > CLOCK_AHEAD_MAX)
		t->doubt = CLOCK_AHEAD;
	/* A suspect instant must not become the mark that a right one is measured by. */
	if (t->doubt == CLOCK_TRUSTED) {
		trust_note(t, now, boot);
	} else {
		t->wall = now;
		t->boot = boot;
	}
	return t->doubt;
}

void clock_trust_confirm(struct clock_trust *t, wall_t now, mono_t boot)
{
	t->doubt = CLOCK_TRUSTED;
	t->high = now; /* lower than before, if a person says that the mark was wrong */
	trust_note(t, now, boot);
}

const char *clock_doubt_text(enum clock_doubt d)
{
	switch (d) {
	case CLOCK_TRUSTED:
		return NULL;
	case CLOCK_AHEAD:
		return "突然走快了五分钟以上，或与上次运行相隔太久";
	case CLOCK_BEHIND:
		return "比已登记过的时间还早";
	case CLOCK_UNSYNCED:
		return "尚未与时间服务器同步";
	}
	must(!"enum clock_doubt");
}

const char *clock_doubt_word(enum clock_doubt d)
{
	switch (d) {
	case CLOCK_TRUSTED:
		return "trusted";
	case CLOCK_AHEAD:
		return "jumped ahead";
	case CLOCK_BEHIND:
		return "behind what was stored";
	case CLOCK_UNSYNCED:
		return "not synchronised";
	}
	must(!"enum clock_doubt");
}
