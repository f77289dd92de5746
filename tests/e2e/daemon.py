"""What the end-to-end tests share: a campaign made for now, a duband of its own, an SMTP peer.

Every test has a directory of its own, a socket in it and ports that the kernel chose.  Waiting is
always for a state, with a deadline; a report of a sanitizer in any log is a failure.
"""
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE_DIR", os.path.dirname(os.path.dirname(HERE)))
BINARY = os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build"))
DUBAND = os.path.join(BINARY, "duband")
DUBANCTL = os.path.join(BINARY, "dubanctl")
PEERS = os.path.join(SOURCE, "tests", "peers")
PATIENCE = float(os.environ.get("DUBAN_PATIENCE", "60"))
SICK = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|must\(|Assertion")
ZONE = datetime.timezone(datetime.timedelta(hours=8))


class Skip(Exception):
    """The machine lacks what the test needs."""


def wait_for(what, fn, seconds=PATIENCE):
    """The first true value of fn(); asks again until the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = fn()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def now():
    return datetime.datetime.now(ZONE).replace(microsecond=0)


def after(**delta):
    return now() + datetime.timedelta(**delta)


def local(t):
    """As a deadline is written in a calendar."""
    return t.astimezone(ZONE).strftime("%Y%m%dT%H%M%S")


def event(uid, start, category="REPORT", summary="周报", more="", tags=""):
    words = category + ("," + tags if tags else "")
    return (f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20190801T000000Z\r\n"
            f"DTSTART;TZID=Asia/Shanghai:{local(start)}\r\nSUMMARY:{summary}\r\n"
            f"CATEGORIES:{words}\r\n{more}END:VEVENT\r\n")


def calendar(*events):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//e2e//duban//ZH\r\n" + "".join(events)
            + "END:VCALENDAR\r\n")


STEPS = """      - {name: 提醒, at: "-1h", to: [liaison]}
      - {name: 催办, at: "0", to: [liaison]}
"""


class Campaign:
    """A directory of campaign files, rewritten at will."""

    def __init__(self, directory, units=3, key="zhuanxiang", steps=STEPS, head="", policy=""):
        self.dir = os.path.join(directory, key)
        self.units = units
        os.makedirs(os.path.join(self.dir, "duty"), exist_ok=True)
        self.yaml(steps, head, policy)
        self.people()
        self.write("holidays.ics", calendar())
        self.write("campaign.ics", calendar(self.phase()))

    def phase(self):
        return event("phase@example.org", after(days=-60), "PHASE", "全程",
                     f"DTEND;TZID=Asia/Shanghai:{local(after(days=300))}\r\n")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        """As careful editors do: a new file, then a rename over the old one."""
        fresh = self.path("." + name.replace("/", "_") + ".new")
        with open(fresh, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.rename(fresh, self.path(name))

    def events(self, *events):
        self.write("campaign.ics", calendar(self.phase(), *events))

    def yaml(self, steps=STEPS, head="", policy=""):
        self.write("campaign.yaml", "name: 测试专项行动\ntimezone: Asia/Shanghai\nlocale: zh_CN\n"
                   f"office: anban\ntrack_from: 2000-01-01\n{head}policies:\n  default:\n"
                   f"    warn: 1h\n{policy}    steps:\n{steps}")

    def people(self, extra=""):
        rows = ["unit,name,kind,role,person,email,tags"]
        rows += [f"anban,安委办,office,liaison,办{i},office@example.org," for i in "甲"]
        for i in range(1, self.units + 1):
            rows += [f"u{i},单位{i},局,{role},{name}{i},{role}{i}@example.org,t{i}"
                     for role, name in (("liaison", "联"), ("leader", "领"), ("head", "主"))]
        self.write("units.csv", "\n".join(rows) + "\n" + extra)


class Peer:
    """tests/peers/smtp_peer.py with a ledger."""

    program = "smtp_peer.py"

    def __init__(self, directory, *faults, options=()):
        self.dir = os.path.join(directory, "mails")
        self.ledger_path = os.path.join(directory, "ledger")
        command = [sys.executable, os.path.join(PEERS, self.program), "--dir", self.dir, "--ledger",
                   self.ledger_path, "--quiet", "--with-parent", *options]
        for fault in faults:
            command += ["--fault", fault]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        assert line.startswith("PORT "), f"{self.program} says {line!r}"
        self.port = int(line.split()[1])

    def ledger(self, kind=None):
        with open(self.ledger_path, encoding="utf-8") as f:
            rows = [json.loads(line) for line in f if line.endswith("\n")]
        return [r for r in rows if kind is None or r["event"] == kind]

    def accepted(self, rcpt=None):
        return [r for r in self.ledger("accepted") if rcpt is None or r["rcpt"] == rcpt]

    def mail(self, row):
        with open(os.path.join(self.dir, row["file"]), "rb") as f:
            return f.read()

    def stop(self):
        if self.process.stdout.closed:
            return
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class HttpPeer(Peer):
    """tests/peers/http_peer.py with a ledger; several in one world have names of their own."""

    program = "http_peer.py"

    def __init__(self, directory, name, *faults, options=()):
        directory = os.path.join(directory, "http-" + name)
        os.makedirs(directory)
        super().__init__(directory, *faults, options=options)

    def url(self, path, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"


def certificate(w, kind="own"):
    """(key and certificate, certificate): for 127.0.0.1, "expired", or for "other"s."""
    path = os.path.join(w.dir, "cert.pem")
    name = "IP:192.0.2.1" if kind == "other" else "IP:127.0.0.1"
    steps = [["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=relay.example.org",
              "-keyout", path + ".key", "-out", path + ".csr"],
             ["x509", "-req", "-in", path + ".csr", "-signkey", path + ".key", "-out", path + ".crt",
              "-days", "-1" if kind == "expired" else "2", "-extfile", path + ".ext"]]
    with open(path + ".ext", "w", encoding="utf-8") as f:
        f.write(f"subjectAltName={name}\n")
    for step in steps:
        try:
            run = subprocess.run(["openssl", *step], capture_output=True, text=True, check=False)
        except OSError as e:
            raise Skip(f"openssl cannot be run: {e}") from None
        if run.returncode != 0:
            raise Skip("openssl makes no certificate: " + run.stderr.strip()[-200:])
    with open(path, "wb") as out:
        for part in (".key", ".crt"):
            with open(path + part, "rb") as f:
                out.write(f.read())
    return path, path + ".crt"


class Daemon:
    """One duband: its settings, its process, its log, and what talks to it."""

    def __init__(self, directory, campaigns, relay=None, settings="", mail=""):
        self.dir = directory
        self.socket = os.path.join(directory, "s")
        self.database = os.path.join(directory, "db", "duban.db")
        self.config = os.path.join(directory, "duban.yaml")
        self.log_path = os.path.join(directory, "log")
        self.process = None
        self.spawned = []
        self.prefix = []  # a command that runs it, such as strace
        self.write(campaigns, relay, settings, mail)

    def write(self, campaigns, relay=None, settings="", mail=""):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"database: {self.database}\nsocket: {self.socket}\n")
            f.write("campaigns: [" + ", ".join(campaigns) + "]\n")
            if relay:
                f.write(f"mail: {{relay: \"smtp://127.0.0.1:{relay}\", from: ban@example.org, "
                        f"from_name: 安委办{mail}}}\n")
            if "disk:" not in settings:  # the machine's own disk is not what is tested
                f.write("disk: {low_percent: 0, low_mb: 0}\n")
            f.write(settings)

    def spawn(self, *args, env=None):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([*self.prefix, DUBAND, "-c", self.config, *args], stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, env={**os.environ, **(env or {})})
        log.close()
        self.spawned.append(self.process)
        return self

    def kill_all(self):
        """Whatever a test that failed has left running."""
        for process in self.spawned:
            if process.poll() is None:
                process.kill()
                process.wait()

    def start(self, **kw):
        self.spawn(**kw)
        wait_for("duband is ready", self.ready)
        return self

    def ready(self):
        code = self.process.poll()
        assert code is None, f"duband ended with {code}:\n{self.log()[-3000:]}"
        try:
            return self.call("GET", "/v1/status")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def check_log(self):
        text = self.log()
        sick = SICK.search(text)
        assert not sick, "a report in the log:\n" + text[max(0, sick.start() - 500):][:6000]

    def end(self, seconds=PATIENCE):
        """The exit code of a process that ends by itself."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"duband does not end within {seconds:.0f} s") from None
        self.process = None
        self.check_log()
        return code

    def stop(self, sig=signal.SIGTERM, seconds=PATIENCE):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.end(seconds)
        assert code == 0, f"duband ended with {code} after {sig}:\n{self.log()[-4000:]}"

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.check_log()

    # ---- talking to it ----

    def call(self, method, path, body=None, timeout=PATIENCE):
        """(status, JSON) of one request on the control socket."""
        c = http.client.HTTPConnection("duban", timeout=timeout)
        c.sock = self.connect(timeout)
        try:
            data = None if body is None else json.dumps(body).encode()
            c.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            reply = c.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            c.close()

    def connect(self, timeout=PATIENCE):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        try:
            s.connect(self.socket)
        except OSError:
            s.close()
            raise
        return s

    def ctl(self, *args, want=0, stdin=None):
        run = subprocess.run([DUBANCTL, "--socket", self.socket, *args], capture_output=True,
                             text=True, encoding="utf-8", timeout=PATIENCE * 2, input=stdin,
                             check=False)
        assert not SICK.search(run.stderr), run.stderr
        if want is not None:
            assert run.returncode == want, (f"dubanctl {' '.join(args)}: exit {run.returncode}, "
                                            f"not {want}\n{run.stdout}{run.stderr}")
        return run

    def says(self, *args, want=1):
        """The words of a refusal."""
        run = self.ctl(*args, want=want)
        assert run.stdout == "", f"a refusal prints on standard output: {run.stdout!r}"
        assert run.stderr.startswith(("dubanctl: ", "用法：")), run.stderr
        return run.stderr

    def json(self, *args):
        return json.loads(self.ctl(*args, "--json").stdout)

    def status(self):
        return self.json("status")

    def due(self, unit, uid, rid=None):
        rows = [r for r in self.json("due", "--unit", unit, "--uid", uid)
                if rid is None or r["rid"] == rid]
        assert len(rows) == 1, rows
        return rows[0]

    def wait_idle(self, seconds=PATIENCE):
        """Nothing waits in the outbox, nothing is under way."""
        def idle():
            box = self.status()["campaigns"][0]["outbox"]
            return not any(box.get(s) for s in ("queued", "leased", "retry", "unknown"))
        wait_for("an idle outbox", idle, seconds)


class World:
    """A temporary directory, and an end for everything that was started in it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="duban-e2e-")
        self.things = []

    def __enter__(self):
        return self

    def campaign(self, *args, **kw):
        return Campaign(self.dir, *args, **kw)

    def peer(self, *faults, **kw):
        self.things.append(Peer(self.dir, *faults, **kw))
        return self.things[-1]

    def add(self, thing):
        """Something else that is to be stopped at the end."""
        self.things.append(thing)
        return thing

    def daemon(self, *campaigns, relay=None, **kw):
        d = Daemon(self.dir, [c if isinstance(c, str) else c.dir for c in campaigns],
                   relay.port if isinstance(relay, Peer) else relay, **kw)
        self.things.insert(0, d)
        return d

    def __exit__(self, kind, value, trace):
        try:
            for thing in self.things:
                if kind is None or not isinstance(thing, Daemon):
                    thing.stop()
                elif os.path.exists(thing.log_path):
                    print("the end of duband's log:\n" + thing.log()[-3000:])
        finally:
            for thing in self.things:
                if isinstance(thing, Daemon):
                    thing.kill_all()
                else:
                    thing.stop()
            shutil.rmtree(self.dir, ignore_errors=True)


def main(names):
    """Run the test_ functions of a module (or those that the command line names)."""
    tests = [(n, f) for n, f in names.items() if n.startswith("test_") and callable(f)]
    chosen = [(n, f) for n, f in tests if not sys.argv[1:] or n in sys.argv[1:]]
    failed, skipped = 0, 0
    for name, fn in chosen:
        began = time.monotonic()
        try:
            fn()
            print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Skip as why:
            skipped += 1
            print(f"skipped {name}: {why}", flush=True)
        except Exception:  # every failure is printed, the others still run
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{len(chosen) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    if failed:
        sys.exit(1)
    sys.exit(77 if skipped == len(chosen) else 0)
