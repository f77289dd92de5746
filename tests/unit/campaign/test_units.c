/*
 * test_units.c - tables as offices save them, and what is wrong in them.
 */
#include "unit/campaign/campaign_help.h"

#include <errno.h>

#include "daemon/campaign/address.h"

#define HEAD "unit,name,kind,role,person,email\n"
#define OFFICE "ban,安委办,office,liaison,办甲,ban@example.org\n"
#define HEAD_MORE "unit,name,kind,role,person,email,tags,parent,senders,channels,webhook\n"
#define OFFICE_MORE "ban,安委办,office,liaison,办甲,ban@example.org,,,,,\n"

static struct findings *findings;
static struct campaign *campaign;

/** Load the small campaign with @units. */
static int load(const char *units, size_t size)
{
	struct campaign_files *files = files_of(yaml_small, NULL, CALENDAR(""), holidays_small);
	int rc;

	campaign_free(&campaign);
	findings_free(&findings);
	findings = findings_new();
	campaign_files_add(files, "units.csv", units, size);
	rc = campaign_load(files, UNTIL, &campaign, findings);
	campaign_files_free(&files);
	return rc;
}

static const struct {
	const char *name, *units, *want;
} rows[] = {
	{"sound", HEAD OFFICE "a,甲,镇,head,张,a@example.org\n", ""},
	{"a BOM", "\xef\xbb\xbf" HEAD OFFICE, ""},
	{"CRLF",
	 "unit,name,kind,role,person,email\r\nban,安委办,office,liaison,办甲,b@x.invalid\r\n", ""},
	{"CR only",
	 "unit,name,kind,role,person,email\rban,安委办,office,liaison,办甲,b@x.invalid\r", ""},
	{"another order, other case",
	 "EMAIL,Unit,person,role,kind,name\nb@x.invalid,ban,甲,liaison,office,安委办\n", ""},
	{"Excel's sep=",
	 "sep=;\nunit;name;kind;role;person;email\n"
	 "ban;安委办;office;liaison;办甲;b@x.invalid\n",
	 ""},
	{"blank rows and empty columns", HEAD ",,,,,\n" OFFICE "\n,,,,,,,,\n", ""},
	{"a line break in a cell",
	 HEAD OFFICE "a,\"甲\n镇\",镇,head,\"张\"\"三\"\"\",a@x.invalid\n", ""},
	{"blanks around cells", HEAD OFFICE " a ,　甲　,镇, head ,张, a@x.invalid \n", ""},
	{"a unit without contacts", HEAD OFFICE "a,甲,镇,,,\n", ""},
	{"a contact without an address", HEAD OFFICE "a,甲,镇,head,张,\n", ""},
	{"unit-wide cells only in the first row",
	 HEAD OFFICE "a,甲,镇,head,张,a@x.invalid\na,,,leader,李,b@x.invalid\n", ""},
	{"no such column", "unit,name,kind,role,person,email,tag\n" OFFICE,
	 "units.csv:1 CSV_UNKNOWN_COLUMN\n"},
	{"a column twice", "unit,name,kind,role,person,email,unit\n" OFFICE,
	 "units.csv:1 CSV_COLUMN\n"},
	{"columns missing", "unit,name,kind,role\n",
	 "units.csv:1 CSV_COLUMN\nunits.csv:1 CSV_COLUMN\n"},
	{"empty", "", "units.csv:1 CSV_COLUMN\n"},
	{"header only", HEAD, "units.csv:0 NO_UNITS\n"},
	{"UTF-16", "\xff\xfeu", "units.csv:1 CSV_CHARSET\n"},
	{"a workbook", "PK\3\4", "units.csv:1 CSV_CHARSET\n"},
	{"damaged UTF-8", HEAD OFFICE "a,新桥镇政\xe6\x96,镇,head,张,a@x.invalid\n",
	 "units.csv:3 CSV_CHARSET\n"},
	{"an open quote",
	 HEAD OFFICE "a,\"甲,镇,head,张,a@x.invalid\nb,乙,镇,head,李,b@x.invalid\n",
	 "units.csv:3 CSV_SYNTAX\n"},
	{"text behind a quote", HEAD OFFICE "a,\"甲\"镇,镇,head,张,a@x.invalid\n",
	 "units.csv:3 CSV_SYNTAX\n"},
	{"too many cells", HEAD OFFICE "a,甲,镇,head,张,a@x.invalid,多\n",
	 "units.csv:3 CSV_SYNTAX\n"},
	{"no id", HEAD OFFICE ",甲,镇,head,张,a@x.invalid\n", "units.csv:3 BAD_UNIT\n"},
	{"a blank in an id", HEAD OFFICE "a b,甲,镇,head,张,a@x.invalid\n",
	 "units.csv:3 BAD_UNIT\n"},
	{"no name", HEAD OFFICE "a,,镇,head,张,a@x.invalid\n", "units.csv:3 BAD_UNIT\n"},
	{"two names", HEAD OFFICE "a,甲,镇,head,张,a@x.invalid\na,乙,镇,leader,李,b@x.invalid\n",
	 "units.csv:4 UNIT_CONFLICT\n"},
	{"two kinds", HEAD OFFICE "a,甲,镇,head,张,a@x.invalid\na,甲,村,leader,李,b@x.invalid\n",
	 "units.csv:4 UNIT_CONFLICT\n"},
	{"the same row twice",
	 HEAD OFFICE "a,甲,镇,head,张,a@x.invalid\na,甲,镇,head,张,a@x.invalid\n",
	 "units.csv:4 DUPLICATE_CONTACT\n"},
	{"no such role", HEAD OFFICE "a,甲,镇,haed,张,a@x.invalid\n", "units.csv:3 UNKNOWN_ROLE\n"},
	{"a role without a word", HEAD OFFICE "a,甲,镇,,张,a@x.invalid\n",
	 "units.csv:3 UNKNOWN_ROLE\n"},
	{"no @", HEAD OFFICE "a,甲,镇,head,张,a.x.invalid\n", "units.csv:3 BAD_ADDRESS\n"},
	{"two @", HEAD OFFICE "a,甲,镇,head,张,a@b@x.invalid\n", "units.csv:3 BAD_ADDRESS\n"},
	{"a blank in an address", HEAD OFFICE "a,甲,镇,head,张,a b@x.invalid\n",
	 "units.csv:3 BAD_ADDRESS\n"},
	{"an injected header", HEAD OFFICE "a,甲,镇,head,张,\"a@x.invalid\r\nBcc: b\"\n",
	 "units.csv:3 BAD_ADDRESS\n"},
	{"a line break behind an address", HEAD OFFICE "a,甲,镇,head,张,\"a@x.invalid\n\"\n",
	 "units.csv:3 BAD_ADDRESS\n"},
	{"no such parent", HEAD_MORE OFFICE_MORE "a,甲,镇,head,张,a@x.invalid,,bna,,,\n",
	 "units.csv:3 UNKNOWN_PARENT\n"},
	{"its own parent", HEAD_MORE OFFICE_MORE "a,甲,镇,head,张,a@x.invalid,,a,,,\n",
	 "units.csv:3 PARENT_LOOP\n"},
	{"a bad sender",
	 HEAD_MORE OFFICE_MORE "a,甲,镇,head,张,a@x.invalid,,,@x.invalid;x.invalid,,\n",
	 "units.csv:3 BAD_ADDRESS\n"},
	{"no such channel", HEAD_MORE OFFICE_MORE "a,甲,镇,head,张,a@x.invalid,,,,emial,\n",
	 "units.csv:3 UNKNOWN_CHANNEL\n"},
	{"a webhook without a scheme",
	 HEAD_MORE OFFICE_MORE "a,甲,镇,head,张,a@x.invalid,,,,,x.invalid/h\n",
	 "units.csv:3 BAD_ADDRESS\n"},
	{"tags that differ",
	 HEAD_MORE OFFICE_MORE "a,甲,镇,head,张,a@x.invalid,火,,,,\n"
			       "a,甲,镇,leader,李,b@x.invalid,水,,,,\n",
	 "units.csv:4 UNIT_CONFLICT\n"},
};

static void tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int rc = load(rows[i].units, strlen(rows[i].units));

		assert_findings(findings, rows[i].name, rows[i].want);
		assert_true(rc == 0 || (rc == -EINVAL && findings->errors > 0));
		assert_true(rc == 0 || campaign == NULL);
	}
}

/** Wrong rows are left out, the others stay. */
static void bad_rows_left_out(void **state)
{
	uint32_t a;

	(void)state;
	assert_int_equal(
		load(HEAD OFFICE "a,甲,镇,head,张,a@b@c\na,甲,镇,leader,李,l@x.invalid\n",
		     strlen(HEAD OFFICE "a,甲,镇,head,张,a@b@c\na,甲,镇,leader,李,l@x.invalid\n")),
		0);
	a = campaign_find_unit(campaign, "a");
	assert_int_not_equal(a, NONE);
	assert_int_equal(campaign->units[a].contacts, 1);
	assert_int_equal(campaign->contacts[campaign->units[a].contact].role, ROLE_LEADER);
	assert_int_equal(campaign_find_unit(campaign, "nobody"), NONE);
}

static bool has_name(uint32_t first, uint32_t n, const char *name)
{
	for (uint32_t i = first; i < first + n; i++)
		if (!strcmp(campaign_text(campaign, campaign->names[i]), name))
			return true;
	return false;
}

/** Every field of a full row; rows of a unit that do not follow each other. */
static void fields(void **state)
{
	static const char text[] =
		"unit,name,kind,role,person,email,tags,parent,phone,wecom,dingtalk,feishu,webhook,"
		"senders,locale,channels\n"
		"a,甲,镇,head,张,a@x.invalid,火; "
		"水；火,ban,1,w,d,f,https://x.invalid/h,@x.invalid;o@y.invalid,en,"
		"email;wecom\n"
		"ban,安委办,office,liaison,办,ban@x.invalid,,,,,,,,,,\n"
		"wei,安委会,committee,head,委,w@x.invalid,,,,,,,,,,\n"
		"a,甲,镇,leader,李,b@x.invalid,火;水;火,ban,,,,,,@x.invalid;o@y.invalid,,\n";
	const struct unit *u;
	const struct contact *c;
	uint32_t a;

	(void)state;
	assert_int_equal(load(text, strlen(text)), 0);
	assert_findings(findings, "a full row", "");
	a = campaign_find_unit(campaign, "a");
	u = &campaign->units[a];
	assert_string_equal(campaign_text(campaign, u->name), "甲");
	assert_int_equal(u->sort, UNIT_REPORTS);
	assert_int_equal(u->parent, campaign_find_unit(campaign, "ban"));
	assert_int_equal(u->tags, 3);
	assert_true(has_name(u->tag, u->tags, "镇") && has_name(u->tag, u->tags, "火") &&
		    has_name(u->tag, u->tags, "水"));
	assert_int_equal(u->senders, 2);
	assert_true(has_name(u->sender, u->senders, "@x.invalid"));
	assert_int_equal(u->contacts, 2);
	c = &campaign->contacts[u->contact];
	assert_int_equal(c->unit, a);
	assert_int_equal(c->role, ROLE_HEAD);
	assert_int_equal(c->channels, 1u << CHANNEL_EMAIL | 1u << CHANNEL_WECOM);
	assert_string_equal(campaign_text(campaign, c->address[CHANNEL_FEISHU]), "f");
	assert_string_equal(campaign_text(campaign, c->phone), "1");
	assert_string_equal(campaign_text(campaign, c->locale), "en");
	assert_int_equal(c[1].role, ROLE_LEADER);
	assert_int_equal(c[1].channels, 1u << CHANNEL_EMAIL);
	assert_int_equal(campaign->units[campaign_find_unit(campaign, "wei")].sort, UNIT_COMMITTEE);
	assert_int_equal(campaign->units[campaign->office].sort, UNIT_OFFICE);
}

/** 联通 in GB18030 looks like UTF-8 at first sight; 𠀀 needs four bytes. */
static void gb18030(void **state)
{
	static const char text[] = HEAD OFFICE "lt,联通公司𠀀,企业,head,张,lt@x.invalid\n";
	g_autofree char *bytes = NULL;
	gsize size;
	uint32_t lt;

	(void)state;
	bytes = g_convert(text, -1, "GB18030", "UTF-8", NULL, &size, NULL);
	assert_non_null(bytes);
	assert_int_equal(load(bytes, size), 0);
	lt = campaign_find_unit(campaign, "lt");
	assert_string_equal(campaign_text(campaign, campaign->units[lt].name), "联通公司𠀀");
	assert_findings(findings, "GB18030", "");
}

/** Damaged UTF-8 that GB18030 would take, as nonsense, is not taken. */
static void damaged_is_not_gb18030(void **state)
{
	static const char text[] = HEAD "ban,区安委办,office,liaison,办甲,ban@example.org\n"
					"a,新桥镇政\xe6\x96,镇里,head,张三,a@example.org\n";
	g_autofree char *nonsense = g_convert(text, -1, "UTF-8", "GB18030", NULL, NULL, NULL);

	(void)state;
	assert_non_null(nonsense);
	assert_int_equal(load(text, strlen(text)), -EINVAL);
	assert_findings(findings, "damaged", "units.csv:3 CSV_CHARSET\n");
}

static const struct {
	const char *address;
	bool good, good_as_domain;
} addresses[] = {
	{"a@b.invalid", true, true},
	{"@b.invalid", false, true},
	{"a@", false, false},
	{"a", false, false},
	{"", false, false},
	{"a@b@c", false, false},
	{"a b@c.invalid", false, false},
	{"a@c.invalid\n", false, false},
	{"<a@c.invalid>", false, false},
	{"a@c.invalid,b", false, false},
	{"a;b@c.invalid", false, false},
	{"a@\xe4\xb8\xad.cn", false, false},
	{"a\x7f@c.invalid", false, false},
	{"a+b@c-d.org", true, true},
	{"a@.org", false, false},
	{"a@c.invalid.", false, false},
};

static void address_rules(void **state)
{
	g_autofree char *local = g_strnfill(65, 'a');
	g_autofree char *domain = g_strnfill(250, 'a');
	g_autofree char *long_local = g_strconcat(local, "@b.invalid", NULL);
	g_autofree char *long_domain = g_strconcat("a@", domain, ".org", NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		assert_int_equal(address_is_good(addresses[i].address, false), addresses[i].good);
		assert_int_equal(address_is_good(addresses[i].address, true),
				 addresses[i].good_as_domain);
	}
	assert_false(address_is_good(long_local, false));
	assert_false(address_is_good(long_domain, false));
}

/** A long chain of parents is refused like a loop, and nothing hangs. */
static void parents(void **state)
{
	g_autoptr(GString) text = g_string_new(HEAD_MORE OFFICE_MORE);

	(void)state;
	for (int i = 0; i < 40; i++)
		g_string_append_printf(text, "u%d,甲,镇,head,张%d,a%d@x.invalid,,u%d,,,\n", i, i, i,
				       (i + 1) % 40);
	assert_int_equal(load(text->str, text->len), 0);
	assert_true(findings_say(findings, "PARENT_LOOP", "u0"));
	for (uint32_t i = 0; i < campaign->n_units; i++) {
		uint32_t above = campaign->units[i].parent;
		int levels = 0;

		for (; above != NONE; above = campaign->units[above].parent)
			assert_true(levels++ < 64);
	}
}

/** However many contacts a unit has, each counts once: before it is a crowd, then, and after. */
static void a_crowd_in_one_unit(void **state)
{
	g_autoptr(GString) text = g_string_new(HEAD OFFICE);
	uint32_t duplicates = 0;

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 40; i++) {
			g_string_append_printf(text, "a,甲,镇,liaison,张%d,p%d@x.invalid\n", i, i);
			if (i % 13 == 3) /* again at once, at every size of the crowd */
				g_string_append_printf(text, "a,甲,镇,liaison,张%d,p%d@x.invalid\n",
						       i, i);
		}
	assert_int_equal(load(text->str, text->len), 0);
	assert_int_equal(campaign->n_contacts, 1 + 40);
	for (guint i = 0; i < findings->list->len; i++) {
		const struct finding *f = g_ptr_array_index(findings->list, i);

		duplicates += strcmp(f->code, "DUPLICATE_CONTACT") == 0;
	}
	assert_int_equal(duplicates, 40 + 2 * 3);
}

/** A field outgrows the room for a row when others of it are there already. */
static void a_long_row(void **state)
{
	g_autofree char *name = g_strnfill(5000, 'x');
	g_autofree char *text =
		g_strdup_printf(HEAD OFFICE "a,\"甲\n \"\"%s\"\"\",镇,head,张,"
					    "a@x.invalid\nb,乙,镇,head,李,b@x.invalid",
				name);
	g_autofree char *want = g_strdup_printf("甲  \"%s\"", name);
	const struct unit *u;

	(void)state;
	assert_int_equal(load(text, strlen(text)), 0);
	assert_findings(findings, "a long row", "");
	u = &campaign->units[campaign_find_unit(campaign, "a")];
	assert_string_equal(campaign_text(campaign, u->name), want);
	assert_string_equal(campaign_text(campaign, campaign->contacts[u->contact].person), "张");
	assert_int_not_equal(campaign_find_unit(campaign, "b"), NONE);
}

/** An id may be a text that stands for something else in a row before. */
static void ids_that_are_names_too(void **state)
{
	static const char text[] = HEAD OFFICE "a,b,镇,head,c,a@x.invalid\n"
					       "b,c,镇,head,李,b@x.invalid\n"
					       "c,丙,镇,head,王,c@x.invalid\n"
					       "b,c,镇,leader,赵,d@x.invalid\n"
					       "a,b,镇,leader,孙,e@x.invalid\n";

	(void)state;
	assert_int_equal(load(text, strlen(text)), 0);
	assert_findings(findings, "ids that are names too", "");
	assert_int_equal(campaign->n_units, 4);
	for (uint32_t u = 1; u < 4; u++) { /* the office is 0; a and b have rows apart */
		char id[] = {(char)('a' + u - 1), 0};
		const struct unit *x = &campaign->units[u];

		assert_int_equal(campaign_find_unit(campaign, id), u);
		assert_int_equal(x->contacts, u < 3 ? 2 : 1);
		for (uint32_t i = x->contact; i < x->contact + x->contacts; i++)
			assert_int_equal(campaign->contacts[i].unit, u);
	}
	assert_int_equal(campaign_find_unit(campaign, "丙"), NONE);
}

static void many_units(void **state)
{
	g_autoptr(GString) text = g_string_new(HEAD OFFICE);
	size_t bytes;

	(void)state;
	for (int i = 0; i < 100000; i++)
		g_string_append_printf(text, "u%06d,单位%d,镇,liaison,甲%d,l%d@u%06d.example.org\n",
				       i, i, i, i, i);
	assert_int_equal(load(text->str, text->len), 0);
	assert_int_equal(campaign->n_units, 100001);
	for (uint32_t i = 1; i < campaign->n_units; i++)
		assert_int_equal(campaign_find_unit(campaign,
						    campaign_text(campaign, campaign->units[i].id)),
				 i);
	assert_int_equal(campaign_find_unit(campaign, "u100000"), NONE);
	bytes = campaign->text_size + campaign->n_units * sizeof(struct unit) +
		campaign->n_contacts * sizeof(struct contact) + campaign->n_names * sizeof(text_t) +
		campaign->n_owing * sizeof(uint32_t);
	assert_true(bytes < 20u << 20);         /* the promise of words.h */
	assert_int_equal(campaign->n_names, 2); /* two kinds, each once */
}

static int teardown(void **state)
{
	(void)state;
	campaign_free(&campaign);
	findings_free(&findings);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(bad_rows_left_out),
		cmocka_unit_test(fields),
		cmocka_unit_test(gb18030),
		cmocka_unit_test(damaged_is_not_gb18030),
		cmocka_unit_test(parents),
		cmocka_unit_test(address_rules),
		cmocka_unit_test(a_crowd_in_one_unit),
		cmocka_unit_test(a_long_row),
		cmocka_unit_test(ids_that_are_names_too),
		cmocka_unit_test(many_units),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
