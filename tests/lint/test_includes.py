#!/usr/bin/env python3
"""The include table: who may include whom, and that every header compiles alone.

The table is the one of docs/ARCHITECTURE.md.  A room that reaches upwards is where a design
starts to rot, and the linker alone does not see it: headers with inline code or plain types
pass unnoticed.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import tree

ROOMS = {
    "core": "daemon/core", "calendars": "calendars", "notifiers": "notifiers",
    "store": "daemon/store", "io": "daemon/io", "campaign": "daemon/campaign",
    "engine": "daemon/engine", "intake": "daemon/intake", "http": "daemon/http",
    "sim": "daemon/sim", "ctl": "daemon/ctl", "programs": "daemon",
}
# Room -> what it may include: rooms, or single headers.  Every room may include itself.
MAY = {
    "core": [],
    "calendars": ["core"], "notifiers": ["core"], "store": ["core"], "io": ["core"],
    "campaign": ["core", "calendars"],
    "engine": ["core", "calendars", "notifiers", "campaign", "daemon/store/store.h"],
    "intake": ["core", "campaign", "daemon/store/store.h"],
    "http": ["core", "engine", "intake", "notifiers/template.h"],
    "sim": ["core", "campaign", "store", "engine"],
    "ctl": ["core", "calendars", "campaign", "sim", "notifiers/template.h"],
    "programs": list(ROOMS),  # main, wire, settings: they join everything
}
# Library headers that belong to some rooms only; the others go through those rooms.
SYSTEM = {
    r"sqlite3\.h": {"store"},
    r"(libical/.*|cctz/.*)": {"calendars"},
    r"yaml\.h": {"campaign", "programs"},
    r"uv\.h": {"io", "http", "programs"},
    r"curl/.*": {"io", "ctl", "programs"},
    r"(zip\.h|libxml/.*)": {"io"},
    r"microhttpd\.h": {"http"},
    r"(sys/socket|sys/un|netdb|netinet/.*|arpa/.*|poll|sys/epoll)\.h": {"io", "http", "ctl", "programs"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def room_of(path):
    """The room a file lives in: the longest directory that holds it."""
    text = path.as_posix()
    fitting = [(len(directory), room) for room, directory in ROOMS.items()
               if text.startswith(directory + "/")]
    return max(fitting)[1] if fitting else None


def check_quoted(path, number, name):
    """Problems of one #include "name" in @path."""
    where = f"{path}:{number}"
    target = pathlib.Path(name)
    beside = path.parent / name
    if not (tree.SOURCE / target).is_file() and (tree.SOURCE / beside).is_file():
        if beside.parent != path.parent:
            return [f'{where}: "{name}" is not written from the project root']
        target = beside
    if not (tree.SOURCE / target).is_file():
        if list(tree.BINARY.glob(f"**/{name}")):
            return []  # generated
        return [f'{where}: "{name}" does not exist']
    ours, theirs = room_of(path), room_of(target)
    if theirs is None:
        return [f'{where}: "{name}" lies outside of every room']
    if theirs in (ours, *MAY[ours]) or target.as_posix() in MAY[ours]:
        return []
    return [f'{where}: {ours} may not include "{name}" ({theirs})']


def check_file(path):
    problems = []
    for number, line in enumerate(tree.read(path).splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quoted, system = match.groups()
        if quoted:
            problems += check_quoted(path, number, quoted)
            continue
        for pattern, rooms in SYSTEM.items():
            if re.fullmatch(pattern, system) and room_of(path) not in rooms:
                problems.append(f"{path}:{number}: <{system}> is for {', '.join(sorted(rooms))}")
    return problems


def compiler_flags():
    """Include paths and definitions of the whole build, from its compile commands."""
    database = tree.BINARY / "compile_commands.json"
    if not database.is_file():
        tree.skip(f"{database.name} is missing: configure first")
    flags = {}
    for entry in json.loads(database.read_text()):
        words = shlex.split(entry["command"])
        for at, word in enumerate(words):
            if word == "-isystem":
                flags[(word, words[at + 1])] = None
            elif word.startswith(("-I", "-D")):
                flags[(word,)] = None
    return [word for flag in flags for word in flag]


def compiles_alone(header, flags):
    """The header as the first line of an empty C file."""
    run = subprocess.run(
        [os.environ.get("CC", "cc"), "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
         "-I", str(tree.SOURCE), *flags, "-x", "c", "-"],
        input=f'#include "{header.as_posix()}"\n', capture_output=True, text=True, check=False)
    return [f"{header} does not compile alone:\n{run.stderr.strip()}"] if run.returncode else []


def main():
    sources = tree.files(".c", ".cc", ".h", ".hh", under=tree.CODE)
    if not sources:
        sys.exit("no source was found: the test looks at the wrong place")
    problems = [problem for path in sources for problem in check_file(path)]
    headers = [path for path in sources if path.suffix == ".h"]
    flags = compiler_flags()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda header: compiles_alone(header, flags), headers):
            problems += found
    tree.finish(problems, f"{len(sources)} files, {len(headers)} headers")


main()
