/*
 * zone.cc - the cctz shim: names to zones, local time to instants and back.
 *
 * It must never open a file that an attacker named: a name is looked up in an
 * index of the system's zoneinfo tree, and only the spelling found there goes to
 * cctz.  It must never let an exception out.
 *
 * cctz answers a question in about 100 ns after a search of its own; ladders and
 * expansions ask millions.  So the offsets of 1900 .. 2199 are laid out once for
 * each zone, and only what lies outside asks cctz.
 */
#include "zone.h"

#include <dirent.h>

#include <algorithm>
#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

const char ZONEINFO[] = "/usr/share/zoneinfo";
constexpr size_t NAME_MAX_SIZE = 80;
constexpr int PARTS_MAX = 3;
constexpr int64_t NO_START = INT64_MIN;
/** Beyond it neither cctz nor a date has an answer. */
constexpr int64_t SECONDS_MAX = INT64_C(9000000000000000);

using seconds = cctz::time_point<cctz::seconds>;

seconds point(int64_t t)
{
	return seconds(cctz::seconds(t));
}

int64_t count(const seconds &p)
{
	return p.time_since_epoch().count();
}

int64_t floor_seconds(wall_t t)
{
	return t / 1000 - (t % 1000 < 0);
}

int64_t clamp_seconds(int64_t t)
{
	return std::min(std::max(t, -SECONDS_MAX), SECONDS_MAX);
}

/** A time of one offset, from .start (UTC seconds) to the next one's. */
struct segment {
	int64_t start; /* NO_START in the first */
	int64_t local; /* the earlier reading of the wall clock at the change */
	int offset;
};

} // namespace

struct zone {
	std::string name;
	cctz::time_zone tz;
	std::vector<segment> segments;
	int64_t from = 0, to = 0; /* the segments are good in [from, to), UTC seconds */
	bool ordered = true;      /* .local grows: local times may be searched */

	void lay_out();
	const segment *find(int64_t t) const;
	int offset_at(int64_t t) const;
	wall_t instant(local_t t, enum zone_fit *fit) const;
	wall_t ask_instant(local_t t, enum zone_fit *fit) const;
};

/** The next change of offset after @t, or INT64_MAX. Changes of name alone do not count. */
static int64_t next_change(const cctz::time_zone &tz, int64_t t)
{
	cctz::time_zone::civil_transition trans;
	int before = tz.lookup(point(t)).offset;

	while (tz.next_transition(point(t), &trans)) {
		int64_t at = count(tz.lookup(trans.to).trans);

		if (at <= t)
			break;
		if (tz.lookup(point(at)).offset != before)
			return at;
		t = at;
	}
	return INT64_MAX;
}

void zone::lay_out()
{
	from = count(cctz::convert(cctz::civil_second(1900, 1, 1), cctz::utc_time_zone()));
	to = count(cctz::convert(cctz::civil_second(2200, 1, 1), cctz::utc_time_zone()));

	int offset = tz.lookup(point(from)).offset;

	segments.push_back({NO_START, NO_START, offset});
	for (int64_t t = from; (t = next_change(tz, t)) < to;) {
		int after = tz.lookup(point(t)).offset;
		int64_t local = t + std::min(offset, after);

		ordered = ordered && local > segments.back().local;
		segments.push_back({t, local, after});
		offset = after;
	}
}

/** The segment that holds @t, NULL outside of what was laid out. */
const segment *zone::find(int64_t t) const
{
	if (t < from || t >= to)
		return nullptr;
	auto after = std::upper_bound(segments.begin(), segments.end(), t,
				      [](int64_t v, const segment &s) { return v < s.start; });
	return &*(after - 1);
}

int zone::offset_at(int64_t t) const
{
	const segment *s = find(t);

	return s ? s->offset : tz.lookup(point(clamp_seconds(t))).offset;
}

wall_t zone::ask_instant(local_t t, enum zone_fit *fit) const
{
	struct civil c;

	local_split(t, &c);
	auto found =
		tz.lookup(cctz::civil_second(c.year, c.month, c.day, c.hour, c.minute, c.second));

	switch (found.kind) {
	case cctz::time_zone::civil_lookup::UNIQUE:
		*fit = ZONE_UNIQUE;
		break;
	case cctz::time_zone::civil_lookup::SKIPPED:
		*fit = ZONE_SKIPPED;
		break;
	case cctz::time_zone::civil_lookup::REPEATED:
		*fit = ZONE_REPEATED;
		break;
	}
	return clamp_seconds(count(found.pre)) * 1000;
}

wall_t zone::instant(local_t t, enum zone_fit *fit) const
{
	if (!ordered || t < from + 2 * DAY_SECONDS || t >= to - 2 * DAY_SECONDS)
		return ask_instant(clamp_seconds(t), fit);

	auto after = std::upper_bound(segments.begin(), segments.end(), t,
				      [](int64_t v, const segment &s) { return v < s.local; });
	const segment &s = *(after - 1);
	int offset = s.offset;

	*fit = ZONE_UNIQUE;
	if (s.start != NO_START) {
		int before = (after - 2)->offset;

		/* In a gap and in a doubled hour alike the offset before the change rules. */
		if (t < s.start + std::max(before, s.offset)) {
			*fit = before < s.offset ? ZONE_SKIPPED : ZONE_REPEATED;
			offset = before;
		}
	}
	return (t - offset) * 1000;
}

namespace
{

std::string lower(const std::string &s)
{
	std::string out(s);

	for (char &c : out)
		if (c >= 'A' && c <= 'Z')
			c = static_cast<char>(c - 'A' + 'a');
	return out;
}

bool word_allowed(const char *s, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = s[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '+' || c == '-'))
			return false;
	}
	return size > 0;
}

/** [A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2} */
bool name_allowed(const std::string &name)
{
	size_t start = 0;

	if (name.size() > NAME_MAX_SIZE)
		return false;
	for (int parts = 1; parts <= PARTS_MAX; parts++) {
		size_t slash = name.find('/', start);
		size_t end = slash == std::string::npos ? name.size() : slash;

		if (!word_allowed(name.data() + start, end - start))
			return false;
		if (slash == std::string::npos)
			return true;
		start = slash + 1;
	}
	return false;
}

/** In the tree, but no zone of anybody's: copies, leap seconds, the machine's own. */
bool entry_hidden(const std::string &name)
{
	static const char *const hidden[] = {"posix",     "right",       "posixrules",
					     "localtime", "leapseconds", "Factory"};

	return std::any_of(std::begin(hidden), std::end(hidden),
			   [&](const char *h) { return name == h; });
}

using name_index = std::unordered_map<std::string, std::string>;

void index_scan(name_index *index, const std::string &under, int depth)
{
	std::string path = std::string(ZONEINFO) + (under.empty() ? "" : "/") + under;
	std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(path.c_str()), closedir);

	while (dir) {
		const struct dirent *e = readdir(dir.get());

		if (!e)
			return;
		std::string name = under.empty() ? e->d_name : under + "/" + e->d_name;
		if (!word_allowed(e->d_name, strlen(e->d_name)) || entry_hidden(name))
			continue;
		if (e->d_type == DT_DIR) {
			if (depth < PARTS_MAX)
				index_scan(index, name, depth + 1);
		} else {
			(*index)[lower(name)] = name;
		}
	}
}

/** All names of the system's zones by their lower-case spelling; read once. */
const name_index &index_get()
{
	static const name_index index = [] {
		name_index i;

		index_scan(&i, "", 1);
		return i;
	}();

	return index;
}

/** The zone of a spelling that the index gave; NULL if the file is no zone. Kept for ever. */
const struct zone *zone_load(const std::string &name)
{
	static std::mutex lock;
	static std::unordered_map<std::string, std::unique_ptr<struct zone>> zones;
	std::lock_guard<std::mutex> guard(lock);
	auto known = zones.find(name);

	if (known != zones.end())
		return known->second.get();

	std::unique_ptr<struct zone> z(new zone);

	z->name = name;
	if (cctz::load_time_zone(name, &z->tz))
		z->lay_out();
	else
		z.reset();
	return (zones[name] = std::move(z)).get();
}

const struct zone *zone_find(const std::string &name)
{
	if (!name_allowed(name))
		return nullptr;
	if (g_ascii_strcasecmp(name.c_str(), "UTC") == 0)
		return zone_utc();

	auto entry = index_get().find(lower(name));

	return entry == index_get().end() ? nullptr : zone_load(entry->second);
}

/** "/freeassociation.sourceforge.net/Europe/Berlin": the longest tail that is a zone. */
const struct zone *zone_find_tail(const std::string &path)
{
	for (int parts = PARTS_MAX; parts > 0; parts--) {
		size_t at = path.size();

		for (int i = 0; i < parts && at != std::string::npos && at > 0; i++)
			at = path.rfind('/', at - 1);
		if (at == std::string::npos)
			continue;

		const struct zone *z = zone_find(path.substr(at + 1));

		if (z)
			return z;
	}
	return nullptr;
}

const struct {
	const char *windows, *iana;
} windows_zones[] = {
#include "windows_zones.inc"
};

std::string version_read()
{
	std::string line;
	std::ifstream plain(std::string(ZONEINFO) + "/+VERSION");

	if (std::getline(plain, line) && !line.empty() && line.size() < 16)
		return line;

	const std::string mark = "# version ";
	std::ifstream text(std::string(ZONEINFO) + "/tzdata.zi");

	if (std::getline(text, line) && line.compare(0, mark.size(), mark) == 0 &&
	    line.size() < mark.size() + 16)
		return line.substr(mark.size());
	return "unknown";
}

/** Two digits at *@p, stepped over; -1 if there are none. */
int two_digits(const char **p)
{
	const char *s = *p;

	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	*p += 2;
	return (s[0] - '0') * 10 + s[1] - '0';
}

/** "Z", "+08:00" or "+0800" to the end of the text. */
bool offset_read(const char *p, int *out)
{
	if ((*p == 'Z' || *p == 'z') && p[1] == '\0') {
		*out = 0;
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;

	int sign = *p++ == '-' ? -1 : 1;
	int hours = two_digits(&p);

	if (*p == ':')
		p++;

	int minutes = hours < 0 ? -1 : two_digits(&p);

	if (minutes < 0 || hours > 23 || minutes > 59 || *p != '\0')
		return false;
	*out = sign * (hours * 3600 + minutes * 60);
	return true;
}

} // namespace

const struct zone *zone_utc(void)
{
	try {
		static const struct zone *utc = [] {
			struct zone *z = new zone;

			z->name = "UTC";
			z->tz = cctz::utc_time_zone();
			z->lay_out();
			return z;
		}();

		return utc;
	} catch (...) {
		abort(); /* only for want of memory, and nothing works without it */
	}
}

const struct zone *zone_get(const char *name)
{
	try {
		if (!name || strlen(name) > 256 || strstr(name, ".."))
			return nullptr;
		return name[0] == '/' ? zone_find_tail(name) : zone_find(name);
	} catch (...) {
		return nullptr;
	}
}

const struct zone *zone_get_windows(const char *name)
{
	if (!name)
		return nullptr;

	auto end = std::end(windows_zones);
	auto at = std::lower_bound(std::begin(windows_zones), end, name,
				   [](const auto &row, const char *n) {
					   return g_ascii_strcasecmp(row.windows, n) < 0;
				   });

	return at != end && g_ascii_strcasecmp(at->windows, name) == 0 ? zone_get(at->iana)
								       : nullptr;
}

const char *zone_name(const struct zone *z)
{
	return z->name.c_str();
}

wall_t zone_instant(const struct zone *z, local_t t, enum zone_fit *fit_out)
{
	enum zone_fit fit = ZONE_UNIQUE;
	wall_t at = WALL_NEVER;

	try {
		at = z->instant(t, &fit);
	} catch (...) {
	}
	if (fit_out)
		*fit_out = fit;
	return at;
}

int zone_offset(const struct zone *z, wall_t t)
{
	try {
		return z->offset_at(floor_seconds(t));
	} catch (...) {
		return 0;
	}
}

local_t zone_local(const struct zone *z, wall_t t)
{
	return floor_seconds(t) + zone_offset(z, t);
}

void zone_span(const struct zone *z, wall_t t, wall_t *from, wall_t *to)
{
	*from = WALL_ALWAYS;
	*to = WALL_NEVER;
	try {
		int64_t at = floor_seconds(t);
		const segment *s = z->find(at);
		int64_t change = s && s + 1 <= &z->segments.back()
					 ? s[1].start
					 : next_change(z->tz, clamp_seconds(s ? z->to - 1 : at));

		if (change < SECONDS_MAX)
			*to = change * 1000;
		if (s && s->start != NO_START)
			*from = s->start * 1000;
	} catch (...) {
	}
}

char *zone_format(const struct zone *z, wall_t t)
{
	int offset = zone_offset(z, t);
	int east = offset < 0 ? -offset : offset;
	struct civil c;

	local_split(zone_local(z, t), &c);

	char *text = g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month,
				     c.day, c.hour, c.minute, c.second, offset < 0 ? '-' : '+',
				     east / 3600, east / 60 % 60);

	/* Local mean time of the 19th century; RFC 3339 has no seconds, ISO 8601 does. */
	if (east % 60) {
		char *exact = g_strdup_printf("%s:%02d", text, east % 60);

		g_free(text);
		return exact;
	}
	return text;
}

bool zone_parse(const struct zone *z, const char *text, bool end_of_day, wall_t *out)
{
	struct civil c = {};
	char date[11] = {};
	date_t day;
	int offset;

	if (!text || strnlen(text, 10) < 10 || text[4] != '-')
		return false;
	memcpy(date, text, 10);
	if (!date_parse(date, &day))
		return false;

	const char *p = text + 10;

	if (*p == '\0') {
		*out = zone_instant(z, local_at(day, end_of_day ? DAY_SECONDS - 1 : 0), nullptr);
		return true;
	}
	if (*p != 'T' && *p != 't' && *p != ' ')
		return false;
	p++;
	date_split(day, &c.year, &c.month, &c.day);
	c.hour = two_digits(&p);
	if (c.hour < 0 || *p++ != ':')
		return false;
	c.minute = two_digits(&p);
	if (*p == ':') {
		p++;
		c.second = two_digits(&p);
	}
	if (!civil_valid(&c))
		return false;
	if (*p == '\0') {
		*out = zone_instant(z, local_from(&c), nullptr);
		return true;
	}
	if (!offset_read(p, &offset))
		return false;
	*out = (local_from(&c) - offset) * 1000;
	return true;
}

const char *zone_tzdata_version(void)
{
	try {
		static const std::string version = version_read();

		return version.c_str();
	} catch (...) {
		return "unknown";
	}
}
