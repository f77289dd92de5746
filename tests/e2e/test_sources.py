#!/usr/bin/env python3
"""Rosters that live elsewhere: a real Radicale edited by real clients, and servers that misbehave."""
import base64
import email
import email.policy
import http.client
import json
import os
import re
import shutil
import subprocess
import sys

import daemon as e2e
from daemon import (DUBAND, DUBANCTL, SOURCE, Skip, World, after, calendar, event, local, main,
                    wait_for)

HTTP_PEER = os.path.join(SOURCE, "tests", "peers", "http_peer.py")
OFFICE = "office@example.org"
SECRET = "geheimnis-7f3a"
ALLOW = "allow: [127.0.0.0/8]"


def shift(uid, person, hours=1, role="值班"):
    return event(uid, after(hours=hours), "DUTY", f"{role} {person}",
                 f"DTEND;TZID=Asia/Shanghai:{local(after(hours=hours + 2))}\r\n")


GOOD = calendar(shift("s1@example.org", "张三"))
OTHER = calendar(shift("s1@example.org", "李四"))


class Web:
    """tests/peers/http_peer.py, answering as its script says."""

    def __init__(self, world, rules=(), options=()):
        self.ledger_path = os.path.join(world.dir, f"web{len(world.things)}")
        script = self.ledger_path + ".json"
        with open(script, "w", encoding="utf-8") as f:
            json.dump(list(rules), f)
        self.process = subprocess.Popen(
            [sys.executable, HTTP_PEER, "--quiet", "--with-parent", "--ledger", self.ledger_path,
             "--script", script, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        world.things.append(self)

    def requests(self):
        with open(self.ledger_path, encoding="utf-8") as f:
            return [r for r in map(json.loads, f) if r["event"] == "request"]

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(10)
        self.process.stdout.close()


def answers(*bodies):
    """Rules that answer one request after another; the last answers all that follow."""
    rules = []
    for i, what in enumerate(bodies):
        rule = {"do": "status", "body": what} if isinstance(what, str) else dict(what)
        if i + 1 < len(bodies):
            rule["first"] = 1
        rules.append(rule)
    return rules


def town(world, url, more="", **kw):
    c = world.campaign(1, head="sources:\n  - {as: duty/guoqing.ics, url: \"%s\"%s}\n" % (url, more),
                       **kw)
    c.events(event("one@example.org", after(days=3), summary="周报"))
    return c


def source(d, name="duty/guoqing.ics"):
    rows = [s for s in d.status()["campaigns"][0]["sources"] if s["as"] == name]
    assert len(rows) == 1, rows
    return rows[0]


def people(d):
    return sorted(r["person"] for r in d.json("roster"))


def look(d, server, how=lambda s: True):
    """Look now; the source as it stands when the server was asked and the answer was dealt with."""
    before = len(server.requests())
    d.ctl("reload")
    def done():
        s = source(d)
        return len(server.requests()) > before and not s["reading"] and how(s) and s
    return wait_for("the source was looked at", done)


def minutes_to(s):
    """From now to the next look."""
    return (e2e.datetime.datetime.fromisoformat(s["next"]) - e2e.now()).total_seconds() / 60


def alarms(peer):
    return [r for r in peer.accepted(OFFICE) if "远程来源" in decoded(peer.mail(r))]


def decoded(raw):
    m = email.message_from_bytes(raw, policy=email.policy.default)
    return str(m["subject"]) + "".join(p.get_content() for p in m.walk()
                                       if p.get_content_type() == "text/plain")


def problem(d):
    return d.status()["campaigns"][0]["problem"]


def journal(d, name):
    return [r for r in d.json("journal") if r["event"] == name]


def test_bad_answers_keep_the_last_good():
    """Whatever a server says instead of a calendar, the last good one stays in force."""
    half = GOOD[:len(GOOD) // 2]
    bad = [
        ({"do": "status", "status": 500, "body": OTHER}, "HTTP 500"),
        ("<!DOCTYPE html><html><body>请登录 BEGIN:VCALENDAR</body></html>", "网页"),
        (half, "不完整"),
        ("", "空的"),
        (calendar(), "一项也没有"),
        ({"do": "endless"}, "4 MiB"),
        ({"do": "status", "status": 302, "header": "Location: http://169.254.169.254/latest"},
         "没有跟随"),
        ({"do": "hang"}, "1 秒内没有读完"),
        ({"do": "slow", "body": OTHER, "seconds": 1}, "1 秒内没有读完"),
        ({"do": "reset"}, "中途断开"),
        ({"do": "status", "status": 401}, "登录"),
        # A whole calendar whose content is refused: a shift of nobody.
        (calendar(shift("s1@example.org", "")), "没有采用：duty/guoqing.ics:"),
    ]
    with World() as w:
        peer = w.peer()
        web = Web(w, answers(GOOD, {"do": "status", "status": 304}, *[b for b, _ in bad], OTHER,
                             {"do": "status", "status": 503}))
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics?key={SECRET}")
        d = w.daemon(c, relay=peer, settings=f"sources: {{{ALLOW}, timeout: 1}}\n").start()
        wait_for("the roster is read", lambda: people(d) == ["张三"])
        assert "正在读 1 个远程来源" in d.ctl("reload").stdout
        wait_for("it was the same", lambda: len(web.requests()) > 1 and not source(d)["reading"])
        first = source(d)
        assert first["problem"] is None and first["failures"] == 0, first
        assert 14 <= minutes_to(first) <= 16, first  # poll: 15m
        for n, (_, words) in enumerate(bad, 1):
            s = look(d, web, lambda s: s["failures"] == n)
            assert words in s["problem"], (words, s)
            assert s["read"] >= first["read"] and s["changed"] == first["changed"], s
            assert people(d) == ["张三"], f"{words}: the roster has changed"
            # Sooner after a failure, later after each of them, never later than a poll.
            assert minutes_to(s) <= min(2 ** n, 15) + 0.1, s
            assert minutes_to(s) >= min(2 ** n, 15) * 0.8 - 0.5, s
            if n == 1:
                d.wait_idle()
                assert not alarms(peer), "one failure is no alarm"
            elif n == 2:
                wait_for("the office is told", lambda: alarms(peer))
        d.wait_idle()
        assert len(alarms(peer)) == 1, "an alarm is said once"
        text = decoded(peer.mail(alarms(peer)[0]))
        assert "duty/guoqing.ics" in text and "接连 2 次" in text and SECRET not in text, text
        shown = d.ctl("status").stdout
        assert "没有读成" in shown and "127.0.0.1" in shown, shown
        # It works again: the new roster is in force, and that is written down.
        s = look(d, web, lambda s: s["failures"] == 0)
        assert s["problem"] is None and people(d) == ["李四"], s
        assert len(journal(d, "source-failed")) == 1 and len(journal(d, "source-well")) == 1
        wait_for("the office is told that it is over", lambda: len(alarms(peer)) == 2)
        assert "已恢复：远程来源 duty/guoqing.ics" in decoded(peer.mail(alarms(peer)[1]))
        # A second trouble is told again.
        look(d, web, lambda s: s["failures"] == 1)
        look(d, web, lambda s: s["failures"] == 2)
        wait_for("the office is told again", lambda: len(alarms(peer)) == 3)
        for text in (d.log(), d.ctl("status", "--json").stdout, d.ctl("journal", "--json").stdout):
            assert SECRET not in text, "the key of the URL is shown"
        d.stop()


def test_last_good_survives_a_restart_without_network():
    with World() as w:
        web = Web(w, answers(GOOD))
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics")
        d = w.daemon(c, settings=f"sources: {{{ALLOW}}}\n").start()
        wait_for("the roster is read", lambda: people(d) == ["张三"])
        when = source(d)["changed"]
        d.kill()
        web.stop()
        d.start()
        assert people(d) == ["张三"], "what was read is in force from the start"
        wait_for("the failure is seen", lambda: source(d)["failures"] == 1)
        assert "连不上" in source(d)["problem"] and source(d)["changed"] == when
        assert people(d) == ["张三"]
        # An edit of other files does not lose it either.
        c.events(event("one@example.org", after(days=3), summary="周报"),
                 event("two@example.org", after(days=4), summary="方案"))
        d.ctl("reload")
        assert people(d) == ["张三"]
        assert d.due("u1", "two@example.org")
        d.stop()


def test_a_file_of_the_directory_serves_until_the_first_read():
    with World() as w:
        web = Web(w, answers({"do": "status", "status": 404}, GOOD))
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics")
        c.write("duty/guoqing.ics", OTHER)
        d = w.daemon(c, settings=f"sources: {{{ALLOW}}}\n").start()
        wait_for("the failure is seen", lambda: source(d)["failures"] == 1)
        assert people(d) == ["李四"] and source(d)["read"] is None
        assert "还没有读到过" in d.ctl("status").stdout
        look(d, web, lambda s: s["failures"] == 0)
        assert people(d) == ["张三"]
        # From now on the file is not what counts.
        c.write("duty/guoqing.ics", calendar(shift("s9@example.org", "王五")))
        d.ctl("reload")
        assert people(d) == ["张三"]
        d.stop()


def test_a_shrunken_roster_waits_for_a_person():
    """Two shifts of three gone at once: a slip, until somebody says that it is meant."""
    names = {"a@example.org": "张三", "b@example.org": "李四", "c@example.org": "王五"}
    whole = calendar(*(shift(uid, who, 5 * n) for n, (uid, who) in enumerate(names.items(), 1)))
    small = calendar(shift("b@example.org", "李四", 10))
    with World() as w:
        peer = w.peer()
        web = Web(w, answers(whole, small, small, whole, small))
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics")
        d = w.daemon(c, relay=peer, settings=f"sources: {{{ALLOW}}}\n").start()
        everybody = sorted(names.values())
        wait_for("the roster is read", lambda: people(d) == everybody)
        look(d, web)
        assert "等待确认" in problem(d) and source(d)["problem"] is None, d.status()
        assert people(d) == everybody
        assert "等待确认" in d.says("reload", want=1)  # read once more, and still held
        wait_for("it was read again", lambda: len(web.requests()) == 3
                 and not source(d)["reading"])
        d.wait_idle()
        told = [r for r in peer.accepted(OFFICE) if "confirm" in decoded(peer.mail(r))]
        assert len(told) == 1, "the office is asked once"
        # There it is whole again: nothing waits any more.
        d.ctl("reload", want=None)
        wait_for("nothing is held", lambda: problem(d) is None)
        assert people(d) == everybody
        assert "没有等待确认的修改" in d.says("confirm", "--why", "x", want=None)
        # Small again, and meant. Not forgotten by a restart in between.
        look(d, web)
        assert "等待确认" in problem(d)
        d.stop()
        d.start()
        assert people(d) == everybody
        wait_for("it is held again", lambda: "等待确认" in (problem(d) or ""))
        d.ctl("confirm", "--why", "国庆后只留一班")
        assert people(d) == ["李四"] and problem(d) is None
        d.kill()
        web.stop()
        d.start()
        assert people(d) == ["李四"]
        d.stop()


def killed(place):
    """kill -9 around each commit while a fetched roster is put in force: nothing is lost."""
    with World() as w:
        web = Web(w, answers(GOOD, OTHER))
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics")
        d = w.daemon(c, settings=f"sources: {{{ALLOW}}}\n").start()
        wait_for("the roster is read", lambda: people(d) == ["张三"])
        d.stop()
        died_after_reading = 0
        for n in range(1, 40):
            before = len(web.requests())
            d.spawn(env={"DUBAN_FAIL": f"{place}:{n}:kill"})
            if not wait_for("it is killed, or is done", lambda: gone(d) or taken(d)):
                break
            if d.process.poll() is None:
                break  # it needed fewer commits
            died_after_reading += len(web.requests()) > before
            d.process = None
        assert died_after_reading, "no kill fell between the reading and the commit"
        d.kill()
        web.stop()
        d.start()
        assert people(d) == ["李四"], "what was in force is lost"
        d.stop()


def gone(d):
    return d.process.poll() is not None


def taken(d):
    try:
        rows = d.call("GET", "/v1/roster")[1]
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return [r["person"] for r in rows] == ["李四"]


def test_killed_before_a_commit():
    killed("commit")


def test_killed_after_a_commit():
    killed("committed")


def test_a_login_goes_to_its_host_alone():
    with World() as w:
        own = Web(w, options=["--basic", f"ban:{SECRET}", "--reply", GOOD])
        other = Web(w, answers(GOOD))
        with open(os.path.join(w.dir, "password"), "w", encoding="utf-8") as f:
            f.write(SECRET + "\n")
        c = town(w, f"http://127.0.0.1:{own.port}/z.ics", ", credential: rili}\n"
                 f"  - {{as: holidays.ics, url: \"http://127.0.0.1:{other.port}/h.ics\", "
                 "credential: rili")
        d = w.daemon(c, settings=f"sources: {{{ALLOW}, credentials: {{rili: {{host: "
                     f"\"127.0.0.1:{own.port}\", user: ban, password_file: password}}}}}}\n"
                     "log: {level: debug}\n").start()
        wait_for("the roster is read", lambda: people(d) == ["张三"])
        wait_for("the other is refused", lambda: source(d, "holidays.ics")["failures"] >= 1)
        assert "不会送给" in source(d, "holidays.ics")["problem"]
        want = "Basic " + base64.b64encode(f"ban:{SECRET}".encode()).decode()
        assert own.requests()[0]["login"] == want
        assert not other.requests(), "a host is asked that the login is not for"
        shown = d.log() + d.ctl("status", "--json").stdout + d.ctl("journal", "--json").stdout
        assert SECRET not in shown and want not in shown
        d.stop()
        # The same is said before it runs.
        run = subprocess.run([DUBAND, "--check-config", "-c", d.config], capture_output=True,
                             text=True, check=False)
        assert run.returncode == 78 and "BAD_SOURCE" in run.stderr and SECRET not in run.stderr, run


def test_private_addresses_are_not_asked():
    with World() as w:
        web = Web(w, answers(GOOD))
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics")
        d = w.daemon(c).start()
        wait_for("the refusal is seen", lambda: source(d)["failures"] == 1)
        assert "sources.allow" in source(d)["problem"]
        assert not web.requests() and people(d) == []
        d.stop()


def test_the_clock_of_the_demo_asks_nobody():
    """A day a second would ask a server a hundred times a second."""
    with World() as w:
        web = Web(w, answers(GOOD))
        peer = w.peer()
        c = town(w, f"http://127.0.0.1:{web.port}/z.ics", ", poll: 1m")
        d = w.daemon(c, relay=peer, settings=f"sources: {{{ALLOW}}}\nclock: {{pace: 86400}}\n")
        d.start()
        d.ctl("reload")
        d.wait_idle()
        assert d.status()["campaigns"][0]["sources"] == []
        assert not web.requests()
        d.stop()


def test_check_says_what_it_cannot_see():
    with World() as w:
        c = town(w, "https://cal.example.org/z.ics")
        run = subprocess.run([DUBANCTL, "check", c.dir], capture_output=True, text=True,
                             check=False)
        assert run.returncode == 0 and "SOURCE_UNREAD" in run.stdout, run
        c = town(w, "https://u:pw@cal.example.org/z.ics")
        run = subprocess.run([DUBANCTL, "check", c.dir], capture_output=True, text=True,
                             check=False)
        assert run.returncode == 1 and "BAD_SOURCE" in run.stdout and "pw@" not in run.stdout, run


class Radicale:
    """A real CalDAV server with users and a directory of its own."""

    def __init__(self, world):
        for program in ("radicale", "khal", "vdirsyncer"):
            if not shutil.which(program):
                raise Skip(f"{program} is not installed")
        self.dir = os.path.join(world.dir, "radicale")
        self.port = 0
        os.makedirs(self.dir)
        with open(os.path.join(self.dir, "users"), "w", encoding="utf-8") as f:
            f.write(f"ban:{SECRET}\n")
        self.process = None
        world.things.append(self)
        self.start()

    def start(self):
        config = os.path.join(self.dir, "config")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"[server]\nhosts = 127.0.0.1:{self.port}\n[auth]\ntype = htpasswd\n"
                    f"htpasswd_filename = {self.dir}/users\nhtpasswd_encryption = plain\n"
                    f"delay = 0\n[rights]\ntype = owner_only\n[storage]\n"
                    f"filesystem_folder = {self.dir}/store\n[logging]\nlevel = info\n")
        log_path = os.path.join(self.dir, "log")
        log = open(log_path, "w", encoding="utf-8")
        self.process = subprocess.Popen(["radicale", "--config", config], stdout=log, stderr=log,
                                        env={**os.environ, "PYTHONUNBUFFERED": "1"})
        log.close()
        def ready():
            assert self.process.poll() is None, open(log_path, encoding="utf-8").read()
            text = open(log_path, encoding="utf-8").read()
            found = re.search(r"Listening on '\[?127\.0\.0\.1\]?:(\d+)'", text)
            return found and "ready" in text and int(found.group(1))
        self.port = wait_for("Radicale is ready", ready)

    def call(self, method, path, body=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        login = base64.b64encode(f"ban:{SECRET}".encode()).decode()
        c.request(method, path, body, {"Authorization": "Basic " + login, **headers})
        reply = c.getresponse()
        text = reply.read()
        c.close()
        assert reply.status < 300, (method, path, reply.status, text)
        return text

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


class Clients:
    """khal edits a directory, vdirsyncer carries it to the server: as people do."""

    def __init__(self, world, server):
        self.home = os.path.join(world.dir, "home")
        self.vdir = os.path.join(self.home, "zhiban")
        os.makedirs(self.vdir)
        self.write("khal", f"""[calendars]
[[zhiban]]
path = {self.vdir}
[locale]
local_timezone = Asia/Shanghai
default_timezone = Asia/Shanghai
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {self.home}/khal.db
""")
        self.write("vdirsyncer", f"""[general]
status_path = "{self.home}/status"
[pair zhiban]
a = "here"
b = "there"
collections = null
[storage here]
type = "filesystem"
path = "{self.vdir}"
fileext = ".ics"
[storage there]
type = "caldav"
url = "http://127.0.0.1:{server.port}/ban/zhiban/"
username = "ban"
password = "{SECRET}"
""")
        self.run("vdirsyncer", "-c", self.path("vdirsyncer"), "discover")

    def path(self, name):
        return os.path.join(self.home, name + ".conf")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, *command):
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120,
                             stdin=subprocess.DEVNULL,
                             env={**os.environ, "HOME": self.home, "LC_ALL": "C.UTF-8",
                                  "XDG_CONFIG_HOME": self.home, "XDG_DATA_HOME": self.home})
        assert run.returncode == 0, (command, run.stdout, run.stderr)
        return run.stdout

    def new(self, start, title):
        end = start + e2e.datetime.timedelta(hours=2)
        self.run("khal", "-c", self.path("khal"), "new", "-a", "zhiban",
                 start.strftime("%Y-%m-%d %H:%M"), end.strftime("%Y-%m-%d %H:%M"), title)

    def replace(self, old, new):
        """As an editor of the directory does; khal edit wants a terminal."""
        for name in os.listdir(self.vdir):
            with open(os.path.join(self.vdir, name), encoding="utf-8", newline="") as f:
                text = f.read()
            if old in text:
                with open(os.path.join(self.vdir, name), "w", encoding="utf-8", newline="") as f:
                    f.write(text.replace(old, new))

    def remove(self, word):
        for name in os.listdir(self.vdir):
            path = os.path.join(self.vdir, name)
            if word in open(path, encoding="utf-8").read():
                os.remove(path)

    def sync(self):
        self.run("vdirsyncer", "-c", self.path("vdirsyncer"), "sync")


def test_a_roster_edited_in_a_real_calendar_program():
    with World() as w:
        server = Radicale(w)
        server.call("MKCALENDAR", "/ban/zhiban/")
        with open(os.path.join(w.dir, "password"), "w", encoding="utf-8") as f:
            f.write(SECRET + "\n")
        clients = Clients(w, server)
        clients.new(after(hours=20), "带班 张三")
        clients.new(after(hours=20), "值班 李四")
        clients.sync()
        peer = w.peer()
        c = town(w, f"http://127.0.0.1:{server.port}/ban/zhiban/",
                 ", kind: caldav, credential: rili")
        d = w.daemon(c, relay=peer, settings=f"sources: {{{ALLOW}, credentials: {{rili: {{host: "
                     f"\"127.0.0.1:{server.port}\", user: ban, password_file: password}}}}}}\n")
        d.start()
        wait_for("the roster is read", lambda: people(d) == ["张三", "李四"])
        assert {r["part"] for r in d.json("roster")} == {"leader", "staff"}
        # Another shift, another person, one that goes: each is there one look later.
        clients.new(after(hours=30), "值班 王五")
        clients.sync()
        d.ctl("reload")
        wait_for("the new shift", lambda: people(d) == ["张三", "李四", "王五"])
        clients.replace("李四", "赵六")
        clients.sync()
        d.ctl("reload")
        wait_for("the other person", lambda: people(d) == ["张三", "王五", "赵六"])
        clients.remove("王五")
        clients.sync()
        d.ctl("reload")
        # A shift of three is many: a person is asked first.
        wait_for("it is held", lambda: "等待确认" in (problem(d) or ""))
        assert people(d) == ["张三", "王五", "赵六"]
        d.ctl("confirm", "--why", "王五调走")
        assert people(d) == ["张三", "赵六"]
        # The server is away, and the office hears of it; after a restart too the roster is there.
        server.stop()
        for n in (1, 2):
            d.ctl("reload")
            wait_for("the failure is seen", lambda: source(d)["failures"] == n)
        wait_for("the office is told", lambda: len(alarms(peer)) == 1)
        d.stop()
        d.start()
        assert people(d) == ["张三", "赵六"]
        server.start()
        d.ctl("reload")
        wait_for("it is well again", lambda: source(d)["failures"] == 0)
        assert journal(d, "source-well")
        # Everything is deleted there: an empty roster is none.
        clients.remove("VEVENT")
        for name in re.findall(r"<href>(/ban/zhiban/[^<]+\.ics)</href>",
                               server.call("PROPFIND", "/ban/zhiban/", Depth="1").decode()):
            server.call("DELETE", name)
        d.ctl("reload")
        wait_for("the emptiness is seen", lambda: source(d)["problem"])
        assert "空的" in source(d)["problem"] and people(d) == ["张三", "赵六"]
        assert SECRET not in d.log()
        d.stop()


if __name__ == "__main__":
    main(dict(globals()))
