"""Random calendars: events as data (ical_oracle.py says what they mean), and many ways to write them.

Every choice comes from one random.Random, so that a seed is a calendar.
"""
import datetime as dt
import functools

from ical_oracle import DAY, UTC, WEEKDAYS, Event, Time, instant, rule_starts, zone_of

# Zones of both hemispheres, of half hours, of a skipped day, of none.
ZONES = ["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
         "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu",
         "Pacific/Auckland", "America/St_Johns"]
# Spellings that mean a zone of the system, whatever VTIMEZONE stands beside them.
ALIASES = {
    "Asia/Shanghai": ["PRC", "asia/shanghai", "China Standard Time", "Asia/Chongqing",
                      "/freeassociation.sourceforge.net/Asia/Shanghai"],
    "America/New_York": ["US/Eastern", "Eastern Standard Time", "AMERICA/NEW_YORK",
                         "/mozilla.org/20070129_1/America/New_York",
                         "/softwarestudio.org/Olson_20011030_5/America/New_York"],
    "Europe/Berlin": ["W. Europe Standard Time", "europe/berlin",
                      "/citadel.org/20211207_1/Europe/Berlin"],
    "Australia/Lord_Howe": ["Lord Howe Standard Time", "Australia/LHI"],
    "America/Sao_Paulo": ["E. South America Standard Time", "Brazil/East"],
    "Pacific/Apia": ["Samoa Standard Time"],
    "Africa/Casablanca": ["Morocco Standard Time"],
    "Asia/Kathmandu": ["Nepal Standard Time", "Asia/Katmandu"],
    "Pacific/Auckland": ["New Zealand Standard Time", "NZ"],
    "America/St_Johns": ["Newfoundland Standard Time", "Canada/Newfoundland"],
}
# Days near which clocks change, or years end.
TURNS = [dt.date(2019, 3, 10), dt.date(2019, 11, 3), dt.date(2019, 3, 31), dt.date(2019, 10, 27),
         dt.date(2019, 4, 7), dt.date(2019, 10, 6), dt.date(2018, 2, 18), dt.date(2018, 11, 4),
         dt.date(2011, 12, 30), dt.date(2019, 5, 5), dt.date(2019, 6, 9), dt.date(2020, 2, 29),
         dt.date(2020, 12, 31), dt.date(2019, 9, 29), dt.date(2019, 10, 1)]
TEXTS = ["周报", "a\\b", "x;y,z", "two\nlines", "a:b \"q\"", "tab\tbed", "é", "全区“百日攻坚”小结（第三期）",
         "n\\n", "", "plain"]


def few(rng, low, high, most=3, negative=False):
    values = {rng.randint(low, high) for _ in range(rng.randint(1, most))}
    if negative:
        values = {v if rng.random() < .6 else -v for v in values}
    return sorted(values - {0}) if low > 0 or negative else sorted(values)


def random_rule(rng, date=False, low="SECONDLY"):
    """Any rule that RFC 5545 has a meaning for, and some that only programs have."""
    freqs = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
    freqs = freqs[freqs.index("DAILY" if date else low):]
    freq = rng.choice(freqs)
    r = {"FREQ": freq}
    big = freq in ("SECONDLY", "MINUTELY", "HOURLY")
    if rng.random() < .45:
        r["INTERVAL"] = rng.choice([2, 3, 4, 5, 7, 13]) if not big else rng.choice([2, 5, 7, 15, 45, 61])
    if rng.random() < .3:
        r["WKST"] = rng.randint(0, 6)
    if rng.random() < (.25 if freq != "YEARLY" else .5):
        r["BYMONTH"] = few(rng, 1, 12, 4)
    if freq == "YEARLY" and rng.random() < .3:
        r["BYWEEKNO"] = few(rng, 1, 53, 4, negative=True)
    if rng.random() < .2 and freq not in ("DAILY", "WEEKLY", "MONTHLY"):
        r["BYYEARDAY"] = few(rng, 1, 366, 6, negative=True)
    if rng.random() < .3 and freq != "WEEKLY":
        r["BYMONTHDAY"] = few(rng, 1, 31, 5, negative=True)
    if rng.random() < .45:
        nth = freq in ("MONTHLY", "YEARLY") and "BYWEEKNO" not in r and rng.random() < .6
        most = 5 if freq == "MONTHLY" or "BYMONTH" in r else 53
        r["BYDAY"] = sorted({(rng.choice([1, 2, -1, -2, rng.randint(1, most)]) if nth and
                              rng.random() < .8 else None, rng.randint(0, 6))
                             for _ in range(rng.randint(1, 4))}, key=str)
    if not date:
        if rng.random() < .2:
            r["BYHOUR"] = few(rng, 0, 23, 4)
        if rng.random() < .15:
            r["BYMINUTE"] = few(rng, 0, 59, 4)
        if rng.random() < .1:
            r["BYSECOND"] = few(rng, 0, 59, 2)
    if rng.random() < .3 and any(part.startswith("BY") for part in r):
        r["BYSETPOS"] = few(rng, 1, rng.choice([2, 5, 12]), 3, negative=True)
    return r


def random_zone(rng):
    """(tzinfo, name as written, VTIMEZONE it needs or None)."""
    name = rng.choice(ZONES)
    if rng.random() < .12:
        return zone_of(name), f"Own {name} {rng.randint(1, 99)}", name
    written = rng.choice([name] * 3 + ALIASES[name])
    # A VTIMEZONE beside a system name is not asked, be it right or wrong.
    return zone_of(name), written, rng.choice([None, None, name, "UTC"])


def random_time(rng, zones, near=None, date=False):
    day = near or rng.choice(TURNS) + DAY * rng.randint(-3, 3)
    local = dt.datetime.combine(day, dt.time())
    if date:
        return Time(local, None, True)
    local += dt.timedelta(minutes=rng.choice([0, 15, 30]) + 60 * rng.choice(
        [0, 1, 2, 2, 3, 8, 9, 17, 23]), seconds=rng.choice([0, 0, 0, 59, 7]))
    zone, name = rng.choice(zones)
    return Time(local, zone, False, name)


def elsewhere(rng, t, default, zones):
    """The same instant, written in another zone."""
    if t.date or rng.random() < .5:
        return t
    at = instant(t.zone or default, t.local)[0]
    zone, name = rng.choice(zones)
    local = at.astimezone(zone or default).replace(tzinfo=None)
    if instant(zone or default, local)[0] != at:
        return t
    return Time(local, zone, False, name)


def set_length(rng, e, zones):
    """DTEND, DUE, DURATION, or nothing."""
    how = rng.random()
    if how < .45:
        plus = rng.choice([0, 15, 60, 90, 480, 1440, 2880, -30]) * 60
        if e.start.date:
            e.until = e.start.at(e.start.local + DAY * rng.choice([0, 1, 2, 7, -1]))
        else:
            e.until = e.start.at(e.start.local + dt.timedelta(seconds=plus))
            if rng.random() < .2:
                e.until = elsewhere(rng, e.until, zone_of("UTC"), zones) \
                    if e.until.zone is not None else e.until
    elif how < .75:
        e.span = rng.choice([(1, 0), (0, 3600), (0, 86400), (7, 0), (1, 5400), (0, 0), (2, 61)])
        if e.start.date:
            e.span = (e.span[0], 0)


def random_series(rng, uid, default, zones):
    """A master with all that may hang on it."""
    date = rng.random() < .3
    near = rng.choice(TURNS) + DAY * rng.randint(-40, 3)
    e = Event(uid, random_time(rng, zones, near, date), summary=rng.choice(TEXTS))
    e.todo = rng.random() < .15
    e.status = rng.choice(["", "", "CONFIRMED", "TENTATIVE", "CANCELLED"]) if not e.todo else ""
    set_length(rng, e, zones)
    if e.todo and e.until is not None and rng.random() < .4:
        e.start, e.has_start = e.until, False
    zone = default if e.start.zone is None or date else e.start.zone
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2])):
        e.rules.append(bounded(rng, random_rule(rng, date, "HOURLY" if rng.random() < .2 else "DAILY"),
                               e, zone))
    events = [e]
    known = first_starts(e, zone)
    for _ in range(rng.choice([0, 0, 1, 3])):
        day = near + DAY * rng.randint(0, 60)
        t = random_time(rng, zones, day, date)
        e.rdates.append((t, rng.choice([None, None, (0, 5400), (1, 0), t.at(t.local + DAY)])
                         if not date else None))
    if e.rules and rng.random() < .1:
        e.exrules.append(bounded(rng, random_rule(rng, date, "DAILY"), e, zone))
    for _ in range(rng.choice([0, 0, 1, 2, 40]) if known else 0):
        t = e.start.at(rng.choice(known))
        if not date and rng.random() < .15:
            t = Time(dt.datetime.combine(t.local.date(), dt.time()), None, True)
        e.exdates.append(elsewhere(rng, t, default, zones))
    for _ in range(rng.choice([0, 0, 0, 1, 2, 4]) if known and (e.rules or e.rdates) else 0):
        events.append(random_override(rng, e, rng.choice(known), default, zones))
    if rng.random() < .06:
        other = Event(uid, e.start, summary="older or newer", todo=e.todo,
                      sequence=rng.randint(0, 2), stamp=rng.randint(0, 3))
        events.append(other)
    rng.shuffle(events)
    return events


def bounded(rng, rule, e, zone):
    how = rng.random()
    small = rule["FREQ"] in ("HOURLY", "MINUTELY", "SECONDLY")
    if how < .35:
        rule["COUNT"] = rng.choice([1, 2, 5, 18, 100])
    elif how < .75:
        local = e.start.local + DAY * rng.randint(0, 20 if small else 400)
        kind = rng.random()
        if e.start.date:
            local = dt.datetime.combine(local.date(), dt.time())
            rule["UNTIL"] = Time(local, None, True) if kind < .7 else Time(local, UTC)
        elif kind < .2:
            rule["UNTIL"] = Time(dt.datetime.combine(local.date(), dt.time()), None, True)
        elif kind < .4:
            rule["UNTIL"] = Time(local, None)
        else:
            rule["UNTIL"] = Time(instant(zone, local)[0].replace(tzinfo=None), UTC)
    return rule


def first_starts(e, zone):
    """Some starts for exceptions to be about; a clock's gaps make no difference to that."""
    found = [e.start.local] if not e.rules else []
    for rule in e.rules:
        for local in rule_starts(rule, e.start.local, e.start.date, e.start.local + DAY * 90):
            if not instant(zone, local)[1]:
                found.append(local)
            if len(found) > 60:
                break
    return found


def random_override(rng, e, local, default, zones):
    rid = elsewhere(rng, e.start.at(local), default, zones)
    if not e.start.date and rng.random() < .1:
        rid = Time(dt.datetime.combine(local.date(), dt.time()), None, True)
    o = Event(e.uid, e.start.at(local), rid=rid, todo=e.todo, summary=rng.choice(TEXTS),
              range=rng.random() < .25, sequence=rng.randint(0, 1), stamp=rng.randint(0, 2))
    shift = rng.choice([0, 30, 90, -60, 1440, -1440 * 3, 1440 * 10]) * 60
    o.start.local += DAY * (shift // 86400) if e.start.date else dt.timedelta(seconds=shift)
    o.status = rng.choice(["", "", "CANCELLED"]) if not e.todo else ""
    if rng.random() < .3:
        o.start = elsewhere(rng, o.start, default, zones)
    set_length(rng, o, zones)
    if rng.random() < .03:
        o.uid += "-orphan"
    return o


# ---- writing ----------------------------------------------------------------

def time_text(t):
    return t.local.strftime("%Y%m%d" if t.date else "%Y%m%dT%H%M%SZ" if t.zone is UTC
                            else "%Y%m%dT%H%M%S").rjust(8, "0")


def time_params(rng, t):
    out = []
    if t.date:
        out.append("VALUE=DATE")
    elif t.zone is not None and t.zone is not UTC:
        name = t.name.replace('"', "")
        quoted = any(c in name for c in ":;,") or rng.random() < .2
        out.append(f'TZID="{name}"' if quoted else f"TZID={name}")
        if rng.random() < .1:
            out.append("VALUE=DATE-TIME")
    if rng.random() < .1:
        out.append('X-NOTE="a:b;c"')
    rng.shuffle(out)
    return out


def span_text(rng, span):
    days, seconds = span
    if days and days % 7 == 0 and not seconds and rng.random() < .5:
        return f"P{days // 7}W"
    text = "P" + (f"{days}D" if days else "")
    if seconds or not days:
        h, m, s = seconds // 3600, seconds // 60 % 60, seconds % 60
        text += "T" + (f"{h}H" if h else "") + (f"{m}M" if m else "") + \
            (f"{s}S" if s or not (h or m) else "")
    return rng.choice(["", "", "+"]) + text


def rule_text(rng, rule):
    parts = []
    for name, value in rule.items():
        if name == "BYDAY":
            text = ",".join(f"{n or ''}{WEEKDAYS[d]}" for n, d in value)
            if rng.random() < .1:
                text = ",".join(f"{'' if n is None else f'{n:+d}'}{WEEKDAYS[d]}" for n, d in value)
        elif name == "WKST":
            text = WEEKDAYS[value]
        elif name == "UNTIL":
            text = time_text(value)
        elif isinstance(value, list):
            text = ",".join(str(v) for v in value)
        else:
            text = str(value)
        parts.append(f"{name}={text}")
    if rng.random() < .5:
        rng.shuffle(parts)
    text = ";".join(parts)
    noise = rng.random()
    if noise < .08:
        text = text.lower()
    elif noise < .14:
        text += ";"
    elif noise < .2:
        text = " " + text.replace(";", "; ").replace("=", " = ") + " "
    elif noise < .24:
        text += ";X-NOTE=1"
    return text


def escaped(rng, text):
    text = text.replace("\\", "\\\\").replace("\n", rng.choice(["\\n", "\\N"]))
    return text.replace(";", "\\;").replace(",", "\\,")


def line(name, params, value):
    return ";".join([name, *params]) + ":" + value


def list_lines(rng, name, items):
    """Values that may share a line share one at times."""
    out, left = [], list(items)
    while left:
        (t, extent), same = left.pop(0), []
        key = (t.date, t.zone is UTC, t.name if t.zone is not UTC else None, extent is None)
        if rng.random() < .7:
            same = [x for x in left if key == (x[0].date, x[0].zone is UTC, x[0].name if
                                               x[0].zone is not UTC else None, x[1] is None)]
            left = [x for x in left if x not in same]
        values = [time_text(a) + ("" if b is None else "/" + (
            time_text(b) if isinstance(b, Time) else span_text(rng, b))) for a, b in [(t, extent), *same]]
        params = time_params(rng, t)
        if extent is not None:
            params = [p for p in params if not p.startswith("VALUE")] + ["VALUE=PERIOD"]
        out.append(line(name, params, ",".join(values)))
    return out


def alarm_lines(rng):
    """What must not leak into its component."""
    return ["BEGIN:VALARM", "ACTION:DISPLAY", "SUMMARY:alarm", "DESCRIPTION:alarm", "DURATION:PT5M",
            "REPEAT:2", "TRIGGER" + rng.choice([":-PT15M", ";RELATED=END:PT1H", ";VALUE=DATE-TIME:"
                                                "20190801T090000Z"]), "END:VALARM"]


def event_lines(rng, e):
    own = []
    if e.uid:
        own.append("UID:" + rng.choice(["", " "]) + e.uid + rng.choice(["", "  "]))
    if e.has_start:
        own.append(line("DTSTART", time_params(rng, e.start), time_text(e.start)))
    if e.until is not None:
        own.append(line("DUE" if e.todo else "DTEND", time_params(rng, e.until), time_text(e.until)))
    if e.span is not None:
        own.append("DURATION:" + span_text(rng, e.span))
    own += [line(rng.choice(["RRULE", "RRULE", "rrule"]), [], rule_text(rng, r)) for r in e.rules]
    own += ["EXRULE:" + rule_text(rng, r) for r in e.exrules]
    own += list_lines(rng, "RDATE", e.rdates)
    own += list_lines(rng, "EXDATE", [(t, None) for t in e.exdates])
    if e.rid is not None:
        params = time_params(rng, e.rid) + (["RANGE=THISANDFUTURE"] if e.range else [])
        own.append(line("RECURRENCE-ID", params, time_text(e.rid)))
    if e.summary or rng.random() < .5:
        own.append(line("SUMMARY", rng.choice([[], ["LANGUAGE=zh"], ['ALTREP="cid:a;b:c"']]),
                        escaped(rng, e.summary)))
    if e.status:
        own.append("STATUS:" + rng.choice([e.status, e.status.lower()]))
    if e.sequence or rng.random() < .3:
        own.append(f"SEQUENCE:{e.sequence}")
    own.append(f"{rng.choice(['DTSTAMP', 'LAST-MODIFIED'])}:2019080{e.stamp + 1}T000000Z")
    own += rng.choice([[], [], ["X-NOTE;X-A=1:DTSTART:20000101"], ["CATEGORIES:a,b"],
                       ["DESCRIPTION:" + "长文字" * 60], ["no colon here"]])
    rng.shuffle(own)
    inner = rng.choice([[], [], alarm_lines(rng), ["BEGIN:X-INNER", "DTSTART:20000101T000000",
                                                   "SUMMARY:inner", "END:X-INNER"]])
    at = rng.randint(0, len(own)) if rng.random() < .3 else len(own)
    own[at:at] = inner
    name = "VTODO" if e.todo else "VEVENT"
    return [f"BEGIN:{name}", *own, f"END:{name}"]


def offset_text(delta):
    seconds = int(delta.total_seconds())
    sign, seconds = "-" if seconds < 0 else "+", abs(seconds)
    tail = f"{seconds % 60:02d}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02d}{seconds // 60 % 60:02d}{tail}"


@functools.lru_cache(maxsize=None)
def onsets_of(name):
    """The offset of 2010, and {(from, to): local onsets} up to 2023."""
    zone, at = zone_of(name), dt.datetime(2010, 1, 1, tzinfo=UTC)
    first = offset = at.astimezone(zone).utcoffset()
    onsets = {}
    while at.year < 2024:
        after = at + dt.timedelta(hours=12)
        changed = after.astimezone(zone).utcoffset()
        low, high = at, after
        while changed != offset and high - low > dt.timedelta(seconds=1):
            mid = (low + (high - low) / 2).replace(microsecond=0)
            low, high = (mid, high) if mid.astimezone(zone).utcoffset() == offset else (low, mid)
        if changed != offset:
            onsets.setdefault((offset, changed), []).append(high.replace(tzinfo=None) + offset)
            offset = changed
        at = after
    return first, onsets


# Zones as programs write them: (FROM, TO, DTSTART, RRULE); good for 2010 to 2023.
RULED = {
    "America/New_York": [
        ("-0500", "-0400", "16010101T020000", "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3"),
        ("-0400", "-0500", "16010101T020000", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11")],
    "Europe/Berlin": [
        ("+0200", "+0100", "19961027T030000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
        ("+0100", "+0200", "19810329T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
        ("+0200", "+0100", "19800928T030000",
         "FREQ=YEARLY;BYMONTH=9;BYDAY=-1SU;UNTIL=19950924T010000Z")],
    "Australia/Lord_Howe": [
        ("+1030", "+1100", "20081005T020000", "FREQ=YEARLY;BYMONTH=10;BYDAY=1SU"),
        ("+1100", "+1030", "20080406T020000", "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU")],
    "Pacific/Auckland": [
        ("+1200", "+1300", "20070930T020000", "FREQ=YEARLY;BYMONTH=9;BYDAY=SU;BYSETPOS=-1"),
        ("+1300", "+1200", "20080406T030000",
         "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU")],
    "Asia/Shanghai": [("+0800", "+0800", "16010101T000000", None)],
    "Asia/Kathmandu": [("+0545", "+0545", "19700101T000000", None)],
}


def ruled_zone_lines(rng, written, like):
    out = ["BEGIN:VTIMEZONE", "TZID:" + written]
    for before, after, start, rule in rng.sample(RULED[like], len(RULED[like])):
        name = "DAYLIGHT" if after > before else "STANDARD"
        own = [f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"DTSTART:{start}",
               "TZNAME:" + rng.choice(["XST", "中国标准时间", ""])]
        if rule:
            own.append(f"RRULE:{rule}")
        rng.shuffle(own)
        out += [f"BEGIN:{name}", *own, f"END:{name}"]
    return [*out, "END:VTIMEZONE"]


def zone_lines(rng, written, like):
    """A VTIMEZONE that says of 2010-2023 what the zone @like does, onset by onset."""
    if like in RULED and rng.random() < .5:
        return ruled_zone_lines(rng, written, like)
    first, onsets = onsets_of(like)
    out = ["BEGIN:VTIMEZONE", "TZID:" + written.replace(",", "\\,")]
    blocks = [(first, first, [dt.datetime(2009, 12, 31)])]
    blocks += [(a, b, list(times)) for (a, b), times in onsets.items()]
    rng.shuffle(blocks)
    for a, b, times in blocks:
        name = rng.choice(["STANDARD", "DAYLIGHT"]) if a == b else "DAYLIGHT" if b > a else "STANDARD"
        own = [f"TZOFFSETFROM:{offset_text(a)}", f"TZOFFSETTO:{offset_text(b)}",
               "DTSTART:" + times[0].strftime("%Y%m%dT%H%M%S")]
        rest = [t.strftime("%Y%m%dT%H%M%S") for t in times[1:]]
        if rest and rng.random() < .5:
            own.append("RDATE:" + ",".join(rest))
        else:
            own += ["RDATE:" + t for t in rest]
        rng.shuffle(own)
        out += [f"BEGIN:{name}", *own, f"END:{name}"]
    return [*out, "END:VTIMEZONE"]


def folded(rng, data, end):
    """Fold at any byte, within characters too."""
    if rng.random() < .5:
        return data
    out, at = b"", 0
    while len(data) - at > 20:
        n = rng.randint(10, 75)
        out += data[at:at + n] + end + rng.choice([b" ", b"\t"])
        at += n
    return out + data[at:]


def encoded(rng, lines):
    """Bytes of a file in one of the charsets and line ends that programs write."""
    end = rng.choice(["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n"])
    how = rng.choice(["plain"] * 5 + ["bom", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
    text = end.join(lines) + rng.choice([end, end, "", end + end])
    if how.startswith("utf-"):
        return text.encode(how)
    charset = "gb18030" if how == "gb18030" else "utf-8"
    data = [x.encode(charset) for x in lines]
    if charset == "utf-8" or all(x.isascii() for x in lines):
        data = [folded(rng, x, end.encode()) for x in data]
    data = end.encode().join(data) + end.encode()
    return (b"\xef\xbb\xbf" if how == "bom" else b"") + data


def calendar_lines(rng, events, defined):
    body, tz = [], []
    for e in events:
        body += event_lines(rng, e)
    for name, like in defined.items():
        tz += zone_lines(rng, name, like)
    return ["BEGIN:VCALENDAR", "VERSION:2.0", *(tz + body if rng.random() < .7 else body + tz),
            "END:VCALENDAR"]


def split(rng, events):
    """A file of several VCALENDARs: all of a UID in one, but for a change that has lost its way."""
    parts = [[], [], []]
    place = {}
    for e in events:
        n = place.setdefault(e.uid, rng.randint(0, 2))
        if e.rid is not None and not e.range and e.sequence == 0 and rng.random() < .2:
            n = rng.randint(0, 2)
        parts[n].append(e)
    return [p for p in parts if p]


def random_calendar(rng, n):
    """(events in reading order, {name: bytes}) of a file or directory; the default zone."""
    default = zone_of("Asia/Shanghai")
    wanted = [random_zone(rng) for _ in range(3)]
    zones = [(z, name) for z, name, _ in wanted] + [(UTC, "UTC"), (None, "")]
    defined = {name: like for _, name, like in wanted if like is not None}
    series = [random_series(rng, f"s{i}@example.org", default, zones) for i in range(n)]
    shape = rng.choice(["one", "one", "several", "directory"])
    if shape == "one":
        events = sum(series, [])
        return events, {"": encoded(rng, calendar_lines(rng, events, defined))}, default
    if shape == "several":
        parts = split(rng, sum(series, []))
        lines = sum((calendar_lines(rng, p, defined) for p in parts), [])
        return sum(parts, []), {"": encoded(rng, lines)}, default
    # vdirsyncer: a file a UID; or a component a file, as when two copies were kept.
    parts = [[e] for e in sum(series, [])] if rng.random() < .3 else series
    rng.shuffle(parts)
    files = {f"{i:04d}.ics": encoded(rng, calendar_lines(rng, p, defined))
             for i, p in enumerate(parts)}
    return sum(parts, []), files, default
