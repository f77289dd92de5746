#!/usr/bin/env python3
"""kill -9 at every named place between a promise and what keeps it, at its first and second passing.

The places are taken from the program, so that a new one is tried without a change here.  After each kill
a start without faults must find everything that was acknowledged, and deliver every notice; what came
twice bears the same Message-ID.
"""
import http.client
import os
import re
import signal
import subprocess
import time

from daemon import BINARY, DUBAND, PATIENCE, Skip, World, after, event, main, wait_for

DUE, NEXT = "due@example.org", "next@example.org"
UNITS = 3


def places(d):
    """Names, as the program lists them at the first one it passes."""
    run = subprocess.run([DUBAND, "-c", d.config], env={**os.environ, "DUBAN_FAIL": "list"},
                         capture_output=True, text=True, timeout=PATIENCE, check=False)
    names = re.findall(r"^([a-z-]+)\t(?:fails|-)\t", run.stdout, re.M)
    assert run.returncode == 0 and len(names) > 10, run
    return names


def passings():
    """Each place at its first passing, and at its second where that does not take minutes."""
    with open(os.path.join(BINARY, "CMakeCache.txt"), encoding="utf-8") as f:
        cache = f.read()
    if "DUBAN_FAILPOINTS:BOOL=OFF" in cache:
        raise Skip("this build has no failpoints")
    return (1,) if re.search(r"^DUBAN_SANITIZE:STRING=.", cache, re.M) else (1, 2)


def busy(d, c, world, said):
    """Whatever passes every place, until duband dies of one. False: it passed none so often."""
    end = time.monotonic() + 4
    n = 1
    while time.monotonic() < end:
        try:
            if d.process.poll() is not None:
                return True
            status, j = d.call("POST", "/v1/submit", {"unit": f"u{n % UNITS + 1}", "uid": NEXT, "rid": "-",
                                                      "why": "电话", "request": f"r{n}"}, timeout=5)
            if status == 200:
                said[f"r{n}"] = j["receipt"]
            if n in (3, 4):
                c.yaml(head=f"# {time.time()}\n")
                d.process.send_signal(signal.SIGHUP)
            if n in (5, 6):
                path = os.path.join(world.dir, f"copy{n}.db")
                if d.call("POST", "/v1/backup", {"path": path}, timeout=5)[0] == 200:
                    assert os.path.getsize(path) > 0
            n += 1
        except (OSError, ValueError, http.client.HTTPException):
            pass  # not up yet, or no more
        time.sleep(0.02)
    return d.process.poll() is not None


def die_at(place, nth):
    """One life that ends there, and the next one. Was the place passed?"""
    with World() as w:
        peer = w.peer()
        c = w.campaign(UNITS)
        c.events(event(DUE, after(minutes=-30), summary="方案"), event(NEXT, after(days=3)))
        d = w.daemon(c, relay=peer)
        d.spawn(env={"DUBAN_FAIL": f"{place}:{nth}:kill"})
        said = {}
        died = busy(d, c, w, said)
        if died:
            assert d.process.wait() == -signal.SIGKILL, d.log()[-2000:]
            d.process = None
        else:
            d.stop()
        d.start()
        for request, receipt in said.items():
            status, j = d.call("POST", "/v1/submit", {"unit": f"u{int(request[1:]) % UNITS + 1}",
                                                      "uid": NEXT, "rid": "-", "why": "电话",
                                                      "request": request})
            assert status == 200 and j["receipt"] == receipt and j.get("again"), (request, receipt, j)
        wait_for("everybody is told", lambda: all(
            peer.accepted(f"liaison{i}@example.org") for i in range(1, UNITS + 1)))
        d.wait_idle()
        ids = {}
        for row in peer.accepted():
            ids.setdefault((row["rcpt"], row["message_id"]), []).append(row)
        told = {(n["address"], n["step"]) for n in d.json("notices") if n["state"] == "sent"}
        assert len({a for a, _ in told}) >= UNITS, told
        copies = sum(len(rows) - 1 for rows in ids.values())
        assert died or copies == 0, ids
        d.stop()
        return died


def test_every_place():
    counts = passings()
    with World() as w:
        d = w.daemon(w.campaign(1), relay=w.peer())
        names = places(d)
    passed = [(name, nth) for name in names for nth in counts if die_at(name, nth)]
    print(f"  {len(names)} places, {len(passed)} deaths")
    never = [name for name in names if (name, 1) not in passed]
    assert never == [], f"nothing here passes {never}"


if __name__ == "__main__":
    main(globals())
