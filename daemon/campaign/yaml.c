/*
 * yaml.c - libyaml's events to a tree.
 *
 * Events come one at a time, so a bomb of brackets or aliases is refused at its
 * seventeenth level or first alias, whatever follows.
 */
#include "daemon/campaign/yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

struct reading {
	const struct ysource *src;
	yaml_parser_t parser;
	const char *bytes;
	size_t size;
};

void ynode_free(struct ynode **n)
{
	if (!*n)
		return;
	g_clear_pointer(&(*n)->keys, g_ptr_array_unref);
	g_clear_pointer(&(*n)->values, g_ptr_array_unref);
	g_free((*n)->text);
	g_free(*n);
	*n = NULL;
}

static void ynode_release(gpointer data)
{
	struct ynode *n = data;

	ynode_free(&n);
}

static void say(const struct reading *r, const yaml_mark_t *mark, const char *code,
		const char *text)
{
	findings_add(r->src->findings, SEVERITY_ERROR, r->src->file, (int)mark->line + 1,
		     (int)mark->column + 1, code, NULL, "%s", text);
}

/** The reader knows only the offset of a byte that is not UTF-8. */
static int line_of(const struct reading *r, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < offset && i < r->size; i++)
		line += r->bytes[i] == '\n';
	return line;
}

static void say_parser(const struct reading *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "?";

	if (p->error == YAML_READER_ERROR) {
		findings_add(r->src->findings, SEVERITY_ERROR, r->src->file,
			     line_of(r, p->problem_offset), 0, "YAML_SYNTAX", NULL,
			     "有不是 UTF-8 的内容或控制字符；可用文本编辑器另存为 UTF-8");
		return;
	}
	findings_add(
		r->src->findings, SEVERITY_ERROR, r->src->file, (int)p->problem_mark.line + 1,
		(int)p->problem_mark.column + 1, "YAML_SYNTAX", NULL,
		"YAML 写法不对（%s）；可检查缩进（只用空格）、冒号后的空格、引号和括号是否配对",
		problem);
}

static bool next(struct reading *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;
	say_parser(r);
	return false;
}

static struct ynode *ynode_new(enum ynode_shape shape, const yaml_event_t *event)
{
	struct ynode *n = g_new0(struct ynode, 1);

	n->shape = shape;
	n->line = (int)event->start_mark.line + 1;
	n->column = (int)event->start_mark.column + 1;
	if (shape != YNODE_TEXT)
		n->values = g_ptr_array_new_with_free_func(ynode_release);
	if (shape == YNODE_MAP)
		n->keys = g_ptr_array_new_with_free_func(ynode_release);
	return n;
}

static bool is_clean(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct ynode *text_node(struct reading *r, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct ynode *n;

	if (!is_clean(value, length)) {
		say(r, &event->start_mark, "YAML_SYNTAX", "文字里有控制字符；可删去");
		return NULL;
	}
	n = ynode_new(YNODE_TEXT, event);
	n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->text = g_strndup(value, length);
	return n;
}

/** Anchors and tags may sit on every kind of node. */
static bool is_plainly_written(struct reading *r, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_ALIAS_EVENT) {
		anchor = event->data.alias.anchor;
	} else if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (!anchor && !tag)
		return true;
	say(r, &event->start_mark, "YAML_REFUSED",
	    anchor ? "这里不用锚点和别名（& *）；可把内容再写一遍，以 & 或 * 开头的文字要加引号"
		   : "这里不用标签（!）；以 ! 开头的文字要加引号");
	return false;
}

static struct ynode *node_of(struct reading *r, const yaml_event_t *event, int depth);

/** Take @key into @map if it is a new one. */
static bool key_of(struct reading *r, const yaml_event_t *event, struct ynode *map)
{
	struct ynode *key;

	if (!is_plainly_written(r, event))
		return false;
	if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0) {
		say(r, &event->start_mark, "YAML_REFUSED", "键只能是文字");
		return false;
	}
	key = text_node(r, event);
	if (!key)
		return false;
	if (ynode_key(map, key->text)) {
		ynode_error(r->src, key, "DUPLICATE_KEY", "“%s”写了两次；可删去一处", key->text);
		ynode_free(&key);
		return false;
	}
	if (map->keys->len >= YAML_KEYS_MAX) {
		ynode_error(r->src, key, "TOO_MANY", "一层里的键超过 %d 个", YAML_KEYS_MAX);
		ynode_free(&key);
		return false;
	}
	g_ptr_array_add(map->keys, key);
	return true;
}

static bool fill(struct reading *r, struct ynode *n, int depth)
{
	yaml_event_type_t end =
		n->shape == YNODE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (;;) {
		yaml_event_t event;
		struct ynode *value = NULL;
		bool done, good = true;

		if (!next(r, &event))
			return false;
		done = event.type == end;
		if (!done && n->shape == YNODE_MAP) {
			good = key_of(r, &event, n);
			yaml_event_delete(&event);
			if (!good || !next(r, &event))
				return false;
		}
		if (!done) {
			value = node_of(r, &event, depth);
			good = value != NULL;
		}
		yaml_event_delete(&event);
		if (done || !good)
			return done;
		g_ptr_array_add(n->values, value);
	}
}

static struct ynode *node_of(struct reading *r, const yaml_event_t *event, int depth)
{
	struct ynode *n;

	if (!is_plainly_written(r, event))
		return NULL;
	if (event->type == YAML_SCALAR_EVENT)
		return text_node(r, event);
	if (depth >= YAML_DEPTH_MAX) {
		say(r, &event->start_mark, "YAML_TOO_DEEP", "嵌套超过 16 层；可检查括号和缩进");
		return NULL;
	}
	must(event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT);
	n = ynode_new(event->type == YAML_MAPPING_START_EVENT ? YNODE_MAP : YNODE_LIST, event);
	if (!fill(r, n, depth + 1))
		ynode_free(&n);
	return n;
}

/** The root follows STREAM-START and DOCUMENT-START; nothing may follow its document. */
static struct ynode *root_of(struct reading *r)
{
	static const yaml_event_type_t before[] = {YAML_STREAM_START_EVENT,
						   YAML_DOCUMENT_START_EVENT};
	static const yaml_event_type_t after[] = {YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT};
	struct ynode *n = NULL;
	yaml_event_t event;

	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		yaml_event_type_t type;

		if (!next(r, &event))
			return NULL;
		type = event.type;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT) {
			findings_add(r->src->findings, SEVERITY_ERROR, r->src->file, 1, 0,
				     "YAML_SYNTAX", NULL, "文件是空的");
			return NULL;
		}
		must(type == before[i]);
	}
	if (!next(r, &event))
		return NULL;
	n = node_of(r, &event, 0);
	yaml_event_delete(&event);
	for (size_t i = 0; n && i < G_N_ELEMENTS(after); i++) {
		if (!next(r, &event)) {
			ynode_free(&n);
			return NULL;
		}
		if (event.type != after[i]) {
			say(r, &event.start_mark, "YAML_REFUSED",
			    "一个文件只能有一份内容；可删去“---”及以后的部分");
			ynode_free(&n);
		}
		yaml_event_delete(&event);
	}
	return n;
}

int ynode_read(const struct ysource *src, const char *bytes, size_t size, struct ynode **out)
{
	struct reading r = {.src = src, .bytes = bytes, .size = size};
	struct ynode *root;

	if (size > YAML_SIZE_MAX) {
		findings_add(src->findings, SEVERITY_ERROR, src->file, 0, 0, "FILE_TOO_BIG", NULL,
			     "文件超过 1 MiB，不像是设置；可检查是否放错了文件");
		return -EFBIG;
	}
	must(yaml_parser_initialize(&r.parser)); /* fails only without memory */
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, size);
	root = root_of(&r);
	yaml_parser_delete(&r.parser);
	if (root && root->shape != YNODE_MAP) {
		ynode_error(src, root, "BAD_TYPE", "最外层应是“键: 值”，每行一个");
		ynode_free(&root);
	}
	if (!root)
		return -EINVAL;
	*out = root;
	return 0;
}
