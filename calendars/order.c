/*
 * order.c - instances by start, in time that grows with their number alone.
 *
 * A stable radix sort over whole seconds keeps the order of UIDs that the series came in;
 * only instances that start together are compared at all.  Instances are made in their final
 * order: whoever walks them, prints them or frees them goes through memory from front to back.
 */
#include "order.h"

#include <string.h>

#include "expand.h"

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

#define AHEAD 12 /* instances that are on their way from memory */

struct entry {
	guint64 key; /* seconds since the first start */
	guint from;  /* index of what was found */
};

/* One stable pass by the digit at @shift. */
static void pass(const struct entry *from, struct entry *to, guint n, unsigned shift)
{
	guint at[DIGITS] = {0}, sum = 0;

	for (guint i = 0; i < n; i++)
		at[from[i].key >> shift & (DIGITS - 1)]++;
	for (guint d = 0; d < DIGITS; d++) {
		guint count = at[d];

		at[d] = sum;
		sum += count;
	}
	for (guint i = 0; i < n; i++)
		to[at[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

static GPtrArray *by_start(const GArray *found)
{
	const struct instance *all = (const struct instance *)(const void *)found->data;
	guint n = found->len;
	struct entry *a = g_new(struct entry, n), *b = g_new(struct entry, n), *other;
	GPtrArray *list = g_ptr_array_new_full(n, g_free);
	wall_t first = WALL_NEVER, last = WALL_ALWAYS;

	for (guint i = 0; i < n; i++) {
		first = MIN(first, all[i].start);
		last = MAX(last, all[i].start);
	}
	for (guint i = 0; i < n; i++)
		a[i] = (struct entry){(guint64)(all[i].start - first) / SECOND, i};
	for (unsigned shift = 0; shift < 64 && (guint64)(last - first) / SECOND >> shift > 0;
	     shift += DIGIT_BITS) {
		pass(a, b, n, shift);
		other = a;
		a = b;
		b = other;
	}
	for (guint i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(&all[a[i + AHEAD].from]);
		g_ptr_array_add(list, g_memdup2(&all[a[i].from], sizeof(*all)));
	}
	g_free(a);
	g_free(b);
	return list;
}

static int compare(const struct instance *x, const struct instance *y)
{
	int order = 0;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->component->uid != y->component->uid)
		order = strcmp(x->component->uid, y->component->uid);
	if (order == 0)
		order = strcmp(x->rid, y->rid);
	if (order == 0)
		order = x->component->todo - y->component->todo;
	return order;
}

static gint by_all(gconstpointer a, gconstpointer b)
{
	return compare(*(struct instance *const *)a, *(struct instance *const *)b);
}

/* Put in order those of a start that are not: @from .. @to. */
static void settle(GPtrArray *list, guint from, guint to)
{
	for (guint i = from + 1; i < to; i++) {
		if (compare(list->pdata[i - 1], list->pdata[i]) <= 0)
			continue;
		g_qsort_with_data(list->pdata + from, (gint)(to - from), sizeof(gpointer),
				  (GCompareDataFunc)(void (*)(void))by_all, NULL);
		return;
	}
}

/* Two VCALENDARs of a file, or two files, that hold the same thing hold it once. */
static gboolean is_same(const struct instance *a, const struct instance *b)
{
	return a->start == b->start && a->end == b->end && *a->component->uid != 0 &&
	       compare(a, b) == 0;
}

static void drop_same(GPtrArray *list)
{
	guint kept = 0;

	for (guint i = 0; i < list->len; i++) {
		if (kept > 0 && is_same(list->pdata[kept - 1], list->pdata[i])) {
			g_free(list->pdata[i]);
			continue;
		}
		list->pdata[kept++] = list->pdata[i];
	}
	for (guint i = kept; i < list->len; i++)
		list->pdata[i] = NULL; /* moved to the front: not the array's to free here */
	g_ptr_array_set_size(list, (gint)kept);
}

GPtrArray *order_instances(const GArray *found)
{
	GPtrArray *list;
	guint to;

	if (found->len == 0)
		return g_ptr_array_new_with_free_func(g_free);
	list = by_start(found);
	for (guint from = 0; from < list->len; from = to) {
		const struct instance *first = list->pdata[from];

		to = from + 1;
		while (to < list->len &&
		       ((const struct instance *)list->pdata[to])->start == first->start)
			to++;
		settle(list, from, to);
	}
	drop_same(list);
	return list;
}
