/*
 * test_webhook.c - the POST, its signature (held against published vectors), its answers.
 */
#include "notifiers/webhook.h"

#include <jansson.h>

#include "sample.h"

static struct templates *templates;

static struct message *message(void)
{
	struct message *m = sample_message();

	m->channel = CHANNEL_WEBHOOK;
	put(&m->address, "https://hook.example.org/duban");
	(void)sample_item(m, SORT_REMIND, "报送提醒");
	return m;
}

static const char *header(const struct request *r, const char *name)
{
	for (guint n = 0; n < r->headers->len; n++) {
		const char *line = r->headers->pdata[n];

		if (g_str_has_prefix(line, name) && line[strlen(name)] == ':')
			return line + strlen(name) + 2;
	}
	return NULL;
}

static void a_post(void **state)
{
	struct message *m = message();
	struct notifier_settings s = sample_settings(templates);
	struct request *r = NULL, *again = NULL;
	gsize size;
	const char *body;
	json_t *o, *item;

	(void)state;
	assert_int_equal(webhook_notifier.build(m, &s, &r, NULL), 0);
	assert_int_equal(webhook_notifier.build(m, &s, &again, NULL), 0);
	assert_true(g_bytes_equal(r->body, again->body));
	assert_int_equal(r->driver, DRIVER_HTTP);
	assert_string_equal(r->url, "https://hook.example.org/duban");
	assert_string_equal(header(r, "Content-Type"), "application/json");
	assert_string_equal(header(r, "webhook-id"), "m.4f2a9c01");
	assert_string_equal(header(r, "webhook-timestamp"), "1565227800");
	assert_null(header(r, "webhook-signature"));
	body = g_bytes_get_data(r->body, &size);
	o = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "subject")),
			    "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报");
	assert_string_equal(json_string_value(json_object_get(o, "id")), "m.4f2a9c01");
	item = json_array_get(json_object_get(o, "items"), 0);
	assert_string_equal(json_string_value(json_object_get(item, "sort")), "remind");
	assert_string_equal(json_string_value(json_object_get(item, "unit")), "新桥镇");
	assert_int_equal(json_integer_value(json_object_get(item, "number")), 2);
	json_decref(o);
	request_free(&r);
	request_free(&again);
	message_free(&m);
}

static void a_signature(void **state)
{
	struct message *m = message();
	struct notifier_settings s = sample_settings(templates);
	struct request *first = NULL, *later = NULL;
	g_autofree char *known = NULL, *raw = NULL, *own = NULL;
	gsize size;
	const char *body;

	(void)state;
	/* The example of the Standard Webhooks specification's reference libraries. */
	known = webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			     "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
			     20);
	assert_string_equal(known, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	/* RFC 4231 case 2 cannot be had through the frame; a raw key must differ from a decoded. */
	raw = webhook_sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
			   1614265330, "{\"test\": 2432232314}", 20);
	assert_string_not_equal(known, raw);
	s.secret = "a secret of the office";
	assert_int_equal(webhook_notifier.build(m, &s, &first, NULL), 0);
	body = g_bytes_get_data(first->body, &size);
	own = webhook_sign(s.secret, "m.4f2a9c01", 1565227800, body, size);
	assert_string_equal(header(first, "webhook-signature"), own);
	/* A later attempt: same id and body, a fresh timestamp. */
	m->attempt = m->tick + 90 * MINUTE;
	assert_int_equal(webhook_notifier.build(m, &s, &later, NULL), 0);
	assert_true(g_bytes_equal(first->body, later->body));
	assert_string_equal(header(later, "webhook-id"), "m.4f2a9c01");
	assert_string_equal(header(later, "webhook-timestamp"), "1565233200");
	assert_string_not_equal(header(later, "webhook-signature"), own);
	request_free(&first);
	request_free(&later);
	message_free(&m);
}

static void urls(void **state)
{
	g_autofree char *path = g_strnfill(2048 - 20, 'a');
	g_autofree char *longest = g_strconcat("https://example.org/", path, NULL);
	g_autofree char *longer = g_strconcat(longest, "a", NULL);
	const char *const good[] = {"http://a",
				    "https://example.org/x?y=1&z=%20",
				    "HTTPS://Example.org",
				    "http://[::1]:8080/x",
				    "https://example.org:8443",
				    longest};
	const char *const bad[] = {"",
				   "example.org",
				   "//example.org/x",
				   "ftp://example.org/",
				   "file:///etc/passwd",
				   "gopher://example.org/",
				   "http://",
				   "http:///x",
				   "https:example.org",
				   "http://a b/",
				   "http://a/\r\nHost: b",
				   "http://user:pass@example.org/",
				   "http://user@example.org/",
				   "http://例子.example/",
				   "javascript:alert(1)",
				   "http://a:99999/",
				   "trial@example.org",
				   longer};

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(good); n++)
		if (!webhook_url_valid(good[n], NULL))
			fail_msg("%s should be good", good[n]);
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		struct err err = {0};

		if (webhook_url_valid(bad[n], &err))
			fail_msg("%s should be refused", bad[n]);
		assert_int_equal(err.code, -EINVAL);
	}
}

static void unusable_messages_are_refused(void **state)
{
	struct message *m = message();
	struct notifier_settings s = sample_settings(templates);
	struct request *r = NULL;
	struct err err = {0};

	(void)state;
	put(&m->identity, "x\r\nEvil: 1");
	assert_int_equal(webhook_notifier.build(m, &s, &r, &err), -EINVAL);
	put(&m->identity, "ok");
	m->redirected = 1;
	assert_int_equal(webhook_notifier.build(m, &s, &r, &err), -EINVAL);
	s.redirect = "trial@example.org"; /* a mailbox takes no POST: nothing goes out */
	assert_int_equal(webhook_notifier.build(m, &s, &r, &err), -EINVAL);
	s.redirect = "https://trial.example.org/";
	assert_int_equal(webhook_notifier.build(m, &s, &r, &err), 0);
	assert_string_equal(r->url, "https://trial.example.org/");
	request_free(&r);
	message_free(&m);
}

static void hostile_texts_are_json(void **state)
{
	static const char *const hostile[] = {"\"}],\"id\":\"x", "\xff\xfe", "a\nb\x01",
					      "\xe2\x80\xae"};
	struct notifier_settings s = sample_settings(templates);

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(hostile); n++) {
		struct message *m = message();
		struct message_item *i = m->items->pdata[0];
		struct request *r = NULL;
		gsize size;
		const char *body;
		json_t *o;

		put(&i->unit, hostile[n]);
		put(&i->title, hostile[n]);
		put(&i->step, hostile[n]);
		put(&m->campaign, hostile[n]);
		put(&m->campaign_key, hostile[n]);
		assert_int_equal(webhook_notifier.build(m, &s, &r, NULL), 0);
		body = g_bytes_get_data(r->body, &size);
		o = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(o);
		assert_string_equal(json_string_value(json_object_get(o, "id")), "m.4f2a9c01");
		json_decref(o);
		request_free(&r);
		message_free(&m);
	}
}

static void answers(void **state)
{
	static const struct {
		int status;
		bool went_out;
		dur_t after;
		enum outcome want;
		dur_t want_after;
	} rows[] = {
		{200, true, 0, OUTCOME_SENT, 0},
		{204, true, 0, OUTCOME_SENT, 0},
		{301, true, 0, OUTCOME_REFUSED, 0},
		{304, true, 0, OUTCOME_REFUSED, 0},
		{400, true, 0, OUTCOME_REFUSED, 0},
		{404, true, 0, OUTCOME_REFUSED, 0},
		{410, true, 0, OUTCOME_REFUSED, 0},
		{408, true, 0, OUTCOME_RETRY, 0},
		{425, true, 0, OUTCOME_RETRY, 0},
		{429, true, 7 * SECOND, OUTCOME_RETRY, 7 * SECOND},
		{429, true, INT64_C(1000000000) * SECOND, OUTCOME_RETRY, DAY},
		{429, true, -SECOND, OUTCOME_RETRY, 0},
		{500, true, 0, OUTCOME_RETRY, 0},
		{503, true, MINUTE, OUTCOME_RETRY, MINUTE},
		{0, false, 0, OUTCOME_RETRY, 0},
		{0, true, 0, OUTCOME_UNKNOWN, 0},
		{100, true, 0, OUTCOME_UNKNOWN, 0},
		{999, true, 0, OUTCOME_UNKNOWN, 0},
	};

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		struct reply reply = {.status = rows[n].status,
				      .text = (char *)"",
				      .verb = (char *)"POST",
				      .went_out = rows[n].went_out,
				      .retry_after = rows[n].after};
		dur_t after = -1;
		enum outcome got = webhook_notifier.classify(&reply, &after);

		if (got != rows[n].want || after != rows[n].want_after)
			fail_msg("%d: %s, %ld ms", rows[n].status, outcome_word(got), (long)after);
	}
}

static int setup(void **state)
{
	(void)state;
	templates = templates_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	templates_free(&templates);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post),
		cmocka_unit_test(a_signature),
		cmocka_unit_test(urls),
		cmocka_unit_test(unusable_messages_are_refused),
		cmocka_unit_test(hostile_texts_are_json),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
