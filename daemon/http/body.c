/*
 * body.c - JSON bodies: nothing of a wrong type or an unknown name comes through.
 */
#include "body.h"

#include <string.h>

#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"

json_t *body_of(const struct http_call *call, struct api_reply *reply)
{
	json_error_t why;
	json_t *j = json_loadb(call->body->str, call->body->len, JSON_REJECT_DUPLICATES, &why);

	if (j == NULL)
		route_fail(reply, 400, "请求不是 JSON：第%d行第%d列：%s", why.line, why.column,
			   why.text);
	else if (!json_is_object(j)) {
		json_decref(j);
		j = NULL;
		route_fail(reply, 400, "请求应是一个 JSON 对象");
	}
	return j;
}

const char *member(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static bool is_of_type(const json_t *v, char type)
{
	switch (type) {
	case 's':
		return json_is_string(v);
	case 'b':
		return json_is_boolean(v);
	case 'a':
		return json_is_array(v);
	default:
		return json_is_object(v);
	}
}

/* A wrong type or an unknown name is refused: "unit": 5 must not come to mean every unit. */
bool members_are_sound(const json_t *body, const struct member_rule *rules, struct api_reply *reply)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)body, key, v)
	{
		const struct member_rule *r = rules;

		while (r->name != NULL && strcmp(r->name, key) != 0)
			r++;
		if (r->name == NULL) {
			route_fail(reply, 422, "不认识的项：%s", key);
			return false;
		}
		if (!is_of_type(v, r->type)) {
			route_fail(reply, 422, "%s 的类型不对", key);
			return false;
		}
	}
	return true;
}

void uploads_init(struct uploads *u)
{
	u->parts = g_array_new(FALSE, FALSE, sizeof(struct part));
	u->fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	u->bytes = g_ptr_array_new_with_free_func(g_free);
}

void uploads_fini(struct uploads *u)
{
	g_array_unref(u->parts);
	g_array_unref(u->fields);
	g_ptr_array_unref(u->bytes);
}

/* A name to show, never a path. */
static char *safe_name(const char *name, size_t i)
{
	g_autofree char *base = g_path_get_basename(name);

	if (base[0] == 0 || strcmp(base, ".") == 0 || strcmp(base, "..") == 0 ||
	    strcmp(base, "/") == 0 || strlen(base) > 255 || !g_utf8_validate(base, -1, NULL))
		return g_strdup_printf("attachment-%zu", i + 1);
	for (char *p = base; *p != 0; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\')
			*p = '_';
	return g_strdup(base);
}

bool uploads_read(struct uploads *u, const json_t *body, struct api_reply *reply)
{
	const json_t *parts = json_object_get(body, "parts");
	json_t *fields = json_object_get(body, "fields"), *v;
	const char *key;

	for (size_t i = 0; i < json_array_size(parts); i++) {
		static const struct member_rule rules[] = {{"name", 's'}, {"base64", 's'}, {0}};
		const json_t *p = json_array_get(parts, i);
		const char *base64 = member(p, "base64");
		struct part part = {0};
		guchar *bytes;
		char *name;

		if (!json_is_object(p) || !members_are_sound(p, rules, reply) ||
		    base64[strspn(base64, BASE64)] != 0) {
			route_fail(reply, 422, "第%zu个附件不完整：须有 name 和 base64", i + 1);
			return false;
		}
		bytes = g_base64_decode(base64, &part.size);
		name = safe_name(member(p, "name"), i);

		g_ptr_array_add(u->bytes, bytes);
		g_ptr_array_add(u->bytes, name);
		for (guint k = 0; k < u->parts->len; k++)
			if (strcmp(g_array_index(u->parts, struct part, k).name, name) == 0) {
				route_fail(reply, 422, "两个附件同名：%s", name);
				return false;
			}
		part.name = name;
		part.bytes = bytes;
		g_array_append_val(u->parts, part);
	}
	json_object_foreach(fields, key, v)
	{
		struct field f = {key, json_string_value(v)};

		if (f.value == NULL) {
			route_fail(reply, 422, "表格项 %s 应是文字", key);
			return false;
		}
		g_array_append_val(u->fields, f);
	}
	return true;
}
