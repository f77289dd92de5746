/*
 * routes.c - the API's table and its handlers.
 */
#include "routes.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "body.h"

#define EARLY_MAX (31 * DAY) /* how long before a campaign something may have come for it */

void route_fail(struct api_reply *reply, unsigned status, const char *fmt, ...)
{
	va_list ap;
	char *words;

	va_start(ap, fmt);
	words = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	reply->status = status;
	json_decref(reply->body);
	reply->body = json_pack("{s:s}", "error", words);
	if (reply->body == NULL)
		reply->body = json_pack("{s:s}", "error", "请求被拒绝");
	g_free(words);
}

static void fail_err(struct api_reply *reply, int rc, const struct err *err)
{
	unsigned status = rc == -ENOENT                                 ? 404
			  : rc == -EINVAL                               ? 422
			  : rc == -EEXIST                               ? 409
			  : rc == -ENOSPC || rc == -EIO || rc == -EROFS ? 503
									: 500;

	route_fail(reply, status, "%s", err->text[0] != 0 ? err->text : g_strerror(-rc));
}

static const char *query(const struct http_call *call, const char *name)
{
	const char *v = g_hash_table_lookup(call->query, name);

	return v == NULL ? "" : v;
}

/* The campaign that is meant: named, or the only one. */
static struct engine *engine_of(const struct api *api, const struct http_call *call,
				struct api_reply *reply)
{
	const char *name = query(call, "campaign");

	if (name[0] == 0 && api->n_engines == 1)
		return api->engines[0];
	for (unsigned i = 0; i < api->n_engines; i++)
		if (strcmp(engine_key(api->engines[i]), name) == 0)
			return api->engines[i];
	if (name[0] == 0) {
		g_autoptr(GString) names = g_string_new(NULL);

		for (unsigned i = 0; i < api->n_engines; i++)
			g_string_append_printf(names, "%s%s", i > 0 ? "、" : "",
					       engine_key(api->engines[i]));
		route_fail(reply, 422, "有%u个专项行动（%s），请用 --campaign 指明其一",
			   api->n_engines, names->str);
	} else
		route_fail(reply, 404, "没有这个专项行动：%s", name);
	return NULL;
}

static struct engine_filter filter_of(const struct http_call *call)
{
	return (struct engine_filter){
		.unit = query(call, "unit"),
		.uid = query(call, "uid"),
		.rid = query(call, "rid"),
		.standing = query(call, "standing"),
		.state = query(call, "state"),
		.max = (unsigned)g_ascii_strtoull(query(call, "max"), NULL, 10),
		.before = (int64_t)g_ascii_strtoull(query(call, "before"), NULL, 10),
	};
}

typedef json_t *question_fn(struct engine *e, const struct engine_filter *f, wall_t now);

static const struct {
	const char *path;
	question_fn *ask;
} questions[] = {
	{"/v1/due", engine_due},
	{"/v1/units", engine_units},
	{"/v1/notices", engine_notices},
	{"/v1/tray", engine_tray},
	{"/v1/journal", engine_journal},
	{"/v1/roster", engine_roster},
	{"/v1/deliveries", engine_deliveries},
};

/* A filter that can match nothing is a slip of the pen, not an empty answer. */
static bool filter_is_sound(const struct engine *e, const char *path, const struct engine_filter *f,
			    struct api_reply *reply)
{
	bool deliveries = strcmp(path, "/v1/deliveries") == 0;
	bool known = f->state[0] == 0 || strcmp(path, "/v1/tray") == 0;

	for (int i = 0; !known && deliveries && i < OUTBOX_STATES; i++)
		known = strcmp(f->state, outbox_state_word((enum outbox_state)i)) == 0;
	for (int i = 0; !known && !deliveries && i < NOTICE_STATES; i++)
		known = strcmp(f->state, notice_state_word((enum notice_state)i)) == 0;
	if (!known) {
		route_fail(reply, 422, "没有这种状态：%s", f->state);
		return false;
	}
	known = f->standing[0] == 0;
	for (int i = 0; !known && i < STANDINGS; i++)
		known = strcmp(f->standing, standing_word((enum standing)i)) == 0;
	if (!known) {
		route_fail(reply, 422, "没有这种报送状态：%s", f->standing);
		return false;
	}
	if (f->unit[0] != 0 && campaign_find_unit(engine_campaign(e), f->unit) == NONE) {
		route_fail(reply, 404, "没有这个报送单位：%s（dubanctl units 列出全部）", f->unit);
		return false;
	}
	return true;
}

static void run_question(const struct api *api, const struct http_call *call,
			 struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);
	struct engine_filter f = filter_of(call);

	if (e == NULL || !filter_is_sound(e, call->path, &f, reply))
		return;
	if (strcmp(call->path, "/v1/due") == 0 && (f.max == 0 || f.max > ROUTE_DUE_MAX))
		f.max = ROUTE_DUE_MAX + 1;
	for (size_t i = 0; i < G_N_ELEMENTS(questions); i++)
		if (strcmp(questions[i].path, call->path) == 0)
			reply->body = questions[i].ask(e, &f, api->now);
	reply->status = 200;
	if (f.max > ROUTE_DUE_MAX && json_array_size(reply->body) == f.max)
		route_fail(reply, 422,
			   "超过 %d 条，一次列不完："
			   "请按单位、事项或状态缩小范围（--unit、--uid、--standing）",
			   ROUTE_DUE_MAX);
}

static void run_status(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	(void)call;
	reply->body = api->status(api->world);
	reply->status = 200;
}

/* For programs that look whether all is well: the status says it, the body why not. */
static void run_health(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	json_t *list = api->troubles(api->world);
	const char *first = json_string_value(json_object_get(json_array_get(list, 0), "text"));

	(void)call;
	reply->status = first == NULL ? 200 : 503;
	reply->body = json_pack("{s:b, s:s, s:s*, s:o}", "ok", first == NULL, "status",
				first == NULL ? "ok" : "sick", "error", first, "troubles", list);
}

static void run_metrics(const struct api *api, const struct http_call *call,
			struct api_reply *reply)
{
	(void)call;
	reply->status = 200;
	reply->text = api->metrics(api->world);
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void run_explain(const struct api *api, const struct http_call *call,
			struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);
	struct err err = {0};

	if (e == NULL)
		return;
	reply->body = engine_explain(e, query(call, "unit"), query(call, "uid"), query(call, "rid"),
				     api->now, &err);
	reply->status = 200;
	if (reply->body == NULL)
		route_fail(reply, 404, "%s", err.text);
}

static void run_feed(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);
	struct err err = {0};

	if (e == NULL)
		return;
	reply->text = engine_feed(e, query(call, "unit"), api->now, &err);
	reply->type = "text/calendar; charset=utf-8";
	reply->status = 200;
	if (reply->text == NULL)
		route_fail(reply, 404, "%s", err.text);
}

static void run_files(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);

	if (e == NULL)
		return;
	reply->body = engine_files(e);
	reply->status = 200;
}

static void run_told(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);
	struct engine_filter f = {
		.unit = query(call, "unit"), .uid = query(call, "uid"), .rid = query(call, "rid")};
	struct err err = {0};

	if (e == NULL)
		return;
	reply->body = engine_told(e, &f, &err);
	reply->status = 200;
	if (reply->body == NULL)
		route_fail(reply, 404, "%s", err.text);
}

/* ---- submit ---- */

static void reply_receipt(struct api_reply *reply, const struct engine *e,
			  const struct engine_receipt *r)
{
	g_autofree char *due = r->due == 0 ? NULL : engine_format(e, r->due);

	reply->status = 200;
	reply->changed = true;
	reply->body = json_pack("{s:s, s:b, s:b, s:b, s:s, s:s*}", "receipt", r->receipt, "on_time",
				r->on_time, "tray", r->tray, "again", r->again, "reason", r->reason,
				"due", due);
	if (r->occurrence != NONE) {
		g_autofree char *title = engine_title(e, r->occurrence);

		json_object_set_new(reply->body, "title", json_string(title));
	}
}

/*
 * Of what a person wrote; a clock that is wrong refuses nothing. In January last year's date comes
 * easily, and whoever is late would be on time by it.
 */
static bool is_before_its_time(const struct engine *e, wall_t received)
{
	wall_t starts = engine_campaign(e)->starts;

	return starts != WALL_NEVER && received < starts - EARLY_MAX;
}

static void submit(const struct api *api, struct engine *e, const json_t *body,
		   struct api_reply *reply)
{
	static const struct member_rule rules[] = {
		{"unit", 's'},     {"uid", 's'},     {"rid", 's'},   {"zero", 'b'},   {"why", 's'},
		{"received", 's'}, {"request", 's'}, {"parts", 'a'}, {"fields", 'o'}, {0}};
	struct engine_submit s = {
		.unit = member(body, "unit"),
		.uid = member(body, "uid"),
		.rid = member(body, "rid"),
		.received = api->now,
		.zero = json_is_true(json_object_get(body, "zero")),
		.way = "cli",
		.actor = api->actor,
		.why = member(body, "why"),
		.request = json_string_value(json_object_get(body, "request")),
	};
	const char *received = member(body, "received");
	struct engine_receipt receipt;
	struct uploads u;
	struct err err = {0};
	int rc;

	if (!members_are_sound(body, rules, reply))
		return;
	if (received[0] != 0 && !engine_parse(e, received, false, &s.received)) {
		route_fail(reply, 422, "收到时间看不懂：%s", received);
		return;
	}
	if (s.received > api->now) {
		route_fail(reply, 422, "收到时间在将来：%s", received);
		return;
	}
	if (received[0] != 0 && is_before_its_time(e, s.received)) {
		route_fail(reply, 422, "收到时间早于专项行动开始一个多月，请核对年月：%s",
			   received);
		return;
	}
	uploads_init(&u);
	if (uploads_read(&u, body, reply)) {
		s.parts = (const struct part *)(void *)u.parts->data;
		s.n_parts = u.parts->len;
		s.fields = (const struct field *)(void *)u.fields->data;
		s.n_fields = u.fields->len;
		rc = engine_submit(e, &s, api->now, &receipt, &err);
		if (rc < 0)
			fail_err(reply, rc, &err);
		else
			reply_receipt(reply, e, &receipt);
	}
	uploads_fini(&u);
}

static void run_submit(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);
	json_t *body = e == NULL ? NULL : body_of(call, reply);

	if (body != NULL)
		submit(api, e, body, reply);
	json_decref(body);
}

/* ---- decide ---- */

/* All units are meant only when that is said. */
static bool is_for_all(const json_t *body, const struct engine_decision *d, struct api_reply *reply)
{
	bool about_items = d->kind == DECISION_EXTEND || d->kind == DECISION_RETURN;

	if (!about_items || (d->unit[0] == 0) == json_is_true(json_object_get(body, "all")))
		return true;
	route_fail(reply, 422, "须指明一个单位，或写明全部单位（--all），二者取一");
	return false;
}

static void decide(const struct api *api, struct engine *e, const json_t *body,
		   struct api_reply *reply)
{
	static const struct member_rule rules[] = {
		{"all", 'b'}, {"kind", 's'}, {"unit", 's'}, {"uid", 's'}, {"rid", 's'},
		{"tag", 's'}, {"step", 's'}, {"due", 's'},  {"why", 's'}, {0}};
	int kind = decision_of(member(body, "kind"));
	struct engine_decision d = {
		.kind = (enum decision_kind)kind,
		.unit = member(body, "unit"),
		.uid = member(body, "uid"),
		.rid = member(body, "rid"),
		.tag = member(body, "tag"),
		.step = member(body, "step"),
		.actor = api->actor,
		.why = member(body, "why"),
	};
	const char *due = member(body, "due");
	struct err err = {0};
	int rc;

	if (!members_are_sound(body, rules, reply) || !is_for_all(body, &d, reply))
		return;
	if (kind < 0) {
		route_fail(reply, 422, "没有这种决定：%s", member(body, "kind"));
		return;
	}
	if ((d.kind == DECISION_EXTEND || d.kind == DECISION_RETURN) &&
	    !engine_parse(e, due, true, &d.due)) {
		route_fail(reply, 422, "新的截止时间没有写或看不懂（--due）：%s", due);
		return;
	}
	rc = engine_decide(e, &d, api->now, &err);
	if (rc < 0) {
		fail_err(reply, rc, &err);
		return;
	}
	reply->status = 200;
	reply->changed = true;
	reply->body = json_pack("{s:b, s:i}", "ok", 1, "count", rc);
	if (d.due != 0) {
		g_autofree char *text = engine_format(e, d.due);

		json_object_set_new(reply->body, "due", json_string(text));
	}
}

static void run_decide(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	struct engine *e = engine_of(api, call, reply);
	json_t *body = e == NULL ? NULL : body_of(call, reply);

	if (body != NULL)
		decide(api, e, body, reply);
	json_decref(body);
}

static void run_tray_decide(const struct api *api, const struct http_call *call,
			    struct api_reply *reply)
{
	static const struct member_rule rules[] = {{"accept", 'b'}, {"unit", 's'}, {"uid", 's'},
						   {"rid", 's'},    {"why", 's'},  {0}};
	struct engine *e = engine_of(api, call, reply);
	json_t *body = e == NULL ? NULL : body_of(call, reply);
	const char *tail = call->path + strlen("/v1/tray/");
	struct engine_receipt receipt;
	struct err err = {0};
	int rc;

	if (body == NULL)
		return;
	if (!members_are_sound(body, rules, reply) || json_object_get(body, "accept") == NULL) {
		if (reply->body == NULL)
			route_fail(reply, 422, "须写明 accept：true 收下，false 退掉");
		json_decref(body);
		return;
	}
	tail += tail[0] == 'T';
	if (tail[0] == 0 || tail[strspn(tail, "0123456789")] != 0) {
		route_fail(reply, 404, "待核件的号是数字：%s", tail);
		json_decref(body);
		return;
	}
	rc = engine_tray_decide(e, g_ascii_strtoll(tail, NULL, 10),
				json_is_true(json_object_get(body, "accept")), member(body, "unit"),
				member(body, "uid"), member(body, "rid"), api->actor,
				member(body, "why"), api->now, &receipt, &err);
	if (rc < 0)
		fail_err(reply, rc, &err);
	else
		reply_receipt(reply, e, &receipt);
	json_decref(body);
}

/* ---- the daemon itself ---- */

static void reload(const struct api *api, const char *confirm, const char *why,
		   struct api_reply *reply)
{
	g_autoptr(GPtrArray) report = g_ptr_array_new_with_free_func(g_free);
	json_t *lines = json_array();
	struct err err = {0};
	int rc = api->reload(api->world, confirm, why, report, &err);

	for (guint i = 0; i < report->len; i++)
		json_array_append_new(lines, json_string(g_ptr_array_index(report, i)));
	reply->changed = true;
	if (rc < 0) {
		fail_err(reply, rc == -EAGAIN ? -EEXIST : rc, &err);
		json_object_set_new(reply->body, "details", lines);
		return;
	}
	reply->status = 200;
	reply->body = json_pack("{s:o}", "report", lines);
}

static void run_reload(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	(void)call;
	reload(api, NULL, NULL, reply);
}

/* A large edit is meant. */
static void run_confirm(const struct api *api, const struct http_call *call,
			struct api_reply *reply)
{
	static const struct member_rule rules[] = {{"why", 's'}, {0}};
	struct engine *e = engine_of(api, call, reply);
	json_t *body = e == NULL ? NULL : body_of(call, reply);

	if (body == NULL)
		return;
	if (members_are_sound(body, rules, reply)) {
		if (member(body, "why")[0] == '\0')
			route_fail(reply, 422, "请用 --why 写明理由");
		else
			reload(api, engine_key(e), member(body, "why"), reply);
	}
	json_decref(body);
}

static void run_backup(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	json_t *body = body_of(call, reply);
	const char *path;
	struct err err = {0};
	int rc;

	if (body == NULL)
		return;
	path = member(body, "path");
	if (!g_path_is_absolute(path)) {
		route_fail(reply, 422, "备份文件须用绝对路径");
	} else if ((rc = store_backup(api->store, path, &err)) < 0) {
		fail_err(reply, rc, &err);
	} else {
		reply->status = 200;
		reply->body = json_pack("{s:b}", "ok", 1);
	}
	json_decref(body);
}

/* R8: a person says that the clock is right. */
static void trust_clock(const struct api *api, const char *why, struct api_reply *reply)
{
	struct err err = {0};
	int rc = 0;

	if (why[0] == 0) {
		route_fail(reply, 422, "须写明理由（--why）：是怎样核对时间的");
		return;
	}
	if (api->clock_doubt == NULL) {
		route_fail(reply, 409, "时钟并不可疑，无须确认");
		return;
	}
	rc = store_high_water_reset(api->store, api->now, &err);
	for (unsigned i = 0; i < api->n_engines && rc >= 0; i++)
		rc = engine_clock_right(api->engines[i], api->actor, why, api->now, &err);
	if (rc < 0) {
		fail_err(reply, rc, &err);
		return;
	}
	reply->status = 200;
	reply->clock_right = reply->changed = true;
	reply->body = json_pack("{s:b}", "ok", 1);
}

static void run_clock(const struct api *api, const struct http_call *call, struct api_reply *reply)
{
	static const struct member_rule rules[] = {
		{"right", 'b'}, {"why", 's'}, {"until", 's'}, {0}};
	struct engine *e = api->engines[0];
	json_t *body = body_of(call, reply);

	if (body == NULL)
		return;
	if (!members_are_sound(body, rules, reply)) {
		json_decref(body);
		return;
	}
	if (json_is_true(json_object_get(body, "right")))
		trust_clock(api, member(body, "why"), reply);
	else if (!api->paced)
		route_fail(reply, 409, "这是真实的时钟，不能拨动");
	else if (!engine_parse(e, member(body, "until"), false, &reply->until))
		route_fail(reply, 422, "时间看不懂：%s", member(body, "until"));
	else if (reply->until < api->now)
		route_fail(reply, 422, "时钟不会倒走：%s", member(body, "until"));
	else
		reply->status = 200;
	json_decref(body);
}

const struct route routes[] = {
	{"GET", "/v1/status", "运行状况", false, run_status, false, false},
	{"GET", "/v1/due", "应报事项", false, run_question, false, false},
	{"GET", "/v1/units", "报送单位", false, run_question, false, false},
	{"GET", "/v1/notices", "通知", false, run_question, false, false},
	{"GET", "/v1/deliveries", "消息与发送记录", false, run_question, false, false},
	{"GET", "/v1/tray", "待核件", false, run_question, false, false},
	{"GET", "/v1/journal", "操作日志", false, run_question, false, false},
	{"GET", "/v1/roster", "值班表", false, run_question, false, false},
	{"GET", "/v1/explain", "为何发了、为何没发", false, run_explain, false, false},
	{"GET", "/v1/feed", "一个单位的日历订阅", false, run_feed, false, false},
	{"GET", "/v1/files", "现行的专项行动文件", false, run_files, false, false},
	{"GET", "/v1/told", "已通知、改动时要更正的件数", false, run_told, false, false},
	{"POST", "/v1/submit", "登记报送", false, run_submit, false, false},
	{"POST", "/v1/decide", "作出决定", false, run_decide, false, false},
	{"POST", "/v1/tray/", "处理待核件", false, run_tray_decide, false, false},
	{"POST", "/v1/reload", "重新载入", true, run_reload, true, false},
	{"POST", "/v1/confirm", "确认一次较大的修改", true, run_confirm, true, false},
	{"POST", "/v1/backup", "备份", true, run_backup, false, false},
	{"POST", "/v1/clock", "确认时钟无误；或演示时钟走到某一时刻停住", false, run_clock, false,
	 false},
	{"GET", "/healthz", "健康检查", false, run_health, false, true},
	{"GET", "/metrics", "供 Prometheus 读的数字", false, run_metrics, false, true},
	{NULL, NULL, NULL, false, NULL, false, false},
};

const struct route *route_find(const char *method, const char *path, bool *wrong_method_out)
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET"; /* the server leaves the body out */
	*wrong_method_out = false;
	for (const struct route *r = routes; r->path != NULL; r++) {
		size_t n = strlen(r->path);
		bool same = r->path[n - 1] == '/' ? strncmp(path, r->path, n) == 0 && path[n] != 0
						  : strcmp(path, r->path) == 0;

		if (same && strcmp(r->method, method) == 0)
			return r;
		*wrong_method_out |= same;
	}
	return NULL;
}
