/*
 * disk.h - a disk in memory that can lose its power, and the SQLite VFS that writes to it.
 *
 * It knows what is safe and what is only in a cache: contents since their last sync, and
 * names since their directory's.  A cut decides for every 512-byte sector by itself whether
 * its latest bytes survive, the safe ones come back, or it holds noise; the same for every
 * name that was made or removed.
 */
#ifndef FAULTS_DISK_H
#define FAULTS_DISK_H

#include <glib.h>
#include <stdbool.h>

enum disk_op { DISK_OPEN, DISK_READ, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_NAME, DISK_OPS };

struct disk;

struct disk *disk_new(void);
/** As it is now, with what is safe and what is not. */
struct disk *disk_copy(const struct disk *d);
void disk_free(struct disk **d);

/** The VFS, and fsync(), link() and unlink(), work on this disk from now on (borrowed). */
void disk_mount(struct disk *d);
/** The power fails: what a machine would find when it is back. @noise: sectors may hold some. */
void disk_cut(struct disk *d, GRand *rng, bool noise);
/** A disk that says it has synced and has not. */
void disk_lie(bool lie);
bool disk_has(const char *name);

/**
 * Asked before each operation; 0 lets it happen, else the SQLite code it fails with.  A write
 * that fails with SQLITE_FULL leaves half of its bytes.
 */
typedef int disk_op_fn(void *arg, enum disk_op op, const char *name);
void disk_on_op(disk_op_fn *fn, void *arg);
/** As if there were no such function, for so long. */
void disk_quiet(bool quiet);

/** Make the VFS SQLite's default; once, first of all. */
void disk_register(void);

#endif
