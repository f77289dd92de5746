/*
 * units.c - rows of units.csv to units and contacts.
 *
 * One row is one contact; what several rows of a unit say about the unit must agree.
 * A row that is wrong is left out whole: a half-read contact could be told things that
 * were meant for another.
 */
#include "daemon/campaign/units.h"

#include <errno.h>
#include <string.h>

#include "daemon/campaign/address.h"
#include "daemon/campaign/contacts.h"
#include "daemon/campaign/csv.h"
#include "daemon/core/shown.h"

#define SUGGESTIONS_MAX 20 /* of a nearest id: comparing with 100,000 ids takes its time */

enum column {
	COLUMN_UNIT,
	COLUMN_NAME,
	COLUMN_KIND,
	COLUMN_ROLE,
	COLUMN_PERSON,
	COLUMN_EMAIL,
	COLUMN_TAGS,
	COLUMN_PARENT,
	COLUMN_PHONE,
	COLUMN_WECOM,
	COLUMN_DINGTALK,
	COLUMN_FEISHU,
	COLUMN_WEBHOOK,
	COLUMN_SENDERS,
	COLUMN_LOCALE,
	COLUMN_CHANNELS,
	COLUMNS
};
#define COLUMNS_REQUIRED (COLUMN_EMAIL + 1)

static const char *const columns[COLUMNS] = {
	"unit",  "name",  "kind",     "role",   "person",  "email",   "tags",   "parent",
	"phone", "wecom", "dingtalk", "feishu", "webhook", "senders", "locale", "channels",
};

static const enum column address_column[CHANNELS] = {
	[CHANNEL_EMAIL] = COLUMN_EMAIL,   [CHANNEL_WEBHOOK] = COLUMN_WEBHOOK,
	[CHANNEL_WECOM] = COLUMN_WECOM,   [CHANNEL_DINGTALK] = COLUMN_DINGTALK,
	[CHANNEL_FEISHU] = COLUMN_FEISHU,
};

/** What the first row of a unit said, to compare further rows with. */
struct said {
	text_t tags, parent, senders;
};

struct table {
	struct build *b;
	struct csv csv;
	int at[COLUMNS]; /* index of the field, -1 = no such column */
	enum column present[COLUMNS];
	unsigned n_present;
	const char *fields[COLUMNS];  /* "" of a column that is not there */
	struct text_key own[COLUMNS]; /* of those that are another in each row */
	int line;
	GArray *said; /* struct said, a unit */
	struct contacts *contacts;
	GHashTable *lists; /* kind << 32 | tags -> first name << 32 | count; owned */
	unsigned n_header; /* its columns */
	unsigned suggestions;
};

static void complain(struct table *t, int line, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void complain(struct table *t, int line, const char *code, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	findings_add(t->b->findings, SEVERITY_ERROR, t->csv.file, line, 0, code, NULL, "%s", text);
}

/* ---- header --------------------------------------------------------------- */

static int column_of(const char *name)
{
	for (int i = 0; i < COLUMNS; i++)
		if (!g_ascii_strcasecmp(name, columns[i]))
			return i;
	return -1;
}

static void unknown_column(struct table *t, const struct csv_row *row, const char *name)
{
	g_autofree char *words = NULL;
	struct near near;

	if (!*name)
		return;
	near_start(&near, name);
	for (int i = 0; i < COLUMNS; i++)
		near_offer(&near, columns[i]);
	words = near_words(&near);
	findings_add(t->b->findings, SEVERITY_WARNING, t->csv.file, row->line, 0,
		     "CSV_UNKNOWN_COLUMN", NULL, "不认识的列“%s”，不会被读%s", name, words);
}

static int read_header(struct table *t)
{
	struct csv_row row;
	bool good = true;

	for (int i = 0; i < COLUMNS; i++) {
		t->at[i] = -1;
		t->fields[i] = "";
	}
	if (csv_next(&t->csv, &row) <= 0) {
		complain(t, 1, "CSV_COLUMN",
			 "没有表头；第一行应是 unit,name,kind,role,person,email……");
		return -EINVAL;
	}
	t->n_header = row.n;
	for (unsigned i = 0; i < row.n; i++) {
		int column = column_of(row.fields[i]);

		if (column < 0) {
			unknown_column(t, &row, row.fields[i]);
		} else if (t->at[column] >= 0) {
			complain(t, row.line, "CSV_COLUMN", "列“%s”出现了两次；可删去一列",
				 columns[column]);
			good = false;
		} else {
			t->at[column] = (int)i;
			t->present[t->n_present++] = (enum column)column;
		}
	}
	for (int i = 0; i < COLUMNS_REQUIRED; i++) {
		if (t->at[i] >= 0)
			continue;
		complain(t, row.line, "CSV_COLUMN", "缺少必填的列“%s”；可在表头补上", columns[i]);
		good = false;
	}
	return good ? 0 : -EINVAL;
}

/* ---- fields --------------------------------------------------------------- */

/** Names go into subjects and tables: a line break in a cell is read as a blank. */
static void fold_controls(char *text)
{
	for (; *text; text++)
		if (is_control(*text))
			*text = ' ';
}

static bool addresses_are_good(struct table *t)
{
	for (int i = 0; i < CHANNELS; i++) {
		const char *text = t->fields[address_column[i]];
		g_autofree char *shown = NULL;

		if (!*text || (i == CHANNEL_EMAIL ? address_is_good(text, false)
						  : handle_is_good(text, i == CHANNEL_WEBHOOK)))
			continue;
		shown = address_shown(text); /* what people see of it: findings go to the log */
		complain(t, t->line, "BAD_ADDRESS",
			 i == CHANNEL_EMAIL ? "邮箱“%.80s”不对：应是一个地址，正好一个 "
					      "@，没有空格和控制字符；这一行不算"
					    : "地址“%.80s”不对：不能有空格和控制字符，webhook 应以 "
					      "https:// 开头；这一行不算",
			 shown);
		return false;
	}
	return true;
}

/** The next entry of a list separated by ; or ；, trimmed; NULL at its end. Cuts @*list. */
static char *next_entry(char **list)
{
	while (*list) {
		char *entry = *list, *narrow = strchr(entry, ';'), *wide = strstr(entry, "；");
		char *end = narrow && wide ? MIN(narrow, wide) : narrow ? narrow : wide;

		*list = end ? end + (end == narrow ? 1 : strlen("；")) : NULL;
		if (end)
			*end = '\0';
		g_strstrip(entry);
		if (*entry)
			return entry;
	}
	return NULL;
}

/** The list with its entries joined by one ";" each, so that equal lists are equal texts. */
static text_t tidy_list(struct table *t, const char *text)
{
	g_autofree char *copy = NULL;
	g_autoptr(GString) tidy = NULL;
	char *rest, *entry;

	if (!*text)
		return 0;
	copy = g_strdup(text);
	fold_controls(copy);
	tidy = g_string_new(NULL);
	rest = copy;
	while ((entry = next_entry(&rest)))
		g_string_append_printf(tidy, "%s%s", tidy->len ? ";" : "", entry);
	return texts_add(t->b->texts, tidy->str);
}

static uint8_t channels_allowed(struct table *t)
{
	g_autofree char *copy = NULL;
	char *rest, *entry;
	uint8_t allowed = 0;

	if (!*t->fields[COLUMN_CHANNELS])
		return (1u << CHANNELS) - 1;
	rest = copy = g_strdup(t->fields[COLUMN_CHANNELS]);
	while ((entry = next_entry(&rest))) {
		int channel = channel_of(entry);
		g_autofree char *words = NULL;
		struct near near;

		if (channel >= 0) {
			allowed |= (uint8_t)(1u << channel);
			continue;
		}
		near_start(&near, entry);
		for (int i = 0; i < CHANNELS; i++)
			near_offer(&near, channel_word((enum channel)i));
		words = near_words(&near);
		complain(t, t->line, "UNKNOWN_CHANNEL",
			 "不认识的渠道“%s”%s（可用：email、wecom、dingtalk、feishu、webhook）",
			 entry, words);
	}
	return allowed;
}

/* ---- units ---------------------------------------------------------------- */

/** Add the sound names of @list behind the @count from names[@first] on. How many there are then. */
static uint8_t add_names(struct table *t, text_t list, bool senders, uint32_t first, uint8_t count)
{
	g_autofree char *copy = list ? g_strdup(build_text(t->b, list)) : NULL;
	char *rest = copy, *entry;

	while ((entry = next_entry(&rest))) {
		text_t name = texts_add(t->b->texts, entry);
		bool again = false;

		if (senders && !address_is_good(entry, true)) {
			complain(t, t->line, "BAD_ADDRESS",
				 "senders 里的“%.80s”不对：应是 a@b.c 或 @b.c；这一个不算", entry);
			continue;
		}
		for (uint32_t i = first; i < first + count; i++)
			again |= *build_at(t->b->names, text_t, i) == name;
		if (again)
			continue;
		if (count == TAGS_MAX) {
			complain(t, t->line, "TOO_MANY", "一个单位的 tags、senders 各最多 %d 个",
				 TAGS_MAX);
			break;
		}
		g_array_append_val(t->b->names, name);
		count++;
	}
	return count;
}

/** A kind and tags that many units have are stored once. */
static void share_tags(struct table *t, struct unit *u, text_t tags)
{
	gint64 key = (gint64)((uint64_t)u->kind << 32 | tags);
	const uint64_t *known = g_hash_table_lookup(t->lists, &key);
	uint64_t *made;

	if (known) {
		u->tag = (uint32_t)(*known >> 32);
		u->tags = (uint8_t)*known;
		return;
	}
	u->tag = t->b->names->len;
	if (u->kind) {
		g_array_append_val(t->b->names, u->kind);
		u->tags = 1;
	}
	u->tags = add_names(t, tags, false, u->tag, u->tags);
	for (uint32_t i = u->tag; i < u->tag + u->tags; i++)
		g_hash_table_add(t->b->tag_set,
				 GUINT_TO_POINTER(*build_at(t->b->names, text_t, i)));
	made = g_new(uint64_t, 2);
	made[0] = (uint64_t)key;
	made[1] = (uint64_t)u->tag << 32 | u->tags;
	g_hash_table_insert(t->lists, made, made + 1);
}

/** The place of a text that make_keys() has prepared. */
static text_t own_text(struct table *t, enum column column)
{
	return texts_put(t->b->texts, &t->own[column]);
}

static enum unit_sort sort_of_kind(const char *kind)
{
	if (!strcmp(kind, "office"))
		return UNIT_OFFICE;
	return strcmp(kind, "committee") ? UNIT_REPORTS : UNIT_COMMITTEE;
}

static void fill_table(struct build *b)
{
	unit_table_fill(&b->unit_of, build_unit(b, 0), b->units->len, texts_get(b->texts, 0));
}

/** The unit @id, if a row before had it. Few rows ask: the table is filled when one does. */
static uint32_t known_unit(struct build *b, const char *id)
{
	fill_table(b);
	return build_find_unit(b, id);
}

static uint32_t new_unit(struct table *t, text_t id, text_t name, text_t kind, struct said said)
{
	struct unit u = {.id = id, .name = name, .kind = kind, .parent = NONE};
	uint32_t index = t->b->units->len;

	u.sort = (uint8_t)sort_of_kind(build_text(t->b, kind));
	share_tags(t, &u, said.tags);
	u.sender = t->b->names->len;
	u.senders = add_names(t, said.senders, true, u.sender, 0);
	g_array_append_val(t->b->units, u);
	g_array_append_val(t->b->unit_lines, t->line);
	g_array_append_val(t->said, said);
	return index;
}

/** A cell left empty in a later row agrees with anything: people fill in the first only. */
static bool differs(text_t first, text_t now)
{
	return now && now != first;
}

static bool agrees(struct table *t, uint32_t index, text_t name, text_t kind, struct said now)
{
	const struct unit *u = build_unit(t->b, index);
	const struct said *first = build_at(t->said, struct said, index);
	const char *column = differs(u->name, name)                 ? "name"
			     : differs(u->kind, kind)               ? "kind"
			     : differs(first->tags, now.tags)       ? "tags"
			     : differs(first->parent, now.parent)   ? "parent"
			     : differs(first->senders, now.senders) ? "senders"
								    : NULL;

	if (!column)
		return true;
	complain(t, t->line, "UNIT_CONFLICT",
		 "单位“%s”的 %s 和第 %d 行不一致；可改成一样，或只在第一行填写",
		 build_text(t->b, u->id), column, *build_at(t->b->unit_lines, int, index));
	return false;
}

/** The unit of the row, new or known; NONE if the row is to be left out. */
static uint32_t unit_of_row(struct table *t)
{
	struct build *b = t->b;
	const char *id = t->fields[COLUMN_UNIT];
	struct said said;
	text_t name, kind, next, unit;
	uint32_t index;

	if (!unit_id_is_good(id)) {
		complain(t, t->line, "BAD_UNIT",
			 "单位代号“%.80s”不对：1 至 %d 个字节，不能有空格、逗号、分号、冒号、引号；"
			 "这一行不算",
			 id, UNIT_ID_BYTES_MAX);
		return NONE;
	}
	name = own_text(t, COLUMN_NAME);
	kind = texts_add(b->texts, t->fields[COLUMN_KIND]);
	said.tags = tidy_list(t, t->fields[COLUMN_TAGS]);
	said.senders = tidy_list(t, t->fields[COLUMN_SENDERS]);
	said.parent = texts_add(b->texts, t->fields[COLUMN_PARENT]);
	next = texts_next(b->texts);
	unit = own_text(t, COLUMN_UNIT);
	index = unit == next ? NONE : known_unit(b, id); /* a new text is no unit's yet */
	if (index != NONE)
		return agrees(t, index, name, kind, said) ? index : NONE;
	if (!name) {
		complain(t, t->line, "BAD_UNIT", "单位“%s”没有名称；可填上 name，这一行不算", id);
		return NONE;
	}
	return new_unit(t, unit, name, kind, said);
}

/* ---- contacts ------------------------------------------------------------- */

static bool role_of_row(struct table *t, int *role)
{
	const char *word = t->fields[COLUMN_ROLE];
	g_autofree char *words = NULL;
	struct near near;

	*role = role_of(word);
	if (*role >= 0)
		return true;
	near_start(&near, word);
	for (int i = 0; i < ROLES; i++)
		near_offer(&near, role_word((enum role)i));
	words = near_words(&near);
	complain(t, t->line, "UNKNOWN_ROLE",
		 "职务“%s”不认识%s（可用：liaison 联络员、leader 分管领导、head 主要负责人）；"
		 "这一行不算",
		 word, words);
	return false;
}

/* Only equal rows are too many: a person may have several, each with a robot of its own. */
static void keep_contact(struct table *t, const struct contact *c)
{
	if (contacts_add(t->contacts, c))
		return;
	findings_add(t->b->findings, SEVERITY_WARNING, t->csv.file, t->line, 0, "DUPLICATE_CONTACT",
		     NULL, "单位“%s”的这个联系人前面已经有了，这一行不算；可删去",
		     build_text(t->b, build_unit(t->b, c->unit)->id));
}

/** A row without role, person and addresses only names its unit. */
static bool names_unit_only(const struct table *t)
{
	bool empty = !*t->fields[COLUMN_ROLE] && !*t->fields[COLUMN_PERSON];

	for (int i = 0; i < CHANNELS; i++)
		empty = empty && !*t->fields[address_column[i]];
	return empty;
}

static void read_row(struct table *t)
{
	struct contact c = {0};
	struct texts *texts = t->b->texts;
	uint8_t allowed;
	int role = -1;

	c.unit = unit_of_row(t);
	if (c.unit == NONE || names_unit_only(t) || !role_of_row(t, &role) ||
	    !addresses_are_good(t))
		return;
	allowed = channels_allowed(t);
	c.role = (uint8_t)role;
	c.person = own_text(t, COLUMN_PERSON);
	c.phone = texts_add(texts, t->fields[COLUMN_PHONE]);
	c.locale = texts_add(texts, t->fields[COLUMN_LOCALE]);
	for (int i = 0; i < CHANNELS; i++) {
		c.address[i] = i == CHANNEL_EMAIL ? own_text(t, COLUMN_EMAIL)
						  : texts_add(texts, t->fields[address_column[i]]);
		if (c.address[i] && (allowed & 1u << i))
			c.channels |= (uint8_t)(1u << i);
	}
	keep_contact(t, &c);
}

/** Spreadsheets add empty columns behind the last one. */
static bool has_more(const struct csv_row *row, unsigned n_header)
{
	for (unsigned i = n_header; i < row->n; i++)
		if (*row->fields[i])
			return true;
	return false;
}

/* The texts that are another in each row are looked up far apart: fetch their slots together. */
static void make_keys(struct table *t)
{
	static const enum column own[] = {COLUMN_UNIT, COLUMN_NAME, COLUMN_PERSON, COLUMN_EMAIL};

	for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
		t->own[own[i]] = texts_key(t->b->texts, t->fields[own[i]]);
}

static void read_rows(struct table *t)
{
	static const bool keeps_controls[COLUMNS] = {
		[COLUMN_UNIT] = true,     [COLUMN_EMAIL] = true,  [COLUMN_WECOM] = true,
		[COLUMN_DINGTALK] = true, [COLUMN_FEISHU] = true, [COLUMN_WEBHOOK] = true,
		[COLUMN_SENDERS] = true,
	};
	struct csv_row row;
	int rc;

	while ((rc = csv_next(&t->csv, &row)) != 0) {
		if (rc < 0)
			continue;
		t->line = row.line;
		if (has_more(&row, t->n_header)) {
			complain(t, row.line, "CSV_SYNTAX",
				 "这一行有 %u 列，表头只有 %u "
				 "列；有逗号的格要用引号括起来，这一行不算",
				 row.n, t->n_header);
			continue;
		}
		for (unsigned i = 0; i < t->n_present; i++) {
			enum column column = t->present[i];
			unsigned at = (unsigned)t->at[column];

			t->fields[column] = at < row.n ? row.fields[at] : "";
			if (at < row.n && row.controls && !keeps_controls[column])
				fold_controls(row.fields[at]);
		}
		make_keys(t);
		read_row(t);
	}
}

/* ---- the whole ------------------------------------------------------------ */

static void resolve_parents(struct table *t)
{
	struct build *b = t->b;

	for (uint32_t i = 0; i < b->units->len; i++) {
		text_t parent = build_at(t->said, struct said, i)->parent;
		g_autofree char *words = NULL;
		struct near near;

		if (!parent)
			continue;
		near_start(&near, build_text(b, parent));
		build_at(b->units, struct unit, i)->parent = build_find_unit(b, near.wanted);
		if (build_unit(b, i)->parent != NONE)
			continue;
		for (uint32_t k = 0; t->suggestions < SUGGESTIONS_MAX && k < b->units->len; k++)
			near_offer(&near, build_text(b, build_unit(b, k)->id));
		t->suggestions++;
		words = near_words(&near);
		complain(t, *build_at(b->unit_lines, int, i), "UNKNOWN_PARENT",
			 "上级单位“%s”不在表里%s", near.wanted, words);
	}
}

static void refuse_loops(struct table *t)
{
	struct build *b = t->b;

	for (uint32_t i = 0; i < b->units->len; i++) {
		struct unit *u = build_at(b->units, struct unit, i);
		uint32_t above = u->parent;
		int levels = 0;

		while (above != NONE && above != i && levels++ < PARENTS_MAX)
			above = build_unit(b, above)->parent;
		if (above == NONE)
			continue;
		complain(t, *build_at(b->unit_lines, int, i), "PARENT_LOOP",
			 "单位“%s”的上级绕回自己，或超过 %d 层；可改 parent", build_text(b, u->id),
			 PARENTS_MAX);
		u->parent = NONE;
	}
}

int units_read(struct build *b, const struct campaign_file *file)
{
	struct table t = {.b = b};
	int rc = csv_init(&t.csv, file->path, file->bytes, file->size, b->findings);

	t.said = g_array_new(FALSE, TRUE, sizeof(struct said));
	t.contacts = contacts_new(b->contacts);
	t.lists = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (rc == 0)
		rc = read_header(&t);
	if (rc == 0) {
		read_rows(&t);
		fill_table(b);
		resolve_parents(&t);
		refuse_loops(&t);
		contacts_group(&b->contacts, b->units);
		if (b->units->len == 0) {
			complain(&t, 0, "NO_UNITS", "一个单位也没有；可一人一行填上单位和联系人");
			rc = -EINVAL;
		}
	}
	g_hash_table_unref(t.lists);
	contacts_free(&t.contacts);
	g_array_unref(t.said);
	csv_fini(&t.csv);
	return rc;
}
