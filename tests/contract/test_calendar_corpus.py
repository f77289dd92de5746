#!/usr/bin/env python3
"""`dubanctl expand`, from outside, over calendars with known occurrences and rules with known starts.

Ours lie in tests/unit/calendars/data; those of other programs in ../shared/ical/visible beside the
project, where somebody has put them. Of each row columns 1 to 7 must be equal: times, UID,
component, summary, kind, status.

    test_calendar_corpus.py [ROOT...]   other corpora of that form
"""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).parents[2])
DUBANCTL = pathlib.Path(os.environ.get("BINARY_DIR", ".")) / "dubanctl"
OURS = SOURCE / "tests/unit/calendars/data"
OTHERS = SOURCE.parent / "shared/ical/visible"
STARTS_MAX = 60  # of a rule in cases.tsv
SECONDS_MAX = 1


def sanitized():
    """The sanitizers slow a program down: how long it takes is no matter then."""
    return b"__asan_init" in DUBANCTL.read_bytes()


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def expand(path, zone, low, high):
    """What it prints, and the processor time it took: others may be busy on this machine."""
    began = cpu()
    run = subprocess.run([DUBANCTL, "expand", "--tz", zone, path, low, high], timeout=60,
                         capture_output=True, check=False)
    said = run.stderr.decode("utf-8")
    if run.returncode not in (0, 1) or "Sanitizer" in said or "runtime error" in said:
        raise RuntimeError(f"{path}: exit code {run.returncode}\n{said}")
    return run.stdout.decode("utf-8"), cpu() - began


def rows(tsv, columns=7):
    return sorted(tuple(line.split("\t")[:columns]) for line in tsv.split("\n") if line)


def check_index(root, index="expected"):
    """Cases, and what is wrong with them; those of disputed/ may differ, but not fail."""
    problems, cases, free = [], 0, sanitized()
    for line in (root / index / "INDEX.tsv").read_text(encoding="utf-8").split("\n"):
        if not line or line.startswith("#") or line.startswith("expected-file\t"):
            continue
        name, path, zone, low, high = line.split("\t")[:5]
        got, took = expand(root / path, zone, low, high)
        cases += 1
        if got != "".join(sorted(got.splitlines(True), key=str.encode)):
            problems.append(f"{name}: not sorted")
        want = (root / index / name).read_text(encoding="utf-8", errors="replace")
        if index == "expected" and rows(got) != rows(want):
            problems.append(f"{name}: {zone} {low} {high}: {set(rows(got)) ^ set(rows(want))}")
        if took > SECONDS_MAX and not free:
            problems.append(f"{path}: {took:.1f} s")
    return cases, problems


def check_rules(path):
    """All rules as one calendar; each ends by UNTIL with the last start that is known."""
    cases, lines, problems = {}, ["BEGIN:VCALENDAR"], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line or line.startswith("#"):
            continue
        rule, start, horizon, starts = line.split("\t")
        starts = starts.split(",")
        last = starts[-1] if len(starts) == STARTS_MAX else horizon
        end = "" if "UNTIL=" in rule or "COUNT=" in rule else f";UNTIL={last}Z"
        uid = str(len(cases))
        cases[uid] = (rule, start, horizon, starts)
        lines += ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}Z", f"RRULE:{rule}{end}", "END:VEVENT"]
    got = {uid: [] for uid in cases}
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "rules.ics"
        file.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), encoding="utf-8", newline="")
        for row in rows(expand(file, "UTC", "19000101T000000Z", "22000101T000000Z")[0]):
            got[row[2]].append(row[0].rstrip("Z"))
    for uid, (rule, start, horizon, starts) in cases.items():
        have = [x for x in got[uid] if x <= horizon][:STARTS_MAX]
        if have != starts:
            problems.append(f"{rule} from {start}: {sorted(set(have) ^ set(starts))[:5]}")
    return len(cases), problems


def check(root):
    cases, problems = check_index(root)
    rules = root / "rrule/cases.tsv"
    n, more = check_rules(rules) if rules.exists() else (0, [])
    disputed, robust = check_index(root, "disputed") if (root / "disputed").exists() else (0, [])
    for problem in problems + more + robust:
        print(f"not ok: {problem}")
    print(f"{root}: {cases} cases, {n} rules, {disputed} disputed ones: "
          f"{len(problems) + len(more) + len(robust)} wrong", flush=True)
    return cases > 0 and not problems and not more and not robust


def main():
    if not DUBANCTL.exists():
        print(f"skipped: no {DUBANCTL}")
        return 77
    roots = [pathlib.Path(x) for x in sys.argv[1:]] or [OURS]
    if not sys.argv[1:] and OTHERS.is_dir():
        roots.append(OTHERS)
    elif not sys.argv[1:]:
        print("# the calendars of other programs are not beside the project: ours alone")
    good = [check(root) for root in roots]
    return 0 if all(good) else 1


sys.exit(main())
