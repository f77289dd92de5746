/*
 * remote.c - one HTTP call on a Unix socket, by libcurl.
 */
#include "remote.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX (256u << 20)
#define CALL_SECONDS 120L

const char *remote_socket, *remote_campaign;

static size_t on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
	GString *s = arg;

	if (s->len + size * n > REPLY_MAX)
		return 0;
	g_string_append_len(s, bytes, (gssize)(size * n));
	return size * n;
}

static void add_query(CURL *curl, GString *url, const char *name, const char *value)
{
	char *escaped;

	if (value == NULL || value[0] == 0)
		return;
	escaped = curl_easy_escape(curl, value, 0);
	g_string_append_printf(url, "%c%s=%s", strchr(url->str, '?') == NULL ? '?' : '&', name,
			       escaped);
	curl_free(escaped);
}

static const char *socket_path(void)
{
	const char *path = remote_socket != NULL ? remote_socket : getenv("DUBAN_SOCKET");

	return path != NULL && path[0] != 0 ? path : REMOTE_SOCKET_DEFAULT;
}

/* What an HTTP status means for a shell. */
static int exit_of(long status)
{
	if (status >= 200 && status < 300)
		return CTL_OK;
	if (status == 403 || status == 401)
		return CTL_NO_PERMISSION;
	if (status == 503 || status == 507)
		return CTL_TEMPORARY;
	return CTL_FAILURE;
}

/* The JSON that came, or an exit code: nobody answers, or in another tongue. */
static int parse(CURLcode code, const GString *reply, json_t **out)
{
	json_error_t why;

	if (code == CURLE_COULDNT_CONNECT)
		return ctl_fail(CTL_UNAVAILABLE,
				"连不上守护进程（%s）：duband 在运行吗？本用户在 duban 组里吗？",
				socket_path());
	if (code != CURLE_OK)
		return ctl_fail(CTL_UNAVAILABLE, "与守护进程的对话中断（%s）：%s", socket_path(),
				curl_easy_strerror(code));
	*out = json_loadb(reply->str, reply->len, JSON_DECODE_ANY, &why);
	return *out != NULL ? CTL_OK : ctl_fail(CTL_FAILURE, "守护进程的回答看不懂：%s", why.text);
}

static int judge(CURLcode code, long status, const GString *reply, json_t **out)
{
	json_t *j = NULL;
	int rc = parse(code, reply, &j);

	if (rc != CTL_OK)
		return rc;
	if (exit_of(status) != CTL_OK) {
		const char *words = json_string_value(json_object_get(j, "error"));

		(void)ctl_fail(CTL_FAILURE, "%s", words == NULL ? "守护进程拒绝了这个请求" : words);
		if (words == NULL || json_object_get(j, "details") != NULL) {
			const json_t *d = json_object_get(j, "details");

			for (size_t i = 0; i < json_array_size(d); i++)
				(void)fprintf(stderr, "%s\n",
					      json_string_value(json_array_get(d, i)));
		}
		json_decref(j);
		return exit_of(status);
	}
	*out = j;
	return CTL_OK;
}

/* One exchange; @body may be NULL (GET). */
static CURLcode exchange(const char *url, const char *body, GString *reply, long *status)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = NULL;
	CURLcode code;

	must(curl != NULL);
	if (body != NULL) {
		headers = curl_slist_append(headers, "Content-Type: application/json");
		headers = curl_slist_append(headers, "Expect:");
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	}
	(void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path());
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_SECONDS);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	code = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return code;
}

static GString *url_of(const char *path, const char *const *query)
{
	CURL *curl = curl_easy_init();
	GString *url = g_string_new("http://duban");

	must(curl != NULL);
	g_string_append(url, path);
	add_query(curl, url, "campaign", remote_campaign);
	for (; query != NULL && query[0] != NULL; query += 2)
		add_query(curl, url, query[0], query[1]);
	curl_easy_cleanup(curl);
	return url;
}

int remote_call(const char *path, const char *const *query, json_t *body, json_t **out)
{
	g_autoptr(GString) url = url_of(path, query), reply = g_string_new(NULL);
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	long status = 0;
	CURLcode code = exchange(url->str, text, reply, &status);

	free(text);
	json_decref(body);
	return judge(code, status, reply, out);
}

int remote_answer(const char *path, json_t **out)
{
	g_autoptr(GString) url = url_of(path, NULL), reply = g_string_new(NULL);
	long status = 0;
	CURLcode code = exchange(url->str, NULL, reply, &status);

	return parse(code, reply, out);
}

int remote_text(const char *path, const char *const *query, char **text_out)
{
	g_autoptr(GString) url = url_of(path, query), reply = g_string_new(NULL);
	long status = 0;
	CURLcode code = exchange(url->str, NULL, reply, &status);
	json_t *unused = NULL;
	int rc = CTL_OK;

	if (code != CURLE_OK || exit_of(status) != CTL_OK)
		rc = judge(code, status, reply, &unused);
	else
		*text_out = g_strdup(reply->str);
	json_decref(unused);
	return rc;
}
