/*
 * memory.h - giving back what a start or a burst needed.
 */
#ifndef IO_MEMORY_H
#define IO_MEMORY_H

/**
 * Returns to the system what the allocator keeps free, and lets go of the program's and its
 * libraries' pages that are only read: linking alone touches most of them, the daemon then waits for
 * days. They stay in the page cache and come back one by one when they are needed. Any thread.
 */
void memory_give_back(void);

#endif
