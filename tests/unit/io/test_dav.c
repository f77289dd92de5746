/*
 * What CalDAV servers say, and what nobody should be able to make us believe.
 */
#include "io_test.h"

#include <errno.h>

#include "daemon/io/dav.h"

#define URL "https://cal.example.org/ban/xing/"
#define MULTI(inside)                                                                              \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<multistatus xmlns=\"DAV:\" "                 \
	"xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "                                               \
	"xmlns:CS=\"http://calendarserver.org/ns/\">" inside "</multistatus>"
#define OK(props) "<propstat><prop>" props "</prop><status>HTTP/1.1 200 OK</status></propstat>"
#define DATA(data) OK("<getetag>1</getetag><C:calendar-data>" data "</C:calendar-data>")
#define MEMBER(href, data) "<response><href>" href "</href>" DATA(data) "</response>"
#define CAL(x) "BEGIN:VCALENDAR\nX:" x "\nEND:VCALENDAR\n"

#define PACKED "<![CDATA[BEGIN:VCALENDAR\nX:a&<]]>&amp;\nEND:VCALENDAR"
#define MEMBER_SELF "<response><href>/ban/xing/</href>" OK("<getetag>1</getetag>") "</response>"

static GPtrArray *flat(const char *xml, size_t size, int want)
{
	GString *out = g_string_new(NULL);
	struct err err = {0};
	GPtrArray *entries = NULL;
	int rc = dav_flatten(xml, size, out, &err);

	if (rc != want)
		print_message("%.200s: %d %s\n", xml, rc, err.text);
	assert_int_equal(rc, want);
	if (rc == 0) {
		entries = dav_read(out->str, out->len);
		assert_non_null(entries);
	} else {
		assert_true(err.text[0] != '\0');
	}
	g_string_free(out, TRUE);
	return entries;
}

static void a_collection_says_whether_it_has_changed(void **state)
{
	static const char xml[] =
		MULTI("<response><href>/ban/xing/</href><propstat><prop><resourcetype><C:calendar/>"
		      "<collection/></resourcetype><CS:getctag>\"12\"</CS:getctag>"
		      "<sync-token>http://x/ns/sync/&amp;1</sync-token></prop>"
		      "<status>HTTP/1.1 200 OK</status></propstat>"
		      "<propstat><status>HTTP/1.1 404 Not Found</status><prop><getetag>no</getetag>"
		      "</prop></propstat></response>");
	g_autoptr(GPtrArray) entries = flat(xml, strlen(xml), 0);
	const struct dav_entry *e;

	(void)state;
	assert_int_equal(entries->len, 1);
	e = entries->pdata[0];
	assert_string_equal(e->href, "/ban/xing/");
	assert_true(e->collection);
	assert_true(e->calendar);
	assert_string_equal(e->ctag, "\"12\"");
	assert_string_equal(e->token, "http://x/ns/sync/&1");
	assert_null(e->etag); /* that propstat said 404 */
	assert_null(e->data);
}

/* A property of another namespace that sounds alike, in another place, is another. */
static void names_without_their_space_mean_nothing(void **state)
{
	static const char xml[] = MULTI(
		"<response><href>/x</href><getetag>1</getetag><propstat><prop>"
		"<C:getetag>2</C:getetag><calendar-data>3</calendar-data><CS:sync-token>4"
		"</CS:sync-token><resourcetype><CS:calendar/><C:collection/></resourcetype></prop>"
		"<status>HTTP/1.1 200 OK</status></propstat></response>");
	g_autoptr(GPtrArray) entries = flat(xml, strlen(xml), 0);
	const struct dav_entry *e = entries->pdata[0];

	(void)state;
	assert_null(e->etag);
	assert_null(e->data);
	assert_null(e->token);
	assert_false(e->collection);
	assert_false(e->calendar);
}

static void members_are_joined_by_name(void **state)
{
	/* The collection itself is listed by some servers. */
	static const char xml[] = MULTI(MEMBER("/ban/xing/b.ics", CAL("b")) MEMBER(
		"https://cal.example.org/ban/xing/a%20x.ics", PACKED) MEMBER_SELF);
	g_autoptr(GPtrArray) entries = flat(xml, strlen(xml), 0);
	struct err err = {0};
	GBytes *all = dav_join(entries, URL, &err);
	gsize size;
	g_autofree char *text = NULL;

	(void)state;
	assert_non_null(all);
	text = g_strndup(g_bytes_get_data(all, &size), g_bytes_get_size(all));
	assert_string_equal(text, "BEGIN:VCALENDAR\nX:a&<&\nEND:VCALENDAR\r\n" CAL("b"));
	g_bytes_unref(all);
}

static const struct {
	const char *xml, *words;
} refused[] = {
	{MULTI(""), "是空的"},
	{MULTI("<response><href>/ban/xing/</href>" OK("<getetag>1</getetag>") "</response>"),
	 "是空的"},
	{MULTI(MEMBER("/ban/other/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("/ban/xing/../other/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("/ban/xing/%2e%2e/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("/ban/xing2/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("https://evil.example/ban/xing/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("http://cal.example.org/ban/xing/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("//evil.example/ban/xing/a.ics", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("file:///etc/passwd", CAL("a"))), "集合以外"},
	{MULTI(MEMBER("/ban/xing/a.ics", "BEGIN:VCALENDAR\nBEGIN:VEV")), "不完整"},
	{MULTI(MEMBER("/ban/xing/a.ics", "")), "不完整"},
	{MULTI("<response><href>/ban/xing/a.ics</href></response>"), "没有内容"},
	{MULTI("<response><href>/ban/xing/a.ics</href><status>HTTP/1.1 404 Not Found</status>"
	       "</response>"),
	 "404"},
	{MULTI(MEMBER("/ban/xing/a.ics", CAL("a")) "<response><href>/ban/xing/</href><status>HTTP/"
						   "1.1 507 Insufficient Storage</status>"
						   "</response>"),
	 "507"},
	{MULTI(MEMBER("/ban/xing/a.ics", CAL("a")) MEMBER("/ban/xing/%61.ics", CAL("b"))), "两次"},
};

static void a_list_that_is_not_whole_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GPtrArray) entries = flat(refused[i].xml, strlen(refused[i].xml), 0);
		struct err err = {0};
		GBytes *all = dav_join(entries, URL, &err);

		if (all != NULL || strstr(err.text, refused[i].words) == NULL)
			print_message("%s: want %s, got %s\n", refused[i].xml, refused[i].words,
				      err.text);
		assert_null(all);
		assert_non_null(strstr(err.text, refused[i].words));
	}
}

static const char lol[] =
	"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
	"\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
	"<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]>"
	"<multistatus xmlns=\"DAV:\"><response><href>&d;&d;&d;&d;&d;</href></response>"
	"</multistatus>";
static const char outside[] =
	"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
	"<multistatus xmlns=\"DAV:\"><response><href>&e;</href></response></multistatus>";
static const char subset[] =
	"<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><multistatus xmlns=\"DAV:\"/>";

static void hostile_xml_is_refused(void **state)
{
	static const char *const bad[] = {
		lol,
		outside,
		subset,
		"",
		"<",
		"no xml",
		"<html><body>login</body></html>",
		"<multistatus/>", /* of no namespace */
		"<multistatus xmlns=\"DAV:\"><response><href>/a</href>",
		"<multistatus xmlns=\"DAV:\"><response><href>&undefined;</href></response>"
		"</multistatus>",
		"<multistatus xmlns=\"DAV:\"><response></multistatus>",
		"<multistatus xmlns=\"DAV:\"><response><href>\x01</href></response></multistatus>",
		"<multistatus xmlns=\"DAV:\"><response><href>\xff\xfe</href></response>"
		"</multistatus>",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(flat(bad[i], strlen(bad[i]), -EBADMSG));
	/* Every beginning of a good list is none. */
	{
		static const char xml[] = MULTI(MEMBER("/ban/xing/a.ics", CAL("a")));

		for (size_t n = 0; n < strlen(xml); n++)
			assert_null(flat(xml, n, -EBADMSG));
	}
}

static void bombs_have_limits(void **state)
{
	GString *s = g_string_new("<multistatus xmlns=\"DAV:\">");
	gint64 began = g_get_monotonic_time();

	(void)state;
	/* A million elements that mean nothing are no list, and take no memory. */
	for (int i = 0; i < 1000000; i++)
		g_string_append(s, "<a/>");
	g_string_append(s, "</multistatus>");
	g_ptr_array_unref(flat(s->str, s->len, 0));
	g_string_assign(s, "<multistatus xmlns=\"DAV:\">");
	for (int i = 0; i <= DAV_NODES_MAX; i++)
		g_string_append(s, "<a/>");
	assert_null(flat(s->str, s->len, -EFBIG));
	g_string_assign(s, "<multistatus xmlns=\"DAV:\">");
	for (int i = 0; i <= DAV_ENTRIES_MAX; i++)
		g_string_append(s, "<response/>");
	g_string_append(s, "</multistatus>");
	assert_null(flat(s->str, s->len, -EFBIG));
	g_string_assign(s, "");
	for (int i = 0; i < 200; i++)
		g_string_append(s, "<multistatus xmlns=\"DAV:\">");
	assert_null(flat(s->str, s->len, -EFBIG));
	g_string_free(s, TRUE);
	print_message("# %d ms\n", (int)((g_get_monotonic_time() - began) / 1000));
}

/* A child that was taken over prints what it likes. */
static void a_lying_child_is_caught(void **state)
{
	static const char *const bad[] = {
		"x",
		"etag 1\nx\n",
		"href 5\nab\n",
		"href 1\na",
		"href -1\na\n",
		"href 99999999999999999999\na\n",
		"href 1\na\nhref",
		"href 1\nab",
		"href  1\na\n",
		"href 1\na\netag 1\nx\netag 1\ny\n",
		"averyverylongkeyindeed 1\na\n",
		"href 4294967295\na\n",
		" 1\na\n",
	};
	g_autoptr(GPtrArray) none = dav_read("", 0);

	(void)state;
	assert_int_equal(none->len, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_null(dav_read(bad[i], strlen(bad[i])));
	assert_null(dav_read("href 1\n\0\n", 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_collection_says_whether_it_has_changed),
		cmocka_unit_test(names_without_their_space_mean_nothing),
		cmocka_unit_test(members_are_joined_by_name),
		cmocka_unit_test(a_list_that_is_not_whole_is_none),
		cmocka_unit_test(hostile_xml_is_refused),
		cmocka_unit_test(bombs_have_limits),
		cmocka_unit_test(a_lying_child_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
