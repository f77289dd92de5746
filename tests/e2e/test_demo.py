#!/usr/bin/env python3
"""The demo's season, as fast as it goes: what left, to whom, and that it leaves twice the same.

TAP. The demo is its own story; what it must show is checked here against the daemon's own
record (its tables of notices) and against what the receiver got.
"""
import collections
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["BINARY_DIR"])
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "scripts"))

from demo_parts import season  # noqa: E402

HEHAI = {"leader@hehai.example.org", "head@hehai.example.org"}
count = failed = 0


def check(what, good, words=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}", flush=True)
    if not good and words:
        print(f"# {words}")


def run(directory):
    """One season; what it printed and what the receiver wrote down."""
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    demo = subprocess.run([sys.executable, SOURCE / "scripts/demo.py", "--bin", BINARY, "--dir",
                           directory, "--seconds", "0"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=env, timeout=600, check=False)
    accepted = []
    with open(directory / "mails.jsonl", encoding="utf-8") as ledger:
        accepted = [e for e in map(json.loads, ledger) if e["event"] == "accepted"]
    return demo, accepted


def notices(directory):
    """Every notice as the daemon recorded it: a row of a dict each, in the order of their ticks."""
    db = sqlite3.connect(f"file:{directory}/duban.sqlite?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return [dict(r) for r in db.execute(
        "SELECT n.sort, n.state, n.at, n.due, n.superior, n.holds, s.word AS step, a.address, "
        "o.uid, o.rid, u.unit FROM notice n JOIN word s ON s.id = n.step "
        "JOIN address a ON a.id = n.address JOIN unit u ON u.id = n.unit "
        "LEFT JOIN occurrence o ON o.id = n.occurrence ORDER BY n.at")], db


def contents(directory):
    return {p.name: p.read_bytes() for p in (directory / "mails").iterdir()}


def main():
    with tempfile.TemporaryDirectory(prefix="duban-demo-") as work:
        first, second = pathlib.Path(work, "1"), pathlib.Path(work, "2")
        demo, accepted = run(first)
        check("the demo ends well", demo.returncode == 0, demo.stdout[-2000:])
        if demo.returncode != 0:
            return
        check("nothing is a traceback, nothing is coloured where there is no terminal",
              "Traceback" not in demo.stdout and "\x1b" not in demo.stdout)
        for heading in ("各单位", "发了什么", "一次更正", "大事记", "为何", "邮件在哪里", "接下来"):
            check(f"the account has its part: {heading}", heading in demo.stdout)
        check_mails(first, accepted)
        check_told(first, accepted)
        log = (first / "duband.log").read_text(encoding="utf-8")
        check("the daemon's log knows no error", " error " not in log,
              "\n".join(re.findall(r".* error .*", log)[:5]))
        demo, _ = run(second)
        one, two = contents(first), contents(second)
        different = sorted(n for n in one.keys() | two.keys() if one.get(n) != two.get(n))
        check("a second season sends the same mails, byte for byte", not different,
              f"{len(different)} differ, as {different[:3]}")
        # What lies there and is not ours is not touched.
        strange = pathlib.Path(work, "3")
        strange.mkdir()
        (strange / "mine.txt").write_text("mine")
        refused = subprocess.run([sys.executable, SOURCE / "scripts/demo.py", "--bin", BINARY,
                                  "--dir", strange], capture_output=True, text=True, check=False)
        check("a directory of somebody else's is refused and left alone",
              refused.returncode == 1 and os.listdir(strange) == ["mine.txt"], refused.stderr)


def check_mails(directory, accepted):
    check("more than a thousand mails left", len(accepted) > 1000, str(len(accepted)))
    twice = [m for m, n in collections.Counter(e["message_id"] for e in accepted).items() if n > 1]
    check("no Message-ID came twice", not twice, str(twice[:3]))
    check("every mail lies as a file", len(contents(directory)) == len(accepted))
    kinds = {re.match("【[^】]*】", e["subject"]).group(0) for e in accepted}
    for kind in ("【收件回执】", "【准予延期】", "【退回补正】", "【免报】", "【更正】", "【督办】", "【系统告警】"):
        check(f"there is a mail of the sort {kind}", kind in kinds)
    # A date given as a deadline means the end of that day; nobody writes 23:59 in a letter.
    dated = [e["subject"] for e in accepted if "农业农村局第9期" in e["subject"]
             and e["subject"].startswith("【准予延期】")]
    check("an extension to a date names the date alone",
          len(dated) == 1 and "9月29日" in dated[0] and "23" not in dated[0].split("[")[0],
          str(dated))


def check_told(directory, accepted):
    rows, db = notices(directory)
    states = dict(db.execute("SELECT state, count(*) FROM message GROUP BY state"))
    check("every message that was made was sent", set(states) == {2}, str(states))
    week = [r for r in rows if r["unit"] == "hehai" and r["rid"] == season.rid(8)]
    told = {r["address"] for r in week if r["superior"] and r["step"] in ("再次催办", "督办")
            and r["state"] in (0, 1)}
    corrected = {e["rcpt"] for e in accepted if e["subject"].startswith("【更正】")}
    check("the correction went to exactly the superiors who were told", told == corrected == HEHAI,
          f"told {told}, corrected {corrected}")
    # 督办 is signed: the journal holds a release for each that left, and it is not later.
    released = {}
    for at, detail in db.execute("SELECT at, detail FROM journal WHERE event = 'release'"):
        d = json.loads(detail)
        released[d["unit"], d["uid"], d["rid"], d["step"]] = at
    letters = [r for r in rows if r["step"].startswith("督办") and r["state"] in (0, 1)
               and r["uid"]]
    early = [r for r in letters
             if released.get((r["unit"], r["uid"], r["rid"], r["step"]), r["at"] + 1) > r["at"]]
    check("no 督办 left without a release", letters and not early, str(early[:2]))
    before = min(r["due"] for r in rows if r["rid"] == season.rid(10))  # it was extended
    tenth = [r for r in rows if r["rid"] == season.rid(10) and r["due"] == before
             and r["superior"] and r["step"] == "再次催办"]
    check("when more than half were missing no superior was told",
          len(tenth) > 13 and not [r for r in tenth if r["state"] in (0, 1)], str(tenth[:2]))
    punctual = [e["subject"] for e in accepted if e["rcpt"] == "head@xuejia.example.org"]
    check("the head of a punctual unit never heard anything", not punctual, str(punctual))


if not (BINARY / "duband").exists() or not (BINARY / "dubanctl").exists():
    print("skipped: duband or dubanctl is not built here")
    sys.exit(77)
main()
print(f"1..{count}")
sys.exit(1 if failed else 0)
