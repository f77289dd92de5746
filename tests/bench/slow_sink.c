/*
 * slow_sink.c - an SMTP sink that takes its time over each mail: slow_sink PORT MILLISECONDS.
 *
 * Every session by itself, as a relay that scans mails does; replies come in order. It
 * offers PIPELINING and keeps nothing. For benchmarks only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct session {
	uv_tcp_t tcp;
	uv_timer_t timer;
	char line[4096];
	size_t used;
	int in_data, waiting, closing;
	char *rest; /* what came while waiting */
	size_t rest_size;
};

static uv_loop_t *loop;
static uint64_t delay;

static void on_written(uv_write_t *w, int status)
{
	(void)status;
	free(w);
}

static void say(struct session *s, const char *text)
{
	uv_buf_t b = uv_buf_init((char *)text, (unsigned)strlen(text));

	if (uv_try_write((uv_stream_t *)&s->tcp, &b, 1) != (int)b.len) {
		uv_write_t *w = malloc(sizeof(*w));

		uv_write(w, (uv_stream_t *)&s->tcp, &b, 1, on_written);
	}
}

static void on_closed(uv_handle_t *h)
{
	struct session *s = h->data;

	if (++s->closing == 3) {
		free(s->rest);
		free(s);
	}
}

static void close_session(struct session *s)
{
	if (s->closing)
		return;
	s->closing = 1;
	uv_close((uv_handle_t *)&s->tcp, on_closed);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

static void take(struct session *s, const char *bytes, size_t n);

static void on_accepted(uv_timer_t *t)
{
	struct session *s = t->data;
	char *rest = s->rest;
	size_t n = s->rest_size;

	s->waiting = 0;
	s->rest = NULL;
	s->rest_size = 0;
	say(s, "250 2.0.0 Ok\r\n");
	take(s, rest, n);
	free(rest);
}

static void on_line(struct session *s, const char *line)
{
	if (s->in_data) {
		if (strcmp(line, ".") != 0)
			return;
		s->in_data = 0;
		s->waiting = 1;
		uv_timer_start(&s->timer, on_accepted, delay, 0);
	} else if (strncasecmp(line, "EHLO", 4) == 0) {
		say(s, "250-slow\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		s->in_data = 1;
		say(s, "354 go on\r\n");
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(s, "221 2.0.0 Bye\r\n");
		close_session(s);
	} else {
		say(s, "250 2.1.0 Ok\r\n");
	}
}

static void keep(struct session *s, const char *bytes, size_t n)
{
	s->rest = realloc(s->rest, s->rest_size + n);
	memcpy(s->rest + s->rest_size, bytes, n);
	s->rest_size += n;
}

static void take(struct session *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !s->closing; i++) {
		if (s->waiting) {
			keep(s, bytes + i, n - i);
			return;
		}
		if (bytes[i] == '\n') {
			if (s->used > 0 && s->line[s->used - 1] == '\r')
				s->used--;
			s->line[s->used] = 0;
			s->used = 0;
			on_line(s, s->line);
		} else if (s->used < sizeof(s->line) - 1) {
			s->line[s->used++] = bytes[i];
		}
	}
}

static void on_room(uv_handle_t *h, size_t wish, uv_buf_t *b)
{
	static char room[65536];

	(void)h;
	(void)wish;
	*b = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct session *s = stream->data;

	if (n < 0)
		close_session(s);
	else
		take(s, b->base, (size_t)n);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct session *s = calloc(1, sizeof(*s));

	(void)status;
	uv_tcp_init(loop, &s->tcp);
	uv_timer_init(loop, &s->timer);
	s->tcp.data = s->timer.data = s;
	if (uv_accept(server, (uv_stream_t *)&s->tcp) < 0) {
		close_session(s);
		return;
	}
	uv_tcp_nodelay(&s->tcp, 1);
	say(s, "220 slow ESMTP\r\n");
	uv_read_start((uv_stream_t *)&s->tcp, on_room, on_read);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	uv_tcp_t server;

	if (argc != 3)
		return 64;
	loop = uv_default_loop();
	delay = strtoull(argv[2], NULL, 10);
	uv_ip4_addr("127.0.0.1", atoi(argv[1]), &at);
	uv_tcp_init(loop, &server);
	if (uv_tcp_bind(&server, (struct sockaddr *)&at, 0) < 0 ||
	    uv_listen((uv_stream_t *)&server, 128, on_connection) < 0)
		return 1;
	return uv_run(loop, UV_RUN_DEFAULT);
}
