/*
 * find.c - units and occurrences as people name them.
 *
 * Programs say id, UID and RECURRENCE-ID; a person may also say the unit's name, the
 * number of the instance (第N期) or the day of its deadline.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

uint32_t engine_find_unit(const struct engine *e, const char *text, struct err *err)
{
	const struct campaign *c = e->campaign;
	uint32_t found = campaign_find_unit(c, text);

	for (uint32_t i = 0; found == NONE && i < c->n_units; i++)
		if (strcmp(campaign_text(c, c->units[i].name), text) == 0)
			found = i;
	if (found == NONE)
		(void)err_set(err, -ENOENT, "没有这个报送单位：%s（dubanctl units 列出全部）",
			      text);
	return found;
}

static const struct obligation *obligation_of(const struct engine *e, const char *uid)
{
	const struct campaign *c = e->campaign;

	for (uint32_t i = 0; i < c->n_obligations; i++)
		if (strcmp(engine_text(e, c->obligations[i].uid), uid) == 0)
			return &c->obligations[i];
	return NULL;
}

/* By 第N期: "2", "第2期". */
static uint32_t by_number(const struct engine *e, const struct obligation *ob, const char *rid)
{
	const char *digits = g_str_has_prefix(rid, "第") ? rid + strlen("第") : rid;
	char *end;
	unsigned long number = strtoul(digits, &end, 10);

	if (end == digits || end - digits > 4 || (*end != 0 && strcmp(end, "期") != 0))
		return NONE;
	for (uint32_t i = 0; i < ob->occurrences; i++)
		if (e->campaign->occurrences[ob->occurrence + i].number == number)
			return ob->occurrence + i;
	return NONE;
}

/* By the day of the deadline, if only one lies on it. */
static uint32_t by_day(const struct engine *e, const struct obligation *ob, const char *rid)
{
	uint32_t found = NONE;
	date_t day;

	if (!date_parse(rid, &day))
		return NONE;
	for (uint32_t i = 0; i < ob->occurrences; i++) {
		const struct occurrence *o = &e->campaign->occurrences[ob->occurrence + i];

		if (local_date(zone_local(e->campaign->zone, o->due)) != day)
			continue;
		if (found != NONE)
			return NONE;
		found = ob->occurrence + i;
	}
	return found;
}

int engine_find(struct engine *e, const char *uid, const char *rid, uint32_t *out, struct err *err)
{
	const struct campaign *c = e->campaign;
	const struct obligation *ob = obligation_of(e, uid);
	uint32_t found = campaign_find_occurrence(c, uid, rid);
	bool unnamed = rid[0] == 0 || strcmp(rid, "-") == 0;

	if (found == NONE && ob == NULL)
		return err_set(err, -ENOENT, "没有这项报送事项：%s（dubanctl due 列出全部）", uid);
	if (found == NONE && unnamed && ob->recurs)
		return err_set(err, -EINVAL,
			       "%s 是周期事项，须指明哪一期：期数、截止日期或 RID（如 1、%s）", uid,
			       ob->occurrences > 0
				       ? engine_text(e, c->occurrences[ob->occurrence].rid)
				       : "20190809T090000Z");
	if (found == NONE && unnamed && ob->occurrences == 1)
		found = ob->occurrence;
	if (found == NONE && !unnamed)
		found = by_number(e, ob, rid);
	if (found == NONE && !unnamed)
		found = by_day(e, ob, rid);
	if (found == NONE)
		return err_set(err, -ENOENT, "%s 没有这一期：%s（dubanctl due --uid %s 列出各期）",
			       uid, rid, uid);
	*out = found;
	return 0;
}
