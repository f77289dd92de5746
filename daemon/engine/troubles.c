/*
 * troubles.c - what is wrong with the daemon, told to the office: when it lasts, and when it is over.
 */
#include <string.h>

#include "alarm.h"
#include "record.h"

/* Date and minute as the campaign's people read them. */
static char *minute_text(const struct engine *e, wall_t t)
{
	g_autofree char *text = engine_format(e, t);

	return g_strdup_printf("%.10s %.5s", text, text + 11);
}

static char *over_text(const struct engine *e, const struct engine_trouble *t, bool english)
{
	g_autofree char *since = minute_text(e, t->since), *ended = minute_text(e, t->ended);

	return trouble_over_text(t->code, since, ended, english);
}

/* Everybody of the office who has not heard of it through another campaign. */
static int tell(struct engine *e, const struct engine_trouble *t, const char *words,
		const GHashTable *heard, wall_t now, struct err *err)
{
	const char *step = trouble_title(t->code, false);
	struct recipients to;
	int rc = 0;

	recipients_init(&to);
	recipients_office(e->campaign, 0, &to);
	for (guint i = 0; i < to.list->len && rc >= 0; i++) {
		const struct recipient *one = &g_array_index(to.list, struct recipient, i);

		if (t->campaign == NULL &&
		    g_hash_table_contains((GHashTable *)heard, engine_text(e, one->address)))
			continue;
		rc = record_alarm_to(e, one, step, NONE, NONE, words, now, err);
	}
	recipients_fini(&to);
	return rc;
}

static int tell_one(struct engine *e, const struct engine_trouble *t, const GHashTable *heard,
		    wall_t now, struct err *err)
{
	bool english = g_str_has_prefix(engine_text(e, e->campaign->locale), "en");
	g_autofree char *words =
		t->over ? over_text(e, t, english) : g_strdup(english ? t->text_en : t->text);
	int rc = t->over ? store_unmark(e->store, e->id, t->mark)
			 : store_mark(e->store, e->id, t->mark, now);

	if (rc < 0)
		return err_set(err, rc, "数据库写入失败");
	if (rc == 0 && !t->over)
		return 0; /* told before */
	rc = tell(e, t, words, heard, now, err);
	return rc < 0 ? rc
		      : engine_journal_add(e, now, "duband", t->over ? "trouble-over" : "trouble",
					   json_pack("{s:s, s:s}", "code", trouble_word(t->code),
						     "text", words),
					   err);
}

int engine_tell_troubles(struct engine *e, const struct engine_trouble *list, unsigned n,
			 GHashTable *heard, wall_t now, struct err *err)
{
	struct recipients to;
	int rc = 0;

	g_hash_table_remove_all(e->messages); /* those of a round that is over may have gone */
	for (unsigned i = 0; i < n && rc >= 0; i++)
		if (list[i].campaign == NULL || strcmp(list[i].campaign, engine_key(e)) == 0)
			rc = tell_one(e, &list[i], heard, now, err);
	g_hash_table_remove_all(e->messages);
	recipients_init(&to);
	recipients_office(e->campaign, 0, &to);
	for (guint i = 0; i < to.list->len; i++)
		(void)g_hash_table_add(
			heard, g_strdup(engine_text(
				       e, g_array_index(to.list, struct recipient, i).address)));
	recipients_fini(&to);
	return rc < 0 ? rc : 0;
}
