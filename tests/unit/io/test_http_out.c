/*
 * Webhooks against a scripted receiver: every answer is told, nothing is followed,
 * nothing is swallowed whole, and no address is connected to that is not allowed.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "daemon/io/addr_guard.h"
#include "daemon/io/http_out.h"

#define HOOKS_MAX 400

struct hook {
	struct request *request;
	struct reply *reply;
};

static struct loop *the_loop;
static struct hook hooks[HOOKS_MAX];
static int n_hooks, n_ended;

static const char *const loopback[] = {"127.0.0.0/8", NULL};

static int setup(void **state)
{
	(void)state;
	the_loop = loop_new(NULL);
	memset(hooks, 0, sizeof(hooks));
	n_hooks = n_ended = 0;
	return the_loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < n_hooks; i++) {
		request_free(&hooks[i].request);
		reply_free(&hooks[i].reply);
	}
	loop_free(&the_loop);
	return 0;
}

static void on_done(void *arg, struct reply *reply)
{
	struct hook *h = arg;

	assert_null(h->reply);
	assert_non_null(reply->text);
	assert_non_null(reply->verb);
	h->reply = reply;
	n_ended++;
}

static struct hook *post(struct sender *s, const char *url, const char *body)
{
	struct hook *h = &hooks[n_hooks++];

	assert_true(n_hooks <= HOOKS_MAX);
	h->request = g_new0(struct request, 1);
	h->request->driver = DRIVER_HTTP;
	h->request->identity = g_strdup_printf("h%d", n_hooks);
	h->request->url = g_strdup(url);
	h->request->body = g_bytes_new(body, strlen(body));
	h->request->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(h->request->headers, g_strdup("Content-Type: application/json"));
	g_ptr_array_add(h->request->headers, g_strdup_printf("webhook-id: h%d", n_hooks));
	s->send(s, h->request, on_done, h);
	assert_null(h->reply);
	return h;
}

static struct sender *sender_new(struct http_out_settings settings)
{
	struct err err = {0};
	struct sender *s;

	settings.clock = clock_real();
	s = http_out_new(the_loop, &settings, &err);
	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static const struct http_out_settings local = {.allowed = loopback, .timeout = 3000};

static char *url_of(const struct peer *p, const char *path)
{
	return g_strdup_printf("http://127.0.0.1:%d%s", p->port, path);
}

static void a_hook_arrives(void **state)
{
	struct peer p = peer_start("http_peer.py", (const char *[]){"--bodies", NULL});
	struct sender *s = sender_new(local);
	g_autofree char *url = url_of(&p, "/hook?key=geheim");
	struct hook *h;
	gsize size;

	(void)state;
	assert_int_equal(s->room(s), 16);
	h = post(s, url, "{\"n\":1}");
	assert_int_equal(s->room(s), 15);
	until(the_loop, n_ended == 1);
	assert_int_equal(h->reply->status, 200);
	assert_string_equal(h->reply->verb, "POST");
	assert_true(h->reply->went_out);
	assert_memory_equal(g_bytes_get_data(h->reply->body, &size), "{\"errcode\":0", 12);
	assert_int_equal(peer_count(&p, "\"id\": \"h1\"", "application/json"), 1);
	assert_int_equal(peer_count(&p, "\"body\": \"{\\\"n\\\":1}\"", "POST"), 1);
	assert_int_equal(peer_count(&p, "expect", ""), 0);
	assert_int_equal(s->room(s), 16);
	http_out_free(&s);
	assert_null(s);
	peer_stop(&p);
}

static void a_burst_reuses_few_connections(void **state)
{
	struct peer p = peer_start("http_peer.py", NULL);
	struct sender *s = sender_new(local);
	g_autofree char *url = url_of(&p, "/");

	(void)state;
	for (int i = 0; i < 300; i++)
		post(s, url, "{}");
	until(the_loop, n_ended == 300);
	for (int i = 0; i < 300; i++)
		assert_int_equal(hooks[i].reply->status, 200);
	assert_int_equal(peer_count(&p, "\"request\"", ""), 300);
	assert_in_range(peer_count(&p, "\"connect\"", ""), 1, HTTP_PER_HOST);
	http_out_free(&s);
	peer_stop(&p);
}

struct row {
	const char *name, *fault;
	int status;
	const char *verb;
	bool went_out;
	dur_t retry_after;
};

static const struct row rows[] = {
	{"no content", "do=status,status=204", 204, "POST", true, 0},
	{"a redirect is an answer", "do=status,status=301,header=Location: http://169.254.169.254/",
	 301, "POST", true, 0},
	{"gone", "do=status,status=410", 410, "POST", true, 0},
	{"busy for 7 s", "do=status,status=429,header=Retry-After: 7", 429, "POST", true, 7000},
	{"busy for ever", "do=status,status=503,header=Retry-After: 1000000000", 503, "POST", true,
	 HTTP_RETRY_AFTER_MAX},
	{"busy for -1", "do=status,status=503,header=Retry-After: -1", 503, "POST", true, 0},
	{"broken", "do=status,status=500", 500, "POST", true, 0},
	{"hangs up early", "do=drop", 0, "POST", true, 0},
	{"hangs up after", "do=drop-after", 0, "POST", true, 0},
	{"resets after", "do=reset", 0, "POST", true, 0},
	{"never answers", "do=hang", 0, "POST", true, 0},
	{"answers, then drips", "do=slow,seconds=5", 200, "POST", true, 0},
	{"never stops", "do=endless", 200, "POST", true, 0},
	{"HTTP/0.9", "do=raw,body=hello", 0, "POST", true, 0},
	{"not HTTP", "do=raw,body=220 smtp ready\\r\\n\\r\\n", 0, "POST", true, 0},
	{"half an answer", "do=raw,body=HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf",
	 200, "POST", true, 0},
	{"only 100 Continue", "do=raw,body=HTTP/1.1 100 Continue\\r\\n\\r\\n", 0, "POST", true, 0},
};

static void every_answer_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		struct peer p =
			peer_start("http_peer.py", (const char *[]){"--fault", r->fault, NULL});
		struct http_out_settings settings = local;
		g_autofree char *url = url_of(&p, "/x?key=geheim");
		struct sender *s;
		const struct reply *got;

		teardown(NULL);
		setup(NULL);
		settings.timeout = 600;
		s = sender_new(settings);
		post(s, url, "{}");
		until(the_loop, n_ended == 1);
		got = hooks[0].reply;
		print_message("# %s: %d %s: %s\n", r->name, got->status, got->verb, got->text);
		assert_int_equal(got->status, r->status);
		assert_string_equal(got->verb, r->verb);
		assert_int_equal(got->went_out, r->went_out);
		assert_int_equal(got->retry_after, r->retry_after);
		assert_null(strstr(got->text, "geheim"));
		if (got->body)
			assert_in_range(g_bytes_get_size(got->body), 0, HTTP_BODY_MAX);
		http_out_free(&s);
		peer_stop(&p);
	}
}

static void huge_headers_are_refused(void **state)
{
	GString *fault = g_string_new("do=raw,body=HTTP/1.1 200 OK\\r\\n");
	struct sender *s = sender_new(local);
	struct peer p;

	(void)state;
	for (int i = 0; i < 1200; i++)
		g_string_append_printf(fault, "X-%d: %060d\\r\\n", i, i);
	p = peer_start("http_peer.py", (const char *[]){"--fault", fault->str, NULL});
	g_autofree char *url = url_of(&p, "/");
	post(s, url, "{}");
	until(the_loop, n_ended == 1);
	assert_null(strstr(hooks[0].reply->text, "X-"));
	assert_int_equal(g_bytes_get_size(hooks[0].reply->body), 0);
	http_out_free(&s);
	peer_stop(&p);
	g_string_free(fault, TRUE);
}

static void a_host_that_hangs_delays_no_other(void **state)
{
	struct peer bad = peer_start("http_peer.py", (const char *[]){"--fault", "do=hang", NULL});
	struct peer good = peer_start("http_peer.py", NULL);
	struct http_out_settings settings = local;
	g_autofree char *bad_url = url_of(&bad, "/"), *good_url = url_of(&good, "/");
	struct sender *s;
	mono_t began;

	(void)state;
	settings.timeout = 15000;
	s = sender_new(settings);
	for (int i = 0; i < 100; i++)
		post(s, bad_url, "{}");
	began = clock_boot();
	for (int i = 0; i < 100; i++)
		post(s, good_url, "{}");
	until(the_loop, n_ended == 100);
	assert_true(clock_boot() - began < 30000);
	for (int i = 100; i < 200; i++)
		assert_int_equal(hooks[i].reply->status, 200);
	http_out_free(&s);
	turn_for(the_loop, 20);
	assert_int_equal(n_ended, 100);
	peer_stop(&bad);
	peer_stop(&good);
}

/* What a person may write to make us talk to ourselves or to the inner network. */
static const char *const inner[] = {
	"http://127.0.0.1:PORT/",
	"http://127.1:PORT/",
	"http://2130706433:PORT/",
	"http://0x7f000001:PORT/",
	"http://0177.0.0.1:PORT/",
	"http://0:PORT/",
	"http://0.0.0.0:PORT/",
	"http://localhost:PORT/",
	"http://[::1]:PORT/",
	"http://[::]:PORT/",
	"http://[::ffff:127.0.0.1]:PORT/",
	"http://[::ffff:7f00:1]:PORT/",
	"http://[::127.0.0.1]:PORT/",
	"http://[64:ff9b::7f00:1]:PORT/",
	"http://[2002:7f00:1::]:PORT/",
	"http://[fe80::1]:PORT/",
	"http://[fd00:ec2::254]:PORT/",
	"http://169.254.169.254:PORT/latest/meta-data/",
	"http://10.0.0.1:PORT/",
	"http://172.16.0.1:PORT/",
	"http://192.168.1.1:PORT/",
	"http://100.64.0.1:PORT/",
	"http://224.0.0.1:PORT/",
	"http://255.255.255.255:PORT/",
	"https://127.0.0.1:PORT/",
};

static void inner_addresses_are_not_connected_to(void **state)
{
	struct peer p = peer_start("http_peer.py", NULL);
	struct sender *s = sender_new((struct http_out_settings){.timeout = 3000});

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(inner); i++) {
		g_auto(GStrv) halves = g_strsplit(inner[i], "PORT", 2);
		g_autofree char *url = g_strdup_printf("%s%d%s", halves[0], p.port, halves[1]);
		struct reply *got;

		post(s, url, "{}");
		until(the_loop, n_ended == (int)i + 1);
		got = hooks[i].reply;
		print_message("# %s: %d %s\n", inner[i], got->status, got->text);
		assert_int_equal(got->status, 403);
		assert_string_equal(got->verb, "connect");
		assert_false(got->went_out);
	}
	assert_int_equal(peer_count(&p, "connect", ""), 0);
	http_out_free(&s);
	peer_stop(&p);
}

static void only_good_requests_are_made(void **state)
{
	static const char *const bad[] = {"",
					  "nonsense",
					  "file:///etc/passwd",
					  "gopher://127.0.0.1:25/_QUIT",
					  "ftp://127.0.0.1/",
					  "http://user:pass@127.0.0.1/",
					  "dict://127.0.0.1/",
					  "http://",
					  "http://a b/"};
	struct http_out_settings settings = local;
	struct sender *s = sender_new(local);
	struct err err;
	struct hook *h;
	int n = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		post(s, bad[i], "{}");
		until(the_loop, n_ended == n + 1);
		assert_int_equal(hooks[n++].reply->status, 400);
	}
	http_out_free(&s);

	settings.https_only = true;
	s = sender_new(settings);
	post(s, "http://127.0.0.1:1/", "{}");
	until(the_loop, n_ended == n + 1);
	assert_int_equal(hooks[n++].reply->status, 400);

	h = &hooks[n_hooks++];
	h->request = g_new0(struct request, 1);
	h->request->driver = DRIVER_HTTP;
	h->request->url = g_strdup("https://127.0.0.1:1/");
	h->request->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(h->request->headers, g_strdup("X: a\r\nHost: evil"));
	s->send(s, h->request, on_done, h);
	until(the_loop, n_ended == n + 1);
	assert_int_equal(h->reply->status, 400);
	http_out_free(&s);

	settings.connections = HTTP_CONNECTIONS_MAX + 1;
	settings.clock = clock_real();
	assert_null(http_out_new(the_loop, &settings, &err));
	settings.connections = 1;
	settings.allowed = (const char *[]){"10.0.0.0/33", NULL};
	assert_null(http_out_new(the_loop, &settings, &err));
	assert_non_null(strstr(err.text, "10.0.0.0/33"));
}

static void nobody_there_is_told_at_once(void **state)
{
	struct sender *s = sender_new(local);

	(void)state;
	post(s, "http://127.0.0.1:1/", "{}");
	until(the_loop, n_ended == 1);
	assert_int_equal(hooks[0].reply->status, 0);
	assert_string_equal(hooks[0].reply->verb, "connect");
	assert_false(hooks[0].reply->went_out);
	http_out_free(&s);
}

static void certificates_are_checked(void **state)
{
	g_autofree char *dir = test_dir_new();
	g_autofree char *cert = cert_new(dir);
	g_autofree char *url = NULL;
	struct http_out_settings settings = local;
	struct sender *s;
	struct peer p;

	(void)state;
	if (!cert) {
		print_message("# skipped: no openssl to make a certificate\n");
		test_dir_free(g_steal_pointer(&dir));
		skip();
	}
	p = peer_start("http_peer.py", (const char *[]){"--cert", cert, NULL});
	url = g_strdup_printf("https://127.0.0.1:%d/", p.port);
	s = sender_new(settings);
	post(s, url, "{}");
	until(the_loop, n_ended == 1);
	assert_int_equal(hooks[0].reply->status, 0);
	assert_string_equal(hooks[0].reply->verb, "connect");
	http_out_free(&s);
	settings.ca_file = cert;
	s = sender_new(settings);
	post(s, url, "{}");
	until(the_loop, n_ended == 2);
	assert_int_equal(hooks[1].reply->status, 200);
	http_out_free(&s);
	peer_stop(&p);
	test_dir_free(g_steal_pointer(&dir));
}

static struct sender *to_free;

static void on_done_free(void *arg, struct reply *reply)
{
	on_done(arg, reply);
	http_out_free(&to_free);
}

static void it_may_be_freed_in_a_callback(void **state)
{
	struct peer p = peer_start("http_peer.py", NULL);
	g_autofree char *url = url_of(&p, "/");
	struct hook *h;

	(void)state;
	to_free = sender_new(local);
	for (int i = 0; i < 5; i++)
		post(to_free, url, "{}");
	h = &hooks[n_hooks++];
	h->request = g_new0(struct request, 1);
	h->request->driver = DRIVER_HTTP;
	h->request->url = g_strdup(url);
	to_free->send(to_free, h->request, on_done_free, h);
	for (int i = 0; i < 20; i++)
		post(to_free, url, "{}");
	until(the_loop, to_free == NULL);
	turn_for(the_loop, 20);
	assert_true(n_ended < 26);
	peer_stop(&p);
}

static void retry_after_is_read_with_care(void **state)
{
	static const struct {
		const char *value;
		dur_t want;
	} values[] = {
		{"0", 0},
		{"120", 120000},
		{"86400", DAY},
		{"86401", DAY},
		{"99999999999999999999999999", DAY},
		{"-5", 0},
		{"1.5", 0},
		{"", 0},
		{"soon", 0},
		{"Fri, 09 Aug 2019 09:00:30 GMT", 30000},
		{"Fri, 09 Aug 2019 08:00:00 GMT", 0},
		{"Fri, 09 Aug 2119 08:00:00 GMT", DAY},
	};
	const wall_t now = 1565341200000; /* 2019-08-09T09:00:00Z */

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
		assert_int_equal(http_retry_after(values[i].value, now), values[i].want);
}

static bool allowed(const struct addr_guard *g, const char *text)
{
	struct sockaddr_in six_or_four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &six_or_four.sin_addr) == 1)
		return addr_guard_allows(g, (struct sockaddr *)&six_or_four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return addr_guard_allows(g, (struct sockaddr *)&six);
}

static void ranges_end_where_they_end(void **state)
{
	static const char *const good[] = {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",
					   "100.63.255.255",  "100.128.0.0",     "172.15.255.255",
					   "172.32.0.0",      "192.167.255.255", "192.169.0.0",
					   "223.255.255.255", "198.17.255.255",  "198.20.0.0",
					   "2400:3200::1",    "2606:4700::1111", "2001:200::1"};
	static const char *const bad[] = {"10.255.255.255",
					  "100.127.255.255",
					  "172.31.255.255",
					  "192.168.255.255",
					  "198.19.255.255",
					  "239.255.255.255",
					  "::",
					  "::1",
					  "1fff::1",
					  "4000::1",
					  "ff02::1",
					  "fc00::1",
					  "2001::1",
					  "2001:db8::1",
					  "2002::1",
					  "3fff:0fff::1",
					  "::ffff:8.8.8.8",
					  "64:ff9b::808:808"};
	struct addr_guard *none = addr_guard_new(NULL, NULL);
	struct addr_guard *some = addr_guard_new(
		(const char *[]){"10.1.0.0/16", "127.0.0.1", "fd00::/8", "192.168.1.128/25", NULL},
		NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		if (!allowed(none, good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		if (allowed(none, bad[i]))
			fail_msg("%s", bad[i]);
	assert_true(allowed(some, "10.1.255.255"));
	assert_false(allowed(some, "10.2.0.0"));
	assert_true(allowed(some, "127.0.0.1"));
	assert_true(allowed(some, "::ffff:127.0.0.1"));
	assert_false(allowed(some, "127.0.0.2"));
	assert_true(allowed(some, "fdff::1"));
	assert_true(allowed(some, "192.168.1.128"));
	assert_false(allowed(some, "192.168.1.127"));
	addr_guard_free(&none);
	addr_guard_free(&some);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_hook_arrives),
		T(a_burst_reuses_few_connections),
		T(every_answer_is_told),
		T(huge_headers_are_refused),
		T(a_host_that_hangs_delays_no_other),
		T(inner_addresses_are_not_connected_to),
		T(only_good_requests_are_made),
		T(nobody_there_is_told_at_once),
		T(certificates_are_checked),
		T(it_may_be_freed_in_a_callback),
		cmocka_unit_test(retry_after_is_read_with_care),
		cmocka_unit_test(ranges_end_where_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
