"""What the benchmarks share: a campaign of N units, a duband, Postfix's smtp-sink, ratios.

Everything lives in a temporary directory, binds free ports of the loopback and ends with its run.
A benchmark is never a test: it prints ratios of interleaved pairs and judges nothing.
"""
import datetime
import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("SOURCE_DIR", os.path.dirname(os.path.dirname(HERE)))
BINARY = os.environ.get("BINARY_DIR", os.path.join(SOURCE, "build", "bench"))
SINK = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
SMTP_SOURCE = shutil.which("smtp-source") or "/usr/sbin/smtp-source"


class Skip(Exception):
    """A base is not installed, with the reason."""


def need(program):
    if not os.access(program, os.X_OK):
        raise Skip(f"{program} is not installed")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds, check):
    """Poll @check until it is true; how often does not matter to what is measured."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = check()
        if result:
            return result
        time.sleep(0.02)
    raise RuntimeError(f"{what}: not within {seconds} s")


def listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Sink:
    """Postfix's smtp-sink."""

    def __init__(self, *options):
        need(SINK)
        self.port = free_port()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        self.process = subprocess.Popen([SINK, *user, *options, f"127.0.0.1:{self.port}", "1000"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("smtp-sink", 5, lambda: listening(self.port))

    def signal(self, number):
        self.process.send_signal(number)

    def close(self):
        self.process.kill()
        self.process.wait()


class Process:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def close(self):
        self.process.kill()
        self.process.wait()


def compiled(directory, name, *packages):
    """A small C program beside this file, built into @directory."""
    compiler = shutil.which("cc") or "/nonexistent/cc"
    need(compiler)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], check=True,
                           capture_output=True, text=True).stdout.split()
    program = os.path.join(directory, name)
    subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", os.path.join(HERE, name + ".c"), *flags, "-o",
                    program], check=True)
    return program


class SlowSink(Process):
    """A relay that takes @ms to accept a mail."""

    def __init__(self, directory, ms):
        self.port = free_port()
        super().__init__([compiled(directory, "slow_sink", "libuv"), str(self.port), str(ms)])
        wait_for("slow_sink", 5, lambda: listening(self.port))


def smtp_source(port, sessions, messages, size):
    """Seconds that smtp-source takes; -d: sessions are kept."""
    need(SMTP_SOURCE)
    start = time.monotonic()
    subprocess.run([SMTP_SOURCE, "-d", "-s", str(sessions), "-m", str(messages), "-l", str(size),
                    f"127.0.0.1:{port}"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def instant(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")


# Words of a campaign's own, so that a mail has the 2 KiB of smtp-source: text, HTML and calendar.
SHORT = {
    "layout.txt": "{{{body}}}\n",
    "layout.html": "<html><body>{{{body}}}</body></html>\n",
    "remind.txt": "{{unit}}{{>occurrence}}请于{{due}}前报送。\n",
    "remind.html": "<p>{{unit}}{{>occurrence}}请于{{due}}前报送。</p>\n",
}


def write_short(directory):
    os.makedirs(directory)
    for name, text in SHORT.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
            f.write(text)


def write_campaign(directory, units, ripe, distinct=False, more=0, first=1, short=False):
    """@units units of one contact each; one REPORT, whose reminder is ripe at second @ripe.

    @distinct gives each unit a tag of its own, so that no two mails have a text in common.
    @more reports of the first unit alone are ripe in the seconds from @ripe + @first on.
    @short: mails of 2 KiB instead of 4.9.
    """
    os.makedirs(directory)
    if short:
        write_short(os.path.join(directory, "templates", "zh_CN"))
    due = ripe + 3600
    with open(os.path.join(directory, "campaign.yaml"), "w", encoding="utf-8") as f:
        f.write("name: 全区防风险保安全“百日攻坚”专项行动\ntimezone: Asia/Shanghai\n"
                "locale: zh_CN\noffice: office\npolicies:\n  default:\n    steps:\n"
                '      - {name: 报送提醒, at: "-1h", to: [liaison]}\n')
    with open(os.path.join(directory, "campaign.ics"), "w", encoding="utf-8", newline="") as f:
        f.write("\r\n".join([
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//bench//EN",
            "BEGIN:VEVENT", "UID:phase@bench.example.org", "DTSTAMP:20190101T000000Z",
            f"DTSTART:{instant(ripe - 86400 * 40)}", f"DTEND:{instant(due + 86400 * 40)}",
            "SUMMARY:攻坚", "CATEGORIES:阶段", "END:VEVENT",
            "BEGIN:VEVENT", "UID:weekly@bench.example.org", "DTSTAMP:20190101T000000Z",
            f"DTSTART:{instant(due)}", "SUMMARY:工作小结和周报表",
            "DESCRIPTION:报送本周工作小结，并填写周报表。", "CATEGORIES:报送", "END:VEVENT",
            *(line for k in range(first, first + more) for line in (
                "BEGIN:VEVENT", f"UID:more{k}@bench.example.org", "DTSTAMP:20190101T000000Z",
                f"DTSTART:{instant(due + k)}", f"SUMMARY:补充材料{k}", "CATEGORIES:报送,u0",
                "END:VEVENT")),
            "END:VCALENDAR", ""]))
    with open(os.path.join(directory, "holidays.ics"), "w", encoding="utf-8", newline="") as f:
        f.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//bench//EN\r\n"
                "END:VCALENDAR\r\n")
    with open(os.path.join(directory, "units.csv"), "w", encoding="utf-8") as f:
        f.write("unit,name,kind,role,person,email,tags\n")
        f.write("office,区安委办,office,liaison,安委办甲,office@bench.example.org,\n")
        for i in range(units):
            f.write(f"u{i},第{i}街道,街镇,liaison,联络员{i},u{i}@bench.example.org,"
                    f"{f'领域{i}' if distinct else ''}\n")


class Duband:
    """The daemon over one campaign; its log is read line by line."""

    def __init__(self, directory, port, connections=8, level="info", program=None):
        self.directory = directory
        self.database = os.path.join(directory, "duban.db")
        self.socket = os.path.join(directory, "control.sock")
        self.log = os.path.join(directory, "log")
        self.settings = os.path.join(directory, "duban.yaml")
        self.program = program or os.path.join(BINARY, "duband")
        with open(self.settings, "w", encoding="utf-8") as f:
            f.write(f"database: {self.database}\nsocket: {self.socket}\ncampaigns:\n"
                    f"  - {os.path.join(directory, 'c')}\nlog: {{level: {level}}}\nmail:\n"
                    f"  relay: smtp://127.0.0.1:{port}\n  from: duban@bench.example.org\n"
                    f"  starttls: \"no\"\n  connections: {connections}\n")
        self.process = None

    def start(self, *prefix):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*prefix, self.program, "-c", self.settings],
                                            stdout=log, stderr=log)
        return self

    def ask(self, path, timeout=60):
        """One answer of the control socket, and how long it took."""
        start = time.monotonic()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(self.socket)
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: duban\r\nConnection: close\r\n\r\n".encode())
            data = b""
            while chunk := s.recv(65536):
                data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(data[:300])
        return json.loads(body), time.monotonic() - start

    def ready(self, seconds=120):
        def answers():
            if self.process.poll() is not None:
                raise RuntimeError(open(self.log, encoding="utf-8").read()[-2000:])
            try:
                return self.ask("/v1/status")
            except OSError:
                return None
        return wait_for("duband", seconds, answers)

    def counts(self):
        """Messages by state, read beside the daemon."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as db:
            return dict(db.execute("SELECT state, count(*) FROM message GROUP BY state"))

    def row(self, sql):
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as db:
            return db.execute(sql).fetchone()

    def rows(self, sql):
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as db:
            return db.execute(sql).fetchall()

    def wait_sent(self, n, seconds=300, each=None):
        def sent():
            if self.process.poll() is not None:
                raise RuntimeError(open(self.log, encoding="utf-8").read()[-2000:])
            return self.row("SELECT count(*) FROM message WHERE state=2")[0] >= n
        end = time.monotonic() + seconds
        while not sent():
            if time.monotonic() > end:
                raise RuntimeError(f"not sent within {seconds} s: {self.counts()}")
            if each:
                each()
            time.sleep(0.5)  # counting costs the daemon's disk and cores something

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait()


class Scratch:
    """A temporary directory that goes, with what was started in it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="duban-bench-")
        self.open = []

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Ends what runs, too when a benchmark fails."""
        for thing in reversed(self.open):
            thing.close() if hasattr(thing, "close") else thing.stop(signal.SIGKILL)
        shutil.rmtree(self.path, ignore_errors=True)


def ratio_line(name, ratios, detail=""):
    print(f"{name}: {statistics.median(ratios):.2f}x [{min(ratios):.2f}..{max(ratios):.2f}] "
          f"of {len(ratios)} pairs{'; ' + detail if detail else ''}", flush=True)


def middle(values):
    return statistics.median(values)
