#!/usr/bin/env python3
"""Does `dubanctl simulate` say what a second reader of the rules says?

Random campaigns (oracle/generate.py) are run through both; the rows of the sorts remind,
escalate, streak and correction must be the same. Skipped when dubanctl is not built.

DUBAN_SEEDS=N      how many seeds (150); A-B from A to B
DUBAN_SEED=S       only this one
DUBAN_WITH=a,b     also intake, pause, release (default: by the seed)
DUBAN_STRICT=no    rows that were not sent are reported only
DUBAN_SORTS=a,b    which sorts (remind,escalate,streak,correction)
DUBAN_KEEP=DIR     leave the campaigns there
"""
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "oracle"))
sys.dont_write_bytecode = True
import generate  # noqa: E402
import oracle  # noqa: E402
from rules import Campaign  # noqa: E402

PROGRAM = os.path.join(os.environ.get("BINARY_DIR", ""), "dubanctl")
COMPARED = ["at", "sort", "step", "uid", "recurrence-id", "due", "unit", "role", "address",
            "channel"]
SORTS = tuple(os.environ.get("DUBAN_SORTS", "remind,escalate,streak,correction").split(","))
SHOWN = 12


def extras_of(seed):
    if "DUBAN_WITH" in os.environ:
        return tuple(x for x in os.environ["DUBAN_WITH"].split(",") if x)
    if FOUND.get(seed):
        return FOUND[seed]
    n = int(seed)
    return tuple(name for k, name in ((2, "intake"), (3, "pause"), (5, "release")) if n % k == 0)


def read_found():
    """Seeds that once showed a defect: {seed: extras, empty = by the seed}."""
    found = {}
    with open(os.path.join(HERE, "oracle", "seeds.txt"), encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                found[words[0]] = tuple(words[1].split(",")) if len(words) > 1 else ()
    return found


FOUND = read_found()


def span_of(seed, directory):
    """--from and --to for some seeds: (from, to) as instants or None."""
    n = int(seed)
    if n % 4:
        return None, None
    campaign = Campaign(directory)
    dues = sorted(x.due for o in campaign.obligations for x in o.occurrences)
    middle = dues[len(dues) // 2]
    start = middle + (n // 4 % 7 - 4) * 40000
    return start, start + 20 * 86400 if n % 8 == 0 else None


def rows_of(lines):
    head = lines[0].split("\t")
    return [dict(zip(head, line.split("\t"))) for line in lines[1:]]


def normal(row, columns):
    """Instants compare as instants, whatever their spelling (Z or +00:00)."""
    out = []
    for c in columns:
        v = row[c]
        if c in ("at", "due") and v != "-":
            v = int(datetime.fromisoformat(v.replace("Z", "+00:00")).timestamp())
        out.append(v)
    return tuple(out)


def partition(rows):
    """Which rows of a tick share a message, without its number."""
    groups = defaultdict(set)
    for row in rows:
        if row["sort"] in SORTS and row["state"] == "sent":
            groups[row["message"]].add(normal(row, COMPARED))
    return {frozenset(g) for g in groups.values()}


def readable(t, zone):
    return " ".join([datetime.fromtimestamp(t[0], zone).isoformat()] + [str(x) for x in t[1:5]]
                    + ["due " + datetime.fromtimestamp(t[5], zone).isoformat()]
                    + [str(x) for x in t[6:]])


def differences(what, theirs, ours, zone):
    """First rows that only one side has, by time, each with what the other has of that item."""
    only = sorted([(t, "only dubanctl") for t in (theirs - ours).elements()]
                  + [(t, "only oracle  ") for t in (ours - theirs).elements()],
                  key=lambda x: (x[0][0], str(x)))
    out = ["%s: %d rows of dubanctl, %d of the oracle, %d differ"
           % (what, sum(theirs.values()), sum(ours.values()), len(only))] if only else []
    for t, side in only[:SHOWN]:
        out.append("  %s  %s" % (side, readable(t, zone)))
    if only:
        first = only[0][0]
        near = [t for t in sorted((theirs | ours), key=str)
                if t[3:5] == first[3:5] and t[6] == first[6]
                and abs(t[0] - first[0]) <= 4 * 86400][:SHOWN]
        out += ["  context     " + readable(t, zone) for t in sorted(near)]
    return out


def one(seed):
    """(seed, lines about rows sent, lines about the others)"""
    with tempfile.TemporaryDirectory(prefix="duban-oracle-") as scratch:
        base = os.environ.get("DUBAN_KEEP") or scratch
        directory = os.path.join(base, "seed-%s" % seed)
        try:
            generate.generate(seed, directory, extras_of(seed))
        except Exception as e:  # our own defect: it must not look like agreement
            return seed, ["generate.py failed: %r" % e], []
        return (seed,) + compare(directory, *span_of(seed, directory))


def checked(directory):
    """The generator promises campaigns without an error."""
    done = subprocess.run([PROGRAM, "check", directory], capture_output=True, timeout=60)
    if done.returncode == 0:
        return []
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    return ["dubanctl check: " + x for x in lines if "warning:" not in x][:SHOWN]


def compare(directory, start, until):
    wrong = checked(directory)
    if wrong:
        return wrong, []
    events = os.path.join(directory, "events.csv")
    command = [PROGRAM, "simulate", directory, "--events", events]
    for option, t in (("--from", start), ("--to", until)):
        if t is not None:
            command += [option, datetime.fromtimestamp(t, timezone.utc).isoformat()]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return ["dubanctl simulate: no end within 60 s"], []
    if done.returncode != 0:
        return ["dubanctl simulate: exit %d: %s" % (
            done.returncode, done.stderr.decode(errors="replace")[-600:])], []
    theirs = rows_of(done.stdout.decode("utf-8").splitlines())
    with open(events, encoding="utf-8", newline="") as f:
        campaign, rows = oracle.simulate(directory, f.read(), start, until)
    ours = rows_of(["\t".join(oracle.COLUMNS)]
                   + ["\t".join(r) for r in oracle.table(campaign, rows)])
    zone = campaign.clock.zone

    def counted(table, columns, states):
        return Counter(normal(r, columns) for r in table
                       if r["sort"] in SORTS and (r["state"] == "sent") == states)

    first = differences("sent", counted(theirs, COMPARED, True),
                        counted(ours, COMPARED, True), zone)
    if not first and partition(theirs) != partition(ours):
        odd = sorted(partition(theirs) ^ partition(ours), key=lambda g: sorted(g))[:4]
        first = ["messages: grouped differently"] + [
            "  " + readable(t, zone) for g in odd for t in sorted(g)[:SHOWN]]
    second = differences("not sent", counted(theirs, COMPARED + ["state"], False),
                         counted(ours, COMPARED + ["state"], False), zone)
    return first, second


def main():
    if not os.access(PROGRAM, os.X_OK):
        print("skipped: %s is not built" % PROGRAM)
        return 77
    if "DUBAN_SEED" in os.environ:
        seeds = [os.environ["DUBAN_SEED"]]
    else:
        first, _, last = ("1-" + os.environ.get("DUBAN_SEEDS", "150")).rpartition("-")
        seeds = [str(i) for i in range(int(first.split("-")[-1]), int(last) + 1)]
        seeds += [s for s in FOUND if s not in seeds]
    strict = os.environ.get("DUBAN_STRICT", "yes") != "no"
    bad_sent, bad_rest, shown = [], [], 0
    with multiprocessing.Pool(2) as pool:
        for seed, sent, rest in pool.imap(one, seeds):
            if sent:
                bad_sent.append(seed)
            if rest:
                bad_rest.append(seed)
            if (sent or rest) and shown < 10:
                shown += 1
                print("seed %s (replay: DUBAN_SEED=%s)" % (seed, seed))
                print("\n".join(sent + rest), flush=True)
    print("%d seeds: rows sent differ in %d %s; rows not sent in %d %s" % (
        len(seeds), len(bad_sent), bad_sent[:20], len(bad_rest), bad_rest[:20]))
    return 1 if bad_sent or (strict and bad_rest) else 0


if __name__ == "__main__":
    sys.exit(main())
