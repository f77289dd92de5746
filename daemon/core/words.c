/*
 * words.c - the names by which interfaces call the words of the domain.
 *
 * One table an enum; what people see in Chinese is in the templates, not here,
 * except for the categories, which people write into calendars themselves.
 */
#include "words.h"

#include <string.h>

static const char *const channels[CHANNELS] = {
	[CHANNEL_EMAIL] = "email",       [CHANNEL_WEBHOOK] = "webhook", [CHANNEL_WECOM] = "wecom",
	[CHANNEL_DINGTALK] = "dingtalk", [CHANNEL_FEISHU] = "feishu",
};

static const char *const roles[ROLES] = {
	[ROLE_LIAISON] = "liaison",
	[ROLE_LEADER] = "leader",
	[ROLE_HEAD] = "head",
};

static const char *const sorts[SORTS] = {
	[SORT_REMIND] = "remind",     [SORT_ESCALATE] = "escalate",     [SORT_STREAK] = "streak",
	[SORT_DECISION] = "decision", [SORT_CORRECTION] = "correction", [SORT_DUTY] = "duty",
	[SORT_RECEIPT] = "receipt",   [SORT_BULLETIN] = "bulletin",     [SORT_ALARM] = "alarm",
};

static const char *const notice_states[NOTICE_STATES] = {
	[NOTICE_PLANNED] = "planned",       [NOTICE_SENT] = "sent",
	[NOTICE_SUPERSEDED] = "superseded", [NOTICE_WITHDRAWN] = "withdrawn",
	[NOTICE_OVERTAKEN] = "overtaken",   [NOTICE_HELD] = "held",
};

static const char *const standings[STANDINGS] = {
	[STANDING_OPEN] = "open",           [STANDING_DUE_SOON] = "due-soon",
	[STANDING_OVERDUE] = "overdue",     [STANDING_MISSED] = "missed",
	[STANDING_ON_TIME] = "on-time",     [STANDING_LATE] = "late",
	[STANDING_RETURNED] = "returned",   [STANDING_EXEMPT] = "exempt",
	[STANDING_UNTRACKED] = "untracked",
};

static const char *const outbox_states[OUTBOX_STATES] = {
	[OUTBOX_QUEUED] = "queued",   [OUTBOX_LEASED] = "leased",
	[OUTBOX_SENT] = "sent",       [OUTBOX_RETRY] = "retry",
	[OUTBOX_REFUSED] = "refused", [OUTBOX_UNKNOWN] = "unknown",
	[OUTBOX_EXPIRED] = "expired", [OUTBOX_OVERTAKEN] = "overtaken",
};

static const char *const decisions[DECISION_KINDS] = {
	[DECISION_EXTEND] = "extend", [DECISION_RETURN] = "return",   [DECISION_EXEMPT] = "exempt",
	[DECISION_REFUSE] = "refuse", [DECISION_UNDO] = "undo",       [DECISION_PAUSE] = "pause",
	[DECISION_RESUME] = "resume", [DECISION_RELEASE] = "release",
};

static const struct {
	const char *english, *chinese;
} categories[] = {
	[CATEGORY_NONE] = {"-", "-"},
	[CATEGORY_REPORT] = {"REPORT", "报送"},
	[CATEGORY_MILESTONE] = {"MILESTONE", "节点"},
	[CATEGORY_PHASE] = {"PHASE", "阶段"},
	[CATEGORY_BULLETIN] = {"BULLETIN", "通报"},
	[CATEGORY_WATCH] = {"WATCH", "值守"},
	[CATEGORY_DUTY] = {"DUTY", "班次"},
	[CATEGORY_OFF] = {"OFF", "休"},
	[CATEGORY_WORK] = {"WORK", "班"},
};

/** An index out of range comes from a newer database or a bug; "?" shows in either. */
static const char *word_at(const char *const *words, size_t n, size_t i)
{
	return i < n ? words[i] : "?";
}

static int word_find(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; word && i < n; i++)
		if (!strcmp(words[i], word))
			return (int)i;
	return -1;
}

const char *channel_word(enum channel c)
{
	return word_at(channels, CHANNELS, c);
}

const char *role_word(enum role r)
{
	return word_at(roles, ROLES, r);
}

const char *sort_word(enum sort s)
{
	return word_at(sorts, SORTS, s);
}

const char *notice_state_word(enum notice_state s)
{
	return word_at(notice_states, NOTICE_STATES, s);
}

const char *standing_word(enum standing s)
{
	return word_at(standings, STANDINGS, s);
}

const char *outbox_state_word(enum outbox_state s)
{
	return word_at(outbox_states, OUTBOX_STATES, s);
}

const char *decision_word(enum decision_kind k)
{
	return word_at(decisions, DECISION_KINDS, k);
}

const char *category_word(enum category c)
{
	return (size_t)c < G_N_ELEMENTS(categories) ? categories[c].english : "?";
}

int channel_of(const char *word)
{
	return word_find(channels, CHANNELS, word);
}

int role_of(const char *word)
{
	return word_find(roles, ROLES, word);
}

int decision_of(const char *word)
{
	return word_find(decisions, DECISION_KINDS, word);
}

int category_of(const char *word)
{
	if (!word)
		return -1;
	/* Calendar programs keep the case that people type, so it means nothing. */
	for (size_t i = CATEGORY_NONE + 1; i < G_N_ELEMENTS(categories); i++)
		if (!g_ascii_strcasecmp(categories[i].english, word) ||
		    !strcmp(categories[i].chinese, word))
			return (int)i;
	return -1;
}
