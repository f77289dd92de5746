/*
 * test_email.c - what goes onto the wire for a message, and what SMTP's answers mean.
 *
 * Every mail built here is also written to $BINARY_DIR/mails, with what it should say beside
 * it, for tests/contract/test_mail_python.py, which reads them with another implementation.
 */
#include "notifiers/email.h"

#include <glib/gstdio.h>
#include <jansson.h>

#include "sample.h"

static struct templates *templates;
static char *mails; /* NULL: nowhere to write them */

static void mail_keep(const char *name, const struct request *r, const char *subject)
{
	g_autofree char *eml = NULL, *json = NULL;
	gsize size;
	const char *bytes = g_bytes_get_data(r->body, &size);
	json_t *want;
	char *dump;

	if (mails == NULL)
		return;
	eml = g_strdup_printf("%s/%s.eml", mails, name);
	json = g_strdup_printf("%s/%s.json", mails, name);
	assert_true(g_file_set_contents(eml, bytes, (gssize)size, NULL));
	want = json_pack("{s:s?, s:s, s:s}", "subject", subject, "to", r->to, "name", name);
	assert_non_null(want);
	dump = json_dumps(want, 0);
	assert_true(g_file_set_contents(json, dump, -1, NULL));
	free(dump);
	json_decref(want);
}

static struct request *build(const struct message *m, const struct notifier_settings *s)
{
	struct request *r = NULL;
	struct err err = {0};
	int code = email_notifier.build(m, s, &r, &err);

	if (code < 0)
		print_error("%s\n", err.text);
	assert_int_equal(code, 0);
	return r;
}

/* Lines end in CRLF, none is over 998 bytes, all is 7-bit, encoded words and lines are short. */
static void wire_check(const struct request *r)
{
	gsize size;
	const char *bytes = g_bytes_get_data(r->body, &size);
	bool in_headers = true;
	size_t column = 0;

	assert_true(size > 2 && memcmp(bytes + size - 2, "\r\n", 2) == 0);
	for (gsize i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		assert_true(c < 0x80);
		assert_true(c >= ' ' || c == '\t' || c == '\r' || c == '\n');
		assert_int_equal(c == '\n', i > 0 && bytes[i - 1] == '\r');
		if (c == '\r')
			continue;
		if (c != '\n') {
			column++;
			continue;
		}
		assert_true(column <= 998);
		if (column == 0)
			in_headers = false;
		if (in_headers && column > 78)
			fail_msg("a header line of %zu bytes", column);
		column = 0;
	}
}

static bool has(const struct request *r, const char *text)
{
	gsize size;
	const char *bytes = g_bytes_get_data(r->body, &size);

	return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* The value of a header, unfolded; "" if it is not there. Fails if it is there twice. */
static char *header(const struct request *r, const char *name)
{
	gsize size;
	const char *bytes = g_bytes_get_data(r->body, &size);
	const char *end = memmem(bytes, size, "\r\n\r\n", 4);
	g_autofree char *head = g_strndup(bytes, (gsize)(end - bytes));
	g_autofree char *key = g_strdup_printf("%s: ", name);
	g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);
	GString *out = g_string_new(NULL);
	bool within = false;
	int n = 0;

	for (size_t i = 0; lines[i] != NULL; i++) {
		if (lines[i][0] != ' ') {
			within = g_str_has_prefix(lines[i], key);
			n += within;
		}
		if (within)
			g_string_append(out,
					lines[i][0] == ' ' ? lines[i] : lines[i] + strlen(key));
	}
	assert_true(n <= 1);
	return g_string_free(out, FALSE);
}

static void header_is(const struct request *r, const char *name, const char *want)
{
	g_autofree char *got = header(r, name);

	assert_string_equal(got, want);
}

static void a_reminder(void **state)
{
	struct message *m = sample_message();
	struct notifier_settings s = sample_settings(templates);
	struct request *r, *again;
	g_autofree char *subject = NULL;

	(void)state;
	(void)sample_item(m, SORT_REMIND, "报送提醒");
	r = build(m, &s);
	wire_check(r);
	assert_int_equal(r->driver, DRIVER_SMTP);
	assert_string_equal(r->identity, "m.4f2a9c01");
	assert_string_equal(r->from, "duban@example.org");
	assert_string_equal(r->to, "liaison@example.org");
	assert_false(r->eight_bit);
	header_is(r, "Message-ID", "<m.4f2a9c01@duban.example.org>");
	header_is(r, "In-Reply-To", "<item-k7q2m9xw@duban.example.org>");
	header_is(r, "References", "<item-k7q2m9xw@duban.example.org>");
	header_is(r, "Date", "Thu, 08 Aug 2019 09:30:00 +0800");
	header_is(r, "Auto-Submitted", "auto-generated");
	header_is(r, "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply");
	header_is(r, "MIME-Version", "1.0");
	header_is(r, "Content-Language", "zh-CN");
	header_is(r, "Precedence", "");
	header_is(r, "From", "=?UTF-8?B?5Yy65a6J5aeU5Yqe?= <duban@example.org>");
	subject = header(r, "Subject");
	assert_true(g_str_has_suffix(subject, "?= [#k7q2m9xw]"));
	assert_true(has(r, "text/calendar; charset=utf-8; method=PUBLISH"));
	again = build(m, &s);
	assert_true(g_bytes_equal(r->body, again->body));
	mail_keep("reminder", r,
		  "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报 [#k7q2m9xw]");
	request_free(&r);
	request_free(&again);
	message_free(&m);
}

static void a_list_has_no_token(void **state)
{
	struct message *m = sample_message();
	struct notifier_settings s = sample_settings(templates);
	struct request *r;
	g_autofree char *root = NULL, *reply = NULL;

	(void)state;
	sample_now(m, "8月9日（周五）16:00", "2019-08-09T16:00:00+08:00");
	sample_list(m, SORT_REMIND, "未报清单", 11);
	r = build(m, &s);
	wire_check(r);
	root = header(r, "References");
	reply = header(r, "In-Reply-To");
	assert_true(g_str_has_prefix(root, "<list-"));
	assert_string_equal(root, reply);
	assert_false(has(r, "text/calendar"));
	mail_keep("list", r, "【未报清单】第2期周报：应报26、已报15、未报11（截至16:00）");
	request_free(&r);
	message_free(&m);
}

static void two_items_join_two_threads(void **state)
{
	struct message *m = sample_message();
	struct notifier_settings s = sample_settings(templates);
	struct message_item *i;
	struct request *r;

	(void)state;
	(void)sample_item(m, SORT_REMIND, "报送提醒");
	i = sample_item(m, SORT_REMIND, "报送提醒");
	put(&i->uid, "plan@example.org");
	put(&i->rid, "-");
	put(&i->title, "实施方案");
	put(&i->token, "p1an0000");
	i->number = 0;
	r = build(m, &s);
	wire_check(r);
	header_is(r, "References",
		  "<item-k7q2m9xw@duban.example.org> <item-p1an0000@duban.example.org>");
	mail_keep("two", r, "【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报等2项");
	request_free(&r);
	message_free(&m);
}

static void an_alarm_has_no_thread(void **state)
{
	struct message *m = sample_message();
	struct notifier_settings s = sample_settings(templates);
	struct message_item *i = sample_item(m, SORT_ALARM, "");
	struct request *r;

	(void)state;
	put(&i->uid, "");
	put(&i->token, "");
	put(&i->reason, "收件邮箱自16:00起无法登录，督办已暂缓");
	r = build(m, &s);
	wire_check(r);
	header_is(r, "References", "");
	header_is(r, "In-Reply-To", "");
	mail_keep("alarm", r, "【系统告警】收件邮箱自16:00起无法登录，督办已暂缓");
	request_free(&r);
	message_free(&m);
}

static void english(void **state)
{
	struct message *m = sample_message();
	struct notifier_settings s = sample_settings(templates);
	struct message_item *i = sample_item(m, SORT_REMIND, "alarm");
	struct request *r;

	(void)state;
	put(&m->locale, "en");
	put(&m->campaign, "Safety season");
	put(&m->office, "Safety Office");
	put(&m->person, "J. \"Jo\" O\\Neil");
	put(&m->person_unit, "Newbridge");
	put(&i->unit, "Newbridge");
	put(&i->title, "Weekly report");
	put(&i->tags, "chemicals;building");
	put(&i->due_text, "Fri 9 Aug 17:00");
	s.from_name = NULL;
	r = build(m, &s);
	wire_check(r);
	header_is(r, "To", "\"J. \\\"Jo\\\" O\\\\Neil\" <liaison@example.org>");
	header_is(r, "From", "\"Safety Office\" <duban@example.org>");
	header_is(r, "Subject",
		  "[Reminder] Weekly report No. 2 is due Fri 9 Aug 17:00 [#k7q2m9xw]");
	assert_true(has(r, "Content-Transfer-Encoding: quoted-printable"));
	mail_keep("english", r,
		  "[Reminder] Weekly report No. 2 is due Fri 9 Aug 17:00 [#k7q2m9xw]");
	request_free(&r);
	message_free(&m);
}

static void a_trial_run_goes_elsewhere(void **state)
{
	struct message *m = sample_message();
	struct notifier_settings s = sample_settings(templates);
	struct request *r = NULL;
	struct err err = {0};

	(void)state;
	(void)sample_item(m, SORT_REMIND, "报送提醒");
	m->redirected = 1;
	assert_int_equal(email_notifier.build(m, &s, &r, &err), -EINVAL);
	s.redirect = "trial@example.org";
	r = build(m, &s);
	wire_check(r);
	assert_string_equal(r->to, "trial@example.org");
	header_is(r, "To", "trial@example.org");
	assert_false(has(r, "To: liaison"));
	mail_keep("trial", r,
		  "【试运行】【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报 [#k7q2m9xw]");
	request_free(&r);
	message_free(&m);
}

static void hostile_texts_stay_texts(void **state)
{
	g_autofree char *long_ascii = g_strnfill(10240, 'A');
	g_autofree char *long_blank = g_strnfill(10240, ' ');
	g_autoptr(GString) long_chinese = g_string_new(NULL);
	const char *const hostile[] = {
		"x\r\nBcc: victim@example.org",
		"\"<evil@example.org>, \\",
		"=?UTF-8?B?QmNjOg==?=",
		"=?x?q?=0d=0aBcc:_v@example.org?=",
		"\xe2\x80\xae"
		"txt.exe",
		"\xff\xfe\xc4\xe3",
		"😀👨‍👩‍👧🏳️‍🌈😀😀😀😀😀😀😀😀😀😀😀"
		"😀"
		"😀"
		"😀"
		"😀",
		"é𠮷a中é𠮷a中é𠮷a中é𠮷a中é𠮷a中é𠮷a中é𠮷a中é𠮷a中",
		"<script>alert(1)</script>",
		"%s%n",
		".\r\n.\r\nMAIL FROM:<boss@example.org>",
		long_ascii,
		long_blank,
		NULL};
	struct notifier_settings s = sample_settings(templates);

	(void)state;
	for (int n = 0; n < 4000; n++)
		g_string_append(long_chinese, n % 7 == 0 ? "a" : "督");
	for (size_t n = 0; n < G_N_ELEMENTS(hostile); n++) {
		const char *text = hostile[n] != NULL ? hostile[n] : long_chinese->str;
		g_autofree char *name = g_strdup_printf("hostile-%zu", n);
		struct message *m = sample_message();
		struct message_item *i = sample_item(m, SORT_REMIND, text);
		struct request *r;

		put(&i->unit, text);
		put(&m->person_unit, text);
		put(&i->title, text);
		put(&i->description, text);
		put(&m->campaign, text);
		put(&m->campaign_key, text);
		put(&m->person, text);
		put(&m->office, text);
		put(&i->reason, text);
		put(&i->token, text);
		s.from_name = text;
		r = build(m, &s);
		wire_check(r);
		header_is(r, "Bcc", "");
		assert_false(has(r, "\nBcc:"));
		assert_false(has(r, "\nMAIL FROM"));
		mail_keep(name, r, NULL);
		request_free(&r);
		message_free(&m);
	}
}

/* A directory may bear a Chinese name: dashes would be the label of every other such campaign. */
static void a_list_is_labelled_by_its_directory(void **state)
{
	static const struct {
		const char *key, *id;
	} labels[] = {
		{"xinbei-2019", "<xinbei-2019.duban.example.org>"},
		{"XB.2019", "<xb-2019.duban.example.org>"},
		{"百日攻坚", "<campaign-@.duban.example.org>"},
		{"安全生产月", "<campaign-@.duban.example.org>"},
		{"百日攻坚2019", "<2019-@.duban.example.org>"},
	};
	struct notifier_settings s = sample_settings(templates);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	(void)state;
	s.host = "duban.example.org";
	for (size_t n = 0; n < G_N_ELEMENTS(labels); n++) {
		struct message *m = sample_message();
		struct request *r;
		g_autofree char *id = NULL;
		g_auto(GStrv) want = g_strsplit(labels[n].id, "@", 2);

		(void)sample_item(m, SORT_REMIND, "报送提醒");
		put(&m->campaign_key, labels[n].key);
		r = build(m, &s);
		id = header(r, "List-Id");
		assert_non_null(strstr(id, want[0]));
		assert_non_null(strstr(id, want[1] != NULL ? want[1] : ""));
		assert_true(g_hash_table_add(seen, g_strdup(id)));
		request_free(&r);
		message_free(&m);
	}
}

static void unusable_messages_are_refused(void **state)
{
	static const char *const identities[] = {"",      "a b", "A",    "x@y",
						 "x\r\n", ".a",  "a..b", "a>"};
	struct notifier_settings s = sample_settings(templates);
	struct message *m = sample_message();
	struct request *r = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(email_notifier.build(m, &s, &r, &err), -EINVAL); /* no items */
	(void)sample_item(m, SORT_REMIND, "报送提醒");
	for (size_t n = 0; n < G_N_ELEMENTS(identities); n++) {
		put(&m->identity, identities[n]);
		assert_int_equal(email_notifier.build(m, &s, &r, &err), -EINVAL);
	}
	put(&m->identity, "ok");
	put(&m->address, "a@b.example\r\nRCPT TO:<v@example.org>");
	assert_int_equal(email_notifier.build(m, &s, &r, &err), -EINVAL);
	assert_true(g_str_has_prefix(err.text, "收件人"));
	put(&m->address, "a@example.org");
	s.from = "not an address";
	assert_int_equal(email_notifier.build(m, &s, &r, &err), -EINVAL);
	s.from = "duban@example.org";
	s.host = "bad host";
	assert_int_equal(email_notifier.build(m, &s, &r, &err), -EINVAL);
	assert_null(r);
	message_free(&m);
}

/* Every sort and both languages become a mail that another reader must take. */
static void every_sort(void **state)
{
	static const char *const steps[SORTS] = {"今日截止", "督办#1", "连续未报", "return", "催办",
						 "",         "",       "",         ""};
	struct notifier_settings s = sample_settings(templates);

	(void)state;
	for (int sort = 0; sort < SORTS; sort++) {
		for (int en = 0; en < 2; en++) {
			struct message *m = sample_message();
			struct message_item *i = sample_item(m, (enum sort)sort, steps[sort]);
			g_autofree char *name = g_strdup_printf("sort-%d-%d", sort, en);
			struct request *r;

			put(&m->locale, en ? "en" : "zh_CN");
			put(&i->reason, "缺“已整改数”");
			r = build(m, &s);
			wire_check(r);
			mail_keep(name, r, NULL);
			request_free(&r);
			message_free(&m);
		}
	}
}

static void addresses(void **state)
{
	g_autofree char *long_local = g_strnfill(65, 'a');
	g_autofree char *local_65 = g_strconcat(long_local, "@example.org", NULL);
	g_autofree char *label = g_strnfill(63, 'b');
	g_autofree char *local_64 = g_strconcat(long_local + 1, "@example.org", NULL);
	g_autofree char *bytes_254 =
		g_strdup_printf("aaaaaaaaaa@%s.%s.%s.%.51s", label, label, label, label);
	g_autofree char *bytes_255 = g_strconcat("a", bytes_254, NULL);
	g_autofree char *label_64 = g_strdup_printf("a@c%s.org", label);
	const char *const good[] = {"a@b",
				    "first.last+tag@example.org",
				    "a@127-0-0-1.example",
				    "x_y=z@a.b.c",
				    "o'neil@example.org",
				    "123@qq.example",
				    "A!#$%&*/?^`{|}~-@EXAMPLE.org",
				    local_64,
				    bytes_254};
	const char *const bad[] = {"a@b\r\nRCPT TO:<v>",
				   "<>",
				   "a@b,c@d",
				   "\"a b\"@example.org",
				   "",
				   "a",
				   "@",
				   "a@",
				   "@b",
				   "a@b@c",
				   "a b@c",
				   "a@b c",
				   "a\t@b",
				   "a@b\n",
				   "a@b\x7f",
				   "a(x)@b",
				   "a@[127.0.0.1]",
				   "<a@b>",
				   "a@b;",
				   "a:b@c",
				   "a\\b@c",
				   "李四@example.org",
				   "a@例子.example",
				   "a@.b",
				   "a@b.",
				   "a@b..c",
				   ".a@b",
				   "a.@b",
				   "a..b@c",
				   "a@-b",
				   "a@b-",
				   "a@b-.c",
				   "a@b_c",
				   "a@b/c",
				   local_65,
				   bytes_255,
				   label_64};

	(void)state;
	assert_int_equal(strlen(bytes_254), 254);
	for (size_t n = 0; n < G_N_ELEMENTS(good); n++)
		if (!email_address_valid(good[n], NULL))
			fail_msg("%s should be an address", good[n]);
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		struct err err = {0};

		if (email_address_valid(bad[n], &err))
			fail_msg("%s should be none", bad[n]);
		assert_int_equal(err.code, -EINVAL);
		assert_true(err.text[0] != '\0');
	}
}

static void answers(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *verb, *text;
		bool went_out;
		enum outcome want;
	} rows[] = {
		{"yes to the dot", 250, "dot", "2.0.0 ok", true, OUTCOME_SENT},
		{"not now at the dot", 451, "dot", "4.3.0", true, OUTCOME_RETRY},
		{"never at the dot", 554, "dot", "5.7.1 spam", true, OUTCOME_REFUSED},
		{"too big", 552, "dot", "5.3.4", true, OUTCOME_REFUSED},
		{"greylisted", 450, "RCPT", "4.2.0", false, OUTCOME_RETRY},
		{"no such user", 550, "RCPT", "5.1.1", false, OUTCOME_REFUSED},
		{"the domain was not found", 550, "RCPT", "5.4.4 unrouteable", false,
		 OUTCOME_RETRY},
		{"the sender is refused", 550, "MAIL", "5.1.8", false, OUTCOME_RETRY},
		{"the mail is too large", 552, "MAIL", "5.3.4", false, OUTCOME_REFUSED},
		{"log in first", 530, "MAIL", "5.7.0", false, OUTCOME_RETRY},
		{"no data", 554, "DATA", "5.5.1", false, OUTCOME_REFUSED},
		{"not welcome", 554, "greeting", "5.7.1", false, OUTCOME_RETRY},
		{"closing", 421, "greeting", "4.3.2", false, OUTCOME_RETRY},
		{"no EHLO", 502, "EHLO", "", false, OUTCOME_RETRY},
		{"no TLS", 502, "STARTTLS", "", false, OUTCOME_RETRY},
		{"wrong password", 535, "AUTH", "5.7.8", false, OUTCOME_RETRY},
		{"not reachable", 0, "connect", "refused", false, OUTCOME_RETRY},
		{"lost before the dot", 0, "DATA", "", false, OUTCOME_RETRY},
		{"lost after the dot", 0, "dot", "", true, OUTCOME_UNKNOWN},
		{"lost, 354 was the last word", 354, "dot", "", true, OUTCOME_UNKNOWN},
		{"lost after RCPT's yes", 250, "RCPT", "", false, OUTCOME_RETRY},
		{"nonsense", 999, "dot", "", true, OUTCOME_UNKNOWN},
	};

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		struct reply reply = {.status = rows[n].status,
				      .text = (char *)rows[n].text,
				      .verb = (char *)rows[n].verb,
				      .went_out = rows[n].went_out};
		dur_t after = -1;
		enum outcome got = email_notifier.classify(&reply, &after);

		if (got != rows[n].want)
			fail_msg("%s: %s", rows[n].name, outcome_word(got));
		assert_int_equal(after, 0);
	}
}

static void table(void **state)
{
	(void)state;
	assert_ptr_equal(notifier_get(CHANNEL_EMAIL), &email_notifier);
	for (int c = 0; c < CHANNELS; c++) {
		const struct notifier *one = notifier_get((enum channel)c);

		if (one == NULL)
			continue;
		assert_int_equal(one->channel, c);
		assert_string_equal(one->name, channel_word((enum channel)c));
	}
	assert_non_null(notifier_get(CHANNEL_WEBHOOK));
	assert_null(notifier_get(CHANNELS));
}

static int setup(void **state)
{
	const char *dir = g_getenv("BINARY_DIR");

	(void)state;
	templates = templates_new();
	if (dir != NULL) {
		mails = g_build_filename(dir, "mails", NULL);
		if (g_mkdir_with_parents(mails, 0755) != 0)
			return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	templates_free(&templates);
	g_free(mails);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reminder),
		cmocka_unit_test(a_list_has_no_token),
		cmocka_unit_test(two_items_join_two_threads),
		cmocka_unit_test(an_alarm_has_no_thread),
		cmocka_unit_test(english),
		cmocka_unit_test(a_trial_run_goes_elsewhere),
		cmocka_unit_test(hostile_texts_stay_texts),
		cmocka_unit_test(a_list_is_labelled_by_its_directory),
		cmocka_unit_test(unusable_messages_are_refused),
		cmocka_unit_test(every_sort),
		cmocka_unit_test(addresses),
		cmocka_unit_test(answers),
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
