/*
 * loop.h - the one libuv loop of the process, and calls put off to a later turn.
 *
 * Everything in daemon/io hangs on this loop and belongs to its thread; only
 * loop_post() may be called from another one.  Nothing here may block.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <uv.h>

#include "daemon/core/err.h"

struct loop;

typedef void loop_fn(void *arg);

/** A loop of its own; SIGPIPE is ignored from here on. NULL with words if the kernel refuses. */
struct loop *loop_new(struct err *err);

/**
 * Close it. Whoever hung something on it has freed that before (handles that are still
 * closing are waited for); a handle left open is our bug.
 */
void loop_free(struct loop **l);

/** For the handles of daemon/io and daemon/http; borrowed. */
uv_loop_t *loop_uv(struct loop *l);

/** Run until loop_stop(). */
void loop_run(struct loop *l);

/** One turn: handle what is ready; wait for something first if @wait. */
void loop_turn(struct loop *l, bool wait);

void loop_stop(struct loop *l);

/** Call @fn(@arg) from the loop, never before this function has returned; in order. */
void loop_defer(struct loop *l, loop_fn *fn, void *arg);

/** Forget every deferred call with this @arg; to be called before freeing it. */
void loop_forget(struct loop *l, const void *arg);

/** loop_defer() for other threads. What is posted cannot be forgotten. */
void loop_post(struct loop *l, loop_fn *fn, void *arg);

#endif
