#!/usr/bin/env python3
"""`dubanctl check` of a campaign whose files were cut short: never a crash, never another exit code than 0 or 1.

The whole program is run for each cut, in ever finer steps while its time lasts;
tests/unit/campaign/test_truncated.c cuts at every byte, in one process.
test_truncated.py SECONDS gives it more time than the 12 seconds of an ordinary run.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE_DIR", os.path.dirname(os.path.dirname(HERE)))
DUBANCTL = os.path.join(os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build")), "dubanctl")
SAMPLE = os.path.join(SOURCE, "calendars", "xinbei-2019")
FILES = ["campaign.yaml", "campaign.ics", "units.csv", "holidays.ics", "duty/guoqing.ics"]
CUTS_MIN = 20  # for each file, whatever the clock says: a slow machine must not test nothing


def cuts_of(data):
    """Offsets to cut at, the telling ones first, then ever finer ones."""
    telling = [0, 1, 2, 3, len(data) // 2, len(data) - 1, len(data) - 2, len(data) - 3]
    seen = set()
    for at in telling:
        if at not in seen:
            seen.add(at)
            yield at
    step = max(len(data) // 8, 1)
    while True:
        for at in range(step // 2, len(data), step):
            if at not in seen:
                seen.add(at)
                yield at
        if step == 1:
            return
        step = max(step // 2, 1)


def main(seconds):
    if not os.access(DUBANCTL, os.X_OK):
        print(f"SKIP: {DUBANCTL} is not built")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as top:
        directory = os.path.join(top, "cut")
        shutil.copytree(SAMPLE, directory)
        for name in FILES:
            path = os.path.join(directory, name)
            with open(path, "rb") as f:
                data = f.read()
            until, cuts = time.monotonic() + seconds / len(FILES), 0
            for at in cuts_of(data):
                if cuts >= CUTS_MIN and time.monotonic() > until:
                    break
                with open(path, "wb") as f:
                    f.write(data[:at])
                run = subprocess.run([DUBANCTL, "check", directory], capture_output=True,
                                     timeout=60, check=False)
                cuts += 1
                if run.returncode not in (0, 1):
                    failed += 1
                    print(f"not ok - {name} cut at {at}: exit {run.returncode}\n"
                          + run.stderr.decode(errors="replace")[-1000:])
            with open(path, "wb") as f:
                f.write(data)
            print(f"{name}: {cuts} cuts")
        run = subprocess.run([DUBANCTL, "check", directory], capture_output=True, timeout=60, check=False)
        if run.returncode != 0:
            failed += 1
            print("not ok - the whole sample is sound again")
    print("failed" if failed else "passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 12.0))
