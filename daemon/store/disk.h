/*
 * disk.h - what a disk did that no verb could say.
 */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include "store.h"

/**
 * A read has failed since store_begin(), or since it was last asked: verbs then return fewer rows
 * than there are, and who is not among those who reported may have. 0, or -errno with words.
 * store_commit() asks by itself, and rolls back.
 */
int store_reads_failed(struct store *st, struct err *err);
/**
 * What went wrong since it was last asked and no verb returned: the log could not be copied
 * into the database. Nothing is lost by it yet. 0, or -errno with words.
 */
int store_trouble(struct store *st, struct err *err);
/** Bytes of the log that are not in the database: they grow while somebody else reads the file. */
int64_t store_log_left(const struct store *st);

#endif
