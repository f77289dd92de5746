#!/usr/bin/env python3
"""Calendars that somebody made to hurt: the daemon lets a child read them, and only the child suffers."""
import glob
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from daemon import (BINARY, DUBANCTL, Skip, World, after, calendar, event, local, main,
                    wait_for)

ONE = "one@example.org"
PATH_TZID = "../../../../etc/passwd"


def with_tzid(uid, tzid):
    return (f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART;TZID={tzid}:{local(after(days=3))}\r\n"
            f"SUMMARY:方案\r\nCATEGORIES:REPORT\r\nEND:VEVENT\r\n")


def town(world):
    c = world.campaign(2)
    c.events(event(ONE, after(days=3)))
    return c


def opened(trace):
    with open(trace, encoding="utf-8", errors="replace") as f:
        return [m.group(1) for line in f
                for m in [re.search(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)"', line)] if m]


def stranger(paths):
    return [p for p in paths if ".." in p or p.endswith("/passwd")]


def need_strace():
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        raise Skip("strace may not trace here")
    with open(os.path.join(BINARY, "CMakeCache.txt"), encoding="utf-8") as f:
        if re.search(r"^DUBAN_SANITIZE:STRING=.", f.read(), re.M):
            raise Skip("a sanitizer opens files of its own, and its leak check cannot be traced")


def test_zone_that_is_a_path_opens_nothing():
    need_strace()
    with World() as w:
        c = town(w)
        c.events(event(ONE, after(days=3)), with_tzid("evil@example.org", PATH_TZID))
        trace = os.path.join(w.dir, "trace")
        done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=open,openat", DUBANCTL,
                               "expand", c.path("campaign.ics"), "2019-01-01", "2030-01-01"],
                              capture_output=True, text=True, check=False)
        assert "evil@example.org" in done.stdout and "UNKNOWN_TZID" in done.stderr, done
        assert any("zoneinfo" in p for p in opened(trace)), "the trace saw nothing"
        assert stranger(opened(trace)) == []


def test_daemon_and_its_child_open_nothing():
    need_strace()
    with World() as w:
        c = town(w)
        d = w.daemon(c, relay=w.peer())
        trace = os.path.join(w.dir, "trace")
        d.prefix = ["strace", "-D", "-f", "-o", trace, "-e", "trace=open,openat,execve"]
        d.start()
        c.events(event(ONE, after(days=3)), with_tzid("evil@example.org", PATH_TZID))
        refused = d.ctl("reload", want=None)
        assert refused.returncode != 0 and "UNKNOWN_TZID" in refused.stderr, refused
        assert d.due("u1", ONE)["standing"] == "open"
        d.stop()
        with open(trace, encoding="utf-8", errors="replace") as f:
            assert '"--parse", "ics"' in f.read(), "no child has read the calendars"
        assert stranger(opened(trace)) == []


def children(parent):
    """Pids of @parent's parsers; other tests have theirs."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/stat", encoding="utf-8", errors="replace") as f:
                of = int(f.read().rpartition(")")[2].split()[1])
            with open(path + "/cmdline", "rb") as f:
                if of == parent and b"--parse\0ics\0" in f.read():
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return found


def test_child_that_is_killed_keeps_the_last_good():
    """Whatever a calendar does to its parser, what is in force stays, and the file is named."""
    with World() as w:
        c = town(w)
        d = w.daemon(c, relay=w.peer()).start()
        before = d.due("u1", ONE)["due"]
        # Large enough for its child to be met at its work.
        many = "".join(event(f"u{i}@example.org", after(days=4), more=f"DESCRIPTION:{'长' * 300}\r\n")
                       for i in range(8000))
        over = threading.Event()

        def kill():
            while not over.is_set():
                for pid in children(d.process.pid):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except OSError:
                        pass
                time.sleep(0.001)

        c.write("campaign.ics", calendar(c.phase(), many))
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            refused = d.ctl("reload", want=None)
        finally:
            over.set()
            killer.join()
        assert refused.returncode != 0, refused
        assert "campaign.ics" in refused.stderr and "UNREADABLE" in refused.stderr, refused
        assert d.due("u1", ONE)["due"] == before
        assert "仍按上一次正确的文件运行" in d.status()["campaigns"][0]["problem"]
        c.events(event(ONE, after(days=5)))
        d.ctl("reload")
        wait_for("the mended file", lambda: d.due("u1", ONE)["due"] != before)
        assert d.status()["campaigns"][0]["problem"] is None
        d.stop()


def test_reports_are_taken_while_a_large_file_is_read():
    """Loading holds up nobody: a report is acknowledged before the load that began first ends."""
    with World() as w:
        c = town(w)
        d = w.daemon(c, relay=w.peer()).start()
        many = "".join(event(f"u{i}@example.org", after(days=4)) for i in range(30000))
        c.write("campaign.ics", calendar(c.phase(), event(ONE, after(days=3)), many))
        took = {}

        def reload():
            d.ctl("reload", want=None)
            took["reload"] = time.monotonic()

        loader = threading.Thread(target=reload)
        loader.start()
        wait_for("the child at its work", lambda: children(d.process.pid))
        d.ctl("submit", "u1", ONE, "--why", "电话")
        took["submit"] = time.monotonic()
        loader.join()
        assert took["submit"] < took["reload"], took
        d.stop()


if __name__ == "__main__":
    main(globals())
