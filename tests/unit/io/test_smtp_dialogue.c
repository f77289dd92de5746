/*
 * The dialogue against a relay that lives in this file and keeps a ledger: what the
 * dialogue reports must agree with what the relay has accepted, however the relay
 * fails, wherever the bytes are cut and whenever the connection breaks.
 */
#include "io_test.h"

#include <stdlib.h>

#include "daemon/io/smtp_dialogue.h"

#define JOBS_MAX 8

/* ---- a relay -------------------------------------------------------------------- */

/** At the @nth (from 1; 0 = each) command of this @verb: say @reply; NULL = hang up. */
struct fault {
	const char *verb;
	int nth;
	const char *reply;
};

struct relay {
	const struct fault *faults; /* verb NULL ends */
	GString *in, *out;
	bool data, have_mail, have_rcpt, closed, rset_seen;
	GString *body;
	char *rcpt;
	GPtrArray *accepted; /* char *: recipient, then the mail */
	int seen[8];
	int close_after_in; /* bytes of the client after which it hangs up; -1 = never */
};

static const char *const verbs[] = {"MAIL", "RCPT", "DATA", "dot", "RSET", "QUIT", NULL};

static void relay_init(struct relay *r, const struct fault *faults)
{
	*r = (struct relay){.faults = faults, .close_after_in = -1};
	r->in = g_string_new(NULL);
	r->out = g_string_new(NULL);
	r->body = g_string_new(NULL);
	r->accepted = g_ptr_array_new_with_free_func(g_free);
}

static void relay_fini(struct relay *r)
{
	g_string_free(r->in, TRUE);
	g_string_free(r->out, TRUE);
	g_string_free(r->body, TRUE);
	g_ptr_array_unref(r->accepted);
	g_free(r->rcpt);
}

/** The scripted reply, or @usual. NULL: it hung up. */
static const char *relay_reply(struct relay *r, const char *verb, const char *usual)
{
	int which = 0;

	while (strcmp(verbs[which], verb) != 0)
		which++;
	r->seen[which]++;
	for (const struct fault *f = r->faults; f && f->verb; f++) {
		if (strcmp(f->verb, verb) != 0 || (f->nth && f->nth != r->seen[which]))
			continue;
		if (!f->reply)
			r->closed = true;
		return f->reply;
	}
	return usual;
}

static void relay_dot(struct relay *r)
{
	const char *reply = relay_reply(r, "dot", "250 2.0.0 queued\r\n");

	r->data = false;
	/* "250 but hang up before saying so" is the fault "-". */
	if (reply && (*reply == '2' || *reply == '-') && r->have_rcpt) {
		g_ptr_array_add(r->accepted, g_strdup(r->rcpt));
		g_ptr_array_add(r->accepted, g_strdup(r->body->str));
	}
	if (reply && *reply == '-') {
		r->closed = true;
		reply = NULL;
	}
	r->have_mail = r->have_rcpt = false;
	g_string_truncate(r->body, 0);
	if (reply)
		g_string_append(r->out, reply);
}

static const char *relay_command(struct relay *r, const char *line)
{
	const char *reply;

	if (g_str_has_prefix(line, "MAIL FROM:<")) {
		reply = relay_reply(r, "MAIL", r->have_mail ? "503 nested MAIL\r\n" : "250 ok\r\n");
		r->have_mail |= reply && *reply == '2';
		return reply;
	}
	if (g_str_has_prefix(line, "RCPT TO:<")) {
		reply = relay_reply(r, "RCPT", r->have_mail ? "250 ok\r\n" : "503 no MAIL\r\n");
		if (reply && *reply == '2') {
			r->have_rcpt = true;
			g_free(r->rcpt);
			r->rcpt = g_strndup(line + 9, strcspn(line + 9, ">"));
		}
		return reply;
	}
	if (strcmp(line, "DATA") == 0) {
		reply = relay_reply(r, "DATA", r->have_rcpt ? "354 go\r\n" : "554 no rcpt\r\n");
		r->data = reply && *reply == '3';
		return reply;
	}
	if (strcmp(line, "RSET") == 0) {
		r->have_mail = r->have_rcpt = false;
		return relay_reply(r, "RSET", "250 ok\r\n");
	}
	if (strcmp(line, "QUIT") == 0)
		return relay_reply(r, "QUIT", "221 bye\r\n");
	fail_msg("the dialogue said: %s", line);
	return NULL;
}

static void relay_line(struct relay *r, const char *line)
{
	const char *reply;

	if (r->data) {
		if (strcmp(line, ".") == 0)
			relay_dot(r);
		else
			g_string_append_printf(r->body, "%s\n", *line == '.' ? line + 1 : line);
		return;
	}
	reply = relay_command(r, line);
	if (reply)
		g_string_append(r->out, reply);
}

static void relay_eat(struct relay *r, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size && !r->closed; i++) {
		if (r->close_after_in == 0) {
			r->closed = true;
			break;
		}
		r->close_after_in--;
		if (bytes[i] != '\n') {
			g_string_append_c(r->in, bytes[i]);
			continue;
		}
		assert_true(r->in->len > 0 && r->in->str[r->in->len - 1] == '\r');
		g_string_truncate(r->in, r->in->len - 1);
		assert_null(strchr(r->in->str, '\r'));
		relay_line(r, r->in->str);
		g_string_truncate(r->in, 0);
	}
}

/* ---- a session -------------------------------------------------------------------- */

struct attempt {
	struct request *request;
	struct reply *reply;
};

struct session {
	struct relay relay;
	struct smtp_dialogue *d;
	struct attempt jobs[JOBS_MAX];
	int n, added;
	size_t out_chunk, in_chunk; /* 0 = as much as there is */
	int split;                  /* cut what the relay says once, here; -1 = not */
	int close_after_out;        /* bytes of the relay after which it is gone; -1 = never */
	GRand *rand;                /* chunks at random */
};

static const struct smtp_caps caps_all = {
	.pipelining = true, .eight_bit = true, .size = true, .size_max = 1000};

static struct request *request_new(int i, const char *body)
{
	struct request *r = g_new0(struct request, 1);

	r->driver = DRIVER_SMTP;
	r->identity = g_strdup_printf("id-%d", i);
	r->from = g_strdup("duban@example.org");
	r->to = g_strdup_printf("unit%d@example.org", i);
	r->body = g_bytes_new(body, strlen(body));
	return r;
}

static char *body_of(int i)
{
	return g_strdup_printf("Subject: %d\r\n\r\n.dot\r\n..two\r\nend %d\r\n", i, i);
}

static void session_init(struct session *s, const struct fault *faults, enum smtp_mode mode, int n)
{
	struct smtp_caps caps = caps_all;

	memset(s, 0, sizeof(*s));
	relay_init(&s->relay, faults);
	caps.pipelining = mode != SMTP_LOCKSTEP;
	s->d = smtp_dialogue_new(&caps, mode);
	s->split = s->close_after_out = -1;
	s->n = n;
	for (int i = 0; i < n; i++) {
		g_autofree char *body = body_of(i);

		s->jobs[i].request = request_new(i, body);
	}
}

static void session_fini(struct session *s)
{
	smtp_dialogue_free(&s->d);
	for (int i = 0; i < s->n; i++) {
		request_free(&s->jobs[i].request);
		reply_free(&s->jobs[i].reply);
	}
	relay_fini(&s->relay);
}

static size_t chunk(struct session *s, size_t limit, size_t have)
{
	if (s->rand)
		return (size_t)g_rand_int_range(s->rand, 1, (gint32)MIN(have, 40) + 1);
	return limit ? MIN(limit, have) : have;
}

/** Give the dialogue what the relay has said. */
static void hear(struct session *s)
{
	while (s->relay.out->len > 0) {
		size_t n = chunk(s, s->in_chunk, s->relay.out->len);

		if (s->split > 0)
			n = MIN(n, (size_t)s->split);
		if (s->close_after_out >= 0)
			n = MIN(n, (size_t)s->close_after_out);
		if (n == 0) {
			s->relay.closed = true;
			g_string_truncate(s->relay.out, 0);
			return;
		}
		g_autofree char *bytes = g_memdup2(s->relay.out->str, n);
		smtp_dialogue_received(s->d, bytes, n);
		g_string_erase(s->relay.out, 0, (gssize)n);
		if (s->split > 0)
			s->split -= (int)n;
		if (s->close_after_out >= 0)
			s->close_after_out -= (int)n;
	}
}

static void collect(struct session *s)
{
	struct reply *reply;
	void *tag;

	while (smtp_dialogue_finished(s->d, &tag, &reply)) {
		struct attempt *a = tag;

		assert_null(a->reply); /* exactly once */
		assert_non_null(reply->text);
		assert_non_null(reply->verb);
		assert_true(g_utf8_validate(reply->text, -1, NULL));
		a->reply = reply;
	}
}

/** One round: add, send a piece, hear. false: nothing more will happen. */
static bool step(struct session *s)
{
	const char *bytes;
	size_t size;

	while (s->added < s->n && smtp_dialogue_room(s->d) > 0) {
		struct attempt *a = &s->jobs[s->added++];

		smtp_dialogue_add(s->d, a->request, a);
	}
	bytes = smtp_dialogue_output(s->d, &size);
	if (size > 0) {
		size = chunk(s, s->out_chunk, size);
		g_autofree char *piece = g_memdup2(bytes, size);
		smtp_dialogue_sent(s->d, size);
		relay_eat(&s->relay, piece, size);
	}
	hear(s);
	if (s->relay.closed)
		smtp_dialogue_closed(s->d, "connection closed");
	collect(s);
	if (smtp_dialogue_waiting(s->d) == SMTP_DEAD)
		return false;
	return size > 0 || s->relay.out->len > 0 ||
	       (s->added < s->n && smtp_dialogue_room(s->d) > 0);
}

static void run(struct session *s)
{
	for (int rounds = 0; step(s); rounds++)
		assert_true(rounds < 100000);
}

/** S sent, R not now, X never, U unknown, N not sent, - not tried. */
static char letter(const struct attempt *a)
{
	const struct reply *r = a->reply;

	if (!r)
		return '-';
	if (r->status == 0)
		return r->went_out ? 'U' : 'N';
	return r->status < 300 ? 'S' : r->status < 500 ? 'R' : 'X';
}

static char *letters(const struct session *s)
{
	char *text = g_malloc0((gsize)s->n + 1);

	for (int i = 0; i < s->n; i++)
		text[i] = letter(&s->jobs[i]);
	return text;
}

static int accepted(const struct session *s, int i)
{
	int n = 0;

	for (guint k = 0; k < s->relay.accepted->len; k += 2)
		n += strcmp(s->relay.accepted->pdata[k], s->jobs[i].request->to) == 0;
	return n;
}

/** What was reported agrees with the ledger, and what was accepted is what was given. */
static void agree(const struct session *s)
{
	for (guint k = 0; k < s->relay.accepted->len; k += 2) {
		const char *to = s->relay.accepted->pdata[k];
		g_autofree char *want = body_of(to[4] - '0');
		g_auto(GStrv) lines = g_strsplit(want, "\r\n", -1);
		g_autofree char *lf = g_strjoinv("\n", lines);

		assert_string_equal(s->relay.accepted->pdata[k + 1], lf);
	}
	for (int i = 0; i < s->n; i++) {
		char c = letter(&s->jobs[i]);
		int n = accepted(s, i);

		if (c == 'S')
			assert_int_equal(n, 1);
		else if (c == 'U')
			assert_in_range(n, 0, 1);
		else
			assert_int_equal(n, 0);
	}
}

/* ---- faults -------------------------------------------------------------------------- */

struct row {
	const char *name;
	const struct fault *faults;
	const char *want[3]; /* of three jobs, by mode */
	const char *verb;    /* where the first bad one ended */
};

#define F(...) ((const struct fault[]){__VA_ARGS__, {0}})

static const struct row rows[] = {
	{"a good relay", NULL, {"SSS", "SSS", "SSS"}, NULL},
	{"MAIL not now", F({"MAIL", 2, "451 4.3.0 later\r\n"}), {"SRS", "SRS", "SRS"}, "MAIL"},
	{"MAIL never", F({"MAIL", 1, "550 5.7.1 no\r\n"}), {"XSS", "XSS", "XSS"}, "MAIL"},
	{"RCPT not now", F({"RCPT", 2, "450 4.2.1 grey\r\n"}), {"SRS", "SRS", "SRS"}, "RCPT"},
	{"RCPT never", F({"RCPT", 0, "550 5.1.1 who\r\n"}), {"XXX", "XXX", "XXX"}, "RCPT"},
	{"DATA not now", F({"DATA", 2, "451 later\r\n"}), {"SRS", "SRS", "SRS"}, "DATA"},
	{"DATA never", F({"DATA", 1, "554 no\r\n"}), {"XSS", "XSS", "XSS"}, "DATA"},
	{"dot not now", F({"dot", 2, "452 4.3.1 full\r\n"}), {"SRS", "SRS", "SRS"}, "dot"},
	{"dot never", F({"dot", 1, "554 5.6.0 bad\r\n"}), {"XSS", "XSS", "XSS"}, "dot"},
	{"refused, and 354 all the same",
	 F({"RCPT", 1, "550 who\r\n"}, {"DATA", 1, "354 go\r\n"}, {"dot", 1, "554 nobody\r\n"}),
	 {"XXS", "XSS", "XSS"},
	 "RCPT"},
	{"MAIL refused, RCPT not, and 354",
	 F({"MAIL", 1, "550 no\r\n"}, {"RCPT", 1, "250 ok\r\n"}, {"DATA", 1, "354 go\r\n"}),
	 {"XSS", "X--", "XN-"},
	 "MAIL"},
	{"421 at MAIL", F({"MAIL", 2, "421 4.3.2 bye\r\n"}), {"SR-", "SR-", "SRN"}, "MAIL"},
	{"421 at RCPT", F({"RCPT", 1, "421 bye\r\n"}), {"R--", "R--", "RN-"}, "RCPT"},
	{"421 at DATA", F({"DATA", 1, "421 bye\r\n"}), {"R--", "R--", "RN-"}, "DATA"},
	{"421 at the dot", F({"dot", 1, "421 bye\r\n"}), {"R--", "R--", "RN-"}, "dot"},
	{"hangs up at MAIL", F({"MAIL", 2, NULL}), {"SN-", "SN-", "SNN"}, "MAIL"},
	{"hangs up at RCPT", F({"RCPT", 1, NULL}), {"N--", "N--", "NN-"}, "RCPT"},
	{"hangs up at DATA", F({"DATA", 1, NULL}), {"N--", "N--", "NN-"}, "DATA"},
	{"hangs up at the dot, not accepted", F({"dot", 1, NULL}), {"U--", "U--", "UN-"}, "dot"},
	{"hangs up at the dot, accepted", F({"dot", 1, "-"}), {"U--", "U--", "UN-"}, "dot"},
	{"many lines", F({"dot", 0, "250-a\r\n250-b\r\n250\r\n"}), {"SSS", "SSS", "SSS"}, NULL},
	{"bare line feeds", F({"RCPT", 0, "250 ok\n"}), {"SSS", "SSS", "SSS"}, NULL},
	{"not SMTP", F({"MAIL", 1, "HTTP/1.1 200 OK\r\n"}), {"N--", "N--", "NN-"}, "MAIL"},
	{"a code of no class", F({"RCPT", 1, "199 what\r\n"}), {"N--", "N--", "NN-"}, "RCPT"},
	{"codes that differ", F({"RCPT", 1, "250-a\r\n550 b\r\n"}), {"N--", "N--", "NN-"}, "RCPT"},
	{"3xx to RCPT", F({"RCPT", 1, "354 go\r\n"}), {"N--", "N--", "NN-"}, NULL},
	{"2xx to DATA is no yes", F({"DATA", 1, "250 ok\r\n"}), {"N--", "N--", "NN-"}, NULL},
	{"3xx to the dot", F({"dot", 1, "354 more\r\n"}), {"U--", "U--", "UN-"}, NULL},
	{"more replies than commands",
	 F({"dot", 1, "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"}),
	 {"S--", "S--", "SN-"},
	 NULL},
	{"RSET refused",
	 F({"RCPT", 1, "550 who\r\n"}, {"RSET", 1, "500 what\r\n"}),
	 {"XN-", "XN-", "XNN"},
	 "RCPT"},
};

static void check_row(const struct row *r, enum smtp_mode mode, struct session *s)
{
	g_autofree char *got = NULL;

	run(s);
	got = letters(s);
	/* A broken session may or may not have taken the next job: '-' and 'N' are alike. */
	for (int i = 0; got[i]; i++) {
		char want = r->want[mode][i];

		if (want == '-' && got[i] == 'N')
			continue;
		if (want == 'N' && got[i] == '-')
			continue;
		if (got[i] != want)
			fail_msg("%s, mode %d: got %s, want %s", r->name, mode, got, r->want[mode]);
	}
	for (int i = 0; i < s->n && r->verb; i++) {
		if (got[i] == 'S')
			continue;
		if (strcmp(s->jobs[i].reply->verb, r->verb) != 0)
			fail_msg("%s, mode %d: ended at %s", r->name, mode, s->jobs[i].reply->verb);
		break;
	}
	agree(s);
}

static void every_fault_has_its_ending(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (int mode = SMTP_LOCKSTEP; mode <= SMTP_CHAINED; mode++) {
			struct session s;

			/* With a lone dot in lock-step there is no DATA after a refusal. */
			if (mode == SMTP_LOCKSTEP && strstr(rows[i].name, "354"))
				continue;
			session_init(&s, rows[i].faults, mode, 3);
			check_row(&rows[i], mode, &s);
			session_fini(&s);
		}
	}
}

static void every_fault_split_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (int mode = SMTP_LOCKSTEP; mode <= SMTP_CHAINED; mode++) {
			if (mode == SMTP_LOCKSTEP && strstr(rows[i].name, "354"))
				continue;
			for (int split = 1; split < 160; split++) {
				struct session s;

				session_init(&s, rows[i].faults, mode, 3);
				s.split = split;
				check_row(&rows[i], mode, &s);
				session_fini(&s);
			}
			for (size_t piece = 1; piece < 4; piece++) {
				struct session s;

				session_init(&s, rows[i].faults, mode, 3);
				s.in_chunk = piece;
				s.out_chunk = piece;
				check_row(&rows[i], mode, &s);
				session_fini(&s);
			}
		}
	}
}

static void a_break_at_any_byte_is_told_truly(void **state)
{
	int unknown = 0;

	(void)state;
	for (int mode = SMTP_LOCKSTEP; mode <= SMTP_CHAINED; mode++) {
		for (int at = 0; at < 700; at++) {
			struct session s;

			session_init(&s, NULL, mode, 4);
			s.relay.close_after_in = at;
			s.out_chunk = 7;
			run(&s);
			agree(&s);
			session_fini(&s);

			session_init(&s, NULL, mode, 4);
			s.close_after_out = at % 160;
			run(&s);
			agree(&s);
			for (int i = 0; i < 4; i++)
				unknown += letter(&s.jobs[i]) == 'U';
			session_fini(&s);
		}
	}
	assert_true(unknown > 0);
}

static void random_faults_are_told_truly(void **state)
{
	static const char *const replies[] = {
		"250 ok\r\n",    "250-a\r\n250 b\r\n",   "354 go\r\n", "421 bye\r\n",
		"450 later\r\n", "550 never\r\n",        NULL,         "-",
		"junk\r\n",      "250 ok\r\n250 ok\r\n", "200\r\n",
	};
	const char *given = g_getenv("DUBAN_SEED");
	guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
	GRand *rand = g_rand_new_with_seed(seed);

	(void)state;
	print_message("# DUBAN_SEED=%u\n", seed);
	for (int round = 0; round < 3000; round++) {
		struct fault faults[4] = {{0}};
		struct session s;

		for (int i = 0; i < 3; i++)
			faults[i] = (struct fault){
				verbs[g_rand_int_range(rand, 0, 5)], g_rand_int_range(rand, 1, 5),
				replies[g_rand_int_range(rand, 0, G_N_ELEMENTS(replies))]};
		for (int i = 0; i < 3; i++)
			if (faults[i].reply && *faults[i].reply == '-')
				faults[i].verb = "dot";
		/* A relay that says 250 to DATA or more than once lies in its ledger too. */
		session_init(&s, faults, (enum smtp_mode)g_rand_int_range(rand, 0, 3), 5);
		s.rand = rand;
		run(&s);
		for (int i = 0; i < s.n; i++) {
			char c = letter(&s.jobs[i]);

			if (accepted(&s, i) > 0 && c != 'S' && c != 'U')
				fail_msg("seed %u round %d: job %d accepted, told %c", seed, round,
					 i, c);
		}
		session_fini(&s);
	}
	g_rand_free(rand);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static char *output_of(const struct smtp_caps *caps, enum smtp_mode mode, const struct request *r)
{
	struct smtp_dialogue *d = smtp_dialogue_new(caps, mode);
	GString *all = g_string_new(NULL);
	static const char *const says[] = {"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"};
	struct reply *reply;
	size_t size, turn = 0;
	void *tag;

	smtp_dialogue_add(d, r, NULL);
	for (;;) {
		const char *bytes = smtp_dialogue_output(d, &size);

		if (size > 0) {
			g_string_append(all, "[");
			g_string_append_len(all, bytes, (gssize)size);
			g_string_append(all, "]");
			smtp_dialogue_sent(d, size);
		}
		if (turn == G_N_ELEMENTS(says))
			break;
		smtp_dialogue_received(d, says[turn], strlen(says[turn]));
		turn++;
	}
	assert_true(smtp_dialogue_finished(d, &tag, &reply));
	assert_int_equal(reply->status, 250);
	reply_free(&reply);
	smtp_dialogue_free(&d);
	return g_string_free(all, FALSE);
}

static void the_bytes_are_these(void **state)
{
	struct smtp_caps none = {0};
	struct request *r = request_new(1, "a\r\n.b\r\n");

	(void)state;
	r->eight_bit = false;
	g_autofree char *lock = output_of(&none, SMTP_CHAINED, r);
	assert_string_equal(lock, "[MAIL FROM:<duban@example.org>\r\n]"
				  "[RCPT TO:<unit1@example.org>\r\n][DATA\r\n]"
				  "[a\r\n..b\r\n.\r\n]");
	r->eight_bit = true;
	g_autofree char *pipe = output_of(&caps_all, SMTP_CHAINED, r);
	assert_string_equal(pipe, "[MAIL FROM:<duban@example.org> SIZE=7 BODY=8BITMIME\r\n"
				  "RCPT TO:<unit1@example.org>\r\nDATA\r\n]"
				  "[a\r\n..b\r\n.\r\n]");
	request_free(&r);
}

static void chained_means_one_write(void **state)
{
	struct smtp_dialogue *d = smtp_dialogue_new(&caps_all, SMTP_CHAINED);
	struct request *r[SMTP_CHAIN];
	const char *bytes;
	size_t size;

	(void)state;
	assert_int_equal(smtp_dialogue_room(d), SMTP_CHAIN);
	for (int i = 0; i < SMTP_CHAIN; i++) {
		r[i] = request_new(i + 1, "a\r\n");
		smtp_dialogue_add(d, r[i], r[i]);
	}
	assert_int_equal(smtp_dialogue_room(d), 0);
	(void)smtp_dialogue_output(d, &size);
	smtp_dialogue_sent(d, size);
	smtp_dialogue_received(d, "250 ok\r\n250 ok\r\n354 go\r\n", 24);
	/* A body, and behind its dot the next envelope: also when nobody has added one since. */
	for (int i = 1; i < SMTP_CHAIN; i++) {
		bytes = smtp_dialogue_output(d, &size);
		assert_memory_equal(bytes, "a\r\n.\r\nMAIL FROM:", 16);
		assert_memory_equal(bytes + size - 6, "DATA\r\n", 6);
		smtp_dialogue_sent(d, size);
		assert_int_equal(smtp_dialogue_waiting(d), SMTP_DOT);
		smtp_dialogue_received(d, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", 32);
	}
	bytes = smtp_dialogue_output(d, &size);
	assert_int_equal(size, 6);
	assert_memory_equal(bytes, "a\r\n.\r\n", size);
	smtp_dialogue_free(&d);
	for (int i = 0; i < SMTP_CHAIN; i++)
		request_free(&r[i]);
}

static void line_ends_and_dots_cannot_be_smuggled(void **state)
{
	static const struct {
		const char *body, *wire;
	} bodies[] = {
		{"", ".\r\n"},
		{"a", "a\r\n.\r\n"},
		{".", "..\r\n.\r\n"},
		{"a\r\n.\r\nMAIL FROM:<x@y>\r\n", "a\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n"},
		{"a\n.\nRSET\n", "a\r\n..\r\nRSET\r\n.\r\n"},
		{"a\r.\rRSET\r", "a\r\n..\r\nRSET\r\n.\r\n"},
		{"a\r\r\n.\r\r\n", "a\r\n\r\n..\r\n\r\n.\r\n"},
		{"a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"},
		{"\r\n\r\n", "\r\n\r\n.\r\n"},
		{"a\r\n.\r", "a\r\n..\r\n.\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
		GByteArray *out = g_byte_array_new();

		smtp_append_body(out, bodies[i].body, strlen(bodies[i].body));
		g_byte_array_append(out, (const guint8 *)"", 1);
		assert_string_equal((char *)out->data, bodies[i].wire);
		g_byte_array_unref(out);
	}
}

static void an_address_cannot_be_a_command(void **state)
{
	static const char *const bad[] = {"a@b\r\nRCPT TO:<v@example.org>",
					  "a@b>",
					  "<a@b",
					  "a b@c",
					  "a",
					  "@b",
					  "a@",
					  "a@b@c",
					  "",
					  "a@b\x7f",
					  "\xe5\xb7\xa5@example.org",
					  "a@b\t"};
	g_autofree char *longest = g_strnfill(SMTP_ADDRESS_MAX + 1, 'a');

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct smtp_dialogue *d = smtp_dialogue_new(&caps_all, SMTP_CHAINED);
		struct request *r = request_new(1, "x");
		struct reply *reply;
		size_t size;
		void *tag;

		assert_false(smtp_address_ok(bad[i]));
		g_free(r->to);
		r->to = g_strdup(bad[i]);
		smtp_dialogue_add(d, r, NULL);
		(void)smtp_dialogue_output(d, &size);
		assert_int_equal(size, 0);
		assert_true(smtp_dialogue_finished(d, &tag, &reply));
		assert_int_equal(reply->status, 553);
		reply_free(&reply);
		request_free(&r);
		smtp_dialogue_free(&d);
	}
	longest[100] = '@';
	assert_false(smtp_address_ok(longest));
	longest[SMTP_ADDRESS_MAX] = '\0';
	assert_true(smtp_address_ok(longest));
}

static void what_the_relay_cannot_take_is_not_offered(void **state)
{
	struct smtp_caps seven = {.pipelining = true};
	struct smtp_dialogue *d = smtp_dialogue_new(&seven, SMTP_CHAINED);
	g_autofree char *big = g_strnfill(1001, 'x');
	struct request *eight = request_new(1, "x"), *large = request_new(2, big);
	struct reply *reply;
	void *tag;

	(void)state;
	eight->eight_bit = true;
	smtp_dialogue_add(d, eight, NULL);
	assert_true(smtp_dialogue_finished(d, &tag, &reply));
	assert_int_equal(reply->status, 554);
	reply_free(&reply);
	smtp_dialogue_free(&d);

	d = smtp_dialogue_new(&caps_all, SMTP_CHAINED);
	smtp_dialogue_add(d, large, NULL);
	assert_true(smtp_dialogue_finished(d, &tag, &reply));
	assert_int_equal(reply->status, 552);
	reply_free(&reply);
	smtp_dialogue_free(&d);
	request_free(&eight);
	request_free(&large);
}

static void endless_replies_end_the_session(void **state)
{
	g_autofree char *line = g_strnfill(SMTP_REPLY_LINE_MAX + 1, '2');
	GString *lines = g_string_new(NULL);
	struct session s;

	(void)state;
	session_init(&s, F({"MAIL", 1, line}), SMTP_LOCKSTEP, 1);
	run(&s);
	assert_int_equal(letter(&s.jobs[0]), 'N');
	session_fini(&s);

	for (int i = 0; i < SMTP_REPLY_LINES_MAX; i++)
		g_string_append(lines, "250-more\r\n");
	g_string_append(lines, "250 end\r\n");
	session_init(&s, F({"MAIL", 1, lines->str}), SMTP_LOCKSTEP, 1);
	run(&s);
	assert_int_equal(letter(&s.jobs[0]), 'N');
	session_fini(&s);
	g_string_erase(lines, 0, 10);
	session_init(&s, F({"dot", 1, lines->str}), SMTP_LOCKSTEP, 1);
	run(&s);
	assert_int_equal(letter(&s.jobs[0]), 'S');
	assert_true(strlen(s.jobs[0].reply->text) <= SMTP_REPLY_TEXT_MAX);
	session_fini(&s);
	g_string_free(lines, TRUE);
}

static void the_words_are_printable(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, F({"dot", 1, "550-5.1.1 \033[31mred\xff\r\n550 \x07 done\r\n"}),
		     SMTP_CHAINED, 1);
	run(&s);
	assert_string_equal(s.jobs[0].reply->text, "5.1.1  [31mred\xef\xbf\xbd   done");
	session_fini(&s);
}

static void the_next_ones_can_be_taken_back(void **state)
{
	struct smtp_dialogue *d = smtp_dialogue_new(&caps_all, SMTP_CHAINED);
	struct request *a = request_new(1, "a\r\n"), *b = request_new(2, "b\r\n");
	struct request *c = request_new(3, "c\r\n");
	struct reply *reply;
	size_t size;
	void *tag;

	(void)state;
	smtp_dialogue_add(d, a, a);
	assert_false(smtp_dialogue_take_back(d, &tag)); /* the first is never taken back */
	smtp_dialogue_add(d, b, b);
	smtp_dialogue_add(d, c, c);
	(void)smtp_dialogue_output(d, &size);
	smtp_dialogue_sent(d, size);
	smtp_dialogue_received(d, "250 ok\r\n250 ok\r\n354 go\r\n", 24);
	(void)smtp_dialogue_output(d, &size);
	smtp_dialogue_sent(d, size);
	assert_true(smtp_dialogue_take_back(d, &tag)); /* nothing of it is out */
	assert_ptr_equal(tag, c);
	assert_true(smtp_dialogue_take_back(d, &tag));
	assert_ptr_equal(tag, b);
	assert_false(smtp_dialogue_take_back(d, &tag));
	/* Its envelope is out already: the data must not follow. */
	smtp_dialogue_received(d, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", 32);
	assert_int_equal(smtp_dialogue_waiting(d), SMTP_DEAD);
	(void)smtp_dialogue_output(d, &size);
	assert_int_equal(size, 0);
	assert_true(smtp_dialogue_finished(d, &tag, &reply));
	assert_ptr_equal(tag, a);
	assert_int_equal(reply->status, 250);
	reply_free(&reply);
	assert_false(smtp_dialogue_finished(d, &tag, &reply));
	smtp_dialogue_free(&d);
	request_free(&a);
	request_free(&b);
	request_free(&c);
}

static void a_yes_before_the_dot_is_none(void **state)
{
	struct smtp_dialogue *d = smtp_dialogue_new(&caps_all, SMTP_CHAINED);
	struct request *a = request_new(1, "a long body\r\n");
	struct reply *reply;
	size_t size;
	void *tag;

	(void)state;
	smtp_dialogue_add(d, a, a);
	(void)smtp_dialogue_output(d, &size);
	smtp_dialogue_sent(d, size);
	smtp_dialogue_received(d, "250 ok\r\n250 ok\r\n354 go\r\n", 24);
	(void)smtp_dialogue_output(d, &size);
	smtp_dialogue_sent(d, size - 1);
	smtp_dialogue_received(d, "250 ok\r\n", 8);
	assert_true(smtp_dialogue_finished(d, &tag, &reply));
	assert_int_equal(reply->status, 0);
	assert_false(reply->went_out);
	reply_free(&reply);
	assert_int_equal(smtp_dialogue_waiting(d), SMTP_DEAD);
	smtp_dialogue_free(&d);
	request_free(&a);
}

static void quit_ends_it(void **state)
{
	struct smtp_dialogue *d = smtp_dialogue_new(&caps_all, SMTP_CHAINED);
	const char *bytes;
	size_t size;

	(void)state;
	assert_int_equal(smtp_dialogue_waiting(d), SMTP_IDLE);
	smtp_dialogue_quit(d);
	assert_int_equal(smtp_dialogue_room(d), 0);
	bytes = smtp_dialogue_output(d, &size);
	assert_memory_equal(bytes, "QUIT\r\n", size);
	smtp_dialogue_sent(d, size);
	assert_int_equal(smtp_dialogue_waiting(d), SMTP_QUIT);
	smtp_dialogue_received(d, "221 bye\r\n", 9);
	assert_int_equal(smtp_dialogue_waiting(d), SMTP_DEAD);
	smtp_dialogue_free(&d);
	assert_null(d);
}

static void caps(struct smtp_caps *c, const char *lines)
{
	char **line = g_strsplit(lines, "|", -1);

	for (int i = 0; line[i]; i++) {
		g_autofree char *crlf = g_strconcat(line[i], "\r\n", NULL);

		smtp_caps_line(c, crlf, strlen(crlf));
	}
	g_strfreev(line);
}

static void the_last_ehlo_counts(void **state)
{
	struct smtp_caps c = {0};

	(void)state;
	caps(&c, "220 relay ESMTP|250-PIPELINING is my host name|250-pipelining|250-SIZE 10240000|"
		 "250 8BITMIME");
	assert_true(c.pipelining && c.eight_bit && c.size);
	assert_true(c.size_max == 10240000);
	caps(&c, "220 go ahead|250-relay|250 SIZE");
	assert_false(c.pipelining || c.eight_bit);
	assert_true(c.size && c.size_max == 0);
	caps(&c, "235 authenticated");
	assert_true(c.size);
	caps(&c, "250 8BITMIME"); /* a HELO's single line is a host name */
	assert_false(c.eight_bit || c.size);
	caps(&c, "250-x|250-PIPELININGS|250 SIZEABLE");
	assert_false(c.pipelining || c.size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_ending),
		cmocka_unit_test(every_fault_split_at_every_byte),
		cmocka_unit_test(a_break_at_any_byte_is_told_truly),
		cmocka_unit_test(random_faults_are_told_truly),
		cmocka_unit_test(the_bytes_are_these),
		cmocka_unit_test(chained_means_one_write),
		cmocka_unit_test(line_ends_and_dots_cannot_be_smuggled),
		cmocka_unit_test(an_address_cannot_be_a_command),
		cmocka_unit_test(what_the_relay_cannot_take_is_not_offered),
		cmocka_unit_test(endless_replies_end_the_session),
		cmocka_unit_test(the_words_are_printable),
		cmocka_unit_test(the_next_ones_can_be_taken_back),
		cmocka_unit_test(a_yes_before_the_dot_is_none),
		cmocka_unit_test(quit_ends_it),
		cmocka_unit_test(the_last_ehlo_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
