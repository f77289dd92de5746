#!/usr/bin/env python3
"""Small campaigns whose rows were worked out by hand from design.md.

They judge the oracle first, and dubanctl simulate too where it is built: exactly the rows of
the sorts remind and escalate, in every state.
"""
import os
import subprocess
import sys
import tempfile
from datetime import datetime

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = os.path.join(HERE, "oracle")
sys.dont_write_bytecode = True
PROGRAM = os.path.join(os.environ.get("BINARY_DIR", ""), "dubanctl")
WANTED = ["at", "sort", "step", "recurrence-id", "unit", "role", "address", "state"]


def read_case(path):
    files, name = {}, None
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith("== "):
                name = line[3:].strip()
                files[name] = []
            elif name:
                files[name].append(line)
    return files


def write_campaign(files, directory):
    for name, lines in files.items():
        if name.endswith(".ics"):
            lines = (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//case//EN"]
                     + lines + ["END:VCALENDAR"])
        end = "\r\n" if name.endswith(".ics") else "\n"
        if name != "expected":
            with open(os.path.join(directory, name), "w", encoding="utf-8", newline="") as f:
                f.write(end.join(lines) + end)


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def rows_of(output):
    lines = output.splitlines()
    head = lines[0].split("\t")
    rows = [dict(zip(head, line.split("\t"))) for line in lines[1:]]
    return sorted((instant(r["at"]),) + tuple(r[c] for c in WANTED[1:])
                  for r in rows if r["sort"] in ("remind", "escalate"))


def run(command, directory):
    events = os.path.join(directory, "events.csv")
    more = ["--events", events] if os.path.exists(events) else []
    done = subprocess.run(command + [directory] + more, capture_output=True, timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-800:])
    return rows_of(done.stdout.decode("utf-8"))


def main():
    judged = [("oracle", [sys.executable, "-B", os.path.join(ORACLE, "oracle.py")])]
    if os.access(PROGRAM, os.X_OK):
        judged.append(("dubanctl", [PROGRAM, "simulate"]))
    else:
        print("# %s is not built: the oracle alone is judged" % PROGRAM)
    bad, count = 0, 0
    names = sorted(n for n in os.listdir(os.path.join(ORACLE, "cases")) if n.endswith(".case"))
    for name in names:
        files = read_case(os.path.join(ORACLE, "cases", name))
        expected = sorted((instant(w[0]),) + tuple(w[1:])
                          for w in (line.split() for line in files["expected"]) if w)
        for who, command in judged:
            count += 1
            with tempfile.TemporaryDirectory(prefix="duban-case-") as directory:
                write_campaign(files, directory)
                try:
                    rows = run(command, directory)
                except (RuntimeError, subprocess.TimeoutExpired) as e:
                    rows = [("failed", str(e))]
            if rows == expected:
                print("ok %d - %s: %s" % (count, who, name))
                continue
            bad += 1
            print("not ok %d - %s: %s" % (count, who, name))
            for r in [r for r in rows if r not in expected]:
                print("#   unexpected %s" % (r,))
            for r in [r for r in expected if r not in rows]:
                print("#   missing    %s" % (r,))
            if len(rows) != len(set(rows)):
                print("#   a row twice")
    print("1..%d" % count)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
