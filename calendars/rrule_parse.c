/*
 * rrule_parse.c - the text of an RRULE to bit sets.
 *
 * Strict where a guess could lose a deadline: a part that is not understood makes the rule
 * broken, never a shorter rule.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "rrule.h"

#define NUMBER_MAX 2147483647
#define DIGITS_MAX 10

enum part {
	PART_FREQ,
	PART_INTERVAL,
	PART_COUNT,
	PART_UNTIL,
	PART_WKST,
	PART_BYSECOND,
	PART_BYMINUTE,
	PART_BYHOUR,
	PART_BYDAY,
	PART_BYMONTHDAY,
	PART_BYYEARDAY,
	PART_BYWEEKNO,
	PART_BYMONTH,
	PART_BYSETPOS,
	PARTS
};

static const char *const part_names[PARTS] = {
	"FREQ",   "INTERVAL", "COUNT",      "UNTIL",     "WKST",     "BYSECOND", "BYMINUTE",
	"BYHOUR", "BYDAY",    "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH",  "BYSETPOS"};

static const char *const freq_names[] = {"SECONDLY", "MINUTELY", "HOURLY", "DAILY",
					 "WEEKLY",   "MONTHLY",  "YEARLY"};

static const char *const weekday_names[7] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

static int name_index(const char *const *names, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (g_ascii_strcasecmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

/* A whole number with optional sign; false if it is none or too long. */
static bool number(const char *text, int64_t *out)
{
	bool minus = *text == '-';
	int64_t n = 0;
	int digits = 0;

	if (*text == '-' || *text == '+')
		text++;
	for (; g_ascii_isdigit(*text) && digits <= DIGITS_MAX; text++, digits++)
		n = n * 10 + (*text - '0');
	if (*text != 0 || digits == 0 || digits > DIGITS_MAX)
		return false;
	*out = minus ? -n : n;
	return true;
}

static void ordinal_set(struct rrule_ordinals *o, int64_t n)
{
	uint64_t *words = n > 0 ? o->front : o->back;
	uint64_t i = (uint64_t)(n > 0 ? n : -n);

	words[i / 64] |= UINT64_C(1) << (i % 64);
}

/* One value of a BYxxx list that is a number. */
static bool list_number(struct rrule *r, enum part part, int64_t n)
{
	static const int64_t most[PARTS] = {
		[PART_BYSECOND] = 60,   [PART_BYMINUTE] = 59,   [PART_BYHOUR] = 23,
		[PART_BYMONTHDAY] = 31, [PART_BYYEARDAY] = 366, [PART_BYWEEKNO] = 53,
		[PART_BYMONTH] = 12,    [PART_BYSETPOS] = 366};
	bool from_zero = part == PART_BYSECOND || part == PART_BYMINUTE || part == PART_BYHOUR;
	bool both_ways = !from_zero && part != PART_BYMONTH;
	int64_t size = n < 0 ? -n : n;

	if (size > most[part] || (n == 0 && !from_zero) || (n < 0 && !both_ways))
		return false;
	if (part == PART_BYSECOND) {
		if (n == 60)
			r->oddities |= RRULE_ODD_LEAP;
		r->seconds |= UINT64_C(1) << (n == 60 ? 59 : n);
	} else if (part == PART_BYMINUTE) {
		r->minutes |= UINT64_C(1) << n;
	} else if (part == PART_BYHOUR) {
		r->hours |= UINT32_C(1) << n;
	} else if (part == PART_BYMONTH) {
		r->months |= (uint16_t)(1u << n);
	} else if (part == PART_BYMONTHDAY) {
		*(n > 0 ? &r->days : &r->days_back) |= UINT32_C(1) << size;
	} else if (part == PART_BYWEEKNO) {
		*(n > 0 ? &r->weeks : &r->weeks_back) |= UINT64_C(1) << size;
	} else if (part == PART_BYYEARDAY) {
		ordinal_set(&r->yeardays, n);
		r->by_yearday = true;
	} else {
		ordinal_set(&r->setpos, n);
		r->by_setpos = true;
	}
	return true;
}

static bool list_day(struct rrule *r, const char *text)
{
	size_t length = strlen(text);
	char ordinal[8];
	int64_t n;
	int weekday;

	if (length < 2 || length - 2 >= sizeof(ordinal))
		return false;
	weekday = name_index(weekday_names, 7, text + length - 2);
	if (weekday < 0)
		return false;
	if (length == 2) {
		r->weekdays |= (uint8_t)(1u << weekday);
		return true;
	}
	memcpy(ordinal, text, length - 2);
	ordinal[length - 2] = 0;
	if (!number(ordinal, &n) || n == 0 || n > 53 || n < -53)
		return false;
	*(n > 0 ? &r->nth[weekday] : &r->nth_back[weekday]) |= UINT64_C(1) << (n > 0 ? n : -n);
	r->by_nth = true;
	return true;
}

static bool parse_list(struct rrule *r, enum part part, char *value)
{
	char *next = value;

	do {
		char *item = next;
		int64_t n;

		next = strchr(item, ',');
		if (next != NULL)
			*next++ = 0;
		item = g_strstrip(item);
		if (part == PART_BYDAY) {
			if (!list_day(r, item))
				return false;
		} else if (!number(item, &n) || !list_number(r, part, n)) {
			return false;
		}
	} while (next != NULL);
	return true;
}

static bool digits(const char *text, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (!g_ascii_isdigit(text[i]))
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return true;
}

/* YYYYMMDD[Thhmmss[Z]], with the dashes and colons that some programs write. */
static bool parse_until(struct rrule *r, char *text)
{
	struct civil c = {0};
	char *out = text;
	size_t length;

	for (char *p = text; *p != 0; p++)
		if (*p != '-' && *p != ':')
			*out++ = *p;
	*out = 0;
	length = strlen(text);
	if (length < 8 || !digits(text, 4, &c.year) || !digits(text + 4, 2, &c.month) ||
	    !digits(text + 6, 2, &c.day))
		return false;
	if (length == 8) {
		r->until_kind = RRULE_UNTIL_DATE;
		c.hour = 23;
		c.minute = c.second = 59;
	} else {
		if ((length != 15 && length != 16) || g_ascii_toupper(text[8]) != 'T' ||
		    !digits(text + 9, 2, &c.hour) || !digits(text + 11, 2, &c.minute) ||
		    !digits(text + 13, 2, &c.second))
			return false;
		if (length == 16 && g_ascii_toupper(text[15]) != 'Z')
			return false;
		r->until_kind = length == 16 ? RRULE_UNTIL_UTC : RRULE_UNTIL_LOCAL;
		if (c.second == 60)
			c.second = 59;
	}
	if (!civil_valid(&c))
		return false;
	r->until = local_from(&c);
	return true;
}

static bool parse_value(struct rrule *r, enum part part, char *value)
{
	int64_t n;
	int i;

	if (part >= PART_BYSECOND)
		return parse_list(r, part, value);
	if (part == PART_UNTIL)
		return parse_until(r, value);
	if (part == PART_FREQ || part == PART_WKST) {
		i = part == PART_FREQ ? name_index(freq_names, G_N_ELEMENTS(freq_names), value)
				      : name_index(weekday_names, 7, value);
		if (i < 0)
			return false;
		if (part == PART_FREQ)
			r->freq = (enum rrule_freq)i;
		else
			r->wkst = (uint8_t)i;
		return true;
	}
	if (!number(value, &n) || n < 1 || n > NUMBER_MAX)
		return false;
	*(part == PART_INTERVAL ? &r->interval : &r->count) = n;
	return true;
}

static int parse_part(struct rrule *r, char *text, unsigned *seen, struct err *err)
{
	char *value = strchr(text, '=');
	int part;

	if (value == NULL)
		return err_set(err, -EINVAL, "“%.60s”不是“名称=值”", text);
	*value++ = 0;
	text = g_strstrip(text);
	value = g_strstrip(value);
	if (g_ascii_strcasecmp(text, "RSCALE") == 0 || g_ascii_strcasecmp(text, "SKIP") == 0)
		return err_set(err, -ENOTSUP,
			       "不支持 %s（农历等非公历的重复规则），请改写为具体日期", text);
	if (g_ascii_strncasecmp(text, "X-", 2) == 0) {
		r->oddities |= RRULE_ODD_PART;
		return 0;
	}
	part = name_index(part_names, PARTS, text);
	if (part < 0)
		return err_set(err, -EINVAL, "没有“%.60s”这一项", text);
	if (*seen & (1u << part))
		return err_set(err, -EINVAL, "%s 出现两次", part_names[part]);
	*seen |= 1u << part;
	if (part >= PART_BYSECOND && *value == 0)
		return 0; /* an empty BYDAY= restricts nothing: some exporters write it */
	if (!parse_value(r, (enum part)part, value))
		return err_set(err, -EINVAL, "%s 的值不对", part_names[part]);
	return 0;
}

int rrule_parse(const char *text, struct rrule *out, struct err *err)
{
	struct rrule r = {.interval = 1};
	char *copy = g_strdup(text), *next = g_strstrip(copy);
	unsigned seen = 0;
	int rc = 0;

	while (rc == 0 && next != NULL) {
		char *part = next;

		next = strchr(part, ';');
		if (next != NULL)
			*next++ = 0;
		if (*g_strstrip(part) != 0)
			rc = parse_part(&r, part, &seen, err);
	}
	g_free(copy);
	if (rc == 0 && !(seen & (1u << PART_FREQ)))
		rc = err_set(err, -EINVAL, "没有 FREQ");
	if (rc != 0)
		return rc;
	if (r.count > 0 && r.until_kind != RRULE_UNTIL_NONE)
		r.oddities |= RRULE_ODD_BOTH;
	if (r.by_nth && r.freq != RRULE_MONTHLY && r.freq != RRULE_YEARLY) {
		r.oddities |= RRULE_ODD_ORDINAL;
		for (int i = 0; i < 7; i++)
			if (r.nth[i] != 0 || r.nth_back[i] != 0)
				r.weekdays |= (uint8_t)(1u << i);
		r.by_nth = false;
	}
	*out = r;
	return 0;
}
