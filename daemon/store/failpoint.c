/*
 * failpoint.c - the places of failpoint.h, armed by a test or by DUBAN_FAIL.
 *
 * A word that is not understood kills nothing but stops the program at once: a
 * crash test that tests nothing would be worse than none.
 */
#include "failpoint.h"

#ifdef DUBAN_FAILPOINTS

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

enum deed { DEED_KILL, DEED_ERROR, DEED_HANG, DEEDS };

static const char *const deeds[DEEDS] = {"kill", "error", "hang"};

static struct {
	char *name; /* NULL: nothing is armed */
	gint left;  /* passes until it fires */
	enum deed deed;
} armed;

static failpoint_fn *hook;
static void *hook_arg;

static gpointer arm(gpointer unused)
{
	const char *text = getenv("DUBAN_FAIL");
	g_auto(GStrv) words = text == NULL ? NULL : g_strsplit(text, ":", 0);
	char *end = NULL;
	bool known = false;

	(void)unused;
	if (words == NULL)
		return NULL;
	for (int i = 0; i < DEEDS && g_strv_length(words) == 3; i++)
		if (strcmp(words[2], deeds[i]) == 0) {
			armed.deed = (enum deed)i;
			known = true;
		}
	if (!known)
		g_error("DUBAN_FAIL is NAME:COUNT:kill|error|hang, not \"%s\"", text);
	armed.left = (gint)strtol(words[1], &end, 10);
	if (end == words[1] || *end != 0 || armed.left < 1)
		g_error("DUBAN_FAIL: no count from 1: \"%s\"", words[1]);
	armed.name = g_strdup(words[0]);
	return NULL;
}

int failpoint(const char *name)
{
	static GOnce once = G_ONCE_INIT;

	if (hook != NULL)
		return hook(hook_arg, name);
	(void)g_once(&once, arm, NULL);
	if (armed.name == NULL || strcmp(armed.name, name) != 0)
		return 0;
	if (!g_atomic_int_dec_and_test(&armed.left))
		return 0;
	if (armed.deed == DEED_KILL)
		(void)raise(SIGKILL);
	while (armed.deed == DEED_HANG)
		(void)pause(); /* this thread alone */
	return -EIO;
}

void failpoint_set(failpoint_fn *fn, void *arg)
{
	hook_arg = arg;
	hook = fn;
}

#else

/* ISO C forbids an empty translation unit. */
typedef int failpoint_compiled_out;

#endif
