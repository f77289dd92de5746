"""planted.py - the sound campaign of tests/bad/base with one mistake planted in it.

Used by the tests of `dubanctl check`; tests/bad/README.md describes the format.
"""
import os
import re
import shutil

NOT_LAID_OVER = {"edit", "expect", "remove"}
FINDING = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+)(?::(?P<column>\d+))?: "
                     r"(?P<severity>error|warning): (?P<code>[A-Z0-9_]+): (?P<text>.*)$")


def bytes_of(text):
    """The bytes that an edit's line stands for."""
    def repeated(match):
        return bytes_of(match.group(2).decode()) * int(match.group(1))

    raw = text if isinstance(text, bytes) else text.encode()
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), raw)
    return re.sub(rb"\{(\d+)\*([^{}]*)\}", repeated, raw, flags=re.DOTALL)


def blocks_of(path):
    """(file, [removed lines], [added lines]) for every block of an edit."""
    name, removed, added = None, [], []
    with open(path, encoding="utf-8") as lines:
        for line in lines.read().split("\n"):
            if line[:1] == "-" and not added:
                removed.append(line[1:])
            elif line[:1] == "+":
                added.append(line[1:])
            else:
                if removed or added:
                    yield name, removed, added
                    removed, added = [], []
                if line[:1] == "-":
                    removed.append(line[1:])
                elif line:
                    name = line
    if removed or added:
        yield name, removed, added


def edit(directory, path):
    for name, removed, added in blocks_of(path):
        target = os.path.join(directory, name)
        old = b""
        if os.path.exists(target):
            with open(target, "rb") as f:
                old = f.read()
        end = b"\r\n" if b"\r\n" in old or name.endswith(".ics") else b"\n"
        new = b"".join(bytes_of(line) + end for line in added)
        if removed:
            gone = b"".join(line.encode() + end for line in removed)
            count = (end + old).count(end + gone)
            if count != 1:
                raise ValueError(f"{path}: {removed[0]!r} stands {count} times in {name}")
            at = (end + old).index(end + gone)
            new = old[:at] + new + old[at + len(gone):]
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as f:
            f.write(new)


def plant(bad, name, directory):
    """Make the campaign of case @name in @directory (which must not exist)."""
    shutil.copytree(os.path.join(bad, "base"), directory)
    case = os.path.join(bad, name)
    for top, _, files in os.walk(case):
        for file in files:
            source = os.path.join(top, file)
            below = os.path.relpath(source, case)
            if below not in NOT_LAID_OVER:
                os.makedirs(os.path.dirname(os.path.join(directory, below)), exist_ok=True)
                shutil.copyfile(source, os.path.join(directory, below))
    if os.path.exists(os.path.join(case, "edit")):
        edit(directory, os.path.join(case, "edit"))
    if os.path.exists(os.path.join(case, "remove")):
        with open(os.path.join(case, "remove"), encoding="utf-8") as lines:
            for line in lines.read().split():
                os.remove(os.path.join(directory, line))


def expected(path):
    """[(prefix, words or None)] of an expect file, sorted."""
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.split("#", 1)[0].strip() if not line.startswith("#") else ""
            if line:
                prefix, _, words = line.partition(" ~ ")
                rows.append((prefix.strip(), words.strip() or None))
    return sorted(rows, key=str)


def findings(output, directory):
    """[(prefix, text)] of what check printed, sorted; a line that is no finding is an error."""
    rows = []
    for line in output.splitlines():
        if line.startswith(directory + "/"):
            line = line[len(directory) + 1:]
        match = FINDING.match(line)
        if match is None:
            raise ValueError(f"not a finding: {line!r}")
        rows.append((line[:match.start("text") - 2], match.group("text")))
    return sorted(rows)


def differences(want, got):
    """What is missing and what is too much, as lines for people."""
    left, lines = list(got), []
    for prefix, words in want:
        hit = next((g for g in left if g[0] == prefix and (words is None or words in g[1])), None)
        if hit is None:
            lines.append("  missing: " + prefix + (f" ~ {words}" if words else ""))
        else:
            left.remove(hit)
    return lines + [f"  not expected: {prefix}: {text}" for prefix, text in left]
