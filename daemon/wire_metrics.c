/*
 * wire_metrics.c - what the loop can count, as Prometheus reads it (text format 0.0.4).
 *
 * One table: name, kind, help, value.  How many reports and messages there are is a question to
 * the database (GET /v1/status); this is answered though it hangs.
 */
#include "daemon/io/smtp.h"
#include "wire_health.h"

struct figure {
	const char *name, *kind, *help;
	double value;
};

static void add_troubles(struct daemon *d, GString *to)
{
	json_t *list = wire_health_troubles(d), *row;
	unsigned count[TROUBLES] = {0};
	size_t i;

	json_array_foreach(list, i, row)
	{
		const char *code = json_string_value(json_object_get(row, "code"));

		for (int k = 0; k < TROUBLES; k++)
			count[k] += g_strcmp0(code, trouble_word((enum trouble_code)k)) == 0;
	}
	json_decref(list);
	g_string_append(to, "# HELP duban_troubles What is wrong now; duband(8), HEALTH.\n"
			    "# TYPE duban_troubles gauge\n");
	for (int k = 0; k < TROUBLES; k++)
		g_string_append_printf(to, "duban_troubles{code=\"%s\"} %u\n",
				       trouble_word((enum trouble_code)k), count[k]);
}

/* Numbers with a point, whatever the locale. */
static void add_figure(GString *to, const struct figure *f)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(to, "# HELP duban_%s %s\n# TYPE duban_%s %s\nduban_%s %s\n", f->name,
			       f->help, f->name, f->kind, f->name,
			       g_ascii_formatd(text, sizeof(text), "%.15g", f->value));
}

static void add_relay(struct daemon *d, GString *to)
{
	struct smtp_counts c = {0};

	if (d->senders[DRIVER_SMTP] != NULL)
		smtp_counts(d->senders[DRIVER_SMTP], &c);
	{
		const struct figure figures[] = {
			{"relay_connections", "gauge", "Open connections to the mail relay.",
			 c.connections},
			{"relay_connects_total", "counter", "Connections made to the mail relay.",
			 (double)c.connects},
			{"relay_connect_failures_total", "counter",
			 "Connections to the mail relay that did not come about.",
			 (double)c.connect_failures},
			{"relay_mails_sent_total", "counter", "Mails that the relay has taken.",
			 (double)c.sent},
		};

		for (size_t i = 0; i < G_N_ELEMENTS(figures); i++)
			add_figure(to, &figures[i]);
	}
}

char *wire_metrics(struct daemon *d)
{
	const struct health *h = d->health;
	GString *to = g_string_new(NULL);
	const struct figure figures[] = {
		{"start_time_seconds", "gauge", "When the daemon started, since 1970.",
		 (double)d->since / SECOND},
		{"next_wake_seconds", "gauge", "When the planner asks again, since 1970; 0: never.",
		 d->wake == WALL_NEVER ? 0 : (double)d->wake / SECOND},
		{"database_jobs", "gauge", "Jobs that the database thread has not ended.",
		 writer_pending(d->writer)},
		{"database_log_bytes", "gauge", "Of the log, not copied into the database.",
		 (double)writer_log_left(d->writer)},
		{"disk_free_bytes", "gauge", "Free on the database's file system.",
		 (double)h->disk_free},
		{"disk_size_bytes", "gauge", "Size of the database's file system.",
		 (double)h->disk_total},
		{"messages_ready", "gauge", "Messages that wait for a sender.", d->ready_count},
		{"messages_in_flight", "gauge", "Messages on their way.", d->in_flight},
	};

	add_troubles(d, to);
	for (size_t i = 0; i < G_N_ELEMENTS(figures); i++)
		add_figure(to, &figures[i]);
	add_relay(d, to);
	return g_string_free(to, FALSE);
}
