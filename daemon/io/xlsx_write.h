/*
 * xlsx_write.h - a table as a workbook that spreadsheet programs open.
 *
 * Every cell is text: nothing in it can act as a formula, whatever it begins with, and what
 * looks like a date stays as it was written.  Equal tables give equal bytes.
 */
#ifndef IO_XLSX_WRITE_H
#define IO_XLSX_WRITE_H

#include <glib.h>

#include "daemon/core/err.h"

/**
 * One sheet named @name; @rows holds char ** (NULL-terminated), the first of them the header,
 * which stays in sight. 0 and *out, or -ENOMEM with words.
 */
int xlsx_write(const char *name, const GPtrArray *rows, GBytes **out, struct err *err);

#endif
