/*
 * life.h - a short life of duban's own engine and store on the disk of disk.h, its ledger, and
 * the look at what is left of it.
 */
#ifndef FAULTS_LIFE_H
#define FAULTS_LIFE_H

#include "daemon/engine/engine.h"
#include "disk.h"

/** Something that was promised: at operation .op it had been said. */
struct promise {
	enum { PROMISE_RECEIPT, PROMISE_SENT, PROMISE_NOTICES, PROMISE_BACKUP } kind;
	unsigned op;
	char text[64];  /**< idempotency key; file of the backup */
	int64_t number; /**< size of its file; message; how many notices; receipts in the backup */
};

struct life {
	char *path; /**< of the database; its directory is real and stays empty */
	struct store *store;
	struct engine *engine;
	wall_t now;
	GRand *rng;
	unsigned op; /**< operations of the disk so far; the VFS's hook counts */
	unsigned requests;
	GArray *promises; /* struct promise */
	GArray *claimed;  /* int64_t: messages on their way */
	int failed;       /**< verbs that said no */
	const char *sync; /**< "PRAGMA synchronous=NORMAL", for the control; NULL */
};

void life_init(struct life *l, const char *dir, guint32 seed);
void life_fini(struct life *l);
/** From start to stop, @rounds rounds. What fails is counted, and life goes on as the daemon's would. */
void life_run(struct life *l, int rounds);
/**
 * A start on what there is: everything promised before operation @op must be there, whole.
 * false, with words: it is not.
 */
bool life_check(struct life *l, unsigned op, struct err *err);

#endif
