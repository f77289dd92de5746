#!/usr/bin/env python3
"""clang-tidy over the whole tree, with the checks of .clang-tidy.

Runs over the release build's compile commands, and there only: it looks at the source, which
is the same in every build.

The analyzer's paths end early (mode=shallow): a fifth of the time, and what it finds there is
what it found so far.  DUBAN_TIDY=deep follows them all; scripts/test --soak does.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess

import tree


MODE = "deep" if os.environ.get("DUBAN_TIDY") == "deep" else "shallow"
EXTRA = ["-Wno-unknown-warning-option", "-Xclang", "-analyzer-config", "-Xclang", f"mode={MODE}"]


def tidy(program, path):
    run = subprocess.run([program, "--quiet", "-p", str(tree.BINARY),
                          *[f"--extra-arg={extra}" for extra in EXTRA], str(path)],
                         cwd=tree.SOURCE, capture_output=True, text=True, check=False)
    found = [line.replace(f"{tree.SOURCE}/", "") for line in run.stdout.splitlines()
             if re.search(r": (warning|error): .*\[", line)]
    if run.returncode and not found:
        found = [f"{path}: clang-tidy failed: {run.stderr.strip() or run.stdout.strip()}"]
    return found


def main():
    program = tree.need_program("clang-tidy")
    cache = tree.BINARY / "CMakeCache.txt"
    if cache.is_file() and re.search(r"^DUBAN_SANITIZE:STRING=.", cache.read_text(), re.M):
        tree.skip("the source is the same: the release build has looked at it")
    database = json.loads((tree.BINARY / "compile_commands.json").read_text())
    sources = sorted({pathlib.Path(entry["file"]) for entry in database})
    sources = [path for path in sources if path.suffix == ".c" and
               path.is_relative_to(tree.SOURCE) and
               path.relative_to(tree.SOURCE).parts[0] in tree.CODE]
    assert sources, "no source was found"
    problems = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda path: tidy(program, path), sources):
            problems.update(found)
    tree.finish(sorted(problems), f"{len(sources)} files, {MODE}")


main()
