/*
 * build.h - a campaign while it is being read: what the files of this room share.
 *
 * Nothing outside daemon/campaign/ includes it.
 */
#ifndef CAMPAIGN_BUILD_H
#define CAMPAIGN_BUILD_H

#include "daemon/campaign/load.h"
#include "daemon/campaign/near.h"
#include "daemon/campaign/texts.h"
#include "daemon/campaign/unit_table.h"
#include "daemon/campaign/yaml.h"

#define YAML_FILE "campaign.yaml"
#define UNITS_FILE "units.csv"
#define CALENDAR_FILE "campaign.ics"
#define HOLIDAYS_FILE "holidays.ics"
#define DUTY_DIR "duty/"

struct place {
	int line, column;
};

struct build {
	const struct campaign_files *files;
	struct findings *findings;
	wall_t until;
	struct texts *texts;
	struct campaign *c; /**< scalars are written here at once, arrays at the end */

	GArray *units;       /**< struct unit */
	GArray *contacts;    /**< struct contact */
	GArray *names;       /**< text_t */
	GArray *policies;    /**< struct policy */
	GArray *steps;       /**< struct step */
	GArray *audiences;   /**< struct audience */
	GArray *obligations; /**< struct obligation */
	GArray *occurrences; /**< struct occurrence */
	GArray *owing;       /**< uint32_t */
	GArray *alarms;      /**< struct alarm */
	GArray *periods;     /**< struct period */
	GArray *rosters;     /**< struct roster */
	GArray *shifts;      /**< struct shift */
	GArray *sources;     /**< struct source */

	/* where things stand, for the lints */
	GArray *unit_lines;    /**< int, a unit */
	GArray *policy_places; /**< struct place, a policy */
	GArray *step_places;   /**< struct place, a step */
	GArray *policy_named;  /**< bool, a policy: some component names it, sound or not */
	GArray *period_lines;  /**< int, a period */
	struct place office_place;

	struct unit_table unit_of;
	GHashTable *policy_of; /**< text_t of a name -> index + 1 */
	GHashTable *tag_set;   /**< text_t of every tag */
};

#define build_at(array, type, i) (&g_array_index(array, type, i))

/** Is there an error about a file whose name begins with @file? */
bool build_has_errors(const struct findings *f, const char *file);

/** Index of the unit @id, or NONE. */
uint32_t build_find_unit(const struct build *b, const char *id);
/** Index behind @table's entry for @text, or NONE. */
uint32_t build_find(const struct build *b, GHashTable *table, const char *text);

static inline const struct unit *build_unit(const struct build *b, uint32_t i)
{
	return build_at(b->units, struct unit, i);
}

static inline const char *build_text(const struct build *b, text_t t)
{
	return texts_get(b->texts, t);
}

/** The file at @path, or NULL. */
const struct campaign_file *campaign_files_find(const struct campaign_files *f, const char *path);

/** Wait for who parses the calendars of @f, if that is not done yet. */
void campaign_files_settle(struct campaign_files *f);

/** Read the calendar @file into @c; as calendar_read(). */
int campaign_file_calendar(const struct campaign_file *file, struct calendar *c,
			   struct findings *findings);

#endif
