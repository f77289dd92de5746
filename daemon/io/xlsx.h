/*
 * xlsx.h - the first sheet of a workbook as CSV: what people have when they mean a table.
 *
 * A workbook is a zip of XML from anywhere: entries, inflated bytes, rows and texts are
 * bounded, document types are refused, nothing is fetched.  Call it in a process that may
 * die (dubanctl --parse xlsx), as all hostile bytes.
 */
#ifndef IO_XLSX_H
#define IO_XLSX_H

#include <stddef.h>

#include "daemon/core/err.h"

#define XLSX_BYTES_MAX (8u << 20)
#define XLSX_ENTRIES_MAX 2000
#define XLSX_INFLATED_MAX (64u << 20) /**< of all parts that are read */
#define XLSX_ROWS_MAX 50000
#define XLSX_COLUMNS_MAX 64
#define XLSX_STRINGS_MAX 500000
#define XLSX_CSV_MAX (16u << 20)

/**
 * Row n of the sheet becomes line n; line breaks in a cell become blanks; numbers are written as they
 * are stored (dates are days since 1899-12-30, also of a workbook that counts from 1904; times
 * fractions of a day). Caller frees *out.
 * -EINVAL: no workbook, or damaged; -EFBIG: a limit above. Words for people in either case.
 */
int xlsx_to_csv(const char *bytes, size_t size, char **out, struct err *err);

#endif
