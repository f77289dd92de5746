/*
 * template_mstch.cc - the only C++ of the notifiers: jansson values in, mstch's text out.
 *
 * Nothing may leave this file as an exception. mstch::config::escape is global, so it
 * is set anew for every call and rendering belongs to one thread.
 */
#include "notifiers/template_private.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <exception>
#include <map>
#include <mstch/mstch.hpp>
#include <new>
#include <string>

namespace
{

std::string escape_none(const std::string &s)
{
	return s;
}

std::string escape_html(const std::string &s)
{
	std::string out;

	out.reserve(s.size() + s.size() / 8);
	for (char c : s) {
		switch (c) {
		case '&':
			out += "&amp;";
			break;
		case '<':
			out += "&lt;";
			break;
		case '>':
			out += "&gt;";
			break;
		case '"':
			out += "&quot;";
			break;
		case '\'':
			out += "&#39;";
			break;
		default:
			out += c;
		}
	}
	return out;
}

mstch::node node_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: {
		mstch::map map;
		const char *key;
		json_t *child;

		json_object_foreach(const_cast<json_t *>(value), key, child)
			map.emplace(key, node_of(child));
		return map;
	}
	case JSON_ARRAY: {
		mstch::array array;

		for (size_t i = 0; i < json_array_size(value); i++)
			array.push_back(node_of(json_array_get(value, i)));
		return array;
	}
	case JSON_STRING:
		return std::string(json_string_value(value), json_string_length(value));
	case JSON_INTEGER: {
		json_int_t n = json_integer_value(value);

		if (n >= INT_MIN && n <= INT_MAX)
			return (int)n;
		return std::to_string(n);
	}
	case JSON_REAL:
		return json_real_value(value);
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
		return false;
	case JSON_NULL:
		break;
	}
	return nullptr;
}

} // namespace

extern "C" int template_mstch_render(const char *text, const struct template_text *partials,
				     size_t n, const json_t *view, bool html, char **out,
				     char *problem, size_t problem_size)
{
	try {
		std::map<std::string, std::string> map;

		for (size_t i = 0; i < n; i++)
			map.emplace(partials[i].name, partials[i].text);
		mstch::config::escape = html ? escape_html : escape_none;
		std::string done = mstch::render(text, node_of(view), map);
		*out = g_strndup(done.data(), done.size());
		return 0;
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	} catch (const std::exception &e) {
		g_strlcpy(problem, e.what(), problem_size);
	} catch (...) {
		g_strlcpy(problem, "unknown exception", problem_size);
	}
	return -EINVAL;
}
