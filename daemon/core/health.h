/*
 * health.h - what is wrong with the daemon itself: words for programs and for people.
 *
 *   what the loop sees -> health_judge() -> troubles -> /healthz, status, log, alarms
 *
 * Pure: facts in, troubles out.  A trouble has a code word that never changes, the instant since
 * when, and a sentence that says what to do.  While there is any, /healthz answers 503.
 */
#ifndef CORE_HEALTH_H
#define CORE_HEALTH_H

#include "words.h"

/* How long, or how much, before it is a trouble. */
#define HEALTH_DATABASE_STUCK (10 * SECOND) /**< no job of the database thread has ended */
#define HEALTH_TICK_LATE (1 * MINUTE)       /**< a round is due and not committed */
#define HEALTH_OUTBOX_LATE (10 * MINUTE)    /**< the oldest message that may go has not gone */
#define HEALTH_RELAY_DOWN (1 * MINUTE)      /**< no session with the relay has come about */
#define HEALTH_LOG_LARGE (64ll << 20)       /**< bytes of the log not copied into the database */
#define HEALTH_DISK_PERCENT 10              /**< free of the database's file system; a setting */
#define HEALTH_DISK_BYTES (200ll << 20)     /**< the same */
#define HEALTH_SOURCE_FAILURES 2            /**< readings of a remote source in a row */

/** In the order in which they are told: what stops everything first. */
enum trouble_code {
	TROUBLE_DATABASE_STUCK,  /**< database-stuck */
	TROUBLE_DISK_FULL,       /**< disk-full: the last write failed for want of room */
	TROUBLE_DATABASE_FAILED, /**< database-failed: the last write or read failed otherwise */
	TROUBLE_DISK_LOW,        /**< disk-low */
	TROUBLE_LOG_LARGE,       /**< log-large */
	TROUBLE_TICK_LATE,       /**< tick-late */
	TROUBLE_OUTBOX_LATE,     /**< outbox-late */
	TROUBLE_RELAY_DOWN,      /**< relay-unreachable */
	TROUBLE_CLOCK,           /**< clock-doubt */
	TROUBLE_FILES,  /**< files-broken: what lies in a campaign's directory is not in force */
	TROUBLE_SOURCE, /**< source-failed */
	TROUBLES
};

struct trouble {
	enum trouble_code code;
	wall_t since;   /**< 0: whoever keeps account knows when it was first seen */
	char *campaign; /**< its key; NULL: the daemon as a whole. All strings are owned */
	char *about;    /**< the path, host or source that is meant; NULL */
	char *words;    /**< of the system or a peer, as they came; NULL */
	int64_t amount; /**< ms, bytes or times, by the code */
	int64_t share;  /**< percent free */
};

/** What the loop sees. Borrowed strings; lengths are 0 where there is nothing. */
struct health_facts {
	wall_t now;
	const char *database;
	dur_t database_busy; /**< jobs wait, and none has ended for so long */
	int failure;         /**< -errno of what failed last and is not known to be well again; 0 */
	wall_t failure_since;
	const char *failure_words;
	bool disk_known;
	int64_t disk_free, disk_total; /**< bytes, for us */
	int64_t log_left;              /**< bytes of the log that are not in the database */
	dur_t tick_late, outbox_late, relay_down;
	const char *relay, *relay_words;
	const char *clock_doubt; /**< NULL: the clock is trusted */
	wall_t clock_since;
};

struct health_limits {
	int64_t disk_percent, disk_bytes; /**< 0 = never too little */
	int hurry;                        /**< lengths are divided by it: tests do not wait; 1 */
};

/** The troubles of @f, in the order of their codes; GPtrArray of struct trouble *, owning. */
GPtrArray *health_judge(const struct health_facts *f, const struct health_limits *limits);
struct trouble *trouble_new(enum trouble_code code, const char *campaign, const char *about,
			    const char *words);
void trouble_free(gpointer trouble);

/** "disk-low": for programs; never changes. */
const char *trouble_word(enum trouble_code code);
/** "磁盘空间不足": the name of it, for the head of a message. */
const char *trouble_title(enum trouble_code code, bool english);
/** What is wrong and what to do, one line without a stop at its end. Caller frees. */
char *trouble_text(const struct trouble *t, bool english);
/** "已恢复：磁盘空间不足（… 至 …）": that it was, and what is left to do. Caller frees. */
char *trouble_over_text(enum trouble_code code, const char *since, const char *ended, bool english);
/** One trouble from another: "files-broken:NAME", "source-failed:NAME/duty/a.ics". Caller frees. */
char *trouble_key(const struct trouble *t);

/* ---- telling people ------------------------------------------------------- */

#define HEALTH_OVER_AFTER (5 * MINUTE) /**< not seen for so long: it is over */
#define HEALTH_TELL_AGAIN HOUR         /**< after an end the next beginning waits so long */

/** What an account keeps of one trouble; machine time. */
struct health_account {
	bool present; /**< it is there now */
	bool told;    /**< its beginning was told, its end was not */
	mono_t begun;
	mono_t gone;  /**< not .present: seen last then */
	mono_t quiet; /**< nobody hears of a beginning before */
};

enum health_word {
	HEALTH_SAY_NOTHING,
	HEALTH_SAY_BEGUN,
	HEALTH_SAY_OVER, /**< of what was told, or could not be while it lasted */
	HEALTH_FORGET    /**< nobody need hear of it any more */
};

/**
 * What people are to be told of it now: a beginning that lasts and an end that lasts, once each;
 * what comes and goes makes two messages in HEALTH_TELL_AGAIN and no more. @hurry as in the limits.
 */
enum health_word health_say(enum trouble_code code, const struct health_account *a, mono_t now,
			    int hurry);
/** It was said: the account afterwards. */
void health_said(struct health_account *a, enum health_word word, mono_t now, int hurry);

#endif
