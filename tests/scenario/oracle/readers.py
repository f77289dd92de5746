"""Readers of the oracle: the subset of YAML, iCalendar and CSV that generate.py writes.

They must never be lenient: what they do not know is an error, so that a campaign
outside the subset cannot be judged by a half-read file.
"""
import csv
import io
import re
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc


# ---- YAML subset: block maps and lists by indentation, flow maps and lists, plain scalars

def _strip_comment(line):
    quote = None
    for i, ch in enumerate(line):
        if quote:
            if ch == quote:
                quote = None
        elif ch in "\"'":
            quote = ch
        elif ch == "#" and (i == 0 or line[i - 1] in " \t"):
            return line[:i].rstrip()
    return line.rstrip()


class _Flow:
    """A value on one line: {a: b}, [a, b], "text", plain."""

    def __init__(self, text):
        self.s, self.i = text, 0

    def blank(self):
        while self.i < len(self.s) and self.s[self.i] == " ":
            self.i += 1

    def value(self, stops=""):
        self.blank()
        ch = self.s[self.i:self.i + 1]
        if ch == "{":
            return self.mapping()
        if ch == "[":
            return self.sequence()
        if ch and ch in "\"'":
            end = self.s.index(ch, self.i + 1)
            text = self.s[self.i + 1:end]
            self.i = end + 1
            return text
        start = self.i
        while self.i < len(self.s) and self.s[self.i] not in stops:
            self.i += 1
        return self.s[start:self.i].strip()

    def mapping(self):
        out = {}
        self.i += 1
        while True:
            self.blank()
            if self.s[self.i] == "}":
                self.i += 1
                return out
            key = self.value(":")
            self.blank()
            if self.s[self.i] != ":":
                raise ValueError("no ':' in " + self.s)
            self.i += 1
            out[key] = self.value(",}")
            self.blank()
            if self.s[self.i] == ",":
                self.i += 1

    def sequence(self):
        out = []
        self.i += 1
        while True:
            self.blank()
            if self.s[self.i] == "]":
                self.i += 1
                return out
            out.append(self.value(",]"))
            self.blank()
            if self.s[self.i] == ",":
                self.i += 1


def read_yaml(text):
    lines = []
    for raw in text.splitlines():
        line = _strip_comment(raw)
        if line.strip():
            lines.append((len(line) - len(line.lstrip(" ")), line.strip()))
    value, rest = _block(lines, 0)
    if rest != len(lines):
        raise ValueError("yaml: bad indentation near " + lines[rest][1])
    return value


_KEY = re.compile(r'^("[^"]*"|[^\s"{\[][^:]*):(?:\s+(.*))?$')


def _block(lines, i):
    indent = lines[i][0]
    if lines[i][1].startswith("- "):
        out = []
        while i < len(lines) and lines[i][0] == indent and lines[i][1].startswith("- "):
            out.append(_Flow(lines[i][1][2:]).value())
            i += 1
        return out, i
    out = {}
    while i < len(lines) and lines[i][0] == indent:
        m = _KEY.match(lines[i][1])
        if not m:
            raise ValueError("yaml: " + lines[i][1])
        key, rest = m.group(1).strip('"'), m.group(2)
        i += 1
        if rest:
            out[key] = _Flow(rest).value()
        else:
            out[key], i = _block(lines, i)
    return out, i


# ---- units.csv

def read_csv(text):
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


# ---- iCalendar

WORDS = {"报送": "REPORT", "节点": "MILESTONE", "阶段": "PHASE", "通报": "BULLETIN",
         "值守": "WATCH", "班次": "DUTY", "休": "OFF", "班": "WORK"}
KINDS = set(WORDS.values())
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class Component:
    def __init__(self, name):
        self.name, self.props, self.alarms = name, [], []

    def get(self, name):
        """(parameters, value) of the first property of that name, or None."""
        return next(((p, v) for n, p, v in self.props if n == name), None)

    def all(self, name):
        return [(p, v) for n, p, v in self.props if n == name]


def read_ics(text):
    text = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    stack, out = [], []
    for line in text.split("\n"):
        if not line:
            continue
        head, value = line.split(":", 1)
        name, *params = head.split(";")
        name = name.upper()
        params = dict(p.split("=", 1) for p in params)
        if name == "BEGIN":
            stack.append(Component(value.upper()))
        elif name == "END":
            done = stack.pop()
            if done.name == "VALARM":
                stack[-1].alarms.append(done)
            elif done.name in ("VEVENT", "VTODO"):
                out.append(done)
        else:
            stack[-1].props.append((name, params, value))
    return out


class When:
    """A value of DTSTART and its like: a day, or a local time in a zone."""

    def __init__(self, params, value, zone):
        self.zone, self.all_day, self.utc = zone, False, False
        if params.get("VALUE") == "DATE" or len(value) == 8:
            self.all_day = True
            self.local = datetime.strptime(value[:8], "%Y%m%d")
        elif value.endswith("Z"):
            self.zone, self.utc = ZoneInfo("UTC"), True
            self.local = datetime.strptime(value, "%Y%m%dT%H%M%SZ")
        else:
            if "TZID" in params:
                self.zone = ZoneInfo(params["TZID"])
            self.local = datetime.strptime(value, "%Y%m%dT%H%M%S")

    def instant(self):
        return instant(self.local, self.zone)


def instant(local, zone):
    """Civil time to seconds since 1970: a gap takes the offset before it, a doubled hour
    is the first one (design 4); fold=0 of PEP 495 means exactly these two."""
    return int(local.replace(tzinfo=zone, fold=0).timestamp())


def in_gap(local, zone):
    back = datetime.fromtimestamp(instant(local, zone), zone).replace(tzinfo=None, fold=0)
    return back != local


def _rule_parts(text):
    return dict(part.split("=", 1) for part in text.upper().split(";"))


def _nth_weekday(year, month, spec):
    """BYDAY=2TU or -1FR of a month, or None."""
    n, day = int(spec[:-2]), WEEKDAYS.index(spec[-2:])
    days = [d for d in _month_days(year, month) if d.weekday() == day]
    k = n - 1 if n > 0 else n
    return days[k] if -len(days) <= k < len(days) else None


def _month_days(year, month):
    first = date(year, month, 1)
    return [first + timedelta(days=i) for i in range(31)
            if (first + timedelta(days=i)).month == month]


def _rule_days(rule, start):
    """Days of a rule from its start's day on, without end, in order."""
    interval = int(rule.get("INTERVAL", "1"))
    freq = rule["FREQ"]
    known = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "WKST"}
    if set(rule) - known:
        raise ValueError("rrule outside the subset: %r" % rule)
    if freq == "DAILY":
        wanted = rule["BYDAY"].split(",") if "BYDAY" in rule else WEEKDAYS
        day = start
        while True:
            if WEEKDAYS[day.weekday()] in wanted:
                yield day
            day += timedelta(days=interval)
    elif freq == "WEEKLY":
        wanted = rule["BYDAY"].split(",") if "BYDAY" in rule else [WEEKDAYS[start.weekday()]]
        monday = start - timedelta(days=start.weekday())
        while True:
            for k in range(7):
                day = monday + timedelta(days=k)
                if day >= start and WEEKDAYS[k] in wanted:
                    yield day
            monday += timedelta(days=7 * interval)
    elif freq == "MONTHLY":
        year, month = start.year, start.month
        while True:
            if "BYDAY" in rule:
                days = [_nth_weekday(year, month, s) for s in rule["BYDAY"].split(",")]
            else:
                every = _month_days(year, month)
                days = []
                for n in rule.get("BYMONTHDAY", str(start.day)).split(","):
                    k = int(n) - 1 if int(n) > 0 else int(n)
                    days.append(every[k] if -len(every) <= k < len(every) else None)
            for day in sorted({d for d in days if d}):
                if day >= start:
                    yield day
            month += interval
            year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    else:
        raise ValueError("rrule outside the subset: %r" % rule)


def expand(master, overrides, zone):
    """Instances of one UID: list of (rid, Component that speaks for it, When of its start).

    rid: '-' when it does not recur, the date for an all-day series, else the UTC instant.
    """
    start = When(*(master.get("DTSTART") or master.get("DUE")), zone)
    rule = master.get("RRULE")
    recurs = bool(rule or master.get("RDATE") or overrides)
    if not recurs:
        return [("-", master, start)]
    locals_ = [start.local]
    if rule:
        parts = _rule_parts(rule[1])
        if "COUNT" not in parts and "UNTIL" not in parts:
            raise ValueError("rrule without an end")
        locals_ = []
        for day in _rule_days(parts, start.local.date()):
            local = datetime.combine(day, start.local.time())
            if "COUNT" in parts and len(locals_) >= int(parts["COUNT"]):
                break
            if "UNTIL" in parts and _after_until(local, start, parts["UNTIL"]):
                break
            # "an instance inside a DST gap is dropped", and COUNT does not count it (R11)
            if start.all_day or not in_gap(local, start.zone):
                locals_.append(local)
        if start.local not in locals_:
            raise ValueError("DTSTART not generated by its rule")
    starts = [_at(start, x) for x in locals_]
    for params, value in master.all("RDATE"):
        for one in value.split(","):
            starts.append(When(params, one, zone))
    gone = set()
    for params, value in master.all("EXDATE"):
        for one in value.split(","):
            gone.add(_rid(When(params, one, zone)))
    instead = {}
    for o in overrides:
        instead[_rid(When(*o.get("RECURRENCE-ID"), zone))] = o
    out, seen = [], set()
    for s in starts:
        rid = _rid(s)
        if rid in gone or rid in seen:
            continue
        seen.add(rid)
        if rid in instead:
            o = instead[rid]
            out.append((rid, o, When(*(o.get("DTSTART") or o.get("DUE")), zone)))
        else:
            out.append((rid, master, s))
    if set(instead) - seen:
        raise ValueError("an override of no instance")
    return out


def _after_until(local, start, until):
    if len(until) == 8:  # a DATE includes that whole day
        return local.date() > datetime.strptime(until, "%Y%m%d").date()
    if until.endswith("Z"):
        limit = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        return instant(local, start.zone) > limit
    return local > datetime.strptime(until, "%Y%m%dT%H%M%S")


def _at(start, local):
    w = object.__new__(When)
    w.zone, w.all_day, w.utc, w.local = start.zone, start.all_day, start.utc, local
    return w


def _rid(when):
    if when.all_day:
        return when.local.strftime("%Y%m%d")
    return datetime.fromtimestamp(when.instant(), UTC).strftime("%Y%m%dT%H%M%SZ")


def categories(component):
    out = []
    for _, value in component.all("CATEGORIES"):
        out += [c.strip() for c in value.split(",") if c.strip()]
    return [WORDS.get(c, c) for c in out]


def cancelled(component):
    status = component.get("STATUS")
    return bool(status and status[1].upper() == "CANCELLED")


_TRIGGER = re.compile(r"^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")


def trigger(alarm):
    """('absolute', instant) or ('offset', sign, parts, None) with sign 0 for a zero one."""
    params, value = alarm.get("TRIGGER")
    if params.get("VALUE") == "DATE-TIME":
        return ("absolute", When({}, value, UTC).instant())
    m = _TRIGGER.match(value)
    if not m:
        raise ValueError("trigger " + value)
    parts = [(int(n), u) for n, u in zip(m.groups()[1:], ("w", "d", "h", "m", "s"))
             if n and int(n)]
    sign = 0 if not parts else -1 if m.group(1) == "-" else 1
    return ("offset", sign, parts, None)
