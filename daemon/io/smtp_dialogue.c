/*
 * smtp_dialogue.c - the state of up to three mail transactions.
 *
 * An attempt ("job") goes through
 *
 *   WAITING --its turn--> ENVELOPE --354--> BODY --reply to the dot--> finished
 *                            |                \-- closed --> finished, went_out if the
 *                            |                               dot itself was handed over
 *                            \-- MAIL, RCPT or DATA refused --> finished
 *
 * and every command sent puts an entry into the queue of expected replies, which
 * carries its job.  Invariants:
 *   1 at most one job is in ENVELOPE, and it comes after the one in BODY, if any;
 *   2 the head of .expected is what the next reply answers; a reply without one, before
 *     the command was handed over, or of a class that the verb does not know, ends
 *     the session;
 *   3 after a job failed whose MAIL was accepted, RSET precedes the next MAIL;
 *   4 when a refused job's DATA is answered by 354 all the same, a lone dot ends it;
 *     but not if its RCPT was accepted: that would deliver an empty mail.
 */
#include "smtp_dialogue.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/err.h"

#define EXPECTED_MAX 8 /* dot, RSET, MAIL, RCPT, DATA; one to spare for QUIT */

enum verb { VERB_RSET, VERB_MAIL, VERB_RCPT, VERB_DATA, VERB_DOT, VERB_QUIT };

static const char *const verb_words[] = {"RSET", "MAIL", "RCPT", "DATA", "dot", "QUIT"};

enum stage { STAGE_WAITING, STAGE_ENVELOPE, STAGE_BODY };

struct job {
	const struct request *request; /* NULL: taken back */
	void *tag;
	enum stage stage;
	bool mail_ok, rcpt_ok;
	struct reply *failure; /* already refused; the replies still to come are read off */
	uint64_t dot_at;       /* BODY: position in the output just behind the dot */
};

struct finished {
	void *tag;
	struct reply *reply;
};

struct expected {
	enum verb verb;
	struct job *job;
	uint64_t at; /* position in the output just behind the command or the dot */
};

struct smtp_dialogue {
	struct smtp_caps caps;
	enum smtp_mode mode;
	struct smtp_reader reader;
	GQueue jobs; /* struct job, in order */
	struct expected expected[EXPECTED_MAX];
	unsigned n_expected;
	struct expected answering; /* what the reply at hand answers */
	GQueue finished;
	GByteArray *out;
	size_t out_used;  /* of .out, already sent */
	uint64_t sent;    /* in all */
	uint64_t written; /* in all */
	uint64_t progress;
	unsigned accepted;
	bool need_rset, dead, told_421;
};

struct smtp_dialogue *smtp_dialogue_new(const struct smtp_caps *caps, enum smtp_mode best)
{
	struct smtp_dialogue *d = g_new0(struct smtp_dialogue, 1);

	d->caps = *caps;
	d->mode = caps->pipelining ? best : SMTP_LOCKSTEP;
	d->out = g_byte_array_new();
	g_queue_init(&d->jobs);
	g_queue_init(&d->finished);
	return d;
}

static void job_free(struct job *j)
{
	reply_free(&j->failure);
	g_free(j);
}

void smtp_dialogue_free(struct smtp_dialogue **dp)
{
	struct smtp_dialogue *d = *dp;
	struct finished *f;
	struct job *j;

	if (!d)
		return;
	*dp = NULL;
	while ((j = g_queue_pop_head(&d->jobs)))
		job_free(j);
	while ((f = g_queue_pop_head(&d->finished))) {
		reply_free(&f->reply);
		g_free(f);
	}
	smtp_reader_clear(&d->reader);
	g_byte_array_unref(d->out);
	g_free(d);
}

/* ---- ends ------------------------------------------------------------------ */

static struct reply *reply_make(int status, const char *text, enum verb verb, bool went_out)
{
	struct reply *r = g_new0(struct reply, 1);

	r->status = status;
	r->text = g_strdup(text);
	r->verb = g_strdup(verb_words[verb]);
	r->went_out = went_out;
	return r;
}

/** @j leaves with @reply, which is taken. What was taken back leaves silently. */
static void job_finish(struct smtp_dialogue *d, struct job *j, struct reply *reply)
{
	must(g_queue_remove(&d->jobs, j));
	if (j->request) {
		struct finished *f = g_new(struct finished, 1);

		*f = (struct finished){j->tag, reply};
		g_queue_push_tail(&d->finished, f);
	} else {
		reply_free(&reply);
	}
	job_free(j);
}

/** Where @j stands: the first reply that it still lacks. */
static enum verb job_verb(const struct smtp_dialogue *d, const struct job *j)
{
	if (d->answering.job == j)
		return d->answering.verb; /* by a reply that is none */
	for (unsigned i = 0; i < d->n_expected; i++)
		if (d->expected[i].job == j)
			return d->expected[i].verb;
	return j->stage == STAGE_BODY ? VERB_DATA : VERB_MAIL;
}

/** The session is over. */
static void dialogue_die(struct smtp_dialogue *d, const char *why)
{
	struct job *j;

	d->dead = true;
	d->progress++;
	while ((j = g_queue_peek_head(&d->jobs))) {
		bool out = j->stage == STAGE_BODY && d->sent >= j->dot_at;
		enum verb verb = job_verb(d, j);

		if (verb == VERB_DOT && !out)
			verb = VERB_DATA; /* it ended amid the data */
		if (j->failure)
			job_finish(d, j, g_steal_pointer(&j->failure));
		else
			job_finish(d, j, reply_make(0, why, verb, out));
	}
	d->n_expected = 0;
	g_byte_array_set_size(d->out, 0);
	d->out_used = 0;
}

void smtp_dialogue_closed(struct smtp_dialogue *d, const char *why)
{
	g_autofree char *words = smtp_printable(why, strlen(why), SMTP_REPLY_TEXT_MAX);

	if (!d->dead)
		dialogue_die(d, words);
}

/* ---- commands ---------------------------------------------------------------- */

static void expect(struct smtp_dialogue *d, enum verb verb, struct job *j)
{
	must(d->n_expected < EXPECTED_MAX);
	d->expected[d->n_expected++] = (struct expected){verb, j, d->written};
}

static void say(struct smtp_dialogue *d, const void *bytes, size_t size)
{
	g_byte_array_append(d->out, bytes, (guint)size);
	d->written += size;
	d->progress++;
}

static void say_words(struct smtp_dialogue *d, const char *words)
{
	say(d, words, strlen(words));
}

static void say_mail(struct smtp_dialogue *d, struct job *j)
{
	const struct request *r = j->request;

	say_words(d, "MAIL FROM:<");
	say_words(d, r->from ? r->from : "");
	say_words(d, ">");
	if (d->caps.size) {
		char size[40];

		(void)g_snprintf(size, sizeof(size), " SIZE=%zu", g_bytes_get_size(r->body));
		say_words(d, size);
	}
	if (d->caps.eight_bit && r->eight_bit)
		say_words(d, " BODY=8BITMIME");
	say_words(d, "\r\n");
	expect(d, VERB_MAIL, j);
}

static void say_rcpt(struct smtp_dialogue *d, struct job *j)
{
	say_words(d, "RCPT TO:<");
	say_words(d, j->request->to);
	say_words(d, ">\r\n");
	expect(d, VERB_RCPT, j);
}

static void say_data(struct smtp_dialogue *d, struct job *j)
{
	say(d, "DATA\r\n", 6);
	expect(d, VERB_DATA, j);
}

static void say_body(struct smtp_dialogue *d, struct job *j)
{
	gsize size;
	const void *bytes = g_bytes_get_data(j->request->body, &size);
	guint before = d->out->len;

	smtp_append_body(d->out, bytes, size);
	d->written += d->out->len - before;
	d->progress++;
	j->stage = STAGE_BODY;
	j->dot_at = d->written;
	expect(d, VERB_DOT, j);
}

/** Say what can be said now: begin the next job if it is its turn. */
static void dialogue_go(struct smtp_dialogue *d)
{
	struct job *next = NULL;

	if (d->dead)
		return;
	for (GList *at = d->jobs.head; at && !next; at = at->next) {
		struct job *j = at->data;

		if (j->stage == STAGE_ENVELOPE ||
		    (j->stage == STAGE_BODY && d->mode != SMTP_CHAINED))
			return; /* not its turn yet */
		if (j->stage == STAGE_WAITING)
			next = j;
	}
	if (!next)
		return;
	if (d->need_rset) {
		d->need_rset = false;
		say(d, "RSET\r\n", 6);
		expect(d, VERB_RSET, NULL);
		if (d->mode == SMTP_LOCKSTEP)
			return;
	} else if (d->mode == SMTP_LOCKSTEP && d->n_expected > 0) {
		return; /* RSET is not answered yet */
	}
	next->stage = STAGE_ENVELOPE;
	say_mail(d, next);
	if (d->mode != SMTP_LOCKSTEP) {
		say_rcpt(d, next);
		say_data(d, next);
	}
}

/** What the relay would refuse, or must not see, is refused here. NULL: nothing. */
static struct reply *refuse_early(const struct smtp_dialogue *d, const struct request *r)
{
	gsize size = g_bytes_get_size(r->body);

	if (r->from && *r->from && !smtp_address_ok(r->from))
		return reply_make(553, "not an address: the sender's", VERB_MAIL, false);
	if (!r->to || !smtp_address_ok(r->to))
		return reply_make(553, "not an address: the recipient's", VERB_RCPT, false);
	if (r->eight_bit && !d->caps.eight_bit)
		return reply_make(554, "the relay takes no 8-bit mail", VERB_MAIL, false);
	if (d->caps.size_max > 0 && size > d->caps.size_max)
		return reply_make(552, "the mail is larger than the relay takes", VERB_MAIL, false);
	return NULL;
}

unsigned smtp_dialogue_room(const struct smtp_dialogue *d)
{
	unsigned max = d->mode == SMTP_CHAINED ? SMTP_CHAIN : 1;

	if (d->dead || (d->n_expected > 0 && d->expected[d->n_expected - 1].verb == VERB_QUIT))
		return 0;
	return d->jobs.length < max ? max - d->jobs.length : 0;
}

unsigned smtp_dialogue_held(const struct smtp_dialogue *d)
{
	unsigned n = 0;

	for (const GList *at = d->jobs.head; at; at = at->next)
		n += ((const struct job *)at->data)->request != NULL;
	return n;
}

void smtp_dialogue_add(struct smtp_dialogue *d, const struct request *r, void *tag)
{
	struct job *j = g_new0(struct job, 1);
	struct reply *refused;

	must(smtp_dialogue_room(d) > 0);
	j->request = r;
	j->tag = tag;
	g_queue_push_tail(&d->jobs, j);
	refused = refuse_early(d, r);
	if (refused)
		job_finish(d, j, refused);
	else
		dialogue_go(d);
}

void smtp_dialogue_quit(struct smtp_dialogue *d)
{
	must(smtp_dialogue_waiting(d) == SMTP_IDLE);
	say(d, "QUIT\r\n", 6);
	expect(d, VERB_QUIT, NULL);
}

bool smtp_dialogue_take_back(struct smtp_dialogue *d, void **tag_out)
{
	struct job *j = g_queue_peek_tail(&d->jobs);

	if (d->jobs.length < 2 || !j->request || j->failure || j->stage == STAGE_BODY)
		return false;
	*tag_out = j->tag;
	if (j->stage == STAGE_WAITING) {
		must(g_queue_remove(&d->jobs, j));
		job_free(j);
	} else {
		j->request = NULL;
	}
	return true;
}

/* ---- replies ------------------------------------------------------------------ */

/** A job was refused before its data. */
static void job_refused(struct smtp_dialogue *d, struct job *j, enum verb verb, int code,
			const char *text)
{
	if (!j->failure)
		j->failure = reply_make(code, text, verb, false);
	if (d->mode != SMTP_LOCKSTEP && verb != VERB_DATA)
		return; /* RCPT and DATA are on their way */
	d->need_rset = j->mail_ok;
	job_finish(d, j, g_steal_pointer(&j->failure));
}

static void on_mail_or_rcpt(struct smtp_dialogue *d, struct job *j, enum verb verb, int code,
			    const char *text)
{
	if (code >= 400) {
		job_refused(d, j, verb, code, text);
		return;
	}
	if (code >= 300) {
		dialogue_die(d, "the relay's reply makes no sense");
		return;
	}
	if (verb == VERB_MAIL)
		j->mail_ok = true;
	else
		j->rcpt_ok = true;
	if (d->mode != SMTP_LOCKSTEP)
		return;
	if (!j->request)
		dialogue_die(d, "taken back");
	else if (verb == VERB_MAIL)
		say_rcpt(d, j);
	else
		say_data(d, j);
}

static void on_data(struct smtp_dialogue *d, struct job *j, int code, const char *text)
{
	if (code >= 400) {
		job_refused(d, j, VERB_DATA, code, text);
	} else if (code < 300) {
		dialogue_die(d, "the relay's reply to DATA makes no sense");
	} else if (!j->request) {
		dialogue_die(d, "taken back");
	} else if (!j->failure) {
		say_body(d, j);
	} else if (j->rcpt_ok) {
		dialogue_die(d, "the relay asks for data after a refusal");
	} else {
		say(d, ".\r\n", 3);
		expect(d, VERB_DOT, j);
	}
}

static void on_dot(struct smtp_dialogue *d, struct job *j, int code, const char *text)
{
	if (j->failure) {
		job_finish(d, j, g_steal_pointer(&j->failure)); /* it was a lone dot */
	} else if (code >= 300 && code < 400) {
		dialogue_die(d, "the relay's reply to the dot makes no sense");
	} else {
		d->accepted += code < 300;
		job_finish(d, j, reply_make(code, text, VERB_DOT, true));
	}
}

/** The relay answers a command that it has not got in full. */
static void on_early(struct smtp_dialogue *d, struct expected e, int code, const char *text)
{
	/* A refusal amid the data is one; but what follows would be read as commands. */
	if (e.verb == VERB_DOT && code >= 400 && !e.job->failure)
		job_finish(d, e.job, reply_make(code, text, VERB_DOT, false));
	dialogue_die(d, "the relay answers too early");
}

static void on_421(struct smtp_dialogue *d, struct expected e, const char *text)
{
	g_autofree char *why = g_strdup_printf("421 %s", text);

	d->told_421 = true;
	if (e.job && e.job->failure)
		job_finish(d, e.job, g_steal_pointer(&e.job->failure));
	else if (e.job)
		job_finish(d, e.job, reply_make(421, text, e.verb, e.verb == VERB_DOT));
	dialogue_die(d, why);
}

/** The reply to @e. */
static void on_answer(struct smtp_dialogue *d, struct expected e, int code, const char *text)
{
	if (code == 421) {
		on_421(d, e, text);
		return;
	}
	if (d->sent < e.at) {
		on_early(d, e, code, text);
		return;
	}
	switch (e.verb) {
	case VERB_RSET:
		if (code >= 300)
			dialogue_die(d, "the relay refuses RSET");
		break;
	case VERB_MAIL:
	case VERB_RCPT:
		on_mail_or_rcpt(d, e.job, e.verb, code, text);
		break;
	case VERB_DATA:
		on_data(d, e.job, code, text);
		break;
	case VERB_DOT:
		on_dot(d, e.job, code, text);
		break;
	case VERB_QUIT:
		dialogue_die(d, "QUIT");
		break;
	}
}

static void on_reply(struct smtp_dialogue *d, int code, const char *text)
{
	static const struct expected none = {VERB_QUIT, NULL, 0};

	d->progress++;
	if (d->n_expected == 0) {
		if (code == 421)
			on_421(d, none, text);
		else
			dialogue_die(d, "the relay answers what was not asked");
		return;
	}
	d->answering = d->expected[0];
	memmove(d->expected, d->expected + 1, --d->n_expected * sizeof(*d->expected));
	on_answer(d, d->answering, code, text);
	d->answering = none;
	dialogue_go(d);
}

void smtp_dialogue_received(struct smtp_dialogue *d, const void *bytes, size_t size)
{
	const char *p = bytes;

	while (size > 0 && !d->dead) {
		g_autofree char *text = NULL;
		size_t used;
		int code;
		int rc = smtp_reader_feed(&d->reader, p, size, &used, &code, &text);

		if (rc < 0) {
			dialogue_die(d, "the relay does not speak SMTP");
			return;
		}
		p += used;
		size -= used;
		if (rc > 0)
			on_reply(d, code, text);
	}
}

/* ---- asked from outside ---------------------------------------------------------- */

const void *smtp_dialogue_output(struct smtp_dialogue *d, size_t *size_out)
{
	*size_out = d->out->len - d->out_used;
	return d->out->data + d->out_used;
}

void smtp_dialogue_sent(struct smtp_dialogue *d, size_t size)
{
	must(size <= d->out->len - d->out_used);
	d->out_used += size;
	d->sent += size;
	d->progress++;
	if (d->out_used == d->out->len) {
		g_byte_array_set_size(d->out, 0);
		d->out_used = 0;
	}
}

bool smtp_dialogue_finished(struct smtp_dialogue *d, void **tag_out, struct reply **reply_out)
{
	struct finished *f = g_queue_pop_head(&d->finished);

	if (!f)
		return false;
	*tag_out = f->tag;
	*reply_out = f->reply;
	g_free(f);
	return true;
}

enum smtp_waiting smtp_dialogue_waiting(const struct smtp_dialogue *d)
{
	if (d->dead)
		return SMTP_DEAD;
	if (d->out->len > d->out_used)
		return SMTP_SENDING;
	if (d->n_expected == 0)
		return SMTP_IDLE;
	switch (d->expected[0].verb) {
	case VERB_RSET:
	case VERB_MAIL:
		return SMTP_MAIL;
	case VERB_RCPT:
		return SMTP_RCPT;
	case VERB_DATA:
		return SMTP_DATA;
	case VERB_DOT:
		return SMTP_DOT;
	case VERB_QUIT:
		return SMTP_QUIT;
	}
	must(!"enum verb");
}

uint64_t smtp_dialogue_progress(const struct smtp_dialogue *d)
{
	return d->progress;
}

bool smtp_dialogue_told_421(const struct smtp_dialogue *d)
{
	return d->told_421;
}

unsigned smtp_dialogue_accepted(const struct smtp_dialogue *d)
{
	return d->accepted;
}
