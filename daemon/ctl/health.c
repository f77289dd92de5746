/*
 * health.c - what is wrong with the daemon, in words; it answers even when its database does not.
 */
#include <string.h>

#include "remote.h"

static const char *member(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

void health_print(const json_t *troubles)
{
	for (size_t i = 0; i < json_array_size(troubles); i++) {
		const json_t *t = json_array_get(troubles, i);

		(void)printf("注意：%s（%s，自 %.10s %.5s）\n", member(t, "text"),
			     member(t, "code"), member(t, "since"), member(t, "since") + 11);
	}
}

bool health_has(const json_t *troubles, const char *code, const char *campaign)
{
	for (size_t i = 0; i < json_array_size(troubles); i++) {
		const json_t *t = json_array_get(troubles, i);

		if (strcmp(member(t, "code"), code) == 0 &&
		    (campaign == NULL || strcmp(member(t, "campaign"), campaign) == 0))
			return true;
	}
	return false;
}

int health_ask(json_t **out)
{
	json_t *j = NULL;
	int rc = remote_answer("/healthz", &j);

	if (rc == CTL_OK && !json_is_array(json_object_get(j, "troubles"))) {
		/* It is stopping. */
		rc = ctl_fail(CTL_TEMPORARY, "%s", member(j, "error"));
		json_decref(j);
		return rc;
	}
	*out = j;
	return rc;
}

int ctl_health(const struct ctl_world *w, int argc, char **argv)
{
	bool as_json = false;
	const struct ctl_option options[] = {{"json", &as_json, NULL, NULL, "输出 JSON"}, {0}};
	const json_t *troubles;
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("health"), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 0)
		return ctl_usage("health");
	rc = health_ask(&j);
	if (rc != CTL_OK)
		return rc;
	troubles = json_object_get(j, "troubles");
	if (as_json) {
		(void)json_dumpf(j, stdout, JSON_INDENT(2));
		(void)putchar('\n');
	} else if (json_array_size(troubles) == 0) {
		(void)printf("一切正常\n");
	}
	if (!as_json)
		health_print(troubles);
	rc = json_array_size(troubles) == 0 ? CTL_OK : CTL_FAILURE;
	json_decref(j);
	return rc;
}
