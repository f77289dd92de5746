#!/usr/bin/env python3
"""The code is as .clang-format has it.  Versions disagree, so only the one in use judges."""
import re
import subprocess

import tree

VERSION = "14"


def main():
    program = tree.need_program("clang-format")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\d+)", said)
    if not version or version.group(1) != VERSION:
        tree.skip(f"clang-format {VERSION} judges, this is: {said.strip()}")
    sources = tree.files(".c", ".cc", ".h", under=(*tree.CODE, "tests"))
    run = subprocess.run([program, "--dry-run", "-Werror", "--style=file",
                          *[str(path) for path in sources]],
                         cwd=tree.SOURCE, capture_output=True, text=True, check=False)
    problems = [line for line in run.stderr.splitlines() if "error:" in line]
    if run.returncode and not problems:
        problems = [run.stderr]
    tree.finish(problems, f"{len(sources)} files")


main()
