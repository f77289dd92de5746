#!/usr/bin/env python3
"""Clocks that jump, stand still or were never right; starts that come days or years late.

The wall clock of a running duband is moved by libfaketime, which reads the offset from a file at
every call; the clock that counts the machine's uptime stays true, as it does in life.
"""
import collections
import csv
import datetime
import glob
import io
import os
import shutil
import signal
import subprocess

from daemon import DUBANCTL, DUBAND, Skip, World, after, event, main, now, wait_for

FAKETIME = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [None])[0]
SOON, LATER = "soon@example.org", "later@example.org"
STEPS = """      - {name: 提醒, at: "-1h", to: [liaison]}
      - {name: 催办, at: "0", to: [liaison]}
      - {name: 督办, at: "+1h", to: [leader]}
"""
DAY = 86400


class Wall:
    """An offset to the true time, in seconds, that a daemon may be given and that may change."""

    def __init__(self, world, offset=0):
        if FAKETIME is None:
            raise Skip("libfaketime is not installed (package faketime)")
        self.path = os.path.join(world.dir, "offset")
        self.set(offset)
        # A sanitizer wants to be the first library, and need not be.
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.path,
                    "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    "ASAN_OPTIONS": options}

    def set(self, offset):
        fresh = self.path + ".new"
        with open(fresh, "w", encoding="ascii") as f:
            f.write(f"{offset:+d}\n")
        os.rename(fresh, self.path)


def untracked_from(campaign):
    """As people write it: what was due before the first load is nobody's business."""
    with open(campaign.path("campaign.yaml"), encoding="utf-8") as f:
        text = f.read()
    campaign.write("campaign.yaml", text.replace("track_from: 2000-01-01\n", ""))


def town(world, *events, units=3, head="hold_if_missing: never\n", steps=STEPS):
    c = world.campaign(units, steps=steps, head=head)
    c.events(*(events or (event(SOON, after(days=2), summary="方案"),
                          event(LATER, after(days=9), summary="总结"))))
    return c


def trusted(d):
    return d.status()["clock_trusted"]


def mails(peer, who):
    return len([r for r in peer.accepted() if r["rcpt"].startswith(who)])


def office_alarms(d):
    return [n for n in d.json("notices") if n["sort"] == "alarm" and n["step"] == "时钟可疑"]


def settled(d):
    """What was ripe has been said and has left."""
    d.status()  # whoever asks makes duband compare its clocks
    d.ctl("reload")
    d.wait_idle()


def test_a_jump_ahead_spares_the_leaders():
    with World() as w:
        peer, wall = w.peer(), Wall(w)
        d = w.daemon(town(w), relay=peer).start(env=wall.env)
        d.wait_idle()
        assert trusted(d) and peer.accepted() == []
        wall.set(3 * DAY)
        wait_for("the jump is noticed", lambda: not trusted(d))
        settled(d)
        for i in (1, 2, 3):
            assert mails(peer, f"liaison{i}@") == 1, "one list, whatever the jump passed over"
            assert mails(peer, f"leader{i}@") == 0, "a leader heard of a clock that jumped"
        assert mails(peer, "office@") == 1 and len(office_alarms(d)) == 1
        held = [n for n in d.json("notices", "--state", "held")]
        assert len(held) == 3 and {n["step"] for n in held} == {"督办"}, held
        assert "可疑" in d.ctl("status").stdout and "可疑" in d.ctl("clock").stdout
        # A restart does not wash the doubt away, and does not repeat the alarm.
        d.stop()
        d.start(env=wall.env)
        settled(d)
        assert not trusted(d) and len(office_alarms(d)) == 1 and mails(peer, "leader") == 0
        # A person says that it is right: what was held goes out, once.
        assert "理由" in d.says("clock", "--right", "--why", "", want=1)
        d.says("clock", "--right", want=64)
        d.ctl("clock", "--right", "--why", "与手表核对过")
        settled(d)
        assert trusted(d) and [mails(peer, f"leader{i}@") for i in (1, 2, 3)] == [1, 1, 1]
        said = [j for j in d.json("journal") if j["event"] == "clock" and "why" in j["detail"]]
        assert [j["detail"]["why"] for j in said] == ["与手表核对过"], said
        assert said[0]["actor"].startswith("uid:"), said
        assert "并不可疑" in d.says("clock", "--right", "--why", "再说一遍")
        d.stop()


def test_a_clock_that_comes_back_is_trusted_and_repeats_nothing():
    with World() as w:
        peer, wall = w.peer(), Wall(w)
        d = w.daemon(town(w), relay=peer).start(env=wall.env)
        d.wait_idle()
        wall.set(400 * DAY)
        wait_for("the jump is noticed", lambda: not trusted(d))
        settled(d)
        before = len(peer.accepted())
        wall.set(0)
        wait_for("the clock is believed again", lambda: trusted(d))
        settled(d)
        assert len(peer.accepted()) == before and mails(peer, "leader") == 0
        assert d.due("u1", SOON)["standing"] == "open"
        # The next doubt is another one.
        wall.set(3 * DAY)
        wait_for("the second jump is noticed", lambda: not trusted(d))
        settled(d)
        assert len(office_alarms(d)) == 2 and mails(peer, "leader") == 0
        d.stop()


def test_a_clock_set_back_repeats_nothing():
    with World() as w:
        peer, wall = w.peer(), Wall(w)
        c = town(w, event(SOON, after(minutes=-90), summary="方案"),
                 event(LATER, after(days=9), summary="总结"))
        d = w.daemon(c, relay=peer).start(env=wall.env)
        wait_for("all have heard", lambda: mails(peer, "leader") == 3)
        d.wait_idle()
        before = len(peer.accepted())
        wall.set(-7200)
        wait_for("the step back is noticed", lambda: not trusted(d))
        settled(d)
        assert len(peer.accepted()) == before + 1 and mails(peer, "office@") == 1
        # Intake goes on meanwhile.
        assert "R" in d.ctl("submit", "u1", LATER, "--why", "送来纸质件").stdout
        wall.set(0)
        wait_for("the clock is believed again", lambda: trusted(d))
        settled(d)
        assert mails(peer, "leader") == 3 and len(office_alarms(d)) == 1
        d.stop()


WRONG = {"1970": lambda: -int(now().timestamp()) + 3600,
         "2038": lambda: int(datetime.datetime(2038, 2, 1).timestamp() - now().timestamp())}


def test_a_first_start_on_a_wrong_clock_counts_from_the_right_one():
    for name, offset in WRONG.items():
        with World() as w:
            peer, wall = w.peer(), Wall(w, offset())
            c = town(w, event("old@example.org", after(days=-5), summary="旧事"),
                     event(SOON, after(hours=-2), summary="方案"),
                     event(LATER, after(minutes=30), summary="总结"))
            untracked_from(c)
            d = w.daemon(c, relay=peer).start(env=wall.env)
            settled(d)
            assert not trusted(d), f"a first start in {name} was believed"
            assert mails(peer, "liaison") == mails(peer, "leader") == 0, name
            assert mails(peer, "office@") == 1, name
            d.ctl("submit", "u2", LATER, "--why", "时钟不对也要收")
            d.stop()
            wall.set(0)
            d.start(env=wall.env)
            settled(d)
            assert not trusted(d), "nobody has said that the clock is right"
            d.ctl("clock", "--right", "--why", "已校正")
            settled(d)
            # What was due before this moment is nobody's business; what comes is.
            assert d.due("u1", SOON)["standing"] == "untracked"
            assert d.due("u1", LATER)["standing"] == "due-soon"
            assert mails(peer, "leader") == 0
            assert mails(peer, "liaison1@") == 1, "reminded of what is still to come, once"
            d.stop()


def test_a_year_ahead_at_a_start_is_doubted():
    with World() as w:
        peer, wall = w.peer(), Wall(w)
        d = w.daemon(town(w), relay=peer).start(env=wall.env)
        settled(d)
        d.stop()
        wall.set(366 * DAY)
        d.start(env=wall.env)
        settled(d)
        if trusted(d):
            raise Skip("a time server disciplines this machine's clock: it is believed")
        assert mails(peer, "leader") == 0 and mails(peer, "office@") == 1
        assert max(collections.Counter(r["rcpt"] for r in peer.accepted()).values()) == 1
        d.stop()
        wall.set(0)  # and two hours before what was seen is doubted too
        d.start(env=wall.env)
        assert not trusted(d), "a doubt outlives a restart"
        d.ctl("clock", "--right", "--why", "已校正")
        d.stop()
        wall.set(-7200)
        d.start(env=wall.env)
        assert not trusted(d), "two hours below what was seen"
        d.stop()


def test_ntp_is_waited_for_where_that_is_wanted():
    with World() as w:
        peer, wall = w.peer(), Wall(w)
        d = w.daemon(town(w, event(SOON, after(hours=-2), summary="方案")), relay=peer,
                     settings="clock: {ntp: yes}\n").start(env=wall.env)
        settled(d)
        if trusted(d):
            raise Skip("a time server disciplines this machine's clock")
        assert mails(peer, "leader") == mails(peer, "liaison") == 0
        assert "同步" in d.ctl("clock").stdout
        wall.set(11 * 60)  # the ten minutes for those who owe
        settled(d)
        assert mails(peer, "leader") == 0 and mails(peer, "liaison1@") == 1
        d.stop()


def test_a_campaign_long_over_pursues_nobody():
    with World() as w:
        peer = w.peer()
        c = town(w, *(event(f"old{i}@example.org", after(days=-1100 + 7 * i)) for i in range(20)))
        untracked_from(c)
        d = w.daemon(c, relay=peer).start()
        settled(d)
        assert peer.accepted() == [] and d.json("notices") == []
        assert {r["standing"] for r in d.json("due")} == {"untracked"}
        d.stop()


def test_asleep_over_a_deadline():
    """Stopped before it, going on after it: said once, and the clock is believed."""
    with World() as w:
        peer, due = w.peer(), after(seconds=4)
        c = town(w, event(SOON, due, summary="方案"),
                 steps="      - {name: 催办, at: \"0\", to: [liaison, leader]}\n")
        d = w.daemon(c, relay=peer).start()
        d.process.send_signal(signal.SIGSTOP)
        wait_for("the deadline has passed", lambda: now() > due + datetime.timedelta(seconds=1))
        assert peer.accepted() == []
        d.process.send_signal(signal.SIGCONT)
        wait_for("all have heard", lambda: len(peer.accepted()) == 6)
        d.wait_idle()
        assert trusted(d) and len(peer.accepted()) == 6
        d.stop()


def weekly(days, n):
    return [event(f"week{i}@example.org", after(days=days + 3 * i), summary=f"第{i}次小结")
            for i in range(n)]


def one_message_each(rows):
    """Of {tick, channel, address}: in one tick at most one for an address and channel."""
    seen = collections.Counter((r["tick"], r["channel"], r["address"]) for r in rows)
    assert max(seen.values()) == 1, seen.most_common(3)


def down_for_sixty_days(head, superiors):
    with World() as w:
        peer, wall = w.peer(), Wall(w, -60 * DAY)
        c = town(w, *weekly(-58, 19), units=40, head=head)
        d = w.daemon(c, relay=peer).start(env=wall.env)
        settled(d)
        assert peer.accepted() == []
        d.stop()
        wall.set(0)
        d.start(env=wall.env)
        settled(d)
        assert trusted(d), "sixty days are no reason for doubt"
        one_message_each(d.json("deliveries", "--max", "100000"))
        got = collections.Counter(r["rcpt"] for r in peer.accepted())
        assert set(got.values()) == {1}, got.most_common(3)
        assert len([r for r in got if r.startswith("liaison")]) == 40
        assert len([r for r in got if r.startswith("leader")]) == superiors, got
        d.stop()


def test_down_for_sixty_days_then_one_message_each():
    down_for_sixty_days("hold_if_missing: never\n", 40)


def test_down_for_sixty_days_the_guard_spares_the_leaders():
    down_for_sixty_days("", 0)


def test_simulated_downtime_gives_one_message_each():
    with World() as w:
        c = town(w, *weekly(-58, 19), units=40)
        start = after(days=-59)
        events = os.path.join(w.dir, "events.csv")
        with open(events, "w", encoding="utf-8") as f:
            f.write("at,event,unit,uid,recurrence-id,value\n"
                    f"{start.isoformat()},down,,,,\n{now().isoformat()},up,,,,\n")
        run = subprocess.run([DUBANCTL, "simulate", c.dir, "--from", after(days=-60).isoformat(),
                              "--to", after(hours=2).isoformat(), "--events", events],
                             capture_output=True, text=True, check=True)
        rows = [r for r in csv.DictReader(io.StringIO(run.stdout), delimiter="\t")
                if r["message"] != "-"]
        ticks = collections.defaultdict(set)
        for r in rows:
            ticks[(r["at"], r["channel"], r["address"])].add(r["message"])
        assert rows and max(len(m) for m in ticks.values()) == 1
        first = min(r["at"] for r in rows)
        assert {r["at"] for r in rows} == {first}, "a second round after the first"
        assert len({r["address"] for r in rows}) == 80
        sums = collections.Counter(r["uid"] for r in rows)
        assert len(sums) == 19, sums


def altered_zone(world):
    """A zoneinfo tree in which the campaign's zone lies an hour further east."""
    tree = os.path.join(world.dir, "zoneinfo")
    if not os.path.isdir(tree):
        os.makedirs(os.path.join(tree, "Asia"))
        try:
            shutil.copy("/usr/share/zoneinfo/Asia/Tokyo", os.path.join(tree, "Asia", "Shanghai"))
        except OSError as why:
            raise Skip(f"no zone files to copy: {why}") from None
    return {"TZDIR": tree}


def instants(d, uid):
    rows = [r for r in d.json("due") if r["uid"] == uid and r["unit"] == "u1"]
    return [datetime.datetime.fromisoformat(r["due"]) for r in rows]


def test_new_zone_data_moves_what_is_to_come_alone():
    hour = datetime.timedelta(hours=1)
    with World() as w:
        peer, began, past = w.peer(), after(days=-10), after(days=-2)
        c = town(w, event("week@example.org", began, summary="周报",
                          more="RRULE:FREQ=WEEKLY;COUNT=4\r\n"),
                 event(SOON, past, summary="方案"),
                 event(LATER, after(days=9), summary="总结"))
        d = w.daemon(c, relay=peer).start()
        settled(d)
        d.ctl("submit", "u1", SOON, "--received", after(days=-3).isoformat(), "--why", "纸质件")
        settled(d)
        old, said = instants(d, "week@example.org"), len(peer.accepted())
        dues = {u: instants(d, u)[0] for u in (SOON, LATER)}
        d.stop()
        d.start(env=altered_zone(w))
        settled(d)
        # Nobody hears again of what has been, though its name in the calendar is another now.
        assert len(peer.accepted()) == said, peer.accepted()[said:]
        new = instants(d, "week@example.org")
        assert new[:2] == old[:2] and new[2:] == [t - hour for t in old[2:]], (old, new)
        assert instants(d, SOON) == [dues[SOON]] and instants(d, LATER) == [dues[LATER] - hour]
        assert d.due("u1", SOON)["standing"] == "on-time"
        rows = [j for j in d.json("journal") if j["event"] == "zone"]
        assert [j["detail"]["moved"] for j in rows] == [3], rows
        assert "3个截止时间" in d.log() and "时区数据" in d.log()
        # An edit under the new data still leaves the past alone.
        c.events(event("week@example.org", began, summary="周报",
                       more="RRULE:FREQ=WEEKLY;COUNT=4\r\n"),
                 event(SOON, past, summary="方案"),
                 event(LATER, after(days=8), summary="总结"))
        d.ctl("reload")
        settled(d)
        assert instants(d, "week@example.org") == new and len(peer.accepted()) == said
        # Nobody's edit is what the zone files did; what a person takes back by half an hour is.
        c.events(event("week@example.org", began, summary="周报",
                       more="RRULE:FREQ=WEEKLY;COUNT=4\r\n"),
                 event(SOON, past - hour / 2, summary="方案"),
                 event(LATER, after(days=8), summary="总结"))
        words = d.ctl("reload", want=1).stderr
        assert "1 期已过的截止时间将再提前" in words and "方案" in words, words
        c.events(event("week@example.org", began, summary="周报",
                       more="RRULE:FREQ=WEEKLY;COUNT=4\r\n"),
                 event(SOON, past, summary="方案"),
                 event(LATER, after(days=8), summary="总结"))
        settled(d)
        said += 1  # that the edit waits
        assert instants(d, "week@example.org") == new and len(peer.accepted()) == said
        d.stop()
        d.start()  # and back again
        settled(d)
        assert instants(d, "week@example.org") == old and len(peer.accepted()) == said
        d.stop()


def test_the_settings_know_ntp():
    with World() as w:
        d = w.daemon(town(w), settings="clock: {ntp: maybe}\n")
        run = subprocess.run([DUBAND, "--check-config", "-c", d.config], capture_output=True,
                             text=True, check=False)
        assert run.returncode == 78 and "ntp" in run.stdout + run.stderr, run


if __name__ == "__main__":
    main(globals())
