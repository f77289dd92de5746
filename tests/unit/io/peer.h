/*
 * peer.h - a scripted peer of tests/peers as a child process, and its ledger.
 */
#ifndef TESTS_UNIT_IO_PEER_H
#define TESTS_UNIT_IO_PEER_H

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "io_test.h"

#define PEER_ARGS_MAX 64

struct peer {
	GPid pid;
	int in, port;
	char *dir, *ledger;
};

/** Start tests/peers/@script with @args (NULL-terminated) on a port of its own. */
static __attribute__((unused)) struct peer peer_start(const char *script, const char *const *args)
{
	const char *source = g_getenv("SOURCE_DIR");
	g_autofree char *path =
		g_build_filename(source ? source : ".", "tests", "peers", script, NULL);
	char *argv[PEER_ARGS_MAX + 8] = {(char *)"python3", path, (char *)"--quiet",
					 (char *)"--with-parent", (char *)"--ledger"};
	struct peer p = {.dir = test_dir_new()};
	char line[64] = "";
	int out, n = 5;

	p.ledger = g_build_filename(p.dir, "ledger", NULL);
	argv[n++] = p.ledger;
	for (int i = 0; args && args[i]; i++) {
		assert_true(i < PEER_ARGS_MAX);
		argv[n++] = (char *)args[i];
	}
	assert_true(g_spawn_async_with_pipes(NULL, argv, NULL,
					     G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
					     NULL, &p.pid, &p.in, &out, NULL, NULL));
	for (size_t i = 0; i + 1 < sizeof(line) && read(out, line + i, 1) == 1; i++)
		if (line[i] == '\n')
			break;
	close(out);
	assert_int_equal(sscanf(line, "PORT %d", &p.port), 1);
	return p;
}

static __attribute__((unused)) void peer_stop(struct peer *p)
{
	close(p->in);
	waitpid(p->pid, NULL, 0);
	test_dir_free(p->dir);
	g_free(p->ledger);
}

/** How many lines of the ledger contain all of the two texts. */
static __attribute__((unused)) int peer_count(const struct peer *p, const char *a, const char *b)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	int n = 0;

	if (!g_file_get_contents(p->ledger, &text, NULL, NULL))
		return 0;
	lines = g_strsplit(text, "\n", -1);
	for (int i = 0; lines[i]; i++)
		n += strstr(lines[i], a) != NULL && strstr(lines[i], b) != NULL;
	return n;
}

/** A certificate for localhost and 127.0.0.1 in @dir/cert.pem; NULL if there is no openssl. */
static __attribute__((unused)) char *cert_new(const char *dir)
{
	char *path = g_build_filename(dir, "cert.pem", NULL);
	g_autofree char *command = g_strdup_printf(
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
		"-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
		"-keyout %s -out %s.crt 2>/dev/null && cat %s.crt >>%s",
		path, path, path, path);

	if (system(command) != 0)
		g_clear_pointer(&path, g_free);
	return path;
}

#endif
