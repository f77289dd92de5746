#!/usr/bin/env python3
"""The daemon says what is wrong: at once on the control socket, once by mail, and that it is over.

DUBAN_HURRY=N divides every length of health (daemon/core/health.h), so that nobody waits for minutes here.
"""
import base64
import email
import http.client
import os
import signal
import sqlite3
import subprocess
import threading
import time

from daemon import Skip, World, after, event, main, wait_for

NEXT = "next@example.org"
QUICK = {"DUBAN_HURRY": "600"}


def town(world, *events, units=3):
    c = world.campaign(units, head="hold_if_missing: never\n")
    c.events(event(NEXT, after(days=3)), *events)
    return c


# With every length divided, a machine that is busy for 20 ms has a database that is stuck.
HASTE = {"database-stuck", "tick-late"}


def health(d, besides=HASTE):
    """Codes, in order; the status agrees with them."""
    status, j = d.call("GET", "/healthz", timeout=10)
    codes = [t["code"] for t in j["troubles"]]
    assert j["ok"] == (status == 200) == (not codes), (status, j)
    assert all(t["text"] and t["since"] for t in j["troubles"]), j
    assert (j.get("error") or None) == (j["troubles"][0]["text"] if codes else None), j
    return [c for c in codes if c not in besides]


def letters(peer, words):
    """How many mails to the office say so."""
    return sum(words in text for text in texts(peer))


def texts(peer):
    mails = [email.message_from_bytes(peer.mail(r)) for r in peer.accepted("office@example.org")]
    return [next(p for p in m.walk() if p.get_content_type() == "text/plain")
            .get_payload(decode=True).decode() for m in mails]


def refused(d):
    """Those who asked before it was sure wait for the database: they get no answer here."""
    try:
        return d.call("GET", "/v1/due", timeout=1)[0] == 503
    except OSError:
        return False


def alarms(d, word=""):
    """The office's notices of that step."""
    return [n for n in d.json("notices") if n["sort"] == "alarm" and word in n["step"]]


def test_all_is_well():
    with World() as w:
        d = w.daemon(town(w), relay=w.peer()).start()
        assert health(d, ()) == []
        assert d.ctl("health").stdout == "一切正常\n"
        assert d.json("health") == {"ok": True, "status": "ok", "troubles": []}
        assert d.status()["troubles"] == []
        assert "注意" not in d.ctl("health").stdout
        d.says("health", "superfluous", want=64)
        d.stop()


def test_a_database_that_hangs_is_told_by_a_daemon_that_does_not():
    """The database thread never comes back; the socket says so, nothing is acknowledged, nothing was lost."""
    with World() as w:
        c, began = town(w), time.monotonic()
        d = w.daemon(c, relay=w.peer())
        d.start(env={**QUICK, "DUBAN_FAIL": "backup:1:hang"})
        # A deadline that comes while it hangs, however slow the machine is today.
        soon = max(3, 6 * (time.monotonic() - began))
        c.events(event(NEXT, after(days=3)), event("soon@example.org", after(seconds=soon), summary="方案"))
        d.ctl("reload")
        receipt = d.ctl("submit", "u1", NEXT, "-", "--why", "电话").stdout.split()[0]
        asked = threading.Thread(target=lambda: d.ctl("backup", os.path.join(w.dir, "copy"), want=None),
                                 daemon=True)
        asked.start()
        wait_for("it says that the database is stuck", lambda: "database-stuck" in health(d, ()))
        wait_for("it refuses what would only wait", lambda: refused(d))
        began = time.monotonic()
        assert d.ctl("health", want=1).stdout.startswith("注意：数据库已有 ")
        assert "没有反应" in d.says("status", want=75)
        assert "没有反应" in d.says("status", "--json", want=75)
        # Nobody waits for it, so nobody takes the place of those who ask what is wrong.
        status, j = d.call("POST", "/v1/submit", {"unit": "u2", "uid": NEXT, "rid": "-", "why": "x",
                                                  "request": "while it hung"})
        assert status == 503 and "没有反应" in j["error"], (status, j)
        assert time.monotonic() - began < 10, "answers wait for the database"
        wait_for("the deadline has come and nothing is planned", lambda: "tick-late" in health(d, ()))
        d.kill()
        asked.join()
        d.start()
        assert health(d) == []
        stored = [r["detail"]["receipt"] for r in d.json("journal") if r["event"] == "submit"]
        assert stored == [receipt], stored
        d.stop()


def test_what_waits_for_a_signature_is_told_to_the_office():
    """Who does not look at the tray hears of it once, and of nothing that is signed."""
    with World() as w:
        peer = w.peer()
        c = w.campaign(3, head="hold_if_missing: never\n",
                       steps='      - {name: 督办, at: "+1m", to: [leader], sign: true}\n')
        c.events(event(NEXT, after(hours=-2), summary="方案"))
        d = w.daemon(c, relay=peer).start(env={"DUBAN_HURRY": "1800"})
        wait_for("the office is told", lambda: letters(peer, "等待签发"))
        text = next(t for t in texts(peer) if "等待签发" in t)
        for words in ("方案的“督办”等待签发。", "单位1、单位2、单位3", f"dubanctl release {NEXT}\r\n"):
            assert words in text, (words, text)
        assert not peer.accepted("leader1@example.org")
        d.ctl("release", NEXT)
        wait_for("the leaders are told", lambda: len(peer.accepted("leader3@example.org")) == 1)
        d.stop()
        d.start(env={"DUBAN_HURRY": "1800"})
        d.wait_idle()
        assert letters(peer, "等待签发") == 1 and len(alarms(d, "待签发")) == 1
        d.stop()


def metrics(d):
    """{name: value}, labels included; each has its help and its kind."""
    c = http.client.HTTPConnection("duban")
    c.sock = d.connect()
    c.request("GET", "/metrics")
    reply = c.getresponse()
    assert reply.getheader("Content-Type").startswith("text/plain; version=0.0.4"), reply.getheaders()
    lines = reply.read().decode().splitlines()
    c.close()
    rows = dict(x.rsplit(" ", 1) for x in lines if x[0] != "#")
    for name in rows:
        base = name.split("{", maxsplit=1)[0]
        assert sum(x.startswith(f"# HELP {base} ") for x in lines) == 1, name
        assert sum(x.startswith(f"# TYPE {base} ") for x in lines) == 1, name
    return {name: float(value) for name, value in rows.items()}


def test_figures_for_a_monitor():
    with World() as w:
        peer = w.peer()
        d = w.daemon(town(w), relay=peer).start()
        d.ctl("extend", "u1", NEXT, "-", "--due", after(days=5).strftime("%Y-%m-%d"), "--why", "防汛")
        wait_for("a mail is counted", lambda: metrics(d)["duban_relay_mails_sent_total"] == 1)
        m = wait_for("the disk is known", lambda: (lambda m: m if m["duban_disk_size_bytes"] else None)(metrics(d)))
        v = os.statvfs(os.path.dirname(d.database))
        assert m["duban_disk_size_bytes"] == v.f_blocks * v.f_frsize, m
        assert abs(m["duban_start_time_seconds"] - time.time()) < 600, m
        assert m["duban_troubles{code=\"disk-low\"}"] == 0 and m["duban_relay_connect_failures_total"] == 0, m
        d.stop()
        d.write([os.path.join(w.dir, "zhuanxiang")], peer.port, "disk: {low_percent: 99, low_mb: 1000000}\n")
        d.start()
        wait_for("and its trouble", lambda: metrics(d)["duban_troubles{code=\"disk-low\"}"] == 1)
        d.stop()


class Disk:
    """A file system of its own for the database."""

    def __init__(self, d, size):
        self.d, self.place = d, os.path.dirname(d.database)
        self.ballast = os.path.join(self.place, "ballast")
        os.makedirs(self.place)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.place],
                               capture_output=True, text=True, check=False)
        if mount.returncode != 0:
            raise Skip(f"no tmpfs can be mounted: {mount.stderr.strip()}")

    def __enter__(self):
        return self

    def fill(self, leave):
        """All but so many bytes are somebody else's."""
        v = os.statvfs(self.place)
        free = v.f_bavail * v.f_frsize - leave
        with open(self.ballast, "ab") as f:
            try:
                f.write(b"x" * max(free, 0))
                f.flush()
            except OSError:
                pass  # the daemon took some of it meanwhile

    def empty(self):
        os.unlink(self.ballast)

    def __exit__(self, *unused):
        if self.d.process is not None:
            self.d.process.kill()
            self.d.process.wait()
            self.d.process = None
        subprocess.run(["umount", self.place], check=True)


def test_a_disk_that_fills_is_told_before_it_is_full():
    """Low: told once by mail. Full: refused truthfully, said everywhere. Room again: all goes on, told once."""
    with World() as w:
        peer = w.peer()
        d = w.daemon(town(w), relay=peer, settings="disk: {low_percent: 40, low_mb: 0}\n")
        with Disk(d, "16m") as disk:
            d.start(env=QUICK)
            receipts = [d.ctl("submit", "u1", NEXT, "-", "--why", "还有地方").stdout.split()[0]]
            assert health(d) == []
            disk.fill(5 << 20)
            wait_for("it says that room is short", lambda: health(d) == ["disk-low"])
            wait_for("the office has it in its mailbox", lambda: letters(peer, "磁盘只剩") == 1)
            assert d.ctl("status").stdout.startswith("注意："), "status begins with something else"
            receipts.append(d.ctl("submit", "u1", NEXT, "-", "--why", "还能登记").stdout.split()[0])
            disk.fill(0)
            paper = os.path.join(w.dir, "paper.bin")
            with open(paper, "wb") as f:
                f.write(os.urandom(60000))
            for _ in range(200):  # what the log still has room for is acknowledged, and kept
                run = d.ctl("submit", "u2", NEXT, "-", "--file", paper, "--why", "满", want=None)
                if run.returncode != 0:
                    break
                receipts.append(run.stdout.split()[0])
            assert run.returncode == 75 and "未登记" in run.stderr, run
            assert health(d)[:2] == ["disk-full", "disk-low"]
            assert "磁盘已满" in d.ctl("health", want=1).stdout
            assert "disk-full" in [t["code"] for t in d.status()["troubles"]]
            d.ctl("submit", "u3", NEXT, "-", "--file", paper, "--why", "满", want=75)
            disk.empty()
            wait_for("all is well", lambda: health(d) == [])
            receipts.append(d.ctl("submit", "u3", NEXT, "-", "--file", paper, "--why", "好了").stdout.split()[0])
            wait_for("told that it is over", lambda: letters(peer, "已恢复：磁盘空间不足") == 1)
            assert len([n for n in alarms(d, "磁盘空间不足") if "已恢复" not in n["reason"]]) == 1
            d.wait_idle()
            d.kill()
            d.start()
            stored = [r["detail"]["receipt"] for r in d.json("journal", "--max", "1000")
                      if r["event"] == "submit"]
            assert sorted(stored) == sorted(receipts), set(stored) ^ set(receipts)
            d.stop()


def test_a_write_that_fails_is_said_until_it_works_again():
    """An I/O error in a commit: 503, said at once; by itself well again; nothing in between was kept."""
    with World() as w:
        d = w.daemon(town(w), relay=w.peer())
        d.start(env={"DUBAN_FAIL": "commit:12:error"})
        said = {}
        for n in range(100):
            status, j = d.call("POST", "/v1/submit", {"unit": "u1", "uid": NEXT, "rid": "-", "why": "x",
                                                      "request": f"r{n}"})
            said[f"r{n}"] = (status, j.get("receipt"))
            if health(d):
                break
        assert health(d) == ["database-failed"], said
        assert "数据库读写失败" in d.ctl("health", want=1).stdout
        wait_for("well again by itself", lambda: health(d) == [])
        d.kill()
        d.start()
        stored = {r["detail"].get("receipt") for r in d.json("journal", "--max", "1000")
                  if r["event"] == "submit"}
        assert stored == {receipt for status, receipt in said.values() if status == 200}, (stored, said)
        d.stop()


def test_files_with_errors_are_told_once_over_a_restart():
    with World() as w:
        peer = w.peer()
        c = town(w)
        d = w.daemon(c, relay=peer)
        d.start(env=QUICK)
        with open(c.path("units.csv"), encoding="utf-8") as f:
            good = f.read()
        c.write("units.csv", "unit,name\n")
        wait_for("it says that the files have errors", lambda: health(d) == ["files-broken"])
        wait_for("the office is told", lambda: len(alarms(d, "文件有错误")) == 1)
        out = d.ctl("status").stdout
        assert out.startswith("注意：") and out.count("注意：专项行动 zhuanxiang：") == 1, out
        assert out.count("仍按上一次正确的文件运行") == 1, "said twice"
        d.wait_idle()
        d.stop()
        d.start(env=QUICK)
        wait_for("it still says so", lambda: health(d) == ["files-broken"])
        c.write("units.csv", good)
        wait_for("all is well", lambda: health(d) == [])
        wait_for("the office hears that, too", lambda: letters(peer, "已恢复：文件有错误") == 1)
        assert letters(peer, "仍按上一次正确的文件运行") == 1, alarms(d)
        d.stop()


def test_two_campaigns_of_one_office_make_one_message():
    with World() as w:
        peer = w.peer()
        a, b = town(w), w.campaign(2, key="other")
        d = w.daemon(a, b, relay=peer, settings="disk: {low_percent: 99, low_mb: 1000000}\n")
        d.start(env=QUICK)
        wait_for("the office has it", lambda: letters(peer, "磁盘只剩"))
        for name in ("zhuanxiang", "other"):
            wait_for(f"{name} has it in its journal", lambda n=name: [
                r for r in d.json("journal", "--campaign", n) if r["event"] == "trouble"])
        wait_for("all is sent", lambda: not any(
            c["outbox"].get("queued") or c["outbox"].get("leased") for c in d.status()["campaigns"]))
        assert letters(peer, "磁盘只剩") == 1, peer.accepted()
        d.stop()


def test_an_english_campaign_reads_english():
    with World() as w:
        peer = w.peer()
        c = town(w)
        with open(c.path("campaign.yaml"), encoding="utf-8") as f:
            text = f.read()
        c.write("campaign.yaml", text.replace("locale: zh_CN", "locale: en"))
        d = w.daemon(c, relay=peer, settings="disk: {low_percent: 99, low_mb: 1000000}\nlocale: en\n")
        d.start(env=QUICK)
        wait_for("told", lambda: letters(peer, "The database's disk has only "))
        assert "has only" in d.call("GET", "/healthz")[1]["troubles"][-1]["text"]
        d.stop()


def test_a_relay_that_does_not_answer():
    """Said while it lasts, with its words; by mail only afterwards, since mail is what does not go."""
    with World() as w:
        peer = w.peer("at=greeting,do=reply,text=421 4.3.2 later,first=2")
        c = town(w)
        d = w.daemon(c, relay=peer)
        d.start(env=QUICK)
        began = time.monotonic()
        d.ctl("extend", "u1", NEXT, "-", "--due", after(days=5).strftime("%Y-%m-%d"), "--why", "防汛")
        wait_for("it says that there is no relay", lambda: health(d) == ["relay-unreachable"])
        text = d.call("GET", "/healthz")[1]["troubles"][-1]["text"]
        assert f"smtp://127.0.0.1:{peer.port}" in text and "421" in text, text
        # Ten minutes of the daemon's haste: shorter ones need no letter.
        wait_for("it has lasted", lambda: time.monotonic() - began > 2)
        assert alarms(d, "邮件服务器") == []
        for n in range(2, 4):  # another message does not wait for the first one's next try
            d.ctl("extend", f"u{n}", NEXT, "-", "--due", after(days=5).strftime("%Y-%m-%d"), "--why", "防汛")
        wait_for("all is well", lambda: health(d) == [])
        wait_for("the office hears what was", lambda: letters(peer, "已恢复：邮件服务器连不上") == 1)
        d.stop()


def test_mail_that_cannot_leave_is_late():
    """The relay takes a session and then nothing: what waits behind it is said to be late."""
    with World() as w:
        peer = w.peer("at=MAIL,do=hang")
        c = town(w, units=60)
        d = w.daemon(c, relay=peer, mail=", connections: 1")
        d.start(env={"DUBAN_HURRY": "1000"})
        d.ctl("extend", "--all", NEXT, "-", "--due", after(days=5).strftime("%Y-%m-%d"), "--why", "防汛")
        wait_for("it says so", lambda: "outbox-late" in health(d))
        d.process.send_signal(signal.SIGKILL)
        d.process.wait()
        d.process = None


def test_a_log_that_nobody_can_shorten():
    """Somebody else keeps the database open for reading: the log grows, and that is said."""
    with World() as w:
        d = w.daemon(town(w)).start()
        paper = {"name": "周报.bin", "base64": base64.b64encode(os.urandom(24 << 20)).decode()}
        other = sqlite3.connect(d.database)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM journal").fetchone()
        for n in range(3):
            assert d.call("POST", "/v1/submit", {"unit": "u1", "uid": NEXT, "rid": "-", "why": str(n),
                                                 "parts": [paper]})[0] == 200
        assert health(d) == ["log-large"]
        other.close()
        d.ctl("submit", "u1", NEXT, "-", "--why", "再来")
        assert health(d) == []
        d.stop()


def test_a_clock_in_doubt():
    with World() as w:
        d = w.daemon(town(w), relay=w.peer()).start()
        d.stop()
        with sqlite3.connect(d.database) as db:
            ahead = int(after(days=30).timestamp() * 1000)
            assert db.execute("UPDATE mark SET at=? WHERE mark='high-water'", (ahead,)).rowcount == 1
        db.close()
        d.start(env=QUICK)
        assert health(d) == ["clock-doubt"]
        wait_for("the office is told by the clock's own alarm", lambda: len(alarms(d, "时钟可疑")) == 1)
        d.ctl("clock", "--right", "--why", "对过了")
        wait_for("all is well", lambda: health(d) == [])
        d.stop()


def test_many_who_ask_while_the_database_hangs():
    """Hundreds of requests pile up; whoever asks what is wrong is still answered."""
    with World() as w:
        d = w.daemon(town(w))
        d.start(env={**QUICK, "DUBAN_FAIL": "backup:1:hang"})
        threading.Thread(target=lambda: d.ctl("backup", os.path.join(w.dir, "copy"), want=None),
                         daemon=True).start()
        wait_for("stuck", lambda: "database-stuck" in health(d, ()))
        wait_for("refusing", lambda: refused(d))
        answers, lock = [], threading.Lock()

        def ask():
            try:
                status = d.call("GET", "/v1/due", timeout=10)[0]
            except (OSError, http.client.HTTPException):
                status = None
            with lock:
                answers.append(status)

        threads = [threading.Thread(target=ask) for _ in range(300)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert 503 in answers and 200 not in answers, set(answers)
        assert "database-stuck" in health(d, ())
        d.kill()


if __name__ == "__main__":
    main(globals())
