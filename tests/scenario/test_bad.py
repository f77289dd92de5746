#!/usr/bin/env python3
"""Every planted mistake is found by `dubanctl check`, at its line, under its code, and nothing else is.

Also: the sample campaign has no error and exactly the warnings that its README explains.
test_bad.py [NAME ...] runs the named cases only and shows what check said.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import planted  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE_DIR", os.path.dirname(os.path.dirname(HERE)))
DUBANCTL = os.path.join(os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build")), "dubanctl")
BAD = os.path.join(SOURCE, "tests", "bad")
SECONDS_MAX = 20  # a hostile file must not hold `check`; generous because sanitizers are slow


def check(directory, want):
    """Lines of complaint about one run of check."""
    run = subprocess.run([DUBANCTL, "check", directory], capture_output=True, timeout=SECONDS_MAX,
                         text=True, encoding="utf-8", errors="replace", check=False)
    said = f"  exit {run.returncode}\n" + run.stdout + run.stderr
    if run.returncode not in (0, 1):
        return [f"  exit code {run.returncode}", run.stderr[-2000:]], said
    try:
        got = planted.findings(run.stdout, directory)
    except ValueError as trouble:
        return [f"  {trouble}"], said
    lines = planted.differences(want, got)
    errors = any(": error: " in prefix for prefix, _ in want)
    if run.returncode != (1 if errors else 0):
        lines.append(f"  exit code {run.returncode}, but errors expected: {errors}")
    return lines, said


def main(names):
    if not os.access(DUBANCTL, os.X_OK):
        print(f"SKIP: {DUBANCTL} is not built")
        return 77
    cases = names or sorted(d for d in os.listdir(BAD) if os.path.isdir(os.path.join(BAD, d)))
    failed = 0
    with tempfile.TemporaryDirectory() as top:
        top = os.path.realpath(top)
        for name in cases:
            directory = os.path.join(top, name)
            if name == "sample":
                directory = os.path.join(SOURCE, "calendars", "xinbei-2019")
            else:
                planted.plant(BAD, name, directory)
            lines, said = check(directory, planted.expected(os.path.join(BAD, name, "expect")))
            print(("not ok" if lines else "ok") + " - " + name)
            if lines:
                failed += 1
                print("\n".join(lines))
            if names:
                print(said)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
