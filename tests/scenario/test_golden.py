#!/usr/bin/env python3
"""Six ways the season of 2019 could have gone, and what each would have said.

tests/scenario/golden/NAME.csv is what happens, NAME.tsv what is said of it: the digest of
the whole table of `simulate`, and its rows counted by day, sort, step, role and state, so
that a difference can be read. After a change that is meant: test_golden.py --write.
"""
import collections
import csv
import datetime
import difflib
import hashlib
import io
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE_DIR", os.path.dirname(os.path.dirname(HERE)))
DUBANCTL = os.path.join(os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build")), "dubanctl")
SAMPLE = os.path.join(SOURCE, "calendars", "xinbei-2019")
GOLDEN = os.path.join(HERE, "golden")
EVENTS = ["at", "event", "unit", "uid", "recurrence-id", "value"]
WEEKLY = "weekly@xinbei-2019.example.org"
SHOWN = 40


def simulate(events):
    options = [] if events is None else ["--events", events]
    run = subprocess.run([DUBANCTL, "simulate", SAMPLE, *options], capture_output=True,
                         timeout=300, check=False)
    assert run.returncode == 0, f"simulate {events}: {run.stderr.decode(errors='replace')}"
    return run.stdout


def table(output):
    return list(csv.DictReader(io.StringIO(output.decode("utf-8")), delimiter="\t",
                               quoting=csv.QUOTE_NONE))


def people():
    """address -> (unit, role) of those who owe reports; and of the others."""
    with open(os.path.join(SAMPLE, "units.csv"), encoding="utf-8-sig", newline="") as f:
        rows = list(csv.DictReader(f))
    owing = {r["email"]: (r["unit"], r["role"]) for r in rows
             if r["kind"] not in ("office", "committee")}
    return owing, {r["email"]: (r["unit"], r["kind"]) for r in rows if r["email"] not in owing}


# ---- the tables ----

def summary(output):
    rows = table(output)
    counted = collections.Counter(
        (r["at"][:16], r["sort"], r["step"], r["role"], r["state"]) for r in rows)
    messages = collections.defaultdict(set)
    for r in rows:
        if r["message"] != "-":
            messages[(r["at"][:16], r["sort"], r["step"], r["role"], r["state"])].add(r["message"])
    lines = [f"sha256\t{hashlib.sha256(output).hexdigest()}", f"rows\t{len(rows)}",
             "at\tsort\tstep\trole\tstate\trows\tmessages"]
    for key in sorted(counted):
        lines.append("\t".join(key + (str(counted[key]), str(len(messages[key])))))
    return "\n".join(lines) + "\n"


def compare(name, output, write):
    path = os.path.join(GOLDEN, name + ".tsv")
    got = summary(output)
    if write:
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
        return
    with open(path, encoding="utf-8") as f:
        want = f.read()
    if got == want:
        return
    lines = list(difflib.unified_diff(want.splitlines(), got.splitlines(), name + ".tsv", "now",
                                      lineterm="", n=0))
    more = "" if len(lines) <= SHOWN else f"\n... and {len(lines) - SHOWN} more lines"
    raise AssertionError("what is said has changed (test_golden.py --write if it is meant):\n"
                         + "\n".join(lines[:SHOWN]) + more)


# ---- what happens ----

def items():
    """[(unit, uid, rid, due)] of all that is owed: what is said when nobody reports."""
    rows = table(simulate(None))
    owing, _ = people()
    units = {unit for unit, _ in owing.values()}
    found = {(r["unit"], r["uid"], r["recurrence-id"], r["due"]) for r in rows
             if r["sort"] in ("remind", "escalate") and r["unit"] in units}
    return sorted(found, key=lambda x: (x[3], x))


def punctual(which, early=datetime.timedelta(minutes=30)):
    out = []
    for unit, uid, rid, due in items():
        if which(unit):
            at = datetime.datetime.fromisoformat(due) - early
            out.append([at.isoformat(), "submit", unit, uid, rid, ""])
    return out


def happenings():
    owing, _ = people()
    units = sorted({unit for unit, _ in owing.values()})
    number = {u: i for i, u in enumerate(units)}
    fridays = ["20190809T090000Z", "20190816T090000Z", "20190823T090000Z"]
    return {
        "nobody": [],
        "punctual": punctual(lambda u: True),
        "nine-days-down": punctual(lambda u: number[u] % 3 != 0) + [
            ["2019-09-05T12:00:00+08:00", "down", "", "", "", ""],
            ["2019-09-14T12:00:00+08:00", "up", "", "", "", ""]],
        "mailbox-dead": punctual(lambda u: True) + [
            ["2019-08-16T09:00:00+08:00", "intake-down", "", "", "", ""],
            ["2019-08-19T15:00:00+08:00", "intake-up", "", "", "", ""]],
        "half-silent": punctual(lambda u: number[u] % 2 == 0),
        "released": [["2019-09-02T10:00:00+08:00", "release", "", WEEKLY, rid, ""]
                     for rid in fridays],
    }


def write_events():
    os.makedirs(GOLDEN, exist_ok=True)
    for name, rows in happenings().items():
        with open(os.path.join(GOLDEN, name + ".csv"), "w", encoding="utf-8", newline="") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(EVENTS)
            out.writerows(sorted(rows, key=lambda r: (datetime.datetime.fromisoformat(r[0]), r)))


# ---- what must hold, whatever the tables say ----

def escalated_above(rows):
    """Rows of the sort escalate that were told to an address above the liaison."""
    owing, others = people()
    out = []
    for r in rows:
        if r["sort"] != "escalate" or r["state"] != "sent":
            continue
        unit, role = owing.get(r["address"], (None, None))
        above = role in ("leader", "head") or others.get(r["address"], ("", ""))[1] == "committee"
        if above:
            out.append(r)
    return out


def one_message_each(rows):
    """An address and channel has at most one message an instant (P6)."""
    seen = collections.defaultdict(set)
    for r in rows:
        if r["message"] != "-":
            seen[r["at"], r["address"], r["channel"]].add(r["message"])
    assert all(len(m) == 1 for m in seen.values())


def check_nobody(rows):
    assert escalated_above(rows) == []
    assert sum(r["sort"] == "escalate" and r["state"] == "held" for r in rows) > 0
    asked = collections.Counter((r["uid"], r["recurrence-id"], r["address"]) for r in rows
                                if r["sort"] == "alarm")
    assert asked and set(asked.values()) == {1}  # the office is asked once an occurrence
    fridays = {r["recurrence-id"] for r in rows if r["uid"] == WEEKLY}
    assert len(fridays) == 17, fridays  # the first of the 18 lies before track_from


def check_punctual(rows):
    owing, _ = people()
    reminded = collections.Counter()
    for r in rows:
        if r["sort"] == "remind" and r["state"] == "sent" and r["address"] in owing:
            reminded[owing[r["address"]]] += 1
    for (unit, role), n in reminded.items():
        assert n <= {"liaison": 45, "leader": 4, "head": 0}[role], (unit, role, n)
    assert reminded and not any(r["sort"] in ("escalate", "streak", "correction") for r in rows)
    receipts = sum(r["sort"] == "receipt" for r in rows)
    assert receipts == len(punctual(lambda u: True)), receipts


def check_down(rows):
    down = ("2019-09-05T12:00", "2019-09-14T12:00")
    assert not [r for r in rows if down[0] < r["at"][:16] < down[1]]
    after = min(r["at"] for r in rows if r["at"][:16] >= down[1])
    told = collections.Counter((r["address"], r["channel"]) for r in
                               {(r["message"], r["address"], r["channel"]): r for r in rows
                                if r["at"] == after and r["state"] == "sent"}.values())
    assert told and set(told.values()) == {1}


def check_mailbox(rows):
    """Nobody's superiors hear of a report that lies in a dead mailbox; it was on time."""
    assert escalated_above(rows) == []
    dead = [r for r in rows if r["recurrence-id"] == "20190816T090000Z" and r["uid"] == WEEKLY]
    assert sum(r["state"] == "held" for r in dead) > 0
    assert not any(r["sort"] == "correction" for r in rows)
    assert not any(r["sort"] == "streak" for r in rows)


def check_half(rows):
    assert escalated_above(rows) == []  # thirteen of twenty-six is half


def check_released(rows):
    told = escalated_above(rows)
    assert {r["at"][:16] for r in told} == {"2019-09-02T10:00"}
    owing, _ = people()
    superiors = {a for a, (_, role) in owing.items() if role in ("leader", "head")}
    assert {r["address"] for r in told} == superiors
    per_item = collections.Counter((r["address"], r["uid"], r["recurrence-id"]) for r in told)
    assert set(per_item.values()) == {1}  # of what was held, the latest of each item


CHECKS = {"nobody": check_nobody, "punctual": check_punctual, "nine-days-down": check_down,
          "mailbox-dead": check_mailbox, "half-silent": check_half, "released": check_released}


def eighteen_fridays():
    run = subprocess.run([DUBANCTL, "expand", "--tz", "Asia/Shanghai",
                          os.path.join(SAMPLE, "campaign.ics"), "2019-01-01", "2020-12-31"],
                         capture_output=True, text=True, encoding="utf-8", timeout=60, check=True)
    starts = [x.split("\t")[0] for x in run.stdout.splitlines() if x.split("\t")[2] == WEEKLY]
    days = [datetime.datetime.strptime(s, "%Y%m%dT%H%M%SZ") for s in starts]
    assert len(days) == 18 and all(d.weekday() == 4 and d.hour == 9 for d in days), days


def main():
    write = "--write" in sys.argv[1:]
    if not os.access(DUBANCTL, os.X_OK):
        print(f"skipped: {DUBANCTL} is not built")
        return 77
    if write:
        write_events()
    failed = 0
    eighteen_fridays()
    for name, check in CHECKS.items():
        output = simulate(os.path.join(GOLDEN, name + ".csv"))
        try:
            rows = table(output)
            one_message_each(rows)
            check(rows)
            compare(name, output, write)
            print(f"ok {name}: {len(rows)} rows")
        except AssertionError as e:
            failed += 1
            print(f"not ok {name}: {e!r}" if not str(e) else f"not ok {name}: {e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
