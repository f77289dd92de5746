/*
 * mustache_program.c - see mustache_program.h.
 *
 * A text becomes pieces: its tags, and what stands between them cut at line ends. Of a line
 * that holds nothing but blanks and tags which show nothing themselves, the blanks are dropped.
 * The pieces that are left become the program's ops; a partial's own take its place.
 */
#include "notifiers/mustache_program.h"

#include <errno.h>
#include <string.h>

#include "notifiers/mustache.h"

enum op_kind { OP_TEXT, OP_VARIABLE, OP_RAW, OP_SECTION, OP_INVERTED };

struct op {
	enum op_kind kind;
	const char *at; /* the text, or the name; borrowed */
	size_t length;
	guint hash; /* of the name */
	guint end;  /* of a section: the first op after it */
};

struct program {
	GArray *ops;            /* struct op */
	GStringChunk *indented; /* partials' texts; NULL: none was */
};

struct piece {
	bool is_tag;
	struct mustache_tag tag;
	const char *at; /* what is no tag */
	size_t length;
	bool blank, ends_line;
	bool dropped;
	struct piece *indent; /* of a partial that stands alone: the blanks before it, or NULL */
};

void program_free(struct program **p)
{
	if (*p == NULL)
		return;
	g_array_unref((*p)->ops);
	if ((*p)->indented != NULL)
		g_string_chunk_free((*p)->indented);
	g_free(*p);
	*p = NULL;
}

/* ---- one text into pieces ------------------------------------------------------------ */

static bool is_blank(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p) != NULL)
		p++;
	return p == end;
}

static void lines_add(GArray *pieces, const char *from, const char *to)
{
	while (from < to) {
		const char *newline = memchr(from, '\n', (size_t)(to - from));
		const char *end = newline != NULL ? newline + 1 : to;
		struct piece p = {.at = from,
				  .length = (size_t)(end - from),
				  .blank = is_blank(from, end),
				  .ends_line = newline != NULL};

		g_array_append_val(pieces, p);
		from = end;
	}
}

static int pieces_add(GArray *pieces, const char *text)
{
	const char *at = text, *end = text + strlen(text);
	struct mustache_scan scan;
	struct piece p = {.is_tag = true};
	int r;

	mustache_scan_init(&scan, text, (size_t)(end - text));
	while ((r = mustache_next(&scan, &p.tag)) > 0) {
		lines_add(pieces, at, p.tag.begin);
		g_array_append_val(pieces, p);
		at = p.tag.end;
	}
	lines_add(pieces, at, end);
	return r;
}

static bool shows_nothing(const struct piece *p)
{
	return p->is_tag && p->tag.kind != MUSTACHE_VARIABLE && p->tag.kind != MUSTACHE_RAW;
}

/* Pieces from @first up to @end are a line. */
static void line_strip(struct piece *first, struct piece *end)
{
	bool tags = false;

	for (struct piece *p = first; p < end; p++) {
		if (!shows_nothing(p) && !p->blank)
			return;
		tags |= p->is_tag;
	}
	for (struct piece *p = first; tags && p < end; p++) {
		p->dropped = p->blank;
		if (p->is_tag && p->tag.kind == MUSTACHE_PARTIAL && p > first && p[-1].blank)
			p->indent = p - 1;
	}
}

static void lines_strip(GArray *pieces)
{
	struct piece *first = (struct piece *)(void *)pieces->data;
	struct piece *end = first + pieces->len;

	for (struct piece *p = first; p < end; p++) {
		if (!p->ends_line && p + 1 < end)
			continue;
		line_strip(first, p + 1);
		first = p + 1;
	}
}

/* ---- pieces into ops ------------------------------------------------------------------- */

struct compiling {
	struct program *program;
	program_partial_fn *partial;
	void *arg;
	unsigned depth, pieces; /* so far */
};

static int text_compile(struct compiling *c, const char *text);

/* @text with @indent before each of its lines. */
static const char *indented(struct compiling *c, const char *text, const struct piece *indent)
{
	g_autoptr(GString) out = g_string_new(NULL);

	while (text[0] != '\0') {
		const char *end = strchrnul(text, '\n');

		end += *end == '\n';
		g_string_append_len(out, indent->at, (gssize)indent->length);
		g_string_append_len(out, text, end - text);
		text = end;
	}
	if (c->program->indented == NULL)
		c->program->indented = g_string_chunk_new(1024);
	return g_string_chunk_insert_len(c->program->indented, out->str, (gssize)out->len);
}

static int partial_compile(struct compiling *c, const struct piece *p)
{
	g_autofree char *name = g_strndup(p->tag.name, p->tag.length);
	const char *text = c->partial(c->arg, name);
	int r;

	if (text == NULL)
		return -ENOENT;
	if (c->depth == PROGRAM_DEPTH_MAX)
		return -E2BIG;
	if (p->indent != NULL)
		text = indented(c, text, p->indent);
	c->depth++;
	r = text_compile(c, text);
	c->depth--;
	return r;
}

static void op_add(struct compiling *c, enum op_kind kind, const char *at, size_t length)
{
	struct op op = {.kind = kind, .at = at, .length = length};

	if (kind != OP_TEXT)
		op.hash = record_hash(at, length);

	g_array_append_val(c->program->ops, op);
}

/* The section that was opened last must have the name of @tag. */
static int section_close(struct compiling *c, GArray *open, const struct mustache_tag *tag)
{
	struct op *op;

	if (open->len == 0)
		return -EINVAL;
	op = &g_array_index(c->program->ops, struct op, g_array_index(open, guint, open->len - 1));
	if (op->length != tag->length || memcmp(op->at, tag->name, tag->length) != 0)
		return -EINVAL;
	op->end = c->program->ops->len;
	g_array_set_size(open, open->len - 1);
	return 0;
}

/* @open holds the ops of this text's sections that are open. */
static int tag_compile(struct compiling *c, GArray *open, const struct piece *p)
{
	static const enum op_kind ops[] = {[MUSTACHE_VARIABLE] = OP_VARIABLE,
					   [MUSTACHE_RAW] = OP_RAW,
					   [MUSTACHE_SECTION] = OP_SECTION,
					   [MUSTACHE_INVERTED] = OP_INVERTED};

	switch (p->tag.kind) {
	case MUSTACHE_SECTION:
	case MUSTACHE_INVERTED:
		g_array_append_val(open, c->program->ops->len);
		op_add(c, ops[p->tag.kind], p->tag.name, p->tag.length);
		return 0;
	case MUSTACHE_VARIABLE:
	case MUSTACHE_RAW:
		op_add(c, ops[p->tag.kind], p->tag.name, p->tag.length);
		return 0;
	case MUSTACHE_CLOSE:
		return section_close(c, open, &p->tag);
	case MUSTACHE_PARTIAL:
		return partial_compile(c, p);
	case MUSTACHE_COMMENT:
		break;
	}
	return 0;
}

static int text_compile(struct compiling *c, const char *text)
{
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
	int r = pieces_add(pieces, text);

	lines_strip(pieces);
	c->pieces += pieces->len + 1; /* an empty text counts too */
	if (c->pieces > PROGRAM_OPS_MAX)
		return -E2BIG;
	for (guint i = 0; i < pieces->len && r == 0; i++) {
		const struct piece *p = &g_array_index(pieces, struct piece, i);

		if (p->is_tag)
			r = tag_compile(c, open, p);
		else if (!p->dropped)
			op_add(c, OP_TEXT, p->at, p->length);
	}
	return r == 0 && open->len > 0 ? -EINVAL : r;
}

int program_new(const char *text, program_partial_fn *partial, void *arg, struct program **out)
{
	struct program *p = g_new0(struct program, 1);
	struct compiling c = {.program = p, .partial = partial, .arg = arg};
	int r;

	p->ops = g_array_new(FALSE, FALSE, sizeof(struct op));
	r = text_compile(&c, text);
	if (r < 0)
		program_free(&p);
	else
		*out = p;
	return r;
}

/* ---- rendering --------------------------------------------------------------------------- */

void html_escape(GString *out, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "&<>\"'");

		g_string_append_len(out, text, (gssize)n);
		text += n;
		switch (*text++) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\'':
			g_string_append(out, "&#39;");
			break;
		default:
			return;
		}
	}
}

struct rendering {
	const struct op *ops;
	bool html;
	GString *out;
};

/* "." is the innermost value. NULL: there is none of that name. */
static const struct value *value_of(const struct scope *scope, const struct op *op)
{
	const struct value *value = NULL;

	if (op->length == 1 && op->at[0] == '.')
		return &scope->value;
	for (; scope != NULL && value == NULL; scope = scope->outer)
		if (scope->value.kind == VALUE_RECORD)
			value = record_find(scope->value.record, op->at, op->length, op->hash);
	return value;
}

static bool is_true(const struct value *value)
{
	if (value == NULL)
		return false;
	switch (value->kind) {
	case VALUE_TEXT:
		return value->text[0] != '\0';
	case VALUE_NUMBER:
		return value->number != 0;
	case VALUE_FLAG:
		return value->flag;
	case VALUE_LIST:
		return value->list->len > 0;
	case VALUE_RECORD:
		break;
	}
	return true;
}

static void value_add(GString *out, const struct value *value, bool html)
{
	if (value == NULL)
		return;
	switch (value->kind) {
	case VALUE_TEXT:
		if (html)
			html_escape(out, value->text);
		else
			g_string_append(out, value->text);
		break;
	case VALUE_NUMBER:
		g_string_append_printf(out, "%" G_GINT64_FORMAT, value->number);
		break;
	case VALUE_FLAG:
		g_string_append(out, value->flag ? "true" : "false");
		break;
	case VALUE_LIST:
	case VALUE_RECORD:
		break;
	}
}

static void ops_render(const struct rendering *r, const struct scope *scope, guint from, guint to);

static void section_render(const struct rendering *r, const struct scope *scope, guint at,
			   const struct value *value)
{
	struct scope inner = {*value, scope};

	if (value->kind != VALUE_LIST) {
		ops_render(r, &inner, at + 1, r->ops[at].end);
		return;
	}
	for (guint i = 0; i < value->list->len; i++) {
		inner.value = g_array_index(value->list, struct value, i);
		ops_render(r, &inner, at + 1, r->ops[at].end);
	}
}

static void ops_render(const struct rendering *r, const struct scope *scope, guint from, guint to)
{
	for (guint i = from; i < to;) {
		const struct op *op = &r->ops[i];
		const struct value *value = op->kind == OP_TEXT ? NULL : value_of(scope, op);

		switch (op->kind) {
		case OP_TEXT:
			g_string_append_len(r->out, op->at, (gssize)op->length);
			break;
		case OP_VARIABLE:
		case OP_RAW:
			value_add(r->out, value, r->html && op->kind == OP_VARIABLE);
			break;
		case OP_SECTION:
			if (is_true(value))
				section_render(r, scope, i, value);
			break;
		case OP_INVERTED:
			if (!is_true(value))
				ops_render(r, scope, i + 1, op->end);
			break;
		}
		i = op->kind >= OP_SECTION ? op->end : i + 1;
	}
}

void program_render(const struct program *p, const struct scope *scope, bool html, GString *out)
{
	struct rendering r = {(const struct op *)(void *)p->ops->data, html, out};

	ops_render(&r, scope, 0, p->ops->len);
}
