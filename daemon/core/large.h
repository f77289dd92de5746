/*
 * large.h - arrays of megabytes that are needed for a moment.
 */
#ifndef CORE_LARGE_H
#define CORE_LARGE_H

#include <stddef.h>

/**
 * @n bytes, not cleared, to be g_free()d soon. In huge pages where the system gives them to who asks
 * (transparent_hugepage = madvise or always): the faults of small ones would cost as much as what
 * is done with the array. For what stays it would be a waste.
 */
void *large_new(size_t n);

#endif
