/*
 * timer.c - a timerfd on a uv_poll, or the demo's jumps on a uv_timer.
 *
 *   timer_new -> IDLE <-> SET;  timer_free: either -> CLOSING -> uv close cb -> gone
 *
 * The timerfd is always armed, at TIMER_SLEEP_MAX from now if nothing is set:
 * TFD_TIMER_CANCEL_ON_SET works only on an armed one, and the look at boot time
 * is due anyway.  An early wake is never passed on.
 */
#include "timer.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct timer {
	struct loop *loop;
	timer_fn *fn; /* NULL from timer_free() on */
	void *arg;
	wall_t at; /* WALL_NEVER: not set */

	int fd; /* -1: paced */
	uv_poll_t poll;
	wall_t wall; /* the last pair of readings */
	mono_t boot;
	bool cancelled; /* the kernel told of a step while we were arming */

	struct paced *paced;
	uv_timer_t wait;
	uint64_t since,
		waited; /* real milliseconds: begun at, and before that, since the last jump */
	bool waiting;
};

dur_t timer_step(wall_t wall0, mono_t boot0, wall_t wall1, mono_t boot1)
{
	return (wall1 - wall0) - (boot1 - boot0);
}

static wall_t timer_now(void)
{
	struct clock *c = clock_real();

	return c->now(c);
}

/** Arm the timerfd at @at; false if the clock was set since it was last armed or read. */
static bool timer_fd_set(struct timer *t, wall_t at)
{
	struct itimerspec spec = {0};
	int rc;

	at = MAX(at, 1); /* all zero would disarm it, and before 1970 is as past as 1970 */
	spec.it_value.tv_sec = (time_t)(at / 1000);
	spec.it_value.tv_nsec = (long)(at % 1000) * 1000000;
	rc = timerfd_settime(t->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL);
	must(rc == 0 || errno == ECANCELED);
	return rc == 0;
}

static void timer_arm(struct timer *t)
{
	if (timer_fd_set(t, MIN(t->at, timer_now() + TIMER_SLEEP_MAX)))
		return;
	/* A step that nobody has read yet: wake up at once to tell it. */
	t->cancelled = true;
	(void)timer_fd_set(t, 1); /* a second step is told together with the first */
}

/* Has the wall moved by itself since the last look? */
static bool timer_compare(struct timer *t, wall_t wall)
{
	mono_t boot = clock_boot();
	dur_t step = timer_step(t->wall, t->boot, wall, boot);

	t->wall = wall;
	t->boot = boot;
	return step > TIMER_STEP_MIN || step < -TIMER_STEP_MIN;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct timer *t = poll->data;
	uint64_t expirations = 0;
	ssize_t n = read(t->fd, &expirations, sizeof(expirations));
	bool told = (n < 0 && errno == ECANCELED) || t->cancelled;
	wall_t wall = timer_now();
	bool stepped = timer_compare(t, wall) || told;

	(void)status; /* a timerfd has no errors of its own but those of read() */
	(void)events;
	t->cancelled = false;
	if (stepped) {
		timer_arm(t);
		t->fn(t->arg, TIMER_STEPPED);
		return;
	}
	if (t->at <= wall) {
		t->at = WALL_NEVER;
		timer_arm(t);
		t->fn(t->arg, TIMER_DUE);
		return;
	}
	timer_arm(t);
}

void timer_look(struct timer *t)
{
	if (t->paced != NULL || !timer_compare(t, timer_now()))
		return;
	timer_arm(t);
	t->fn(t->arg, TIMER_STEPPED);
}

struct timer *timer_new(struct loop *l, timer_fn *fn, void *arg, struct err *err)
{
	struct timer *t = g_new0(struct timer, 1);
	int rc;

	must(fn != NULL);
	*t = (struct timer){.loop = l, .fn = fn, .arg = arg, .at = WALL_NEVER};
	t->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->fd < 0) {
		err_set(err, -errno, "timerfd: %s", strerror(errno));
		g_free(t);
		return NULL;
	}
	rc = uv_poll_init(loop_uv(l), &t->poll, t->fd);
	must(rc == 0);
	t->poll.data = t;
	t->wall = timer_now();
	t->boot = clock_boot();
	timer_arm(t);
	must(uv_poll_start(&t->poll, UV_READABLE, on_poll) == 0);
	return t;
}

/* ---- paced ---------------------------------------------------------------- */

static void on_wait(uv_timer_t *wait)
{
	struct timer *t = wait->data;

	if (t->at == WALL_NEVER || paced_held(t->paced))
		return; /* the release sets it going again */
	paced_advance(t->paced, t->at);
	t->at = WALL_NEVER;
	t->waiting = false;
	t->waited = 0;
	t->fn(t->arg, TIMER_DUE);
}

/* What was waited before a hold counts: else whoever asks often would stop the clock. */
static void timer_pace(void *arg)
{
	struct timer *t = arg;
	uint64_t wait;

	uv_timer_stop(&t->wait);
	if (t->waiting)
		t->waited += uv_now(loop_uv(t->loop)) - t->since;
	t->waiting = t->at != WALL_NEVER && !paced_held(t->paced);
	if (!t->waiting)
		return;
	wait = (uint64_t)paced_wait(t->paced, t->at);
	wait -= MIN(wait, t->waited);
	t->since = uv_now(loop_uv(t->loop));
	must(uv_timer_start(&t->wait, on_wait, wait, 0) == 0);
}

struct timer *timer_new_paced(struct loop *l, struct paced *p, timer_fn *fn, void *arg)
{
	struct timer *t = g_new0(struct timer, 1);

	must(fn != NULL);
	*t = (struct timer){
		.loop = l, .fn = fn, .arg = arg, .at = WALL_NEVER, .fd = -1, .paced = p};
	must(uv_timer_init(loop_uv(l), &t->wait) == 0);
	t->wait.data = t;
	paced_on_release(p, timer_pace, t);
	return t;
}

void timer_set(struct timer *t, wall_t at)
{
	t->at = at;
	if (t->paced)
		timer_pace(t);
	else
		timer_arm(t);
}

static void on_closed(uv_handle_t *h)
{
	struct timer *t = h->data;

	if (t->fd >= 0)
		close(t->fd);
	g_free(t);
}

void timer_free(struct timer **tp)
{
	struct timer *t = *tp;

	if (!t)
		return;
	*tp = NULL;
	t->fn = NULL;
	if (t->paced) {
		paced_on_release(t->paced, NULL, NULL);
		uv_close((uv_handle_t *)&t->wait, on_closed);
	} else {
		uv_close((uv_handle_t *)&t->poll, on_closed);
	}
}
