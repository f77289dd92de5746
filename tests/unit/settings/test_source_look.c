/*
 * Remote calendars as a scripted server gives them: what is whole is taken, what is the same is
 * seen, everything else has its words; no address is connected to that is not allowed.
 *
 * This program is its own child, as duband is: --parse KIND.
 */
#include "unit/io/peer.h"

#include "daemon/io/source.h"
#include "daemon/parse.h"

#define CAL "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\nEND:VCALENDAR\n"
#define MULTI(inside)                                                                              \
	"<multistatus xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "                   \
	"xmlns:S=\"http://calendarserver.org/ns/\">" inside "</multistatus>"
#define GOOD(href, props)                                                                          \
	"<response><href>" href "</href><propstat><prop>" props                                    \
	"</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
#define COLLECTION(tag)                                                                            \
	MULTI(GOOD("/c/", "<resourcetype><collection/><C:calendar/></resourcetype>"                \
			  "<S:getctag>" tag "</S:getctag>"))
#define MEMBERS                                                                                    \
	MULTI(GOOD("/c/b.ics", "<C:calendar-data>" CAL "</C:calendar-data>")                       \
		      GOOD("/c/a.ics", "<C:calendar-data>" CAL "</C:calendar-data>"))

static struct loop *the_loop;
static const char *const loopback[] = {"127.0.0.0/8", NULL};
static const struct fetch_settings local = {.allowed = loopback, .timeout = 3000};

struct answer {
	bool ended, same;
	char *bytes, *hash, *etag, *modified, *problem;
};

static int setup(void **state)
{
	(void)state;
	the_loop = loop_new(NULL);
	return the_loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(&the_loop);
	return 0;
}

static void on_said(void *arg, const struct source_said *said)
{
	struct answer *a = arg;
	gsize size;

	assert_false(a->ended);
	a->ended = true;
	a->same = said->same;
	if (said->bytes)
		a->bytes = g_strndup(g_bytes_get_data(said->bytes, &size),
				     g_bytes_get_size(said->bytes));
	a->hash = g_strdup(said->hash);
	a->etag = g_strdup(said->etag);
	a->modified = g_strdup(said->modified);
	a->problem = g_strdup(said->problem);
	/* One of three, never two. */
	assert_int_equal(1, said->same + (said->bytes != NULL) + (said->problem != NULL));
}

static void answer_clear(struct answer *a)
{
	g_free(a->bytes);
	g_free(a->hash);
	g_free(a->etag);
	g_free(a->modified);
	g_free(a->problem);
	*a = (struct answer){0};
}

static void look(const struct fetch_settings *settings, const struct source_ask *ask,
		 struct answer *a)
{
	struct err err = {0};
	struct source_reader *r = source_reader_new(the_loop, settings, &err);

	answer_clear(a);
	if (!r)
		fail_msg("%s", err.text);
	source_look(r, ask, on_said, a);
	assert_false(a->ended);
	until(the_loop, a->ended);
	source_reader_free(&r);
}

static char *url_of(const struct peer *p, const char *path)
{
	return g_strdup_printf("http://127.0.0.1:%d%s", p->port, path);
}

static void a_calendar_is_read_and_known_again(void **state)
{
	struct peer p = peer_start("http_peer.py", (const char *[]){"--reply", CAL, NULL});
	g_autofree char *url = url_of(&p, "/x.ics?key=geheim");
	struct source_ask ask = {.url = url, .user = "ban", .password = "miyao"};
	struct answer a = {0};
	g_autofree char *hash = NULL;

	(void)state;
	look(&local, &ask, &a);
	assert_null(a.problem);
	assert_string_equal(a.bytes, CAL);
	assert_int_equal(strlen(a.hash), 64);
	hash = g_strdup(a.hash);
	/* No ETag, and yet the same. */
	ask.hash = hash;
	look(&local, &ask, &a);
	assert_true(a.same);
	assert_int_equal(peer_count(&p, "\"method\": \"GET\"", "Basic YmFuOm1peWFv"), 2);
	assert_int_equal(peer_count(&p, "\"known\": null", ""), 2);
	/* With one, it is asked for something else; not when everything is to be read. */
	ask.etag = "\"7\"";
	look(&local, &ask, &a);
	assert_int_equal(peer_count(&p, "\"known\": \"\\\"7\\\"\"", ""), 1);
	ask.whole = true;
	look(&local, &ask, &a);
	assert_int_equal(peer_count(&p, "\"known\": \"\\\"7\\\"\"", ""), 1);
	answer_clear(&a);
	peer_stop(&p);
}

static const struct {
	const char *name, *fault, *words; /* .words NULL: taken; "": the same */
} rows[] = {
	{"good", "do=status,header=ETag: \"8\",body=" CAL, NULL},
	{"not modified", "do=status,status=304", ""},
	{"broken", "do=status,status=500,body=" CAL, "HTTP 500"},
	{"busy", "do=status,status=503", "HTTP 503"},
	{"login wanted", "do=status,status=401", "登录"},
	{"gone", "do=status,status=404", "HTTP 404"},
	{"elsewhere", "do=status,status=302,header=Location: http://169.254.169.254/,body=" CAL,
	 "没有跟随"},
	{"no content", "do=status,status=204", "HTTP 204"},
	{"a part", "do=status,status=206,body=" CAL, "HTTP 206"},
	{"a DAV answer to a GET", "do=status,status=207,body=" CAL, "kind: caldav"},
	{"login page", "do=status,body=\n<!DOCTYPE html><html>BEGIN:VCALENDAR END:VCALENDAR</html>",
	 "网页"},
	{"other text", "do=status,body={\"error\":1}", "不是日历"},
	{"half", "do=status,body=BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\n", "不完整"},
	{"nothing", "do=status,body=", "空的"},
	{"an empty calendar", "do=status,body=BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n",
	 "一项也没有"},
	{"too much", "do=endless", "4 MiB"},
	{"said to be too much",
	 "do=raw,body=HTTP/1.1 200 OK\\r\\nContent-Length: 5000000\\r\\n\\r\\nx", "4 MiB"},
	{"less than promised",
	 "do=raw,body=HTTP/1.1 200 OK\\r\\nContent-Length: 900\\r\\n\\r\\nBEGIN:", "中途断开"},
	{"hangs", "do=hang", "秒内没有读完"},
	{"drips", "do=slow,seconds=1", "秒内没有读完"},
	{"hangs up", "do=drop-after", "中途断开"},
	{"resets", "do=reset", "中途断开"},
	{"HTTP/0.9", "do=raw,body=" CAL, "不是 HTTP"},
	{"not really packed",
	 "do=raw,body=HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\n\\r\\nBEGIN:VCALENDAR",
	 "压缩格式"},
};

static void every_answer_has_its_words(void **state)
{
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	struct fetch_settings quick = local;
	struct peer p;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_ptr_array_add(faults, g_strdup("--fault"));
		g_ptr_array_add(faults, g_strdup_printf("path=/%02zu?*,%s", i, rows[i].fault));
	}
	g_ptr_array_add(faults, NULL);
	p = peer_start("http_peer.py", (const char *const *)faults->pdata);
	quick.timeout = 1000;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strdup_printf("/%02zu?key=geheim", i);
		g_autofree char *url = url_of(&p, path);
		struct source_ask ask = {.url = url, .hash = "h", .etag = "\"7\""};
		struct answer a = {0};

		look(&quick, &ask, &a);
		print_message("# %s: %s\n", rows[i].name, a.problem ? a.problem : "-");
		if (rows[i].words == NULL) {
			assert_string_equal(a.bytes, CAL);
			assert_string_equal(a.etag, "\"8\"");
		} else if (*rows[i].words == '\0') {
			assert_true(a.same);
			assert_string_equal(a.etag, "\"7\"");
		} else {
			assert_non_null(a.problem);
			assert_non_null(strstr(a.problem, rows[i].words));
			assert_null(strstr(a.problem, "geheim"));
		}
		answer_clear(&a);
	}
	peer_stop(&p);
}

static void a_packed_calendar_has_the_limit_of_what_it_unfolds_to(void **state)
{
	g_autofree char *dir = test_dir_new(), *script = g_build_filename(dir, "s.json", NULL);
	g_autofree char *command = g_strdup_printf(
		"python3 -c 'import gzip, json, sys\n"
		"def raw(b):\n"
		" g = gzip.compress(b)\n"
		" h = \"HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: "
		"%%d\\r\\n\\r\\n\"\n"
		" return (h %% len(g)).encode().hex() + g.hex()\n"
		"def esc(x): return \"\".join(\"\\\\x\" + x[i:i+2] for i in range(0, len(x), 2))\n"
		"good = sys.argv[1].encode()\n"
		"json.dump([{\"do\": \"raw\", \"path\": \"/good\", \"body\": esc(raw(good))},\n"
		" {\"do\": \"raw\", \"path\": \"/bomb\", \"body\": esc(raw(good * 600000))}],\n"
		" open(sys.argv[2], \"w\"))' \"" CAL "\" %s",
		script);
	struct answer a = {0};
	struct peer p;

	(void)state;
	assert_int_equal(system(command), 0);
	p = peer_start("http_peer.py", (const char *[]){"--script", script, NULL});
	{
		g_autofree char *good = url_of(&p, "/good"), *bomb = url_of(&p, "/bomb");

		look(&local, &(struct source_ask){.url = good}, &a);
		assert_null(a.problem);
		assert_string_equal(a.bytes, CAL);
		look(&local, &(struct source_ask){.url = bomb}, &a);
		assert_non_null(a.problem);
		assert_non_null(strstr(a.problem, "4 MiB"));
	}
	answer_clear(&a);
	peer_stop(&p);
	test_dir_free(g_steal_pointer(&dir));
}

/* ---- where it connects to ----------------------------------------------------- */

static void no_address_is_connected_to_that_is_not_allowed(void **state)
{
	static const char *const hosts[] = {
		"127.0.0.1",
		"localhost",
		"[::1]",
		"[::]",
		"[::ffff:127.0.0.1]",
		"[::ffff:8.8.8.8]",
		"[64:ff9b::7f00:1]",
		"[2002:7f00:1::]",
		"[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
		"[fe80::1]",
		"[fc00::1]",
		"[ff02::1]",
		"0.0.0.0",
		"0",
		"127.1",
		"2130706433",
		"0x7f000001",
		"0177.0.0.1",
		"017700000001",
		"10.0.0.1",
		"172.16.0.1",
		"192.168.1.1",
		"169.254.169.254",
		"100.64.0.1",
		"224.0.0.1",
		"255.255.255.255",
	};
	struct answer a = {0};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_autofree char *url = g_strdup_printf("https://%s/x", hosts[i]);
		struct source_ask ask = {.url = url, .user = "u", .password = "geheim"};

		look(&(struct fetch_settings){.timeout = 3000}, &ask, &a);
		print_message("# %s: %s\n", hosts[i], a.problem);
		assert_non_null(a.problem);
		/* A machine without IPv6 finds no way there, which is as good. */
		assert_true(strstr(a.problem, "不许连接") || strstr(a.problem, "找不到") ||
			    (hosts[i][0] == '[' && strstr(a.problem, "连不上")));
	}
	/* Plain http goes nowhere but where the settings say, be it as public as it may. */
	look(&local, &(struct source_ask){.url = "http://8.8.8.8/x"}, &a);
	assert_non_null(strstr(a.problem, "http 只许"));
	look(&(struct fetch_settings){0}, &(struct source_ask){.url = "http://127.0.0.1/x"}, &a);
	assert_non_null(strstr(a.problem, "http 只许"));
	for (size_t i = 0; i < 4; i++) {
		static const char *const other[] = {"file:///etc/passwd", "gopher://127.0.0.1/",
						    "ftp://127.0.0.1/", "smb://127.0.0.1/x"};

		look(&local, &(struct source_ask){.url = other[i]}, &a);
		assert_non_null(strstr(a.problem, "网址不能用"));
	}
	answer_clear(&a);
}

static void tls_is_verified(void **state)
{
	g_autofree char *dir = test_dir_new(), *cert = cert_new(dir);
	struct answer a = {0};
	struct fetch_settings own = local;

	(void)state;
	if (!cert) {
		test_dir_free(g_steal_pointer(&dir));
		skip();
	}
	own.ca_file = cert;
	for (int i = 0; i < 3; i++) {
		const char *host = i == 1 ? "127.0.0.2" : "127.0.0.1";
		struct peer p =
			peer_start("http_peer.py", (const char *[]){"--cert", cert, "--host", host,
								    "--reply", CAL, NULL});
		g_autofree char *url = g_strdup_printf("https://%s:%d/x", host, p.port);
		struct source_ask ask = {.url = url, .user = "u", .password = "geheim"};

		look(i == 2 ? &local : &own, &ask, &a);
		if (i == 0) {
			assert_null(a.problem);
			assert_string_equal(a.bytes, CAL);
		} else { /* another name; nobody we trust */
			assert_non_null(strstr(a.problem, "证书"));
			assert_int_equal(peer_count(&p, "\"request\"", ""), 0);
		}
		peer_stop(&p);
	}
	answer_clear(&a);
	test_dir_free(g_steal_pointer(&dir));
}

/* ---- CalDAV ------------------------------------------------------------------- */

static void dav_look(const char *first, const char *second, const struct source_ask *more,
		     struct answer *a, int requests)
{
	g_autofree char *one = g_strdup_printf("do=status,first=1,status=%s", first);
	g_autofree char *two = g_strdup_printf("do=status,status=%s", second);
	struct peer p =
		peer_start("http_peer.py", (const char *[]){"--fault", one, "--fault", two, NULL});
	g_autofree char *url = url_of(&p, "/c/");
	struct source_ask ask = *more;

	ask.kind = SOURCE_CALDAV;
	ask.url = url;
	look(&local, &ask, a);
	assert_int_equal(peer_count(&p, "\"request\"", ""), requests);
	assert_int_equal(peer_count(&p, "\"request\"", "PROPFIND"), 1);
	assert_int_equal(peer_count(&p, "\"request\"", "REPORT"), requests - 1);
	peer_stop(&p);
}

static void a_collection_is_read_when_it_has_changed(void **state)
{
	const struct source_ask fresh = {0};
	struct source_ask known = {.hash = "h", .etag = "c1\n"};
	struct answer a = {0};

	(void)state;
	dav_look("207,body=" COLLECTION("c1"), "207,body=" MEMBERS, &fresh, &a, 2);
	assert_null(a.problem);
	assert_string_equal(a.bytes, CAL CAL);
	assert_string_equal(a.etag, "c1\n");
	dav_look("207,body=" COLLECTION("c1"), "500", &known, &a, 1);
	assert_true(a.same);
	dav_look("207,body=" COLLECTION("c2"), "207,body=" MEMBERS, &known, &a, 2);
	assert_string_equal(a.bytes, CAL CAL);
	known.whole = true;
	dav_look("207,body=" COLLECTION("c1"), "207,body=" MEMBERS, &known, &a, 2);
	assert_string_equal(a.bytes, CAL CAL);
	/* A server that has neither is listed each time, and its bytes are compared. */
	known = (struct source_ask){.hash = "h", .etag = ""};
	dav_look("207,body=" MULTI(GOOD("/c/", "<resourcetype><collection/><C:calendar/>"
					       "</resourcetype>")),
		 "207,body=" MEMBERS, &known, &a, 2);
	assert_string_equal(a.bytes, CAL CAL);
	known.hash = a.hash;
	{
		g_autofree char *hash = g_strdup(a.hash);

		known.hash = hash;
		dav_look("207,body=" COLLECTION("c3"), "207,body=" MEMBERS, &known, &a, 2);
	}
	assert_true(a.same);
	assert_string_equal(a.etag, "c3\n");
	answer_clear(&a);
}

static void what_is_no_collection_is_said(void **state)
{
	static const struct {
		const char *first, *second, *words;
		int requests;
	} bad[] = {
		{"401", "500", "登录", 1},
		{"200,body=<html>login</html>", "500", "网页", 1},
		{"200,body=hello", "500", "CalDAV", 1},
		{"207,body=<html>login</html>", "500", "读不懂", 1},
		{"207,body=<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
		 "500", "读不懂", 1},
		{"207,body=" MULTI(GOOD("/c/", "<resourcetype><collection/></resourcetype>")),
		 "500", "不是日历集合", 1},
		{"207,body=" MULTI(""), "500", "不是日历集合", 1},
		{"207,body=" COLLECTION("1"), "500", "HTTP 500", 2},
		{"207,body=" COLLECTION("1"), "207,body=" MULTI(""), "是空的", 2},
		{"207,body=" COLLECTION("1"), "207,body=<multistatus xmlns=\"DAV:\"><resp",
		 "读不懂", 2},
		{"207,body=" COLLECTION("1"),
		 "207,body=" MULTI(GOOD("/d/a.ics", "<C:calendar-data>" CAL "</C:calendar-data>")),
		 "集合以外", 2},
	};
	const struct source_ask fresh = {0};
	struct answer a = {0};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		dav_look(bad[i].first, bad[i].second, &fresh, &a, bad[i].requests);
		print_message("# %s\n", a.problem);
		assert_non_null(a.problem);
		assert_non_null(strstr(a.problem, bad[i].words));
	}
	answer_clear(&a);
}

/* ---- ends --------------------------------------------------------------------- */

static void a_stop_cuts_what_is_under_way(void **state)
{
	struct peer hung = peer_start("http_peer.py", (const char *[]){"--fault", "do=hang", NULL});
	struct source_reader *r = source_reader_new(the_loop, &local, NULL);
	g_autofree char *url = url_of(&hung, "/x");
	struct answer a[10] = {0};

	(void)state;
	for (int i = 0; i < 10; i++)
		source_look(r, &(struct source_ask){.url = url}, on_said, &a[i]);
	until(the_loop, peer_count(&hung, "\"request\"", "") == FETCH_BUSY_MAX);
	source_reader_free(&r);
	turn_for(the_loop, 50);
	for (int i = 0; i < 10; i++)
		assert_false(a[i].ended);
	assert_int_equal(peer_count(&hung, "\"request\"", ""), FETCH_BUSY_MAX);
	peer_stop(&hung);
	assert_null(source_reader_new(
		the_loop,
		&(struct fetch_settings){.allowed = (const char *const[]){"nonsense", NULL}},
		NULL));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(a_calendar_is_read_and_known_again),
		T(every_answer_has_its_words),
		T(a_packed_calendar_has_the_limit_of_what_it_unfolds_to),
		T(no_address_is_connected_to_that_is_not_allowed),
		T(tls_is_verified),
		T(a_collection_is_read_when_it_has_changed),
		T(what_is_no_collection_is_said),
		T(a_stop_cuts_what_is_under_way),
	};

	if (argc == 3 && strcmp(argv[1], "--parse") == 0)
		return parse_main(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
