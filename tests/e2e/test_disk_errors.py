#!/usr/bin/env python3
"""The disk fails under the running program: at each call that writes, in each way, once or for a while.

tests/faults/preload.c stands between duband and the kernel.  Whatever fails: nothing is
acknowledged that is not there after a kill -9, what failed is said, and when the disk works again
so does duband, without a restart; only after a sync that failed it ends (70), and the next start
has everything.
"""
import errno
import json
import mmap
import os
import struct

from daemon import BINARY, Skip, World, after, event, main, wait_for

SHIM = os.path.join(BINARY, "tests", "disk_errors.so")
NEXT = "next@example.org"
WRITES, SYNCS, SIZES = 1, 2, 4
HALF = 0
SYNC_FAILED = 70
FOR_GOOD = 1000000
CALLS_MAX = 200  # a report takes some twenty


class Disk:
    """What the program finds when it writes."""

    def __init__(self, world, database):
        if not os.path.exists(SHIM):
            raise Skip("not built with sanitizers: their library must be the first")
        path = os.path.join(world.dir, "control")
        with open(path, "wb") as f:
            f.write(bytes(20))
        with open(path, "r+b") as f:
            self.shared = mmap.mmap(f.fileno(), 20)
        self.env = {"LD_PRELOAD": SHIM, "DUBAN_DISK_CONTROL": path,
                    "DUBAN_DISK_UNDER": os.path.realpath(os.path.dirname(database)) + "/"}

    def get(self, k):
        return struct.unpack_from("<i", self.shared, 4 * k)[0]

    def put(self, k, value):
        struct.pack_into("<i", self.shared, 4 * k, value)

    def breaks(self, nth, error, kinds, times):
        """The @nth call from now on fails, and those behind it until @times have failed."""
        self.put(4, kinds)
        self.put(3, error)
        self.put(2, nth + times - 1)
        self.put(0, 0)
        self.put(1, nth)

    def works(self):
        """How many calls there were since it was broken."""
        self.put(1, 0)
        self.put(2, 0)
        return self.get(0)


def town(world):
    c = world.campaign(3)
    c.events(event(NEXT, after(days=2)))
    return c


def stored(d):
    return {r["detail"]["receipt"] for r in d.json("journal", "--max", "100000")
            if r["event"] == "submit"}


def submit(d, name):
    """The receipt, or None: refused, with a word, or nobody is there."""
    run = d.ctl("submit", "u1", NEXT, "-", "--why", name, want=None)
    if run.returncode == 0:
        return run.stdout.split()[0]
    assert run.returncode in (69, 75) and run.stderr.startswith("dubanctl: "), (name, run)
    return None


class Life:
    """A duband on such a disk, started again when it ended as it should: after a sync that failed."""

    def __init__(self, world):
        self.d = world.daemon(town(world), relay=world.peer())
        self.disk = Disk(world, self.d.database)
        os.makedirs(os.path.dirname(self.d.database))
        self.ends = 0
        self.start()

    def start(self):
        self.d.start(env=self.disk.env)

    def revive(self):
        if self.d.process.poll() is not None:
            assert self.d.end() == SYNC_FAILED
            self.ends += 1
            self.start()

    def again(self):
        """The receipt of a report that it takes: without a restart, but after a failed sync."""
        def takes():
            self.revive()
            return submit(self.d, "好了")
        return wait_for("it takes a report again", takes)


def each_call(error, kinds, times):
    """@error at each call in turn of what one report writes: how many reports were refused, and
    how often it ended."""
    with World() as w:
        life = Life(w)
        kept, refused = set(), 0
        for nth in range(1, CALLS_MAX):
            life.disk.breaks(nth, error, kinds, times)
            receipt = submit(life.d, f"第{nth}处")
            if receipt is None:
                refused += 1
            else:
                kept.add(receipt)
            wait_for("what follows the report", lambda: life.disk.get(0) >= nth or settled(life.d))
            calls = life.disk.works()
            kept.add(life.again())
            if calls < nth:
                break  # the report needs no more
        assert nth > 3 and calls < nth, (nth, calls)
        wait_for("it is well again", lambda: life.d.call("GET", "/healthz")[0] == 200)
        life.d.kill()
        life.d.start()
        lost = kept - stored(life.d)
        assert not lost, f"acknowledged and gone: {lost}"
        life.d.wait_idle()
        life.d.stop()
        print(f"  {nth} calls, {refused} refused, {life.ends} ends, {len(kept)} kept")
        return refused, life.ends


def settled(d):
    """The report's receipt has been mailed and that is written down, or nobody is there any more."""
    run = d.ctl("status", "--json", want=None)
    if run.returncode != 0:
        return d.process.poll() is not None
    box = json.loads(run.stdout)["campaigns"][0]["outbox"]
    return not any(box.get(s) for s in ("queued", "leased", "retry", "unknown"))


def test_a_write_that_fails_with_an_error_of_the_disk():
    assert each_call(errno.EIO, WRITES | SIZES, 1)[0] > 0


def test_a_file_system_that_turned_read_only():
    refused, ends = each_call(errno.EROFS, WRITES | SIZES, FOR_GOOD)
    assert refused > 0 and ends == 0


def test_a_disk_that_is_full_at_every_call():
    refused, ends = each_call(errno.ENOSPC, WRITES | SIZES, FOR_GOOD)
    assert refused > 0 and ends == 0


def test_a_write_that_does_half():
    """It is carried on."""
    assert each_call(HALF, WRITES, 1) == (0, 0)


def test_a_sync_that_fails():
    refused, ends = each_call(errno.EIO, SYNCS, 1)
    assert refused > 0 and ends >= refused


def test_a_start_on_a_disk_that_fails():
    """At each call of a start: it ends with a word and a code, or it runs; nothing is lost."""
    with World() as w:
        d = w.daemon(town(w))
        disk = Disk(w, d.database)
        os.makedirs(os.path.dirname(d.database))
        d.start()
        receipt = submit(d, "before")
        assert receipt
        d.kill()
        ends = 0
        for nth in range(1, CALLS_MAX):
            before = len(d.log())
            disk.breaks(nth, errno.EIO, WRITES | SYNCS | SIZES, 1000000)
            d.spawn(env=disk.env)
            wait_for("it runs or ends", lambda: d.process.poll() is not None or d.ready())
            if d.process.poll() is not None:
                code = d.end()
                assert code in (1, SYNC_FAILED, 75), code
                assert " error " in d.log()[before:], "it ends without a word"
                ends += 1
            else:
                d.kill()
            calls = disk.works()
            d.start()
            assert receipt in stored(d), f"lost by a start that failed at call {nth}"
            d.kill()
            if calls < nth:
                break
        assert ends > 0 and calls < nth
        print(f"  {nth} calls of a start, {ends} ends")


if __name__ == "__main__":
    main(globals())
