/*
 * audiences.c - names of audiences to what they stand for.
 *
 *   ROLE | parent.ROLE | unit:ID | office | committee | duty:ROSTER[.leader|.staff] | NAME
 *
 * A NAME's parts all carry that name: people wrote it, so tables show it.
 */
#include "daemon/campaign/audiences.h"

#include <string.h>

struct audience_book {
	struct build *b;
	const struct ysource *src;
	const struct ynode *names; /* the map `audiences`; may be NULL */
};

static uint32_t roster_of(const struct build *b, const char *name, size_t length)
{
	for (uint32_t i = 0; i < b->rosters->len; i++) {
		const char *known = build_text(b, build_at(b->rosters, struct roster, i)->name);

		if (strlen(known) == length && !memcmp(known, name, length))
			return i;
	}
	return NONE;
}

static bool is_builtin(const char *text)
{
	return role_of(text) >= 0 || !strcmp(text, "office") || !strcmp(text, "committee") ||
	       g_str_has_prefix(text, "parent.") || g_str_has_prefix(text, "unit:") ||
	       g_str_has_prefix(text, "duty:");
}

static void say_unknown(const struct audience_book *book, const struct ynode *n, bool named)
{
	static const char *const fixed[] = {"liaison",       "leader",     "head",
					    "office",        "committee",  "parent.liaison",
					    "parent.leader", "parent.head"};
	g_autofree char *words = NULL;
	struct near near;

	near_start(&near, n->text);
	for (unsigned i = 0; i < G_N_ELEMENTS(fixed); i++)
		near_offer(&near, fixed[i]);
	for (unsigned i = 0; named && book->names && i < book->names->keys->len; i++)
		near_offer(&near, ((struct ynode *)book->names->keys->pdata[i])->text);
	words = near_words(&near);
	ynode_error(book->src, n, "UNKNOWN_AUDIENCE",
		    "不认识的发送对象“%s”%s（可用：liaison、leader、head、parent.职务、office、"
		    "committee、unit:代号、duty:值班表，或 audiences 里的名字）",
		    n->text, words);
}

static bool read_unit(const struct audience_book *book, const struct ynode *n, struct audience *a)
{
	const struct build *b = book->b;
	const char *id = n->text + strlen("unit:");
	g_autofree char *words = NULL;
	struct near near;

	a->index = build_find_unit(b, id);
	if (a->index != NONE) {
		a->kind = a->index == b->c->office ? AUDIENCE_OFFICE : AUDIENCE_UNIT;
		return true;
	}
	near_start(&near, id);
	for (uint32_t i = 0; i < b->units->len; i++)
		near_offer(&near, build_text(b, build_unit(b, i)->id));
	words = near_words(&near);
	ynode_error(book->src, n, "UNKNOWN_UNIT", "单位“%s”不在 %s 里%s", id, UNITS_FILE, words);
	return false;
}

/** A roster's file name may hold dots itself, so the whole name is tried first. */
static bool read_duty(const struct audience_book *book, const struct ynode *n, struct audience *a)
{
	static const struct {
		const char *ending;
		enum duty_part part;
	} parts[] = {{"", DUTY_ALL}, {".leader", DUTY_LEADER}, {".staff", DUTY_STAFF}};
	const struct build *b = book->b;
	const char *name = n->text + strlen("duty:");
	g_autofree char *words = NULL;
	struct near near;

	a->kind = AUDIENCE_DUTY;
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!g_str_has_suffix(name, parts[i].ending))
			continue;
		a->part = (uint8_t)parts[i].part;
		a->index = roster_of(b, name, strlen(name) - strlen(parts[i].ending));
		if (a->index != NONE)
			return true;
	}
	near_start(&near, name);
	for (uint32_t i = 0; i < b->rosters->len; i++)
		near_offer(&near, build_text(b, build_at(b->rosters, struct roster, i)->name));
	words = near_words(&near);
	ynode_error(book->src, n, "UNKNOWN_ROSTER", "值班表“%s”不在 duty/ 里%s", name, words);
	return false;
}

/** An audience that is not a name from `audiences`. */
static bool read_builtin(const struct audience_book *book, const struct ynode *n,
			 struct audience *a)
{
	const char *text = n->text;
	int role = role_of(text);

	*a = (struct audience){.index = NONE};
	if (role >= 0) {
		a->kind = AUDIENCE_ROLE;
	} else if (g_str_has_prefix(text, "parent.")) {
		role = role_of(text + strlen("parent."));
		a->kind = AUDIENCE_PARENT_ROLE;
	} else if (!strcmp(text, "office")) {
		a->kind = AUDIENCE_OFFICE;
		a->index = book->b->c->office;
		return true;
	} else if (!strcmp(text, "committee")) {
		a->kind = AUDIENCE_COMMITTEE;
		return true;
	} else if (g_str_has_prefix(text, "unit:")) {
		return read_unit(book, n, a);
	} else if (g_str_has_prefix(text, "duty:")) {
		return read_duty(book, n, a);
	}
	if (role < 0)
		return false;
	a->role = (uint8_t)role;
	return true;
}

static bool append(const struct audience_book *book, const struct ynode *n, struct audience a,
		   const char *name, uint32_t *count)
{
	if (*count == AUDIENCES_MAX) {
		ynode_error(book->src, n, "TOO_MANY", "发送对象超过 %d 个", AUDIENCES_MAX);
		return false;
	}
	a.name = texts_add(book->b->texts, name);
	g_array_append_val(book->b->audiences, a);
	(*count)++;
	return true;
}

static void append_builtin(const struct audience_book *book, const struct ynode *n,
			   const char *name, uint32_t *count)
{
	unsigned errors = book->b->findings->errors;
	struct audience a;

	if (read_builtin(book, n, &a))
		append(book, n, a, name, count);
	else if (book->b->findings->errors == errors)
		say_unknown(book, n, false);
}

/** Whether the definition itself is sound was said when the book was made. */
static void append_named(const struct audience_book *book, const struct ynode *n,
			 const struct ynode *parts, uint32_t *count)
{
	for (unsigned i = 0; parts->shape == YNODE_LIST && i < parts->values->len; i++) {
		const struct ynode *part = parts->values->pdata[i];
		struct findings *unheard = findings_new();
		struct ysource quiet = {.file = book->src->file, .findings = unheard};
		struct audience_book again = *book;
		struct audience a;
		bool good = part->shape == YNODE_TEXT;

		again.src = &quiet;
		good = good && read_builtin(&again, part, &a);
		findings_free(&unheard);
		if (good && !append(book, n, a, n->text, count))
			return;
	}
}

bool audiences_read(const struct audience_book *book, const struct ynode *map, const char *key,
		    uint32_t *first, uint32_t *count)
{
	const struct ynode *list = ynode_list(book->src, map, key);

	*first = book->b->audiences->len;
	*count = 0;
	if (!list)
		return false;
	for (unsigned i = 0; i < list->values->len; i++) {
		const struct ynode *n = list->values->pdata[i];
		const struct ynode *parts;

		if (!ynode_item(book->src, list, i))
			continue;
		parts = book->names && !is_builtin(n->text) ? ynode_get(book->names, n->text)
							    : NULL;
		if (parts)
			append_named(book, n, parts, count);
		else if (is_builtin(n->text))
			append_builtin(book, n, n->text, count);
		else
			say_unknown(book, n, true);
	}
	if (list->values->len == 0)
		ynode_error(book->src, list, "BAD_VALUE", "“%s”是空的；可写上发送对象", key);
	return true;
}

/** Read every part once so that what is wrong with it is said once, at its own place. */
static void check_parts(struct audience_book *book, const struct ynode *key,
			const struct ynode *parts)
{
	uint32_t count = 0, length = book->b->audiences->len;

	if (parts->shape != YNODE_LIST) {
		ynode_error(book->src, parts, "BAD_TYPE", "“%s”应是列表，用方括号", key->text);
		return;
	}
	if (parts->values->len == 0)
		ynode_error(book->src, parts, "BAD_VALUE", "“%s”是空的；可写上发送对象", key->text);
	for (unsigned i = 0; i < parts->values->len; i++) {
		const struct ynode *n = parts->values->pdata[i];

		if (!ynode_item(book->src, parts, i))
			continue;
		if (!is_builtin(n->text) && ynode_key(book->names, n->text))
			ynode_error(book->src, n, "NESTED_AUDIENCE",
				    "“%s”也是一组；组里不能再套组，可把它的成员直接写在这里",
				    n->text);
		else
			append_builtin(book, n, n->text, &count);
	}
	g_array_set_size(book->b->audiences, length);
}

struct audience_book *audience_book_new(struct build *b, const struct ysource *src,
					const struct ynode *root)
{
	struct audience_book *book = g_new0(struct audience_book, 1);

	book->b = b;
	book->src = src;
	book->names = ynode_map(src, root, "audiences");
	for (unsigned i = 0; book->names && i < book->names->keys->len; i++) {
		const struct ynode *key = book->names->keys->pdata[i];

		if (is_builtin(key->text) || strpbrk(key->text, "\n\t"))
			ynode_error(src, key, "BAD_NAME",
				    "发送对象的名字“%s”是固定写法或不止一行；可换一个名字",
				    key->text);
		check_parts(book, key, book->names->values->pdata[i]);
	}
	return book;
}

void audience_book_free(struct audience_book **book)
{
	g_clear_pointer(book, g_free);
}
