#!/usr/bin/env python3
"""Random calendars: `dubanctl expand` against a slow walker that shares nothing with it.

ical_make.py invents events and writes them in the many ways that programs do (folds within
characters, charsets, spellings of zones and rules, several VCALENDARs, a directory);
ical_oracle.py says what they mean. python3-dateutil is a third witness for plain rules.

    DUBAN_SEED=N    begin with that seed (each calendar has its own: the one that failed is printed)
    DUBAN_CASES=N   how many events and rules (240)
    DUBAN_KEEP=DIR  leave what failed there
"""
import collections
import datetime as dt
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import ical_make as make
import ical_oracle as oracle

try:
    from dateutil import rrule as dateutil_rrule
except ImportError:
    dateutil_rrule = None

DUBANCTL = pathlib.Path(os.environ.get("BINARY_DIR", ".")) / "dubanctl"
SEED = int(os.environ.get("DUBAN_SEED", "1"))
CASES = int(os.environ.get("DUBAN_CASES", "240"))
EVENTS = 6  # of a calendar
SPANS = {"SECONDLY": dt.timedelta(hours=3), "MINUTELY": dt.timedelta(days=5),
         "HOURLY": dt.timedelta(days=150), "DAILY": dt.timedelta(days=900),
         "WEEKLY": dt.timedelta(days=1500), "MONTHLY": dt.timedelta(days=3000),
         "YEARLY": dt.timedelta(days=9000)}


def expand(path, zone, low, high):
    run = subprocess.run([DUBANCTL, "expand", "--tz", zone, path, oracle.stamp(low),
                          oracle.stamp(high)], capture_output=True, timeout=60, check=False)
    said = run.stderr.decode("utf-8")
    if run.returncode not in (0, 1) or "Sanitizer" in said or "runtime error" in said:
        raise RuntimeError(f"{path}: exit code {run.returncode}\n{said}")
    return [tuple(x.split("\t")) for x in run.stdout.decode("utf-8").split("\n") if x], said


def report(what, want, got):
    """Multisets: a row listed twice is a fault too."""
    missing, extra = collections.Counter(want), collections.Counter(got)
    missing, extra = missing - extra, extra - missing
    print(f"not ok: {what}")
    for title, rows in (("missing", missing), ("too much", extra)):
        for row in sorted(rows.elements())[:4]:
            print(f"  {title}: {row}")


def store(directory, files):
    if list(files) == [""]:
        path = directory / "calendar.ics"
        path.write_bytes(files[""])
        return path
    path = directory / "collection"
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def check_calendar(seed):
    rng = random.Random(seed)
    events, files, default = make.random_calendar(rng, EVENTS)
    low = dt.datetime(2018, 1, 1, tzinfo=oracle.UTC) + dt.timedelta(hours=rng.randint(0, 12000))
    high = low + dt.timedelta(days=rng.choice([1, 30, 400, 800]))
    want = oracle.expand(events, default, low, high)
    with tempfile.TemporaryDirectory() as directory:
        path = store(pathlib.Path(directory), files)
        got = sorted(row[:7] for row in expand(path, "Asia/Shanghai", low, high)[0])
    if got != want:
        report(f"calendar DUBAN_SEED={seed}", want, got)
        keep = os.environ.get("DUBAN_KEEP")
        if keep:
            store(pathlib.Path(keep), files)
    return got == want, len(want)


class Rules:
    """Rules of one FREQ as events of one calendar, a second each from the next."""

    def __init__(self, rng, freq, n):
        self.base = dt.datetime.combine(rng.choice(make.TURNS), dt.time(rng.randint(0, 20), 30))
        self.stop = self.base + SPANS[freq]
        self.cases = []
        while len(self.cases) < n:
            rule = make.random_rule(rng)
            while rule["FREQ"] != freq:
                rule = make.random_rule(rng)
            start = self.base + dt.timedelta(seconds=rng.randint(0, 3600))
            starts = list(oracle.rule_starts(rule, start, False, self.stop))
            if starts:
                self.cases.append((rule, start, starts, make.rule_text(rng, rule)))

    def text(self):
        lines = ["BEGIN:VCALENDAR"]
        for i, (_, start, _, text) in enumerate(self.cases):
            lines += ["BEGIN:VEVENT", f"UID:{i}", f"DTSTART:{start:%Y%m%dT%H%M%S}Z", f"RRULE:{text}",
                      "END:VEVENT"]
        return "\r\n".join([*lines, "END:VCALENDAR", ""])

    def witness(self, rule, start):
        """dateutil's answer, None where it is known to err or to take very long."""
        r = {k: v for k, v in rule.items() if k != "UNTIL"}
        days = [n for n, _ in r.get("BYDAY", [])]
        if dateutil_rrule is None or r["FREQ"] in oracle.UNITS or (
                r["FREQ"] == "WEEKLY" and "BYSETPOS" in r) or (
                "BYWEEKNO" in r and "BYDAY" not in r) or (
                None in days and any(n is not None for n in days)):
            return None
        text = f"{make.rule_text(Plain(), r)};UNTIL={self.stop:%Y%m%dT%H%M%S}"
        return list(dateutil_rrule.rrulestr(text, dtstart=start))

    def check(self):
        bad = 0
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "rules.ics"
            path.write_text(self.text(), encoding="utf-8", newline="")
            rows, said = expand(path, "UTC", self.base.replace(tzinfo=oracle.UTC),
                                self.stop.replace(tzinfo=oracle.UTC) + dt.timedelta(seconds=1))
        got = collections.defaultdict(list)
        for row in rows:
            got[row[2]].append(row[0])
        for i, (rule, start, starts, text) in enumerate(self.cases):
            # A DTSTART that the rule does not give is an instance all the same.
            want = sorted({f"{x:%Y%m%dT%H%M%S}Z" for x in [start, *starts]})
            if want != got[str(i)]:
                bad += 1
                report(f"DTSTART {start} RRULE {text}\n{said}", want, got[str(i)])
            other = self.witness(rule, start)
            if other is not None and other != starts:
                bad += 1
                report(f"dateutil: DTSTART {start} RRULE {text}", starts, other)
        return bad


class Plain(random.Random):
    """Chance that never makes noise."""

    def random(self):
        return 0.99


def main():
    if not DUBANCTL.exists():
        print(f"1..0 # skipped: no {DUBANCTL}")
        return 77
    bad = rows = 0
    calendars = max(CASES // EVENTS, 1)
    for seed in range(SEED, SEED + calendars):
        good, n = check_calendar(seed)
        bad += not good
        rows += n
    rng = random.Random(SEED)
    each = max(CASES // 14, 1)
    for freq in SPANS:
        bad += Rules(rng, freq, each).check()
    if dateutil_rrule is None:
        print("# python3-dateutil is not installed: no third witness for the rules")
    print(f"{calendars} calendars ({rows} instances), {each * len(SPANS)} rules from seed {SEED}: "
          f"{bad} wrong")
    return 1 if bad else 0


sys.exit(main())
