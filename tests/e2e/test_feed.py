#!/usr/bin/env python3
"""The feed of a running daemon, read by other people's programs; diff against what is in force.

UIDs stay, SEQUENCE grows with every change, ✔ when handed in, CANCELLED when exempted; libraries
that are not installed are left out, and said.
"""
import email
import http.client
import os
import shutil
import subprocess
import sys
import tempfile

from daemon import DUBANCTL, STEPS, World, after, event, main, now, wait_for

try:
    # Debian's, also for a Python that is not Debian's.
    sys.path.append("/usr/lib/python3/dist-packages")
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


def move(c, days):
    """The weekly report, to another day of the week."""
    c.events(event("weekly@example.org", after(days=days), summary="周报; 甲,乙",
                   more="RRULE:FREQ=WEEKLY;COUNT=3\r\nDESCRIPTION:说明\\n第二行\r\n"),
             event("tour@example.org", after(days=5), "MILESTONE", "巡查"))


def sequences(text):
    return {uid: int(e["SEQUENCE"]) for uid, e in events(text).items()}


def test_sequence_only_grows():
    """Edits, decisions and restarts: never the same number for another content, never a lower one."""
    with World() as w:
        c = town(w)
        d = w.daemon(c).start()
        seen = [feed(d, "u1")]

        def look(changed):
            seen.append(feed(d, "u1"))
            before, after_ = sequences(seen[-2]), sequences(seen[-1])
            for uid in before.keys() & after_.keys():
                assert after_[uid] >= before[uid], (before, after_)
                assert (after_[uid] > before[uid]) or not changed, (before, after_)
            modified = [e["LAST-MODIFIED"] for e in events(seen[-1]).values()]
            assert modified == [e["DTSTAMP"] for e in events(seen[-1]).values()]

        rid = d.json("due", "--unit", "u1")[0]["rid"]
        second = now()
        wait_for("another second", lambda: now() > second)  # an edit within the same one is no other
        move(c, 4)
        d.ctl("reload")
        look(changed=True)
        d.stop()
        d.start()
        look(changed=False)
        d.stop()
        second = now()
        wait_for("another second", lambda: now() > second)
        move(c, 6)
        d.start()  # edited while nobody ran
        look(changed=True)
        rid = d.json("due", "--unit", "u1", "--uid", "weekly@example.org")[0]["rid"]
        for days in (20, 21, 22):  # three decisions within a second
            numbers = sequences(feed(d, "u1"))
            d.ctl("extend", "u1", "weekly@example.org", rid, "--due", after(days=days).strftime("%Y-%m-%d"),
                  "--why", "台风")
            assert sum(n > numbers[u] for u, n in sequences(feed(d, "u1")).items()) == 1
        look(changed=False)


def test_an_edit_raises_only_what_it_changed():
    """Another deadline of one report is no news about the others, nor is reading the files again."""
    with World() as w:
        c = w.campaign(units=1)

        when = {days: after(days=days) for days in (3, 5, 6)}  # a second later they were others

        def write(title, days):
            c.events(event("a@example.org", when[3], summary="周报"),
                     event("b@example.org", when[days], summary=title))

        write("小结", 5)
        d = w.daemon(c).start()
        seen = [sequences(feed(d, "u1"))]

        def grown():
            seen.append(sequences(feed(d, "u1")))
            return sorted(events(feed(d, "u1"))[u]["SUMMARY"] for u, n in seen[-1].items()
                          if n > seen[-2][u])

        for title, days in (("小结", 6), ("总结", 6)):  # within a second
            write(title, days)
            d.ctl("reload")
            assert grown() == [title], seen
        c.yaml(policy="    grace: 1h\n")
        d.ctl("reload")
        assert grown() == [], seen


def calendar_part(raw):
    """(method of the type, text) of the calendar in a mail."""
    parts = [p for p in email.message_from_bytes(raw).walk() if p.get_content_type() == "text/calendar"]
    assert len(parts) == 1, parts
    return parts[0].get_param("method"), parts[0].get_payload(decode=True).decode()


def test_invitations():
    """A campaign that invites: request, moved, taken back, each to its one recipient; off by default."""
    for head in ("", "invitations: request\n"):
        with World() as w:
            peer = w.peer()
            c = w.campaign(1, steps='      - {name: 提醒, at: "-3d", to: [liaison]}\n', head=head)
            c.events(event("one@example.org", after(days=2)))
            d = w.daemon(c, relay=peer).start()
            wait_for("the reminder", lambda: len(peer.accepted("liaison1@example.org")) == 1)
            second = now()
            wait_for("another second", lambda: now() > second)
            d.ctl("extend", "u1", "one@example.org", "-", "--due", after(days=5).strftime("%Y-%m-%d"),
                  "--why", "台风")
            wait_for("the extension", lambda: len(peer.accepted("liaison1@example.org")) == 2)
            second = now()
            wait_for("another second", lambda: now() > second)
            d.ctl("exempt", "u1", "one@example.org", "-", "--why", "停产")
            wait_for("the exemption", lambda: len(peer.accepted("liaison1@example.org")) == 3)
            mails = [peer.mail(r) for r in peer.accepted("liaison1@example.org")]
            if not head:
                assert [calendar_part(m)[0] for m in mails[:2]] == ["PUBLISH"] * 2
                assert b"text/calendar" not in mails[2] and "ATTENDEE" not in calendar_part(mails[0])[1]
                d.stop()
                continue
            parts = [calendar_part(m) for m in mails]
            assert [m for m, _ in parts] == ["REQUEST", "REQUEST", "CANCEL"], parts
            found = [list(events(text).values())[0] for _, text in parts]
            assert all(f"METHOD:{method}\r\n" in text for method, text in parts)
            assert len({e["UID"] for e in found}) == 1
            numbers = [int(e["SEQUENCE"]) for e in found]
            assert numbers == sorted(set(numbers)), numbers
            assert [e["STATUS"] for e in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
            assert all(e["ORGANIZER"] == "mailto:ban@example.org" for e in found), found
            assert all(e["ATTENDEE"] == "mailto:liaison1@example.org" for e in found), found
            if icalendar is not None:
                one = icalendar.Calendar.from_ical(parts[0][1]).walk("VEVENT")[0]
                assert one["ATTENDEE"].params["RSVP"] == "FALSE", one["ATTENDEE"].params
            d.stop()


def test_who_was_invited_hears_that_it_is_off():
    """A report that vanishes from the calendar takes its entry away; one that moves takes it along."""
    with World() as w:
        peer = w.peer()
        c = w.campaign(1, steps='      - {name: 提醒, at: "-3d", to: [liaison]}\n',
                       head="invitations: request\n")
        rest = [event(f"{x}@example.org", after(days=90)) for x in "pqrstuvw"]  # not a large edit
        c.events(event("one@example.org", after(days=2)), *rest)
        d = w.daemon(c, relay=peer).start()

        def mails(n):
            wait_for(f"{n} mails", lambda: len(peer.accepted("liaison1@example.org")) == n)
            method, text = calendar_part(peer.mail(peer.accepted("liaison1@example.org")[-1]))
            second = now()
            wait_for("another second", lambda: now() > second)
            return method, list(events(text).values())[0]

        told = [mails(1)]
        c.events(event("one@example.org", after(days=4)), *rest)
        d.ctl("reload")
        told.append(mails(2))
        c.events(*rest)
        d.ctl("reload")
        told.append(mails(3))
        assert [m for m, _ in told] == ["REQUEST", "REQUEST", "CANCEL"], told
        found = [e for _, e in told]
        assert len({e["UID"] for e in found}) == 1, found
        assert int(found[0]["SEQUENCE"]) < int(found[1]["SEQUENCE"]) < int(found[2]["SEQUENCE"])
        assert found[0]["DTSTART"] != found[1]["DTSTART"] and found[2]["STATUS"] == "CANCELLED"
        assert found[2]["ATTENDEE"] == "mailto:liaison1@example.org", found
        d.stop()


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
        with tempfile.TemporaryDirectory() as home:  # our own reader, which uses libical
            path = os.path.join(home, "f.ics")
            with open(path, "wb") as f:
                f.write(raw)
            run = subprocess.run([DUBANCTL, "expand", path, "2000-01-01", "2100-01-01"], check=False,
                                 capture_output=True, text=True, encoding="utf-8")
            rows = [x for x in run.stdout.splitlines() if "周报" in x]
            assert run.returncode == 0 and run.stderr == "" and len(rows) == 3, run
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
            config = os.path.join(home, "config")
            with open(config, "w", encoding="utf-8") as f:
                f.write("[calendars]\n[[one]]\npath = " + home + "/one\n[locale]\n"
                        "local_timezone = Asia/Shanghai\ndefault_timezone = Asia/Shanghai\n")
            os.mkdir(os.path.join(home, "one"))
            run = subprocess.run(["khal", "-c", config, "printics", path], capture_output=True, text=True,
                                 env={**os.environ, "HOME": home, "LC_ALL": "C.UTF-8"}, timeout=60,
                                 check=False)
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
        assert "取消节点：巡查" in said and "涉及2个单位" in said and "宽限" in said, said
        assert "没有这个专项行动" in d.says("--campaign", "nosuch", "diff", c.dir)
        d.ctl("reload", want=1)  # one of four is gone: that is a large edit
        d.ctl("confirm", "--why", "取消巡查")
        assert "没有变化" in d.ctl("diff", c.dir).stdout


if __name__ == "__main__":
    main(globals())
