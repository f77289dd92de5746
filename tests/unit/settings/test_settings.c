/*
 * test_settings.c - duban.yaml: every key, and what is said when it is wrong, with line and column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "daemon/io/log.h"
#include "daemon/settings.h"

struct place {
	char *dir, *yaml;
	struct findings *findings;
	struct settings *s;
	struct err err;
};

static void put(const struct place *p, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(p->dir, name, NULL);
	g_autofree char *dir = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int setup(void **state)
{
	struct place *p = g_new0(struct place, 1);

	p->dir = g_dir_make_tmp("duban-settings-XXXXXX", NULL);
	p->yaml = g_build_filename(p->dir, "duban.yaml", NULL);
	put(p, "campaigns/b/campaign.yaml", "name: b\n");
	put(p, "campaigns/a/units.csv", "unit\n");
	put(p, "campaigns/none/readme.txt", "nothing\n");
	put(p, "password", "geheim\r\nsecond line\n");
	put(p, "empty", "\n");
	*state = p;
	return 0;
}

static void remove_all(const char *path)
{
	GDir *d = g_dir_open(path, 0, NULL);
	const char *name;

	while (d != NULL && (name = g_dir_read_name(d)) != NULL) {
		g_autofree char *sub = g_build_filename(path, name, NULL);

		remove_all(sub);
	}
	if (d != NULL)
		g_dir_close(d);
	(void)g_remove(path);
}

static int teardown(void **state)
{
	struct place *p = *state;

	settings_free(&p->s);
	findings_free(&p->findings);
	remove_all(p->dir);
	g_free(p->dir);
	g_free(p->yaml);
	g_free(p);
	return 0;
}

static int read_text(struct place *p, const char *text)
{
	settings_free(&p->s);
	findings_free(&p->findings);
	p->findings = findings_new();
	put(p, "duban.yaml", text);
	return settings_read(p->yaml, &p->s, p->findings);
}

#define BASE "database: duban.db\ncampaigns: [campaigns]\n"

static void assert_path(const struct place *p, const char *got, const char *name)
{
	g_autofree char *want = g_build_filename(p->dir, name, NULL);

	assert_string_equal(got, want);
}

static void the_shortest_file_has_sound_defaults(void **state)
{
	struct place *p = *state;

	assert_int_equal(read_text(p, BASE), 0);
	assert_path(p, p->s->database, "duban.db");
	assert_int_equal(p->s->campaigns->len, 2); /* by name; what is none is none */
	assert_path(p, g_ptr_array_index(p->s->campaigns, 0), "campaigns/a");
	assert_path(p, g_ptr_array_index(p->s->campaigns, 1), "campaigns/b");
	assert_string_equal(p->s->socket, "/run/duban/control.sock");
	assert_null(p->s->relay);
	assert_int_equal(p->s->starttls, 1);
	assert_int_equal(p->s->connections, 4);
	assert_int_equal(p->s->expire, 3 * DAY);
	assert_int_equal(p->s->disk_percent, 10);
	assert_int_equal(p->s->disk_bytes, 200ll << 20);
	assert_int_equal(p->s->log_level, LOG_LEVEL_INFO);
	assert_string_equal(p->s->locale, "zh_CN");
	assert_true(p->s->pace == 0);
	assert_null(p->s->redirect);
	assert_null(p->s->webhook_secret);
	assert_int_equal(p->s->webhook_allow->len, 0);
}

static void every_key_is_taken(void **state)
{
	struct place *p = *state;

	assert_int_equal(
		read_text(p,
			  "database: /var/lib/x.db\n"
			  "campaigns: [campaigns/a]\n"
			  "socket: run/control.sock\n"
			  "mail:\n"
			  "  relay: smtps://127.0.0.1:465\n"
			  "  from: anweiban@example.org\n"
			  "  from_name: 安委办\n"
			  "  host: mail.example.org\n"
			  "  starttls: required\n"
			  "  ca_file: ca.pem\n"
			  "  user: anweiban\n"
			  "  password_file: password\n"
			  "  connections: 32\n"
			  "webhook: {secret_file: password, allow: [10.0.0.0/8, \"fd00::/8\"]}\n"
			  "sources:\n"
			  "  allow: [127.0.0.1, \"fd00::/8\"]\n"
			  "  ca_file: own.pem\n"
			  "  timeout: 5\n"
			  "  credentials:\n"
			  "    rili: {host: cal.example.org, user: ban, password_file: password}\n"
			  "    six: {host: \"[::1]:5232\", user: u, password_file: password}\n"
			  "redirect: test@example.org\n"
			  "log: {level: debug}\n"
			  "locale: en\n"
			  "expire: 36h\n"
			  "disk: {low_percent: 0, low_mb: 5000}\n"
			  "clock: {pace: 3600, start: 2019-08-01, until: 2019-09-01}\n"),
		0);
	assert_string_equal(p->s->database, "/var/lib/x.db");
	assert_int_equal(p->s->campaigns->len, 1);
	assert_path(p, p->s->socket, "run/control.sock");
	assert_string_equal(p->s->relay, "smtps://127.0.0.1:465");
	assert_string_equal(p->s->from, "anweiban@example.org");
	assert_string_equal(p->s->from_name, "安委办");
	assert_string_equal(p->s->host, "mail.example.org");
	assert_int_equal(p->s->starttls, 2);
	assert_path(p, p->s->ca_file, "ca.pem");
	assert_string_equal(p->s->user, "anweiban");
	assert_string_equal(p->s->password, "geheim"); /* the first line, without its end */
	assert_int_equal(p->s->connections, 32);
	assert_string_equal(p->s->webhook_secret, "geheim");
	assert_int_equal(p->s->webhook_allow->len, 2);
	assert_string_equal(g_ptr_array_index(p->s->webhook_allow, 1), "fd00::/8");
	assert_int_equal(p->s->source_allow->len, 2);
	assert_string_equal(g_ptr_array_index(p->s->source_allow, 0), "127.0.0.1");
	assert_path(p, p->s->source_ca_file, "own.pem");
	assert_int_equal(p->s->source_timeout, 5 * SECOND);
	assert_int_equal(p->s->credentials->len, 2);
	assert_string_equal(p->s->redirect, "test@example.org");
	assert_int_equal(p->s->log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(p->s->locale, "en");
	assert_int_equal(p->s->expire, 36 * HOUR);
	assert_int_equal(p->s->disk_percent, 0);
	assert_int_equal(p->s->disk_bytes, 5000ll << 20);
	assert_true(p->s->pace == 3600);
	assert_string_equal(p->s->pace_start, "2019-08-01");
	assert_string_equal(p->s->pace_until, "2019-09-01");
}

#define LOGIN                                                                                      \
	BASE "sources: {credentials: {rili: {host: \"%s\", user: ban, password_file: "             \
	     "password}}}\n"

static const struct {
	const char *own, *asked;
	bool goes;
} logins[] = {
	{"cal.example.org", "cal.example.org", true},
	{"cal.example.org", "CAL.example.org", true},
	{"cal.example.org", "cal.example.org:443", true},
	{"cal.example.org:443", "cal.example.org", true},
	{"cal.example.org", "cal.example.org:8443", false},
	{"cal.example.org:8443", "cal.example.org", false},
	{"cal.example.org", "cal.example.org.evil.example", false},
	{"cal.example.org", "evil.example", false},
	{"cal.example.org", "example.org", false},
	{"[::1]:5232", "[::1]:5232", true},
	{"[::1]:5232", "127.0.0.1:5232", false},
};

static void a_login_is_for_one_host(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(logins); i++) {
		g_autofree char *text = g_strdup_printf(LOGIN, logins[i].own);
		const struct credential *c;
		struct err err = {0};

		assert_int_equal(read_text(p, text), 0);
		c = settings_credential(p->s, "rili", logins[i].asked, &err);
		if ((c != NULL) != logins[i].goes)
			print_message("%s %s\n", logins[i].own, logins[i].asked);
		assert_int_equal(c != NULL, logins[i].goes);
		if (c == NULL) {
			assert_non_null(strstr(err.text, logins[i].asked));
			continue;
		}
		assert_string_equal(c->user, "ban");
		assert_string_equal(c->password, "geheim");
	}
	assert_null(settings_credential(p->s, "other", "[::1]:5232", &p->err));
	assert_non_null(strstr(p->err.text, "other"));
}

static void the_host_of_message_ids_is_that_of_the_sender(void **state)
{
	struct place *p = *state;

	assert_int_equal(
		read_text(p, BASE "mail: {relay: \"smtp://127.0.0.1:25\", from: a@example.org}\n"),
		0);
	assert_string_equal(p->s->host, "example.org");
}

static const struct {
	const char *name, *text, *want; /* "line:column CODE" of the first finding */
} wrong[] = {
	{"unknown at the top", BASE "databse: x\n", "3:1 UNKNOWN_KEY"},
	{"unknown under mail", BASE "mail:\n  from: a@example.org\n  realy: x\n",
	 "5:3 UNKNOWN_KEY"},
	{"unknown under webhook", BASE "webhook: {secret: x}\n", "3:11 UNKNOWN_KEY"},
	{"unknown under sources", BASE "sources: {alow: []}\n", "3:11 UNKNOWN_KEY"},
	{"unknown in a login", BASE "sources: {credentials: {a: {pass: x}}}\n", "3:29 UNKNOWN_KEY"},
	{"a login without its host",
	 BASE "sources: {credentials: {a: {user: u, password_file: password}}}\n",
	 "3:28 MISSING_KEY"},
	{"a login without a secret", BASE "sources: {credentials: {a: {host: h, user: u}}}\n",
	 "3:28 MISSING_KEY"},
	{"a login whose secret is not there",
	 BASE "sources: {credentials: {a: {host: h, user: u, password_file: nowhere}}}\n",
	 "3:62 NO_SECRET"},
	{"a login whose secret is empty",
	 BASE "sources: {credentials: {a: {host: h, user: u, password_file: empty}}}\n",
	 "3:62 NO_SECRET"},
	{"a login for a URL",
	 BASE
	 "sources: {credentials: {a: {host: \"https://h/\", user: u, password_file: password}}}\n",
	 "3:35 BAD_VALUE"},
	{"a login that is a text", BASE "sources: {credentials: {a: geheim}}\n", "3:28 BAD_TYPE"},
	{"a network that is none", BASE "sources: {allow: [10.0.0.0/99]}\n", "3:18 BAD_VALUE"},
	{"no time at all", BASE "sources: {timeout: 0}\n", "3:20 BAD_VALUE"},
	{"unknown under log", BASE "log: {levle: info}\n", "3:7 UNKNOWN_KEY"},
	{"unknown under clock", BASE "clock: {pase: 1}\n", "3:9 UNKNOWN_KEY"},
	{"no database", "campaigns: [campaigns]\n", "1:1 MISSING_KEY"},
	{"no campaigns", "database: x\n", "1:1 MISSING_KEY"},
	{"a campaign that is not there", "database: x\ncampaigns: [nowhere]\n", "2:13 NO_CAMPAIGN"},
	{"a directory without campaigns", "database: x\ncampaigns: [campaigns/none]\n",
	 "2:1 NO_CAMPAIGN"},
	{"a list instead of a map", "- database\n", "1:1 BAD_TYPE"},
	{"a secret that is not there", BASE "mail: {password_file: nowhere}\n", "3:23 NO_SECRET"},
	{"a secret that is empty", BASE "webhook: {secret_file: empty}\n", "3:24 NO_SECRET"},
	{"a relay without its scheme",
	 BASE "mail: {relay: \"127.0.0.1:25\", from: a@example.org}\n", "3:15 BAD_RELAY"},
	{"a relay in IPv6 without brackets",
	 BASE "mail: {relay: \"smtp://::1:25\", from: a@example.org}\n", "3:15 BAD_RELAY"},
	{"a relay's port that is none",
	 BASE "mail: {relay: \"smtp://127.0.0.1:99999\", from: a@example.org}\n", "3:15 BAD_RELAY"},
	{"a relay's port 0", BASE "mail: {relay: \"smtp://127.0.0.1:0\", from: a@example.org}\n",
	 "3:15 BAD_RELAY"},
	{"a login in the relay",
	 BASE "mail: {relay: \"smtp://u:p@127.0.0.1\", from: a@example.org}\n", "3:15 BAD_RELAY"},
	{"a relay of no host", BASE "mail: {relay: \"smtp://\", from: a@example.org}\n",
	 "3:15 BAD_RELAY"},
	{"a host name of two words", BASE "mail: {host: a b}\n", "3:14 BAD_VALUE"},
	{"a user without a password", BASE "mail: {user: a}\n", "3:7 MISSING_KEY"},
	{"a password in the clear",
	 BASE "mail: {relay: \"smtp://mail.example.org\", from: a@example.org, user: a, "
	      "password_file: password}\n",
	 "3:69 BAD_VALUE"},
	{"a webhook's network that is none", BASE "webhook: {allow: [10.0.0.0/33]}\n",
	 "3:18 BAD_VALUE"},
	{"no time to deliver", BASE "expire: 0\n", "3:9 BAD_VALUE"},
	{"a time to deliver of two parts", BASE "expire: 1d12h\n", "3:9 BAD_VALUE"},
	{"a relay and no sender", BASE "mail: {relay: \"smtp://127.0.0.1:25\"}\n",
	 "3:7 MISSING_KEY"},
	{"a sender that is none", BASE "mail: {from: anweiban}\n", "3:14 BAD_ADDRESS"},
	{"a sender with a name", BASE "mail: {from: \"安委办 <a@example.org>\"}\n",
	 "3:14 BAD_ADDRESS"},
	{"a sender without a domain", BASE "mail: {from: \"anweiban@\"}\n", "3:14 BAD_ADDRESS"},
	{"a language without its country", BASE "locale: zh\n", "3:9 BAD_VALUE"},
	{"no connections at all", BASE "mail: {connections: 0}\n", "3:21 BAD_VALUE"},
	{"too many connections", BASE "mail: {connections: 33}\n", "3:21 BAD_VALUE"},
	{"a choice that is none", BASE "log: {level: loud}\n", "3:14 BAD_VALUE"},
	{"a length that is none", BASE "expire: long\n", "3:9 BAD_OFFSET"},
	{"more than all of a disk", BASE "disk: {low_percent: 100}\n", "3:21 BAD_VALUE"},
	{"no pace", BASE "clock: {pace: 0}\n", "3:15 BAD_VALUE"},
	{"a paced clock and a relay elsewhere",
	 BASE "mail: {relay: \"smtp://mail.example.org:25\", from: a@example.org}\n"
	      "clock: {pace: 60}\n",
	 "4:8 PACED_CLOCK"},
	{"an alias", BASE "redirect: &a x\n", NULL},
	{"not YAML", "database: [\n", NULL},
};

static void what_is_wrong_is_said_with_line_and_column(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *got = NULL;
		const struct finding *f;

		assert_int_equal(read_text(p, wrong[i].text), -EINVAL);
		assert_null(p->s);
		assert_true(p->findings->errors > 0);
		f = g_ptr_array_index(p->findings->list, 0);
		got = g_strdup_printf("%d:%d %s", f->line, f->column, f->code);
		if (wrong[i].want != NULL && strcmp(got, wrong[i].want) != 0)
			print_message("%s: %s %s\n", wrong[i].name, got, f->text);
		if (wrong[i].want != NULL)
			assert_string_equal(got, wrong[i].want);
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct place *p = *state;
	const struct finding *f;

	p->findings = findings_new();
	assert_int_equal(settings_read("/nonexistent/duban.yaml", &p->s, p->findings), -ENOENT);
	f = g_ptr_array_index(p->findings->list, 0);
	assert_string_equal(f->code, "UNREADABLE");
	assert_string_equal(f->file, "/nonexistent/duban.yaml");
}

static const struct {
	const char *relay;
	bool here;
} relays[] = {
	{NULL, true},
	{"smtp://127.0.0.1", true},
	{"smtp://127.0.0.1:2525", true},
	{"smtps://127.255.255.254:465", true},
	{"smtp://localhost:25", true},
	{"smtp://[::1]:25", true},
	{"smtp://[::1]", true},
	{"smtp://128.0.0.1:25", false},
	{"smtp://10.0.0.1:25", false},
	{"smtp://127.0.0.1.example.org:25", false},
	{"smtp://127.evil.example:25", false},
	{"smtp://localhost.example.org:25", false},
	{"smtp://[::1]x:25", false},
	{"smtp://[::2]:25", false},
	{"smtp://127.1:25", false},
	{"smtp://user@localhost:25", false},
	{"smtp://:25", false},
	{"127.0.0.1:25", false},
};

static void only_this_machine_is_loopback(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(relays); i++) {
		struct settings s = {.relay = (char *)relays[i].relay};

		if (settings_is_loopback(&s) != relays[i].here)
			print_message("%s\n", relays[i].relay);
		assert_int_equal(settings_is_loopback(&s), relays[i].here);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_shortest_file_has_sound_defaults, setup,
						teardown),
		cmocka_unit_test_setup_teardown(every_key_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_login_is_for_one_host, setup, teardown),
		cmocka_unit_test_setup_teardown(the_host_of_message_ids_is_that_of_the_sender,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_line_and_column, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_named, setup, teardown),
		cmocka_unit_test(only_this_machine_is_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
