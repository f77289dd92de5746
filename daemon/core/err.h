/*
 * err.h - words for a person about what went wrong, and must() for our own bugs.
 *
 * Functions return 0 or a positive result on success and -errno on failure; the
 * words go into struct err, which the caller owns and may leave out (NULL).
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdarg.h>

#define ERR_TEXT_MAX 512

struct err {
	int code;                /**< the -errno returned */
	char text[ERR_TEXT_MAX]; /**< UTF-8, one line, no trailing stop */
};

/** Fill @err (may be NULL) and return @code, so that callers can `return err_set(...)`. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** Put "prefix: " before the words already there. Returns err->code, or @code if @err is NULL. */
int err_prefix(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Our own bug: say where and abort; stays on in release, never judges input. */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))
_Noreturn void must_failed(const char *what, const char *file, int line);

#endif
