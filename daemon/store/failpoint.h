/*
 * failpoint.h - named places at which a test may kill the process or fail the disk.
 *
 * They stand between what promises and what keeps the promise: before and after
 * every commit, at every write, around a lease and an answer.  A build without
 * DUBAN_FAILPOINTS has none of them.  failpoint.c lists them all, and what each means;
 * a name that is not in the list dies at once, so that no test can miss a place.
 *
 * From outside: DUBAN_FAIL=NAME:COUNT:kill|error|hang - the COUNT-th time (from 1) that
 * the place is passed, the process kills itself with SIGKILL, the place reports -EIO, or
 * the thread never comes back from it.
 * DUBAN_FAIL=list prints the list and ends the program (0) at the first place it passes.
 */
#ifndef STORE_FAILPOINT_H
#define STORE_FAILPOINT_H

#ifdef DUBAN_FAILPOINTS

/** 0, or -EIO when the place is to fail. Any thread. */
int failpoint(const char *name);

/** What a test asks instead of the environment; NULL: the environment again. */
typedef int failpoint_fn(void *arg, const char *name);
void failpoint_set(failpoint_fn *fn, void *arg);

#else

static inline int failpoint(const char *name)
{
	(void)name;
	return 0;
}

#endif

#endif
