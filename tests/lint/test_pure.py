#!/usr/bin/env python3
"""The pure rooms stay pure: what their libraries call is what pure-allowed.txt lists.

Equal arguments must give equal bytes.  A clock, a socket, a write, the environment, chance or
the process's locale would end that silently; an undefined symbol gives each of them away.
"""
import fnmatch
import re
import subprocess
import sys

import tree

ROOMS = ("core", "calendars", "notifiers", "campaign")
ALLOWED = "tests/lint/pure-allowed.txt"


def read_rules():
    """Section name -> patterns: [never], [all] and one section a room."""
    sections, current = {}, None
    for number, line in enumerate(tree.read(ALLOWED).splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        heading = re.fullmatch(r"\[(\w+)\]", line)
        if heading:
            current = sections.setdefault(heading.group(1), [])
        elif current is None:
            sys.exit(f"{ALLOWED}:{number}: a pattern before the first [section]")
        else:
            current += line.split()
    return sections


def symbols(library):
    """(defined, undefined) names; undefined: name -> object files that want it."""
    out = subprocess.run(["nm", "--format=posix", str(library)], capture_output=True, text=True,
                         check=True).stdout
    defined, undefined, member = set(), {}, ""
    for line in out.splitlines():
        heading = re.fullmatch(r".*\[(.*)\]:", line)
        if heading:
            member = heading.group(1)
            continue
        name, kind = line.split()[:2]
        if kind in "Uwv":
            undefined.setdefault(name, set()).add(member)
        elif kind.isupper():
            defined.add(name)
    return defined, {name: where for name, where in undefined.items() if name not in defined}


def fits(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def main():
    tree.need_program("nm")
    cache = tree.BINARY / "CMakeCache.txt"
    if cache.is_file() and re.search(r"^DUBAN_SANITIZE:STRING=.", cache.read_text(), re.M):
        tree.skip("a sanitizer's own calls would hide ours: the release build is looked at")
    libraries = {room: tree.BINARY / f"libduban_{room}.a" for room in ROOMS}
    problems = [f"{library.name} is not built" for library in libraries.values()
                if not library.is_file()]
    rules = read_rules()
    found = {room: symbols(library) for room, library in libraries.items() if library.is_file()}
    ours = set().union(*(defined for defined, _ in found.values()))
    looked_at = 0
    for room, (_, undefined) in found.items():
        allowed = rules["all"] + rules.get(room, [])
        for name, members in sorted(undefined.items()):
            looked_at += 1
            if name in ours:
                continue
            # What is never allowed passes only where its section names it in full.
            if fits(name, rules["never"]) and name not in rules.get(room, []):
                problems.append(f"{room}: {name} is impure ({', '.join(sorted(members))})")
            elif not fits(name, allowed):
                problems.append(f"{room}: {name} is not in {ALLOWED} ({', '.join(sorted(members))})")
    if looked_at < 20:
        problems.append(f"only {looked_at} symbols were seen: the test looks at the wrong place")
    tree.finish(problems, f"{looked_at} symbols of {len(found)} libraries")


main()
