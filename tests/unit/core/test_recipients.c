/*
 * test_recipients.c - whom a step tells: roles, climbing, channels, shared addresses (P5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recipients.h"

#define CONTACTS_MAX 16
#define NOW ((wall_t)1565341200000)

/* Units: 0 office, 1 committee, 2 a town whose parent is 3, 3 a bureau. */
enum { OFFICE, COMMITTEE, TOWN, BUREAU, UNIT_COUNT };

struct people {
	struct campaign c;
	GString *text;
	struct unit units[UNIT_COUNT];
	struct contact contacts[CONTACTS_MAX];
	struct audience audiences[8];
	struct roster roster;
	struct shift shifts[3];
};

static text_t text(struct people *p, const char *s)
{
	text_t at = (text_t)p->text->len;
	size_t n = strlen(s) + 1;

	if (*s == '\0')
		return 0;
	for (text_t i = 1; i + n <= p->text->len; i++) /* equal texts are one */
		if (memcmp(p->text->str + i, s, n) == 0)
			return i;
	g_string_append_len(p->text, s, (gssize)n);
	p->c.text = p->text->str;
	return at;
}

/* "UNIT ROLE CHANNEL:ADDRESS[,CHANNEL:ADDRESS ..]" a contact, ';' between; '!' = may not be used. */
static void people_init(struct people *p, const char *list)
{
	g_auto(GStrv) rows = g_strsplit(list, ";", -1);

	memset(p, 0, sizeof(*p));
	p->text = g_string_new_len("", 1);
	p->c.text = p->text->str;
	p->c.units = p->units;
	p->c.n_units = UNIT_COUNT;
	p->c.contacts = p->contacts;
	p->c.audiences = p->audiences;
	p->c.rosters = &p->roster;
	p->c.n_rosters = 1;
	p->c.shifts = p->shifts;
	p->c.office = OFFICE;
	for (int u = 0; u < UNIT_COUNT; u++)
		p->units[u].parent = u == TOWN ? BUREAU : NONE;
	p->units[OFFICE].sort = UNIT_OFFICE;
	p->units[COMMITTEE].sort = UNIT_COMMITTEE;
	for (char **row = rows; *row != NULL && **row != '\0'; row++) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(*row), " ", 3);
		g_auto(GStrv) addresses = g_strsplit(words[2] == NULL ? "" : words[2], ",", -1);
		struct contact *k = &p->contacts[p->c.n_contacts];
		struct unit *u = &p->units[atoi(words[0])];

		if (u->contacts++ == 0)
			u->contact = p->c.n_contacts;
		k->unit = (uint32_t)atoi(words[0]);
		k->role = (uint8_t)role_of(words[1]);
		for (char **a = addresses; *a != NULL && **a != '\0'; a++) {
			bool barred = **a == '!';
			g_auto(GStrv) pair = g_strsplit(*a + barred, ":", 2);
			int channel = channel_of(pair[0]);

			k->address[channel] = text(p, pair[1]);
			if (!barred)
				k->channels |= (uint8_t)(1u << channel);
		}
		p->c.n_contacts++;
	}
}

static void people_fini(struct people *p)
{
	g_string_free(p->text, TRUE);
}

/* "liaison", "parent.head", "unit:3", "office", "committee", "duty", "duty.leader", "duty.staff" */
static void audience(struct people *p, const char *word)
{
	struct audience *a = &p->audiences[p->c.n_audiences++];

	a->name = text(p, word);
	if (strcmp(word, "office") == 0) {
		a->kind = AUDIENCE_OFFICE;
	} else if (strcmp(word, "committee") == 0) {
		a->kind = AUDIENCE_COMMITTEE;
	} else if (g_str_has_prefix(word, "unit:")) {
		a->kind = AUDIENCE_UNIT;
		a->index = (uint32_t)atoi(word + 5);
	} else if (g_str_has_prefix(word, "duty")) {
		a->kind = AUDIENCE_DUTY;
		a->part = strcmp(word, "duty") == 0          ? DUTY_ALL
			  : strcmp(word, "duty.leader") == 0 ? DUTY_LEADER
							     : DUTY_STAFF;
	} else if (g_str_has_prefix(word, "parent.")) {
		a->kind = AUDIENCE_PARENT_ROLE;
		a->role = (uint8_t)role_of(word + 7);
	} else {
		a->kind = AUDIENCE_ROLE;
		a->role = (uint8_t)role_of(word);
	}
}

static char *said(const struct people *p, const struct recipients *r)
{
	GString *s = g_string_new(NULL);

	for (guint i = 0; i < r->list->len; i++) {
		const struct recipient *x = &g_array_index(r->list, struct recipient, i);

		g_string_append_printf(s, "%s%s:%s=%s%s", i == 0 ? "" : " ",
				       channel_word(x->channel), campaign_text(&p->c, x->address),
				       x->role == 0 ? "-" : campaign_text(&p->c, x->role),
				       x->superior ? "*" : "");
	}
	for (guint i = 0; i < r->missing->len; i++) {
		const struct missing_role *m = &g_array_index(r->missing, struct missing_role, i);

		g_string_append_printf(s, " lacks %u %s", m->unit, role_word((enum role)m->role));
	}
	return g_string_free(s, FALSE);
}

#define EMAIL (1u << CHANNEL_EMAIL)
#define WECOM (1u << CHANNEL_WECOM)
#define DINGTALK (1u << CHANNEL_DINGTALK)
#define FULL "0 liaison email:ban; 2 liaison email:l; 2 leader email:d; 2 head email:h"

static const struct {
	const char *name, *people, *to;
	unsigned via;
	const char *want;
} rows[] = {
	{"the role it has", FULL, "liaison", 0, "email:l=liaison"},
	{"all its contacts in that role, in their order",
	 "0 liaison email:ban; 2 liaison email:l1; 2 leader email:d; 2 liaison email:l2", "liaison",
	 0, "email:l1=liaison email:l2=liaison"},
	{"leader and head are superiors", FULL, "leader,head", 0, "email:d=leader* email:h=head*"},
	{"no liaison: the leader hears, told as the liaison",
	 "0 liaison email:ban; 2 leader email:d; 2 head email:h", "liaison", 0,
	 "email:d=liaison lacks 2 liaison"},
	{"no liaison and no leader: the head", "0 liaison email:ban; 2 head email:h", "liaison", 0,
	 "email:h=liaison lacks 2 liaison"},
	{"nobody at all: the office", "0 liaison email:ban", "liaison", 0,
	 "email:ban=liaison lacks 2 liaison"},
	{"it never climbs down", "0 liaison email:ban; 2 liaison email:l", "head", 0,
	 "email:ban=head* lacks 2 head"},
	{"a contact without any address counts as nobody",
	 "0 liaison email:ban; 2 liaison; 2 leader email:d", "liaison", 0,
	 "email:d=liaison lacks 2 liaison"},
	{"one of two liaisons has an address: nothing lacks",
	 "0 liaison email:ban; 2 liaison; 2 liaison email:l", "liaison", 0, "email:l=liaison"},
	{"the parent's leader is a superior", FULL "; 3 leader email:pd", "parent.leader", 0,
	 "email:pd=parent.leader*"},
	{"the parent climbs likewise", FULL "; 3 head email:ph", "parent.leader", 0,
	 "email:ph=parent.leader* lacks 3 leader"},
	{"a parent without people: the office", FULL, "parent.leader", 0,
	 "email:ban=parent.leader* lacks 3 leader"},
	{"everybody of a named unit", FULL "; 3 liaison email:pl; 3 head email:ph", "unit:3", 0,
	 "email:pl=unit:3* email:ph=unit:3*"},
	{"a named unit without people: the office", FULL, "unit:3", 0, "email:ban=unit:3*"},
	{"the office by its name is the office", FULL, "unit:0", 0, "email:ban=unit:0"},
	{"the committee", FULL "; 1 leader email:c1; 1 head email:c2", "committee", 0,
	 "email:c1=committee* email:c2=committee*"},
	{"no committee: the office", FULL, "committee", 0, "email:ban=committee*"},
	{"nobody anywhere", "", "liaison", 0, " lacks 2 liaison"},

	{"an address met twice is told once, in the role of the first",
	 "0 liaison email:ban; 2 liaison email:l; 2 leader email:l", "liaison,leader", 0,
	 "email:l=liaison"},
	{"and as a superior when that comes first",
	 "0 liaison email:ban; 2 liaison email:l; 2 leader email:l", "leader,liaison", 0,
	 "email:l=leader*"},
	{"the same address on two channels is told on both",
	 "0 liaison email:ban; 2 liaison webhook:x,wecom:x", "liaison",
	 WECOM | 1u << CHANNEL_WEBHOOK, "webhook:x=liaison wecom:x=liaison"},
	{"two climb to one: told once", "0 liaison email:ban; 2 head email:h", "liaison,leader", 0,
	 "email:h=liaison lacks 2 liaison lacks 2 leader"},

	{"one notice for each channel of via that it has",
	 "0 liaison email:ban; 2 liaison email:l,wecom:w", "liaison", EMAIL | WECOM | DINGTALK,
	 "email:l=liaison wecom:w=liaison"},
	{"none of them: e-mail", "0 liaison email:ban; 2 liaison email:l,wecom:w", "liaison",
	 DINGTALK, "email:l=liaison"},
	{"no via: e-mail only", "0 liaison email:ban; 2 liaison email:l,wecom:w", "liaison", 0,
	 "email:l=liaison"},
	{"a channel it does not want is not used",
	 "0 liaison email:ban; 2 liaison email:l,!wecom:w", "liaison", WECOM, "email:l=liaison"},
	{"nothing it wants: e-mail all the same", "0 liaison email:ban; 2 liaison !email:l,wecom:w",
	 "liaison", DINGTALK, "email:l=liaison"},
	{"without e-mail: the first channel it has", "0 liaison email:ban; 2 liaison dingtalk:t",
	 "liaison", 0, "dingtalk:t=liaison"},

	{"on duty now", FULL, "duty", 0, "email:l=duty* email:d=duty*"},
	{"the leader on duty", FULL, "duty.leader", 0, "email:d=duty.leader*"},
	{"the staff on duty", FULL, "duty.staff", 0, "email:l=duty.staff*"},
};

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) words = g_strsplit(rows[i].to, ",", -1);
		g_autofree char *got = NULL;
		struct recipients r;
		struct people p;

		people_init(&p, rows[i].people);
		for (char **w = words; *w != NULL; w++)
			audience(&p, *w);
		/* A shift of the head is over on this second, one of liaison and leader began on it. */
		p.shifts[0] = (struct shift){.from = NOW - HOUR, .to = NOW, .contact = 3};
		p.shifts[1] = (struct shift){.from = NOW, .to = NOW + 1, .contact = 1};
		p.shifts[2] =
			(struct shift){.from = NOW, .to = NOW + 1, .contact = 2, .leader = true};
		p.roster = (struct roster){.shifts = 3};
		recipients_init(&r);
		recipients_resolve(&p.c, TOWN, 0, p.c.n_audiences, (uint8_t)rows[i].via, NOW, &r);
		got = said(&p, &r);
		if (strcmp(got, rows[i].want) != 0)
			print_message("%s:\n", rows[i].name);
		assert_string_equal(got, rows[i].want);
		recipients_fini(&r);
		people_fini(&p);
	}
}

static void nobody_on_duty_is_the_office(void **state)
{
	struct recipients r;
	struct people p;
	g_autofree char *got = NULL;

	(void)state;
	people_init(&p, FULL);
	audience(&p, "duty");
	p.shifts[0] = (struct shift){.from = NOW + 1, .to = NOW + HOUR, .contact = 1};
	p.shifts[1] = (struct shift){.from = NOW + 2, .to = NOW + HOUR, .contact = NONE};
	p.roster = (struct roster){.shifts = 2};
	recipients_init(&r);
	recipients_resolve(&p.c, TOWN, 0, 1, 0, NOW, &r);
	got = said(&p, &r);
	assert_string_equal(got, "email:ban=duty*");
	recipients_fini(&r);
	people_fini(&p);
}

static void receipts_and_decisions_take_every_channel_of_the_liaison(void **state)
{
	struct recipients r;
	struct people p;
	g_autofree char *got = NULL;
	g_autofree char *office = NULL;

	(void)state;
	people_init(&p, "0 liaison email:ban,wecom:bw; 0 leader email:ban; "
			"2 liaison email:l,!wecom:w,feishu:f");
	recipients_init(&r);
	recipients_liaison(&p.c, TOWN, &r);
	got = said(&p, &r);
	assert_string_equal(got, "email:l=- feishu:f=-");
	recipients_clear(&r);
	recipients_office(&p.c, 0, &r);
	office = said(&p, &r);
	assert_string_equal(office, "email:ban=-");
	recipients_fini(&r);
	people_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(nobody_on_duty_is_the_office),
		cmocka_unit_test(receipts_and_decisions_take_every_channel_of_the_liaison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
