/*
 * email.c - a message to an SMTP request, and what SMTP's answers mean.
 *
 * Pure. Never writes a text of a person into a header or the envelope unencoded or
 * unchecked. Answers:
 *
 *   2xx to the final dot                        sent
 *   4xx anywhere                                retry
 *   5xx to connect, greeting, EHLO, STARTTLS,   retry: the relay refuses us, not the
 *       AUTH; 530 534 535 538 anywhere          message; mending the settings must help
 *   5xx to MAIL, RCPT, DATA, dot                refused; but 5.4.4 (the recipient's domain
 *                                               could not be looked up) is retried
 *   none, or a reply that decides nothing       unknown if all data went out, else retry
 */
#include "notifiers/email.h"

#include <errno.h>
#include <string.h>

#include "notifiers/deadline_ics.h"
#include "notifiers/header.h"
#include "notifiers/mime.h"
#include "notifiers/splice.h"
#include "notifiers/view.h"
#include "notifiers/words_clean.h"

#define TRIAL_PREFIX "【试运行】"
#define IDENTITY_MAX 100
#define LIST_KEY_MAX 40
#define HEADERS_USUAL 2048

bool email_token_valid(const char *token)
{
	size_t n = strlen(token);

	for (const char *p = token; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && *p != '-')
			return false;
	return n > 0 && n <= EMAIL_TOKEN_MAX;
}

char *email_thread_root(const char *token, const char *host)
{
	return g_strconcat("<item-", token, "@", host, ">", NULL);
}

static bool identity_valid(const char *identity)
{
	size_t n = strlen(identity);

	for (const char *p = identity; *p != '\0'; p++)
		if (!g_ascii_islower(*p) && !g_ascii_isdigit(*p) && *p != '.' && *p != '-')
			return false;
	return n > 0 && n <= IDENTITY_MAX && identity[0] != '.' && identity[n - 1] != '.' &&
	       strstr(identity, "..") == NULL;
}

/* The different tokens of the items, in their order; borrowed. */
static GPtrArray *tokens_of(const struct message *m)
{
	GPtrArray *tokens = g_ptr_array_new();
	g_autoptr(GHashTable) seen = NULL;

	if (m->items->len == 1) { /* nearly always, and soon said */
		const struct message_item *i = m->items->pdata[0];

		if (email_token_valid(i->token))
			g_ptr_array_add(tokens, (gpointer)i->token);
		return tokens;
	}
	seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint n = 0; n < m->items->len; n++) {
		const struct message_item *i = m->items->pdata[n];

		if (email_token_valid(i->token) && g_hash_table_add(seen, (gpointer)i->token))
			g_ptr_array_add(tokens, (gpointer)i->token);
	}
	return tokens;
}

/* A list about one occurrence has a thread of its own for each who gets such lists. */
static char *list_root(const struct message *m, const char *host)
{
	const struct message_item *first = m->items->pdata[0];
	g_autofree char *id = g_strjoin("\x1f", m->campaign_key, first->uid, first->rid, NULL);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1);

	if (first->uid[0] == '\0')
		return NULL;
	return g_strdup_printf("<list-%.24s@%s>", sum, host);
}

static bool all_own(const struct message *m)
{
	for (guint n = 0; n < m->items->len; n++)
		if (!view_item_own(m, m->items->pdata[n]))
			return false;
	return true;
}

static void thread_add(GString *out, const struct message *m, const GPtrArray *tokens,
		       const char *host)
{
	g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func(g_free);

	if (tokens->len == 1 || all_own(m)) {
		for (guint i = 0; i < MIN(tokens->len, EMAIL_ROOTS_MAX); i++)
			g_ptr_array_add(roots, email_thread_root(tokens->pdata[i], host));
	} else {
		char *root = list_root(m, host);

		if (root != NULL)
			g_ptr_array_add(roots, root);
	}
	if (roots->len == 0)
		return;
	header_add(out, "In-Reply-To", roots->pdata[0]);
	header_add_words(out, "References", roots);
}

/* The directory's name as a label; of one that is not ASCII, what tells it from others as well. */
static char *list_label(const char *campaign_key)
{
	g_autofree char *key = g_ascii_strdown(campaign_key, -1);
	g_autofree char *sum = NULL;
	char *to = key;

	if (g_str_is_ascii(key)) {
		g_strcanon(key, G_CSET_a_2_z G_CSET_DIGITS, '-');
		return g_strndup(key[0] != '\0' ? key : "campaign", LIST_KEY_MAX);
	}
	for (const char *p = key; *p != '\0'; p++)
		if (g_ascii_isalnum(*p))
			*to++ = *p;
	*to = '\0';
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, campaign_key, -1);
	return g_strdup_printf("%.*s-%.8s", LIST_KEY_MAX, key[0] != '\0' ? key : "campaign", sum);
}

/* List-Id as a label of the campaign; nothing can be unsubscribed from. */
static void list_id_add(GString *out, const struct message *m, const char *host)
{
	g_autofree char *label = list_label(m->campaign_key);
	g_autofree char *id = g_strconcat(label, ".", host, NULL);
	g_autofree char *name = words_line(m->campaign, VIEW_NAME_MAX);

	/* Without a name the angle brackets, which an address may lack, must still be there. */
	header_add_address(out, "List-Id", name[0] != '\0' ? name : id, id);
}

/* In the zone of the tick's civil text, as the office's own mails show it. */
static void date_add(GString *out, const struct message *m)
{
	struct civil_parts parts = {0};
	g_autofree char *date = NULL;

	(void)civil_parts_parse(m->now_iso, &parts); /* else UTC */
	date = header_date(m->tick, parts.offset_minutes);
	header_add(out, "Date", date);
}

static char *headers_new(const struct message *m, const struct notifier_settings *s,
			 const char *subject)
{
	GString *out = g_string_sized_new(HEADERS_USUAL);
	g_autoptr(GPtrArray) tokens = tokens_of(m);
	const char *named = s->from_name != NULL ? s->from_name : m->office;
	g_autofree char *from = words_line(named, VIEW_NAME_MAX);
	g_autofree char *person = words_line(m->person, VIEW_NAME_MAX);
	g_autofree char *id = g_strconcat("<", m->identity, "@", s->host, ">", NULL);
	g_autofree char *tag = NULL;

	if (tokens->len == 1)
		tag = g_strconcat("[#", (const char *)tokens->pdata[0], "]", NULL);
	header_add_address(out, "From", from, s->from);
	if (s->redirect != NULL)
		header_add_address(out, "To", "", s->redirect);
	else
		header_add_address(out, "To", person, m->address);
	header_add_text(out, "Subject", subject, tag);
	date_add(out, m);
	header_add(out, "Message-ID", id);
	thread_add(out, m, tokens, s->host);
	header_add(out, "Auto-Submitted", "auto-generated");
	/* Everything but NDR: a bounce is news that we want. */
	header_add(out, "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply");
	list_id_add(out, m, s->host);
	return g_string_free(out, FALSE);
}

static int settings_check(const struct message *m, const struct notifier_settings *s,
			  struct err *err)
{
	g_autofree char *probe = g_strconcat("x@", s->host, NULL);

	if (m->items->len == 0)
		return err_set(err, -EINVAL, "消息没有内容");
	if (!identity_valid(m->identity))
		return err_set(err, -EINVAL, "消息标识不可用：%.60s", m->identity);
	if (!email_address_valid(probe, NULL))
		return err_set(err, -EINVAL, "Message-ID 的主机名不可用：%.60s", s->host);
	if (!email_address_valid(s->from, err))
		return err_prefix(err, -EINVAL, "发件人");
	if (m->redirected && s->redirect == NULL)
		return err_set(err, -EINVAL, "试运行的消息没有改发地址");
	if (!email_address_valid(s->redirect != NULL ? s->redirect : m->address, err))
		return err_prefix(err, -EINVAL, "收件人");
	return 0;
}

static char *language_of(const char *locale)
{
	char *language = g_strdup(locale[0] != '\0' ? locale : "zh-CN");

	for (char *p = language; *p != '\0'; p++) {
		if (*p == '_')
			*p = '-';
		if (!g_ascii_isalnum(*p) && *p != '-') {
			*p = '\0';
			break;
		}
	}
	return language;
}

static int email_build(const struct message *m, const struct notifier_settings *s,
		       struct request **out, struct err *err)
{
	g_autofree char *calendar = NULL, *headers = NULL, *subject = NULL, *language = NULL;
	const char *method = NULL;
	struct rendered *texts = NULL;
	struct request *request;
	int r = settings_check(m, s, err);

	if (r < 0)
		return r;
	r = splice_render(s->templates, templates_splices(s->templates), m, s->redirect != NULL,
			  &texts, err);
	if (r < 0)
		return -EINVAL;
	subject = g_strconcat(s->redirect != NULL ? TRIAL_PREFIX : "", texts->subject, NULL);
	headers = headers_new(m, s, subject);
	calendar = deadline_ics(m, s, &method);
	language = language_of(m->locale);
	request = g_new0(struct request, 1);
	request->driver = DRIVER_SMTP;
	request->identity = g_strdup(m->identity);
	request->from = g_strdup(s->from);
	request->to = g_strdup(s->redirect != NULL ? s->redirect : m->address);
	request->body = mime_compose(headers, &(struct mime_parts){.identity = m->identity,
								   .language = language,
								   .text = texts->text,
								   .html = texts->html,
								   .calendar = calendar,
								   .method = method});
	rendered_free(&texts);
	*out = request;
	return 0;
}

static bool verb_is(const struct reply *reply, const char *const *verbs)
{
	for (size_t i = 0; verbs[i] != NULL; i++)
		if (g_strcmp0(reply->verb, verbs[i]) == 0)
			return true;
	return false;
}

/* A 5xx that speaks of our settings, or of a name that may be found tomorrow. */
static bool refusal_passes(const struct reply *reply)
{
	static const char *const ours[] = {"connect", "greeting", "EHLO", "STARTTLS", "AUTH", NULL};
	static const char *const mail[] = {"MAIL", NULL};

	if (verb_is(reply, ours))
		return true;
	/* The sender is refused: our settings again. Only its size is the message's own fault. */
	if (verb_is(reply, mail))
		return reply->status != 552;
	switch (reply->status) {
	case 530: /* authentication required */
	case 534: /* mechanism too weak */
	case 535: /* credentials invalid */
	case 538: /* encryption required */
		return true;
	default:
		return strstr(reply->text, "5.4.4") != NULL;
	}
}

static enum outcome email_classify(const struct reply *reply, dur_t *retry_after_out)
{
	static const char *const dot[] = {"dot", NULL};

	*retry_after_out = CLAMP(reply->retry_after, 0, DAY);
	if (reply->status >= 200 && reply->status < 300 && verb_is(reply, dot))
		return OUTCOME_SENT;
	if (reply->status >= 400 && reply->status < 500)
		return OUTCOME_RETRY;
	if (reply->status >= 500 && reply->status < 600)
		return refusal_passes(reply) ? OUTCOME_RETRY : OUTCOME_REFUSED;
	return reply->went_out ? OUTCOME_UNKNOWN : OUTCOME_RETRY;
}

const struct notifier email_notifier = {
	.name = "email",
	.channel = CHANNEL_EMAIL,
	.driver = DRIVER_SMTP,
	.build = email_build,
	.classify = email_classify,
};
