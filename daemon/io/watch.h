/*
 * watch.h - tells when people have edited a campaign directory.
 *
 * Watches the directory, its duty/ and templates/ and what lies under the latter.
 * Editors write beside and rename, Excel writes in pieces, `git pull` touches
 * many files: the callback comes once, when nothing has moved for the settle
 * time, and says only "look again".
 */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include "daemon/core/words.h"
#include "loop.h"

#define WATCH_SETTLE (500 * (dur_t)1)
#define WATCH_SETTLE_MAX (10 * SECOND) /**< told by then even if edits never pause */
#define WATCH_AGAIN (2 * SECOND)       /**< how often a directory that went away is looked for */
#define WATCH_DIRS_MAX 64

struct watch;

typedef void watch_fn(void *arg);

/**
 * @settle  usually WATCH_SETTLE
 * Returns NULL with words if @dir cannot be watched now (it must exist; if it goes away
 * later, it is waited for, and its coming back is told).
 */
struct watch *watch_new(struct loop *l, const char *dir, dur_t settle, watch_fn *fn, void *arg,
			struct err *err);

/** No callback after this. NULL inside is fine. */
void watch_free(struct watch **w);

#endif
