/*
 * child.h - hostile bytes are parsed in a throw-away process.
 *
 * Starts /proc/self/exe --parse KIND with limits on time, memory and files, gives
 * it the bytes on standard input and collects what it prints.  Whatever the
 * parser does (loops, eats memory, crashes), only the child dies.  It gets no
 * secret: an empty environment but for the locale.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <glib.h>
#include <sys/types.h>

#include "daemon/core/words.h"
#include "loop.h"

struct child_limits {
	unsigned cpu_s;  /**< seconds of CPU, RLIMIT_CPU; 0 = 5 */
	uint64_t memory; /**< bytes of address space; 0 = unlimited (sanitizers need it) */
	dur_t timeout;   /**< of real time; 0 = 30 s */
	size_t out_max;  /**< bytes of output; 0 = 8 MiB */
};

struct child;

/**
 * @rc  0: exited with 0, @out is what it printed. -ETIMEDOUT: real time or CPU ran out;
 *      -EFBIG: printed too much; -EPROTO: crashed or exited otherwise. Then @out is NULL
 *      and @err says what happened.
 * The child is gone when this is called. @out is borrowed: ref it to keep it.
 */
typedef void child_done_fn(void *arg, int rc, GBytes *out, const struct err *err);

/**
 * Start parsing @in (a reference is taken) as @kind. @done is called exactly once, never
 * before this has returned. Returns NULL with words if no process can be had.
 */
struct child *child_start(struct loop *l, const char *kind, GBytes *in,
			  const struct child_limits *limits, child_done_fn *done, void *arg,
			  struct err *err);

/**
 * The same in two halves, for a thread that may block, never the loop's: the process starts and
 * works while the caller does something else. SIGPIPE must be ignored (loop_new() does).
 *
 * What of @in does not fit into a pipe waits for child_end(), and the time-out counts from there.
 * child_begin(): NULL with words if no process can be had. child_end(): 0 and *out, which is the
 * caller's; else as child_done_fn's @rc.
 */
struct child_run *child_begin(const char *kind, GBytes *in, const struct child_limits *limits,
			      struct err *err);
int child_end(struct child_run **run, GBytes **out, struct err *err);

/** Limit a process that has just been made and has not been given a byte. 0 or -errno. */
int child_limits_set(pid_t pid, const struct child_limits *limits);

/** Kill it; @done is not called any more. Only before @done was called. NULL inside is fine. */
void child_cancel(struct child **c);

#endif
