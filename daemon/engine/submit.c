/*
 * submit.c - a report comes in: to its item, or to the tray, never lost.
 *
 * An acknowledgement is given by the caller after the commit that holds what is
 * written here.
 */
#include <errno.h>
#include <string.h>

#include "repeat.h"

#define CLOCKS_APART (10 * MINUTE) /* how far a mail server's clock may be ahead of ours */
#define SECOND_FLOOR(t) ((t) - (((t) % SECOND) + SECOND) % SECOND)

/* Twelve hex digits that nobody can guess from the last receipt, yet the same for the
 * same facts: the simulator must give equal bytes. */
static void make_receipt(struct engine *e, const struct engine_submit *s, wall_t now, char out[32])
{
	g_autofree char *facts =
		g_strdup_printf("%s|%s|%s|%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT "|%u",
				engine_key(e), s->unit, s->uid, s->rid, s->received, now, e->rows);
	g_autofree char *sum = NULL;

	for (unsigned turn = 0;; turn++) {
		g_autofree char *salted = g_strdup_printf("%s|%u", facts, turn);

		g_free(sum);
		sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, salted, -1);
		(void)g_snprintf(out, 32, "R%.12s", sum);
		if (!store_receipt_taken(e->store, out))
			return;
	}
}

char *submit_parts_json(const struct engine_submit *s)
{
	json_t *j = json_object(), *names = json_array(), *fields = json_object();
	char *text;
	char *out;

	for (unsigned i = 0; i < s->n_parts; i++)
		json_array_append_new(names, json_string_nocheck(s->parts[i].name));
	for (unsigned i = 0; i < s->n_fields; i++)
		json_object_set_new_nocheck(fields, s->fields[i].name,
					    json_string_nocheck(s->fields[i].value));
	json_object_set_new(j, "parts", names);
	json_object_set_new(j, "fields", fields);
	text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	out = g_strdup(text == NULL ? "{}" : text);
	free(text);
	return out;
}

static int to_tray(struct engine *e, const struct engine_submit *s, const char *reason, wall_t now,
		   struct engine_receipt *out, struct err *err)
{
	g_autofree char *parts = submit_parts_json(s);
	struct tray_item t = {
		.campaign = e->id,
		.unit = s->unit,
		.uid = s->uid,
		.rid = s->rid,
		.received = SECOND_FLOOR(s->received),
		.stored = now,
		.zero = s->zero,
		.way = s->way,
		.actor = s->actor,
		.why = s->why,
		.reason = reason,
		.parts = parts,
		.request = s->request,
	};
	int64_t id = store_tray_add(e->store, &t, s->parts, s->n_parts, err);

	if (id < 0)
		return (int)id;
	out->tray = true;
	out->occurrence = NONE;
	(void)g_snprintf(out->receipt, sizeof(out->receipt), "T%" G_GINT64_FORMAT, id);
	(void)g_strlcpy(out->reason, reason, sizeof(out->reason));
	engine_touch(e); /* an undecided one holds what superiors would hear of this unit */
	return engine_journal_add(e, now, s->actor, "tray",
				  json_pack("{s:s, s:s, s:s, s:s, s:I}", "unit", s->unit, "uid",
					    s->uid, "rid", s->rid, "reason", reason, "id",
					    (json_int_t)id),
				  err);
}

/*
 * The unit's earliest outstanding item of @uid, by effective deadline, with opens <= at <= closes.
 * What is not tracked is meant only when nothing else can be: else a unit that reports would be
 * chased for the report it has just sent.
 */
static uint32_t earliest_open(struct engine *e, const struct engine_submit *s, uint32_t unit)
{
	const struct campaign *c = e->campaign;
	uint32_t found = NONE;
	wall_t first = WALL_NEVER;
	wall_t at = SECOND_FLOOR(s->received);
	bool tracked = false;

	for (uint32_t i = 0; i < c->n_occurrences; i++) {
		struct occurrence_facts *f;
		struct item_fact *it;

		if (strcmp(engine_text(e, engine_obligation(e, i)->uid), s->uid) != 0 ||
		    c->occurrences[i].opens > at)
			continue;
		f = facts_load(e, i, unit);
		it = facts_item(f, unit);
		if (it != NULL && it->outstanding && at <= engine_ladder(e, i, it->due)->closes &&
		    (it->tracked != tracked && !s->untracked_too ? it->tracked : it->due < first)) {
			found = i;
			first = it->due;
			tracked = it->tracked;
		}
		facts_free(&f);
	}
	return found;
}

static bool obligation_exists(struct engine *e, const char *uid)
{
	for (uint32_t i = 0; i < e->campaign->n_obligations; i++)
		if (strcmp(engine_text(e, e->campaign->obligations[i].uid), uid) == 0)
			return true;
	return false;
}

/* Which occurrence is meant: 0 and *out, 1 = the tray with *reason_out, or -errno. */
static int match(struct engine *e, const struct engine_submit *s, uint32_t unit, uint32_t *out,
		 const char **reason_out, struct err *err)
{
	if (s->uid[0] == 0) {
		*reason_out = "没有写明是哪一项报送事项";
		return 1;
	}
	if (!obligation_exists(e, s->uid))
		return err_set(err, -ENOENT, "没有这项报送事项：%s（dubanctl due 列出全部）",
			       s->uid);
	if (s->rid[0] != 0)
		return engine_find(e, s->uid, s->rid, out, err);
	*out = earliest_open(e, s, unit);
	if (*out != NONE)
		return 0;
	*reason_out = "没有与之对应的、正在收件的未报事项";
	return 1;
}

static int store_it(struct engine *e, const struct engine_submit *s, uint32_t unit,
		    uint32_t occurrence, wall_t now, struct engine_receipt *out, struct err *err)
{
	struct submission sub = {
		.campaign = e->id,
		.occurrence = engine_occurrence_id(e, occurrence),
		.unit = engine_unit_id(e, unit),
		.received = SECOND_FLOOR(s->received),
		.stored = now,
		.zero = s->zero,
		.way = (char *)s->way,
		.actor = (char *)s->actor,
		.why = (char *)s->why,
		.request = (char *)s->request,
	};
	int rc;

	make_receipt(e, s, now, out->receipt);
	sub.receipt = out->receipt;
	rc = store_submission_add(e->store, &sub, s->parts, s->n_parts, s->fields, s->n_fields,
				  err);
	if (rc < 0)
		return rc;
	e->rows++; /* two reports of one instant get two receipts */
	engine_dirty(e, occurrence, unit);
	return engine_journal_add(
		e, now, s->actor, "submit",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:s, s:i}", "unit", s->unit, "uid",
			  s->uid, "rid", engine_text(e, e->campaign->occurrences[occurrence].rid),
			  "receipt", out->receipt, "way", s->way, "received",
			  (json_int_t)sub.received, "zero", s->zero, "why", s->why, "parts",
			  (int)s->n_parts),
		err);
}

int engine_submit(struct engine *e, const struct engine_submit *s, wall_t now,
		  struct engine_receipt *out, struct err *err)
{
	struct engine_submit own = *s; /* by id, however the unit was named */
	uint32_t unit = engine_find_unit(e, s->unit, err), occurrence = NONE;
	const char *reason = NULL;
	struct occurrence_facts *f;
	struct item_fact *it;
	int rc;

	*out = (struct engine_receipt){.occurrence = NONE};
	if (s->received > now + CLOCKS_APART) /* a slip of the pen would count for weeks */
		return err_set(err, -EINVAL, "收到时间不能晚于现在");
	if (unit == NONE)
		return -ENOENT;
	own.unit = engine_text(e, e->campaign->units[unit].id);
	if (own.request != NULL && own.request[0] == 0)
		own.request = NULL;
	s = &own;
	rc = submit_repeat(e, s, out, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = match(e, s, unit, &occurrence, &reason, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return to_tray(e, s, reason, now, out, err);
	f = facts_load(e, occurrence, unit);
	it = facts_item(f, unit);
	if (it == NULL) {
		rc = err_set(err, -ENOENT, "%s不承担这项报送事项",
			     engine_text(e, e->campaign->units[unit].name));
	} else if (s->zero && !engine_policy(e, occurrence)->zero) {
		rc = to_tray(e, s, "这项报送事项不接受零报告", now, out, err);
	} else if (SECOND_FLOOR(s->received) > engine_ladder(e, occurrence, it->due)->closes) {
		rc = to_tray(e, s, "已过补报截止时间", now, out, err);
	} else {
		const struct ladder *l = engine_ladder(e, occurrence, it->judged);
		wall_t first = MIN(it->first_received, SECOND_FLOOR(s->received));

		rc = store_it(e, s, unit, occurrence, now, out, err);
		out->on_time = first <= l->on_time;
		out->due = it->due;
		out->occurrence = occurrence;
	}
	facts_free(&f);
	return rc;
}

struct tray_copy {
	struct engine_submit s;
	wall_t decided;
	int64_t campaign;
	GPtrArray *strings;
	GArray *parts, *fields; /* struct part, struct field */
};

static char *keep(struct tray_copy *t, const char *s)
{
	char *copy = g_strdup(s);

	g_ptr_array_add(t->strings, copy);
	return copy;
}

/* As submit_parts_json() wrote them. */
static void keep_fields(struct tray_copy *c, const char *parts)
{
	json_t *j = json_loads(parts, 0, NULL), *value;
	const char *name;

	json_object_foreach(json_object_get(j, "fields"), name, value)
	{
		const char *text = json_string_value(value);
		struct field f = {keep(c, name), keep(c, text == NULL ? "" : text)};

		g_array_append_val(c->fields, f);
	}
	json_decref(j);
}

static void on_tray_item(void *arg, const struct tray_item *t)
{
	struct tray_copy *c = arg;

	c->s = (struct engine_submit){
		.unit = keep(c, t->unit),
		.uid = keep(c, t->uid),
		.rid = keep(c, t->rid),
		.received = t->received,
		.zero = t->zero,
		.way = keep(c, t->way),
	};
	keep_fields(c, t->parts);
	c->decided = t->decided;
	c->campaign = t->campaign;
}

static void on_tray_part(void *arg, const struct part *p)
{
	struct tray_copy *c = arg;
	struct part copy = {.name = keep(c, p->name), .size = p->size};
	char *bytes = g_malloc(p->size + 1);

	memcpy(bytes, p->bytes == NULL ? "" : p->bytes, p->size);
	g_ptr_array_add(c->strings, bytes);
	copy.bytes = bytes;
	g_array_append_val(c->parts, copy);
}

/* Accepting does not ask whether the item is closed: the person has. */
static int accept(struct engine *e, struct tray_copy *t, const char *actor, const char *why,
		  wall_t now, struct engine_receipt *out, struct err *err)
{
	uint32_t unit = engine_find_unit(e, t->s.unit, NULL), occurrence = NONE;
	struct occurrence_facts *f;
	struct item_fact *it;
	int rc;

	if (unit == NONE)
		return err_set(err, -EINVAL, "请指明报送单位");
	rc = engine_find(e, t->s.uid, t->s.rid, &occurrence, err);
	if (rc < 0)
		return rc;
	t->s.actor = actor;
	t->s.why = why;
	t->s.parts = (const struct part *)(void *)t->parts->data;
	t->s.n_parts = t->parts->len;
	t->s.fields = (const struct field *)(void *)t->fields->data;
	t->s.n_fields = t->fields->len;
	f = facts_load(e, occurrence, unit);
	it = facts_item(f, unit);
	if (it == NULL) {
		rc = err_set(err, -ENOENT, "该单位不承担这项报送事项");
	} else {
		out->on_time = MIN(it->first_received, t->s.received) <=
			       engine_ladder(e, occurrence, it->judged)->on_time;
		out->due = it->due;
		out->occurrence = occurrence;
		rc = store_it(e, &t->s, unit, occurrence, now, out, err);
	}
	facts_free(&f);
	return rc;
}

int engine_tray_decide(struct engine *e, int64_t id, bool accepted, const char *unit,
		       const char *uid, const char *rid, const char *actor, const char *why,
		       wall_t now, struct engine_receipt *out, struct err *err)
{
	struct tray_copy t = {.strings = g_ptr_array_new_with_free_func(g_free),
			      .parts = g_array_new(FALSE, FALSE, sizeof(struct part)),
			      .fields = g_array_new(FALSE, FALSE, sizeof(struct field))};
	int rc = store_tray_get(e->store, id, on_tray_item, &t);

	*out = (struct engine_receipt){.occurrence = NONE};
	if (rc < 0 || t.decided != 0 || t.campaign != e->id) {
		rc = err_set(err, -ENOENT, "待核件 %" G_GINT64_FORMAT " 不存在或已处理", id);
	} else {
		(void)store_tray_parts(e->store, id, on_tray_part, &t);
		if (unit != NULL && unit[0] != 0)
			t.s.unit = unit;
		if (uid != NULL && uid[0] != 0)
			t.s.uid = uid;
		if (rid != NULL && rid[0] != 0)
			t.s.rid = rid;
		rc = accepted ? accept(e, &t, actor, why, now, out, err) : 0;
		if (rc >= 0)
			rc = store_tray_decide(e->store, id, now,
					       accepted ? out->receipt : "rejected", err);
		if (rc >= 0)
			rc = engine_journal_add(
				e, now, actor, accepted ? "tray-accept" : "tray-reject",
				json_pack("{s:I, s:s}", "id", (json_int_t)id, "why", why), err);
		engine_touch(e);
	}
	g_ptr_array_unref(t.strings);
	g_array_unref(t.parts);
	g_array_unref(t.fields);
	return rc < 0 ? rc : 0;
}
