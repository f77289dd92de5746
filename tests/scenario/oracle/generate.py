#!/usr/bin/env python3
"""generate.py SEED OUTDIR [--with intake,pause,release]: a random valid campaign and events.

Everything is drawn from SEED alone. Events that the design refuses are dropped by asking
the oracle, which names the line it refuses.
"""
import os
import random
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import oracle
from rules import Campaign

ZONES = ["Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
         "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo"]
CODES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
TAGS = ["fire", "mines", "food", "roads"]
KINDS = ["town", "bureau"]
OWING_KINDS = ["town", "bureau", "fire", "mines", "food", "roads"]


class Maker:
    def __init__(self, seed, extras=()):
        self.r = random.Random("duban-%s" % seed)
        self.extras = set(extras)
        self.zone_name = self.r.choice(ZONES)
        self.zone = ZoneInfo(self.zone_name)
        self.anchor = self._anchor()
        self.steps = 0
        self.gaps = self._gaps()

    def chance(self, p):
        return self.r.random() < p

    def pick(self, *choices):
        return self.r.choice(choices)

    def _anchor(self):
        """A day about which the deadlines lie; in two of three campaigns a DST edge."""
        year = self.pick(2009, 2010, 2012, 2014, 2016, 2018) if "Sao" in self.zone_name \
            else self.pick(2012, 2013, 2014, 2016, 2019, 2020) if "Apia" in self.zone_name \
            else self.pick(2019, 2020, 2021, 2022, 2023)
        day = date(year, 1, 10) + timedelta(days=self.r.randrange(340))
        edges = [d for d in (date(year, 1, 10) + timedelta(days=i) for i in range(340))
                 if self._offset(d) != self._offset(d + timedelta(days=1))]
        if edges and self.chance(0.7):
            day = self.pick(*edges) + timedelta(days=self.r.randrange(-2, 3))
        return day

    def _offset(self, day):
        return datetime(day.year, day.month, day.day, 0, 0, tzinfo=self.zone).utcoffset()

    def _gaps(self):
        """(day, hour) pairs near the anchor that the zone's clock skips."""
        out = []
        for k in range(-25, 26):
            day = self.anchor + timedelta(days=k)
            if self._offset(day) < self._offset(day + timedelta(days=1)):
                out += [(day, "%02d:%02d" % (h, m)) for h in range(24) for m in (0, 15, 30)
                        if self.gap(day, "%02d:%02d" % (h, m))]
        return out

    def day(self, spread=20):
        """Near the anchor, often right at it."""
        if self.chance(0.4):
            return self.anchor + timedelta(days=self.r.randrange(-1, 3))
        return self.anchor + timedelta(days=self.r.randrange(-spread, spread))

    def hour(self):
        if self.chance(0.35):
            return self.pick("00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00",
                             "03:30", "23:45")
        return self.pick("08:30", "09:00", "10:00", "12:00", "15:30", "17:00", "17:20", "18:00")

    # ---- units.csv

    def units(self):
        rows = [["anban", "Office", "office", "", role, "Person %d" % i, mail, "", wecom, "",
                 "", ""]
                for i, (role, mail, wecom) in enumerate(
                    [("liaison", "office@example.org", "wx-office"),
                     ("head", "office-head@example.org", "")][:self.pick(1, 2)])]
        self.has_committee = self.chance(0.6)
        if self.has_committee:
            mail = "committee@example.org" if self.chance(0.8) else ""
            rows.append(["anwei", "Committee", "committee", "", "head", "Chair", mail, "", "", "",
                         "", ""])
        self.unit_ids = ["u%02d" % i for i in range(1, self.r.randrange(2, 13) + 1)]
        shared = ["shared%d@example.org" % i for i in range(2)]
        robots = ["https://robot.invalid/%d" % i for i in range(2)]
        for unit in self.unit_ids:
            kind = self.pick(*KINDS)
            tags = ";".join(t for t in TAGS if self.chance(0.3))
            parent = self.pick(*self.unit_ids) if self.chance(0.4) else ""
            if parent == unit or parent > unit:
                parent = ""
            people = [role for role in ("liaison", "leader", "head")
                      for _ in range(self.pick(0, 1, 1, 1, 2))]
            for i, role in enumerate(people or ["leader"]):
                mail = "%s.%s%d@example.org" % (unit, role, i)
                if self.chance(0.15):
                    mail = self.pick(*shared)
                wecom = "wx-%s-%d" % (unit, i) if self.chance(0.3) else ""
                if wecom and self.chance(0.2):
                    wecom = "wx-shared"
                ding = "ding-%s-%d" % (unit, i) if self.chance(0.2) else ""
                robot = self.pick(*robots) if self.chance(0.15) else ""
                channels = self.pick("email", "email;wecom", "wecom;email;dingtalk") \
                    if self.chance(0.15) else ""
                if self.chance(0.07):  # nobody: no address at all
                    mail = wecom = ding = robot = channels = ""
                rows.append([unit, "Unit " + unit, kind, tags, role, "Person", mail, parent,
                             wecom, ding, robot, channels])
        head = "unit,name,kind,tags,role,person,email,parent,wecom,dingtalk,webhook,channels"
        return "\n".join([head] + [",".join(r) for r in rows]) + "\n"

    # ---- campaign.yaml

    def window(self):
        days = self.pick("working", "working", "all", "[mo, we, fr]", "[tu, th, sa]",
                         "[mo, tu, we, th, fr, sa]", "[su]")
        first = self.pick("07:00", "08:30", "09:00")
        last = self.pick("16:00", "17:30", "19:00")
        back = self.pick(None, first, "15:00", last)
        if self.chance(0.12):  # hours that the changes of the clock touch
            first, last, back = self.pick(("00:00", "02:15", "01:30"), ("02:15", "23:30", "02:30"),
                                          ("00:30", "03:00", None), ("01:45", "23:59", "02:00"))
        text = 'days: %s, from: "%s", to: "%s"' % (days, first, last)
        return "{%s%s}" % (text, ', back: "%s"' % back if back else ""), days, first, last

    def audience(self):
        names = ["liaison", "liaison", "leader", "head", "office", "parent.leader",
                 "parent.liaison", "parent.head", "unit:" + self.pick(*self.unit_ids),
                 "unit:anban"] + list(self.lists)
        if self.has_committee:
            names.append("committee")
        return self.pick(*names)

    def audiences(self):
        to = []
        for _ in range(self.pick(1, 1, 2, 3)):
            a = self.audience()
            if a not in to:
                to.append(a)
        return "[%s]" % ", ".join(to)

    def before(self):
        return self.pick("-1wd@09:30", "-2wd@14:00", "-3h", "-90m", "-1d", "-1w", "-2d@08:00",
                         "-1w2d@10:30", "-1d6h", "-2wd", "-1h30m", "-5wd@09:00", "-3d12h",
                         "-1wd1d@16:00", "-36h", "-1d@02:30")

    def after(self):
        return self.pick("0", "0", "+1wd@10:00", "+2wd@10:00", "+1d", "+1h", "+30m", "+1w",
                         "+1d2h", "+3wd", "+1w1wd@09:00", "+2d@23:30", "+25h", "+1wd",
                         "+5d@07:15", "+10wd", "+1d@02:30")

    def step(self, window):
        self.steps += 1
        late = self.chance(0.55)
        text = 'name: %s%d, at: "%s", to: %s' % (
            self.pick("催办", "提醒", "step-"), self.steps,
            self.after() if late else self.before(), self.audiences())
        if self.chance(0.25):
            text += ", via: [%s]" % ", ".join(self.r.sample(
                ["email", "wecom", "dingtalk", "webhook"], self.pick(1, 2)))
        if late and self.chance(0.15):
            text += ", sign: true"
        if self.chance(0.2):
            every = ["1d", "2wd", "1w", "12h", "5wd"]
            every += ["1d12h", "1wd3h", "1d@11:15", "1w2d", "1wd@02:30"]
            text += ", repeat: {every: %s, times: %d}" % (self.pick(*every), self.pick(1, 2, 3))
        if late and self.chance(0.25):
            text += ', slot: "%s"' % self.slot(window)
        return "      - {%s}" % text

    def slot(self, window):
        """An hour inside the window (a slot that never comes is no step)."""
        days, hour = ["MO", "TU", "WE", "TH", "FR"], "10:00"
        if window:
            _, names, first, last = window
            if names.startswith("["):
                days = [d.strip().upper() for d in names[1:-1].split(",")]
            hour = self.pick(*[h for h in ("10:00", "15:30", first, last) if first <= h <= last])
        return "%s@%s" % (self.pick(*days), hour)

    def policy(self, name, campaign_window):
        window, lines = campaign_window, ["  %s:" % name]
        if self.chance(0.4):
            window = self.window()
            lines.append("    send_window: " + window[0])
        lines.append("    warn: " + self.pick("1wd", "2d", "3h"))
        grace = self.pick("30m", "2h", "1d", "1wd", "15m") if self.chance(0.6) else ""
        if grace:
            lines.append("    grace: " + grace)
        if self.chance(0.6):  # late enough for a working day of grace before a row of holidays
            lines.append("    closes: " + (self.pick("14d", "5wd") if grace == "1wd" else
                                           self.pick("14d", "5wd", "3d", "1w", "10d")))
        lines.append("    on_off_day: " + self.pick("keep", "keep", "before", "after", "after:2",
                                                    "after:2@12:00", "after:1@02:30"))
        lines.append("    zero: " + self.pick("yes", "no"))
        lines.append("    steps:")
        lines += [self.step(window) for _ in range(self.r.randrange(2, 7))]
        if self.chance(0.4):
            lines.append("    streak: {misses: %d, to: [office], name: 连续未报}" % self.pick(1, 2, 3))
        return lines

    def yaml(self):
        lines = ["name: Campaign", "timezone: " + self.zone_name, "locale: zh_CN", "office: anban"]
        window = self.window() if self.chance(0.75) else None
        if window:
            lines.append("send_window: " + window[0])
        self.lists = {}
        if self.chance(0.4):
            self.lists = {"片区": ["leader", "unit:anban"], "chiefs": ["head", "parent.leader"]}
            lines.append("audiences: {片区: [leader, unit:anban], chiefs: [head, parent.leader]}")
        if self.chance(0.7):
            lines.append("hold_if_missing: " + self.pick("50%", "30%", "80%", "never", "100%"))
        self.policy_names = ["default", "weekly", "urgent", "plan"][:self.r.randrange(1, 5)]
        lines.append("policies:")
        for name in self.policy_names:
            lines += self.policy(name, window)
        return "\n".join(lines) + "\n"

    # ---- calendars

    @staticmethod
    def ymd(day):
        return day.strftime("%Y%m%d")

    def holidays(self):
        out = []
        years = {(self.anchor + timedelta(days=d)).year for d in (-60, 60)}
        for year in sorted(years):  # so that no year is unknown
            out += self.component("VEVENT", "new-year-%d" % year, ["SUMMARY:OFF"] +
                                  self.all_day(date(year, 1, 1), 1))
        for i in range(self.r.randrange(0, 6)):
            day = self.anchor + timedelta(days=self.r.randrange(-12, 25))
            lines = ["SUMMARY:day"] + self.all_day(day, self.pick(1, 1, 2, 3))
            if self.chance(0.3):
                lines.append("CATEGORIES:" + self.pick("WORK", "班"))
            elif self.chance(0.3):
                lines.append("CATEGORIES:" + self.pick("OFF", "休"))
            out += self.component("VEVENT", "holiday-%d" % i, lines)
        return self.calendar(out)

    def all_day(self, day, days, with_end=True):
        lines = ["DTSTART;VALUE=DATE:" + self.ymd(day)]
        if with_end or days > 1:
            lines.append("DTEND;VALUE=DATE:" + self.ymd(day + timedelta(days=days)))
        return lines

    @staticmethod
    def component(kind, uid, lines):
        return ["BEGIN:" + kind, "UID:" + uid, "DTSTAMP:20190101T000000Z"] + lines + ["END:" + kind]

    @staticmethod
    def calendar(lines):
        out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//generate//EN"] + lines
        return "\r\n".join(out + ["END:VCALENDAR"]) + "\r\n"

    def timed(self, name, day, hour, how):
        stamp = "%sT%s00" % (self.ymd(day), hour.replace(":", ""))
        return {"tzid": "%s;TZID=%s:%s" % (name, self.zone_name, stamp),
                "float": "%s:%s" % (name, stamp), "utc": "%s:%sZ" % (name, stamp)}[how]

    def valarms(self, one_off, day):
        out = []
        for _ in range(self.pick(0, 0, 0, 1, 2)):
            trigger = self.pick("-PT3H", "-P1D", "-P1DT2H", "PT0S", "PT1H", "P1D", "-P1W", "P2DT30M",
                                "-PT15M")
            line = "TRIGGER:" + trigger
            if self.chance(0.2):
                line = "TRIGGER;RELATED=END:" + trigger
            if one_off and self.chance(0.2):
                at = day + timedelta(days=self.r.randrange(-3, 5))
                line = "TRIGGER;VALUE=DATE-TIME:%sT%s00Z" % (self.ymd(at), self.pick(
                    "0100", "0930", "1415"))
            out += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", line, "END:VALARM"]
        return out

    def categories(self, kind):
        names = [kind] if kind else []
        policy = self.pick(*self.policy_names)
        if policy != "default" or self.chance(0.3):
            names.append(policy)
        if kind not in ("MILESTONE", "节点") and self.chance(0.45):
            names += self.r.sample([n for n in self.owing if n not in names],
                                   min(len(self.owing), self.pick(1, 2)))
        return ["CATEGORIES:" + ",".join(names)] if names else []

    def rule(self, day):
        """(rule, its days) with an end."""
        count = self.r.randrange(2, 6)
        freq = self.pick("DAILY", "WEEKLY", "WEEKLY", "WEEKLY", "MONTHLY")
        if freq == "DAILY":
            step = self.pick(1, 2, 3)
            days = [day + timedelta(days=step * i) for i in range(count)]
            rule = "FREQ=DAILY" + (";INTERVAL=%d" % step if step > 1 else "")
        elif freq == "WEEKLY":
            step = self.pick(1, 1, 2)
            days = [day + timedelta(days=7 * step * i) for i in range(count)]
            rule = "FREQ=WEEKLY;INTERVAL=%d" % step if step > 1 else "FREQ=WEEKLY"
            if self.chance(0.5):
                rule += ";BYDAY=" + CODES[day.weekday()]
        else:
            count = min(count, 3)
            day = day.replace(day=min(day.day, 28))
            days = [day]
            while len(days) < count:
                d = days[-1]
                days.append(date(d.year + d.month // 12, d.month % 12 + 1, d.day))
            rule = "FREQ=MONTHLY" + self.pick("", ";BYMONTHDAY=%d" % day.day)
        return rule, days

    def obligation(self, i):
        uid = "item-%d@example.org" % i
        milestone = self.chance(0.15)
        kind = self.pick("MILESTONE", "节点") if milestone else self.pick("REPORT", "REPORT", "报送")
        todo = not milestone and self.chance(0.2)
        if todo and self.chance(0.4):
            kind = ""
        name = "VTODO" if todo else "VEVENT"
        whole, how = self.chance(0.25), self.pick("tzid", "tzid", "float", "utc")
        day, hour = self.day(), self.hour()
        recurs = self.chance(0.7)
        if self.gaps and not whole and self.chance(0.35):
            day, hour = self.pick(*self.gaps)
            how = self.pick("tzid", "float")
        rule, days = self.rule(day) if recurs else ("", [day])
        if recurs and not whole and how != "utc" and self.gap(day, hour) and "MONTHLY" not in rule:
            back = days[self.r.randrange(1, len(days))] - day  # the gap takes a later instance
            days = [d - back for d in days]
        day = days[0]
        while recurs and not whole and how != "utc" and self.gap(day, hour):
            hour = self.pick("08:30", "17:00")  # a DTSTART in a gap is nobody's wish
        length = self.pick(1, 1, 2) if not todo else 1

        def start(d, h):
            if whole and todo:
                return ["DUE;VALUE=DATE:" + self.ymd(d)]
            if whole:
                return self.all_day(d, length, self.chance(0.7))
            lines = [self.timed("DUE" if todo else "DTSTART", d, h, how)]
            if todo and self.chance(0.3):
                lines.append(self.timed("DTSTART", d, h, how))
            elif not todo and self.chance(0.5):
                end = (datetime(d.year, d.month, d.day) + timedelta(hours=25)).date()
                lines.append(self.timed("DTEND", end, h, how))
            return lines

        cats = self.categories(kind)
        lines = ["SUMMARY:Report %d" % i] + cats + start(day, hour) + self.valarms(not recurs, day)
        extra = []
        if recurs:
            lines.append("RRULE:" + rule + self.end_of(rule, days, hour, whole, how))
            for d in days[1:]:
                if how != "utc" and not whole and self.gap(d, hour):
                    continue
                if self.chance(0.1):
                    stamp = self.stamp("EXDATE", d, hour, whole, how)
                    lines.append(stamp)
                elif self.chance(0.15):
                    extra += self.override(name, uid, i, cats, d, hour, whole, how, start)
        elif i and self.chance(0.05):  # the first one stays, lest nothing be owed at all
            lines.append("STATUS:CANCELLED")
        return self.component(name, uid, lines) + extra

    def end_of(self, rule, days, hour, whole, how):
        kind = self.pick("count", "count", "date", "utc")
        if kind == "count" or (kind == "utc" and whole):
            return ";COUNT=%d" % len(days)
        if kind == "date" and (whole or how != "utc"):
            return ";UNTIL=" + self.ymd(days[-1])
        last = datetime.combine(days[-1], datetime.strptime(hour, "%H:%M").time())
        zone = ZoneInfo("UTC") if how == "utc" else self.zone
        utc = last.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))
        if how == "float":
            return ";UNTIL=" + last.strftime("%Y%m%dT%H%M%S")
        return ";UNTIL=" + utc.strftime("%Y%m%dT%H%M%SZ")

    def stamp(self, name, day, hour, whole, how):
        if whole:
            return "%s;VALUE=DATE:%s" % (name, self.ymd(day))
        return self.timed(name, day, hour, how)

    def override(self, name, uid, i, cats, day, hour, whole, how, start):
        lines = ["SUMMARY:Report %d moved" % i] + cats
        lines.append(self.stamp("RECURRENCE-ID", day, hour, whole, how))
        moved = day + timedelta(days=self.pick(-1, 0, 1, 2))
        at = self.pick("10:00", "16:00", hour)
        if not whole and how != "utc" and self.gap(moved, at):
            at = "16:00"
        lines += start(moved, at)
        if self.chance(0.3):
            lines.append("STATUS:CANCELLED")
        else:
            lines += self.valarms(False, day)
        return self.component(name, uid, lines)

    def gap(self, day, hour):
        local = datetime.combine(day, datetime.strptime(hour, "%H:%M").time())
        back = datetime.fromtimestamp(local.replace(tzinfo=self.zone).timestamp(), self.zone)
        return back.replace(tzinfo=None) != local

    def campaign_ics(self, units_csv):
        have = set()
        for line in units_csv.splitlines()[1:]:
            cells = line.split(",")
            if cells[2] in KINDS:
                have |= {cells[2]} | {t for t in cells[3].split(";") if t}
        self.owing = sorted(have) + self.unit_ids
        lines = []
        if self.chance(0.5):
            first = self.anchor + timedelta(days=self.pick(-60, -60, -15, -3, 0, 1, 4))
            lines += self.component("VEVENT", "phase-1", ["SUMMARY:Phase 1"] + self.all_day(first, 40) + [
                "CATEGORIES:" + self.pick("PHASE", "阶段")])
            lines += self.component("VEVENT", "phase-2", ["SUMMARY:Phase 2"] + self.all_day(
                first + timedelta(days=40), 200) + ["CATEGORIES:PHASE"])
        for i in range(self.r.randrange(1, 5)):
            lines += self.obligation(i)
        return self.calendar(lines)

    # ---- events.csv

    def stamp_of(self, t):
        return datetime.fromtimestamp(t, self.zone).isoformat()

    def events(self, campaign):
        out = []
        last = campaign.starts
        for o in campaign.obligations:
            for x in o.occurrences:
                out += self.extend_all(campaign, o, x)
                for unit in o.owers:
                    out += self.fate(campaign, o, x, unit)
                last = max(last, x.due)
        out += self.downtime(campaign, last)
        if "pause" in self.extras:
            out += self.pauses(campaign, last)
        if "intake" in self.extras:
            out += self.spans(campaign, last, "intake-down", "intake-up")
        if "release" in self.extras:
            out += self.releases(campaign)
        out = [e for e in out if e[0] >= campaign.starts]
        out.sort(key=lambda e: e[0])
        return out

    def event(self, t, kind, o=None, x=None, unit="", value="", empty=False):
        rid = "" if x is None or empty else x.rid
        return [int(t), kind, unit, o.uid if o else "", rid, value]

    def deadline(self, t):
        """A later deadline, as a day or as an instant."""
        if self.chance(0.5):
            return datetime.fromtimestamp(t, self.zone).date().isoformat()
        return self.stamp_of(t - t % 300)

    def extend_all(self, campaign, o, x):
        if not self.chance(0.08):
            return []
        t = x.due + self.pick(-100000, -7200, 0, 7200, 90000, 200000)
        return [self.event(t, "extend", o, x, "", self.deadline(max(t, x.due) + self.pick(
            3, 5, 8) * 86400))]

    def fate(self, campaign, o, x, unit):
        grace = campaign.grace_end(x, x.due)
        closes = campaign.closes(x, x.due)
        out = []
        if x.due < campaign.starts and self.chance(0.4):  # untracked until a person extends it
            t = campaign.starts + self.pick(0, 40000, 200000)
            out.append(self.event(t, "extend", o, x, unit, self.deadline(t + 4 * 86400)))
        elif self.chance(0.1):
            t = x.due + self.pick(-200000, -80000, -3600, 0, 3600, 40000, 170000)
            out.append(self.event(t, "extend", o, x, unit, self.deadline(
                max(t, x.due) + self.pick(1, 2, 4, 9) * 86400 + 3000)))
        if self.chance(0.04):
            out.append(self.event(x.due + self.pick(-90000, 600, 100000), "exempt", o, x, unit))
        if self.chance(0.4):
            return out
        moments = [x.due - 3 * 86400, x.due - 7200, x.due - 1, x.due, x.due + 1, grace, grace + 1,
                   grace + 4000, grace + 86400, grace + 3 * 86400]
        if closes is not None:
            moments += [closes, closes + 1, closes + 5000]
        rungs = campaign.ladder(x, x.due)
        if rungs:
            moments += [r.moved + self.pick(-1, 0, 1) for r in self.r.sample(rungs, 1)]
        empty = self.chance(0.25)
        if empty and self.chance(0.5):
            moments = [x.opens - 1, x.opens, x.opens + 1, x.opens - 86400 * 9]
        t = self.pick(*moments)
        value = "zero" if self.chance(0.12) else ""
        out.append(self.event(t, "submit", o, x, unit, value, empty))
        if self.chance(0.2):
            back = t + self.pick(0, 600, 50000, 200000)
            out.append(self.event(back, "return", o, x, unit, self.deadline(
                back + self.pick(1, 2, 5) * 86400)))
            if self.chance(0.5):
                out.append(self.event(back + self.pick(0, 1, 90000, 500000), "submit", o, x, unit))
        return out

    def spans(self, campaign, last, begin, end):
        """Pairs of events; often one of them falls on the second that a rule speaks of."""
        out, t = [], campaign.starts + self.r.randrange(86400 * 3)
        edges = []
        for o in campaign.obligations:
            for x in o.occurrences:
                edges += [x.due, campaign.grace_end(x, x.due)]
                edges += [r.moved for r in campaign.ladder(x, x.due)]
        for _ in range(self.pick(0, 1, 1, 2)):
            t = max(t, self.anchor_at() + self.r.randrange(-10, 14) * 86400
                    + self.r.randrange(0, 86400, 300))
            until = t + self.pick(600, 4000, 20000, 90000, 300000)
            ahead = [e for e in edges if t < e < t + 400000]
            if ahead and self.chance(0.6):
                edge = self.pick(*ahead) + self.pick(0, 0, 1, -1)
                if self.chance(0.5):
                    t, until = edge, edge + self.pick(600, 4000, 20000, 90000, 300000)
                else:
                    until = max(edge, t + 1)
            out += [self.event(t, begin), self.event(until, end)]
            t = until + 3600
        return out

    def anchor_at(self):
        a = self.anchor
        return int(datetime(a.year, a.month, a.day, tzinfo=self.zone).timestamp())

    def downtime(self, campaign, last):
        return self.spans(campaign, last, "down", "up") if self.chance(0.6) else []

    def pauses(self, campaign, last):
        out = []
        for _ in range(self.pick(0, 1, 2)):
            unit, tag = self.pick((self.pick(*self.unit_ids), ""), ("", self.pick(*KINDS)), ("", ""))
            if tag and tag not in self.owing:
                tag = next(k for k in KINDS if k in self.owing)  # that of no unit is refused
            span = self.spans(campaign, last, "pause", "resume")
            for e in span:
                e[2], e[5] = unit, tag
            out += span
        return out

    def releases(self, campaign):
        out = []
        for o in campaign.obligations:
            for x in o.occurrences:
                for unit in o.owers:
                    if self.chance(0.15):
                        t = x.due + self.pick(1, 2, 4, 8) * 86400
                        out.append(self.event(t, "release", o, x, unit))
        return out


def write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8", newline="") as f:
        f.write(text)


def render(maker, events):
    lines = ["at,event,unit,uid,recurrence-id,value"]
    lines += [",".join([maker.stamp_of(e[0])] + e[1:]) for e in events]
    return "\n".join(lines) + "\n"


def generate(seed, directory, extras=()):
    """Writes the campaign; returns (zone name, events dropped as refused)."""
    os.makedirs(directory, exist_ok=True)
    maker = Maker(seed, extras)
    units = maker.units()
    write(directory, "units.csv", units)
    write(directory, "campaign.yaml", maker.yaml())
    write(directory, "holidays.ics", maker.holidays())
    write(directory, "campaign.ics", maker.campaign_ics(units))
    campaign = Campaign(directory)
    events, dropped = maker.events(campaign), 0
    while True:
        text = render(maker, events)
        try:
            oracle.Simulation(campaign).run(oracle.read_events(text))
            break
        except oracle.Refused as e:
            del events[e.line]
            dropped += 1
    write(directory, "events.csv", text)
    return maker.zone_name, dropped


def main(argv):
    extras = ()
    if "--with" in argv:
        i = argv.index("--with")
        extras = argv[i + 1].split(",")
        del argv[i:i + 2]
    zone, dropped = generate(argv[0], argv[1], extras)
    print("%s: %s, %d refused events dropped" % (argv[1], zone, dropped), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
