/*
 * ical_time.c - values of RFC 5545 that tell time, as they are written.
 */
#include "ical_time.h"

#include <glib.h>
#include <string.h>

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

bool ical_reading_parse(const char *text, struct ical_reading *out)
{
	struct civil c = {0};
	size_t length;

	while (g_ascii_isspace(*text))
		text++;
	length = strlen(text);
	while (length > 0 && g_ascii_isspace(text[length - 1]))
		length--;
	if (length != 8 && length != 15 && length != 16)
		return false;
	if (!digits(text, 4, &c.year) || !digits(text + 4, 2, &c.month) ||
	    !digits(text + 6, 2, &c.day))
		return false;
	if (length > 8 && (g_ascii_toupper(text[8]) != 'T' || !digits(text + 9, 2, &c.hour) ||
			   !digits(text + 11, 2, &c.minute) || !digits(text + 13, 2, &c.second)))
		return false;
	if (length == 16 && g_ascii_toupper(text[15]) != 'Z')
		return false;
	if (c.second == 60)
		c.second = 59;
	if (!civil_valid(&c))
		return false;
	*out = (struct ical_reading){length == 8, length == 16, local_from(&c)};
	return true;
}

bool ical_span_parse(const char *text, struct ical_span *out)
{
	int64_t days = 0, seconds = 0, limit = (int64_t)ICAL_SPAN_DAYS_MAX * DAY_SECONDS;
	bool minus, time = false, any = false;

	while (g_ascii_isspace(*text))
		text++;
	minus = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (*text++ != 'P')
		return false;
	for (; *text != 0 && !g_ascii_isspace(*text); text++) {
		int64_t n = 0;

		if (*text == 'T' && !time) {
			time = true;
			continue;
		}
		if (!g_ascii_isdigit(*text))
			return false;
		for (; g_ascii_isdigit(*text) && n <= limit; text++)
			n = n * 10 + (*text - '0');
		if (n > limit)
			return false;
		if (!time && *text == 'W')
			days += n * 7;
		else if (!time && *text == 'D')
			days += n;
		else if (time && *text == 'H')
			seconds += n * 3600;
		else if (time && *text == 'M')
			seconds += n * 60;
		else if (time && *text == 'S')
			seconds += n;
		else
			return false;
		any = true;
		if (days > ICAL_SPAN_DAYS_MAX || seconds > limit)
			return false;
	}
	*out = (struct ical_span){(int)(minus ? -days : days), minus ? -seconds : seconds};
	return any;
}

bool ical_offset_parse(const char *text, int *out)
{
	int hour, minute, second = 0;
	bool minus;

	while (g_ascii_isspace(*text))
		text++;
	minus = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (!digits(text, 2, &hour) || !digits(text + 2, 2, &minute))
		return false;
	if (g_ascii_isdigit(text[4]) && !digits(text + 4, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*out = (hour * 60 + minute) * 60 + second;
	if (minus)
		*out = -*out;
	return true;
}
