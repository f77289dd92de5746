/*
 * webhook.c - see webhook.h.
 *
 * Pure: the timestamp is the attempt's instant as the caller gives it. Whether the address
 * may be connected to (loopback, private networks) is for the driver to say, which knows
 * what the name resolved to. A redirect is never followed: the signature is for one address.
 *
 *   2xx sent;  408 425 429 5xx retry, Retry-After up to a day;  3xx and other 4xx refused;
 *   none: unknown if the body went out, else retry
 */
#include "notifiers/webhook.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "notifiers/render.h"
#include "notifiers/view.h"

#define SHA256_SIZE 32

bool webhook_url_valid(const char *url, struct err *err)
{
	g_autoptr(GUri) uri = NULL;
	const char *scheme;

	for (const char *p = url; *p != '\0'; p++) {
		if (*p < 0x21 || *p > 0x7e) {
			(void)err_set(err, -EINVAL, "网址含有空格、控制字符或非 ASCII 字符");
			return false;
		}
	}
	uri = strlen(url) <= WEBHOOK_URL_MAX ? g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, NULL)
					     : NULL;
	scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) {
		(void)err_set(err, -EINVAL, "网址须以 http:// 或 https:// 开头，不超过 %d 字节",
			      WEBHOOK_URL_MAX);
		return false;
	}
	if (g_uri_get_host(uri) == NULL || g_uri_get_host(uri)[0] == '\0') {
		(void)err_set(err, -EINVAL, "网址没有主机名");
		return false;
	}
	if (g_uri_get_userinfo(uri) != NULL) {
		(void)err_set(err, -EINVAL, "网址中不得写用户名和口令");
		return false;
	}
	return true;
}

char *webhook_sign(const char *secret, const char *id, gint64 timestamp, const char *body,
		   size_t size)
{
	g_autofree char *head = g_strdup_printf("%s.%" G_GINT64_FORMAT ".", id, timestamp);
	g_autofree guchar *decoded = NULL;
	g_autofree char *base64 = NULL;
	guint8 digest[SHA256_SIZE];
	gsize digest_size = sizeof(digest), key_size = strlen(secret);
	const guchar *key = (const guchar *)secret;
	GHmac *hmac;

	if (g_str_has_prefix(secret, "whsec_"))
		key = decoded = g_base64_decode(secret + strlen("whsec_"), &key_size);
	hmac = g_hmac_new(G_CHECKSUM_SHA256, key, key_size);
	g_hmac_update(hmac, (const guchar *)head, (gssize)strlen(head));
	g_hmac_update(hmac, (const guchar *)body, (gssize)size);
	g_hmac_get_digest(hmac, digest, &digest_size);
	g_hmac_unref(hmac);
	must(digest_size == SHA256_SIZE);
	base64 = g_base64_encode(digest, digest_size);
	return g_strconcat("v1,", base64, NULL);
}

static json_t *json_of(const struct value *v)
{
	if (v->kind == VALUE_NUMBER)
		return json_integer(v->number);
	if (v->kind == VALUE_FLAG)
		return json_boolean(v->flag);
	return json_string(v->text);
}

/* Fields that are neither lists nor records. */
static void copy(json_t *to, const struct record *from, const char *const *keys)
{
	for (size_t i = 0; keys[i] != NULL; i++)
		must(json_object_set_new(to, keys[i], json_of(record_get(from, keys[i]))) == 0);
}

static json_t *item_json(const struct message_item *i, const struct record *row)
{
	static const char *const keys[] = {"unit_id",     "unit",    "uid",  "rid",   "title",
					   "number",      "due_iso", "due",  "role",  "reason",
					   "received_at", "on_time", "zero", "token", NULL};
	json_t *o = json_object();
	g_autofree char *step = g_utf8_make_valid(i->step, -1);

	copy(o, row, keys);
	must(json_object_set_new(o, "sort", json_string(sort_word(i->sort))) == 0);
	must(json_object_set_new(o, "step", json_string(step)) == 0);
	must(json_object_set_new(o, "expected", json_integer(i->expected)) == 0);
	must(json_object_set_new(o, "received", json_integer(i->received)) == 0);
	must(json_object_set_new(o, "missing", json_integer(i->missing)) == 0);
	must(json_object_set_new(o, "late_cleared", json_boolean(i->late_cleared)) == 0);
	return o;
}

/* The body that receivers get; docs/templates.md describes it. */
static char *body_new(const struct message *m, const struct view *view,
		      const struct rendered *texts)
{
	static const char *const keys[] = {"campaign",    "locale",  "office", "person",
					   "person_unit", "now_iso", "trial",  NULL};
	json_t *o = json_object(), *items = json_array();
	g_autofree char *campaign_key = g_utf8_make_valid(m->campaign_key, -1);
	char *raw, *body;

	copy(o, view->fields, keys);
	must(json_object_set_new(o, "type", json_string("duban.message")) == 0);
	must(json_object_set_new(o, "id", json_string(m->identity)) == 0);
	must(json_object_set_new(o, "campaign_key", json_string(campaign_key)) == 0);
	must(json_object_set_new(o, "subject", json_string(texts->subject)) == 0);
	must(json_object_set_new(o, "text", json_string(texts->text)) == 0);
	for (guint n = 0; n < MIN(m->items->len, VIEW_ROWS_MAX); n++) {
		const struct message_item *i = m->items->pdata[n];
		struct record *row = view_item(view->values, m, i);

		must(json_array_append_new(items, item_json(i, row)) == 0);
	}
	must(json_object_set_new(o, "items", items) == 0);
	must(json_object_set_new(o, "items_total", json_integer(m->items->len)) == 0);
	raw = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	must(raw != NULL);
	json_decref(o);
	body = g_strdup(raw);
	free(raw);
	return body;
}

static GPtrArray *headers_new(const struct message *m, const struct notifier_settings *s,
			      const char *body)
{
	GPtrArray *headers = g_ptr_array_new_with_free_func(g_free);
	gint64 timestamp = (m->attempt != 0 ? m->attempt : m->tick) / SECOND;

	g_ptr_array_add(headers, g_strdup("Content-Type: application/json"));
	g_ptr_array_add(headers, g_strdup_printf("webhook-id: %s", m->identity));
	g_ptr_array_add(headers,
			g_strdup_printf("webhook-timestamp: %" G_GINT64_FORMAT, timestamp));
	if (s->secret != NULL && s->secret[0] != '\0') {
		g_autofree char *sign =
			webhook_sign(s->secret, m->identity, timestamp, body, strlen(body));

		g_ptr_array_add(headers, g_strdup_printf("webhook-signature: %s", sign));
	}
	return headers;
}

static bool identity_plain(const char *identity)
{
	for (const char *p = identity; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && *p != '.' && *p != '-')
			return false;
	return identity[0] != '\0' && strlen(identity) <= 100;
}

static int webhook_build(const struct message *m, const struct notifier_settings *s,
			 struct request **out, struct err *err)
{
	const char *url = s->redirect != NULL ? s->redirect : m->address;
	struct rendered *texts = NULL;
	struct request *request;
	struct view *view;
	char *body;
	int r;

	if (m->items->len == 0)
		return err_set(err, -EINVAL, "消息没有内容");
	if (!identity_plain(m->identity))
		return err_set(err, -EINVAL, "消息标识不可用：%.60s", m->identity);
	if (m->redirected && s->redirect == NULL)
		return err_set(err, -EINVAL, "试运行的消息没有改发地址");
	if (!webhook_url_valid(url, err))
		return -EINVAL;
	view = view_new(m, s->redirect != NULL);
	r = render_view(s->templates, view, &texts, err);
	if (r < 0) {
		view_free(&view);
		return -EINVAL;
	}
	body = body_new(m, view, texts);
	request = g_new0(struct request, 1);
	request->driver = DRIVER_HTTP;
	request->identity = g_strdup(m->identity);
	request->url = g_strdup(url);
	request->headers = headers_new(m, s, body);
	request->body = g_bytes_new_take(body, strlen(body));
	view_free(&view);
	rendered_free(&texts);
	*out = request;
	return 0;
}

static enum outcome webhook_classify(const struct reply *reply, dur_t *retry_after_out)
{
	int status = reply->status;

	*retry_after_out = CLAMP(reply->retry_after, 0, WEBHOOK_RETRY_AFTER_MAX);
	if (status >= 200 && status < 300)
		return OUTCOME_SENT;
	if (status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600))
		return OUTCOME_RETRY;
	if (status >= 300 && status < 500)
		return OUTCOME_REFUSED;
	return reply->went_out ? OUTCOME_UNKNOWN : OUTCOME_RETRY;
}

const struct notifier webhook_notifier = {
	.name = "webhook",
	.channel = CHANNEL_WEBHOOK,
	.driver = DRIVER_HTTP,
	.build = webhook_build,
	.classify = webhook_classify,
};
