#!/usr/bin/env python3
"""Play the sample campaign, 1 August to 30 November 2019, with the real daemon in a minute.

scripts/demo builds the programs and starts this. The daemon runs on its paced clock and sends
to a receiver on this machine that keeps every mail as a file; 26 units report, or do not; the
office decides and signs. Nothing leaves this machine.
"""
import argparse
import contextlib
import datetime
import fcntl
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from demo_parts import account, duband, screen, season  # noqa: E402

MARKER = ".duban-demo"
# A look at the screen, and at the letters that wait for a signature, at these hours of a day.
HOURS = ("00:00", "08:31", "10:31", "12:00", "14:01", "16:01", "17:31", "20:00")
SIGNING = {"10:31": 10, "16:01": 16}


class Demo:
    """One run."""

    def __init__(self, args):
        self.args = args
        self.dir = args.dir
        self.daemon = self.receiver = None
        self.units = []     # (id, name) of those that report
        self.numbers = {}   # (uid, rid) -> number, 0 for what does not recur
        self.asked = {}     # (unit, uid, rid, step) -> when a signature was asked
        self.screen = None
        self.begun = None
        self.commands = open(self.dir / "commands.txt", "w", encoding="utf-8")

    # -- before ----------------------------------------------------------------

    def start(self):
        campaign = self.dir / "xinbei-2019"
        shutil.copytree(duband.ROOT / "calendars/xinbei-2019", campaign)
        self.receiver = duband.Receiver(self.dir)
        start, end = (t.isoformat(timespec="minutes") for t in (season.START, season.END))
        clock = f'{{pace: 10000000, start: "{start}", until: "{start}"}}'
        settings = self.dir / "duban.yaml"
        settings.write_text(duband.settings_text("xinbei-2019", self.args.socket, clock,
                                                 self.receiver.port), encoding="utf-8")
        after = f'{{pace: 1, start: "{end}", until: "{end}"}}'
        (self.dir / "after.yaml").write_text(
            duband.settings_text("xinbei-2019", self.args.socket, after, None), encoding="utf-8")
        self.daemon = duband.Daemon(self.args.bin, self.dir, self.args.socket, settings)
        everything = self.daemon.get("/v1/due")
        owing = {row["unit"]: row["name"] for row in everything}
        office = {u["unit"] for u in self.daemon.get("/v1/units")
                  if u["kind"] in ("office", "committee")}
        self.units = [(u, name) for u, name in owing.items() if u not in office]
        self.numbers = {(row["uid"], row["rid"]): row["number"] for row in everything}
        self.screen = screen.new(self.units, self.args.plain)

    # -- one step --------------------------------------------------------------

    def keep_time(self, now):
        """Not faster than the season is to take; the rest of the pace is the daemon's."""
        if not self.args.seconds:
            return
        share = (now - season.START) / (season.END - season.START)
        rest = self.begun + share * self.args.seconds - time.monotonic()
        if rest > 0:
            time.sleep(rest)

    def pause(self, seconds):
        if self.args.seconds and self.screen.live:
            time.sleep(seconds)
            self.begun += seconds

    def note_command(self, when, words):
        line = "dubanctl " + " ".join(map(season.quoted, words))
        self.commands.write(f"{when:%Y-%m-%d %H:%M:%S}  {line}\n")
        self.screen.command(when, line)

    def do(self, event):
        self.daemon.run_until(event.at)
        self.note_command(event.at, event.command)
        if event.kind == "submit":
            self.daemon.submit(event.body)
        else:
            self.daemon.ctl(*event.command)
        self.daemon.run_until(event.at)
        if event.note:
            self.screen.say(event.at, event.note)
        if event.big:
            self.show(event.at)
            self.pause(0.7)

    def sign(self, now, hour):
        """The office looks at what waits for a signature."""
        held = self.daemon.get("/v1/notices", state="held")
        waiting = {}
        for row in held:
            key = (row["unit"], row["uid"], row["rid"], row["step"])
            waiting.setdefault(key, row)
        gone = [key for key in self.asked if key not in waiting]
        for key in gone:
            del self.asked[key]
        self.screen.withdrawn_now(now, [self.named(key) for key in gone])
        for key, row in waiting.items():
            unit, uid, rid, step = key
            if key not in self.asked:
                self.asked[key] = now
                self.screen.asked(now, self.named(key), row["reason"])
            number = self.numbers.get((uid, rid), 0)
            days = (now - self.asked[key]).days
            if "待签发" in row["reason"] and season.signs(unit, uid, number, hour, days):
                self.release(now, key)

    def release(self, now, key):
        unit, uid, rid, step = key
        words = ["release", uid] + ([rid] if rid != "-" else []) + [
            "--unit", unit, "--step", step, "--why", "情况属实，同意发出"]
        self.note_command(now, words)
        self.daemon.ctl(*words)
        self.daemon.run_until(now)
        self.screen.signed_now(now, self.named(key))
        self.asked.pop(key)
        self.show(now)
        self.pause(0.25)

    def named(self, key):
        unit, uid, rid, step = key
        number = self.numbers.get((uid, rid), 0)
        titles = {"plan": "方案", "roster": "值班表", "inspection": "排查情况", "summary": "总结"}
        what = f"第{number}期" if number else titles.get(uid.split("@")[0], uid)
        return step, dict(self.units).get(unit, unit), what

    def show(self, now):
        self.screen.mails(self.receiver.news())
        if self.screen.wants_frame(now):
            self.screen.draw(now, self.daemon.get("/v1/status")["campaigns"][0],
                             self.daemon.get("/v1/due", uid=season.WEEKLY))

    # -- the season ------------------------------------------------------------

    def play(self):
        self.begun = time.monotonic()
        story = season.events(self.units)
        day = season.START
        while day < season.END:
            for clock in HOURS:
                now = season.at(day.date(), clock)
                while story and story[0].at <= now:
                    self.do(story.pop(0))
                self.daemon.run_until(now)
                if clock in SIGNING and season.works(now.date()):
                    self.sign(now, SIGNING[clock])
                self.show(now)
                self.keep_time(now)
            day += datetime.timedelta(days=1)
        self.daemon.run_until(season.END)
        self.sign(season.END, 0)
        self.show(season.END)

    def close(self):
        code = 0
        self.commands.close()
        if self.daemon:
            code = self.daemon.close()
        if self.receiver:
            self.receiver.close()
        return code


# ---- the working directory ----------------------------------------------------


def make_directory(path):
    """An empty one; what an earlier demo left is thrown away, anything else is not touched."""
    if path.exists() and any(path.iterdir()) and not (path / MARKER).exists():
        raise duband.Trouble(f"{path} 里有别的东西，请换一个目录 (--dir)")
    path.mkdir(parents=True, exist_ok=True)
    lock = open(path / MARKER, "a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise duband.Trouble(f"{path} 里正有一个演示在跑 (a demo is running there)") from None
    for old in path.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
        elif old.name != MARKER:
            old.unlink()
    return lock


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--bin", type=pathlib.Path, required=True, help="where duband and dubanctl lie")
    p.add_argument("--dir", type=pathlib.Path, default=duband.ROOT / "out/demo",
                   help="working directory (out/demo)")
    p.add_argument("--seconds", type=float,
                   default=float(os.environ.get("DUBAN_DEMO_SECONDS", "45")),
                   help="how long the season takes (45, and pauses to look; 0 = no waits)")
    p.add_argument("--plain", action="store_true", help="lines instead of a live screen")
    args = p.parse_args()
    args.dir, args.bin = args.dir.resolve(), args.bin.resolve()
    args.socket = args.dir / "duban.sock"
    if len(str(args.socket)) > duband.SOCKET_PATH_MAX:
        args.socket = pathlib.Path(tempfile.gettempdir()) / f"duban-demo-{os.getuid()}.sock"
    return args


def interrupted(_signal, _frame):
    raise KeyboardInterrupt


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, interrupted)
    lock = make_directory(args.dir)
    demo = Demo(args)
    facts = None
    try:
        demo.start()
        demo.screen.open(args.dir)
        with contextlib.closing(demo.screen):
            demo.play()
        facts = account.collect(demo)
    finally:
        code = demo.close()
        lock.close()
    account.write(demo, facts)
    return 0 if code == 0 else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except duband.Trouble as trouble:
        sys.exit(f"demo: {trouble}")
    except KeyboardInterrupt:
        sys.exit("demo: 已停止 (stopped)")
    except BrokenPipeError:
        sys.exit(1)
