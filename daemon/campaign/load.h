/*
 * load.h - bytes of a campaign directory to a struct campaign, with findings.
 *
 * Pure: the caller (io/files) has read the bytes.  The loader never stops at the
 * first error: it collects findings, and returns a campaign only if none of them
 * is fatal for planning (a broken component is left out, owed by nobody, and named).
 */
#ifndef CAMPAIGN_LOAD_H
#define CAMPAIGN_LOAD_H

#include "calendars/flat.h"
#include "daemon/core/err.h"
#include "daemon/core/finding.h"
#include "daemon/core/words.h"

/** One file of the directory, path relative to it ("duty/zhiban.ics"). */
struct campaign_file {
	char *path;
	const char *bytes; /**< those of .held; no terminator behind them */
	size_t size;
	GBytes *held;
	struct flat
		*flat; /**< what a child read of these bytes (calendars/flat.h); NULL: read here */
};

typedef void campaign_await_fn(void *arg);

struct campaign_files {
	char *key;        /**< the directory's last component */
	GPtrArray *files; /**< struct campaign_file *, by path, owned */
	campaign_await_fn *await;
	void *await_arg;
};

struct campaign_files *campaign_files_new(const char *key);
void campaign_files_free(struct campaign_files **f);
/** Copies the bytes. */
void campaign_files_add(struct campaign_files *f, const char *path, const void *bytes, size_t size);
/** Takes a reference. */
void campaign_files_share(struct campaign_files *f, const char *path, GBytes *bytes);
/** The same, in place of what is there under that path. */
void campaign_files_put(struct campaign_files *f, const char *path, const void *bytes, size_t size);

/** Each sound source that campaign.yaml names, whatever else is wrong with it (campaign/sources.h). */
typedef void campaign_source_fn(void *arg, const char *as, const char *url);
void campaign_each_source(const struct campaign_files *files, campaign_source_fn *fn, void *arg);

/**
 * The calendars of @f are being parsed meanwhile: @fn is called once, before one of them is looked at
 * or @f is freed, and calls campaign_files_parsed() for each.
 */
void campaign_files_await(struct campaign_files *f, campaign_await_fn *fn, void *arg);
/** A child has parsed the calendar at @path, which was added: @flat is taken. */
void campaign_files_parsed(struct campaign_files *f, const char *path, struct flat *flat);

#define CAMPAIGN_FILE_MAX (16u << 20)

/**
 * @until  how far rules without an end are expanded when the campaign has no phases
 *         (with phases: to the end of the last one). Bounded rules are expanded whole.
 * @findings  receives errors and warnings; paths as given in @files, prefixed by nothing.
 *
 * Returns 0 and *out (caller frees), or -EINVAL: no campaign can be made of it
 * (campaign.yaml or units.csv unreadable, office missing, calendar no calendar). Errors
 * confined to one component or row leave that out and still return 0; the caller decides
 * whether findings->errors > 0 keeps the last good campaign in force.
 */
int campaign_load(const struct campaign_files *files, wall_t until, struct campaign **out,
		  struct findings *findings);
void campaign_free(struct campaign **c);

/** Lints that need the whole campaign (design: "check warns"). Adds warnings and errors. */
void campaign_lint(const struct campaign *c, const struct campaign_files *files,
		   struct findings *findings);

/**
 * Years (int) that the campaign touches and of whose holidays nothing is known (design: Time): without
 * holidays.ics all of them. Caller unrefs.
 */
GArray *campaign_unknown_years(const struct campaign *c);

/** Index by id / (uid, rid); NONE if there is none. Linear or hashed, callers need not care. */
uint32_t campaign_find_unit(const struct campaign *c, const char *id);
/** Does @unit of @c owe @ob? */
bool campaign_owes(const struct campaign *c, const struct obligation *ob, uint32_t unit);
uint32_t campaign_find_occurrence(const struct campaign *c, const char *uid, const char *rid);

#endif
