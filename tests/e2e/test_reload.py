#!/usr/bin/env python3
"""Files are edited while the daemon runs: good edits count, broken ones leave everything as it was."""
import datetime
import os
import shutil
import signal
import subprocess

from daemon import DUBANCTL, World, after, calendar, event, local, main, wait_for

ONE, TWO = "one@example.org", "two@example.org"
OVERDUE = after(hours=-2)  # one instant for all edits: a deadline that moves is another deadline


def town(world, units=2, **kw):
    c = world.campaign(units, **kw)
    c.events(event(ONE, after(days=3), summary="周报"), event(TWO, OVERDUE, summary="方案"))
    return c


def started(world, **kw):
    peer = world.peer()
    c = town(world, **kw)
    d = world.daemon(c, relay=peer).start()
    d.wait_idle()
    return c, d, peer


def problem(d):
    return d.status()["campaigns"][0]["problem"]


def held(d):
    """Why the daemon does not put the files in force by itself."""
    refused = d.ctl("reload", want=1)
    assert "dubanctl confirm" in refused.stderr, refused
    assert "等待确认" in problem(d)
    return refused.stderr


def check(c):
    return subprocess.run([DUBANCTL, "check", c.dir], capture_output=True, text=True, check=False)


def test_good_edit_moves_a_deadline():
    with World() as w:
        c, d, peer = started(w)
        moved = after(days=5)
        c.events(event(ONE, moved, summary="周报"), event(TWO, OVERDUE, summary="方案"))
        d.ctl("reload")
        assert d.due("u1", ONE)["due"].startswith(moved.strftime("%Y-%m-%dT%H:%M:%S"))
        # Into the past: once a person has confirmed it, what is ripe now is said now.
        c.events(event(ONE, after(minutes=-1), summary="周报"),
                 event(TWO, OVERDUE, summary="方案"))
        words = held(d)
        assert "改到过去" in words and f"“周报” {moved:%Y年}" in words and "+08:00" not in words, words
        assert d.due("u1", ONE)["standing"] == "open"
        d.ctl("confirm", "--why", "确实提前了")
        assert d.due("u1", ONE)["standing"] == "overdue"
        wait_for("the notice of the moved deadline",
                 lambda: len(peer.accepted("liaison1@example.org")) == 2)
        d.stop()


def test_who_was_on_time_is_not_late_by_a_slip_of_the_mouse():
    """A deadline that is past already, dragged further back: superiors may hear earlier."""
    with World() as w:
        c, d, _ = started(w)

        def edit(one, two):
            c.events(event(ONE, one, summary="周报"), event(TWO, two, summary="方案"))

        ahead, before = after(days=3), OVERDUE - datetime.timedelta(minutes=90)
        d.ctl("submit", "u1", TWO, "--received",
              (OVERDUE - datetime.timedelta(minutes=5)).isoformat(), "--why", "纸质件")
        assert d.due("u1", TWO)["standing"] == "on-time"
        edit(ahead, before)
        words = held(d)
        assert "1 期已过的截止时间将再提前" in words and "改到过去" not in words, words
        assert d.due("u1", TWO)["standing"] == "on-time"
        edit(ahead, OVERDUE)  # mended
        d.ctl("reload")
        # Later than it was, though still past: nobody is worse off.
        later = OVERDUE + datetime.timedelta(minutes=30)
        edit(ahead, later)
        d.ctl("reload")
        assert d.due("u1", TWO)["due"].startswith(later.strftime("%Y-%m-%dT%H:%M:%S"))
        edit(ahead, before)
        held(d)
        d.ctl("confirm", "--why", "原来写错了")
        assert d.due("u1", TWO)["standing"] == "late"
        d.stop()


def test_a_new_campaign_begins_with_a_restart():
    """It is not taken in by a reload, and the reload says so."""
    with World() as w:
        c, d, _ = started(w)
        other = w.campaign(2, key="xinde")
        other.events(event(ONE, after(days=3), summary="周报"))
        d.write([c.dir, other.dir])
        words = d.ctl("reload").stdout
        assert f"{other.dir}：新的专项行动还没有运行" in words and "restart" in words, words
        d.write([os.path.join(w.dir, "nowhere")])
        assert "现在重启会失败" in d.ctl("reload").stdout
        d.write([c.dir])
        assert "重启" not in d.ctl("reload").stdout
        d.write([c.dir, other.dir])
        d.stop()
        d.start()
        assert len(d.status()["campaigns"]) == 2
        d.stop()


def test_files_are_watched():
    """Written in place, renamed over, moved away and back: seen without being told."""
    with World() as w:
        c, d, _ = started(w)
        first, second = after(days=6), after(days=7)
        c.events(event(ONE, first), event(TWO, OVERDUE, summary="方案"))  # by rename
        wait_for("the rename is seen", lambda: d.due("u1", ONE)["due"].startswith(
            first.strftime("%Y-%m-%dT%H:%M:%S")))
        with open(c.path("campaign.ics"), "w", encoding="utf-8", newline="") as f:  # in place
            f.write(calendar(c.phase(), event(ONE, second), event(TWO, OVERDUE)))
        wait_for("the write is seen", lambda: d.due("u1", ONE)["due"].startswith(
            second.strftime("%Y-%m-%dT%H:%M:%S")))
        os.rename(c.path("units.csv"), c.path("units.csv~"))  # as vim does
        shutil.copy(c.path("units.csv~"), c.path("units.csv"))
        with open(c.path("units.csv"), "a", encoding="utf-8") as f:
            f.write("u7,安委会,committee,liaison,联7,liaison7@example.org,\n")
        wait_for("the backup and rewrite is seen",
                 lambda: "u7" in [u["unit"] for u in d.json("units")])
        # A file in a directory below, too.
        c.write("duty/z.ics", calendar(event("d@example.org", after(hours=1), "DUTY", "值班 张三",
                                             f"DTEND;TZID=Asia/Shanghai:{local(after(hours=3))}\r\n")))
        wait_for("the roster is seen", lambda: d.json("roster"))
        d.stop()


BROKEN = [
    ("campaign.yaml", b"name: x\n  bad indent: [\n", "campaign.yaml:"),
    ("campaign.yaml", b"", "campaign.yaml"),
    ("campaign.ics", b"<html>please log in</html>\n", "campaign.ics:"),
    ("campaign.ics", b"", "campaign.ics"),
    ("units.csv", b"unit,name\nu1,x\n", "units.csv:"),
    ("units.csv", b"", "units.csv"),
]


def test_broken_edit_keeps_the_last_good():
    with World() as w:
        c, d, _ = started(w)
        before = d.json("due")
        for name, data, where in BROKEN:
            with open(c.path(name), "rb") as f:
                good = f.read()
            c.write(name, data)
            words = d.says("reload", want=1)
            assert "原有文件继续有效" in words and where in words, words
            assert d.json("due") == before, f"{name}: the plan has changed"
            assert "上一次正确的文件" in problem(d), problem(d)
            assert "注意" in d.ctl("status").stdout
            report = check(c)
            assert report.returncode == 1 and where in report.stdout, (name, data, report)
            c.write(name, good)
            d.ctl("reload")
            assert problem(d) is None
        d.stop()


def test_truncated_file():
    """A copy that stops in the middle, at many places: never half a campaign."""
    with World() as w:
        c, d, _ = started(w)
        before = [(r["unit"], r["uid"]) for r in d.json("due")]
        with open(c.path("campaign.ics"), "rb") as f:
            good = f.read()
        for cut in range(0, len(good), max(1, len(good) // 12)):
            c.write("campaign.ics", good[:cut])
            run = d.ctl("reload", want=None)
            now_due = [(r["unit"], r["uid"]) for r in d.json("due")]
            assert now_due == before or run.returncode == 0, (cut, run)
            assert run.returncode == 1, (cut, run.stdout, now_due)
            assert now_due == before, cut
        c.write("campaign.ics", good)
        d.ctl("reload")
        d.stop()


def test_restart_with_broken_files():
    """The last good files are in the database: a restart, and a second one, run by them."""
    with World() as w:
        c, d, _ = started(w)
        before = [(r["unit"], r["uid"], r["due"]) for r in d.json("due")]
        for name, data, where in BROKEN:
            with open(c.path(name), "rb") as f:
                good = f.read()
            for end in (d.stop, d.kill):
                end()
                c.write(name, data)
                d.start()
                assert [(r["unit"], r["uid"], r["due"]) for r in d.json("due")] == before, name
                assert "上一次正确的文件" in problem(d), (name, problem(d))
                assert where in d.log()
            c.write(name, good)
            d.ctl("reload")
            assert problem(d) is None
        d.stop()


def test_campaign_yaml_deleted():
    """Running, and over a restart: told, and the campaign goes on."""
    with World() as w:
        c, d, _ = started(w)
        before = len(d.json("due"))
        for name in ("campaign.yaml", "units.csv"):
            os.rename(c.path(name), os.path.join(w.dir, "kept"))
            d.says("reload", want=1)
            assert len(d.json("due")) == before and problem(d)
            d.stop()
            d.start()
            assert len(d.json("due")) == before and "上一次正确的文件" in problem(d)
            os.rename(os.path.join(w.dir, "kept"), c.path(name))
            d.ctl("reload")
            assert problem(d) is None
        d.stop()


def test_directory_gone():
    with World() as w:
        c, d, _ = started(w)
        before = len(d.json("due"))
        os.rename(c.dir, c.dir + ".away")
        d.says("reload", want=None)
        assert len(d.json("due")) == before and problem(d)
        os.rename(c.dir + ".away", c.dir)
        d.ctl("reload")
        assert problem(d) is None
        d.stop()


def test_series_cut_under_a_new_uid():
    """A calendar program cuts a series; what was reported and said stays with its items."""
    with World() as w:
        peer = w.peer()
        c = w.campaign(1)
        start = after(days=-10)
        rule = "RRULE:FREQ=WEEKLY;COUNT=6\r\n"
        c.events(event(ONE, start, summary="周报", more=rule))
        d = w.daemon(c, relay=peer).start()
        d.wait_idle()
        rows = d.json("due", "--uid", ONE)
        assert len(rows) == 6
        d.ctl("submit", "u1", ONE, rows[1]["rid"], "--why", "试")
        said = len(peer.accepted())
        wait_for("the receipt", lambda: len(peer.accepted()) >= said)
        d.wait_idle()
        said = len(peer.accepted())
        second = start + (after(days=7) - after(days=0))
        c.events(event(ONE, start, summary="周报", more="RRULE:FREQ=WEEKLY;COUNT=1\r\n"),
                 event("cut@example.org", second, summary="周报", more="RRULE:FREQ=WEEKLY;COUNT=5\r\n"))
        out = d.ctl("reload").stdout
        assert "cut@example.org" in out and "历史记录随之转移" in out, out
        moved = d.json("due", "--uid", "cut@example.org")
        assert len(moved) == 5 and moved[0]["standing"] in ("on-time", "late"), moved[0]
        d.wait_idle()
        assert len(peer.accepted()) == said, "the cut made the daemon speak"
        assert any("cut@example.org" in str(r["detail"]) for r in d.json("journal")), \
            "the journal does not say so"
        d.stop()


def test_policy_edit_makes_past_steps_superseded():
    with World() as w:
        c, d, peer = started(w)
        said = len(peer.accepted())
        c.yaml("""      - {name: 提醒, at: "-1h", to: [liaison]}
      - {name: 催办, at: "0", to: [liaison]}
      - {name: 新加的, at: "+5m", to: [liaison, leader]}
      - {name: 以后的, at: "+5h", to: [leader]}
""")
        d.ctl("reload")
        rows = [r for r in d.json("notices", "--uid", TWO) if r["step"] == "新加的"]
        assert len(rows) == 4 and {r["state"] for r in rows} == {"superseded"}, rows
        assert not [r for r in d.json("notices") if r["step"] == "以后的"]
        d.wait_idle()
        assert len(peer.accepted()) == said, "a past step of a new policy was sent"
        d.stop()


def test_contact_who_joins_later():
    with World() as w:
        c, d, peer = started(w)
        c.people("u1,单位1,局,liaison,新人,new@example.org,t1\n")
        d.ctl("reload")
        d.wait_idle()
        assert not peer.accepted("new@example.org"), "an old step was told to a new contact"
        c.events(event(ONE, after(minutes=-1)), event(TWO, OVERDUE, summary="方案"))
        held(d)
        d.ctl("confirm", "--why", "提前了")
        wait_for("the next step", lambda: peer.accepted("new@example.org"))
        d.stop()


def alarms(d):
    return [n for n in d.json("notices") if n["step"] == "修改待确认"]


def test_large_edit_waits_for_a_person():
    """Half of the units are gone: nothing happens until somebody says that it is meant."""
    with World() as w:
        c, d, peer = started(w, units=4)
        c.units = 2
        c.people()
        assert "将去掉 2 个报送单位（原有 4 个）：单位3、单位4" in held(d)
        held(d)  # asked again: the office is told once
        assert len(alarms(d)) == 1
        wait_for("the office is told", lambda: peer.accepted("office@example.org"))
        assert {x["unit"] for x in d.json("due", "--uid", ONE)} == {"u1", "u2", "u3", "u4"}
        assert d.ctl("confirm", want=None).returncode == 64  # without a reason
        d.stop()
        d.start()  # a restart does not sneak it in
        assert len(d.json("due", "--uid", ONE)) == 4 and "等待确认" in problem(d)
        d.ctl("confirm", "--why", "两个单位并走了")
        assert {x["unit"] for x in d.json("due", "--uid", ONE)} == {"u1", "u2"}
        assert problem(d) is None
        entry = next(x for x in d.json("journal") if x["event"] == "confirm-edit")
        assert entry["detail"]["why"] == "两个单位并走了", entry
        d.stop()


def test_a_table_sorted_without_its_numbers_waits_for_a_person():
    """Who has reported would be taken for another, and that one's superiors would hear."""
    with World() as w:
        c, d, peer = started(w, units=4)
        with open(c.path("units.csv"), encoding="utf-8") as f:
            text = f.read()
        c.write("units.csv", text.replace("u1,单位1", "u1,单位X").replace("u2,单位2", "u2,单位1")
                .replace("u1,单位X", "u1,单位2"))
        assert "2 个单位的编号将换给别的单位（u1 原是单位1，将是单位2 等）" in held(d)
        c.write("units.csv", text.replace("u1,单位1", "u1,第一单位"))
        d.ctl("reload")  # a new name is a new name
        c.write("units.csv", text.replace("u1,单位1", "n1,第一单位"))
        d.ctl("reload")
        assert {x["unit"] for x in d.json("due", "--uid", ONE)} == {"n1", "u2", "u3", "u4"}
        d.wait_idle()
        assert len(peer.accepted("liaison1@example.org")) == 1, "told twice under another number"
        d.stop()


def test_a_unit_that_joins_late_is_not_chased_for_what_was_due_before():
    """Its leader would get a letter for every deadline that it never had."""
    with World() as w:
        c, d, peer = started(w)
        new = "u9,单位9,局,liaison,联9,liaison9@example.org,t9\n"
        c.people(new)
        assert "新列入的单位将立即欠下 1 件已过截止时间的报送（单位9“方案”）" in held(d)
        c.events(event(ONE, after(days=3), summary="周报"),
                 event(TWO, OVERDUE, summary="方案", tags="t1,t2"))
        d.ctl("reload")  # it owes the next, nothing of before
        assert d.due("u9", ONE)["standing"] == "open"
        d.wait_idle()
        assert not peer.accepted("liaison9@example.org")
        c.events(event(ONE, after(days=3), summary="周报"), event(TWO, OVERDUE, summary="方案"))
        held(d)
        d.ctl("confirm", "--why", "补报")
        wait_for("the notice to who joined late", lambda: peer.accepted("liaison9@example.org"))
        d.stop()


def test_a_unit_that_joins_owes_nothing_of_before_the_campaign_was_loaded():
    """Nobody is asked to confirm what will not be owed."""
    with World() as w:
        c = w.campaign()
        c.events(event(ONE, after(days=3)), event(TWO, after(days=-3), summary="方案"))
        with open(c.path("campaign.yaml"), encoding="utf-8") as f:
            c.write("campaign.yaml", f.read().replace("track_from: 2000-01-01\n", ""))
        d = w.daemon(c, relay=w.peer()).start()
        c.people("u9,单位9,局,liaison,联9,liaison9@example.org,t9\n")
        d.ctl("reload")
        assert d.due("u9", ONE)["standing"] == "open"
        assert d.due("u9", TWO)["standing"] == "untracked"
        d.stop()


def test_confirmation_is_for_what_was_seen():
    """Edited again since: what is confirmed is not what would come into force."""
    with World() as w:
        c, d, _ = started(w, units=4)
        assert "没有等待确认的修改" in d.says("confirm", "--why", "x")
        c.units = 2
        c.people()
        held(d)
        c.units = 1
        c.people()
        assert "又改过了" in d.says("confirm", "--why", "两个单位并走了")
        assert len(d.json("due", "--uid", ONE)) == 4
        c.units = 4
        c.people()  # taken back
        d.ctl("reload")
        assert problem(d) is None
        assert "没有等待确认的修改" in d.says("confirm", "--why", "x")
        d.stop()


def test_roster_that_shrinks_or_vanishes_stays():
    with World() as w:
        c, d, _ = started(w)
        shifts = [event(f"s{i}@example.org", after(days=i), "DUTY", "值班 联1",
                        f"DTEND;TZID=Asia/Shanghai:{local(after(days=i, hours=8))}\r\n")
                  for i in range(1, 11)]
        c.write("duty/zhiban.ics", calendar(*shifts))
        d.ctl("reload")
        c.write("duty/zhiban.ics", calendar(*shifts[:9]))
        d.ctl("reload")  # one of ten: people swap and leave
        c.write("duty/zhiban.ics", calendar(*shifts[:4]))
        assert "值班表 zhiban 将从 9 班减为 4 班" in held(d)
        os.remove(c.path("duty/zhiban.ics"))
        assert "值班表 zhiban 将从 9 班减为 0 班" in held(d)
        d.stop()


def test_series_dragged_by_an_hour_is_no_deletion():
    """Every instance gets another RECURRENCE-ID, and none is gone."""
    with World() as w:
        c, d, _ = started(w)
        first = after(days=2)
        weekly = "RRULE:FREQ=WEEKLY;COUNT=8\r\n"
        c.events(event(ONE, first, more=weekly), event(TWO, OVERDUE, summary="方案"))
        d.ctl("reload")
        c.events(event(ONE, first.replace(minute=(first.minute + 30) % 60), more=weekly),
                 event(TWO, OVERDUE, summary="方案"))
        d.ctl("reload")
        c.events(event(ONE, first, more="RRULE:FREQ=WEEKLY;COUNT=4\r\n"),
                 event(TWO, OVERDUE, summary="方案"))
        assert "将删去 4 期应报事项（原有 9 期）" in held(d)
        d.stop()


def corrections(peer, rcpt):
    return [e["subject"] for e in peer.accepted(rcpt) if e["subject"].startswith("【更正】")]


def test_moved_deadline_is_corrected_once():
    """Who was told of the old deadline hears of the new one; so does a restart that finds the edit."""
    with World() as w:
        peer, c, ahead = w.peer(), w.campaign(2), after(days=3)
        liaison = "liaison1@example.org"

        def due(instant):
            c.events(event(ONE, ahead, summary="周报"), event(TWO, instant, summary="方案"))

        due(OVERDUE)
        d = w.daemon(c, relay=peer).start()
        wait_for("the liaison is told", lambda: peer.accepted(liaison))
        d.wait_idle()
        due(after(days=2))
        told = len([n for n in d.json("notices") if n["uid"] == TWO and n["state"] == "sent"])
        effect = f"涉及2个单位，已发提醒{told}件将更正"
        assert told >= 2 and effect in d.ctl("diff", c.dir).stdout
        assert effect in d.ctl("reload").stdout
        wait_for("the correction", lambda: corrections(peer, liaison))
        assert "方案截止时间由" in corrections(peer, liaison)[0]
        entry = next(x for x in d.json("journal") if x["event"] == "reload")
        assert any(effect in line for line in entry["detail"]["changes"]), entry
        d.ctl("reload")
        d.wait_idle()
        assert len(corrections(peer, liaison)) == 1
        d.stop()
        due(after(days=4))
        d.start()
        wait_for("the second correction", lambda: len(corrections(peer, liaison)) == 2)
        d.wait_idle()
        assert len(corrections(peer, liaison)) == 2
        # Taken out of the files, half of what is owed: whoever was told need not report.
        c.events(event(ONE, ahead, summary="周报"))
        held(d)
        assert len(corrections(peer, liaison)) == 2
        d.ctl("confirm", "--why", "不报了")
        wait_for("the third", lambda: len(corrections(peer, liaison)) == 3)
        assert "无需报送方案" in corrections(peer, liaison)[2]
        d.stop()


def test_reload_storm():
    """Files change, SIGHUPs and reload requests come all at once, with submissions between."""
    with World() as w:
        c, d, _ = started(w)
        for i in range(15):
            c.events(event(ONE, after(days=3 + i % 3)), event(TWO, OVERDUE, summary="方案"))
            d.process.send_signal(signal.SIGHUP)
            d.ctl("submit", "u1", ONE, "-", "--why", f"第{i}次")
            if i % 5 == 0:
                d.ctl("reload")
        d.ctl("reload")
        assert problem(d) is None and d.status()["problem"] is None
        stored = [r for r in d.json("journal", "--max", "1000") if r["event"] == "submit"]
        assert len(stored) == 15
        d.stop()


if __name__ == "__main__":
    main(globals())
