/*
 * near.c - distance of names (optimal string alignment over Unicode characters).
 */
#include "near.h"

#include <glib.h>
#include <string.h>

#define NAME_MAX_CHARS 64 /* of longer names only the beginning is compared */

void near_start(struct near *n, const char *wanted)
{
	*n = (struct near){.wanted = wanted, .distance = G_MAXUINT};
}

static unsigned chars_of(const char *text, gunichar *out)
{
	unsigned n = 0;

	for (; *text && n < NAME_MAX_CHARS; text = g_utf8_next_char(text))
		out[n++] = g_unichar_tolower(g_utf8_get_char(text));
	return n;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

static unsigned distance_of(const gunichar *a, unsigned na, const gunichar *b, unsigned nb)
{
	unsigned rows[3][NAME_MAX_CHARS + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= nb; j++)
		last[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned *spare = before;

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

void near_offer(struct near *n, const char *name)
{
	gunichar a[NAME_MAX_CHARS], b[NAME_MAX_CHARS];
	unsigned na = chars_of(n->wanted, a), nb = chars_of(name, b);
	unsigned longer = MAX(na, nb), shorter = MIN(na, nb), distance;

	/* The lengths alone make it too far: do not compute (there may be 100,000 names). */
	if (longer == 0 || longer - shorter > longer / 2 || longer - shorter >= n->distance)
		return;
	distance = distance_of(a, na, b, nb);
	if (distance > longer / 2 || distance >= n->distance)
		return;
	n->distance = distance;
	n->best = name;
}

char *near_words(const struct near *n)
{
	return n->best ? g_strdup_printf("，是不是“%s”？", n->best) : g_strdup("");
}
