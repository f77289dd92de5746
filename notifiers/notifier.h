/*
 * notifier.h - what every channel must be able to do: build a request, classify a reply.
 *
 * Notifiers decide nothing and do no I/O (design: Delivery).  A notifier is one
 * row of the table in table.c; adding a channel adds a row and a file, nothing else.
 */
#ifndef NOTIFIERS_NOTIFIER_H
#define NOTIFIERS_NOTIFIER_H

#include "daemon/core/err.h"
#include "daemon/core/ports.h"
#include "daemon/core/words.h"

/* Steps of corrections that follow from edited files; any other takes back a false alarm (P12). */
#define CORRECTION_MOVED "截止时间变更"
#define CORRECTION_GONE "无需报送" /**< .title says all of what is owed no more, .number is 0 */
#define CORRECTION_BACK "恢复报送"

/**
 * Everything a template may say, civil times already resolved. One message may
 * carry many items (P6). All strings are UTF-8 and never NULL; they live as long as the
 * message when message_keep() made them, else they are the caller's.
 */
struct message_item {
	enum sort sort;
	const char *
		step; /**< 催办, alarm ...; decisions: extend|return|exempt|refuse|undo; CORRECTION_… */
	const char *unit_id, *unit; /**< who owes */
	const char *uid, *rid;
	const char *title; /**< SUMMARY of the occurrence: 周报 */
	int number;        /**< 第N期; 0 = does not recur */
	const char
		*due_text; /**< "8月9日（周五）17:00" in the message's locale; end of day: 24:00 */
	const char *due_iso;       /**< RFC 3339 */
	const char *was_text;      /**< of a moved deadline: what it was, like due_text; else "" */
	const char *on_time_text;  /**< due + grace */
	const char *role;          /**< the audience as in `to` */
	const char *description;   /**< of the obligation */
	const char *tags;          /**< fields that the unit's report must cover */
	const char *reason;        /**< of a decision, alarm, correction; else "" */
	const char *received_text; /**< of a receipt or correction; else "" */
	bool on_time;              /**< of a receipt */
	bool zero;                 /**< of a receipt: a zero report */
	bool invited;              /**< of what is owed no more: its deadline was mailed before */
	bool late_cleared;         /**< 已销号: shown in the superior's next list */
	int expected, received, missing; /**< of the occurrence, now */
	wall_t due;                      /**< for the calendar part */
	const char *token; /**< identifies the due item in subject and References; "" = none */
};

struct message {
	const char *identity; /**< stable, [a-z0-9.-], becomes Message-ID and webhook id */
	const char *campaign_key, *campaign; /**< directory name; title */
	const char *locale;                  /**< "zh_CN", "en" */
	enum channel channel;
	const char *address, *person, *person_unit; /**< recipient */
	const char *now_text, *now_iso;             /**< the tick */
	wall_t tick;
	wall_t attempt; /**< when this attempt starts, for the webhook's timestamp; 0 = the tick */
	const char *office;  /**< name of the office's unit: who signs */
	GPtrArray *items;    /**< struct message_item *, most urgent first */
	bool invitations;    /**< the calendar part invites (METHOD:REQUEST) and cancels */
	unsigned redirected; /**< trial run: .address is not where it goes */
	GStringChunk *kept;  /**< of message_keep(): one piece of memory, not one a string */
};

struct message *message_new(void);                   /**< zeroed, strings "" */
struct message_item *message_add(struct message *m); /**< zeroed, strings "" */
const char *message_keep(struct message *m, const char *text);
void message_free(struct message **m);

/** Settings of the channel, from duban.yaml; borrowed. */
struct notifier_settings {
	const char *from; /**< e-mail: address of From and envelope */
	const char *from_name;
	const char *host;                  /**< right side of Message-ID */
	const char *redirect;              /**< trial run: everything goes here; NULL = off */
	const char *secret;                /**< webhook: HMAC key; NULL = unsigned */
	const struct templates *templates; /**< template.h */
};

struct notifier {
	const char *name; /**< "email", "webhook" ... : channel_word() */
	enum channel channel;
	enum driver driver;
	/** Pure. 0 and *out (caller frees), -EINVAL: the address or a text is unusable. */
	int (*build)(const struct message *m, const struct notifier_settings *s,
		     struct request **out, struct err *err);
	/** What a reply means. Pure. @retry_after_out 0 = by the usual back-off. */
	enum outcome (*classify)(const struct reply *reply, dur_t *retry_after_out);
};

/** NULL if the channel has no notifier (yet): then a contact must not be given it. */
const struct notifier *notifier_get(enum channel channel);

/**
 * Is this an address we put on the wire? No byte < 0x21, no 0x7f, exactly one @ with
 * something on both sides, at most 254 bytes, none of <>()[]\,;:" (RFC 5321 dot-string),
 * domain of letters, digits, dots, hyphens (or UTF-8: refused until SMTPUTF8 is there).
 */
bool email_address_valid(const char *address, struct err *err);

#endif
