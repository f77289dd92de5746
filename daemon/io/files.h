/*
 * files.h - a campaign directory as a list of (path, bytes), and files written whole.
 *
 * Reads what a person may have put there, so it trusts nothing: regular files
 * only, no link that leads out of the tree, named sizes; what is refused is
 * refused with its path and the reason.  Calls block on the disk: use them from
 * the database thread or before the loop runs.
 */
#ifndef IO_FILES_H
#define IO_FILES_H

#include <glib.h>

#include "daemon/core/err.h"

#define FILES_SIZE_MAX (16u << 20)  /**< one file */
#define FILES_TOTAL_MAX (64u << 20) /**< all of them */
#define FILES_COUNT_MAX 1000
#define FILES_DEPTH_MAX 4 /**< templates/zh_CN/x is depth 3 */

struct file {
	char *path; /**< relative to the directory, "/" between parts, no leading "./" */
	GBytes *bytes;
};

/**
 * Every file of @dir: what lies in it, in duty/ and under templates/, by path. Names that
 * begin with "." or end in "~", and other directories, are not looked at.
 *
 * Returns 0 and *out (GPtrArray of struct file *, freed by g_ptr_array_unref);
 * -ENOENT, -ENOTDIR, -EACCES: @dir or a file cannot be opened; -EINVAL: a FIFO, socket or
 * device, or a link out of the tree; -EFBIG: a limit above; -EIO. The words name the file.
 */
int files_read(const char *dir, GPtrArray **out, struct err *err);

/** One file, at most @max bytes; the same errors. Links are followed: a person named it. */
int file_read(const char *path, size_t max, GBytes **out, struct err *err);

/**
 * Put @bytes at @path so that after any crash either the old or the new content is there:
 * write beside it, fsync, rename, fsync the directory. @mode as for open().
 * Returns 0 or -errno with words; the old file is then untouched.
 */
int file_write(const char *path, const void *bytes, size_t size, unsigned mode, struct err *err);

#endif
