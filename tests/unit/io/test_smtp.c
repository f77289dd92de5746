/*
 * The sender against a real relay on a real socket: everything ends, truly told, and
 * nobody waits for somebody else's trouble.
 */
#include "peer.h"

#include "daemon/io/smtp.h"
#include "daemon/io/smtp_dialogue.h"

#define MAILS_MAX 400

struct mail {
	struct request *request;
	struct reply *reply;
	mono_t at;
};

static struct loop *the_loop;
static struct mail mails[MAILS_MAX];
static int n_mails, n_ended;

static int setup(void **state)
{
	(void)state;
	the_loop = loop_new(NULL);
	memset(mails, 0, sizeof(mails));
	n_mails = n_ended = 0;
	return the_loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < n_mails; i++) {
		request_free(&mails[i].request);
		reply_free(&mails[i].reply);
	}
	loop_free(&the_loop);
	return 0;
}

static void on_done(void *arg, struct reply *reply)
{
	struct mail *m = arg;

	assert_null(m->reply);
	assert_non_null(reply->text);
	m->reply = reply;
	m->at = clock_boot();
	n_ended++;
}

static struct mail *mail_to(struct sender *s, const char *to)
{
	struct mail *m = &mails[n_mails++];
	g_autofree char *body = g_strdup_printf("Message-ID: <m%d@example.org>\r\n"
						"Subject: t\r\n\r\n.one\r\ntwo\r\n",
						n_mails);

	assert_true(n_mails <= MAILS_MAX);
	m->request = g_new0(struct request, 1);
	m->request->driver = DRIVER_SMTP;
	m->request->identity = g_strdup_printf("m%d", n_mails);
	m->request->from = g_strdup("duban@example.org");
	m->request->to = g_strdup(to);
	m->request->body = g_bytes_new(body, strlen(body));
	s->send(s, m->request, on_done, m);
	assert_null(m->reply); /* never before send() has returned */
	return m;
}

static struct sender *sender_for(int port, struct smtp_settings settings)
{
	g_autofree char *url = g_strdup_printf("smtp://127.0.0.1:%d", port);
	struct err err = {0};
	struct sender *s;

	settings.url = settings.url ? settings.url : url;
	settings.helo = "duban.example.org";
	s = smtp_new(the_loop, &settings, &err);
	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static const struct smtp_settings chained = {.mode = SMTP_CHAINED};

static void one_mail_arrives_as_it_was_given(void **state)
{
	g_autofree char *dir = test_dir_new();
	struct peer p = peer_start("smtp_peer.py", (const char *[]){"--dir", dir, NULL});
	struct sender *s = sender_for(p.port, chained);
	g_autofree char *path = g_build_filename(dir, "0001.eml", NULL);
	g_autofree char *text = NULL;
	struct mail *m;

	(void)state;
	assert_int_equal(s->room(s), SMTP_CONNECTIONS * SMTP_CHAIN);
	m = mail_to(s, "anjianju@example.org");
	assert_int_equal(s->room(s), SMTP_CONNECTIONS * SMTP_CHAIN - 1);
	until(the_loop, n_ended == 1);
	assert_int_equal(m->reply->status, 250);
	assert_string_equal(m->reply->verb, "dot");
	assert_true(m->reply->went_out);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	assert_string_equal(text,
			    "Message-ID: <m1@example.org>\r\nSubject: t\r\n\r\n.one\r\ntwo\r\n");
	assert_int_equal(peer_count(&p, "accepted", "\"rcpt\": \"anjianju@example.org\""), 1);
	smtp_free(&s);
	assert_null(s);
	peer_stop(&p);
	test_dir_free(g_steal_pointer(&dir));
}

/** @n mails to u0 .. : each arrives exactly once. */
static void burst(struct peer *p, struct sender *s, int n)
{
	for (int i = 0; i < n; i++) {
		g_autofree char *to = g_strdup_printf("u%d@example.org", i);

		mail_to(s, to);
	}
	until(the_loop, n_ended == n);
	for (int i = 0; i < n; i++) {
		g_autofree char *to = g_strdup_printf("\"rcpt\": \"u%d@", i);

		assert_int_equal(mails[i].reply->status, 250);
		assert_int_equal(peer_count(p, "accepted", to), 1);
	}
}

static void a_burst_uses_few_connections(void **state)
{
	static const char *const relays[] = {NULL, "--no-pipelining"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct peer p = peer_start("smtp_peer.py", (const char *[]){relays[i], NULL});
		struct smtp_counts counts;
		struct sender *s;

		teardown(NULL);
		setup(NULL);
		s = sender_for(p.port, chained);
		burst(&p, s, 300);
		smtp_counts(s, &counts);
		assert_in_range(counts.connects, 1, 4);
		assert_int_equal(counts.connections, counts.connects);
		assert_int_equal(counts.sent, 300);
		assert_int_equal(counts.queued + counts.in_flight, 0);
		assert_int_equal(s->room(s), SMTP_CONNECTIONS * SMTP_CHAIN);
		smtp_free(&s);
		peer_stop(&p);
	}
}

struct row {
	const char *name, *fault;
	int status;
	const char *verb;
	bool went_out;
	const char *words;
};

/* "bad" alone meets the fault; the good ones before and after it must arrive. */
static const struct row rows[] = {
	{"refused at MAIL", "at=MAIL,do=reply,text=550 5.7.1 no,nth=2", 550, "MAIL", false,
	 "5.7.1 no"},
	{"greylisted", "at=RCPT,do=reply,text=450 4.2.1 later,rcpt=bad*", 450, "RCPT", false,
	 "later"},
	{"unknown user", "at=RCPT,do=reply,text=550-5.1.1 who\\n550 is it,rcpt=bad*", 550, "RCPT",
	 false, "5.1.1 who is it"},
	{"refused at DATA", "at=DATA,do=reply,text=451 later,rcpt=bad*", 451, "DATA", false,
	 "later"},
	{"refused at the dot", "at=dot,do=reply,text=554 5.6.0 spam,rcpt=bad*", 554, "dot", true,
	 "spam"},
	{"full", "at=dot,do=reply,text=452 4.3.1 full,rcpt=bad*", 452, "dot", true, "full"},
	{"421 at RCPT", "at=RCPT,do=reply,text=421 4.3.2 bye,rcpt=bad*", 421, "RCPT", false, "bye"},
	{"421 at the dot", "at=dot,do=reply,text=421 bye,rcpt=bad*", 421, "dot", true, "bye"},
	{"hangs up at RCPT", "at=RCPT,do=drop,rcpt=bad*", 0, "RCPT", false, "hung up"},
	{"hangs up at DATA", "at=DATA,do=drop,rcpt=bad*", 0, "DATA", false, "hung up"},
	{"hangs up at the dot", "at=dot,do=drop,rcpt=bad*", 0, "dot", true, "hung up"},
	{"accepts and hangs up", "at=dot,do=drop-after,rcpt=bad*", 0, "dot", true, "hung up"},
	{"never answers the dot", "at=dot,do=hang,rcpt=bad*", 0, "dot", true, "no answer"},
	{"never answers RCPT", "at=RCPT,do=hang,rcpt=bad*", 0, "RCPT", false, "no answer"},
	{"a byte at a time", "at=dot,do=slow,seconds=0.002,rcpt=bad*", 250, "dot", true, "kept"},
};

static void trouble_is_told_and_stays_with_its_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		struct peer p =
			peer_start("smtp_peer.py", (const char *[]){"--fault", r->fault, NULL});
		struct smtp_settings settings = chained;
		struct sender *s;
		struct mail *bad = NULL;
		int lost = 0;

		print_message("# %s\n", r->name);
		teardown(NULL);
		setup(NULL);
		settings.connections = 1;
		settings.timeouts = (struct smtp_timeouts){.dot = 400, .rcpt = 400, .patience = 50};
		s = sender_for(p.port, settings);
		mail_to(s, "a@example.org");
		bad = mail_to(s, "bad@example.org");
		for (int k = 0; k < 4; k++)
			mail_to(s, "b@example.org");
		until(the_loop, n_ended == n_mails);
		assert_int_equal(bad->reply->status, r->status);
		assert_string_equal(bad->reply->verb, r->verb);
		assert_int_equal(bad->reply->went_out, r->went_out);
		assert_non_null(strstr(bad->reply->text, r->words));
		for (int k = 0; k < n_mails; k++)
			if (&mails[k] != bad && mails[k].reply->status != 250)
				lost++;
		/* What was chained behind it has gone another way. */
		assert_int_equal(lost, 0);
		assert_int_equal(
			peer_count(&p, "accepted", "\"a@") + peer_count(&p, "accepted", "\"b@"), 5);
		smtp_free(&s);
		peer_stop(&p);
	}
}

static void one_that_hangs_delays_no_other(void **state)
{
	struct peer p = peer_start("smtp_peer.py",
				   (const char *[]){"--fault", "at=dot,do=hang,rcpt=bad*", NULL});
	struct smtp_settings settings = chained;
	struct smtp_counts counts;
	struct sender *s;
	mono_t began = clock_boot();

	(void)state;
	settings.connections = 2;
	settings.timeouts.patience = 300;
	s = sender_for(p.port, settings);
	for (int i = 0; i < 104; i++)
		mail_to(s, i % 26 == 3 ? "bad@example.org" : "good@example.org");
	until(the_loop, n_ended == 100);
	assert_true(clock_boot() - began < 30000);
	for (int i = 0; i < 104; i++)
		if (i % 26 != 3)
			assert_int_equal(mails[i].reply->status, 250);
	smtp_counts(s, &counts);
	assert_int_equal(counts.in_flight, 4);
	assert_int_equal(peer_count(&p, "accepted", "good@"), 100);
	smtp_free(&s); /* with four under way: they never end */
	turn_for(the_loop, 20);
	assert_int_equal(n_ended, 100);
	peer_stop(&p);
}

struct feeder {
	struct sender *s;
	int left;
};

/** Sends only while there is room, as the outbox does: five that hang, then a good one. */
static void feed(void *arg)
{
	struct feeder *f = arg;

	while (f->left > 0 && f->s->room(f->s) > 0)
		mail_to(f->s, --f->left > 0 ? "bad@example.org" : "good@example.org");
}

static void what_hangs_takes_no_room(void **state)
{
	struct peer p = peer_start("smtp_peer.py",
				   (const char *[]){"--fault", "at=dot,do=hang,rcpt=bad*", NULL});
	struct smtp_settings settings = chained;
	struct smtp_counts counts;
	struct feeder f = {.left = 6};

	(void)state;
	settings.connections = 1;
	settings.timeouts.patience = 50;
	f.s = sender_for(p.port, settings);
	f.s->on_room = feed;
	f.s->on_room_arg = &f;
	feed(&f);
	assert_int_equal(f.s->room(f.s), 0);
	until(the_loop, n_ended == 1);
	assert_int_equal(mails[5].reply->status, 250);
	smtp_counts(f.s, &counts);
	assert_int_equal(counts.in_flight, 5);
	smtp_free(&f.s);
	peer_stop(&p);
}

/**
 * The relay answers and closes while it has not read what was chained behind: a reset
 * behind a reply that can still be read.  Nobody waits until a time limit for it.
 */
static void a_reset_behind_a_reply_is_seen(void **state)
{
	struct peer p = peer_start("smtp_peer.py",
				   (const char *[]){"--fault", "at=dot,do=reset,rcpt=last*", NULL});
	struct smtp_settings settings = chained;
	struct smtp_counts counts;
	struct sender *s;

	(void)state;
	settings.connections = 1;
	settings.timeouts.patience = 20000;
	s = sender_for(p.port, settings);
	for (int i = 0; i < 200; i++)
		mail_to(s, i % 2 ? "next@example.org" : "last@example.org");
	until(the_loop, n_ended == 200);
	for (int i = 0; i < 200; i++)
		assert_int_equal(mails[i].reply->status, 250);
	assert_int_equal(peer_count(&p, "accepted", "next@"), 100);
	smtp_counts(s, &counts);
	assert_int_equal(counts.taken_back, 0); /* that would be patience at its end */
	smtp_free(&s);
	peer_stop(&p);
}

static void all_end_at_once(struct sender *s, int n, int status, const char *verb)
{
	for (int i = 0; i < n; i++)
		mail_to(s, "a@example.org");
	until(the_loop, n_ended == n);
	for (int i = 0; i < n; i++) {
		if (strcmp(mails[i].reply->verb, verb) != 0 || mails[i].reply->status != status)
			fail_msg("%s %d %s", mails[i].reply->verb, mails[i].reply->status,
				 mails[i].reply->text);
		assert_false(mails[i].reply->went_out);
	}
	print_message("# %s: %s\n", verb, mails[0].reply->text);
}

static void a_relay_that_is_not_there_fails_all_at_once(void **state)
{
	struct sender *s = sender_for(1, chained);

	(void)state;
	all_end_at_once(s, 50, 0, "connect");
	smtp_free(&s);
}

static void a_relay_that_says_no_fails_all_at_once(void **state)
{
	static const struct {
		const char *fault;
		int status;
		const char *verb;
	} relays[] = {
		{"at=greeting,do=reply,text=421 4.3.2 busy", 421, "greeting"},
		{"at=greeting,do=reply,text=554 5.7.1 go away", 0, "greeting"},
		{"at=greeting,do=hang", 0, "greeting"},
		{"at=greeting,do=drop", 0, "greeting"},
		{"at=EHLO,do=hang", 0, "EHLO"},
		{"at=EHLO,do=drop", 0, "EHLO"},
		{"at=AUTH,do=reply,text=535 5.7.8 wrong", 0, "AUTH"},
		{"at=AUTH,do=reply,text=454 4.7.0 later", 454, "AUTH"},
		{"at=AUTH,do=hang", 0, "AUTH"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(relays); i++) {
		struct peer p = peer_start("smtp_peer.py",
					   (const char *[]){"--fault", relays[i].fault, NULL});
		struct smtp_settings settings = chained;
		struct smtp_counts counts;
		struct sender *s;

		teardown(NULL);
		setup(NULL);
		settings.user = "duban";
		settings.password = "geheim";
		settings.timeouts.connect = 400;
		s = sender_for(p.port, settings);
		all_end_at_once(s, 20, relays[i].status, relays[i].verb);
		for (int k = 0; k < n_mails; k++)
			assert_null(strstr(mails[k].reply->text, "geheim"));
		smtp_counts(s, &counts);
		assert_int_equal(counts.connects, 1); /* it was asked once, not four times */
		assert_int_equal(counts.allowed, 2);
		smtp_free(&s);
		peer_stop(&p);
	}
}

static void a_login_is_made_where_it_is_wanted(void **state)
{
	struct peer p =
		peer_start("smtp_peer.py", (const char *[]){"--login", "duban:geheim", NULL});
	struct smtp_settings settings = chained;
	struct sender *s;

	(void)state;
	settings.user = "duban";
	settings.password = "geheim";
	s = sender_for(p.port, settings);
	mail_to(s, "a@example.org");
	until(the_loop, n_ended == 1);
	assert_int_equal(mails[0].reply->status, 250);
	assert_int_equal(peer_count(&p, "accepted", "\"user\": \"duban\""), 1);
	smtp_free(&s);
	settings.password = "falsch";
	s = sender_for(p.port, settings);
	mail_to(s, "a@example.org");
	until(the_loop, n_ended == 2);
	assert_string_equal(mails[1].reply->verb, "AUTH");
	smtp_free(&s);
	peer_stop(&p);
}

static void tls_is_used_as_the_policy_says(void **state)
{
	g_autofree char *dir = test_dir_new();
	g_autofree char *cert = cert_new(dir);
	static const struct {
		bool offered, ca;
		const char *fault;
		enum smtp_starttls policy;
		const char *tls; /* as the ledger has it; NULL: not sent */
	} cases[] = {
		{true, true, NULL, SMTP_STARTTLS_REQUIRED, "\"tls\": true"},
		{true, false, NULL, SMTP_STARTTLS_REQUIRED, NULL},
		{false, true, NULL, SMTP_STARTTLS_REQUIRED, NULL},
		{true, false, NULL, SMTP_STARTTLS_OPPORTUNISTIC, "\"tls\": true"},
		{false, false, NULL, SMTP_STARTTLS_OPPORTUNISTIC, "\"tls\": false"},
		{true, false, NULL, SMTP_STARTTLS_NONE, "\"tls\": false"},
		{true, true, "at=STARTTLS,do=reply,text=454 4.7.0 no TLS now",
		 SMTP_STARTTLS_REQUIRED, NULL},
	};

	(void)state;
	if (!cert) {
		print_message("# skipped: no openssl to make a certificate\n");
		test_dir_free(g_steal_pointer(&dir));
		skip();
	}
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *args[] = {"--fault",
				      cases[i].fault ? cases[i].fault : "at=RSET,do=drop",
				      cases[i].offered ? "--cert" : NULL, cert, NULL};
		struct peer p = peer_start("smtp_peer.py", args);
		struct smtp_settings settings = chained;
		struct sender *s;

		teardown(NULL);
		setup(NULL);
		settings.starttls = cases[i].policy;
		settings.ca_file = cases[i].ca ? cert : NULL;
		settings.timeouts.connect = 5000;
		s = sender_for(p.port, settings);
		for (int k = 0; k < 3; k++)
			mail_to(s, "a@example.org");
		until(the_loop, n_ended == 3);
		print_message("# %zu: %s %d %s\n", i, mails[0].reply->verb, mails[0].reply->status,
			      mails[0].reply->text);
		if (cases[i].tls) {
			assert_int_equal(peer_count(&p, "accepted", cases[i].tls), 3);
		} else {
			assert_string_equal(mails[0].reply->verb, "STARTTLS");
			assert_int_equal(peer_count(&p, "accepted", ""), 0);
		}
		smtp_free(&s);
		peer_stop(&p);
	}
	test_dir_free(g_steal_pointer(&dir));
}

static void smtps_carries_a_burst(void **state)
{
	g_autofree char *dir = test_dir_new();
	g_autofree char *cert = cert_new(dir);
	g_autofree char *url = NULL;
	struct smtp_settings settings = chained;
	struct sender *s;
	struct peer p;

	(void)state;
	if (!cert) {
		print_message("# skipped: no openssl to make a certificate\n");
		test_dir_free(g_steal_pointer(&dir));
		skip();
	}
	p = peer_start("smtp_peer.py", (const char *[]){"--smtps", "--cert", cert, NULL});
	url = g_strdup_printf("smtps://localhost:%d", p.port);
	settings.url = url;
	settings.ca_file = cert;
	s = sender_for(p.port, settings);
	burst(&p, s, 100);
	smtp_free(&s);
	peer_stop(&p);
	test_dir_free(g_steal_pointer(&dir));
}

static void random_trouble_is_told_truly(void **state)
{
	const char *given = g_getenv("DUBAN_SEED");
	g_autofree char *seed =
		given ? g_strdup(given) : g_strdup_printf("%u", g_random_int() >> 8);
	struct peer p =
		peer_start("smtp_peer.py",
			   (const char *[]){"--seed", seed, "--fault", "at=dot,do=drop,percent=4",
					    "--fault", "at=dot,do=drop-after,percent=4", "--fault",
					    "at=dot,do=reply,text=451 later,percent=4", "--fault",
					    "at=RCPT,do=reply,text=550 no,percent=4", "--fault",
					    "at=RCPT,do=reply,text=421 bye,percent=2", "--fault",
					    "at=MAIL,do=drop,percent=2", "--fault",
					    "at=DATA,do=reply,text=452 no,percent=3", NULL});
	struct sender *s = sender_for(p.port, chained);
	int sent = 0, unknown = 0;

	(void)state;
	print_message("# DUBAN_SEED=%s\n", seed);
	for (int i = 0; i < MAILS_MAX; i++) {
		g_autofree char *to = g_strdup_printf("u%d@example.org", i);

		mail_to(s, to);
	}
	until(the_loop, n_ended == MAILS_MAX);
	for (int i = 0; i < MAILS_MAX; i++) {
		g_autofree char *to = g_strdup_printf("\"rcpt\": \"u%d@", i);
		const struct reply *r = mails[i].reply;
		int n = peer_count(&p, "accepted", to);

		if (r->status == 250) {
			assert_int_equal(n, 1);
			sent++;
		} else if (r->status == 0 && r->went_out) {
			assert_in_range(n, 0, 1);
			unknown++;
		} else {
			assert_int_equal(n, 0);
		}
	}
	print_message("# of %d: %d sent, %d unknown\n", MAILS_MAX, sent, unknown);
	assert_true(sent > MAILS_MAX / 2);
	smtp_free(&s);
	peer_stop(&p);
}

static void an_idle_connection_takes_its_leave(void **state)
{
	struct peer p = peer_start("smtp_peer.py", NULL);
	struct smtp_settings settings = chained;
	struct smtp_counts counts;
	struct sender *s;

	(void)state;
	settings.timeouts = (struct smtp_timeouts){.idle = 150, .patience = 50};
	s = sender_for(p.port, settings);
	mail_to(s, "a@example.org");
	until(the_loop, n_ended == 1);
	until(the_loop, (smtp_counts(s, &counts), counts.connections == 0));
	assert_int_equal(peer_count(&p, "\"quit\"", ""), 1);
	mail_to(s, "a@example.org"); /* and comes back */
	until(the_loop, n_ended == 2);
	assert_int_equal(mails[1].reply->status, 250);
	smtp_free(&s);
	peer_stop(&p);
}

static struct sender *to_free;

static void on_done_free(void *arg, struct reply *reply)
{
	on_done(arg, reply);
	smtp_free(&to_free);
}

static void it_may_be_freed_in_a_callback(void **state)
{
	struct peer p = peer_start("smtp_peer.py", NULL);

	(void)state;
	to_free = sender_for(p.port, chained);
	for (int i = 0; i < 20; i++) {
		struct mail *m = mail_to(to_free, "a@example.org");

		if (i == 0) {
			/* One more, with the callback that frees. */
			m = &mails[n_mails++];
			m->request = g_new0(struct request, 1);
			m->request->to = g_strdup("b@example.org");
			m->request->body = g_bytes_new("x", 1);
			to_free->send(to_free, m->request, on_done_free, m);
		}
	}
	until(the_loop, to_free == NULL);
	turn_for(the_loop, 30);
	assert_true(n_ended < 22);
	peer_stop(&p);
}

static void it_may_be_freed_at_any_time(void **state)
{
	struct peer p = peer_start("smtp_peer.py", NULL);

	(void)state;
	for (int turns = 0; turns < 40; turns++) {
		struct sender *s = sender_for(p.port, chained);

		for (int i = 0; i < 5; i++)
			mail_to(s, "a@example.org");
		for (int i = 0; i < turns; i++)
			loop_turn(the_loop, false);
		smtp_free(&s);
		n_ended = 0;
		turn_for(the_loop, 1);
		assert_int_equal(n_ended, 0);
	}
	peer_stop(&p);
}

static void settings_are_checked(void **state)
{
	static const struct smtp_settings bad[] = {
		{.url = "http://relay.example.org"},
		{.url = "relay.example.org"},
		{.url = "smtp://"},
		{.url = "smtp://user:secret@relay.example.org"},
		{.url = "smtp://relay.example.org/path"},
		{.url = "smtp://relay.example.org", .user = "u"},
		{.url = "smtp://127.example.org", .user = "u"},
		{.url = "smtp://relay.example.org",
		 .user = "u",
		 .starttls = SMTP_STARTTLS_OPPORTUNISTIC},
		{.url = "smtp://relay.example.org", .connections = 33},
		{.url = "smtp://relay.example.org", .helo = "a\r\nMAIL"},
	};
	static const struct smtp_settings good[] = {
		{.url = "smtp://relay.example.org:587",
		 .user = "u",
		 .starttls = SMTP_STARTTLS_REQUIRED},
		{.url = "smtps://relay.example.org", .user = "u"},
		{.url = "smtp://[::1]:25", .user = "u"},
		{.url = "smtp://localhost", .user = "u", .connections = 32},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct err err = {0};

		assert_null(smtp_new(the_loop, &bad[i], &err));
		print_message("# %s\n", err.text);
		assert_null(strstr(err.text, "secret"));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		struct sender *s = smtp_new(the_loop, &good[i], NULL);

		assert_non_null(s);
		smtp_free(&s);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_mail_arrives_as_it_was_given),
		T(a_burst_uses_few_connections),
		T(trouble_is_told_and_stays_with_its_mail),
		T(one_that_hangs_delays_no_other),
		T(what_hangs_takes_no_room),
		T(a_reset_behind_a_reply_is_seen),
		T(a_relay_that_is_not_there_fails_all_at_once),
		T(a_relay_that_says_no_fails_all_at_once),
		T(a_login_is_made_where_it_is_wanted),
		T(tls_is_used_as_the_policy_says),
		T(smtps_carries_a_burst),
		T(random_trouble_is_told_truly),
		T(an_idle_connection_takes_its_leave),
		T(it_may_be_freed_in_a_callback),
		T(it_may_be_freed_at_any_time),
		T(settings_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
