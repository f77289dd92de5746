/*
 * disk_private.h - between the disk and its VFS.
 */
#ifndef FAULTS_DISK_PRIVATE_H
#define FAULTS_DISK_PRIVATE_H

#include "disk.h"

struct inode { /* counted: by names and by open files */
	GByteArray *bytes, *safe;
};

/** 0, or the SQLite code to fail with. */
int disk_ask(enum disk_op op, const char *name);
struct inode *disk_find(const char *name); /**< NULL: no such file. Borrowed */
struct inode *disk_make(const char *name); /**< borrowed from its name */
void disk_remove(const char *name);
void disk_hold(struct inode *i);
void disk_release(struct inode *i);
void disk_sync(struct inode *i);
void disk_sync_names(void);

#endif
