#!/usr/bin/env python3
"""The daemon and its command line from outside: every verb, every refusal, every signal."""
import datetime
import email
import email.policy
import http.client
import json
import os
import pwd
import signal
import socket
import sqlite3
import subprocess
import threading

from daemon import DUBANCTL, DUBAND, SICK, World, after, event, main, now, wait_for

PAST, NEXT, ZERO, SIGN = ("past@example.org", "next@example.org", "zero@example.org",
                          "sign@example.org")
STEPS = """      - {name: 提醒, at: "-1h", to: [liaison]}
      - {name: 催办, at: "0", to: [liaison]}
  ling:
    zero: yes
    closes: 1h
    steps:
      - {name: 提醒, at: "-1h", to: [liaison]}
  qianfa:
    steps:
      - {name: 督办, at: "+1m", to: [leader], sign: true}
"""


def town(world):
    """Three units; an item that is overdue, one that is open, one closed, one to be signed."""
    c = world.campaign(3, steps=STEPS)
    c.events(event(PAST, after(hours=-2), summary="上周小结"),
             event(NEXT, after(days=5), summary="下周小结"),
             event(ZERO, after(days=-2), summary="零报告事项", tags="ling"),
             event(SIGN, after(hours=-3), summary="待签发事项", tags="qianfa"))
    return c


def open_town(world, **kw):
    peer = world.peer()
    d = world.daemon(town(world), relay=peer, **kw).start()
    d.wait_idle()
    return d, peer


def test_tables_and_json():
    with World() as w:
        d, peer = open_town(w)
        for verb in ("status", "due", "units", "notices", "deliveries", "journal"):
            text = d.ctl(verb).stdout
            assert text.strip(), f"{verb} prints nothing"
            rows = d.json(verb)
            assert rows, f"{verb} --json is empty"
            if verb != "status":
                assert len(text.splitlines()) >= len(rows) + 1, f"{verb}: fewer lines than rows"
        for verb in ("tray", "roster"):
            d.ctl(verb)
            assert d.json(verb) == []
        status = d.json("status")
        assert status["campaigns"][0]["units"] == 4 and status["problem"] is None, status
        assert status["campaigns"][0]["standings"]["overdue"] == 6, status
        assert after().year in status["campaigns"][0]["unknown_years"], status
        assert "年的节假日数据" in d.ctl("status").stdout
        assert {r["standing"] for r in d.json("due", "--uid", NEXT)} == {"open"}
        assert len(d.json("due", "--standing", "missed")) == 3
        assert len(peer.accepted("liaison1@example.org")) == 1  # P6: one message
        text = d.ctl("explain", "u1", PAST).stdout
        assert "上周小结" in text and "催办" in text, text
        steps = d.json("explain", "u1", PAST)["steps"]
        assert [s["step"] for s in steps] == ["提醒", "催办"], steps
        assert "没有" in d.says("explain", "u9", PAST)
        assert "没有" in d.says("explain", "u1", "no@example.org")
        d.stop()


def test_a_name_that_turns_the_line_around_turns_none_around():
    """Marks of direction would show one unit's state beside another's name."""
    with World() as w:
        c = town(w)
        c.events(event(NEXT, after(days=2), summary="周\u202e报\u2066一"),
                 event("x@example.org", after(days=3), category="REPORT,领\u202e域"))
        found = subprocess.run([DUBANCTL, "check", c.dir], capture_output=True, text=True,
                               encoding="utf-8", check=False).stdout
        assert "“领域”" in found and "\u202e" not in found, found
        c.events(event(NEXT, after(days=2), summary="周\u202e报\u2066一"))
        d = w.daemon(c).start()
        text = d.ctl("due").stdout
        assert "周报一" in text and "\u202e" not in text, text
        d.stop()


def test_submit():
    with World() as w:
        d, _ = open_town(w)
        paper = os.path.join(w.dir, "周报表.xlsx")
        with open(paper, "wb") as f:
            f.write(bytes(range(256)) * 40)
        out = d.ctl("submit", "u1", PAST, "--file", paper, "--field", "隐患=3", "--why", "电话").stdout
        receipt, word = out.split()[:2]
        assert receipt.startswith("R") and word == "迟报", out
        assert d.due("u1", PAST)["standing"] == "late"
        out = d.ctl("submit", "u1", NEXT, "--why", "提前").stdout
        assert out.split()[1] == "按时", out
        early = (now().replace(second=0) - (now() - after(hours=-2.5))).isoformat()
        out = d.ctl("submit", "u2", PAST, "--received", early, "--why", "纸质件").stdout
        assert out.split()[1] == "按时", out
        assert d.due("u2", PAST)["standing"] == "on-time"
        # To the tray: closed, no zero report, no item named.
        for args in (("u1", ZERO, "--zero"), ("u3", PAST, "--zero"), ("u3",)):
            out = d.ctl("submit", *args, "--why", "试").stdout
            assert out.startswith("T") and "待核件" in out, out
        assert len(d.json("tray")) == 3
        # Refused: nothing is written.
        seq = d.json("journal", "--max", "1")[0]["seq"]
        for words, args in (("没有这个报送单位", ("u9", PAST)), ("没有这项", ("u1", "no@example.org")),
                            ("不承担", ("anban", PAST, "-")), ("将来", ("u1", NEXT, "--received", "2999-01-01T00:00")),
                            ("核对年月", ("u1", NEXT, "--received", after(days=-365).isoformat())),
                            ("看不懂", ("u1", NEXT, "--received", "昨天")), ("没有这一期", ("u1", PAST, "20190809T090000Z"))):
            assert words in d.says("submit", *args, "--why", "试"), words
        d.says("submit", "u1", PAST, want=64)
        d.says("submit", "u1", PAST, "--why", want=64)
        d.says("submit", "u1", PAST, "--field", "x", "--why", "试", want=64)
        assert "/nonexistent" in d.says("submit", "u1", PAST, "--why", "试", "--file", "/nonexistent")
        assert d.json("journal", "--max", "1")[0]["seq"] == seq, "a refusal is in the journal"
        j = json.loads(d.ctl("submit", "u3", NEXT, "--why", "试", "--json").stdout)
        assert j["on_time"] is True and j["tray"] is False, j
        d.stop()


def test_a_slip_of_the_pen_widens_nothing():
    """An empty word, a stray tag, a key of another unit: refused, and nothing is changed."""
    with World() as w:
        d, _ = open_town(w)
        day = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
        for args in (["exempt", "", NEXT], ["exempt", "--all", NEXT], ["extend", "", NEXT, "--due", day],
                     ["exempt", "u1", NEXT, "--unit", "u2"], ["pause", "--unit", ""], ["pause", "--tag", "无此领域"],
                     ["release", NEXT, "--tag", "t"], ["release", NEXT, "--step", "没有这一环节"], ["resume"]):
            assert d.ctl(*args, "--why", "试", want=None).returncode != 0, args
        assert not d.json("status")["campaigns"][0]["paused"]
        assert not [x for x in d.json("due", "--uid", NEXT) if x["standing"] == "exempt" or x["extended"]]
        d.ctl("submit", "u1", NEXT, "--request", "one", "--why", "试")
        assert "另一单位" in d.says("submit", "u2", NEXT, "--request", "one", "--why", "试")
        assert d.due("u2", NEXT)["received"] is None
        d.stop()


def test_request_is_idempotent():
    """The same key again: the same receipt, the same words, no second row. Also in the tray."""
    with World() as w:
        d, _ = open_town(w)
        first = d.ctl("submit", "u1", NEXT, "--request", "k1", "--why", "试").stdout.split()
        again = d.ctl("submit", "u1", NEXT, "--request", "k1", "--why", "试").stdout
        assert again.startswith(f"{first[0]} 按时") and "此前已登记" in again, again
        assert "内容不同" in d.says("submit", "u1", NEXT, "--request", "k1", "--field", "n=1", "--why", "试")
        first = d.ctl("submit", "u1", ZERO, "--request", "k2", "--why", "试").stdout.split()
        again = d.ctl("submit", "u1", ZERO, "--request", "k2", "--why", "试").stdout.split()
        assert first[0] == again[0], (first, again)
        assert len(d.json("tray")) == 1
        results = []
        threads = [threading.Thread(target=lambda: results.append(
            d.call("POST", "/v1/submit", {"unit": "u2", "uid": NEXT, "why": "试", "request": "k3"})))
                   for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len({r[1]["receipt"] for r in results}) == 1, results
        d.stop()


def test_receipt_by_mail():
    with World() as w:
        d, peer = open_town(w)
        before = len(peer.accepted("liaison1@example.org"))
        d.ctl("submit", "u1", NEXT, "--why", "试")
        wait_for("the receipt's mail", lambda: len(peer.accepted("liaison1@example.org")) > before)
        row = peer.accepted("liaison1@example.org")[-1]
        assert "收" in row["subject"], row
        mail = email.message_from_bytes(peer.mail(row), policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()
        assert "已收到单位1下周小结" in text and "按时" in text, text
        d.wait_idle()
        d.stop()


def test_decisions():
    with World() as w:
        d, peer = open_town(w)
        day = after(days=9).strftime("%Y-%m-%d")
        assert d.ctl("extend", "u1", PAST, "--due", day, "--why", "停电").stdout.startswith("已记录：1个单位")
        row = d.due("u1", PAST)
        assert row["due"].startswith(f"{day}T23:59:59") and row["standing"] == "open", row
        wait_for("the decision's mail",
                 lambda: [r for r in peer.accepted("liaison1@example.org") if "延期" in r["subject"]])
        refused = [
            ("晚于", ("extend", "u1", PAST, "--due", after(days=2).strftime("%Y-%m-%d"), "--why", "再")),
            ("晚于", ("extend", "u2", PAST, "--due", "2019-01-01", "--why", "再")),
            ("看不懂", ("extend", "u2", PAST, "--due", "明天", "--why", "再")),
            ("没有这个报送单位", ("extend", "u9", PAST, "--due", day, "--why", "再")),
            ("没有这项报送事项", ("extend", "u2", "no@example.org", "--due", day, "--why", "再")),
            ("不承担", ("extend", "anban", PAST, "--due", day, "--why", "再")),
            ("尚未收到", ("return", "u1", PAST, "--due", day, "--why", "缺表")),
            ("没有免报", ("undo", "u1", PAST, "--why", "误")),
        ]
        for words, args in refused:
            assert words in d.says(*args), args
        for args in (("extend", "u2", PAST, "--due", day), ("extend", "u2", "--due", day, "--why", "x"),
                     ("exempt", "u2", "--why", "x"), ("pause",), ("release",),
                     ("extend", "u2", PAST, "r", "x", "--due", day, "--why", "x"),
                     ("pause", "u2", "--why", "x")):
            d.says(*args, want=64)
        d.ctl("exempt", "u2", PAST, "--why", "无此业务")
        assert d.due("u2", PAST)["standing"] == "exempt"
        assert "已经免报" in d.says("exempt", "u2", PAST, "--why", "又")
        assert "须先撤销免报" in d.says("extend", "u2", PAST, "--due", day, "--why", "x")
        assert "须先撤销免报" in d.says("return", "u2", PAST, "--due", day, "--why", "x")
        d.ctl("undo", "u2", PAST, "--why", "误")
        assert d.due("u2", PAST)["standing"] == "overdue"
        d.ctl("refuse", "u2", PAST, "--why", "理由不足")
        d.ctl("submit", "u3", PAST, "--why", "试")
        d.ctl("return", "u3", PAST, "--due", day, "--why", "缺表")
        assert d.due("u3", PAST)["standing"] == "returned"
        d.ctl("extend", "--all", NEXT, "--due", after(days=20).strftime("%Y-%m-%d"), "--why", "统一")
        assert len({r["due"] for r in d.json("due", "--uid", NEXT)}) == 1
        kinds = [r["event"] for r in d.json("journal")]
        for kind in ("extend", "exempt", "undo", "refuse", "return", "submit"):
            assert kind in kinds, (kind, kinds)
        # People read a table: who by name, and what in their language.
        shown = d.ctl("journal").stdout
        assert pwd.getpwuid(os.getuid()).pw_name in shown and "uid:" not in shown, shown
        for words in ("登记报送", "准予免报", "准予延期", "退回补正", "理由：缺表", f"截止 {day} 23:59"):
            assert words in shown, (words, shown)
        assert "{" not in shown and '"why"' not in shown, shown
        assert "准予免报" in d.ctl("notices").stdout
        d.wait_idle()
        d.stop()


def test_release_and_pause():
    with World() as w:
        d, peer = open_town(w)
        held = d.json("notices", "--state", "held")
        assert len(held) == 3 and {r["step"] for r in held} == {"督办"}, held
        assert not peer.accepted("leader1@example.org")
        assert "另有3条通知暂缓" in d.ctl("tray").stdout
        d.ctl("release", SIGN, "--unit", "u1")
        wait_for("the released mail", lambda: peer.accepted("leader1@example.org"))
        assert not peer.accepted("leader2@example.org")
        d.ctl("submit", "u2", SIGN, "--why", "补报")  # answered meanwhile: withdrawn
        d.ctl("release", "--everything", "--why", "签发")
        wait_for("the released mail", lambda: peer.accepted("leader3@example.org"))
        d.wait_idle()
        assert not peer.accepted("leader2@example.org")
        assert "暂缓" not in d.ctl("tray").stdout
        d.ctl("pause", "--unit", "u1", "--why", "检查组进驻")
        d.ctl("resume", "--unit", "u1")
        d.ctl("pause", "--tag", "t2", "--why", "暂停")
        assert "没有" in d.says("pause", "--unit", "u9", "--why", "x")
        d.ctl("resume", "--tag", "t2")
        d.stop()


def test_tray():
    with World() as w:
        d, _ = open_town(w)
        d.ctl("submit", "u1", ZERO, "--why", "补")
        d.ctl("submit", "u2", "--why", "没写是哪一项")
        d.ctl("submit", "u3", ZERO, "--why", "再")
        ids = {r["unit"]: str(r["id"]) for r in d.json("tray")}
        out = d.ctl("tray", "accept", ids["u1"], "--why", "同意").stdout.split()
        assert out[0].startswith("R") and out[1] == "迟报", out
        assert d.due("u1", ZERO)["standing"] == "late"
        d.ctl("tray", "accept", "T" + ids["u2"], "--uid", NEXT, "--why", "核实")
        assert d.due("u2", NEXT)["standing"] == "on-time"
        d.ctl("tray", "reject", ids["u3"], "--why", "不是报送")
        assert d.due("u3", ZERO)["standing"] == "missed"
        assert d.json("tray") == [] and len(d.json("tray", "--all")) == 3
        for number in (ids["u1"], "99"):
            assert "不存在或已处理" in d.says("tray", "accept", number)
        for number in ("xyz", ids["u1"] + "x"):
            assert "数字" in d.says("tray", "accept", number)
        d.says("tray", "accept", want=64)
        d.says("tray", "throw", "1", want=64)
        d.stop()


def test_what_a_report_says_is_kept_when_a_person_accepts_it():
    """Its form fields and its files, though it lay in the tray."""
    with World() as w:
        d, _ = open_town(w)
        paper = os.path.join(w.dir, "表.txt")
        with open(paper, "w", encoding="utf-8") as f:
            f.write("三处")
        d.ctl("submit", "u2", "--field", "隐患=3", "--field", "整改=", "--file", paper, "--why", "没写是哪一项")
        d.ctl("tray", "accept", str(d.json("tray")[0]["id"]), "--uid", NEXT, "--why", "核实")
        d.stop()
        with sqlite3.connect(d.database) as db:
            fields = db.execute("SELECT field, value FROM submission_field ORDER BY field").fetchall()
            parts = db.execute("SELECT name, bytes FROM submission_part").fetchall()
        assert fields == [("整改", ""), ("隐患", "3")], fields
        assert parts == [("表.txt", "三处".encode())], parts


def test_help_and_usage():
    with World() as w:
        d = w.daemon(town(w))
        text = d.ctl("--help").stdout
        verbs = [line.split()[0] for line in text.splitlines()
                 if line.startswith("  ") and not line.startswith("   ")]
        assert len(verbs) > 20, verbs
        for verb in verbs:
            help_text = d.ctl(verb, "--help").stdout
            assert help_text.startswith(f"用法：dubanctl {verb}"), help_text
            assert "没有选项 --no-such" in d.says(verb, "--no-such", want=64)
        d.says("no-such-verb", want=64)
        d.ctl(want=64)
        assert d.ctl("--version").stdout.startswith("dubanctl ")
        # Nobody listens: 69 and what to look at.
        for verb in ("status", "due", "reload"):
            assert "连不上" in d.says(verb, want=69)
        run = subprocess.run([DUBAND, "--help"], capture_output=True, text=True, check=False)
        assert run.returncode == 0 and "--check-config" in run.stdout, run
        run = subprocess.run([DUBAND, "--no-such"], capture_output=True, text=True, check=False)
        assert run.returncode == 64, run
        run = subprocess.run([DUBAND, "extra"], capture_output=True, text=True, check=False)
        assert run.returncode == 64, run


def check_config(d):
    run = subprocess.run([DUBAND, "--check-config", "-c", d.config], capture_output=True, text=True,
                         check=False)
    assert not SICK.search(run.stderr), run.stderr
    return run


def test_check_config():
    with World() as w:
        c = town(w)
        d = w.daemon(c)
        run = check_config(d)
        assert run.returncode == 0, run.stderr
        c.write("campaign.yaml", "name: x\nno_such: 1\n")
        run = check_config(d)
        assert run.returncode == 78 and f"{c.dir}/campaign.yaml:2" in run.stderr, run.stderr
        with open(d.config, "a", encoding="utf-8") as f:
            f.write("no_such_key: 1\n")
        run = check_config(d)
        assert run.returncode == 78 and f"{d.config}:" in run.stderr, run.stderr
        assert "no_such_key" in run.stderr
        d.spawn()
        assert d.end() == 78
        d.config = os.path.join(w.dir, "missing.yaml")
        assert check_config(d).returncode == 78


def test_starts_with_nothing_good():
    """Broken files and no last good ones: 78, with file and line."""
    with World() as w:
        c = town(w)
        c.write("campaign.yaml", "name: x\nno_such: 1\n")
        d = w.daemon(c).spawn()
        assert d.end() == 78
        assert "campaign.yaml:2" in d.log(), d.log()


def test_two_daemons():
    with World() as w:
        d, _ = open_town(w)
        first = d.process
        d.spawn()
        assert d.end() == 69
        assert "另一个 duband" in d.log()
        d.process = first
        assert d.json("status")["campaigns"]
        d.stop()
        assert not os.path.exists(d.socket) or d.says("status", want=69)


def test_two_campaigns():
    with World() as w:
        a, b = w.campaign(1, key="jia"), w.campaign(2, key="yi")
        for c in (a, b):
            c.events(event(NEXT, after(days=2)))
        d = w.daemon(a, b).start()
        said = d.says("due")
        assert "--campaign" in said and "jia" in said and "yi" in said, said
        assert len(d.json("--campaign", "jia", "due")) == 1
        assert len(d.json("--campaign", "yi", "due")) == 2
        assert "没有这个专项行动" in d.says("--campaign", "bing", "due")
        assert len(d.json("status")["campaigns"]) == 2
        d.stop()


def test_signals():
    with World() as w:
        c = town(w)
        peer = w.peer()
        d = w.daemon(c, relay=peer).start()
        d.wait_idle()
        for _ in range(20):  # a storm of SIGHUPs
            d.process.send_signal(signal.SIGHUP)
        wait_for("the reload is in the log", lambda: '"SIGHUP"' in d.log() or "SIGHUP" in d.log())
        assert d.json("status")["problem"] is None
        d.process.send_signal(signal.SIGPIPE)
        d.json("status")
        d.stop(signal.SIGINT)
        d.start()
        d.stop(signal.SIGTERM)


def test_nobody_reads_the_log():
    """Standard error is a pipe that was closed: the daemon goes on."""
    with World() as w:
        d = w.daemon(town(w))
        read, write = os.pipe()
        d.process = subprocess.Popen([DUBAND, "-c", d.config], stdout=write, stderr=write)
        d.spawned.append(d.process)
        os.close(write)
        os.close(read)
        with open(d.log_path, "w", encoding="utf-8"):
            pass
        wait_for("duband is ready", d.ready)
        d.process.send_signal(signal.SIGHUP)
        assert d.json("status")["problem"] is None
        d.stop()


def test_drain():
    """SIGTERM while a mail is under way: its 250 is waited for and written down."""
    with World() as w:
        peer = w.peer("at=dot,do=delay,seconds=3")
        c = w.campaign(1)
        c.events(event(PAST, after(hours=-2)))
        d = w.daemon(c, relay=peer).start()
        wait_for("a lease", lambda: d.status()["campaigns"][0]["outbox"].get("leased"))
        wait_for("the connection", lambda: peer.ledger("connect"))
        d.stop()
        assert len(peer.accepted()) == 1
        d.start()
        assert d.status()["campaigns"][0]["outbox"]["sent"] == 1, "the 250 was forgotten"
        assert len(peer.accepted()) == 1
        d.stop()


def test_stop_with_requests_under_way():
    """Each request that was sent gets an answer, or a closed connection; none is acknowledged and lost."""
    with World() as w:
        c = w.campaign(3)
        c.events(event(NEXT, after(days=2)))
        d = w.daemon(c).start()
        acknowledged, lock = [], threading.Lock()
        going = threading.Event()

        def submit(worker):
            for i in range(400):
                try:
                    status, j = d.call("POST", "/v1/submit", {
                        "unit": f"u{worker % 3 + 1}", "uid": NEXT, "rid": "-", "why": f"{worker}-{i}"})
                except (OSError, ValueError, http.client.HTTPException):
                    return
                with lock:
                    if status == 200:
                        acknowledged.append(j["receipt"])
                    else:
                        assert status == 503, (status, j)
                if len(acknowledged) > 20:
                    going.set()

        threads = [threading.Thread(target=submit, args=(n,)) for n in range(6)]
        for t in threads:
            t.start()
        assert going.wait(60)
        d.stop()
        for t in threads:
            t.join()
        d.start()
        stored = {r["detail"]["receipt"] for r in d.json("journal", "--max", "100000")
                  if r["event"] == "submit"}
        assert set(acknowledged) <= stored, set(acknowledged) - stored
        d.stop()


def test_a_list_of_what_is_due_that_is_too_long_is_refused_with_words():
    """No list is cut short in silence, and none holds up the daemon for seconds."""
    with World() as w:
        c = w.campaign(units=5001)
        c.events(event(NEXT, after(days=2), more="RRULE:FREQ=DAILY;COUNT=10\r\n"))
        d = w.daemon(c).start()
        said = d.says("due", want=1)
        assert "50000" in said and "--unit" in said, said
        assert len(d.json("due", "--unit", "u7")) == 10
        first = d.json("due", "--unit", "u7")[0]["rid"]
        assert d.call("GET", f"/v1/due?uid={NEXT}&max=50001")[0] == 422
        assert len(d.call("GET", f"/v1/due?uid={NEXT}&max=50000")[1]) == 50000
        assert len(d.call("GET", f"/v1/due?uid={NEXT}&rid={first}")[1]) == 5001
        d.stop()


def test_clients_that_go_away():
    """A client that leaves before, during and after its request does no harm."""
    with World() as w:
        d, _ = open_town(w)
        body = json.dumps({"unit": "u1", "uid": NEXT, "why": "试"}).encode()
        head = (b"POST /v1/submit HTTP/1.1\r\nHost: duban\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body))
        for cut in (1, len(head) - 1, len(head), len(head) + 5, len(head) + len(body)):
            for _ in range(5):
                with d.connect() as s:
                    s.sendall((head + body)[:cut])
        with d.connect() as s:  # only half closed: the answer still comes
            s.sendall(head + body)
            s.shutdown(socket.SHUT_WR)
            assert s.recv(100).startswith(b"HTTP/1.1 200")
        for line in (b"GET /v1/due HTTP/1.1\r\nHost: x\r\n\r\n",):
            sockets = [d.connect() for _ in range(40)]
            for s in sockets:
                s.sendall(line)
            for s in sockets:
                s.close()
        assert d.json("status")["problem"] is None
        d.stop()


def test_bad_requests():
    with World() as w:
        d, _ = open_town(w)

        def raw(data):
            with d.connect(10) as s:
                s.sendall(data)
                return s.recv(4096).decode("utf-8", "replace")

        def raw_all(data):
            with d.connect(10) as s:
                s.sendall(data)
                return b"".join(iter(lambda: s.recv(4096), b"")).decode()

        assert " 404 " in raw(b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n")
        assert " 405 " in raw(b"POST /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert " 400 " in raw(b"POST /v1/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                              b"Content-Length: 2\r\n\r\n{}")
        assert " 400 " in raw(b"POST /v1/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                              b"Transfer-Encoding: chunked\r\n\r\n{}")
        for body in ("", "[]", "nonsense", '{"unit":"u1","unit":"u2"}'):
            status, j = d.call("POST", "/v1/submit") if body == "" else (None, None)
            reply = raw(b"POST /v1/submit HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(body), body.encode()))
            assert " 400 " in reply and "error" in reply, reply
            assert status in (None, 400)
        assert d.call("POST", "/v1/decide", {"kind": "burn"})[0] == 422
        assert d.call("POST", "/v1/submit", {"unit": "u1", "uid": NEXT, "why": "x",
                                             "fields": {"a": 1}})[0] == 422
        twice = [{"name": "a/周报.doc", "base64": "aGk="}, {"name": "b/周报.doc", "base64": "aGk="}]
        assert d.call("POST", "/v1/submit", {"unit": "u1", "uid": NEXT, "why": "x",
                                             "parts": twice})[0] == 422
        status, _ = d.call("GET", "/healthz")
        assert status == 200
        # Whatever watches asks with HEAD: the same head, and no body.
        for path in ("/healthz", "/metrics"):
            heads = [raw_all(b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                             % (verb, path.encode())).partition("\r\n\r\n") for verb in (b"GET", b"HEAD")]
            (get, _, body), (head, _, nothing) = heads
            assert " 200 " in head and body and nothing == "", heads
            same = [[line for line in h.splitlines() if not line.startswith(("Date", "Content-Length"))]
                    for h in (get, head)]
            assert same[0] == same[1], same
        d.stop()


def test_backup():
    with World() as w:
        d, _ = open_town(w)
        d.ctl("submit", "u1", NEXT, "--why", "试")
        copy = os.path.join(w.dir, "copy.db")
        assert d.ctl("backup", copy).stdout.strip() == copy
        assert "已经存在" in d.says("backup", copy)
        d.says("backup", want=64)
        assert "/nonexistent/dir" in d.says("backup", "/nonexistent/dir/x.db")
        d.stop()
        d.database = copy
        d.write([os.path.join(w.dir, "zhuanxiang")])
        d.start()
        assert d.due("u1", NEXT)["standing"] == "on-time"
        d.stop()


def test_clean_exit_of_readers():
    """dubanctl … | head: no noise, no crash."""
    with World() as w:
        d, _ = open_town(w)
        run = subprocess.run(f"'{DUBANCTL}' --socket '{d.socket}' journal --json | head -n 1",
                             shell=True, capture_output=True, text=True, check=False)
        assert run.stdout.startswith("["), run
        assert not SICK.search(run.stderr), run.stderr
        d.stop()


if __name__ == "__main__":
    main(globals())
