#!/usr/bin/env python3
"""kill -9 at random instants, under a burst of mails and of submissions, beside a faulty relay.

What may be relied on, whatever instant it was: a submission that was acknowledged is stored; every
notice is delivered or visibly given up; a mail that came twice bears the same Message-ID, and the
relay's ledger or a kill explains it.  The ledger lies outside: it is written before the reply.

DUBAN_CYCLES = how many kills (60), DUBAN_SEED = the seed to repeat.
"""
import collections
import http.client
import os
import random
import sqlite3
import threading
import time

from daemon import World, after, event, main, wait_for

CYCLES = int(os.environ.get("DUBAN_CYCLES", "60"))
SEED = int(os.environ.get("DUBAN_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
UNITS = 40
PAUSE = 0.01  # between the reports of one submitter: each makes a mail, and the relay is in Python
NEXT = "next@example.org"
FAULTS = ("at=dot,do=reply,text=451 4.3.0 later,percent=6", "at=dot,do=drop,percent=3",
          "at=dot,do=drop-after,percent=5", "at=RCPT,do=reply,text=450 4.2.0 later,percent=3",
          "at=MAIL,do=drop,percent=2", "at=dot,do=reply,text=554 5.7.1 no,percent=2")


class Town:
    """Each cycle a new event has just fallen due: a burst of UNITS mails."""

    def __init__(self, world):
        self.c = world.campaign(UNITS)
        self.events = [event(NEXT, after(days=3))]
        self.number = 0
        self.due = after(minutes=-30)

    def burst(self):
        self.number += 1
        self.events.append(event(f"burst{self.number}@example.org", self.due,
                                 summary=f"第{self.number}项"))
        self.c.events(*self.events)


class Submitters:
    """Reports come in all the time; each remembers what it was told."""

    def __init__(self, daemon, rng):
        self.d = daemon
        self.end = False
        self.acknowledged = {}
        self.wrong = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.work, args=(n, rng.random()))
                        for n in range(3)]
        for t in self.threads:
            t.start()

    def work(self, worker, seed):
        rng, i = random.Random(seed), 0
        while not self.end:
            i += 1
            request = f"{worker}-{i}"
            body = {"unit": f"u{rng.randrange(1, UNITS + 1)}", "uid": NEXT, "rid": "-",
                    "why": "电话", "request": request}
            while not self.end:  # the same request until it is answered
                try:
                    status, j = self.d.call("POST", "/v1/submit", body, timeout=20)
                except (OSError, ValueError, http.client.HTTPException):
                    time.sleep(0.005)
                    continue
                if status == 200:
                    with self.lock:
                        self.acknowledged[request] = j["receipt"]
                    time.sleep(PAUSE)
                    break
                if status != 503:
                    self.wrong.append((status, j))
                    return

    def stop(self):
        self.end = True
        for t in self.threads:
            t.join()
        assert not self.wrong, self.wrong


def crash_for_a_while(d, town, rng):
    kills = []
    for cycle in range(CYCLES):
        if cycle % 6 == 0:
            town.burst()
        d.spawn()
        # Most kills fall after the start, some into it.
        time.sleep(rng.choice((rng.uniform(0, 0.15), rng.uniform(0, 0.9))))
        assert d.process.poll() is None, f"duband ended by itself:\n{d.log()[-3000:]}"
        d.kill()
        kills.append(time.time())
    return kills


def hurry(d):
    """Retries wait half a minute and more: make them due, as time would."""
    with sqlite3.connect(d.database) as db:
        db.execute("UPDATE message SET next_try=0 WHERE state IN (0, 3, 5)")
    db.close()


def deliver_all(d):
    """Runs until nothing waits, in as many starts as there are retries."""
    for _ in range(40):
        d.start()
        wait_for("every attempt has ended", lambda: not any(
            d.status()["campaigns"][0]["outbox"].get(s) for s in ("queued", "leased")))
        box = d.status()["campaigns"][0]["outbox"]
        if not box.get("retry") and not box.get("unknown"):
            return
        d.stop()
        hurry(d)
    raise AssertionError(f"retries never end: {box}")


def explain_duplicates(peer, kills):
    """Each copy after the first has a reason: its forerunner's 250 was lost, or we were."""
    by_id = collections.defaultdict(list)
    for row in peer.accepted():
        by_id[(row["rcpt"], row["message_id"])].append(row)
    copies = 0
    for rows in by_id.values():
        for first, second in zip(rows, rows[1:]):
            copies += 1
            lost = first["fault"] in ("drop-after", "hang-after")
            killed = any(first["time"] - 0.05 <= k <= second["time"] for k in kills)
            assert lost or killed, f"an unexplained duplicate: {first} {second}"
    return copies


def test_kill():
    rng = random.Random(SEED)
    print(f"seed {SEED}, {CYCLES} cycles")
    with World() as w:
        peer = w.peer(*FAULTS, options=("--seed", str(SEED)))
        town = Town(w)
        d = w.daemon(town.c, relay=peer).start()
        d.stop()
        submitters = Submitters(d, rng)
        try:
            kills = crash_for_a_while(d, town, rng)
            before = len(submitters.acknowledged)
            d.start()
            wait_for("submissions go on", lambda: len(submitters.acknowledged) > before)
        finally:
            submitters.stop()
        d.stop()
        hurry(d)
        deliver_all(d)
        d.stop()
        judge(d, town, submitters, peer, kills)


def judge(d, town, submitters, peer, kills):
    db = sqlite3.connect(d.database)
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    stored = dict(db.execute("SELECT request, receipt FROM submission WHERE request IS NOT NULL"))
    lost = {k: v for k, v in submitters.acknowledged.items() if stored.get(k) != v}
    assert not lost, f"acknowledged and lost: {lost}"
    waiting = db.execute("SELECT count(*) FROM message WHERE state NOT IN (2, 4, 6, 7)").fetchone()[0]
    assert waiting == 0, f"{waiting} messages are neither delivered nor given up"
    # Told = planned notices; each belongs to a message that was sent, or was given up aloud.
    sent = {r[0] for r in db.execute("SELECT id FROM message WHERE state=2")}
    given_up = {r[0] for r in db.execute("SELECT id FROM message WHERE state IN (4, 6)")}
    orphans = db.execute("SELECT count(*) FROM notice WHERE state=0 AND message IS NULL").fetchone()[0]
    assert orphans == 0, f"{orphans} notices without a message"
    ledger = collections.Counter(r["rcpt"] for r in peer.accepted())
    missing = [r for r in db.execute(
        "SELECT m.id, a.address FROM message m JOIN address a ON a.id=m.address WHERE m.state=2")
        if r[1] not in ledger]
    assert not missing, f"recorded as sent, never accepted: {missing}"
    distinct = {(r["rcpt"], r["message_id"]) for r in peer.accepted()}
    assert len(distinct) >= len(sent), (len(distinct), len(sent))
    alarms = db.execute("SELECT count(*) FROM notice WHERE sort=8").fetchone()[0]
    assert not given_up or alarms, "given up and told nobody"
    for number in range(1, town.number + 1):
        told = db.execute(
            "SELECT count(DISTINCT n.unit) FROM notice n JOIN occurrence o ON o.id=n.occurrence "
            "WHERE o.uid=? AND n.message IS NOT NULL", (f"burst{number}@example.org",)).fetchone()[0]
        assert told == UNITS, f"burst {number} was told to {told} of {UNITS}"
    db.close()
    copies = explain_duplicates(peer, kills)
    print(f"{len(kills)} kills, {len(submitters.acknowledged)} acknowledged, {len(stored)} stored, "
          f"{len(sent)} sent, {len(given_up)} given up, {copies} duplicates, all explained")


def test_kill_between_yes_and_commit():
    """The relay has said 250, we have not written it down: once more, under the same identity."""
    with World() as w:
        peer = w.peer("at=dot,do=hang-after,nth=1")
        c = w.campaign(1)
        c.events(event(NEXT, after(hours=-1)))
        d = w.daemon(c, relay=peer).start()
        wait_for("the relay's yes", peer.accepted)
        d.kill()
        d.start()
        wait_for("the second copy", lambda: len(peer.accepted()) == 2)
        d.wait_idle()
        assert len({r["message_id"] for r in peer.accepted()}) == 1, peer.accepted()
        assert d.json("deliveries")[0]["attempts"] == 2
        d.stop()


if __name__ == "__main__":
    main(globals())
