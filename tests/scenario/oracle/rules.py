"""Files and time of the oracle: design 3 (campaign directory) and 4 (time), read naively.

[4] in a comment = design section 4, P5 = that planner rule, R7 = note 7 of READING.md.
Instants are whole seconds since 1970 UTC; civil times are naive datetimes.
"""
import os
import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import readers
from readers import instant

FAR = 400  # days that a search for a window, a slot or a working day may take
CHANNELS = ["email", "webhook", "wecom", "dingtalk", "feishu"]
WEEKDAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"]
CLIMB = ["liaison", "leader", "head"]


def minutes(text):
    h, m = text.split(":")
    return int(h) * 60 + int(m)


def parse_offset(text):
    """'-1w2d@09:30' -> ('offset', sign, [(1, 'w'), (2, 'd')], 570)."""
    if text == "0":
        return ("offset", 0, [], None)
    m = re.match(r"^([+-]?)((?:\d+(?:wd|w|d|h|m))+)(?:@(\d\d:\d\d))?$", text)
    if not m:
        raise ValueError("offset " + text)
    parts = [(int(n), u) for n, u in re.findall(r"(\d+)(wd|w|d|h|m)", m.group(2))]
    return ("offset", -1 if m.group(1) == "-" else 1, parts,
            minutes(m.group(3)) if m.group(3) else None)


class Clock:
    """Civil arithmetic in the campaign's zone."""

    def __init__(self, zone, off, work):
        self.zone, self.off, self.work = zone, off, work
        self._local = {}

    def local(self, t):
        got = self._local.get(t)
        if got is None:
            got = datetime.fromtimestamp(t, self.zone).replace(tzinfo=None, fold=0)
            self._local[t] = got
        return got

    def at(self, day, minute):
        return instant(datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute),
                       self.zone)

    def end_of_day(self, day):
        """[3] A day ends at 23:59:59 local."""
        return instant(datetime(day.year, day.month, day.day, 23, 59, 59), self.zone)

    def working(self, day):
        """[4] Monday-Friday except OFF days, plus WORK days."""
        return day in self.work or (day.weekday() < 5 and day not in self.off)

    def nth_working(self, day, n, step):
        """[4] The n-th working day strictly before (step -1) or after (+1) a date."""
        for _ in range(FAR * 4):
            day += timedelta(days=step)
            if self.working(day):
                n -= 1
                if n == 0:
                    return day
        raise ValueError("no working day")

    def move(self, t, offset, times=1):
        """An offset from an instant, parts from left to right. Parts on the wall clock keep
        it all the way; h and m make an instant of what was reached so far (R1). `times`
        multiplies each part, then @ is set once (R2)."""
        _, sign, parts, at = offset
        civil = None  # where the wall clock stands, while only w, d and wd have moved it
        for n, unit in parts:
            n *= times
            if unit in ("h", "m", "s"):  # [4] h and m are exact
                t = t if civil is None else instant(civil, self.zone)
                t, civil = t + sign * n * {"h": 3600, "m": 60, "s": 1}[unit], None
                continue
            civil = self.local(t) if civil is None else civil
            if unit == "wd":  # [4] w, d, wd move on the wall clock
                day = self.nth_working(civil.date(), n, sign)
                civil = datetime.combine(day, civil.time())
            else:
                civil += sign * timedelta(days=n * (7 if unit == "w" else 1))
        if at is not None:  # [4] @ last
            return self.at((self.local(t) if civil is None else civil).date(), at)
        return t if civil is None else instant(civil, self.zone)


class Window:
    """[4] Send window: closed interval [from, to] on allowed days."""

    def __init__(self, clock, spec):
        self.clock, self.always = clock, spec is None
        self._on = {}
        if spec is None:
            return
        self.days = spec.get("days", "working")
        if isinstance(self.days, str) and self.days not in ("working", "all"):
            self.days = [self.days]
        self.first, self.last = minutes(spec["from"]), minutes(spec["to"])
        self.back_at = minutes(spec.get("back", spec["to"]))

    def allowed(self, day):
        if self.days == "working":
            return self.clock.working(day)
        return self.days == "all" or WEEKDAYS[day.weekday()] in self.days

    def inside(self, t):
        if self.always:
            return True
        civil = self.clock.local(t)
        second = civil.hour * 3600 + civil.minute * 60 + civil.second
        return self.first * 60 <= second <= self.last * 60 and self.allowed(civil.date())

    def on(self, t):
        """The earliest instant inside at or after t; None if there is none (R3)."""
        if t not in self._on:
            self._on[t] = self._find_on(t)
        return self._on[t]

    def _find_on(self, t):
        if self.inside(t):
            return t
        day = self.clock.local(t).date()
        for k in range(-1, FAR):
            for start in self._openings(day + timedelta(days=k)):
                if start >= t and self.inside(start):
                    return start
        return None

    def _openings(self, day):
        """Instants of a day at which the wall clock may come to read an hour inside: `from`,
        and on a day with a change of the clock every minute of it."""
        first, end = self.clock.at(day, 0), self.clock.at(day + timedelta(days=1), 0)
        if end - first == 86400:
            return [self.clock.at(day, self.first)]
        return range(first - first % 60, end + 60, 60)

    def back(self, t):
        """The latest `back` at or before t on an allowed day."""
        if self.inside(t):
            return t
        day = self.clock.local(t).date()
        for k in range(FAR):
            stop = self.clock.at(day - timedelta(days=k), self.back_at)
            if stop <= t and self.inside(stop):
                return stop
        return None

    def slot(self, t, weekday, minute):
        """[4] The next such hour that is inside; one that is on the hour stays."""
        civil = self.clock.local(t)
        if (civil.weekday(), civil.hour * 3600 + civil.minute * 60 + civil.second) \
                == (weekday, minute * 60) and self.inside(t):
            return t
        for k in range(FAR):
            d = civil.date() + timedelta(days=k)
            if d.weekday() == weekday:
                hour = self.clock.at(d, minute)
                if hour >= t and self.inside(hour):
                    return hour
        return t  # R13: a slot that never meets its window leaves the step


class Step:
    def __init__(self, spec, index):
        self.name, self.index = spec["name"], index
        self.at = parse_offset(spec["at"]) if isinstance(spec["at"], str) else spec["at"]
        self.to = spec["to"] if isinstance(spec["to"], list) else [spec["to"]]
        via = spec.get("via", ["email"])  # P5: default e-mail
        self.via = via if isinstance(via, list) else [via]
        self.sign = spec.get("sign", "false") in ("true", "yes")
        self.slot = None
        if "slot" in spec:
            day, hour = spec["slot"].split("@")
            self.slot = (WEEKDAYS.index(day.lower()), minutes(hour))
        repeat = spec.get("repeat")
        self.every = parse_offset(repeat["every"]) if repeat else None
        self.times = int(repeat["times"]) if repeat else 0


class Policy:
    def __init__(self, name, spec, clock, window):
        self.name = name
        self.grace = parse_offset(spec["grace"]) if spec.get("grace") else ("offset", 0, [], None)
        self.closes = parse_offset(spec["closes"]) if spec.get("closes") else None
        self.off_day = spec.get("on_off_day", "keep")
        self.zero = spec.get("zero", "no") in ("yes", "true")
        self.window = Window(clock, spec["send_window"]) if "send_window" in spec else window
        self.steps = [Step(s, i) for i, s in enumerate(spec.get("steps", []))]
        self.streak = spec.get("streak")


class Rung:
    """One step or repeat of one ladder: the unmoved and the moved instant."""

    def __init__(self, step, k, unmoved, moved, before):
        self.step, self.k, self.unmoved, self.moved, self.before = step, k, unmoved, moved, before
        self.name = step.name + ("#%d" % k if k else "")
        # P3: by moved instant; equal: the later in the policy, then the higher repeat;
        # alarms last (they stand after the policy's own steps).
        self.order = (moved, step.index, k)


class Obligation:
    def __init__(self, uid, policy, milestone):
        self.uid, self.policy, self.milestone = uid, policy, milestone
        self.occurrences, self.owers = [], []


class Occurrence:
    def __init__(self, obligation, rid, due, alarms):
        self.obligation, self.rid, self.due, self.alarms = obligation, rid, due, alarms
        self.opens = None


class Campaign:
    def __init__(self, directory):
        self.dir = directory
        self.spec = readers.read_yaml(self._text("campaign.yaml"))
        zone = ZoneInfo(self.spec["timezone"])
        self.office = self.spec["office"]
        components = self._components("campaign.ics")
        off, work = self._days(self._components("holidays.ics"), zone)
        self.clock = Clock(zone, off, work)
        self.window = Window(self.clock, self.spec.get("send_window"))
        self.audiences = self.spec.get("audiences", {})
        hold = self.spec.get("hold_if_missing", "50%")
        self.hold = None if hold == "never" else int(hold.rstrip("%"))
        self.policies = {n: Policy(n, s, self.clock, self.window)
                         for n, s in self.spec["policies"].items()}
        self._units()
        self.obligations, phases = [], []
        self._calendar(components, phases)
        self._start(phases)
        for o in self.obligations:
            self._opens(o)

    def _text(self, name):
        path = os.path.join(self.dir, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", newline="") as f:
            return f.read()

    def _components(self, name):
        return readers.read_ics(self._text(name))

    @staticmethod
    def _series(components):
        """Masters with their overrides, by UID."""
        masters, overrides = {}, {}
        for c in components:
            uid = c.get("UID")[1].strip()
            if c.get("RECURRENCE-ID"):
                overrides.setdefault(uid, []).append(c)
            else:
                masters[uid] = c
        return [(uid, m, overrides.get(uid, [])) for uid, m in masters.items()]

    def _days(self, components, zone):
        off, work = set(), set()
        for _, master, overrides in self._series(components):
            # [3] every component of holidays.ics is OFF unless it says WORK
            target = work if "WORK" in readers.categories(master) else off
            if readers.cancelled(master):
                continue
            for _, c, start in readers.expand(master, overrides, zone):
                if readers.cancelled(c):
                    continue
                for k in range(self._span(c, zone)):
                    target.add(start.local.date() + timedelta(days=k))
        return off, work

    @staticmethod
    def _span(c, zone):
        """Days of an all-day component; without an end one, end before start one."""
        start, end = readers.When(*c.get("DTSTART"), zone), c.get("DTEND")
        if not end:
            return 1
        return max(1, (readers.When(*end, zone).local - start.local).days)

    def _units(self):
        self.units, self.contacts, self.parent, self.tags = [], {}, {}, {}
        for row in readers.read_csv(self._text("units.csv")):
            unit = row["unit"]
            if unit not in self.contacts:
                self.units.append(unit)
                self.contacts[unit], self.tags[unit] = [], set()
                self.parent[unit] = row.get("parent") or None
            self.tags[unit].add(row["kind"])  # [2] its kind is a tag too
            self.tags[unit] |= {t for t in (row.get("tags") or "").split(";") if t}
            allowed = [c for c in (row.get("channels") or "").split(";") if c]
            have = {c: row.get(c) for c in CHANNELS if row.get(c)}
            self.contacts[unit].append((row["role"], have, allowed))
            if row["kind"] == "office" and unit != self.office:
                raise ValueError("a second office")
        self.committees = [u for u in self.units if "committee" in self.tags[u]]

    def _calendar(self, components, phases):
        zone = self.clock.zone
        for uid, master, overrides in self._series(components):
            names = readers.categories(master)
            kind = next((n for n in names if n in readers.KINDS), None)
            if kind is None and master.name == "VTODO":
                kind = "REPORT"  # [3] a VTODO without a known category is a REPORT
            if kind is None:
                raise ValueError("no category: " + uid)
            if readers.cancelled(master):
                continue
            instances = [(rid, c, w) for rid, c, w in readers.expand(master, overrides, zone)
                         if not readers.cancelled(c)]  # [3] cancelled: not owed
            if kind == "PHASE":
                phases += [self._begin(w) for _, _, w in instances]
            if kind not in ("REPORT", "MILESTONE"):
                continue
            rest = [n for n in names if n not in readers.KINDS]
            policy = next((n for n in rest if n in self.policies), "default")
            o = Obligation(uid, self.policies[policy], kind == "MILESTONE")
            o.owers = self._owers(kind, [n for n in rest if n not in self.policies])
            for rid, c, when in instances:
                due = self._off_day(self._deadline(kind, c, when), o.policy)
                o.occurrences.append(Occurrence(o, rid, due, self._alarms(kind, c, o.policy)))
            o.occurrences.sort(key=lambda x: (x.due, x.rid))
            self.obligations.append(o)

    def _begin(self, when):
        return self.clock.at(when.local.date(), 0) if when.all_day else when.instant()

    def _deadline(self, kind, c, when):
        if kind == "MILESTONE":  # start; all-day: the start of its day
            return self._begin(when)
        if c.name == "VTODO":  # DUE, else DTSTART
            if c.get("DUE") and c.get("DTSTART"):
                gap = (readers.When(*c.get("DUE"), self.clock.zone).local
                       - readers.When(*c.get("DTSTART"), self.clock.zone).local)
                if gap and (c.get("RRULE") or not when.all_day):
                    raise ValueError("a VTODO whose DUE is not its DTSTART: outside the subset")
            if when.all_day:
                return self.clock.end_of_day(when.local.date())
            return when.instant()
        if when.all_day:  # the end of its last day
            days = self._span(c, self.clock.zone)
            return self.clock.end_of_day(when.local.date() + timedelta(days=days - 1))
        return when.instant()  # timed VEVENT: its start

    def _off_day(self, due, policy):
        """[4] on_off_day: keep | before | after[:n][@HH:MM]."""
        rule, _, hour = policy.off_day.partition("@")
        rule, _, nth = rule.partition(":")
        civil = self.clock.local(due)
        if rule == "keep" or self.clock.working(civil.date()):
            return due
        if rule == "before":
            day = self.clock.nth_working(civil.date(), 1, -1)
        else:
            day = self.clock.nth_working(civil.date(), int(nth or "1"), 1)
        if hour:
            return self.clock.at(day, minutes(hour))
        return instant(datetime.combine(day, civil.time()), self.clock.zone)

    def _alarms(self, kind, c, policy):
        """[3] VALARMs on a REPORT add steps to the liaison after the policy's own."""
        if kind != "REPORT":
            return []
        out = []
        for i, alarm in enumerate(c.alarms):
            name = "alarm" if i == 0 else "alarm-%d" % (i + 1)
            out.append(Step({"name": name, "at": readers.trigger(alarm), "to": ["liaison"]},
                            len(policy.steps) + i))
        return out

    def _owers(self, kind, names):
        if kind == "MILESTONE":
            return [self.office]  # [3] owed by the office
        out = []
        for u in self.units:
            if self.tags[u] & {"office", "committee"} or u == self.office:
                continue  # [3] office and committee owe no reports
            if not names or u in names or self.tags[u] & set(names):
                out.append(u)
        return out

    def _start(self, phases):
        dues = [x.due for o in self.obligations for x in o.occurrences]
        if phases:  # [3] the campaign starts with the first phase
            self.starts = min(phases)
        else:  # R10: start of the local day 30 days before the earliest deadline
            day = self.clock.local(min(dues)).date() - timedelta(days=30)
            self.starts = self.clock.at(day, 0)
        self.track_from = None
        if "track_from" in self.spec:
            self.track_from = self.clock.at(date.fromisoformat(self.spec["track_from"]), 0)

    def _opens(self, o):
        """[4] opens = the deadline of the previous occurrence; of the first and of a one-off
        30 days before its deadline, never before the campaign's start."""
        previous = None
        for x in o.occurrences:
            opens = previous
            if opens is None:
                opens = self.clock.move(x.due, ("offset", -1, [(30, "d")], None))
            x.opens = max(opens, self.starts)
            previous = x.due

    # ---- ladders

    @lru_cache(maxsize=None)
    def grace_end(self, occurrence, due):
        return self.clock.move(due, occurrence.obligation.policy.grace)

    @lru_cache(maxsize=None)
    def closes(self, occurrence, due):
        policy = occurrence.obligation.policy
        return self.clock.move(due, policy.closes) if policy.closes else None

    @lru_cache(maxsize=None)
    def ladder(self, occurrence, due):
        """The steps of an occurrence for an effective deadline, as Rungs."""
        policy = occurrence.obligation.policy
        window, out = policy.window, []
        # [4] the others count from due + grace moved into the send window
        base = window.on(self.grace_end(occurrence, due))
        closes = self.closes(occurrence, due)
        for step in policy.steps + occurrence.alarms:
            if step.at[0] == "absolute":
                first = step.at[1]
            elif step.at[1] < 0:  # [4] offsets before the deadline count from due
                first = self.clock.move(due, step.at)
            else:
                first = self.clock.move(base, step.at)
            for k in range(step.times + 1):
                # [4] repeats: the unmoved step + k * every, each moved
                unmoved = self.clock.move(first, step.every, k) if k else first
                before = unmoved < due
                if before:
                    moved = window.back(unmoved)
                else:
                    moved = window.on(unmoved)
                    if moved is not None and step.slot:
                        moved = window.slot(moved, *step.slot)
                # P1: steps whose moved instant is at or after closes do not exist
                if moved is None or (closes is not None and moved >= closes):
                    continue
                out.append(Rung(step, k, unmoved, moved, before))
        return sorted(out, key=lambda r: r.order)

    # ---- audiences (P5)

    def _usable(self, unit, role=None):
        """Contacts of a unit (in a role) with at least one address."""
        return [(have, allowed) for r, have, allowed in self.contacts.get(unit, [])
                if have and (role is None or r == role)]

    def _office(self):
        return self._usable(self.office)

    def _role(self, unit, role):
        """A role that the unit lacks climbs liaison -> leader -> head -> office."""
        for r in CLIMB[CLIMB.index(role):]:
            found = self._usable(unit, r)
            if found:
                return found
        return self._office()

    def _resolve(self, unit, name):
        """(contacts, is it a superior) of one audience; P11's list of superiors."""
        if name in CLIMB:
            return self._role(unit, name), name != "liaison"
        if name.startswith("parent."):
            parent = self.parent[unit]
            if parent is None:
                return self._office(), True
            return self._role(parent, name[7:]), True
        if name == "office":
            return self._office(), False
        if name == "committee":
            found = [c for u in self.committees for c in self._usable(u)]
            return found or self._office(), True
        if name.startswith("unit:"):
            return self._usable(name[5:]) or self._office(), name[5:] != self.office
        raise ValueError("audience " + name)

    def recipients(self, obligation, unit, step):
        return self._recipients(obligation.milestone, unit, tuple(step.to), tuple(step.via))

    @lru_cache(maxsize=None)
    def _recipients(self, milestone, unit, to, via):
        """[(role as in `to`, address, channel, superior)] of one step for one unit."""
        out, seen = [], set()
        # [3] every step of a milestone goes to all contacts of the office
        for name in ("office",) if milestone else to:
            members = self.audiences.get(name, [name])
            for member in members if isinstance(members, list) else [members]:
                contacts, superior = self._resolve(unit, member)
                for have, allowed in contacts:
                    # P5: one notice for each of `via` that the contact has; none of them: e-mail
                    mine = [c for c in via if c in have and (not allowed or c in allowed)]
                    if not mine:
                        mine = ["email"] if "email" in have else sorted(have, key=CHANNELS.index)[:1]
                    for channel in mine:
                        # an address reached through several audiences is told once by a step,
                        # in the role of the first in `to`
                        if (have[channel], channel) not in seen:
                            seen.add((have[channel], channel))
                            out.append((name, have[channel], channel, superior))
        return out
