"""tree.py - the source tree as the lint tests see it: its files, and how a test ends."""
import os
import pathlib
import shutil
import sys

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).parents[2]).resolve()
BINARY = pathlib.Path(os.environ.get("BINARY_DIR") or SOURCE / "build" / "release").resolve()

# Directories at the top that are no part of the source.
NOT_OURS = {".git", "build", "out", "node_modules", "__pycache__"}
CODE = ("daemon", "calendars", "notifiers")


def files(*suffixes, under=()):
    """Paths relative to SOURCE, sorted, of files with one of the suffixes (none: every file)."""
    found = []
    for top in (under or sorted(os.listdir(SOURCE))):
        if top in NOT_OURS or top.startswith("build"):
            continue
        path = SOURCE / top
        if path.is_file():
            found.append(path.relative_to(SOURCE))
            continue
        for directory, names, leaves in os.walk(path):
            names[:] = [name for name in names if name not in NOT_OURS]
            found += [pathlib.Path(directory, leaf).relative_to(SOURCE) for leaf in leaves]
    return sorted(path for path in found
                  if not suffixes or path.suffix in suffixes or path.name in suffixes)


def read(path):
    """The text of a source file; bytes that are not UTF-8 become U+FFFD."""
    return (SOURCE / path).read_text(encoding="utf-8", errors="replace")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def need_program(name):
    path = shutil.which(name)
    if path is None:
        skip(f"{name} is not installed")
    return path


def finish(problems, checked):
    """Print what was found and leave; @checked says what was looked at, and must not be empty."""
    for problem in problems:
        print(problem)
    print(f"{checked}: {len(problems)} problems")
    sys.exit(1 if problems else 0)
