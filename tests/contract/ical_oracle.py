"""What a calendar means, by definition and slowly: no code, no table and no trick of calendars/.

Rules are walked period by period and day by day after the table of RFC 5545 3.3.10; the set algebra
follows docs/calendars.md; local time is Python's zoneinfo.  Nothing here reads an .ics: cases are
data, and ical_make.py writes them down.
"""
import calendar
import datetime as dt
import functools
import zoneinfo

UTC = dt.timezone.utc
DAY = dt.timedelta(days=1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
UNITS = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
EPOCH = dt.datetime(1970, 1, 1)
NEVER_YEARS = 41


class Time:
    """A value of DTSTART and its kin: @local is naive, @zone a tzinfo or None (floating)."""

    def __init__(self, local, zone=None, date=False, name=None):
        self.local, self.zone, self.date, self.name = local, zone, date, name

    def at(self, local=None):
        return Time(local, self.zone, self.date, self.name)

    def kind(self):
        if self.date:
            return "date"
        return "float" if self.zone is None else "utc" if self.zone is UTC else "zoned"


def instant(zone, local):
    """(UTC, is it in a gap?): a gap by the offset before it, the first of a doubled hour."""
    at = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return at, at.astimezone(zone).replace(tzinfo=None) != local


def wall(zone, at):
    return at.astimezone(zone).replace(tzinfo=None)


# ---- rules ------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def weeks_of(year, wkst):
    """The Mondays (or whatever begins a week) of the weeks that have four days in @year."""
    day = dt.date(year, 1, 1) - DAY * 7
    while day.weekday() != wkst:
        day += DAY
    firsts = []
    while day.year <= year:
        if sum((day + DAY * i).year == year for i in range(7)) >= 4:
            firsts.append(day)
        day += DAY * 7
    return firsts


def week_number(day, wkst):
    """(number, weeks of its year)."""
    first = day - DAY * ((day.weekday() - wkst) % 7)
    for year in (day.year - 1, day.year, day.year + 1):
        if first in weeks_of(year, wkst):
            return weeks_of(year, wkst).index(first) + 1, len(weeks_of(year, wkst))
    raise AssertionError(day)


@functools.lru_cache(maxsize=4096)
def days_of(year, month):
    months = [month] if month else range(1, 13)
    return [dt.date(year, m, d) for m in months
            for d in range(1, calendar.monthrange(year, m)[1] + 1)]


def nth_match(rule, day, n, weekday):
    """BYDAY=2TU, by listing all Tuesdays of the month or year."""
    if day.weekday() != weekday:
        return False
    if n is None or rule["FREQ"] not in ("MONTHLY", "YEARLY"):
        return True
    by_year = rule["FREQ"] == "YEARLY" and "BYMONTH" not in rule
    same = [d for d in days_of(day.year, None if by_year else day.month) if d.weekday() == weekday]
    index = n - 1 if n > 0 else len(same) + n
    return 0 <= index < len(same) and same[index] == day


def day_matches(rule, day):
    length = calendar.monthrange(day.year, day.month)[1]
    year_length = 365 + calendar.isleap(day.year)
    yearday = day.timetuple().tm_yday
    if "BYMONTH" in rule and day.month not in rule["BYMONTH"]:
        return False
    if "BYMONTHDAY" in rule and not {day.day, day.day - length - 1} & set(rule["BYMONTHDAY"]):
        return False
    if "BYYEARDAY" in rule and not {yearday, yearday - year_length - 1} & set(rule["BYYEARDAY"]):
        return False
    if "BYDAY" in rule and not any(nth_match(rule, day, *x) for x in rule["BYDAY"]):
        return False
    if "BYWEEKNO" in rule:
        number, weeks = week_number(day, rule.get("WKST", 0))
        return bool({number, number - weeks - 1} & set(rule["BYWEEKNO"]))
    return True


def completed(rule, start, date):
    """What the rule leaves open comes from DTSTART."""
    r = dict(rule)
    if date:
        for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            r.pop(part, None)
    if not any(part in r for part in ("BYMONTHDAY", "BYDAY", "BYYEARDAY")):
        if "BYWEEKNO" in r or r["FREQ"] == "WEEKLY":
            r["BYDAY"] = [(None, start.weekday())]
        elif r["FREQ"] == "YEARLY":
            r["BYMONTHDAY"] = [start.day]
            r.setdefault("BYMONTH", [start.month])
        elif r["FREQ"] == "MONTHLY":
            r["BYMONTHDAY"] = [start.day]
    return r


def periods(rule, start, stop):
    """The sets of candidate days and hours of each period in phase; days not yet looked at."""
    freq, interval = rule["FREQ"], rule.get("INTERVAL", 1)
    day = start.date()
    if freq == "YEARLY":
        for year in range(day.year, min(stop.year, 9998) + 1, interval):
            yield days_of(year, None)
    elif freq == "MONTHLY":
        for n in range(day.year * 12 + day.month - 1, stop.year * 12 + stop.month, interval):
            yield days_of(n // 12, n % 12 + 1)
    else:
        step = 7 * interval if freq == "WEEKLY" else interval
        if freq == "WEEKLY":
            day -= DAY * ((day.weekday() - rule.get("WKST", 0)) % 7)
        while day <= stop.date():
            yield [day + DAY * i for i in range(7)] if freq == "WEEKLY" else [day]
            try:
                day += DAY * step
            except OverflowError:
                return


def sets_of_days(rule, start, stop):
    hours = sorted(set(rule.get("BYHOUR", [start.hour])))
    minutes = sorted(set(rule.get("BYMINUTE", [start.minute])))
    seconds = sorted(set(rule.get("BYSECOND", [start.second])))
    for days in periods(rule, start, stop):
        yield [dt.datetime(d.year, d.month, d.day, h, m, s)
               for d in days if day_matches(rule, d)
               for h in hours for m in minutes for s in seconds]


def sets_of_units(rule, start, stop):
    """HOURLY and below: every hour (minute, second) is looked at."""
    unit = UNITS[rule["FREQ"]]
    step = rule.get("INTERVAL", 1) * unit
    at = start - dt.timedelta(seconds=(start - EPOCH).total_seconds() % unit)
    good, known = False, None
    while at <= stop:
        if at.date() != known:
            known, good = at.date(), day_matches(rule, at.date())
        hit = good and at.hour in rule.get("BYHOUR", [at.hour])
        if unit < 3600:
            hit = hit and at.minute in rule.get("BYMINUTE", [at.minute])
        if unit < 60:
            hit = hit and at.second in rule.get("BYSECOND", [at.second])
        if hit:
            minutes = rule.get("BYMINUTE", [start.minute]) if unit == 3600 else [at.minute]
            seconds = rule.get("BYSECOND", [start.second]) if unit > 1 else [at.second]
            yield [at.replace(minute=m, second=s)
                   for m in sorted(set(minutes)) for s in sorted(set(seconds))]
        at += dt.timedelta(seconds=step)


def rule_starts(rule, start, date, stop):
    """Local times of a rule from @start to @stop; COUNT and UNTIL are the caller's."""
    r = completed(rule, start, date)
    for found in (sets_of_units if r["FREQ"] in UNITS else sets_of_days)(r, start, stop):
        if "BYSETPOS" in r:
            n = len(found)
            found = [x for i, x in enumerate(found) if i + 1 in r["BYSETPOS"] or i - n in r["BYSETPOS"]]
        for x in found:
            if start <= x <= stop:
                yield x


# ---- series -----------------------------------------------------------------

class Event:
    """A component: times, lengths and rules; see ical_make.py for what else it says."""

    def __init__(self, uid, start, **more):
        self.uid, self.start = uid, start
        self.todo, self.summary, self.status = False, "", ""
        self.until = self.span = None     # Time; (days, seconds)
        self.has_start = True             # a VTODO may have DUE alone
        self.rules, self.exrules = [], []
        self.rdates, self.exdates = [], []  # (Time, None | Time | (days, seconds)); Time
        self.rid, self.range = None, False
        self.sequence, self.stamp = 0, 0
        self.__dict__.update(more)


class Expander:
    """The instances of the events of one UID in one calendar."""

    def __init__(self, events, default, low, high):
        self.default, self.low, self.high = default, low, high
        masters = [e for e in events if e.rid is None]
        self.master = max(masters, key=lambda e: (e.sequence, e.stamp, events.index(e)), default=None)
        changes = [e for e in events if e.rid is not None]
        self.overrides = self.newest(changes)
        self.ranges = self.newest([e for e in changes if e.range])
        self.rows = []

    def zone(self, t):
        return self.default if t.zone is None or t.date else t.zone

    def instant(self, t):
        return instant(self.zone(t), t.local)[0]

    def newest(self, events):
        best = {}
        for e in events:
            key = self.meant(e.rid)
            old = best.get(key)
            if old is None or (e.sequence, e.stamp) >= (old.sequence, old.stamp):
                best[key] = e
        return [best[key] for key in sorted(best)]

    def meant(self, rid, midnight=False):
        """The instant that a RECURRENCE-ID means; a DATE of a timed series has DTSTART's time."""
        m = self.master.start if self.master else None
        if m is None or not (m.date or rid.date):
            return self.instant(rid)
        time = dt.time() if m.date or midnight else m.local.time()
        return instant(self.zone(m), dt.datetime.combine(rid.local.date(), time))[0]

    def end(self, e, extent, t, at, first):
        """The end of an instance of @e that starts at @t; @extent belongs to a PERIOD."""
        until, span = (e.until, e.span) if extent is None else \
            (extent, None) if isinstance(extent, Time) else (None, extent)
        if until is not None:
            if extent is not None or first:
                end = self.instant(until)
            elif e.rules and all(r["FREQ"] in UNITS for r in e.rules) and not e.start.date:
                end = at + (self.instant(until) - self.instant(e.start))
            else:
                local = until.local
                if not e.start.date and not until.date and self.zone(until) != self.zone(e.start):
                    local = wall(self.zone(e.start), self.instant(until))
                end = instant(self.zone(t), t.local + (local - e.start.local))[0]
        elif span is not None:
            end = instant(self.zone(t), t.local + DAY * span[0])[0] if span[0] else at
            end += dt.timedelta(seconds=span[1])
        elif t.date and not e.todo:
            end = instant(self.zone(t), t.local + DAY)[0]
        else:
            end = at
        return max(end, at)

    def show(self, e, t, at, extent=None, first=False):
        end = self.end(e, extent, t, at, first)
        if at < self.high and (end > self.low or (end == at and at >= self.low)):
            self.rows.append((stamp(at), stamp(end), e.uid, "VTODO" if e.todo else "VEVENT",
                              shown(e.summary), t.kind(), e.status or "-"))

    def same_instance(self, written, t, at):
        """Does EXDATE or RECURRENCE-ID @written mean the instance that starts at @t?"""
        m = self.master.start
        if m.date:
            return written.local.date() == (t.local if t.date else wall(self.zone(m), at)).date()
        if written.date:
            local = t.local if t.date or self.zone(t) == self.zone(m) else wall(self.zone(m), at)
            return written.local.date() == local.date()
        return self.instant(written) == at

    def walk(self, rule, stop):
        start, zone, n = self.master.start, self.zone(self.master.start), 0
        until = None
        if "UNTIL" in rule:
            u = rule["UNTIL"]
            if start.date:
                until = instant(zone, dt.datetime.combine(u.local.date(), dt.time()))[0]
            elif u.date:
                until = instant(zone, u.local + DAY - dt.timedelta(seconds=1))[0]
            else:
                until = instant(UTC if u.zone is UTC else zone, u.local)[0]
        for local in rule_starts(rule, start.local, start.date, wall(zone, stop) + DAY):
            at, gap = instant(zone, local)
            if gap and not start.date:
                continue
            if until is not None and at > until or n == rule.get("COUNT", -1):
                return
            n += 1
            yield start.at(local), at

    def starts(self):
        """The set before EXDATE: {instant: (Time, extent)}."""
        m, found = self.master, {}
        at, gap = instant(self.zone(m.start), m.start.local)
        stop = self.high + DAY * 40
        never = m.start.local + DAY * 366 * NEVER_YEARS
        barren = m.rules and not any(
            next(self.walk(r, instant(self.zone(m.start), never)[0]), None) for r in m.rules)
        if not barren and (not gap or m.start.date or not m.rules):
            found[at] = (m.start, None)
        for rule in m.rules:
            for t, at in self.walk(rule, stop):
                found.setdefault(at, (t, None))
        for t, extent in m.rdates:
            found.setdefault(self.instant(t), (t, extent))
        for rule in m.exrules:
            for _, at in self.walk(rule, stop):
                found.pop(at, None)
        return found

    def range_of(self, at):
        good = [o for o in self.ranges if self.meant(o.rid, True) <= at]
        return good[-1] if good else None

    def shifted(self, o, t, at):
        """The instance @t as the THISANDFUTURE @o has it."""
        m, zone = self.master.start, self.zone(o.start)
        rid = o.rid.local
        if not o.rid.date and self.zone(o.rid) != zone:
            rid = wall(zone, self.instant(o.rid))
        elif o.rid.date and not o.start.date:
            rid = dt.datetime.combine(rid.date(), m.local.time())
        local = t.local if t.date or self.zone(t) == zone else wall(zone, at)
        return o.start.at(local + (o.start.local - rid))

    def expand(self):
        if self.master is not None:
            for at, (t, extent) in sorted(self.starts().items()):
                if any(self.same_instance(x, t, at) for x in self.master.exdates):
                    continue
                if any(self.same_instance(o.rid, t, at) for o in self.overrides):
                    continue
                o = self.range_of(at)
                if o is None:
                    first = at == self.instant(self.master.start) and extent is None
                    self.show(self.master, t, at, extent, first)
                else:
                    t = self.shifted(o, t, at)
                    self.show(o, t, self.instant(t))
        for o in self.overrides:
            self.show(o, o.start, self.instant(o.start), first=True)
        return self.rows


def stamp(at):
    return at.strftime("%Y%m%dT%H%M%SZ") if at.year > 999 else at.isoformat()


def shown(text):
    """A column must not end its line or itself."""
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, written)
    return text


def expand(events, default, low, high):
    """Columns 1-7 of every instance in [low, high), sorted; equal ones once."""
    groups, rows = {}, []
    for i, e in enumerate(events):
        groups.setdefault((e.uid or f" {i}", e.todo), []).append(e)
    for group in groups.values():
        rows += Expander(group, default, low, high).expand()
    return sorted(rows)


def zone_of(name):
    return zoneinfo.ZoneInfo(name)
