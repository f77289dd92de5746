/*
 * settings.h - duban.yaml: where things lie and how mail leaves. What people owe is not here.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <glib.h>

#include "daemon/core/err.h"
#include "daemon/core/finding.h"
#include "daemon/core/words.h"

/** A login at one host, and at no other. */
struct credential {
	char *name;
	char *host; /**< as in a URL: "cal.example.org", "[::1]" */
	int port;   /**< -1: the scheme's own */
	char *user, *password;
};

struct settings {
	char *database;
	GPtrArray *campaigns; /**< char *: campaign directories, those of a parent spelled out */
	char *socket;
	/* mail */
	char *relay; /**< smtp://host:port or smtps://host:port; NULL: no mail */
	char *from, *from_name, *host;
	int starttls; /**< 0 no, 1 when offered, 2 required */
	char *ca_file, *user, *password;
	unsigned connections;
	/* webhook */
	char *webhook_secret;
	GPtrArray *webhook_allow; /**< char *: networks that are not public and yet allowed */
	/* remote sources */
	GPtrArray *source_allow; /**< char *: the same for them */
	char *source_ca_file;
	dur_t source_timeout;
	GPtrArray *credentials; /**< struct credential * */
	char *redirect;
	char *locale;
	dur_t expire;
	int log_level;
	int64_t disk_percent, disk_bytes; /**< less free is told; 0 = never */
	bool ntp; /**< the clock is in doubt until a time server disciplines it */
	/* the demo's clock */
	double pace;      /**< 0 = real time */
	char *pace_start; /**< instant, read in the first campaign's zone */
	char *pace_until; /**< the same: where it stands still until told to go on */
};

/**
 * Read @path and the secrets it names. Returns 0 and *out, or -EINVAL / -ENOENT with findings
 * (file, line, column). A named secret that cannot be read is an error, never an empty one.
 */
int settings_read(const char *path, struct settings **out, struct findings *findings);
/** NULL with words: there is no such credential, or it is for another host than @host of a source. */
const struct credential *settings_credential(const struct settings *s, const char *name,
					     const char *host, struct err *err);
/**
 * @path is read again; what a restart would make of it and a reload does not is said in lines of
 * @report (char *): campaigns that came or went, or the first error.
 */
void settings_compare(const struct settings *s, const char *path, GPtrArray *report);
void settings_free(struct settings **s);
/** smtp or smtps, a host and perhaps a port, and nothing else? */
bool settings_relay_is_good(const char *relay);
/** Is the relay (and every host of it) on this machine? Without it the paced clock is refused. */
bool settings_is_loopback(const struct settings *s);

#endif
