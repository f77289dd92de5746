/*
 * words.h - the words of the domain, as plain data.
 *
 * Every other room speaks in these types and in no others; docs/ARCHITECTURE.md
 * has the same words for people.  Nothing here knows a file format, a table, a
 * socket or a clock.
 *
 * Instants are milliseconds since 1970 UTC (wall_t).  Local time exists only in
 * calendars/.  Texts of a campaign live in one block and are named by offset
 * (text_t): a district of 100,000 units must fit into 20 MB.
 */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef int64_t wall_t; /**< instant: ms since 1970-01-01T00:00:00Z */
typedef int64_t mono_t; /**< ms on the monotonic clock; never stored */
typedef int64_t dur_t;  /**< length in ms */

#define WALL_NEVER INT64_MAX
#define WALL_ALWAYS INT64_MIN
#define SECOND ((dur_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/** Offset into struct campaign.text; 0 is the empty string. */
typedef uint32_t text_t;

/** "No such index", for every uint32_t index below. */
#define NONE UINT32_MAX

/* ---- people ------------------------------------------------------------- */

enum channel {
	CHANNEL_EMAIL,
	CHANNEL_WEBHOOK,
	CHANNEL_WECOM,
	CHANNEL_DINGTALK,
	CHANNEL_FEISHU,
	CHANNELS
};

enum role { ROLE_LIAISON, ROLE_LEADER, ROLE_HEAD, ROLES };

/** A person of a unit in one role: one row of units.csv. */
struct contact {
	uint32_t unit;    /**< index into campaign.units */
	uint8_t role;     /**< enum role */
	uint8_t channels; /**< bit per channel that may be used and has an address */
	text_t person;
	text_t phone;
	text_t locale;            /**< "" = the campaign's */
	text_t address[CHANNELS]; /**< "" = has none */
};

/** What a unit is to the campaign; office and committee owe no reports. */
enum unit_sort { UNIT_REPORTS, UNIT_OFFICE, UNIT_COMMITTEE };

struct unit {
	text_t id, name, kind;
	uint32_t parent;            /**< index of a unit or NONE */
	uint32_t contact, contacts; /**< its contacts: campaign.contacts[contact ..] */
	uint32_t tag, sender;       /**< its first tag and sender: campaign.names[..] */
	uint8_t tags;               /**< how many; its kind is one */
	uint8_t senders;            /**< further addresses or @domains */
	uint8_t sort;               /**< enum unit_sort */
};

/* ---- policies ----------------------------------------------------------- */

#define OFFSET_PARTS_MAX 6

/**
 * A signed distance on the wall clock: "-1wd@09:30", "+2d", "-3h", "0".
 * Parts apply from left to right, the time of day last (design: Time).
 */
struct offset {
	int8_t sign; /**< -1 before, +1 after, 0 the base itself */
	uint8_t parts;
	int16_t at; /**< minute of the day, -1 = keep the time of day */
	struct {
		int32_t amount; /**< > 0 */
		char unit;      /**< 'w' weeks 'd' days 'b' working days 'h' hours 'm' minutes */
	} part[OFFSET_PARTS_MAX];
};

/** Weekly hours in which people are told things; a closed interval a day. */
struct window {
	bool set;               /**< false: any hour of any day */
	bool working;           /**< working days (make-up days count, days off do not) */
	uint8_t days;           /**< else: bit 0 = Monday .. bit 6 = Sunday */
	int16_t from, to, back; /**< minutes of the day; from <= back <= to */
};

struct slot {
	int8_t weekday; /**< 0 = Monday; -1 = no slot */
	int16_t at;     /**< minute of the day */
};

enum audience_kind {
	AUDIENCE_ROLE,        /**< .role of the unit that owes */
	AUDIENCE_PARENT_ROLE, /**< .role of its parent */
	AUDIENCE_UNIT,        /**< every contact of .index */
	AUDIENCE_OFFICE,
	AUDIENCE_COMMITTEE,
	AUDIENCE_DUTY /**< on shift in roster .index; .part */
};

enum duty_part { DUTY_ALL, DUTY_LEADER, DUTY_STAFF };

/** One entry of a step's `to`, a list of audiences already spelled out. */
struct audience {
	uint8_t kind;   /**< enum audience_kind */
	uint8_t role;   /**< enum role */
	uint8_t part;   /**< enum duty_part */
	uint32_t index; /**< unit or roster */
	text_t name;    /**< as written in `to`: what people and tables see */
};

struct step {
	text_t name;
	struct offset at;
	uint32_t to, tos; /**< campaign.audiences[to ..] */
	uint8_t via;      /**< bit per channel; 0 = e-mail */
	bool sign;        /**< waits for a person's release */
	struct slot slot;
	struct offset every; /**< distance between repeats */
	uint8_t times;       /**< repeats after the step itself, 0 .. REPEATS_MAX */
};
#define REPEATS_MAX 100

enum off_day { OFF_DAY_KEEP, OFF_DAY_BEFORE, OFF_DAY_AFTER };

struct off_day_rule {
	uint8_t what; /**< enum off_day */
	uint8_t nth;  /**< after: the n-th working day, from 1 */
	int16_t at;   /**< minute of the day, -1 = keep */
};

struct streak {
	uint8_t misses; /**< 0 = no streak */
	uint32_t to, tos;
	text_t name;
};

/** A ladder of reminders and escalations. */
struct policy {
	text_t name;
	struct offset warn;   /**< sign 0: none; else counted back from due */
	struct offset grace;  /**< sign 0: none; counted on from due */
	struct offset closes; /**< sign 0: never; counted on from due */
	struct off_day_rule off_day;
	bool zero;            /**< a zero report is enough */
	struct window window; /**< the policy's own or the campaign's */
	struct streak streak;
	uint32_t step, steps;    /**< campaign.steps[step ..] */
	uint32_t match, matches; /**< words that name it in a mail: campaign.names[..] */
};

/* ---- what is owed ------------------------------------------------------- */

enum category {
	CATEGORY_NONE,
	CATEGORY_REPORT,
	CATEGORY_MILESTONE,
	CATEGORY_PHASE,
	CATEGORY_BULLETIN,
	CATEGORY_WATCH,
	CATEGORY_DUTY,
	CATEGORY_OFF,
	CATEGORY_WORK
};

/** A VALARM: one more step, for the liaison. */
struct alarm {
	bool absolute;
	wall_t instant;   /**< when absolute */
	struct offset at; /**< else; sign 0 or +1 counts from due + grace */
};

/** A thing owed: one calendar component with a UID. */
struct obligation {
	text_t uid, summary, description;
	text_t file;
	uint32_t line;
	uint8_t category; /**< REPORT or MILESTONE */
	bool recurs, all_day;
	uint32_t policy;                  /**< index into campaign.policies */
	uint32_t owing, owings;           /**< campaign.owing[owing ..]: unit indexes, ascending */
	uint32_t occurrence, occurrences; /**< campaign.occurrences[..], by due, then rid */
	text_t tags;                      /**< the tags it names, "; "-joined, for people */
};

/** One instance of an obligation. Identity: (uid, rid). */
struct occurrence {
	uint32_t obligation;
	uint32_t number; /**< 第N期: 1 for the first; cancelled ones keep theirs */
	text_t rid;      /**< "YYYYMMDDThhmmssZ", "YYYYMMDD" all-day, "-" */
	text_t summary;  /**< this instance's */
	wall_t written;  /**< the deadline as the calendar has it */
	wall_t due;      /**< after on_off_day */
	wall_t read;     /**< due by today's zone files; a past due that they moved stays */
	wall_t opens;
	uint32_t alarm, alarms; /**< campaign.alarms[alarm ..] */
};

/** A phase, bulletin or key period: something with a beginning and an end. */
struct period {
	uint8_t category;
	text_t uid, rid, summary;
	wall_t from, to; /**< half-open */
};

struct shift {
	uint32_t roster; /**< index into campaign.rosters */
	wall_t from, to; /**< half-open */
	text_t uid, rid;
	text_t person, email;
	uint32_t contact; /**< index or NONE when nobody in units.csv is that person */
	bool leader;
	text_t file;
	uint32_t line;
};

struct roster {
	text_t name;            /**< file name without .ics */
	uint32_t shift, shifts; /**< campaign.shifts[..], by from */
};

/** How a remote calendar is read. */
enum source_kind {
	SOURCE_FILE,  /**< one .ics by GET (webcal) */
	SOURCE_CALDAV /**< every member of a CalDAV collection */
};

/** A remote calendar that stands for a file of the campaign. */
struct source {
	text_t as;         /**< that file's path: "duty/guoqing.ics" */
	text_t url;        /**< https:// or http://; may carry a key: never shown whole */
	text_t host;       /**< "cal.example.org", "127.0.0.1:5232": what people are shown of it */
	text_t credential; /**< a name in duban.yaml; 0 = none */
	uint8_t kind;      /**< enum source_kind */
	dur_t poll;
};

#define GUARD_OFF 0
#define GUARD_ITEMS_MIN 5

/**
 * A campaign as its files say it.  Immutable once loaded; all arrays are owned
 * by it and freed with campaign_free() (campaign/load.h).
 */
struct campaign {
	char *text; /**< the block that text_t points into; text[0] = 0 */
	size_t text_size;

	text_t name, zone_name, locale, key; /**< key: the directory's name */
	uint32_t office;                     /**< index of the office's unit */
	struct window window;
	uint8_t hold_if_missing; /**< percent, GUARD_OFF = never */
	bool invitations;        /**< deadlines are mailed as invitations, and cancelled */
	wall_t track_from;       /**< WALL_NEVER: when first loaded */
	wall_t starts, ends;     /**< first phase's start, last phase's end */
	uint64_t digest;         /**< of all bytes read; equal files, equal digest */

	struct unit *units;
	uint32_t n_units;
	struct contact *contacts;
	uint32_t n_contacts;
	text_t *names;
	uint32_t n_names;
	struct policy *policies;
	uint32_t n_policies;
	struct step *steps;
	uint32_t n_steps;
	struct audience *audiences;
	uint32_t n_audiences;
	struct obligation *obligations;
	uint32_t n_obligations;
	struct occurrence *occurrences;
	uint32_t n_occurrences;
	uint32_t *owing;
	uint32_t n_owing;
	struct alarm *alarms;
	uint32_t n_alarms;
	struct period *periods;
	uint32_t n_periods;
	struct roster *rosters;
	uint32_t n_rosters;
	struct shift *shifts;
	uint32_t n_shifts;
	struct source *sources;
	uint32_t n_sources;

	const struct zone *zone; /**< calendars/zone.h; borrowed, lives for ever */
	const struct days *days; /**< calendars/days.h; owned */
	/** campaign/index.h; owned. NULL in a campaign made by hand: found by looking through. */
	const struct campaign_index *index;
};

/** The text behind an offset; never NULL. */
static inline const char *campaign_text(const struct campaign *c, text_t t)
{
	return c->text + t;
}

/* ---- what is said ------------------------------------------------------- */

/** A notice's sort. Order is that of design: Interfaces. */
enum sort {
	SORT_REMIND,   /**< a step before the deadline */
	SORT_ESCALATE, /**< a step at or after it */
	SORT_STREAK,
	SORT_DECISION,
	SORT_CORRECTION,
	SORT_DUTY,
	SORT_RECEIPT,
	SORT_BULLETIN,
	SORT_ALARM,
	SORTS
};

/** What became of a notice. */
enum notice_state {
	NOTICE_PLANNED, /**< in a message that waits */
	NOTICE_SENT,
	NOTICE_SUPERSEDED, /**< a later step or a decision stands for it */
	NOTICE_WITHDRAWN,  /**< answered or moved before it was told */
	NOTICE_OVERTAKEN,  /**< its whole message was left without notices */
	NOTICE_HELD,       /**< waits for a release or a fresh view */
	NOTICE_STATES
};

enum standing {
	STANDING_OPEN,
	STANDING_DUE_SOON,
	STANDING_OVERDUE,
	STANDING_MISSED,
	STANDING_ON_TIME,
	STANDING_LATE,
	STANDING_RETURNED,
	STANDING_EXEMPT,
	STANDING_UNTRACKED,
	STANDINGS
};

/** An outbox row's state. */
enum outbox_state {
	OUTBOX_QUEUED,
	OUTBOX_LEASED,
	OUTBOX_SENT,
	OUTBOX_RETRY,
	OUTBOX_REFUSED,
	OUTBOX_UNKNOWN,
	OUTBOX_EXPIRED,
	OUTBOX_OVERTAKEN,
	OUTBOX_STATES
};

enum decision_kind {
	DECISION_EXTEND,
	DECISION_RETURN,
	DECISION_EXEMPT,
	DECISION_REFUSE, /**< an extension asked for and refused */
	DECISION_UNDO,   /**< of an exemption */
	DECISION_PAUSE,
	DECISION_RESUME,
	DECISION_RELEASE,
	DECISION_KINDS
};

/** The English word of the interfaces ("remind", "sent", "overdue", "email" ...). */
const char *channel_word(enum channel c);
const char *role_word(enum role r);
const char *sort_word(enum sort s);
const char *notice_state_word(enum notice_state s);
const char *standing_word(enum standing s);
const char *outbox_state_word(enum outbox_state s);
const char *decision_word(enum decision_kind k);
const char *category_word(enum category c);

/** Index of @word, or -1.  category_of also takes the Chinese word (报送, 节点 ...). */
int channel_of(const char *word);
int role_of(const char *word);
int category_of(const char *word);
int decision_of(const char *word);

#endif
