/*
 * large.c - whole huge pages, advised to be such.
 */
#include "large.h"

#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "err.h"

#define HUGE_PAGE ((size_t)2 << 20)

void *large_new(size_t n)
{
	size_t whole = (n + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	void *p;

	if (n < HUGE_PAGE)
		return g_malloc(n);
	p = aligned_alloc(HUGE_PAGE, whole);
	must(p != NULL);
	(void)madvise(p, whole, MADV_HUGEPAGE); /* without them it is only slower */
	return p;
}
