#!/usr/bin/env python3
"""The sample campaign is what its README says, and leaves punctual people in peace.

Files that any calendar program opens, 18 weekly deadlines, rosters without gaps, invented people; and
a unit that always reports half an hour before the deadline: its liaison is reminded at most
45 times in the season, its leader at most 4 times, its head never.
"""
import collections
import csv
import datetime
import io
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE_DIR", os.path.dirname(os.path.dirname(HERE)))
DUBANCTL = os.path.join(os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build")), "dubanctl")
SAMPLE = os.path.join(SOURCE, "calendars", "xinbei-2019")
CALENDARS = ["campaign.ics", "holidays.ics", "duty/guoqing.ics", "duty/zhongqiu.ics"]
HOLIDAYS = os.path.join(SOURCE, "..", "shared", "ical", "visible", "holidays-cn",
                        "holidays-cn-2019-2027.tsv")
EARLY = datetime.timedelta(minutes=30)
REMINDERS_MAX = {"liaison": 45, "leader": 4, "head": 0}
DOMAIN = "@xinbei-2019.example.org"


def read(name):
    with open(os.path.join(SAMPLE, name), "rb") as f:
        return f.read()


def dubanctl(*args):
    run = subprocess.run([DUBANCTL, *args], capture_output=True, text=True, encoding="utf-8",
                         timeout=120, check=False)
    assert run.returncode == 0, f"dubanctl {' '.join(args)}: exit {run.returncode}\n{run.stderr}"
    return run.stdout


def contacts():
    return list(csv.DictReader(io.StringIO(read("units.csv").decode("utf-8-sig"))))


def expanded(name, first, last):
    """[(start, end, uid, summary, recurrence-id)], as `expand` lists them in UTC."""
    text = dubanctl("expand", "--tz", "Asia/Shanghai", os.path.join(SAMPLE, name), first, last)
    rows = [line.split("\t") for line in text.splitlines()]
    return [(r[0], r[1], r[2], r[4], r[7]) for r in rows]


def test_form():
    """RFC 5545: line ends, line lengths in octets, the properties that every event needs."""
    for name in CALENDARS:
        data = read(name)
        assert data.endswith(b"END:VCALENDAR\r\n"), name
        assert data.count(b"\n") == data.count(b"\r\n"), f"{name}: a bare line feed"
        for line in data.split(b"\r\n"):
            assert len(line) <= 75, f"{name}: {len(line)} octets: {line!r}"
            line.decode("utf-8")  # folding never cuts a character
        lines = data.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")
        assert sum(line.startswith("PRODID:") for line in lines) == 1, name
        assert ("BEGIN:VTIMEZONE" in lines) == any("TZID=" in line for line in lines), name
        events = "\n".join(lines).split("BEGIN:VEVENT\n")[1:]
        for needed in ("UID:", "DTSTAMP:", "DTSTART", "SUMMARY:", "CATEGORIES:"):
            for event in events:
                assert sum(x.startswith(needed) for x in event.split("\n")) == 1, (name, needed)
        uids = [x for x in lines if x.startswith("UID:")]
        assert len(set(uids)) == len(uids) == len(events), f"{name}: a UID twice"
        assert all(uid.endswith(".example.org") for uid in uids), name


def test_people():
    """26 units, three people each; nobody can be reached by accident."""
    rows = contacts()
    reporting = {r["unit"] for r in rows if r["kind"] not in ("office", "committee")}
    assert len(reporting) == 26, reporting
    roles = collections.Counter((r["unit"], r["role"]) for r in rows)
    assert set(roles.values()) == {1} and len(roles) == 3 * 28
    assert len({r["email"] for r in rows}) == len({r["person"] for r in rows}) == len(rows)
    assert all(r["email"].endswith(".example.org") and not r["phone"] for r in rows)


def test_weekly():
    """Every Friday 17:00 from 2 August to 29 November: 18 of them."""
    starts = [r[0] for r in expanded("campaign.ics", "2019-07-01", "2020-01-01")
              if r[2] == "weekly" + DOMAIN]
    day = datetime.datetime(2019, 8, 2, 9)
    want = [(day + datetime.timedelta(weeks=n)).strftime("%Y%m%dT%H%M%SZ") for n in range(18)]
    assert starts == want, starts


def test_rosters():
    """Through both key periods one leads and two serve, whoever looks whenever."""
    rows = [(r[0], r[1], r[3]) for name in CALENDARS[2:]
            for r in expanded(name, "2019-09-01", "2019-11-01")]
    people = {r["person"] for r in contacts()}
    assert all(summary.split()[1] in people for _, _, summary in rows)
    for first, days in ((datetime.datetime(2019, 9, 13), 3), (datetime.datetime(2019, 10, 1), 7)):
        for hour in range(24 * days):
            at = first + datetime.timedelta(hours=hour - 8)  # in UTC
            key = at.strftime("%Y%m%dT%H%M%SZ")
            there = collections.Counter(s.split()[0] for a, b, s in rows if a <= key < b)
            assert there == {"带班": 1, "值班": 2}, (at, there)


def test_holidays():
    """All days off and make-up days of 2019 to 2026."""
    if not os.path.exists(HOLIDAYS):
        print(f"  without the list to compare with: {HOLIDAYS} is not there")
        return
    want = set()
    with open(HOLIDAYS, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#") and line.strip():
                day, kind = line.split("\t")[:2]
                want.add((datetime.date.fromisoformat(day), kind))
    got = set()
    for start, end, uid, _, _ in expanded("holidays.ics", "2018-01-01", "2028-01-01"):
        day, last = (datetime.datetime.strptime(x, "%Y%m%dT%H%M%SZ") for x in (start, end))
        while day < last:
            got.add(((day + datetime.timedelta(hours=8)).date(), uid.split("-")[0]))
            day += datetime.timedelta(days=1)
    assert got == want, sorted(got ^ want)


def punctual_events():
    units = dict.fromkeys(r["unit"] for r in contacts() if r["kind"] not in ("office", "committee"))
    deadlines = [("weekly", datetime.datetime(2019, 8, 2, 17) + datetime.timedelta(weeks=n))
                 for n in range(18)]
    deadlines += [("plan", datetime.datetime(2019, 8, 10, 23, 59, 59)),
                  ("inspection", datetime.datetime(2019, 10, 31, 23, 59, 59)),
                  ("summary", datetime.datetime(2019, 11, 30, 23, 59, 59)),
                  ("roster", datetime.datetime(2019, 9, 29, 18))]
    yield "at,event,unit,uid,recurrence-id,value"
    for uid, due in sorted(deadlines, key=lambda d: d[1]):
        rid = (due - datetime.timedelta(hours=8)).strftime("%Y%m%dT%H%M%SZ") if uid == "weekly" else ""
        for unit in units:
            yield f"{(due - EARLY).isoformat()}+08:00,submit,{unit},{uid}{DOMAIN},{rid},"


def test_punctual():
    """Who always reports in time hears little, and no superior hears of it."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
        f.write("\n".join(punctual_events()) + "\n")
        f.flush()
        text = dubanctl("simulate", SAMPLE, "--events", f.name)
    role_of = {r["email"]: (r["unit"], r["role"]) for r in contacts()}
    reminded = collections.Counter()
    for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        assert row["sort"] not in ("escalate", "streak", "correction", "alarm"), row
        if row["sort"] == "remind" and row["state"] == "sent":
            reminded[role_of[row["address"]]] += 1
    reported = {r["unit"] for r in contacts() if r["kind"] not in ("office", "committee")}
    for unit in reported:
        for role, most in REMINDERS_MAX.items():
            assert reminded[unit, role] <= most, (unit, role, reminded[unit, role])
        assert reminded[unit, "liaison"] > 0, f"{unit} was never reminded: nothing was tested"


def main():
    if not os.access(DUBANCTL, os.X_OK):
        print(f"SKIP: {DUBANCTL} is not built")
        return 77
    failed = 0
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_")]
    for name, test in tests:
        try:
            test()
            print(f"ok - {name}")
        except AssertionError as trouble:
            failed += 1
            print(f"not ok - {name}: {trouble}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
