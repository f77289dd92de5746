/*
 * record.c - a planned notice becomes a row, and a part of its recipient's one message.
 */
#include <errno.h>

#include "alarm.h"
#include "record.h"

const char *record_role(const struct recipient *to, const struct campaign *c, const char *otherwise)
{
	return to->role != 0 ? campaign_text(c, to->role) : otherwise;
}

/* P6: one message for an address and channel in a tick. */
int record_message(struct engine *e, int64_t address, wall_t now, int64_t *out, struct err *err)
{
	int64_t *have = g_hash_table_lookup(e->messages, &address);
	int64_t id;

	if (have != NULL) {
		*out = *have;
		return 0;
	}
	id = store_message_add(e->store, e->id, address, now, now + e->expiry, err);
	if (id < 0)
		return (int)id;
	g_hash_table_insert(e->messages, g_memdup2(&address, sizeof(address)),
			    g_memdup2(&id, sizeof(id)));
	*out = id;
	return 0;
}

void record_show(struct engine *e, const struct record *r, int64_t message, const char *address,
		 wall_t now)
{
	struct engine_row row = {
		.at = now,
		.message = message,
		.sort = r->sort,
		.step = r->step,
		.uid = "-",
		.rid = "-",
		.due = r->due,
		.unit = r->unit == NONE ? "-" : engine_text(e, e->campaign->units[r->unit].id),
		.role = r->role,
		.address = address,
		.channel = r->to.channel,
		.state = r->state == NOTICE_PLANNED ? NOTICE_SENT : r->state,
		.reason = r->reason == NULL ? "" : r->reason,
	};

	e->rows++;
	if (e->on_row == NULL)
		return;
	if (r->occurrence != NONE) {
		row.uid = engine_text(e, engine_obligation(e, r->occurrence)->uid);
		row.rid = engine_text(e, e->campaign->occurrences[r->occurrence].rid);
	}
	e->on_row(e->on_row_arg, &row);
}

int record_notice(struct engine *e, const struct record *r, wall_t now, struct err *err)
{
	struct notice n = {
		.occurrence = r->occurrence == NONE ? 0 : engine_occurrence_id(e, r->occurrence),
		.unit = r->unit == NONE ? 0 : engine_unit_id(e, r->unit),
		.due = r->due,
		.step = engine_word(e, r->step),
		.n = r->n,
		.address = engine_address(e, r->to.channel, r->to.address),
		.role = engine_word(e, r->role),
		.sort = r->sort,
		.state = r->state,
		.superior = r->to.superior,
		.holds = r->holds,
		.at = now,
		.reason = r->reason,
	};
	int rc;

	if (n.occurrence < 0 || n.unit < 0 || n.step < 0 || n.address < 0 || n.role < 0)
		return err_set(err, -EIO, "数据库写入失败");
	if (r->state == NOTICE_PLANNED) {
		/* A streak is found again by every round: no message for what is said already. */
		if (r->sort == SORT_STREAK && store_notice_known(e->store, &n))
			return 0;
		rc = record_message(e, n.address, now, &n.message, err);
		if (rc < 0)
			return rc;
	}
	rc = store_notice_add(e->store, &n, err);
	if (rc == 1)
		record_show(e, r, n.message, engine_text(e, r->to.address), now);
	return rc;
}

int record_correction(struct engine *e, const struct notice *told, const char *step,
		      uint32_t occurrence, wall_t now, struct err *err)
{
	struct notice n = *told;
	g_autofree char *address = NULL;
	g_autofree char *role = store_word_get(e->store, n.role);
	struct record show = {
		.occurrence = occurrence,
		.unit = engine_unit_of(e, n.unit),
		.due = n.due,
		.step = step,
		.role = role,
		.sort = SORT_CORRECTION,
		.state = NOTICE_PLANNED,
		.reason = n.reason,
	};
	int rc;

	n.step = engine_word(e, step);
	n.sort = SORT_CORRECTION;
	n.state = NOTICE_PLANNED;
	n.holds = 0;
	n.at = now;
	if (n.step < 0)
		return err_set(err, -EIO, "数据库写入失败");
	rc = record_message(e, n.address, now, &n.message, err);
	if (rc >= 0)
		rc = store_notice_add(e->store, &n, err);
	if (rc != 1)
		return rc;
	(void)store_address_get(e->store, n.address, &show.to.channel, &address, NULL);
	record_show(e, &show, n.message, address, now);
	return 1;
}

int record_alarm_to(struct engine *e, const struct recipient *to, const char *step,
		    uint32_t occurrence, uint32_t unit, const char *reason, wall_t now,
		    struct err *err)
{
	struct record r = {
		.occurrence = occurrence,
		.unit = unit,
		.due = occurrence == NONE ? 0 : e->campaign->occurrences[occurrence].due,
		.step = step,
		.to = *to,
		.role = "office",
		.sort = SORT_ALARM,
		.state = NOTICE_PLANNED,
		.reason = reason,
	};
	int rc;

	/* Two alarms of one name and millisecond are two: none is lost for its key. */
	for (r.n = now; (rc = record_notice(e, &r, now, err)) == 0;)
		r.n++;
	return rc;
}

int record_alarm(struct engine *e, const char *mark, const char *step, uint32_t occurrence,
		 uint32_t unit, const char *reason, wall_t now, struct err *err)
{
	struct recipients to;
	int rc = mark == NULL ? 1 : store_mark(e->store, e->id, mark, now);

	if (rc <= 0)
		return rc;
	recipients_init(&to);
	recipients_office(e->campaign, 0, &to);
	for (guint i = 0; i < to.list->len && rc >= 0; i++)
		rc = record_alarm_to(e, &g_array_index(to.list, struct recipient, i), step,
				     occurrence, unit, reason, now, err);
	recipients_fini(&to);
	return rc;
}

int engine_alarm(struct engine *e, const char *step, const char *words, wall_t now, struct err *err)
{
	int rc;

	g_hash_table_remove_all(e->messages); /* those of a round that is over may have gone */
	rc = record_alarm(e, NULL, step, NONE, NONE, words, now, err);
	g_hash_table_remove_all(e->messages);
	return rc < 0 ? rc : 0;
}
