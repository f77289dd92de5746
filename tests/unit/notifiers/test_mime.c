/*
 * test_mime.c - header lines, the shape of the body, the calendar part.
 */
#include "notifiers/deadline_ics.h"
#include "notifiers/header.h"
#include "notifiers/mime.h"
#include "sample.h"

/* Decode the encoded words of a header value as a strict reader would. */
static char *decode(const char *value)
{
	GString *out = g_string_new(NULL);
	const char *p = value;

	while ((p = strstr(p, "=?UTF-8?")) != NULL) {
		const char *end = strstr(p + 10, "?=");
		g_autofree char *word = g_strndup(p + 10, (gsize)(end - p - 10));
		g_autofree char *plain = NULL;

		assert_true(end - p + 2 <= 75);
		if (p[8] == 'B') {
			gsize size;
			g_autofree guchar *bytes = g_base64_decode(word, &size);

			plain = g_strndup((char *)bytes, size);
		} else {
			for (char *c = word; *c != '\0'; c++)
				*c = *c == '=' ? '%' : *c;
			plain = g_uri_unescape_string(word, NULL);
		}
		assert_true(g_utf8_validate(plain, -1, NULL));
		g_string_append(out, plain);
		p = end + 2;
	}
	return g_string_free(out, FALSE);
}

static void encoded_words(void **state)
{
	static const char *const texts[] = {
		"【百日攻坚·提醒】请于8月9日（周五）17:00前报送第2期周报",
		"关于开展全区防风险保安全迎大庆“百日攻坚”专项行动工作情况报送的通知（第二次）",
		"é",
		"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
		"a中b中c中d中e中f中g中h中i中j中k中l中",
		"=?UTF-8?B?QQ==?="};

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(texts); n++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *back = NULL;
		g_auto(GStrv) lines = NULL;

		header_add_text(out, "Subject", texts[n], NULL);
		back = decode(out->str);
		assert_string_equal(back, texts[n]);
		lines = g_strsplit(out->str, "\r\n", -1);
		for (size_t k = 0; lines[k] != NULL; k++)
			assert_true(strlen(lines[k]) <= HEADER_LINE_MAX);
	}
}

/* Only the last word is padded, whatever the mixture: old GMime drops what follows a pad. */
static void no_padding_within(void **state)
{
	static const char *const characters[] = {"督", "7", "é",
						 "7督督督督督督督督督督督督督督督督督督督督", "😀"};
	const char *given = g_getenv("SEED");
	guint32 seed = given != NULL ? (guint32)g_ascii_strtoull(given, NULL, 10) : 20190809;
	GRand *rand = g_rand_new_with_seed(seed);

	(void)state;
	print_message("SEED=%u\n", seed);
	for (int round = 0; round < 2000; round++) {
		g_autoptr(GString) text = g_string_new("报");
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *back = NULL;
		const char *pad;

		for (int n = g_rand_int_range(rand, 1, 60); n > 0; n--)
			g_string_append(text, characters[g_rand_int_range(rand, 0, 4)]);
		header_add_text(out, "Subject", text->str, NULL);
		back = decode(out->str);
		assert_string_equal(back, text->str);
		pad = strstr(out->str, "=?=");
		if (pad != NULL && strstr(pad + 3, "=?UTF-8") != NULL)
			fail_msg("padding within %s", text->str);
	}
	g_rand_free(rand);
}

static void plain_headers(void **state)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GPtrArray) roots = g_ptr_array_new();

	(void)state;
	header_add_text(out, "Subject", "Weekly report", "[#abc]");
	assert_string_equal(out->str, "Subject: Weekly report [#abc]\r\n");
	g_string_truncate(out, 0);
	header_add_address(out, "To", "", "a@example.org");
	assert_string_equal(out->str, "To: a@example.org\r\n");
	g_string_truncate(out, 0);
	header_add_address(out, "To", "A \"B\"", "a@example.org");
	assert_string_equal(out->str, "To: \"A \\\"B\\\"\" <a@example.org>\r\n");
	g_string_truncate(out, 0);
	for (int n = 0; n < 3; n++)
		g_ptr_array_add(roots, "<item-k7q2m9xw@duban.example.org>");
	header_add_words(out, "References", roots);
	assert_string_equal(out->str, "References: <item-k7q2m9xw@duban.example.org>\r\n"
				      " <item-k7q2m9xw@duban.example.org> "
				      "<item-k7q2m9xw@duban.example.org>\r\n");
}

static void dates(void **state)
{
	static const struct {
		wall_t at;
		int offset;
		const char *want;
	} rows[] = {{INT64_C(1565227800000), 480, "Thu, 08 Aug 2019 09:30:00 +0800"},
		    {INT64_C(1565227800000), 0, "Thu, 08 Aug 2019 01:30:00 +0000"},
		    {INT64_C(1565227800999), -210, "Wed, 07 Aug 2019 22:00:00 -0330"},
		    {0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"},
		    {INT64_C(1582934400000), 840, "Sat, 29 Feb 2020 14:00:00 +1400"}};

	(void)state;
	for (size_t n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autofree char *got = header_date(rows[n].at, rows[n].offset);

		assert_string_equal(got, rows[n].want);
	}
}

static void shape(void **state)
{
	struct mime_parts parts = {.identity = "m1",
				   .language = "en",
				   .text = "one = two\nthree\n",
				   .html = "<p>一二三四五六七八九十</p>\n",
				   .calendar = NULL,
				   .method = "PUBLISH"};
	GBytes *plain = mime_compose("X: y\r\n", &parts), *same = mime_compose("X: y\r\n", &parts);
	GBytes *mixed, *other;
	const char *p;

	(void)state;
	p = g_bytes_get_data(plain, NULL);
	assert_true(g_str_has_prefix(p, "X: y\r\nMIME-Version: 1.0\r\nContent-Language: en\r\n"
					"Content-Type: multipart/alternative;"));
	assert_non_null(strstr(p, "boundary=\"=_alternative_"));
	assert_non_null(strstr(p, "\r\n\r\none =3D two\r\nthree\r\n"));
	assert_non_null(strstr(p, "Content-Transfer-Encoding: base64\r\n"));
	assert_true(g_bytes_equal(plain, same));
	parts.calendar = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
	mixed = mime_compose("", &parts);
	p = g_bytes_get_data(mixed, NULL);
	assert_non_null(strstr(p, "multipart/mixed; boundary=\"=_mixed_"));
	/* "BEGIN:VCALENDAR CRLF END" survives as CRLF within base64. */
	assert_non_null(strstr(p, "QkVHSU46VkNBTEVOREFSDQpFTkQ6VkNBTEVOREFSDQo="));
	parts.identity = "m2";
	other = mime_compose("", &parts);
	assert_false(g_bytes_equal(mixed, other));
	g_bytes_unref(plain);
	g_bytes_unref(same);
	g_bytes_unref(mixed);
	g_bytes_unref(other);
}

static const struct notifier_settings settings = {
	.from = "ban@example.org", .from_name = "安委\"办", .host = "duban.example.org"};
static const char *method;

/* How often @needle stands in @text. */
static int times(const char *text, const char *needle)
{
	int n = 0;

	for (const char *p = text; (p = strstr(p, needle)) != NULL; p++)
		n++;
	return n;
}

static void deadlines(void **state)
{
	struct message *m = sample_message();
	struct message_item *i = sample_item(m, SORT_REMIND, "报送提醒");
	g_autofree char *ics = NULL;
	g_auto(GStrv) lines = NULL;

	(void)state;
	put(&i->description, "格式：见附件; 一式,两份\\\n第二行");
	ics = deadline_ics(m, &settings, &method);
	assert_non_null(ics);
	assert_non_null(strstr(ics, "\r\nDTSTART:20190809T090000Z\r\n"));
	assert_non_null(strstr(ics, "\r\nDTSTAMP:20190808T013000Z\r\n"));
	assert_non_null(strstr(ics, "\r\nSEQUENCE:18927000\r\n"));
	assert_string_equal(method, "PUBLISH");
	assert_non_null(strstr(ics, "\r\nMETHOD:PUBLISH\r\n"));
	assert_non_null(strstr(ics, "\r\nORGANIZER;CN=\"安委'办\":mailto:ban@example.org\r\n"));
	assert_null(strstr(ics, "ATTENDEE"));
	assert_non_null(strstr(ics, "\r\nSUMMARY:截止：第2期周报（新桥镇）\r\n"));
	assert_non_null(
		strstr(ics, "\r\nDESCRIPTION:格式：见附件\\; 一式\\,两份\\\\\\n第二行\r\n"));
	lines = g_strsplit(ics, "\r\n", -1);
	for (size_t n = 0; lines[n] != NULL; n++)
		assert_true(strlen(lines[n]) <= 75 && g_utf8_validate(lines[n], -1, NULL));
	/* Not what has passed, not what belongs to others, not what never comes. */
	i->due = m->tick;
	assert_null(deadline_ics(m, &settings, &method));
	i->due = WALL_NEVER;
	assert_null(deadline_ics(m, &settings, &method));
	i->due = m->tick + DAY;
	put(&m->person_unit, "区安委办");
	assert_null(deadline_ics(m, &settings, &method));
	message_free(&m);
}

static char *uid_of(const char *ics)
{
	const char *at = strstr(ics, "\r\nUID:");

	assert_non_null(at);
	return g_strndup(at + 6, strcspn(at + 6, "\r"));
}

/* Of a campaign that invites: one deadline is a request, its exemption takes it back. */
static void invitations(void **state)
{
	struct message *m = sample_message();
	struct message_item *i = sample_item(m, SORT_REMIND, "报送提醒");
	struct notifier_settings trial = settings;
	g_autofree char *request = NULL, *two = NULL, *cancel = NULL, *trial_text = NULL;
	g_autofree char *uid = NULL, *same = NULL, *whole = NULL, *gone = NULL;
	g_auto(GStrv) lines = NULL;

	(void)state;
	m->invitations = true;
	request = deadline_ics(m, &settings, &method);
	assert_string_equal(method, "REQUEST");
	assert_non_null(strstr(request, "\r\nMETHOD:REQUEST\r\n"));
	assert_non_null(strstr(request, "\r\nATTENDEE;CN=\"陈一\";CUTYPE=INDIVIDUAL"));
	lines = g_strsplit(request, "\r\n ", -1);
	whole = g_strjoinv("", lines);
	assert_non_null(strstr(whole, "RSVP=FALSE:mailto:liaison@example.org\r\n"));
	assert_non_null(strstr(request, "\r\nSTATUS:CONFIRMED\r\n"));
	trial.redirect = "trial@example.org";
	trial_text = deadline_ics(m, &trial, &method);
	assert_string_equal(method, "PUBLISH");
	assert_null(strstr(trial_text, "ATTENDEE"));
	put(&sample_item(m, SORT_REMIND, "报送提醒")->uid, "another@example.org");
	two = deadline_ics(m, &settings, &method);
	assert_string_equal(method, "PUBLISH");
	assert_int_equal(times(two, "BEGIN:VEVENT"), 2);
	message_free(&m);

	m = sample_message();
	i = sample_item(m, SORT_DECISION, "exempt");
	m->invitations = true;
	assert_null(deadline_ics(m, &settings, &method)); /* it was never invited */
	i->invited = true;
	m->tick += SECOND;
	cancel = deadline_ics(m, &settings, &method);
	assert_string_equal(method, "CANCEL");
	assert_non_null(strstr(cancel, "\r\nMETHOD:CANCEL\r\n"));
	assert_non_null(strstr(cancel, "\r\nSTATUS:CANCELLED\r\n"));
	assert_non_null(strstr(cancel, "\r\nSEQUENCE:18927001\r\n"));
	uid = uid_of(request);
	same = uid_of(cancel);
	assert_string_equal(uid, same);
	/* So does its vanishing from the files; and what never was mailed is not taken back. */
	i->sort = SORT_CORRECTION;
	put(&i->step, CORRECTION_GONE);
	gone = deadline_ics(m, &settings, &method);
	assert_string_equal(method, "CANCEL");
	assert_string_equal(gone, cancel);
	i->invited = false;
	assert_null(deadline_ics(m, &settings, &method));
	i->invited = true;
	m->invitations = false;
	assert_null(deadline_ics(m, &settings, &method));
	message_free(&m);
}

static void long_lines_are_folded(void **state)
{
	struct message *m = sample_message();
	struct message_item *i = sample_item(m, SORT_DECISION, "extend");
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *ics = NULL;
	g_auto(GStrv) lines = NULL;

	(void)state;
	for (int n = 0; n < 300; n++)
		g_string_append(text, "督a");
	put(&i->description, text->str);
	ics = deadline_ics(m, &settings, &method);
	lines = g_strsplit(ics, "\r\n", -1);
	for (size_t n = 0; lines[n] != NULL; n++)
		assert_true(strlen(lines[n]) <= 75 && g_utf8_validate(lines[n], -1, NULL));
	message_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoded_words), cmocka_unit_test(no_padding_within),
		cmocka_unit_test(plain_headers), cmocka_unit_test(dates),
		cmocka_unit_test(shape),         cmocka_unit_test(deadlines),
		cmocka_unit_test(invitations),   cmocka_unit_test(long_lines_are_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
