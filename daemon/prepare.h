/*
 * prepare.h - the longer half of a reload (places.h): read, parse, load, lint. Any thread that may block.
 */
#ifndef PREPARE_H
#define PREPARE_H

#include "last_good.h"
#include "notifiers/template.h"

/** How hostile calendars are read: in a child (parse.h). NULL: here, as tests do. */
typedef void places_parse_fn(struct campaign_files *files);

/** What a directory held when it was looked at. */
struct prepared {
	char *dir;
	struct campaign_files *files; /**< NULL: the directory could not be read */
	struct campaign *campaign;    /**< NULL: no campaign can be made of them */
	struct templates *templates;  /**< embedded ones, with those of the directory on top */
	GPtrArray *report;            /**< char *: findings, a line each */
	bool good;                    /**< there is a campaign, and no error in the files */
	unsigned turn;                /**< of last_good.h: out of date when it is another */
	GPtrArray *given; /**< struct given *: what sources gave and nobody committed yet */
};

/**
 * The directory's files, with what remote sources gave in place of theirs (last_good_lay()), @fresh (may
 * be NULL) among it. Never NULL; what is wrong is in .report.
 */
struct prepared *place_prepare(struct last_good *sources, places_parse_fn *parse, const char *dir,
			       const struct source_row *fresh, wall_t now);
/** The same of @files (taken), as they are. */
struct prepared *prepared_from(const char *dir, struct campaign_files *files, wall_t now,
			       places_parse_fn *parse);
void prepared_free(gpointer prepared);

#endif
