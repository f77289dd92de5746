/*
 * ctl.h - the verbs of dubanctl: one row each, with its own options and help.
 *
 * Offline verbs read files and never touch a database; the others speak the HTTP
 * API on the control socket.  The world (files) is handed in by the program,
 * because ctl/ includes nothing of io/.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdio.h>

#include "daemon/campaign/load.h"
#include "daemon/core/err.h"

/** Exit codes of sysexits.h that people and service managers rely on. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILURE = 1,
	CTL_USAGE = 64,
	CTL_UNAVAILABLE = 69,
	CTL_TEMPORARY = 75,
	CTL_NO_PERMISSION = 77,
	CTL_CONFIG = 78
};

struct ctl_world {
	int (*read_campaign)(const char *dir, struct campaign_files **out, struct err *err);
	int (*read_file)(const char *path, char **bytes_out, size_t *size_out, struct err *err);
	/** A workbook (.xlsx) as CSV, taken apart in a process that may die of it. */
	int (*read_workbook)(const char *path, char **csv_out, struct err *err);
	/** @rows (char **, the first is the header) as a workbook with one sheet. */
	int (*write_workbook)(const char *path, const char *sheet, const GPtrArray *rows,
			      struct err *err);
	/** Is it a directory? */
	bool (*is_dir)(const char *path);
	/** Whole or not at all, whatever happens meanwhile. */
	int (*write_file)(const char *path, const void *bytes, size_t size, struct err *err);
	/** With the directories above it; one that is there already is fine. */
	int (*make_dir)(const char *path, struct err *err);
	wall_t (*now)(void);
};

struct ctl_verb {
	const char *name, *arguments, *help;
	int (*run)(const struct ctl_world *w, int argc, char **argv);
};

/** NULL-terminated by name == NULL. */
extern const struct ctl_verb ctl_verbs[];

/** Run `dubanctl ARGV`; returns the exit code. */
int ctl_main(const struct ctl_world *w, int argc, char **argv);

/* ---- for the verbs ---- */

/** One option: "--name" (flag), or with a value when .value is set. */
struct ctl_option {
	const char *name;
	bool *flag;
	const char **value;
	GPtrArray *values; /**< for options that may be repeated */
	const char *help;
};

/**
 * Take the options (NULL-terminated) out of argv; what is left are the arguments, counted in
 * *argc_out. --help prints usage and exits 0. Returns 0 or CTL_USAGE, said on stderr.
 */
int ctl_options(const struct ctl_verb *verb, const struct ctl_option *options, int argc,
		char **argv, int *argc_out);
const struct ctl_verb *ctl_verb_get(const char *name);
/** "dubanctl VERB: words" on stderr; returns @code. */
int ctl_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int ctl_usage(const char *verb);
void ctl_print_findings(FILE *to, const char *dir, struct findings *f);
/** "calendars/x/" and "calendars/x" are the same directory. */
void ctl_strip_slashes(char *path);
/** A campaign's files; an exit code with the reason said. *out only on CTL_OK. */
int ctl_read_campaign(const struct ctl_world *w, const char *dir, struct campaign_files **out);
/**
 * A campaign without errors: warnings are silent, errors are told and refuse, with @purpose in the
 * words ("推演"). @files_out may be NULL. CTL_OK and *out, or an exit code.
 */
int ctl_load(const struct ctl_world *w, const char *dir, const char *purpose,
	     struct campaign_files **files_out, struct campaign **out);

int ctl_check(const struct ctl_world *w, int argc, char **argv);
int ctl_expand(const struct ctl_world *w, int argc, char **argv);
int ctl_simulate(const struct ctl_world *w, int argc, char **argv);
int ctl_roster(const struct ctl_world *w, int argc, char **argv);
int ctl_diff(const struct ctl_world *w, int argc, char **argv);
int ctl_feed(const struct ctl_world *w, int argc, char **argv);
int ctl_template(const struct ctl_world *w, int argc, char **argv);
int ctl_calendar(const struct ctl_world *w, int argc, char **argv);
int ctl_new(const struct ctl_world *w, int argc, char **argv);
int ctl_holidays(const struct ctl_world *w, int argc, char **argv);

#endif
