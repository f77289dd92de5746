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

#include "daemon/core/err.h"

enum deed { DEED_KILL, DEED_ERROR, DEED_HANG, DEEDS };

static const char *const deeds[DEEDS] = {"kill", "error", "hang"};

/* Every place: name, whether it can fail, what it stands before or after. */
static const struct place {
	const char *name;
	bool fails;
	const char *where;
} places[] = {
	{"migrate", true, "in each step of the schema, before its commit"},
	{"started", false, "after the start's own commit: leases of before have an unknown fate"},
	{"begin", true, "before a transaction"},
	{"write", true, "before each write of a verb"},
	{"commit", true, "before a commit"},
	{"committed", false, "after it"},
	{"checkpoint", true, "before the log is copied into the database"},
	{"checkpointed", false, "after it"},
	{"leased", true, "messages are claimed, not committed"},
	{"send", false, "a message is rendered, nothing of it on the wire"},
	{"answered", false, "the peer's word is known, and nothing of it kept"},
	{"reported", true, "an attempt is written down, not committed"},
	{"acknowledge", false, "a request is committed, its answer not given"},
	{"acknowledged", false, "its answer is given to the socket"},
	{"planned", false, "a tick is committed, nothing of it claimed"},
	{"reloaded", false, "files are in force, nobody told"},
	{"backup", false, "a backup is whole, without its name"},
	{"backed-up", false, "it has its name, nobody told"},
};

static struct {
	char *name; /* NULL: nothing is armed */
	gint left;  /* passes until it fires */
	enum deed deed;
} armed;

static failpoint_fn *hook;
static void *hook_arg;

static const struct place *find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		if (strcmp(places[i].name, name) == 0)
			return &places[i];
	return NULL;
}

static void list(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		g_print("%s\t%s\t%s\n", places[i].name, places[i].fails ? "fails" : "-",
			places[i].where);
	exit(EXIT_SUCCESS);
}

static gpointer arm(gpointer unused)
{
	const char *text = getenv("DUBAN_FAIL");
	g_auto(GStrv) words = text == NULL ? NULL : g_strsplit(text, ":", 0);
	char *end = NULL;
	bool known = false;

	(void)unused;
	if (words == NULL)
		return NULL;
	if (strcmp(text, "list") == 0)
		list();
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
	if (find(words[0]) == NULL)
		g_error("DUBAN_FAIL: no place named \"%s\"", words[0]);
	armed.name = g_strdup(words[0]);
	return NULL;
}

int failpoint(const char *name)
{
	static GOnce once = G_ONCE_INIT;

	must(find(name) != NULL);
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
