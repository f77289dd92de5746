#!/usr/bin/env python3
"""The papers agree with the programs and with each other.

Every verb that dubanctl knows has its entry in both man pages and in the completion, and nothing
is described that it does not know; the options and the settings too; both READMEs name the same commands; the
commands, files and links that they name exist; CHANGES.md speaks of this version.
"""
import re
import subprocess
import sys

import tree

PAGES = ("docs/man/dubanctl.1.scd", "docs/man/zh_CN/dubanctl.1.scd")
READMES = ("README.md", "README.zh-CN.md")


def program(name):
    for path in (tree.BINARY / name, tree.BINARY / "bin" / name):
        if path.is_file():
            return str(path)
    sys.exit(f"{name} is not built")


def said_by(*command):
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def verbs_of_program():
    """The verbs that dubanctl --help lists: the first word of each indented line of its list."""
    _, said = said_by(program("dubanctl"), "--help")
    return set(re.findall(r"^ {2,4}([a-z][a-z-]+)(?= |$)", said, re.M))


def verbs_of_page(path):
    """Entries of a man page: lines that begin with *verb*, with more verbs after commas."""
    verbs = set()
    for line in re.findall(r"^\*[a-z].*$", tree.read(path), re.M):
        head = re.match(r"(\*[a-z-]+\*(?:[,、] *)?)+", line)
        verbs.update(re.findall(r"\*([a-z-]+)\*", head.group(0)) if head else [])
    return verbs - {"duband", "dubanctl"}


def verbs_of_completion():
    text = re.search(r"local verbs='([^']*)'", tree.read("scripts/completion.bash")).group(1)
    return set(text.split())


def options_of_page(path):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", tree.read(path)))


def compare(what, ours, name, theirs):
    return ([f"{what}: {word} is missing (it is in {name})" for word in sorted(theirs - ours)] +
            [f"{what}: {word} is unknown to {name}" for word in sorted(ours - theirs)])


def check_verbs():
    known = verbs_of_program()
    if len(known) < 5:
        return [f"dubanctl --help lists only {len(known)} verbs: {sorted(known)}"]
    problems = []
    for page in PAGES:
        problems += compare(page, verbs_of_page(page), "dubanctl --help", known)
    problems += compare("scripts/completion.bash", verbs_of_completion(), "dubanctl --help", known)
    problems += compare(PAGES[1], options_of_page(PAGES[1]), PAGES[0], options_of_page(PAGES[0]))
    _, said = said_by(program("dubanctl"), "--help")
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", said))
    for paper in (*PAGES, "scripts/completion.bash"):
        problems += [f"{paper}: {option} is missing (dubanctl --help has it)"
                     for option in sorted(options - options_of_page(paper))]
    for verb in sorted(known):
        status, said = said_by(program("dubanctl"), verb, "--help")
        if status != 0:
            problems.append(f"dubanctl {verb} --help ends with {status}: {said.strip()[:200]}")
    return problems


def commands_of(readme):
    """Command lines of the indented blocks, without their comments."""
    lines = re.findall(r"^(?: {4}| {7})(\S.*)$", tree.read(readme), re.M)
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines]


def check_readmes():
    problems = []
    ours, theirs = (commands_of(readme) for readme in READMES)
    # Names of people and reasons are translated; the programs and their options are not.
    shape = [[[word for word in line.split() if re.fullmatch(r"[-./\w]*[a-z][-./\w=@]*", word, re.A)
               and word != "YOU"] for line in lines] for lines in (ours, theirs)]
    if shape[0] != shape[1]:
        problems += [f"READMEs differ: {a} | {b}" for a, b in zip(*shape) if a != b] or \
            ["READMEs differ in the number of commands"]
    known = verbs_of_program()
    for readme, commands in zip(READMES, (ours, theirs)):
        for command in commands:
            for script in re.findall(r"(?<!\S)((?:scripts|calendars|docs)/[\w./-]+)", command):
                if not (tree.SOURCE / script).exists():
                    problems.append(f"{readme}: {script} does not exist")
            verb = re.search(r"dubanctl ([a-z-]+)", command)
            if verb and verb.group(1) not in known:
                problems.append(f"{readme}: dubanctl knows no '{verb.group(1)}'")
    return problems


def check_settings():
    """Every key of duban.yaml that settings.c takes stands in both pages and in the example."""
    arrays = re.findall(r"\b\w*keys\[\] = \{(.*?)\}", tree.read("daemon/settings.c"), re.S)
    keys = {key for array in arrays for key in re.findall(r'"(\w+)"', array)}
    if len(keys) < 10:
        return [f"only {len(keys)} keys were found in daemon/settings.c"]
    problems = []
    for page in ("docs/man/duban.yaml.5.scd", "docs/man/zh_CN/duban.yaml.5.scd"):
        problems += [f"{page}: the key {key} is missing" for key in sorted(keys)
                     if f"*{key}*" not in tree.read(page)]
    example = "docs/duban.yaml.example"
    problems += [f"{example}: the key {key} is missing" for key in sorted(keys)
                 if not re.search(rf"(^|[\s{{]){key}:", tree.read(example), re.M)]
    return problems


def check_links():
    """Links and file names of the papers lead somewhere."""
    problems = []
    for path in tree.files(".md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", tree.read(path)):
            if not (tree.SOURCE / path.parent / target).exists():
                problems.append(f"{path}: {target} does not exist")
    return problems


def check_version():
    version = re.search(r"project\(duban VERSION ([\d.]+)", tree.read("CMakeLists.txt")).group(1)
    problems = []
    if not re.search(rf"^## {re.escape(version)}\b", tree.read("CHANGES.md"), re.M):
        problems.append(f"CHANGES.md has no section {version}")
    for heading in ("### Changes", "### Upgrading"):
        if heading not in tree.read("CHANGES.md"):
            problems.append(f"CHANGES.md has no '{heading}'")
    for name in ("duband", "dubanctl"):
        _, said = said_by(program(name), "--version")
        if version not in said:
            problems.append(f"{name} --version says '{said.strip()[:100]}', not {version}")
    return problems


def main():
    tree.finish(check_settings() + check_verbs() + check_readmes() + check_links() + check_version(),
                "man pages, READMEs, completion, CHANGES.md")


main()
