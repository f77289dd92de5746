/*
 * remote.h - verbs that speak the HTTP API on the control socket.
 */
#ifndef CTL_REMOTE_H
#define CTL_REMOTE_H

#include <jansson.h>

#include "ctl.h"

#define REMOTE_SOCKET_DEFAULT "/run/duban/control.sock"

extern const char *remote_socket;   /**< --socket; NULL: DUBAN_SOCKET, else the default */
extern const char *remote_campaign; /**< --campaign; NULL: the only one */

/**
 * One call. @query (may be NULL) are name, value, ..., NULL; @body is taken, NULL = GET.
 * Returns CTL_OK and *out (a new reference), or an exit code with the daemon's words said.
 */
int remote_call(const char *path, const char *const *query, json_t *body, json_t **out);

/** The same for an answer that is no JSON: *text_out, to g_free. */
int remote_text(const char *path, const char *const *query, char **text_out);

/** GET: what was answered, whatever the status says. CTL_OK and *out, or nobody answers. */
int remote_answer(const char *path, json_t **out);

/* health.c */
int health_ask(json_t **out); /**< {"ok", "troubles"}, or an exit code with words said */
void health_print(const json_t *troubles); /**< a line each */
/** Is there one of @code, of @campaign (NULL: any)? */
bool health_has(const json_t *troubles, const char *code, const char *campaign);

int ctl_health(const struct ctl_world *w, int argc, char **argv);
int ctl_status(const struct ctl_world *w, int argc, char **argv);
int ctl_list(const struct ctl_world *w, int argc, char **argv);
int ctl_tray(const struct ctl_world *w, int argc, char **argv);
int ctl_explain(const struct ctl_world *w, int argc, char **argv);
int ctl_submit(const struct ctl_world *w, int argc, char **argv);
int ctl_decide(const struct ctl_world *w, int argc, char **argv);
int ctl_reload(const struct ctl_world *w, int argc, char **argv);
int ctl_confirm(const struct ctl_world *w, int argc, char **argv);
int ctl_clock(const struct ctl_world *w, int argc, char **argv);
int ctl_backup(const struct ctl_world *w, int argc, char **argv);

/* journal.c */
/** The Chinese word for an event; the event itself if there is none. */
const char *journal_event(const char *event);
/** An entry's detail in words; @at: the entry's own instant. g_free. */
char *journal_text(const json_t *detail, const char *at);

/* table.c */
struct column {
	const char *key, *title;
};
/** Rows of objects as an aligned table; wide characters count two. */
void table_print(const json_t *rows, const struct column *columns);
/** The Chinese word for a standing, state or sort; the word itself if there is none. */
const char *word_zh(const char *word);
/** The Chinese word for an audience's role; the audience itself if it is none. */
const char *role_zh(const char *role);

#endif
