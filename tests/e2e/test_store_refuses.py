#!/usr/bin/env python3
"""What lies where the database should be, and a disk that is full: one sentence, nothing changed.

An empty regular file is taken (somebody made it with the right owner beforehand); anything else
that is not ours is refused, and never written over.
"""
import hashlib
import os
import sqlite3
import subprocess
import threading

from daemon import Skip, World, after, event, main, wait_for

NEXT = "next@example.org"


def town(world, units=2):
    c = world.campaign(units)
    c.events(event(NEXT, after(days=2)))
    return c


def refused(prepare, code, words):
    """duband ends with @code and one error line that says @words; the file is as it was."""
    with World() as w:
        d = w.daemon(town(w))
        os.makedirs(os.path.dirname(d.database))
        prepare(d.database)
        before = fingerprint(d.database)
        d.spawn()
        got = d.end()
        lines = [x for x in d.log().splitlines() if " error " in x]
        assert got == code, f"exit {got}, not {code}: {lines}"
        assert len(lines) == 1 and words in lines[0], lines
        assert fingerprint(d.database) == before, "the file was changed"
        extra = sorted(os.listdir(os.path.dirname(d.database)))
        assert extra == ["duban.db"], extra


def fingerprint(path):
    if os.path.isdir(path):
        return sorted(os.listdir(path))
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def put(data):
    def write(path):
        with open(path, "wb") as f:
            f.write(data)
    return write


def foreign(path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs(x)")
        db.execute("INSERT INTO theirs VALUES('a phone book')")
    db.close()


def newer(path):
    with World() as w:
        d = w.daemon(town(w)).start()
        d.stop()
        os.rename(d.database, path)
    with sqlite3.connect(path) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute(f"PRAGMA user_version={version + 1}")
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()


def flipped(path):
    """Ours, with a page full of noise."""
    with World() as w:
        d = w.daemon(town(w)).start()
        d.stop()
        os.rename(d.database, path)
    with open(path, "r+b") as f:
        f.write(b"SQLite format 3\0" + b"\xff" * 84)


def test_empty_file_becomes_ours():
    with World() as w:
        d = w.daemon(town(w))
        os.makedirs(os.path.dirname(d.database))
        put(b"")(d.database)
        d.start()
        assert len(d.json("due")) == 2
        d.stop()


def test_text_file():
    refused(put("这是一份通讯录，不是数据库。\n".encode() * 200), 78, "duban.db")


def test_short_text_file():
    refused(put(b"notes\n"), 78, "duban.db")


def test_foreign_database():
    refused(foreign, 78, "another program")


def test_newer_schema():
    refused(newer, 78, "newer duban")


def test_damaged_header():
    refused(flipped, 78, "duban.db")


def test_directory():
    refused(os.mkdir, 78, "regular file")


def test_read_only_directory():
    """Nothing can be made there: 77 or 78, and words."""
    if os.getuid() == 0:
        # Root writes anywhere but on a file system that says no.
        with World() as w:
            d = w.daemon(town(w))
            place = os.path.dirname(d.database)
            os.makedirs(place)
            mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place],
                                   capture_output=True, text=True, check=False)
            if mount.returncode != 0:
                raise Skip(f"no tmpfs can be mounted: {mount.stderr.strip()}")
            try:
                d.spawn()
                code = d.end()
                lines = [x for x in d.log().splitlines() if " error " in x]
                assert code in (77, 78, 1) and len(lines) == 1 and place in lines[0], (code, lines)
            finally:
                subprocess.run(["umount", place], check=True)
        return
    with World() as w:
        d = w.daemon(town(w))
        place = os.path.dirname(d.database)
        os.makedirs(place)
        os.chmod(place, 0o500)
        try:
            d.spawn()
            assert d.end() in (77, 78, 1)
        finally:
            os.chmod(place, 0o700)


def without_its_database(mishap, back=None):
    """What was acknowledged before @mishap is in a backup made after it; nothing else is
    acknowledged, until @back has put the files where they were, if it can."""
    with World() as w:
        d = w.daemon(town(w, units=3)).start()
        d.ctl("submit", "u1", NEXT, "--why", "电话报送")
        copy = os.path.join(w.dir, "copy.db")
        mishap(d.database)
        said = d.says("submit", "u2", NEXT, "--why", "电话报送", want=75)
        assert "换掉" in said and "backup" in said, said
        assert d.call("GET", "/healthz")[0] == 503
        assert "换掉" in d.ctl("health", want=1).stdout
        d.ctl("backup", copy)
        if back is not None:
            back(d.database)
            d.ctl("submit", "u2", NEXT, "--why", "电话报送")
            wait_for("it is well again", lambda: d.call("GET", "/healthz")[0] == 200)
            d.stop()
        else:
            d.kill()
            for name in os.listdir(os.path.dirname(d.database)):
                os.unlink(os.path.join(os.path.dirname(d.database), name))
            os.rename(copy, d.database)
        d.start()
        assert d.due("u1", NEXT)["received"], "an acknowledged report is gone"
        assert bool(d.due("u2", NEXT)["received"]) == (back is not None)
        d.stop()


def exchanged(path):
    """Somebody puts an older copy in its place, as after a mistaken edit."""
    with open(path, "rb") as old, open(path + ".old", "wb") as new:
        new.write(old.read())
    os.rename(path + ".old", path)


def moved(path):
    os.rename(path, path + ".away")


def test_nothing_is_acknowledged_into_a_database_that_somebody_deleted():
    without_its_database(os.unlink)
    without_its_database(moved, lambda path: os.rename(path + ".away", path))


def test_nothing_is_acknowledged_into_a_database_that_somebody_replaced():
    without_its_database(exchanged)


def test_nothing_is_acknowledged_into_a_log_that_somebody_deleted():
    without_its_database(lambda path: os.unlink(path + "-wal"))


def test_full_disk():
    """ENOSPC: 503 and exit 75, nothing acknowledged is lost, and it is well again without a restart."""
    with World() as w:
        peer = w.peer()
        d = w.daemon(town(w), relay=peer)
        place = os.path.dirname(d.database)
        os.makedirs(place)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1400k", "tmpfs", place],
                               capture_output=True, text=True, check=False)
        if mount.returncode != 0:
            raise Skip(f"no tmpfs can be mounted: {mount.stderr.strip()}")
        try:
            d.start()
            paper = os.path.join(w.dir, "paper.bin")
            with open(paper, "wb") as f:
                f.write(os.urandom(60000))
            receipts, refusal = [], None
            for i in range(60):
                run = d.ctl("submit", "u1", NEXT, "-", "--file", paper, "--why", f"第{i}次",
                            want=None)
                if run.returncode != 0:
                    refusal = run
                    break
                receipts.append(run.stdout.split()[0])
            assert refusal is not None, "the disk never got full"
            assert refusal.returncode == 75 and "dubanctl: " in refusal.stderr, refusal
            assert receipts
            # More of everything while it is full: reading works, writing says no.
            for _ in range(5):
                d.ctl("submit", "u2", NEXT, "-", "--file", paper, "--why", "满", want=75)
                d.json("due")
            status, _ = d.call("GET", "/healthz")
            assert status == 503, "a full disk is not reported as sick"
            assert d.status()["problem"], "status hides the full disk"
            assert "注意" in d.ctl("status").stdout
            # Somebody makes room.
            subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
            out = d.ctl("submit", "u2", NEXT, "-", "--file", paper, "--why", "好了").stdout
            receipts.append(out.split()[0])
            wait_for("well again", lambda: d.status()["problem"] is None)
            assert d.call("GET", "/healthz")[0] == 200
            d.wait_idle()
            stored = {r["detail"]["receipt"] for r in d.json("journal", "--max", "10000")
                      if r["event"] == "submit"}
            assert set(receipts) == stored, (set(receipts) ^ stored)
            d.kill()
            d.start()
            stored = {r["detail"]["receipt"] for r in d.json("journal", "--max", "10000")
                      if r["event"] == "submit"}
            assert set(receipts) == stored, (set(receipts) ^ stored)
            d.stop()
            check = sqlite3.connect(d.database)
            assert check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            check.close()
        finally:
            if d.process is not None:
                d.process.kill()
                d.process.wait()
                d.process = None
            subprocess.run(["umount", place], check=True)


def test_start_on_a_full_disk():
    """It runs, or ends with a word and a code; with room again it starts, and has everything."""
    with World() as w:
        d = w.daemon(town(w))
        place = os.path.dirname(d.database)
        os.makedirs(place)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place],
                               capture_output=True, text=True, check=False)
        if mount.returncode != 0:
            raise Skip(f"no tmpfs can be mounted: {mount.stderr.strip()}")
        try:
            d.start()
            receipt = d.ctl("submit", "u1", NEXT, "-", "--why", "试").stdout.split()[0]
            d.kill()
            filler = os.open(os.path.join(place, "filler"), os.O_WRONLY | os.O_CREAT)
            try:
                while os.write(filler, b"x" * 4096) > 0:
                    pass
            except OSError:
                pass  # full
            os.close(filler)
            d.spawn()
            wait_for("it runs or ends", lambda: d.process.poll() is not None or d.ready())
            if d.process.poll() is not None:
                code = d.end()
                errors = [x for x in d.log().splitlines() if " error " in x]
                assert code in (1, 75) and d.database in errors[-1], (code, errors)
                print(f"a start on a full disk ends with {code}: {errors[-1]}")
            else:
                d.kill()
            os.unlink(os.path.join(place, "filler"))
            d.start()
            assert receipt in [r["detail"].get("receipt") for r in d.json("journal")]
            d.stop()
        finally:
            if d.process is not None:
                d.process.kill()
                d.process.wait()
                d.process = None
            subprocess.run(["umount", place], check=True)


def test_full_disk_with_many_at_once():
    """Requests that share a commit with one that fills the disk: each is kept or refused, none half."""

    with World() as w:
        d = w.daemon(town(w, 8))
        place = os.path.dirname(d.database)
        os.makedirs(place)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", place],
                               capture_output=True, text=True, check=False)
        if mount.returncode != 0:
            raise Skip(f"no tmpfs can be mounted: {mount.stderr.strip()}")
        try:
            d.start()
            said, lock = {}, threading.Lock()

            def work(unit):
                for i in range(30):
                    status, j = d.call("POST", "/v1/submit", {
                        "unit": f"u{unit}", "uid": NEXT, "rid": "-", "why": "x" * 9000,
                        "request": f"{unit}-{i}"})
                    with lock:
                        said[f"{unit}-{i}"] = (status, j.get("receipt"))

            threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 9)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            kinds = {s for s, _ in said.values()}
            assert kinds == {200, 503}, kinds
            subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
            d.ctl("submit", "u1", NEXT, "-", "--why", "好了")
            d.stop()
            check = sqlite3.connect(d.database)
            stored = dict(check.execute("SELECT request, receipt FROM submission "
                                        "WHERE request IS NOT NULL"))
            check.close()
            for request, (status, receipt) in said.items():
                if status == 200:
                    assert stored.get(request) == receipt, f"{request} was acknowledged and lost"
                else:
                    assert request not in stored, f"{request} was refused and kept"
        finally:
            if d.process is not None:
                d.process.kill()
                d.process.wait()
                d.process = None
            subprocess.run(["umount", place], check=True)


if __name__ == "__main__":
    main(globals())
