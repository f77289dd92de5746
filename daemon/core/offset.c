/*
 * offset.c - the grammar of distances, text to data and back.
 *
 *   offset = "0" | sign part+ [ "@" HH:MM ]      length = "0" | part+ [ "@" HH:MM ]
 *   part   = 1..9999 ( "w" | "d" | "wd" | "h" | "m" )
 *
 * Reading is strict: a distance that people misread is worse than one refused.
 */
#include "offset.h"

#include <errno.h>
#include <string.h>

#define AMOUNT_MAX 9999

static const char weekdays[] = "motuwethfrsasu";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** Read "HH:MM" at @p, which must hold at least the five characters. */
static bool clock_read(const char *p, int16_t *out)
{
	for (int i = 0; i < 5; i++)
		if (i == 2 ? p[i] != ':' : !is_digit(p[i]))
			return false;

	int hour = (p[0] - '0') * 10 + p[1] - '0';
	int minute = (p[3] - '0') * 10 + p[4] - '0';

	if (hour > 23 || minute > 59)
		return false;
	*out = (int16_t)(hour * 60 + minute);
	return true;
}

int minute_parse(const char *text, int16_t *out, struct err *err)
{
	if (strlen(text) != 5 || !clock_read(text, out))
		return err_set(err, -EINVAL, "“%.40s”不是 00:00 到 23:59 之间的时刻（应如 09:30）",
			       text);
	return 0;
}

int weekday_of(const char *text, size_t length)
{
	if (length != 2)
		return -1;
	for (int i = 0; i < 7; i++)
		if (!g_ascii_strncasecmp(text, weekdays + 2 * i, 2))
			return i;
	return -1;
}

int slot_parse(const char *text, struct slot *out, struct err *err)
{
	const char *at = strchr(text, '@');
	int weekday = at ? weekday_of(text, (size_t)(at - text)) : -1;
	int16_t minute;

	if (weekday < 0 || strlen(at + 1) != 5 || !clock_read(at + 1, &minute))
		return err_set(err, -EINVAL, "“%.40s”不是每周固定时段（应如 TU@10:00）", text);
	out->weekday = (int8_t)weekday;
	out->at = minute;
	return 0;
}

/** Read one part at *@p and step over it. */
static bool part_read(const char **p, int32_t *amount, char *unit)
{
	const char *s = *p;
	int32_t n = 0;

	if (!is_digit(*s))
		return false;
	for (; is_digit(*s); s++) {
		n = n * 10 + (*s - '0');
		if (n > AMOUNT_MAX)
			return false;
	}
	if (n == 0)
		return false;
	if (s[0] == 'w' && s[1] == 'd') {
		*unit = 'b';
		s += 2;
	} else if (*s && strchr("wdhm", *s)) {
		*unit = *s++;
	} else {
		return false;
	}
	*amount = n;
	*p = s;
	return true;
}

/** Read part+ ["@" HH:MM] up to the end of @p into @o. */
static bool parts_read(const char *p, struct offset *o)
{
	while (*p && *p != '@') {
		if (o->parts == OFFSET_PARTS_MAX ||
		    !part_read(&p, &o->part[o->parts].amount, &o->part[o->parts].unit))
			return false;
		o->parts++;
	}
	if (o->parts == 0)
		return false;
	if (*p == '@')
		return strlen(p) == 6 && clock_read(p + 1, &o->at);
	return true;
}

int offset_parse(const char *text, struct offset *out, struct err *err)
{
	struct offset o = {.at = -1};

	if (!strcmp(text, "0")) {
		*out = o;
		return 0;
	}
	if (*text != '-' && *text != '+')
		return err_set(err, -EINVAL,
			       "“%.60s”缺正负号：截止前写 -，截止后写 +，截止当时写 0", text);
	o.sign = *text == '-' ? -1 : 1;
	if (!parts_read(text + 1, &o))
		return err_set(err, -EINVAL,
			       "“%.60s”不是时间间隔：应为正负号加 1 至 %d 段 "
			       "Nw Nd Nwd Nh Nm（N 为 1–%d），可接 @HH:MM，如 -1wd@09:30",
			       text, OFFSET_PARTS_MAX, AMOUNT_MAX);
	*out = o;
	return 0;
}

int offset_parse_length(const char *text, struct offset *out, struct err *err)
{
	struct offset o = {.at = -1};

	if (strcmp(text, "0") != 0) {
		o.sign = 1;
		if (!parts_read(text, &o))
			return err_set(
				err, -EINVAL,
				"“%.60s”不是时长：应为不带正负号的 1 至 %d 段 "
				"Nw Nd Nwd Nh Nm（N 为 1–%d），可接 @HH:MM，如 30m、1wd、14d；"
				"没有则写 0",
				text, OFFSET_PARTS_MAX, AMOUNT_MAX);
	}
	*out = o;
	return 0;
}

char *offset_text(const struct offset *o)
{
	if (o->sign == 0)
		return g_strdup("0");

	GString *s = g_string_new(o->sign < 0 ? "-" : "+");

	for (unsigned i = 0; i < o->parts; i++) {
		g_string_append_printf(s, "%d", o->part[i].amount);
		if (o->part[i].unit == 'b')
			g_string_append(s, "wd");
		else
			g_string_append_c(s, o->part[i].unit);
	}
	if (o->at >= 0)
		g_string_append_printf(s, "@%02d:%02d", o->at / 60, o->at % 60);
	return g_string_free(s, FALSE);
}
