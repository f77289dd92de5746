/*
 * json_value.h - values for templates, written as JSON.
 */
#ifndef TESTS_NOTIFIERS_JSON_VALUE_H
#define TESTS_NOTIFIERS_JSON_VALUE_H

#include <jansson.h>

#include "notifiers/value.h"

/* null has no value: its field is left out. */
static inline struct value json_value(struct values *v, const json_t *json)
{
	struct record *record = values_record(v);
	GArray *list = values_list(v);
	const char *name;
	json_t *child;
	size_t i;

	json_array_foreach((json_t *)json, i, child)
	{
		struct value item = json_value(v, child);

		g_array_append_val(list, item);
	}
	json_object_foreach((json_t *)json, name, child) if (!json_is_null(child))
		record_set(record, g_intern_string(name), json_value(v, child));
	if (json_is_array(json))
		return (struct value){.kind = VALUE_LIST, .list = list};
	if (json_is_object(json))
		return (struct value){.kind = VALUE_RECORD, .record = record};
	if (json_is_boolean(json))
		return (struct value){.kind = VALUE_FLAG, .flag = json_is_true(json)};
	if (json_is_integer(json))
		return (struct value){.kind = VALUE_NUMBER, .number = json_integer_value(json)};
	return value_text(v, json_string_value(json));
}

#endif
