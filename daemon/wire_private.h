/*
 * wire_private.h - the daemon's parts, shared by the wire files.
 *
 *            loop thread                          database thread
 *   timer, signals, watch ──> tick job ────────> engine_tick
 *   control socket ──> route job ──────────────> engine questions, submit, decide
 *   sender done ──> report + lease job ────────> engine_report, engine_lease
 *
 * Jobs are posted with "now"; their done functions run on the loop after the commit.
 */
#ifndef WIRE_PRIVATE_H
#define WIRE_PRIVATE_H

#include "daemon/http/routes.h"
#include "daemon/io/clock.h"
#include "daemon/io/loop.h"
#include "daemon/io/timer.h"
#include "daemon/io/watch.h"
#include "daemon/store/writer.h"
#include "notifiers/template.h"
#include "places.h"
#include "settings.h"

#define BATCH_MAX 500              /* messages leased by one commit */
#define PROBLEM_AGAIN (5 * SECOND) /* after a commit that failed */
#define DRIVERS 2                  /* enum driver */

struct daemon {
	const struct settings *settings;
	const char *settings_file;
	struct loop *loop;
	struct paced *paced;
	struct clock *clock;
	struct timer *timer;
	struct store *store; /* the writer's, once it runs */
	struct writer *writer;
	struct places places; /* database thread, once the writer runs */
	GPtrArray *watches;
	struct sources *sources;         /* wire_sources.c; NULL: none are looked at */
	struct sender *senders[DRIVERS]; /* by enum driver; NULL: none configured */
	struct templates *templates;
	struct notifier_settings channels;
	struct http_server *server;
	struct clock_trust trust;
	wall_t since, wake, outbox_wake;
	wall_t until;             /* where the paced clock stands still; WALL_NEVER: nowhere */
	struct http_call *pacing; /* answered when it does; NULL */
	bool tick_running, tick_again, outbox_running, stopping;
	bool finished;            /* the loop has ended: nothing more is posted or sent */
	unsigned in_flight, held; /* held: reasons for the paced clock to stand still */
	GPtrArray *reports;       /* struct report *, to be committed */
	GQueue ready[DRIVERS];    /* struct ready *, until their sender has room */
	unsigned ready_count;
	unsigned unrested; /* messages since memory was given back last */
	uv_timer_t reports_wait;
	bool reports_late, outbox_held, turn_posted;
	GHashTable *attempts;  /* struct attempt *: on their way */
	struct health *health; /* wire_health.c */
	char *problem;         /* what the last tick or commit failed of; NULL. Loop thread */
	int problem_code;      /* -errno */
	mono_t problem_at;     /* when it was met last */
	wall_t problem_since;
	/* What health is judged by. Machine time (clock_real()); 0 = not so */
	mono_t progress;      /* the database thread ended a job last, or was given the first */
	mono_t steady;        /* the wall clock was set last */
	mono_t tick_wanted;   /* a round is wanted and none has been committed */
	mono_t outbox_behind; /* messages wait though their time has come */
	mono_t relay_down;    /* no session has come about */
	char *relay_words;    /* why */
	wall_t doubt_since;   /* the clock is in doubt, if it is */
	uv_signal_t signals[3];
	uv_timer_t watchdog, drain, rest;
	bool watchdog_running;
	GQueue wishes;          /* struct wish *: campaigns to be read again */
	struct wish *preparing; /* the one whose turn it is; NULL */
	void *reload_wished;    /* .arg of the last wish for files that changed; NULL */
	int code;
};

/* wire_tick.c */
void wire_poke(struct daemon *d);        /**< plan now */
void wire_trust_clock(struct daemon *d); /**< a person says that it is right */
void wire_reload(struct daemon *d, const char *why);
void wire_arm(struct daemon *d); /**< set the timer for the earlier wake */
void wire_hold(struct daemon *d);
void wire_release(struct daemon *d);
/* wire_prepare.c */
/** @all: struct prepared *, a directory; the receiver's. NULL: we are stopping. On the loop. */
typedef void wire_prepared_fn(struct daemon *d, void *arg, GPtrArray *all);
/** Read all campaigns again, beginning after this call; then call @fn, never before returning. */
void wire_prepare(struct daemon *d, wire_prepared_fn *fn, void *arg);
/** The same for @dir alone, with @fresh in place of a file; both live until @fn is called. */
void wire_prepare_source(struct daemon *d, const char *dir, const struct source_row *fresh,
			 wire_prepared_fn *fn, void *arg);
/** Has the wish with this @arg not begun yet? */
bool wire_prepare_waits(const struct daemon *d, const void *arg);
void wire_prepare_stop(struct daemon *d);
/* wire_outbox.c */
void wire_send(struct daemon *d);                /**< commit reports, lease what may go */
wall_t wire_outbox_next(const struct daemon *d); /**< when it wants to be called */
void wire_rest(struct daemon *d);                /**< give back what a start or a burst needed */
int wire_outbox_start(struct daemon *d, struct err *err);
void wire_outbox_stop(struct daemon *d);
/* wire_pace.c */
/** Run the paced clock until then; @call is answered there. false: not paced, or one waits. */
bool wire_pace_call(struct daemon *d, struct http_call *call, wall_t until);
void wire_pace_check(struct daemon *d); /**< answer it, if it is time */
/* wire_sources.c */
int wire_sources_start(struct daemon *d, struct err *err);
void wire_sources_stop(struct daemon *d);
/** Other files are in force: which sources are there now? @poll: look at all of them. */
void wire_sources_refresh(struct daemon *d, bool poll);
/** Each as an object; instants in milliseconds, 0 = never. Caller frees. */
json_t *wire_sources_status(const struct daemon *d);
/** Adds those that fail: struct trouble *. */
void wire_sources_troubles(const struct daemon *d, GPtrArray *list);
/* wire_health.c */
void wire_health_start(struct daemon *d);
void wire_health_stop(struct daemon *d);
void wire_post(struct daemon *d, struct writer_job *job); /**< to the database thread */
void wire_progress(struct daemon *d);                     /**< it has ended something */
bool wire_database_refuses(const struct daemon *d); /**< jobs wait, and none has ended for long */
/** A mail was tried: is there a relay for us? */
void wire_health_relay(struct daemon *d, const struct reply *reply, enum outcome outcome);
void wire_health_outbox(struct daemon *d, wall_t now); /**< is anything late? */
void wire_health_soon(struct daemon *d);        /**< something happened: look in ten seconds */
void wire_health_disk(struct daemon *d);        /**< ask what it has left, unless that is known */
const char *wire_health_line(struct daemon *d); /**< one line for the service manager */
/** What is wrong now: [{"code", "since", "campaign", "text"}]; caller frees. */
json_t *wire_health_troubles(struct daemon *d);
/* wire_metrics.c */
char *wire_metrics(struct daemon *d); /**< for Prometheus; caller frees */
/* wire_control.c */
int wire_control_start(struct daemon *d, struct err *err);
/* wire.c */
void wire_problem(struct daemon *d, const char *event, int rc, const struct err *err);

#endif
