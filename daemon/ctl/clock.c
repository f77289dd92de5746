/*
 * clock.c - the daemon's clock: what it shows, whether it is believed, and a person's word for it.
 */
#include "remote.h"

#include <string.h>

static const char *member(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static void print_clock(const json_t *j)
{
	const json_t *first = json_array_get(json_object_get(j, "campaigns"), 0);

	(void)printf("服务器时钟 %s：", member(first, "now"));
	if (json_is_true(json_object_get(j, "clock_trusted"))) {
		(void)printf("可信\n");
		return;
	}
	(void)printf("可疑，%s。\n面向领导的通知已全部暂缓。请核对：时间不对，校正即可；时间正确，"
		     "运行 dubanctl clock --right --why 理由\n",
		     member(j, "clock_doubt"));
}

int ctl_clock(const struct ctl_world *w, int argc, char **argv)
{
	bool right = false, as_json = false;
	const char *why = NULL;
	const struct ctl_option options[] = {
		{"right", &right, NULL, NULL, "时间正确，解除怀疑"},
		{"why", NULL, &why, NULL, "是怎样核对的，记入操作日志"},
		{"json", &as_json, NULL, NULL, "输出 JSON"},
		{0}};
	json_t *j = NULL;
	int n, rc = ctl_options(ctl_verb_get("clock"), options, argc - 1, argv + 1, &n);

	(void)w;
	if (rc != 0)
		return rc;
	if (n != 0 || right != (why != NULL))
		return ctl_usage("clock");
	if (right) {
		rc = remote_call("/v1/clock", NULL, json_pack("{s:b, s:s}", "right", 1, "why", why),
				 &j);
		json_decref(j);
		j = NULL;
	}
	if (rc == CTL_OK)
		rc = remote_call("/v1/status", NULL, NULL, &j);
	if (rc == CTL_OK && as_json)
		(void)json_dumpf(j, stdout, JSON_INDENT(2));
	else if (rc == CTL_OK)
		print_clock(j);
	json_decref(j);
	return rc;
}
