"""The daemon, the receiver of its mails, and the conversation with the daemon."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds for what takes a fraction of one
SOCKET_PATH_MAX = 100  # the kernel's limit is 107


class Trouble(Exception):
    """Words for a person."""


class Connection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Receiver:
    """tests/peers/smtp_peer.py: takes every mail, forwards none."""

    def __init__(self, directory):
        self.mails = directory / "mails"
        self.ledger = directory / "mails.jsonl"
        self.offset = 0
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests/peers/smtp_peer.py", "--dir", self.mails, "--names",
             "subject", "--ledger", self.ledger, "--quiet", "--no-auth", "--with-parent"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != "PORT":
            raise Trouble("收信程序没有启动 (the mail receiver did not start)")
        self.port = int(line[1])

    def news(self):
        """What was accepted since the last call."""
        with open(self.ledger, encoding="utf-8") as ledger:
            ledger.seek(self.offset)
            lines = ledger.readlines()
            self.offset = ledger.tell()
        return [e for e in map(json.loads, lines) if e["event"] == "accepted"]

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def settings_text(campaign, socket_path, clock, port):
    mail = "" if port is None else f"""
mail:
  relay: "smtp://127.0.0.1:{port}"          # 演示用的收信程序，什么都不会发到外面
  from: duban@anweiban.example.org
  from_name: 区安委办
  starttls: no
  connections: 1                            # 一封接一封，每次演示的先后都一样
"""
    return f"""# 演示用的设置，由 scripts/demo 写成。
database: duban.sqlite
campaigns: [{campaign}]
socket: {json.dumps(str(socket_path))}
{mail}
clock: {clock}
log: {{level: info}}
"""


class Daemon:
    """duband on the paced clock, driven over its control socket."""

    def __init__(self, binaries, directory, socket_path, settings):
        self.ctl_path = binaries / "dubanctl"
        self.socket_path = socket_path
        self.log_path = directory / "duband.log"
        self.http = Connection(socket_path)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([binaries / "duband", "-c", settings],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        begun = time.monotonic()
        while True:
            if self.process.poll() is not None:
                tail = self.log_path.read_text(errors="replace").splitlines()[-5:]
                raise Trouble("duband 没有启动 (did not start):\n  " + "\n  ".join(tail))
            try:
                self.get("/healthz")
                return
            except (OSError, http.client.HTTPException):
                self.http.close()
                if time.monotonic() - begun > PATIENCE:
                    raise Trouble(f"duband 没有应答，见 {self.log_path}") from None
                time.sleep(0.02)

    def call(self, method, path, body=None):
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.http.request(method, path, text, {"Content-Type": "application/json"})
        response = self.http.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise Trouble(f"{method} {path}: {answer.get('error', answer)}")
        return answer

    def get(self, path, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def run_until(self, when):
        """Let the clock run; return when it shows @when and everything of that instant is done."""
        self.call("POST", "/v1/clock", {"until": when.isoformat(timespec="seconds")})

    def submit(self, body):
        """The same request as dubanctl's, without starting a program for each of 500."""
        return self.call("POST", "/v1/submit", body)

    def ctl(self, *words):
        """The real dubanctl. Returns what it printed."""
        run = subprocess.run([self.ctl_path, *words], capture_output=True, text=True,
                             timeout=PATIENCE, check=False,
                             env={**os.environ, "DUBAN_SOCKET": str(self.socket_path)})
        if run.returncode != 0:
            raise Trouble(f"dubanctl {' '.join(words)}: {run.stderr.strip()}")
        return run.stdout

    def close(self):
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        return self.process.returncode
