#!/usr/bin/env python3
"""The feed of a running daemon, read by other people's programs; diff against what is in force.

UIDs stay, SEQUENCE grows with every change, ✔ when handed in, CANCELLED when exempted; libraries
that are not installed are left out, and said.
"""
import http.client
import os
import shutil
import subprocess
import tempfile

from daemon import STEPS, World, after, event, main

try:
    import icalendar
except ImportError:
    icalendar = None


def town(w):
    c = w.campaign(units=2)
    c.events(event("weekly@example.org", after(days=3), summary="周报; 甲,乙",
                   more="RRULE:FREQ=WEEKLY;COUNT=3\r\nDESCRIPTION:说明\\n第二行\r\n"),
             event("tour@example.org", after(days=5), "MILESTONE", "巡查"))
    return c


def feed(d, unit):
    return d.ctl("feed", unit).stdout


def events(text):
    """uid -> {property: value} of a feed, unfolded; simple, for our own lines only."""
    found, current = {}, None
    for line in text.replace("\r\n ", "").replace("\n ", "").splitlines():
        if line == "BEGIN:VEVENT":
            current = {}
        elif line == "END:VEVENT":
            assert current["UID"] not in found, "a UID twice"
            found[current["UID"]] = current
            current = None
        elif current is not None:
            head, value = line.split(":", 1)
            assert head.split(";")[0] not in current, line
            current[head.split(";")[0]] = value
    return found


def test_life():
    with World() as w:
        d = w.daemon(town(w)).start()
        first = events(feed(d, "u1"))
        assert len(first) == 3, first
        assert feed(d, "u1") == feed(d, "u1"), "the same state, other bytes"
        assert not set(first) & set(events(feed(d, "u2"))), "two units share a UID"
        rows = sorted(d.json("due", "--unit", "u1"), key=lambda r: r["due"])
        d.ctl("submit", "u1", "weekly@example.org", rows[0]["rid"], "--why", "纸质")
        d.ctl("exempt", "u1", "weekly@example.org", rows[1]["rid"], "--why", "停产")
        then = events(feed(d, "u1"))
        assert set(then) == set(first)
        grown = [u for u in then if int(then[u]["SEQUENCE"]) > int(first[u]["SEQUENCE"])]
        marks = sorted((then[u]["SUMMARY"].startswith("✔"), then[u]["STATUS"]) for u in then)
        assert marks == [(False, "CANCELLED"), (False, "CONFIRMED"), (True, "CONFIRMED")], marks
        assert len(grown) == 2, (first, then)
        others = events(feed(d, "u2"))
        assert all(not e["SUMMARY"].startswith("✔") and e["STATUS"] == "CONFIRMED"
                   for e in others.values()), others


def test_office():
    """The office sees its milestones and, of each report, how many are missing."""
    with World() as w:
        d = w.daemon(town(w)).start()
        titles = [e["SUMMARY"] for e in events(feed(d, "office")).values()]
        assert sum("巡查" in t for t in titles) == 1 and len(titles) == 4, titles
        assert sum("（应报2，未报2）" in t for t in titles) == 3, titles
        assert events(feed(d, "office")) == events(feed(d, "anban"))


def test_type_and_refusals():
    with World() as w:
        d = w.daemon(town(w)).start()
        c = http.client.HTTPConnection("duban")
        c.sock = d.connect()
        c.request("GET", "/v1/feed?unit=u1")
        reply = c.getresponse()
        body = reply.read().decode()
        c.close()
        assert reply.status == 200 and body.startswith("BEGIN:VCALENDAR\r\n"), body
        assert reply.getheader("Content-Type") == "text/calendar; charset=utf-8"
        assert "没有这个单位" in d.says("feed", "u9")


def test_other_programs():
    with World() as w:
        d = w.daemon(town(w)).start()
        text = feed(d, "u1")
        raw = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        if icalendar is None:
            print("  without python3-icalendar, which is not installed")
        else:
            read = list(icalendar.Calendar.from_ical(raw).walk("VEVENT"))
            due = sorted(r["due"][:19] for r in d.json("due", "--unit", "u1"))
            assert sorted(e["DTSTART"].dt.isoformat()[:19] for e in read) == due
            assert all("周报; 甲,乙" in str(e["SUMMARY"]) for e in read)
            assert all(str(e["DESCRIPTION"]) == "说明\n第二行" for e in read)
        if shutil.which("khal") is None:
            print("  without khal, which is not installed")
            return
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, "f.ics")
            with open(path, "wb") as f:
                f.write(raw)
            run = subprocess.run(["khal", "printics", path], capture_output=True, text=True,
                                 env={**os.environ, "HOME": home}, timeout=60, check=False)
            assert run.returncode == 0 and "周报" in run.stdout, run.stdout + run.stderr


def test_diff_in_force():
    """Before a reload: what the edited files would change."""
    with World() as w:
        c = town(w)
        d = w.daemon(c).start()
        said = d.ctl("diff", c.dir).stdout
        assert said == f"现行 → {c.dir}：没有变化\n", said
        c.events(event("weekly@example.org", after(days=4), summary="周报",
                       more="RRULE:FREQ=WEEKLY;COUNT=3\r\n"))
        c.yaml(steps=STEPS, policy="    grace: 30m\n")
        said = d.ctl("diff", c.dir).stdout
        assert "减少报送：巡查" in said and "涉及2个单位" in said and "宽限" in said, said
        assert "没有这个专项行动" in d.says("--campaign", "nosuch", "diff", c.dir)
        d.ctl("reload", want=1)  # one of four is gone: that is a large edit
        d.ctl("confirm", "--why", "取消巡查")
        assert "没有变化" in d.ctl("diff", c.dir).stdout


if __name__ == "__main__":
    main(globals())
