/*
 * fuzz_smtp_reply.c - a relay that says anything, in pieces of any size.
 *
 * The first byte chooses the way of speaking; then each piece is a length byte and
 * that many bytes of the relay's.  Besides not crashing, the dialogue must end every
 * attempt exactly once, and say "sent" only of data it has given out.
 *
 * links: core io
 */
#include <stdint.h>
#include <string.h>

#include "daemon/core/err.h"
#include "daemon/io/smtp_dialogue.h"

#define JOBS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct job {
	struct request request;
	int ended;
};

static void collect(struct smtp_dialogue *d)
{
	struct reply *reply;
	void *tag;

	while (smtp_dialogue_finished(d, &tag, &reply)) {
		struct job *j = tag;

		must(++j->ended == 1);
		must(g_utf8_validate(reply->text, -1, NULL));
		must(strpbrk(reply->text, "\r\n") == NULL);
		if (reply->status >= 200 && reply->status < 300)
			must(reply->went_out);
		reply_free(&reply);
	}
}

static void send_some(struct smtp_dialogue *d, size_t most)
{
	size_t n;
	const char *bytes = smtp_dialogue_output(d, &n);

	if (n == 0)
		return;
	must(memchr(bytes, '\0', n) == NULL);
	smtp_dialogue_sent(d, MIN(n, most));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char body[] = "Subject: x\r\n\r\n.dot\n.\rend\r\n";
	struct smtp_caps caps = {0};
	struct job jobs[JOBS];
	struct smtp_dialogue *d;
	int added = 0;
	size_t most;

	if (size < 2)
		return 0;
	caps = (struct smtp_caps){
		.pipelining = data[0] & 1, .eight_bit = data[0] & 2, .size = data[0] & 4};
	most = data[0] & 8 ? 7 : 4096;
	smtp_caps_line(&caps, (const char *)data, size);
	caps.size_max = 0;
	d = smtp_dialogue_new(&caps, data[0] & 16 ? SMTP_PIPELINED : SMTP_CHAINED);
	for (int i = 0; i < JOBS; i++)
		jobs[i] = (struct job){.request = {.driver = DRIVER_SMTP,
						   .from = (char *)"a@example.org",
						   .to = (char *)"b@example.org",
						   .body = g_bytes_new_static(body, strlen(body))}};
	for (data++, size--; size > 0 && smtp_dialogue_waiting(d) != SMTP_DEAD;) {
		size_t n = MIN((size_t)data[0], size - 1);
		void *tag;

		while (added < JOBS && smtp_dialogue_room(d) > 0) {
			smtp_dialogue_add(d, &jobs[added].request, &jobs[added]);
			added++;
		}
		send_some(d, most);
		if (n == 0 && smtp_dialogue_take_back(d, &tag))
			((struct job *)tag)->ended++;
		smtp_dialogue_received(d, data + 1, n);
		collect(d);
		data += n + 1;
		size -= n + 1;
	}
	smtp_dialogue_closed(d, "end");
	collect(d);
	for (int i = 0; i < JOBS; i++) {
		must(jobs[i].ended == (i < added));
		g_bytes_unref(jobs[i].request.body);
	}
	smtp_dialogue_free(&d);
	return 0;
}
