#!/usr/bin/env python3
"""Words that do not belong here, and files and functions that have grown too long."""
import re

import tree

# Written in pieces, so that this file passes its own test.
FORBIDDEN = [
    (r"(?<!\")\b(TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\")", "an open end: do it, or open an issue"),
    (r"/(wo" r"rk|ho" r"me|ro" r"ot)/[a-z]", "a path of somebody's machine"),
    (r"\bshar" r"ed/(design|conventions|libraries|reliability|performance|prior-art)\b",
     "a paper that is not in the project"),
    (r"(?<!\d)1[3-9]\d{9}(?!\d)", "looks like a mobile number"),
]
MAIL = re.compile(r"[A-Za-z0-9_.+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})\b")
MAIL_GOOD = re.compile(r"(^|\.)(example(\.[a-z]+)?|invalid|test|localhost)$"
                       r"|\.(service|socket|timer|target)$")
# The a@x.org of a table of addresses is nobody's.
MAIL_SHORT = re.compile(r"^[a-z](-[a-z])?\.[a-z]+$")
LINES_FILE, LINES_HEADER, LINES_TEST, LINES_FUNCTION = 600, 200, 1000, 70
# Headers that are one list and better read as one.
LINES_LISTS = {
    "daemon/core/words.h": 400,   # the words of the domain
    "daemon/store/store.h": 300,  # the verbs of the store
}
TEXT = (".c", ".cc", ".h", ".py", ".sh", ".md", ".scd", ".yaml", ".yml", ".csv", ".ics", ".sql",
        ".cmake", ".txt", ".json", ".service", ".socket", ".conf", ".mustache", ".html", "test",
        "demo", "run", "LICENSE")
# Words of a list of standard names that would trip a rule; a path each, with its reason.
EXCUSED = {
    "LICENSE": "not our text",
    "tests/lint/test_words.py": "holds the patterns",
}


def check_words(path, lines):
    problems, in_tests = [], path.parts[0] == "tests"
    for number, line in enumerate(lines, 1):
        for pattern, reason in FORBIDDEN:
            match = re.search(pattern, line)
            if match:
                problems.append(f"{path}:{number}: '{match.group(0)}': {reason}")
        for match in MAIL.finditer(line):
            domain = match.group(1).lower()
            if not MAIL_GOOD.search(domain) and not (in_tests and MAIL_SHORT.search(domain)):
                problems.append(f"{path}:{number}: '{match.group(0)}': use example.org or *.invalid")
    return problems


def check_functions(path, lines):
    """Linux braces: a function's body lies between a '{' and a '}' in the first column."""
    problems, start = [], None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            if number - start + 1 > LINES_FUNCTION:
                problems.append(f"{path}:{start}: a function of {number - start + 1} lines "
                                f"(at most {LINES_FUNCTION})")
            start = None
    return problems


def main():
    paths = tree.files(*TEXT)
    assert any(path.suffix == ".h" for path in paths), "no source was found"
    problems = []
    for path in paths:
        lines = tree.read(path).splitlines()
        if path.as_posix() not in EXCUSED:
            problems += check_words(path, lines)
        if path.suffix in (".c", ".cc", ".h"):
            problems += check_functions(path, lines)
            limit = LINES_HEADER if path.suffix == ".h" else LINES_FILE
            if path.parts[0] == "tests":
                limit = LINES_TEST  # tables of cases
            limit = LINES_LISTS.get(path.as_posix(), limit)
            if len(lines) > limit:
                problems.append(f"{path}: {len(lines)} lines (at most {limit})")
    tree.finish(problems, f"{len(paths)} files")


main()
