/*
 * splice.c - see splice.h.
 *
 * A mark is "zQ7<x>", x naming the field.  Escaping for HTML shows in it, so that the value
 * is escaped exactly where the template escaped the mark.  What else the view holds is the
 * shape's key; of the fields that differ the key holds whether they are empty, because
 * sections ask for that.  A text in which a mark was mangled is never used.
 */
#include "notifiers/splice.h"

#include <string.h>

#include "daemon/core/shown.h"
#include "notifiers/mustache_program.h"
#include "notifiers/view.h"
#include "notifiers/words_clean.h"

#define MARK "zQ7<"
#define MARK_HEAD "zQ7"
#define MARK_ESCAPED "zQ7&lt;"
#define FIELD_FIRST 'a'
#define ADDRESS_MAX 2048 /* as view.c cuts them */
#define IDENTITY_MAX 200

enum field {
	FIELD_SUBJECT,
	FIELD_IDENTITY,
	FIELD_ADDRESS,
	FIELD_PERSON,
	FIELD_UNIT,
	FIELD_UNIT_ID,
	FIELD_TOKEN, /* of the first item; the others follow */
	FIELDS = FIELD_TOKEN + SPLICE_ITEMS_MAX
};

struct piece {
	char *text; /* before the mark */
	size_t size;
	int field; /* FIELDS: the end */
	bool escaped;
};

struct shape {
	bool usable;
	GArray *subject, *text, *html; /* struct piece; the subject's is not cut to length yet */
};

struct splices {
	GHashTable *shapes; /* key -> struct shape *; NULL: met once */
	GString *key;       /* room to make one in */
};

struct values {
	char *of[FIELDS], *escaped[FIELDS];
};

static void piece_clear(gpointer p)
{
	g_free(((struct piece *)p)->text);
}

static void shape_free(gpointer p)
{
	struct shape *s = p;

	if (s == NULL)
		return;
	g_clear_pointer(&s->subject, g_array_unref);
	g_clear_pointer(&s->text, g_array_unref);
	g_clear_pointer(&s->html, g_array_unref);
	g_free(s);
}

struct splices *splices_new(void)
{
	struct splices *s = g_new0(struct splices, 1);

	s->shapes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, shape_free);
	s->key = g_string_new(NULL);
	return s;
}

void splices_free(struct splices **s)
{
	if (*s == NULL)
		return;
	g_hash_table_unref((*s)->shapes);
	g_string_free((*s)->key, TRUE);
	g_free(*s);
	*s = NULL;
}

void splices_clear(struct splices *s)
{
	g_hash_table_remove_all(s->shapes);
}

/* ---- which messages, and what they have in common --------------------------------- */

/* All of it is about the recipient's own unit, which is not the office. */
static bool fits(const struct message *m)
{
	const struct message_item *first = m->items->pdata[0];

	if (m->items->len > SPLICE_ITEMS_MAX || strcmp(first->unit, m->office) == 0)
		return false;
	for (guint n = 0; n < m->items->len; n++) {
		const struct message_item *i = m->items->pdata[n];

		if (!view_item_own(m, i) || strcmp(i->unit_id, first->unit_id) != 0)
			return false;
	}
	return true;
}

static void key_text(GString *key, const char *text)
{
	g_string_append(key, text);
	g_string_append_c(key, '\x1f');
}

static void key_item(GString *key, const struct message_item *i)
{
	const char *texts[] = {i->step,         i->uid,    i->rid,           i->title,
			       i->due_text,     i->role,   i->due_iso,       i->tags,
			       i->on_time_text, i->reason, i->received_text, i->description,
			       i->was_text};
	int numbers[] = {(int)i->sort, i->number,       i->on_time,
			 i->zero,      i->late_cleared, i->expected,
			 i->received,  i->missing,      i->token[0] != '\0'};

	for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
		key_text(key, texts[n]);
	for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++)
		for (int shift = 0; shift < 32; shift += 4) /* hexadecimal, from its end */
			g_string_append_c(key,
					  "0123456789abcdef"[(unsigned)numbers[n] >> shift & 15]);
}

/* Everything that may show in the texts but the values of the fields. */
static void key_make(GString *key, const struct message *m, bool trial, const struct values *v)
{
	const char *texts[] = {m->campaign, m->locale, m->now_text, m->now_iso, m->office};

	g_string_truncate(key, 0);
	g_string_append_c(key, trial ? 't' : '-');
	for (int f = FIELD_IDENTITY; f < FIELD_TOKEN; f++)
		g_string_append_c(key, v->of[f][0] == '\0' ? '0' : '1');
	for (size_t n = 0; n < G_N_ELEMENTS(texts); n++)
		key_text(key, texts[n]);
	for (guint n = 0; n < m->items->len; n++)
		key_item(key, m->items->pdata[n]);
}

/* As the view would show them. */
static void values_of(const struct message *m, struct values *v)
{
	const struct message_item *first = m->items->pdata[0];
	g_autofree char *shown = address_shown(m->address);

	*v = (struct values){0};
	v->of[FIELD_IDENTITY] = words_line(m->identity, IDENTITY_MAX);
	v->of[FIELD_ADDRESS] = words_line(shown, ADDRESS_MAX);
	v->of[FIELD_PERSON] = words_line(m->person, VIEW_NAME_MAX);
	v->of[FIELD_UNIT] = words_line(first->unit, VIEW_NAME_MAX);
	v->of[FIELD_UNIT_ID] = words_line(first->unit_id, VIEW_NAME_MAX);
	for (guint n = 0; n < m->items->len; n++) {
		const struct message_item *i = m->items->pdata[n];

		v->of[FIELD_TOKEN + n] = words_line(i->token, VIEW_NAME_MAX);
	}
}

static void values_clear(struct values *v)
{
	for (int f = 0; f < FIELDS; f++) {
		g_free(v->of[f]);
		g_free(v->escaped[f]);
	}
}

/* ---- rendering with marks ------------------------------------------------------------ */

#define MARK_SIZE (sizeof(MARK) + 2)

static void mark_write(char mark[MARK_SIZE], int field)
{
	(void)g_snprintf(mark, MARK_SIZE, MARK "%c>", FIELD_FIRST + field);
}

/* "" stays. */
static const char *mark(struct message *m, int field, const char *value)
{
	char text[MARK_SIZE];

	mark_write(text, field);
	return value[0] == '\0' ? "" : message_keep(m, text);
}

/* A message like @m whose fields are marks; it borrows its other texts. */
static struct message *marked_new(const struct message *m, const struct values *v)
{
	struct message *copy = message_new(), own = *copy;

	*copy = *m;
	copy->items = own.items;
	copy->kept = own.kept;
	copy->identity = mark(copy, FIELD_IDENTITY, v->of[FIELD_IDENTITY]);
	copy->address = mark(copy, FIELD_ADDRESS, v->of[FIELD_ADDRESS]);
	copy->person = mark(copy, FIELD_PERSON, v->of[FIELD_PERSON]);
	copy->person_unit = mark(copy, FIELD_UNIT, v->of[FIELD_UNIT]);
	for (guint n = 0; n < m->items->len; n++) {
		struct message_item *i = message_add(copy);

		*i = *(const struct message_item *)m->items->pdata[n];
		i->unit = mark(copy, FIELD_UNIT, v->of[FIELD_UNIT]);
		i->unit_id = mark(copy, FIELD_UNIT_ID, v->of[FIELD_UNIT_ID]);
		i->token = mark(copy, FIELD_TOKEN + (int)n, v->of[FIELD_TOKEN + n]);
	}
	return copy;
}

/* Cut @text at its marks. NULL: one of them is not as it was made. */
static GArray *pieces_of(const char *text)
{
	GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	const char *at = text, *head;
	struct piece p;

	g_array_set_clear_func(pieces, piece_clear);
	while ((head = strstr(at, MARK_HEAD)) != NULL) {
		const char *open, *close;

		p.escaped = g_str_has_prefix(head, MARK_ESCAPED);
		open = p.escaped ? MARK_ESCAPED : MARK;
		close = p.escaped ? "&gt;" : ">";
		p.field = head[strnlen(head, strlen(open))] - FIELD_FIRST;
		if (!g_str_has_prefix(head, open) || p.field < 0 || p.field >= FIELDS ||
		    !g_str_has_prefix(head + strlen(open) + 1, close)) {
			g_array_unref(pieces);
			return NULL;
		}
		p.size = (size_t)(head - at);
		p.text = g_strndup(at, p.size);
		g_array_append_val(pieces, p);
		at = head + strlen(open) + 1 + strlen(close);
	}
	p = (struct piece){g_strdup(at), strlen(at), FIELDS, false};
	g_array_append_val(pieces, p);
	return pieces;
}

static struct shape *shape_new(const struct templates *t, const struct message *m, bool trial,
			       const struct values *v)
{
	struct shape *s = g_new0(struct shape, 1);
	struct message *copy = marked_new(m, v);
	struct view *view = view_new(copy, trial);
	struct err err = {0};
	char subject_mark[MARK_SIZE];
	g_autofree char *subject = NULL;
	struct rendered *texts = NULL;

	message_free(&copy);
	mark_write(subject_mark, FIELD_SUBJECT);
	if (render_parts(t, view, subject_mark, &subject, &texts, &err) == 0) {
		s->subject = pieces_of(subject);
		s->text = pieces_of(texts->text);
		s->html = pieces_of(texts->html);
		s->usable = s->subject != NULL && s->text != NULL && s->html != NULL;
		rendered_free(&texts);
	}
	view_free(&view);
	return s;
}

/* ---- replacing the marks ----------------------------------------------------------------- */

static char *escape(const char *text)
{
	GString *out = g_string_new(NULL);

	html_escape(out, text);
	return g_string_free(out, FALSE);
}

static const char *value_of(struct values *v, const struct piece *p)
{
	if (!p->escaped)
		return v->of[p->field];
	if (v->escaped[p->field] == NULL)
		v->escaped[p->field] = escape(v->of[p->field]);
	return v->escaped[p->field];
}

static char *join(const GArray *pieces, struct values *v)
{
	size_t size = 1;
	char *out, *to;

	for (guint i = 0; i < pieces->len; i++) {
		const struct piece *p = &g_array_index(pieces, struct piece, i);

		size += p->size + (p->field == FIELDS ? 0 : strlen(value_of(v, p)));
	}
	to = out = g_malloc(size);
	for (guint i = 0; i < pieces->len; i++) {
		const struct piece *p = &g_array_index(pieces, struct piece, i);

		memcpy(to, p->text, p->size);
		to += p->size;
		if (p->field != FIELDS)
			to = g_stpcpy(to, value_of(v, p));
	}
	*to = '\0';
	return out;
}

/* NULL: this message is rendered in full; a shape is worth its making when it is met again. */
static const struct shape *shape_of(const struct templates *t, struct splices *s,
				    const struct message *m, bool trial, const struct values *v)
{
	struct shape *shape = NULL;
	bool again;

	key_make(s->key, m, trial, v);
	again = g_hash_table_lookup_extended(s->shapes, s->key->str, NULL, (gpointer *)&shape);
	if (shape != NULL || strstr(s->key->str, MARK_HEAD) != NULL) /* somebody writes like that */
		return shape;
	if (again)
		shape = shape_new(t, m, trial, v);
	else if (g_hash_table_size(s->shapes) >= SPLICE_SHAPES_MAX)
		g_hash_table_remove_all(s->shapes);
	g_hash_table_insert(s->shapes, g_strndup(s->key->str, s->key->len), shape);
	return shape;
}

static bool splice(const struct shape *shape, struct values *v, struct rendered **out)
{
	g_autofree char *subject = NULL;
	struct rendered *done;

	if (shape == NULL || !shape->usable)
		return false;
	subject = join(shape->subject, v);
	v->of[FIELD_SUBJECT] = words_line(subject, RENDER_SUBJECT_MAX);
	if (v->of[FIELD_SUBJECT][0] == '\0')
		return false; /* its mark is never empty */
	done = g_new0(struct rendered, 1);
	done->subject = g_strdup(v->of[FIELD_SUBJECT]);
	done->text = join(shape->text, v);
	done->html = join(shape->html, v);
	*out = done;
	return true;
}

int splice_render(const struct templates *t, struct splices *s, const struct message *m, bool trial,
		  struct rendered **out, struct err *err)
{
	struct values v;
	bool done = false;
	struct view *view;
	int r;

	if (s != NULL && m->items->len > 0 && fits(m)) {
		values_of(m, &v);
		done = splice(shape_of(t, s, m, trial, &v), &v, out);
		values_clear(&v);
	}
	if (done)
		return 0;
	view = view_new(m, trial);
	r = render_view(t, view, out, err);
	view_free(&view);
	return r;
}
